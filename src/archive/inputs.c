/*
 * inputs.c - a sorted array: there are few inputs, and they hardly ever change.
 */
#include "archive/inputs.h"

#include <stdlib.h>
#include <string.h>

/* The index of `name`, or of the first that sorts behind it. */
static size_t place_of(const struct inputs *set, const char *name)
{
    size_t low = 0, high = set->items.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(set->items.data[middle].input, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct inputs *set, size_t at, const char *name)
{
    return at < set->items.len && strcmp(set->items.data[at].input, name) == 0;
}

static void item_clear(struct input_rules *item)
{
    free(item->input);
    rules_clear(&item->rules);
}

static void remove_at(struct inputs *set, size_t at)
{
    item_clear(&set->items.data[at]);
    vec_remove(&set->items, at);
}

int inputs_put(struct inputs *set, const char *name, const struct rules *rules,
               struct lgz_error *err)
{
    struct input_rules item = {0};
    size_t at = place_of(set, name);
    bool known = is_at(set, at, name);
    if (rules_empty(rules)) {
        if (known)
            remove_at(set, at);
        return LGZ_OK;
    }
    if (!known && set->items.len == INPUTS_WITH_RULES_MAX)
        return LGZ_OK;
    int code = rules_copy(&item.rules, rules, err);
    if (code != LGZ_OK)
        return code;
    item.input = strdup(name);
    if (!item.input || !vec_reserve(&set->items, set->items.len + 1)) {
        item_clear(&item);
        return error_memory(err);
    }
    if (known)
        remove_at(set, at);
    (void)vec_insert(&set->items, at, item); /* there is room */
    return LGZ_OK;
}

const struct rules *inputs_find(const struct inputs *set, const char *name)
{
    size_t at = place_of(set, name);
    return is_at(set, at, name) ? &set->items.data[at].rules : NULL;
}

int inputs_copy(struct inputs *to, const struct inputs *from, struct lgz_error *err)
{
    int code = LGZ_OK;
    *to = (struct inputs){0};
    for (size_t i = 0; i < from->items.len && code == LGZ_OK; i++)
        code = inputs_put(to, from->items.data[i].input, &from->items.data[i].rules, err);
    if (code != LGZ_OK)
        inputs_clear(to);
    return code;
}

void inputs_clear(struct inputs *set)
{
    for (size_t i = 0; i < set->items.len; i++)
        item_clear(&set->items.data[i]);
    vec_free(&set->items);
}
