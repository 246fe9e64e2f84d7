/*
 * template_set.c - parsing a run of serialized templates.
 */
#include "template/template_set.h"

#include <stdlib.h>

int template_set_parse(struct template_set *set, uint8_t *text, size_t len, size_t count,
                       struct lgz_error *err)
{
    struct span rest = {text, len};
    *set = (struct template_set){.text = text, .text_len = len};
    while (set->list.len < count) {
        struct template t;
        int parsed = template_parse(&t, &rest);
        if (parsed == 1 && !vec_push(&set->list, t)) {
            template_clear(&t);
            parsed = -1;
        }
        if (parsed != 1) {
            template_set_clear(set);
            return parsed < 0 ? error_memory(err)
                              : error_set(err, LGZ_ERR_CORRUPT, "damaged template");
        }
    }
    if (rest.len) {
        template_set_clear(set);
        return error_set(err, LGZ_ERR_CORRUPT, "%zu bytes behind the last template", rest.len);
    }
    return LGZ_OK;
}

size_t template_set_most_slots(const struct template_set *set)
{
    size_t most = 1;
    for (size_t t = 0; t < set->list.len; t++)
        if (set->list.data[t].slot_count > most)
            most = set->list.data[t].slot_count;
    return most;
}

void template_set_clear(struct template_set *set)
{
    for (size_t i = 0; i < set->list.len; i++)
        template_clear(&set->list.data[i]);
    vec_free(&set->list);
    free(set->text);
    *set = (struct template_set){0};
}
