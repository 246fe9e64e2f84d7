/*
 * template.c - serialized templates and matching. Matching is what decides: the clustering only
 * proposes, a line that doesn't match the proposed template goes elsewhere.
 */
#include "template/template.h"

#include <stdlib.h>

#include "base/hash.h"
#include "line/tokens.h"

enum { FORMAT_BASE = 0x20 };

void template_put_value(struct buf *text)
{
    buf_append(text, "\nv", 2);
}

void template_put_section(struct buf *text)
{
    buf_append(text, "\ns", 2);
}

void template_put_rest(struct buf *text)
{
    buf_append(text, "\nr", 2);
}

void template_put_time(struct buf *text, const struct timestamp *stamp)
{
    uint8_t mark[4] = {'\n', 't', (uint8_t)(FORMAT_BASE + stamp->format),
                       (uint8_t)('0' + stamp->digits)};
    buf_append(text, mark, sizeof(mark));
}

void template_put_end(struct buf *text)
{
    buf_append(text, "\n\n", 2);
}

/* Reads the mark behind a '\n'. Returns 1 for a slot, 2 for the end, 0 for anything else. */
static int parse_mark(struct span *text, struct slot *slot)
{
    if (!text->len)
        return 0;
    uint8_t kind = text->data[0];
    size_t used = 1;
    if (kind == 'v') {
        slot->kind = SLOT_VALUE;
    } else if (kind == 's') {
        slot->kind = SLOT_SECTION;
    } else if (kind == 'r') {
        slot->kind = SLOT_REST;
    } else if (kind == 't' && text->len >= 3) {
        slot->kind = SLOT_TIME;
        slot->format = (uint8_t)(text->data[1] - FORMAT_BASE);
        slot->digits = (uint8_t)(text->data[2] - '0');
        used = 3;
        if (text->data[1] < FORMAT_BASE || slot->format >= timestamp_format_count ||
            slot->digits > 9)
            return 0;
    } else if (kind != '\n') {
        return 0;
    }
    text->data += used;
    text->len -= used;
    return kind == '\n' ? 2 : 1;
}

/* A section needs a byte that ends it; behind the rest of a line, there is nothing. */
static bool may_follow(struct slot *slot, struct span literal, bool end)
{
    if (slot->kind == SLOT_REST)
        return end && literal.len == 0;
    if (slot->kind == SLOT_SECTION && literal.len)
        slot->until = literal.data[0];
    return slot->kind != SLOT_SECTION || literal.len;
}

int template_parse(struct template *t, struct span *text)
{
    const uint8_t *start = text->data;
    VEC(struct slot) slots = {0};
    *t = (struct template){0};
    for (;;) {
        const uint8_t *mark = text->len ? memchr(text->data, '\n', text->len) : NULL;
        if (!mark)
            break;
        struct slot slot = {.literal = {text->data, (size_t)(mark - text->data)}};
        text->len -= slot.literal.len + 1;
        text->data = mark + 1;
        int parsed = parse_mark(text, &slot);
        struct slot *last = slots.len ? &slots.data[slots.len - 1] : NULL;
        if (parsed == 0 || (last && !may_follow(last, slot.literal, parsed == 2)))
            break;
        if (parsed == 2) {
            t->tail = slot.literal;
            t->text = (struct span){start, (size_t)(text->data - start)};
            t->slots = slots.data;
            t->slot_count = slots.len;
            return 1;
        }
        if (!vec_push(&slots, slot)) {
            vec_free(&slots);
            return -1;
        }
    }
    vec_free(&slots);
    return 0;
}

void template_clear(struct template *t)
{
    free(t->slots);
    *t = (struct template){0};
}

uint64_t template_id(const struct template *t)
{
    return hash_bytes(t->text.data, t->text.len);
}

bool template_match(const struct template *t, const uint8_t *line, size_t len,
                    struct slot_value *values)
{
    size_t at = 0;
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct slot *slot = &t->slots[i];
        if (len - at < slot->literal.len ||
            memcmp(line + at, slot->literal.data, slot->literal.len) != 0)
            return false;
        at += slot->literal.len;
        size_t end = len;
        if (slot->kind == SLOT_TIME) {
            struct timestamp stamp;
            if (at == len || !token_stamp(line, len, at, &stamp) || stamp.format != slot->format ||
                stamp.digits != slot->digits)
                return false;
            values[i].time = stamp.value;
            end = at + stamp.len;
        } else if (slot->kind == SLOT_VALUE) {
            end = token_end(line, len, at);
            if (end == at)
                return false;
        } else if (slot->kind == SLOT_SECTION) {
            const uint8_t *mark = memchr(line + at, slot->until, len - at);
            if (!mark || mark == line + at)
                return false;
            end = (size_t)(mark - line);
        }
        values[i].at = (uint32_t)at;
        values[i].len = (uint32_t)(end - at);
        at = end;
    }
    return len - at == t->tail.len && memcmp(line + at, t->tail.data, t->tail.len) == 0;
}

static void describe_literal(struct span literal, struct buf *out)
{
    for (size_t i = 0; i < literal.len; i++) {
        uint8_t c = literal.data[i];
        if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_push(out, c);
    }
}

void template_describe(const struct template *t, struct buf *out)
{
    for (size_t i = 0; i < t->slot_count; i++) {
        describe_literal(t->slots[i].literal, out);
        buf_append_string(out, t->slots[i].kind == SLOT_TIME ? "<time>" : "<*>");
    }
    describe_literal(t->tail, out);
}
