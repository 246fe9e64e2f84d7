/*
 * test_scan_context.c - numbers of lines, and lines around those that are selected, where bytes of
 * a source are missing, where sources take turns, also within a block, and where a line is in
 * several journals.
 */
#include "archive_fixture.h"
#include "query/scan.h"
#include "segment/writer.h"
#include "suite.h"

/* What a scan hands on: "SOURCE:NUMBER:text", a minus instead of the colons around lines, and a bar
   before what isn't next to the line of its source that came before. */
struct collector {
    struct buf out;
    bool unplaced; /* nothing about where lines are */
};

static int collect(void *context, const struct query_line *line, struct lgz_error *e)
{
    struct collector *c = context;
    char sign = line->context ? '-' : ':';
    (void)e;
    buf_printf(&c->out, "%s%s%c%d%c%.*s", line->apart && !c->unplaced ? "|" : "", line->source + 5,
               sign, (int)line->place.number, sign, (int)line->text.len,
               (const char *)line->text.data);
    if (!c->unplaced)
        buf_printf(&c->out, "@%d", (int)line->place.offset);
    buf_push(&c->out, '\n');
    return LGZ_OK;
}

static void refuse_report(void *context, const struct lgz_error *reason)
{
    (void)context;
    ck_abort_msg("reported: %s", reason->message);
}

/* Scan the archive for `text`; this must come out. @return how many blocks were searched only */
static uint64_t expect(const struct scan_options *wanted, const char *text, const char *output)
{
    struct scan *scan = NULL;
    struct collector c = {.unplaced = wanted->unplaced};
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
    const uint64_t searched = scan_effort(scan)->blocks[BLOCK_SEARCHED];
    buf_free(&c.out);
    scan_free(scan);
    pattern_free(options.pattern);
    return searched;
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

static int write_file(void *context, const void *data, size_t size)
{
    return fwrite(data, 1, size, context) == size ? LGZ_OK : LGZ_ERR_IO;
}

/* A segment of two sources, which take so many turns: a source's lines are the same. */
static void write_turns(int turns)
{
    enum { LINES = 40000 };
    const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
    struct segment_writer *w;
    char path[200];
    uint64_t offsets[3] = {0};
    uint32_t numbers[3];
    snprintf(path, sizeof(path), "%s/000000000001-000000000001-20260101T000000Z.logz", directory);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_ok(segment_writer_new(&w, &options, write_file, f, &err));
    for (uint64_t id = 1; id <= 2; id++) {
        struct source source = source_of(id);
        ck_ok(segment_writer_source(w, &source, &numbers[id], &err));
        free(source.name);
    }
    for (int turn = 0; turn < 2 * turns; turn++) {
        const int id = turn % 2 + 1, first = LINES / turns * (turn / 2);
        struct buf text = {0};
        for (int i = first + 1; i <= first + LINES / turns; i++)
            buf_printf(&text, "%s is number %d\n", i % 15000 ? "this one" : "needle", i);
        ck_ok(segment_writer_append(w, numbers[id], offsets[id], id * NS_PER_SECOND, text.data,
                                    text.len, &err));
        offsets[id] += text.len;
        buf_free(&text);
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    ck_assert_int_eq(fclose(f), 0);
}

/* A block is searched where each source is in one run of it; lines have the same numbers if not. */
START_TEST(test_runs)
{
    const struct scan_options options = {.unplaced = true};
    make_directory();
    write_turns(_i ? 4 : 1);
    uint64_t searched = expect(&options, "needle is",
                               "1:15000:needle is number 15000\n1:30000:needle is number 30000\n"
                               "2:15000:needle is number 15000\n2:30000:needle is number 30000\n");
    ck_assert_uint_eq(searched, !_i);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_missing_bytes);
    tcase_add_test(tc, test_turns);
    tcase_add_loop_test(tc, test_runs, 0, 2);
}

int main(void)
{
    return run_suite("scan_context", add_tests, 0);
}
