/*
 * kin.h - whether two pieces of text are of one kind of log, told by their words. Blocks of one
 * kind are smaller and quicker to search; several kinds in one gain nothing from each other.
 */
#ifndef LOGZIP_SEGMENT_KIN_H
#define LOGZIP_SEGMENT_KIN_H

#include <stdbool.h>

#include "base/buf.h"

enum {
    KIN_LOOK_BEFORE = 64 << 10, /**< bytes at the end of the first text that are looked at */
    KIN_LOOK_NEXT = 16 << 10,   /**< and at the start of the second */
};

/**
 * Are at least half of the words that `next` starts with in what `before` ends with? A word is a
 * token without a digit. Where `next` has too few to tell, the answer is yes.
 */
bool kin_follows(struct span before, struct span next);

#endif
