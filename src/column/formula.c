/*
 * formula.c - head: how numbers look (digits behind the point * 2 + are they trimmed, the suffix
 * with its length), the terms, the divisor and, if it isn't 1, the offset; then a number column of
 * the differences, zigzag.
 */
#include "column/formula.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "column/difference.h"

static const uint64_t tens[FORMULA_DIGITS + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static uint64_t hex_number(struct span text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len && ascii_is_hex(text.data[i]); i++) {
        if (i >= FORMULA_HEX_DIGITS)
            return 0;
        number = number << 4 | ascii_hex_value(text.data[i]);
    }
    return number;
}

uint64_t formula_number(struct span text, unsigned notation)
{
    if (notation == FORMULA_HEX)
        return hex_number(text);
    uint64_t number = 0;
    size_t at = 0;
    size_t read = 0;
    for (; at < text.len && ascii_is_digit(text.data[at]) && at <= FORMULA_DIGITS; at++)
        number = number * 10 + (text.data[at] - '0');
    read = at;
    size_t digits = notation;
    if (at && at < text.len && text.data[at] == '.') {
        for (at++; at < text.len && ascii_is_digit(text.data[at]) && digits; at++, digits--, read++)
            number = number * 10 + (text.data[at] - '0');
    }
    return read + digits > FORMULA_DIGITS ? 0 : number * tens[digits];
}

uint8_t *formula_print(const struct formula_look *look, uint64_t number, uint8_t *end)
{
    uint64_t whole = number / tens[look->digits];
    uint64_t rest = number % tens[look->digits];
    unsigned digits = look->digits;
    end -= look->suffix_len;
    memcpy(end, look->suffix, look->suffix_len);
    for (; look->trimmed && digits && rest % 10 == 0; digits--)
        rest /= 10;
    if (digits) {
        uint8_t *point = end - digits - 1;
        uint8_t *at = decimal_put_before(end, rest);
        if (at > point + 1)
            memset(point + 1, '0', (size_t)(at - point - 1));
        *point = '.';
        end = point;
    }
    return decimal_put_before(end, whole);
}

static void put_head(struct buf *head, const struct formula *f, const struct formula_look *look)
{
    buf_push(head, text_tag(&text_formula));
    buf_push(head, (uint8_t)(look->digits * 2 + look->trimmed));
    buf_push(head, look->suffix_len);
    buf_append(head, look->suffix, look->suffix_len);
    buf_push(head, (uint8_t)f->count);
    for (unsigned i = 0; i < f->count; i++) {
        varint_put(head, f->terms[i].column);
        buf_push(head, f->terms[i].notation);
        varint_put(head, zigzag(f->terms[i].factor));
    }
    varint_put(head, f->divisor);
    if (f->divisor > 1)
        varint_put(head, zigzag(f->offset));
}

void formula_encode(struct encoded *e, struct column_context *ctx, const struct formula *formula,
                    const struct formula_look *look, const uint64_t *values,
                    const uint64_t *results, size_t count)
{
    size_t start = e->head.len;
    put_head(&e->head, formula, look);
    e->cost += e->head.len - start;
    difference_encode_times(e, ctx, values, results, count);
}

struct formula_column {
    struct formula formula;
    struct formula_look look;
    struct number_column numbers;
};

static void free_formula(void *state)
{
    struct formula_column *c = state;
    number_clear(&c->numbers);
    free(c);
}

static bool parse_look(struct formula_look *look, struct reader *head)
{
    uint8_t digits = reader_u8(head);
    look->digits = digits / 2;
    look->trimmed = digits % 2;
    look->suffix_len = reader_u8(head);
    if (look->digits > FORMULA_DIGITS || look->suffix_len > FORMULA_SUFFIX)
        return false;
    struct span suffix = reader_bytes(head, look->suffix_len);
    if (head->failed)
        return false;
    memcpy(look->suffix, suffix.data, suffix.len);
    return true;
}

static bool parse_formula(struct formula *f, struct reader *head)
{
    f->count = reader_u8(head);
    if (f->count < 1 || f->count > FORMULA_TERMS)
        return false;
    for (unsigned i = 0; i < f->count; i++) {
        f->terms[i].column = (uint32_t)reader_varint_max(head, UINT32_MAX);
        f->terms[i].notation = reader_u8(head);
        f->terms[i].factor = unzigzag(reader_varint(head));
        if (f->terms[i].notation >= FORMULA_NOTATIONS)
            return false;
    }
    f->divisor = reader_varint_max(head, INT64_MAX);
    f->offset = f->divisor > 1 ? unzigzag(reader_varint(head)) : 0;
    return !head->failed && f->divisor > 0;
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    struct formula_column *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    if (parse_look(&c->look, head) && parse_formula(&c->formula, head) &&
        number_parse(&c->numbers, head, streams, STREAM_NUMBER))
        return c;
    free(c);
    return NULL;
}

static int open_formula(void *state, struct stream_reader *streams, size_t limit,
                        struct lgz_error *err)
{
    struct formula_column *c = state;
    (void)limit;
    return number_open(&c->numbers, streams, err);
}

/* @return false if there is no such column */
static bool add_term(const struct text_batch *b, const struct formula_term *t, uint64_t *sum)
{
    if (!b->last || !b->times || t->column >= b->columns)
        return false;
    uint64_t number = t->notation == FORMULA_TIME ? b->times[t->column]
                                                  : formula_number(b->last[t->column], t->notation);
    *sum += (uint64_t)t->factor * number;
    return true;
}

static size_t fill(void *state, struct text_batch *b)
{
    struct formula_column *c = state;
    uint64_t change;
    uint64_t sum = 0;
    uint8_t *end = text_room(b, FORMULA_MAX, 0);
    for (unsigned i = 0; i < c->formula.count; i++)
        if (!add_term(b, &c->formula.terms[i], &sum))
            return 0;
    if (!end || !number_next(&c->numbers, &change))
        return 0;
    end += FORMULA_MAX;
    uint64_t number = formula_result(&c->formula, sum) + (uint64_t)unzigzag(change);
    uint8_t *at = formula_print(&c->look, number, end);
    b->values[0] = (struct span){at, (size_t)(end - at)};
    return 1;
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    const struct formula_column *c = state;
    (void)look;
    byte_set_add_range(set, '0', '9');
    byte_set_add(set, '.');
    byte_set_add_all(set, (struct span){c->look.suffix, c->look.suffix_len});
    return true;
}

__extension__ typedef __int128 wide; /* of every 64-bit gcc and clang */

enum { SAFE_BITS = 61 /* of factors and numbers: no sum of their products is too large */ };

static bool is_safe(uint64_t number)
{
    return number >> SAFE_BITS == 0;
}

/* Add a term's least and greatest value. A number is 0 where there is none yet, or it's too long.
 */
static bool add_range(const struct formula_term *t, struct text_look *look, wide *least,
                      wide *greatest)
{
    const bool time = t->notation == FORMULA_TIME;
    struct number_range range;
    if (t->notation == FORMULA_HEX || !look->range(look->context, t->column, time, &range))
        return false;
    wide most = (wide)range.greatest * (time ? 1 : tens[t->notation]);
    if (!time && most >= tens[FORMULA_DIGITS])
        most = tens[FORMULA_DIGITS] - 1;
    if (most >> SAFE_BITS || !is_safe((uint64_t)(t->factor < 0 ? -(wide)t->factor : t->factor)))
        return false;
    *(t->factor < 0 ? least : greatest) += t->factor * most;
    return true;
}

/* The least and the greatest number that is printed, below 0 what is so modulo 2^64. */
static bool result_range(const struct formula_column *c, struct text_look *look, int64_t *least,
                         int64_t *greatest)
{
    wide low = 0;
    wide high = 0;
    int64_t change;
    for (unsigned i = 0; i < c->formula.count; i++)
        if (!add_range(&c->formula.terms[i], look, &low, &high))
            return false;
    low += c->formula.offset;
    high += c->formula.offset;
    if (low < INT64_MIN || high > INT64_MAX || !text_change_range(&c->numbers, look, &change))
        return false;
    /* Divided, and rounded down. */
    low = low / (wide)c->formula.divisor - 1 - change;
    high = high / (wide)c->formula.divisor + change;
    *least = (int64_t)low;
    *greatest = (int64_t)high;
    return low >= INT64_MIN && high <= INT64_MAX;
}

/* Digits behind the point. */
static void add_fraction(const struct formula_look *f, const struct passage_string *string,
                         struct passage *value)
{
    static const uint8_t point[] = ".";
    struct passage fraction = {0}, digits = {0};
    struct byte_set set = {0};
    byte_set_add_range(&set, '0', '9');
    passage_add(&fraction, string, (struct span){point, 1});
    passage_run(&digits, string, &set, f->trimmed ? 1 : f->digits, f->digits);
    passage_then(&fraction, &digits);
    if (f->trimmed)
        passage_add(&fraction, string, (struct span){0});
    passage_then(value, &fraction);
}

static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    const struct formula_column *c = state;
    struct passage value = {0}, suffix = {0};
    int64_t least;
    int64_t greatest;
    if (!result_range(c, look, &least, &greatest) || (c->look.digits && least < 0))
        return false;
    least /= (int64_t)tens[c->look.digits];
    greatest /= (int64_t)tens[c->look.digits];
    passage_wrapped(&value, look->string, least, greatest);
    if (c->look.digits)
        add_fraction(&c->look, look->string, &value);
    passage_add(&suffix, look->string, (struct span){c->look.suffix, c->look.suffix_len});
    passage_then(&value, &suffix);
    passage_or(passage, &value);
    return true;
}

static size_t follows(const void *state, uint32_t columns[TEXT_FOLLOWS])
{
    const struct formula_column *c = state;
    for (unsigned i = 0; i < c->formula.count; i++)
        columns[i] = c->formula.terms[i].column;
    return c->formula.count;
}

static bool skip(void *state, uint64_t count)
{
    struct formula_column *c = state;
    return number_skip(&c->numbers, count);
}

const struct text_encoding text_formula = {
    .name = "formula",
    .parse = parse,
    .open = open_formula,
    .fill = fill,
    .free = free_formula,
    .in_step = true,
    .bytes = bytes,
    .passage = passage,
    .ranges = true,
    .follows = follows,
    .skip = skip,
};
