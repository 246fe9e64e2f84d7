/*
 * test_filter.c - a filter never denies what is there; and mostly denies what isn't.
 */
#include "line/lines.h"
#include "log_generator.h"
#include "segment/filter_build.h"

enum { PLENTY = 1 << 22 };

/* A block's text, and the filter that was made of it, written and read again. */
struct filtered {
    struct buf raw;
    struct lines lines;
    struct buf bytes;
    struct filter filter;
};

/* What is known of the lines of a block may be wrong: then equal hashes proved nothing. */
static void confuse(struct skeletons *skeletons, size_t lines, uint64_t *state)
{
    for (size_t i = 0; i < lines; i++) {
        uint32_t other = (uint32_t)random_below(state, skeletons->list.len);
        if (skeletons->list.data[skeletons->of_line[i]].example < i &&
            skeletons->list.data[other].example < i)
            skeletons->of_line[i] = other;
    }
}

static void filter_text(struct filtered *f, size_t most, bool structured, uint64_t *confused)
{
    struct text_parts parts = {0};
    struct skeletons skeletons = {0};
    struct worker me = {0};
    struct filter filter;
    ck_assert(lines_split(&f->lines, f->raw.data, f->raw.len));
    if (structured) {
        ck_assert(skeletons_collect(&skeletons, f->raw.data, &f->lines, &me));
        if (confused)
            confuse(&skeletons, f->lines.list.len, confused);
        ck_assert(text_parts_collect(&parts, f->raw.data, &f->lines, &skeletons, NULL));
    } else {
        ck_assert(text_parts_collect_raw(&parts, buf_span(&f->raw)));
    }
    ck_assert(filter_build(&filter, &parts, f->raw.data, most));
    ck_assert_uint_le(filter_size(&filter), most);
    filter_write(&filter, &f->bytes);
    ck_assert_uint_eq(f->bytes.len, filter_size(&filter));
    ck_ok(filter_read(&f->filter, buf_span(&f->bytes), &err));
    filter_clear(&filter);
    text_parts_clear(&parts);
    skeletons_free(&skeletons);
}

static void clear(struct filtered *f)
{
    filter_clear(&f->filter);
    lines_free(&f->lines);
    buf_free(&f->raw);
    buf_free(&f->bytes);
}

static bool may_hold(const struct filtered *f, struct span text, bool folded)
{
    struct buf small = {0};
    buf_append(&small, text.data, text.len);
    for (size_t i = 0; i < small.len && folded; i++)
        small.data[i] |= ascii_is_letter(small.data[i]) ? 0x20 : 0;
    const struct need_string string = {buf_span(&small), folded};
    bool may = filter_may_hold(&f->filter, &string);
    buf_free(&small);
    return may;
}

/* Each text within each line, but of long ones only some. */
static void require_all(const struct filtered *f, uint64_t *state)
{
    for (size_t i = 0; i < f->lines.list.len; i++) {
        const struct span line = lines_get(&f->lines, f->raw.data, i);
        const size_t step = 1 + line.len * line.len / 150;
        for (size_t pair = random_below(state, step); pair < line.len * line.len; pair += step) {
            size_t from = pair / line.len;
            size_t len = 1 + pair % line.len;
            if (len > line.len - from)
                continue;
            bool folded = pair % 5 == 0;
            ck_assert_msg(may_hold(f, (struct span){line.data + from, len}, folded),
                          "line %zu, %zu bytes from %zu on: '%.*s'", i, len, from, (int)len,
                          (const char *)line.data + from);
        }
    }
}

START_TEST(test_generated_logs)
{
    uint64_t seed = random_seed();
    for (size_t round = 0; round < 24; round++) {
        struct generator g;
        struct filtered f = {0};
        uint64_t state = seed + round;
        generator_start(&g, state);
        size_t lines = 1 + random_below(&state, 60);
        for (size_t i = 0; i < lines; i++)
            put_log_line(&g, &f.raw);
        if (!f.raw.len)
            continue;
        filter_text(&f, PLENTY, round % 4 != 0, round % 4 == 1 ? &state : NULL);
        require_all(&f, &state);
        clear(&f);
    }
}
END_TEST

/* Stamps of all formats, with all that may stand around them. */
START_TEST(test_stamps)
{
    static const char *const around[] = {"",
                                         " ",
                                         "[",
                                         "Z",
                                         "UTC",
                                         "abcdefgh",
                                         "1234567890123",
                                         "T",
                                         "/",
                                         "-",
                                         ".5.6",
                                         "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"};
    const size_t kinds = sizeof(around) / sizeof(*around);
    uint64_t state = random_seed();
    for (unsigned format = 0; format < timestamp_format_count; format++) {
        struct filtered f = {0};
        for (unsigned i = 0; i < 20; i++) {
            uint8_t text[TIMESTAMP_MAX_LEN];
            unsigned digits = (unsigned)random_below(&state, 10);
            uint64_t value = random_below(&state, INT64_C(4000000000));
            for (unsigned k = 0; k < digits; k++)
                value = value * 10 + random_below(&state, 10);
            for (unsigned k = 0; k < 3; k++) {
                size_t len = timestamp_print(format, digits, (int64_t)value, text);
                buf_append_string(&f.raw, around[random_below(&state, kinds)]);
                buf_append(&f.raw, text, len);
                buf_append_string(&f.raw, around[random_below(&state, kinds)]);
                value++;
            }
            buf_push(&f.raw, '\n');
        }
        filter_text(&f, PLENTY, true, NULL);
        require_all(&f, &state);
        clear(&f);
    }
}
END_TEST

/* Lines that are longer than what is looked at at once, of one piece or of many. */
START_TEST(test_long_lines)
{
    static const char *const alphabets[] = {"0123456789", "0123456789abcdef-", "abcdefghijXYZ",
                                            "1.", "0123abcdXYZ \xff"};
    uint64_t state = random_seed();
    for (size_t a = 0; a < sizeof(alphabets) / sizeof(*alphabets); a++) {
        struct filtered f = {0};
        size_t letters = strlen(alphabets[a]);
        for (size_t i = 0; i < 20000; i++)
            buf_push(&f.raw, (uint8_t)alphabets[a][random_below(&state, letters)]);
        filter_text(&f, PLENTY, a & 1, NULL);
        for (size_t i = 0; i < 3000; i++) {
            size_t len = 1 + random_below(&state, 60);
            struct span text = {f.raw.data + 2000 + i * 5, len};
            ck_assert(may_hold(&f, text, i & 1));
        }
        clear(&f);
    }
}
END_TEST

/* Ids, addresses and words that aren't there, of a log with few bytes for its filter. */
START_TEST(test_denies)
{
    struct filtered f = {0};
    uint64_t state = 1;
    size_t passed[3] = {0};
    for (size_t i = 0; i < 4000; i++)
        buf_printf(
            &f.raw,
            "2026-11-05 12:03:%02zu.%06zu worker %zu: block blk_%llu of 10.%zu.%zu.17 sent\n",
            i / 100, i * 37 % 1000000, i % 7, (unsigned long long)random_next(&state) | 1ull << 63,
            i % 200, i / 200 % 200);
    filter_text(&f, 8192, true, NULL);
    f.lines.list.len = 200;
    require_all(&f, &state);
    for (size_t i = 0; i < 1000; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)random_next(&state) | 1ull << 63);
        passed[0] += may_hold(&f, span_of(text), false);
        snprintf(text, sizeof(text), "10.%zu.%zu.18", 200 + i % 55, i % 256);
        passed[1] += may_hold(&f, span_of(text), false);
        snprintf(text, sizeof(text), "Zyx%cwut%ct", 'a' + (int)(i % 26), 'a' + (int)(i / 26 % 26));
        passed[2] += may_hold(&f, span_of(text), i & 1);
    }
    ck_assert_uint_lt(passed[0], 150);
    ck_assert_uint_lt(passed[1], 350);
    ck_assert_uint_lt(passed[2], 50);
    clear(&f);
}
END_TEST

/* With fewer bytes less is known, nothing wrong. */
START_TEST(test_trim)
{
    uint64_t seed = random_seed();
    struct generator g;
    struct filtered f = {0};
    generator_start(&g, seed);
    for (size_t i = 0; i < 300; i++)
        put_log_line(&g, &f.raw);
    for (size_t most = 0; most < 4000; most += 50 + most / 2) {
        filter_text(&f, most, true, NULL);
        require_all(&f, &seed);
        filter_clear(&f.filter);
        f.bytes.len = f.lines.list.len = 0;
    }
    clear(&f);
}
END_TEST

/* Of any bytes, an error or a filter. */
START_TEST(test_damage)
{
    struct filtered f = {0};
    uint64_t state = random_seed();
    for (size_t i = 0; i < 200; i++)
        buf_printf(&f.raw, "request %llx from 10.0.%zu.4 refused\n",
                   (unsigned long long)random_next(&state), i);
    filter_text(&f, 2000, true, NULL);
    ck_assert_uint_gt(f.bytes.len, 500);
    for (size_t cut = 0; cut < f.bytes.len; cut++) {
        uint8_t *part = malloc(cut + 1); /* of its very size, for AddressSanitizer */
        struct filter filter;
        memcpy(part, f.bytes.data, cut);
        for (size_t change = 0; change < cut % 3; change++)
            part[random_below(&state, cut < 40 ? cut : 40)] = (uint8_t)random_next(&state);
        if (filter_read(&filter, (struct span){part, cut}, &err) == LGZ_OK) {
            struct filtered damaged = {.filter = filter};
            may_hold(&damaged, span_of("request 0123456789abcdef0123 from 10.0.255.4"), cut & 1);
        }
        filter_clear(&filter);
        free(part);
    }
    clear(&f);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_generated_logs);
    tcase_add_test(tc, test_stamps);
    tcase_add_test(tc, test_long_lines);
    tcase_add_test(tc, test_denies);
    tcase_add_test(tc, test_trim);
    tcase_add_test(tc, test_damage);
}

int main(void)
{
    return run_suite("filter", add, 0);
}
