/*
 * fuzz_template.c - any bytes as serialized templates, and lines to match with them: what is parsed
 * gives the same bytes again, and what matches can be put together again.
 *
 * Input: how many templates there are (1 byte), the bytes of them all (2 bytes of length in front),
 * then lines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/varint.h"
#include "fuzz.h"
#include "line/lines.h"
#include "template/template_set.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void put_again(const struct template *t, struct buf *out)
{
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct slot *slot = &t->slots[i];
        struct timestamp stamp = {.format = slot->format, .digits = slot->digits};
        buf_append(out, slot->literal.data, slot->literal.len);
        if (slot->kind == SLOT_VALUE)
            template_put_value(out);
        else if (slot->kind == SLOT_SECTION)
            template_put_section(out);
        else if (slot->kind == SLOT_REST)
            template_put_rest(out);
        else
            template_put_time(out, &stamp);
    }
    buf_append(out, t->tail.data, t->tail.len);
    template_put_end(out);
}

static void match(const struct template *t, const uint8_t *line, size_t len)
{
    struct slot_value *values = calloc(t->slot_count + 1, sizeof(*values));
    struct buf out = {0};
    if (values && template_match(t, line, len, values)) {
        for (size_t i = 0; i < t->slot_count; i++) {
            const struct slot *slot = &t->slots[i];
            uint8_t text[TIMESTAMP_MAX_LEN];
            buf_append(&out, slot->literal.data, slot->literal.len);
            require(slot->kind == SLOT_REST || values[i].len > 0, "a value of no bytes");
            if (slot->kind == SLOT_TIME)
                buf_append(&out, text,
                           timestamp_print(slot->format, slot->digits, values[i].time, text));
            else
                buf_append(&out, line + values[i].at, values[i].len);
        }
        buf_append(&out, t->tail.data, t->tail.len);
        require(out.len == len && (len == 0 || memcmp(out.data, line, len) == 0),
                "literals and values aren't the line");
    }
    buf_free(&out);
    free(values);
}

static void try_all(const struct template_set *set, struct span text)
{
    struct lines lines = {0};
    struct buf out = {0};
    if (!text.len || !lines_split(&lines, text.data, text.len))
        return;
    for (size_t t = 0; t < set->list.len; t++) {
        for (size_t i = 0; i < lines.list.len && i < 100; i++)
            match(&set->list.data[t], text.data + lines.list.data[i].at, lines.list.data[i].len);
        template_describe(&set->list.data[t], &out);
    }
    buf_free(&out);
    lines_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    size_t count = reader_u8(&r);
    struct span text = reader_bytes(&r, reader_le(&r, 2));
    struct template_set set;
    struct lgz_error err = {0};
    struct buf again = {0};
    if (r.failed)
        return 0;
    uint8_t *copy = malloc(text.len + 1);
    if (!copy)
        return 0;
    memcpy(copy, text.data, text.len);
    if (template_set_parse(&set, copy, text.len, count, &err) == LGZ_OK) {
        require(set.list.len == count, "other templates than asked for");
        for (size_t i = 0; i < count; i++)
            put_again(&set.list.data[i], &again);
        require(again.len == text.len &&
                    (text.len == 0 || !memcmp(again.data, text.data, text.len)),
                "templates aren't what they were parsed from");
        try_all(&set, reader_bytes(&r, reader_left(&r)));
        template_set_clear(&set);
    } else {
        require(err.code != 0 && err.message[0], "an error without a story");
    }
    buf_free(&again);
    return 0;
}
