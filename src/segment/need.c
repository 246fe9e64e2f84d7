/*
 * need.c - a list of lists of strings, and what they mean.
 */
#include "segment/need.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/find.h"

void need_clear(struct need *n)
{
    for (size_t i = 0; i < n->clauses.len; i++) {
        struct need_clause *clause = &n->clauses.data[i];
        for (size_t k = 0; k < clause->strings.len; k++)
            free((void *)clause->strings.data[k].bytes.data);
        vec_free(&clause->strings);
    }
    vec_free(&n->clauses);
    n->exact = false;
}

int need_add_clause(struct need *n, struct lgz_error *err)
{
    return vec_push(&n->clauses, (struct need_clause){0}) ? LGZ_OK : error_memory(err);
}

int need_add_string(struct need *n, struct span bytes, bool folded, struct lgz_error *err)
{
    struct need_clause *clause = &n->clauses.data[n->clauses.len - 1];
    bool letters = false;
    uint8_t *copy = malloc(bytes.len);
    if (!copy)
        return error_memory(err);
    for (size_t i = 0; i < bytes.len; i++) {
        const bool letter = folded && ascii_is_letter(bytes.data[i]);
        copy[i] = letter ? ascii_lower(bytes.data[i]) : bytes.data[i];
        letters |= letter;
    }
    const struct need_string string = {{copy, bytes.len}, letters};
    if (vec_push(&clause->strings, string))
        return LGZ_OK;
    free(copy);
    return error_memory(err);
}

/* Are the string's bytes at `text`, in either case? */
static bool equal_folded(const struct span *string, const uint8_t *text)
{
    size_t i = 0;
    while (i < string->len && ascii_lower(text[i]) == string->data[i])
        i++;
    return i == string->len;
}

bool need_string_in(const struct need_string *string, struct span text)
{
    const struct span *bytes = &string->bytes;
    if (!string->folded) {
        const struct finder finder = finder_of(*bytes);
        return finder_next(&finder, text, 0) != SIZE_MAX;
    }
    for (size_t at = 0; bytes->len <= text.len - at; at++)
        if (equal_folded(bytes, text.data + at))
            return true;
    return false;
}

bool need_clause_met(const struct need_clause *clause, struct span text)
{
    for (size_t i = 0; i < clause->strings.len; i++)
        if (need_string_in(&clause->strings.data[i], text))
            return true;
    return false;
}

bool need_met(const struct need *n, struct span line)
{
    for (size_t i = 0; i < n->clauses.len; i++)
        if (!need_clause_met(&n->clauses.data[i], line))
            return false;
    return true;
}
