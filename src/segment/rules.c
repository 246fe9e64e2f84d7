/*
 * rules.c - copying, serializing and looking up rules; segments and journals share the form.
 */
#include "segment/rules.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_RUN = 3 }; /* bytes of a serialized run, at least */

int rules_copy(struct rules *to, const struct rules *from, struct lgz_error *err)
{
    const char *start = from ? from->multiline_start : "";
    const char *format = from ? from->format : "";
    *to = (struct rules){0};
    if (strlen(start) > RULES_TEXT_MAX || strlen(format) > RULES_TEXT_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "an expression is longer than %d bytes",
                         RULES_TEXT_MAX);
    to->multiline_start = strdup(start);
    to->format = strdup(format);
    if (!to->multiline_start || !to->format) {
        rules_clear(to);
        return error_memory(err);
    }
    return LGZ_OK;
}

void rules_clear(struct rules *r)
{
    free(r->multiline_start);
    free(r->format);
    *r = (struct rules){0};
}

bool rules_empty(const struct rules *r)
{
    return !r || (!*r->multiline_start && !*r->format);
}

bool rules_equal(const struct rules *a, const struct rules *b)
{
    if (rules_empty(a) || rules_empty(b))
        return rules_empty(a) && rules_empty(b);
    return strcmp(a->multiline_start, b->multiline_start) == 0 && strcmp(a->format, b->format) == 0;
}

void rules_write(struct buf *out, const struct rules *r)
{
    varint_put_string(out, r->multiline_start);
    varint_put_string(out, r->format);
}

int rules_read(struct reader *in, struct rules *r, const char *what, struct lgz_error *err)
{
    *r = (struct rules){0};
    r->multiline_start = reader_string(in, RULES_TEXT_MAX);
    r->format = reader_string(in, RULES_TEXT_MAX);
    if (in->failed) {
        rules_clear(r);
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged rules of an input", what);
    }
    if (!r->multiline_start || !r->format) {
        rules_clear(r);
        return error_memory(err);
    }
    return LGZ_OK;
}

int rules_table_add(struct rules_table *t, const struct rules *r, uint32_t *number,
                    struct lgz_error *err)
{
    struct rules copy;
    *number = 0;
    if (rules_empty(r))
        return LGZ_OK;
    for (size_t i = 0; i < t->list.len; i++) {
        if (rules_equal(&t->list.data[i], r)) {
            *number = (uint32_t)i + 1;
            return LGZ_OK;
        }
    }
    if (t->list.len == RULES_TABLE_MAX)
        return LGZ_OK;
    int code = rules_copy(&copy, r, err);
    if (code != LGZ_OK)
        return code;
    if (!vec_push(&t->list, copy)) {
        rules_clear(&copy);
        return error_memory(err);
    }
    *number = (uint32_t)t->list.len;
    return LGZ_OK;
}

const struct rules *rules_table_get(const struct rules_table *t, uint32_t number)
{
    return number && number <= t->list.len ? &t->list.data[number - 1] : NULL;
}

void rules_table_clear(struct rules_table *t)
{
    for (size_t i = 0; i < t->list.len; i++)
        rules_clear(&t->list.data[i]);
    vec_free(&t->list);
}

void rules_table_write(const struct rules_table *t, struct buf *out)
{
    varint_put(out, t->list.len);
    for (size_t i = 0; i < t->list.len; i++)
        rules_write(out, &t->list.data[i]);
}

int rules_table_read(struct reader *in, struct rules_table *t, const char *what,
                     struct lgz_error *err)
{
    uint64_t count = reader_varint_max(in, RULES_TABLE_MAX);
    for (uint64_t i = 0; i < count && !in->failed; i++) {
        struct rules rules;
        int code = rules_read(in, &rules, what, err);
        if (code != LGZ_OK)
            return code;
        if (!vec_push(&t->list, rules)) {
            rules_clear(&rules);
            return error_memory(err);
        }
    }
    return LGZ_OK;
}

int rules_runs_add(struct rules_runs *runs, const struct rules_run *run, struct lgz_error *err)
{
    const struct rules_run *last = runs->list.len ? &runs->list.data[runs->list.len - 1] : NULL;
    uint32_t before = last && last->source == run->source ? last->rules : 0;
    if (run->rules == before)
        return LGZ_OK;
    return vec_push(&runs->list, *run) ? LGZ_OK : error_memory(err);
}

uint32_t rules_runs_at(const struct rules_runs *runs, uint32_t source, uint64_t offset,
                       uint64_t *end)
{
    /* The first run that lies behind. */
    size_t low = 0, high = runs->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct rules_run *run = &runs->list.data[middle];
        if (run->source < source || (run->source == source && run->offset <= offset))
            low = middle + 1;
        else
            high = middle;
    }
    const struct rules_run *next = low < runs->list.len ? &runs->list.data[low] : NULL;
    const struct rules_run *at = low ? &runs->list.data[low - 1] : NULL;
    *end = next && next->source == source ? next->offset : UINT64_MAX;
    return at && at->source == source ? at->rules : 0;
}

void rules_runs_write(const struct rules_runs *runs, struct buf *out)
{
    struct rules_run last = {0};
    varint_put(out, runs->list.len);
    for (size_t i = 0; i < runs->list.len; i++) {
        const struct rules_run *run = &runs->list.data[i];
        varint_put(out, run->source - last.source);
        varint_put(out, run->offset - (run->source == last.source ? last.offset : 0));
        varint_put(out, run->rules);
        last = *run;
    }
}

int rules_runs_read(struct reader *in, struct rules_runs *runs, size_t sources, size_t table,
                    struct lgz_error *err)
{
    struct rules_run last = {0};
    uint64_t count = reader_varint_max(in, reader_left(in) / MIN_RUN);
    for (uint64_t i = 0; i < count && !in->failed; i++) {
        uint64_t source = last.source + reader_varint_max(in, UINT32_MAX);
        uint64_t later = reader_varint(in);
        bool same = i && source == last.source;
        struct rules_run run = {.offset = (same ? last.offset : 0) + later};
        run.rules = (uint32_t)reader_varint_max(in, table);
        if (source >= sources || run.offset < later || (same && later == 0)) {
            in->failed = true;
            return LGZ_OK;
        }
        run.source = (uint32_t)source;
        if (!vec_push(&runs->list, run))
            return error_memory(err);
        last = run;
    }
    return LGZ_OK;
}
