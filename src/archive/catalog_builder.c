/*
 * catalog_builder.c - trees (tsearch(3)) find sources and sets that are there already; arrays own
 * them.
 */
#include "archive/catalog_builder.h"

#include <search.h>
#include <stdlib.h>

#include "archive/catalog_format.h"
#include "base/hash.h"

#define NO_PLACE UINT32_MAX

/* A name of a source or an input. */
struct text {
    char *text;
    uint32_t place; /* in the file's strings */
};

/* A source; its strings are those of the texts. */
struct member {
    struct catalog_source source;
    struct text *name;
    struct text *input;
    uint32_t number; /* in the order of adding */
    uint32_t rank;   /* in the file */
};

struct set {
    uint64_t hash; /* of the members */
    uint32_t *members;
    size_t count;
    uint32_t number;
};

struct catalog_builder {
    VEC(struct catalog_entry) entries;
    VEC(struct text *) texts;
    VEC(struct member *) members;
    VEC(struct set *) sets;
    void *text_tree;
    void *member_tree;
    void *set_tree;
    size_t set_members; /* of all sets */
};

struct catalog_builder *catalog_builder_new(void)
{
    return calloc(1, sizeof(struct catalog_builder));
}

static void keep_node(void *node)
{
    (void)node; /* the arrays own what the trees show */
}

void catalog_builder_free(struct catalog_builder *b)
{
    if (!b)
        return;
    tdestroy(b->text_tree, keep_node);
    tdestroy(b->member_tree, keep_node);
    tdestroy(b->set_tree, keep_node);
    for (size_t i = 0; i < b->texts.len; i++) {
        free(b->texts.data[i]->text);
        free(b->texts.data[i]);
    }
    for (size_t i = 0; i < b->members.len; i++)
        free(b->members.data[i]);
    for (size_t i = 0; i < b->sets.len; i++) {
        free(b->sets.data[i]->members);
        free(b->sets.data[i]);
    }
    vec_free(&b->entries);
    vec_free(&b->texts);
    vec_free(&b->members);
    vec_free(&b->sets);
    free(b);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->text, ((const struct text *)b)->text);
}

static int compare_members(const void *a, const void *b)
{
    const struct catalog_source *x = &((const struct member *)a)->source;
    const struct catalog_source *y = &((const struct member *)b)->source;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    const int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->input, y->input);
}

static int compare_sets(const void *a, const void *b)
{
    const struct set *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->count ? memcmp(x->members, y->members, x->count * sizeof(*x->members)) : 0;
}

/* @return NULL when memory is out */
static struct text *text_of(struct catalog_builder *b, const char *text)
{
    const struct text key = {.text = (char *)text};
    struct text *const *found = tfind(&key, &b->text_tree, compare_texts);
    if (found)
        return *found;
    struct text *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct text){strdup(text), NO_PLACE};
    if (!t->text || !vec_push(&b->texts, t)) {
        free(t->text);
        free(t);
        return NULL;
    }
    return tsearch(t, &b->text_tree, compare_texts) ? t : NULL;
}

int catalog_builder_source(struct catalog_builder *b, const struct catalog_source *source,
                           uint32_t *number, struct lgz_error *err)
{
    const struct member key = {.source = *source};
    struct member *const *found = tfind(&key, &b->member_tree, compare_members);
    if (found) {
        *number = (*found)->number;
        return LGZ_OK;
    }
    if (b->members.len == UINT32_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "there are too many sources for a catalog");
    struct text *name = text_of(b, source->name), *input = text_of(b, source->input);
    struct member *m = name && input ? calloc(1, sizeof(*m)) : NULL;
    if (!m)
        return error_memory(err);
    *m = (struct member){.source = {source->id, name->text, input->text},
                         .name = name,
                         .input = input,
                         .number = (uint32_t)b->members.len};
    if (!vec_push(&b->members, m)) {
        free(m);
        return error_memory(err);
    }
    *number = m->number;
    return tsearch(m, &b->member_tree, compare_members) ? LGZ_OK : error_memory(err);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int catalog_builder_set(struct catalog_builder *b, uint32_t *members, size_t count, uint32_t *set,
                        struct lgz_error *err)
{
    if (count)
        qsort(members, count, sizeof(*members), compare_numbers);
    const struct set key = {
        .hash = hash_bytes(members, count * sizeof(*members)), .members = members, .count = count};
    struct set *const *found = tfind(&key, &b->set_tree, compare_sets);
    *set = CATALOG_ANY;
    if (found) {
        *set = (*found)->number;
        return LGZ_OK;
    }
    if (count > CATALOG_MEMBERS_MAX - b->set_members || b->sets.len == CATALOG_ANY)
        return LGZ_OK;
    struct set *s = calloc(1, sizeof(*s));
    if (s) {
        *s = key;
        s->number = (uint32_t)b->sets.len;
        s->members = malloc((count + 1) * sizeof(*members));
    }
    if (!s || !s->members || !vec_push(&b->sets, s)) {
        free(s ? s->members : NULL);
        free(s);
        return error_memory(err);
    }
    if (count)
        memcpy(s->members, members, count * sizeof(*members));
    b->set_members += count;
    *set = s->number;
    return tsearch(s, &b->set_tree, compare_sets) ? LGZ_OK : error_memory(err);
}

int catalog_builder_add(struct catalog_builder *b, const struct catalog_entry *entry,
                        struct lgz_error *err)
{
    return vec_push(&b->entries, *entry) ? LGZ_OK : error_memory(err);
}

size_t catalog_builder_count(const struct catalog_builder *b)
{
    return b->entries.len;
}

struct catalog_entry *catalog_builder_at(struct catalog_builder *b, size_t index)
{
    return &b->entries.data[index];
}

/* --- the bytes --- */

static int by_name(const void *a, const void *b)
{
    return names_compare(&((const struct catalog_entry *)a)->key.name,
                         &((const struct catalog_entry *)b)->key.name);
}

static int by_source(const void *a, const void *b)
{
    return compare_members(*(struct member *const *)a, *(struct member *const *)b);
}

/* Append a text's place, and the text if it isn't there yet. */
static void put_text(struct text *t, struct buf *out, struct buf *strings)
{
    if (t->place == NO_PLACE) {
        t->place = (uint32_t)strings->len;
        buf_append(strings, t->text, strlen(t->text) + 1);
    }
    buf_put_le(out, t->place, 4);
}

static void put_numbers(struct buf *out, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_put_le(out, numbers[i], 8);
}

static void put_key(const struct catalog_key *k, struct buf *out)
{
    const uint64_t numbers[] = {
        k->name.first,          k->name.first ? k->name.last : k->name.import,
        (uint64_t)k->name.time, k->inode,
        k->footer_checksum,     (uint64_t)k->time_min,
        (uint64_t)k->time_max,  (uint64_t)k->read_min,
        (uint64_t)k->read_max,
    };
    put_numbers(out, numbers, sizeof(numbers) / sizeof(numbers[0]));
    buf_put_le(out, k->set, 4);
    buf_push(out, (uint8_t)k->name.part);
    buf_push(out, (uint8_t)k->name.parts);
    buf_push(out, (uint8_t)k->clocks);
    buf_push(out, (uint8_t)((k->stamped ? CATALOG_STAMPED : 0) | (k->empty ? CATALOG_EMPTY : 0)));
}

static void put_details(const struct catalog_entry *e, struct buf *out)
{
    const uint64_t numbers[] = {
        e->file_bytes,
        (uint64_t)e->modified,
        e->info.raw_bytes,
        e->info.lines,
        e->blocks,
        e->info.index_bytes,
        e->info.filter_bytes,
        e->info.first_journal,
        e->info.last_journal,
        (uint64_t)e->verified_at,
        (uint64_t)e->decoded_at,
    };
    put_numbers(out, numbers, sizeof(numbers) / sizeof(numbers[0]));
    buf_push(out, (uint8_t)e->info.level);
    buf_put_le(out, 0, 7);
}

/* Put the sources in order, and write them. */
static void put_sources(struct catalog_builder *b, struct buf *out, struct buf *strings)
{
    if (b->members.len)
        qsort(b->members.data, b->members.len, sizeof(*b->members.data), by_source);
    for (size_t i = 0; i < b->members.len; i++) {
        struct member *m = b->members.data[i];
        m->rank = (uint32_t)i;
        buf_put_le(out, m->source.id, 8);
        put_text(m->name, out, strings);
        put_text(m->input, out, strings);
    }
}

/* Append a set, whose members are ranks by now. */
static void put_set(struct set *s, struct buf *out, struct buf *runs)
{
    uint64_t count = 0, next = 0;
    buf_clear(runs);
    if (s->count)
        qsort(s->members, s->count, sizeof(*s->members), compare_numbers);
    for (size_t i = 0; i < s->count; count++) {
        const size_t first = i;
        for (i++; i < s->count && s->members[i] == s->members[i - 1] + 1;)
            i++;
        varint_put(runs, s->members[first] - next);
        varint_put(runs, i - first - 1);
        next = (uint64_t)s->members[i - 1] + 1;
    }
    varint_put(out, count);
    buf_append(out, runs->data, runs->len);
    out->failed |= runs->failed;
}

static int put_sets(struct catalog_builder *b, struct buf *out, struct lgz_error *err)
{
    struct buf runs = {0};
    uint32_t *ranks = malloc((b->members.len + 1) * sizeof(*ranks));
    if (!ranks)
        return error_memory(err);
    for (size_t i = 0; i < b->members.len; i++)
        ranks[b->members.data[i]->number] = b->members.data[i]->rank;
    for (size_t i = 0; i < b->sets.len; i++) {
        struct set *s = b->sets.data[i];
        for (size_t k = 0; k < s->count; k++)
            s->members[k] = ranks[s->members[k]];
        put_set(s, out, &runs);
    }
    free(ranks);
    buf_free(&runs);
    return LGZ_OK;
}

/* @param front  bytes of all but the details */
static void put_header(const struct catalog_builder *b, struct buf *out, size_t at, size_t front,
                       uint64_t sets_len, uint64_t strings_len)
{
    uint8_t *h = out->data + at;
    memcpy(h, CATALOG_MAGIC, CATALOG_MAGIC_LEN);
    le_put(h + 8, CATALOG_VERSION, 4);
    le_put(h + 12, 0, 4);
    le_put(h + 16, b->entries.len, 8);
    le_put(h + 24, b->members.len, 8);
    le_put(h + 32, b->sets.len, 8);
    le_put(h + 40, sets_len, 8);
    le_put(h + 48, strings_len, 8);
    le_put(h + 56, hash_bytes(h + CATALOG_KEYS, front - CATALOG_KEYS), 8);
    le_put(h + 64, hash_bytes(h + front, out->len - at - front), 8);
    le_put(h + 72, hash_bytes(h, 72), 8);
}

int catalog_builder_write(struct catalog_builder *b, struct buf *out, struct lgz_error *err)
{
    static const uint8_t header_and_stamp[CATALOG_KEYS] = {0};
    struct buf strings = {0};
    const size_t at = out->len;
    if (b->entries.len)
        qsort(b->entries.data, b->entries.len, sizeof(*b->entries.data), by_name);
    buf_append(out, header_and_stamp, sizeof(header_and_stamp));
    for (size_t i = 0; i < b->entries.len; i++)
        put_key(&b->entries.data[i].key, out);
    put_sources(b, out, &strings);
    const size_t sets_at = out->len;
    int code = put_sets(b, out, err);
    const size_t sets_len = out->len - sets_at;
    buf_append(out, strings.data, strings.len);
    const size_t front = out->len - at;
    for (size_t i = 0; i < b->entries.len; i++)
        put_details(&b->entries.data[i], out);
    if (code == LGZ_OK && (out->failed || strings.failed))
        code = error_memory(err);
    if (code == LGZ_OK && out->len - at > CATALOG_MAX)
        code =
            error_set(err, LGZ_ERR_LIMIT, "the catalog would be larger than %d bytes", CATALOG_MAX);
    if (code == LGZ_OK)
        put_header(b, out, at, front, sets_len, strings.len);
    buf_free(&strings);
    return code;
}
