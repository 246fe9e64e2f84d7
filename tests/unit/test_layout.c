/*
 * test_layout.c - every slot has a column of its kind, and a layout is read as it was written.
 */
#include "engine_fixture.h"
#include "segment/layout.h"

static void parse_set(struct template_set *set, const char *text, size_t len, size_t count)
{
    uint8_t *copy = malloc(len);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    ck_ok(template_set_parse(set, copy, len, count, &err));
}

static const char templates[] = "\nt 0 pid \nv from \nv\n\n" /* large */
                                "user \nv pid \nv\n\n"
                                "kill pid \nv at \nt 0\n\n"
                                "plain\n\n"
                                "\nr\n\n";

enum { TEMPLATES = 5 };

static void choose(struct template_set *set, struct layout *l)
{
    static const uint64_t lines[TEMPLATES] = {5000, 20, 10, 5, 1};
    parse_set(set, templates, sizeof(templates) - 1, TEMPLATES);
    ck_ok(layout_choose(l, set, lines, 256, &err));
}

START_TEST(test_choose)
{
    struct template_set set;
    struct layout l;
    choose(&set, &l);
    ck_assert_uint_eq(l.templates, TEMPLATES);
    for (size_t t = 0; t < TEMPLATES; t++) {
        for (size_t i = 0; i < set.list.data[t].slot_count; i++) {
            uint32_t column = l.column_of[t][i];
            ck_assert_uint_lt(column, l.kinds.len);
            ck_assert_int_eq(l.kinds.data[column], set.list.data[t].slots[i].kind == SLOT_TIME
                                                       ? COLUMN_TIME
                                                       : COLUMN_TEXT);
        }
    }
    /* Small templates share a column for a role; a large one has its own. */
    ck_assert_uint_eq(l.column_of[1][1], l.column_of[2][0]);
    ck_assert_uint_ne(l.column_of[0][1], l.column_of[1][1]);
    ck_assert_uint_ne(l.column_of[1][0], l.column_of[1][1]);
    layout_clear(&l);
    template_set_clear(&set);
}
END_TEST

START_TEST(test_round_trip)
{
    struct template_set set;
    struct layout l, again;
    struct buf out = {0};
    choose(&set, &l);
    layout_write(&l, &set, &out);
    struct reader r = reader_of(out.data, out.len);
    ck_ok(layout_read(&again, &set, &r, &err));
    ck_assert_uint_eq(reader_left(&r), 0);
    ck_assert_uint_eq(again.kinds.len, l.kinds.len);
    ck_assert_int_eq(memcmp(again.kinds.data, l.kinds.data, l.kinds.len), 0);
    for (size_t t = 0; t < TEMPLATES; t++)
        for (size_t i = 0; i < set.list.data[t].slot_count; i++)
            ck_assert_uint_eq(again.column_of[t][i], l.column_of[t][i]);
    layout_clear(&again);
    for (size_t len = 0; len < out.len; len++) {
        r = reader_of(out.data, len);
        ck_assert_int_eq(layout_read(&again, &set, &r, &err), LGZ_ERR_CORRUPT);
    }
    buf_free(&out);
    layout_clear(&l);
    template_set_clear(&set);
}
END_TEST

/* A column that isn't there yet, or is of the other kind. */
START_TEST(test_damaged)
{
    struct template_set set;
    struct layout l;
    parse_set(&set, templates, sizeof(templates) - 1, TEMPLATES);
    static const uint8_t ahead[] = {0, 3, 0, 0, 0, 0, 0, 0};
    static const uint8_t mixed[] = {0, 1, 0, 0, 0, 0, 0, 0};
    struct reader r = reader_of(ahead, sizeof(ahead));
    ck_assert_int_eq(layout_read(&l, &set, &r, &err), LGZ_ERR_CORRUPT);
    r = reader_of(mixed, sizeof(mixed));
    ck_assert_int_eq(layout_read(&l, &set, &r, &err), LGZ_ERR_CORRUPT);
    template_set_clear(&set);
}
END_TEST

/* In a table, a field's column is the same however many slots are to its left. */
START_TEST(test_fields)
{
    static const char table[] = "\nv - \nv\n\n"
                                "\nv \nv \nv\n\n"
                                "- - \nv\n\n"
                                "\nr\n\n";
    static const uint64_t lines[] = {200, 150, 100, 1};
    struct template_set set;
    struct layout l;
    parse_set(&set, table, sizeof(table) - 1, 4);
    ck_ok(layout_choose(&l, &set, lines, 256, &err));
    ck_assert_uint_ne(l.column_of[1][1], l.column_of[1][2]);
    ck_assert_uint_eq(l.column_of[0][0], l.column_of[1][0]);
    ck_assert_uint_eq(l.places.len, l.kinds.len);
    ck_assert_uint_eq(l.roles.len, l.kinds.len);
    layout_clear(&l);
    template_set_clear(&set);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_choose);
    tcase_add_test(tc, test_fields);
    tcase_add_test(tc, test_round_trip);
    tcase_add_test(tc, test_damaged);
}

int main(void)
{
    return run_suite("layout", add_tests, 30);
}
