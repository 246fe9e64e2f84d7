/*
 * dialect.h - the rules of an input, ready for use: where its events begin, what its fields are.
 *
 * They come from files, so they may be wrong here although they were right where they were written:
 * an expression that can't be used is told once, and done without.
 */
#ifndef LOGZIP_QUERY_DIALECT_H
#define LOGZIP_QUERY_DIALECT_H

#include "query/fields.h"
#include "query/pattern.h"
#include "segment/rules.h"

struct dialect {
    struct rules rules;
    struct pattern *start; /**< matches the first line of an event; NULL: each line is one */
    struct fields *format; /**< NULL: no fields */
    bool refused;          /**< the format took too much work once, and is done without */
};

/** Those that a query has met. Zero-initialized is empty and valid. */
struct dialects {
    VEC(struct dialect *) list;
};

/** Something can't be used. */
typedef void dialect_report_fn(void *context, const struct lgz_error *reason);

/**
 * The dialect of these rules, made when they are met first.
 *
 * @param rules  NULL or empty: none
 * @param out    set to it, valid as long as the list; NULL for no rules
 * @return LGZ_OK, or LGZ_ERR_MEMORY
 */
int dialects_get(struct dialects *list, const struct rules *rules, dialect_report_fn *report,
                 void *context, struct dialect **out, struct lgz_error *err);

void dialects_clear(struct dialects *list);

#endif
