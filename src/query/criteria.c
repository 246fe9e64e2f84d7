/*
 * criteria.c - compiles the expression, then the patterns: once for lines, once for events.
 */
#include "query/criteria.h"

#include "query/where.h"

/* No patterns: what the expression can be searched for by. */
static int compile_prefilter(const struct criteria *c, struct scan_options *options,
                             struct lgz_error *err)
{
    int code;
    if (!options->where)
        return error_set(err, LGZ_ERR_ARGUMENT, "neither a pattern nor an expression is given");
    code = where_prefilter(options->where, &options->pattern, err);
    options->where_first = true;
    if (code == LGZ_OK && !c->lines)
        code = where_prefilter(options->where, &options->event_pattern, err);
    return code;
}

int criteria_compile(const struct criteria *c, struct scan_options *options, struct lgz_error *err)
{
    struct pattern_options events = c->options;
    events.multiline = true;
    int code = LGZ_OK;
    if (c->where)
        code = where_compile(&options->where, c->where, options->now, err);
    if (code == LGZ_ERR_ARGUMENT)
        error_prefix(err, "where");
    if (code != LGZ_OK)
        return code;
    options->dated = options->dated || (options->where && where_needs_time(options->where));
    if (c->any)
        return compile_prefilter(c, options, err);
    code = pattern_compile(&options->pattern, c->patterns, c->pattern_count, &c->options, err);
    if (code == LGZ_OK && !c->lines)
        code =
            pattern_compile(&options->event_pattern, c->patterns, c->pattern_count, &events, err);
    return code;
}

void criteria_clear(struct scan_options *options)
{
    where_free(options->where);
    pattern_free(options->pattern);
    pattern_free(options->event_pattern);
    options->where = NULL;
    options->pattern = options->event_pattern = NULL;
}
