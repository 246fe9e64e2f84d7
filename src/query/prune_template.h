/*
 * prune_template.h - which blocks of a segment need not be decoded since none of their lines has
 * the template that is wanted.
 *
 * A block's head has its templates. A block without the wanted one is left out if each of its lines
 * is whole in it: a line that is cut has the template that it would have by itself. Nor may it have
 * events, which have their first line's.
 */
#ifndef LOGZIP_QUERY_PRUNE_TEMPLATE_H
#define LOGZIP_QUERY_PRUNE_TEMPLATE_H

#include "query/prune.h"

struct template_prune;

/** Get ready for a segment; all is borrowed. @return NULL when memory is out */
struct template_prune *template_prune_new(uint64_t template_id, const struct segment *segment,
                                          struct query_source *const *sources);

/** NULL is allowed. */
void template_prune_free(struct template_prune *t);

/** By its head alone: may a line of the block have the template? A head is read once. */
bool template_prune_may_hold(struct template_prune *t, size_t block);

/** At the block's turn: can it be left out? */
bool template_prune_can(struct template_prune *t, const struct selection *s, size_t block);

#endif
