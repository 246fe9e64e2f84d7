/*
 * import_segment.h - one segment of imported files on its way into an archive: written as a draft,
 * read back and compared block by block (proof.h), and given its name when all of it is durable.
 */
#ifndef LOGZIP_IMPORT_IMPORT_SEGMENT_H
#define LOGZIP_IMPORT_IMPORT_SEGMENT_H

#include "archive/shares.h"
#include "segment/writer.h"

struct import_segment;

/**
 * Begin one.
 *
 * @param number   of the import, which the name tells
 * @param earlier  path of a segment whose templates it starts from; NULL: there is none
 */
int import_segment_new(struct import_segment **out, const char *directory, uint64_t number,
                       const struct segment_options *options, const char *earlier,
                       struct lgz_error *err);

/** What comes next are bytes of this source (copied), with these rules, from `offset` on. */
int import_segment_source(struct import_segment *s, const struct source *source,
                          const struct rules *rules, uint64_t offset, int64_t read_time,
                          struct lgz_error *err);

/** Append bytes of that source. */
int import_segment_append(struct import_segment *s, const void *data, size_t len,
                          struct lgz_error *err);

uint64_t import_segment_raw_bytes(const struct import_segment *s);
uint64_t import_segment_stored_bytes(const struct import_segment *s);

/**
 * Finish the segment, prove that it holds what it was given, and only that, and give it its name,
 * durably.
 *
 * @param path    set to it, to be freed
 * @param shares  set to who has how much of it, to be cleared also after a failure
 * @return LGZ_ERR_CORRUPT if it doesn't decode to what it was given
 */
int import_segment_commit(struct import_segment *s, char **path, struct shares *shares,
                          struct lgz_error *err);

/** NULL is allowed. What wasn't committed is removed. */
void import_segment_free(struct import_segment *s);

#endif
