/*
 * need.c - a list of lists of strings, and what they mean.
 */
#include "segment/need.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/find.h"

enum { CLAUSES_MAX = 16 }; /* that need_or() makes of all pairs of clauses */

static void clear_clause(struct need_clause *clause)
{
    for (size_t i = 0; i < clause->strings.len; i++)
        free((void *)clause->strings.data[i].bytes.data);
    vec_free(&clause->strings);
}

void need_clear(struct need *n)
{
    for (size_t i = 0; i < n->clauses.len; i++)
        clear_clause(&n->clauses.data[i]);
    vec_free(&n->clauses);
    n->exact = false;
}

int need_add_clause(struct need *n, struct lgz_error *err)
{
    return vec_push(&n->clauses, (struct need_clause){0}) ? LGZ_OK : error_memory(err);
}

int need_nothing(struct need *n, struct lgz_error *err)
{
    n->exact = true;
    return need_add_clause(n, err);
}

static int add_to(struct need_clause *clause, struct span bytes, bool folded, struct lgz_error *err)
{
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

int need_add_string(struct need *n, struct span bytes, bool folded, struct lgz_error *err)
{
    return add_to(&n->clauses.data[n->clauses.len - 1], bytes, folded, err);
}

int need_and(struct need *n, struct need *from, struct lgz_error *err)
{
    if (!vec_reserve(&n->clauses, n->clauses.len + from->clauses.len))
        return error_memory(err);
    for (size_t i = 0; i < from->clauses.len; i++)
        n->clauses.data[n->clauses.len++] = from->clauses.data[i];
    from->clauses.len = 0;
    need_clear(from);
    return LGZ_OK;
}

size_t need_clause_shortest(const struct need_clause *clause)
{
    size_t shortest = clause->strings.len ? SIZE_MAX : 0;
    for (size_t i = 0; i < clause->strings.len; i++)
        if (clause->strings.data[i].bytes.len < shortest)
            shortest = clause->strings.data[i].bytes.len;
    return shortest;
}

/* Leave the clause whose shortest string is the longest. */
static void keep_best(struct need *n)
{
    size_t best = 0;
    for (size_t i = 1; i < n->clauses.len; i++)
        if (need_clause_shortest(&n->clauses.data[i]) >
            need_clause_shortest(&n->clauses.data[best]))
            best = i;
    for (size_t i = 0; i < n->clauses.len; i++)
        if (i != best)
            clear_clause(&n->clauses.data[i]);
    n->clauses.data[0] = n->clauses.data[best];
    n->clauses.len = 1;
}

static int add_all(struct need_clause *to, const struct need_clause *from, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < from->strings.len && code == LGZ_OK; i++)
        code = add_to(to, from->strings.data[i].bytes, from->strings.data[i].folded, err);
    return code;
}

/* Add a clause that is met where one of these two is. */
static int add_either(struct need *n, const struct need_clause *a, const struct need_clause *b,
                      struct lgz_error *err)
{
    int code = need_add_clause(n, err);
    struct need_clause *both = &n->clauses.data[n->clauses.len - 1];
    if (code == LGZ_OK)
        code = add_all(both, a, err);
    return code == LGZ_OK ? add_all(both, b, err) : code;
}

/* The only clause of each becomes one. */
static int join_clauses(struct need *n, struct need *from, struct lgz_error *err)
{
    struct need_clause *to = &n->clauses.data[0], *rest = &from->clauses.data[0];
    if (!vec_reserve(&to->strings, to->strings.len + rest->strings.len))
        return error_memory(err);
    for (size_t i = 0; i < rest->strings.len; i++)
        to->strings.data[to->strings.len++] = rest->strings.data[i];
    rest->strings.len = 0;
    return LGZ_OK;
}

int need_or(struct need *n, struct need *from, struct lgz_error *err)
{
    struct need pairs = {.exact = n->exact && from->exact};
    int code = LGZ_OK;
    if (n->clauses.len * from->clauses.len > CLAUSES_MAX) {
        keep_best(n);
        keep_best(from);
        pairs.exact = false;
    }
    if (n->clauses.len == 1 && from->clauses.len == 1) {
        code = join_clauses(n, from, err);
        n->exact = pairs.exact;
    } else {
        for (size_t i = 0; i < n->clauses.len; i++)
            for (size_t k = 0; k < from->clauses.len && code == LGZ_OK; k++)
                code = add_either(&pairs, &n->clauses.data[i], &from->clauses.data[k], err);
        need_clear(n);
        *n = pairs;
    }
    need_clear(from);
    return code;
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
