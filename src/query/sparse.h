/*
 * sparse.h - selecting the lines of a block of which only those that may be wanted are decoded
 * (segment_search_block()).
 *
 * It's for selections that need nothing but the lines that match: not for what is shown around
 * them, nor for times, which other lines may give. What comes out is what comes of decoding the
 * block and feeding it; afterwards the block is as one that was left out (prune.h).
 */
#ifndef LOGZIP_QUERY_SPARSE_H
#define LOGZIP_QUERY_SPARSE_H

#include "query/select.h"
#include "segment/block_search.h"

/**
 * May a block be searched so? No line of it may be cut by its ends. That each of its sources is in
 * one run alone is for the caller to see to.
 *
 * @param search  filled: what to look for
 */
bool sparse_wanted(const struct selection *s, const struct segment *segment, size_t block,
                   struct query_source *const *sources, struct block_search *search);

/** What was found in a block. Zero-initialized: it wasn't searched. */
struct sparse_found {
    struct block_hits hits; /**< lines that match */
    bool searched;
    int code;               /**< LGZ_OK, or why it isn't known whether the next line matches, */
    struct lgz_error error; /**< with the code, */
    uint64_t line;          /**< and which line that is */
};

/**
 * Search a block. `found->searched` stays false if it has to be decoded. Any thread may do that.
 *
 * @param where  the expression, if it finds lines (struct selection, where_first); else NULL
 */
int sparse_find(const struct segment *segment, size_t block, const struct block_search *search,
                struct pattern *pattern, struct where *where, struct sparse_found *found,
                struct lgz_error *err);

/** If only the number of all lines was looked for: count these. */
void sparse_count(struct selection *s, struct query_source *source,
                  const struct sparse_found *found);

/** The lines of one run, by their numbers in the block. */
struct sparse_lines {
    uint64_t first;
    uint64_t end;
    int64_t read_time; /**< of the run's first bytes */
};

/** Select the lines of one run of the block; the source's dialect is set. */
int sparse_select(struct selection *s, struct query_source *source, struct sparse_lines lines,
                  const struct sparse_found *found, struct lgz_error *err);

/**
 * At the block's turn: is what was found all that there is to tell? Not where a line of its sources
 * goes on in it, or bytes come again, or lines that were found have to be put in order.
 */
bool sparse_allowed(const struct selection *s, const struct segment *segment, size_t block,
                    struct query_source *const *sources, const struct sparse_found *found);

/** A block was left out since nothing was found: note that no part of a match is under way. */
void sparse_leave(const struct selection *s, const struct block_info *block,
                  struct query_source *const *sources);

void sparse_clear(struct sparse_found *found);

#endif
