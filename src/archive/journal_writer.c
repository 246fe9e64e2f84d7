/*
 * journal_writer.c - appends records, each by one write, and takes back what could not be written.
 *
 * The journal stays well-formed whatever fails: a record that was written in part is cut off again,
 * and what a failed sync leaves in doubt is cut off too. `end` and `broken` are atomic because
 * journal_sync() may run on another thread beside the appends.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/journal_compose.h"
#include "archive/journal_format.h"
#include "archive/names.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lower_bound.h"

enum {
    KEEP_RECORD = 1 << 20 /* memory kept between records */
};

struct journal_writer {
    int fd; /* O_APPEND: a cut file goes on at its new end */
    char *path;
    uint64_t sequence;
    uint64_t version;
    uint64_t seed;
    uint64_t data_bytes;
    _Atomic uint64_t end; /* of the last whole record */
    uint64_t synced;      /* up to here all is durable */
    atomic_bool broken;
    struct buf record;
    ZSTD_CCtx *zstd;
    VEC(uint64_t) known; /* ids of sources, ascending */
};

/* The ids that are known. */

/* The index of `id`, or of the first above it. */
static size_t known_place(const struct journal_writer *j, uint64_t id)
{
    return lower_bound_plain(&j->known, id);
}

static bool is_known(const struct journal_writer *j, uint64_t id)
{
    size_t at = known_place(j, id);
    return at < j->known.len && j->known.data[at] == id;
}

static int make_known(struct journal_writer *j, uint64_t id, struct lgz_error *err)
{
    size_t at = known_place(j, id);
    if (at < j->known.len && j->known.data[at] == id)
        return LGZ_OK;
    return vec_insert(&j->known, at, id) ? LGZ_OK : error_memory(err);
}

static void make_unknown(struct journal_writer *j, uint64_t id)
{
    size_t at = known_place(j, id);
    if (at == j->known.len || j->known.data[at] != id)
        return;
    vec_remove(&j->known, at);
}

/* Creating and opening. */

static int writer_new(struct journal_writer **out, const char *path, struct lgz_error *err)
{
    struct journal_writer *j = calloc(1, sizeof(*j));
    *out = j;
    if (!j)
        return error_memory(err);
    j->fd = -1;
    j->path = strdup(path);
    j->zstd = ZSTD_createCCtx();
    atomic_init(&j->end, 0);
    atomic_init(&j->broken, false);
    if (!j->path || !j->zstd)
        return error_memory(err);
    return LGZ_OK;
}

static int open_append(struct journal_writer *j, struct lgz_error *err)
{
    j->fd = open(j->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (j->fd < 0)
        return error_io(err, "%s: cannot open to append", j->path);
    return LGZ_OK;
}

static int compose_start(struct journal_writer *j, struct buf *b,
                         const struct journal_checkpoint *start, struct lgz_error *err)
{
    int code = LGZ_OK;
    buf_append(b, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN);
    buf_put_le(b, JOURNAL_VERSION, 4);
    buf_put_le(b, 0, 4);
    buf_put_le(b, j->sequence, 8);
    buf_put_le(b, (uint64_t)clock_real(), 8);
    if (b->failed)
        return error_memory(err);
    j->seed = hash_bytes(b->data, b->len);
    buf_put_le(b, j->seed, 8);
    for (size_t i = 0; start->inputs && i < start->inputs->items.len && code == LGZ_OK; i++) {
        const struct input_rules *known = &start->inputs->items.data[i];
        code = journal_compose_input(b, (struct journal_place){j->seed, b->len}, known->input,
                                     &known->rules, err);
    }
    for (size_t i = 0; i < start->position_count && code == LGZ_OK; i++) {
        const struct source_position *known = &start->positions[i];
        code = journal_compose_source(b, (struct journal_place){j->seed, b->len}, &known->source,
                                      known->next, known->mark, err);
        if (code == LGZ_OK)
            code = make_known(j, known->source.id, err);
    }
    if (code != LGZ_OK)
        return code;
    return b->failed ? error_memory(err) : LGZ_OK;
}

/*
 * Write `start` under the journal's name, durably. If the name is there but something failed after
 * that, it is removed again: the caller may try the same number once more.
 */
static int publish(struct journal_writer *j, const struct buf *start, struct lgz_error *err)
{
    struct file_draft draft;
    bool named = false;
    int code = file_draft_open(&draft, j->path, 0640, err);
    if (code != LGZ_OK)
        return code;
    code = file_write(draft.fd, start->data, start->len, draft.temporary, err);
    if (code == LGZ_OK) {
        code = file_draft_commit(&draft, false, err);
        named = draft.temporary == NULL;
    }
    if (code == LGZ_OK)
        code = open_append(j, err);
    if (code != LGZ_OK && named)
        unlink(j->path);
    file_draft_discard(&draft);
    return code;
}

int journal_begin(struct journal_writer **out, const char *directory, uint64_t sequence,
                  const struct journal_checkpoint *checkpoint, struct lgz_error *err)
{
    struct journal_writer *j = NULL;
    struct buf start = {0};
    int saved;
    *out = NULL;
    if (sequence == 0 || sequence > NAMES_SEQUENCE_MAX)
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: no journal can have number %" PRIu64,
                         directory, sequence);
    char *path = names_journal(directory, sequence);
    if (!path)
        return error_memory(err);
    int code = writer_new(&j, path, err);
    if (code != LGZ_OK)
        goto out;
    j->sequence = sequence;
    j->version = JOURNAL_VERSION;
    code = compose_start(j, &start, checkpoint, err);
    if (code == LGZ_OK)
        code = publish(j, &start, err);
    if (code != LGZ_OK)
        goto out;
    atomic_store(&j->end, start.len);
    j->synced = start.len;
    *out = j;
    j = NULL;
out:
    saved = errno; /* for the caller, who may want to tell a full disk */
    journal_close(j);
    buf_free(&start);
    free(path);
    errno = saved;
    return code;
}

int journal_create(struct journal_writer **out, const char *directory, uint64_t sequence,
                   const struct source_position *positions, size_t count, struct lgz_error *err)
{
    const struct journal_checkpoint start = {.positions = positions, .position_count = count};
    return journal_begin(out, directory, sequence, &start, err);
}

int journal_retract(const char *directory, uint64_t sequence, struct lgz_error *err)
{
    char *path = names_journal(directory, sequence);
    if (!path)
        return error_memory(err);
    int code = LGZ_OK;
    if (unlink(path) != 0 && errno != ENOENT)
        code = error_io(err, "%s: cannot remove", path);
    if (code == LGZ_OK)
        code = file_sync_parent(path, err);
    free(path);
    return code;
}

/* Learn from what the journal holds: ids, sizes, where it ends, how many bytes follow. */
static int scan(struct journal_writer *j, uint64_t *end, struct lgz_error *err)
{
    struct journal_reader *r;
    struct journal_record record;
    int code = journal_open(&r, j->path, err);
    if (code != LGZ_OK)
        return code;
    while ((code = journal_next(r, &record, err)) == 1) {
        if (record.kind == JOURNAL_SOURCE) {
            int failed = make_known(j, record.source_id, err);
            if (failed != LGZ_OK) {
                code = failed;
                break;
            }
        } else if (record.kind == JOURNAL_DROP) {
            make_unknown(j, record.source_id);
        } else if (record.kind == JOURNAL_DATA) {
            j->data_bytes += record.data.len;
        }
    }
    j->sequence = journal_reader_sequence(r);
    *end = journal_reader_end(r, NULL);
    journal_reader_close(r);
    return code;
}

static int read_seed(struct journal_writer *j, struct lgz_error *err)
{
    uint8_t raw[JOURNAL_HEADER_LEN];
    int fd = open(j->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", j->path);
    ssize_t got = file_read(fd, raw, sizeof(raw), j->path, err);
    close(fd);
    if (got < 0)
        return (int)got;
    if ((size_t)got != sizeof(raw))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: cut while it was read", j->path);
    j->version = le_get(raw + 8, 4);
    j->seed = le_get(raw + 32, 8);
    return LGZ_OK;
}

static int cut_tail(struct journal_writer *j, uint64_t end, uint64_t *cut, struct lgz_error *err)
{
    off_t size = lseek(j->fd, 0, SEEK_END);
    if (size < 0)
        return error_io(err, "%s: cannot seek", j->path);
    *cut = (uint64_t)size > end ? (uint64_t)size - end : 0;
    if (*cut && ftruncate(j->fd, (off_t)end) != 0)
        return error_io(err, "%s: cannot cut to %" PRIu64 " bytes", j->path, end);
    return file_sync(j->fd, j->path, err);
}

int journal_reopen(struct journal_writer **out, const char *path, uint64_t *cut,
                   struct lgz_error *err)
{
    struct journal_writer *j = NULL;
    uint64_t end = 0, removed = 0;
    *out = NULL;
    int code = writer_new(&j, path, err);
    if (code == LGZ_OK)
        code = scan(j, &end, err);
    if (code == LGZ_OK)
        code = read_seed(j, err);
    if (code == LGZ_OK)
        code = open_append(j, err);
    if (code == LGZ_OK)
        code = cut_tail(j, end, &removed, err);
    if (code != LGZ_OK) {
        journal_close(j);
        return code;
    }
    atomic_store(&j->end, end);
    j->synced = end;
    if (cut)
        *cut = removed;
    *out = j;
    return LGZ_OK;
}

/* Appending. */

static int refuse_broken(const struct journal_writer *j, struct lgz_error *err)
{
    if (!atomic_load(&j->broken))
        return LGZ_OK;
    return error_set(err, LGZ_ERR_IO, "%s: takes no more data since a write or sync failed",
                     j->path);
}

/* Of the next record. */
static struct journal_place place(const struct journal_writer *j)
{
    return (struct journal_place){j->seed, atomic_load(&j->end)};
}

/* Write the composed record; on failure cut back to where the journal ended. */
static int append(struct journal_writer *j, struct lgz_error *err)
{
    uint64_t end = atomic_load(&j->end);
    int code = file_write(j->fd, j->record.data, j->record.len, j->path, err);
    if (code == LGZ_OK)
        atomic_store(&j->end, end + j->record.len);
    else if (ftruncate(j->fd, (off_t)end) != 0)
        atomic_store(&j->broken, true);
    if (j->record.cap > KEEP_RECORD)
        buf_free(&j->record);
    return code;
}

int journal_put_source(struct journal_writer *j, const struct source *source, uint64_t next,
                       struct lgz_error *err)
{
    int code = refuse_broken(j, err);
    if (code != LGZ_OK)
        return code;
    struct source written = *source;
    if (j->version < JOURNAL_VERSION_INPUTS) /* that version doesn't know them */
        written.empty_at = written.last_written = 0;
    buf_clear(&j->record);
    code = journal_compose_source(&j->record, place(j), &written, next, (struct mark){0}, err);
    bool known = is_known(j, source->id);
    if (code == LGZ_OK)
        code = make_known(j, source->id, err);
    if (code != LGZ_OK)
        return code;
    code = append(j, err);
    if (code != LGZ_OK && !known)
        make_unknown(j, source->id);
    return code;
}

int journal_put_data(struct journal_writer *j, uint64_t source_id, uint64_t offset,
                     int64_t read_time, const void *data, size_t len, struct lgz_error *err)
{
    uint64_t last;
    int code = refuse_broken(j, err);
    if (code != LGZ_OK || len == 0)
        return code;
    if (len > JOURNAL_DATA_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "%s: %zu bytes are too many for one record", j->path,
                         len);
    if (__builtin_add_overflow(offset, len, &last))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: offset %" PRIu64 " is too large", j->path,
                         offset);
    if (!is_known(j, source_id))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: source %" PRIu64 " isn't known", j->path,
                         source_id);
    buf_clear(&j->record);
    const struct journal_origin origin = {source_id, offset, read_time};
    code = journal_compose_data(&j->record, place(j), &origin, data, len, j->zstd, err);
    if (code == LGZ_OK)
        code = append(j, err);
    if (code == LGZ_OK)
        j->data_bytes += len;
    return code;
}

int journal_put_input(struct journal_writer *j, const char *input, const struct rules *rules,
                      struct lgz_error *err)
{
    int code = refuse_broken(j, err);
    if (code != LGZ_OK)
        return code;
    if (j->version < JOURNAL_VERSION_INPUTS)
        return error_set(err, LGZ_ERR_VERSION, "%s: an older logzip's, which takes no rules",
                         j->path);
    buf_clear(&j->record);
    code = journal_compose_input(&j->record, place(j), input, rules, err);
    return code == LGZ_OK ? append(j, err) : code;
}

int journal_drop_source(struct journal_writer *j, uint64_t source_id, struct lgz_error *err)
{
    int code = refuse_broken(j, err);
    if (code != LGZ_OK)
        return code;
    if (!is_known(j, source_id))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: source %" PRIu64 " isn't known", j->path,
                         source_id);
    buf_clear(&j->record);
    code = journal_compose_drop(&j->record, place(j), source_id, err);
    if (code == LGZ_OK)
        code = append(j, err);
    if (code == LGZ_OK)
        make_unknown(j, source_id);
    return code;
}

int journal_sync(struct journal_writer *j, struct lgz_error *err)
{
    int code = refuse_broken(j, err);
    if (code != LGZ_OK)
        return code;
    uint64_t end = atomic_load(&j->end);
    if (end == j->synced)
        return LGZ_OK;
    if (fdatasync(j->fd) == 0) {
        j->synced = end;
        return LGZ_OK;
    }
    code = error_io(err, "%s: cannot sync", j->path);
    atomic_store(&j->broken, true);
    /* If this fails too, records that are whole stay: their bytes are true, only in doubt. */
    if (ftruncate(j->fd, (off_t)j->synced) == 0)
        atomic_store(&j->end, j->synced);
    return code;
}

uint64_t journal_sequence(const struct journal_writer *j)
{
    return j->sequence;
}

const char *journal_path(const struct journal_writer *j)
{
    return j->path;
}

uint64_t journal_bytes(const struct journal_writer *j)
{
    return atomic_load(&j->end);
}

uint64_t journal_data_bytes(const struct journal_writer *j)
{
    return j->data_bytes;
}

void journal_close(struct journal_writer *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    buf_free(&j->record);
    ZSTD_freeCCtx(j->zstd);
    vec_free(&j->known);
    free(j);
}
