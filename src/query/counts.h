/*
 * counts.h - how often each of many strings of bytes was met.
 *
 * The strings that come first have an entry each, at most COUNTS_MAX of them and COUNTS_BYTES_MAX
 * bytes; whatever comes then and has none is counted together, as one number. So what an entry says
 * is exact, and memory is bounded whatever a log contains. So is time: nobody outside knows which
 * strings meet in the table.
 */
#ifndef LOGZIP_QUERY_COUNTS_H
#define LOGZIP_QUERY_COUNTS_H

#include "base/buf.h"
#include "base/error.h"

enum {
    COUNTS_MAX = 1 << 20,
    COUNTS_BYTES_MAX = 64 << 20,
};

struct counts;

/** @param most  strings; at most COUNTS_MAX */
int counts_new(struct counts **out, size_t most, struct lgz_error *err);

/** NULL is allowed. */
void counts_free(struct counts *c);

/**
 * The entry of a string, which is made if there is none.
 *
 * @param index  set; SIZE_MAX if it has none and gets none
 */
int counts_entry(struct counts *c, struct span key, size_t *index, struct lgz_error *err);

/** The string was met `times` times more. */
int counts_add(struct counts *c, struct span key, uint64_t times, struct lgz_error *err);

/** How many entries there are. */
size_t counts_len(const struct counts *c);

/** Entry `index`, in the order of first appearance. @param key  valid until the next counts_add()
 */
uint64_t counts_at(const struct counts *c, size_t index, struct span *key);

/** How often strings without an entry were met. */
uint64_t counts_others(const struct counts *c);

/** Forget all. */
void counts_clear(struct counts *c);

#endif
