/*
 * known.h - templates that earlier blocks found. A block starts from them: equal lines get equal
 * templates, and only what none of them matches has to be clustered.
 *
 * A skeleton that the block before had is known by its hash; others are compared with the known
 * templates of their shape. Where a word begins to vary, or lines are few, a template is left out:
 * its lines are clustered as if nothing was known.
 *
 * What blocks don't use ages, and is forgotten after some of them, so a drifting format is
 * followed. Templates with sections or the rest of the line aren't remembered: they depend on what
 * else is in a block.
 */
#ifndef LOGZIP_TEMPLATE_KNOWN_H
#define LOGZIP_TEMPLATE_KNOWN_H

#include "template/template_set.h"
#include "template/token_row.h"

struct known_templates;

/** @return none are known; NULL when memory is out */
struct known_templates *known_new(void);
void known_free(struct known_templates *k);

/** How many templates are known: never more than some thousands, of some hundred KiB. */
size_t known_count(const struct known_templates *k);

/**
 * Give skeletons the templates that match them, those first that leave the least open.
 *
 * @param source       of a block in which no sections are folded yet
 * @param of_skeleton  for each skeleton its template, 0 where it has none; filled in
 * @param list         the templates that are used are added
 * @return false when memory is out
 */
bool known_match(const struct known_templates *known, const struct row_source *source,
                 uint32_t *of_skeleton, struct template_list *list);

/**
 * Remember what a block has found; forget what has been unused for long.
 *
 * @param used         the block's templates, most lines first
 * @param skeletons    its skeletons; NULL: only the templates are there
 * @param of_skeleton  for each skeleton its template
 * @return false when memory is out: then nothing has changed
 */
bool known_update(struct known_templates *known, const struct template_set *used,
                  const struct skeletons *skeletons, const uint32_t *of_skeleton);

#endif
