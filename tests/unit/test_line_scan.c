/*
 * test_line_scan.c - the vectorized scan of lines gives what the plain one gives, byte for byte, on
 * every kind of vectors that the processor has.
 */
#include "line/lines.h"
#include "line/scan.h"
#include "log_generator.h"

static void require_same_maps(byte_map_fn *fill, const uint8_t *text, size_t blocks)
{
    struct byte_map wanted[4];
    struct byte_map found[4];
    byte_map_variant(0)(wanted, text, blocks);
    fill(found, text, blocks);
    for (size_t i = 0; i < blocks; i++) {
        ck_assert_uint_eq(found[i].separators, wanted[i].separators);
        ck_assert_uint_eq(found[i].digits, wanted[i].digits);
    }
}

START_TEST(test_maps)
{
    uint8_t text[256 + 64];
    uint64_t state = random_seed();
    byte_map_fn *fill;
    for (unsigned number = 0; (fill = byte_map_variant(number)) != NULL; number++) {
        for (size_t i = 0; i < 256; i++)
            text[i] = (uint8_t)i;
        require_same_maps(fill, text, 4);
        for (unsigned round = 0; round < 1000; round++) {
            for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (uint8_t)random_next(&state);
            require_same_maps(fill, text + round % 64, 1 + round % 4);
        }
    }
    ck_assert(byte_map_best() != NULL);
}
END_TEST

/* What the classes of the plain scanner say of single bytes. */
START_TEST(test_classes)
{
    uint8_t text[64] = {0};
    for (unsigned c = 0; c < 256; c++) {
        struct byte_map map;
        text[c % 64] = (uint8_t)c;
        byte_map_variant(0)(&map, text, 1);
        unsigned class = token_byte_class[c];
        ck_assert_int_eq(map.separators >> c % 64 & 1, (class & BYTE_SEPARATOR) || c == '\n');
        ck_assert_int_eq(map.digits >> c % 64 & 1, (class & BYTE_DIGIT) != 0);
        text[c % 64] = 0;
    }
}
END_TEST

static void require_same_token(const struct token *found, const struct token *wanted, size_t start)
{
    ck_assert_uint_eq(found->at, wanted->at + start);
    ck_assert_uint_eq(found->len, wanted->len);
    ck_assert_int_eq(found->kind, wanted->kind);
    if (found->kind != TOKEN_TIME)
        return;
    ck_assert_int_eq(found->stamp.value, wanted->stamp.value);
    ck_assert_uint_eq(found->stamp.format, wanted->stamp.format);
    ck_assert_uint_eq(found->stamp.digits, wanted->stamp.digits);
    ck_assert_uint_eq(found->stamp.len, wanted->stamp.len);
}

/* Every line of the text: the fast scan against the plain one. */
static void require_same_tokens(const struct buf *text)
{
    byte_map_fn *fill;
    for (unsigned number = 0; (fill = byte_map_variant(number)) != NULL; number++) {
        struct lines lines = {0};
        struct scan scan;
        ck_assert(lines_split(&lines, text->data, text->len));
        scan_start(&scan, text->data, text->len, fill);
        for (size_t i = 0; i < lines.list.len; i++) {
            struct line line = lines.list.data[i];
            struct token_scanner plain = {text->data + line.at, line.len, 0};
            struct token wanted;
            struct token found;
            scan_line(&scan, line.at, line.len);
            while (token_next(&plain, &wanted)) {
                ck_assert(scan_next(&scan, &found));
                require_same_token(&found, &wanted, line.at);
            }
            ck_assert(!scan_next(&scan, &found));
        }
        lines_free(&lines);
    }
}

START_TEST(test_generated)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 100; i++) {
        struct buf text = {0};
        generate_log(seed + i, 1 + random_below(&seed, 30000), &text);
        require_same_tokens(&text);
        buf_free(&text);
    }
}
END_TEST

/* Bytes of few kinds, so that all borders of tokens fall on all borders of the maps. */
START_TEST(test_random_bytes)
{
    static const char kinds[] = "0123456789 ,:aJTuhne\n\"-./x";
    uint64_t state = random_seed();
    for (unsigned round = 0; round < 300; round++) {
        struct buf text = {0};
        size_t len = 1 + random_below(&state, 6000);
        size_t few = 1 + random_below(&state, sizeof(kinds) - 1);
        size_t first = random_below(&state, sizeof(kinds) - few);
        unsigned same = (unsigned)random_below(&state, 100);
        uint8_t byte = 'x';
        for (size_t i = 0; i < len; i++) {
            if (!random_percent(&state, same))
                byte = round % 3 ? (uint8_t)kinds[first + random_below(&state, few)]
                                 : (uint8_t)random_next(&state);
            buf_push(&text, byte);
        }
        require_same_tokens(&text);
        buf_free(&text);
    }
}
END_TEST

/* Stamps of every format, at the start of a line and within, cut off everywhere. */
START_TEST(test_stamps)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    for (unsigned format = 0; format < timestamp_format_count; format++) {
        for (unsigned round = 0; round < 40; round++) {
            uint8_t stamp[TIMESTAMP_MAX_LEN];
            int64_t second = 1000000000 + (int64_t)random_below(&state, 2000000000);
            size_t len = 0;
            for (unsigned digits = 0; digits < 10 && !len;
                 digits++, second = (int64_t)((uint64_t)second * 10))
                len = timestamp_print(format, (digits + round) % 10, second, stamp);
            for (unsigned i = (unsigned)random_below(&state, 70); round % 2 && i; i--)
                buf_push(&text, "ab c1"[i % 5]);
            buf_append(&text, stamp, round % 5 ? len : random_below(&state, len + 1));
            buf_append_string(&text, round % 3 ? " x\n" : round % 4 ? "7\n" : "\n");
        }
    }
    require_same_tokens(&text);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_maps);
    tcase_add_test(tc, test_classes);
    tcase_add_test(tc, test_generated);
    tcase_add_test(tc, test_random_bytes);
    tcase_add_test(tc, test_stamps);
}

int main(void)
{
    return run_suite("line_scan", add_tests, 120);
}
