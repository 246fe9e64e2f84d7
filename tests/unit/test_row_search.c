/*
 * test_row_search.c - the rows that are told to hold a string are those whose values do.
 */
#include "column/row_search.h"
#include "column_fixture.h"

enum { ROWS = 300, SEARCHES = 40, FORMS = 6 };

struct column {
    struct buf bytes;
    struct text_ref refs[ROWS];
};

/* Values of one column look alike, in some ways. */
static void add_value(struct column *c, uint64_t *state, size_t row, int form)
{
    static const unsigned most[] = {3, 12, 256, 5000};
    const unsigned a = (unsigned)random_below(state, most[random_below(state, 4)]);
    const unsigned b = (unsigned)random_below(state, most[random_below(state, 3)]);
    const size_t at = c->bytes.len;
    switch (form) {
    case 0:
        buf_printf(&c->bytes, "10.%u.%u.%u", (unsigned)random_below(state, 256),
                   (unsigned)(row / 100), (unsigned)random_below(state, 256));
        break;
    case 1:
        buf_printf(&c->bytes, "%u", a);
        break;
    case 2:
        buf_printf(&c->bytes, "%04u", a);
        break;
    case 3:
        buf_printf(&c->bytes, b % 2 ? "id-%u/%u:" : "%u.%u", a, b);
        break;
    case 4:
        buf_printf(&c->bytes, "%llu",
                   (unsigned long long)random_next(state) >> random_below(state, 3));
        break;
    default:
        buf_printf(&c->bytes, b % 7 ? "x%02uy%03uz%u" : "xyz%u", b % 40, a % 300, b);
    }
    c->refs[row] = (struct text_ref){(uint32_t)at, (uint32_t)(c->bytes.len - at)};
}

/* A part of a value, at times with a byte changed. */
static struct span draw_string(uint64_t *state, const struct text_values *v, uint8_t *room)
{
    static const char others[] = "0123456789.:/x-";
    const struct span value = text_value(v, random_below(state, v->count));
    const size_t at = random_below(state, value.len);
    const size_t len = 1 + random_below(state, value.len - at);
    memcpy(room, value.data + at, len);
    if (random_percent(state, 30))
        room[random_below(state, len)] = (uint8_t)others[random_below(state, sizeof(others) - 1)];
    return (struct span){room, len};
}

static void require_rows(const struct text_values *v, struct span string,
                         const struct row_list *rows)
{
    size_t at = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct span value = text_value(v, i);
        const bool listed = rows->all || (at < rows->list.len && rows->list.data[at] == i);
        const bool holds = memmem(value.data, value.len, string.data, string.len) != NULL;
        at += listed && !rows->all;
        ck_assert_msg(listed == holds, "row %zu, '%.*s' in '%.*s'", i, (int)string.len,
                      (const char *)string.data, (int)value.len, (const char *)value.data);
    }
    ck_assert_uint_eq(at, rows->list.len);
}

/* @return was it told? */
static bool search_once(const struct encoded *e, const struct packed_column *packed,
                        const struct text_values *v, uint64_t *state)
{
    struct text_column *column;
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e->head.data, e->head.len);
    struct row_list rows = {0};
    uint8_t room[64];
    uint64_t steps = random_percent(state, 95) ? UINT64_C(1) << 30 : random_below(state, ROWS);
    const struct span string = draw_string(state, v, room);
    ck_ok(text_parse(&column, &head, streams, 0, &err));
    place_streams(streams, packed);
    ck_ok(text_open(column, streams, 1 << 20, &err));
    const enum row_search_result result = row_search(column, string, &steps, &rows);
    if (result == ROWS_LACK || result == ROWS_HOLD) {
        require_rows(v, string, &rows);
        ck_assert_int_eq(result == ROWS_HOLD, rows.all || rows.list.len);
    } else if (result == ROWS_UNTOLD) {
        struct span value;
        for (size_t i = 0; i < v->count; i++)
            ck_assert(text_take(column, &value) && span_equal(value, text_value(v, i)));
    }
    row_list_clear(&rows);
    text_free(column);
    stream_reader_free(streams);
    return result == ROWS_LACK || result == ROWS_HOLD;
}

START_TEST(test_random)
{
    static struct column c;
    uint64_t state = random_seed() + (uint64_t)_i;
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    int told = 0;
    c.bytes.len = 0;
    for (size_t row = 0; row < ROWS; row++)
        add_value(&c, &state, row, _i % FORMS);
    const struct text_values v = {c.bytes.data, c.refs, ROWS};
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    text_encode(&e, &ctx, &v, _i / FORMS % 2 ? TEXT_NO_DICTIONARY : 0);
    pack_column(&ctx, &e, &packed);
    for (int i = 0; i < SEARCHES; i++)
        told += search_once(&e, &packed, &v, &state);
    /* Where one of several patterns has few rows, its numbers may be texts. */
    if (e.head.data[0] == text_tag(&text_integer) || _i % FORMS == 0)
        ck_assert_int_gt(told, SEARCHES / 4);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    buf_free(&c.bytes);
    c = (struct column){0};
}
END_TEST

/* What numbers have beyond 19 digits, and with zeros in front. */
START_TEST(test_borders)
{
    static const char *const values[] = {
        "18446744073709551615", "9999999999999999999", "10000000000000000000", "0", "7", "99"};
    static const char *const strings[] = {"18446744073709551615",
                                          "18446744073709551616",
                                          "08446744073709551615",
                                          "8446744073709551615",
                                          "9999999999999999999",
                                          "0000000000000000000",
                                          "00000000000000000007",
                                          "0",
                                          "07",
                                          "000000000000000000007",
                                          "1",
                                          "15",
                                          "5"};
    enum { VALUES = sizeof(values) / sizeof(*values) };
    struct text_ref refs[2 * VALUES];
    struct buf bytes = {0};
    for (size_t i = 0; i < (size_t)2 * VALUES; i++) {
        refs[i] = (struct text_ref){(uint32_t)bytes.len, 20};
        if (_i)
            buf_printf(&bytes, "%020llu", strtoull(values[i % VALUES], NULL, 10));
        else
            buf_printf(&bytes, "%s", values[i % VALUES]);
        refs[i].len = (uint32_t)bytes.len - refs[i].at;
    }
    const struct text_values v = {bytes.data, refs, (size_t)2 * VALUES};
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    text_encode(&e, &ctx, &v, TEXT_NO_DICTIONARY | TEXT_NO_SPLIT | TEXT_NO_SHAPE | TEXT_NO_CUT);
    pack_column(&ctx, &e, &packed);
    for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
        struct text_column *column;
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(e.head.data, e.head.len);
        struct row_list rows = {0};
        uint64_t steps = 1000;
        ck_ok(text_parse(&column, &head, streams, 0, &err));
        place_streams(streams, &packed);
        ck_ok(text_open(column, streams, 1 << 20, &err));
        const enum row_search_result result =
            row_search(column, span_of(strings[i]), &steps, &rows);
        if (column->encoding == &text_integer)
            ck_assert_int_ne(result, ROWS_UNTOLD);
        if (result != ROWS_UNTOLD)
            require_rows(&v, span_of(strings[i]), &rows);
        row_list_clear(&rows);
        text_free(column);
        stream_reader_free(streams);
    }
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    buf_free(&bytes);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_random, 0, 4 * FORMS);
    tcase_add_loop_test(tc, test_borders, 0, 2);
}

int main(void)
{
    return run_suite("row_search", add_tests, 0);
}
