/*
 * block_encode.c - from raw bytes to a block: lines, templates, columns, streams; or plain zstd.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "segment/chain.h"
#include "segment/filter_build.h"
#include "segment/filter_worth.h"
#include "segment/plain_estimate.h"
#include "segment/runs.h"
#include "segment/sample.h"
#include "segment/structure.h"
#include "segment/times.h"

enum {
    MIN_STRUCTURED = 64, /* bytes below which structure can't pay */
    PROBE_MIN = 1 << 20, /* bytes from which on a sample is asked whether structure pays */
    PROBE_PIECES = 16,
    PROBE_PIECE = 4096,
    LONG_LINE = 32 << 10,
    REPEATED_MIN = 16, /* equal lines from which on a block of nothing else is worth a case */
    REPEATED_LINE = 4096,
    SHORT_LINE = 3,
    SHORT_MIN = 64 << 10, /* bytes of a block from which on short lines matter */
};

/* What a high level makes of a block is seldom less than this times what its pieces promise. */
static const double PLAIN_DOUBT = 0.8;

struct level_options {
    struct frame_options frames;
    size_t block_size;
    double plain_gain; /* zstd's level 1 may be so far above what a plain frame will have */
    double doubtful;   /* a sample that zstd makes smaller by this factor isn't doubted */
};

static const struct level_options level_table[] = {
    [LGZ_LEVEL_FAST] = {{3, 0, true}, 16 << 20, 1.2, 4},
    [LGZ_LEVEL_DEFAULT] = {{12, 0, false}, 16 << 20, 1.35, 1.4},
    [LGZ_LEVEL_BEST] = {{19, 27, false}, 64 << 20, 2, 1.4},
};

size_t block_default_size(enum lgz_level level)
{
    return level_table[level].block_size;
}

/* Are all lines the same, and how many are there? 0 if not, or if they are few, or long. */
static size_t count_repeated(struct span raw, struct span *line)
{
    size_t look = raw.len / REPEATED_MIN < REPEATED_LINE ? raw.len / REPEATED_MIN : REPEATED_LINE;
    const uint8_t *newline = look ? memchr(raw.data, '\n', look) : NULL;
    if (!newline)
        return 0;
    size_t period = (size_t)(newline + 1 - raw.data);
    *line = (struct span){raw.data, period - 1};
    bool same = raw.len % period == 0 && memcmp(raw.data, raw.data + period, raw.len - period) == 0;
    return same ? raw.len / period : 0;
}

static int encode_plain(struct column_context *ctx, const struct frame_options *options,
                        const struct block_input *input, uint64_t checksum, struct buf *body,
                        struct lgz_error *err)
{
    varint_put(body, input->len);
    buf_put_le(body, checksum, 8);
    return frame_compress(ctx->zstd, options, input->raw, input->len, body, err);
}

/* Is a line longer than LONG_LINE on average? */
static bool has_long_lines(struct span raw)
{
    const size_t few = raw.len / LONG_LINE;
    for (size_t lines = 0; lines < few; lines++) {
        const uint8_t *newline = memchr(raw.data, '\n', raw.len);
        if (!newline)
            return true;
        raw.len -= (size_t)(newline + 1 - raw.data);
        raw.data = newline + 1;
    }
    return false;
}

/* Is a line, its end included, SHORT_LINE bytes or less on average? */
static bool has_short_lines(struct span raw)
{
    return lines_count(raw.data, raw.len) >= raw.len / SHORT_LINE;
}

/*
 * Might structure pay? A sample is encoded both ways. Where it compresses well, it's too small to
 * tell: templates pay only once they are there many times. With very long lines they never are.
 * Very short lines take more time than what they might save is worth at --fast.
 */
static int structure_may_pay(struct column_context *ctx, const struct block_input *input,
                             bool *may_pay, struct lgz_error *err)
{
    const enum lgz_level level = ctx->level;
    const struct worker worker = ctx->worker;
    const struct frame_options frames = {3, 0, false};
    const struct span raw = {input->raw, input->len};
    struct block_summary summary = {0};
    struct buf sample = {0}, structured = {0}, plain = {0};
    *may_pay = true;
    if (level == LGZ_LEVEL_FAST && raw.len >= SHORT_MIN && has_short_lines(raw))
        *may_pay = false;
    if (raw.len < PROBE_MIN || !*may_pay)
        return LGZ_OK;
    bool taken = sample_take(raw, PROBE_PIECES, PROBE_PIECE, &sample);
    const struct block_input part = {.raw = sample.data, .len = sample.len};
    int code = taken ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK)
        code = encode_plain(ctx, &frames, &part, 0, &plain, err);
    bool doubtful = (double)sample.len < (double)plain.len * level_table[level].doubtful;
    if (code == LGZ_OK && (doubtful || has_long_lines(raw))) {
        ctx->level = LGZ_LEVEL_FAST; /* of this thread only: so it does this alone */
        ctx->worker = (struct worker){.state = ctx};
        code = structure_encode(ctx, &level_table[ctx->level].frames, &part, 0, &structured,
                                &summary, err);
        ctx->worker = worker;
        ctx->level = level;
        *may_pay = structured.len && structured.len < plain.len - plain.len / 100;
    }
    buf_free(&sample);
    buf_free(&structured);
    buf_free(&plain);
    block_summary_clear(&summary);
    return code;
}

/* How large zstd's level 1 makes a block that it sees as a whole. */
static int quick_plain(struct column_context *ctx, const struct block_input *input, size_t *len,
                       struct lgz_error *err)
{
    const struct frame_options quick = {1, 27, true};
    struct buf plain = {0};
    int code = encode_plain(ctx, &quick, input, 0, &plain, err);
    *len = plain.len;
    buf_free(&plain);
    return code;
}

/*
 * Might a plain frame win? At a high level, all of the block is compressed quickly to see; the
 * quick trial looks as far back as the other might: what repeats from afar, it must not miss. What
 * the high level saves beside that, some pieces say.
 * Below, that would take longer than much of the rest: an estimate is enough, where structure is
 * far better. `measured` is the one or the other.
 */
static int plain_may_win(struct column_context *ctx, const struct block_input *input,
                         size_t structured, size_t measured, bool *may_win, struct lgz_error *err)
{
    const int level = level_table[ctx->level].frames.zstd_level;
    double limit = (double)structured * level_table[ctx->level].plain_gain;
    int code = LGZ_OK;
    *may_win = !structured || (double)measured < limit;
    if (!structured || !*may_win)
        return LGZ_OK;
    if (ctx->level != LGZ_LEVEL_BEST) {
        code = quick_plain(ctx, input, &measured, err);
        *may_win = (double)measured < limit;
    } else {
        const struct span raw = {input->raw, input->len};
        *may_win =
            (double)measured * PLAIN_DOUBT * plain_gain(ctx->zstd, raw, level) < (double)structured;
    }
    return code;
}

/* What a plain frame would have, at about zstd's level 1. */
struct plain_look {
    const struct block_input *input;
    size_t len;
};

static int look_at_plain(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)part;
    struct plain_look *look = context;
    struct column_context *ctx = me->state;
    if (ctx->level == LGZ_LEVEL_BEST)
        return quick_plain(ctx, look->input, &look->len, err);
    look->len = plain_estimate(ctx->zstd, (struct span){look->input->raw, look->input->len});
    return LGZ_OK;
}

/*
 * A structured body, and beside it a look at a plain one. This thread itself does the former: where
 * it waits for the blocks before, it must be in the midst of nothing else (chain.h).
 */
static int encode_structured(struct column_context *ctx, const struct block_input *input,
                             uint64_t checksum, struct buf *body, struct block_summary *summary,
                             size_t *plain, struct lgz_error *err)
{
    struct plain_look look = {input, 0};
    struct work beside;
    workers_submit(&ctx->worker, &beside, 1, look_at_plain, &look);
    int code =
        structure_encode(ctx, &level_table[ctx->level].frames, input, checksum, body, summary, err);
    int looked = workers_wait(&ctx->worker, &beside, code == LGZ_OK ? err : NULL);
    *plain = look.len;
    return code == LGZ_OK ? looked : code;
}

/* Structure pays nearly always, and a plain trial costs more time than all the rest. */
static int choose_body(struct column_context *ctx, const struct block_input *input,
                       uint64_t checksum, struct buf *body, struct block_summary *summary,
                       struct lgz_error *err)
{
    struct frame_options frames = level_table[ctx->level].frames;
    struct buf plain = {0};
    bool may_win = false;
    bool may_pay = false;
    int code = LGZ_OK;
    struct span line;
    if (count_repeated((struct span){input->raw, input->len}, &line))
        return structure_encode_repeated(ctx, &frames, input, line, checksum, body, summary, err);
    if (input->len >= MIN_STRUCTURED)
        code = structure_may_pay(ctx, input, &may_pay, err);
    size_t measured = 0;
    if (code == LGZ_OK && may_pay)
        code = encode_structured(ctx, input, checksum, body, summary, &measured, err);
    if (code == LGZ_OK)
        code = plain_may_win(ctx, input, body->len, measured, &may_win, err);
    frames.far = false; /* the promise is to be no larger than zstd as it comes */
    if (code == LGZ_OK && may_win)
        code = encode_plain(ctx, &frames, input, checksum, &plain, err);
    if (code == LGZ_OK && may_win && (!body->len || plain.len < body->len)) {
        buf_swap(body, &plain);
        summary->plain = true;
        summary->template_counts.len = 0;
    }
    buf_free(&plain);
    return code;
}

/* The filter of a block, which then is `stored` bytes long. */
static int make_filter(const struct block_input *input, size_t stored,
                       struct block_summary *summary, struct lgz_error *err)
{
    const struct span raw = {input->raw, input->len};
    size_t most = filter_share(input->filtered, raw.len, stored);
    size_t entry = summary->template_counts.len + 4 * input->extent_count; /* in the index, about */
    most -= entry < most ? entry : most;
    if (most < FILTER_ESCAPES_LEN)
        return LGZ_OK;
    if ((!input->parts->collected && !text_parts_collect_raw(input->parts, raw)) ||
        !filter_build(&summary->filter, input->parts, input->raw, most - FILTER_ESCAPES_LEN))
        return error_memory(err);
    filter_note_escapes(&summary->filter, raw);
    return LGZ_OK;
}

int block_encode(struct column_context *ctx, const struct block_input *given, struct buf *out,
                 struct block_summary *summary, struct lgz_error *err)
{
    struct text_parts parts = {0};
    struct block_input copy = *given;
    const struct block_input *input = &copy;
    struct buf body = {0};
    copy.parts = given->filtered ? &parts : NULL;
    *summary = (struct block_summary){.raw_checksum = hash_bytes(input->raw, input->len)};
    int code = choose_body(ctx, input, summary->raw_checksum, &body, summary, err);
    if (!summary->lines)
        block_times(input, NULL, NULL, summary); /* no structure was tried */
    if (code == LGZ_OK) {
        buf_push(out, summary->plain ? BLOCK_PLAIN : BLOCK_STRUCTURED);
        varint_put(out, body.len);
        buf_append(out, body.data, body.len);
        if (out->failed)
            code = error_memory(err);
    }
    if (input->link)
        chain_pass(input->link); /* where no templates were looked for, or that failed */
    if (code == LGZ_OK && input->parts)
        code = make_filter(input, body.len, summary, err);
    text_parts_clear(&parts);
    buf_free(&body);
    if (code == LGZ_OK && !runs_count(input, summary))
        code = error_memory(err);
    if (code != LGZ_OK)
        block_summary_clear(summary);
    return code;
}

void block_summary_clear(struct block_summary *summary)
{
    vec_free(&summary->template_counts);
    vec_free(&summary->runs);
    filter_clear(&summary->filter);
}
