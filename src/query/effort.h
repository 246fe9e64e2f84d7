/*
 * effort.h - what a scan did, and what it left out and why: for --explain.
 */
#ifndef LOGZIP_QUERY_EFFORT_H
#define LOGZIP_QUERY_EFFORT_H

#include <stdint.h>

/** What became of a block. */
enum effort_block {
    BLOCK_DECODED,
    BLOCK_SEARCHED,     /**< by its templates, of which only those that can match were decoded */
    BLOCK_OTHER_SOURCE, /**< none of its sources has a name that is wanted */
    BLOCK_OTHER_INPUT,  /**< none of those that have is of an input that is wanted */
    BLOCK_ENOUGH,       /**< all lines that were wanted of its sources are found */
    BLOCK_OTHER_TIME,
    BLOCK_OTHER_TEXT,     /**< by its filter, nothing in it is wanted */
    BLOCK_OTHER_TEMPLATE, /**< none of its lines has the template that is */
    BLOCK_FATES,
};

struct effort {
    uint64_t segments; /**< in the archives */
    uint64_t opened;   /**< of these; the others weren't needed any more, or are gone */
    uint64_t passed;   /**< of those that weren't: by the catalog, nothing in them is wanted */
    uint64_t filters;  /**< segments whose filters were read */
    uint64_t bytes;    /**< of the segments that were opened */
    uint64_t read;     /**< of these bytes */
    uint64_t blocks[BLOCK_FATES];
    uint64_t read_back; /**< blocks left out, and decoded for the start of what goes on behind */
    uint64_t text;      /**< bytes of journals and plain files that were searched */
};

#endif
