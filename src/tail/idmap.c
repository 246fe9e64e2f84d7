/*
 * idmap.c - open addressing with linear probing; removal shifts back, so there are no tombstones
 * and a table that lives for months stays as quick as a new one.
 */
#include "tail/idmap.h"

#include <stdlib.h>

#include "base/hash.h"

static size_t home(const struct idmap *map, uint64_t a, uint64_t b)
{
    uint64_t key[2] = {a, b};
    return (size_t)hash_bytes(key, sizeof(key)) & (map->cap - 1);
}

/* The slot of the key, or the free one where it would go. The table has a free slot. */
static size_t find(const struct idmap *map, uint64_t a, uint64_t b)
{
    size_t i = home(map, a, b);
    while (map->slots[i].value && (map->slots[i].a != a || map->slots[i].b != b))
        i = (i + 1) & (map->cap - 1);
    return i;
}

void *idmap_get(const struct idmap *map, uint64_t a, uint64_t b)
{
    return map->count ? map->slots[find(map, a, b)].value : NULL;
}

static bool grow(struct idmap *map)
{
    struct idmap larger = {.cap = map->cap ? map->cap * 2 : 16};
    larger.slots = calloc(larger.cap, sizeof(*larger.slots));
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].value)
            larger.slots[find(&larger, map->slots[i].a, map->slots[i].b)] = map->slots[i];
    }
    larger.count = map->count;
    free(map->slots);
    *map = larger;
    return true;
}

bool idmap_put(struct idmap *map, uint64_t a, uint64_t b, void *value)
{
    if ((map->count + 1) * 4 > map->cap * 3 && !grow(map))
        return false;
    size_t i = find(map, a, b);
    if (!map->slots[i].value)
        map->count++;
    map->slots[i] = (struct idmap_slot){a, b, value};
    return true;
}

void *idmap_remove(struct idmap *map, uint64_t a, uint64_t b)
{
    if (!map->count)
        return NULL;
    size_t mask = map->cap - 1;
    size_t hole = find(map, a, b);
    void *value = map->slots[hole].value;
    if (!value)
        return NULL;
    /* Move back each follower whose home isn't between the hole and itself. */
    for (size_t i = (hole + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
        size_t want = home(map, map->slots[i].a, map->slots[i].b);
        if (((i - want) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole].value = NULL;
    map->count--;
    return value;
}

void *idmap_next(const struct idmap *map, size_t *cursor)
{
    while (*cursor < map->cap) {
        void *value = map->slots[(*cursor)++].value;
        if (value)
            return value;
    }
    return NULL;
}

void idmap_free(struct idmap *map)
{
    free(map->slots);
    *map = (struct idmap){0};
}
