/*
 * row.c - prints fields; finding them is record.c's.
 */
#include "query/row.h"

#include <stdlib.h>

#include "query/json.h"
#include "query/query_time.h"

/* What a line has without --fields, where there are columns. */
static const char *const columns[] = {"time", "source", "line"};

enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

struct row {
    const char *const *names;
    size_t count;
    struct record *record;
    size_t *wanted; /* for each name its index in the record */
    bool *known;    /* a line had it, or its format could have */
};

int row_new(struct row **out, const char *const *names, size_t count, struct lgz_error *err)
{
    struct row *row = calloc(1, sizeof(*row));
    *out = NULL;
    if (!row)
        return error_memory(err);
    row->names = names;
    row->count = count;
    row->wanted = calloc(count + 1, sizeof(*row->wanted));
    row->known = calloc(count + 1, sizeof(*row->known));
    int code = row->wanted && row->known ? record_new(&row->record, err) : error_memory(err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++) {
        code = record_want(row->record, names[i], &row->wanted[i], err);
        if (code == LGZ_ERR_ARGUMENT)
            error_prefix(err, "field '%.40s'", names[i]);
    }
    if (code == LGZ_OK)
        *out = row;
    else
        row_free(row);
    return code;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    record_free(row->record);
    free(row->wanted);
    free(row->known);
    free(row);
}

bool row_needs_time(const char *const *names, size_t count, bool commas)
{
    for (size_t i = 0; i < count; i++)
        if (record_origin(names[i]) == RECORD_TIME)
            return true;
    return commas && count == 0;
}

const char *row_unknown(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (!row->known[i])
            return row->names[i];
    return NULL;
}

const struct lgz_error *row_refused(const struct row *row)
{
    return record_refused(row->record);
}

/* The wanted field `index` of the line at hand. @return as record_get() */
static int get(struct row *row, const struct query_line *line, size_t index,
               struct field_value *value, struct lgz_error *err)
{
    const struct fields *format = line->dialect ? line->dialect->format : NULL;
    int found = record_get(row->record, row->wanted[index], value, err);
    if (!row->known[index])
        row->known[index] =
            found == 1 || (format && fields_find(format, row->names[index]) != SIZE_MAX);
    return found;
}

/* A value between tabs: what would end it, or the line, is escaped. */
void row_put_between_tabs(struct buf *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.data[i];
        if (byte == '\t' || byte == '\n' || byte == '\\') {
            buf_push(out, '\\');
            byte = byte == '\t' ? 't' : byte == '\n' ? 'n' : '\\';
        }
        buf_push(out, byte);
    }
}

/* A value between commas: in quotes if it has a comma, a quote, or the end of a line. */
void row_put_between_commas(struct buf *out, struct span value)
{
    bool plain = true;
    for (size_t i = 0; i < value.len && plain; i++)
        plain = value.data[i] != ',' && value.data[i] != '"' && value.data[i] != '\n' &&
                value.data[i] != '\r';
    if (plain) {
        buf_append(out, value.data, value.len);
        return;
    }
    buf_push(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"')
            buf_push(out, '"');
        buf_push(out, value.data[i]);
    }
    buf_push(out, '"');
}

/* The wanted fields with `separator` between them. */
static int put_values(struct row *row, const struct query_line *line, struct buf *out,
                      uint8_t separator, void (*put)(struct buf *, struct span),
                      struct lgz_error *err)
{
    record_start(row->record, line);
    for (size_t i = 0; i < row->count; i++) {
        struct field_value value;
        int found = get(row, line, i, &value, err);
        if (found < 0)
            return found;
        if (i)
            buf_push(out, separator);
        if (found)
            put(out, value.text);
    }
    return LGZ_OK;
}

int row_tabs(struct row *row, const struct query_line *line, struct buf *out, struct lgz_error *err)
{
    return put_values(row, line, out, '\t', row_put_between_tabs, err);
}

void row_comma_names(const struct row *row, struct buf *out)
{
    const char *const *names = row->count ? row->names : columns;
    for (size_t i = 0; i < (row->count ? row->count : COLUMN_COUNT); i++) {
        if (i)
            buf_push(out, ',');
        row_put_between_commas(out, json_span(names[i]));
    }
    buf_push(out, '\n');
}

int row_commas(struct row *row, const struct query_line *line, struct buf *out,
               struct lgz_error *err)
{
    int code = LGZ_OK;
    if (row->count) {
        code = put_values(row, line, out, ',', row_put_between_commas, err);
    } else {
        query_time_print(out, line->time, line->time_digits);
        buf_push(out, ',');
        row_put_between_commas(out, json_span(line->source));
        buf_push(out, ',');
        row_put_between_commas(out, line->text);
    }
    buf_push(out, '\n');
    return code;
}

/* The fields of a JSON object, as they come. */
struct members {
    struct buf *out;
    bool any;
};

/* record_field_fn */
static int put_member(void *context, struct span name, const struct field_value *value,
                      struct lgz_error *err)
{
    struct members *m = context;
    const bool raw = (value->kind == FIELD_NUMBER || value->kind == FIELD_LITERAL ||
                      value->kind == FIELD_NESTED) &&
                     json_is_value(value->text);
    (void)err;
    buf_append_string(m->out, m->any ? "," : ",\"fields\":{");
    m->any = true;
    if (!raw) {
        json_member_named(m->out, name, value->text);
        return LGZ_OK;
    }
    json_string(m->out, name);
    buf_push(m->out, ':');
    /* The lines of an event become one. */
    for (size_t i = 0; i < value->text.len; i++)
        buf_push(m->out, value->text.data[i] == '\n' ? ' ' : value->text.data[i]);
    return LGZ_OK;
}

int row_json(struct row *row, const struct query_line *line, struct buf *out, struct lgz_error *err)
{
    struct members members = {.out = out};
    int code = LGZ_OK;
    record_start(row->record, line);
    if (row->count == 0)
        code = record_all(row->record, put_member, &members, err);
    for (size_t i = 0; i < row->count && code == LGZ_OK; i++) {
        struct field_value value;
        int found = get(row, line, i, &value, err);
        if (found < 0)
            code = found;
        else if (found)
            code = put_member(&members, json_span(row->names[i]), &value, err);
    }
    if (members.any)
        buf_push(out, '}');
    return code;
}
