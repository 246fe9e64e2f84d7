/*
 * holdings.h - what an archive holds, as expire sees it: each segment, how old its newest byte is,
 * what it takes, and how much of that is which retention class's.
 *
 * They are in the order in which they expire: by when their newest byte was read. A segment's
 * journals come before those of the next one even if the clock went back in between, so that what
 * is left of a source has no hole. Segments that the catalog knows, and in which there is only one
 * class, aren't opened.
 */
#ifndef LOGZIP_ARCHIVE_HOLDINGS_H
#define LOGZIP_ARCHIVE_HOLDINGS_H

#include "archive/class_catalog.h"
#include "archive/listing.h"

/** What a segment takes for a class. */
struct holding_share {
    size_t class;
    uint64_t bytes; /**< the file's bytes, shared by raw bytes */
};

struct holding {
    const char *path;
    struct segment_name name;
    uint64_t bytes; /**< the file's size */
    uint64_t disk;  /**< what it takes on the disk */
    int64_t newest; /**< when its newest byte was read, nanoseconds since the epoch */
    const struct holding_share *shares;
    size_t share_count; /**< 0: it can't be read, `problem` says why; or it is empty */
    char *problem;      /**< or NULL */
    uint32_t set;       /**< whose bytes are in it, by `known`; CATALOG_ANY: it doesn't say */
    bool cataloged;     /**< this is what the catalog says, and it wasn't opened: whoever removes it
                             first compares its footer's checksum, */
    uint64_t checksum;  /**< segment_checksum() by the catalog */
};

struct holdings {
    VEC(struct holding) list; /**< the first to expire comes first */
    struct listing found;     /**< owns the paths */
    VEC(struct holding_share) shares;
    struct class_catalog known;
};

/**
 * Look at all segments.
 *
 * @param out      needs no holdings_clear() before; holdings_clear() it in any case
 * @param classes  must outlive it
 * @return LGZ_ERR_NOT_FOUND if the directory isn't there, LGZ_ERR_IO, LGZ_ERR_MEMORY. A segment
 *         that can't be read is no error
 */
int holdings_open(struct holdings *out, const char *directory,
                  const struct retention_classes *classes, struct lgz_error *err);

void holdings_clear(struct holdings *h);

#endif
