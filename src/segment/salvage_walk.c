/*
 * salvage_walk.c - part after part; where there is none, byte after byte.
 */
#include "segment/salvage_walk.h"

enum { CHECKSUM_LEN = 8 };

/* Bytes that are read or decoded in vain, at most: so many for each of the file, and some more. */
enum { PATIENCE = 64 };
#define MORE_PATIENCE (UINT64_C(1) << 30)

struct walk {
    struct remains *in;
    uint64_t to;
    salvage_block_fn *take;
    void *context;
    struct buf stored;
    struct buf raw;
    uint64_t patience; /* bytes that may still be tried in vain */
    bool follows;
    struct salvage_walk *out;
};

/* Could a part begin at `at`? A header has the tag 0; a footer's trailer belongs to it. */
static bool part_at(const struct walk *w, uint64_t at, struct remains_part *part)
{
    size_t len;
    if (at >= w->to)
        return false;
    const uint8_t *view = remains_view(w->in, at, &len);
    if (len >= SEGMENT_HEADER_LEN && segment_header_check(view, "", NULL) == LGZ_OK) {
        *part = (struct remains_part){.len = SEGMENT_HEADER_LEN};
        return w->to - at >= part->len;
    }
    if (!remains_part_at(w->in, at, part) || part->tag < BLOCK_STRUCTURED ||
        part->tag > SEGMENT_FILTERS || part->len == part->head)
        return false;
    part->len += part->tag == SEGMENT_FOOTER ? SEGMENT_TRAILER_LEN : 0;
    return part->len <= w->to - at;
}

static bool is_block(const struct remains_part *part)
{
    return part->tag == BLOCK_STRUCTURED || part->tag == BLOCK_PLAIN;
}

/* Does what begins as a block say of itself what a block may say? */
static bool block_at(const struct walk *w, uint64_t at, struct remains_part *part)
{
    size_t len;
    if (!part_at(w, at, part) || !is_block(part))
        return false;
    const uint8_t *view = remains_view(w->in, at, &len);
    struct reader r = reader_of(view, len);
    reader_bytes(&r, part->head);
    const uint64_t raw_len = reader_varint_max(&r, BLOCK_MAX_RAW);
    reader_bytes(&r, CHECKSUM_LEN);
    if (part->tag == BLOCK_STRUCTURED) {
        const uint64_t own_frame = reader_varint(&r);
        const uint64_t head_len = reader_varint(&r);
        const uint64_t head_entry = reader_varint(&r);
        r.failed |= !own_frame || head_len > block_head_limit(raw_len, part->len - part->head) ||
                    head_entry / 2 > part->len - part->head;
    }
    return !r.failed && raw_len;
}

/* And does something follow it? */
static bool chained_at(const struct walk *w, uint64_t at)
{
    struct remains_part part, next;
    return block_at(w, at, &part) && (at + part.len == w->to || part_at(w, at + part.len, &next));
}

/* What was tried in vain: the bytes that were read, and those that may have been decoded. */
static void lose_patience(struct walk *w, struct span body)
{
    struct reader r = reader_of(body.data, body.len);
    const uint64_t cost = body.len + reader_varint_max(&r, BLOCK_MAX_RAW);
    w->patience -= cost < w->patience ? cost : w->patience;
}

/* Decode a block. @return 1, 0 if it isn't whole, or a negative code */
static int decode(struct walk *w, uint64_t at, const struct remains_part *part,
                  struct lgz_error *err)
{
    buf_clear(&w->stored);
    buf_clear(&w->raw);
    if (!buf_reserve(&w->stored, part->len))
        return error_memory(err);
    remains_read(w->in, at, w->stored.data, part->len);
    const struct span body = {w->stored.data + part->head, part->len - part->head};
    int code = block_decode((enum block_tag)part->tag, body, &w->raw, err);
    if (code == LGZ_OK || code == LGZ_ERR_MEMORY)
        return code == LGZ_OK ? 1 : code;
    lose_patience(w, body);
    return 0;
}

/* @return as decode() */
static int take_block(struct walk *w, uint64_t at, const struct remains_part *part,
                      struct lgz_error *err)
{
    int rc = decode(w, at, part, err);
    if (rc != 1)
        return rc;
    int code = w->take(w->context, buf_span(&w->raw), w->follows, err);
    w->follows = true;
    w->out->blocks++;
    return code == LGZ_OK ? 1 : code;
}

/*
 * Take the part that begins at `at`.
 *
 * @return as decode(), with *len set if it's 1
 */
static int take_part(struct walk *w, uint64_t at, uint64_t *len, struct lgz_error *err)
{
    struct remains_part part;
    if (!part_at(w, at, &part))
        return 0;
    *len = part.len;
    if (!is_block(&part)) {
        w->out->closed = part.tag == SEGMENT_FOOTER && at + part.len == w->to;
        /* Filters and footers are known by what stands behind them. */
        return part.tag == 0 || at + part.len == w->to || part_at(w, at + part.len, &part);
    }
    return take_block(w, at, &part, err);
}

/*
 * From `at` on, find the next block that something follows, or the end. What is in front of that
 * can only be a block between damaged ones: it has to prove itself.
 */
static int find_block(struct walk *w, uint64_t at, uint64_t *found, struct lgz_error *err)
{
    struct remains_part part;
    uint64_t next = at;
    int rc = 0;
    while (next < w->to && !chained_at(w, next))
        next++;
    for (*found = at; *found < next && w->patience; ++*found) {
        if (!block_at(w, *found, &part) || part.len > next - *found)
            continue;
        rc = decode(w, *found, &part, err);
        if (rc != 0)
            return rc < 0 ? rc : LGZ_OK;
    }
    w->out->given_up = !w->patience;
    *found = w->patience ? next : w->to;
    return LGZ_OK;
}

int salvage_walk(struct remains *in, uint64_t from, uint64_t to, salvage_block_fn *take,
                 void *context, struct salvage_walk *out, struct lgz_error *err)
{
    struct walk w = {.in = in, .to = to, .take = take, .context = context, .out = out};
    int rc = 0;
    *out = (struct salvage_walk){0};
    w.patience = (to - from) * PATIENCE + MORE_PATIENCE;
    for (uint64_t at = from; at < to && rc >= 0;) {
        uint64_t len = 0;
        rc = take_part(&w, at, &len, err);
        if (rc == 0) {
            uint64_t next = to;
            w.follows = false;
            rc = find_block(&w, at + 1, &next, err);
            len = next - at;
            out->strange += len;
        }
        at += len;
    }
    buf_free(&w.stored);
    buf_free(&w.raw);
    return rc < 0 ? rc : LGZ_OK;
}
