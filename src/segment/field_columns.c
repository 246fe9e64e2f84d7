/*
 * field_columns.c - goes along a template, and notes whether it's behind a name.
 */
#include "segment/field_columns.h"

/* Where a value may end, from `from` on; the text's length if nowhere. */
static size_t end_of_value(struct span text, size_t from)
{
    while (from < text.len && text.data[from] != ',' && text.data[from] != '}' &&
           text.data[from] != ']')
        from++;
    return from;
}

/* Is the end of a text in a value that follows a name in it? */
static bool ends_behind(struct span text, const struct finder *name)
{
    bool behind = false;
    for (size_t at = 0; !behind && (at = finder_next(name, text, at)) != SIZE_MAX; at++)
        behind = end_of_value(text, at + name->string.len) == text.len;
    return behind;
}

void field_columns(const struct block_columns *b, size_t template, const struct finder *names,
                   size_t count, bool *columns)
{
    const struct template *t = &b->set.list.data[template];
    bool behind = false;
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct span literal = t->slots[i].literal;
        behind = behind && end_of_value(literal, 0) == literal.len;
        for (size_t k = 0; k < count && !behind; k++)
            behind = ends_behind(literal, &names[k]);
        if (behind)
            columns[b->layout.column_of[template][i]] = true;
    }
}
