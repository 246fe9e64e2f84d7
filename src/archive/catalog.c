/*
 * catalog.c - a catalog's bytes, checked once, as a whole; then read where they lie.
 */
#include "archive/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/catalog_format.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

_Static_assert((int)CATALOG_JOURNALS_MAX == (int)CATALOG_STAMP_JOURNALS, "room for all of them");

/* What a header says; lengths in bytes. */
struct areas {
    uint64_t entries; /* how many */
    uint64_t sources; /* how many */
    uint64_t sets;    /* how many */
    uint64_t sets_len;
    uint64_t strings_len;
    uint64_t checksum; /* of what is between the stamp and the details */
    uint64_t details_checksum;
    size_t front; /* all but the details */
    size_t details;
};

struct catalog {
    char *path;
    int fd; /* to read the details from; -1: they are here */
    struct areas areas;
    struct buf owned;         /* what was read here, but for the details */
    struct buf owned_details; /* and these */
    const uint8_t *keys;
    const uint8_t *details; /* NULL: not read */
    size_t entry_count;
    const uint8_t *sources;
    size_t source_count;
    struct span sets;
    struct span strings;
    VEC(uint32_t) set_starts; /* places in `sets` */
    bool has_state;
    struct catalog_state state;
};

static int damaged(const char *path, const char *what, struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged catalog: %s", path, what);
}

/* --- the header --- */

/* Are the areas all of the file? Then their lengths are set. */
static bool measure(struct areas *areas, uint64_t file_bytes)
{
    uint64_t left = file_bytes - CATALOG_KEYS;
    if (file_bytes < CATALOG_KEYS ||
        areas->entries > left / (CATALOG_KEY_LEN + CATALOG_DETAILS_LEN))
        return false;
    left -= areas->entries * (CATALOG_KEY_LEN + CATALOG_DETAILS_LEN);
    if (areas->sources > left / CATALOG_SOURCE_LEN)
        return false;
    left -= areas->sources * CATALOG_SOURCE_LEN;
    if (areas->sets_len > left || areas->strings_len != left - areas->sets_len)
        return false;
    areas->details = (size_t)(areas->entries * CATALOG_DETAILS_LEN);
    areas->front = (size_t)file_bytes - areas->details;
    return true;
}

/* @param h    the first bytes of the file, `len` of them */
static int read_header(const uint8_t *h, size_t len, uint64_t file_bytes, const char *path,
                       struct areas *areas, struct lgz_error *err)
{
    if (len < CATALOG_HEADER_LEN || memcmp(h, CATALOG_MAGIC, CATALOG_MAGIC_LEN) != 0)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a catalog", path);
    if (le_get(h + 8, 4) != CATALOG_VERSION || le_get(h + 12, 4) != 0)
        return error_set(err, LGZ_ERR_VERSION, "%s: catalog of version %llu, this program reads %d",
                         path, (unsigned long long)le_get(h + 8, 4), CATALOG_VERSION);
    if (le_get(h + 72, 8) != hash_bytes(h, 72))
        return damaged(path, "the header doesn't match its checksum", err);
    *areas = (struct areas){.entries = le_get(h + 16, 8),
                            .sources = le_get(h + 24, 8),
                            .sets = le_get(h + 32, 8),
                            .sets_len = le_get(h + 40, 8),
                            .strings_len = le_get(h + 48, 8),
                            .checksum = le_get(h + 56, 8),
                            .details_checksum = le_get(h + 64, 8)};
    return measure(areas, file_bytes) ? LGZ_OK : damaged(path, "its parts aren't all of it", err);
}

/* A stamp is written when all else is there: one that isn't whole is none. */
static void read_state(struct catalog *c, const uint8_t *file)
{
    const uint8_t *s = file + CATALOG_HEADER_LEN;
    const uint64_t count = le_get(s + 32, 8);
    uint64_t last = 0;
    if (le_get(s + 168, 8) != hash_bytes(s - 8, 8 + 168) || count > CATALOG_STAMP_JOURNALS)
        return;
    c->state.stamp = (struct stamp){le_get(s, 8), le_get(s + 8, 8), (int64_t)le_get(s + 16, 8),
                                    (int64_t)le_get(s + 24, 8)};
    c->state.journal_count = (size_t)count;
    for (size_t i = 0; i < count; i++) {
        c->state.journals[i] = le_get(s + 40 + i * 8, 8);
        if (c->state.journals[i] <= last || c->state.journals[i] > NAMES_SEQUENCE_MAX)
            return;
        last = c->state.journals[i];
    }
    c->has_state = true;
}

/* --- what is behind it --- */

static const char *string_at(const struct catalog *c, const uint8_t *place)
{
    return (const char *)c->strings.data + le_get(place, 4);
}

static struct segment_name name_at(const struct catalog *c, size_t index)
{
    const uint8_t *k = c->keys + index * CATALOG_KEY_LEN;
    const uint64_t first = le_get(k, 8), last = le_get(k + 8, 8);
    return (struct segment_name){.first = first,
                                 .last = first ? last : 0,
                                 .import = first ? 0 : last,
                                 .time = (int64_t)le_get(k + 16, 8),
                                 .part = k[76],
                                 .parts = k[77]};
}

/* Is it what a name can say? */
static bool is_name(const struct segment_name *n)
{
    const uint64_t last = n->first ? n->last : n->import;
    return last && n->first <= last && last <= NAMES_SEQUENCE_MAX && n->time >= 0 &&
           n->time % NS_PER_SECOND == 0 && n->part >= 1 && n->part <= n->parts &&
           n->parts <= NAMES_PARTS_MAX && (n->first || n->parts == 1);
}

static bool keys_are_sound(const struct catalog *c)
{
    struct segment_name last = {0};
    for (size_t i = 0; i < c->entry_count; i++) {
        const uint8_t *k = c->keys + i * CATALOG_KEY_LEN;
        const uint64_t set = le_get(k + 72, 4);
        const struct segment_name name = name_at(c, i);
        if (!is_name(&name) || (i && names_compare(&last, &name) >= 0) ||
            (set >= c->set_starts.len && set != CATALOG_ANY) ||
            k[78] > (CLOCKS_KNOWN | CLOCKS_LOCAL | CLOCKS_ZONED) ||
            k[79] > (CATALOG_STAMPED | CATALOG_EMPTY))
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
static int find_sets(struct catalog *c, struct lgz_error *err)
{
    struct reader r = reader_of(c->sets.data, c->sets.len);
    uint64_t members = 0;
    if (c->areas.sets > c->sets.len || c->sets.len > CATALOG_MAX)
        return damaged(c->path, "more sets than there is room for", err);
    for (uint64_t i = 0; i < c->areas.sets; i++) {
        if (!vec_push(&c->set_starts, (uint32_t)(c->sets.len - reader_left(&r))))
            return error_memory(err);
        if (!pass_set(&r, c->source_count, &members))
            return damaged(c->path, "a set of sources is impossible", err);
    }
    return reader_left(&r) ? damaged(c->path, "there is something behind the sets", err) : LGZ_OK;
}

/* Take what is in front of the details; `file` has areas.front bytes. */
static int take_front(struct catalog *c, const uint8_t *file, struct lgz_error *err)
{
    const struct areas *a = &c->areas;
    if (a->checksum != hash_bytes(file + CATALOG_KEYS, a->front - CATALOG_KEYS))
        return damaged(c->path, "the contents don't match their checksum", err);
    c->entry_count = (size_t)a->entries;
    c->source_count = (size_t)a->sources;
    c->keys = file + CATALOG_KEYS;
    c->sources = c->keys + c->entry_count * CATALOG_KEY_LEN;
    c->sets = (struct span){c->sources + c->source_count * CATALOG_SOURCE_LEN, (size_t)a->sets_len};
    c->strings = (struct span){c->sets.data + c->sets.len, (size_t)a->strings_len};
    if (c->strings.len && c->strings.data[c->strings.len - 1] != '\0')
        return damaged(c->path, "a string has no end", err);
    int code = find_sets(c, err);
    if (code == LGZ_OK && (!sources_are_sound(c) || !keys_are_sound(c)))
        code = damaged(c->path, "an entry is impossible", err);
    if (code == LGZ_OK)
        read_state(c, file);
    return code;
}

/* Take the details; areas.details bytes. */
static int take_details(struct catalog *c, const uint8_t *details, struct lgz_error *err)
{
    if (c->areas.details_checksum != hash_bytes(details, c->areas.details))
        return damaged(c->path, "the details don't match their checksum", err);
    for (size_t i = 0; i < c->entry_count; i++)
        if (le_get(details + i * CATALOG_DETAILS_LEN + 89, 7) != 0)
            return damaged(c->path, "an entry is impossible", err);
    c->details = details;
    return LGZ_OK;
}

/* --- where it comes from --- */

static struct catalog *new_catalog(const char *path)
{
    struct catalog *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->fd = -1;
    c->path = strdup(path);
    if (c->path)
        return c;
    free(c);
    return NULL;
}

int catalog_parse(struct catalog **out, struct span bytes, const char *path, struct lgz_error *err)
{
    struct catalog *c = new_catalog(path);
    *out = NULL;
    if (!c)
        return error_memory(err);
    int code = read_header(bytes.data, bytes.len, bytes.len, path, &c->areas, err);
    if (code == LGZ_OK)
        code = take_front(c, bytes.data, err);
    if (code == LGZ_OK)
        code = take_details(c, bytes.data + c->areas.front, err);
    if (code == LGZ_OK)
        *out = c;
    else
        catalog_close(c);
    return code;
}

/* Read `len` bytes; a file that is shorter is damaged. */
static int read_part(struct catalog *c, struct buf *out, uint64_t offset, size_t len,
                     struct lgz_error *err)
{
    if (!buf_reserve_exactly(out, len + 1)) /* so that there is some for none, too */
        return error_memory(err);
    ssize_t got = file_read_at(c->fd, out->data, len, offset, c->path, err);
    if (got < 0)
        return (int)got;
    out->len = len;
    return (size_t)got == len ? LGZ_OK : damaged(c->path, "it's cut short", err);
}

static int read_front(struct catalog *c, struct lgz_error *err)
{
    uint8_t header[CATALOG_HEADER_LEN];
    struct stat st;
    if (fstat(c->fd, &st) != 0)
        return error_io(err, "%s: cannot stat", c->path);
    if (st.st_size > CATALOG_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "%s: larger than %d bytes", c->path, CATALOG_MAX);
    ssize_t len = file_read_at(c->fd, header, sizeof(header), 0, c->path, err);
    if (len < 0)
        return (int)len;
    int code = read_header(header, (size_t)len, (uint64_t)st.st_size, c->path, &c->areas, err);
    if (code == LGZ_OK)
        code = read_part(c, &c->owned, 0, c->areas.front, err);
    if (code == LGZ_OK && memcmp(c->owned.data, header, sizeof(header)) != 0)
        code = damaged(c->path, "it changes", err);
    return code == LGZ_OK ? take_front(c, c->owned.data, err) : code;
}

int catalog_open(struct catalog **out, const char *directory, struct lgz_error *err)
{
    char *path = names_file(directory, CATALOG_NAME);
    struct catalog *c = path ? new_catalog(path) : NULL;
    *out = NULL;
    free(path);
    if (!c)
        return error_memory(err);
    c->fd = open(c->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int code = LGZ_OK;
    if (c->fd < 0 && errno == ENOENT)
        code = error_set(err, LGZ_ERR_NOT_FOUND, "%s: there is no catalog", directory);
    else if (c->fd < 0)
        code = error_io(err, "%s: cannot open", c->path);
    else
        code = read_front(c, err);
    if (code == LGZ_OK)
        *out = c;
    else
        catalog_close(c);
    return code;
}

int catalog_read_details(struct catalog *c, struct lgz_error *err)
{
    if (c->details)
        return LGZ_OK;
    buf_clear(&c->owned_details);
    int code = read_part(c, &c->owned_details, c->areas.front, c->areas.details, err);
    if (code == LGZ_OK)
        code = take_details(c, c->owned_details.data, err);
    if (code == LGZ_OK) {
        close(c->fd);
        c->fd = -1;
    }
    return code;
}

int catalog_load(struct catalog **out, const char *directory, struct lgz_error *err)
{
    int code = catalog_open(out, directory, err);
    if (code != LGZ_OK || (code = catalog_read_details(*out, err)) == LGZ_OK)
        return code;
    catalog_close(*out);
    *out = NULL;
    return code;
}

void catalog_close(struct catalog *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    buf_free(&c->owned);
    buf_free(&c->owned_details);
    vec_free(&c->set_starts);
    free(c->path);
    free(c);
}

/* --- what it says --- */

size_t catalog_count(const struct catalog *c)
{
    return c->entry_count;
}

const struct catalog_state *catalog_state(const struct catalog *c)
{
    return c->has_state ? &c->state : NULL;
}

void catalog_key_at(const struct catalog *c, size_t index, struct catalog_key *key)
{
    const uint8_t *k = c->keys + index * CATALOG_KEY_LEN;
    *key = (struct catalog_key){
        .name = name_at(c, index),
        .inode = le_get(k + 24, 8),
        .footer_checksum = le_get(k + 32, 8),
        .time_min = (int64_t)le_get(k + 40, 8),
        .time_max = (int64_t)le_get(k + 48, 8),
        .read_min = (int64_t)le_get(k + 56, 8),
        .read_max = (int64_t)le_get(k + 64, 8),
        .set = (uint32_t)le_get(k + 72, 4),
        .clocks = k[78],
        .stamped = k[79] & CATALOG_STAMPED,
        .empty = k[79] & CATALOG_EMPTY,
    };
}

void catalog_at(const struct catalog *c, size_t index, struct catalog_entry *entry)
{
    const uint8_t *d = c->details + index * CATALOG_DETAILS_LEN;
    *entry = (struct catalog_entry){
        .file_bytes = le_get(d, 8),
        .modified = (int64_t)le_get(d + 8, 8),
        .info = {.file_bytes = le_get(d, 8),
                 .raw_bytes = le_get(d + 16, 8),
                 .lines = le_get(d + 24, 8),
                 .index_bytes = le_get(d + 40, 8),
                 .filter_bytes = le_get(d + 48, 8),
                 .first_journal = le_get(d + 56, 8),
                 .last_journal = le_get(d + 64, 8),
                 .level = d[88]},
        .blocks = le_get(d + 32, 8),
        .verified_at = (int64_t)le_get(d + 72, 8),
        .decoded_at = (int64_t)le_get(d + 80, 8),
    };
    catalog_key_at(c, index, &entry->key);
    entry->info.time_min = entry->key.time_min;
    entry->info.time_max = entry->key.time_max;
    entry->info.created = entry->key.read_max > 0 ? entry->key.read_max : 0;
}

bool catalog_find(const struct catalog *c, const struct segment_name *name, size_t *next,
                  size_t *index)
{
    size_t low = 0, high = c->entry_count, middle = *next;
    while (low < high) {
        if (middle >= high || middle < low)
            middle = low + (high - low) / 2;
        const struct segment_name found = name_at(c, middle);
        const int order = names_compare(&found, name);
        if (order == 0) {
            *index = middle;
            *next = middle + 1;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
        middle = SIZE_MAX;
    }
    return false;
}

bool catalog_is_of(struct catalog *c, size_t index, const struct stat *st)
{
    if (catalog_read_details(c, NULL) != LGZ_OK)
        return false;
    const uint8_t *d = c->details + index * CATALOG_DETAILS_LEN;
    return le_get(d, 8) == (uint64_t)st->st_size &&
           (int64_t)le_get(d + 8, 8) == file_modified(st) &&
           le_get(c->keys + index * CATALOG_KEY_LEN + 24, 8) == st->st_ino;
}

bool catalog_look_up(struct catalog *c, const struct segment_name *name, const struct stat *st,
                     size_t *next, struct catalog_entry *entry)
{
    size_t index;
    if (!catalog_find(c, name, next, &index) || !catalog_is_of(c, index, st))
        return false;
    catalog_at(c, index, entry);
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
