/*
 * journal_compose.c - a record is begun, gets its payload, and is ended by its length and checksum.
 */
#include "archive/journal_compose.h"

#include <inttypes.h>
#include <string.h>

#include "archive/journal_format.h"

enum {
    ZSTD_JOURNAL_LEVEL = 1,
    PACK_MIN = 64, /* fewer bytes than these don't get smaller */
};

static size_t record_begin(struct buf *b, enum journal_record_kind kind)
{
    size_t start = b->len;
    buf_put_le(b, 0, 8);
    buf_put_le(b, 0, 4);
    buf_push(b, (uint8_t)kind);
    buf_push(b, 0);
    return start;
}

static int record_end(struct buf *b, size_t start, struct journal_place place,
                      struct lgz_error *err)
{
    if (b->failed)
        return error_memory(err);
    uint8_t *raw = b->data + start;
    size_t len = b->len - start;
    le_put(raw + 8, len - JOURNAL_HEAD_LEN, 4);
    le_put(raw,
           journal_checksum(place.seed, place.position, raw + JOURNAL_CHECKSUM_LEN,
                            len - JOURNAL_CHECKSUM_LEN),
           8);
    return LGZ_OK;
}

/* How the time is marked at which the file was written to last. */
static uint8_t written_flag(const struct source *source)
{
    uint8_t flag = source->ended ? JOURNAL_FLAG_ENDED : JOURNAL_FLAG_WRITTEN;
    return source->last_written ? flag : 0;
}

int journal_compose_source(struct buf *b, struct journal_place place, const struct source *source,
                           uint64_t next, struct mark mark, struct lgz_error *err)
{
    if (source->id == 0)
        return error_set(err, LGZ_ERR_ARGUMENT, "a source's id can't be 0");
    if (strlen(source->name) > JOURNAL_NAME_MAX || strlen(source->input) > JOURNAL_NAME_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "the name of source %" PRIu64 " is over %d bytes",
                         source->id, JOURNAL_NAME_MAX);
    size_t start = record_begin(b, JOURNAL_SOURCE);
    source_write(b, source);
    varint_put(b, next);
    if (mark.len) {
        varint_put(b, mark.len);
        buf_put_le(b, mark.hash, 8);
    }
    bool empty = source->empty_at && next == 0;
    if (empty)
        varint_put(b, zigzag(source->empty_at));
    if (source->last_written)
        varint_put(b, zigzag(source->last_written));
    if (!b->failed)
        b->data[start + JOURNAL_FLAGS_AT] =
            (uint8_t)((mark.len ? JOURNAL_FLAG_MARK : 0) | (empty ? JOURNAL_FLAG_EMPTY : 0) |
                      written_flag(source));
    return record_end(b, start, place, err);
}

int journal_compose_input(struct buf *b, struct journal_place place, const char *input,
                          const struct rules *rules, struct lgz_error *err)
{
    if (strlen(input) > JOURNAL_NAME_MAX || strlen(rules->multiline_start) > RULES_TEXT_MAX ||
        strlen(rules->format) > RULES_TEXT_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "the name or an expression of an input is too long");
    size_t start = record_begin(b, JOURNAL_INPUT);
    varint_put_string(b, input);
    rules_write(b, rules);
    return record_end(b, start, place, err);
}

int journal_compose_drop(struct buf *b, struct journal_place place, uint64_t source_id,
                         struct lgz_error *err)
{
    size_t start = record_begin(b, JOURNAL_DROP);
    varint_put(b, source_id);
    return record_end(b, start, place, err);
}

/* Append `data` compressed to the payload, if that is smaller. */
static bool pack(struct buf *b, size_t start, const void *data, size_t len, ZSTD_CCtx *zstd)
{
    if (len < PACK_MIN)
        return false;
    size_t before = b->len;
    varint_put(b, len);
    if (!buf_reserve(b, ZSTD_compressBound(len)))
        return false;
    size_t packed =
        ZSTD_compressCCtx(zstd, b->data + b->len, b->cap - b->len, data, len, ZSTD_JOURNAL_LEVEL);
    if (ZSTD_isError(packed) || packed >= len) {
        b->len = before;
        return false;
    }
    b->len += packed;
    b->data[start + JOURNAL_FLAGS_AT] = JOURNAL_FLAG_ZSTD;
    return true;
}

int journal_compose_data(struct buf *b, struct journal_place place,
                         const struct journal_origin *origin, const void *data, size_t len,
                         ZSTD_CCtx *zstd, struct lgz_error *err)
{
    size_t start = record_begin(b, JOURNAL_DATA);
    varint_put(b, origin->source_id);
    varint_put(b, origin->offset);
    varint_put(b, zigzag(origin->read_time));
    if (!pack(b, start, data, len, zstd))
        buf_append(b, data, len);
    return record_end(b, start, place, err);
}
