/*
 * salvage_copy.h - the whole blocks of a damaged segment whose index is known, copied as they are
 * stored into a new one. The parts of segment/salvage.h that both of its ways share are here, too.
 */
#ifndef LOGZIP_SEGMENT_SALVAGE_COPY_H
#define LOGZIP_SEGMENT_SALVAGE_COPY_H

#include "segment/remains.h"
#include "segment/salvage.h"

/** Where a salvage's results go. */
struct salvage_sink {
    lgz_write_fn *write;
    void *context;
    struct salvage_result *result;
    VEC(struct salvage_loss) losses;
    VEC(char *) notes;
    struct lgz_error *err; /**< never NULL; `write` may fill it */
};

/** Note that something is damaged. */
void salvage_note(struct salvage_sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Write to the new segment. */
int salvage_put(struct salvage_sink *sink, const void *data, size_t len);

/**
 * Copy a segment. Nothing is written if no block is whole and there was one.
 *
 * A block of which only the head is damaged, which the index has, too, is put right.
 *
 * @param begin  where the segment begins; its blocks may be displaced, by bytes that are missing or
 *               too many
 * @param end    behind its trailer, and what isn't its own
 */
int salvage_copy(struct remains *in, const struct remains_index *found, uint64_t begin,
                 uint64_t end, struct salvage_sink *sink);

#endif
