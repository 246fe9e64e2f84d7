/*
 * criteria.h - what lines are to be found, as people say it, made ready for a scan: patterns, and
 * an expression over fields.
 */
#ifndef LOGZIP_QUERY_CRITERIA_H
#define LOGZIP_QUERY_CRITERIA_H

#include "query/scan.h"

/** Nothing is copied. */
struct criteria {
    const char *const *patterns; /**< a line must match one of them; as for pattern_compile() */
    size_t pattern_count;
    bool any;                       /**< there are no patterns, and none has to match */
    struct pattern_options options; /**< of the patterns; `multiline` is set where it's needed */
    const char *where;              /**< and this must be true of it (where.h); NULL: no matter */
    bool lines;                     /**< single lines also where an input joins them to events */
};

/**
 * Compile what is looked for into the options of a scan; `now` in there is the moment for relative
 * times. criteria_clear() in any case.
 *
 * @return LGZ_ERR_ARGUMENT with the place and the reason for what is no pattern or no expression
 */
int criteria_compile(const struct criteria *c, struct scan_options *options, struct lgz_error *err);

/** Free what was compiled. */
void criteria_clear(struct scan_options *options);

#endif
