/*
 * overlap.c - sketches, and groups by union-find.
 */
#include "segment/overlap.h"

#include "base/hash.h"

enum {
    MIN_DISTINCT = 64,  /* fewer values fit a small dictionary anyway */
    MAX_COMPARED = 512, /* columns: pairs are compared */
};

static const double MIN_OVERLAP = 0.5;

static void insert(struct sketch *s, uint64_t hash)
{
    size_t at = s->len;
    while (at && s->smallest[at - 1] > hash)
        at--;
    if (at && s->smallest[at - 1] == hash)
        return;
    size_t moved = s->len - at;
    if (s->len == SKETCH_SIZE)
        moved--;
    else
        s->len++;
    memmove(s->smallest + at + 1, s->smallest + at, moved * sizeof(hash));
    s->smallest[at] = hash;
}

void sketch_values(struct sketch *s, const struct text_values *values)
{
    s->len = 0;
    for (size_t i = 0; i < values->count; i++) {
        struct span value = text_value(values, i);
        uint64_t hash = hash_short(value.data, value.len);
        if (s->len < SKETCH_SIZE || hash < s->smallest[SKETCH_SIZE - 1])
            insert(s, hash);
    }
}

double sketch_distinct(const struct sketch *s)
{
    if (s->len < SKETCH_SIZE)
        return (double)s->len;
    return (SKETCH_SIZE - 1) / ((double)s->smallest[SKETCH_SIZE - 1] / 0x1p64);
}

double sketch_overlap(const struct sketch *a, const struct sketch *b)
{
    size_t i = 0;
    size_t k = 0;
    size_t merged = 0;
    size_t common = 0;
    while (merged < SKETCH_SIZE && (i < a->len || k < b->len)) {
        bool from_a = i < a->len && (k == b->len || a->smallest[i] <= b->smallest[k]);
        bool from_b = k < b->len && (i == a->len || b->smallest[k] <= a->smallest[i]);
        common += from_a && from_b;
        i += from_a;
        k += from_b;
        merged++;
    }
    if (!common)
        return 0;
    double jaccard = (double)common / (double)merged;
    double x = sketch_distinct(a);
    double y = sketch_distinct(b);
    double both = jaccard / (1 + jaccard) * (x + y);
    double share = both / (x < y ? x : y);
    return share < 1 ? share : 1;
}

static uint32_t root_of(const uint32_t *group, uint32_t column)
{
    while (group[column] != column)
        column = group[column];
    return column;
}

bool overlap_groups(const struct sketch *sketches, size_t count, uint32_t *group)
{
    uint32_t candidates[MAX_COMPARED];
    size_t compared = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        group[i] = (uint32_t)i;
        if (compared < MAX_COMPARED && sketch_distinct(&sketches[i]) >= MIN_DISTINCT)
            candidates[compared++] = (uint32_t)i;
    }
    for (size_t i = 1; i < compared; i++) {
        for (size_t k = 0; k < i; k++) {
            uint32_t x = root_of(group, candidates[k]);
            uint32_t y = root_of(group, candidates[i]);
            if (x == y ||
                sketch_overlap(&sketches[candidates[k]], &sketches[candidates[i]]) < MIN_OVERLAP)
                continue;
            group[x > y ? x : y] = x > y ? y : x;
            any = true;
        }
    }
    for (size_t i = 0; i < count; i++)
        group[i] = root_of(group, (uint32_t)i);
    return any;
}
