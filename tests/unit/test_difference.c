/*
 * test_difference.c - numbers as differences to another column's: they come back, whatever the
 * other column puts out, and damage gives an error.
 */
#include "column/difference.h"

#include "base/decimal.h"
#include "column_fixture.h"
#include "passage_fixture.h"
#include "suite.h"

enum { ROWS = 2000, COLUMNS = 3, KEY = 2 };

struct sample {
    uint64_t values[ROWS];
    char others[ROWS][32]; /* what the other column puts out */
    size_t rows;
};

/* struct text_look: only numbers are known. */
static bool range_of(void *context, uint32_t column, bool time, struct number_range *range)
{
    const struct sample *s = context;
    *range = (struct number_range){UINT64_MAX, 0};
    for (size_t i = 0; i < s->rows; i++) {
        const struct span other = span_of(s->others[i]);
        if (column != KEY || time || other.len > DIFFERENCE_DIGITS || !decimal_is(other))
            return false;
        const uint64_t number = decimal_value(other);
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
    for (size_t i = 0; i < 50; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)s->values[i % s->rows]);
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
    char wanted[32];
    size_t good = 0;
    struct span value;
    if (text_parse(&c, &r, streams, 0, &err) == LGZ_OK) {
        place_streams(streams, packed);
        look_at(c, streams, s);
        ck_ok(text_open(c, streams, 1000, &err));
        c->batch.last = last;
        c->batch.columns = COLUMNS;
        c->batch.self = &last[0];
        for (; good < s->rows; good++) {
            last[KEY] = span_of(s->others[good]);
            snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)s->values[good]);
            if (!text_take(c, &value) || !span_equal(value, span_of(wanted)))
                break;
        }
    }
    text_free(c);
    stream_reader_free(streams);
    return good;
}

/* @return bytes that the column takes */
static size_t round_trip(struct sample *s, size_t column)
{
    static uint64_t others[ROWS];
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    for (size_t i = 0; i < s->rows; i++)
        others[i] = difference_number(span_of(s->others[i]));
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    difference_encode(&e, &ctx, s->values, others, s->rows, (uint32_t)column);
    pack_column(&ctx, &e, &packed);
    size_t size = e.head.len + packed.frames.len;
    size_t good = decode(s, &packed, buf_span(&e.head));
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    return good == s->rows ? size : 0;
}

START_TEST(test_number)
{
    ck_assert_uint_eq(difference_number(span_of("0")), 0);
    ck_assert_uint_eq(difference_number(span_of("0012")), 12);
    ck_assert_uint_eq(difference_number(span_of("999999999999999999")), 999999999999999999);
    ck_assert_uint_eq(difference_number(span_of("1000000000000000000")), 0);
    ck_assert_uint_eq(difference_number(span_of("")), 0);
    ck_assert_uint_eq(difference_number(span_of("-1")), 0);
    ck_assert_uint_eq(difference_number(span_of("1x")), 0);
}
END_TEST

START_TEST(test_constant_difference)
{
    struct sample s = {.rows = ROWS};
    uint64_t state = 3;
    for (size_t i = 0; i < ROWS; i++) {
        s.values[i] = 100000 + random_below(&state, 1000000);
        snprintf(s.others[i], sizeof(s.others[i]), "%llu", (unsigned long long)s.values[i] - 5);
    }
    size_t size = round_trip(&s, KEY);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_lt(size, 10);
    /* There is no such column; and another one puts out other things. */
    ck_assert_uint_eq(round_trip(&s, COLUMNS), 0);
    ck_assert_uint_eq(round_trip(&s, 1), 0);
}
END_TEST

START_TEST(test_random)
{
    static const char *const odd[] = {
        "", "x", "-7", "00", "999999999999999999", "1234567890123456789", "18446744073709551616"};
    uint64_t state = random_seed() + (uint64_t)_i;
    struct sample s = {.rows = 1 + random_below(&state, ROWS)};
    for (size_t i = 0; i < s.rows; i++) {
        s.values[i] = random_next(&state) % 1000000000000000000 >> random_below(&state, 60);
        if (random_percent(&state, 20))
            snprintf(s.others[i], sizeof(s.others[i]), "%s", odd[random_below(&state, 7)]);
        else
            snprintf(s.others[i], sizeof(s.others[i]), "%llu",
                     (unsigned long long)random_next(&state) >> random_below(&state, 64));
    }
    ck_assert_uint_gt(round_trip(&s, KEY), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_number);
    tcase_add_test(tc, test_constant_difference);
    tcase_add_loop_test(tc, test_random, 0, 30);
}

int main(void)
{
    return run_suite("difference", add_tests, 0);
}
