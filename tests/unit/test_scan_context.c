/*
 * test_scan_context.c - numbers of lines, and lines around those that are selected, where bytes of
 * a source are missing, where sources take turns, and where a line is in several journals.
 */
#include "archive_fixture.h"
#include "query/scan.h"
#include "suite.h"

/* What a scan hands on: "SOURCE:NUMBER:text", a minus instead of the colons around lines, and a bar
   before what isn't next to the line of its source that came before. */
struct collector {
    struct buf out;
};

static int collect(void *context, const struct query_line *line, struct lgz_error *e)
{
    struct collector *c = context;
    char sign = line->context ? '-' : ':';
    (void)e;
    buf_printf(&c->out, "%s%s%c%d%c%.*s@%d\n", line->apart ? "|" : "", line->source + 5, sign,
               (int)line->place.number, sign, (int)line->text.len, (const char *)line->text.data,
               (int)line->place.offset);
    return LGZ_OK;
}

static void refuse_report(void *context, const struct lgz_error *reason)
{
    (void)context;
    ck_abort_msg("reported: %s", reason->message);
}

/* Scan the archive for `text`; this must come out. */
static void expect(const struct scan_options *wanted, const char *text, const char *output)
{
    struct scan *scan = NULL;
    struct collector c = {0};
    struct scan_options options = *wanted;
    const struct pattern_options fixed = {.fixed = true};
    options.since = options.since ? options.since : INT64_MIN;
    options.until = INT64_MAX;
    options.max_count = options.max_count ? options.max_count : UINT64_MAX;
    options.numbered = true;
    ck_ok(pattern_compile(&options.pattern, &text, 1, &fixed, &err));
    ck_ok(scan_new(&scan, &options, collect, refuse_report, &c, &err));
    ck_ok(scan_path(scan, directory, &err));
    buf_push(&c.out, '\0');
    ck_assert_str_eq((const char *)c.out.data, output);
    buf_free(&c.out);
    scan_free(scan);
    pattern_free(options.pattern);
}

/* Bytes are missing in the middle, also of a line: it ends there, and nothing is around it. */
START_TEST(test_missing_bytes)
{
    const struct scan_options around = {.before = 2, .after = 2};
    make_directory();
    struct journal_writer *j = create_journal(1, 1, 0);
    put(j, 1, 0, "one\ntwo\nthr");
    put(j, 1, 100, "ee\nfour\nfive\nsix");
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    for (int sealed = 0; sealed < 2; sealed++) {
        expect(&around, "two", "|1-1-one@0\n1:2:two@4\n1-3-thr@8\n");
        expect(&around, "ee", "|1:4:ee@100\n1-5-four@103\n1-6-five@108\n");
        expect(&around, "five", "|1-4-ee@100\n1-5-four@103\n1:6:five@108\n1-7-six@113\n");
        expect(&around, "t", "|1-1-one@0\n1:2:two@4\n1:3:thr@8\n");
        expect(&around, "r",
               "|1-1-one@0\n1-2-two@4\n1:3:thr@8\n|1-4-ee@100\n1:5:four@103\n1-6-five@108\n"
               "1-7-six@113\n");
        if (sealed == 0) {
            journal_close(create_journal(2, 1, 116));
            free(seal(1, 1));
        }
    }
    remove_directory();
}
END_TEST

/* Two sources by turns, a line of one of them in three journals. */
START_TEST(test_turns)
{
    const struct scan_options around = {.before = 1, .after = 1};
    make_directory();
    struct journal_writer *j = create_journal(1, 2, 0);
    put_at(j, 1, 0, 1 * NS_PER_SECOND, "a1\nhit a2\na3\na4\na");
    put_at(j, 2, 0, 20 * NS_PER_SECOND, "b1\nb2\n");
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    j = create_journal(2, 0, 0);
    struct source a = source_of(1), b = source_of(2);
    ck_ok(journal_put_source(j, &a, 17, &err));
    ck_ok(journal_put_source(j, &b, 6, &err));
    put_at(j, 1, 17, 40 * NS_PER_SECOND, "5 hi");
    put_at(j, 2, 6, 60 * NS_PER_SECOND, "hit b3\nb4\nb5\n");
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    free(seal(1, 1));
    j = create_journal(3, 0, 0);
    ck_ok(journal_put_source(j, &a, 21, &err));
    ck_ok(journal_put_source(j, &b, 19, &err));
    put_at(j, 1, 21, 80 * NS_PER_SECOND, "t\na6\na7\n");
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    for (int sealed = 0; sealed < 2; sealed++) {
        expect(&around, "hit",
               "|1-1-a1@0\n1:2:hit a2@3\n1-3-a3@10\n|2-2-b2@3\n2:3:hit b3@6\n2-4-b4@13\n"
               "1-4-a4@13\n1:5:a5 hit@16\n1-6-a6@23\n");
        const struct scan_options first = {.after = 9, .max_count = 1};
        expect(&first, "hit",
               "|1:2:hit a2@3\n1-3-a3@10\n1-4-a4@13\n|2:3:hit b3@6\n2-4-b4@13\n2-5-b5@16\n"
               "1-5-a5 hit@16\n1-6-a6@23\n1-7-a7@26\n");
        if (sealed == 0)
            free(seal(2, 2));
    }
    free(a.name);
    free(b.name);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_missing_bytes);
    tcase_add_test(tc, test_turns);
}

int main(void)
{
    return run_suite("scan_context", add_tests, 0);
}
