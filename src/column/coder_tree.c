/*
 * coder_tree.c - Huffman's algorithm on a few bytes and an escape, and how a tree is told.
 */
#include "column/coder_tree.h"

enum {
    MOST_BYTES = TREE_NODES,  /* of a tree that is made; there is an escape beside them */
    ESCAPED = TREE_NODES + 1, /* the escape among the leaves */
    ESCAPE_DECISIONS = 8,     /* behind it */
    DECISIONS_FOR_BYTE = 600, /* a byte is told if so many are saved */
    MOST_ITEMS = 2 * TREE_NODES + 2,
    HALF = 32768,
};

/* From the children: the decisions that lead to each leaf. */
static void find_paths(struct coder_tree *t)
{
    uint16_t path_of[TREE_NODES + 1] = {[1] = 1};
    memset(t->leaf_of, ESCAPED, sizeof(t->leaf_of));
    for (unsigned node = 1; node <= t->nodes; node++) {
        for (unsigned bit = 0; bit < 2; bit++) {
            unsigned child = t->child[node][bit];
            uint16_t path = (uint16_t)(path_of[node] * 2 + bit);
            if (child < TREE_LEAF) {
                path_of[child] = path;
            } else if (child == TREE_ESCAPE) {
                t->paths[ESCAPED] = path;
            } else {
                t->paths[child - TREE_LEAF] = path;
                t->leaf_of[t->bytes[child - TREE_LEAF]] = (uint8_t)(child - TREE_LEAF);
            }
        }
    }
}

void coder_tree_plain(struct coder_tree *t)
{
    t->nodes = 1;
    t->bytes[0] = 0;
    t->child[1][0] = TREE_LEAF;
    t->child[1][1] = TREE_ESCAPE;
    find_paths(t);
}

/* What Huffman's algorithm puts together: leaves first, then pairs of items. */
struct items {
    uint64_t weights[MOST_ITEMS];
    uint8_t pairs[MOST_ITEMS][2]; /* the heavier one first */
    unsigned count;
};

/* The most frequent bytes become items. @return how many; the escape is the one behind them */
static unsigned pick_bytes(struct items *items, uint8_t *bytes, const uint32_t *counts)
{
    uint64_t others = 0;
    unsigned n = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned at = n;
        while (at > 0 && items->weights[at - 1] < counts[byte])
            at--;
        if (counts[byte] == 0 || at == MOST_BYTES) {
            others += counts[byte];
            continue;
        }
        if (n == MOST_BYTES)
            others += items->weights[--n];
        memmove(&items->weights[at + 1], &items->weights[at], (n - at) * sizeof(*items->weights));
        memmove(&bytes[at + 1], &bytes[at], n - at);
        items->weights[at] = counts[byte];
        bytes[at] = (uint8_t)byte;
        n++;
    }
    items->weights[n] = others;
    items->count = n + 1;
    return n;
}

/* Put items together until one is left, the last. @return the decisions, without those behind an
 * escape */
static uint64_t pair_items(struct items *items)
{
    uint8_t alive[MOST_ITEMS];
    unsigned left = items->count;
    uint64_t decisions = 0;
    for (unsigned i = 0; i < left; i++)
        alive[i] = (uint8_t)i;
    for (; left > 1; left--) {
        for (unsigned lightest = 0; lightest < 2; lightest++) {
            unsigned end = left - 1 - lightest;
            for (unsigned i = 0; i < end; i++) {
                if (items->weights[alive[i]] < items->weights[alive[end]]) {
                    uint8_t swap = alive[i];
                    alive[i] = alive[end];
                    alive[end] = swap;
                }
            }
        }
        unsigned pair = items->count++;
        items->pairs[pair][0] = alive[left - 2];
        items->pairs[pair][1] = alive[left - 1];
        items->weights[pair] = items->weights[alive[left - 2]] + items->weights[alive[left - 1]];
        decisions += items->weights[pair];
        alive[left - 2] = (uint8_t)pair;
    }
    return decisions;
}

/* Number the nodes, those near the root first. `bytes` items are leaves, one more is the escape. */
static void number_nodes(struct coder_tree *t, const struct items *items, unsigned bytes)
{
    uint8_t item_of[TREE_NODES + 1] = {[1] = (uint8_t)(items->count - 1)};
    t->nodes = 1;
    for (unsigned node = 1; node <= t->nodes; node++) {
        for (unsigned bit = 0; bit < 2; bit++) {
            unsigned item = items->pairs[item_of[node]][bit];
            unsigned child = TREE_LEAF + item;
            if (item == bytes)
                child = TREE_ESCAPE;
            if (item > bytes) {
                child = ++t->nodes;
                item_of[child] = (uint8_t)item;
            }
            t->child[node][bit] = (uint8_t)child;
        }
    }
}

bool coder_tree_make(struct coder_tree *t, const uint32_t *counts)
{
    struct items items = {.count = 0};
    uint64_t plain = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        plain += (uint64_t)counts[byte] * (byte ? 1 + ESCAPE_DECISIONS : 1);
    if (plain < 2 * DECISIONS_FOR_BYTE)
        return false;
    unsigned bytes = pick_bytes(&items, t->bytes, counts);
    uint64_t others = items.weights[bytes];
    uint64_t decisions = pair_items(&items) + others * ESCAPE_DECISIONS;
    if (plain < decisions + (uint64_t)(bytes + 1) * DECISIONS_FOR_BYTE)
        return false;
    number_nodes(t, &items, bytes);
    find_paths(t);
    return true;
}

unsigned coder_tree_byte_steps(const struct coder_tree *t, uint8_t byte)
{
    unsigned leaf = t->leaf_of[byte];
    unsigned decisions = 31 - (unsigned)__builtin_clz(t->paths[leaf]);
    unsigned escaped = ESCAPE_DECISIONS + 2 * STEPS_OF_LINES;
    return STEPS_OF_LINES + decisions + (leaf == ESCAPED ? escaped : 0);
}

/* A number of so many bits, each of them as likely as not. */
static unsigned code_plain(struct bit_coder *c, bool encoding, unsigned value, unsigned bits)
{
    unsigned coded = 0;
    while (bits-- > 0)
        coded = coded * 2 + code_with(c, encoding, value >> bits & 1, HALF);
    return coded;
}

/* The children in the order of the nodes. What is clear from what was told is left out. */
static inline __attribute__((always_inline)) void code_tree(struct coder_tree *t,
                                                            struct bit_coder *c, bool encoding)
{
    unsigned nodes = 1;
    unsigned bytes = 0;
    bool escape = false;
    for (unsigned node = 1; node <= nodes; node++) {
        for (unsigned bit = 0; bit < 2; bit++) {
            unsigned child = encoding ? t->child[node][bit] : 0;
            if (nodes < TREE_NODES && code_plain(c, encoding, child < TREE_LEAF, 1)) {
                child = ++nodes;
            } else if (!escape && code_plain(c, encoding, child == TREE_ESCAPE, 1)) {
                child = TREE_ESCAPE;
                escape = true;
            } else {
                unsigned byte = encoding ? t->bytes[child - TREE_LEAF] : 0;
                byte = code_plain(c, encoding, byte, 8);
                if (!encoding) {
                    child = TREE_LEAF + bytes;
                    t->bytes[bytes++] = (uint8_t)byte;
                }
            }
            if (!encoding)
                t->child[node][bit] = (uint8_t)child;
        }
    }
    if (!encoding)
        t->nodes = nodes;
}

void coder_tree_put(const struct coder_tree *t, struct bit_coder *c)
{
    struct coder_tree copy = *t;
    code_tree(&copy, c, true);
}

void coder_tree_take(struct coder_tree *t, struct bit_coder *c)
{
    code_tree(t, c, false);
}

unsigned coder_tree_steps(const struct coder_tree *t)
{
    struct buf none = {0};
    struct bit_coder c;
    bit_coder_encode(&c, &none, INT64_MAX);
    coder_tree_put(t, &c);
    buf_free(&none);
    return (unsigned)(INT64_MAX - c.left);
}
