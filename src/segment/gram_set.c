/*
 * gram_set.c - open addressing, at most half full.
 */
#include "segment/gram_set.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

static bool grow(struct gram_set *set)
{
    const size_t size = set->size ? set->size * 2 : FIRST_SIZE;
    uint64_t *slots = calloc(size, sizeof(*slots));
    if (!slots)
        return false;
    for (size_t i = 0; i < set->size; i++) {
        if (!set->slots[i])
            continue;
        size_t at = gram_mix(set->slots[i]) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = set->slots[i];
    }
    free(set->slots);
    set->slots = slots;
    set->size = size;
    return true;
}

bool gram_set_add(struct gram_set *set, const uint64_t *grams, size_t count)
{
    for (size_t i = 0; i < count && !set->full; i++) {
        if (set->count * 2 >= set->size && !grow(set))
            return false;
        size_t at = gram_mix(grams[i]) & (set->size - 1);
        while (set->slots[at] && set->slots[at] != grams[i])
            at = (at + 1) & (set->size - 1);
        if (set->slots[at])
            continue;
        set->slots[at] = grams[i];
        if (set->count++ == set->most) {
            gram_set_free(set);
            set->full = true;
        }
    }
    return true;
}

uint64_t *gram_set_list(struct gram_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->size; i++)
        if (set->slots[i])
            set->slots[count++] = set->slots[i];
    return set->slots;
}

void gram_set_free(struct gram_set *set)
{
    free(set->slots);
    *set = (struct gram_set){.most = set->most};
}
