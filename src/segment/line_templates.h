/*
 * line_templates.h - which template each line of a text has: the lines of a block, which says so
 * itself, or of bytes that aren't in a segment, or in a plain block. For these, templates are found
 * as a writer would find them, so that lines have mostly the same ones once they are in a segment.
 */
#ifndef LOGZIP_SEGMENT_LINE_TEMPLATES_H
#define LOGZIP_SEGMENT_LINE_TEMPLATES_H

#include "segment/reader.h"
#include "template/known.h"
#include "template/template_set.h"

/** A template, as others know it. */
struct template_name {
    uint64_t id;
    struct span text; /**< for people: slots shown as "<*>" and "<time>" */
};

/** Zero-initialized has no lines, and is valid for line_templates_clear(). */
struct line_templates {
    struct template_set set;
    struct template_name *names; /**< for each template of the set */
    struct buf texts;            /**< what the names refer to */
    uint32_t *of_line;           /**< for each line its template, below the set's length; owned */
    size_t lines;                /**< bytes behind the last newline are one, too */
};

/**
 * The templates of the lines of a block, of which nothing else is decoded. A damaged block may say
 * anything: only segment_read_block() tells. A plain block has none, and no lines.
 *
 * @param out  zero-initialized
 */
int segment_line_templates(const struct segment *s, size_t index, struct line_templates *out,
                           struct lgz_error *err);

/**
 * Find the templates of the lines of a text.
 *
 * @param out    zero-initialized
 * @param known  what is known from before; becomes what is known behind the text
 */
int line_templates_find(struct line_templates *out, struct span text, struct known_templates *known,
                        struct lgz_error *err);

/** Set `names` of the templates in `set`. For the readers of blocks. */
int line_templates_name(struct line_templates *t, struct lgz_error *err);

/**
 * Which template of the set a line by itself has: the one that matches it and leaves the least
 * open.
 *
 * @param number  set to its number; left alone if none matches
 * @return 1, 0 if there is none, or LGZ_ERR_MEMORY
 */
int line_templates_match(const struct line_templates *t, struct span line, size_t *number,
                         struct lgz_error *err);

void line_templates_clear(struct line_templates *t);

/**
 * Add to what is known the templates of a segment's last block that has some. A block that can't be
 * read adds nothing.
 *
 * @param most_stored  bytes of the block, at most: a larger one adds nothing
 * @return LGZ_OK or LGZ_ERR_MEMORY
 */
int segment_recall(const struct segment *s, uint64_t most_stored, struct known_templates *known,
                   struct lgz_error *err);

#endif
