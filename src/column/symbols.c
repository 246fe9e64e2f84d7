/*
 * symbols.c - packing and unpacking bytes of small alphabets.
 */
#include "column/symbols.h"
#include "column/text.h"

#include <endian.h>
#include <stdlib.h>

#include "base/slack.h"

enum {
    PACKED_GAIN = 64,   /* 1 in so many: ten like ones take 3.4 bits each in zstd, not 3.32 */
    MIN_PACKED = 65536, /* fewer share a frame, where another column may have the same ones */
};

/* Number the bytes that occur, in their order. @return how many there are */
static size_t collect_alphabet(const uint8_t *bytes, size_t count, uint8_t *alphabet,
                               uint8_t *number)
{
    bool seen[256] = {0};
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        seen[bytes[i]] = true;
    for (int i = 0; i < 256; i++) {
        if (seen[i]) {
            number[i] = (uint8_t)size;
            alphabet[size++] = (uint8_t)i;
        }
    }
    return size;
}

static void pack_triples(struct buf *out, const uint8_t *bytes, size_t count, const uint8_t *number)
{
    uint32_t bits = 0;
    unsigned held = 0;
    if (!buf_reserve(out, count / 2 + 4))
        return;
    for (size_t i = 0; i < count; i += 3) {
        unsigned triple = number[bytes[i]];
        triple += i + 1 < count ? 10u * number[bytes[i + 1]] : 0;
        triple += i + 2 < count ? 100u * number[bytes[i + 2]] : 0;
        bits |= triple << held;
        for (held += TRIPLE_BITS; held >= 8; held -= 8) {
            out->data[out->len++] = (uint8_t)bits;
            bits >>= 8;
        }
    }
    if (held)
        out->data[out->len++] = (uint8_t)bits;
}

static void put_head(struct encoded *e, enum symbols_layout layout, const uint8_t *alphabet,
                     size_t size)
{
    buf_push(&e->head, (uint8_t)layout);
    if (layout == SYMBOLS_TRIPLES) {
        buf_push(&e->head, (uint8_t)size);
        buf_append(&e->head, alphabet, size);
    }
    e->cost += e->head.len;
}

/* Packed instead of `plain`, where that is smaller. What zstd makes of symbols is some per cent
 * more than their frequencies say. The estimate stays, so that packing doesn't speak for what it is
 * a part of. */
static void try_triples(struct encoded *plain, struct column_context *ctx, const uint8_t *bytes,
                        size_t count)
{
    uint8_t alphabet[256];
    uint8_t number[256];
    struct encoded packed = {0};
    struct buf bits = {0};
    size_t size = collect_alphabet(bytes, count, alphabet, number);
    if (size > TRIPLE_SYMBOLS)
        return;
    pack_triples(&bits, bytes, count, number);
    if (!bits.failed && bits.len - bits.len / PACKED_GAIN > plain->cost) {
        buf_free(&bits);
        return;
    }
    put_head(&packed, SYMBOLS_TRIPLES, alphabet, size);
    encoded_add_stream(&packed, ctx, STREAM_PACKED, 0, &bits);
    packed.cost = plain->cost;
    encoded_clear(plain);
    *plain = packed;
}

void symbols_encode(struct encoded *e, struct column_context *ctx, const uint8_t *bytes,
                    size_t count)
{
    struct encoded coded = {0};
    struct buf copy = {0};
    put_head(&coded, count ? SYMBOLS_PLAIN : SYMBOLS_NONE, NULL, 0);
    if (count) {
        buf_append(&copy, bytes, count);
        encoded_add_stream(&coded, ctx, STREAM_SYMBOL, 0, &copy);
    }
    if (count >= MIN_PACKED)
        try_triples(&coded, ctx, bytes, count);
    encoded_append(e, &coded);
}

bool symbols_parse(struct symbols *s, struct reader *head, struct stream_reader *streams)
{
    *s = (struct symbols){.layout = reader_u8(head), .stream = -1};
    if (s->layout >= SYMBOLS_LAYOUTS)
        return false;
    if (s->layout == SYMBOLS_NONE)
        return !head->failed;
    if (s->layout == SYMBOLS_TRIPLES) {
        s->alphabet = reader_bytes(head, reader_varint_max(head, TRIPLE_SYMBOLS));
        if (s->alphabet.len == 0)
            return false;
    }
    s->stored = reader_varint(head);
    if (head->failed)
        return false;
    enum stream_class class = s->layout == SYMBOLS_PLAIN ? STREAM_SYMBOL : STREAM_PACKED;
    s->stream = stream_reader_add(streams, class, 0, s->stored);
    return s->stream >= 0;
}

/* The three bytes that each 10 bits stand for; the fourth says that there are none. */
static void fill_triples(const struct symbols *s, uint8_t table[1024][4])
{
    for (unsigned i = 0; i < 1024; i++) {
        unsigned part[3] = {i % 10, i / 10 % 10, i / 100};
        table[i][3] = 0;
        for (unsigned k = 0; k < 3; k++) {
            table[i][3] |= part[k] >= s->alphabet.len;
            table[i][k] = part[k] < s->alphabet.len ? s->alphabet.data[part[k]] : 0;
        }
    }
}

/* Put out what the lowest bits stand for. @return not 0 if they stand for nothing */
static inline uint8_t put_triple(uint8_t table[1024][4], uint64_t bits, uint8_t *to)
{
    const uint8_t *triple = table[bits & 1023];
    memcpy(to, triple, 4);
    return triple[3];
}

/* Five bytes are four triples. They are read as eight: there is slack behind a stream. */
static bool unpack_triples(struct symbols *s, struct span bytes, uint8_t *to)
{
    uint8_t table[1024][4];
    uint8_t failed = 0;
    uint64_t bits;
    struct reader r = reader_of(bytes.data, bytes.len);
    fill_triples(s, table);
    for (; reader_left(&r) >= 5; r.at += 5, to += 12) {
        memcpy(&bits, r.at, sizeof(bits));
        bits = le64toh(bits);
        failed |= put_triple(table, bits, to);
        failed |= put_triple(table, bits >> TRIPLE_BITS, to + 3);
        failed |= put_triple(table, bits >> 2 * TRIPLE_BITS, to + 6);
        failed |= put_triple(table, bits >> 3 * TRIPLE_BITS, to + 9);
    }
    bits = le_get(r.at, (unsigned)reader_left(&r));
    for (size_t left = reader_left(&r) * 8 / TRIPLE_BITS; left; left--, to += 3) {
        failed |= put_triple(table, bits, to);
        bits >>= TRIPLE_BITS;
    }
    memset(to, 0, SLACK);
    s->end = to;
    return !failed;
}

static int open_triples(struct symbols *s, struct stream_reader *streams, struct lgz_error *err)
{
    struct span bytes;
    int code = stream_reader_get(streams, s->stream, &bytes, err);
    if (code != LGZ_OK)
        return code;
    /* 10 bits make 3 bytes at most. Each stands in a value. */
    if (!stream_reader_take_room(streams, bytes.len * 12 / 5))
        return error_set(err, LGZ_ERR_CORRUPT, "more packed symbols than the block has bytes");
    s->unpacked = malloc(bytes.len * 12 / 5 + SLACK);
    if (!s->unpacked)
        return error_memory(err);
    if (!unpack_triples(s, bytes, s->unpacked))
        return error_set(err, LGZ_ERR_CORRUPT, "packed symbols outside their alphabet");
    s->first = s->unpacked;
    s->ready = s->end;
    return LGZ_OK;
}

int symbols_open(struct symbols *s, struct stream_reader *streams, struct lgz_error *err)
{
    struct span bytes = {0};
    uint64_t ready = 0;
    int code = LGZ_OK;
    s->streams = streams;
    if (s->stream >= 0 && s->layout == SYMBOLS_TRIPLES) {
        code = open_triples(s, streams, err);
    } else if (s->stream >= 0) {
        code = stream_reader_get_part(streams, s->stream, 0, 0, &bytes, &ready, err);
        s->first = bytes.data;
        s->ready = bytes.data + ready;
        s->end = bytes.data + bytes.len;
    }
    s->at = s->first;
    return code;
}

bool symbols_reach(struct symbols *s, size_t len)
{
    const uint64_t from = (uint64_t)(s->at - s->first);
    struct lgz_error err = {0};
    struct span bytes;
    uint64_t ready;
    if ((size_t)(s->end - s->at) < len)
        return false;
    const int code =
        stream_reader_get_part(s->streams, s->stream, from, from + len, &bytes, &ready, &err);
    if (code == LGZ_ERR_MEMORY)
        stream_reader_lacks_memory(s->streams);
    if (code == LGZ_OK)
        s->ready = s->first + ready;
    return code == LGZ_OK;
}

/* As they stand, symbols are letters and digits (docs/format.md). */
void symbols_bytes(const struct symbols *s, struct byte_set *set)
{
    byte_set_add_all(set, s->alphabet);
    if (s->layout != SYMBOLS_PLAIN)
        return;
    byte_set_add_range(set, '0', '9');
    byte_set_add_range(set, 'A', 'Z');
    byte_set_add_range(set, 'a', 'z');
}

void symbols_clear(struct symbols *s)
{
    free(s->unpacked);
    *s = (struct symbols){.stream = -1};
}
