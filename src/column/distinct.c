/*
 * distinct.c - a hash table of strings.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "column/distinct.h"

enum { FIRST_TABLE = 64 };

static bool grow(struct distinct *d)
{
    size_t size = d->table_size ? d->table_size * 4 : FIRST_TABLE;
    uint32_t *table = calloc(size, sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < d->list.len; i++) {
        size_t slot = hash_short(d->list.data[i].data, d->list.data[i].len) & (size - 1);
        while (table[slot])
            slot = (slot + 1) & (size - 1);
        table[slot] = (uint32_t)i + 1;
    }
    free(d->table);
    d->table = table;
    d->table_size = size;
    return true;
}

uint32_t distinct_add(struct distinct *d, struct span value)
{
    if (d->list.len * 2 >= d->table_size && !grow(d))
        return UINT32_MAX;
    size_t slot = hash_short(value.data, value.len) & (d->table_size - 1);
    for (; d->table[slot]; slot = (slot + 1) & (d->table_size - 1)) {
        uint32_t index = d->table[slot] - 1;
        if (span_equal(d->list.data[index], value)) {
            d->counts.data[index]++;
            return index;
        }
    }
    if (!vec_reserve(&d->list, d->list.len + 1) || !vec_push(&d->counts, 1))
        return UINT32_MAX;
    d->list.data[d->list.len++] = value;
    d->table[slot] = (uint32_t)d->list.len;
    return (uint32_t)(d->list.len - 1);
}

void distinct_free(struct distinct *d)
{
    vec_free(&d->list);
    vec_free(&d->counts);
    free(d->table);
    d->table = NULL;
    d->table_size = 0;
}
