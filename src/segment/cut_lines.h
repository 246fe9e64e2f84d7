/*
 * cut_lines.h - lines that a segment ends within, and that the next one goes on with: of which is
 * it known what dates them?
 *
 * What the next segment has of such a line may hold another stamp, from any time. Queries would
 * have to look into its block for all times up to that one, if it counted; so it doesn't, where the
 * line has a stamp before the cut: that one dates it (times.h).
 */
#ifndef LOGZIP_SEGMENT_CUT_LINES_H
#define LOGZIP_SEGMENT_CUT_LINES_H

#include "base/buf.h"
#include "segment/reader.h"

/** A line that has a stamp before it is cut. */
struct cut_line {
    uint64_t id;  /**< of its source */
    uint64_t end; /**< offset of the cut in it */
};

/** In order of ids. Zero-initialized is empty and valid. */
struct cut_lines {
    VEC(struct cut_line) list;
};

/**
 * Find those that a segment ends with. Blocks that can't be read are as if there were none.
 *
 * @param most  blocks of more raw bytes aren't looked at
 * @return an error only when memory is out
 */
int cut_lines_find(struct cut_lines *c, const struct segment *segment, uint64_t most,
                   struct lgz_error *err);

/** Where the line of a source is cut: UINT64_MAX if none is known. */
uint64_t cut_lines_end(const struct cut_lines *c, uint64_t id);

void cut_lines_free(struct cut_lines *c);

#endif
