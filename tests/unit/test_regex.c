/*
 * test_regex.c - what matches where, names of groups, mistakes with their place, and a limit to the
 * work.
 */
#include "base/regex.h"

#include <stdlib.h>

#include "suite.h"

static struct regex *compile(const char *text, unsigned flags)
{
    struct regex *r;
    ck_assert_int_eq(regex_compile(&r, text, strlen(text), flags, NULL), LGZ_OK);
    return r;
}

static struct regex_room *room_for(const struct regex *r)
{
    struct regex_room *room;
    ck_assert_int_eq(regex_room_new(&room, regex_group_count(r), NULL), LGZ_OK);
    return room;
}

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

START_TEST(flags)
{
    static const struct {
        const char *pattern;
        unsigned flags;
        const char *text;
        size_t start;
        size_t end; /* less than start: no match */
    } cases[] = {
        {"b+", 0, "abbc", 1, 3},
        {"B", 0, "abc", 1, 0},
        {"B", REGEX_FOLD, "abc", 1, 2},
        {"b.", REGEX_LITERAL, "abcb.", 3, 5},
        {"^b", 0, "a\nb", 1, 0},
        {"^b", REGEX_MULTILINE, "a\nb", 2, 3},
        {"a$", REGEX_MULTILINE, "a\nb", 0, 1},
        {"a.b", REGEX_MULTILINE, "a\nb", 1, 0},
        {"", 0, "", 0, 0},
        {"a\\Kb", 0, "ab", 1, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t start, end;
        struct regex *r = compile(cases[i].pattern, cases[i].flags);
        struct regex_room *room = room_for(r);
        bool expected = cases[i].start <= cases[i].end;
        ck_assert_int_eq(regex_run(room, r, span_of(cases[i].text), 0, NULL), expected);
        if (expected) {
            ck_assert(regex_match(room, 0, &start, &end));
            ck_assert_uint_eq(start, cases[i].start);
            ck_assert_uint_eq(end, cases[i].end);
        }
        regex_room_free(room);
        regex_free(r);
    }
}
END_TEST

START_TEST(groups)
{
    size_t group, start, end;
    struct regex *r = compile("(?<level>[A-Z]+)( (x)|) (?<a1>\\d+)|(?<never>y)", 0);
    struct regex_room *room = room_for(r);
    ck_assert_uint_eq(regex_group_count(r), 5);
    ck_assert_uint_eq(regex_name_count(r), 3);
    ck_assert_str_eq(regex_name(r, 0, &group), "a1");
    ck_assert_uint_eq(group, 4);
    ck_assert_str_eq(regex_name(r, 1, &group), "level");
    ck_assert_uint_eq(group, 1);
    ck_assert_str_eq(regex_name(r, 2, &group), "never");
    ck_assert_int_eq(regex_run(room, r, span_of("at INFO 42"), 0, NULL), 1);
    ck_assert(regex_match(room, 1, &start, &end));
    ck_assert(start == 3 && end == 7);
    ck_assert(!regex_match(room, 3, &start, &end));
    ck_assert(regex_match(room, 4, &start, &end));
    ck_assert(start == 8 && end == 10);
    ck_assert(!regex_match(room, 5, &start, &end));
    ck_assert(!regex_match(room, 6, &start, &end));
    regex_room_free(room);
    regex_free(r);
}
END_TEST

START_TEST(mistakes)
{
    struct lgz_error err = {0};
    struct regex *r;
    ck_assert_int_eq(regex_compile(&r, "ab(c", 4, 0, &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_null(r);
    ck_assert_ptr_nonnull(strstr(err.message, "at character 5: "));
    ck_assert_int_eq(regex_compile(&r, "(*UTF)a", 7, 0, &err), LGZ_ERR_ARGUMENT);
}
END_TEST

/* Any bytes are text, and a pattern that would never end is stopped. */
START_TEST(hostile)
{
    struct lgz_error err = {0};
    struct regex *r = compile("\\xff.", 0);
    struct regex_room *room = room_for(r);
    ck_assert_int_eq(regex_run(room, r, span_of("a\xff\xfe"), 0, &err), 1);
    regex_free(r);
    r = compile("^(a+)+$", 0);
    char many[60];
    memset(many, 'a', sizeof(many));
    many[sizeof(many) - 1] = 'b';
    ck_assert_int_eq(regex_run(room, r, (struct span){(uint8_t *)many, sizeof(many)}, 0, &err),
                     LGZ_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "60 bytes"));
    regex_room_free(room);
    regex_free(r);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, flags);
    tcase_add_test(tc, groups);
    tcase_add_test(tc, mistakes);
    tcase_add_test(tc, hostile);
}

int main(void)
{
    return run_suite("regex", add_tests, 60);
}
