/*
 * histogram.h - how many lines there are in each stretch of time, the stretches chosen so that all
 * of them fit.
 *
 * Which times there are is known only at the end. Until then seconds are counted, or, if these are
 * too many, minutes, hours or days; so memory is bounded, and nothing is counted twice or left out.
 */
#ifndef LOGZIP_QUERY_HISTOGRAM_H
#define LOGZIP_QUERY_HISTOGRAM_H

#include "query/render.h"

struct histogram;

int histogram_new(struct histogram **out, struct lgz_error *err);

/** NULL is allowed. */
void histogram_free(struct histogram *h);

/** A line of that instant, in nanoseconds since the epoch. */
int histogram_add(struct histogram *h, int64_t time, struct lgz_error *err);

struct histogram_options {
    bool json;     /**< a JSON object for each stretch */
    bool csv;      /**< with commas */
    bool blocks;   /**< bars of block characters in UTF-8, not of '#' */
    unsigned rows; /**< stretches that are shown, at most, where that can be */
    unsigned columns;
};

/** Show all stretches from the first line's to the last one's, those without lines, too. */
int histogram_print(struct histogram *h, const struct histogram_options *options,
                    struct render *out, struct lgz_error *err);

#endif
