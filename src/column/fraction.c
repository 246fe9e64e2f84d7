/*
 * fraction.c - a column of numbers that a program printed from doubles which were multiples of a
 * power of two, as differences of time stamps are: "0.0008699893951416016" is 3649 / 2^22. Only the
 * 3649 is stored. The digits are the fewest that tell the double from its neighbours, and of these
 * the nearest, as most languages print them (Steele and White, "How to Print Floating-Point Numbers
 * Accurately", 1990). The encoder prints each number and declines if one looks different.
 *
 * Head: a byte of flags, a byte for the notation of small numbers, the power, a number column.
 */
#include <stdlib.h>

#include "column/text.h"

enum {
    ROUND_EVEN = 1, /* of two digits that are as near, the even one; else the larger */
    POINT_ZERO = 2, /* whole numbers have ".0" behind them */
    SIGNED = 4,     /* zigzag */
    FLAGS = 8,
};

enum {
    MAX_POWER = 30,
    MANTISSA = 53,      /* bits of a double */
    MOST_DIGITS = 17,   /* that a double ever needs */
    PARSED_DIGITS = 18, /* of a text, so that they fit 64 bits */
    MAX_SCALE = 36,     /* digits behind the point */
    TENS = 39,          /* powers of ten that 128 bits hold */
    MAX_TEXT = 48,
    MIN_ROWS = 16,
    MIN_LONGEST = 12, /* shorter ones are as short as whole numbers */
};

/* How a number below 1 is written: as 0.0..., or with an exponent from some size on. */
struct notation {
    int lowest;      /* exponent that is still written as 0.0... */
    unsigned digits; /* of a smaller exponent, at least */
};

static const struct notation notations[] = {
    {-MAX_SCALE, 1}, /* never an exponent */
    {-4, 2},         /* 6.1e-05: Python, Go, C */
    {-6, 1},         /* 6.1e-8: JavaScript */
};

enum { NOTATIONS = sizeof(notations) / sizeof(notations[0]) };

__extension__ typedef unsigned __int128 wide; /* of every 64-bit gcc and clang */

static wide power_of(unsigned base, unsigned exponent)
{
    wide result = 1;
    for (; exponent; exponent--)
        result *= base;
    return result;
}

/* What is the same for all numbers of a column. */
struct format {
    unsigned flags;
    unsigned notation;
    unsigned power;
    wide fives; /* 5^power */
    wide tens[TENS];
};

static void format_init(struct format *f, unsigned flags, unsigned notation, unsigned power)
{
    f->flags = flags;
    f->notation = notation;
    f->power = power;
    f->fives = power_of(5, power);
    for (unsigned i = 0; i < TENS; i++)
        f->tens[i] = power_of(10, i);
}

/* How many decimal digits a number has; 0 has one. */
static unsigned count_digits(const struct format *f, wide value)
{
    unsigned bits = value >> 64 ? 128 - (unsigned)__builtin_clzll((uint64_t)(value >> 64))
                                : 64 - (unsigned)__builtin_clzll((uint64_t)value | 1);
    unsigned digits = bits * 1233 >> 12; /* log10(2) */
    return digits + (value >= f->tens[digits]);
}

/* value / 10^drop, rounded to the nearest. */
static uint64_t drop_digits(const struct format *f, wide value, unsigned drop)
{
    wide ten = f->tens[drop];
    bool small = !(value >> 64) && !(ten >> 64);
    wide whole = small ? (uint64_t)value / (uint64_t)ten : value / ten;
    wide rest = value - whole * ten;
    wide half = ten / 2;
    if (rest > half || (rest == half && drop && (!(f->flags & ROUND_EVEN) || (whole & 1))))
        whole++;
    return (uint64_t)whole;
}

/* The fewest digits that are nearer to `multiple` / 2^power than any other double is, and the
 * number of them that stand behind the point. `multiple` has at most 53 bits and isn't 0. */
static uint64_t shortest_digits(const struct format *f, uint64_t multiple, int *scale)
{
    wide exact = multiple * f->fives; /* by 10^power */
    unsigned bits = 64 - (unsigned)__builtin_clzll(multiple);
    wide above = f->fives >> (MANTISSA + 1 - bits); /* half of the way to the next one */
    bool edge = (multiple & (multiple - 1)) == 0;   /* those below a power of two lie closer */
    unsigned count = count_digits(f, exact);
    unsigned drop = count > MOST_DIGITS ? count - MOST_DIGITS : 0;
    uint64_t digits = drop_digits(f, exact, drop);
    for (; drop + 1 < MAX_SCALE; drop++) {
        uint64_t fewer = drop_digits(f, exact, drop + 1);
        wide back = fewer * f->tens[drop + 1];
        wide error = back > exact ? back - exact : exact - back;
        if (fewer == 0 || error > (edge && back < exact ? above / 2 : above))
            break;
        digits = fewer;
    }
    *scale = (int)f->power - (int)drop;
    return digits;
}

static uint8_t *put_digits(uint8_t *end, uint64_t value)
{
    do {
        *--end = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

/* Print digits / 10^scale into `to`, which has room for MAX_TEXT bytes. @return the length */
static size_t print_scaled(const struct format *f, uint64_t digits, int scale, uint8_t *to)
{
    const struct notation *n = &notations[f->notation];
    uint8_t room[24];
    uint8_t *text = put_digits(room + sizeof(room), digits);
    int len = (int)(room + sizeof(room) - text);
    int exponent = len - 1 - scale;
    size_t at = 0;
    if (digits && exponent < n->lowest) {
        unsigned size = (unsigned)-exponent;
        to[at++] = text[0];
        if (len > 1)
            to[at++] = '.';
        memcpy(to + at, text + 1, (size_t)len - 1);
        at += (size_t)len - 1;
        to[at++] = 'e';
        to[at++] = '-';
        if (size >= 10 || n->digits > 1)
            to[at++] = (uint8_t)('0' + size / 10);
        to[at++] = (uint8_t)('0' + size % 10);
        return at;
    }
    for (int i = exponent < 0 ? exponent : 0; i < len || i <= exponent; i++) {
        if (i == exponent + 1)
            to[at++] = '.';
        to[at++] = i < 0 || i >= len ? '0' : text[i];
    }
    if (scale <= 0 && f->flags & POINT_ZERO) {
        memcpy(to + at, ".0", 2);
        at += 2;
    }
    return at;
}

/* Print one number. @return the length; 0 if it isn't one that can be */
static size_t print_fraction(const struct format *f, uint64_t stored, uint8_t *to)
{
    size_t sign = 0;
    uint64_t multiple = stored;
    int scale = 0;
    if (f->flags & SIGNED) {
        sign = stored & 1;
        multiple = (stored >> 1) + sign;
    }
    if (multiple >> MANTISSA)
        return 0;
    to[0] = '-';
    uint64_t digits = multiple ? shortest_digits(f, multiple, &scale) : 0;
    return sign + print_scaled(f, digits, scale, to + sign);
}

/* A decimal number: digits / 10^scale. */
struct decimal {
    bool negative;
    uint64_t digits;
    unsigned scale;
};

static bool parse_exponent(struct span *text, unsigned *exponent)
{
    if (text->len < 3 || text->len > 4 || text->data[1] != '-')
        return false;
    *exponent = 0;
    for (size_t i = 2; i < text->len; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        *exponent = *exponent * 10 + (unsigned)(text->data[i] - '0');
    }
    return true;
}

static bool parse_decimal(struct decimal *d, struct span text)
{
    unsigned count = 0;
    unsigned exponent = 0;
    bool point = false;
    *d = (struct decimal){.negative = text.len && text.data[0] == '-'};
    for (size_t i = d->negative; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == 'e') {
            struct span rest = {text.data + i, text.len - i};
            if (!parse_exponent(&rest, &exponent))
                return false;
            break;
        }
        if (c == '.' && !point && i) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || count == PARSED_DIGITS)
            return false;
        d->digits = d->digits * 10 + (uint64_t)(c - '0');
        count += d->digits != 0;
        d->scale += point;
    }
    d->scale += exponent;
    return d->scale <= MAX_SCALE;
}

/* The multiple of 2^-power that is nearest. @return false if it's no multiple that a double holds
 */
static bool nearest_multiple(const struct format *f, const struct decimal *d, unsigned power,
                             uint64_t *multiple)
{
    wide ten = f->tens[d->scale];
    wide scaled = (wide)d->digits << power;
    wide nearest = (scaled + ten / 2) / ten;
    *multiple = (uint64_t)nearest;
    return nearest < (wide)1 << MANTISSA;
}

struct fitter {
    struct format format;
    uint64_t *multiples;
    unsigned flags; /* those that are wanted; ROUND_EVEN is tried */
};

static uint64_t store(const struct fitter *t, const struct decimal *d, uint64_t multiple)
{
    if (!(t->flags & SIGNED))
        return multiple;
    return d->negative ? multiple * 2 - 1 : multiple * 2;
}

/* The highest power of which all the values are multiples that a double holds; and what signs and
 * whole numbers look like. @return false if one isn't a number */
static bool find_power(struct fitter *t, const struct text_values *v, size_t step, unsigned *power)
{
    *power = MAX_POWER;
    for (size_t i = 0; i < v->count; i += step) {
        struct decimal d;
        uint64_t multiple;
        struct span value = text_value(v, i);
        if (!parse_decimal(&d, value))
            return false;
        while (!nearest_multiple(&t->format, &d, *power, &multiple))
            if (--*power == 0)
                return false;
        t->flags |= d.negative ? SIGNED : 0;
        if (value.len > 2 && memcmp(value.data + value.len - 2, ".0", 2) == 0)
            t->flags |= POINT_ZERO;
        if (t->format.notation == 0 && memchr(value.data, 'e', value.len))
            t->format.notation = 1;
        if (value.len > 2 && value.data[value.len - 2] == '-')
            t->format.notation = 2;
    }
    return true;
}

static bool prints_as(const struct format *f, uint64_t stored, struct span value)
{
    uint8_t text[MAX_TEXT];
    return print_fraction(f, stored, text) == value.len && memcmp(text, value.data, value.len) == 0;
}

/* Turn each value into its multiple of the lowest power that all are multiples of. */
static bool fit_values(struct fitter *t, const struct text_values *v, size_t step, unsigned flags)
{
    unsigned power;
    uint64_t all = 0;
    size_t rows = 0;
    t->flags = flags;
    if (!find_power(t, v, step, &power))
        return false;
    for (size_t i = 0; i < v->count; i += step) {
        struct decimal d;
        parse_decimal(&d, text_value(v, i));
        nearest_multiple(&t->format, &d, power, &t->multiples[rows]);
        all |= t->multiples[rows++];
    }
    unsigned spare = all ? (unsigned)__builtin_ctzll(all) : power;
    spare = spare < power ? spare : power;
    format_init(&t->format, t->flags, t->format.notation, power - spare);
    rows = 0;
    for (size_t i = 0; i < v->count; i += step, rows++) {
        struct decimal d;
        parse_decimal(&d, text_value(v, i));
        t->multiples[rows] = store(t, &d, t->multiples[rows] >> spare);
        if (!prints_as(&t->format, t->multiples[rows], text_value(v, i)))
            return false;
    }
    return true;
}

/* A sample first, then all; with both ways to round. */
static bool fit(struct fitter *t, const struct text_values *v)
{
    size_t step = v->count / MIN_ROWS;
    for (unsigned flags = 0; flags <= ROUND_EVEN; flags++) {
        format_init(&t->format, 0, 0, 0);
        if (!fit_values(t, v, step, flags))
            continue;
        format_init(&t->format, 0, 0, 0);
        if (fit_values(t, v, 1, flags))
            return true;
    }
    return false;
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)forbidden;
    if (v->count < MIN_ROWS || stats->all_digits || stats->max_len < MIN_LONGEST ||
        stats->max_len > MAX_TEXT || stats->min_len == 0)
        return false;
    struct fitter *t = calloc(1, sizeof(*t));
    if (t)
        t->multiples = malloc(v->count * sizeof(*t->multiples));
    bool memory = t && t->multiples;
    bool fits = memory && fit(t, v);
    if (fits) {
        buf_push(&e->head, (uint8_t)t->format.flags);
        buf_push(&e->head, (uint8_t)t->format.notation);
        buf_push(&e->head, (uint8_t)t->format.power);
        e->cost += e->head.len;
        number_encode(e, ctx, t->multiples, v->count, STREAM_NUMBER);
    }
    e->head.failed |= !memory;
    if (t)
        free(t->multiples);
    free(t);
    return fits || !memory;
}

/* Decoding. */

struct fraction {
    struct format format;
    struct number_column numbers;
};

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    unsigned flags = reader_u8(head);
    unsigned notation = reader_u8(head);
    unsigned power = reader_u8(head);
    if (head->failed || flags >= FLAGS || notation >= NOTATIONS || power > MAX_POWER)
        return NULL;
    struct fraction *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    format_init(&c->format, flags, notation, power);
    if (number_parse(&c->numbers, head, streams, STREAM_NUMBER))
        return c;
    free(c);
    return NULL;
}

static int open_fraction(void *state, struct stream_reader *streams, size_t limit,
                         struct lgz_error *err)
{
    struct fraction *c = state;
    (void)limit;
    return number_open(&c->numbers, streams, err);
}

static size_t fill(void *state, struct text_batch *b)
{
    struct fraction *c = state;
    uint64_t numbers[TEXT_BATCH];
    uint8_t *to = text_room(b, b->want * MAX_TEXT, 0);
    size_t count = to ? number_fill(&c->numbers, numbers, b->want) : 0;
    for (size_t i = 0; i < count; i++, to += MAX_TEXT) {
        size_t len = print_fraction(&c->format, numbers[i], to);
        if (len == 0)
            return i;
        b->values[i] = (struct span){to, len};
    }
    return count;
}

static void free_fraction(void *state)
{
    struct fraction *c = state;
    number_clear(&c->numbers);
    free(c);
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    (void)state;
    (void)look;
    byte_set_add_range(set, '0', '9');
    byte_set_add_all(set, (struct span){(const uint8_t *)"-.e", 3});
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct fraction *c = state;
    return number_skip(&c->numbers, count);
}

const struct text_encoding text_fraction = {
    .name = "fraction",
    .propose = propose,
    .parse = parse,
    .open = open_fraction,
    .fill = fill,
    .free = free_fraction,
    .bytes = bytes,
    .skip = skip,
};
