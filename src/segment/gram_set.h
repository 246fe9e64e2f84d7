/*
 * gram_set.h - pieces of text (grams.h), each once. A set has a limit: one that would get larger is
 * of no use to a filter, forgets what it has, and takes no more.
 */
#ifndef LOGZIP_SEGMENT_GRAM_SET_H
#define LOGZIP_SEGMENT_GRAM_SET_H

#include "segment/grams.h"

/** Zero-initialized with a limit is empty and valid. */
struct gram_set {
    uint64_t *slots; /**< 0, or a piece */
    size_t size;     /**< of the slots: a power of two, or 0 */
    size_t count;
    size_t most; /**< pieces */
    bool full;   /**< there were more */
};

/** Add pieces, none of which is 0. @return false when memory is out */
bool gram_set_add(struct gram_set *set, const uint64_t *grams, size_t count);

/** Put the pieces to the front of the slots: the set is a list from then on. @return the list */
uint64_t *gram_set_list(struct gram_set *set);

void gram_set_free(struct gram_set *set);

#endif
