/*
 * block_columns.c - from a body to its columns.
 */
#include "segment/block_columns.h"

#include <stdlib.h>

#include "segment/block.h"
#include "segment/block_steps.h"

/*
 * Each entry and each pattern is in the raw bytes somewhere; patterns may be of entries. And so is
 * each value that is put together from parts, in a room that doubles.
 */
enum { TABLE_LIMIT = 4 };

static void block_head_clear(struct block_head *head)
{
    free(head->head);
    coder_free(head->coder);
    *head = (struct block_head){0};
}

static int block_head_read(struct span body, size_t most_head, struct block_head *head,
                           struct lgz_error *err)
{
    struct reader r = reader_of(body.data, body.len);
    *head = (struct block_head){0};
    head->raw_len = reader_varint_max(&r, BLOCK_MAX_RAW);
    head->raw_checksum = reader_le(&r, 8);
    head->own_frame = reader_varint(&r);
    head->head_len = reader_varint_max(&r, block_head_limit(head->raw_len, body.len));
    struct span packed;
    enum frame_codec codec;
    bool ok = frame_locate(&r, &r, &packed, &codec) && head->own_frame;
    head->frames = reader_bytes(&r, reader_left(&r));
    head->stored = packed.len;
    if (!ok)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged block header");
    if (head->head_len > most_head)
        return error_set(err, LGZ_ERR_LIMIT, "has a head of %zu bytes", (size_t)head->head_len);
    int code = coder_new(&head->coder, coder_limit(head->raw_len), err);
    const struct coder_stream whole = {head->head_len, 0};
    const struct coder_layout layout = {CODER_TEXT, &whole, head->head_len ? 1 : 0};
    if (code == LGZ_OK)
        code = frame_decode(codec, head->coder, &layout, packed, head->head_len, &head->head, err);
    if (code != LGZ_OK)
        block_head_clear(head);
    return code;
}

static void clear_columns(struct block_columns *b)
{
    for (size_t i = 0; b->columns && i < b->count; i++) {
        struct block_column *c = &b->columns[i];
        text_free(c->text);
        if (c->time)
            number_clear(&c->time->numbers);
        free(c->time);
        *c = (struct block_column){0};
    }
    number_clear(&b->template_of_line);
}

void block_columns_clear(struct block_columns *b)
{
    clear_columns(b);
    free(b->columns);
    free(b->last);
    free(b->times);
    free(b->texts);
    free(b->head_ends);
    free(b->stream_ends);
    stream_reader_free(b->streams);
    layout_clear(&b->layout);
    template_set_clear(&b->set);
    block_head_clear(&b->head);
    *b = (struct block_columns){0};
}

static int parse_templates(struct block_columns *b, struct reader *r, struct lgz_error *err)
{
    uint64_t lines = reader_varint(r);
    uint64_t count = reader_varint(r);
    struct span text = reader_bytes(r, reader_varint(r));
    b->lines = lines >> 1;
    b->terminated = !(lines & 1);
    if (r->failed || count == 0 || count > text.len || text.len > UINT32_MAX)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged template list");
    uint8_t *copy = malloc(text.len + SLACK);
    if (!copy)
        return error_memory(err);
    memcpy(copy, text.data, text.len);
    memset(copy + text.len, 0, SLACK);
    return template_set_parse(&b->set, copy, text.len, count, err);
}

static int parse_time(struct block_columns *b, size_t i, struct reader *r, struct lgz_error *err)
{
    struct time_column *c = calloc(1, sizeof(*c));
    b->columns[i].time = c;
    if (!c)
        return error_memory(err);
    uint64_t compared = reader_varint_max(r, b->count);
    c->compared = compared ? (uint32_t)compared - 1 : TEXT_NO_COLUMN;
    if (!r->failed && (!compared || b->layout.kinds.data[compared - 1] == COLUMN_TIME) &&
        number_parse(&c->numbers, r, b->streams, STREAM_NUMBER))
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
}

static void note_ends(struct block_columns *b, size_t column, const struct reader *r)
{
    b->head_ends[column] = b->head.head_len - reader_left(r);
    b->stream_ends[column] = stream_reader_count(b->streams);
}

/* All columns, from the first on. */
static int parse_columns(struct block_columns *b, struct reader *r, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (b->set.list.len > 1 && !number_parse(&b->template_of_line, r, b->streams, STREAM_INDEX))
        code = error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
    note_ends(b, 0, r);
    for (size_t i = 0; i < b->count && code == LGZ_OK; i++) {
        code = b->layout.kinds.data[i] == COLUMN_TIME
                   ? parse_time(b, i, r, err)
                   : text_parse(&b->columns[i].text, r, b->streams, 0, err);
        note_ends(b, i + 1, r);
    }
    if (code != LGZ_OK && stream_reader_no_memory(b->streams))
        return error_memory(err);
    return code;
}

static int make_columns(struct block_columns *b, struct lgz_error *err)
{
    b->count = b->layout.kinds.len;
    b->columns = calloc(b->count + 1, sizeof(*b->columns));
    b->last = calloc(b->count + 1, sizeof(*b->last));
    b->times = calloc(b->count + 1, sizeof(*b->times));
    b->texts = calloc(b->count + 1, sizeof(struct text_column *));
    b->head_ends = calloc(b->count + 1, sizeof(*b->head_ends));
    b->stream_ends = calloc(b->count + 1, sizeof(*b->stream_ends));
    if (!b->columns || !b->last || !b->times || !b->texts || !b->head_ends || !b->stream_ends)
        return error_memory(err);
    return stream_reader_new(&b->streams, b->head.coder, b->head.own_frame,
                             b->head.raw_len * BLOCK_STREAM_LIMIT, b->head.raw_len * TABLE_LIMIT,
                             err);
}

int block_columns_parse_templates(struct block_columns *b, struct span body, size_t most_head,
                                  struct lgz_error *err)
{
    int code = block_head_read(body, most_head, &b->head, err);
    struct reader r = reader_of(b->head.head, b->head.head_len);
    if (code == LGZ_OK)
        code = parse_templates(b, &r, err);
    b->columns_from = b->head.head_len - reader_left(&r);
    return code;
}

int block_columns_parse(struct block_columns *b, struct span body, struct lgz_error *err)
{
    int code = block_columns_parse_templates(b, body, SIZE_MAX, err);
    if (code != LGZ_OK)
        return code;
    struct reader r = reader_of(b->head.head + b->columns_from, b->head.head_len - b->columns_from);
    code = layout_read(&b->layout, &b->set, &r, err);
    b->columns_from = b->head.head_len - reader_left(&r);
    if (code == LGZ_OK)
        code = make_columns(b, err);
    if (code == LGZ_OK)
        code = parse_columns(b, &r, err);
    if (code == LGZ_OK)
        code = stream_reader_place(b->streams, b->head.frames, err);
    if (code == LGZ_OK && reader_left(&r))
        code = error_set(err, LGZ_ERR_CORRUPT, "bytes behind the block's head");
    return code;
}

int block_columns_again(struct block_columns *b, struct lgz_error *err)
{
    struct reader r = reader_of(b->head.head + b->columns_from, b->head.head_len - b->columns_from);
    clear_columns(b);
    memset(b->last, 0, b->count * sizeof(*b->last));
    memset(b->times, 0, b->count * sizeof(*b->times));
    memset(b->texts, 0, b->count * sizeof(struct text_column *));
    stream_reader_again(b->streams);
    return parse_columns(b, &r, err);
}

int block_columns_open_lines(struct block_columns *b, struct lgz_error *err)
{
    return b->set.list.len > 1 ? number_open(&b->template_of_line, b->streams, err) : LGZ_OK;
}

int block_columns_open(struct block_columns *b, size_t column, struct lgz_error *err)
{
    struct block_column *c = &b->columns[column];
    if (c->time)
        return number_open(&c->time->numbers, b->streams, err);
    int code = text_open(c->text, b->streams, b->head.raw_len, err);
    c->text->batch.last = b->last;
    c->text->batch.times = b->times;
    c->text->batch.self = &b->last[column];
    c->text->batch.columns = (uint32_t)b->count;
    c->text->batch.block = b->texts;
    b->texts[column] = c->text;
    return code;
}

/* `first` has the first slot of each column of the template; for others, anything. */
static bool key_is_ahead(const struct block_columns *b, size_t template, size_t slot,
                         const uint32_t *first)
{
    const uint32_t *row = b->layout.column_of[template];
    const struct text_column *c = b->columns[row[slot]].text;
    const uint32_t key = c ? text_row_key(c) : TEXT_NO_COLUMN;
    if (key >= b->count || first[key] >= b->set.list.data[template].slot_count)
        return false;
    return row[first[key]] == key && first[key] > slot;
}

int block_columns_damaged(const struct block_columns *b, uint64_t line, struct lgz_error *err)
{
    if (stream_reader_no_memory(b->streams))
        return error_memory(err);
    return error_set(err, LGZ_ERR_CORRUPT, "damaged columns: line %llu can't be restored",
                     (unsigned long long)line + 1);
}

void block_columns_ahead(const struct block_columns *b, size_t template, uint32_t *first,
                         bool *ahead)
{
    const struct template *t = &b->set.list.data[template];
    for (size_t k = t->slot_count; k-- > 0;)
        first[b->layout.column_of[template][k]] = (uint32_t)k;
    for (size_t k = 0; k < t->slot_count; k++)
        ahead[k] = key_is_ahead(b, template, k, first);
}

struct step block_step(const struct block_columns *b, size_t template, size_t slot, bool ahead)
{
    const struct slot *s = &b->set.list.data[template].slots[slot];
    const uint32_t column = b->layout.column_of[template][slot];
    return (struct step){.literal = s->literal.data,
                         .len = (uint32_t)s->literal.len,
                         .kind = (uint8_t)s->kind,
                         .format = s->format,
                         .digits = s->digits,
                         .ahead = ahead,
                         .column = column,
                         .text = b->columns[column].text,
                         .time = b->columns[column].time,
                         .last = &b->last[column]};
}

struct step block_step_end(const struct block_columns *b, size_t template)
{
    const struct span *tail = &b->set.list.data[template].tail;
    /* The end mark of a serialized template begins with a newline. */
    return (struct step){.literal = tail->data, .len = (uint32_t)tail->len + 1, .kind = STEP_END};
}
