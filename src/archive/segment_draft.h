/*
 * segment_draft.h - a segment of an archive while it's made: written as a draft, each block of it
 * read back and compared with what it should hold, and given its name when that is proven.
 *
 *   segment_draft_open(&d, path, &options, &err);
 *   segment_draft_continue(d, newest, &err);
 *   segment_writer_source(segment_draft_writer(d), ...); and rules
 *   segment_draft_append(d, ...);
 *   segment_draft_finish(d, &segment, &err);     all is written and proven
 *   segment_draft_commit(d, &err);               it's there
 *   segment_draft_free(d);                       in any case; without a commit nothing is left
 */
#ifndef LOGZIP_ARCHIVE_SEGMENT_DRAFT_H
#define LOGZIP_ARCHIVE_SEGMENT_DRAFT_H

#include "segment/reader.h"
#include "segment/writer.h"

struct segment_draft;

/** @param path  what it will be called; a file of that name is replaced by the commit */
int segment_draft_open(struct segment_draft **out, const char *path,
                       const struct segment_options *options, struct lgz_error *err);

/** Sources, rules and templates are told to the writer itself; bytes aren't. NULL: it's gone. */
struct segment_writer *segment_draft_writer(const struct segment_draft *d);

/**
 * Start from the templates of the segment at `earlier` (segment_writer_continue()). If that can't
 * be read, no harm is done.
 *
 * @return an error only when memory is out
 */
int segment_draft_continue(struct segment_draft *d, const char *earlier, struct lgz_error *err);

/** As segment_writer_append(). @param id  the source's; `index` is what the writer calls it */
int segment_draft_append(struct segment_draft *d, uint32_t index, uint64_t id, uint64_t offset,
                         int64_t read_time, const void *data, size_t len, struct lgz_error *err);

/**
 * Write the rest, and prove that the draft decodes to what was appended and names the journals of
 * the options. The writer is gone afterwards.
 *
 * @param segment  set to the segment, to be closed by the caller; NULL on failure
 * @return LGZ_ERR_CORRUPT if it isn't so
 */
int segment_draft_finish(struct segment_draft *d, struct segment **segment, struct lgz_error *err);

/** Give it its name, durably. */
int segment_draft_commit(struct segment_draft *d, struct lgz_error *err);

/** The same under another name in its directory. @return LGZ_ERR_ARGUMENT if a file has it */
int segment_draft_commit_as(struct segment_draft *d, const char *path, struct lgz_error *err);

/** What it will be called. */
const char *segment_draft_path(const struct segment_draft *d);

/** NULL is allowed. */
void segment_draft_free(struct segment_draft *d);

#endif
