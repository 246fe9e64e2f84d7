/*
 * fuzz_record.c - any bytes as a line: its fields lie within it, a JSON member that a walk over all
 * of them meets is found by its name, and a cut behind a member changes nothing about it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "query/header.h"
#include "query/json_find.h"
#include "query/pairs.h"
#include "query/record.h"

static void check_within(struct span text, struct span part)
{
    if (part.data && (part.data < text.data || part.data + part.len > text.data + text.len))
        abort();
}

/* At a member that a walk has met. */
static void check_member(const struct json_walk *walk, struct span text, struct span name,
                         struct span value)
{
    struct json_value found;
    if (json_find(text, name, &found) != JSON_FOUND || found.text.data > value.data)
        abort();
    /* One byte behind the value is what a number takes to have an end. */
    struct span cut = {text.data, walk->at < text.len ? walk->at + 1 : walk->at};
    if (json_find(cut, name, &found) != JSON_FOUND)
        abort();
}

/* The first member of each name, as json_find() sees it. One with a dot may be in another, where
   more has to be right. */
static void check_json(struct span text)
{
    struct json_walk walk;
    struct json_value name, value;
    if (!json_walk_start(&walk, text))
        return;
    for (unsigned n = 0; n < 100 && json_walk_next(&walk, &name, &value) == JSON_FOUND; n++) {
        struct buf meaning = {0};
        json_unescape(name.text, &meaning);
        check_within(text, name.text);
        check_within(text, value.text);
        if (!meaning.len || !memchr(meaning.data, '.', meaning.len))
            check_member(&walk, text, buf_span(&meaning), value.text);
        buf_free(&meaning);
    }
}

static void check_pairs(struct span text)
{
    struct pair pair, found;
    size_t at = 0, before = 0;
    while (pairs_next(text, &at, &pair)) {
        if (at <= before || pair.name.len == 0)
            abort();
        check_within(text, pair.name);
        check_within(text, pair.value);
        if (before < 1000 && !pairs_find(text, pair.name, &found))
            abort();
        before = at;
    }
}

static void check_record(struct span text)
{
    static const char *const names[] = {"a", "a.b", "a.0.b", "level", "message", "time", "pid"};
    struct lgz_error err = {0};
    struct record *record;
    struct query_line line = {.source = "s", .text = text};
    if (record_new(&record, &err) != LGZ_OK)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct field_value value;
        size_t index;
        if (record_want(record, names[i], &index, &err) != LGZ_OK)
            break;
        record_start(record, &line);
        if (record_get(record, index, &value, &err) == 1 && value.text.len &&
            !memchr(value.text.data, value.text.data[value.text.len - 1], value.text.len))
            abort();
    }
    record_free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing;
    struct span text = {size ? data : &nothing, size};
    struct header header;
    if (header_parse(text, &header)) {
        check_within(text, header.host);
        check_within(text, header.program);
        check_within(text, header.pid);
        check_within(text, header.message);
    }
    check_json(text);
    check_pairs(text);
    check_record(text);
    return 0;
}
