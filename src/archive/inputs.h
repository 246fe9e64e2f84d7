/*
 * inputs.h - which inputs have rules at a moment, and which: what input records say, by name.
 */
#ifndef LOGZIP_ARCHIVE_INPUTS_H
#define LOGZIP_ARCHIVE_INPUTS_H

#include "segment/rules.h"

/** An input and its rules. */
struct input_rules {
    char *input;
    struct rules rules;
};

/** No more inputs have rules at a time; what is said of further ones is left out. */
enum { INPUTS_WITH_RULES_MAX = 4096 };

/** In order of their names, none with empty rules. Zero-initialized is empty and valid. */
struct inputs {
    VEC(struct input_rules) items;
};

/** The input has these rules from now on (copied; NULL or empty: it has none any more). */
int inputs_put(struct inputs *set, const char *name, const struct rules *rules,
               struct lgz_error *err);

/** @return NULL if it has none; valid until the next inputs_put() */
const struct rules *inputs_find(const struct inputs *set, const char *name);

/** Make `to`, which needs no inputs_clear() before, a copy. */
int inputs_copy(struct inputs *to, const struct inputs *from, struct lgz_error *err);

void inputs_clear(struct inputs *set);

#endif
