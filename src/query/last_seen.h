/*
 * last_seen.h - up to where in an archive each source goes: which segment is the last that has
 * bytes of it. Then an event that is under way at that segment's end has no further line.
 */
#ifndef LOGZIP_QUERY_LAST_SEEN_H
#define LOGZIP_QUERY_LAST_SEEN_H

#include "archive/archive.h"
#include "archive/catalog.h"

struct last_seen;

/**
 * Look into the footers of all segments and the checkpoints of all journals. What can't be read is
 * left out: the scan will tell.
 *
 * @param snapshot  its journals are read and rewound
 * @param catalog   instead of the footers of segments that have a mark (shortlist.h); NULL: none
 */
int last_seen_new(struct last_seen **out, const struct archive_snapshot *snapshot,
                  const struct catalog *catalog, struct lgz_error *err);

/** Has no segment behind number `segment`, and no journal, bytes of the source `id`? */
bool last_seen_in(const struct last_seen *l, uint64_t id, size_t segment);

/** NULL is allowed. */
void last_seen_free(struct last_seen *l);

#endif
