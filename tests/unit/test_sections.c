/*
 * test_sections.c - text between quotes becomes one value where its words follow no template, and
 * only there.
 */
#include "log_generator.h"
#include "suite.h"
#include "template/cluster.h"
#include "template/sections.h"

static void require_tokens(const char *line, section_mask folded, const char *const *wanted)
{
    struct section_scanner scanner = {{(const uint8_t *)line, strlen(line), 0}, folded, 0, 0};
    struct token token;
    while (section_next(&scanner, &token)) {
        struct span text = {(const uint8_t *)line + token.at, token.len};
        ck_assert_ptr_nonnull(*wanted);
        ck_assert_msg(span_equal(text, span_of(*wanted)), "'%.*s' instead of '%s'", (int)text.len,
                      (const char *)text.data, *wanted);
        wanted++;
    }
    ck_assert_ptr_null(*wanted);
}

START_TEST(test_scan)
{
    static const char line[] = "a \"b c\" (d \"e f\" g) \"\" [h i] \"j k";
    static const char *const none[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", NULL};
    static const char *const all[] = {"a", "b c", "d \"e f\" g", "h i", "j", "k", NULL};
    static const char *const second[] = {"a", "b", "c", "d \"e f\" g", "h", "i", "j", "k", NULL};
    /* The empty pair of quotes is number 2. */
    static const char *const fourth[] = {"a", "b", "c", "d", "e", "f", "g", "h i", "j", "k", NULL};
    require_tokens(line, 0, none);
    require_tokens(line, ~(section_mask)0, all);
    require_tokens(line, 2, second);
    require_tokens(line, 8, fourth);
    static const char *const nothing[] = {NULL};
    require_tokens("", ~(section_mask)0, nothing);
    require_tokens("\"\"()[", ~(section_mask)0, nothing);
}
END_TEST

/* Sections past the limit are left alone, however many there are. */
START_TEST(test_many_sections)
{
    struct buf line = {0};
    for (int i = 0; i < 3 * SECTIONS_MAX; i++)
        buf_append_string(&line, "\"a b\"");
    struct section_scanner scanner = {{line.data, line.len, 0}, ~(section_mask)0, 0, 0};
    struct token token;
    size_t count = 0;
    while (section_next(&scanner, &token))
        count += token.kind == TOKEN_SECTION;
    ck_assert_uint_eq(count, SECTIONS_MAX);
    ck_assert_uint_eq(scanner.number, 3 * SECTIONS_MAX);
    buf_free(&line);
}
END_TEST

/* 400 different texts in quotes; `values` more in each, or none. */
static void put_access_log(struct buf *log, bool values)
{
    uint64_t state = 5;
    for (unsigned i = 0; i < 4000; i++) {
        uint64_t agent = i < 400 ? i : random_below(&state, 400);
        buf_printf(log, "GET %u \"", i);
        for (unsigned k = 0; k < 2 + agent % 7; k++) {
            put_word((unsigned)(agent * 7 + k) % 900, log);
            buf_push(log, (uint8_t) " ;=,"[(agent >> k) % 4]);
        }
        if (values)
            buf_printf(log, " %u", (unsigned)random_below(&state, 100000));
        buf_append_string(log, "\" done\n");
    }
}

static size_t count_folded(bool values)
{
    struct buf log = {0};
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    size_t count = 0;
    put_access_log(&log, values);
    ck_assert(!log.failed && lines_split(&lines, log.data, log.len));
    ck_assert(skeletons_collect(&skeletons, log.data, &lines, &(struct worker){0}));
    section_mask *folded = calloc(skeletons.list.len, sizeof(*folded));
    uint32_t *of_skeleton = calloc(skeletons.list.len, sizeof(*of_skeleton));
    ck_assert(folded && of_skeleton);
    ck_assert(sections_fold(&skeletons, log.data, &lines, of_skeleton, folded));
    for (size_t i = 0; i < skeletons.list.len; i++) {
        ck_assert(folded[i] == 0 || folded[i] == 1);
        count += folded[i] != 0;
        if (folded[i])
            ck_assert_uint_eq(skeletons.list.data[i].shape, skeletons.list.data[0].shape);
    }
    free(folded);
    free(of_skeleton);
    skeletons_free(&skeletons);
    lines_free(&lines);
    buf_free(&log);
    return count;
}

START_TEST(test_fold)
{
    ck_assert_uint_eq(count_folded(false), 0); /* templates are good enough */
    ck_assert_uint_eq(count_folded(true), 0);  /* and say more than the values */
}
END_TEST

/* Names of browsers, say: most of them seldom, so that no template comes about. */
START_TEST(test_fold_rare)
{
    struct buf log = {0};
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    struct clustering c;
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t agent = i % 3 ? i % 50 : 50 + i % 1001;
        buf_printf(&log, "GET %u \"", i);
        for (unsigned k = 0; k < 2 + agent % 7; k++) {
            put_word((unsigned)(agent * 7 + k) % 900, &log);
            buf_push(&log, (uint8_t) " ;=,"[(agent >> k) % 4]);
        }
        buf_append_string(&log, "\" done\n");
    }
    ck_assert(!log.failed && lines_split(&lines, log.data, log.len));
    ck_assert(skeletons_collect(&skeletons, log.data, &lines, &(struct worker){0}));
    ck_ok(cluster_skeletons(&c, &skeletons, log.data, &lines, NULL, 3, &err));
    struct buf text = {0};
    template_describe(&c.set.list.data[0], &text);
    ck_assert_msg(span_equal(buf_span(&text), span_of("GET <*> \"<*>\" done")), "%.*s",
                  (int)text.len, (const char *)text.data);
    ck_assert_uint_eq(c.lines[0], 3000);
    buf_free(&text);
    clustering_clear(&c);
    skeletons_free(&skeletons);
    lines_free(&lines);
    buf_free(&log);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_scan);
    tcase_add_test(tc, test_many_sections);
    tcase_add_test(tc, test_fold);
    tcase_add_test(tc, test_fold_rare);
}

int main(void)
{
    return run_suite("sections", add_tests, 0);
}
