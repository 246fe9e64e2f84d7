/*
 * passage.c - places of a string as bits of a word: a byte moves all of them at once.
 */
#include "column/passage.h"

#include <string.h>

#include "base/ascii.h"
#include "base/decimal.h"

enum { FEW_BYTES = 64 /* so many take less time than all that there may be */ };

static const char month_names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char day_names[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char half_names[][4] = {"AM", "PM"};

static uint64_t bit(size_t place)
{
    return UINT64_C(1) << place;
}

void byte_set_add_all(struct byte_set *s, struct span bytes)
{
    bool found[256] = {false};
    if (bytes.len < FEW_BYTES) {
        for (size_t i = 0; i < bytes.len; i++)
            byte_set_add(s, bytes.data[i]);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++)
        found[bytes.data[i]] = true;
    for (size_t i = 0; i < 256; i++)
        s->bits[i >> 6] |= (uint64_t)found[i] << (i & 63);
}

void byte_set_add_range(struct byte_set *s, uint8_t first, uint8_t last)
{
    for (unsigned byte = first; byte <= last; byte++)
        byte_set_add(s, (uint8_t)byte);
}

void passage_string_init(struct passage_string *s, struct span bytes, bool folded)
{
    memset(s, 0, sizeof(*s));
    s->len = bytes.len < PASSAGE_MAX ? bytes.len : PASSAGE_MAX;
    s->exact = true;
    s->digits = decimal_is((struct span){bytes.data, s->len});
    memcpy(s->bytes, bytes.data, s->len);
    for (size_t i = 0; i < s->len; i++) {
        const uint8_t byte = bytes.data[i];
        s->after[byte] |= bit(i);
        if (folded && ascii_is_letter(byte)) {
            s->after[byte ^ ('a' ^ 'A')] |= bit(i);
            s->exact = false;
        }
    }
}

uint64_t passage_through(const struct passage *r, uint64_t places, bool *found)
{
    uint64_t behind = 1;
    *found |= (r->ends & places) != 0;
    for (; places; places &= places - 1)
        behind |= r->from[__builtin_ctzll(places)];
    return behind;
}

uint64_t passage_back_over(const struct passage_string *s, uint64_t wanted, struct span bytes)
{
    uint64_t places = wanted;
    for (size_t i = bytes.len; i-- > 0;)
        places = (places | bit(s->len)) >> 1 & s->after[bytes.data[i]];
    return places & ~UINT64_C(1);
}

bool passage_takes_part(const struct passage *r, uint64_t places, uint64_t wanted)
{
    bool part = (r->ends & places) != 0;
    for (; places && !part; places &= places - 1)
        part = (r->from[__builtin_ctzll(places)] & wanted & ~UINT64_C(1)) != 0;
    return part;
}

uint64_t passage_back_through(const struct passage *r, uint64_t wanted)
{
    uint64_t places = r->ends;
    wanted &= ~UINT64_C(1);
    for (size_t i = 1; wanted && i < PASSAGE_MAX; i++)
        if (r->from[i] & wanted)
            places |= bit(i);
    return places & ~UINT64_C(1);
}

void passage_any(struct passage *r, const struct passage_string *s)
{
    struct byte_set all;
    memset(&all, 0xff, sizeof(all));
    passage_set(r, s, &all);
}

uint64_t passage_bytes_in(const struct passage_string *s, const struct byte_set *set)
{
    uint64_t in = 0;
    for (size_t word = 0; word < 4; word++)
        for (uint64_t left = set->bits[word]; left; left &= left - 1)
            in |= s->after[word * 64 + (size_t)__builtin_ctzll(left)];
    return in;
}

void passage_run(struct passage *r, const struct passage_string *s, const struct byte_set *set,
                 size_t fewest, size_t most)
{
    const uint64_t in = passage_bytes_in(s, set);
    size_t run = 0; /* how many bytes of the string from `i` on are in the set */
    for (size_t i = s->len; i-- > 0;) {
        run = in >> i & 1 ? run + 1 : 0;
        if (i + run == s->len && run <= most)
            r->ends |= bit(i);
        const size_t from = i ? i + fewest : 1;
        const size_t to = i + (run < most ? run : most);
        for (size_t k = from; k <= to && k < s->len; k++)
            r->from[i] |= bit(k);
    }
    r->from[0] |= 1;
}

void passage_set(struct passage *r, const struct passage_string *s, const struct byte_set *set)
{
    passage_run(r, s, set, 0, SIZE_MAX);
}

unsigned passage_digits(const struct passage_string *s)
{
    uint64_t digits = 0;
    unsigned longest = 0;
    for (unsigned digit = '0'; digit <= '9'; digit++)
        digits |= s->after[digit];
    for (; digits; longest++)
        digits &= digits >> 1; /* each run is one shorter */
    return longest;
}

__extension__ typedef unsigned __int128 wide; /* of every 64-bit gcc and clang */

static const uint64_t tens[DECIMAL_MAX] = {
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
    10000000000000000000u,
};

/* Where digits of the string may be those of a number. */
struct number_digits {
    const struct passage_string *string;
    struct number_range range;
    unsigned width;
    unsigned fewest;
    unsigned most;
};

enum { LEADS_MAX = 16 }; /* what numbers may begin with is tried if there is no more of it */

static unsigned digits_of(uint64_t number)
{
    uint8_t room[DECIMAL_MAX];
    return (unsigned)(room + DECIMAL_MAX - decimal_put_before(room + DECIMAL_MAX, number));
}

/* Digits, and places that are digits: the number that they stand for. */
static wide number_at(const struct passage_string *s, uint64_t lead, size_t from, size_t to)
{
    wide number = lead;
    for (size_t i = from; i < to; i++)
        number = number * 10 + (s->bytes[i] - '0');
    return number;
}

/*
 * May a number have `skipped` digits, which are those of `lead`, then those of the string from
 * place `from` to `to`, then `more`?
 */
static bool may_have(const struct number_digits *d, uint64_t lead, unsigned skipped, size_t from,
                     size_t to, unsigned more)
{
    const size_t digits = skipped + (to - from) + more;
    if (digits < d->fewest || digits > d->most)
        return false;
    const bool zero = skipped ? lead == 0 : d->string->after['0'] >> from & 1;
    if (!d->width && digits > 1 && zero)
        return false;
    const wide number = number_at(d->string, lead, from, to);
    return number * tens[more] <= d->range.greatest && (number + 1) * tens[more] > d->range.least;
}

/* May one begin with the digits from place `from` on, which are the string's last ones? */
static bool may_begin_with_end(const struct number_digits *d, size_t from)
{
    bool may = false;
    for (unsigned more = 0; more < d->most && !may; more++)
        may = may_have(d, 0, 0, from, d->string->len, more);
    return may;
}

/* May one have the whole string, with `skipped` digits before it and `more` behind? */
static bool may_have_between(const struct number_digits *d, unsigned skipped, unsigned more)
{
    if (!skipped)
        return may_have(d, 0, 0, 0, d->string->len, more);
    const uint64_t scale = tens[d->string->len + more];
    uint64_t lead = d->range.least / scale;
    uint64_t last = d->range.greatest / scale;
    if (!d->width && lead < tens[skipped - 1])
        lead = tens[skipped - 1];
    if (last >= tens[skipped])
        last = tens[skipped] - 1;
    if (lead <= last && last - lead >= LEADS_MAX)
        return true;
    bool may = false;
    for (; lead <= last && !may; lead++)
        may = may_have(d, lead, skipped, 0, d->string->len, more);
    return may;
}

static bool may_have_behind(const struct number_digits *d, unsigned skipped)
{
    bool may = false;
    for (unsigned more = 0; skipped + d->string->len + more <= d->most && !may; more++)
        may = may_have_between(d, skipped, more);
    return may;
}

static bool may_have_all(const struct number_digits *d)
{
    bool may = false;
    for (unsigned skipped = 0; skipped + d->string->len <= d->most && !may; skipped++)
        may = may_have_behind(d, skipped);
    return may;
}

void passage_numbers(struct passage *r, const struct passage_string *s,
                     const struct number_range *range, unsigned width)
{
    const struct number_digits d = {.string = s,
                                    .range = *range,
                                    .width = width,
                                    .fewest = width ? width : digits_of(range->least),
                                    .most = width ? width : digits_of(range->greatest)};
    struct byte_set set = {0};
    struct passage found = {0};
    byte_set_add_range(&set, '0', '9');
    passage_run(&found, s, &set, d.fewest, d.most);
    /* Digits are known to be a number's first ones unless the string begins with them. */
    for (size_t i = 1; i < s->len; i++) {
        for (uint64_t places = found.from[i]; places; places &= places - 1) {
            const size_t to = (size_t)__builtin_ctzll(places);
            if (!may_have(&d, 0, 0, i, to, 0))
                found.from[i] &= ~bit(to);
        }
        if (found.ends >> i & 1 && !may_begin_with_end(&d, i))
            found.ends &= ~bit(i);
    }
    /* Or they are all digits that it has. */
    if (found.from[0] >> d.most & 1 && !may_have(&d, 0, 0, 0, d.most, 0))
        found.from[0] &= ~bit(d.most);
    if (found.ends & 1 && !may_have_all(&d))
        found.ends &= ~UINT64_C(1);
    passage_or(r, &found);
}

void passage_wrapped(struct passage *r, const struct passage_string *s, int64_t least,
                     int64_t greatest)
{
    const struct number_range above = {least < 0 ? 0 : (uint64_t)least, (uint64_t)greatest};
    const struct number_range below = {(uint64_t)least, UINT64_MAX};
    if (greatest >= 0)
        passage_numbers(r, s, &above, 0);
    if (least < 0)
        passage_numbers(r, s, &below, 0);
}

/* The places behind a value that is too short for the whole string. Seen from its end, most values
 * are done with after a byte or two. */
static uint64_t places_behind(const struct passage_string *s, struct span value)
{
    uint64_t places = 1;
    uint64_t alike = UINT64_MAX; /* bytes of the string that may be the last one of the value */
    for (size_t i = 0; i < value.len && alike; i++) {
        alike &= s->after[value.data[value.len - 1 - i]] << i;
        places |= (alike >> i & 1) << (i + 1);
    }
    return places;
}

void passage_add(struct passage *r, const struct passage_string *s, struct span value)
{
    bool found = false;
    r->from[0] |= value.len < s->len ? places_behind(s, value) : passage_over(s, 1, value, &found);
    if (found)
        r->ends |= 1;
    uint64_t starts = value.len ? s->after[value.data[0]] & ~UINT64_C(1) : bit(s->len) - 2;
    for (; starts; starts &= starts - 1) {
        const size_t start = (size_t)__builtin_ctzll(starts);
        size_t i = 0;
        while (i < value.len && start + i < s->len && s->after[value.data[i]] >> (start + i) & 1)
            i++;
        if (start + i == s->len)
            r->ends |= bit(start);
        else if (i == value.len)
            r->from[start] |= bit(start + i);
    }
}

void passage_or(struct passage *r, const struct passage *other)
{
    for (size_t i = 0; i < PASSAGE_MAX; i++)
        r->from[i] |= other->from[i];
    r->ends |= other->ends;
}

void passage_then(struct passage *r, const struct passage *next)
{
    for (size_t i = 0; i < PASSAGE_MAX; i++) {
        uint64_t places = r->from[i];
        if (places & next->ends)
            r->ends |= bit(i);
        for (r->from[i] = 0; places; places &= places - 1)
            r->from[i] |= next->from[__builtin_ctzll(places)];
    }
}

void passage_bytes_add(struct passage *r, const struct passage_bytes *b)
{
    r->ends |= b->ends;
    r->from[0] |= b->within;
    for (uint64_t places = b->before; places; places &= places - 1) {
        const size_t place = (size_t)__builtin_ctzll(places);
        r->from[place] |= bit(place + b->len);
    }
}

static void add_names(struct passage *r, const struct passage_string *s, const char names[][4],
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        passage_add(r, s, (struct span){(const uint8_t *)names[i], strlen(names[i])});
}

static void add_piece(struct passage *r, const struct passage_string *s,
                      const struct timestamp_piece *piece)
{
    struct byte_set set = {0};
    switch (piece->kind) {
    case TIMESTAMP_MONTH:
        add_names(r, s, month_names, sizeof(month_names) / sizeof(*month_names));
        break;
    case TIMESTAMP_WEEKDAY:
        add_names(r, s, day_names, sizeof(day_names) / sizeof(*day_names));
        break;
    case TIMESTAMP_HALF:
        add_names(r, s, half_names, sizeof(half_names) / sizeof(*half_names));
        break;
    case TIMESTAMP_BYTE:
        passage_add(r, s, (struct span){&piece->byte, 1});
        break;
    case TIMESTAMP_SPACED:
        byte_set_add(&set, ' ');
        /* fall through */
    case TIMESTAMP_DIGITS:
        byte_set_add_range(&set, '0', '9');
        passage_run(r, s, &set, piece->fewest, piece->most);
        break;
    }
}

void passage_stamp(struct passage *r, const struct passage_string *s, unsigned format,
                   unsigned digits)
{
    struct timestamp_piece pieces[TIMESTAMP_PIECES];
    const size_t count = timestamp_pieces(format, digits, pieces);
    struct passage stamp = {0};
    passage_add(&stamp, s, (struct span){0});
    for (size_t i = 0; i < count; i++) {
        struct passage next = {0};
        add_piece(&next, s, &pieces[i]);
        passage_then(&stamp, &next);
    }
    passage_or(r, &stamp);
}
