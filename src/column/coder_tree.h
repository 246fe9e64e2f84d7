/*
 * coder_tree.h - which decisions are taken first for a byte: a tree with up to 15 nodes, whose
 * leaves are bytes, and one leaf for all other bytes, the escape. Its states fit one line, whatever
 * its form; so frequent bytes take few decisions, and those after an escape are rare.
 *
 * Without a tree of its own, a plane of numbers has the plain one: is the byte 0?
 */
#ifndef LOGZIP_COLUMN_CODER_TREE_H
#define LOGZIP_COLUMN_CODER_TREE_H

#include "column/coder_bits.h"

enum {
    TREE_NODES = 15,
    TREE_LEAF = 16,   /**< a child: below it a node, from it on a leaf and the byte's number */
    TREE_ESCAPE = 32, /**< a child: the byte is none of the tree's */
    TREE_ROWS = 512,  /**< a plane with fewer rows has the plain tree */
};

struct coder_tree {
    unsigned nodes;                     /**< numbered from 1 on, the root is 1 */
    uint8_t child[TREE_NODES + 1][2];   /**< of a node: behind a 0, behind a 1 */
    uint8_t bytes[TREE_NODES + 1];      /**< of the leaves */
    uint16_t paths[TREE_NODES + 1 + 1]; /**< encoding: of the leaves, the escape's last: a 1, and
                                           the decisions that lead to them */
    uint8_t leaf_of[256];               /**< encoding: a byte's leaf, or TREE_NODES + 1 */
};

void coder_tree_plain(struct coder_tree *t);

/**
 * Make the tree that takes fewest decisions for so many of each byte.
 *
 * @return false if the plain tree is nearly as good, so that telling the tree doesn't pay
 */
bool coder_tree_make(struct coder_tree *t, const uint32_t *counts);

/** How many steps a byte takes, what is behind an escape included. */
unsigned coder_tree_byte_steps(const struct coder_tree *t, uint8_t byte);

/** Tell a tree that was made, or take it. */
void coder_tree_put(const struct coder_tree *t, struct bit_coder *c);
void coder_tree_take(struct coder_tree *t, struct bit_coder *c);

/** How many steps it takes to tell it. */
unsigned coder_tree_steps(const struct coder_tree *t);

#endif
