/*
 * test_need.c - a line meets a need that it should, and no other; what is added is copied.
 */
#include <check.h>
#include <string.h>

#include "segment/need.h"
#include "suite.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void add(struct need *n, const char *text, bool folded)
{
    ck_assert_int_eq(need_add_string(n, span_of(text), folded, NULL), LGZ_OK);
}

static void clause(struct need *n)
{
    ck_assert_int_eq(need_add_clause(n, NULL), LGZ_OK);
}

static bool met(const struct need *n, const char *text)
{
    return need_met(n, span_of(text));
}

START_TEST(test_clauses)
{
    struct need n = {0};
    ck_assert(met(&n, "") && met(&n, "anything"));
    clause(&n);
    ck_assert(!met(&n, "") && !met(&n, "anything"));
    add(&n, "red", false);
    add(&n, "blue", false);
    ck_assert(met(&n, "a red one") && met(&n, "blue") && !met(&n, "green") && !met(&n, "Red"));
    clause(&n);
    add(&n, "two", false);
    ck_assert(!met(&n, "red") && !met(&n, "two") && met(&n, "two blue ones"));
    n.exact = true;
    need_clear(&n);
    ck_assert(met(&n, "") && !n.exact);
}
END_TEST

START_TEST(test_case)
{
    struct need n = {0};
    clause(&n);
    add(&n, "Grosse [GR\xd6SSE] ", true);
    ck_assert(n.clauses.data[0].strings.data[0].folded);
    ck_assert(met(&n, "GROSSE [gr\xd6sse] x") && met(&n, "xgrosse [GR\xd6SSE] "));
    /* Only ASCII's letters have another case; "[" and "{" are no letters. */
    ck_assert(!met(&n, "grosse [gr\xf6sse] ") && !met(&n, "grosse {gr\xd6sse] "));
    ck_assert(!met(&n, "grosse [gr\xd6sse]") && !met(&n, "g"));
    need_clear(&n);
    clause(&n);
    add(&n, "12:30 \xd6", true);
    ck_assert(!n.clauses.data[0].strings.data[0].folded);
    ck_assert(met(&n, "at 12:30 \xd6"));
    need_clear(&n);
}
END_TEST

START_TEST(test_copies)
{
    struct need n = {0};
    char text[] = {'a', '\0', 'b'};
    clause(&n);
    ck_assert_int_eq(need_add_string(&n, (struct span){(uint8_t *)text, 3}, false, NULL), LGZ_OK);
    text[0] = 'x';
    const uint8_t line[] = {'-', 'a', '\0', 'b'};
    ck_assert(need_met(&n, (struct span){line, 4}));
    ck_assert(!need_met(&n, (struct span){line, 3}));
    need_clear(&n);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_clauses);
    tcase_add_test(tc, test_case);
    tcase_add_test(tc, test_copies);
}

int main(void)
{
    return run_suite("need", add_tests, 0);
}
