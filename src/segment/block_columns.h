/*
 * block_columns.h - a structured block's body as its templates and columns: parsed, and of the
 * columns only those opened that are asked for. Nothing in it is trusted.
 *
 * Inside of src/segment: block_decode.c puts all lines together, block_search.c some of them.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_COLUMNS_H
#define LOGZIP_SEGMENT_BLOCK_COLUMNS_H

#include "column/text.h"
#include "segment/layout.h"

/** A body's header, and its head: templates, layout, column heads. */
struct block_head {
    uint64_t raw_len;
    uint64_t raw_checksum;
    uint64_t own_frame;
    uint8_t *head; /**< owned */
    size_t head_len;
    size_t stored;       /**< bytes that the head takes */
    struct span frames;  /**< in the body: table and frames of the streams */
    struct coder *coder; /**< went through the head; owned */
};

struct time_column {
    struct number_column numbers;
    uint32_t compared; /**< the numbers are differences to this column's; or TEXT_NO_COLUMN */
    struct timestamp_memo memo;
};

/** Either the one or the other. */
struct block_column {
    struct text_column *text;
    struct time_column *time;
};

/** Zero-initialized is valid for block_columns_clear(). */
struct block_columns {
    struct block_head head;
    struct template_set set;
    struct layout layout;
    uint64_t lines;
    bool terminated;     /**< the last line has its newline */
    size_t columns_from; /**< where in the head the columns begin */
    size_t count;        /**< of columns */
    struct block_column *columns;
    struct stream_reader *streams;
    struct number_column template_of_line;
    struct span *last;          /**< for each column, the value that was put out last */
    uint64_t *times;            /**< for each column of time stamps, the last one */
    struct text_column **texts; /**< the columns of text among all */
    size_t *head_ends;          /**< for each column, and before them for the lines' templates, */
    size_t *stream_ends;        /**< where its head ends in the head, and how many streams there
                                     were declared by then */
};

/** Parse a body; `b` is zero-initialized. On an error it can still be cleared. */
int block_columns_parse(struct block_columns *b, struct span body, struct lgz_error *err);

/** Only its templates. `most_head` is as for block_templates(). */
int block_columns_parse_templates(struct block_columns *b, struct span body, size_t most_head,
                                  struct lgz_error *err);

/** Begin again in front of the first line, with no column open. Frames stay decoded. */
int block_columns_again(struct block_columns *b, struct lgz_error *err);

/** Decode what must be decoded before the lines' templates can be told. */
int block_columns_open_lines(struct block_columns *b, struct lgz_error *err);

/** Decode what must be decoded before values of a column can be taken. Those that they are made of
 * must be opened, too. */
int block_columns_open(struct block_columns *b, size_t column, struct lgz_error *err);

/** The template of the next line. @return false on damage */
static inline bool block_columns_next(struct block_columns *b, uint64_t *template)
{
    *template = 0;
    if (b->set.list.len > 1 && !number_next(&b->template_of_line, template))
        return false;
    return *template <b->set.list.len;
}

/** Why line `line`, from 0, couldn't be put together. @return LGZ_ERR_CORRUPT or LGZ_ERR_MEMORY */
int block_columns_damaged(const struct block_columns *b, uint64_t line, struct lgz_error *err);

/**
 * For each slot of a template: does the key of its column come behind it, and not in front?
 *
 * @param first  room for a number for each column; anything may be in it
 * @param ahead  filled, one for each slot
 */
void block_columns_ahead(const struct block_columns *b, size_t template, uint32_t *first,
                         bool *ahead);

void block_columns_clear(struct block_columns *b);

/** The next value of a column of time stamps. @return false if there is none */
static inline bool block_columns_time(struct block_columns *b, uint32_t column, uint64_t *value)
{
    struct time_column *c = b->columns[column].time;
    if (!number_next(&c->numbers, value))
        return false;
    if (c->compared != TEXT_NO_COLUMN)
        *value = b->times[c->compared] + (uint64_t)unzigzag(*value);
    b->times[column] = *value;
    return true;
}

#endif
