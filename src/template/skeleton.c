/*
 * skeleton.c - hashing lines without their values, and the table of what was seen.
 */
#include "template/skeleton.h"

#include <endian.h>
#include <stdlib.h>

#include "line/scan.h"

enum {
    FIRST_TABLE = 1024,
    MARK_VALUE = 0x11,
    MARK_TIME = 0x12,
    PIECE_LINES = 1024, /* fewer aren't worth a piece of their own */
};

uint64_t mix_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
    uint64_t word = 0;
    hash = mix_hash(hash, len);
    for (; len >= 8; data += 8, len -= 8) {
        memcpy(&word, data, 8);
        hash = mix_hash(hash, le64toh(word));
    }
    if (len) {
        word = 0;
        memcpy(&word, data, len);
        hash = mix_hash(hash, le64toh(word));
    }
    return hash;
}

/* At most 8 bytes as a number; `room` bytes are there to be read. */
static inline uint64_t load_word(const uint8_t *data, size_t len, size_t room)
{
    uint64_t word = 0;
    if (room < 8) {
        memcpy(&word, data, len);
        return le64toh(word);
    }
    memcpy(&word, data, 8);
    return len == 8 ? le64toh(word) : le64toh(word) & ((UINT64_C(1) << 8 * len) - 1);
}

/* mix_bytes() for what is mostly short: one step for up to 8 bytes, two for up to 16. */
static inline uint64_t mix_short(uint64_t hash, const uint8_t *data, size_t len, size_t room)
{
    uint64_t length = (uint64_t)len << 56;
    if (len <= 8)
        return mix_hash(hash, load_word(data, len, room) ^ length);
    if (len > 16)
        return mix_bytes(hash, data, len);
    hash = mix_hash(hash, load_word(data, 8, room) ^ length);
    return mix_hash(hash, load_word(data + len - 8, 8, room - (len - 8)));
}

uint64_t skeleton_shape_gap(uint64_t shape, const uint8_t *separators, size_t len)
{
    return mix_short(shape, separators, len, len);
}

uint64_t skeleton_shape_stamp(uint64_t shape, uint8_t format, uint8_t digits)
{
    return mix_hash(shape, MARK_TIME + ((uint64_t)format << 8) + ((uint64_t)digits << 16));
}

/* Remember where a value is, or what a stamp says. */
static inline bool keep_value(struct skeletons *s, const struct token *token)
{
    struct line_value value = {(uint32_t)token->at, (uint32_t)token->len};
    if (token->kind == TOKEN_TIME) {
        value.len = LINE_VALUE_STAMP | (uint32_t)s->stamps.len;
        if (!vec_push(&s->stamps, token->stamp))
            return false;
    }
    return vec_push(&s->values, value);
}

/* The hashes of a line, while its values are kept. @return false when memory is out */
static bool hash_line(struct skeletons *s, struct scan *scan, struct skeleton *found)
{
    struct token token;
    const uint8_t *text = scan->text;
    size_t size = scan->size;
    size_t at = scan->at;
    uint64_t words = 1;
    uint64_t shape = SKELETON_FIRST_SHAPE;
    while (scan_next(scan, &token)) {
        shape = mix_short(shape, text + at, token.at - at, size - at);
        at = token.at + token.len;
        if (token.kind == TOKEN_WORD) {
            words = mix_short(words, text + token.at, token.len, size - token.at);
            continue;
        }
        if (!keep_value(s, &token))
            return false;
        if (token.kind == TOKEN_VALUE)
            words = mix_hash(words, MARK_VALUE);
        else
            shape = skeleton_shape_stamp(shape, token.stamp.format, token.stamp.digits);
    }
    found->shape = mix_short(shape, text + at, scan->end - at, size - at);
    found->hash = mix_hash(found->shape, words);
    return true;
}

static bool grow_table(struct skeletons *s)
{
    size_t size = s->table_size ? s->table_size * 4 : FIRST_TABLE;
    uint32_t *table = calloc(size, sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < s->list.len; i++) {
        size_t slot = s->list.data[i].hash & (size - 1);
        while (table[slot])
            slot = (slot + 1) & (size - 1);
        table[slot] = (uint32_t)i + 1;
    }
    free(s->table);
    s->table = table;
    s->table_size = size;
    return true;
}

/* The index of the skeleton with that hash, added if it's new; UINT32_MAX when memory is out. */
static uint32_t find_or_add(struct skeletons *s, const struct skeleton *wanted)
{
    if (s->list.len * 2 >= s->table_size && !grow_table(s))
        return UINT32_MAX;
    size_t slot = wanted->hash & (s->table_size - 1);
    while (s->table[slot]) {
        uint32_t index = s->table[slot] - 1;
        if (s->list.data[index].hash == wanted->hash)
            return index;
        slot = (slot + 1) & (s->table_size - 1);
    }
    if (!vec_push(&s->list, *wanted))
        return UINT32_MAX;
    s->table[slot] = (uint32_t)s->list.len;
    return (uint32_t)(s->list.len - 1);
}

/* Lines from `first` on to `end`, which are pieces of what `of_line` and `first_value` are for. */
static bool collect_lines(struct skeletons *s, const uint8_t *raw, const struct lines *lines,
                          size_t first, size_t end)
{
    struct scan scan;
    const struct line *last = &lines->list.data[lines->list.len - 1];
    scan_start(&scan, raw, (size_t)last->at + last->len, byte_map_best());
    for (size_t i = first; i < end; i++) {
        struct skeleton found = {.example = (uint32_t)i};
        s->first_value[i] = (uint32_t)s->values.len;
        scan_line(&scan, lines->list.data[i].at, lines->list.data[i].len);
        uint32_t index = hash_line(s, &scan, &found) ? find_or_add(s, &found) : UINT32_MAX;
        if (index == UINT32_MAX)
            return false;
        s->list.data[index].count++;
        s->of_line[i] = index;
    }
    return true;
}

/*
 * Pieces of the lines, collected side by side. What was found in each is then put behind what the
 * pieces before it have: the same as if all lines were one piece.
 */
struct piece {
    size_t first; /* line */
    size_t end;
    struct skeletons found; /* `of_line` and `first_value` are the block's */
    uint32_t *numbers;      /* what its skeletons are in the block */
    size_t values;          /* of the pieces before it */
    size_t stamps;
};

struct pieces {
    struct skeletons *all;
    const uint8_t *raw;
    const struct lines *lines;
    struct piece *list;
    size_t count;
};

static int collect_piece(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)me;
    struct pieces *p = context;
    struct piece *piece = &p->list[part];
    return collect_lines(&piece->found, p->raw, p->lines, piece->first, piece->end)
               ? LGZ_OK
               : error_memory(err);
}

/* Number the skeletons of all pieces, and make room for their values. */
static bool number_pieces(struct pieces *p)
{
    struct skeletons *all = p->all;
    for (size_t i = 0; i < p->count; i++) {
        struct piece *piece = &p->list[i];
        const struct skeletons *found = &piece->found;
        piece->values = all->values.len;
        piece->stamps = all->stamps.len;
        all->values.len += found->values.len;
        all->stamps.len += found->stamps.len;
        piece->numbers = malloc((found->list.len + 1) * sizeof(*piece->numbers));
        if (!piece->numbers)
            return false;
        for (size_t j = 0; j < found->list.len; j++) {
            struct skeleton wanted = found->list.data[j];
            wanted.count = 0;
            uint32_t number = find_or_add(all, &wanted);
            if (number == UINT32_MAX)
                return false;
            all->list.data[number].count += found->list.data[j].count;
            piece->numbers[j] = number;
        }
    }
    return vec_reserve(&all->values, all->values.len + 1) &&
           vec_reserve(&all->stamps, all->stamps.len + 1);
}

static int place_piece(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)me;
    (void)err;
    const struct pieces *p = context;
    const struct piece *piece = &p->list[part];
    const struct skeletons *found = &piece->found;
    struct line_value *values = p->all->values.data + piece->values;
    for (size_t i = piece->first; i < piece->end; i++) {
        found->of_line[i] = piece->numbers[found->of_line[i]];
        found->first_value[i] += (uint32_t)piece->values;
    }
    for (size_t i = 0; i < found->values.len; i++) {
        values[i] = found->values.data[i];
        if (values[i].len & LINE_VALUE_STAMP)
            values[i].len += (uint32_t)piece->stamps;
    }
    if (found->stamps.len)
        memcpy(p->all->stamps.data + piece->stamps, found->stamps.data,
               found->stamps.len * sizeof(*found->stamps.data));
    return LGZ_OK;
}

static void pieces_free(struct pieces *p)
{
    for (size_t i = 0; p->list && i < p->count; i++) {
        p->list[i].found.of_line = NULL;
        p->list[i].found.first_value = NULL;
        skeletons_free(&p->list[i].found);
        free(p->list[i].numbers);
    }
    free(p->list);
}

static bool collect_pieces(struct pieces *p, struct worker *me)
{
    size_t lines = p->lines->list.len;
    p->list = calloc(p->count, sizeof(*p->list));
    if (!p->list)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        struct piece *piece = &p->list[i];
        piece->first = lines * i / p->count;
        piece->end = lines * (i + 1) / p->count;
        piece->found.of_line = p->all->of_line;
        piece->found.first_value = p->all->first_value;
    }
    return workers_share(me, p->count, collect_piece, p, NULL) == LGZ_OK && number_pieces(p) &&
           workers_share(me, p->count, place_piece, p, NULL) == LGZ_OK;
}

bool skeletons_collect(struct skeletons *s, const uint8_t *raw, const struct lines *lines,
                       struct worker *me)
{
    size_t count = lines->list.len;
    struct pieces p = {s, raw, lines, NULL, workers_pieces(me, count / PIECE_LINES)};
    s->of_line = malloc((count + 1) * sizeof(*s->of_line));
    s->first_value = malloc((count + 1) * sizeof(*s->first_value));
    bool ok = s->of_line && s->first_value && vec_reserve(&s->values, 1);
    if (ok && p.count > 1)
        ok = collect_pieces(&p, me);
    else if (ok && count)
        ok = collect_lines(s, raw, lines, 0, count);
    if (ok)
        s->first_value[count] = (uint32_t)s->values.len;
    pieces_free(&p);
    return ok;
}

void skeletons_free(struct skeletons *s)
{
    vec_free(&s->list);
    vec_free(&s->values);
    vec_free(&s->stamps);
    free(s->of_line);
    free(s->first_value);
    free(s->table);
    *s = (struct skeletons){0};
}
