/*
 * numbers.c - a column is one of numbers if nearly all of its values are; it can be printed if all
 * are, and are written alike.
 */
#include "segment/numbers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/ascii.h"

enum {
    FEW_STRANGE = 4, /* values that may be something else, */
    STRANGE = 32,    /* and of so many, one */
};

struct entry {
    pthread_mutex_t mutex; /* for what follows, while it isn't known */
    bool known;
    struct number_list list;
};

struct numbers {
    const struct columns *columns;
    struct span raw;
    struct entry *entries; /* for each column */
};

int numbers_new(struct numbers **out, const struct columns *columns, struct span raw,
                struct lgz_error *err)
{
    struct numbers *n = malloc(sizeof(*n));
    if (!n)
        return error_memory(err);
    *n = (struct numbers){columns, raw, calloc(columns->count + 1, sizeof(*n->entries))};
    if (!n->entries) {
        free(n);
        return error_memory(err);
    }
    for (size_t i = 0; i < columns->count; i++)
        pthread_mutex_init(&n->entries[i].mutex, NULL);
    *out = n;
    return LGZ_OK;
}

void numbers_free(struct numbers *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->columns->count; i++) {
        if (n->columns->list[i].kind == COLUMN_TEXT)
            free(n->entries[i].list.values);
        pthread_mutex_destroy(&n->entries[i].mutex);
    }
    free(n->entries);
    free(n);
}

/* A number's text: digits, perhaps a point and digits, and what is behind. */
struct parts {
    size_t whole; /* digits in front of the point */
    size_t digits;
    struct span suffix;
    bool is_number;
    bool prints; /* no needless zero in front, no point without digits */
    bool zero;   /* the last digit behind the point */
};

static size_t count_digits(struct span text)
{
    size_t n = 0;
    while (n < text.len && ascii_is_digit(text.data[n]))
        n++;
    return n;
}

static struct span span_behind(struct span s, size_t len)
{
    return (struct span){s.data + len, s.len - len};
}

static struct parts take_apart(struct span text)
{
    struct parts p = {.whole = count_digits(text)};
    struct span rest = span_behind(text, p.whole);
    if (p.whole && rest.len && rest.data[0] == '.') {
        p.digits = count_digits(span_behind(rest, 1));
        rest = span_behind(rest, 1 + p.digits);
        p.prints = p.digits > 0;
        p.zero = p.digits && rest.data[-1] == '0';
    } else {
        p.prints = true;
    }
    p.suffix = rest;
    p.prints = p.prints && (p.whole == 1 || text.data[0] != '0');
    p.is_number = p.whole && p.whole <= FORMULA_DIGITS && rest.len <= FORMULA_SUFFIX;
    for (size_t i = 0; i < rest.len && p.is_number; i++)
        p.is_number = rest.data[i] > '9' || (rest.data[i] < '0' && rest.data[i] != '.');
    return p;
}

static bool is_hex(struct span text)
{
    size_t i = 0;
    for (; i < text.len && i <= FORMULA_HEX_DIGITS; i++)
        if (!ascii_is_hex(text.data[i]))
            return false;
    return i >= 1 && i <= FORMULA_HEX_DIGITS;
}

/* Are nearly all values hexadecimal? */
static bool are_hex(const struct text_values *v)
{
    size_t strange = 0;
    for (size_t i = 0; i < v->count; i++) {
        strange += !is_hex(text_value(v, i));
        if (strange > FEW_STRANGE + i / STRANGE)
            return false;
    }
    return strange < v->count;
}

/* How a column's numbers look. @return false if they are none */
static bool find_look(struct number_list *n, const struct text_values *v)
{
    size_t most_whole = 0;
    size_t most = 0;
    size_t least = SIZE_MAX;
    size_t strange = 0;
    bool zero = false;
    struct span suffix = {NULL, 0};
    n->prints = true;
    for (size_t i = 0; i < v->count; i++) {
        struct parts p = take_apart(text_value(v, i));
        suffix = i ? suffix : p.suffix;
        n->prints = n->prints && p.prints && p.is_number && span_equal(p.suffix, suffix);
        strange += !p.is_number;
        if (strange > FEW_STRANGE + i / STRANGE)
            return false;
        if (!p.is_number)
            continue;
        most_whole = p.whole > most_whole ? p.whole : most_whole;
        most = p.digits > most ? p.digits : most;
        least = p.digits < least ? p.digits : least;
        zero |= p.zero;
    }
    if (strange == v->count || most_whole + most > FORMULA_DIGITS)
        return false;
    n->notation = (uint8_t)most;
    n->look.digits = (uint8_t)most;
    n->look.trimmed = least < most;
    n->prints = n->prints && !(n->look.trimmed && zero);
    n->look.suffix_len = n->prints ? (uint8_t)suffix.len : 0;
    memcpy(n->look.suffix, suffix.data, n->look.suffix_len);
    return true;
}

static int read_numbers(struct numbers *n, uint32_t column, struct number_list *list,
                        struct lgz_error *err)
{
    const struct column_values *v = &n->columns->list[column];
    struct text_values values = {n->raw.data, v->texts.data, v->texts.len};
    if (v->kind == COLUMN_TIME) {
        list->values = v->times.data;
        list->notation = FORMULA_TIME;
        list->prints = true;
        return LGZ_OK;
    }
    if (!values.count)
        return LGZ_OK;
    if (!find_look(list, &values)) {
        list->prints = false;
        list->notation = FORMULA_HEX;
        if (!are_hex(&values))
            return LGZ_OK;
    }
    list->values = malloc(values.count * sizeof(*list->values));
    if (!list->values)
        return error_memory(err);
    for (size_t i = 0; i < values.count; i++)
        list->values[i] = formula_number(text_value(&values, i), list->notation);
    return LGZ_OK;
}

int numbers_get(struct numbers *n, uint32_t column, const struct number_list **list,
                struct lgz_error *err)
{
    struct entry *e = &n->entries[column];
    pthread_mutex_lock(&e->mutex);
    int code = e->known ? LGZ_OK : read_numbers(n, column, &e->list, err);
    e->known = true;
    pthread_mutex_unlock(&e->mutex);
    *list = &e->list;
    return code;
}

void numbers_line_up(const struct column_values *v, size_t start, size_t count,
                     const struct column_values *other, const uint64_t *numbers, uint64_t *out)
{
    struct column_walk walk = column_walk_start(other, v->order.data[start]);
    for (size_t i = 0; i < count; i++) {
        size_t before = column_walk_to(&walk, v->order.data[start + i]);
        out[i] = before ? numbers[before - 1] : 0;
    }
}

static unsigned bits_of(uint64_t number)
{
    uint64_t size = zigzag((int64_t)number);
    return size ? 64 - (unsigned)__builtin_clzll(size) : 0;
}

uint64_t numbers_bits(const uint64_t *numbers, const uint64_t *others, size_t count)
{
    uint64_t plain = 0;
    uint64_t changes = 0;
    uint64_t last = numbers[0] - others[0];
    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers[i] - others[i];
        plain += bits_of(number);
        changes += bits_of(number - last);
        last = number;
    }
    return plain < changes ? plain : changes;
}
