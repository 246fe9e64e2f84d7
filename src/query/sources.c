/*
 * sources.c - two trees (tsearch(3)) over two arrays that own what is in them.
 */
#include "query/sources.h"

#include <fnmatch.h>
#include <search.h>
#include <stdlib.h>

struct sources {
    struct sources_filter filter;
    VEC(struct query_name *) names;
    VEC(struct query_source *) list;
    void *name_tree;
    void *id_tree;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct query_name *)a)->text, ((const struct query_name *)b)->text);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = ((const struct query_source *)a)->id;
    uint64_t y = ((const struct query_source *)b)->id;
    return (x > y) - (x < y);
}

static void keep_node(void *node)
{
    (void)node; /* the arrays own what the trees show */
}

int sources_new(struct sources **out, const struct sources_filter *filter, struct lgz_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return error_memory(err);
    (*out)->filter = *filter;
    return LGZ_OK;
}

const struct sources_filter *sources_filter(const struct sources *s)
{
    return &s->filter;
}

void sources_clear(struct sources *s)
{
    tdestroy(s->id_tree, keep_node);
    s->id_tree = NULL;
    for (size_t i = 0; i < s->list.len; i++) {
        buf_free(&s->list.data[i]->carry);
        buf_free(&s->list.data[i]->pending.text);
        before_free(&s->list.data[i]->before);
        free(s->list.data[i]->input);
        vec_free(&s->list.data[i]->skipped);
        free(s->list.data[i]->left.starts);
        free(s->list.data[i]);
    }
    s->list.len = 0;
}

void sources_free(struct sources *s)
{
    if (!s)
        return;
    sources_clear(s);
    tdestroy(s->name_tree, keep_node);
    for (size_t i = 0; i < s->names.len; i++) {
        free(s->names.data[i]->text);
        free(s->names.data[i]);
    }
    vec_free(&s->names);
    vec_free(&s->list);
    free(s);
}

bool sources_wanted(const struct sources_filter *filter, const char *name, const char *input)
{
    bool named = filter->glob_count == 0, belongs = filter->input_count == 0;
    for (size_t i = 0; i < filter->glob_count && !named; i++)
        named = fnmatch(filter->globs[i], name, 0) == 0;
    for (size_t i = 0; i < filter->input_count && !belongs; i++)
        belongs = strcmp(filter->inputs[i], input) == 0;
    return named && belongs;
}

static struct query_name *name_of(struct sources *s, const char *text)
{
    struct query_name key = {.text = (char *)text};
    void *found = tfind(&key, &s->name_tree, compare_names);
    if (found)
        return *(struct query_name **)found;
    struct query_name *name = calloc(1, sizeof(*name));
    if (!name)
        return NULL;
    name->text = strdup(text);
    if (!name->text || !vec_push(&s->names, name)) {
        free(name->text);
        free(name);
        return NULL;
    }
    return tsearch(name, &s->name_tree, compare_names) ? name : NULL;
}

struct query_source *sources_find(struct sources *s, uint64_t id)
{
    struct query_source key = {.id = id};
    void *found = tfind(&key, &s->id_tree, compare_ids);
    return found ? *(struct query_source **)found : NULL;
}

/* The source belongs to this input. @return false when memory is out */
static bool set_input(const struct sources *s, struct query_source *source, const char *input)
{
    if (source->input && strcmp(source->input, input) == 0)
        return true;
    char *copy = strdup(input);
    if (!copy)
        return false;
    free(source->input);
    source->input = copy;
    source->wanted = sources_wanted(&s->filter, source->name->text, input);
    source->name->wanted |= source->wanted;
    return true;
}

static struct query_source *add_source(struct sources *s, uint64_t id, const char *name)
{
    struct query_source *source = calloc(1, sizeof(*source));
    if (!source)
        return NULL;
    source->id = id;
    source->name = name_of(s, name);
    if (!source->name || !vec_push(&s->list, source)) {
        free(source);
        return NULL;
    }
    return tsearch(source, &s->id_tree, compare_ids) ? source : NULL;
}

struct query_source *sources_get(struct sources *s, uint64_t id, const char *name,
                                 const char *input)
{
    struct query_source *source = sources_find(s, id);
    if (!source)
        source = add_source(s, id, name);
    return source && set_input(s, source, input) ? source : NULL;
}

bool sources_named(const struct sources *s, const struct query_source *source)
{
    const struct sources_filter names = {.globs = s->filter.globs,
                                         .glob_count = s->filter.glob_count};
    return sources_wanted(&names, source->name->text, "");
}

size_t sources_count(const struct sources *s)
{
    return s->list.len;
}

struct query_source *sources_at(const struct sources *s, size_t index)
{
    return s->list.data[index];
}

size_t sources_name_count(const struct sources *s)
{
    return s->names.len;
}

const struct query_name *sources_name(const struct sources *s, size_t index)
{
    return s->names.data[index];
}
