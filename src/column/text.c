/*
 * text.c - the table of text encodings and the choice among them. A tag is an index into the table
 * and is stored in files: entries are only ever added at its end.
 */
#include "column/text.h"

#include <stdlib.h>

static const struct text_encoding *const encodings[] = {
    &text_constant, &text_raw,    &text_integer, &text_dictionary,
    &text_split,    &text_recent, &text_shape,
};

enum { ENCODINGS = sizeof(encodings) / sizeof(encodings[0]), MAX_DIGITS = 19 };

static bool is_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len >= 1 && s.len <= MAX_DIGITS;
}

static struct text_stats collect_stats(const struct text_values *v)
{
    struct text_stats stats = {
        .all_equal = true, .all_digits = true, .no_leading_zero = true, .min_len = UINT32_MAX};
    struct span first = v->count ? text_value(v, 0) : (struct span){0};
    for (size_t i = 0; i < v->count; i++) {
        struct span value = text_value(v, i);
        stats.bytes += value.len;
        stats.all_equal = stats.all_equal && value.len == first.len &&
                          memcmp(value.data, first.data, first.len) == 0;
        stats.all_digits = stats.all_digits && is_digits(value);
        if (value.len > 1 && value.data[0] == '0')
            stats.no_leading_zero = false;
        stats.min_len = value.len < stats.min_len ? (uint32_t)value.len : stats.min_len;
        stats.max_len = value.len > stats.max_len ? (uint32_t)value.len : stats.max_len;
    }
    return stats;
}

void text_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                 unsigned forbidden)
{
    struct encoded best = {.cost = SIZE_MAX};
    struct text_stats stats = collect_stats(v);
    for (uint8_t tag = 0; tag < ENCODINGS; tag++) {
        struct encoded candidate = {.cost = 1};
        buf_push(&candidate.head, tag);
        if (encodings[tag]->propose(&candidate, ctx, v, &stats, forbidden))
            encoded_keep_cheaper(&best, &candidate);
        else
            encoded_clear(&candidate);
        if (stats.all_equal)
            break;
    }
    encoded_append(e, &best);
}

struct text_column {
    const struct text_encoding *encoding;
    void *state;
};

int text_parse(struct text_column **out, struct reader *head, struct stream_reader *streams,
               unsigned depth, struct lgz_error *err)
{
    uint8_t tag = reader_u8(head);
    if (head->failed || depth > TEXT_MAX_DEPTH)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
    if (tag >= ENCODINGS)
        return error_set(err, LGZ_ERR_VERSION,
                         "unknown encoding %u: damaged, or a newer logzip wrote it", tag);
    struct text_column *c = calloc(1, sizeof(*c));
    if (!c)
        return error_memory(err);
    c->encoding = encodings[tag];
    struct lgz_error cause = {0};
    c->state = c->encoding->parse(head, streams, depth, &cause);
    if (!c->state || head->failed) {
        text_free(c);
        if (!cause.code)
            return error_set(err, LGZ_ERR_CORRUPT, "damaged head of a column (%s)",
                             encodings[tag]->name);
        return error_set(err, cause.code, "%s", cause.message);
    }
    *out = c;
    return LGZ_OK;
}

int text_open(struct text_column *c, struct stream_reader *streams, size_t limit,
              struct lgz_error *err)
{
    return c->encoding->open(c->state, streams, limit, err);
}

bool text_next(struct text_column *c, struct sink *out)
{
    return c->encoding->next(c->state, out);
}

void text_free(struct text_column *c)
{
    if (c && c->state)
        c->encoding->free(c->state);
    free(c);
}

int text_table_of_rows(struct text_table *t, struct text_column *c, uint64_t count,
                       const struct number_column *rows, struct stream_reader *streams,
                       size_t limit, struct lgz_error *err)
{
    if (!rows->values || count > rows->count)
        return error_set(err, LGZ_ERR_CORRUPT, "table with more entries than rows");
    return text_table_read(t, c, count, streams, limit, err);
}

int text_table_read(struct text_table *t, struct text_column *c, uint64_t count,
                    struct stream_reader *streams, size_t limit, struct lgz_error *err)
{
    /* They differ from each other, so at most one is empty. */
    if (count > (uint64_t)limit + 1 || limit > UINT32_MAX)
        return error_set(err, LGZ_ERR_CORRUPT, "table with too many entries");
    t->bytes = malloc(limit + 1);
    t->refs = malloc((count + 1) * sizeof(*t->refs));
    if (!t->bytes || !t->refs)
        return error_memory(err);
    struct sink sink = {t->bytes, t->bytes + limit};
    for (t->count = 0; t->count < count; t->count++) {
        uint32_t at = (uint32_t)(sink.at - t->bytes);
        if (!text_next(c, &sink))
            return error_set(err, LGZ_ERR_CORRUPT, "damaged table of values");
        t->refs[t->count] = (struct text_ref){at, (uint32_t)(sink.at - t->bytes) - at};
    }
    size_t len = (size_t)(sink.at - t->bytes);
    if (!stream_reader_take_table(streams, len))
        return error_set(err, LGZ_ERR_CORRUPT, "tables larger than the block");
    /* `limit` was a guess from above: give back what wasn't used. */
    uint8_t *used = realloc(t->bytes, len + 1);
    if (used)
        t->bytes = used;
    return LGZ_OK;
}

void text_table_clear(struct text_table *t)
{
    free(t->bytes);
    free(t->refs);
    *t = (struct text_table){0};
}
