/*
 * test_retention_class.c - each input with limits of its own is a class, everything else is one.
 */
#include "archive/retention_class.h"

#include "archive_fixture.h"
#include "suite.h"

static struct config *load(const char *lines)
{
    struct config *config;
    char path[100];
    make_file("conf", lines);
    snprintf(path, sizeof(path), "%s/conf", directory);
    ck_ok(config_load(&config, path, NULL, NULL, &err));
    return config;
}

static const char text[] = "[archive]\nmax_age = 9d\nmax_size = 1G\n"
                           "[input zoo]\npath = /z\nmax_age = 1d\n"
                           "[input common]\npath = /c\n"
                           "[input kept]\npath = /k\nmax_age = 0\n"
                           "[input bounded]\npath = /b\nmax_size = 1M\n";

static void check_class(const struct retention_classes *classes, size_t index, const char *input,
                        int64_t days, uint64_t size)
{
    const struct retention_class *class = retention_class(classes, index);
    ck_assert_pstr_eq(class->input, input);
    ck_assert_int_eq(class->max_age, days * 86400 * NS_PER_SECOND);
    ck_assert_uint_eq(class->max_size, size);
}

START_TEST(limits_of_its_own_make_a_class)
{
    struct config *config = load(text);
    struct retention_classes *classes;
    ck_ok(retention_classes_new(&classes, config, &err));
    ck_assert_uint_eq(retention_class_count(classes), 4);
    check_class(classes, RETENTION_CLASS_DEFAULT, NULL, 9, 0);
    check_class(classes, 1, "zoo", 1, 0);
    check_class(classes, 2, "kept", 0, 0);
    check_class(classes, 3, "bounded", 9, 1 << 20);
    ck_assert_uint_eq(retention_class_of(classes, "zoo"), 1);
    ck_assert_uint_eq(retention_class_of(classes, "kept"), 2);
    ck_assert_uint_eq(retention_class_of(classes, "bounded"), 3);
    ck_assert_uint_eq(retention_class_of(classes, "common"), RETENTION_CLASS_DEFAULT);
    ck_assert_uint_eq(retention_class_of(classes, "gone"), RETENTION_CLASS_DEFAULT);
    ck_assert_uint_eq(retention_class_of(classes, ""), RETENTION_CLASS_DEFAULT);
    retention_classes_free(classes);
    config_free(config);
}
END_TEST

START_TEST(without_any_there_is_one)
{
    struct config *config = config_defaults("");
    struct retention_classes *classes;
    ck_ok(retention_classes_new(&classes, config, &err));
    ck_assert_uint_eq(retention_class_count(classes), 1);
    check_class(classes, RETENTION_CLASS_DEFAULT, NULL, 0, 0);
    ck_assert_uint_eq(retention_class_of(classes, "any"), RETENTION_CLASS_DEFAULT);
    retention_classes_free(classes);
    config_free(config);
}
END_TEST

START_TEST(a_segment_may_have_several)
{
    static char zoo[] = "zoo", gone[] = "gone";
    struct config *config = load(text);
    struct retention_classes *classes;
    struct source_position start[3] = {
        {source_of(1), 0, {0}}, {source_of(2), 0, {0}}, {source_of(3), 0, {0}}};
    start[0].source.input = zoo;
    start[1].source.input = start[2].source.input = gone;
    struct journal_writer *j;
    ck_ok(journal_create(&j, directory, 1, start, 3, &err));
    for (uint64_t id = 1; id <= 3; id++)
        put(j, id, 0, "line\n");
    journal_close(j);
    journal_close(create_journal(2, 1, 5));
    char *path = seal(1, 1);
    struct segment *segment;
    ck_ok(segment_open(&segment, path, &err));
    ck_ok(retention_classes_new(&classes, config, &err));
    ck_assert(retention_classes_several(classes, segment));
    retention_classes_free(classes);
    /* Without limits of its own, an input is like all others. */
    config->inputs[0].max_age_line = config->inputs[0].max_size_line = 0;
    ck_ok(retention_classes_new(&classes, config, &err));
    ck_assert(!retention_classes_several(classes, segment));
    retention_classes_free(classes);
    segment_close(segment);
    free(path);
    for (size_t i = 0; i < 3; i++)
        free(start[i].source.name);
    config_free(config);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, limits_of_its_own_make_a_class);
    tcase_add_test(tests, without_any_there_is_one);
    tcase_add_test(tests, a_segment_may_have_several);
}

int main(void)
{
    return run_suite("retention_class", add_tests, 60);
}
