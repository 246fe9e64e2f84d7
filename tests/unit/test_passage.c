/*
 * test_passage.c - in which ways strings lie in values: what is there is found to be possible, and
 * what isn't mostly not.
 */
#include "column/passage.h"

#include "base/decimal.h"
#include "passage_fixture.h"

START_TEST(test_values)
{
    static const struct {
        const char *string, *front, *value, *back;
        bool found;
    } cases[] = {
        {"abc", "", "abc", "", true},   {"abc", "", "xabcx", "", true},
        {"abc", "a", "bc", "", true},   {"abc", "xa", "b", "cx", true},
        {"abc", "", "xab", "cx", true}, {"abc", "xabc", "y", "", true},
        {"abc", "y", "", "abc", true},  {"abc", "ab", "", "c", true},
        {"abc", "a", "b", "b", false},  {"abc", "a", "bb", "c", false},
        {"abc", "x", "bc", "", false},  {"aab", "a", "aab", "", true},
        {"aab", "a", "a", "b", true},   {"aaaa", "a", "a", "a", false},
        {"aaaa", "a", "aa", "a", true}, {"aaaa", "", "aaaaa", "", true},
        {"a", "", "b", "", false},      {"ab", "", "ba", "", false},
        {"ab", "", "ba", "b", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct passage_string s = string_of(cases[i].string, false);
        struct passage value = {0};
        passage_add(&value, &s, span_of(cases[i].value));
        ck_assert_msg(may_lie(&s, cases[i].front, &value, cases[i].back) == cases[i].found,
                      "case %zu", i);
        /* Nothing else is known of these bytes. */
        struct passage any = {0};
        struct byte_set set = {0};
        byte_set_add_all(&set, span_of(cases[i].value));
        passage_set(&any, &s, &set);
        if (cases[i].found)
            ck_assert_msg(may_lie(&s, cases[i].front, &any, cases[i].back), "case %zu", i);
    }
}
END_TEST

START_TEST(test_sets)
{
    const struct passage_string s = string_of("id=17;", false);
    struct passage digits = {0}, both = {0}, folded = {0};
    struct byte_set set = {0};
    byte_set_add_range(&set, '0', '9');
    passage_set(&digits, &s, &set);
    ck_assert(may_lie(&s, "id=", &digits, ";"));
    ck_assert(may_lie(&s, "id=1", &digits, ";"));
    ck_assert(!may_lie(&s, "id=", &digits, "x"));
    ck_assert(!may_lie(&s, "id", &digits, ";"));
    passage_add(&both, &s, span_of("id"));
    struct passage sign = {0};
    passage_add(&sign, &s, span_of("="));
    passage_then(&both, &sign);
    passage_then(&both, &digits);
    ck_assert(may_lie(&s, "", &both, ";"));
    ck_assert(!may_lie(&s, "", &both, "?"));
    passage_or(&both, &sign);
    ck_assert(may_lie(&s, "id", &both, "17;"));
    const struct passage_string f = string_of("error", true);
    passage_add(&folded, &f, span_of("RO"));
    ck_assert(may_lie(&f, "eR", &folded, "R"));
    ck_assert(!may_lie(&s, "eR", &folded, "R"));
}
END_TEST

START_TEST(test_runs)
{
    struct byte_set set = {0};
    byte_set_add_range(&set, '0', '9');
    const struct passage_string long_one = string_of("12345", false);
    const struct passage_string in_text = string_of("=123;", false);
    for (size_t most = 1; most < 8; most++)
        for (size_t fewest = 0; fewest <= most; fewest++) {
            struct passage in_long = {0}, between = {0};
            passage_run(&in_long, &long_one, &set, fewest, most);
            ck_assert(may_lie(&long_one, "", &in_long, "") == (most >= 5));
            ck_assert(may_lie(&long_one, "1", &in_long, "") == (most >= 4));
            ck_assert(may_lie(&long_one, "", &in_long, "5") == (most >= 4));
            ck_assert(may_lie(&long_one, "12", &in_long, "45") == (fewest <= 1 || most >= 3));
            passage_run(&between, &in_text, &set, fewest, most);
            ck_assert(may_lie(&in_text, "=", &between, ";") == (fewest <= 3 && most >= 3));
            ck_assert(may_lie(&in_text, "=123", &between, ";") == (fewest == 0));
        }
}
END_TEST

START_TEST(test_ranges)
{
    static const struct {
        const char *string, *front;
        struct number_range range;
        unsigned width;
        const char *back;
        bool found;
    } cases[] = {
        {"=17;", "=", {0, 255}, 0, ";", true},
        {"=17;", "=", {0, 16}, 0, ";", false},
        {"=17;", "=", {18, 255}, 0, ";", false},
        {"=07;", "=", {0, 255}, 0, ";", false},
        {"=07;", "=", {0, 59}, 2, ";", true},
        {"=7;", "=", {0, 59}, 2, ";", false},
        {"=0;", "=", {0, 59}, 0, ";", true},
        {"=256", "=", {0, 255}, 0, "", false},
        {"=25", "=", {0, 255}, 0, "", true},
        {"=3", "=", {100, 299}, 0, "", false},
        {"=2", "=", {100, 299}, 0, "", true},
        {"256", "", {0, 255}, 0, "", false},
        {"255", "", {0, 255}, 0, "", true},
        {"5;", "", {0, 255}, 0, ";", true},
        {"256;", "", {0, 255}, 0, ";", false},
        {"56;", "", {0, 255}, 0, ";", true},
        {"1234", "", {0, 255}, 0, "", false},
        {"23", "", {1000, 1299}, 0, "", true},
        {"3412", "", {10000, 19999}, 0, "", true},
        {"3412", "", {50000, 59999}, 0, "", true},
        {"9412", "", {1000, 9411}, 0, "", false},
        {"184", "", {1, 0}, 0, "", false},
        {"9412", "", {12000000, 12000999}, 0, "", false},
        {"0001", "", {12000000, 12000999}, 0, "", true},
        {"0941", "", {12000000, 12000999}, 8, "", true},
        {"2000", "", {12000000, 12000999}, 0, "", true},
        {"5862446320912524", "", {UINT64_MAX - 999, UINT64_MAX}, 0, "", false},
        {"4674407370955161", "", {UINT64_MAX - 999, UINT64_MAX}, 0, "", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct passage_string s = string_of(cases[i].string, false);
        struct passage value = {0};
        passage_numbers(&value, &s, &cases[i].range, cases[i].width);
        ck_assert_msg(may_lie(&s, cases[i].front, &value, cases[i].back) == cases[i].found,
                      "case %zu", i);
    }
}
END_TEST

/* What each value does, of all those that have one of some bytes at each place. */
static void add_each(struct passage *r, const struct passage_string *s, char *value,
                     const char *set, size_t at)
{
    const char kind = set[at];
    value[at] = kind;
    if (kind == '\0') {
        passage_add(r, s, span_of(value));
        return;
    }
    for (char byte = 'a'; byte <= 'c'; byte++)
        if (kind == byte || kind == '?' || (kind == '!' && byte != 'a')) {
            value[at] = byte;
            add_each(r, s, value, set, at + 1);
        }
}

/* A value of which the sets of its bytes are known does what all such values do. */
START_TEST(test_bytes_of_sets)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 20000; i++) {
        char text[PASSAGE_MAX + 1] = {0};
        char sets[128] = {0};
        char value[128];
        const size_t most = random_percent(&state, 50) ? 8 : PASSAGE_MAX;
        const size_t len = 1 + random_below(&state, most);
        const size_t bytes = random_below(&state, 2 * most);
        for (size_t k = 0; k < len; k++)
            text[k] = random_percent(&state, 80) ? 'a' : (char)('a' + random_below(&state, 3));
        for (size_t k = 0, open = 0; k < bytes; k++) {
            sets[k] = random_percent(&state, 80) ? 'a' : "abc?!"[random_below(&state, 5)];
            open += sets[k] == '?' || sets[k] == '!';
            sets[k] = open > 5 ? 'a' : sets[k];
        }
        const struct passage_string s = string_of(text, false);
        struct passage_bytes known = passage_bytes_none(&s);
        struct passage found = {0}, all = {0};
        bool whole = false;
        for (size_t k = 0; k < bytes; k++) {
            const uint64_t b = s.after['b'] | s.after['c'];
            whole |= passage_bytes_next(&known, &s,
                                        sets[k] == '?'   ? s.after['a'] | b
                                        : sets[k] == '!' ? b
                                                         : s.after[(uint8_t)sets[k]]);
        }
        passage_bytes_add(&found, &known);
        add_each(&all, &s, value, sets, 0);
        ck_assert_msg(memcmp(&found, &all, sizeof(all)) == 0, "'%s' in '%s'", text, sets);
        ck_assert_int_eq(whole, all.ends & 1);
    }
}
END_TEST

/* Whatever part of a number, with what's around it: it may lie there. */
START_TEST(test_numbers)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 20000; i++) {
        const uint64_t one = random_next(&state) >> random_below(&state, 64);
        const uint64_t two = random_percent(&state, 50)
                                 ? random_next(&state) >> random_below(&state, 64)
                                 : one + random_below(&state, 1000);
        const struct number_range range = {one < two ? one : two, one < two ? two : one};
        const uint64_t span = range.greatest - range.least;
        const uint64_t number =
            range.least +
            (span == UINT64_MAX ? random_next(&state) : random_next(&state) % (span + 1));
        char text[64];
        struct passage value = {0};
        unsigned width = 0;
        if (random_percent(&state, 30))
            width =
                (unsigned)snprintf(text, sizeof(text), "%llu", (unsigned long long)range.greatest) +
                (unsigned)random_below(&state, 3);
        width = width < DECIMAL_MAX ? width : DECIMAL_MAX;
        const int len =
            snprintf(text, sizeof(text), "a7%0*llu7b", (int)width, (unsigned long long)number);
        const size_t from = random_below(&state, (size_t)len);
        text[from + 1 + random_below(&state, (size_t)len - from)] = '\0';
        const struct passage_string s = string_of(text + from, false);
        const int64_t last = (int64_t)number;
        if (!width && random_percent(&state, 20))
            passage_wrapped(&value, &s, last < INT64_MIN + 5 ? last : last - 5, last);
        else
            passage_numbers(&value, &s, &range, width);
        ck_assert_msg(may_lie(&s, "a7", &value, "7b"), "'%s' of %llu", text + from,
                      (unsigned long long)number);
    }
}
END_TEST

/* A string without a digit is in no number: which range they have doesn't matter. */
START_TEST(test_no_digits)
{
    static const struct number_range ranges[] = {{7, 7}, {0, 12345}, {0, UINT64_MAX}};
    const struct passage_string s = string_of("a-b", true);
    ck_assert_uint_eq(passage_digits(&s), 0);
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
        struct passage value = {0};
        passage_numbers(&value, &s, &ranges[i], 0);
        ck_assert_uint_eq(value.ends, 0);
        ck_assert_uint_eq(value.from[0], 1);
        for (size_t place = 1; place <= PASSAGE_MAX; place++)
            ck_assert_uint_eq(value.from[place], 0);
    }
}
END_TEST

/* The most digits one behind the other are counted. */
START_TEST(test_digits)
{
    static const struct {
        const char *text;
        unsigned digits;
    } cases[] = {{"a0b", 1}, {"9", 1}, {"12.345.6", 3}, {"0123456789:4", 10}, {"/:", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct passage_string s = string_of(cases[i].text, false);
        ck_assert_uint_eq(passage_digits(&s), cases[i].digits);
    }
}
END_TEST

/* Going back gives the places from which going forward gets to the end. */
START_TEST(test_back)
{
    const struct passage_string s = string_of("abab", false);
    struct passage value = {0};
    passage_add(&value, &s, span_of("ba"));
    uint64_t wanted = passage_back_over(&s, 0, span_of("b!"));
    ck_assert_uint_eq(wanted, 1 << 3);
    ck_assert(passage_takes_part(&value, 1 << 1, wanted));
    ck_assert(!passage_takes_part(&value, 1 << 2, wanted));
    ck_assert_uint_eq(passage_back_through(&value, wanted), 1 << 1 | 1 << 3);
    ck_assert_uint_eq(passage_back_over(&s, 1 << 1, span_of("a")), 0);
    ck_assert_uint_eq(passage_back_over(&s, 1 << 2, span_of("b")), 1 << 1 | 1 << 3);
}
END_TEST

/* A string that is too long: its front. */
START_TEST(test_long)
{
    char text[100];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const struct passage_string s = string_of(text, false);
    bool found = false;
    passage_over(&s, 1, (struct span){(const uint8_t *)text, PASSAGE_MAX - 1}, &found);
    ck_assert(!found);
    passage_over(&s, 1, (struct span){(const uint8_t *)text, PASSAGE_MAX}, &found);
    ck_assert(found);
}
END_TEST

/* Each piece of each stamp is found in its format. */
START_TEST(test_stamps)
{
    uint64_t state = random_seed();
    const unsigned format = (unsigned)_i;
    size_t printed = 0;
    for (unsigned i = 0; i < 300; i++) {
        uint8_t text[TIMESTAMP_MAX_LEN];
        const bool date = i % 4 == 0;
        const unsigned digits = date ? 0 : (unsigned)random_below(&state, 10);
        const int64_t year = INT64_C(31557600);
        int64_t value = (int64_t)random_below(&state, (uint64_t)(i % 3 ? 60 * year : 86400));
        value += i % 3 == 1 ? 30 * year : 0;
        if (i % 8 == 1) /* what has no year */
            value = 946684800 + (int64_t)random_below(&state, 366 * 86400);
        value -= date ? value % 86400 : 0;
        for (unsigned d = 0; d < digits; d++)
            value = value * 10 + (int64_t)random_below(&state, i % 2 ? 10 : 2);
        const size_t len = timestamp_print(format, digits, value, text);
        printed += len != 0;
        for (size_t at = 0; at < len; at++) {
            struct passage_string s;
            struct passage stamp = {0};
            const size_t most = len - at < 1 + i % 20 ? len - at : 1 + i % 20;
            passage_string_init(&s, (struct span){text + at, most}, false);
            passage_stamp(&stamp, &s, format, digits);
            ck_assert_msg(may_lie(&s, "", &stamp, ""), "%s: %.*s", timestamp_format_name(format),
                          (int)len, (const char *)text);
        }
    }
    ck_assert_uint_gt(printed, 0);
    /* And no word is, other than its own. */
    const struct passage_string word = string_of("error", true);
    struct passage stamp = {0};
    passage_stamp(&stamp, &word, format, 0);
    ck_assert(!may_lie(&word, " ", &stamp, " "));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_sets);
    tcase_add_test(tc, test_runs);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_bytes_of_sets);
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_no_digits);
    tcase_add_test(tc, test_digits);
    tcase_add_test(tc, test_back);
    tcase_add_test(tc, test_long);
    tcase_add_loop_test(tc, test_stamps, 0, (int)timestamp_format_count);
}

int main(void)
{
    return run_suite("passage", add_tests, 0);
}
