/*
 * hex.c - a column of hexadecimal numbers of up to 16 digits, with one text in front of all of
 * them: addresses, session ids, counters at the end of long ids.
 *
 * Head: the text in front, a byte that is 1 where letters are capitals, the width (0: as many
 * digits as it takes), a number column.
 */
#include <stdlib.h>

#include "column/text.h"

enum {
    HEX_MAX = 16, /* digits of 64 bits */
    MIN_ROWS = 8,
    MIN_BYTES = 2048, /* fewer share a frame, where another column may have the same ones */
    MAX_PREFIX = 256,
    LOWER = 1, /* letters that were seen */
    UPPER = 2,
    COST = 4, /* estimated bytes beside the numbers' */
};

/* The value of a digit, and the case of a letter; -1 for all others. */
static int digit_value(uint8_t c, unsigned *letters)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f') {
        *letters |= LOWER;
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        *letters |= UPPER;
        return c - 'A' + 10;
    }
    return -1;
}

/* How many bytes all values begin with, of those in front of the last HEX_MAX digits of any. */
static size_t common_prefix(const struct text_values *v, const struct text_stats *stats)
{
    struct span first = text_value(v, 0);
    size_t len = stats->min_len ? stats->min_len - 1 : 0;
    len = len < MAX_PREFIX ? len : MAX_PREFIX;
    for (size_t i = 1; i < v->count && len; i++) {
        struct span value = text_value(v, i);
        if (memcmp(value.data, first.data, len) == 0)
            continue;
        for (len = 0; value.data[len] == first.data[len];)
            len++;
    }
    return len;
}

/* What the numbers of a column are. */
struct numbers {
    size_t prefix;
    unsigned letters;
    bool leading_zero;
    uint64_t *list;
};

static bool read_number(struct numbers *n, struct span value, uint64_t *number)
{
    *number = 0;
    if (value.len - n->prefix > HEX_MAX)
        return false;
    for (size_t i = n->prefix; i < value.len; i++) {
        int digit = digit_value(value.data[i], &n->letters);
        if (digit < 0)
            return false;
        *number = *number << 4 | (unsigned)digit;
    }
    n->leading_zero |= value.len - n->prefix > 1 && value.data[n->prefix] == '0';
    return true;
}

/* All values are numbers with digits of one case, of one width or without zeros in front. */
static bool read_numbers(struct numbers *n, const struct text_values *v,
                         const struct text_stats *stats)
{
    for (size_t i = 0; i < v->count; i++)
        if (!read_number(n, text_value(v, i), &n->list[i]))
            return false;
    return (n->letters == LOWER || n->letters == UPPER) &&
           (!n->leading_zero || stats->min_len == stats->max_len);
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    struct numbers n = {0};
    uint64_t number;
    (void)forbidden;
    if (v->count < MIN_ROWS || stats->bytes < MIN_BYTES || stats->all_digits ||
        stats->min_len == 0 || stats->max_len > MAX_PREFIX + HEX_MAX)
        return false;
    n.prefix = common_prefix(v, stats);
    if (!read_number(&n, text_value(v, v->count / 2), &number))
        return false;
    n.list = malloc(v->count * sizeof(*n.list));
    bool fits = n.list && read_numbers(&n, v, stats);
    if (fits) {
        varint_put(&e->head, n.prefix);
        buf_append(&e->head, text_value(v, 0).data, n.prefix);
        buf_push(&e->head, n.letters == UPPER);
        varint_put(&e->head, n.leading_zero ? stats->max_len - n.prefix : 0);
        e->cost += COST + n.prefix;
        number_encode(e, ctx, n.list, v->count, STREAM_NUMBER);
    }
    e->head.failed |= !n.list;
    free(n.list);
    return fits || e->head.failed;
}

/* Decoding. */

struct hex {
    struct span prefix; /* in the block's head, which outlives its columns */
    size_t width;
    char digits[HEX_MAX];
    struct number_column numbers;
};

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    struct hex *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    c->prefix = reader_bytes(head, reader_varint_max(head, MAX_PREFIX));
    bool capitals = reader_u8(head);
    memcpy(c->digits, capitals ? "0123456789ABCDEF" : "0123456789abcdef", HEX_MAX);
    c->width = reader_varint_max(head, HEX_MAX);
    if (!head->failed && number_parse(&c->numbers, head, streams, STREAM_NUMBER))
        return c;
    free(c);
    return NULL;
}

static int open_hex(void *state, struct stream_reader *streams, size_t limit, struct lgz_error *err)
{
    struct hex *c = state;
    (void)limit;
    return number_open(&c->numbers, streams, err);
}

static size_t fill(void *state, struct text_batch *b)
{
    struct hex *c = state;
    uint64_t numbers[TEXT_BATCH];
    size_t room = c->prefix.len + HEX_MAX;
    size_t want = b->want * room <= TEXT_ROOM_FREE ? b->want : TEXT_ROOM_FREE / room;
    uint8_t *to = text_room(b, want * room, 0);
    size_t count = to ? number_fill(&c->numbers, numbers, want) : 0;
    for (size_t i = 0; i < count; i++, to += room) {
        unsigned len = (67 - (unsigned)__builtin_clzll(numbers[i] | 1)) / 4;
        len = len < c->width ? (unsigned)c->width : len;
        if (c->prefix.len)
            memcpy(to, c->prefix.data, c->prefix.len);
        uint64_t rest = numbers[i];
        for (uint8_t *at = to + c->prefix.len + len; at > to + c->prefix.len; rest >>= 4)
            *--at = (uint8_t)c->digits[rest & 15];
        b->values[i] = (struct span){to, c->prefix.len + len};
    }
    return count;
}

static void free_hex(void *state)
{
    struct hex *c = state;
    number_clear(&c->numbers);
    free(c);
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    const struct hex *c = state;
    (void)look;
    byte_set_add_all(set, c->prefix);
    byte_set_add_all(set, (struct span){(const uint8_t *)c->digits, HEX_MAX});
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct hex *c = state;
    return number_skip(&c->numbers, count);
}

const struct text_encoding text_hex = {
    .name = "hex",
    .propose = propose,
    .parse = parse,
    .open = open_hex,
    .fill = fill,
    .free = free_hex,
    .bytes = bytes,
    .skip = skip,
};
