/*
 * shortlist.h - which segments of an archive need not be opened, by its catalog; and what is to be
 * done where some were passed over and a later one was not.
 *
 * A segment is passed over if none of its sources is wanted, or if each of its blocks would be left
 * out for its time (prune_by_time()), which is known without looking at them: all blocks have
 * stamps, these and all times of reading are on one side of the range, and nothing is under way
 * from what was read before. It's as if its blocks had been left out one by one: a source that goes
 * on in a later segment may need the line, the event or the stamp that is under way, and then the
 * blocks before are looked up (shortlist_catch_up(), shortlist_older()).
 */
#ifndef LOGZIP_QUERY_SHORTLIST_H
#define LOGZIP_QUERY_SHORTLIST_H

#include "archive/archive.h"
#include "archive/catalog.h"
#include "query/select.h"
#include "query/sources.h"

struct shortlist;

/**
 * Read the archive's catalog. That there is none that can be used is no error: shortlist_fault()
 * tells it, and no segment is passed over.
 *
 * @param selection  borrowed, as is the filter
 * @param doubtful   blocks may be left out for their text, which leaves it open which stamps were
 * in them; so segments behind the time range are needed, too
 */
int shortlist_new(struct shortlist **out, const char *directory, const struct selection *selection,
                  const struct sources_filter *filter, bool doubtful, struct lgz_error *err);

/** NULL is allowed. */
void shortlist_free(struct shortlist *l);

/** Why the catalog is of no use; its code is LGZ_OK if it is. */
const struct lgz_error *shortlist_fault(const struct shortlist *l);

/** NULL: there is none. */
const struct catalog *shortlist_catalog(const struct shortlist *l);

/**
 * archive_needed_fn, for a struct shortlist: by the catalog alone, may the segment hold what is
 * wanted? Sets its `mark` to what stands for its entry, 0 if there is none.
 */
bool shortlist_needs(void *context, struct archive_segment *segment);

/** The same of a segment that has its mark. */
bool shortlist_may_need(struct shortlist *l, const struct archive_segment *segment);

enum shortlist_verdict {
    SHORTLIST_OPEN,
    SHORTLIST_OTHER_SOURCE, /**< none of its sources is wanted */
    SHORTLIST_OTHER_TIME,   /**< nothing in it is in the time range */
};

/**
 * At a segment's turn: is it passed over? Its sources become known in either case but if it's to be
 * opened.
 *
 * @param index  its number; they come in order
 * @param label  stands for a source without a name
 */
int shortlist_decide(struct shortlist *l, struct sources *sources,
                     const struct archive_segment *segment, size_t index, const char *label,
                     enum shortlist_verdict *verdict, struct lgz_error *err);

/** Segment `index` was opened, or journals were read: what was known of sources may be otherwise.
 */
void shortlist_forget(struct shortlist *l);

/** Were segments passed over for their time so far? */
bool shortlist_passed_any(const struct shortlist *l);

/**
 * The last segment below `end` that was passed over for its time and has bytes of an awaited
 * source. `awaited` is a member of the sources; each of those has it that isn't older than its
 * `seen`.
 *
 * @return SIZE_MAX if there is none
 */
size_t shortlist_find(struct shortlist *l, struct sources *sources, size_t end);

/** The same of one source, whether it's awaited or not, not below segment `floor`. */
size_t shortlist_find_one(const struct shortlist *l, uint64_t id, size_t floor, size_t end);

#endif
