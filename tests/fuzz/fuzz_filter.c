/*
 * fuzz_filter.c - any bytes as a filter that is asked for any text; and a filter that is made of
 * any text, which must not deny a part of it.
 *
 * Input: what it is (1 byte: odd is a filter), two bytes of length and so many bytes to be asked
 * for, then the filter or the text. Of the latter, a part is asked for that begins at that length.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "line/lines.h"
#include "segment/filter_build.h"

enum { MOST = 1 << 20 };

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void ask(struct span bytes, struct span text)
{
    struct filter filter;
    const struct need_string string = {text, false};
    const struct need_string folded = {text, true};
    if (filter_read(&filter, bytes, NULL) == LGZ_OK && text.len) {
        (void)filter_may_hold(&filter, &string);
        (void)filter_may_hold(&filter, &folded);
    }
    filter_clear(&filter);
}

/* What is known of the lines: as a block that is encoded would. */
static void collect(struct text_parts *parts, struct span text, bool structured)
{
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    struct worker me = {0};
    bool collected;
    if (structured)
        collected = lines_split(&lines, text.data, text.len) &&
                    skeletons_collect(&skeletons, text.data, &lines, &me) &&
                    text_parts_collect(parts, text.data, &lines, &skeletons, NULL);
    else
        collected = text_parts_collect_raw(parts, text);
    require(collected, "out of memory");
    skeletons_free(&skeletons);
    lines_free(&lines);
}

/* A text without newlines within the text, from `at` on. */
static struct span part_of(struct span text, size_t at)
{
    at = text.len ? at % text.len : 0;
    struct span part = {text.data + at, text.len - at};
    const uint8_t *newline = part.len ? memchr(part.data, '\n', part.len) : NULL;
    if (newline)
        part.len = (size_t)(newline - part.data);
    if (part.len > 100)
        part.len = 100 - at % 80;
    return part;
}

static void build(struct span text, size_t at, bool structured)
{
    struct text_parts parts = {0};
    struct filter filter;
    struct buf bytes = {0};
    if (!text.len)
        return;
    collect(&parts, text, structured);
    require(filter_build(&filter, &parts, text.data, MOST), "out of memory");
    filter_note_escapes(&filter, text);
    filter_write(&filter, &bytes);
    require(bytes.len == filter_size(&filter), "has another size than it says");
    filter_clear(&filter);
    require(filter_read(&filter, buf_span(&bytes), NULL) == LGZ_OK, "can't be read");
    for (size_t i = 0; i < 8; i++) {
        const struct need_string string = {part_of(text, at * (i + 1)), false};
        require(!string.bytes.len || filter_may_hold(&filter, &string), "denies what is there");
    }
    filter_clear(&filter);
    text_parts_clear(&parts);
    buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    const uint8_t kind = reader_u8(&r);
    const size_t len = (size_t)reader_le(&r, 2);
    if (r.failed)
        return 0;
    if (kind & 1) {
        struct span text = reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        ask(reader_bytes(&r, reader_left(&r)), text);
    } else {
        build(reader_bytes(&r, reader_left(&r)), len, kind & 2);
    }
    return 0;
}
