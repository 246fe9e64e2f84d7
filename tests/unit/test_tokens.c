/*
 * test_tokens.c - how lines are cut into words, values and time stamps.
 */
#include "line/tokens.h"
#include "log_generator.h"

/* The tokens as "w(word) v(7) t(stamp)", separators left out. */
static void describe(struct span line, struct buf *out)
{
    struct token_scanner scanner = {line.data, line.len, 0};
    struct token token;
    while (token_next(&scanner, &token)) {
        buf_push(out, "wvt"[token.kind]);
        buf_push(out, '(');
        buf_append(out, line.data + token.at, token.len);
        buf_push(out, ')');
    }
}

static void require_tokens(const char *line, const char *wanted)
{
    struct buf b = {0};
    describe(span_of(line), &b);
    ck_assert_msg(span_equal(buf_span(&b), span_of(wanted)), "%s: %.*s instead of %s", line,
                  (int)b.len, (const char *)b.data, wanted);
    buf_free(&b);
}

START_TEST(test_kinds)
{
    require_tokens("", "");
    require_tokens(" \t,;", "");
    require_tokens("a b", "w(a)w(b)");
    require_tokens("user=7", "w(user)v(7)");
    require_tokens("x7y", "v(x7y)");
    require_tokens("(a)[b]{c}<d>\"e\"'f'|g", "w(a)w(b)w(c)w(d)w(e)w(f)w(g)");
    require_tokens("a\rb\vc", "w(a)w(b\vc)");
    require_tokens("/var/log/x.1", "v(/var/log/x.1)");
}
END_TEST

START_TEST(test_stamps)
{
    require_tokens("2026-03-04 05:06:07 up", "t(2026-03-04 05:06:07)w(up)");
    require_tokens("Mar  4 05:06:07 host x", "t(Mar  4 05:06:07)w(host)w(x)");
    require_tokens("[2026-03-04T05:06:07.123Z]", "t(2026-03-04T05:06:07.123)w(Z)");
    /* A bare number is a stamp in front of a line only. */
    require_tokens("1770000000 up", "t(1770000000)w(up)");
    require_tokens("id 1770000000 up", "w(id)v(1770000000)w(up)");
    /* Within a word nothing starts. */
    require_tokens("x2026-03-04", "v(x2026-03-04)");
}
END_TEST

/* Tokens lie in order, hold no separators (stamps may), and what lies between is separators. */
START_TEST(test_any_line)
{
    uint64_t seed = random_seed();
    struct buf text = {0};
    for (uint64_t i = 0; i < 200; i++)
        generate_log(seed + i, 1000, &text);
    struct token_scanner scanner = {text.data, text.len, 0};
    struct token token;
    size_t at = 0;
    while (token_next(&scanner, &token)) {
        ck_assert_uint_ge(token.len, 1);
        for (; at < token.at; at++)
            ck_assert(token_byte_class[text.data[at]] & BYTE_SEPARATOR);
        ck_assert_uint_eq(at, token.at);
        bool digit = false;
        for (; at < token.at + token.len; at++) {
            ck_assert(token.kind == TOKEN_TIME ||
                      !(token_byte_class[text.data[at]] & BYTE_SEPARATOR));
            digit |= (token_byte_class[text.data[at]] & BYTE_DIGIT) != 0;
        }
        ck_assert(token.kind == TOKEN_TIME || digit == (token.kind == TOKEN_VALUE));
    }
    for (; at < text.len; at++)
        ck_assert(token_byte_class[text.data[at]] & BYTE_SEPARATOR);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_kinds);
    tcase_add_test(tc, test_stamps);
    tcase_add_test(tc, test_any_line);
}

int main(void)
{
    return run_suite("tokens", add_tests, 60);
}
