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

enum { SHORT_LITERAL = 64 }; /* less than that isn't cut */

/* The first place of a name, and whether the end of the text is in a value that follows one. */
static size_t first_name(struct span text, const struct finder *names, size_t count, bool *behind)
{
    size_t first = text.len;
    for (size_t k = 0; k < count; k++)
        for (size_t at = 0; (at = finder_next(&names[k], text, at)) != SIZE_MAX; at++) {
            first = at < first ? at : first;
            *behind |= end_of_value(text, at + names[k].string.len) == text.len;
        }
    return first;
}

/* What of a literal is needed. `behind`: the end of what is in front of it is in a field's value;
 * becomes that of its own end. */
static struct field_part part_of(struct span literal, const struct finder *names, size_t count,
                                 bool *behind)
{
    const size_t end = *behind ? end_of_value(literal, 0) : 0;
    const bool goes_on = *behind && end == literal.len;
    bool named = false;
    struct field_part part = {.to = literal.len};
    const size_t first = first_name(literal, names, count, &named);
    if (!*behind)
        part.from = first;
    else if (first == literal.len && literal.len > SHORT_LITERAL && !goes_on)
        part.to = end + 1; /* with what ends the value */
    *behind = goes_on || named;
    part.value = *behind;
    return part;
}

void field_parts(const struct block_columns *b, size_t template, const struct finder *names,
                 size_t count, struct field_part *parts)
{
    const struct template *t = &b->set.list.data[template];
    bool behind = false;
    for (size_t i = 0; i < t->slot_count; i++)
        parts[i] = part_of(t->slots[i].literal, names, count, &behind);
    parts[t->slot_count] = part_of(t->tail, names, count, &behind);
}

void field_columns(const struct block_columns *b, size_t template, const struct finder *names,
                   size_t count, bool *columns)
{
    const struct template *t = &b->set.list.data[template];
    bool behind = false;
    for (size_t i = 0; i < t->slot_count; i++)
        if (part_of(t->slots[i].literal, names, count, &behind).value)
            columns[b->layout.column_of[template][i]] = true;
}
