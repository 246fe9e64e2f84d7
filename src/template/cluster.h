/*
 * cluster.h - iterative clustering: from the skeletons of a block to its templates.
 *
 * After Logzip (Liu et al., ASE 2019): take a sample, cluster it, make each cluster a template,
 * match everything against the templates, and go on with what didn't match until that no longer
 * pays. The sampling is deterministic. Here a row is a skeleton, weighted by its lines, and only
 * skeletons of one shape (same separators and stamps) are compared with each other.
 */
#ifndef LOGZIP_TEMPLATE_CLUSTER_H
#define LOGZIP_TEMPLATE_CLUSTER_H

#include "template/known.h"
#include "template/skeleton.h"
#include "template/template_set.h"

struct clustering {
    struct template_set set; /**< most lines first; the last is for lines that have none: "\nr" */
    uint64_t *lines;         /**< for each template, lines for which it is proposed; owned */
    uint32_t *of_skeleton;   /**< the template proposed for each skeleton; owned */
};

/**
 * Find templates. Skeletons of lines with folded sections (sections.h) get another shape.
 *
 * @param known      what to start from; NULL: nothing
 * @param min_lines  a template needs at least so many lines
 */
int cluster_skeletons(struct clustering *c, struct skeletons *skeletons, const uint8_t *raw,
                      const struct lines *lines, const struct known_templates *known,
                      uint32_t min_lines, struct lgz_error *err);
void clustering_clear(struct clustering *c);

#endif
