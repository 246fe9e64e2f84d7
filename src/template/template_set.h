/*
 * template_set.h - the templates of a block, numbered, with the serialized form of all of them.
 */
#ifndef LOGZIP_TEMPLATE_TEMPLATE_SET_H
#define LOGZIP_TEMPLATE_TEMPLATE_SET_H

#include "base/error.h"
#include "template/template.h"

struct template_set {
    VEC(struct template) list;
    uint8_t *text; /**< what the templates refer to; owned */
    size_t text_len;
};

/** Templates that are being made. */
struct template_list {
    struct buf text; /**< serialized, one after the other */
    uint32_t count;
};

/**
 * Parse `count` serialized templates.
 *
 * @param text  taken over: an allocated block that the set frees
 */
int template_set_parse(struct template_set *set, uint8_t *text, size_t len, size_t count,
                       struct lgz_error *err);

/** How many slots the template with the most of them has; at least 1. */
size_t template_set_most_slots(const struct template_set *set);

void template_set_clear(struct template_set *set);

#endif
