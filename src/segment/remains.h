/*
 * remains.h - the file of a segment that may be damaged anywhere: reads it where it can be read,
 * and finds its index, wherever that is and whatever is left of it.
 *
 * An index is taken only if there is proof of it: it has its checksum, or would have it but for a
 * byte, or the checksum but for some bits is its own. The one exception is a file that was cut
 * within its trailer: what is left has no checksum, but if the index describes the very file in
 * front of it, it's taken, and called unproven.
 */
#ifndef LOGZIP_SEGMENT_REMAINS_H
#define LOGZIP_SEGMENT_REMAINS_H

#include "segment/index.h"

struct remains;

/** Open `path`. @return LGZ_ERR_FORMAT if it's no regular file */
int remains_open(struct remains **out, const char *path, struct lgz_error *err);

/** NULL is allowed. */
void remains_close(struct remains *r);

const char *remains_path(const struct remains *r);
uint64_t remains_size(const struct remains *r);

/** When the file was written to last: nanoseconds since the epoch. */
int64_t remains_modified(const struct remains *r);

/** Pages of the file that couldn't be read so far, in bytes, some maybe several times. */
uint64_t remains_unreadable(const struct remains *r);

/**
 * Read `len` bytes at `offset`. What the disk doesn't give, and what isn't in the file, is zeros:
 * for who compares checksums that is damage like any other.
 */
void remains_read(struct remains *r, uint64_t offset, void *data, size_t len);

enum { REMAINS_VIEW = 64 };

/**
 * The bytes from `offset` on, for who looks through the file.
 *
 * @param len  set to how many there are: at least REMAINS_VIEW, but at the end of the file
 * @return valid until the next call
 */
const uint8_t *remains_view(struct remains *r, uint64_t offset, size_t *len);

/** What looks like a part of a segment: a block, the filters or the footer. */
struct remains_part {
    uint8_t tag;   /**< anything */
    uint64_t head; /**< bytes in front of the body: the tag and the length */
    uint64_t len;  /**< of both */
};

/** What stands at `at`, if it's a part. @return false if it can't be one */
bool remains_part_at(struct remains *r, uint64_t at, struct remains_part *part);

enum remains_proof {
    REMAINS_GONE = 0, /**< there is no index */
    REMAINS_SOUND,    /**< it and its trailer are what they were */
    REMAINS_WHOLE,    /**< it is what it was; the trailer isn't */
    REMAINS_MENDED,   /**< one byte of it was wrong, and isn't any more */
    REMAINS_UNPROVEN, /**< there is no checksum of it any more; it fits the file */
};

struct remains_index {
    enum remains_proof proof;
    struct segment_index index; /**< free with segment_index_clear() */
    uint64_t at;                /**< where the footer begins */
    uint64_t end;               /**< where the trailer ends */
};

/**
 * Find the index of the segment that ends at `end`, or the last one that ends before.
 *
 * @param out  filled; `proof` is REMAINS_GONE if there is none
 * @return LGZ_ERR_VERSION if there is one that a newer logzip wrote
 */
int remains_find_index(struct remains *r, uint64_t end, struct remains_index *out,
                       struct lgz_error *err);

/** Does a trailer end at `end`, and a footer stand where it says? */
bool remains_end_at(struct remains *r, uint64_t end);

#endif
