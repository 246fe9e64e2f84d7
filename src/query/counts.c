/*
 * counts.c - a table with open addressing over entries whose strings lie one behind the other.
 */
#include "query/counts.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/hash.h"

enum { TABLE_LEAST = 1 << 10 };

struct entry {
    uint64_t hash;
    uint64_t times;
    uint32_t at; /* in the text */
    uint32_t len;
};

struct counts {
    size_t most;
    uint64_t seed;
    struct buf text;
    VEC(struct entry) entries;
    uint32_t *table; /* an entry's index + 1; 0: free */
    size_t size;     /* a power of two, at least twice the entries */
    uint64_t others;
};

int counts_new(struct counts **out, size_t most, struct lgz_error *err)
{
    struct counts *c = calloc(1, sizeof(*c));
    *out = NULL;
    if (!c)
        return error_memory(err);
    c->most = most < COUNTS_MAX ? most : COUNTS_MAX;
    c->size = TABLE_LEAST;
    c->table = calloc(c->size, sizeof(*c->table));
    if (!c->table) {
        free(c);
        return error_memory(err);
    }
    if (getrandom(&c->seed, sizeof(c->seed), GRND_NONBLOCK) != (ssize_t)sizeof(c->seed))
        c->seed = (uint64_t)clock_monotonic(); /* early in a system's start */
    *out = c;
    return LGZ_OK;
}

void counts_free(struct counts *c)
{
    if (!c)
        return;
    buf_free(&c->text);
    vec_free(&c->entries);
    free(c->table);
    free(c);
}

void counts_clear(struct counts *c)
{
    buf_clear(&c->text);
    c->entries.len = 0;
    c->others = 0;
    memset(c->table, 0, c->size * sizeof(*c->table));
}

static struct span key_of(const struct counts *c, const struct entry *e)
{
    return (struct span){c->text.data + e->at, e->len};
}

/* The place of a key in the table: its own, or one that is free. */
static size_t find(const struct counts *c, struct span key, uint64_t hash)
{
    size_t at = hash & (c->size - 1);
    for (; c->table[at]; at = (at + 1) & (c->size - 1)) {
        const struct entry *e = &c->entries.data[c->table[at] - 1];
        if (e->hash == hash && span_equal(key_of(c, e), key))
            break;
    }
    return at;
}

static bool grow(struct counts *c)
{
    const size_t size = c->size * 2;
    uint32_t *table = calloc(size, sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < c->entries.len; i++) {
        size_t at = c->entries.data[i].hash & (size - 1);
        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = (uint32_t)i + 1;
    }
    free(c->table);
    c->table = table;
    c->size = size;
    return true;
}

int counts_entry(struct counts *c, struct span key, size_t *index, struct lgz_error *err)
{
    const uint64_t hash = hash_seeded(c->seed, key.data, key.len);
    size_t at = find(c, key, hash);
    *index = SIZE_MAX;
    if (!c->table[at]) {
        if (c->entries.len >= c->most || key.len > COUNTS_BYTES_MAX - c->text.len)
            return LGZ_OK;
        if ((c->entries.len + 1) * 2 > c->size) {
            if (!grow(c))
                return error_memory(err);
            at = find(c, key, hash);
        }
        const struct entry entry = {hash, 0, (uint32_t)c->text.len, (uint32_t)key.len};
        buf_append(&c->text, key.data, key.len);
        if (c->text.failed || !vec_push(&c->entries, entry))
            return error_memory(err);
        c->table[at] = (uint32_t)c->entries.len;
    }
    *index = c->table[at] - 1;
    return LGZ_OK;
}

int counts_add(struct counts *c, struct span key, uint64_t times, struct lgz_error *err)
{
    size_t index;
    int code = counts_entry(c, key, &index, err);
    if (code == LGZ_OK && index == SIZE_MAX)
        c->others += times;
    else if (code == LGZ_OK)
        c->entries.data[index].times += times;
    return code;
}

size_t counts_len(const struct counts *c)
{
    return c->entries.len;
}

uint64_t counts_at(const struct counts *c, size_t index, struct span *key)
{
    *key = key_of(c, &c->entries.data[index]);
    return c->entries.data[index].times;
}

uint64_t counts_others(const struct counts *c)
{
    return c->others;
}
