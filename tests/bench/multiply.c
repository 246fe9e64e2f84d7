/*
 * multiply.c - makes a large log of a small one: repeats it, with other values in each repetition.
 *
 *   multiply BYTES FILE >LARGER
 *
 * Behind a line's first STAMP bytes, where its time stands, runs of three or more digits get other
 * digits: ports, sizes, process numbers, ids. So no repetition is a copy of another, and the
 * columns have values that are at least as hard as those of real logs. BYTES is rounded up to whole
 * lines. tests/bench/daemon calls it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/file.h"

enum { STAMP = 32, RUN_MIN = 3, SAMPLE_MAX = 1 << 28 };

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

int main(int argc, char **argv)
{
    struct lgz_error err = {0};
    struct buf text = {0};
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t wanted = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    if (!wanted) {
        fprintf(stderr, "Usage: multiply BYTES FILE\n");
        return 2;
    }
    int code = file_load(argv[2], SAMPLE_MAX, &text, &err);
    if (code == LGZ_OK && text.len == 0)
        code = error_set(&err, LGZ_ERR_ARGUMENT, "%s: is empty", argv[2]);
    while (code == LGZ_OK && wanted) {
        size_t len = whole_lines(&text, wanted - 1);
        code = file_write(1, text.data, len, "standard output", &err);
        wanted -= len < wanted ? len : wanted;
        change_lines(&text, &state);
    }
    buf_free(&text);
    if (code != LGZ_OK)
        fprintf(stderr, "multiply: %s\n", err.message);
    return code == LGZ_OK ? 0 : 1;
}
