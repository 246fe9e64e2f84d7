/*
 * test_frame.c - messages in a stream of bytes, however they are split.
 */
#include "listen/frame.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

enum { MAX = 16 };

/* Show each message in brackets, "/" behind one that is cut, "!COUNT" where a count is refused. */
static bool show(struct buf *out, const struct frame *f, enum frame_result result)
{
    if (result == FRAME_REFUSED) {
        buf_printf(out, "!%llu", (unsigned long long)f->announced);
        return false;
    }
    buf_push(out, '[');
    buf_append(out, f->message.data, f->message.len);
    buf_append_string(out, f->cut ? "]/" : "]");
    return true;
}

/* The messages of a stream that comes `step` bytes at a time. The caller frees the text. */
static char *split(const char *text, size_t len, size_t step)
{
    struct buf out = {0};
    struct buf kept = {0};
    struct frame_reader reader = {0};
    bool open = true;
    for (size_t at = 0; at < len && open; at += step) {
        struct frame f;
        enum frame_result result;
        buf_append(&kept, text + at, len - at < step ? len - at : step);
        do {
            result = frame_next(&reader, buf_span(&kept), MAX, &f);
            ck_assert_uint_le(f.used, kept.len);
            if (result != FRAME_NONE)
                open = show(&out, &f, result);
            memmove(kept.data, kept.data + f.used, kept.len - f.used);
            kept.len -= f.used;
        } while (result == FRAME_MESSAGE);
        ck_assert(!open || kept.len <= FRAME_COUNT_MAX + MAX);
    }
    struct span rest = open ? frame_last(&reader, buf_span(&kept)) : (struct span){0};
    if (rest.len) {
        buf_push(&out, '{');
        buf_append(&out, rest.data, rest.len);
        buf_push(&out, '}');
    }
    buf_push(&out, '\0');
    ck_assert(!out.failed);
    buf_free(&kept);
    return (char *)out.data;
}

static void expect_bytes(const char *text, size_t len, const char *wanted)
{
    for (size_t step = 1; step <= len + 1; step++) {
        char *got = split(text, len, step);
        ck_assert_msg(strcmp(got, wanted) == 0, "by %zu bytes: '%s', not '%s'", step, got, wanted);
        free(got);
    }
}

static void expect(const char *text, const char *wanted)
{
    expect_bytes(text, strlen(text), wanted);
}

START_TEST(lines)
{
    expect("<34>one\n<35>two\n", "[<34>one][<35>two]");
    expect("plain\n\nlines\r\n", "[plain][][lines\r]");
    expect("no end", "{no end}");
    expect_bytes("a\0b\0", 4, "[a][b]");
    expect_bytes("\0\0a\n\0b\0\0c", 9, "[a][b]{c}");
    expect("0123456789abcdef\nx", "[0123456789abcdef]{x}");
    expect("", "");
}
END_TEST

START_TEST(counted)
{
    expect("5 <34>a6 <35>bc", "[<34>a][<35>bc]");
    expect("7 <34>a\nb4 <1>x", "[<34>a\nb][<1>x]"); /* a line feed inside */
    expect("5 <1>x\n4 <1>y", "[<1>x][<1>y]");       /* or at its end */
    expect_bytes("5 <1>x\0"
                 "4 <1>y",
                 13, "[<1>x][<1>y]");
    expect("4 <1>x\n5 <1>yz", "[<1>x][][<1>yz]"); /* a line feed that wasn't counted */
    expect("<1>line\n4 <1>x<1>line\n", "[<1>line][<1>x][<1>line]");
    expect("16 <1>3456789abcdef", "[<1>3456789abcdef]");
    expect("9 <1>half", "{<1>half}");
    expect("9 <", "{<}");
    expect("17 <1>x", "!17");
    expect("4 <1>x1000000000 <", "[<1>x]!1000000000");
    expect("99999999999999999999 <", "!18446744073709551615");
}
END_TEST

START_TEST(not_a_count)
{
    expect("12 monkeys\n", "[12 monkeys]");
    expect("12:30 <x\n", "[12:30 <x]");
    expect("0 <1>x\n", "[0 <1>x]");
    expect("12\n13 \n14 x\n", "[12][13 ][14 x]");
    expect("12", "{12}");
    expect("12 ", "{12 }");
    expect("111111111111111111111 <1>", "[1111111111111111]/{11111 <1>}");
}
END_TEST

START_TEST(too_long)
{
    expect("0123456789abcdefX\nnext\n", "[0123456789abcdef]/[X][next]");
    /* What follows a cut is no count. */
    expect("0123456789abcdef4 <1>x\n", "[0123456789abcdef]/[4 <1>x]");
    expect("0123456789abcdef0123456789abcdef5 <1>\n",
           "[0123456789abcdef]/[0123456789abcdef]/[5 <1>]");
    expect("0123456789abcdef0", "[0123456789abcdef]/{0}");
}
END_TEST

static void trimmed(const char *text, size_t len, bool good, const char *wanted)
{
    struct span s = {(const uint8_t *)text, len};
    ck_assert_int_eq(frame_trim(&s), good);
    ck_assert_uint_eq(s.len, strlen(wanted));
    ck_assert_int_eq(memcmp(s.data, wanted, s.len), 0);
}

START_TEST(datagrams)
{
    trimmed("x", 1, true, "x");
    trimmed("x\n", 2, true, "x");
    trimmed("x\0", 2, true, "x");
    trimmed("x\n\0", 3, true, "x");
    trimmed("x\n\n", 3, true, "x\n");
    trimmed("x\ny", 3, true, "x\ny");
    trimmed("\n", 1, true, "");
    trimmed("\0", 1, false, "");
    trimmed("", 0, false, "");
}
END_TEST

/* Ends far from their beginnings, of either kind. */
START_TEST(windows)
{
    char text[5000];
    struct frame f;
    for (size_t end = 1; end < sizeof(text) - 1; end += 97) {
        struct frame_reader reader = {0};
        memset(text, 'x', sizeof(text));
        text[end] = end % 2 ? '\n' : '\0';
        text[end + 1] = '\n';
        struct span all = {(const uint8_t *)text, sizeof(text)};
        ck_assert_int_eq(frame_next(&reader, all, sizeof(text), &f), FRAME_MESSAGE);
        ck_assert(f.message.len == end && f.used == end + 1 && !f.cut);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, lines);
    tcase_add_test(tc, counted);
    tcase_add_test(tc, not_a_count);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, datagrams);
    tcase_add_test(tc, windows);
}

int main(void)
{
    return run_suite("frame", add_tests, 60);
}
