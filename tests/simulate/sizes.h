/*
 * sizes.h - looks at a directory again and again while other programs change it, and keeps what it
 * took at most. What is there between two looks, a few milliseconds apart, is missed.
 */
#ifndef LOGZIP_TESTS_SIZES_H
#define LOGZIP_TESTS_SIZES_H

#include <stddef.h>
#include <stdint.h>

struct sizes;

/** What a directory has. A file that is removed meanwhile counts or doesn't. */
struct sizes_now {
    uint64_t bytes;         /**< of all files */
    uint64_t segment_bytes; /**< of those that are segments by their names */
    size_t segments;
};

/**
 * Look once.
 *
 * @param text  only at names in which it is; NULL: at all
 * @return all zero if the directory isn't there
 */
struct sizes_now sizes_look(const char *directory, const char *text);

/** Begin to look, in a thread of its own. @return NULL if there is none */
struct sizes *sizes_open(const char *directory);

/** The most since the last call of this function. */
uint64_t sizes_peak(struct sizes *s);

void sizes_close(struct sizes *s);

#endif
