/*
 * template.h - a template: literal text with slots, its serialized form, its id, and matching a
 * line against it.
 *
 * Serialized, a template is its literal bytes with the slots in between; no line holds a '\n', so
 * that is the escape:
 *
 *   "\n" 'v'                  a value: the bytes up to the next separator, at least one
 *   "\n" 's'                  a section: the bytes, at least one, up to the byte that follows the
 *                             slot in the template; so a literal must follow
 *   "\n" 'r'                  the rest of the line; always the last
 *   "\n" 't' format digits    a time stamp: 0x20 + its format, '0' + its fraction digits
 *   "\n" "\n"                 the end of the template
 *
 * The id of a template is the hash of these bytes, so it is the same wherever the template occurs.
 */
#ifndef LOGZIP_TEMPLATE_TEMPLATE_H
#define LOGZIP_TEMPLATE_TEMPLATE_H

#include "base/buf.h"
#include "line/timestamp.h"

enum slot_kind { SLOT_VALUE, SLOT_REST, SLOT_SECTION, SLOT_TIME };

struct slot {
    enum slot_kind kind;
    uint8_t format;      /**< SLOT_TIME */
    uint8_t digits;      /**< SLOT_TIME */
    uint8_t until;       /**< SLOT_SECTION: the byte behind it */
    struct span literal; /**< the bytes in front of the slot */
};

struct template
{
    struct span text; /**< serialized, with its end mark */
    struct slot *slots;
    size_t slot_count;
    struct span tail; /**< literal bytes behind the last slot */
};

/** What a slot holds in one line. */
struct slot_value {
    uint32_t at; /**< offset in the line; all but SLOT_TIME */
    uint32_t len;
    int64_t time; /**< SLOT_TIME */
};

/* Writing the serialized form. */
void template_put_value(struct buf *text);
void template_put_section(struct buf *text);
void template_put_rest(struct buf *text);
void template_put_time(struct buf *text, const struct timestamp *stamp);
void template_put_end(struct buf *text);

/**
 * Parse one serialized template at the start of `text`.
 *
 * @param t     refers to `text`, which must outlive it; free with template_clear()
 * @param text  moved behind the template
 * @return 1; 0 if the bytes aren't a template; -1 when memory is out
 */
int template_parse(struct template *t, struct span *text);
void template_clear(struct template *t);

uint64_t template_id(const struct template *t);

/**
 * Match a line.
 *
 * @param values  `t->slot_count` items of room, filled if the line matches: literals and values,
 *                put together again, give exactly the line
 */
bool template_match(const struct template *t, const uint8_t *line, size_t len,
                    struct slot_value *values);

/** The template for people: slots as "<*>" and "<time>", bytes that don't print as "\xHH". */
void template_describe(const struct template *t, struct buf *out);

#endif
