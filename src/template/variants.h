/*
 * variants.h - templates whose words tell different events apart become several templates.
 *
 * Clustering makes a slot of each word in which lines differ. Some of these are parameters: users,
 * hosts, states. Others say what happened ("started", "paused"), and people would call the lines
 * different events. A word is taken for the latter if the slot has few different words, doesn't
 * stand where values stand (behind '=', or quoted behind ':'), and if its words don't take turns in
 * several other templates as well, as hosts, users and levels do.
 */
#ifndef LOGZIP_TEMPLATE_VARIANTS_H
#define LOGZIP_TEMPLATE_VARIANTS_H

#include "template/template_set.h"
#include "template/token_row.h"

/**
 * Split templates.
 *
 * @param min_lines    a template needs at least so many lines
 * @param first        templates below are left as they are; at least 1
 * @param of_skeleton  for each skeleton its template, 0 where it has none; changed
 * @param list         templates are added to it; some may have no lines any more
 * @return false when memory is out
 */
bool variants_split(const struct row_source *source, uint32_t min_lines, uint32_t first,
                    uint32_t *of_skeleton, struct template_list *list);

#endif
