/*
 * dialect.c - rules compiled once, however many segments and journals have them.
 */
#include "query/dialect.h"

#include <stdlib.h>

static void dialect_free(struct dialect *d)
{
    rules_clear(&d->rules);
    pattern_free(d->start);
    fields_free(d->format);
    free(d);
}

/* An expression that is none is told, and there is an end of it. */
static int settle(int code, const char *what, dialect_report_fn *report, void *context,
                  struct lgz_error *reason, struct lgz_error *err)
{
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK) {
        error_prefix(reason, "an input's %s, which is done without", what);
        report(context, reason);
    }
    return LGZ_OK;
}

static int compile(struct dialect *d, dialect_report_fn *report, void *context,
                   struct lgz_error *err)
{
    static const struct pattern_options options = {0};
    const char *start = d->rules.multiline_start;
    struct lgz_error reason = {0};
    int code = LGZ_OK;
    if (*start) {
        code = pattern_compile(&d->start, &start, 1, &options, &reason);
        code = settle(code, "multiline_start", report, context, &reason, err);
    }
    if (code == LGZ_OK && *d->rules.format) {
        code = fields_compile(&d->format, d->rules.format, &reason);
        code = settle(code, "format", report, context, &reason, err);
    }
    return code;
}

int dialects_get(struct dialects *list, const struct rules *rules, dialect_report_fn *report,
                 void *context, struct dialect **out, struct lgz_error *err)
{
    *out = NULL;
    if (rules_empty(rules))
        return LGZ_OK;
    for (size_t i = 0; i < list->list.len; i++) {
        if (rules_equal(&list->list.data[i]->rules, rules)) {
            *out = list->list.data[i];
            return LGZ_OK;
        }
    }
    struct dialect *d = calloc(1, sizeof(*d));
    if (!d)
        return error_memory(err);
    int code = rules_copy(&d->rules, rules, err);
    if (code == LGZ_OK)
        code = compile(d, report, context, err);
    if (code == LGZ_OK && !vec_push(&list->list, d))
        code = error_memory(err);
    if (code == LGZ_OK)
        *out = d;
    else
        dialect_free(d);
    return code;
}

void dialects_clear(struct dialects *list)
{
    for (size_t i = 0; i < list->list.len; i++)
        dialect_free(list->list.data[i]);
    vec_free(&list->list);
}
