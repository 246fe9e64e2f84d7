/*
 * retention_class.c - the classes in the order of the configuration, and an order by name to find
 * one in: a segment may have thousands of sources.
 */
#include "archive/retention_class.h"

#include <stdlib.h>
#include <string.h>

struct retention_classes {
    struct retention_class *list;
    size_t *by_name; /* numbers of the classes but the default one, in the order of their inputs */
    size_t count;
};

static int compare_names(const void *a, const void *b, void *context)
{
    const struct retention_class *list = context;
    return strcmp(list[*(const size_t *)a].input, list[*(const size_t *)b].input);
}

int retention_classes_new(struct retention_classes **out, const struct config *config,
                          struct lgz_error *err)
{
    struct retention_classes *c = calloc(1, sizeof(*c));
    *out = c;
    if (!c)
        return error_memory(err);
    c->list = calloc(config->input_count + 1, sizeof(*c->list));
    c->by_name = calloc(config->input_count + 1, sizeof(*c->by_name));
    if (!c->list || !c->by_name) {
        retention_classes_free(c);
        *out = NULL;
        return error_memory(err);
    }
    c->list[c->count++] = (struct retention_class){.max_age = config->max_age};
    for (size_t i = 0; i < config->input_count; i++) {
        const struct config_input *input = &config->inputs[i];
        if (!input->max_age_line && !input->max_size_line)
            continue;
        c->by_name[c->count - 1] = c->count;
        c->list[c->count++] = (struct retention_class){
            input->name, input->max_age_line ? input->max_age : config->max_age, input->max_size};
    }
    qsort_r(c->by_name, c->count - 1, sizeof(*c->by_name), compare_names, c->list);
    return LGZ_OK;
}

size_t retention_class_count(const struct retention_classes *classes)
{
    return classes->count;
}

const struct retention_class *retention_class(const struct retention_classes *classes, size_t index)
{
    return &classes->list[index];
}

size_t retention_class_of(const struct retention_classes *classes, const char *input)
{
    size_t low = 0, high = classes->count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        size_t class = classes->by_name[middle];
        int order = strcmp(classes->list[class].input, input);
        if (order == 0)
            return class;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return RETENTION_CLASS_DEFAULT;
}

bool retention_classes_several(const struct retention_classes *classes,
                               const struct segment *segment)
{
    for (size_t i = 1; i < segment_source_count(segment); i++)
        if (retention_class_of(classes, segment_source(segment, i)->input) !=
            retention_class_of(classes, segment_source(segment, 0)->input))
            return true;
    return false;
}

void retention_classes_free(struct retention_classes *classes)
{
    if (!classes)
        return;
    free(classes->list);
    free(classes->by_name);
    free(classes);
}
