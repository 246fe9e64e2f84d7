/*
 * test_find.c - strings are found where memmem() finds them, in texts of all lengths, and in texts
 * that were made to take long.
 */
#include <check.h>
#include <stdlib.h>

#include "base/find.h"
#include "suite.h"

static size_t reference(struct span string, struct span text, size_t from)
{
    const uint8_t *at = string.len
                            ? memmem(text.data + from, text.len - from, string.data, string.len)
                            : text.data + from;
    return at ? (size_t)(at - text.data) : SIZE_MAX;
}

static void compare(struct span string, struct span text)
{
    struct finder f = finder_of(string);
    for (size_t from = 0; from <= text.len;) {
        size_t wanted = reference(string, text, from), got = finder_next(&f, text, from);
        ck_assert_msg(got == wanted, "%zu bytes in %zu from %zu: %zu, not %zu", string.len,
                      text.len, from, got, wanted);
        from = got == SIZE_MAX ? text.len + 1 : got + 1;
    }
}

START_TEST(test_random)
{
    static const char letters[] = "abe \"q";
    uint8_t *text = malloc(400);
    unsigned seed = 1;
    for (unsigned round = 0; round < 30000; round++) {
        seed = seed * 1103515245 + 12345;
        size_t len = (seed >> 8) % 100, kinds = 1 + (seed >> 20) % 6;
        size_t string_len = (seed >> 16) % (round % 7 ? 6 : 40);
        /* At the end of the memory, so that a read too far is noticed. */
        uint8_t *at = text + 400 - len;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            at[i] = (uint8_t)letters[(seed >> 16) % kinds];
        }
        uint8_t string[40];
        for (size_t i = 0; i < string_len; i++) {
            seed = seed * 1103515245 + 12345;
            string[i] = (uint8_t)letters[(seed >> 16) % kinds];
        }
        if (round % 3 == 0 && string_len && string_len <= len)
            memcpy(string, at + len - string_len, string_len);
        compare((struct span){string, string_len}, (struct span){at, len});
    }
    free(text);
}
END_TEST

/* Every place has the two bytes, or nearly all of the string. */
START_TEST(test_hostile)
{
    enum { LEN = 1 << 20, STRING = 5000 };
    uint8_t *text = malloc(LEN), *string = malloc(STRING);
    memset(text, 'q', LEN);
    memset(string, 'q', STRING);
    for (size_t odd = 0; odd < STRING; odd += STRING / 5 - 1) {
        string[odd] = '#';
        struct finder f = finder_of((struct span){string, STRING});
        for (unsigned n = 0; n < 3; n++)
            ck_assert_uint_eq(finder_next(&f, (struct span){text, LEN}, n), SIZE_MAX);
        string[odd] = 'q';
    }
    text[LEN - 1] = text[LEN / 2] = '#';
    compare((struct span){text + LEN - 300, 300}, (struct span){text, LEN});
    free(text);
    free(string);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_random);
    tcase_add_test(tc, test_hostile);
}

int main(void)
{
    return run_suite("find", add_tests, 0);
}
