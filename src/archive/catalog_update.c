/*
 * catalog_update.c - brings a catalog up to what its directory is: what it has and still counts is
 * taken over, the rest comes from the footers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/catalog.h"
#include "archive/catalog_builder.h"
#include "archive/catalog_state.h"
#include "archive/listing.h"
#include "base/file.h"

/* --- what a segment is like --- */

static void describe(const struct segment *segment, const struct segment_name *name,
                     const struct stat *st, struct catalog_entry *entry)
{
    const struct segment_info *info = segment_info(segment);
    *entry = (struct catalog_entry){.file_bytes = (uint64_t)st->st_size,
                                    .modified = file_modified(st),
                                    .info = *info,
                                    .blocks = segment_block_count(segment)};
    struct catalog_key *key = &entry->key;
    *key = (struct catalog_key){.name = *name,
                                .inode = st->st_ino,
                                .footer_checksum = segment_checksum(segment),
                                .time_min = info->time_min,
                                .time_max = info->time_max,
                                .read_min = SEGMENT_NO_TIME,
                                .read_max = SEGMENT_NO_TIME,
                                .set = CATALOG_ANY,
                                .stamped = true,
                                .empty = segment_block_count(segment) == 0};
    unsigned known = CLOCKS_KNOWN;
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        known &= block->clocks;
        key->clocks |= block->clocks & ~(unsigned)CLOCKS_KNOWN;
        key->stamped &= block->time_min != SEGMENT_NO_TIME;
        for (size_t k = 0; k < block->extent_count; k++) {
            const int64_t time = block->extents[k].read_time;
            if (key->read_min == SEGMENT_NO_TIME || time < key->read_min)
                key->read_min = time;
            if (key->read_max == SEGMENT_NO_TIME || time > key->read_max)
                key->read_max = time;
        }
    }
    key->clocks |= known;
}

int catalog_look_into(struct segment **out, const char *path, const struct segment_name *name,
                      struct catalog_entry *entry, struct lgz_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *out = NULL;
    if (fd < 0 && errno == ENOENT)
        return error_set(err, LGZ_ERR_NOT_FOUND, "%s: is gone", path);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    if (fstat(fd, &st) != 0) {
        close(fd);
        return error_io(err, "%s: cannot stat", path);
    }
    int code = segment_open_fd(out, fd, path, err);
    if (code == LGZ_OK)
        describe(*out, name, &st, entry);
    return code;
}

/* --- a new catalog --- */

struct update {
    struct catalog *old; /* NULL: there is none */
    struct catalog_builder *builder;
    uint32_t *sets;        /* what became of the old sets; CATALOG_ANY: not taken over yet */
    VEC(uint32_t) members; /* of the set at hand */
    size_t next;           /* where the next entry of the old one is expected */
    struct catalog_result *result;
};

static int add_member(struct update *u, const struct catalog_source *source, struct lgz_error *err)
{
    uint32_t number;
    int code = catalog_builder_source(u->builder, source, &number, err);
    if (code == LGZ_OK && !vec_push(&u->members, number))
        code = error_memory(err);
    return code;
}

/* Finish the set at hand. */
static int add_set(struct update *u, uint32_t *set, struct lgz_error *err)
{
    int code = catalog_builder_set(u->builder, u->members.data, u->members.len, set, err);
    u->members.len = 0;
    return code;
}

/* What has become of a set of the old catalog? */
static int take_over_set(struct update *u, uint32_t *set, struct lgz_error *err)
{
    size_t source;
    const uint32_t was = *set;
    int code = LGZ_OK;
    if (was == CATALOG_ANY)
        return LGZ_OK;
    *set = u->sets[was];
    if (*set != CATALOG_ANY)
        return LGZ_OK;
    struct catalog_walk walk = catalog_set_begin(u->old, was);
    while (code == LGZ_OK && catalog_set_next(&walk, &source)) {
        const struct catalog_source member = catalog_source(u->old, source);
        code = add_member(u, &member, err);
    }
    if (code == LGZ_OK)
        code = add_set(u, &u->sets[was], err);
    *set = u->sets[was];
    return code;
}

/* Add an open segment. */
static int add_segment(struct update *u, const struct segment *segment, struct catalog_entry *entry,
                       struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < segment_source_count(segment) && code == LGZ_OK; i++) {
        const struct source *source = segment_source(segment, i);
        const struct catalog_source member = {source->id, source->name, source->input};
        code = add_member(u, &member, err);
    }
    if (code == LGZ_OK)
        code = add_set(u, &entry->key.set, err);
    if (code == LGZ_OK)
        code = catalog_builder_add(u->builder, entry, err);
    u->result->added += code == LGZ_OK;
    return code;
}

/* Read the footer of a segment that the old catalog doesn't know. One that can't be read is left
   out: whoever wants it will be told why. */
static int read_segment(struct update *u, const struct listed_segment *s, struct lgz_error *err)
{
    struct segment *segment;
    struct catalog_entry entry;
    struct lgz_error reason = {0};
    int code = catalog_look_into(&segment, s->path, &s->name, &entry, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    u->result->unreadable += code != LGZ_OK && code != LGZ_ERR_NOT_FOUND;
    if (code != LGZ_OK)
        return LGZ_OK;
    code = add_segment(u, segment, &entry, err);
    segment_close(segment);
    return code;
}

static int add_listed(struct update *u, const struct listed_segment *s, struct lgz_error *err)
{
    struct stat st;
    struct catalog_entry entry;
    if (!u->old || stat(s->path, &st) != 0 ||
        !catalog_look_up(u->old, &s->name, &st, &u->next, &entry))
        return read_segment(u, s, err);
    int code = take_over_set(u, &entry.key.set, err);
    return code == LGZ_OK ? catalog_builder_add(u->builder, &entry, err) : code;
}

/* The old catalog, if it's of use. */
static int open_old(struct update *u, const char *directory, struct lgz_error *err)
{
    struct lgz_error reason = {0};
    int code = catalog_load(&u->old, directory, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK && code != LGZ_ERR_NOT_FOUND) {
        u->result->rebuilt = true;
        u->result->damage = reason;
    }
    const size_t count = u->old ? catalog_set_count(u->old) : 0;
    u->sets = malloc((count + 1) * sizeof(*u->sets));
    for (size_t i = 0; i < count && u->sets; i++)
        u->sets[i] = CATALOG_ANY;
    u->builder = catalog_builder_new();
    return u->sets && u->builder ? LGZ_OK : error_memory(err);
}

/* Gather the entries of all segments there are. */
static int gather(struct update *u, const struct listing *found, const char *directory,
                  struct lgz_error *err)
{
    int code = open_old(u, directory, err);
    for (size_t i = 0; i < found->segments.len && code == LGZ_OK; i++)
        code = add_listed(u, &found->segments.data[i], err);
    if (code != LGZ_OK)
        return code;
    u->result->entries = catalog_builder_count(u->builder);
    if (u->old)
        u->result->dropped = catalog_count(u->old) - (u->result->entries - u->result->added);
    return LGZ_OK;
}

/* @param damaged  the one that is there is set aside, for people to look at */
static int write_catalog(struct catalog_builder *builder, const char *directory, bool damaged,
                         struct lgz_error *err)
{
    struct buf bytes = {0};
    char *path = names_file(directory, CATALOG_NAME);
    int code = path ? catalog_builder_write(builder, &bytes, err) : error_memory(err);
    if (code == LGZ_OK && damaged)
        names_set_aside(path, NULL); /* if it can't be, it's replaced */
    if (code == LGZ_OK)
        code = file_save(path, 0640, &bytes, err);
    free(path);
    buf_free(&bytes);
    return code;
}

static int compare_verified(const void *a, const void *b)
{
    return names_compare(&((const struct catalog_verified *)a)->name,
                         &((const struct catalog_verified *)b)->name);
}

/* Note what was verified. @return was anything? */
static bool note_verified(struct update *u, struct catalog_verified *list, size_t count)
{
    bool noted = false;
    if (count)
        qsort(list, count, sizeof(*list), compare_verified);
    for (size_t i = 0; i < catalog_builder_count(u->builder) && count; i++) {
        struct catalog_entry *entry = catalog_builder_at(u->builder, i);
        const struct catalog_verified key = {.name = entry->key.name};
        const struct catalog_verified *found =
            bsearch(&key, list, count, sizeof(*list), compare_verified);
        if (!found)
            continue;
        entry->verified_at = found->at;
        if (found->decoded)
            entry->decoded_at = found->at;
        noted = true;
    }
    return noted;
}

/* Is it more than that another version has written the catalog? */
static bool is_damage(const struct lgz_error *why)
{
    return why->code == LGZ_ERR_CORRUPT || why->code == LGZ_ERR_FORMAT;
}

/* `list` gets sorted. */
static int update(const char *directory, struct catalog_verified *list, size_t count,
                  struct catalog_result *result, struct lgz_error *err)
{
    struct update u = {.result = result};
    struct listing found = {0};
    *result = (struct catalog_result){0};
    int code = listing_open(&found, directory, err);
    if (code == LGZ_OK)
        code = gather(&u, &found, directory, err);
    const bool noted = code == LGZ_OK && note_verified(&u, list, count);
    const bool written = !u.old || result->added || result->dropped || noted;
    if (code == LGZ_OK && written)
        code = write_catalog(u.builder, directory, is_damage(&result->damage), err);
    if (code == LGZ_OK && result->unreadable == 0)
        code = catalog_note_state(directory, err);
    catalog_builder_free(u.builder);
    catalog_close(u.old);
    vec_free(&u.members);
    free(u.sets);
    listing_clear(&found);
    return code;
}

int catalog_update(const char *directory, struct catalog_result *result, struct lgz_error *err)
{
    struct catalog_result unwanted;
    return update(directory, NULL, 0, result ? result : &unwanted, err);
}

int catalog_set_verified(const char *directory, const struct catalog_verified *list, size_t count,
                         struct lgz_error *err)
{
    struct catalog_result unwanted;
    struct catalog_verified *copy = malloc((count + 1) * sizeof(*copy));
    if (!copy)
        return error_memory(err);
    if (count)
        memcpy(copy, list, count * sizeof(*copy));
    int code = update(directory, copy, count, &unwanted, err);
    free(copy);
    return code;
}
