/*
 * source.h - who wrote the bytes: one incarnation of one log file, and the runs of bytes (extents)
 * that were read from it.
 *
 * A file that is replaced or truncated starts a new source with the same name, a larger id, and
 * offsets from 0 again. The bytes "of a file" are those of all sources with its name, in the order
 * that source_before() has, each in the order of its offsets.
 *
 * Ids below SOURCE_IMPORTED are the daemon's, ascending in order of appearance. Those from there on
 * are files that were imported, ascending in order of their age: these were rotated before the
 * daemon came, so they are before all of its sources.
 */
#ifndef LOGZIP_SEGMENT_SOURCE_H
#define LOGZIP_SEGMENT_SOURCE_H

#include <stdint.h>

#include "base/error.h"
#include "base/varint.h"

/** The first id of files that were imported. */
#define SOURCE_IMPORTED (UINT64_C(1) << 63)

static inline bool source_is_imported(uint64_t id)
{
    return id >= SOURCE_IMPORTED;
}

/** Do the bytes of source `a` come before those of source `b`, if they have the same name? */
static inline bool source_before(uint64_t a, uint64_t b)
{
    return (a ^ SOURCE_IMPORTED) < (b ^ SOURCE_IMPORTED);
}

struct source {
    uint64_t id;              /**< unique in an archive; not 0 */
    char *name;               /**< path under which it was first read; "" if there was none */
    char *input;              /**< the [input NAME] that it belongs to; "" if there was none */
    uint64_t device;          /**< st_dev, 0 if unknown */
    uint64_t inode;           /**< st_ino, 0 if unknown */
    uint64_t fingerprint;     /**< hash_bytes() of the first fingerprint_len bytes */
    uint32_t fingerprint_len; /**< 0: no fingerprint */
    int64_t empty_at;     /**< when its file was seen empty, nanoseconds since the epoch; nothing
                               was read of it since. 0: not known. Only journals keep it */
    int64_t last_written; /**< when its file was written to last, nanoseconds since the epoch, as
                               known when this was told. 0: not known. Only journals keep it */
    bool ended;           /**< it's followed no more. Only journals keep it */
};

/** `length` bytes of source number `source` (an index into the segment's table) from `offset` on.
 */
struct extent {
    uint32_t source;
    uint64_t offset;
    uint64_t length;
    int64_t read_time; /**< when they were read, nanoseconds since the epoch */
};

/** Is it one that was never a file: standard input, or messages that came over sockets? */
static inline bool source_is_stream(const struct source *s)
{
    return s->device == 0 && s->inode == 0;
}

/**
 * Copy `from` into `to`, which needs no source_clear() before. Fails with LGZ_ERR_LIMIT if a name
 * has more than 65,536 bytes: no reader would take it.
 */
int source_copy(struct source *to, const struct source *from, struct lgz_error *err);

/** Free what `s` owns and zero it. */
void source_clear(struct source *s);

/** Append the serialized source, as docs/format.md says ("Source"). */
void source_write(struct buf *out, const struct source *s);

/** Parse what source_write() wrote. `what` is for the message. `s` owns its strings afterwards. */
int source_read(struct reader *r, struct source *s, const char *what, struct lgz_error *err);

#endif
