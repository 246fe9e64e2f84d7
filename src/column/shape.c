/*
 * shape.c - a column of random letters and digits in few shapes: ids, keys, hashes, paths of them.
 *
 * The shape of a value is the value with each letter and digit that varies replaced by the number
 * of a class, 1 to 6; the symbols of a class are one run for all rows. What never varies at its
 * place stands in the shape. A class holds places with about as many different symbols, so that
 * digits, hex digits and letters are coded apart, and places that vary little from those that vary
 * much. Head: number of shapes, the column of the shapes, a number column that tells each row's
 * shape (if there are several), the symbols of the six classes.
 */
#include <stdlib.h>

#include "column/distinct.h"
#include "column/shape.h"

enum {
    DIGIT_CLASS = 2, /* places of at most 10 symbols */
    MAX_DIGITS = 20, /* of a number, see integer.c */
    MAX_SHAPES = 4096,
    MAX_PLACES = 1 << 16, /* bytes of all shapes of a column */
    MAX_LEN = 1024,       /* of a value */
    MIN_ROWS = 16,
    MIN_BYTES = 768,   /* fewer share a frame with other columns' symbols, and gain nothing */
    MIN_FAST = 16384,  /* where estimates don't see what repeats */
    MIN_TABLE = 65536, /* bytes of entries, see may_pay() */
    MIN_MEAN_LEN = 5,
    MARGIN = 32,        /* 1 in so many, and */
    MARGIN_BYTES = 16,  /* so many that it must be better: estimates aren't exact */
    SAMPLE = 64,        /* rows that are looked at first */
    SAMPLE_SHAPES = 40, /* with more shapes among them, it isn't that kind of column */
    FEW_ROWS = 8,       /* a shape of fewer: nothing is taken for what never varies */
    MANY_ROWS = 256,    /* a shape of so many: each place shows all the symbols that it has */
};

/* Letters and digits as 1 to 62, all others 0. */
static uint8_t symbol_number(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 1);
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 11);
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 37) : 0;
}

struct shaper {
    uint8_t number[256]; /* symbol_number() of each byte */
    struct distinct shapes;
    uint8_t *keys; /* the bytes of the shapes, MAX_PLACES of room */
    size_t keys_len;
    uint64_t *seen; /* for each byte of the shapes, which symbols were there */
    uint8_t *key;   /* of the value at hand, MAX_LEN of room */
    uint64_t *shape_of_row;
    size_t longest_run; /* of letters and digits */
    struct buf symbols[SHAPE_CLASSES];
};

static void shaper_free(struct shaper *s)
{
    distinct_free(&s->shapes);
    free(s->keys);
    free(s->seen);
    free(s->key);
    free(s->shape_of_row);
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        buf_free(&s->symbols[i]);
}

static bool shaper_init(struct shaper *s, size_t rows)
{
    for (unsigned c = 0; c < 256; c++)
        s->number[c] = symbol_number((uint8_t)c);
    s->keys = malloc(MAX_PLACES);
    s->key = malloc(MAX_LEN);
    s->shape_of_row = malloc((rows + 1) * sizeof(*s->shape_of_row));
    return s->keys && s->key && s->shape_of_row;
}

/* Put the key of a value into `s->key`: 1 for each letter and digit. @return false if it has none
 * or what a shape couldn't hold */
static bool make_key(struct shaper *s, struct span value)
{
    bool fine = true;
    unsigned symbols = 0;
    for (size_t i = 0; i < value.len; i++) {
        bool symbol = s->number[value.data[i]] != 0;
        s->key[i] = symbol ? 1 : value.data[i];
        symbols += symbol;
        fine = fine && (symbol || value.data[i] >= SHAPE_FIRST_LITERAL);
    }
    return fine && symbols;
}

/* The number of the shape of a value. @return -1: memory is out, -2: not that kind of column */
static int64_t shape_of(struct shaper *s, struct span value)
{
    size_t before = s->shapes.list.len;
    if (!make_key(s, value))
        return -2;
    uint32_t shape = distinct_add(&s->shapes, (struct span){s->key, value.len});
    if (shape == UINT32_MAX)
        return -1;
    if (shape == before) {
        if (shape >= MAX_SHAPES || value.len > MAX_PLACES - s->keys_len)
            return -2;
        uint8_t *copy = s->keys + s->keys_len;
        memcpy(copy, s->key, value.len);
        s->shapes.list.data[shape].data = copy;
        s->keys_len += value.len;
    }
    return shape;
}

/* @return 1: the sample has few shapes, 0: it hasn't, -1: memory is out */
static int try_sample(struct shaper *s, const struct text_values *v)
{
    for (size_t i = 0; i < SAMPLE; i++) {
        int64_t shape = shape_of(s, text_value(v, (size_t)((uint64_t)v->count * i / SAMPLE)));
        if (shape < 0)
            return shape == -1 ? -1 : 0;
    }
    return s->shapes.list.len <= SAMPLE_SHAPES;
}

/* @return 1: each row has its shape, 0: not worth it, -1: memory is out */
static int shape_rows(struct shaper *s, const struct text_values *v)
{
    memset(s->shapes.counts.data, 0, s->shapes.counts.len * sizeof(*s->shapes.counts.data));
    for (size_t row = 0; row < v->count; row++) {
        int64_t shape = shape_of(s, text_value(v, row));
        if (shape < 0)
            return shape == -1 ? -1 : 0;
        s->shape_of_row[row] = (uint64_t)shape;
        if (s->shapes.list.len > SAMPLE_SHAPES + row / 4)
            return 0;
    }
    return 1;
}

static const uint8_t *key_of(const struct shaper *s, size_t row)
{
    return s->shapes.list.data[s->shape_of_row[row]].data;
}

/* Which symbols are at each place of each shape. */
static void see_symbols(struct shaper *s, const struct text_values *v)
{
    for (size_t row = 0; row < v->count; row++) {
        struct span value = text_value(v, row);
        uint64_t *seen = s->seen + (key_of(s, row) - s->keys);
        for (size_t i = 0; i < value.len; i++) {
            unsigned number = s->number[value.data[i]];
            seen[i] |= number ? (uint64_t)1 << number : 0;
        }
    }
}

static uint8_t class_of(uint64_t seen)
{
    static const uint8_t most[SHAPE_CLASSES] = {2, 4, 10, 16, 32, 62};
    uint8_t class = 0;
    while (__builtin_popcountll(seen) > most[class])
        class ++;
    return class;
}

/* Give each place of a shape its class. Where rows are too few to tell, all of a run of letters
 * and digits tells for each of them. */
static void classify_places(struct shaper *s, size_t shape)
{
    uint8_t *key = s->keys + (s->shapes.list.data[shape].data - s->keys);
    const uint64_t *seen = s->seen + (key - s->keys);
    size_t len = s->shapes.list.data[shape].len;
    uint32_t rows = s->shapes.counts.data[shape];
    for (size_t i = 0; i < len;) {
        uint64_t run = 0;
        size_t end = i;
        for (; end < len && key[end] == 1; end++)
            run |= seen[end];
        s->longest_run = end - i > s->longest_run ? end - i : s->longest_run;
        for (; i < end; i++) {
            bool single = (seen[i] & (seen[i] - 1)) == 0;
            if (!single || rows < FEW_ROWS)
                key[i] = (uint8_t)(1 + class_of(rows < MANY_ROWS ? run : seen[i]));
            else
                key[i] = 0; /* filled in from the rows */
        }
        i += i == end;
        for (; i < len && key[i] != 1; i++)
            ;
    }
}

/* Deal the symbols out to their classes. */
static bool deal_symbols(struct shaper *s, const struct text_values *v)
{
    for (size_t row = 0; row < v->count; row++) {
        struct span value = text_value(v, row);
        uint8_t *key = s->keys + (key_of(s, row) - s->keys);
        for (size_t i = 0; i < value.len; i++) {
            if (key[i] == 0)
                key[i] = value.data[i];
            else if (key[i] < SHAPE_FIRST_LITERAL)
                buf_push(&s->symbols[key[i] - 1], value.data[i]);
        }
    }
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        if (s->symbols[i].failed)
            return false;
    return true;
}

/* Digits alone, in numbers that fit a column of numbers, are better split. */
static bool has_only_numbers(const struct shaper *s)
{
    for (size_t i = DIGIT_CLASS + 1; i < SHAPE_CLASSES; i++)
        if (s->symbols[i].len)
            return false;
    return s->longest_run <= MAX_DIGITS;
}

static bool encode_shapes(struct encoded *e, struct column_context *ctx, const struct shaper *s)
{
    VEC(struct text_ref) refs = {0};
    for (size_t i = 0; i < s->shapes.list.len; i++) {
        const struct span *shape = &s->shapes.list.data[i];
        struct text_ref ref = {(uint32_t)(shape->data - s->keys), (uint32_t)shape->len};
        if (!vec_push(&refs, ref)) {
            vec_free(&refs);
            return false;
        }
    }
    struct text_values values = {s->keys, refs.data, refs.len};
    text_encode(e, ctx, &values, TEXT_NO_DICTIONARY | TEXT_NO_SPLIT | TEXT_NO_SHAPE | TEXT_NO_CUT);
    vec_free(&refs);
    return true;
}

/* @return as shape_rows() */
static int encode(struct encoded *e, struct column_context *ctx, struct shaper *s,
                  const struct text_values *v)
{
    int worth = try_sample(s, v);
    if (worth == 1)
        worth = shape_rows(s, v);
    if (worth != 1)
        return worth;
    s->seen = calloc(s->keys_len + 1, sizeof(*s->seen));
    if (!s->seen)
        return -1;
    see_symbols(s, v);
    for (size_t i = 0; i < s->shapes.list.len; i++)
        classify_places(s, i);
    if (!deal_symbols(s, v))
        return -1;
    if (has_only_numbers(s))
        return 0;
    varint_put(&e->head, s->shapes.list.len);
    e->cost += e->head.len;
    if (!encode_shapes(e, ctx, s))
        return -1;
    if (s->shapes.list.len > 1)
        number_encode(e, ctx, s->shape_of_row, v->count, STREAM_INDEX);
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        symbols_encode(e, ctx, s->symbols[i].data, s->symbols[i].len);
    return 1;
}

/* Values that come back within a column come back in other columns too, which a frame that they
 * share would find if all of them had the same encoding. Only grouping by cost sees to that. */
static bool may_pay(const struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    if (forbidden & TEXT_NO_SHAPE || v->count < MIN_ROWS || stats->max_len > MAX_LEN ||
        stats->all_digits || stats->bytes < MIN_BYTES || stats->bytes / v->count < MIN_MEAN_LEN)
        return false;
    if (ctx->level == LGZ_LEVEL_FAST)
        return stats->bytes >= MIN_FAST;
    return !(forbidden & TEXT_NO_DICTIONARY) || ctx->level == LGZ_LEVEL_BEST ||
           stats->bytes * (ctx->stands_for ? ctx->stands_for : 1) >= MIN_TABLE;
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    if (!may_pay(ctx, v, stats, forbidden))
        return false;
    struct shaper s = {0};
    int worth = shaper_init(&s, v->count) ? encode(e, ctx, &s, v) : -1;
    e->cost += e->cost / MARGIN + MARGIN_BYTES;
    e->head.failed |= worth < 0;
    shaper_free(&s);
    return worth != 0;
}

/* Decoding. */

static void free_shape(void *state)
{
    struct shape *s = state;
    text_free(s->texts);
    number_clear(&s->numbers);
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        symbols_clear(&s->symbols[i]);
    text_table_clear(&s->table);
    free(s->runs);
    free(s);
}

static bool parse_parts(struct shape *s, struct reader *head, struct stream_reader *streams,
                        unsigned depth, struct lgz_error *err)
{
    s->shape_count = reader_varint_max(head, MAX_SHAPES);
    if (head->failed || s->shape_count == 0 ||
        text_parse(&s->texts, head, streams, depth + 1, err) != LGZ_OK)
        return false;
    if (s->shape_count > 1 && !number_parse(&s->numbers, head, streams, STREAM_INDEX))
        return false;
    for (size_t i = 0; i < SHAPE_CLASSES; i++)
        if (!symbols_parse(&s->symbols[i], head, streams))
            return false;
    return true;
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct shape *s = calloc(1, sizeof(*s));
    if (!s) {
        error_memory(err);
        return NULL;
    }
    if (!parse_parts(s, head, streams, depth, err)) {
        free_shape(s);
        return NULL;
    }
    return s;
}

/* Count, for each byte of each shape, how many bytes of the same class begin with it. */
static int find_runs(struct shape *s, struct lgz_error *err)
{
    struct text_ref last = s->table.refs[s->table.count - 1];
    s->runs = malloc((size_t)last.at + last.len + 1);
    if (!s->runs)
        return error_memory(err);
    for (size_t i = 0; i < s->table.count; i++) {
        const uint8_t *shape = s->table.bytes + s->table.refs[i].at;
        uint8_t *runs = s->runs + s->table.refs[i].at;
        size_t len = s->table.refs[i].len;
        for (size_t k = len; k-- > 0;) {
            bool alike = k + 1 < len && shape_class(shape[k]) == shape_class(shape[k + 1]);
            runs[k] = alike && runs[k + 1] < UINT8_MAX ? (uint8_t)(runs[k + 1] + 1) : 1;
        }
    }
    return LGZ_OK;
}

static int open_shape(void *state, struct stream_reader *streams, size_t limit,
                      struct lgz_error *err)
{
    struct shape *s = state;
    int code = text_open(s->texts, streams, limit, err);
    if (code == LGZ_OK)
        code = text_table_read(&s->table, s->texts, s->shape_count, streams, limit, err);
    if (code == LGZ_OK)
        code = find_runs(s, err);
    if (code == LGZ_OK && s->shape_count > 1)
        code = number_open(&s->numbers, streams, err);
    for (size_t i = 0; i < SHAPE_CLASSES && code == LGZ_OK; i++)
        code = symbols_open(&s->symbols[i], streams, err);
    return code;
}

/* Put one value together in a room of a shape's length. @return false if symbols are missing */
static bool put_value(struct shape *s, struct text_ref ref, uint8_t *to)
{
    const uint8_t *shape = s->table.bytes + ref.at;
    const uint8_t *runs = s->runs + ref.at;
    size_t run;
    for (size_t i = 0; i < ref.len; i += run) {
        uint8_t class = shape_class(shape[i]);
        run = runs[i];
        if (class == 0) {
            slack_copy(to + i, shape + i, run);
            continue;
        }
        const uint8_t *symbols = symbols_take(&s->symbols[class - 1], run);
        if (!symbols)
            return false;
        slack_copy(to + i, symbols, run);
    }
    return true;
}

static size_t fill(void *state, struct text_batch *b)
{
    struct shape *s = state;
    size_t used = 0;
    size_t i = 0;
    for (; i < b->want && used < TEXT_ROOM_FREE; i++) {
        uint64_t number = 0;
        if (s->shape_count > 1 && !number_next(&s->numbers, &number))
            break;
        if (number >= s->shape_count)
            break;
        struct text_ref shape = s->table.refs[number];
        uint8_t *room = text_room(b, (size_t)used + shape.len + 1, i);
        if (!room || !put_value(s, shape, room + used))
            break;
        b->values[i] = (struct span){room + used, shape.len};
        used += shape.len;
    }
    return i;
}

/* Leave out the symbols of values of one shape. */
static bool skip_shape(struct shape *s, struct text_ref ref, uint64_t count)
{
    const uint8_t *shape = s->table.bytes + ref.at;
    const uint8_t *runs = s->runs + ref.at;
    for (size_t i = 0; i < ref.len; i += runs[i]) {
        const uint8_t class = shape_class(shape[i]);
        if (class && !symbols_skip(&s->symbols[class - 1], runs[i], count))
            return false;
    }
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct shape *s = state;
    if (s->shape_count == 1)
        return skip_shape(s, s->table.refs[0], count);
    for (; count; count--) {
        uint64_t number;
        if (!number_next(&s->numbers, &number) || number >= s->shape_count ||
            !skip_shape(s, s->table.refs[number], 1))
            return false;
    }
    return true;
}

const struct text_encoding text_shape = {
    .name = "shape",
    .propose = propose,
    .parse = parse,
    .open = open_shape,
    .fill = fill,
    .free = free_shape,
    .bytes = shape_bytes,
    .passage = shape_passage,
    .lacks = shape_lacks,
    .skip = skip,
};
