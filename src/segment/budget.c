/*
 * budget.c - the measured costs, and the plan.
 */
#include "segment/budget.h"

#include "segment/block.h"

enum {
    MIN_BLOCK = 4096,
    MIN_LIMITED_BLOCK = 256 << 10, /* blocks aren't made smaller than that to save memory */
    JOBS_PER_THREAD = 2,
    SHORT_LINE = 16,      /* bytes: a block of shorter lines on average ends before it is full */
    SHORT_TOKEN = 4,      /* the same for tokens, with the separators behind them */
    FREE_LINES = 1 << 20, /* but without a limit not before it has so many */
    BASE_COST = 8 << 20,  /* of a process that does nothing yet */
    JOB_COST = 2,         /* for each raw byte of a block that waits */
    DECODE_COST = 4,      /* and of one that the caller decodes meanwhile */
    FILTER_COST = 2,      /* of one that is encoded, with a filter */
};

/* Bytes that a thread takes while it encodes a block. */
struct cost {
    unsigned raw;         /* for each raw byte */
    unsigned tables;      /* of zstd and of the columns, for each raw byte, */
    uint64_t most_tables; /* up to this */
};

static const struct cost costs[] = {
    [LGZ_LEVEL_FAST] = {12, 24, 32 << 20},
    [LGZ_LEVEL_DEFAULT] = {13, 24, 90 << 20},
    [LGZ_LEVEL_BEST] = {24, 250, 140 << 20},
};

static uint64_t block_memory(const struct segment_options *options, uint64_t size)
{
    const struct cost *cost = &costs[options->level];
    uint64_t tables = size * cost->tables;
    uint64_t each = cost->raw + (options->filtered ? FILTER_COST : 0);
    return size * each + (tables < cost->most_tables ? tables : cost->most_tables);
}

/* With a limit, one block is filled while the others are encoded; without, twice as many wait. */
static size_t jobs_for(unsigned threads, bool background, bool limited)
{
    if (threads == 1 && !background)
        return 1;
    return limited ? threads + 1 : threads * JOBS_PER_THREAD;
}

static uint64_t plan_memory(const struct segment_options *options, uint64_t size, unsigned threads,
                            bool background)
{
    uint64_t waiting = jobs_for(threads, background, true) - threads;
    uint64_t beside = waiting * JOB_COST + (background ? DECODE_COST : 0);
    return BASE_COST + block_memory(options, size) * threads + beside * size;
}

static int fit(struct budget *b, const struct segment_options *options, struct lgz_error *err)
{
    while (plan_memory(options, b->block_size, 1, false) > options->memory) {
        if (b->block_size <= MIN_LIMITED_BLOCK)
            return error_set(err, LGZ_ERR_ARGUMENT,
                             "a memory limit of %llu bytes is too low: at least %llu are needed",
                             (unsigned long long)options->memory,
                             (unsigned long long)plan_memory(options, b->block_size, 1, false));
        b->block_size /= 2;
        if (b->block_size < MIN_LIMITED_BLOCK)
            b->block_size = MIN_LIMITED_BLOCK;
    }
    while (plan_memory(options, b->block_size, b->threads, b->background) > options->memory) {
        if (b->threads > 1)
            b->threads--;
        else
            b->background = false;
    }
    return LGZ_OK;
}

int budget_plan(struct budget *b, const struct segment_options *options, struct lgz_error *err)
{
    if (options->level < LGZ_LEVEL_FAST || options->level > LGZ_LEVEL_BEST)
        return error_set(err, LGZ_ERR_ARGUMENT, "unknown level %d", (int)options->level);
    if (options->threads < 1 || options->threads > SEGMENT_THREADS_MAX)
        return error_set(err, LGZ_ERR_ARGUMENT, "threads must be 1 to %d", SEGMENT_THREADS_MAX);
    size_t size = options->block_size ? options->block_size : block_default_size(options->level);
    if (size < MIN_BLOCK)
        size = MIN_BLOCK;
    if (size > BLOCK_MAX_RAW)
        size = BLOCK_MAX_RAW;
    *b = (struct budget){
        .block_size = size, .threads = options->threads, .background = options->background};
    int code = options->memory ? fit(b, options, err) : LGZ_OK;
    b->max_lines = b->block_size / SHORT_LINE;
    if (!options->memory && b->max_lines < FREE_LINES)
        b->max_lines = FREE_LINES;
    b->max_tokens = b->block_size / SHORT_TOKEN;
    b->jobs = jobs_for(b->threads, b->background, options->memory != 0);
    return code;
}
