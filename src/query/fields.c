/*
 * fields.c - named groups of a regular expression as fields.
 */
#include "query/fields.h"

#include <stdlib.h>

#include "base/regex.h"

struct fields {
    struct regex *regex;
    struct regex_room *room;
};

int fields_compile(struct fields **out, const char *format, struct lgz_error *err)
{
    *out = NULL;
    struct fields *f = calloc(1, sizeof(*f));
    if (!f)
        return error_memory(err);
    int code = regex_compile(&f->regex, format, strlen(format), REGEX_MULTILINE, err);
    if (code == LGZ_OK)
        code = regex_room_new(&f->room, regex_group_count(f->regex), err);
    if (code == LGZ_OK)
        *out = f;
    else
        fields_free(f);
    return code;
}

void fields_free(struct fields *f)
{
    if (!f)
        return;
    regex_room_free(f->room);
    regex_free(f->regex);
    free(f);
}

size_t fields_count(const struct fields *f)
{
    return regex_name_count(f->regex);
}

const char *fields_name(const struct fields *f, size_t index)
{
    size_t group;
    return regex_name(f->regex, index, &group);
}

size_t fields_find(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < fields_count(f); i++)
        if (strcmp(fields_name(f, i), name) == 0)
            return i;
    return SIZE_MAX;
}

int fields_extract(struct fields *f, struct span text, struct span *values, struct lgz_error *err)
{
    int found = regex_run(f->room, f->regex, text, 0, err);
    if (found != 1)
        return found;
    for (size_t i = 0; i < fields_count(f); i++) {
        size_t group, start, end;
        regex_name(f->regex, i, &group);
        values[i] = (struct span){0};
        if (regex_match(f->room, group, &start, &end))
            values[i] = (struct span){text.data + start, end - start};
    }
    return 1;
}
