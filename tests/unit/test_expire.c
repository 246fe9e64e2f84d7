/*
 * test_expire.c - the oldest segments go, by age, size, input and free space; nothing else does,
 * and what a rule keeps doesn't.
 */
#include "archive/expire.h"

#include <limits.h>

#include "archive/catalog.h"
#include "archive/keep.h"
#include "archive_fixture.h"
#include "suite.h"

#define DAY   (86400 * NS_PER_SECOND)
#define START (1700000000 * NS_PER_SECOND)

static struct config *config;
static struct expire_result result;
static struct buf actions, problems; /* that expire told */

static void setup(void)
{
    make_directory();
    config = config_defaults("");
    free(config->directory);
    config->directory = strdup(directory);
}

static void teardown(void)
{
    config_free(config);
    buf_free(&actions);
    buf_free(&problems);
    remove_directory();
}

/* Inputs "short" and "long" are classes; all others are the default one. */
static void configure_inputs(int64_t short_age, int64_t long_age, uint64_t short_size)
{
    struct config_input *inputs = calloc(2, sizeof(*inputs));
    ck_assert_ptr_nonnull(inputs);
    inputs[0] = (struct config_input){
        .name = strdup("short"), .max_age = short_age, .max_size = short_size, .max_age_line = 1};
    inputs[1] =
        (struct config_input){.name = strdup("long"), .max_age = long_age, .max_age_line = 1};
    config->inputs = inputs;
    config->input_count = 2;
}

struct text {
    uint64_t id; /* of the source, and the last digit of its name */
    const char *input;
    uint64_t offset;
    int64_t time;
    const char *text;
};

/* Write journal `sequence` with these, and seal the one before. */
static void write_texts(uint64_t sequence, const struct text *texts, size_t count)
{
    struct source_position start[8] = {0};
    struct journal_writer *j;
    for (size_t i = 0; i < count; i++) {
        start[i] = (struct source_position){source_of(texts[i].id), texts[i].offset, {0}};
        start[i].source.input = strdup(texts[i].input);
    }
    ck_ok(journal_create(&j, directory, sequence, start, count, &err));
    for (size_t i = 0; i < count; i++) {
        put_at(j, texts[i].id, texts[i].offset, texts[i].time, texts[i].text);
        free(start[i].source.name);
        free(start[i].source.input);
    }
    journal_close(j);
    if (sequence > 1)
        free(seal(sequence - 1, sequence - 1));
}

static void write_text(uint64_t sequence, struct text text)
{
    write_texts(sequence, &text, 1);
}

/* Seal the last journal, `sequence`. */
static void seal_last(uint64_t sequence)
{
    struct journal_writer *j;
    ck_ok(journal_create(&j, directory, sequence + 1, NULL, 0, &err));
    journal_close(j);
    free(seal(sequence, sequence));
}

/* Segments 1 to `count`, each with two records: one at its day, one `span` later. */
static void make_segments(uint64_t count, int64_t span)
{
    for (uint64_t i = 0; i < count; i++) {
        struct journal_writer *j = create_journal(i + 1, 1, i * 10);
        put_at(j, 1, i * 10, START + (int64_t)i * DAY, "first");
        put_at(j, 1, i * 10 + 5, START + (int64_t)i * DAY + span, "later");
        journal_close(j);
        if (i)
            free(seal(i, i));
    }
    journal_close(create_journal(count + 1, 1, count * 10));
    free(seal(count, count));
}

/* The first journals of the segments that are there, with a blank behind each: "1 3 ". */
static const char *left(uint64_t *bytes)
{
    static char text[200];
    struct listing found;
    text[0] = '\0';
    *bytes = 0;
    ck_ok(listing_open(&found, directory, &err));
    for (size_t i = 0; i < found.segments.len; i++) {
        struct stat st;
        ck_assert_int_eq(stat(found.segments.data[i].path, &st), 0);
        *bytes += (uint64_t)st.st_size;
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%d ", (int)found.segments.data[i].name.first);
    }
    ck_assert_uint_eq(found.journals.len, 1); /* what isn't sealed never goes */
    listing_clear(&found);
    return text;
}

static void take_note(void *context, enum upkeep_note kind, const char *text)
{
    (void)context;
    buf_printf(kind == UPKEEP_PROBLEM ? &problems : &actions, "%s\n", text);
}

static bool told(struct buf *notes, const char *text)
{
    buf_push(notes, '\0');
    bool found = !notes->failed && strstr((const char *)notes->data, text) != NULL;
    notes->len--;
    return found;
}

static int try_expire(int64_t now, bool dry_run)
{
    struct upkeep upkeep = {.config = config, .now = now, .dry_run = dry_run, .note = take_note};
    buf_clear(&actions);
    buf_clear(&problems);
    return expire_run(&upkeep, &result, &err);
}

static void assert_same(const struct expire_result *a, const struct expire_result *b)
{
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->bytes, b->bytes);
    ck_assert_uint_eq(a->kept, b->kept);
    ck_assert_uint_eq(a->left_bytes, b->left_bytes);
}

/*
 * Expire; the segments with these first journals are left. Dry runs first say the same, without a
 * catalog that knows them all and with it.
 */
static void expire(int64_t now, const char *expected)
{
    uint64_t before, after;
    char there[200];
    snprintf(there, sizeof(there), "%s", left(&before));
    ck_ok(try_expire(now, true));
    const struct expire_result dry = result;
    ck_ok(catalog_update(directory, NULL, &err));
    ck_ok(try_expire(now, true));
    assert_same(&dry, &result);
    ck_assert_str_eq(left(&after), there);
    ck_ok(try_expire(now, false));
    ck_assert_str_eq(left(&after), expected);
    assert_same(&dry, &result);
    ck_assert_uint_eq(result.bytes, before - after);
    ck_assert_uint_eq(result.left_bytes, after);
    ck_assert(!result.unfinished);
}

static void keep(struct keep_rule rule)
{
    struct keep_rules rules;
    uint64_t id;
    ck_ok(keep_load(&rules, directory, &err));
    ck_ok(keep_add(&rules, &rule, &id, &err));
    ck_ok(keep_store(&rules, directory, &err));
    keep_clear(&rules);
}

START_TEST(without_limits_nothing_goes)
{
    make_segments(3, 0);
    expire(INT64_MAX, "1 2 3 ");
}
END_TEST

START_TEST(age_is_that_of_the_newest_byte)
{
    make_segments(5, DAY / 2);
    config->max_age = 10 * DAY;
    /* Segment 1 was read on day 0 and day 0.5, segment 2 on day 1 and day 1.5. */
    expire(START + 10 * DAY + DAY / 4, "1 2 3 4 5 ");
    expire(START + 10 * DAY + DAY / 2, "1 2 3 4 5 ");
    expire(START + 10 * DAY + DAY / 2 + 1, "2 3 4 5 ");
    ck_assert(told(&actions, "expired /") && told(&actions, "Z.logz (age)\n"));
    expire(START + 13 * DAY, "4 5 ");
    expire(START + 100 * DAY, "");
}
END_TEST

START_TEST(an_old_segment_behind_a_young_one_stays)
{
    write_text(1, (struct text){1, "", 0, START + 50 * DAY, "young"});
    write_text(2, (struct text){1, "", 5, START, "the clock went back"});
    seal_last(2);
    config->max_age = DAY;
    expire(START + 50 * DAY, "1 2 ");
    config->max_size = 1;
    expire(START + 50 * DAY, "");
    ck_assert(told(&actions, "000001-"));
    ck_assert(strstr((char *)actions.data, "000001-") < strstr((char *)actions.data, "000002-"));
}
END_TEST

START_TEST(size_removes_just_enough)
{
    uint64_t bytes;
    make_segments(4, 0);
    left(&bytes);
    config->max_size = bytes;
    expire(START, "1 2 3 4 ");
    config->max_size = bytes - 1;
    expire(START, "2 3 4 ");
    config->max_size = 1;
    expire(START, "");
    expire(START, "");
}
END_TEST

START_TEST(free_space_is_made_or_it_is_said)
{
    make_segments(2, 0);
    config->keep_free = 1;
    expire(START, "1 2 ");
    ck_assert_uint_eq(problems.len, 0);
    config->keep_free = INT64_MAX;
    expire(START, "");
    ck_assert(told(&actions, "(free space)"));
    ck_assert(told(&problems, "less are free than keep_free: no segment is left that may go\n"));
}
END_TEST

START_TEST(what_is_left_restores)
{
    struct buf out = {0};
    struct restore_result restored;
    make_segments(3, 0);
    config->max_age = DAY;
    expire(START + 2 * DAY + 1, "3 ");
    ck_ok(try_restore("/log/1", &out, &restored));
    ck_assert_uint_eq(out.len, 10);
    ck_assert_uint_eq(restored.note_count, 1);
    ck_assert_uint_eq(restored.notes[0].first_offset, 20);
    restore_result_clear(&restored);
    buf_free(&out);
}
END_TEST

/* Each input's segments go by its own limit, whatever is beside them. */
START_TEST(inputs_have_ages_of_their_own)
{
    configure_inputs(DAY, 0, 0);
    config->max_age = 3 * DAY;
    write_text(1, (struct text){1, "long", 0, START, "for ever\n"});
    write_text(2, (struct text){2, "other", 0, START, "three days\n"});
    write_text(3, (struct text){3, "short", 0, START, "one day\n"});
    seal_last(3);
    expire(START + DAY, "1 2 3 ");
    expire(START + DAY + 1, "1 2 ");
    expire(START + 3 * DAY + 1, "1 ");
    expire(START + 3000 * DAY, "1 ");
    config->max_size = 1;
    expire(START, "");
}
END_TEST

/* One that is shared goes with the last of them; and what is behind it waits, or there is a hole.
 */
START_TEST(a_shared_segment_waits_for_all_of_its_inputs)
{
    const struct text shared[] = {{1, "short", 0, START, "one day\n"},
                                  {2, "long", 0, START, "two days\n"}};
    configure_inputs(DAY, 2 * DAY, 0);
    write_texts(1, shared, 2);
    write_text(2, (struct text){1, "short", 8, START, "also one day\n"});
    write_text(3, (struct text){3, "other", 0, START, "no limit\n"});
    seal_last(3);
    expire(START + DAY + 1, "1 2 3 ");
    expire(START + 2 * DAY + 1, "3 ");
}
END_TEST

/* What is of other sources needn't wait: also with a catalog, and in what shares theirs. */
START_TEST(only_the_same_sources_wait)
{
    const struct text shared[] = {{1, "short", 0, START, "one day\n"},
                                  {2, "long", 0, START, "for ever\n"}};
    const struct text chained[] = {{1, "short", 8, START, "the same\n"},
                                   {4, "short", 0, START, "beside it\n"}};
    configure_inputs(DAY, 0, 0);
    write_texts(1, shared, 2);
    write_text(2, (struct text){3, "short", 0, START, "another file\n"});
    write_texts(3, chained, 2);
    write_text(4, (struct text){4, "short", 10, START, "that goes on\n"});
    write_text(5, (struct text){5, "short", 0, START, "a third one\n"});
    seal_last(5);
    ck_ok(catalog_update(directory, NULL, &err));
    expire(START + DAY + 1, "1 3 4 ");
    ck_assert_uint_eq(problems.len, 0);
    config->max_size = 1;
    expire(START + DAY + 1, "");
}
END_TEST

START_TEST(an_input_has_a_size_of_its_own)
{
    uint64_t bytes;
    configure_inputs(0, 0, 1);
    write_text(1, (struct text){1, "short", 0, START, "first\n"});
    write_text(2, (struct text){2, "long", 0, START, "in between\n"});
    write_text(3, (struct text){1, "short", 6, START, "second\n"});
    seal_last(3);
    left(&bytes);
    config->inputs[0].max_size = bytes;
    config->inputs[0].max_size_line = 1;
    expire(START, "1 2 3 ");
    config->inputs[0].max_size = bytes / 2;
    expire(START, "2 3 ");
    ck_assert(told(&actions, "(size of its input)"));
    config->inputs[0].max_size = 1;
    expire(START, "2 ");
}
END_TEST

/* Imports are named before all journals, and go when they are the oldest. */
START_TEST(imports_go_by_when_they_were_written)
{
    char command[400];
    make_segments(2, 0);
    snprintf(command, sizeof(command),
             "cd '%s' && cp 000000000002-*.logz 000000000000-000000000007-20231115T221320Z.logz",
             directory);
    ck_assert_int_eq(system(command), 0);
    config->max_age = DAY;
    expire(START + DAY + 1, "0 2 ");
    expire(START + 2 * DAY + 1, "");
}
END_TEST

/* Nobody knows what they hold. */
START_TEST(damaged_segments_stay_and_are_told)
{
    make_segments(2, 0);
    make_file("000000000003-000000000003-20200101T000000Z.logz", "not a segment");
    config->max_age = DAY;
    config->max_size = 1;
    expire(START + 10 * DAY, "3 ");
    ck_assert(told(&problems, "000000000003-"));
    ck_assert(told(&problems, "; it doesn't expire\n"));
    ck_assert(told(&problems, "bytes more than max_size: no segment is left that may go\n"));
}
END_TEST

START_TEST(rules_keep_segments)
{
    struct keep_rule rule = KEEP_RULE_EMPTY;
    make_segments(4, 0);
    rule.first = rule.last = 2;
    keep(rule);
    config->max_age = DAY;
    expire(START + 3 * DAY, "2 3 4 ");
    ck_assert_uint_eq(result.kept, 1);
    config->max_size = 1;
    expire(START + 3 * DAY, "2 ");
    ck_assert_uint_eq(result.kept, 1);
    ck_assert_uint_eq(result.kept_bytes, result.left_bytes);
    ck_assert(told(&problems, "bytes more than max_size: rules keep 1 segments\n"));
    ck_ok(try_expire(START, true));
    ck_assert(told(&actions, "(size), but rule 1 keeps it\n"));
}
END_TEST

/* The same with a catalog, which spares opening most of them; it's never trusted for a removal. */
START_TEST(the_catalog_is_compared_with_the_footers)
{
    const struct text shared[] = {{1, "short", 0, START, "one day\n"},
                                  {2, "long", 0, START, "two days\n"}};
    struct catalog_result cataloged;
    configure_inputs(DAY, 2 * DAY, 0);
    write_texts(1, shared, 2);
    write_text(2, (struct text){1, "short", 8, START + DAY, "two days\n"});
    write_text(3, (struct text){3, "other", 0, START + DAY, "three days\n"});
    seal_last(3);
    ck_ok(catalog_update(directory, &cataloged, &err));
    ck_assert_uint_eq(cataloged.entries, 3);
    expire(START + DAY + 1, "1 2 3 ");
    expire(START + 2 * DAY + 1, "3 ");
    ck_assert_uint_eq(problems.len, 0);
    /* Its footer's checksum is another one by now, though its time of last change isn't. */
    char command[400];
    snprintf(
        command, sizeof(command),
        "cd '%s' && f=$(echo *.logz) && touch -r $f time && "
        "printf x | dd of=$f bs=1 seek=$(($(stat -c %%s $f) - 20)) conv=notrunc 2>/dev/null && "
        "touch -r time $f && rm time",
        directory);
    ck_assert_int_eq(system(command), 0);
    config->max_age = DAY;
    expire(START + 10 * DAY, "3 ");
    ck_assert(told(&problems, "; it doesn't expire\n"));
}
END_TEST

START_TEST(unreadable_rules_stop_it)
{
    make_segments(2, 0);
    make_file("keep", "1 journals=1-1\nwhatever\n");
    config->max_age = DAY;
    ck_assert_int_eq(try_expire(INT64_MAX, false), LGZ_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "/keep:2: 'whatever' isn't a rule"));
    uint64_t bytes;
    ck_assert_str_eq(left(&bytes), "1 2 ");
}
END_TEST

START_TEST(the_time_may_be_up)
{
    struct upkeep upkeep = {.config = config, .now = INT64_MAX, .deadline = 1};
    uint64_t bytes;
    make_segments(2, 0);
    config->max_age = DAY;
    ck_ok(expire_run(&upkeep, &result, &err));
    ck_assert(result.unfinished);
    ck_assert_str_eq(left(&bytes), "1 2 ");
}
END_TEST

static int asked; /* how often it may be asked whether to stop before that is so */

static bool stops(void)
{
    return asked-- <= 0;
}

/* What was removed by then is gone, the oldest first; the next run goes on. */
START_TEST(stopped_anywhere)
{
    static const char *const then[] = {"1 2 3 4 ", "2 3 4 ", "3 4 ", "4 ", ""};
    uint64_t bytes;
    for (int calls = 0; calls < 5; calls++) {
        teardown();
        setup();
        config->max_age = DAY;
        make_segments(4, 0);
        const struct upkeep upkeep = {.config = config, .now = INT64_MAX, .stop = stops};
        asked = calls;
        ck_ok(expire_run(&upkeep, &result, &err));
        ck_assert_str_eq(left(&bytes), then[calls]);
        ck_assert_uint_eq(result.count, calls);
        ck_assert(result.unfinished == (calls < 4));
        asked = INT_MAX;
        ck_ok(expire_run(&upkeep, &result, &err));
        ck_assert_str_eq(left(&bytes), "");
        ck_assert(!result.unfinished);
    }
}
END_TEST

/* What a merge couldn't remove would count again if a part of what it was merged into went. */
START_TEST(nothing_goes_while_stale_segments_stay)
{
    char stale[200];
    write_journal(1, 0, "first");
    write_journal(2, 5, "later");
    snprintf(stale, sizeof(stale), "%s/000000000001-000000000001-20231114T000000Z.logz", directory);
    ck_assert_int_eq(mkdir(stale, 0700), 0); /* a directory can't be unlinked */
    journal_close(create_journal(3, 1, 10));
    free(seal(1, 2));
    config->max_age = DAY;
    ck_assert_int_eq(try_expire(START + 100 * DAY, false), LGZ_ERR_IO);
    ck_assert_msg(strstr(err.message, stale), "%s", err.message);
    ck_assert_int_eq(rmdir(stale), 0);
    expire(START + 100 * DAY, "");
}
END_TEST

START_TEST(bad_arguments)
{
    make_segments(1, 0);
    config->max_age = INT64_MAX;
    expire(INT64_MIN, "1 ");
    free(config->directory);
    config->directory = strdup("/nonexistent");
    ck_assert_int_eq(try_expire(0, true), LGZ_ERR_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, without_limits_nothing_goes);
    tcase_add_test(tests, age_is_that_of_the_newest_byte);
    tcase_add_test(tests, an_old_segment_behind_a_young_one_stays);
    tcase_add_test(tests, size_removes_just_enough);
    tcase_add_test(tests, free_space_is_made_or_it_is_said);
    tcase_add_test(tests, what_is_left_restores);
    tcase_add_test(tests, inputs_have_ages_of_their_own);
    tcase_add_test(tests, a_shared_segment_waits_for_all_of_its_inputs);
    tcase_add_test(tests, only_the_same_sources_wait);
    tcase_add_test(tests, an_input_has_a_size_of_its_own);
    tcase_add_test(tests, imports_go_by_when_they_were_written);
    tcase_add_test(tests, damaged_segments_stay_and_are_told);
    tcase_add_test(tests, rules_keep_segments);
    tcase_add_test(tests, the_catalog_is_compared_with_the_footers);
    tcase_add_test(tests, unreadable_rules_stop_it);
    tcase_add_test(tests, the_time_may_be_up);
    tcase_add_test(tests, stopped_anywhere);
    tcase_add_test(tests, nothing_goes_while_stale_segments_stay);
    tcase_add_test(tests, bad_arguments);
}

int main(void)
{
    return run_suite("expire", add_tests, 60);
}
