/*
 * multiply.c - makes a large log of a small one: repeats it, with other values in each repetition.
 *
 *   multiply BYTES FILE >LARGER
 *   multiply -s SECONDS BYTES FILE >LARGER
 *
 * Behind a line's first STAMP bytes, where its time stands, runs of three or more digits get other
 * digits: ports, sizes, process numbers, ids. So no repetition is a copy of another, and the
 * columns have values that are at least as hard as those of real logs. BYTES is rounded up to whole
 * lines. tests/bench/daemon calls it so.
 *
 * With -s the larger log is one to search in, and what belongs together still does. The stamp that
 * dates a line becomes one of the week that begins at START; all lines together take SECONDS. Long
 * runs of digits and long hexadecimal numbers get others, in each repetition the same for the same,
 * so an id occurs as often as in the small log. tests/bench/query calls it so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "line/timestamp.h"

enum {
    STAMP = 32,
    RUN_MIN = 3,
    LONG_RUN = 5,
    LONG_HEX = 8,
    LONG_MAX_LEN = 128,
    SAMPLE_MAX = 1 << 28
};

/* Monday, 2026-11-02 00:00:00, and the same day of 2000, which stamps without a year are in. */
#define START      INT64_C(1793577600)
#define START_2000 INT64_C(973123200)

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Other digits for those of the run, whose length stays, and its first digit. */
static void change_run(uint8_t *run, size_t len, uint64_t *state)
{
    for (size_t i = 1; i < len; i++)
        run[i] = (uint8_t)('0' + (next_random(state) >> 32) % 10);
}

static void change_line(uint8_t *line, size_t len, uint64_t *state)
{
    for (size_t at = STAMP; at < len;) {
        size_t run = 0;
        while (at + run < len && ascii_is_digit(line[at + run]))
            run++;
        if (run >= RUN_MIN)
            change_run(line + at, run, state);
        at += run ? run : 1;
    }
}

static void change_lines(struct buf *text, uint64_t *state)
{
    for (size_t at = 0; at < text->len;) {
        const uint8_t *newline = memchr(text->data + at, '\n', text->len - at);
        size_t end = newline ? (size_t)(newline - text->data) + 1 : text->len;
        change_line(text->data + at, end - at, state);
        at = end;
    }
}

/* How many bytes of whole lines there are in `text` up to the one that byte `wanted` is in. */
static size_t whole_lines(const struct buf *text, uint64_t wanted)
{
    if (wanted >= text->len)
        return text->len;
    const uint8_t *newline = memchr(text->data + wanted, '\n', text->len - (size_t)wanted);
    return newline ? (size_t)(newline - text->data) + 1 : text->len;
}

static int repeat(struct buf *text, uint64_t wanted, struct lgz_error *err)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    int code = LGZ_OK;
    while (code == LGZ_OK && wanted) {
        size_t len = whole_lines(text, wanted - 1);
        code = file_write(1, text->data, len, "standard output", err);
        wanted -= len < wanted ? len : wanted;
        change_lines(text, &state);
    }
    return code;
}

/*
 * Other digits of the same kind, which depend on the number and the repetition alone. It must not
 * become a stamp, of some other year: that would date its line.
 */
static void replace_number(uint8_t *number, size_t len, uint64_t repetition)
{
    uint8_t made[LONG_MAX_LEN];
    struct timestamp stamp;
    uint64_t state = hash_bytes(number, len) ^ (repetition * UINT64_C(0x9e3779b97f4a7c15));
    made[0] = number[0];
    for (size_t i = 1; i < len; i++) {
        uint64_t random = next_random(&state) >> 32;
        if (ascii_is_digit(number[i]))
            made[i] = (uint8_t)('0' + random % 10);
        else
            made[i] = (uint8_t)((number[i] & ~7) + 1 + random % 6);
    }
    if (!timestamp_parse(made, len, &stamp))
        memcpy(number, made, len);
}

/* Long numbers in a line, or in what is left of one. */
static void replace_numbers(uint8_t *text, size_t len, uint64_t repetition)
{
    for (size_t at = 0; at < len;) {
        size_t run = 0, digits = 0, others = 0;
        for (; at + run < len; run++) {
            const uint8_t c = text[at + run];
            if (!ascii_is_alnum(c))
                break;
            digits += ascii_is_digit(c);
            others += !ascii_is_hex(c);
        }
        if (!others && run <= LONG_MAX_LEN &&
            (digits == run ? run >= LONG_RUN : digits && run >= LONG_HEX))
            replace_number(text + at, run, repetition);
        at += run ? run : 1;
    }
}

static int64_t power_of_ten(unsigned digits)
{
    int64_t power = 1;
    while (digits--)
        power *= 10;
    return power;
}

/* The line with its stamp so many nanoseconds behind the start. */
static void put_dated(struct buf *out, uint8_t *line, size_t len, uint64_t repetition,
                      int64_t nanoseconds)
{
    struct timestamp_found found;
    uint8_t text[TIMESTAMP_MAX_LEN];
    size_t behind = 0;
    if (timestamp_first(line, len, &found)) {
        const struct timestamp *stamp = &found.stamp;
        int64_t start = timestamp_has_year(stamp->format) ? START : START_2000;
        if (found.zone != TIMESTAMP_NO_ZONE)
            start += found.zone;
        int64_t value = start * power_of_ten(stamp->digits) +
                        nanoseconds / power_of_ten(9 - (unsigned)stamp->digits);
        size_t printed = timestamp_print(stamp->format, stamp->digits, value, text);
        if (printed) {
            replace_numbers(line, found.at, repetition);
            buf_append(out, line, found.at);
            buf_append(out, text, printed);
            behind = found.at + stamp->len;
        }
    }
    replace_numbers(line + behind, len - behind, repetition);
    buf_append(out, line + behind, len - behind);
}

static int spread(const struct buf *text, uint64_t wanted, int64_t seconds, struct lgz_error *err)
{
    struct buf copy = {0}, out = {0};
    uint64_t done = 0;
    int code = LGZ_OK;
    for (uint64_t repetition = 0; code == LGZ_OK && done < wanted; repetition++) {
        buf_clear(&copy);
        buf_clear(&out);
        buf_append(&copy, text->data, text->len);
        for (size_t at = 0; !copy.failed && at < copy.len && done + out.len < wanted;) {
            const uint8_t *newline = memchr(copy.data + at, '\n', copy.len - at);
            size_t end = newline ? (size_t)(newline - copy.data) + 1 : copy.len;
            double part = (double)(done + out.len) / (double)wanted;
            put_dated(&out, copy.data + at, end - at, repetition,
                      (int64_t)((double)seconds * 1e9 * part));
            at = end;
        }
        code = copy.failed || out.failed ? error_memory(err)
                                         : file_write(1, out.data, out.len, "standard output", err);
        done += out.len;
    }
    buf_free(&copy);
    buf_free(&out);
    return code;
}

int main(int argc, char **argv)
{
    struct lgz_error err = {0};
    struct buf text = {0};
    int64_t seconds = 0;
    int option;
    while ((option = getopt(argc, argv, "s:")) == 's')
        seconds = strtoll(optarg, NULL, 10);
    uint64_t wanted = argc - optind == 2 ? strtoull(argv[optind], NULL, 10) : 0;
    if (option != -1 || !wanted || seconds < 0) {
        fprintf(stderr, "Usage: multiply [-s SECONDS] BYTES FILE\n");
        return 2;
    }
    int code = file_load(argv[optind + 1], SAMPLE_MAX, &text, &err);
    if (code == LGZ_OK && text.len == 0)
        code = error_set(&err, LGZ_ERR_ARGUMENT, "%s: is empty", argv[optind + 1]);
    if (code == LGZ_OK)
        code = seconds ? spread(&text, wanted, seconds, &err) : repeat(&text, wanted, &err);
    buf_free(&text);
    if (code != LGZ_OK)
        fprintf(stderr, "multiply: %s\n", err.message);
    return code == LGZ_OK ? 0 : 1;
}
