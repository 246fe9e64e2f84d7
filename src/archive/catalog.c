/*
 * catalog.c - a catalog's bytes, checked once, as a whole; then read where they lie.
 */
#include "archive/catalog.h"

#include <errno.h>
#include <stdlib.h>

#include "archive/catalog_format.h"
#include "archive/names.h"
#include "base/file.h"
#include "base/hash.h"

struct catalog {
    struct buf owned; /* the file, if it was read here */
    const uint8_t *entries;
    size_t entry_count;
    const uint8_t *sources;
    size_t source_count;
    struct span sets;
    struct span strings;
    VEC(uint32_t) set_starts; /* places in `sets` */
};

/* What a header says. */
struct areas {
    uint64_t entries;
    uint64_t sources;
    uint64_t sets;
    uint64_t sets_len;
    uint64_t strings_len;
};

static int damaged(const char *path, const char *what, struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged catalog: %s", path, what);
}

static int read_header(struct span bytes, const char *path, struct areas *areas,
                       struct lgz_error *err)
{
    const uint8_t *h = bytes.data;
    if (bytes.len < CATALOG_HEADER_LEN || memcmp(h, CATALOG_MAGIC, CATALOG_MAGIC_LEN) != 0)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a catalog", path);
    if (le_get(h + 8, 4) != CATALOG_VERSION || le_get(h + 12, 4) != 0)
        return error_set(err, LGZ_ERR_VERSION, "%s: catalog of version %llu, this program reads %d",
                         path, (unsigned long long)le_get(h + 8, 4), CATALOG_VERSION);
    if (le_get(h + 64, 8) != hash_bytes(h, 64))
        return damaged(path, "the header doesn't match its checksum", err);
    *areas = (struct areas){le_get(h + 16, 8), le_get(h + 24, 8), le_get(h + 32, 8),
                            le_get(h + 40, 8), le_get(h + 48, 8)};
    struct span rest = {h + CATALOG_HEADER_LEN, bytes.len - CATALOG_HEADER_LEN};
    if (le_get(h + 56, 8) != hash_bytes(rest.data, rest.len))
        return damaged(path, "the contents don't match their checksum", err);
    return LGZ_OK;
}

/* Find the areas. @return false if they aren't all of the file */
static bool lay_out(struct catalog *c, struct span bytes, const struct areas *areas)
{
    struct reader r = reader_of(bytes.data, bytes.len);
    reader_bytes(&r, CATALOG_HEADER_LEN);
    if (areas->entries > reader_left(&r) / CATALOG_ENTRY_LEN)
        return false;
    c->entry_count = (size_t)areas->entries;
    c->entries = reader_bytes(&r, areas->entries * CATALOG_ENTRY_LEN).data;
    if (areas->sources > reader_left(&r) / CATALOG_SOURCE_LEN)
        return false;
    c->source_count = (size_t)areas->sources;
    c->sources = reader_bytes(&r, areas->sources * CATALOG_SOURCE_LEN).data;
    c->sets = reader_bytes(&r, areas->sets_len);
    c->strings = reader_bytes(&r, areas->strings_len);
    return !r.failed && reader_left(&r) == 0 &&
           (c->strings.len == 0 || c->strings.data[c->strings.len - 1] == '\0');
}

static const char *string_at(const struct catalog *c, const uint8_t *place)
{
    return (const char *)c->strings.data + le_get(place, 4);
}

static bool entries_are_sound(const struct catalog *c)
{
    const char *last = NULL;
    for (size_t i = 0; i < c->entry_count; i++) {
        const uint8_t *e = c->entries + i * CATALOG_ENTRY_LEN;
        const uint64_t set = le_get(e + 4, 4);
        if (le_get(e, 4) >= c->strings.len || (set >= c->set_starts.len && set != CATALOG_ANY))
            return false;
        const char *name = string_at(c, e);
        if ((last && strcmp(last, name) >= 0) ||
            e[145] > (CLOCKS_KNOWN | CLOCKS_LOCAL | CLOCKS_ZONED) ||
            e[146] > (CATALOG_STAMPED | CATALOG_WHOLE) || le_get(e + 147, 5) != 0)
            return false;
        last = name;
    }
    return true;
}

static bool sources_are_sound(const struct catalog *c)
{
    for (size_t i = 0; i < c->source_count; i++) {
        const uint8_t *s = c->sources + i * CATALOG_SOURCE_LEN;
        if (le_get(s + 8, 4) >= c->strings.len || le_get(s + 12, 4) >= c->strings.len ||
            (i && le_get(s - CATALOG_SOURCE_LEN, 8) > le_get(s, 8)))
            return false;
    }
    return true;
}

/* Go over one set. @return false if it's not sound */
static bool pass_set(struct reader *r, size_t sources, uint64_t *members)
{
    uint64_t next = 0;
    for (uint64_t runs = reader_varint(r); runs && !r->failed; runs--) {
        next += reader_varint_max(r, sources - next);
        if (r->failed || next == sources)
            return false;
        const uint64_t more = reader_varint_max(r, sources - next - 1);
        next += more + 1;
        *members += more + 1;
        if (*members > CATALOG_MEMBERS_MAX)
            return false;
    }
    return !r->failed;
}

/* Note where the sets begin. */
static int find_sets(struct catalog *c, uint64_t count, const char *path, struct lgz_error *err)
{
    struct reader r = reader_of(c->sets.data, c->sets.len);
    uint64_t members = 0;
    if (count > c->sets.len || c->sets.len > CATALOG_MAX)
        return damaged(path, "more sets than there is room for", err);
    for (uint64_t i = 0; i < count; i++) {
        if (!vec_push(&c->set_starts, (uint32_t)(c->sets.len - reader_left(&r))))
            return error_memory(err);
        if (!pass_set(&r, c->source_count, &members))
            return damaged(path, "a set of sources is impossible", err);
    }
    return reader_left(&r) ? damaged(path, "there is something behind the sets", err) : LGZ_OK;
}

int catalog_parse(struct catalog **out, struct span bytes, const char *path, struct lgz_error *err)
{
    struct areas areas = {0};
    *out = NULL;
    int code = read_header(bytes, path, &areas, err);
    if (code != LGZ_OK)
        return code;
    struct catalog *c = calloc(1, sizeof(*c));
    if (!c)
        return error_memory(err);
    code = lay_out(c, bytes, &areas) ? find_sets(c, areas.sets, path, err)
                                     : damaged(path, "its parts aren't all of it", err);
    if (code == LGZ_OK && (!sources_are_sound(c) || !entries_are_sound(c)))
        code = damaged(path, "an entry is impossible", err);
    if (code == LGZ_OK)
        *out = c;
    else
        catalog_close(c);
    return code;
}

int catalog_open(struct catalog **out, const char *directory, struct lgz_error *err)
{
    struct buf bytes = {0};
    char *path = names_file(directory, CATALOG_NAME);
    *out = NULL;
    if (!path)
        return error_memory(err);
    errno = 0;
    int code = file_load(path, CATALOG_MAX, &bytes, err);
    if (code == LGZ_ERR_IO && errno == ENOENT)
        code = error_set(err, LGZ_ERR_NOT_FOUND, "%s: there is no catalog", directory);
    if (code == LGZ_OK)
        code = catalog_parse(out, buf_span(&bytes), path, err);
    if (code == LGZ_OK)
        (*out)->owned = bytes;
    else
        buf_free(&bytes);
    free(path);
    return code;
}

void catalog_close(struct catalog *c)
{
    if (!c)
        return;
    buf_free(&c->owned);
    vec_free(&c->set_starts);
    free(c);
}

size_t catalog_count(const struct catalog *c)
{
    return c->entry_count;
}

void catalog_at(const struct catalog *c, size_t index, struct catalog_entry *entry)
{
    const uint8_t *e = c->entries + index * CATALOG_ENTRY_LEN;
    *entry = (struct catalog_entry){
        .name = string_at(c, e),
        .set = (uint32_t)le_get(e + 4, 4),
        .file_bytes = le_get(e + 8, 8),
        .modified = (int64_t)le_get(e + 16, 8),
        .inode = le_get(e + 24, 8),
        .footer_checksum = le_get(e + 32, 8),
        .info = {.file_bytes = le_get(e + 8, 8),
                 .raw_bytes = le_get(e + 40, 8),
                 .lines = le_get(e + 48, 8),
                 .index_bytes = le_get(e + 64, 8),
                 .filter_bytes = le_get(e + 72, 8),
                 .time_min = (int64_t)le_get(e + 80, 8),
                 .time_max = (int64_t)le_get(e + 88, 8),
                 .first_journal = le_get(e + 112, 8),
                 .last_journal = le_get(e + 120, 8),
                 .level = e[144]},
        .blocks = le_get(e + 56, 8),
        .read_min = (int64_t)le_get(e + 96, 8),
        .read_max = (int64_t)le_get(e + 104, 8),
        .verified_at = (int64_t)le_get(e + 128, 8),
        .decoded_at = (int64_t)le_get(e + 136, 8),
        .clocks = e[145],
        .stamped = e[146] & CATALOG_STAMPED,
        .whole = e[146] & CATALOG_WHOLE,
    };
    entry->info.created = entry->read_max > 0 ? entry->read_max : 0;
}

/* The entry of this name, or the length. */
static size_t search(const struct catalog *c, const char *name)
{
    size_t low = 0, high = c->entry_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(string_at(c, c->entries + middle * CATALOG_ENTRY_LEN), name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return c->entry_count;
}

bool catalog_find(const struct catalog *c, const char *name, const struct stat *st, size_t *next,
                  struct catalog_entry *entry)
{
    size_t at = *next;
    if (at >= c->entry_count || strcmp(string_at(c, c->entries + at * CATALOG_ENTRY_LEN), name))
        at = search(c, name);
    if (at == c->entry_count)
        return false;
    *next = at + 1;
    const uint8_t *e = c->entries + at * CATALOG_ENTRY_LEN;
    if (st && (le_get(e + 8, 8) != (uint64_t)st->st_size || le_get(e + 24, 8) != st->st_ino ||
               (int64_t)le_get(e + 16, 8) != file_modified(st)))
        return false;
    catalog_at(c, at, entry);
    return true;
}

size_t catalog_source_count(const struct catalog *c)
{
    return c->source_count;
}

struct catalog_source catalog_source(const struct catalog *c, size_t index)
{
    const uint8_t *s = c->sources + index * CATALOG_SOURCE_LEN;
    return (struct catalog_source){le_get(s, 8), string_at(c, s + 8), string_at(c, s + 12)};
}

size_t catalog_set_count(const struct catalog *c)
{
    return c->set_starts.len;
}

struct catalog_walk catalog_set_begin(const struct catalog *c, uint32_t set)
{
    const uint32_t start = c->set_starts.data[set];
    struct catalog_walk walk = {.runs = reader_of(c->sets.data + start, c->sets.len - start)};
    walk.runs_left = reader_varint(&walk.runs);
    return walk;
}

bool catalog_set_next(struct catalog_walk *walk, size_t *source)
{
    if (walk->left == 0) {
        if (walk->runs_left == 0)
            return false;
        walk->runs_left--;
        walk->next += reader_varint(&walk->runs);
        walk->left = reader_varint(&walk->runs) + 1;
    }
    walk->left--;
    *source = (size_t)walk->next++;
    return true;
}
