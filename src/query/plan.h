/*
 * plan.h - what of a query can be answered by an index: what lines need, as bits, and which of it
 * blocks and pieces of text lack.
 *
 * A line that is wanted meets each clause of its need (segment/need.h); so does an event, its lines
 * together. If some bytes lack a clause, nothing that is wanted lies within them. What lies partly
 * within them, since a line or an event goes on elsewhere, isn't wanted if all its parts lack the
 * same clause, and no string of the clause can begin in one part and end in the next. For that,
 * parts say how much of each string they could end or begin with (struct plan_reach).
 *
 * Lines whose source has a `format` have fewer clauses: names of fields need not be in them.
 *
 * A struct plan never changes once it's made.
 */
#ifndef LOGZIP_QUERY_PLAN_H
#define LOGZIP_QUERY_PLAN_H

#include "query/where.h"
#include "segment/filters.h"
#include "segment/need.h"

struct plan;

/** A set of clauses. */
typedef uint64_t plan_clauses;

/**
 * Make a plan of what must hold.
 *
 * @param pattern  what lines need for the pattern; NULL: nothing. Borrowed, as `where`
 * @param where    NULL: there is none
 */
int plan_new(struct plan **out, const struct need *pattern, const struct where *where,
             struct lgz_error *err);

/** NULL is allowed. */
void plan_free(struct plan *p);

/** Is there nothing that an index could answer? */
bool plan_is_empty(const struct plan *p);

/** Append what lines need, for people: strings with | between them, clauses with "and". */
void plan_describe(const struct plan *p, struct buf *out);

/** The clauses that lines must meet, of sources with a `format` or without. */
plan_clauses plan_needed(const struct plan *p, bool formatted);

/** The clauses that nothing in the block meets, by its filter; none where nothing is known. */
plan_clauses plan_lacks(const struct plan *p, const struct segment_filters *filters, size_t block);

/** The clauses that the text doesn't meet. */
plan_clauses plan_text_lacks(const struct plan *p, struct span text);

/** How many bytes of each string's start, or end, could be at an end of some bytes. */
struct plan_reach {
    size_t *lens; /**< by string; NULL: none of any */
};

/** The longest string of all clauses. */
size_t plan_longest(const struct plan *p);

/** Starts of strings, with which the block, or any part of it, could end. @return false when memory
    is out, as of these all. `reach` is used again if it was filled before */
bool plan_starts(const struct plan *p, const struct segment_filters *filters, size_t block,
                 struct plan_reach *reach);

/** Ends of strings, with which the block, or any part of it, could begin. */
bool plan_ends(const struct plan *p, const struct segment_filters *filters, size_t block,
               struct plan_reach *reach);

/** Starts of strings with which the text ends. */
bool plan_text_starts(const struct plan *p, struct span text, struct plan_reach *reach);

/** The same reach again. */
bool plan_reach_copy(const struct plan *p, const struct plan_reach *from, struct plan_reach *to);

void plan_reach_clear(struct plan_reach *reach);

/** The clauses of which a string could begin in one piece of text and end in the next. */
plan_clauses plan_across(const struct plan *p, const struct plan_reach *starts,
                         const struct plan_reach *ends);

#endif
