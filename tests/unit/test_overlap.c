/*
 * test_overlap.c - sketches estimate how many values there are and how many two columns share; and
 * columns that share many are grouped.
 */
#include "engine_fixture.h"
#include "segment/overlap.h"

enum { VALUES = 4000 };

/* The sketch of `count` values from number `first` on, each there twice. */
static struct sketch sketch_of(unsigned first, unsigned count)
{
    static char text[VALUES * 2][12];
    static struct text_ref refs[VALUES * 2];
    struct sketch s;
    for (unsigned i = 0; i < count * 2; i++) {
        int len = snprintf(text[i], sizeof(text[i]), "id%u", first + i / 2);
        refs[i] = (struct text_ref){(uint32_t)(i * sizeof(text[0])), (uint32_t)len};
    }
    struct text_values values = {(const uint8_t *)text, refs, count * 2};
    sketch_values(&s, &values);
    return s;
}

START_TEST(test_distinct)
{
    struct sketch few = sketch_of(0, 20);
    ck_assert_uint_eq(few.len, 20);
    ck_assert_double_eq(sketch_distinct(&few), 20);
    struct sketch many = sketch_of(0, VALUES);
    ck_assert_double_ge(sketch_distinct(&many), VALUES * 0.6);
    ck_assert_double_le(sketch_distinct(&many), VALUES * 1.5);
    for (size_t i = 1; i < many.len; i++)
        ck_assert_uint_lt(many.smallest[i - 1], many.smallest[i]);
    struct sketch none = sketch_of(0, 0);
    ck_assert_double_eq(sketch_distinct(&none), 0);
    ck_assert_double_eq(sketch_overlap(&none, &many), 0);
}
END_TEST

START_TEST(test_share)
{
    struct sketch a = sketch_of(0, VALUES);
    struct sketch same = sketch_of(0, VALUES);
    struct sketch half = sketch_of(VALUES / 2, VALUES);
    struct sketch other = sketch_of(VALUES * 2, VALUES);
    ck_assert_double_ge(sketch_overlap(&a, &same), 0.99);
    ck_assert_double_le(sketch_overlap(&a, &same), 1);
    ck_assert_double_ge(sketch_overlap(&a, &half), 0.25);
    ck_assert_double_le(sketch_overlap(&a, &half), 0.8);
    ck_assert_double_le(sketch_overlap(&a, &other), 0.1);
    ck_assert_double_eq(sketch_overlap(&a, &half), sketch_overlap(&half, &a));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_distinct);
    tcase_add_test(tc, test_share);
}

int main(void)
{
    return run_suite("overlap", add_tests, 30);
}
