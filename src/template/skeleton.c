/*
 * skeleton.c - hashing lines without their values, and the table of what was seen.
 */
#include "template/skeleton.h"

#include <stdlib.h>

#include "line/tokens.h"

enum { FIRST_TABLE = 1024, MARK_VALUE = 0x11, MARK_TIME = 0x12 };

uint64_t mix_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
    uint64_t word = 0;
    hash = mix_hash(hash, len);
    for (; len >= 8; data += 8, len -= 8) {
        memcpy(&word, data, 8);
        hash = mix_hash(hash, word);
    }
    if (len) {
        word = 0;
        memcpy(&word, data, len);
        hash = mix_hash(hash, word);
    }
    return hash;
}

static void hash_line(const uint8_t *line, size_t len, struct skeleton *s)
{
    struct token_scanner scanner = {line, len, 0};
    struct token token;
    size_t at = 0;
    uint64_t words = 1;
    uint64_t shape = 2;
    while (token_next(&scanner, &token)) {
        shape = mix_bytes(shape, line + at, token.at - at);
        if (token.kind == TOKEN_WORD) {
            words = mix_bytes(words, line + token.at, token.len);
        } else if (token.kind == TOKEN_VALUE) {
            words = mix_hash(words, MARK_VALUE);
        } else {
            shape = mix_hash(shape, MARK_TIME + ((uint64_t)token.stamp.format << 8) +
                                        ((uint64_t)token.stamp.digits << 16));
        }
        at = token.at + token.len;
    }
    s->shape = mix_bytes(shape, line + at, len - at);
    s->hash = mix_hash(s->shape, words);
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

bool skeletons_collect(struct skeletons *s, const uint8_t *raw, const struct lines *lines)
{
    s->of_line = malloc((lines->list.len + 1) * sizeof(*s->of_line));
    if (!s->of_line)
        return false;
    for (size_t i = 0; i < lines->list.len; i++) {
        struct skeleton found = {.example = (uint32_t)i};
        hash_line(raw + lines->list.data[i].at, lines->list.data[i].len, &found);
        uint32_t index = find_or_add(s, &found);
        if (index == UINT32_MAX)
            return false;
        s->list.data[index].count++;
        s->of_line[i] = index;
    }
    return true;
}

void skeletons_free(struct skeletons *s)
{
    vec_free(&s->list);
    free(s->of_line);
    free(s->table);
    *s = (struct skeletons){0};
}
