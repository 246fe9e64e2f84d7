/*
 * layout.c - choosing, writing and reading the columns of slots.
 */
#include "segment/layout.h"

#include <stdlib.h>

#include "base/hash.h"
#include "line/tokens.h"

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

/* Slots with the same key share a column. */
static uint64_t role_of(const struct template *t, size_t index, bool own, size_t number)
{
    const struct slot *slot = &t->slots[index];
    uint8_t key[4] = {(uint8_t)slot->kind, slot->format, slot->digits, 0};
    if (slot->kind == SLOT_TIME) {
        key[3] = (uint8_t)(index < 255 ? index : 255);
        return hash_bytes(key, sizeof(key));
    }
    /* What is left of lines goes together: there, one is like another or like none. */
    if (slot->kind == SLOT_REST)
        return hash_bytes(key, sizeof(key));
    if (own) {
        uint64_t unique[3] = {number, index, UINT64_MAX};
        return hash_bytes(unique, sizeof(unique));
    }
    /* In front of the first word, the position says more than the text. */
    struct span context = context_of(slot);
    if (context.data == slot->literal.data)
        key[3] = (uint8_t)(index < 255 ? index : 255);
    return hash_bytes(key, sizeof(key)) ^ hash_bytes(context.data, context.len) * 31;
}

struct roles {
    VEC(uint64_t) keys; /* of each column */
    uint32_t *table;
    size_t table_size;
};

static uint32_t column_for(struct roles *roles, uint64_t key)
{
    size_t slot = key & (roles->table_size - 1);
    for (; roles->table[slot]; slot = (slot + 1) & (roles->table_size - 1))
        if (roles->keys.data[roles->table[slot] - 1] == key)
            return roles->table[slot] - 1;
    if (!vec_push(&roles->keys, key))
        return UINT32_MAX;
    roles->table[slot] = (uint32_t)roles->keys.len;
    return (uint32_t)(roles->keys.len - 1);
}

int layout_choose(struct layout *l, const struct template_set *set, const uint64_t *lines,
                  uint64_t own_lines, struct lgz_error *err)
{
    int code = layout_allocate(l, set, err);
    if (code != LGZ_OK)
        return code;
    size_t slots = 0;
    for (size_t t = 0; t < l->templates; t++)
        slots += set->list.data[t].slot_count;
    struct roles roles = {.table_size = 16};
    while (roles.table_size < slots * 2)
        roles.table_size *= 2;
    roles.table = calloc(roles.table_size, sizeof(*roles.table));
    bool ok = roles.table != NULL;
    for (size_t t = 0; ok && t < l->templates; t++) {
        const struct template *template = &set->list.data[t];
        for (size_t i = 0; ok && i < template->slot_count; i++) {
            uint64_t key = role_of(template, i, lines[t] >= own_lines, t);
            uint32_t column = column_for(&roles, key);
            l->column_of[t][i] = column;
            ok = column != UINT32_MAX;
            if (ok && column == l->kinds.len)
                ok = vec_push(&l->kinds, (uint8_t)kind_of(&template->slots[i])) &&
                     vec_push(&l->roles, role_of(template, i, false, t));
        }
    }
    vec_free(&roles.keys);
    free(roles.table);
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
