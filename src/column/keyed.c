/*
 * keyed.c - ranks in lists that are kept for each key.
 *
 * A row is r for the r-th value of its key's list, which then moves to the front, and 0 for a value
 * that isn't in the list: the next one of a column of the others. It goes to the front, too, and
 * the last one drops out of a list of LIST_MAX. Head: 4 x the number of the key column, plus 2
 * for keys of rows, plus 1 if keys are chained, the column of ranks, the column of the others.
 */
#include "column/keyed.h"

#include <stdlib.h>

#include "base/hash.h"

enum {
    LIST_MAX = 8,
    FIRST_TABLE = 64,
    NONE = 0,
    HASHES = 64, /* of values that are remembered; a power of two */
};

static const struct span no_bytes = {(const uint8_t *)"", 0};

/* A value in a list. */
struct node {
    struct span value;
    uint32_t next; /* index of a node, or NONE */
};

struct key_list {
    uint64_t key;
    uint32_t first; /* index of a node; NONE in an unused place */
};

/* All lists, in a table by key. */
struct lists {
    struct key_list *table; /* open addressing */
    size_t table_size;      /* a power of two */
    size_t keys;
    VEC(struct node) nodes; /* the first one is not used */
};

static void lists_clear(struct lists *l)
{
    free(l->table);
    vec_free(&l->nodes);
    *l = (struct lists){0};
}

static struct key_list *find_place(const struct lists *l, uint64_t key)
{
    size_t at = (key ^ key >> 32) & (l->table_size - 1);
    while (l->table[at].first != NONE && l->table[at].key != key)
        at = (at + 1) & (l->table_size - 1);
    return &l->table[at];
}

static bool grow(struct lists *l)
{
    struct lists larger = {.table_size = l->table_size ? l->table_size * 2 : FIRST_TABLE};
    struct node unused = {{NULL, 0}, NONE};
    if (!l->nodes.len && !vec_push(&l->nodes, unused))
        return false;
    larger.table = calloc(larger.table_size, sizeof(*larger.table));
    if (!larger.table)
        return false;
    for (size_t i = 0; i < l->table_size; i++)
        if (l->table[i].first != NONE)
            *find_place(&larger, l->table[i].key) = l->table[i];
    free(l->table);
    l->table = larger.table;
    l->table_size = larger.table_size;
    return true;
}

/* The list of a key, which may be new and empty. @return NULL when memory is out */
static struct key_list *list_of(struct lists *l, uint64_t key)
{
    if (l->keys * 2 >= l->table_size && !grow(l))
        return NULL;
    struct key_list *list = find_place(l, key);
    list->key = key;
    return list;
}

/* Puts a value in front; a list that gets too long loses its last one. @return its node, or NONE */
static uint32_t push_front(struct lists *l, struct key_list *list, struct span value)
{
    struct node node = {value, list->first};
    l->keys += list->first == NONE;
    if (l->nodes.len >= UINT32_MAX || !vec_push(&l->nodes, node))
        return NONE;
    list->first = (uint32_t)(l->nodes.len - 1);
    struct node *at = &l->nodes.data[list->first];
    for (int i = 1; i < LIST_MAX && at->next != NONE; i++)
        at = &l->nodes.data[at->next];
    at->next = NONE;
    return list->first;
}

/* Moves the node behind `before` to the front of its list. */
static void move_front(struct lists *l, struct key_list *list, uint32_t before)
{
    struct node *nodes = l->nodes.data;
    uint32_t moved = nodes[before].next;
    nodes[before].next = nodes[moved].next;
    nodes[moved].next = list->first;
    list->first = moved;
}

uint64_t keyed_hash(struct span key)
{
    return hash_bytes(key.data, key.len);
}

/* The rank of a value in its list, moved to the front; 0 if it wasn't there. -1: memory is out */
static int rank_value(struct lists *l, uint64_t key, struct span value)
{
    struct key_list *list = list_of(l, key);
    uint32_t before = NONE;
    int rank = 1;
    if (!list)
        return -1;
    for (uint32_t at = list->first; at != NONE; before = at, at = l->nodes.data[at].next, rank++) {
        if (!span_equal(l->nodes.data[at].value, value))
            continue;
        if (before != NONE)
            move_front(l, list, before);
        return rank;
    }
    return push_front(l, list, value) == NONE ? -1 : 0;
}

/* @return 1: done, 0: not worth it, -1: memory is out */
static int rank_rows(const struct text_values *v, const uint64_t *keys, uint64_t *ranks,
                     struct text_ref *others, size_t *other_count)
{
    struct lists lists = {0};
    int worth = 1;
    for (size_t i = 0; i < v->count && worth == 1; i++) {
        int rank = rank_value(&lists, keys[i], text_value(v, i));
        if (rank < 0)
            worth = -1;
        else if (rank == 0)
            others[(*other_count)++] = v->refs[i];
        ranks[i] = (uint64_t)rank;
        /* Hardly any followed from its key. */
        if (*other_count > 256 + (i - i / 8))
            worth = 0;
    }
    lists_clear(&lists);
    return worth;
}

/*
 * The node of a key's only value, the last one, which says what the chained key is; the value that
 * follows can take its place. NONE when memory is out.
 */
static uint32_t chain_node(struct lists *l, uint64_t key)
{
    struct key_list *list = list_of(l, key);
    if (!list || (list->first == NONE && push_front(l, list, no_bytes) == NONE))
        return NONE;
    return list->first;
}

bool keyed_chain(uint64_t *keys, const struct text_values *v, size_t *others_left)
{
    struct lists chain = {0};
    bool ok = true;
    for (size_t i = 0; i < v->count && ok; i++) {
        const uint32_t node = chain_node(&chain, keys[i]);
        ok = node != NONE;
        if (ok) {
            keys[i] = keyed_hash(chain.nodes.data[node].value);
            chain.nodes.data[node].value = text_value(v, i);
        }
    }
    *others_left -= chain.keys < *others_left ? chain.keys : *others_left;
    lists_clear(&chain);
    return ok;
}

bool keyed_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                  const uint64_t *keys, const struct keyed_by *by, size_t *others_left)
{
    uint64_t *ranks = malloc((v->count + 1) * sizeof(*ranks));
    struct text_ref *others = malloc((v->count + 1) * sizeof(*others));
    size_t other_count = 0;
    int worth = ranks && others ? rank_rows(v, keys, ranks, others, &other_count) : -1;
    if (other_count > *others_left)
        worth = 0;
    if (worth == 1) {
        struct text_values left = {v->base, others, other_count};
        buf_push(&e->head, text_tag(&text_keyed));
        varint_put(&e->head, (uint64_t)by->column * 4 + (by->of_row ? 2 : 0) + by->chained);
        *others_left -= other_count;
        e->cost += 3;
        number_encode(e, ctx, ranks, v->count, STREAM_RANK);
        text_encode(e, ctx, &left, 0);
    }
    e->head.failed |= worth < 0;
    free(ranks);
    free(others);
    return worth != 0;
}

/* A value that stays where it is, and its hash. */
struct hashed {
    struct span value;
    uint64_t hash;
};

struct keyed {
    struct keyed_by by;
    uint32_t pending;       /* node of the value that was given last, while its place isn't known */
    uint32_t chain_pending; /* the same in `chain` */
    struct hashed hashes[HASHES]; /* of keys, each at a place that its address tells */
    uint64_t ahead_place;         /* of the last key that had not; 0: none */
    uint64_t ahead_hash;
    struct number_column ranks;
    struct text_column *others;
    struct lists lists;
    struct lists chain; /* for each key that isn't chained yet, the last value */
};

static void free_keyed(void *state)
{
    struct keyed *k = state;
    number_clear(&k->ranks);
    text_free(k->others);
    lists_clear(&k->lists);
    lists_clear(&k->chain);
    free(k);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct keyed *k = calloc(1, sizeof(*k));
    if (!k) {
        error_memory(err);
        return NULL;
    }
    uint64_t key = reader_varint_max(head, UINT32_MAX);
    k->by = (struct keyed_by){(uint32_t)key / 4, key & 2, key & 1};
    if (head->failed || !number_parse(&k->ranks, head, streams, STREAM_RANK) ||
        text_parse(&k->others, head, streams, depth + 1, err) != LGZ_OK) {
        free_keyed(k);
        return NULL;
    }
    return k;
}

static int open_keyed(void *state, struct stream_reader *streams, size_t limit,
                      struct lgz_error *err)
{
    struct keyed *k = state;
    int code = number_open(&k->ranks, streams, err);
    return code == LGZ_OK ? text_open(k->others, streams, limit, err) : code;
}

/* The value of a rank in the list, moved to the front. @return false if there is none */
static bool take_rank(struct lists *l, struct key_list *list, uint64_t rank, struct span *value)
{
    uint32_t before = NONE;
    uint32_t at = list->first;
    for (; rank > 1 && at != NONE; rank--) {
        before = at;
        at = l->nodes.data[at].next;
    }
    if (at == NONE)
        return false;
    *value = l->nodes.data[at].value;
    if (before != NONE)
        move_front(l, list, before);
    return true;
}

/*
 * Keys may be long, and a key of many values, and a value of many rows: each is gone through once,
 * as a rule. A value that stays where it is, in a table or where it was put out, has the same hash.
 */
static uint64_t hash_once(struct keyed *k, struct span value)
{
    struct hashed *known =
        &k->hashes[((uintptr_t)value.data ^ (uintptr_t)value.data >> 7) & (HASHES - 1)];
    if (!value.data || value.data != known->value.data || value.len != known->value.len)
        *known = (struct hashed){value, keyed_hash(value)};
    return known->hash;
}

/* The chained key in place of a key. @return false without memory, or if there are too many */
static bool take_chained(struct keyed *k, struct text_batch *b, uint64_t *key)
{
    size_t keys = k->chain.keys;
    k->chain_pending = chain_node(&k->chain, *key);
    if (k->chain_pending == NONE) {
        stream_reader_lacks_memory(b->streams);
        return false;
    }
    *key = hash_once(k, k->chain.nodes.data[k->chain_pending].value);
    return k->chain.keys == keys || stream_reader_take_table(b->streams, KEYED_OTHER_SIZE);
}

/* @return false if there is no key */
static bool hash_ahead(struct keyed *k, const struct text_batch *b)
{
    struct span value;
    uint64_t place;
    if (!text_ahead(b, k->by.column, &value, &place))
        return false;
    if (place != k->ahead_place)
        k->ahead_hash =
            b->block[k->by.column]->batch.stays ? hash_once(k, value) : keyed_hash(value);
    k->ahead_place = place;
    return true;
}

static bool take_key(struct keyed *k, struct text_batch *b, uint64_t *key)
{
    if (k->by.of_row && b->ahead) {
        if (!hash_ahead(k, b))
            return false;
        *key = k->ahead_hash;
    } else if (k->by.column < b->columns) {
        *key = hash_once(k, b->last[k->by.column]);
    } else {
        return false;
    }
    return !k->by.chained || take_chained(k, b, key);
}

static bool next_value(struct keyed *k, struct text_batch *b, struct span *value)
{
    uint64_t rank;
    /* What was given last has been put out by now: there, it stays. */
    if (k->pending != NONE)
        k->lists.nodes.data[k->pending].value = *b->self;
    if (k->chain_pending != NONE)
        k->chain.nodes.data[k->chain_pending].value = *b->self;
    k->pending = NONE;
    k->chain_pending = NONE;
    uint64_t key;
    if (!number_next(&k->ranks, &rank) || rank > LIST_MAX || !take_key(k, b, &key))
        return false;
    struct key_list *list = list_of(&k->lists, key);
    b->stays = rank || k->others->batch.stays;
    if (list && rank)
        return take_rank(&k->lists, list, rank, value);
    if (list &&
        (!text_take(k->others, value) || !stream_reader_take_table(b->streams, KEYED_OTHER_SIZE)))
        return false;
    k->pending = list ? push_front(&k->lists, list, *value) : NONE;
    if (k->pending == NONE)
        stream_reader_lacks_memory(b->streams);
    return k->pending != NONE;
}

static size_t fill(void *state, struct text_batch *b)
{
    return b->last && next_value(state, b, &b->values[0]);
}

static uint32_t row_key(const void *state)
{
    const struct keyed *k = state;
    return k->by.of_row ? k->by.column : TEXT_NO_COLUMN;
}

static size_t follows(const void *state, uint32_t columns[TEXT_FOLLOWS])
{
    const struct keyed *k = state;
    columns[0] = k->by.column;
    return 1;
}

static struct text_column *values(const void *state)
{
    const struct keyed *k = state;
    return k->others;
}

const struct text_encoding text_keyed = {
    .name = "keyed",
    .parse = parse,
    .open = open_keyed,
    .fill = fill,
    .free = free_keyed,
    .in_step = true,
    .row_key = row_key,
    .follows = follows,
    .values = values,
};
