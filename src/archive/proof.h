/*
 * proof.h - that a segment's draft holds what it should, found out while it is written.
 *
 * What was written is read back from the file, block by block as they come, decoded, and compared
 * with what was given to the writer: bytes, sources, offsets, times. At the end the footer is read
 * and compared in the same way, so nothing that the writer or the disk did wrong passes.
 */
#ifndef LOGZIP_ARCHIVE_PROOF_H
#define LOGZIP_ARCHIVE_PROOF_H

#include <stdint.h>

#include "base/error.h"
#include "segment/reader.h"

struct proof;

/**
 * @param draft  path of the file, which is empty so far
 * @param name   what the segment will be called, for messages
 */
int proof_open(struct proof **out, const char *draft, const char *name, struct lgz_error *err);

/** These bytes are to be in the segment, behind those that were told before. */
int proof_expect(struct proof *p, uint64_t source_id, uint64_t offset, int64_t read_time,
                 const void *data, size_t len, struct lgz_error *err);

/**
 * These bytes were written to the file; they are read back.
 *
 * @return LGZ_ERR_CORRUPT if the file has others, or a block that they complete can't be decoded
 */
int proof_written(struct proof *p, const void *data, size_t len, struct lgz_error *err);

/**
 * The whole segment is written.
 *
 * @param segment  set to the segment, opened from the draft; NULL on failure
 * @return LGZ_ERR_CORRUPT if it isn't all of what was expected, and only that
 */
int proof_finish(struct proof *p, struct segment **segment, struct lgz_error *err);

/** NULL is allowed. */
void proof_close(struct proof *p);

#endif
