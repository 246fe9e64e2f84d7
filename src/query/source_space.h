/*
 * source_space.h - what each source takes of a block's stored bytes.
 *
 * Where a block has one source, that's all of them. Where it has several, the lines tell: what
 * their templates take is shared by lines, as each says which template it has. So of two sources
 * with as many bytes, the one whose values are hard to compress has more. Lines of a template
 * that is nothing but a slot count as much as lines are long around them, on average. What belongs
 * to no template is shared by raw bytes, as are blocks without templates, and those of older
 * segments whose index doesn't say which lines are whose.
 */
#ifndef LOGZIP_QUERY_SOURCE_SPACE_H
#define LOGZIP_QUERY_SOURCE_SPACE_H

#include "archive/shares.h"
#include "segment/block_space.h"

/**
 * Add what the sources of block `index` take. Of a block with several sources the stream of its
 * lines' templates is decoded, no values.
 *
 * @param parts   the block's
 * @param shares  of the segment's sources; the block's stored bytes are added, each once
 */
int source_space_add(struct shares *shares, const struct segment *segment, size_t index,
                     const struct block_space *parts, struct lgz_error *err);

#endif
