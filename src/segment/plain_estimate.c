/*
 * plain_estimate.c - pieces of a block, compressed when zstd has seen what precedes them, and a
 * table of what was there before: of lines, or, where these are long, of short runs of bytes.
 */
#include "segment/plain_estimate.h"

#include <stdlib.h>

#include "base/hash.h"
#include "line/lines.h"

enum {
    SMALL_BLOCK = 1 << 20, /* so much is compressed quickly enough as a whole */
    PIECES = 3,            /* evenly spread over the block */
    PIECE = 64 << 10,
    BEFORE = 128 << 10, /* bytes that zstd has seen when a piece begins */
    QUICK_LEVEL = 1,
    LONG_LINE = 4096, /* bytes of a line on average: what repeats there isn't whole lines */
    ONE_OF = 4,       /* lines are looked at, by their hash: equal ones are all in or all out */
    RUN = 32,         /* bytes of a run */
    RUN_BITS = 8,     /* a run begins where so many bits of a hash are 0: one in 256 bytes */
    LEVEL_PIECES = 4, /* for plain_gain() */
    LEVEL_MIN = 512 << 10,
};

/* Compress up to `len` bytes more and flush them. @return bytes they became, or 0 */
static size_t compress_more(ZSTD_CCtx *zstd, const uint8_t *data, size_t len, struct buf *scratch)
{
    ZSTD_inBuffer in = {data, len, 0};
    size_t before = scratch->len;
    size_t left;
    do {
        ZSTD_outBuffer out = {scratch->data, scratch->cap, scratch->len};
        left = ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_flush);
        scratch->len = out.pos;
        if (ZSTD_isError(left) || (left && out.pos == out.size))
            return 0;
    } while (left);
    return scratch->len - before;
}

/* What PIECE bytes become when those before them are known; 0 if that fails. */
static size_t piece_cost(ZSTD_CCtx *zstd, const uint8_t *piece, struct buf *scratch)
{
    size_t cost = 0;
    buf_clear(scratch);
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, QUICK_LEVEL);
    if (compress_more(zstd, piece - BEFORE, BEFORE, scratch))
        cost = compress_more(zstd, piece, PIECE, scratch);
    return cost;
}

/* Compressed bytes for each byte of the block; 0 if that fails. */
static double cost_per_byte(ZSTD_CCtx *zstd, struct span raw)
{
    struct buf scratch = {0};
    size_t cost = 0;
    size_t pieces = 0;
    size_t distance = (raw.len - BEFORE - PIECE) / (PIECES - 1);
    if (!buf_reserve(&scratch, ZSTD_compressBound(BEFORE) + ZSTD_compressBound(PIECE)))
        return 0;
    for (; pieces < PIECES; pieces++) {
        size_t one = piece_cost(zstd, raw.data + BEFORE + pieces * distance, &scratch);
        if (!one)
            break;
        cost += one;
    }
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    buf_free(&scratch);
    return pieces == PIECES ? (double)cost / (PIECES * PIECE) : 0;
}

/* Bytes of lines that aren't the same as one before. `table` has `size` zeros, a power of two. */
static size_t new_bytes(struct span raw, uint32_t *table, size_t size)
{
    size_t fresh = 0;
    size_t seen = 0;
    const uint8_t *end = raw.data + raw.len;
    for (const uint8_t *at = raw.data; at < end;) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline + 1 : end) - at);
        uint64_t hash = hash_bytes(at, len);
        at += len;
        if (hash % ONE_OF)
            continue;
        /* One place for each hash: a line that lost it counts as new, which is rare enough. */
        uint32_t *place = &table[hash / ONE_OF & (size - 1)];
        uint32_t mark = (uint32_t)(hash >> 32) | 1;
        seen += len;
        fresh += *place == mark ? 0 : len;
        *place = mark;
    }
    return seen ? (size_t)((double)raw.len * (double)fresh / (double)seen) : raw.len;
}

/* A run of bytes that was seen. */
struct seen_run {
    uint32_t mark;
    uint32_t at;
};

/*
 * Where lines are long: the block's bytes, less those that come again from so far back that the
 * pieces didn't have it in front of them. Runs begin where the bytes say so, wherever they stand.
 * `table` has `size` zeros, a power of two.
 */
static size_t bytes_not_far(struct span raw, struct seen_run *table, size_t size)
{
    size_t fresh = 1;
    size_t far = 0;
    uint64_t head;
    for (size_t at = 0; at + RUN <= raw.len; at++) {
        memcpy(&head, raw.data + at, sizeof(head));
        if (head * UINT64_C(0x9e3779b97f4a7c15) >> (64 - RUN_BITS))
            continue;
        uint64_t hash = hash_bytes(raw.data + at, RUN);
        struct seen_run *place = &table[hash & (size - 1)];
        uint32_t mark = (uint32_t)(hash >> 32) | 1;
        if (place->mark != mark)
            fresh++;
        else
            far += at - place->at > BEFORE;
        *place = (struct seen_run){mark, (uint32_t)at};
    }
    return (size_t)((double)raw.len * (double)fresh / (double)(fresh + far));
}

/* The smallest power of two from `least` on. */
static size_t table_size(size_t least)
{
    size_t size = 1024;
    while (size < least)
        size *= 2;
    return size;
}

/* Bytes of the block that aren't the same as others far in front of them; 0: memory is out. */
static size_t fresh_bytes(struct span raw, size_t lines)
{
    bool runs = lines <= raw.len / LONG_LINE;
    size_t size = table_size(runs ? raw.len >> RUN_BITS : lines);
    size_t fresh = 0;
    void *table = calloc(size, runs ? sizeof(struct seen_run) : sizeof(uint32_t));
    if (table)
        fresh = runs ? bytes_not_far(raw, table, size) : new_bytes(raw, table, size);
    free(table);
    return fresh;
}

size_t plain_estimate(ZSTD_CCtx *zstd, struct span raw)
{
    if (raw.len < SMALL_BLOCK)
        return 0;
    double cost = cost_per_byte(zstd, raw);
    return cost > 0 ? (size_t)(cost * (double)fresh_bytes(raw, lines_count(raw.data, raw.len) + 1))
                    : 0;
}

/* Sum of what the pieces of a block become, each for itself; 0 if that fails. */
static size_t pieces_cost(ZSTD_CCtx *zstd, struct span raw, int level, struct buf *scratch)
{
    size_t sum = 0;
    size_t distance = (raw.len - PIECE) / (LEVEL_PIECES - 1);
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    for (size_t i = 0; i < LEVEL_PIECES; i++) {
        size_t n = ZSTD_compressCCtx(zstd, scratch->data, scratch->cap, raw.data + i * distance,
                                     PIECE, level);
        if (ZSTD_isError(n))
            return 0;
        sum += n;
    }
    return sum;
}

double plain_gain(ZSTD_CCtx *zstd, struct span raw, int level)
{
    struct buf scratch = {0};
    if (raw.len < LEVEL_MIN || !buf_reserve(&scratch, ZSTD_compressBound(PIECE)))
        return 0;
    size_t quick = pieces_cost(zstd, raw, QUICK_LEVEL, &scratch);
    size_t slow = quick ? pieces_cost(zstd, raw, level, &scratch) : 0;
    buf_free(&scratch);
    return quick ? (double)slow / (double)quick : 0;
}
