/*
 * test_text.c - columns of strings come back as they were, in every encoding; and each encoding is
 * chosen where it should be.
 */
#include "column_fixture.h"

enum { ROWS = 1200 };

/* Tags, as stored: the index into the table of text.c. */
enum tag {
    CONSTANT,
    RAW,
    INTEGER,
    DICTIONARY,
    SPLIT,
    RECENT,
    SHAPE,
    KEYED,
    FRACTION,
    DIFFERENCE,
    HEX,
    COPIED,
    CUT,
    FORMULA
};

struct column {
    struct buf bytes;
    struct text_ref refs[ROWS];
    size_t count;
};

static void add(struct column *c, const void *data, size_t len)
{
    c->refs[c->count++] = (struct text_ref){(uint32_t)c->bytes.len, (uint32_t)len};
    buf_append(&c->bytes, data, len);
}

static void add_text(struct column *c, const char *text)
{
    add(c, text, strlen(text));
}

static void require_values(struct text_column *column, const struct text_values *v)
{
    uint8_t copy[4096 + SLACK];
    for (size_t i = 0; i < v->count; i++) {
        struct span value;
        ck_assert_msg(text_take(column, &value), "row %zu is missing", i);
        ck_assert_msg(span_equal(value, text_value(v, i)), "row %zu", i);
        memcpy(copy, value.data, value.len + SLACK); /* that much may be read of any value */
    }
}

/* Leave out some values, one by one or many at once, and take others. */
static void require_some_values(struct text_column *column, const struct text_values *v)
{
    uint64_t state = v->count;
    for (size_t i = 0; i < v->count; i++) {
        struct span value;
        const size_t most = random_percent(&state, 20) ? 100 : 3;
        size_t left_out = random_below(&state, most < v->count - i ? most : v->count - i);
        i += left_out;
        if (random_percent(&state, 30))
            ck_assert(text_skip(column, left_out));
        else if (random_percent(&state, 50))
            ck_assert(text_pass_many(column, left_out));
        else
            for (; left_out; left_out--)
                ck_assert(text_pass(column));
        ck_assert_msg(text_take(column, &value), "row %zu is missing", i);
        ck_assert_msg(span_equal(value, text_value(v, i)), "row %zu", i);
    }
}

/* What is known of the values without going through rows holds for each of them. */
static void require_look(struct text_column *column, struct stream_reader *streams,
                         const struct text_values *v)
{
    uint64_t state = v->count;
    for (size_t i = 0; i < v->count; i += 1 + random_below(&state, v->count)) {
        const struct span value = text_value(v, i);
        struct passage_string string;
        struct text_look look = {.streams = streams, .string = &string, .steps = 1 << 22};
        struct passage passage = {0};
        struct byte_set set = {0};
        const bool known = text_bytes(column, &look, &set);
        for (size_t k = 0; k < value.len; k++)
            ck_assert(!known || byte_set_has(&set, value.data[k]));
        if (value.len == 0)
            continue;
        const size_t at = random_below(&state, value.len);
        passage_string_init(
            &string, (struct span){value.data + at, 1 + random_below(&state, value.len - at)},
            false);
        text_passage(column, &look, &passage);
        ck_assert_msg(passage.ends & 1, "row %zu", i);
        ck_assert_msg(!text_lacks(column, &look), "row %zu", i);
    }
}

/* Encode, decode, compare. @return the tag */
static uint8_t require_round_trip(const struct column *c, enum lgz_level level)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct text_column *column;
    struct text_values v = {c->bytes.data ? c->bytes.data : (const uint8_t *)"", c->refs, c->count};
    ck_ok(column_context_init(&ctx, level, &err));
    text_encode(&e, &ctx, &v, 0);
    pack_column(&ctx, &e, &packed);
    uint8_t tag = e.head.data[0];
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_ok(text_parse(&column, &head, streams, 0, &err));
    ck_assert_uint_eq(reader_left(&head), 0);
    place_streams(streams, &packed);
    ck_ok(text_open(column, streams, c->bytes.len, &err));
    require_values(column, &v);
    text_free(column);
    /* The same heads once more. */
    stream_reader_again(streams);
    head = reader_of(e.head.data, e.head.len);
    ck_ok(text_parse(&column, &head, streams, 0, &err));
    require_look(column, streams, &v);
    ck_ok(text_open(column, streams, c->bytes.len, &err));
    require_some_values(column, &v);
    text_free(column);
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    return tag;
}

static void require_tag(struct column *c, enum tag tag)
{
    for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++)
        ck_assert_int_eq(require_round_trip(c, (enum lgz_level)level), tag);
    buf_free(&c->bytes);
    *c = (struct column){0};
}

START_TEST(test_choice)
{
    static struct column c;
    static const char *const words[] = {"accepted", "refused", "closed", "timeout"};
    uint64_t state = 4;
    char text[64];
    require_tag(&c, CONSTANT);
    for (int i = 0; i < ROWS; i++)
        add_text(&c, "same");
    require_tag(&c, CONSTANT);
    for (int i = 0; i < 50; i++)
        add_text(&c, "");
    require_tag(&c, CONSTANT);
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof(text), "%d", i * 3 + 999);
        add_text(&c, text);
    }
    require_tag(&c, INTEGER);
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof(text), "%07d", i * 3);
        add_text(&c, text);
    }
    require_tag(&c, INTEGER);
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof(text), "%020llu",
                 (unsigned long long)(UINT64_MAX - 977 * (uint64_t)i));
        add_text(&c, text);
    }
    require_tag(&c, INTEGER);
    for (int i = 0; i < ROWS; i++)
        add_text(&c, words[random_below(&state, 4)]);
    require_tag(&c, DICTIONARY);
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof(text), "10.0.%d.%d", (int)random_below(&state, 250),
                 (int)random_below(&state, 250));
        add_text(&c, text);
    }
    require_tag(&c, SPLIT);
}
END_TEST

/* What no encoding but raw takes, or takes by halves. */
START_TEST(test_odd_values)
{
    static const char *const odd[] = {
        "",   "0",  "00", "01",   "9223372036854775807",  "9223372036854775808",       "-1",
        "0x", "1e", "\r", "a\tb", "9999999999999999999",  "18446744073709551615",      "v",
        "r",  "t",  "\v", "\x7f", "99999999999999999999", "0000000000000000000000001",
    };
    enum { ODD = sizeof(odd) / sizeof(*odd) };
    static struct column c;
    uint64_t state = random_seed();
    for (int round = 0; round < 400; round++) {
        size_t kinds = 1 + random_below(&state, ODD);
        size_t from = random_below(&state, ODD);
        size_t rows = 1 + random_below(&state, 90);
        for (size_t i = 0; i < rows; i++)
            add_text(&c, odd[(from + random_below(&state, kinds)) % ODD]);
        if (round % 3 == 0)
            add(&c, "\0x", 2);
        require_round_trip(&c, (enum lgz_level)(LGZ_LEVEL_FAST + round % 3));
        buf_free(&c.bytes);
        c = (struct column){0};
    }
}
END_TEST

/* Values that come back soon, and sometimes after a long time. */
START_TEST(test_recent)
{
    static struct column c;
    uint64_t state = random_seed();
    bool seen[UINT8_MAX + 1] = {0};
    for (int round = 0; round < 60; round++) {
        unsigned window = 2 + (unsigned)random_below(&state, 40);
        for (unsigned i = 0; i < ROWS; i++) {
            char text[40];
            unsigned id = i / 3 > window ? i / 3 - (unsigned)random_below(&state, window) : i / 3;
            if (random_percent(&state, 2))
                id = (unsigned)random_below(&state, i / 3 + 1);
            snprintf(text, sizeof(text), "%s%x", round % 2 ? "blk_" : "", id * 2654435761U);
            add_text(&c, text);
        }
        seen[require_round_trip(&c, (enum lgz_level)(LGZ_LEVEL_FAST + round % 3))] = true;
        buf_free(&c.bytes);
        c = (struct column){0};
    }
    ck_assert_msg(seen[RECENT], "no column of values that come back soon was coded so");
}
END_TEST

static void add_symbols(struct buf *out, uint64_t *state, unsigned kinds, unsigned len)
{
    static const char symbols[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned i = 0; i < len; i++)
        buf_push(out, (uint8_t)symbols[random_below(state, kinds)]);
}

/* Random ids: fixed letters, letters and digits of several alphabets, several lengths. */
static void add_random_id(struct column *c, uint64_t *state, unsigned kinds, unsigned shapes)
{
    struct buf id = {0};
    buf_append_string(&id, "req-");
    add_symbols(&id, state, kinds, 8);
    buf_push(&id, '/');
    add_symbols(&id, state, 16, 4 + (unsigned)random_below(state, shapes));
    buf_append_string(&id, "-4");
    add_symbols(&id, state, 2, 1);
    add_symbols(&id, state, 10, 30);
    add(c, id.data, id.len);
    buf_free(&id);
}

START_TEST(test_shape)
{
    static struct column c;
    uint64_t state = random_seed();
    for (int i = 0; i < ROWS; i++)
        add_random_id(&c, &state, 62, 3);
    require_tag(&c, SHAPE);
    for (int round = 0; round < 200; round++) {
        size_t rows = 16 + random_below(&state, 100);
        unsigned kinds = 1 + (unsigned)random_below(&state, 62);
        for (size_t i = 0; i < rows; i++)
            add_random_id(&c, &state, kinds, 1 + (unsigned)round % 9);
        if (round % 10 == 0)
            add(&c, "\1\2\3\4\5\6\7ids", 10); /* classes, in the text */
        require_round_trip(&c, (enum lgz_level)(LGZ_LEVEL_FAST + round % 3));
        buf_free(&c.bytes);
        c = (struct column){0};
    }
}
END_TEST

/* The fewest digits that give `x` again, in one of the notations; an independent way to print. */
static void add_double(struct column *c, double x, unsigned notation, bool zero)
{
    char text[64];
    int digits = 1;
    int lowest = notation == 0 ? -99 : notation == 1 ? -4 : -6;
    do
        snprintf(text, sizeof(text), "%.*e", digits - 1, x);
    while (strtod(text, NULL) != x && digits++ < 17);
    char *mark = strchr(text, 'e');
    int exponent = atoi(mark + 1);
    if (x == 0 || exponent >= lowest)
        snprintf(text, sizeof(text), "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 0, x);
    else
        snprintf(mark, 16, "e-%0*d", notation == 1 ? 2 : 1, -exponent);
    if (zero && !strpbrk(text, ".e"))
        strcat(text, ".0");
    add_text(c, text);
}

START_TEST(test_fraction)
{
    static struct column c;
    uint64_t state = random_seed();
    unsigned found = 0;
    for (unsigned round = 0; round < 300; round++) {
        unsigned bits = 1 + (unsigned)random_below(&state, 45);
        unsigned power = (unsigned)random_below(&state, 31);
        bool negative = random_percent(&state, 30);
        for (size_t i = 0; i < 100; i++) {
            double x = (double)random_below(&state, UINT64_C(1) << bits);
            for (unsigned k = 0; k < power; k++)
                x /= 2;
            add_double(&c, x != 0 && negative && i % 3 ? -x : x, round / 3 % 3, round % 4 < 2);
        }
        found += require_round_trip(&c, (enum lgz_level)(LGZ_LEVEL_FAST + round % 3)) == FRACTION;
        buf_free(&c.bytes);
        c = (struct column){0};
    }
    ck_assert_msg(found > 100, "%u columns of 300 were taken for fractions", found);
    for (int i = 0; i < ROWS; i++)
        add_double(&c, (double)random_below(&state, 1 << 16) / (1 << 22), 0, false);
    require_tag(&c, FRACTION);
}
END_TEST

START_TEST(test_hex)
{
    static struct column c;
    uint64_t state = random_seed();
    char text[64];
    unsigned found = 0;
    for (unsigned round = 0; round < 300; round++) {
        bool padded = random_percent(&state, 50);
        uint64_t number = random_next(&state) >> random_below(&state, 64);
        for (size_t i = 0; i < 200; i++) {
            number += random_below(&state, 1000);
            uint64_t shown = random_percent(&state, 1) ? random_next(&state) : number;
            snprintf(text, sizeof(text), round % 4 < 2 ? "session:0x%0*llx" : "0A-%0*llX",
                     padded ? 16 : 1, (unsigned long long)shown);
            add_text(&c, text);
        }
        found += require_round_trip(&c, (enum lgz_level)(LGZ_LEVEL_FAST + round % 3)) == HEX;
        buf_free(&c.bytes);
        c = (struct column){0};
    }
    ck_assert_msg(found > 100, "%u columns of 300 were taken for hexadecimal numbers", found);
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof(text), "f00d%08x", 77 * i);
        add_text(&c, text);
    }
    require_tag(&c, HEX);
}
END_TEST

START_TEST(test_damaged_heads)
{
    /* Each nests a level deeper than the last. */
    uint8_t deep[64];
    memset(deep, DICTIONARY, sizeof(deep));
    for (size_t i = 1; i < sizeof(deep); i += 2)
        deep[i] = 1;
    const struct span bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\x77", 1},                      /* no such encoding */
        {(const uint8_t *)"\x00\x05", 2},                  /* a constant cut short */
        {(const uint8_t *)"\x01", 1},                      /* raw without length */
        {(const uint8_t *)"\x02\x15\x00\x00", 4},          /* integers of 21 digits */
        {(const uint8_t *)"\x04\x00\x00", 3},              /* a split without patterns */
        {(const uint8_t *)"\x06\x00\x00", 3},              /* shapes, but none */
        {(const uint8_t *)"\x06\x01\x00\x01x\x03", 6},     /* symbols in no known layout */
        {(const uint8_t *)"\x08\x08\x00\x16\x00\x01", 6},  /* fractions with an unknown flag, */
        {(const uint8_t *)"\x08\x00\x03\x16\x00\x01", 6},  /* notation, */
        {(const uint8_t *)"\x08\x00\x00\x1f\x00\x01", 6},  /* and power */
        {(const uint8_t *)"\x0a\x01x\x00\x11\x00\x01", 7}, /* 17 hexadecimal digits */
        {(const uint8_t *)"\x0a\x05x\x00", 4},             /* a text that is cut short */
        {deep, sizeof(deep)},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct text_column *column = NULL;
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(bad[i].data, bad[i].len);
        ck_assert_msg(text_parse(&column, &head, streams, 0, &err) != LGZ_OK, "head %zu", i);
        ck_assert(err.code == LGZ_ERR_CORRUPT || err.code == LGZ_ERR_VERSION);
        stream_reader_free(streams);
    }
}
END_TEST

/* Entries of no bytes would cost memory that no limit on bytes bounds. */
START_TEST(test_empty_entries)
{
    static const uint8_t patterns[] = {SPLIT, 2, 0, CONSTANT, 0, 0, 0};
    struct text_column *column = NULL;
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(patterns, sizeof(patterns));
    ck_ok(text_parse(&column, &head, streams, 0, &err));
    ck_assert_uint_eq(reader_left(&head), 0);
    ck_assert_int_eq(text_open(column, streams, 1000, &err), LGZ_ERR_CORRUPT);
    text_free(column);
    stream_reader_free(streams);
}
END_TEST

/* Short strings are copied by 16 bytes: right, and no more than SLACK too far. */
START_TEST(test_slack_copy)
{
    uint8_t from[SLACK_LONG + 3 * SLACK];
    uint8_t to[SLACK_LONG + 4 * SLACK];
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (uint8_t)(i + 1);
    for (size_t len = 0; len <= SLACK_LONG + 2 * SLACK; len++) {
        memset(to, 0, sizeof(to));
        slack_copy(to, from, len);
        ck_assert_int_eq(memcmp(to, from, len), 0);
        for (size_t i = len + SLACK; i < sizeof(to); i++)
            ck_assert_uint_eq(to[i], 0);
    }
}
END_TEST

/* Values longer than any room that is free, put together from parts: the room moves under them. */
START_TEST(test_long_values)
{
    static struct column c;
    char text[512];
    for (int i = 0; i < ROWS; i++) {
        int len = snprintf(text, sizeof(text), "%0*d", 1 + i % 400, i % 10);
        snprintf(text + len, sizeof(text) - (size_t)len, "x%dy%s", i * 7, i % 3 ? "a" : "bc");
        add_text(&c, text);
    }
    require_tag(&c, SPLIT);
}
END_TEST

/* Hosts and paths that are drawn apart, with values that have no such place in between. */
START_TEST(test_cut)
{
    for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++) {
        uint64_t state = 77;
        struct column c = {0};
        for (size_t i = 0; i < ROWS; i++) {
            char value[100];
            unsigned long host = random_below(&state, 60) * 7919;
            unsigned long path = random_below(&state, 60) * 104729;
            snprintf(value, sizeof(value), i % 50 ? "//host-%lx.example/%lx/page" : "none", host,
                     path);
            add_text(&c, value);
        }
        uint8_t tag = require_round_trip(&c, (enum lgz_level)level);
        ck_assert_uint_eq(tag, CUT);
        buf_free(&c.bytes);
    }
}
END_TEST

/*
 * Values of no bytes in two parts would cost time that no limit on bytes bounds: a tree of such
 * columns takes hundreds of parts for each value.
 */
START_TEST(test_cut_of_nothing)
{
    static const uint8_t both[] = {CUT, CONSTANT, 0, CONSTANT, 0};
    static const uint8_t one[] = {CUT, CUT, CONSTANT, 0, CONSTANT, 1, 'x', CONSTANT, 0};
    const struct span heads[] = {{both, sizeof(both)}, {one, sizeof(one)}};
    for (int i = 0; i < 2; i++) {
        struct text_column *column = NULL;
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(heads[i].data, heads[i].len);
        struct span value;
        ck_ok(text_parse(&column, &head, streams, 0, &err));
        ck_assert_uint_eq(reader_left(&head), 0);
        ck_ok(text_open(column, streams, 1000, &err));
        ck_assert_int_eq(text_take(column, &value), i);
        ck_assert(i == 0 || span_equal(value, span_of("x")));
        text_free(column);
        stream_reader_free(streams);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_choice);
    tcase_add_test(tc, test_odd_values);
    tcase_add_test(tc, test_recent);
    tcase_add_test(tc, test_shape);
    tcase_add_test(tc, test_fraction);
    tcase_add_test(tc, test_hex);
    tcase_add_test(tc, test_cut);
    tcase_add_test(tc, test_cut_of_nothing);
    tcase_add_test(tc, test_damaged_heads);
    tcase_add_test(tc, test_empty_entries);
    tcase_add_test(tc, test_slack_copy);
    tcase_add_test(tc, test_long_values);
}

int main(void)
{
    return run_suite("text", add_tests, 60);
}
