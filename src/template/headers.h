/*
 * headers.h - templates for lines that are too rare to have one: what they begin with (a time, a
 * host, a process) is like in other lines, and only the rest is plain text.
 */
#ifndef LOGZIP_TEMPLATE_HEADERS_H
#define LOGZIP_TEMPLATE_HEADERS_H

#include "template/skeleton.h"
#include "template/template_set.h"

/**
 * Find headers of lines without template.
 *
 * @param min_lines    a template needs at least so many lines
 * @param of_skeleton  for each skeleton its template, 0 where it has none; filled in
 * @param list         templates are added to it
 * @return false when memory is out
 */
bool headers_find(const struct skeletons *skeletons, const uint8_t *raw, const struct lines *lines,
                  uint32_t min_lines, uint32_t *of_skeleton, struct template_list *list);

#endif
