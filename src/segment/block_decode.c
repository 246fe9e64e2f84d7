/*
 * block_decode.c - from a block's body back to the raw bytes, trusting nothing.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "column/text.h"
#include "segment/block.h"
#include "segment/layout.h"

/*
 * Each entry and each pattern is in the raw bytes somewhere; patterns may be of entries. And so is
 * each value that is put together from parts, in a room that doubles.
 */
enum { TABLE_LIMIT = 4 };

/* A structured block's header, and its head: templates, layout, column heads. */
struct block_head {
    uint64_t raw_len;
    uint64_t raw_checksum;
    uint64_t own_frame;
    uint8_t *head; /* owned */
    size_t head_len;
    struct span frames;  /* in the body: table and frames of the streams */
    struct coder *coder; /* went through the head; owned */
};

/* The raw bytes while they are put together: timestamp_print() and copying want room behind. */
struct sink {
    uint8_t *at;
    uint8_t *end; /* with OUTPUT_SLACK behind */
};

enum { OUTPUT_SLACK = TIMESTAMP_MAX_LEN + SLACK };

struct column;

struct time_column {
    struct number_column numbers;
    const struct column *compared; /* the numbers are differences to its times; or NULL */
    uint64_t *last;                /* that was put out: one of decoder.times */
    struct timestamp_memo memo;
};

/* Either the one or the other. */
struct column {
    struct text_column *text;
    struct time_column *time;
};

/* One slot of a template, with the literal bytes in front of it; or its end, with the newline. */
struct step {
    const uint8_t *literal; /* with slack */
    uint32_t len;
    uint8_t kind; /* enum slot_kind, or STEP_END */
    uint8_t format;
    uint8_t digits;
    bool ahead; /* the column's value depends on one behind it */
    struct column *column;
    struct span *last; /* the column's, of decoder.last */
};

enum { STEP_END = SLOT_TIME + 1 };

struct decoder {
    const struct block_head *head;
    struct template_set set;
    struct layout layout;
    struct stream_reader *streams;
    struct number_column template_of_line;
    struct column *columns;
    struct span *last;          /* for each column, the value it put out last */
    uint64_t *times;            /* for each column of time stamps, the last one */
    struct text_column **texts; /* the columns of text among all */
    struct step *steps;         /* of all templates */
    struct step **first_step;   /* the first step of each template */
    uint64_t lines;
    bool terminated;
};

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

static void decoder_clear(struct decoder *d)
{
    for (size_t i = 0; d->columns && i < d->layout.kinds.len; i++) {
        text_free(d->columns[i].text);
        if (d->columns[i].time)
            number_clear(&d->columns[i].time->numbers);
        free(d->columns[i].time);
    }
    free(d->columns);
    free(d->last);
    free(d->times);
    free(d->texts);
    free(d->steps);
    free(d->first_step);
    number_clear(&d->template_of_line);
    stream_reader_free(d->streams);
    layout_clear(&d->layout);
    template_set_clear(&d->set);
}

static int parse_templates(struct decoder *d, struct reader *r, struct lgz_error *err)
{
    uint64_t lines = reader_varint(r);
    uint64_t count = reader_varint(r);
    struct span text = reader_bytes(r, reader_varint(r));
    d->lines = lines >> 1;
    d->terminated = !(lines & 1);
    if (r->failed || count == 0 || count > text.len || text.len > UINT32_MAX)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged template list");
    uint8_t *copy = malloc(text.len + SLACK);
    if (!copy)
        return error_memory(err);
    memcpy(copy, text.data, text.len);
    memset(copy + text.len, 0, SLACK);
    return template_set_parse(&d->set, copy, text.len, count, err);
}

int block_templates(struct span body, size_t most_head, struct template_set *set,
                    struct lgz_error *err)
{
    struct block_head head;
    int code = block_head_read(body, most_head, &head, err);
    if (code != LGZ_OK)
        return code;
    struct decoder d = {.head = &head};
    struct reader r = reader_of(head.head, head.head_len);
    code = parse_templates(&d, &r, err);
    *set = d.set;
    block_head_clear(&head);
    return code;
}

static int parse_column(struct decoder *d, size_t i, struct reader *r, struct lgz_error *err)
{
    struct column *c = &d->columns[i];
    if (d->layout.kinds.data[i] != COLUMN_TIME)
        return text_parse(&c->text, r, d->streams, 0, err);
    c->time = calloc(1, sizeof(*c->time));
    if (!c->time)
        return error_memory(err);
    c->time->last = &d->times[i];
    uint64_t compared = reader_varint_max(r, d->layout.kinds.len);
    if (compared)
        c->time->compared = &d->columns[compared - 1];
    if (!r->failed && (!compared || d->layout.kinds.data[compared - 1] == COLUMN_TIME) &&
        number_parse(&c->time->numbers, r, d->streams, STREAM_NUMBER))
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
}

static int parse_columns(struct decoder *d, struct reader *r, struct lgz_error *err)
{
    int code = layout_read(&d->layout, &d->set, r, err);
    if (code != LGZ_OK)
        return code;
    size_t count = d->layout.kinds.len;
    code = stream_reader_new(&d->streams, d->head->coder, d->head->own_frame,
                             d->head->raw_len * BLOCK_STREAM_LIMIT, d->head->raw_len * TABLE_LIMIT,
                             err);
    d->columns = calloc(count + 1, sizeof(*d->columns));
    d->last = calloc(count + 1, sizeof(*d->last));
    d->times = calloc(count + 1, sizeof(*d->times));
    d->texts = calloc(count + 1, sizeof(*d->texts));
    if (code == LGZ_OK && (!d->columns || !d->last || !d->times || !d->texts))
        code = error_memory(err);
    if (code != LGZ_OK)
        return code;
    if (d->set.list.len > 1 && !number_parse(&d->template_of_line, r, d->streams, STREAM_INDEX))
        code = error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = parse_column(d, i, r, err);
    if (code != LGZ_OK && stream_reader_no_memory(d->streams))
        return error_memory(err);
    if (code == LGZ_OK)
        code = stream_reader_place(d->streams, d->head->frames, err);
    if (code == LGZ_OK && reader_left(r))
        code = error_set(err, LGZ_ERR_CORRUPT, "bytes behind the block's head");
    return code;
}

static int open_columns(struct decoder *d, struct lgz_error *err)
{
    int code = d->set.list.len > 1 ? number_open(&d->template_of_line, d->streams, err) : LGZ_OK;
    for (size_t i = 0; i < d->layout.kinds.len && code == LGZ_OK; i++) {
        struct column *c = &d->columns[i];
        code = c->text ? text_open(c->text, d->streams, d->head->raw_len, err)
                       : number_open(&c->time->numbers, d->streams, err);
        if (c->text) {
            c->text->batch.last = d->last;
            c->text->batch.times = d->times;
            c->text->batch.self = &d->last[i];
            c->text->batch.columns = (uint32_t)d->layout.kinds.len;
            c->text->batch.block = d->texts;
            d->texts[i] = c->text;
        }
    }
    return code;
}

/*
 * Does the key of a slot's column come behind it, and not in front? `first` has the first slot of
 * each column of the template; for others, anything.
 */
static bool key_is_ahead(const struct decoder *d, size_t template, size_t slot,
                         const uint32_t *first)
{
    const uint32_t *row = d->layout.column_of[template];
    const struct text_column *c = d->columns[row[slot]].text;
    const uint32_t key = c ? text_row_key(c) : TEXT_NO_COLUMN;
    if (key >= d->layout.kinds.len || first[key] >= d->set.list.data[template].slot_count)
        return false;
    return row[first[key]] == key && first[key] > slot;
}

/* Flatten the templates: all that a line needs, in a row. */
static int make_steps(struct decoder *d, struct lgz_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < d->set.list.len; i++)
        count += d->set.list.data[i].slot_count + 1;
    d->steps = malloc(count * sizeof(*d->steps));
    d->first_step = malloc(d->set.list.len * sizeof(struct step *));
    uint32_t *first = calloc(d->layout.kinds.len + 1, sizeof(*first));
    if (!d->steps || !d->first_step || !first) {
        free(first);
        return error_memory(err);
    }
    struct step *step = d->steps;
    for (size_t i = 0; i < d->set.list.len; i++) {
        const struct template *t = &d->set.list.data[i];
        d->first_step[i] = step;
        for (size_t k = t->slot_count; k-- > 0;)
            first[d->layout.column_of[i][k]] = (uint32_t)k;
        for (size_t k = 0; k < t->slot_count; k++) {
            const struct slot *slot = &t->slots[k];
            uint32_t column = d->layout.column_of[i][k];
            *step++ = (struct step){slot->literal.data,  (uint32_t)slot->literal.len,
                                    (uint8_t)slot->kind, slot->format,
                                    slot->digits,        key_is_ahead(d, i, k, first),
                                    &d->columns[column], &d->last[column]};
        }
        /* The end mark of a serialized template begins with a newline. */
        *step++ = (struct step){
            .literal = t->tail.data, .len = (uint32_t)t->tail.len + 1, .kind = STEP_END};
    }
    free(first);
    return LGZ_OK;
}

static inline bool put(struct sink *out, const uint8_t *data, size_t len)
{
    if ((size_t)(out->end - out->at) < len)
        return false;
    slack_copy(out->at, data, len);
    out->at += len;
    return true;
}

static inline bool put_time(const struct step *step, struct sink *out)
{
    uint64_t value;
    struct time_column *c = step->column->time;
    if (!number_next(&c->numbers, &value))
        return false;
    if (c->compared)
        value = *c->compared->time->last + (uint64_t)unzigzag(value);
    *c->last = value;
    size_t len =
        timestamp_print_next(&c->memo, step->format, step->digits, (int64_t)value, out->at);
    if (len == 0 || len > (size_t)(out->end - out->at))
        return false;
    *step->last = (struct span){out->at, len};
    out->at += len;
    return true;
}

/* Values of no bytes would cost time that no limit on the raw bytes bounds. */
static inline bool put_text(const struct step *step, struct sink *out)
{
    struct span value;
    step->column->text->batch.ahead = step->ahead;
    if (!text_take(step->column->text, &value) || (!value.len && step->kind != SLOT_REST))
        return false;
    *step->last = (struct span){out->at, value.len};
    return put(out, value.data, value.len);
}

static bool put_line(struct decoder *d, struct sink *out)
{
    uint64_t number = 0;
    if (d->set.list.len > 1 && !number_next(&d->template_of_line, &number))
        return false;
    if (number >= d->set.list.len)
        return false;
    for (const struct step *step = d->first_step[number];; step++) {
        if (!put(out, step->literal, step->len))
            return false;
        if (step->kind == STEP_END)
            return true;
        if (!(step->kind == SLOT_TIME ? put_time(step, out) : put_text(step, out)))
            return false;
    }
}

static int put_lines(struct decoder *d, struct buf *raw, struct lgz_error *err)
{
    uint8_t *start = raw->data + raw->len;
    struct sink out = {start, start + d->head->raw_len};
    for (uint64_t i = 0; i < d->lines; i++) {
        bool newline = i + 1 < d->lines || d->terminated;
        out.end += !newline; /* it is put out, and taken back */
        if (!put_line(d, &out)) {
            if (stream_reader_no_memory(d->streams))
                return error_memory(err);
            return error_set(err, LGZ_ERR_CORRUPT, "damaged columns: line %llu can't be restored",
                             (unsigned long long)i + 1);
        }
        out.at -= !newline;
        out.end -= !newline;
    }
    if (out.at != out.end)
        return error_set(err, LGZ_ERR_CORRUPT, "block has %zu bytes less than its header says",
                         (size_t)(out.end - out.at));
    raw->len += d->head->raw_len;
    return LGZ_OK;
}

static int decode_structured(struct span body, struct buf *out, uint64_t *checksum,
                             struct lgz_error *err)
{
    struct block_head head;
    int code = block_head_read(body, SIZE_MAX, &head, err);
    if (code != LGZ_OK)
        return code;
    struct decoder d = {.head = &head};
    struct reader r = reader_of(head.head, head.head_len);
    *checksum = head.raw_checksum;
    code = parse_templates(&d, &r, err);
    if (code == LGZ_OK)
        code = parse_columns(&d, &r, err);
    if (code == LGZ_OK)
        code = open_columns(&d, err);
    if (code == LGZ_OK)
        code = make_steps(&d, err);
    if (code == LGZ_OK && !buf_reserve_exactly(out, head.raw_len + OUTPUT_SLACK))
        code = error_memory(err);
    if (code == LGZ_OK)
        code = put_lines(&d, out, err);
    decoder_clear(&d);
    block_head_clear(&head);
    return code;
}

/* Each line takes a byte at least. */
static int take_line_templates(struct decoder *d, uint32_t **of_line, struct lgz_error *err)
{
    uint64_t number = 0;
    if (d->lines > d->head->raw_len)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged template list");
    *of_line = calloc(d->lines + 1, sizeof(**of_line));
    if (!*of_line)
        return error_memory(err);
    for (uint64_t i = 0; i < d->lines && d->set.list.len > 1; i++) {
        if (!number_next(&d->template_of_line, &number) || number >= d->set.list.len)
            return error_set(err, LGZ_ERR_CORRUPT, "damaged numbers of templates");
        (*of_line)[i] = (uint32_t)number;
    }
    return LGZ_OK;
}

int block_line_templates(struct span body, struct template_set *set, uint32_t **of_line,
                         size_t *lines, struct lgz_error *err)
{
    struct block_head head;
    *of_line = NULL;
    int code = block_head_read(body, SIZE_MAX, &head, err);
    if (code != LGZ_OK)
        return code;
    struct decoder d = {.head = &head};
    struct reader r = reader_of(head.head, head.head_len);
    code = parse_templates(&d, &r, err);
    if (code == LGZ_OK)
        code = parse_columns(&d, &r, err);
    if (code == LGZ_OK && d.set.list.len > 1)
        code = number_open(&d.template_of_line, d.streams, err);
    if (code == LGZ_OK)
        code = take_line_templates(&d, of_line, err);
    if (code == LGZ_OK) {
        *lines = d.lines;
        *set = d.set;
        d.set = (struct template_set){0};
    }
    decoder_clear(&d);
    block_head_clear(&head);
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

uint64_t block_checksum(struct span body)
{
    struct reader r = reader_of(body.data, body.len);
    reader_varint(&r);
    return reader_le(&r, 8);
}
