/*
 * pieces.h - where the bytes of some sources are: in which block of which segment, or in which
 * record of which journal.
 */
#ifndef LOGZIP_ARCHIVE_PIECES_H
#define LOGZIP_ARCHIVE_PIECES_H

#include "archive/journal_index.h"
#include "segment/reader.h"

/** A run of a source's bytes. */
struct piece {
    uint64_t source_id;
    uint64_t offset;
    uint64_t length;
    uint64_t at;   /**< in the block's raw bytes; or the record's position */
    uint32_t file; /**< the caller's number of the segment or journal */
    uint32_t part; /**< index of the block; or stored length of the record */
};

/** Zero-initialized is empty and valid; vec_free() its list. */
struct pieces {
    VEC(struct piece) list;
};

/** Are the bytes of this source looked for? */
typedef bool pieces_wanted_fn(void *context, uint64_t source_id);

/** Add what a segment has, as number `file`. @return LGZ_ERR_CORRUPT for impossible extents */
int pieces_add_segment(struct pieces *p, const struct segment *s, uint32_t file,
                       pieces_wanted_fn *wanted, void *context, struct lgz_error *err);

/** Add what journals have, of which the first one is number `file`. */
int pieces_add_journals(struct pieces *p, const struct journal_index *index, uint32_t file,
                        pieces_wanted_fn *wanted, void *context, struct lgz_error *err);

/** Sort them by source (source_before()), offset, and file. */
void pieces_sort(struct pieces *p);

/**
 * Read a piece that is in a journal.
 *
 * @param data  set to its bytes, which are the reader's until its next read
 * @return LGZ_ERR_CORRUPT also if the journal isn't what it was
 */
int pieces_read_record(const struct piece *piece, struct journal_reader *reader, struct span *data,
                       struct lgz_error *err);

/**
 * A piece's bytes in the decoded block that it's in.
 *
 * @return LGZ_ERR_CORRUPT if the block is shorter
 */
int pieces_in_block(const struct piece *piece, const struct segment *s, struct span raw,
                    struct span *data, struct lgz_error *err);

#endif
