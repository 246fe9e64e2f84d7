/*
 * idmap.h - a hash table from two numbers to a pointer: (device, inode) to a file, (source id, 0)
 * to its position, (watch descriptor, 0) to what is watched.
 *
 * Zero-initialized is empty and valid. Pointers are borrowed and not NULL.
 */
#ifndef LOGZIP_TAIL_IDMAP_H
#define LOGZIP_TAIL_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap_slot {
    uint64_t a;
    uint64_t b;
    void *value; /* NULL: the slot is free */
};

struct idmap {
    struct idmap_slot *slots;
    size_t cap; /* 0 or a power of two, more than count */
    size_t count;
};

/** @return the value, or NULL if there is none */
void *idmap_get(const struct idmap *map, uint64_t a, uint64_t b);

/** Set or replace the value. @return false when memory is out; then nothing changed */
bool idmap_put(struct idmap *map, uint64_t a, uint64_t b, void *value);

/** Remove and return the value, or NULL if there is none. */
void *idmap_remove(struct idmap *map, uint64_t a, uint64_t b);

/** The next value, in no order; `*cursor` starts at 0. The map must not change meanwhile. */
void *idmap_next(const struct idmap *map, size_t *cursor);

/** Free the table; it's empty and valid again. */
void idmap_free(struct idmap *map);

#endif
