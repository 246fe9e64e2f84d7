/*
 * test_query_api.c - the public queries: what they find is what is there; options are checked,
 * callbacks and other threads can stop them, and what can't be read is told.
 */
#include "archive_fixture.h"

#include <pthread.h>

#include "suite.h"

enum { LINES = 300 };

/* What came, and what to do about it. */
struct collector {
    struct buf text; /* each line behind its number, or its offset */
    uint64_t lines;
    uint64_t stop_at; /* 0: never */
    int warnings;
    int last_code;
    struct lgz_query *cancel; /* from within the callback */
};

static int collect(void *context, const struct lgz_line *line)
{
    struct collector *c = context;
    buf_printf(&c->text, "%s:%llu:", line->source,
               (unsigned long long)(line->number ? line->number : line->offset));
    buf_append(&c->text, line->text, line->size);
    buf_push(&c->text, '\n');
    if (c->cancel)
        lgz_query_cancel(c->cancel);
    return ++c->lines == c->stop_at;
}

static void count_warning(void *context, const struct lgz_error *reason)
{
    struct collector *c = context;
    c->warnings++;
    c->last_code = reason->code;
}

static struct lgz_query_options options_for(struct collector *c)
{
    struct lgz_query_options options;
    lgz_query_options_default(&options, sizeof(options));
    options.line = collect;
    options.warning = count_warning;
    options.context = c;
    return options;
}

/* Sources 1 and 2: journal 1 is sealed, journal 2 is not. */
static void make_archive(void)
{
    uint64_t at[2] = {0};
    make_directory();
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        struct source_position start[2] = {{source_of(1), at[0], {0}}, {source_of(2), at[1], {0}}};
        struct journal_writer *j;
        ck_ok(journal_create(&j, directory, sequence, start, 2, &err));
        for (int i = 0; i < LINES; i++) {
            char text[120];
            snprintf(text, sizeof(text), "2026-03-0%d 10:%02d:%02d level=%s status=%d size=%d\n",
                     (int)sequence, i / 60, i % 60, i % 10 ? "info" : "error", 200 + i % 5, i);
            put(j, 1 + (uint64_t)i % 2, at[i % 2], text);
            at[i % 2] += strlen(text);
        }
        ck_ok(journal_sync(j, &err));
        journal_close(j);
        free(start[0].source.name);
        free(start[1].source.name);
    }
    free(seal(1, 1));
}

/* Run a query; what it finds is in `c`. */
static int run(struct collector *c, const struct lgz_query_options *options)
{
    struct lgz_archive *archive;
    struct lgz_query *query;
    buf_clear(&c->text);
    c->lines = 0;
    c->warnings = 0;
    int code = lgz_query_new(&query, options, &err);
    if (code != LGZ_OK)
        return code;
    ck_ok(lgz_archive_open(&archive, directory, &err));
    code = lgz_query_run(query, archive, &err);
    if (code == LGZ_OK && options->line)
        ck_assert_uint_eq(lgz_query_count(query), c->lines);
    lgz_query_free(query);
    lgz_archive_close(archive);
    return code;
}

static void clean_up(struct collector *c)
{
    buf_free(&c->text);
    remove_directory();
}

START_TEST(finds_lines)
{
    static const char *const patterns[] = {"size=7$", "SIZE=11[12]$"};
    static const char *const source = "*/2";
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    make_archive();
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2 * LINES);
    options.patterns = patterns;
    options.pattern_count = 2;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2);
    options.ignore_case = true;
    options.numbers = true;
    options.sources = &source;
    options.source_count = 1;
    options.threads = 3;
    ck_ok(run(&c, &options));
    buf_push(&c.text, '\0');
    ck_assert_str_eq((char *)c.text.data,
                     "/log/2:4:2026-03-01 10:00:07 level=info status=202 size=7\n"
                     "/log/2:56:2026-03-01 10:01:51 level=info status=201 size=111\n"
                     "/log/2:154:2026-03-02 10:00:07 level=info status=202 size=7\n"
                     "/log/2:206:2026-03-02 10:01:51 level=info status=201 size=111\n");
    options.invert = true;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, LINES - 4);
    clean_up(&c);
}
END_TEST

START_TEST(where_and_times)
{
    static const char *const fixed = "status=20";
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    make_archive();
    options.where = "level = error and size < 100";
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 20);
    ck_ok(lgz_time_parse("2026-03-02T10:00:00Z", 0, &options.since, &err));
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 10);
    ck_ok(lgz_time_parse("2026-03-02T10:00:19.5Z", 0, &options.until, &err));
    options.patterns = &fixed;
    options.pattern_count = 1;
    options.syntax = LGZ_SYNTAX_FIXED;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2);
    options.words = true;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 0);
    ck_assert_int_eq(lgz_time_parse("some day", 0, &options.since, &err), LGZ_ERR_ARGUMENT);
    clean_up(&c);
}
END_TEST

/* The same lines, and of where they are only their source. */
START_TEST(texts_only)
{
    static const char *const pattern = "status=203";
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    make_archive();
    options.patterns = &pattern;
    options.pattern_count = 1;
    options.text_only = true;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2 * LINES / 5);
    buf_push(&c.text, '\0');
    static const char first[] = "/log/1:0:2026-03-01 10:00:08 level=info status=203 size=8\n";
    ck_assert_int_eq(strncmp((const char *)c.text.data, first, strlen(first)), 0);
    options.where = "time < 2026-03-01T10:00:10Z";
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2);
    options.limit = 1;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 1);
    clean_up(&c);
}
END_TEST

START_TEST(counts_and_limit)
{
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    struct lgz_archive *archive;
    struct lgz_query *query;
    make_archive();
    options.limit = 10;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 10);
    options.limit = 2 * LINES + 1;
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, 2 * LINES);
    options.limit = 0;
    options.line = NULL;
    options.where = "level = error";
    ck_ok(lgz_query_new(&query, &options, &err));
    ck_ok(lgz_archive_open(&archive, directory, &err));
    for (int i = 0; i < 2; i++) {
        ck_ok(lgz_query_run(query, archive, &err));
        ck_assert_uint_eq(lgz_query_count(query), 2 * LINES / 10);
    }
    lgz_query_free(query);
    lgz_archive_close(archive);
    clean_up(&c);
}
END_TEST

/* The callback's own word, a word to the query from within, and one before the run. */
START_TEST(cancelled)
{
    struct collector c = {.stop_at = 5};
    struct lgz_query_options options = options_for(&c);
    struct lgz_archive *archive;
    struct lgz_query *query;
    make_archive();
    ck_assert_int_eq(run(&c, &options), LGZ_ERR_CANCELLED);
    ck_assert_uint_eq(c.lines, 5);
    c.stop_at = 0;
    c.lines = 0;
    ck_ok(lgz_query_new(&query, &options, &err));
    ck_ok(lgz_archive_open(&archive, directory, &err));
    c.cancel = query;
    ck_assert_int_eq(lgz_query_run(query, archive, &err), LGZ_ERR_CANCELLED);
    ck_assert_uint_eq(c.lines, 1);
    c.cancel = NULL;
    c.lines = 0;
    lgz_query_cancel(query);
    ck_assert_int_eq(lgz_query_run(query, archive, &err), LGZ_ERR_CANCELLED);
    ck_assert_uint_eq(c.lines, 0);
    ck_ok(lgz_query_run(query, archive, &err));
    ck_assert_uint_eq(c.lines, 2 * LINES);
    lgz_query_free(query);
    lgz_archive_close(archive);
    clean_up(&c);
}
END_TEST

/* A callback that waits until another thread has cancelled the query. */
struct waiting {
    struct lgz_query *query;
    int lines;
    pthread_t other;
};

static void *cancel(void *context)
{
    lgz_query_cancel(((struct waiting *)context)->query);
    return NULL;
}

static int wait_once(void *context, const struct lgz_line *line)
{
    struct waiting *w = context;
    (void)line;
    if (w->lines++ == 0) {
        ck_assert_int_eq(pthread_create(&w->other, NULL, cancel, w), 0);
        ck_assert_int_eq(pthread_join(w->other, NULL), 0);
    }
    return 0;
}

START_TEST(cancelled_by_another_thread)
{
    struct waiting w = {0};
    struct lgz_query_options options;
    struct lgz_archive *archive;
    lgz_query_options_default(&options, sizeof(options));
    options.line = wait_once;
    options.context = &w;
    make_archive();
    ck_ok(lgz_query_new(&w.query, &options, &err));
    ck_ok(lgz_archive_open(&archive, directory, &err));
    ck_assert_int_eq(lgz_query_run(w.query, archive, &err), LGZ_ERR_CANCELLED);
    ck_assert_int_eq(w.lines, 1);
    lgz_query_free(w.query);
    lgz_archive_close(archive);
    remove_directory();
}
END_TEST

/* Lines that are there, and one that comes; then a limit ends it, or a word to the query. */
static int add_line(void *context, const struct lgz_line *line)
{
    struct collector *c = context;
    if (c->lines == 2 * LINES - 1) {
        struct listing found = {0};
        struct journal_writer *j;
        ck_ok(listing_open(&found, directory, &err));
        ck_assert_uint_eq(found.journals.len, 1);
        ck_ok(journal_reopen(&j, found.journals.data[0].path, NULL, &err));
        put(j, 1, 1 << 20, "a line that comes later\n");
        journal_close(j);
        listing_clear(&found);
    }
    return collect(context, line);
}

START_TEST(follows)
{
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    struct lgz_archive *archive;
    struct lgz_query *query;
    make_archive();
    ck_ok(lgz_archive_open(&archive, directory, &err));
    options.line = add_line;
    options.limit = 2 * LINES + 1;
    ck_ok(lgz_query_new(&query, &options, &err));
    ck_ok(lgz_query_follow(query, archive, &err));
    ck_assert_uint_eq(lgz_query_count(query), 2 * LINES + 1);
    buf_push(&c.text, '\0');
    ck_assert_ptr_nonnull(strstr((char *)c.text.data, "/log/1:1048576:a line that comes later\n"));
    c.lines = 0;
    c.stop_at = 7;
    ck_assert_int_eq(lgz_query_follow(query, archive, &err), LGZ_ERR_CANCELLED);
    ck_assert_uint_eq(c.lines, 7);
    lgz_query_free(query);
    lgz_archive_close(archive);
    clean_up(&c);
}
END_TEST

/* What the fields' callback has seen. */
static int note_field(void *context, const struct lgz_field *field)
{
    struct buf *out = context;
    buf_append(out, field->name, field->name_size);
    buf_push(out, '=');
    buf_append(out, field->value, field->value_size);
    buf_push(out, ' ');
    return out->len > 40;
}

static int look_at_fields(void *context, const struct lgz_line *line)
{
    struct buf names = {0};
    const struct lgz_field *field = NULL;
    char longest[300];
    ++*(int *)context;
    ck_assert_int_eq(lgz_line_field(line, "status", &field, &err), 1);
    ck_assert_uint_eq(field->value_size, 3);
    ck_assert_mem_eq(field->value, "204", 3);
    ck_assert_mem_eq(field->name, "status", field->name_size);
    ck_assert_int_eq(lgz_line_field(line, "time", &field, &err), 1);
    ck_assert_int_eq(field->kind, LGZ_FIELD_TIME);
    ck_assert_mem_eq(field->value, "2026-03-01T10:00:09Z", field->value_size);
    ck_assert_int_eq(line->time, (int64_t)1772359209 * NS_PER_SECOND);
    ck_assert_uint_eq(line->time_digits, 0);
    ck_assert_int_eq(line->read_time, 1700000000 * NS_PER_SECOND);
    ck_assert_str_eq(line->input, "");
    ck_assert_int_eq(lgz_line_field(line, "nothing", &field, &err), 0);
    ck_assert_int_eq(lgz_line_field(line, "", &field, &err), LGZ_ERR_ARGUMENT);
    memset(longest, 'n', sizeof(longest));
    longest[256] = '\0';
    ck_assert_int_eq(lgz_line_field(line, longest, &field, &err), LGZ_ERR_ARGUMENT);
    int code = lgz_line_fields(line, note_field, &names, &err);
    ck_assert_int_eq(code, LGZ_OK);
    ck_assert_mem_eq(names.data, "level=info status=204 size=9 ", 29);
    names.len = 41;
    ck_assert_int_eq(lgz_line_fields(line, note_field, &names, &err), LGZ_ERR_CANCELLED);
    buf_free(&names);
    return 0;
}

START_TEST(fields)
{
    static const char *const pattern = "size=9$";
    struct lgz_query_options options;
    struct lgz_query *query;
    struct lgz_archive *archive;
    int lines = 0;
    lgz_query_options_default(&options, sizeof(options));
    options.line = look_at_fields;
    options.context = &lines;
    options.patterns = &pattern;
    options.pattern_count = 1;
    options.limit = 1;
    make_archive();
    ck_ok(lgz_query_new(&query, &options, &err));
    ck_ok(lgz_archive_open(&archive, directory, &err));
    ck_ok(lgz_query_run(query, archive, &err));
    ck_assert_int_eq(lines, 1);
    lgz_query_free(query);
    lgz_archive_close(archive);
    remove_directory();
}
END_TEST

static void refuse(const struct lgz_query_options *options, const char *reason)
{
    struct lgz_query *query = NULL;
    struct lgz_error why = {0};
    ck_assert_int_eq(lgz_query_new(&query, options, &why), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(why.code, LGZ_ERR_ARGUMENT);
    ck_assert_msg(strstr(why.message, reason) != NULL, "%s", why.message);
    ck_assert_ptr_null(query);
    ck_assert_int_eq(lgz_query_new(&query, options, NULL), LGZ_ERR_ARGUMENT);
}

START_TEST(options_are_checked)
{
    static const char *const bad = "a(b";
    struct lgz_query_options good, options;
    lgz_query_options_default(&good, sizeof(good));
    ck_assert_uint_eq(good.threads, 1);
#define REFUSED(change, reason)   \
    do {                          \
        options = good;           \
        change;                   \
        refuse(&options, reason); \
    } while (0)
    REFUSED(memset(&options, 0, sizeof(options)), "lgz_query_options_default");
    REFUSED(options.threads = 0, "threads");
    REFUSED(options.threads = 257, "threads");
    REFUSED(options.invert = true, "invert");
    REFUSED(options.syntax = (enum lgz_syntax)3, "syntax");
    REFUSED((options.since = 1, options.until = 0), "later");
    REFUSED(options.where = "status >", "where: character 9");
    REFUSED((options.patterns = &bad, options.pattern_count = 1), "character");
#undef REFUSED
    lgz_query_free(NULL);
    lgz_archive_close(NULL);
}
END_TEST

/* A caller of a later version, whose options have a member more. */
START_TEST(options_may_grow)
{
    struct {
        struct lgz_query_options known;
        uint64_t more;
    } later;
    struct lgz_query *query;
    memset(&later, 0xff, sizeof(later));
    lgz_query_options_default(&later.known, sizeof(later));
    ck_assert_uint_eq(later.more, 0);
    ck_assert_uint_eq(later.known.size, sizeof(later));
    ck_ok(lgz_query_new(&query, &later.known, &err));
    lgz_query_free(query);
    later.more = 1;
    refuse(&later.known, "doesn't know");
}
END_TEST

START_TEST(archives_are_checked)
{
    struct lgz_archive *archive;
    char path[100];
    make_directory();
    ck_assert_int_eq(lgz_archive_open(&archive, directory, &err), LGZ_ERR_NOT_FOUND);
    ck_assert_ptr_null(archive);
    snprintf(path, sizeof(path), "%s/none", directory);
    ck_assert_int_eq(lgz_archive_open(&archive, path, &err), LGZ_ERR_NOT_FOUND);
    remove_directory();
}
END_TEST

/* A damaged segment: the rest is found, and it's told; to the caller's function, or in the end. */
START_TEST(damage_is_told)
{
    struct collector c = {0};
    struct lgz_query_options options = options_for(&c);
    make_archive();
    struct listing found = {0};
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.segments.len, 1);
    FILE *f = fopen(found.segments.data[0].path, "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, 200, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite("damage", 1, 6, f), 6);
    ck_assert_int_eq(fclose(f), 0);
    listing_clear(&found);
    ck_ok(run(&c, &options));
    ck_assert_uint_eq(c.lines, LINES);
    ck_assert_int_eq(c.warnings, 1);
    ck_assert_int_eq(c.last_code, LGZ_ERR_CORRUPT);
    options.warning = NULL;
    ck_assert_int_eq(run(&c, &options), LGZ_ERR_CORRUPT);
    ck_assert_uint_eq(c.lines, LINES);
    clean_up(&c);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, finds_lines);
    tcase_add_test(tc, where_and_times);
    tcase_add_test(tc, texts_only);
    tcase_add_test(tc, counts_and_limit);
    tcase_add_test(tc, cancelled);
    tcase_add_test(tc, cancelled_by_another_thread);
    tcase_add_test(tc, follows);
    tcase_add_test(tc, fields);
    tcase_add_test(tc, options_are_checked);
    tcase_add_test(tc, options_may_grow);
    tcase_add_test(tc, archives_are_checked);
    tcase_add_test(tc, damage_is_told);
}

int main(void)
{
    return run_suite("query_api", add_tests, 60);
}
