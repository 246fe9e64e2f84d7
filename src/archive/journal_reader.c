/*
 * journal_reader.c - reads a journal record by record, trusting nothing in it.
 *
 * Reads go through a window of the file, so that small records cost no system call each. The file
 * may grow meanwhile: a window that ends too early is read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "archive/journal.h"
#include "archive/journal_format.h"
#include "base/file.h"

enum { WINDOW_LEN = 1 << 18 };

struct journal_reader {
    int fd;
    char *path;
    uint64_t version;
    uint64_t sequence;
    uint64_t seed;
    uint64_t position; /* of the next record */
    bool torn;         /* bytes followed when the end was reached last */
    const char *why;   /* nothing whole was found where it was looked last */
    const char *end;   /* `why` of the place where the whole records end */
    struct buf window;
    uint64_t window_at; /* the window's place in the file */
    struct buf plain;   /* a decompressed record */
    struct source source;
    struct input_rules input;
    ZSTD_DCtx *zstd;
};

static int file_size(const struct journal_reader *r, uint64_t *size, struct lgz_error *err)
{
    struct stat st;
    if (fstat(r->fd, &st) != 0)
        return error_io(err, "%s: cannot stat", r->path);
    *size = (uint64_t)st.st_size;
    return LGZ_OK;
}

/*
 * Make `need` bytes at `position` available at `*data`, reading `ahead` bytes if it must read. The
 * file's size is asked first, so that no length in a damaged file makes a large allocation.
 * Returns 1, 0 if the file ends before, or a negative code.
 */
static int fetch(struct journal_reader *r, uint64_t position, size_t need, size_t ahead,
                 const uint8_t **data, struct lgz_error *err)
{
    uint64_t size;
    if (position < r->window_at || position - r->window_at > r->window.len ||
        r->window.len - (position - r->window_at) < need) {
        int code = file_size(r, &size, err);
        if (code != LGZ_OK)
            return code;
        if (position > size || size - position < need)
            return 0;
        if (need < ahead)
            need = ahead;
        if (need > size - position)
            need = (size_t)(size - position);
        buf_clear(&r->window);
        if (!buf_reserve(&r->window, need))
            return error_memory(err);
        ssize_t got = file_read_at(r->fd, r->window.data, need, position, r->path, err);
        if (got < 0)
            return (int)got;
        r->window_at = position;
        r->window.len = (size_t)got;
        if ((size_t)got < need)
            return 0; /* cut by the writer since fstat */
    }
    *data = r->window.data + (position - r->window_at);
    return 1;
}

static int damaged(const struct journal_reader *r, uint64_t position, const char *what,
                   struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_CORRUPT, "%s: offset %" PRIu64 ": %s", r->path, position, what);
}

static int decompress(struct journal_reader *r, uint64_t position, struct span frame,
                      uint64_t raw_len, struct span *data, struct lgz_error *err)
{
    if (!r->zstd)
        r->zstd = ZSTD_createDCtx();
    buf_clear(&r->plain);
    if (!r->zstd || !buf_reserve(&r->plain, (size_t)raw_len))
        return error_memory(err);
    size_t got =
        ZSTD_decompressDCtx(r->zstd, r->plain.data, (size_t)raw_len, frame.data, frame.len);
    if (ZSTD_isError(got) || got != raw_len)
        return damaged(r, position, "data that can't be decompressed", err);
    r->plain.len = got;
    *data = buf_span(&r->plain);
    return LGZ_OK;
}

/* `skim`: only say how much data there is. */
static int parse_data(struct journal_reader *r, struct reader *in, uint8_t flags, bool skim,
                      struct journal_record *record, struct lgz_error *err)
{
    bool packed = flags & JOURNAL_FLAG_ZSTD;
    record->source_id = reader_varint(in);
    record->offset = reader_varint(in);
    record->read_time = unzigzag(reader_varint(in));
    uint64_t raw_len = packed ? reader_varint(in) : reader_left(in);
    uint64_t end;
    if (in->failed || flags & ~JOURNAL_FLAG_ZSTD || record->source_id == 0 || raw_len == 0 ||
        raw_len > JOURNAL_DATA_MAX || __builtin_add_overflow(record->offset, raw_len, &end))
        return damaged(r, record->position, "damaged data record", err);
    struct span bytes = reader_bytes(in, reader_left(in));
    if (skim) {
        record->data = (struct span){NULL, (size_t)raw_len};
        return LGZ_OK;
    }
    if (packed)
        return decompress(r, record->position, bytes, raw_len, &record->data, err);
    record->data = bytes;
    return LGZ_OK;
}

static int parse_source(struct journal_reader *r, struct reader *in, uint8_t flags,
                        struct journal_record *record, struct lgz_error *err)
{
    source_clear(&r->source);
    int code = source_read(in, &r->source, r->path, err);
    if (code != LGZ_OK)
        return code;
    record->source = r->source;
    record->source_id = r->source.id;
    record->next = reader_varint(in);
    bool marked = flags & JOURNAL_FLAG_MARK;
    if (marked) {
        record->mark.len = (uint32_t)reader_varint_max(in, MARK_MAX);
        record->mark.hash = reader_le(in, 8);
    }
    bool empty = flags & JOURNAL_FLAG_EMPTY;
    if (empty)
        record->source.empty_at = r->source.empty_at = unzigzag(reader_varint(in));
    bool ended = flags & JOURNAL_FLAG_ENDED;
    bool written = flags & JOURNAL_FLAG_WRITTEN;
    record->source.ended = r->source.ended = ended;
    if (ended || written)
        record->source.last_written = r->source.last_written = unzigzag(reader_varint(in));
    if ((empty && (record->next || !record->source.empty_at)) || (ended && written) ||
        (ended || written) != (record->source.last_written != 0))
        return damaged(r, record->position, "damaged source record", err);
    if (in->failed || flags & ~JOURNAL_FLAGS_OF_SOURCE || record->source_id == 0 ||
        reader_left(in) || marked != (record->mark.len != 0) || record->mark.len > record->next)
        return damaged(r, record->position, "damaged source record", err);
    return LGZ_OK;
}

static int parse_drop(struct journal_reader *r, struct reader *in, uint8_t flags,
                      struct journal_record *record, struct lgz_error *err)
{
    record->source_id = reader_varint(in);
    if (in->failed || flags || record->source_id == 0 || reader_left(in))
        return damaged(r, record->position, "damaged drop record", err);
    return LGZ_OK;
}

static void clear_input(struct journal_reader *r)
{
    free(r->input.input);
    rules_clear(&r->input.rules);
    r->input = (struct input_rules){0};
}

static int parse_input(struct journal_reader *r, struct reader *in, uint8_t flags,
                       struct journal_record *record, struct lgz_error *err)
{
    clear_input(r);
    r->input.input = reader_string(in, JOURNAL_NAME_MAX);
    if (!in->failed && !r->input.input)
        return error_memory(err);
    int code = rules_read(in, &r->input.rules, r->path, err);
    if (code == LGZ_OK && (flags || reader_left(in)))
        code = damaged(r, record->position, "damaged input record", err);
    record->input = r->input;
    return code;
}

/* Parse the record that starts at `raw`, whose checksum holds. */
static int parse(struct journal_reader *r, const uint8_t *raw, bool skim,
                 struct journal_record *record, struct lgz_error *err)
{
    uint8_t flags = raw[13];
    struct reader in = reader_of(raw + JOURNAL_HEAD_LEN, record->stored_len - JOURNAL_HEAD_LEN);
    record->kind = (enum journal_record_kind)raw[12];
    switch (record->kind) {
    case JOURNAL_SOURCE:
        return parse_source(r, &in, flags, record, err);
    case JOURNAL_DATA:
        return parse_data(r, &in, flags, skim, record, err);
    case JOURNAL_DROP:
        return parse_drop(r, &in, flags, record, err);
    case JOURNAL_INPUT:
        if (r->version < JOURNAL_VERSION_INPUTS)
            break;
        return parse_input(r, &in, flags, record, err);
    }
    return damaged(r, record->position, "record of an unknown kind", err);
}

/* There is no whole record. */
static int none(struct journal_reader *r, const char *why)
{
    r->why = why;
    return 0;
}

/* Returns 1, 0 if there is no whole record at `position`, or a negative code. */
static int load(struct journal_reader *r, uint64_t position, size_t ahead, bool skim,
                struct journal_record *record, struct lgz_error *err)
{
    const uint8_t *raw;
    int code = fetch(r, position, JOURNAL_HEAD_LEN, ahead, &raw, err);
    if (code != 1)
        return code ? code : none(r, "the file ends within a record's head");
    uint64_t len = le_get(raw + 8, 4);
    if (len > JOURNAL_PAYLOAD_MAX)
        return none(r, "a record's length can't be");
    size_t whole = JOURNAL_HEAD_LEN + (size_t)len;
    code = fetch(r, position, whole, ahead, &raw, err);
    if (code != 1)
        return code ? code : none(r, "the file ends within a record");
    if (le_get(raw, 8) != journal_checksum(r->seed, position, raw + JOURNAL_CHECKSUM_LEN,
                                           whole - JOURNAL_CHECKSUM_LEN))
        return none(r, "a record's checksum is wrong");
    *record = (struct journal_record){.position = position, .stored_len = (uint32_t)whole};
    code = parse(r, raw, skim, record, err);
    return code == LGZ_OK ? 1 : code;
}

static int next(struct journal_reader *r, bool skim, struct journal_record *record,
                struct lgz_error *err)
{
    int code = load(r, r->position, WINDOW_LEN, skim, record, err);
    if (code == 1) {
        r->position += record->stored_len;
    } else if (code == 0) {
        uint64_t size = 0;
        code = file_size(r, &size, err);
        if (code != LGZ_OK)
            return code;
        r->torn = size > r->position;
        r->end = r->why;
        buf_clear(&r->window); /* a retry must see what the file holds by then */
    }
    return code;
}

int journal_next(struct journal_reader *r, struct journal_record *record, struct lgz_error *err)
{
    return next(r, false, record, err);
}

int journal_skim(struct journal_reader *r, struct journal_record *record, struct lgz_error *err)
{
    return next(r, true, record, err);
}

/* May a record start with these bytes? */
static bool looks_like_record(const uint8_t *raw)
{
    return raw[12] >= JOURNAL_SOURCE && raw[12] <= JOURNAL_INPUT &&
           raw[13] <= JOURNAL_FLAGS_OF_SOURCE && le_get(raw + 8, 4) <= JOURNAL_PAYLOAD_MAX;
}

int journal_goes_on(struct journal_reader *r, struct lgz_error *err)
{
    struct journal_record record;
    const uint8_t *raw;
    int code = 0;
    for (uint64_t position = r->position + 1; code == 0; position++) {
        code = fetch(r, position, JOURNAL_HEAD_LEN, WINDOW_LEN, &raw, err);
        if (code != 1)
            return code;
        code = looks_like_record(raw) ? load(r, position, WINDOW_LEN, true, &record, err) : 0;
    }
    return code == LGZ_ERR_CORRUPT ? 1 : code; /* its checksum holds: it was written like that */
}

void journal_rewind(struct journal_reader *r)
{
    r->position = JOURNAL_HEADER_LEN;
}

int journal_read_at(struct journal_reader *r, uint64_t position, uint32_t stored_len,
                    struct journal_record *record, struct lgz_error *err)
{
    int code = load(r, position, stored_len, false, record, err);
    if (code == 0 || (code == 1 && record->stored_len != stored_len))
        return damaged(r, position, "a record isn't there any more", err);
    return code == 1 ? LGZ_OK : code;
}

bool journal_reader_reads(const struct journal_reader *r, const struct stat *st)
{
    struct stat own;
    return fstat(r->fd, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

uint64_t journal_reader_sequence(const struct journal_reader *r)
{
    return r->sequence;
}

const char *journal_reader_path(const struct journal_reader *r)
{
    return r->path;
}

uint64_t journal_reader_end(const struct journal_reader *r, bool *torn)
{
    if (torn)
        *torn = r->torn;
    return r->position;
}

const char *journal_reader_reason(const struct journal_reader *r)
{
    return r->torn && r->end ? r->end : "";
}

static int read_header(struct journal_reader *r, struct lgz_error *err)
{
    const uint8_t *raw;
    int code = fetch(r, 0, JOURNAL_HEADER_LEN, WINDOW_LEN, &raw, err);
    if (code < 0)
        return code;
    if (code == 0)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: shorter than a journal's header", r->path);
    if (memcmp(raw, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN) != 0)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a logzip journal", r->path);
    r->version = le_get(raw + 8, 4);
    if (r->version < JOURNAL_VERSION_OLDEST || r->version > JOURNAL_VERSION ||
        le_get(raw + 12, 4) != 0)
        return error_set(err, LGZ_ERR_VERSION,
                         "%s: journal of version %" PRIu64 ", flags %" PRIu64
                         "; this program reads versions %d to %d, flags 0",
                         r->path, r->version, le_get(raw + 12, 4), JOURNAL_VERSION_OLDEST,
                         JOURNAL_VERSION);
    r->sequence = le_get(raw + 16, 8);
    r->seed = le_get(raw + 32, 8);
    if (r->seed != hash_bytes(raw, 32) || r->sequence == 0)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged journal header", r->path);
    r->position = JOURNAL_HEADER_LEN;
    return LGZ_OK;
}

int journal_open_fd(struct journal_reader **out, int fd, const char *path, struct lgz_error *err)
{
    struct journal_reader *r = calloc(1, sizeof(*r));
    *out = NULL;
    if (!r) {
        close(fd);
        return error_memory(err);
    }
    r->fd = fd;
    r->path = strdup(path);
    int code = r->path ? read_header(r, err) : error_memory(err);
    if (code != LGZ_OK) {
        int saved = errno;
        journal_reader_close(r);
        errno = saved;
        return code;
    }
    *out = r;
    return LGZ_OK;
}

int journal_open(struct journal_reader **out, const char *path, struct lgz_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *out = NULL;
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    return journal_open_fd(out, fd, path, err);
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r)
        return;
    close(r->fd);
    free(r->path);
    buf_free(&r->window);
    buf_free(&r->plain);
    source_clear(&r->source);
    clear_input(r);
    ZSTD_freeDCtx(r->zstd);
    free(r);
}
