/*
 * test_string_set.c - many strings at once give what each by itself gives.
 */
#include <check.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "log_generator.h"
#include "query/string_set.h"
#include "suite.h"

enum { STRINGS = 40, TEXT = 400 };

static bool word_at(struct span text, size_t at)
{
    return at < text.len && (ascii_is_alnum(text.data[at]) || text.data[at] == '_');
}

static uint8_t folded(uint8_t byte, bool fold)
{
    return (uint8_t)(fold && ascii_is_letter(byte) ? byte | 0x20 : byte);
}

/* Is the string there, as it should be? */
static bool is_there(struct span text, size_t at, struct span string, bool fold,
                     enum string_frame frame)
{
    if (string.len > text.len - at)
        return false;
    for (size_t i = 0; i < string.len; i++)
        if (folded(text.data[at + i], fold) != folded(string.data[i], fold))
            return false;
    size_t end = at + string.len;
    if (frame == STRING_WORD)
        return !(at && word_at(text, at - 1)) && !word_at(text, end);
    if (frame == STRING_LINE)
        return (at == 0 || text.data[at - 1] == '\n') &&
               (end == text.len || text.data[end] == '\n');
    return true;
}

static bool search(struct span text, size_t from, const struct span *strings, size_t count,
                   bool fold, enum string_frame frame, size_t *start, size_t *end)
{
    for (size_t at = from; at <= text.len; at++) {
        size_t longest = 0;
        for (size_t i = 0; i < count; i++)
            if (is_there(text, at, strings[i], fold, frame) && strings[i].len > longest)
                longest = strings[i].len;
        if (longest) {
            *start = at;
            *end = at + longest;
            return true;
        }
    }
    return false;
}

static size_t fill(uint8_t *out, size_t len, const char *letters, uint64_t *state)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)letters[random_below(state, strlen(letters))];
    return len;
}

static void try_one(uint64_t *state)
{
    static const char *const alphabets[] = {"ab", "abcAB_ ", "aAbBcC01_- .\x80\xff"};
    const char *letters = alphabets[random_below(state, 3)];
    uint8_t bytes[STRINGS][24], text_bytes[TEXT];
    struct span strings[STRINGS];
    const size_t least = 1 + random_below(state, 4);
    const size_t count = 1 + random_below(state, STRINGS);
    const bool fold = random_percent(state, 50);
    const enum string_frame frame = (enum string_frame)random_below(state, 3);
    struct string_set *set;
    for (size_t i = 0; i < count; i++)
        strings[i] = (struct span){bytes[i],
                                   fill(bytes[i], least + random_below(state, 20), letters, state)};
    struct span text = {text_bytes, fill(text_bytes, random_below(state, TEXT), letters, state)};
    for (size_t i = 0; i + 24 < text.len; i += 1 + random_below(state, 60)) {
        const struct span *string = &strings[random_below(state, count)];
        memcpy(text_bytes + i, string->data, string->len);
        if (frame == STRING_LINE) {
            text_bytes[i + string->len] = '\n';
            i += string->len;
        }
    }
    ck_assert_int_eq(string_set_new(&set, strings, count, fold, frame, NULL), LGZ_OK);
    for (size_t from = 0; from <= text.len; from += 1 + random_below(state, 30)) {
        size_t start, end, wanted_start, wanted_end;
        bool wanted = search(text, from, strings, count, fold, frame, &wanted_start, &wanted_end);
        ck_assert_int_eq(string_set_next(set, text, from, &start, &end), wanted);
        ck_assert(!wanted || (start == wanted_start && end == wanted_end));
    }
    string_set_free(set);
}

START_TEST(test_random)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 3000; i++)
        try_one(&state);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_random);
}

int main(void)
{
    return run_suite("string_set", add_tests, 0);
}
