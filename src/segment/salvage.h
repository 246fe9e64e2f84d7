/*
 * salvage.h - what is left of a damaged segment, as a sound one.
 *
 * With an index, or one that can be put right (remains.h), blocks are found where it says, those
 * that are whole are copied as they are stored, and the new index says of them what the old one
 * did. So all that is left has its source, offsets and times of reading, and it's known exactly
 * what is gone. Without one, the blocks that are whole are found by themselves (salvage_walk.h),
 * but not where their bytes came from: they become the bytes of one name.
 *
 * Files of several segments become such files again.
 */
#ifndef LOGZIP_SEGMENT_SALVAGE_H
#define LOGZIP_SEGMENT_SALVAGE_H

#include "segment/source.h"

struct salvage_options {
    const char *name;       /**< whose bytes they are if the index is gone */
    uint64_t first_id;      /**< and the id of its first source; 0: 1 */
    uint64_t first_journal; /**< and which journals it held; 0: none */
    uint64_t last_journal;
    unsigned threads; /**< that encode blocks anew, without an index */
};

/** Bytes of a source, next to each other, that are gone. */
struct salvage_loss {
    uint64_t source_id;
    char *name;
    uint64_t offset;
    uint64_t length;
    uint64_t
        lines;    /**< of which something is gone: newlines, and 1 for bytes behind the last one */
    bool counted; /**< `lines` is known; older segments don't say it of each source */
    bool cut;     /**< the last byte is no newline */
};

enum { SALVAGE_NOTES_MAX = 100 };

struct salvage_result {
    bool damaged;  /**< false: the file is sound, and what was written is no better */
    bool exact;    /**< it's known what is gone, and it's all in `losses` */
    bool indexed;  /**< what is left has its sources, offsets and times */
    size_t blocks; /**< that are left */
    size_t mended; /**< of these, such as were stored with other bytes than they should have been */
    size_t blocks_lost; /**< if it's exact */
    uint64_t raw_bytes; /**< that are left */
    uint64_t lines;
    uint64_t raw_lost;
    uint64_t lines_lost;   /**< of which something is gone */
    uint64_t stored_bytes; /**< written; 0 if nothing is left */
    struct salvage_loss *losses;
    size_t loss_count;
    char **notes; /**< what is damaged, a text each: file, offset, why */
    size_t note_count;
};

/**
 * Bring out what is whole.
 *
 * @param write   gets the new segment; nothing if nothing is left. What it gets is the caller's to
 *                check and to keep
 * @param result  to be cleared by salvage_result_clear() in any case
 * @return LGZ_ERR_VERSION if a newer logzip wrote it; LGZ_ERR_FORMAT if it's nothing of a segment
 */
int segment_salvage(const char *path, const struct salvage_options *options, lgz_write_fn *write,
                    void *context, struct salvage_result *result, struct lgz_error *err);
void salvage_result_clear(struct salvage_result *result);

#endif
