/*
 * stream.c - segments from a pipe. Input is gathered until the next whole part (header, block,
 * footer with trailer) is there; then the part is taken. Blocks stand in a ring while threads
 * decode them, and leave it in their order.
 */
#include "segment/stream.h"

#include <stdlib.h>

#include "base/crew.h"
#include "base/hash.h"
#include "segment/index.h"

/* A block that is being decoded. Its buffers are kept for the next one. */
struct stream_block {
    struct work work;
    enum block_tag tag;
    uint64_t offset;   /* in the input */
    struct buf stored; /* the whole part */
    size_t head;       /* bytes of it before the body */
    struct buf raw;
};

enum { SPARE_SLOTS = 1 }; /* so that no thread waits for who writes */

struct segment_stream {
    char *name;
    lgz_write_fn *write;
    void *context;
    struct crew *crew;
    struct stream_block *slots;
    size_t slot_count;
    size_t first;   /* the oldest block in the ring */
    size_t used;    /* so many are in it */
    uint64_t limit; /* bytes of a part, stored or decoded */
    bool broken;    /* a block couldn't be decoded or written: those behind it are given up */
    struct buf pending;
    size_t taken;                  /* bytes at the front of `pending` that are done with */
    uint64_t offset;               /* in the input, of what is at `taken` */
    bool in_segment;               /* a header was taken and its trailer wasn't yet */
    VEC(struct block_info) blocks; /* of this segment: what same_block() compares */
    uint64_t filters_len;          /* what stood behind them, for queries */
    uint64_t filters_checksum;
};

int segment_stream_new(struct segment_stream **out, const char *name, unsigned threads,
                       lgz_write_fn *write, void *context, struct lgz_error *err)
{
    struct segment_stream *s = calloc(1, sizeof(*s));
    *out = s;
    if (!s)
        return error_memory(err);
    s->write = write;
    s->context = context;
    s->limit = UINT32_MAX;
    s->slot_count = threads > 1 ? threads + SPARE_SLOTS : 1;
    s->name = strdup(name);
    s->slots = calloc(s->slot_count, sizeof(*s->slots));
    int code = s->name && s->slots ? crew_new(&s->crew, threads, err) : error_memory(err);
    if (code != LGZ_OK) {
        segment_stream_free(s);
        *out = NULL;
    }
    return code;
}

void segment_stream_free(struct segment_stream *s)
{
    if (!s)
        return;
    crew_free(s->crew);
    for (size_t i = 0; s->slots && i < s->slot_count; i++) {
        buf_free(&s->slots[i].stored);
        buf_free(&s->slots[i].raw);
    }
    free(s->slots);
    buf_free(&s->pending);
    vec_free(&s->blocks);
    free(s->name);
    free(s);
}

void segment_stream_limit(struct segment_stream *s, uint64_t bytes)
{
    s->limit = bytes;
}

bool segment_stream_between(const struct segment_stream *s)
{
    return !s->in_segment && s->pending.len == 0;
}

static size_t trailer_of(uint8_t tag)
{
    return tag == SEGMENT_FOOTER ? SEGMENT_TRAILER_LEN : 0;
}

size_t segment_stream_wants(const struct segment_stream *s)
{
    if (!s->in_segment)
        return SEGMENT_HEADER_LEN - s->pending.len;
    struct reader r = reader_of(s->pending.data, s->pending.len);
    uint8_t tag = reader_u8(&r);
    uint64_t len = reader_varint(&r);
    size_t left = reader_left(&r);
    /* What stands there was looked at when it was fed: it isn't longer than a part may be. */
    return r.failed ? 1 : (size_t)len + trailer_of(tag) - left;
}

static struct span body_of(const struct stream_block *slot)
{
    return (struct span){slot->stored.data + slot->head, slot->stored.len - slot->head};
}

/* work_part */
static int decode_slot(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    struct stream_block *slot = context;
    (void)me;
    (void)part;
    buf_clear(&slot->raw);
    return block_decode(slot->tag, body_of(slot), &slot->raw, err);
}

/* Wait for the oldest block in the ring, and write it. */
static int finish_block(struct segment_stream *s, struct lgz_error *err)
{
    struct stream_block *slot = &s->slots[s->first];
    if (err)
        *err = (struct lgz_error){0};
    int code = workers_wait(crew_caller(s->crew), &slot->work, err);
    s->first = (s->first + 1) % s->slot_count;
    s->used--;
    s->broken = true; /* until all went well */
    if (code != LGZ_OK) {
        error_prefix(err, "%s: block at offset %llu", s->name, (unsigned long long)slot->offset);
        return code;
    }
    struct block_info info = {.stored_len = slot->stored.len,
                              .raw_len = slot->raw.len,
                              .raw_checksum = block_checksum(body_of(slot)),
                              .stored_checksum = hash_bytes(slot->stored.data, slot->stored.len),
                              .plain = slot->tag == BLOCK_PLAIN};
    if (!vec_push(&s->blocks, info))
        code = error_memory(err);
    else if (s->write(s->context, slot->raw.data, slot->raw.len) != 0)
        code = err && err->code ? err->code
                                : error_set(err, LGZ_ERR_CANCELLED, "writing was cancelled");
    s->broken = code != LGZ_OK;
    return code;
}

/* Write the blocks of the ring that are decoded, or all of them. */
static int finish_blocks(struct segment_stream *s, bool all, struct lgz_error *err)
{
    const struct worker *me = crew_caller(s->crew);
    int code = LGZ_OK;
    while (!s->broken && s->used && (all || workers_done(me, &s->slots[s->first].work)))
        code = finish_block(s, err);
    return code;
}

/* A block is there: have it decoded. */
static int take_block(struct segment_stream *s, enum block_tag tag, struct span stored,
                      struct span body, struct lgz_error *err)
{
    if (block_raw_len(body) > s->limit)
        return error_set(err, LGZ_ERR_LIMIT, "%s: block at offset %llu is too large", s->name,
                         (unsigned long long)s->offset);
    int code = s->used == s->slot_count ? finish_block(s, err) : LGZ_OK;
    if (code != LGZ_OK)
        return code;
    struct stream_block *slot = &s->slots[(s->first + s->used) % s->slot_count];
    slot->tag = tag;
    slot->offset = s->offset;
    slot->head = stored.len - body.len;
    buf_clear(&slot->stored);
    buf_append(&slot->stored, stored.data, stored.len);
    if (slot->stored.failed)
        return error_memory(err);
    s->used++;
    workers_submit(crew_caller(s->crew), &slot->work, 1, decode_slot, slot);
    return finish_blocks(s, false, err);
}

static bool same_block(const struct block_info *said, const struct block_info *found)
{
    return said->stored_len == found->stored_len && said->raw_len == found->raw_len &&
           said->raw_checksum == found->raw_checksum && said->plain == found->plain &&
           (!said->stored_known || said->stored_checksum == found->stored_checksum);
}

/* They are for queries: only their checksum counts here. */
static void take_filters(struct segment_stream *s, struct span part)
{
    s->filters_len = part.len;
    s->filters_checksum = hash_bytes(part.data, part.len);
}

/* The footer must speak of the very blocks that were decoded. */
static int take_footer(struct segment_stream *s, struct span footer, const uint8_t *trailer,
                       struct lgz_error *err)
{
    struct segment_index index;
    uint64_t checksum, footer_len;
    int code = finish_blocks(s, true, err);
    if (code == LGZ_OK)
        code = segment_trailer_read(trailer, s->name, &checksum, &footer_len, err);
    if (code == LGZ_OK && footer_len != footer.len)
        code = error_set(err, LGZ_ERR_CORRUPT, "%s: trailer doesn't fit the footer", s->name);
    if (code == LGZ_OK)
        code = segment_footer_read(footer, checksum, s->name, &index, err);
    if (code != LGZ_OK)
        return code;
    bool same = index.blocks.len == s->blocks.len && index.filters_len == s->filters_len &&
                index.filters_checksum == s->filters_checksum;
    for (size_t i = 0; same && i < s->blocks.len; i++)
        same = same_block(&index.blocks.data[i], &s->blocks.data[i]);
    segment_index_clear(&index);
    s->blocks.len = 0;
    s->filters_len = s->filters_checksum = 0;
    s->in_segment = false;
    return same ? LGZ_OK
                : error_set(err, LGZ_ERR_CORRUPT, "%s: footer doesn't fit the blocks", s->name);
}

/*
 * Take the part at the front, if all of it is there.
 *
 * @return 1 if one was taken, 0 if more input is needed, or a negative code
 */
static int take_part(struct segment_stream *s, struct lgz_error *err)
{
    if (s->pending.len == s->taken)
        return 0;
    struct reader r = reader_of(s->pending.data + s->taken, s->pending.len - s->taken);
    const uint8_t *start = r.at;
    int code = LGZ_OK;
    if (!s->in_segment) {
        if (reader_left(&r) < SEGMENT_HEADER_LEN)
            return 0;
        code = segment_header_check(r.at, s->name, err);
        if (code != LGZ_OK)
            return s->offset
                       ? error_set(err, LGZ_ERR_CORRUPT, "%s: trailing garbage at offset %llu",
                                   s->name, (unsigned long long)s->offset)
                       : code;
        s->in_segment = true;
        s->taken += SEGMENT_HEADER_LEN;
        s->offset += SEGMENT_HEADER_LEN;
        return 1;
    }
    uint8_t tag = reader_u8(&r);
    uint64_t len = reader_varint(&r);
    bool cut = r.failed && s->pending.len - s->taken < BLOCK_MAX_HEADER;
    if (cut)
        return 0;
    /* Only the footer stands behind the filters. */
    bool expected = tag == SEGMENT_FOOTER ||
                    (tag >= BLOCK_STRUCTURED && tag <= SEGMENT_FILTERS && !s->filters_len);
    if (r.failed || !expected || len > UINT32_MAX)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged block header at offset %llu", s->name,
                         (unsigned long long)s->offset);
    if (len > s->limit)
        return error_set(err, LGZ_ERR_LIMIT, "%s: block at offset %llu is too large", s->name,
                         (unsigned long long)s->offset);
    size_t trailer = trailer_of(tag);
    if (reader_left(&r) < len + trailer)
        return 0;
    struct span body = reader_bytes(&r, len);
    size_t size = (size_t)(r.at - start);
    struct span part = {start, size};
    if (tag == SEGMENT_FOOTER)
        code = take_footer(s, part, r.at, err);
    else if (tag == SEGMENT_FILTERS)
        take_filters(s, part);
    else
        code = take_block(s, (enum block_tag)tag, part, body, err);
    s->taken += size + trailer;
    s->offset += size + trailer;
    return code == LGZ_OK ? 1 : code;
}

/* The blocks before what is damaged are given out; what is wrong with them comes first. */
static int fail(struct segment_stream *s, int code, struct lgz_error *err)
{
    struct lgz_error earlier = {0};
    int first = finish_blocks(s, true, &earlier);
    if (first != LGZ_OK && err)
        *err = earlier;
    return first != LGZ_OK ? first : code;
}

int segment_stream_feed(struct segment_stream *s, const void *data, size_t len,
                        struct lgz_error *err)
{
    int code;
    buf_append(&s->pending, data, len);
    if (s->pending.failed)
        return error_memory(err);
    do
        code = take_part(s, err);
    while (code == 1);
    code = code == LGZ_OK ? finish_blocks(s, false, err) : fail(s, code, err);
    if (s->taken) {
        memmove(s->pending.data, s->pending.data + s->taken, s->pending.len - s->taken);
        s->pending.len -= s->taken;
        s->taken = 0;
    }
    return code;
}

int segment_stream_end(struct segment_stream *s, struct lgz_error *err)
{
    int code = finish_blocks(s, true, err);
    if (code != LGZ_OK)
        return code;
    if (s->in_segment)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: ends within a segment, behind offset %llu",
                         s->name, (unsigned long long)s->offset);
    if (s->offset == 0)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a logzip segment", s->name);
    if (s->pending.len)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: trailing garbage at offset %llu", s->name,
                         (unsigned long long)s->offset);
    return LGZ_OK;
}
