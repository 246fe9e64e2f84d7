/*
 * skeleton.c - hashing lines without their values, and the table of what was seen.
 */
#include "template/skeleton.h"

#include <endian.h>
#include <stdlib.h>

#include "line/scan.h"

enum { FIRST_TABLE = 1024, MARK_VALUE = 0x11, MARK_TIME = 0x12 };

uint64_t mix_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
    uint64_t word = 0;
    hash = mix_hash(hash, len);
    for (; len >= 8; data += 8, len -= 8) {
        memcpy(&word, data, 8);
        hash = mix_hash(hash, le64toh(word));
    }
    if (len) {
        word = 0;
        memcpy(&word, data, len);
        hash = mix_hash(hash, le64toh(word));
    }
    return hash;
}

/* At most 8 bytes as a number; `room` bytes are there to be read. */
static inline uint64_t load_word(const uint8_t *data, size_t len, size_t room)
{
    uint64_t word = 0;
    if (room < 8) {
        memcpy(&word, data, len);
        return le64toh(word);
    }
    memcpy(&word, data, 8);
    return len == 8 ? le64toh(word) : le64toh(word) & ((UINT64_C(1) << 8 * len) - 1);
}

/* mix_bytes() for what is mostly short: one step for up to 8 bytes, two for up to 16. */
static inline uint64_t mix_short(uint64_t hash, const uint8_t *data, size_t len, size_t room)
{
    uint64_t length = (uint64_t)len << 56;
    if (len <= 8)
        return mix_hash(hash, load_word(data, len, room) ^ length);
    if (len > 16)
        return mix_bytes(hash, data, len);
    hash = mix_hash(hash, load_word(data, 8, room) ^ length);
    return mix_hash(hash, load_word(data + len - 8, 8, room - (len - 8)));
}

/* Remember where a value is, or what a stamp says. */
static inline bool keep_value(struct skeletons *s, const struct token *token)
{
    struct line_value value = {(uint32_t)token->at, (uint32_t)token->len};
    if (token->kind == TOKEN_TIME) {
        value.len = LINE_VALUE_STAMP | (uint32_t)s->stamps.len;
        if (!vec_push(&s->stamps, token->stamp))
            return false;
    }
    return vec_push(&s->values, value);
}

/* The hashes of a line, while its values are kept. @return false when memory is out */
static bool hash_line(struct skeletons *s, struct scan *scan, struct skeleton *found)
{
    struct token token;
    const uint8_t *text = scan->text;
    size_t size = scan->size;
    size_t at = scan->at;
    uint64_t words = 1;
    uint64_t shape = 2;
    while (scan_next(scan, &token)) {
        shape = mix_short(shape, text + at, token.at - at, size - at);
        at = token.at + token.len;
        if (token.kind == TOKEN_WORD) {
            words = mix_short(words, text + token.at, token.len, size - token.at);
            continue;
        }
        if (!keep_value(s, &token))
            return false;
        if (token.kind == TOKEN_VALUE)
            words = mix_hash(words, MARK_VALUE);
        else
            shape = mix_hash(shape, MARK_TIME + ((uint64_t)token.stamp.format << 8) +
                                        ((uint64_t)token.stamp.digits << 16));
    }
    found->shape = mix_short(shape, text + at, scan->end - at, size - at);
    found->hash = mix_hash(found->shape, words);
    return true;
}

static bool grow_table(struct skeletons *s)
{
    size_t size = s->table_size ? s->table_size * 4 : FIRST_TABLE;
    uint32_t *table = calloc(size, sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < s->list.len; i++) {
        size_t slot = s->list.data[i].hash & (size - 1);
        while (table[slot])
            slot = (slot + 1) & (size - 1);
        table[slot] = (uint32_t)i + 1;
    }
    free(s->table);
    s->table = table;
    s->table_size = size;
    return true;
}

/* The index of the skeleton with that hash, added if it's new; UINT32_MAX when memory is out. */
static uint32_t find_or_add(struct skeletons *s, const struct skeleton *wanted)
{
    if (s->list.len * 2 >= s->table_size && !grow_table(s))
        return UINT32_MAX;
    size_t slot = wanted->hash & (s->table_size - 1);
    while (s->table[slot]) {
        uint32_t index = s->table[slot] - 1;
        if (s->list.data[index].hash == wanted->hash)
            return index;
        slot = (slot + 1) & (s->table_size - 1);
    }
    if (!vec_push(&s->list, *wanted))
        return UINT32_MAX;
    s->table[slot] = (uint32_t)s->list.len;
    return (uint32_t)(s->list.len - 1);
}

static bool collect(struct skeletons *s, const struct lines *lines, struct scan *scan)
{
    for (size_t i = 0; i < lines->list.len; i++) {
        struct skeleton found = {.example = (uint32_t)i};
        s->first_value[i] = (uint32_t)s->values.len;
        scan_line(scan, lines->list.data[i].at, lines->list.data[i].len);
        uint32_t index = hash_line(s, scan, &found) ? find_or_add(s, &found) : UINT32_MAX;
        if (index == UINT32_MAX)
            return false;
        s->list.data[index].count++;
        s->of_line[i] = index;
    }
    s->first_value[lines->list.len] = (uint32_t)s->values.len;
    return true;
}

bool skeletons_collect(struct skeletons *s, const uint8_t *raw, const struct lines *lines)
{
    struct scan scan;
    size_t count = lines->list.len;
    const struct line *last = count ? &lines->list.data[count - 1] : NULL;
    scan_start(&scan, raw, last ? (size_t)last->at + last->len : 0, byte_map_best());
    s->of_line = malloc((count + 1) * sizeof(*s->of_line));
    s->first_value = malloc((count + 1) * sizeof(*s->first_value));
    return s->of_line && s->first_value && vec_reserve(&s->values, 1) && collect(s, lines, &scan);
}

void skeletons_free(struct skeletons *s)
{
    vec_free(&s->list);
    vec_free(&s->values);
    vec_free(&s->stamps);
    free(s->of_line);
    free(s->first_value);
    free(s->table);
    *s = (struct skeletons){0};
}
