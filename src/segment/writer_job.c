/*
 * writer_job.c - what a block has, counted while it's filled.
 */
#include "segment/writer_job.h"

#include "line/lines.h"
#include "line/tokens.h"

enum { TOKENS_SAMPLE = 4 << 10 }; /* bytes of each step in which tokens are counted */

void writer_job_empty(struct writer_job *job)
{
    buf_clear(&job->raw);
    buf_clear(&job->out);
    job->within.len = 0;
    job->lines = 0;
    job->tokens = 0;
    job->line = 0;
}

void writer_job_clear(struct writer_job *job)
{
    buf_free(&job->raw);
    buf_free(&job->out);
    vec_free(&job->extents);
    vec_free(&job->within);
    block_summary_clear(&job->summary);
}

bool writer_job_extent(struct writer_job *job, const struct extent *x)
{
    struct extent *last = job->extents.len ? &job->extents.data[job->extents.len - 1] : NULL;
    if (last && last->source == x->source && last->offset + last->length == x->offset &&
        last->read_time == x->read_time) {
        last->length += x->length;
        return true;
    }
    return vec_push(&job->extents, *x);
}

bool writer_job_split(struct writer_job *from, struct writer_job *to, size_t keep)
{
    size_t at = 0;
    size_t kept = 0;
    for (size_t i = 0; i < from->extents.len; i++) {
        struct extent *x = &from->extents.data[i];
        size_t end = at + x->length;
        if (end > keep) {
            uint64_t cut = at < keep ? keep - at : 0;
            struct extent tail = *x;
            tail.offset += cut;
            tail.length -= cut;
            if (!writer_job_extent(to, &tail))
                return false;
            x->length = cut;
        }
        if (x->length)
            kept = i + 1;
        at = end;
    }
    from->extents.len = kept;
    buf_append(&to->raw, from->raw.data + keep, from->raw.len - keep);
    from->raw.len = keep;
    return !to->raw.failed;
}

bool writer_job_lines(struct writer_job *job, const uint8_t *from, size_t *len, size_t most)
{
    size_t more = lines_count(from, *len);
    if (job->lines + more < most) {
        job->lines += more;
        return false;
    }
    const uint8_t *end = from;
    for (; job->lines < most; job->lines++)
        end = (const uint8_t *)memchr(end, '\n', *len - (size_t)(end - from)) + 1;
    *len = (size_t)(end - from);
    return true;
}

void writer_job_tokens(struct writer_job *job)
{
    const uint8_t *end = job->raw.data + job->raw.len;
    size_t found = 0;
    if (job->raw.len % WRITER_JOB_STEP)
        return;
    for (const uint8_t *at = end - TOKENS_SAMPLE + 1; at < end; at++)
        found += (token_byte_class[*at] & ~token_byte_class[at[-1]] & BYTE_SEPARATOR) != 0;
    job->tokens += found * (WRITER_JOB_STEP / TOKENS_SAMPLE);
}
