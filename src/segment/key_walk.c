/*
 * key_walk.c - steps of two columns side by side; a key is hashed again only when it changes.
 */
#include "segment/key_walk.h"

#include <stdlib.h>

#include "column/keyed.h"

#define NO_SLOT UINT32_MAX

uint32_t *key_first_slots(const struct layout *layout, const struct template_set *set,
                          uint32_t column)
{
    uint32_t *first = malloc((set->list.len + 1) * sizeof(*first));
    for (size_t t = 0; t < set->list.len && first; t++) {
        size_t slots = set->list.data[t].slot_count;
        first[t] = 0;
        while (first[t] < slots && layout->column_of[t][first[t]] != column)
            first[t]++;
        if (first[t] == slots)
            first[t] = NO_SLOT;
    }
    return first;
}

static void hash_value(struct key_walk *keys, size_t i)
{
    const struct text_ref *text = &keys->walk.values->texts.data[i];
    keys->hash = keyed_hash((struct span){keys->raw + text->at, text->len});
}

static void hash_key(struct key_walk *keys)
{
    if (keys->ahead)
        hash_value(keys, keys->walk.next);
    else if (keys->walk.next)
        hash_value(keys, keys->walk.next - 1);
    else
        keys->hash = keyed_hash((struct span){(const uint8_t *)"", 0});
}

struct key_walk key_walk_start(const struct columns *columns, const uint8_t *raw, uint32_t key,
                               const struct key_place *place, uint32_t order)
{
    struct key_walk keys = {.walk = column_walk_start(&columns->list[key], order),
                            .columns = columns,
                            .raw = raw,
                            .place = place};
    hash_key(&keys);
    return keys;
}

/* Does the key come behind the place `order` in its line, and not in front? */
static bool is_ahead(struct key_walk *keys, uint32_t order)
{
    const struct columns *columns = keys->columns;
    const uint32_t *start = keys->place->line_start;
    while (keys->line + 1 < columns->lines && start[keys->line + 1] <= order)
        keys->line++;
    uint32_t first = keys->place->first_slot[columns->template_of_line[keys->line]];
    return first != NO_SLOT && first > order - start[keys->line];
}

uint64_t key_walk_next(struct key_walk *keys, uint32_t order)
{
    size_t before = keys->walk.next;
    bool was_ahead = keys->ahead;
    keys->ahead = keys->place && is_ahead(keys, order);
    if (column_walk_to(&keys->walk, order) != before || keys->ahead != was_ahead)
        hash_key(keys);
    return keys->hash;
}
