/*
 * layout.c - choosing, writing and reading the columns of slots.
 */
#include "segment/layout.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "line/tokens.h"
#include "template/skeleton.h"

static int layout_allocate(struct layout *l, const struct template_set *set, struct lgz_error *err)
{
    *l = (struct layout){.templates = set->list.len};
    l->column_of = calloc(l->templates + 1, sizeof(*l->column_of));
    if (!l->column_of)
        return error_memory(err);
    for (size_t t = 0; t < l->templates; t++) {
        l->column_of[t] = calloc(set->list.data[t].slot_count + 1, sizeof(uint32_t));
        if (!l->column_of[t]) {
            layout_clear(l);
            return error_memory(err);
        }
    }
    return LGZ_OK;
}

void layout_clear(struct layout *l)
{
    for (size_t t = 0; l->column_of && t < l->templates; t++)
        free(l->column_of[t]);
    free(l->column_of);
    vec_free(&l->kinds);
    vec_free(&l->roles);
    vec_free(&l->places);
    *l = (struct layout){0};
}

static enum column_kind kind_of(const struct slot *slot)
{
    return slot->kind == SLOT_TIME ? COLUMN_TIME : COLUMN_TEXT;
}

/* The word to the left of a slot and what stands between them: what the slot is about. */
static struct span context_of(const struct slot *slot)
{
    size_t start = slot->literal.len;
    while (start && (token_byte_class[slot->literal.data[start - 1]] & BYTE_SEPARATOR))
        start--;
    while (start && !(token_byte_class[slot->literal.data[start - 1]] & BYTE_SEPARATOR))
        start--;
    return (struct span){slot->literal.data + start, slot->literal.len - start};
}

/* What is left of lines goes together: there, one is like another or like none. */
static bool shares_always(const struct slot *slot)
{
    return slot->kind == SLOT_TIME || slot->kind == SLOT_REST;
}

/* Slots with the same role are candidates for sharing a column. */
static uint64_t role_of(const struct template *t, size_t index)
{
    const struct slot *slot = &t->slots[index];
    uint8_t key[4] = {(uint8_t)slot->kind, slot->format, slot->digits, 0};
    uint8_t place = (uint8_t)(index < 255 ? index : 255);
    if (slot->kind == SLOT_TIME)
        key[3] = place;
    if (shares_always(slot))
        return hash_bytes(key, sizeof(key));
    /* In front of the first word, the position says more than the text. */
    struct span context = context_of(slot);
    if (context.data == slot->literal.data)
        key[3] = place;
    return hash_bytes(key, sizeof(key)) ^ hash_bytes(context.data, context.len) * 31;
}

static bool has_letter(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (ascii_is_letter(s.data[i]))
            return true;
    return false;
}

static uint64_t count_blanks(struct span s)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.data[i] == ' ' || s.data[i] == '\t';
    return count;
}

/*
 * A closer role: where the text to the left says nothing ("-", or blanks alone), which of the
 * line's fields it is. `blanks` are in front of the slot.
 */
static uint64_t place_of(const struct template *t, size_t index, uint64_t blanks)
{
    uint64_t role = role_of(t, index);
    if (shares_always(&t->slots[index]) || has_letter(context_of(&t->slots[index])))
        return role;
    return mix_hash(role, blanks + 1);
}

/* Keys that were met, each with a number. */
struct keys {
    VEC(uint64_t) keys;
    VEC(uint64_t) rows; /* of each */
    uint32_t *table;
    size_t table_size;
};

static bool keys_init(struct keys *k, const struct template_set *set)
{
    size_t slots = 0;
    for (size_t t = 0; t < set->list.len; t++)
        slots += set->list.data[t].slot_count;
    *k = (struct keys){.table_size = 16};
    while (k->table_size < slots * 2)
        k->table_size *= 2;
    k->table = calloc(k->table_size, sizeof(*k->table));
    return k->table != NULL;
}

static void keys_clear(struct keys *k)
{
    vec_free(&k->keys);
    vec_free(&k->rows);
    free(k->table);
}

/* The number of a key, new or not. @return UINT32_MAX when memory is out */
static uint32_t key_number(struct keys *k, uint64_t key)
{
    size_t slot = key & (k->table_size - 1);
    for (; k->table[slot]; slot = (slot + 1) & (k->table_size - 1))
        if (k->keys.data[k->table[slot] - 1] == key)
            return k->table[slot] - 1;
    if (!vec_push(&k->keys, key) || !vec_push(&k->rows, 0))
        return UINT32_MAX;
    k->table[slot] = (uint32_t)k->keys.len;
    return (uint32_t)(k->keys.len - 1);
}

/* How many rows each place has in templates that share columns. */
static bool count_places(struct keys *places, const struct template_set *set, const uint64_t *lines,
                         uint64_t own_lines)
{
    for (size_t t = 0; t < set->list.len; t++) {
        const struct template *template = &set->list.data[t];
        uint64_t blanks = 0;
        for (size_t i = 0; lines[t] < own_lines && i < template->slot_count; i++) {
            blanks += count_blanks(template->slots[i].literal);
            uint32_t number = key_number(places, place_of(template, i, blanks));
            if (number == UINT32_MAX)
                return false;
            places->rows.data[number] += lines[t];
        }
    }
    return true;
}

/* Slots with the same key share a column. */
static uint64_t column_key(struct keys *places, const struct template *t, size_t index,
                           uint64_t place, uint64_t own_lines)
{
    uint32_t number = key_number(places, place);
    bool large = number != UINT32_MAX && places->rows.data[number] >= own_lines;
    return large ? place : role_of(t, index);
}

static uint64_t own_key(size_t template, size_t index)
{
    uint64_t unique[3] = {template, index, UINT64_MAX};
    return hash_bytes(unique, sizeof(unique));
}

/* The columns of one template's slots. */
static bool choose_columns(struct layout *l, struct keys *columns, struct keys *places,
                           const struct template *t, size_t number, bool own, uint64_t own_lines)
{
    uint64_t blanks = 0;
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct slot *slot = &t->slots[i];
        blanks += count_blanks(slot->literal);
        uint64_t place = place_of(t, i, blanks);
        uint64_t key = own && !shares_always(slot) ? own_key(number, i)
                                                   : column_key(places, t, i, place, own_lines);
        uint32_t column = key_number(columns, key);
        l->column_of[number][i] = column;
        if (column == UINT32_MAX)
            return false;
        if (column == l->kinds.len &&
            (!vec_push(&l->kinds, (uint8_t)kind_of(slot)) || !vec_push(&l->places, place) ||
             !vec_push(&l->roles, role_of(t, i))))
            return false;
    }
    return true;
}

int layout_choose(struct layout *l, const struct template_set *set, const uint64_t *lines,
                  uint64_t own_lines, struct lgz_error *err)
{
    int code = layout_allocate(l, set, err);
    if (code != LGZ_OK)
        return code;
    struct keys places = {0};
    struct keys columns = {0};
    bool ok = keys_init(&places, set) && keys_init(&columns, set) &&
              count_places(&places, set, lines, own_lines);
    for (size_t t = 0; ok && t < l->templates; t++)
        ok = choose_columns(l, &columns, &places, &set->list.data[t], t, lines[t] >= own_lines,
                            own_lines);
    keys_clear(&places);
    keys_clear(&columns);
    if (!ok) {
        layout_clear(l);
        return error_memory(err);
    }
    return LGZ_OK;
}

static bool uses_column(const struct layout *l, const struct template_set *set, uint32_t column)
{
    for (size_t t = 0; t < l->templates; t++)
        for (size_t i = 0; i < set->list.data[t].slot_count; i++)
            if (l->column_of[t][i] == column)
                return true;
    return false;
}

bool layout_drop_last(struct layout *l, const struct template_set *set)
{
    uint32_t column = l->column_of[--l->templates][0];
    free(l->column_of[l->templates]);
    l->column_of[l->templates] = NULL;
    if (uses_column(l, set, column))
        return false;
    /* It was the first to use it, so no column has a higher number. */
    l->kinds.len--;
    l->roles.len--;
    l->places.len--;
    return true;
}

int layout_merge(struct layout *l, const struct template_set *set, const uint32_t *group,
                 struct lgz_error *err)
{
    uint32_t *renumbered = calloc(l->kinds.len + 1, sizeof(*renumbered));
    size_t kept = 0;
    if (!renumbered)
        return error_memory(err);
    /* The first column of a group comes before all others of it: its number is known by then. */
    for (size_t i = 0; i < l->kinds.len; i++) {
        if (group[i] == i) {
            l->kinds.data[kept] = l->kinds.data[i];
            l->roles.data[kept] = l->roles.data[i];
            renumbered[i] = (uint32_t)kept++;
        } else {
            renumbered[i] = renumbered[group[i]];
        }
    }
    l->kinds.len = l->roles.len = kept;
    for (size_t t = 0; t < l->templates; t++)
        for (size_t i = 0; i < set->list.data[t].slot_count; i++)
            l->column_of[t][i] = renumbered[l->column_of[t][i]];
    free(renumbered);
    return LGZ_OK;
}

void layout_write(const struct layout *l, const struct template_set *set, struct buf *out)
{
    uint32_t known = 0;
    for (size_t t = 0; t < l->templates; t++) {
        for (size_t i = 0; i < set->list.data[t].slot_count; i++) {
            uint32_t column = l->column_of[t][i];
            varint_put(out, column == known ? 0 : (uint64_t)column + 1);
            known += column == known;
        }
    }
}

int layout_read(struct layout *l, const struct template_set *set, struct reader *r,
                struct lgz_error *err)
{
    int code = layout_allocate(l, set, err);
    for (size_t t = 0; code == LGZ_OK && t < l->templates; t++) {
        const struct template *template = &set->list.data[t];
        for (size_t i = 0; code == LGZ_OK && i < template->slot_count; i++) {
            uint8_t kind = (uint8_t)kind_of(&template->slots[i]);
            uint64_t number = reader_varint_max(r, l->kinds.len);
            if (number == 0 && !vec_push(&l->kinds, kind))
                code = error_memory(err);
            number = number ? number - 1 : l->kinds.len - 1;
            if (code == LGZ_OK && (r->failed || l->kinds.data[number] != kind))
                code = error_set(err, LGZ_ERR_CORRUPT, "damaged column layout");
            l->column_of[t][i] = (uint32_t)number;
        }
    }
    if (code != LGZ_OK)
        layout_clear(l);
    return code;
}
