/*
 * import.c - the run over a plan: batch after batch, first what the archive has of its files, then
 * all of them into a segment.
 *
 * A file is read once. Its checksums are known to be right only at its end, so a segment in which a
 * file turned out to be bad is thrown away and begun anew without it, and from then on files are
 * read through before. A file that goes on in the next segment is read through before the first one
 * gets its name.
 */
#include "import/import.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "import/caller.h"
#include "import/import_gather.h"
#include "import/import_plan.h"
#include "import/import_segment.h"
#include "import/unpack.h"

enum {
    CHUNK = 1 << 20,
    PRINT_MAX = 1024, /* bytes that a fingerprint is of, as the daemon has it */
    FILE_BAD = 1,     /* what is wrong is the file, and `reason` says what */
};

struct run {
    const struct upkeep *upkeep;
    const struct import_options *options;
    struct import_result *result;
    struct segment_options writing;
    struct import_plan plan;
    struct retention_classes *classes;
    struct held *held;
    struct imported *seen;          /* NULL: the user has named the files */
    struct import_segment *segment; /* that is being written; NULL: none */
    char *earlier;                  /* path of the newest segment of this run */
    bool careful;                   /* files are read through before they are taken */
    uint8_t *chunk;
    uint64_t total; /* bytes of all files */
    uint64_t done;
    uint64_t stored;
    struct lgz_error reason; /* why a file can't be taken */
    struct lgz_error *err;
};

/* Files. */

static int open_file(struct run *r, const struct import_file *f, struct log_file **file)
{
    uid_t before = caller_begin();
    int code = log_file_open(file, f->path, f->linked, &r->reason);
    caller_end(before);
    return code == LGZ_OK ? LGZ_OK : FILE_BAD;
}

static int report(struct run *r, const struct import_file *f, uint64_t consumed)
{
    const struct import_options *o = r->options;
    uint64_t stored = r->stored + (r->segment ? import_segment_stored_bytes(r->segment) : 0);
    if (!o->progress || o->progress(o->context, f->path, r->done + consumed, r->total, stored))
        return LGZ_OK;
    return error_set(r->err, LGZ_ERR_CANCELLED, "%s: stopped while it was imported", f->path);
}

/* Read all of a file, so that its checksums are known to be right. */
static int check_file(struct run *r, struct import_file *f)
{
    struct log_file *file;
    ssize_t n = CHUNK;
    int code = f->checked ? LGZ_OK : open_file(r, f, &file);
    if (f->checked || code != LGZ_OK)
        return code;
    while (code == LGZ_OK && n == CHUNK) {
        n = log_file_read(file, r->chunk, CHUNK, &r->reason);
        code = n < 0 ? FILE_BAD : report(r, f, 0);
    }
    log_file_close(file);
    f->checked = code == LGZ_OK;
    return code;
}

static void fail_file(struct run *r, struct import_file *f)
{
    upkeep_tell(r->upkeep, UPKEEP_PROBLEM, "%s", r->reason.message);
    f->state = IMPORT_FAILED;
    r->result->failed++;
}

/* Is it the file that was read? */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           file_modified(a) == file_modified(b);
}

/* All of it is in the archive, durably. */
static void remove_file(struct run *r, const struct import_file *f)
{
    struct stat st;
    if (!f->remove || r->upkeep->dry_run)
        return;
    if (f->log.part == LOG_PART_CURRENT && !unpack_suffix(f->path)) {
        upkeep_tell(r->upkeep, UPKEEP_ACTION, "%s: not removed: it isn't a rotated file", f->path);
        return;
    }
    uid_t before = caller_begin();
    bool same = lstat(f->path, &st) == 0 && is_same(&st, &f->st);
    bool removed = same && unlink(f->path) == 0;
    caller_end(before);
    if (removed)
        r->result->removed++;
    else
        upkeep_tell(r->upkeep, UPKEEP_PROBLEM, "%s: not removed: %s", f->path,
                    same ? strerror(errno) : "it isn't the file that was imported any more");
}

/* Rows of the result. */

static struct import_row *row_of(struct import_result *result, const char *name)
{
    size_t at = 0;
    while (at < result->rows.len && strcmp(result->rows.data[at].name, name) < 0)
        at++;
    if (at < result->rows.len && strcmp(result->rows.data[at].name, name) == 0)
        return &result->rows.data[at];
    struct import_row row = {.name = strdup(name)};
    if (!row.name || !vec_insert(&result->rows, at, row)) {
        free(row.name);
        return NULL;
    }
    return &result->rows.data[at];
}

static int count_shares(struct run *r, const struct shares *shares)
{
    for (size_t i = 0; i < shares->list.len; i++) {
        const struct share *share = &shares->list.data[i];
        struct import_row *row = row_of(r->result, share->source.name);
        if (!row)
            return error_memory(r->err);
        row->raw_bytes += share->raw_bytes;
        row->stored_bytes += share->stored_bytes;
    }
    return LGZ_OK;
}

static int count_file(struct run *r, const struct import_file *f)
{
    struct import_row *row = row_of(r->result, f->log.name);
    if (!row)
        return error_memory(r->err);
    row->files++;
    row->packed_bytes += (uint64_t)f->st.st_size;
    r->result->files++;
    return LGZ_OK;
}

/* Segments. */

static int begin_segment(struct run *r)
{
    if (r->segment)
        return LGZ_OK;
    return import_segment_new(&r->segment, r->upkeep->config->directory, held_next_number(r->held),
                              &r->writing, r->earlier ? r->earlier : held_newest(r->held), r->err);
}

static void drop_segment(struct run *r)
{
    import_segment_free(r->segment);
    r->segment = NULL;
}

/* The segment gets its name; files that were written to it are done with. */
static int commit_segment(struct run *r, const struct import_batch *batch)
{
    struct shares shares = {0};
    char *path = NULL;
    if (!r->segment)
        return LGZ_OK;
    int code = import_segment_commit(r->segment, &path, &shares, r->err);
    if (code == LGZ_OK) {
        r->stored += import_segment_stored_bytes(r->segment);
        r->result->segments++;
        r->result->file_bytes += import_segment_stored_bytes(r->segment);
        code = count_shares(r, &shares);
    }
    if (code == LGZ_OK)
        code = held_add(r->held, path, r->err);
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->state != IMPORT_WRITTEN)
            continue;
        f->state = IMPORT_DONE;
        code = count_file(r, f);
        remove_file(r, f);
    }
    shares_clear(&shares);
    drop_segment(r);
    free(r->earlier);
    r->earlier = path;
    return code;
}

/* Writing a file. */

/* The id of the file's source: above that of the next older file of its log. */
static int choose_id(struct run *r, struct import_file *f)
{
    uint64_t after = 0;
    if (f->id)
        return LGZ_OK;
    if (f->verdict.id) {
        f->id = f->verdict.id;
        return LGZ_OK;
    }
    for (size_t i = 0; i < r->plan.files.len; i++) {
        const struct import_file *other = &r->plan.files.data[i];
        if (other->id > after && other->rank < f->rank && strcmp(other->log.name, f->log.name) == 0)
            after = other->id;
    }
    return held_new_id(r->held, f->key, after, &f->id, r->err);
}

static int begin_source(struct run *r, struct import_file *f, uint64_t offset)
{
    int code = begin_segment(r);
    if (code == LGZ_OK)
        code = choose_id(r, f);
    if (code != LGZ_OK)
        return code;
    const struct source source = {
        .id = f->id,
        .name = f->log.name,
        .input = f->input ? f->input->name : (char *)"",
        .device = f->st.st_dev,
        .inode = f->st.st_ino,
        .fingerprint = f->fingerprint,
        .fingerprint_len = f->fingerprint_len,
    };
    return import_segment_source(r->segment, &source, f->input ? &f->input->rules : NULL, offset,
                                 f->time, r->err);
}

static bool is_full(const struct run *r)
{
    return r->segment && import_segment_raw_bytes(r->segment) >= r->upkeep->config->merge_size;
}

/* The segment is large enough, and the file goes on: it does so in another one. */
static int cut(struct run *r, const struct import_batch *batch, struct import_file *f,
               uint64_t offset)
{
    int code = check_file(r, f);
    if (code == LGZ_OK)
        code = commit_segment(r, batch);
    if (code != LGZ_OK)
        return code;
    f->verdict.from = offset;
    return begin_source(r, f, offset);
}

static int write_bytes(struct run *r, const struct import_batch *batch, struct import_file *f,
                       struct log_file *file)
{
    uint64_t offset = f->verdict.from;
    ssize_t n = CHUNK;
    int code = is_full(r) ? commit_segment(r, batch) : LGZ_OK;
    if (code == LGZ_OK)
        code = begin_source(r, f, offset);
    while (code == LGZ_OK && n == CHUNK && offset < f->verdict.to) {
        uint64_t left = f->verdict.to - offset;
        if (is_full(r))
            code = cut(r, batch, f, offset);
        if (code != LGZ_OK)
            return code;
        n = log_file_read(file, r->chunk, left < CHUNK ? (size_t)left : CHUNK, &r->reason);
        if (n < 0)
            return FILE_BAD;
        code = import_segment_append(r->segment, r->chunk, (size_t)n, r->err);
        offset += (uint64_t)n;
        if (code == LGZ_OK)
            code = report(r, f, log_file_consumed(file));
    }
    return code;
}

static int write_file(struct run *r, const struct import_batch *batch, struct import_file *f)
{
    struct log_file *file = NULL;
    int code = r->careful ? check_file(r, f) : LGZ_OK;
    if (code == LGZ_OK)
        code = open_file(r, f, &file);
    if (code != LGZ_OK)
        return code;
    f->st = *log_file_stat(file);
    if (log_file_skip(file, f->verdict.from, &r->reason) != LGZ_OK)
        code = FILE_BAD;
    if (code == LGZ_OK)
        code = write_bytes(r, batch, f, file);
    if (code == LGZ_OK && log_file_settled(file, &r->reason) != LGZ_OK)
        code = FILE_BAD;
    log_file_close(file);
    if (code == LGZ_OK)
        f->state = IMPORT_WRITTEN;
    return code;
}

/* The segment at hand has bytes of a file that is bad: none of what is in it was taken. */
static void begin_again(struct run *r, const struct import_batch *batch)
{
    drop_segment(r);
    r->careful = true;
    for (size_t i = batch->first; i < batch->first + batch->count; i++)
        if (r->plan.files.data[i].state == IMPORT_WRITTEN)
            r->plan.files.data[i].state = IMPORT_WAITING;
}

static struct import_file *next_waiting(struct run *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->state == IMPORT_WAITING && f->same_as == IMPORT_ALONE)
            return f;
    }
    return NULL;
}

static int write_batch(struct run *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    const uint64_t before = r->done;
    for (struct import_file *f; code == LGZ_OK && (f = next_waiting(r, batch));) {
        if (upkeep_is_over(r->upkeep)) {
            r->result->unfinished = true;
            break;
        }
        code = write_file(r, batch, f);
        if (code == FILE_BAD) {
            fail_file(r, f);
            begin_again(r, batch);
            r->done = before;
            code = LGZ_OK;
        }
        r->done += (uint64_t)f->st.st_size;
    }
    return code == LGZ_OK ? commit_segment(r, batch) : code;
}

/* What is to be written. */

static int take_fingerprint(struct run *r, struct import_file *f, struct log_file *file)
{
    ssize_t n = log_file_read(file, r->chunk, PRINT_MAX, &r->reason);
    if (n < 0 || log_file_rewind(file, &r->reason) != LGZ_OK)
        return FILE_BAD;
    f->fingerprint = hash_bytes(r->chunk, (size_t)n);
    f->fingerprint_len = (uint32_t)n;
    return LGZ_OK;
}

/* Are all bytes of file `b` the first ones of file `a`? */
static int is_part_of(struct run *r, const struct import_file *a, const struct import_file *b,
                      bool *part)
{
    struct log_file *files[2] = {NULL};
    uint8_t *own = malloc(CHUNK);
    ssize_t n = CHUNK;
    int code = own ? open_file(r, a, &files[0]) : error_memory(r->err);
    *part = code == LGZ_OK;
    if (code == LGZ_OK)
        code = open_file(r, b, &files[1]);
    while (code == LGZ_OK && *part && n == CHUNK) {
        n = log_file_read(files[1], own, CHUNK, &r->reason);
        ssize_t other = n < 0 ? n : log_file_read(files[0], r->chunk, (size_t)n, &r->reason);
        code = other < 0 ? FILE_BAD : LGZ_OK;
        *part = code == LGZ_OK && other == n && memcmp(own, r->chunk, (size_t)n) == 0;
    }
    log_file_close(files[0]);
    log_file_close(files[1]);
    free(own);
    return code < 0 ? code : LGZ_OK; /* a bad file will be told when it's read */
}

/* Is there an older file of the log in the batch that is the same, compressed maybe? */
static int find_same(struct run *r, const struct import_batch *batch, size_t at)
{
    struct import_file *f = &r->plan.files.data[at];
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < at && f->same_as == IMPORT_ALONE; i++) {
        const struct import_file *other = &r->plan.files.data[i];
        bool part;
        if (other->state != IMPORT_WAITING || other->same_as != IMPORT_ALONE ||
            other->fingerprint_len != f->fingerprint_len || other->fingerprint != f->fingerprint ||
            strcmp(other->log.name, f->log.name) != 0)
            continue;
        code = is_part_of(r, other, f, &part);
        if (code == LGZ_OK && part)
            f->same_as = i;
    }
    return code;
}

static void set_held(struct run *r, struct import_file *f)
{
    f->state = IMPORT_HELD;
    r->result->held++;
    remove_file(r, f);
}

static int look_at_file(struct run *r, struct import_file *f)
{
    struct log_file *file;
    int code = open_file(r, f, &file);
    if (code != LGZ_OK)
        return code;
    f->st = *log_file_stat(file);
    code = take_fingerprint(r, f, file);
    if (code == LGZ_OK && f->fingerprint_len)
        code = held_find(r->held, f->log.name, file, &f->verdict, &r->reason);
    if (code < 0)
        code = r->reason.code == LGZ_ERR_MEMORY ? error_memory(r->err) : FILE_BAD;
    log_file_close(file);
    if (code != LGZ_OK)
        return code;
    if (!f->fingerprint_len || f->verdict.whole) {
        set_held(r, f);
    } else if (f->verdict.partly && r->seen) {
        f->state = IMPORT_LEFT; /* it will have read the rest by the next time */
        r->result->left++;
    } else if (f->verdict.partly) {
        error_set(&r->reason, LGZ_ERR_BUSY,
                  "%s: not imported: logzipd has read its beginning, as %s", f->path, f->log.name);
        code = FILE_BAD;
    }
    return code;
}

/* Find out what of a batch is to be written. */
static int look_at_batch(struct run *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        code = look_at_file(r, f);
        if (code == FILE_BAD) {
            fail_file(r, f);
            code = LGZ_OK;
        }
        if (code == LGZ_OK && f->state == IMPORT_WAITING)
            code = find_same(r, batch, i);
        if (f->state != IMPORT_WAITING)
            r->done += (uint64_t)f->st.st_size;
        if (code == LGZ_OK)
            code = report(r, f, 0);
    }
    return code;
}

/* What was left out since another file has it: now that one is in the archive, or not. */
static void settle_same(struct run *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->same_as == IMPORT_ALONE || f->state != IMPORT_WAITING)
            continue;
        if (r->plan.files.data[f->same_as].state == IMPORT_DONE)
            set_held(r, f);
    }
}

/* A segment takes no more than the compressed files did, and half of plain ones, very likely. */
static int check_room(struct run *r, const struct import_batch *batch)
{
    const struct config *config = r->upkeep->config;
    struct statvfs fs;
    uint64_t need = config->min_free;
    if (statvfs(config->directory, &fs) != 0)
        return error_io(r->err, "%s: cannot find out how much room there is", config->directory);
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        uint64_t size = (uint64_t)f->st.st_size;
        if (f->state == IMPORT_WAITING)
            need += unpack_suffix(f->path) ? size : size / 2;
    }
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= need)
        return LGZ_OK;
    return error_set(r->err, LGZ_ERR_IO,
                     "%s: not enough room: %llu MiB may be needed, min_free included",
                     config->directory, (unsigned long long)(need >> 20) + 1);
}

static void tell_batch(struct run *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        if (f->state != IMPORT_WAITING || f->same_as != IMPORT_ALONE)
            continue;
        upkeep_tell(r->upkeep, UPKEEP_ACTION, "would import %s as %s", f->path, f->log.name);
        r->result->files++;
    }
}

static int import_batch(struct run *r, const struct import_batch *batch)
{
    int code = look_at_batch(r, batch);
    if (code == LGZ_OK && r->upkeep->dry_run) {
        tell_batch(r, batch);
        return LGZ_OK;
    }
    if (code == LGZ_OK && next_waiting(r, batch))
        code = check_room(r, batch);
    if (code == LGZ_OK)
        code = write_batch(r, batch);
    settle_same(r, batch);
    return code;
}

/* Remember which of the configured files needn't be looked at again. */
static int remember(struct run *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        if (f->state == IMPORT_DONE || f->state == IMPORT_HELD || f->state == IMPORT_FAILED)
            code = imported_note(r->seen, &f->st, r->err);
    }
    return code;
}

static bool is_wanted(void *context, const char *name)
{
    return import_plan_has(context, name);
}

static int prepare(struct run *r)
{
    const struct config *config = r->upkeep->config;
    r->writing = archive_seal_options(config);
    r->writing.level = r->options->level;
    r->writing.uncoded = r->options->level < LGZ_LEVEL_BEST;
    r->writing.threads = r->options->threads;
    r->writing.memory = r->options->memory;
    r->chunk = malloc(CHUNK);
    if (!r->chunk)
        return error_memory(r->err);
    int code = retention_classes_new(&r->classes, config, r->err);
    if (code == LGZ_OK && !r->options->paths)
        code = imported_open(&r->seen, config->directory, r->err);
    if (code == LGZ_OK)
        code =
            import_gather(&r->plan, r->upkeep, r->options, r->classes, r->seen, r->result, r->err);
    if (code == LGZ_OK)
        code = import_plan_order(&r->plan, r->classes, r->upkeep->config->merge_size, r->err);
    for (size_t i = 0; i < r->plan.files.len; i++)
        r->total += (uint64_t)r->plan.files.data[i].st.st_size;
    return code;
}

int import_run(const struct upkeep *u, const struct import_options *options,
               struct import_result *result, struct lgz_error *err)
{
    struct lgz_error own = {0};
    struct run r = {.upkeep = u, .options = options, .result = result, .err = err ? err : &own};
    *result = (struct import_result){0};
    int code = prepare(&r);
    if (code == LGZ_OK && r.plan.files.len)
        code = held_open(&r.held, u->config->directory, is_wanted, &r.plan, r.err);
    for (size_t i = 0; code == LGZ_OK && i < r.plan.batches.len; i++) {
        if (upkeep_is_over(u)) {
            result->unfinished = true;
            break;
        }
        code = import_batch(&r, &r.plan.batches.data[i]);
        if (code == LGZ_OK && r.seen)
            code = remember(&r, &r.plan.batches.data[i]);
    }
    if (r.seen && code == LGZ_OK && !u->dry_run)
        code = imported_save(r.seen, r.err);
    if (result->segments && code == LGZ_OK)
        code = catalog_update(u->config->directory, NULL, r.err);
    drop_segment(&r);
    held_close(r.held);
    imported_close(r.seen);
    import_plan_clear(&r.plan);
    retention_classes_free(r.classes);
    free(r.earlier);
    free(r.chunk);
    return code;
}

void import_result_clear(struct import_result *result)
{
    for (size_t i = 0; i < result->rows.len; i++)
        free(result->rows.data[i].name);
    vec_free(&result->rows);
    *result = (struct import_result){0};
}
