/*
 * test_shape_look.c - looking for strings in a column of shapes without its values: what is said
 * not to be there isn't, in columns whose symbols are so few that strings are found in many wrong
 * ways.
 */
#include "column/symbols.h"
#include "column_fixture.h"

enum { ROWS = 400, VALUE_MAX = 80, SHAPE = 6, PARTS = 8 };

struct column {
    uint8_t bytes[ROWS * VALUE_MAX];
    struct text_ref refs[ROWS];
    struct text_values values;
    size_t len;
};

/* A part of a value: literal bytes, or symbols of which there are so many. */
struct part {
    char literal[8];
    unsigned kinds;
    size_t len;
};

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static size_t random_parts(struct part parts[PARTS], uint64_t *state)
{
    static const unsigned kinds[] = {2, 3, 8, 10, 16, 62};
    const size_t count = 1 + random_below(state, PARTS);
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct part){.kinds = kinds[random_below(state, 6)],
                                 .len = 1 + random_below(state, random_percent(state, 30) ? 9 : 3)};
        if (random_percent(state, 30))
            snprintf(parts[i].literal, sizeof(parts[i].literal), "%s",
                     (const char *const[]){"-", "0", "1a", "/x_"}[random_below(state, 4)]);
    }
    return count;
}

static void add_value(struct column *c, const struct part *parts, size_t count, uint64_t *state)
{
    struct text_ref *ref = &c->refs[c->values.count++];
    ref->at = (uint32_t)c->len;
    for (size_t i = 0; i < count; i++) {
        for (const char *literal = parts[i].literal; *literal; literal++)
            c->bytes[c->len++] = (uint8_t)*literal;
        for (size_t k = 0; k < parts[i].len && !parts[i].literal[0]; k++)
            c->bytes[c->len++] = (uint8_t)alphabet[random_below(state, parts[i].kinds)];
    }
    ref->len = (uint32_t)(c->len - ref->at);
}

static void make_column(struct column *c, uint64_t *state)
{
    struct part parts[3][PARTS];
    size_t counts[3];
    const size_t kinds = 1 + random_below(state, 3);
    for (size_t i = 0; i < kinds; i++)
        counts[i] = random_parts(parts[i], state);
    c->len = 0;
    c->values = (struct text_values){c->bytes, c->refs, 0};
    for (size_t i = 0; i < ROWS; i++) {
        const size_t kind = random_below(state, kinds);
        add_value(c, parts[kind], counts[kind], state);
    }
}

static bool is_there(const struct column *c, struct span string)
{
    bool found = false;
    for (size_t i = 0; i < c->values.count && !found; i++) {
        const struct span value = text_value(&c->values, i);
        found = memmem(value.data, value.len, string.data, string.len) != NULL;
    }
    return found;
}

/* Some bytes of the column: of one value or over the border of two, perhaps with one changed, or
 * with a piece left out. */
static size_t random_string(const struct column *c, char *string, uint64_t *state)
{
    const size_t start = random_below(state, c->len - 1);
    size_t len = 1 + random_below(state, c->len - start < 40 ? c->len - start : 40);
    memcpy(string, c->bytes + start, len);
    if (random_percent(state, 30))
        string[random_below(state, len)] = alphabet[random_below(state, 12)];
    if (len > 8 && random_percent(state, 30)) {
        const size_t cut = 1 + random_below(state, len - 4);
        memmove(string + cut, string + cut + 2, len - cut - 2);
        len -= 2;
    }
    return len;
}

struct tally {
    unsigned there, told, open;
};

static void look_for(struct text_column *column, struct stream_reader *streams,
                     const struct column *c, bool folded, struct tally *tally, uint64_t *state)
{
    char bytes[64];
    const struct span span = {(const uint8_t *)bytes, random_string(c, bytes, state)};
    struct passage_string string;
    struct passage passage = {0};
    struct text_look look = {.streams = streams, .string = &string, .steps = 1 << 22};
    passage_string_init(&string, span, folded);
    text_passage(column, &look, &passage);
    const bool lacks = text_lacks(column, &look);
    if (is_there(c, span)) {
        ck_assert_msg(!lacks && passage.ends & 1, "'%.*s'", (int)span.len, bytes);
        tally->there++;
    } else if (passage.ends & 1 && span.len >= 10) {
        tally->told += lacks;
        tally->open += !lacks;
    }
}

static void look_in(const struct column *c, struct tally *tally, uint64_t *state)
{
    struct column_context ctx;
    struct packed_column packed;
    struct text_column *column;
    const struct text_stats stats = {.bytes = c->len, .min_len = 1, .max_len = VALUE_MAX};
    struct encoded e = {0};
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_BEST, &err));
    buf_push(&e.head, SHAPE);
    if (text_shape.propose(&e, &ctx, &c->values, &stats, 0)) {
        pack_column(&ctx, &e, &packed);
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(e.head.data, e.head.len);
        ck_ok(text_parse(&column, &head, streams, 0, &err));
        place_streams(streams, &packed);
        for (int i = 0; i < 300; i++)
            look_for(column, streams, c, random_percent(state, 20), tally, state);
        text_free(column);
        stream_reader_free(streams);
        free_packed(&packed);
    }
    encoded_clear(&e);
    column_context_clear(&ctx);
}

START_TEST(test_lacks)
{
    static struct column c;
    uint64_t state = random_seed();
    struct tally tally = {0};
    for (int i = 0; i < 300; i++) {
        make_column(&c, &state);
        look_in(&c, &tally, &state);
    }
    ck_assert_uint_gt(tally.there, 5000);
    ck_assert_msg(tally.told > tally.open, "%u told, %u open", tally.told, tally.open);
}
END_TEST

/* A run of symbols that is packed, whose alphabet is as it is. */
static void pack(struct encoded *e, struct column_context *ctx, struct span letters,
                 const uint8_t *numbers, size_t count)
{
    struct buf bits = {0};
    unsigned held = 0;
    uint32_t word = 0;
    for (size_t i = 0; i < count; i += 3) {
        word |= (uint32_t)(numbers[i] + 10 * numbers[i + 1] + 100 * numbers[i + 2]) << held;
        for (held += TRIPLE_BITS; held >= 8; held -= 8, word >>= 8)
            buf_push(&bits, (uint8_t)word);
    }
    buf_push(&bits, (uint8_t)word);
    buf_push(&e->head, SYMBOLS_TRIPLES);
    buf_push(&e->head, (uint8_t)letters.len);
    buf_append(&e->head, letters.data, letters.len);
    encoded_add_stream(e, ctx, STREAM_PACKED, 0, &bits);
}

/* Packed symbols are searched as they stand: at each place, for each length. */
static void search_packed(struct span letters, uint64_t *state)
{
    enum { COUNT = 300 };
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct symbols s;
    uint8_t numbers[COUNT + 3] = {0};
    const size_t count = random_below(state, COUNT);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (uint8_t)random_below(state, letters.len);
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    pack(&e, &ctx, letters, numbers, count);
    pack_column(&ctx, &e, &packed);
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(symbols_parse(&s, &head, streams));
    place_streams(streams, &packed);
    ck_ok(symbols_open(&s, streams, &err));
    for (int i = 0; i < 200 && count; i++) {
        const size_t at = random_below(state, count);
        const size_t left = count - at < PASSAGE_MAX ? count - at : PASSAGE_MAX;
        uint8_t bytes[PASSAGE_MAX];
        const struct span string = {bytes, 1 + random_below(state, left)};
        memcpy(bytes, s.at + at, string.len);
        ck_assert(symbols_may_hold(&s, streams, string));
        bytes[random_below(state, string.len)] = letters.data[random_below(state, letters.len)];
        const bool there = memmem(s.at, (size_t)(s.end - s.at), bytes, string.len);
        const bool may = symbols_may_hold(&s, streams, string);
        ck_assert(string.len < 5 ? may : may == there);
    }
    symbols_clear(&s);
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}

START_TEST(test_packed)
{
    uint64_t state = random_seed();
    for (unsigned kinds = 1; kinds <= TRIPLE_SYMBOLS; kinds++)
        for (int i = 0; i < 40; i++)
            search_packed((struct span){(const uint8_t *)"01234567ab", kinds}, &state);
}
END_TEST

/* A letter with two numbers: nothing is told, as either may stand there. */
START_TEST(test_letters_twice)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct symbols s;
    const uint8_t numbers[12] = {0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2};
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    pack(&e, &ctx, (struct span){(const uint8_t *)"aba", 3}, numbers, 12);
    pack_column(&ctx, &e, &packed);
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(symbols_parse(&s, &head, streams));
    place_streams(streams, &packed);
    ck_assert(symbols_may_hold(&s, streams, (struct span){(const uint8_t *)"aaaaaaaa", 8}));
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_lacks);
    tcase_add_test(tc, test_packed);
    tcase_add_test(tc, test_letters_twice);
}

int main(void)
{
    return run_suite("shape_look", add_tests, 60);
}
