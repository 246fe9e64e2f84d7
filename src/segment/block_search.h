/*
 * block_search.h - the lines of a block that meet a need (need.h), without putting the others
 * together.
 *
 * First each template is asked whether its lines can meet the need, by its literals and by what is
 * known of its columns' values: of some it's certain, of others impossible. Lines of the rest are
 * put together as far as strings of the need may lie in them, which takes a few of the columns.
 * What they follow from is opened, too; all other frames stay as they are. Only lines that meet the
 * need are put together as a whole.
 *
 * Nothing is compared with the checksum of the raw bytes: who calls this knows that the body isn't
 * damaged (stored.h). Whatever the body is, it's safe.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_SEARCH_H
#define LOGZIP_SEGMENT_BLOCK_SEARCH_H

#include "segment/need.h"
#include "segment/reader.h"

/**
 * Search a structured block's body.
 *
 * @param counts  of the lines of each template, as the index says; used to tell whether it pays
 * @param hits    zero-initialized; filled
 * @return LGZ_OK, also where `hits->declined`; an error says that the block is damaged, or that
 *         memory is out
 */
int block_search(struct span body, const struct block_search *search, const uint64_t *counts,
                 size_t count, struct block_hits *hits, struct lgz_error *err);

#endif
