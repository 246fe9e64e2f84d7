/*
 * encoded.c - collecting heads and streams, and estimating what they will cost.
 */
#include "column/encoded.h"

#include <stdlib.h>

enum {
    TINY_STREAM = 8,          /* too short for statistics: counted as it is */
    FRAME_OVERHEAD = 12,      /* of a zstd frame, which a small stream doesn't pay alone */
    SMALL_STREAM = 32,        /* zstd finds nothing in less */
    COST_SAMPLE = 128 * 1024, /* bytes of a stream that are tried */
    COST_PIECES = 4,
    MARGIN = 32,      /* 1 in so many, and */
    MARGIN_BYTES = 8, /* so many that an encoding must be cheaper to be clearly so */
};

/*
 * A step takes some 12 ns, when a frame is coded and each time that it is decoded: the floors are
 * some 2.5 and 3.5 ms for a block, the rest 0.9 ns for a raw byte.
 */
static const struct coder_budget coder_budgets[] = {
    [LGZ_LEVEL_FAST] = {0, 0},
    [LGZ_LEVEL_DEFAULT] = {200000, 14},
    [LGZ_LEVEL_BEST] = {280000, 14},
};

int column_context_init(struct column_context *ctx, enum lgz_level level, struct lgz_error *err)
{
    *ctx = (struct column_context){
        .worker = {.state = ctx},
        .level = level,
        .zstd = ZSTD_createCCtx(),
        .coder = coder_budgets[level],
    };
    return ctx->zstd ? LGZ_OK : error_memory(err);
}

void column_context_clear(struct column_context *ctx)
{
    ZSTD_freeCCtx(ctx->zstd);
    buf_free(&ctx->scratch);
    *ctx = (struct column_context){0};
}

/* The binary logarithm of a positive number, good to 0.0001. */
static double quick_log2(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    memcpy(&x, &bits, sizeof(x));
    /* log2(x) = 2 / ln(2) * artanh((x - 1) / (x + 1)), for x between sqrt(1/2) and sqrt(2) */
    if (x > 1.41421356) {
        x *= 0.5;
        exponent++;
    }
    double z = (x - 1) / (x + 1);
    double square = z * z;
    return exponent + 2.88539008 * z * (1 + square * (1.0 / 3 + square * 0.2));
}

/* Count bytes. Four tables, since one byte that comes again and again would wait for itself. */
static void count_bytes(const uint8_t *data, size_t len, uint32_t counts[256])
{
    uint32_t parts[4][256] = {{0}};
    size_t i = 0;
    for (; i + 4 <= len; i += 4) {
        parts[0][data[i]]++;
        parts[1][data[i + 1]]++;
        parts[2][data[i + 2]]++;
        parts[3][data[i + 3]]++;
    }
    for (; i < len; i++)
        parts[0][data[i]]++;
    for (i = 0; i < 256; i++)
        counts[i] = parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i];
}

/* Bytes if each byte were coded by its frequency alone. */
static size_t entropy_cost(const uint8_t *data, size_t len)
{
    uint32_t counts[256];
    double bits = (double)len * quick_log2((double)len);
    size_t kinds = 0;
    count_bytes(data, len, counts);
    for (int i = 0; i < 256; i++) {
        if (counts[i] > 1)
            bits -= counts[i] * quick_log2(counts[i]);
        kinds += counts[i] != 0;
    }
    return (size_t)(bits > 0 ? bits / 8 : 0) + kinds / 2 + 1;
}

/* What zstd makes of a piece, without what only a frame of its own costs. */
static size_t trial_cost(struct column_context *ctx, const uint8_t *data, size_t len)
{
    size_t bound = ZSTD_compressBound(len);
    buf_clear(&ctx->scratch);
    if (!buf_reserve(&ctx->scratch, bound))
        return len;
    int level = ctx->level == LGZ_LEVEL_BEST ? 6 : 1;
    size_t n = ZSTD_compressCCtx(ctx->zstd, ctx->scratch.data, bound, data, len, level);
    if (ZSTD_isError(n) || n >= len)
        return len;
    return n > FRAME_OVERHEAD ? n - FRAME_OVERHEAD : 1;
}

size_t stream_cost(struct column_context *ctx, const uint8_t *data, size_t len)
{
    if (len <= TINY_STREAM)
        return len;
    size_t entropy = entropy_cost(data, len);
    if (ctx->level == LGZ_LEVEL_FAST || len < SMALL_STREAM)
        return entropy;
    size_t trial = 0;
    if (len <= COST_SAMPLE) {
        trial = trial_cost(ctx, data, len);
    } else {
        size_t piece = COST_SAMPLE / COST_PIECES;
        for (size_t i = 0; i < COST_PIECES; i++)
            trial += trial_cost(ctx, data + (len - piece) / (COST_PIECES - 1) * i, piece);
        trial = (size_t)((double)trial * (double)len / COST_SAMPLE);
    }
    return trial < entropy ? trial : entropy;
}

void encoded_add_stream(struct encoded *e, struct column_context *ctx, enum stream_class class,
                        unsigned width, struct buf *data)
{
    struct stream stream = {class, width, *data};
    if (data->failed || !vec_push(&e->streams, stream)) {
        e->head.failed = true;
        buf_free(data);
        return;
    }
    *data = (struct buf){0};
    varint_put(&e->head, stream.data.len);
    e->cost += stream_cost(ctx, stream.data.data, stream.data.len) + 2;
}

void encoded_append(struct encoded *e, struct encoded *child)
{
    buf_append(&e->head, child->head.data, child->head.len);
    e->head.failed |= child->head.failed;
    for (size_t i = 0; i < child->streams.len; i++) {
        if (!vec_push(&e->streams, child->streams.data[i])) {
            e->head.failed = true;
            buf_free(&child->streams.data[i].data);
        }
    }
    e->cost += child->cost;
    child->streams.len = 0;
    encoded_clear(child);
}

void encoded_clear(struct encoded *e)
{
    for (size_t i = 0; i < e->streams.len; i++)
        buf_free(&e->streams.data[i].data);
    vec_free(&e->streams);
    buf_free(&e->head);
    *e = (struct encoded){0};
}

void encoded_keep_cheaper(struct encoded *best, struct encoded *candidate)
{
    if (candidate->cost < best->cost) {
        encoded_clear(best);
        *best = *candidate;
        *candidate = (struct encoded){0};
    } else {
        best->head.failed |= candidate->head.failed;
        encoded_clear(candidate);
    }
}

bool encoded_clearly_cheaper(const struct encoded *best, const struct encoded *candidate)
{
    return candidate->cost + MARGIN_BYTES + candidate->cost / MARGIN < best->cost;
}

bool encoded_keep_clearly_cheaper(struct encoded *best, struct encoded *candidate)
{
    bool clearly = encoded_clearly_cheaper(best, candidate);
    if (clearly)
        encoded_keep_cheaper(best, candidate);
    encoded_clear(candidate);
    return clearly;
}

int encoded_offer(struct encoded *best, struct encoded *candidate, struct lgz_error *err)
{
    if (candidate->head.failed) {
        encoded_clear(candidate);
        return error_memory(err);
    }
    encoded_keep_clearly_cheaper(best, candidate);
    return LGZ_OK;
}
