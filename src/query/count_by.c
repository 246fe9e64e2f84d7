/*
 * count_by.c - the kinds of a line as one string of bytes, its key, and keys as output.
 *
 * A key has a part for each name: 0 if the line has no such field, else a varint, the length plus
 * one, and the bytes. A time is 8 bytes, the highest first, so that times are in the order of their
 * bytes. A template is its id, in the same way, and its text.
 */
#include "query/count_by.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/varint.h"
#include "query/bucket.h"
#include "query/counts.h"
#include "query/json.h"
#include "query/query_time.h"

enum part_kind { PART_FIELD, PART_SOURCE, PART_TEMPLATE, PART_TIME };

struct part {
    const char *name;
    enum part_kind kind;
    const struct bucket_size *size; /* PART_TIME */
    size_t wanted;                  /* PART_FIELD: its index in the record */
    bool known;                     /* a line had the field, or its format could have */
};

struct count_by {
    struct part *parts;
    size_t part_count;
    struct record *record;
    struct counts *counts;
    struct zone zone;
    struct buf key; /* of the line at hand */
};

static enum part_kind kind_of(const char *name)
{
    if (strcmp(name, "source") == 0)
        return PART_SOURCE;
    if (strcmp(name, "template") == 0)
        return PART_TEMPLATE;
    return bucket_named(name) ? PART_TIME : PART_FIELD;
}

int count_by_new(struct count_by **out, const char *const *names, size_t count,
                 struct lgz_error *err)
{
    struct count_by *c = calloc(1, sizeof(*c));
    *out = NULL;
    if (!c)
        return error_memory(err);
    c->parts = calloc(count + 1, sizeof(*c->parts));
    c->part_count = count;
    int code = c->parts ? record_new(&c->record, err) : error_memory(err);
    if (code == LGZ_OK)
        code = counts_new(&c->counts, COUNTS_MAX, err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++) {
        struct part *part = &c->parts[i];
        *part = (struct part){names[i], kind_of(names[i]), bucket_named(names[i]), 0, false};
        if (part->kind != PART_FIELD)
            continue;
        code = record_want(c->record, names[i], &part->wanted, err);
        if (code == LGZ_ERR_ARGUMENT)
            error_prefix(err, "field '%.40s'", names[i]);
    }
    if (code == LGZ_OK)
        *out = c;
    else
        count_by_free(c);
    return code;
}

void count_by_free(struct count_by *c)
{
    if (!c)
        return;
    free(c->parts);
    record_free(c->record);
    counts_free(c->counts);
    buf_free(&c->key);
    free(c);
}

bool count_by_needs_time(const char *const *names, size_t count)
{
    bool needs = false;
    for (size_t i = 0; i < count; i++)
        needs |= kind_of(names[i]) == PART_TIME || record_origin(names[i]) == RECORD_TIME;
    return needs;
}

bool count_by_needs_template(const char *const *names, size_t count)
{
    bool needs = false;
    for (size_t i = 0; i < count; i++)
        needs |= kind_of(names[i]) == PART_TEMPLATE;
    return needs;
}

bool count_by_is_source(const char *const *names, size_t count)
{
    return count == 1 && kind_of(names[0]) == PART_SOURCE;
}

/* --- lines to keys --- */

static void put_bytes(struct buf *key, struct span bytes)
{
    varint_put(key, (uint64_t)bytes.len + 1);
    buf_append(key, bytes.data, bytes.len);
}

enum { NUMBER_LEN = 8 };

#define SIGN (UINT64_C(1) << 63)

/* A number, and text behind it. */
static void put_number(struct buf *key, uint64_t number, struct span text)
{
    varint_put(key, (uint64_t)text.len + NUMBER_LEN + 1);
    for (size_t i = 0; i < NUMBER_LEN; i++)
        buf_push(key, (uint8_t)(number >> (56 - 8 * i)));
    buf_append(key, text.data, text.len);
}

static uint64_t number_of(struct span bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < NUMBER_LEN; i++)
        number = number << 8 | bytes.data[i];
    return number;
}

static int64_t second_of(struct span bytes)
{
    return (int64_t)(number_of(bytes) ^ SIGN);
}

static struct span template_text(struct span bytes)
{
    return (struct span){bytes.data + NUMBER_LEN, bytes.len - NUMBER_LEN};
}

static void put_time(struct count_by *c, const struct bucket_size *size, int64_t time)
{
    const int64_t second = bucket_second(zone_wall(&c->zone, time));
    put_number(&c->key, (uint64_t)bucket_start(size, second) ^ SIGN, (struct span){0});
}

static int put_field(struct count_by *c, struct part *part, const struct query_line *line,
                     struct lgz_error *err)
{
    const struct fields *format = line->dialect ? line->dialect->format : NULL;
    struct field_value value;
    int found = record_get(c->record, part->wanted, &value, err);
    if (found < 0)
        return found;
    if (found)
        put_bytes(&c->key, value.text);
    else
        varint_put(&c->key, 0);
    if (!part->known)
        part->known = found || (format && fields_find(format, part->name) != SIZE_MAX);
    return LGZ_OK;
}

int count_by_line(struct count_by *c, const struct query_line *line, struct lgz_error *err)
{
    int code = LGZ_OK;
    buf_clear(&c->key);
    record_start(c->record, line);
    for (size_t i = 0; i < c->part_count && code == LGZ_OK; i++) {
        struct part *part = &c->parts[i];
        if (part->kind == PART_FIELD)
            code = put_field(c, part, line, err);
        else if (part->kind == PART_SOURCE)
            put_bytes(&c->key, json_span(line->source));
        else if (part->kind == PART_TIME)
            put_time(c, part->size, line->time);
        else if (line->templated)
            put_number(&c->key, line->template_id, line->template_text);
        else
            varint_put(&c->key, 0);
    }
    if (code == LGZ_OK && c->key.failed)
        code = error_memory(err);
    return code == LGZ_OK ? counts_add(c->counts, buf_span(&c->key), 1, err) : code;
}

int count_by_source(struct count_by *c, const char *name, uint64_t lines, struct lgz_error *err)
{
    buf_clear(&c->key);
    put_bytes(&c->key, json_span(name));
    return c->key.failed ? error_memory(err) : counts_add(c->counts, buf_span(&c->key), lines, err);
}

/* --- keys to output --- */

/* The next part of a key, which is sound. @return false: the line doesn't have it */
static bool take_part(struct reader *key, struct span *bytes)
{
    const uint64_t len = reader_varint(key);
    *bytes = reader_bytes(key, len ? len - 1 : 0);
    return len > 0;
}

/* Part by part; what isn't there comes first. */
static int compare_keys(const struct count_by *c, struct span a, struct span b)
{
    struct reader x = reader_of(a.data, a.len), y = reader_of(b.data, b.len);
    int order = 0;
    for (size_t i = 0; i < c->part_count && order == 0; i++) {
        struct span left, right;
        const bool has_left = take_part(&x, &left), has_right = take_part(&y, &right);
        order = has_left != has_right ? has_left - has_right : span_order(left, right);
    }
    return order;
}

struct order {
    const struct count_by *by;
    bool by_key;
};

static int compare(const void *a, const void *b, void *context)
{
    const struct order *o = context;
    struct span x, y;
    const uint64_t left = counts_at(o->by->counts, *(const uint32_t *)a, &x);
    const uint64_t right = counts_at(o->by->counts, *(const uint32_t *)b, &y);
    if (!o->by_key && left != right)
        return left > right ? -1 : 1;
    return compare_keys(o->by, x, y);
}

/* The numbers of all groups, in the order in which they are shown; to be freed. */
static uint32_t *sort_groups(const struct count_by *c, const struct count_by_options *options)
{
    const size_t count = counts_len(c->counts);
    struct order order = {c, false};
    uint32_t *groups = malloc((count + 1) * sizeof(*groups));
    for (size_t i = 0; i < c->part_count && options->top >= count; i++)
        order.by_key |= c->parts[i].kind == PART_TIME;
    for (size_t i = 0; groups && i < count; i++)
        groups[i] = (uint32_t)i;
    if (groups)
        qsort_r(groups, count, sizeof(*groups), compare, &order);
    return groups;
}

/* When a stretch of time begins, as programs read it. */
static void put_instant(struct buf *out, int64_t second)
{
    query_time_print(out, zone_instant(&(struct zone){0}, second * NS_PER_SECOND), 0);
}

static void put_template(struct buf *out, struct span bytes)
{
    buf_printf(out, "%016" PRIx64 " ", number_of(bytes));
    row_put_between_tabs(out, template_text(bytes));
}

static void put_text_group(const struct count_by *c, struct span key, uint64_t lines,
                           struct buf *out)
{
    struct reader r = reader_of(key.data, key.len);
    buf_printf(out, "%7" PRIu64, lines);
    for (size_t i = 0; i < c->part_count; i++) {
        struct span bytes;
        buf_push(out, i ? '\t' : ' ');
        if (!take_part(&r, &bytes))
            buf_append_string(out, "(none)");
        else if (c->parts[i].kind == PART_TIME)
            bucket_print(c->parts[i].size, second_of(bytes), out);
        else if (c->parts[i].kind == PART_TEMPLATE)
            put_template(out, bytes);
        else
            row_put_between_tabs(out, bytes);
    }
    buf_push(out, '\n');
}

/* In two columns. */
static void put_csv_template(struct buf *out, struct span bytes)
{
    buf_printf(out, "%016" PRIx64 ",", number_of(bytes));
    row_put_between_commas(out, template_text(bytes));
}

static void put_csv_group(const struct count_by *c, struct span key, uint64_t lines,
                          struct buf *out)
{
    struct reader r = reader_of(key.data, key.len);
    for (size_t i = 0; i < c->part_count; i++) {
        struct span bytes;
        bool there = take_part(&r, &bytes);
        if (there && c->parts[i].kind == PART_TIME)
            put_instant(out, second_of(bytes));
        else if (there && c->parts[i].kind == PART_TEMPLATE)
            put_csv_template(out, bytes);
        else if (there)
            row_put_between_commas(out, bytes);
        buf_push(out, ',');
    }
    buf_printf(out, "%" PRIu64 "\n", lines);
}

static void put_json_member(const struct part *part, bool there, struct span bytes, struct buf *out)
{
    if (there && part->kind == PART_TIME) {
        buf_printf(out, "\"%s\":\"", part->name);
        put_instant(out, second_of(bytes));
        buf_push(out, '"');
    } else if (there && part->kind == PART_TEMPLATE) {
        buf_printf(out, "\"template\":\"%016" PRIx64 "\",", number_of(bytes));
        json_member(out, "text", template_text(bytes));
    } else if (there) {
        json_member_named(out, json_span(part->name), bytes);
    } else {
        json_string(out, json_span(part->name));
        buf_append_string(out, ":null");
    }
}

/* Fields are apart from what every line has: they may have any name. */
static void put_json_group(const struct count_by *c, struct span key, uint64_t lines,
                           struct buf *out)
{
    buf_printf(out, "{\"count\":%" PRIu64, lines);
    for (unsigned fields = 0; fields < 2; fields++) {
        struct reader r = reader_of(key.data, key.len);
        bool any = false;
        for (size_t i = 0; i < c->part_count; i++) {
            struct span bytes;
            bool there = take_part(&r, &bytes);
            if ((c->parts[i].kind == PART_FIELD) != fields)
                continue;
            buf_append_string(out, fields && !any ? ",\"fields\":{" : ",");
            any = true;
            put_json_member(&c->parts[i], there, bytes, out);
        }
        buf_append_string(out, fields && any ? "}" : "");
    }
    buf_append_string(out, "}\n");
}

static void put_group(const struct count_by *c, const struct count_by_options *options,
                      struct span key, uint64_t lines, struct buf *out)
{
    if (options->json)
        put_json_group(c, key, lines, out);
    else if (options->csv)
        put_csv_group(c, key, lines, out);
    else
        put_text_group(c, key, lines, out);
}

static void put_csv_names(const struct count_by *c, struct buf *out)
{
    for (size_t i = 0; i < c->part_count; i++) {
        row_put_between_commas(out, json_span(c->parts[i].name));
        buf_append_string(out, c->parts[i].kind == PART_TEMPLATE ? ",text," : ",");
    }
    buf_append_string(out, "count\n");
}

/* Lines that belong to no group that is counted. */
static void put_others(const struct count_by *c, const struct count_by_options *options,
                       struct buf *out)
{
    const uint64_t lines = counts_others(c->counts);
    if (options->json) {
        buf_printf(out, "{\"count\":%" PRIu64 ",\"others\":true}\n", lines);
    } else if (options->csv) {
        buf_append_string(out, "(others)");
        for (size_t i = 0; i < c->part_count; i++)
            buf_append_string(out, c->parts[i].kind == PART_TEMPLATE ? ",," : ",");
        buf_printf(out, "%" PRIu64 "\n", lines);
    } else {
        buf_printf(out, "%7" PRIu64 " (others)\n", lines);
    }
}

int count_by_print(const struct count_by *c, const struct count_by_options *options,
                   struct render *render, struct lgz_error *err)
{
    uint32_t *groups = sort_groups(c, options);
    struct buf out = {0};
    int code = groups ? LGZ_OK : error_memory(err);
    if (options->csv)
        put_csv_names(c, &out);
    for (size_t i = 0; i < counts_len(c->counts) && i < options->top && code == LGZ_OK; i++) {
        struct span key;
        const uint64_t lines = counts_at(c->counts, groups[i], &key);
        put_group(c, options, key, lines, &out);
        code = out.failed ? error_memory(err) : render_text(render, buf_span(&out), err);
        buf_clear(&out);
    }
    if (counts_others(c->counts))
        put_others(c, options, &out);
    if (code == LGZ_OK)
        code = out.failed ? error_memory(err) : render_text(render, buf_span(&out), err);
    buf_free(&out);
    free(groups);
    return code;
}

const char *count_by_unknown(const struct count_by *c)
{
    for (size_t i = 0; i < c->part_count; i++)
        if (c->parts[i].kind == PART_FIELD && !c->parts[i].known)
            return c->parts[i].name;
    return NULL;
}

const struct lgz_error *count_by_refused(const struct count_by *c)
{
    return record_refused(c->record);
}
