/*
 * rows.h - the values of a line's slots, without looking for them again.
 *
 * Lines of one skeleton have the same words and separators; only values and stamps differ, and
 * where these are was found when the line was hashed. So it is enough to match one line of a
 * skeleton against its template, and to see in which of the line's parts the slots lie. For any
 * other line, the bytes between its values are compared with that line's: equal hashes alone prove
 * nothing.
 */
#ifndef LOGZIP_SEGMENT_ROWS_H
#define LOGZIP_SEGMENT_ROWS_H

#include "base/workers.h"
#include "template/skeleton.h"
#include "template/template_set.h"

struct rows;

/**
 * @param of_skeleton  for each skeleton, the template that its lines are matched against
 * @param skeletons    with the values of `lines`; all arguments but `me` must outlive the result
 * @param me           shares the work
 * @return NULL when memory is out
 */
struct rows *rows_new(const struct template_set *set, const uint32_t *of_skeleton,
                      const struct skeletons *skeletons, const uint8_t *raw,
                      const struct lines *lines, struct worker *me);
void rows_free(struct rows *r);

/**
 * Match a line against a template: just what template_match() does. Threads may ask at once.
 *
 * @param line    its number
 * @param number  the template's: that of its skeleton, or any other if that didn't match
 * @param values  filled if it matches: room for the slots of any template
 */
bool rows_match(const struct rows *r, size_t line, size_t number, struct slot_value *values);

/**
 * The same, and whether the line has the bytes between its values that the line has that stands for
 * its skeleton. They were compared; where they weren't, *alike is false.
 */
bool rows_match_alike(const struct rows *r, size_t line, size_t number, struct slot_value *values,
                      bool *alike);

#endif
