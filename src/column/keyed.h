/*
 * keyed.h - a text column whose values follow from those of another: the size of a file from its
 * path, a browser from an address, a port from a service.
 *
 * The other column is the key. In front of each value, what the key column put out last (in this
 * row, or in one before) says under which key the value stands. Each key has a list of the values
 * seen with it lately, the last one first; a row says which of them it is, or that it's none. A
 * column may be its own key: then values follow from the one before.
 *
 * Keys may be those of the line instead: what the key column puts out in the same line counts then,
 * even if it comes behind the value.
 *
 * A chained key is the value that this column had when the key column last had what it has now: so
 * a client's request follows from the same client's last one, the step of a thread from its last.
 */
#ifndef LOGZIP_COLUMN_KEYED_H
#define LOGZIP_COLUMN_KEYED_H

#include "column/text.h"

/** The column that keys come from, and how. */
struct keyed_by {
    uint32_t column; /**< its number in the block */
    bool of_row;     /**< its value in the same line counts, even if it comes behind */
    bool chained;    /**< keys are chained: see keyed_chain() */
};

/** What a reader counts for each value that didn't follow, among the tables that it makes. */
enum { KEYED_OTHER_SIZE = 32 };

/** The key of a row: XXH3 of the key's bytes. Equal hashes are one key, to writers and readers. */
uint64_t keyed_hash(struct span key);

/**
 * Encode a column with a key.
 *
 * @param e       gets the column, its tag included; its cost is the estimate
 * @param keys    for each value, keyed_hash() of its key
 * @param by      where the keys come from
 * @param others_left  how many values of a block may not follow; less those of this column
 *                     afterwards
 * @return false, with nothing in `e`, where values hardly follow from the key
 */
bool keyed_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                  const uint64_t *keys, const struct keyed_by *by, size_t *others_left);

/**
 * Turn keys into chained ones.
 *
 * @param others_left  each distinct key takes one
 * @return false when memory is out
 */
bool keyed_chain(uint64_t *keys, const struct text_values *v, size_t *others_left);

#endif
