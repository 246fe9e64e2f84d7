/*
 * skeleton.h - lines grouped by what is left of them without their values.
 *
 * The skeleton of a line is the sequence of its separators, words, and places of values and time
 * stamps. Lines of one skeleton nearly always belong to one template, so clustering works on the
 * few skeletons of a block instead of on its many lines. A skeleton is known by a 64-bit hash; two
 * that collide cost ratio, never exactness, since template_match() looks at every byte.
 */
#ifndef LOGZIP_TEMPLATE_SKELETON_H
#define LOGZIP_TEMPLATE_SKELETON_H

#include "base/workers.h"
#include "line/lines.h"
#include "line/timestamp.h"

struct skeleton {
    uint64_t hash;
    uint64_t shape;   /**< hash of separators and stamps only: lines that may share a template */
    uint32_t example; /**< the first line that has it */
    uint32_t count;   /**< lines that have it */
};

/** A value or a stamp that was found in a line. */
struct line_value {
    uint32_t at;  /**< offset in the block */
    uint32_t len; /**< or LINE_VALUE_STAMP | its index in `stamps` */
};

#define LINE_VALUE_STAMP (UINT32_C(1) << 31)

struct skeletons {
    VEC(struct skeleton) list; /**< in order of first appearance */
    uint32_t *of_line;         /**< for each line, its index in `list`; owned */
    uint32_t *first_value;     /**< for each line, and for their end, an index in `values`; owned */
    VEC(struct line_value) values; /**< there is memory even for none */
    VEC(struct timestamp) stamps;
    uint32_t *table;   /**< open addressing, index + 1; owned */
    size_t table_size; /**< a power of two */
};

/**
 * Find the skeletons and the values of all lines, which are in order.
 *
 * @param me  shares the work: what is found doesn't depend on it
 * @return false when memory is out
 */
bool skeletons_collect(struct skeletons *s, const uint8_t *raw, const struct lines *lines,
                       struct worker *me);
void skeletons_free(struct skeletons *s);

/** The line that stands for skeleton `number`: the first one that has it. */
static inline struct span skeletons_example(const struct skeletons *s, const uint8_t *raw,
                                            const struct lines *lines, uint32_t number)
{
    return lines_get(lines, raw, s->list.data[number].example);
}

/*
 * The shape of a skeleton, step by step: before each token the separators in front of it, after a
 * stamp what it is; at last the separators behind the last token.
 */
enum { SKELETON_FIRST_SHAPE = 2 };
uint64_t skeleton_shape_gap(uint64_t shape, const uint8_t *separators, size_t len);
uint64_t skeleton_shape_stamp(uint64_t shape, uint8_t format, uint8_t digits);

/** A hash step that is good enough for tables in memory; never stored. */
static inline uint64_t mix_hash(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

/** mix_hash() over bytes. */
uint64_t mix_bytes(uint64_t hash, const uint8_t *data, size_t len);

#endif
