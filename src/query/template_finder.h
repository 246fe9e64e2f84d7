/*
 * template_finder.h - which template a line of a source has, for the lines that somebody asks
 * about.
 *
 * What is fed to a selection is told here first: a block, or bytes that aren't in a segment.
 * Nothing is decoded or clustered before a line of it is asked for. A line is told by its source
 * and its offset. One that isn't whole in what is known, because it's cut by the border of blocks,
 * has the template that it would have by itself.
 */
#ifndef LOGZIP_QUERY_TEMPLATE_FINDER_H
#define LOGZIP_QUERY_TEMPLATE_FINDER_H

#include "archive/archive.h"
#include "query/select.h"
#include "segment/line_templates.h"

enum {
    FINDER_TEXT = 16 << 20,     /**< bytes that are clustered at once, where that can be */
    FINDER_JOURNAL = 256 << 20, /**< bytes of a journal that are, at most, and kept */
};

struct template_finder;

int template_finder_new(struct template_finder **out, enum template_use use, struct lgz_error *err);

/** NULL is allowed. */
void template_finder_free(struct template_finder *f);

/** Are bytes wanted that aren't in a segment? `f` may be NULL. */
bool template_finder_wants_text(const struct template_finder *f);

/**
 * A block is about to be fed.
 *
 * @param raw  its bytes; they and the segment are there until the next call, or
 *             template_finder_leave()
 */
int template_finder_block(struct template_finder *f, const struct segment *segment, size_t number,
                          struct span raw, struct lgz_error *err);

/** Bytes of a source that aren't in a segment are about to be fed; there until the same. */
int template_finder_text(struct template_finder *f, uint64_t source, uint64_t offset,
                         struct span text, struct lgz_error *err);

/**
 * A journal is about to be fed: read what is in it, as far as that may be kept, and rewind it.
 *
 * @param snapshot  the archive that it's of: what its newest segment knows is started from; or NULL
 */
int template_finder_journal(struct template_finder *f, struct journal_reader *journal,
                            const struct archive_snapshot *snapshot, struct lgz_error *err);

/** The bytes that were told last are there no more. */
void template_finder_leave(struct template_finder *f);

/** Forget all: another archive begins. */
void template_finder_reset(struct template_finder *f);

/**
 * The template of a line.
 *
 * @param text  all of it, without its newline
 * @param name  set; valid until the next call of any of these
 * @return 1, 0 if it isn't wanted, or a negative code
 */
int template_finder_get(struct template_finder *f, uint64_t source, uint64_t offset,
                        struct span text, const struct template_name **name, struct lgz_error *err);

#endif
