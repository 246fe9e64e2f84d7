/*
 * test_formula.c - numbers computed from other columns' numbers: they come back, whatever the
 * others put out and however they are written, and damage gives an error.
 */
#include "column/formula.h"

#include "column_fixture.h"
#include "passage_fixture.h"
#include "suite.h"

enum { ROWS = 600, COLUMNS = 4, TEXT = 1, HEX = 2, TIMES = 3 };

struct sample {
    struct formula formula;
    struct formula_look look;
    uint64_t values[ROWS];
    char texts[ROWS][64]; /* what the columns put out */
    char hexes[ROWS][32];
    uint64_t times[ROWS];
    size_t rows;
    bool plain; /* texts are numbers without a point */
};

static struct span print(const struct formula_look *look, uint64_t number, uint8_t *room)
{
    uint8_t *at = formula_print(look, number, room + FORMULA_MAX);
    return (struct span){at, (size_t)(room + FORMULA_MAX - at)};
}

/* struct text_look */
static bool range_of(void *context, uint32_t column, bool time, struct number_range *range)
{
    const struct sample *s = context;
    *range = (struct number_range){UINT64_MAX, 0};
    if (time ? column != TIMES : column != TEXT || !s->plain)
        return false;
    for (size_t i = 0; i < s->rows; i++) {
        const uint64_t number = time ? s->times[i] : decimal_value(span_of(s->texts[i]));
        range->least = number < range->least ? number : range->least;
        range->greatest = number > range->greatest ? number : range->greatest;
    }
    return true;
}

/* Parts of values are where they may be, as far as is known. */
static void look_at(struct text_column *c, struct stream_reader *streams, struct sample *s)
{
    struct text_look look = {.streams = streams, .range = range_of, .context = s};
    uint64_t state = s->rows;
    uint8_t room[FORMULA_MAX];
    for (size_t i = 0; i < 50; i++) {
        const struct span value = print(&s->look, s->values[i % s->rows], room);
        char text[FORMULA_MAX + 1];
        snprintf(text, sizeof(text), "%.*s", (int)value.len, (const char *)value.data);
        require_passage(c, &look, text, &state);
    }
}

/* How many rows come back. */
static size_t decode(struct sample *s, struct packed_column *packed, struct span head)
{
    struct stream_reader *streams = new_streams();
    struct reader r = reader_of(head.data, head.len);
    struct text_column *c = NULL;
    struct span last[COLUMNS] = {{NULL, 0}};
    uint64_t times[COLUMNS] = {0};
    uint8_t room[FORMULA_MAX];
    size_t good = 0;
    struct span value;
    if (text_parse(&c, &r, streams, 0, &err) == LGZ_OK) {
        place_streams(streams, packed);
        look_at(c, streams, s);
        ck_ok(text_open(c, streams, 1000, &err));
        c->batch.last = last;
        c->batch.times = times;
        c->batch.columns = COLUMNS;
        c->batch.self = &last[0];
        for (; good < s->rows; good++) {
            last[TEXT] = span_of(s->texts[good]);
            last[HEX] = span_of(s->hexes[good]);
            times[TIMES] = s->times[good];
            if (!text_take(c, &value) || !span_equal(value, print(&s->look, s->values[good], room)))
                break;
        }
    }
    text_free(c);
    stream_reader_free(streams);
    return good;
}

static uint64_t number_at(const struct sample *s, const struct formula_term *t, size_t row)
{
    if (t->notation == FORMULA_TIME)
        return t->column == TIMES ? s->times[row] : 0;
    const char *const texts[COLUMNS] = {"", s->texts[row], s->hexes[row], ""};
    return formula_number(span_of(texts[t->column % COLUMNS]), t->notation);
}

/* @return bytes that the column takes; 0 if it doesn't come back */
static size_t round_trip(struct sample *s)
{
    static uint64_t results[ROWS];
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    for (size_t i = 0; i < s->rows; i++) {
        uint64_t sum = 0;
        for (unsigned k = 0; k < s->formula.count; k++)
            sum += (uint64_t)s->formula.terms[k].factor * number_at(s, &s->formula.terms[k], i);
        results[i] = formula_result(&s->formula, sum);
    }
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    formula_encode(&e, &ctx, &s->formula, &s->look, s->values, results, s->rows);
    pack_column(&ctx, &e, &packed);
    size_t size = e.head.len + packed.frames.len;
    size_t good = decode(s, &packed, buf_span(&e.head));
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    return good == s->rows ? size : 0;
}

static uint64_t number(const char *text, unsigned notation)
{
    return formula_number(span_of(text), notation);
}

START_TEST(test_number)
{
    ck_assert_uint_eq(number("0", 0), 0);
    ck_assert_uint_eq(number("0012", 0), 12);
    ck_assert_uint_eq(number("12.5", 0), 12);
    ck_assert_uint_eq(number("12.5", 3), 12500);
    ck_assert_uint_eq(number("12.", 3), 12000);
    ck_assert_uint_eq(number("12.3456ms", 3), 12345);
    ck_assert_uint_eq(number("1.2.3", 1), 12);
    ck_assert_uint_eq(number(".5", 1), 0);
    ck_assert_uint_eq(number("", 18), 0);
    ck_assert_uint_eq(number("-1", 0), 0);
    ck_assert_uint_eq(number("999999999999999999", 0), 999999999999999999);
    ck_assert_uint_eq(number("999999999999999999", 1), 0);
    ck_assert_uint_eq(number("1000000000000000000", 0), 0);
    ck_assert_uint_eq(number("00000000000000000000000000", 0), 0);
    ck_assert_uint_eq(number("ffFF", FORMULA_HEX), 65535);
    ck_assert_uint_eq(number("1fg", FORMULA_HEX), 31);
    ck_assert_uint_eq(number("ffffffffffffffff", FORMULA_HEX), UINT64_MAX);
    ck_assert_uint_eq(number("ffffffffffffffff0", FORMULA_HEX), 0);
}
END_TEST

static void require_print(struct formula_look look, uint64_t value, const char *text)
{
    uint8_t room[FORMULA_MAX];
    ck_assert_msg(span_equal(print(&look, value, room), span_of(text)), "%s", text);
}

START_TEST(test_print)
{
    require_print((struct formula_look){0}, 0, "0");
    require_print((struct formula_look){.digits = 3}, 1, "0.001");
    require_print((struct formula_look){.digits = 3}, 12000, "12.000");
    require_print((struct formula_look){3, true, 0, {0}}, 12000, "12");
    require_print((struct formula_look){3, true, 0, {0}}, 12050, "12.05");
    require_print((struct formula_look){3, true, 2, "ms"}, 0, "0ms");
    require_print((struct formula_look){18, false, 8, "abcdefgh"}, UINT64_MAX,
                  "18.446744073709551615abcdefgh");
}
END_TEST

/* Rounded down, below 0 as well. */
START_TEST(test_result)
{
    const struct formula f = {1, {{0}}, 10, 5};
    ck_assert_uint_eq(formula_result(&f, 14), 1);
    ck_assert_uint_eq(formula_result(&f, 15), 2);
    ck_assert_uint_eq(formula_result(&f, (uint64_t)-5), 0);
    ck_assert_uint_eq(formula_result(&f, (uint64_t)-6), (uint64_t)-1);
}
END_TEST

/* Bytes and KB with one digit behind the point. */
START_TEST(test_unit)
{
    static struct sample s;
    uint64_t state = 3;
    s.rows = ROWS;
    s.formula = (struct formula){1, {{TEXT, 0, 10}}, 1024, 512};
    s.look = (struct formula_look){1, false, 2, "KB"};
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t bytes = random_below(&state, 10000000);
        snprintf(s.texts[i], sizeof(s.texts[i]), "%llu", (unsigned long long)bytes);
        s.values[i] = (bytes * 10 + 512) / 1024;
    }
    size_t size = round_trip(&s);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_lt(size, 24);
    s.formula.terms[0].column = COLUMNS; /* there is no such column */
    ck_assert_uint_eq(round_trip(&s), 0);
    s.formula.terms[0] = (struct formula_term){TEXT, FORMULA_NOTATIONS, 10};
    ck_assert_uint_eq(round_trip(&s), 0);
}
END_TEST

/* Any formula over any texts comes back. */
START_TEST(test_random)
{
    static const char *const odd[] = {"",  "x",   "-7",  "00.5", "999999999999999999",  "1.5.5",
                                      "7", "12.", "0x1", "1e9",  "18446744073709551616"};
    static struct sample s;
    uint64_t state = random_seed() + (uint64_t)_i;
    /* Every second one is of numbers of which all is known. */
    s = (struct sample){.rows = 1 + random_below(&state, ROWS), .plain = _i % 2};
    const unsigned size = s.plain ? 8 : 0;
    s.formula.count = 1 + (unsigned)random_below(&state, FORMULA_TERMS);
    for (unsigned i = 0; i < s.formula.count; i++) {
        const uint32_t column = 1 + (uint32_t)random_below(&state, 3);
        const unsigned notation = (unsigned)random_below(&state, FORMULA_NOTATIONS);
        s.formula.terms[i] = (struct formula_term){column, (uint8_t)notation,
                                                   (int64_t)random_next(&state) >>
                                                       (size ? 60 : random_below(&state, 64))};
        if (s.plain)
            s.formula.terms[i].column = notation == FORMULA_TIME ? TIMES : TEXT;
    }
    s.formula.divisor = 1 + (random_next(&state) >> (2 + random_below(&state, 62)));
    s.formula.offset = s.formula.divisor > 1 ? (int64_t)random_next(&state) >> size : 0;
    s.look.digits = (uint8_t)random_below(&state, FORMULA_DIGITS + 1);
    s.look.trimmed = random_percent(&state, 50);
    s.look.suffix_len = (uint8_t)random_below(&state, FORMULA_SUFFIX + 1);
    memcpy(s.look.suffix, "abcdefgh", FORMULA_SUFFIX);
    for (size_t i = 0; i < s.rows; i++) {
        const char *text = odd[random_below(&state, 11)];
        s.values[i] = random_next(&state) >> random_below(&state, 64);
        s.times[i] = random_next(&state) >> size;
        snprintf(s.hexes[i], sizeof(s.hexes[i]), "%llx", (unsigned long long)random_next(&state));
        if (s.plain)
            snprintf(s.texts[i], sizeof(s.texts[i]), "%u",
                     (unsigned)random_next(&state) >> _i % 32);
        else if (random_percent(&state, 20))
            snprintf(s.texts[i], sizeof(s.texts[i]), "%s", text);
        else
            snprintf(s.texts[i], sizeof(s.texts[i]), "%llu.%u",
                     (unsigned long long)random_next(&state) >> random_below(&state, 64),
                     (unsigned)random_below(&state, 1000000));
    }
    ck_assert_uint_gt(round_trip(&s), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_number);
    tcase_add_test(tc, test_print);
    tcase_add_test(tc, test_result);
    tcase_add_test(tc, test_unit);
    tcase_add_loop_test(tc, test_random, 0, 60);
}

int main(void)
{
    return run_suite("formula", add_tests, 0);
}
