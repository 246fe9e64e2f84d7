/*
 * test_keep.c - rules as text and back, what isn't a rule, and which segments each keeps.
 */
#include "archive/keep.h"

#include <fcntl.h>

#include "archive_fixture.h"
#include "base/file.h"
#include "suite.h"

#define START (1700000000 * NS_PER_SECOND) /* 2023-11-14T22:13:20Z */
#define HOUR  (3600 * NS_PER_SECOND)

static int parse(struct keep_rules *rules, const char *text)
{
    return keep_parse(rules, (struct span){(const uint8_t *)text, strlen(text)}, "keep", &err);
}

/* The text is rules, which are printed as `printed`. */
static void assert_parsed(const char *text, const char *printed)
{
    struct keep_rules rules;
    struct buf out = {0};
    ck_ok(parse(&rules, text));
    for (size_t i = 0; i < rules.list.len; i++) {
        keep_print(&out, &rules.list.data[i]);
        buf_push(&out, '\n');
    }
    buf_push(&out, '\0');
    ck_assert_str_eq((const char *)out.data, printed);
    buf_free(&out);
    keep_clear(&rules);
}

START_TEST(text_and_back)
{
    static const char *const lines[] = {
        "1 since=2026-11-01T00:00:00Z\n",
        "2 until=1969-12-31T23:59:59.999999999Z\n",
        "3 since=2024-02-29T12:30:59.250000000Z until=2261-12-31T00:00:00Z input=\"web shop\"\n",
        "999999999999999999 journals=1-999999999999 reason=\"\\\"why\\\" \\\\ not\"\n",
        "7 import=12\n",
        "1 input=\"a\"\n2 input=\"b\"\n9 input=\"c\"\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_parsed(lines[i], lines[i]);
    assert_parsed("", "");
    assert_parsed("# comment\n\n1 \tjournals=5\t input=web  \n#\n",
                  "1 input=\"web\" journals=5-5\n");
    assert_parsed("1 since=2026-11-01T00:00:00.5Z\n", "1 since=2026-11-01T00:00:00.500000000Z\n");
    assert_parsed("1 input=\"\\n\"\n", "1 input=\"\\\\n\"\n");
}
END_TEST

static void assert_refused(const char *text, const char *reason)
{
    struct keep_rules rules;
    ck_assert_int_eq(parse(&rules, text), LGZ_ERR_CORRUPT);
    ck_assert_msg(strstr(err.message, reason) != NULL, "%s", err.message);
    ck_assert_uint_eq(rules.list.len, 0);
}

START_TEST(what_is_no_rule_is_told)
{
    static const char *const lines[] = {
        "journals=1-1",
        "0 journals=1-1",
        "1journals=1-1",
        "1 journals",
        "1 journals=",
        "1 journals=0",
        "1 journals=2-1",
        "1 journals=1-2-3",
        "1 journals=1-",
        "1 journals=1000000000000",
        "1 color=red",
        "1 since=2026-11-01",
        "1 since=2026-02-29T00:00:00Z",
        "1 since=2026-13-01T00:00:00Z",
        "1 since=2026-00-01T00:00:00Z",
        "1 since=2026-01-01T24:00:00Z",
        "1 since=2026-01-01T00:00:00",
        "1 since=2026-01-01T00:00:00.Z",
        "1 since=2026-01-01T00:00:00Zx",
        "1 since=9999-01-01T00:00:00Z",
        "1 import=0",
        "1 import=x",
        "1 import=1 import=2",
        "1 input=\"a",
        "1 input=\"a\"b",
        "1 input=\"\"",
        "1 input=a input=b",
        "1 import=1 x",
        "-1 import=1",
        "1 input=a\rb input=c",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "# first\n%s\n", lines[i]);
        assert_refused(text, "keep:2: ");
    }
    assert_refused("1 import=1\n1 import=2\n", "keep:2: the numbers of the rules don't ascend");
    assert_refused("1 import=1", "keep:1: the line has no end");
    assert_refused("1\n", "keep:1: a rule says what to keep");
    assert_refused("1 reason=x\n", "keep:1: a rule says what to keep");
    assert_refused("1 import=1 journals=1\n", "keep:1: no segment is");
    assert_refused("1 since=2026-01-02T00:00:00Z until=2026-01-01T00:00:00Z\n",
                   "keep:1: a time range ends before it begins");
    assert_refused("1 input=\"\x01\"\n", "keep:1: the name of an input");
    struct keep_rules rules;
    ck_assert_int_eq(keep_parse(&rules, (struct span){(const uint8_t *)"1 i\0", 5}, "keep", &err),
                     LGZ_ERR_CORRUPT);
}
END_TEST

/* Every beginning of a file is understood, or an error. */
START_TEST(cut_anywhere)
{
    static const char text[] =
        "1 since=2026-11-01T00:00:00.5Z input=\"a \\\" b\" import=3\n2 import=1\n";
    for (size_t len = 0; len < strlen(text); len++) {
        struct keep_rules rules;
        uint8_t *copy = malloc(len + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, len);
        int code = keep_parse(&rules, (struct span){copy, len}, "keep", &err);
        ck_assert_int_eq(code, len == 0 || text[len - 1] == '\n' ? LGZ_OK : LGZ_ERR_CORRUPT);
        keep_clear(&rules);
        free(copy);
    }
}
END_TEST

START_TEST(stored_and_loaded)
{
    static char web[] = "web";
    struct keep_rules rules;
    struct keep_rule rule = KEEP_RULE_EMPTY;
    uint64_t id;
    ck_ok(keep_load(&rules, directory, &err)); /* no file, no rule */
    ck_assert_uint_eq(rules.list.len, 0);
    ck_assert_int_eq(keep_add(&rules, &rule, &id, &err), LGZ_ERR_ARGUMENT);
    rule.input = web;
    for (uint64_t i = 1; i <= 3; i++) {
        ck_ok(keep_add(&rules, &rule, &id, &err));
        ck_assert_uint_eq(id, i);
    }
    ck_assert_ptr_eq(keep_same(&rules, &rule), &rules.list.data[0]);
    rule.reason = web;
    ck_assert_ptr_null(keep_same(&rules, &rule));
    rule.reason = NULL;
    rule.import = 1;
    ck_assert_ptr_null(keep_same(&rules, &rule));
    rule.import = 0;
    ck_assert(keep_remove(&rules, 2) && !keep_remove(&rules, 2));
    ck_ok(keep_store(&rules, directory, &err));
    keep_clear(&rules);
    ck_ok(keep_load(&rules, directory, &err));
    ck_assert_uint_eq(rules.list.len, 2);
    ck_assert_uint_eq(rules.list.data[1].id, 3);
    ck_assert_str_eq(rules.list.data[1].input, web);
    ck_ok(keep_add(&rules, &rule, &id, &err));
    ck_assert_uint_eq(id, 4);
    keep_clear(&rules);
    ck_assert_int_eq(keep_load(&rules, "/dev/null", &err), LGZ_ERR_IO);
}
END_TEST

START_TEST(a_lock_keeps_others_waiting)
{
    int fd = keep_lock(directory, &err);
    ck_assert_int_ge(fd, 0);
    char command[200];
    snprintf(command, sizeof(command), "flock -n '%s/keep.lock' true", directory);
    ck_assert_int_ne(system(command), 0);
    close(fd);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_lt(keep_lock("/nonexistent", &err), 0);
}
END_TEST

/* A segment of two blocks' worth of sources: "web" and "db", read at START, stamped as `line` is.
 */
static struct segment *make_segment(const char *line)
{
    static char web[] = "web", db[] = "db";
    struct source_position start[2] = {{source_of(1), 0, {0}}, {source_of(2), 0, {0}}};
    struct segment *segment;
    struct journal_writer *j;
    start[0].source.input = web;
    start[1].source.input = db;
    ck_ok(journal_create(&j, directory, 1, start, 2, &err));
    put_at(j, 1, 0, START, line);
    put_at(j, 2, 0, START + HOUR, line);
    journal_close(j);
    journal_close(create_journal(2, 0, 0));
    char *path = seal(1, 1);
    ck_ok(segment_open(&segment, path, &err));
    ck_ok(catalog_update(directory, NULL, &err));
    free(path);
    for (size_t i = 0; i < 2; i++)
        free(start[i].source.name);
    return segment;
}

/* keep_look() with the catalog. @return the rule's id, 0: none, or a negative code */
static int64_t look(const struct keep_rules *rules, const char *path,
                    const struct segment_name *name)
{
    struct catalog *catalog;
    struct catalog_entry entry;
    struct segment_name listed;
    const struct keep_rule *rule;
    size_t next = 0, index;
    ck_ok(catalog_load(&catalog, directory, &err));
    ck_assert(names_parse_segment(file_name(path), &listed));
    ck_assert(catalog_find(catalog, &listed, &next, &index));
    catalog_at(catalog, index, &entry);
    int code = keep_look(rules, catalog, &entry, path, name, &rule, &err);
    catalog_close(catalog);
    return code != LGZ_OK ? code : rule ? (int64_t)rule->id : 0;
}

/* By its footer, and the same with the catalog, or without it, of a file that isn't open. */
static bool keeps(const char *rule, const struct segment *segment, struct segment_name name)
{
    struct keep_rules rules;
    const struct keep_rule *same;
    ck_ok(parse(&rules, rule));
    const struct keep_rule *found = keep_find(&rules, segment, &name);
    uint64_t id = found ? found->id : 0;
    ck_assert_int_eq(look(&rules, segment_path(segment), &name), id);
    ck_ok(keep_look(&rules, NULL, NULL, segment_path(segment), &name, &same, &err));
    ck_assert_ptr_eq(same, found);
    keep_clear(&rules);
    return id;
}

/* What the catalog alone tells: the file is gone. */
START_TEST(the_catalog_may_say_enough)
{
    static const struct {
        const char *rule;
        int64_t id; /* LGZ_ERR_IO: it doesn't */
    } known[] = {
        {"", 0},
        {"3 journals=1\n", 3},
        {"3 journals=2\n", 0},
        {"1 input=other\n4 input=db\n", 4},
        {"1 since=2023-11-14T22:00:00Z\n", 1},
        {"1 until=2023-11-14T22:00:00Z\n", 0},
        {"1 since=2023-11-14T23:13:20Z\n", 1},
        {"1 since=2023-11-14T22:30:00Z until=2023-11-14T23:00:00Z\n", LGZ_ERR_IO},
        {"1 since=2023-11-14T22:00:00Z input=web\n", LGZ_ERR_IO},
        {"1 since=2023-11-14T22:00:00Z input=web\n2 journals=1\n", LGZ_ERR_IO},
        {"1 since=2023-11-14T22:00:00Z input=other\n2 journals=1\n", 2},
    };
    const struct segment_name name = {.first = 1, .last = 1};
    struct segment *s = make_segment("text\n");
    ck_assert_int_eq(unlink(segment_path(s)), 0);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct keep_rules rules;
        ck_ok(parse(&rules, known[i].rule));
        ck_assert_int_eq(look(&rules, segment_path(s), &name), known[i].id);
        keep_clear(&rules);
    }
    segment_close(s);
}
END_TEST

START_TEST(which_segments_a_rule_keeps)
{
    const struct segment_name journals = {.first = 5, .last = 9}, import = {.import = 7};
    struct segment *s = make_segment("text\n");
    ck_assert(!keeps("", s, journals));
    ck_assert(keeps("1 journals=1-5\n", s, journals) && keeps("1 journals=9-99\n", s, journals));
    ck_assert(keeps("1 journals=7\n", s, journals));
    ck_assert(!keeps("1 journals=1-4\n", s, journals) && !keeps("1 journals=10-11\n", s, journals));
    ck_assert(!keeps("1 journals=1-99\n", s, import) && keeps("1 import=7\n", s, import));
    ck_assert(!keeps("1 import=7\n", s, journals) && !keeps("1 import=8\n", s, import));
    ck_assert(keeps("1 input=web\n", s, journals) && keeps("1 input=db\n", s, import));
    ck_assert(!keeps("1 input=other\n", s, journals) && !keeps("1 input=we\n", s, journals));
    ck_assert(!keeps("1 input=web journals=1-4\n", s, journals));
    ck_assert(keeps("1 input=web journals=1-5\n", s, journals));
    ck_assert(keeps("1 input=x\n2 input=y\n3 input=db\n", s, journals));
    segment_close(s);
}
END_TEST

START_TEST(times_are_those_of_reading)
{
    const struct segment_name name = {.first = 1, .last = 1};
    struct segment *s = make_segment("text\n");
    ck_assert(keeps("1 since=2023-11-14T22:13:20Z\n", s, name));
    ck_assert(keeps("1 since=2023-11-14T23:13:20Z\n", s, name));
    ck_assert(!keeps("1 since=2023-11-14T23:20:00Z\n", s, name));
    ck_assert(keeps("1 until=2023-11-14T22:13:20Z\n", s, name));
    ck_assert(!keeps("1 until=2023-11-14T22:13:19Z\n", s, name));
    ck_assert(!keeps("1 since=2023-11-14T22:30:00Z until=2023-11-14T23:00:00Z\n", s, name));
    ck_assert(keeps("1 since=2023-11-14T23:00:00Z input=db\n", s, name));
    ck_assert(!keeps("1 since=2023-11-14T23:00:00Z input=web\n", s, name));
    segment_close(s);
}
END_TEST

START_TEST(and_those_of_stamps)
{
    const struct segment_name name = {.first = 1, .last = 1};
    struct segment *s = make_segment("2020-05-01T12:00:00Z text\n");
    ck_assert(keeps("1 since=2020-05-01T12:00:00Z until=2020-05-01T12:00:00Z\n", s, name));
    ck_assert(!keeps("1 since=2020-05-01T12:00:01Z until=2020-06-01T12:00:00Z\n", s, name));
    ck_assert(!keeps("1 since=2020-05-01T11:00:00Z until=2020-05-01T11:59:59Z\n", s, name));
    ck_assert(keeps("1 until=2021-01-01T00:00:00Z input=web\n", s, name));
    ck_assert(!keeps("1 until=2021-01-01T00:00:00Z input=other\n", s, name));
    segment_close(s);
}
END_TEST

/* 12:00 somewhere is a moment from 22:00 the day before to 02:00 the day after. */
START_TEST(a_stamp_without_a_zone_is_of_any)
{
    const struct segment_name name = {.first = 1, .last = 1};
    struct segment *s = make_segment("2020-05-01 12:00:00 text\n");
    ck_assert(keeps("1 until=2020-04-30T22:00:00Z\n", s, name));
    ck_assert(!keeps("1 until=2020-04-30T21:59:59Z\n", s, name));
    ck_assert(keeps("1 since=2020-05-02T02:00:00Z until=2020-06-01T00:00:00Z\n", s, name));
    ck_assert(!keeps("1 since=2020-05-02T02:00:01Z until=2020-06-01T00:00:00Z\n", s, name));
    segment_close(s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, text_and_back);
    tcase_add_test(tests, what_is_no_rule_is_told);
    tcase_add_test(tests, cut_anywhere);
    tcase_add_test(tests, stored_and_loaded);
    tcase_add_test(tests, a_lock_keeps_others_waiting);
    tcase_add_test(tests, which_segments_a_rule_keeps);
    tcase_add_test(tests, the_catalog_may_say_enough);
    tcase_add_test(tests, times_are_those_of_reading);
    tcase_add_test(tests, and_those_of_stamps);
    tcase_add_test(tests, a_stamp_without_a_zone_is_of_any);
}

int main(void)
{
    return run_suite("keep", add_tests, 60);
}
