/*
 * block_search.h - the lines of a block that meet a need (need.h), without putting the others
 * together.
 *
 * First each template is asked whether its lines can meet the need, by its literals and by what is
 * known of its columns' values: of some it's certain, of others impossible. Lines of the rest are
 * put together as far as strings of the need may lie in them, which takes a few of the columns.
 * What they follow from is opened, too; all other frames stay as they are. Only lines that meet the
 * need are put together as a whole.
 *
 * Nothing is compared with the checksum of the raw bytes: who calls this knows that the body isn't
 * damaged (stored.h). Whatever the body is, it's safe.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_SEARCH_H
#define LOGZIP_SEGMENT_BLOCK_SEARCH_H

#include "segment/need.h"
#include "segment/reader.h"

/**
 * Telling by some fields of a line that it isn't wanted, before all of it is put together. A
 * field's value stands behind its name, up to a ',', '}' or ']'.
 */
struct field_search {
    const struct need_clause *names; /**< a line that is wanted holds one of these; not folded */
    void *context;
    /** Begin with lines of which all is right but what no name stands in front of, where a newline
     * may stand. They stay valid up to the next start(). */
    void (*start)(void *context, struct span lines);
    /** A place in the first line at or behind `from` that may be wanted; SIZE_MAX if none is. */
    size_t (*next)(void *context, size_t from);
};

/** What segment_search_block() looks for. */
struct block_search {
    const struct need *need;
    const struct field_search *fields; /**< NULL: the need is all */
    bool texts; /**< lines are wanted, not only their numbers; always, unless the need is exact */
    bool total; /**< only how many lines there are is wanted */
    bool never; /**< only whether it's certain that there are none: else it's declined */
};

/** A line that meets the need. */
struct block_hit {
    uint64_t line;    /**< its number among the block's lines, from 0 on */
    struct span text; /**< without its newline; empty if it wasn't wanted */
};

struct block_hits {
    VEC(struct block_hit) list; /**< in order; empty if only the total was wanted */
    uint64_t total;
    uint8_t *bytes; /**< what the texts are in */
    bool declined;  /**< the block has to be decoded: that's the only way, or costs no more */
};

void block_hits_clear(struct block_hits *hits);

/**
 * Find the lines of block `index` that meet a need, decoding as little as possible. Bytes that were
 * read are compared with their checksum; where there is none, this is declined.
 *
 * @param hits  zero-initialized
 */
int segment_search_block(const struct segment *s, size_t index, const struct block_search *search,
                         struct block_hits *hits, struct lgz_error *err);

/**
 * Search a structured block's body.
 *
 * @param counts  of the lines of each template, as the index says; used to tell whether it pays
 * @param hits    zero-initialized; filled
 * @return LGZ_OK, also where `hits->declined`; an error says that the block is damaged, or that
 *         memory is out
 */
int block_search(struct span body, const struct block_search *search, const uint64_t *counts,
                 size_t count, struct block_hits *hits, struct lgz_error *err);

#endif
