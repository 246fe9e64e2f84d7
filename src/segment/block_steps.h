/*
 * block_steps.h - what a template does with the columns of its slots, flattened to a row of steps:
 * a line is put together by going along it.
 *
 * Inside of src/segment: block_decode.c has all steps of all templates, block_search.c leaves out
 * what it can do without.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_STEPS_H
#define LOGZIP_SEGMENT_BLOCK_STEPS_H

#include "segment/block_columns.h"

enum { OUTPUT_SLACK = TIMESTAMP_MAX_LEN + SLACK };

/** Bytes while they are put out: printing time stamps and copying want room behind. */
struct sink {
    uint8_t *at;
    uint8_t *end; /**< with OUTPUT_SLACK behind */
};

/** What a step does behind its literal, beside the kinds of slots (enum slot_kind). */
enum {
    STEP_END = SLOT_TIME + 1, /**< nothing; the line ends */
    STEP_LITERAL,             /**< nothing */
    STEP_KEEP,      /**< take a text that others need, and put out no more than that takes */
    STEP_PASS,      /**< leave out a text */
    STEP_PASS_TIME, /**< leave out a time stamp */
    STEP_TAKE_TIME, /**< take a time stamp's number only */
    STEP_TEST,      /**< look into a text */
    STEP_TEST_KEPT, /**< look into a text that others need */
    STEP_TEST_TIME, /**< look into a printed time stamp */
};

struct step {
    const uint8_t *literal; /**< with slack; `len` bytes are put out */
    uint32_t len;
    uint8_t kind;
    uint8_t format;
    uint8_t digits;
    bool ahead; /**< the column's value depends on one behind it */
    uint32_t column;
    struct text_column *text;
    struct time_column *time;
    struct span *last; /**< the column's last value */
};

/** The step of a slot. */
struct step block_step(const struct block_columns *b, size_t template, size_t slot, bool ahead);

/** The end of a template, with the newline. */
struct step block_step_end(const struct block_columns *b, size_t template);

static inline bool sink_put(struct sink *out, const uint8_t *data, size_t len)
{
    if ((size_t)(out->end - out->at) < len)
        return false;
    slack_copy(out->at, data, len);
    out->at += len;
    return true;
}

static inline bool step_put_time(struct block_columns *b, const struct step *step, struct sink *out)
{
    uint64_t value;
    if (!block_columns_time(b, step->column, &value))
        return false;
    size_t len = timestamp_print_next(&step->time->memo, step->format, step->digits, (int64_t)value,
                                      out->at);
    if (len == 0 || len > (size_t)(out->end - out->at))
        return false;
    *step->last = (struct span){out->at, len};
    out->at += len;
    return true;
}

/** Values of no bytes would cost time that no limit on the raw bytes bounds. */
static inline bool step_take_text(const struct step *step, struct span *value)
{
    step->text->batch.ahead = step->ahead;
    return text_take(step->text, value) && (value->len || step->kind == SLOT_REST);
}

static inline bool step_put_text(const struct step *step, struct sink *out)
{
    struct span value;
    if (!step_take_text(step, &value))
        return false;
    *step->last = (struct span){out->at, value.len};
    return sink_put(out, value.data, value.len);
}

#endif
