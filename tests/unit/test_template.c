/*
 * test_template.c - serialized templates come back as they were, everything else is refused, and a
 * line that matches is its literals and values put together.
 */
#include "engine_fixture.h"
#include "line/tokens.h"
#include "template/template_set.h"

static struct template parse(struct buf *text)
{
    struct template t;
    struct span rest = buf_span(text);
    ck_assert_int_eq(template_parse(&t, &rest), 1);
    ck_assert_uint_eq(rest.len, 0);
    return t;
}

/* "<stamp> user <value>: <rest>" with the stamp of `line`. */
static void put_sample(struct buf *text, const char *line)
{
    struct timestamp stamp;
    ck_assert(timestamp_parse((const uint8_t *)line, strlen(line), &stamp));
    template_put_time(text, &stamp);
    buf_append_string(text, " user ");
    template_put_value(text);
    buf_append_string(text, ": ");
    template_put_rest(text);
    template_put_end(text);
}

START_TEST(test_match)
{
    static const char line[] = "2026-03-04 05:06:07.120 user x7: says [v] \v";
    struct buf text = {0};
    struct slot_value v[3];
    uint8_t stamp[TIMESTAMP_MAX_LEN];
    put_sample(&text, line);
    struct template t = parse(&text);
    ck_assert_uint_eq(t.slot_count, 3);
    ck_assert(span_equal(t.text, buf_span(&text)));
    ck_assert(template_match(&t, (const uint8_t *)line, strlen(line), v));
    size_t len = timestamp_print(t.slots[0].format, t.slots[0].digits, v[0].time, stamp);
    ck_assert(span_equal((struct span){stamp, len}, span_of("2026-03-04 05:06:07.120")));
    ck_assert(span_equal((struct span){(const uint8_t *)line + v[1].at, v[1].len}, span_of("x7")));
    ck_assert(span_equal((struct span){(const uint8_t *)line + v[2].at, v[2].len},
                         span_of("says [v] \v")));
    template_clear(&t);
    buf_free(&text);
}
END_TEST

START_TEST(test_no_match)
{
    static const char *const others[] = {
        "",
        "2026-03-04 05:06:07.120",
        "2026-03-04 05:06:07.120 user x7",
        "2026-03-04 05:06:07.120 user : x",   /* a value has at least one byte */
        "2026-03-04 05:06:07.12 user x7: a",  /* other digits */
        "2026-03-04 05:06:07,120 user x7: a", /* another format */
        "2026-13-04 05:06:07.120 user x7: a", /* no stamp */
        "2026-03-04 05:06:07.120 usex x7: a",
        "2026-03-04 05:06:07.120 user x7; a",
        "x2026-03-04 05:06:07.120 user x7: a",
    };
    struct buf text = {0};
    struct slot_value v[3];
    put_sample(&text, "2026-03-04 05:06:07.120");
    struct template t = parse(&text);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        ck_assert_msg(!template_match(&t, (const uint8_t *)others[i], strlen(others[i]), v), "%s",
                      others[i]);
    ck_assert(template_match(&t, (const uint8_t *)"2026-03-04 05:06:07.120 user x7: ", 33, v));
    ck_assert_uint_eq(v[2].len, 0);
    template_clear(&t);
    buf_free(&text);
}
END_TEST

START_TEST(test_section)
{
    static const char line[] = "GET \"/a?b=c d\" \"x\"";
    struct buf text = {0};
    struct slot_value v[2];
    buf_append_string(&text, "GET \"");
    template_put_section(&text);
    buf_append_string(&text, "\" \"");
    template_put_section(&text);
    buf_append_string(&text, "\"");
    template_put_end(&text);
    struct template t = parse(&text);
    ck_assert_int_eq(t.slots[0].kind, SLOT_SECTION);
    ck_assert(template_match(&t, (const uint8_t *)line, sizeof(line) - 1, v));
    ck_assert(
        span_equal((struct span){(const uint8_t *)line + v[0].at, v[0].len}, span_of("/a?b=c d")));
    ck_assert(span_equal((struct span){(const uint8_t *)line + v[1].at, v[1].len}, span_of("x")));
    static const char *const others[] = {"GET \"a\" \"x", "GET \"\" \"x\"", "GET \"a\" \"\"",
                                         "GET \"a\" \"x\"y", "GET \"a"};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        ck_assert(!template_match(&t, (const uint8_t *)others[i], strlen(others[i]), v));
    template_clear(&t);
    buf_free(&text);
}
END_TEST

START_TEST(test_literal_only)
{
    struct buf text = {0};
    buf_append_string(&text, "same");
    template_put_end(&text);
    struct template t = parse(&text);
    ck_assert_uint_eq(t.slot_count, 0);
    ck_assert(template_match(&t, (const uint8_t *)"same", 4, NULL));
    ck_assert(!template_match(&t, (const uint8_t *)"same ", 5, NULL));
    ck_assert(!template_match(&t, (const uint8_t *)"sam", 3, NULL));
    template_clear(&t);
    buf_free(&text);
}
END_TEST

START_TEST(test_refused)
{
    static const struct span bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"a", 1},
        {(const uint8_t *)"a\n", 2},
        {(const uint8_t *)"a\nx\n\n", 5},
        {(const uint8_t *)"\nt", 2},
        {(const uint8_t *)"\nt 0", 4}, /* no end */
        {(const uint8_t *)"\nt\x1f"
                          "0\n\n",
         6}, /* below the first format */
        {(const uint8_t *)"\nt\xff"
                          "0\n\n",
         6},                                /* above the last one */
        {(const uint8_t *)"\nt :\n\n", 6},  /* 10 digits */
        {(const uint8_t *)"\nr\nv\n\n", 6}, /* behind the rest */
        {(const uint8_t *)"\ns\n\n", 4},    /* nothing ends the section */
        {(const uint8_t *)"\ns\nv \n\n", 7},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct template t;
        struct span rest = bad[i];
        ck_assert_msg(template_parse(&t, &rest) == 0, "template %zu", i);
    }
}
END_TEST

START_TEST(test_id_and_description)
{
    struct buf text = {0};
    struct buf out = {0};
    put_sample(&text, "2026-03-04 05:06:07.120");
    struct template t = parse(&text);
    template_describe(&t, &out);
    ck_assert(span_equal(buf_span(&out), span_of("<time> user <*>: <*>")));
    struct buf copy = {0};
    buf_append(&copy, text.data, text.len);
    struct template same = parse(&copy);
    ck_assert_uint_eq(template_id(&t), template_id(&same));
    copy.data[5] ^= 1;
    template_clear(&same);
    same = parse(&copy);
    ck_assert_uint_ne(template_id(&t), template_id(&same));
    template_clear(&same);
    template_clear(&t);
    buf_clear(&text);
    buf_clear(&out);
    buf_append(&text, "a\0\x7f\t", 4);
    template_put_end(&text);
    t = parse(&text);
    template_describe(&t, &out);
    ck_assert(span_equal(buf_span(&out), span_of("a\\x00\\x7f\\x09")));
    template_clear(&t);
    buf_free(&text);
    buf_free(&copy);
    buf_free(&out);
}
END_TEST

static int parse_set(struct template_set *set, const char *text, size_t len, size_t count)
{
    uint8_t *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    return template_set_parse(set, copy, len, count, &err);
}

START_TEST(test_set)
{
    static const char text[] = "a\nv\n\nb\n\n\nr\n\n";
    struct template_set set;
    ck_ok(parse_set(&set, text, sizeof(text) - 1, 3));
    ck_assert_uint_eq(set.list.len, 3);
    ck_assert(span_equal(set.list.data[1].tail, span_of("b")));
    ck_assert_int_eq(set.list.data[2].slots[0].kind, SLOT_REST);
    template_set_clear(&set);
    ck_assert_int_eq(parse_set(&set, text, sizeof(text) - 1, 2), LGZ_ERR_CORRUPT);
    ck_assert_int_eq(parse_set(&set, text, sizeof(text) - 1, 4), LGZ_ERR_CORRUPT);
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        ck_assert_int_eq(parse_set(&set, text, len, 3), LGZ_ERR_CORRUPT);
    ck_ok(parse_set(&set, "", 0, 0));
    template_set_clear(&set);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_match);
    tcase_add_test(tc, test_no_match);
    tcase_add_test(tc, test_section);
    tcase_add_test(tc, test_literal_only);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_id_and_description);
    tcase_add_test(tc, test_set);
}

int main(void)
{
    return run_suite("template", add_tests, 30);
}
