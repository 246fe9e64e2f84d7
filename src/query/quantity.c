/*
 * quantity.c - decimal numbers with their power of ten kept apart, so that 12ms is 0.012s.
 *
 * A long double has at least 64 bits for the digits on x86-64 and 64-bit ARM: the digits kept and
 * the powers of ten up to 27 are exact, and one multiplication or division rounds the same value to
 * the same number.
 */
#include "query/quantity.h"

#include "base/ascii.h"

enum { EXPONENT_MAX = 5000 };

struct decimal {
    uint64_t digits;
    int exponent; /* of ten */
    bool negative;
};

struct unit_name {
    char name[4];
    enum unit unit;
    int exponent; /* of ten */
    uint64_t factor;
};

static const struct unit_name units[] = {
    {"ms", UNIT_TIME, -3, 1},        {"s", UNIT_TIME, 0, 1},          {"us", UNIT_TIME, -6, 1},
    {"\xc2\xb5s", UNIT_TIME, -6, 1}, {"\xce\xbcs", UNIT_TIME, -6, 1}, {"ns", UNIT_TIME, -9, 1},
    {"m", UNIT_TIME, 0, 60},         {"min", UNIT_TIME, 0, 60},       {"h", UNIT_TIME, 0, 3600},
    {"d", UNIT_TIME, 0, 86400},      {"%", UNIT_SHARE, 0, 1},         {"B", UNIT_SIZE, 0, 1},
};

/* A number at `*at`, which is moved behind it. */
static bool take_decimal(struct span text, size_t *at, struct decimal *d)
{
    size_t i = *at, digits = 0;
    bool fraction = false, full = false; /* further digits don't count */
    *d = (struct decimal){0};
    if (i < text.len && (text.data[i] == '-' || text.data[i] == '+'))
        d->negative = text.data[i++] == '-';
    for (; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '.' && !fraction && i + 1 < text.len && ascii_is_digit(text.data[i + 1])) {
            fraction = true;
            continue;
        }
        if (!ascii_is_digit(c))
            break;
        digits++;
        uint64_t next;
        full = full || __builtin_mul_overflow(d->digits, 10, &next) ||
               __builtin_add_overflow(next, c - '0', &next);
        if (!full) {
            d->digits = next;
            d->exponent -= fraction;
        } else if (!fraction) {
            d->exponent += d->exponent < EXPONENT_MAX;
        }
    }
    *at = i;
    return digits > 0;
}

/* "e5" at `*at`, if there is one. */
static void take_exponent(struct span text, size_t *at, struct decimal *d)
{
    size_t i = *at;
    int value = 0;
    if (i == text.len || (text.data[i] | 0x20) != 'e')
        return;
    i++;
    bool negative = i < text.len && text.data[i] == '-';
    i += i < text.len && (text.data[i] == '-' || text.data[i] == '+');
    if (i == text.len || !ascii_is_digit(text.data[i]))
        return;
    for (; i < text.len && ascii_is_digit(text.data[i]); i++)
        value = value < EXPONENT_MAX ? value * 10 + (text.data[i] - '0') : value;
    d->exponent += negative ? -value : value;
    *at = i;
}

/* @param unit  NULL: none */
static long double value_of(const struct decimal *d, const struct unit_name *unit)
{
    uint64_t digits = d->digits;
    int ten = d->exponent + (unit ? unit->exponent : 0);
    long double power = 10, scale = 1;
    /* Zeros at the end take part in no rounding. */
    for (; ten < 0 && digits && digits % 10 == 0; ten++)
        digits /= 10;
    for (unsigned n = (unsigned)(ten < 0 ? -ten : ten); n; n >>= 1, power *= power)
        scale *= n & 1 ? power : 1;
    long double value = (long double)digits * (long double)(unit ? unit->factor : 1);
    if (digits)
        value = ten < 0 ? value / scale : value * scale;
    return d->negative ? -value : value;
}

/* "kB", "MiB" and the like. @return bytes, 0 if it's none */
static size_t take_size(const uint8_t *p, size_t len, struct unit_name *out)
{
    static const char prefixes[] = "kMGTP";
    bool binary = len >= 3 && p[1] == 'i';
    size_t used = binary ? 3 : 2;
    const char *prefix = len >= 2 ? memchr(prefixes, p[0] == 'K' ? 'k' : p[0], 5) : NULL;
    if (!prefix || p[used - 1] != 'B')
        return 0;
    unsigned steps = (unsigned)(prefix - prefixes) + 1;
    *out = (struct unit_name){.unit = UNIT_SIZE, .exponent = 3 * (int)steps, .factor = 1};
    if (binary)
        *out = (struct unit_name){.unit = UNIT_SIZE, .factor = UINT64_C(1) << 10 * steps};
    return used;
}

/* The longest unit at `*at`, which is moved behind it. */
static bool take_unit(struct span text, size_t *at, struct unit_name *out)
{
    const uint8_t *p = text.data + *at;
    const size_t left = text.len - *at;
    size_t best = take_size(p, left, out);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strnlen(units[i].name, sizeof(units[i].name));
        if (len > best && len <= left && memcmp(units[i].name, p, len) == 0) {
            best = len;
            *out = units[i];
        }
    }
    *at += best;
    return best > 0;
}

bool quantity_parse(struct span text, struct quantity *out)
{
    enum { PARTS_MAX = 8 };
    struct decimal d;
    size_t at = 0;
    if (!take_decimal(text, &at, &d))
        return false;
    take_exponent(text, &at, &d);
    *out = (struct quantity){0, UNIT_NONE};
    if (at == text.len) {
        out->value = value_of(&d, NULL);
        return true;
    }
    const bool negative = d.negative;
    at += text.data[at] == ' ';
    for (unsigned n = 0; n < PARTS_MAX; n++) {
        struct unit_name unit;
        if (!take_unit(text, &at, &unit) || (n && unit.unit != UNIT_TIME))
            return false;
        d.negative = negative;
        out->value += value_of(&d, &unit);
        out->unit = unit.unit;
        if (at == text.len)
            return true;
        if (unit.unit != UNIT_TIME || !ascii_is_digit(text.data[at]) ||
            !take_decimal(text, &at, &d))
            return false;
    }
    return false;
}
