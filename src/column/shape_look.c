/*
 * shape_look.c - looks for a string in a column of shapes by the shapes and by the runs of symbols,
 * without putting values together.
 *
 * A shape says where in its values the string could stand: where the literal bytes are those of the
 * string, and symbols could be. What the string has there at the places of one class stands in that
 * class's run as it is, one symbol behind the other, since each value takes its symbols from there
 * in order. So if the run lacks it, the string isn't there; and many places of many shapes ask for
 * the same.
 */
#include "column/shape.h"

enum {
    SHAPE_STEPS = 64,   /* what looking at a shape costs beside its bytes, */
    PLACE_STEPS = 128,  /* and at a place where the string could stand */
    SEARCH_SHARE = 16,  /* so many bytes of a run are searched in the time for one of a value */
    FEWEST_SYMBOLS = 5, /* fewer are in any run by chance */
    MOST_PIECES = 8,
};

bool shape_bytes(void *state, struct text_look *look, struct byte_set *set)
{
    const struct shape *s = state;
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        symbols_bytes(&s->symbols[i], set);
    return text_bytes(s->texts, look, set);
}

/* What the string has at the places of a class, where it could stand. */
struct piece {
    uint8_t class;
    uint64_t places; /* of the string, as bits */
};

struct looking {
    struct text_look *look;
    uint64_t in[SHAPE_CLASSES + 1]; /* the bytes of the string that the symbols of a class may be */
    struct passage *passage;
    struct piece pieces[MOST_PIECES]; /* without one of which the string is nowhere */
    size_t piece_count;
};

static struct looking looking_of(const struct shape *s, struct text_look *look)
{
    struct looking l = {.look = look};
    for (size_t i = 0; i < SHAPE_CLASSES; i++) {
        struct byte_set set = {0};
        symbols_bytes(&s->symbols[i], &set);
        l.in[i + 1] = passage_bytes_in(look->string, &set);
    }
    return l;
}

/* The bytes of the string that a byte of a shape may be. */
static uint64_t bytes_in(const struct looking *l, uint8_t c)
{
    const uint8_t class = shape_class(c);
    return class ? l->in[class] : l->look->string->after[c];
}

/* text_each_fn: one more shape. */
static bool pass_shape(void *context, struct span shape)
{
    struct looking *l = context;
    const struct passage_string *string = l->look->string;
    struct passage_bytes value = passage_bytes_none(string);
    if (!text_look_take(l->look, SHAPE_STEPS + shape.len))
        return false;
    for (size_t i = 0; i < shape.len; i++)
        passage_bytes_next(&value, string, bytes_in(l, shape.data[i]));
    passage_bytes_add(l->passage, &value);
    return true;
}

bool shape_passage(void *state, struct text_look *look, struct passage *passage)
{
    const struct shape *s = state;
    struct passage values = {0};
    struct looking l = looking_of(s, look);
    l.passage = &values;
    if (!text_each(s->texts, look, false, pass_shape, &l))
        return false;
    passage_or(passage, &values);
    return true;
}

static bool is_asked_for(const struct looking *l, struct piece piece)
{
    bool found = false;
    for (size_t i = 0; i < l->piece_count && !found; i++)
        found = l->pieces[i].class == piece.class && l->pieces[i].places == piece.places;
    return found;
}

/* Ask for the longest of the pieces, unless one of them is asked for. @return false if that tells
 * nothing */
static bool ask_for_one(struct looking *l, const uint64_t places[SHAPE_CLASSES + 1])
{
    struct piece longest = {0};
    for (uint8_t class = 1; class <= SHAPE_CLASSES; class ++) {
        const struct piece piece = {class, places[class]};
        if (is_asked_for(l, piece))
            return true;
        if (__builtin_popcountll(piece.places) > __builtin_popcountll(longest.places))
            longest = piece;
    }
    if (__builtin_popcountll(longest.places) < FEWEST_SYMBOLS || l->piece_count == MOST_PIECES)
        return false;
    l->pieces[l->piece_count++] = longest;
    return true;
}

/* The string could stand here in a shape. */
static bool ask_at(struct looking *l, const uint8_t *shape)
{
    uint64_t places[SHAPE_CLASSES + 1] = {0};
    for (size_t i = 0; i < l->look->string->len; i++)
        places[shape_class(shape[i])] |= UINT64_C(1) << i;
    return text_look_take(l->look, PLACE_STEPS) && ask_for_one(l, places);
}

/* text_each_fn: one more shape. */
static bool ask_in_shape(void *context, struct span shape)
{
    struct looking *l = context;
    const struct passage_string *string = l->look->string;
    struct passage_bytes value = passage_bytes_none(string);
    bool known = text_look_take(l->look, SHAPE_STEPS + shape.len);
    size_t alike = 0; /* bytes up to here with the same class */
    for (size_t i = 0; i < shape.len && known; i++) {
        const uint8_t class = shape_class(shape.data[i]);
        alike = i && class == shape_class(shape.data[i - 1]) ? alike + 1 : 1;
        if (!passage_bytes_next(&value, string, bytes_in(l, shape.data[i])))
            continue;
        /* What stands among symbols of one class stands behind that for the same reason. */
        if (class == 0 || alike <= string->len)
            known = ask_at(l, shape.data + i + 1 - string->len);
    }
    return known;
}

/* May the run of its class have a piece? */
static bool may_be_there(const struct shape *s, struct text_look *look, struct piece piece)
{
    const struct symbols *symbols = &s->symbols[piece.class - 1];
    uint8_t bytes[PASSAGE_MAX];
    size_t len = 0;
    for (; piece.places; piece.places &= piece.places - 1)
        bytes[len++] = look->string->bytes[__builtin_ctzll(piece.places)];
    return !text_look_take(look, symbols->stored / SEARCH_SHARE) ||
           symbols_may_hold(symbols, look->streams, (struct span){bytes, len});
}

bool shape_lacks(void *state, struct text_look *look)
{
    const struct shape *s = state;
    struct looking l = looking_of(s, look);
    bool lacks = look->string->exact && text_each(s->texts, look, false, ask_in_shape, &l);
    for (size_t i = 0; i < l.piece_count && lacks; i++)
        lacks = !may_be_there(s, look, l.pieces[i]);
    return lacks;
}
