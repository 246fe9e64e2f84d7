/*
 * writer.c - cuts the input into blocks, has them encoded, writes them in order.
 *
 * A block ends with a line, unless a single line is longer than a block. It ends early when it has
 * very many lines or tokens, which take memory beside their bytes (budget.h), and where a source of
 * another kind of log begins (kin.h). Jobs stand in a ring:
 * the oldest is written as soon as its slot is needed, so memory is bounded by the ring whatever
 * the input.
 */
#include "segment/writer.h"

#include <stdlib.h>

#include "base/hash.h"
#include "segment/budget.h"
#include "segment/chain.h"
#include "segment/cut_lines.h"
#include "segment/filter_worth.h"
#include "segment/filters.h"
#include "segment/index.h"
#include "segment/kin.h"
#include "segment/line_templates.h"
#include "segment/reader.h"
#include "segment/writer_job.h"

enum {
    FREE_FOOTER = 200,  /* bytes of a footer that don't count: there always are so many */
    KIND_MIN = 1 << 20, /* raw bytes of one kind of log, or of several small ones, in a block */
};

struct segment_writer {
    struct budget budget;
    size_t max_line; /* at most the size of a block */
    lgz_write_fn *write;
    void *context;
    struct segment_index index;
    struct cut_lines cut; /* that the segment goes on with */
    VEC(uint64_t) cut_at; /* where each source does; UINT64_MAX: nowhere */
    enum filtering filtered;
    bool mixed;                 /* there is a block that another kind of log than before begins */
    VEC(struct filter) filters; /* of the blocks */
    struct chain *chain;
    struct column_context *contexts; /* one for each thread, the caller's first */
    unsigned context_count;
    struct workers *workers;
    struct writer_job *jobs;
    size_t job_count;
    size_t current; /* the job that is being filled */
    uint64_t raw_bytes;
    uint64_t stored_bytes;
    bool finished;
    int failed; /* the code of a write that failed: what was to follow is missing */
};

static int encode_job(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)part;
    struct writer_job *job = context;
    const struct block_input input = {
        .raw = job->raw.data,
        .len = job->raw.len,
        .extents = job->extents.data,
        .extent_count = job->extents.len,
        .link = &job->link,
        .filtered = job->filtered,
        .within = job->within.data,
        .within_count = job->within.len,
    };
    return block_encode(me->state, &input, &job->out, &job->summary, err);
}

static int start_workers(struct segment_writer *w, const struct segment_options *options,
                         struct lgz_error *err)
{
    unsigned threads = w->budget.threads + w->budget.background;
    struct worker **members = calloc(threads, sizeof(*members));
    w->contexts = calloc(threads, sizeof(*w->contexts));
    w->context_count = threads;
    w->job_count = w->budget.jobs;
    w->jobs = calloc(w->job_count, sizeof(*w->jobs));
    int code = members && w->contexts && w->jobs ? LGZ_OK : error_memory(err);
    for (unsigned i = 0; i < threads && code == LGZ_OK; i++) {
        code = column_context_init(&w->contexts[i], w->index.level, err);
        if (options->uncoded)
            w->contexts[i].coder = (struct coder_budget){0};
        members[i] = &w->contexts[i].worker;
        members[i]->aside = i == 0 && w->budget.background;
    }
    if (code == LGZ_OK)
        code = workers_new(&w->workers, members, threads, err);
    if (code == LGZ_OK)
        workers_stop_when(w->workers, options->stop, options->stop_context);
    free(members);
    return code;
}

static int put(struct segment_writer *w, const void *data, size_t len, struct lgz_error *err)
{
    if (err)
        *err = (struct lgz_error){0};
    if (w->write(w->context, data, len) != 0)
        return err && err->code ? err->code
                                : error_set(err, LGZ_ERR_CANCELLED, "writing was cancelled");
    w->stored_bytes += len;
    return LGZ_OK;
}

int segment_writer_new(struct segment_writer **out, const struct segment_options *options,
                       lgz_write_fn *write, void *context, struct lgz_error *err)
{
    struct budget budget;
    int code = budget_plan(&budget, options, err);
    if (code != LGZ_OK)
        return code;
    struct segment_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return error_memory(err);
    w->budget = budget;
    w->max_line = options->max_line && options->max_line < budget.block_size ? options->max_line
                                                                             : budget.block_size;
    w->write = write;
    w->context = context;
    w->index.level = options->level;
    w->filtered = options->filtered;
    w->index.first_journal = options->first_journal;
    w->index.last_journal = options->last_journal;
    uint8_t header[SEGMENT_HEADER_LEN];
    segment_header_write(header);
    code = chain_new(&w->chain, err);
    if (code == LGZ_OK)
        code = start_workers(w, options, err);
    if (code == LGZ_OK)
        code = put(w, header, sizeof(header), err);
    if (code != LGZ_OK) {
        segment_writer_free(w);
        return code;
    }
    *out = w;
    return LGZ_OK;
}

/* A block that would take more to read than one of ours to encode isn't worth it. */
int segment_writer_continue(struct segment_writer *w, const struct segment *earlier,
                            struct lgz_error *err)
{
    int code = cut_lines_find(&w->cut, earlier, w->budget.block_size, err);
    return code == LGZ_OK
               ? segment_recall(earlier, w->budget.block_size, chain_known(w->chain), err)
               : code;
}

int segment_writer_source(struct segment_writer *w, const struct source *source, uint32_t *index,
                          struct lgz_error *err)
{
    struct source copy;
    int code = source_copy(&copy, source, err);
    if (code != LGZ_OK)
        return code;
    if (!vec_push(&w->cut_at, cut_lines_end(&w->cut, source->id)) ||
        !vec_push(&w->index.sources, copy)) {
        source_clear(&copy);
        return error_memory(err);
    }
    *index = (uint32_t)(w->index.sources.len - 1);
    return LGZ_OK;
}

int segment_writer_rules(struct segment_writer *w, uint32_t index, uint64_t offset,
                         const struct rules *rules, struct lgz_error *err)
{
    struct rules_run run = {.source = index, .offset = offset};
    if (index >= w->index.sources.len)
        return error_set(err, LGZ_ERR_ARGUMENT, "rules of an unknown source");
    int code = rules_table_add(&w->index.rules, rules, &run.rules, err);
    return code == LGZ_OK ? rules_runs_add(&w->index.rules_runs, &run, err) : code;
}

/* Write an encoded job's block and remember it for the footer. */
static int write_job(struct segment_writer *w, struct writer_job *job, struct lgz_error *err)
{
    int code = workers_wait(&w->contexts[0].worker, &job->work, err);
    job->submitted = false;
    if (code != LGZ_OK)
        return code;
    struct block_info info = {
        .stored_len = job->out.len,
        .raw_len = job->raw.len,
        .raw_checksum = job->summary.raw_checksum,
        .stored_checksum = hash_bytes(job->out.data, job->out.len),
        .stored_known = true,
        .lines = job->summary.lines,
        .time_min = job->summary.time_min,
        .time_max = job->summary.time_max,
        .clocks = CLOCKS_KNOWN | job->summary.clocks,
        .plain = job->summary.plain,
        .extents = job->extents.data,
        .extent_count = job->extents.len,
        .runs = job->summary.runs.data,
        .run_count = job->summary.runs.len,
        .template_counts = job->summary.template_counts.data,
        .template_count = job->summary.template_counts.len,
    };
    if (!vec_reserve(&w->filters, w->filters.len + 1) || !vec_push(&w->index.blocks, info))
        return error_memory(err);
    if (w->filtered)
        (void)vec_push(&w->filters, job->summary.filter);
    /* The index owns what these two had. */
    memset(&job->extents, 0, sizeof(job->extents));
    memset(&job->summary, 0, sizeof(job->summary));
    code = put(w, job->out.data, job->out.len, err);
    writer_job_empty(job);
    return code;
}

/* The current job is full: have it encoded, and take the next slot of the ring. */
static int submit(struct segment_writer *w, struct lgz_error *err)
{
    struct writer_job *job = &w->jobs[w->current];
    job->submitted = true;
    job->filtered = w->filtered == FILTER_SHARE && w->mixed ? FILTER_MIXED : w->filtered;
    job->link = chain_append(w->chain);
    workers_submit(&w->contexts[0].worker, &job->work, 1, encode_job, job);
    w->current = (w->current + 1) % w->job_count;
    if (!w->jobs[w->current].submitted)
        return LGZ_OK;
    return write_job(w, &w->jobs[w->current], err);
}

/* The same, for a job that is filled: note if the source goes on there within a line. */
static bool add_run(const struct segment_writer *w, struct writer_job *job, const struct extent *x)
{
    const struct block_start start = {x->source, x->offset};
    return writer_job_extent(job, x) &&
           (w->cut_at.data[x->source] != x->offset || vec_push(&job->within, start));
}

/* A block is full: it ends behind its last '\n'; the rest begins the next one. */
static int cut_block(struct segment_writer *w, struct lgz_error *err)
{
    struct writer_job *job = &w->jobs[w->current];
    const uint8_t *newline = memrchr(job->raw.data, '\n', job->raw.len);
    size_t keep = newline ? (size_t)(newline + 1 - job->raw.data) : job->raw.len;
    struct writer_job tail = {0};
    if (keep < job->raw.len && !writer_job_split(job, &tail, keep)) {
        buf_free(&tail.raw);
        vec_free(&tail.extents);
        return error_memory(err);
    }
    int code = submit(w, err);
    struct writer_job *next = &w->jobs[w->current];
    for (size_t i = 0; code == LGZ_OK && i < tail.extents.len; i++)
        if (!add_run(w, next, &tail.extents.data[i]))
            code = error_memory(err);
    buf_append(&next->raw, tail.raw.data, tail.raw.len);
    next->line = tail.raw.len;
    if (code == LGZ_OK && next->raw.failed)
        code = error_memory(err);
    if (code == LGZ_OK && next->line == w->max_line)
        code = submit(w, err); /* it is a piece of a line that is too long */
    buf_free(&tail.raw);
    vec_free(&tail.extents);
    return code;
}

static int append(struct segment_writer *w, uint32_t index, uint64_t offset, int64_t read_time,
                  const uint8_t *from, size_t len, struct lgz_error *err)
{
    int code = LGZ_OK;
    while (len && code == LGZ_OK) {
        struct writer_job *job = &w->jobs[w->current];
        size_t room = w->budget.block_size - job->raw.len;
        size_t step = WRITER_JOB_STEP - job->raw.len % WRITER_JOB_STEP;
        room = room < w->max_line - job->line ? room : w->max_line - job->line;
        size_t take = len < room ? len : room;
        take = take < step ? take : step;
        bool full = writer_job_lines(job, from, &take, w->budget.max_lines);
        struct extent x = {index, offset, take, read_time};
        if (!add_run(w, job, &x))
            return error_memory(err);
        buf_append(&job->raw, from, take);
        if (job->raw.failed)
            return error_memory(err);
        writer_job_tokens(job);
        const uint8_t *newline = memrchr(from, '\n', take);
        job->line = newline ? (size_t)(from + take - newline) - 1 : job->line + take;
        full = full || job->raw.len == w->budget.block_size || job->line == w->max_line ||
               job->tokens >= w->budget.max_tokens;
        from += take;
        len -= take;
        offset += take;
        w->raw_bytes += take;
        if (full)
            code = cut_block(w, err);
    }
    return code;
}

static int refuse_after_failure(const struct segment_writer *w, struct lgz_error *err)
{
    return error_set(err, w->failed, "the segment is incomplete: an earlier write failed");
}

/*
 * Another kind of log begins in a block that is large enough by itself: then it begins a block. One
 * kind gains nothing from another, but each search of one would go through both.
 */
static bool begins_block(const struct segment_writer *w, uint32_t index, const void *data,
                         size_t len)
{
    const struct writer_job *job = &w->jobs[w->current];
    if (job->raw.len < KIND_MIN || job->line ||
        job->extents.data[job->extents.len - 1].source == index)
        return false;
    return !kin_follows(buf_span(&job->raw), (struct span){data, len});
}

int segment_writer_append(struct segment_writer *w, uint32_t index, uint64_t offset,
                          int64_t read_time, const void *data, size_t len, struct lgz_error *err)
{
    uint64_t end;
    if (index >= w->index.sources.len || w->finished)
        return error_set(err, LGZ_ERR_ARGUMENT,
                         "append to an unknown source or a finished segment");
    if (__builtin_add_overflow(offset, len, &end))
        return error_set(err, LGZ_ERR_ARGUMENT, "no file has bytes behind offset 2^64");
    if (w->failed)
        return refuse_after_failure(w, err);
    if (begins_block(w, index, data, len)) {
        w->mixed = true;
        w->failed = submit(w, err);
    }
    if (w->failed == LGZ_OK)
        w->failed = append(w, index, offset, read_time, data, len, err);
    return w->failed;
}

/* Bytes that the filters may have together, so that all of the index keeps within its share. */
static int room_for_filters(struct segment_writer *w, size_t *room, struct lgz_error *err)
{
    struct buf footer = {0};
    int code = segment_footer_write(&w->index, w->contexts[0].zstd, &footer, err);
    size_t share = filter_share(w->filtered, w->raw_bytes, w->stored_bytes);
    size_t taken = footer.len < FREE_FOOTER ? 0 : footer.len - FREE_FOOTER;
    *room = taken < share ? share - taken : 0;
    buf_free(&footer);
    return code;
}

/* The part behind the blocks. */
static int put_filters(struct segment_writer *w, struct lgz_error *err)
{
    struct buf part = {0};
    size_t room = 0;
    int code = room_for_filters(w, &room, err);
    if (code == LGZ_OK)
        code =
            filters_write(w->filters.data, w->index.blocks.data, w->filters.len, room, &part, err);
    if (code == LGZ_OK && part.len) {
        w->index.filters_len = part.len;
        w->index.filters_checksum = hash_bytes(part.data, part.len);
        code = put(w, part.data, part.len, err);
    }
    buf_free(&part);
    return code;
}

int segment_writer_finish(struct segment_writer *w, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (w->finished)
        return error_set(err, LGZ_ERR_ARGUMENT, "segment is finished already");
    if (w->failed)
        return refuse_after_failure(w, err);
    if (w->jobs[w->current].raw.len)
        code = submit(w, err);
    /* From the slot behind the current one on, the ring is in order of submission. */
    for (size_t i = 0; i < w->job_count && code == LGZ_OK; i++) {
        struct writer_job *job = &w->jobs[(w->current + i) % w->job_count];
        if (job->submitted)
            code = write_job(w, job, err);
    }
    struct buf footer = {0};
    if (code == LGZ_OK && w->filters.len)
        code = put_filters(w, err);
    if (code == LGZ_OK)
        code = segment_footer_write(&w->index, w->contexts[0].zstd, &footer, err);
    if (code == LGZ_OK)
        code = put(w, footer.data, footer.len, err);
    buf_free(&footer);
    w->finished = true;
    return code;
}

uint64_t segment_writer_raw_bytes(const struct segment_writer *w)
{
    return w->raw_bytes;
}

uint64_t segment_writer_stored_bytes(const struct segment_writer *w)
{
    return w->stored_bytes;
}

void segment_writer_free(struct segment_writer *w)
{
    if (!w)
        return;
    workers_free(w->workers);
    for (size_t i = 0; w->jobs && i < w->job_count; i++) {
        writer_job_clear(&w->jobs[i]);
    }
    for (unsigned i = 0; w->contexts && i < w->context_count; i++)
        column_context_clear(&w->contexts[i]);
    chain_free(w->chain);
    cut_lines_free(&w->cut);
    vec_free(&w->cut_at);
    segment_index_clear(&w->index);
    for (size_t i = 0; i < w->filters.len; i++)
        filter_clear(&w->filters.data[i]);
    vec_free(&w->filters);
    free(w->contexts);
    free(w->jobs);
    free(w);
}
