/*
 * block_decode.c - from a block's body back to the raw bytes, trusting nothing.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "segment/block.h"
#include "segment/block_steps.h"

struct decoder {
    struct block_columns b;
    struct step *steps;       /* of all templates */
    struct step **first_step; /* the first step of each template */
};

static void decoder_clear(struct decoder *d)
{
    free(d->steps);
    free(d->first_step);
    block_columns_clear(&d->b);
}

int block_templates(struct span body, size_t most_head, struct template_set *set,
                    struct lgz_error *err)
{
    struct block_columns b = {0};
    int code = block_columns_parse_templates(&b, body, most_head, err);
    *set = b.set;
    b.set = (struct template_set){0};
    block_columns_clear(&b);
    return code;
}

static int open_columns(struct block_columns *b, struct lgz_error *err)
{
    int code = block_columns_open_lines(b, err);
    for (size_t i = 0; i < b->count && code == LGZ_OK; i++)
        code = block_columns_open(b, i, err);
    return code;
}

/* Flatten the templates: all that a line needs, in a row. */
static int make_steps(struct decoder *d, struct lgz_error *err)
{
    const struct template_set *set = &d->b.set;
    size_t count = 0;
    for (size_t i = 0; i < set->list.len; i++)
        count += set->list.data[i].slot_count + 1;
    d->steps = malloc(count * sizeof(*d->steps));
    d->first_step = malloc(set->list.len * sizeof(struct step *));
    uint32_t *first = calloc(d->b.count + 1, sizeof(*first));
    bool *ahead = calloc(template_set_most_slots(set), sizeof(*ahead));
    bool ok = d->steps && d->first_step && first && ahead;
    struct step *step = d->steps;
    for (size_t i = 0; i < set->list.len && ok; i++) {
        d->first_step[i] = step;
        block_columns_ahead(&d->b, i, first, ahead);
        for (size_t k = 0; k < set->list.data[i].slot_count; k++)
            *step++ = block_step(&d->b, i, k, ahead[k]);
        *step++ = block_step_end(&d->b, i);
    }
    free(first);
    free(ahead);
    return ok ? LGZ_OK : error_memory(err);
}

static bool put_line(struct decoder *d, struct sink *out)
{
    uint64_t number;
    if (!block_columns_next(&d->b, &number))
        return false;
    for (const struct step *step = d->first_step[number];; step++) {
        if (!sink_put(out, step->literal, step->len))
            return false;
        if (step->kind == STEP_END)
            return true;
        if (!(step->kind == SLOT_TIME ? step_put_time(&d->b, step, out) : step_put_text(step, out)))
            return false;
    }
}

static int put_lines(struct decoder *d, struct buf *raw, struct lgz_error *err)
{
    uint8_t *start = raw->data + raw->len;
    struct sink out = {start, start + d->b.head.raw_len};
    for (uint64_t i = 0; i < d->b.lines; i++) {
        bool newline = i + 1 < d->b.lines || d->b.terminated;
        out.end += !newline; /* it is put out, and taken back */
        if (!put_line(d, &out))
            return block_columns_damaged(&d->b, i, err);
        out.at -= !newline;
        out.end -= !newline;
    }
    if (out.at != out.end)
        return error_set(err, LGZ_ERR_CORRUPT, "block has %zu bytes less than its header says",
                         (size_t)(out.end - out.at));
    raw->len += d->b.head.raw_len;
    return LGZ_OK;
}

static int decode_structured(struct span body, struct buf *out, uint64_t *checksum,
                             struct lgz_error *err)
{
    struct decoder d = {0};
    int code = block_columns_parse(&d.b, body, err);
    *checksum = d.b.head.raw_checksum;
    if (code == LGZ_OK)
        code = open_columns(&d.b, err);
    if (code == LGZ_OK)
        code = make_steps(&d, err);
    if (code == LGZ_OK && !buf_reserve_exactly(out, d.b.head.raw_len + OUTPUT_SLACK))
        code = error_memory(err);
    if (code == LGZ_OK)
        code = put_lines(&d, out, err);
    decoder_clear(&d);
    return code;
}

/* Each line takes a byte at least. */
static int take_line_templates(struct block_columns *b, uint32_t **of_line, struct lgz_error *err)
{
    if (b->lines > b->head.raw_len)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged template list");
    *of_line = calloc(b->lines + 1, sizeof(**of_line));
    if (!*of_line)
        return error_memory(err);
    for (uint64_t i = 0; i < b->lines && b->set.list.len > 1; i++) {
        uint64_t number;
        if (!block_columns_next(b, &number))
            return error_set(err, LGZ_ERR_CORRUPT, "damaged numbers of templates");
        (*of_line)[i] = (uint32_t)number;
    }
    return LGZ_OK;
}

int block_line_templates(struct span body, struct template_set *set, uint32_t **of_line,
                         size_t *lines, struct lgz_error *err)
{
    struct block_columns b = {0};
    *of_line = NULL;
    int code = block_columns_parse(&b, body, err);
    if (code == LGZ_OK)
        code = block_columns_open_lines(&b, err);
    if (code == LGZ_OK)
        code = take_line_templates(&b, of_line, err);
    if (code == LGZ_OK) {
        *lines = b.lines;
        *set = b.set;
        b.set = (struct template_set){0};
    }
    block_columns_clear(&b);
    return code;
}

static int decode_plain(struct span body, struct buf *out, uint64_t *checksum,
                        struct lgz_error *err)
{
    struct reader r = reader_of(body.data, body.len);
    uint64_t len = reader_varint_max(&r, BLOCK_MAX_RAW);
    *checksum = reader_le(&r, 8);
    struct span frame = reader_bytes(&r, reader_left(&r));
    if (r.failed || !frame_may_hold(frame, len))
        return error_set(err, LGZ_ERR_CORRUPT, "damaged block header");
    if (!buf_reserve_exactly(out, len))
        return error_memory(err);
    int code = frame_decompress(frame, out->data + out->len, len, err);
    if (code == LGZ_OK)
        out->len += len;
    return code;
}

int block_decode(enum block_tag tag, struct span body, struct buf *out, struct lgz_error *err)
{
    uint64_t checksum = 0;
    size_t start = out->len;
    int code = tag == BLOCK_PLAIN ? decode_plain(body, out, &checksum, err)
                                  : decode_structured(body, out, &checksum, err);
    if (code == LGZ_OK && hash_bytes(out->data + start, out->len - start) != checksum)
        code = error_set(err, LGZ_ERR_CORRUPT, "decoded block doesn't match its checksum");
    if (code != LGZ_OK)
        out->len = start;
    return code;
}

uint64_t block_raw_len(struct span body)
{
    struct reader r = reader_of(body.data, body.len);
    return reader_varint(&r);
}

uint64_t block_checksum(struct span body)
{
    struct reader r = reader_of(body.data, body.len);
    reader_varint(&r);
    return reader_le(&r, 8);
}
