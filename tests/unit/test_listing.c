/*
 * test_listing.c - which segments count, whatever a killed merge has left beside them; a listing of
 * a directory that changes; and what is removed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/listing.h"
#include "archive/tidy.h"
#include "base/clock.h"
#include "base/file.h"
#include "directory_fixture.h"
#include "suite.h"

#define ck_ok(call) ck_assert_msg((call) == LGZ_OK, #call ": %s", err.message)

static char *path_of(const char *name)
{
    static char path[200];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void touch(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* A segment in short: "1-5", or "1-5:2of3". */
static void expand(const char *brief, char *name, size_t size)
{
    unsigned long first, last;
    char part[20] = "";
    ck_assert_int_ge(sscanf(brief, "%lu-%lu:%19s", &first, &last, part), 2);
    snprintf(name, size, "%012lu-%012lu-20240101T000000Z%s%s.logz", first, last, *part ? "-" : "",
             part);
}

/* Append the segments in short, each with a space before it. */
static void shorten(char *text, size_t size, const struct listed_segment *list, size_t count)
{
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct segment_name *name = &list[i].name;
        char brief[60], part[30] = "";
        if (name->parts > 1)
            snprintf(part, sizeof(part), ":%uof%u", name->part, name->parts);
        snprintf(brief, sizeof(brief), " %lu-%lu%s", (unsigned long)name->first,
                 (unsigned long)(name->import ? name->import : name->last), part);
        strncat(text, brief, size - strlen(text) - 1);
    }
}

static void require_list(const struct listing *found, const char *segments, const char *stale)
{
    char text[500];
    shorten(text, sizeof(text), found->segments.data, found->segments.len);
    ck_assert_str_eq(text, segments);
    shorten(text, sizeof(text), found->stale.data, found->stale.len);
    ck_assert_str_eq(text, stale);
}

static const struct {
    const char *files; /* in short */
    const char *segments;
    const char *stale;
} cases[] = {
    /* nothing to merge */
    {"", "", ""},
    {"7-9 1-1 2-3", " 1-1 2-3 7-9", ""},
    {"0-2 1-1 0-10", " 0-2 0-10 1-1", ""},
    /* merged, and killed before all sources were removed */
    {"1-5 1-1 2-3 4-5 6-6", " 1-5 6-6", " 1-1 2-3 4-5"},
    {"1-5 4-5 6-6", " 1-5 6-6", " 4-5"},
    {"1-9 1-5 2-3 9-9", " 1-9", " 1-5 2-3 9-9"},
    /* they overlap, but neither holds the other */
    {"1-5 4-6 5-5 6-6", " 1-5 4-6", " 5-5 6-6"},
    /* split, all parts there */
    {"1-5:2of2 1-5:1of2 1-2 3-5", " 1-5:1of2 1-5:2of2", " 1-2 3-5"},
    {"1-1 1-1:1of2 1-1:2of2", " 1-1:1of2 1-1:2of2", " 1-1"},
    /* split, and killed before all parts were there */
    {"1-5:2of2 1-2 3-5", " 1-2 3-5", " 1-5:2of2"},
    {"1-5:1of3 1-5:3of3 5-5", " 5-5", " 1-5:1of3 1-5:3of3"},
    {"1-1 1-1:1of2", " 1-1", " 1-1:1of2"},
    {"1-9:1of2 1-3:2of2 4-9", " 1-3:2of2 4-9", " 1-9:1of2"},
    {"1-9:1of2 1-3:2of2 4-9:1of2", " 1-3:2of2 4-9:1of2", " 1-9:1of2"},
    /* split, and a part has expired since */
    {"1-5:2of2 6-9", " 1-5:2of2 6-9", ""},
    {"1-5:2of3 6-9:1of3 6-9:3of3 10-10", " 1-5:2of3 6-9:1of3 6-9:3of3 10-10", ""},
    /* merged again */
    {"1-9:1of2 1-9:2of2 1-3:2of2 4-9", " 1-9:1of2 1-9:2of2", " 1-3:2of2 4-9"},
    {"1-9 1-5:1of2 1-5:2of2 6-9:2of2", " 1-9", " 1-5:1of2 1-5:2of2 6-9:2of2"},
};

START_TEST(segments_that_count)
{
    struct listing found;
    char files[200], name[100];
    strcpy(files, cases[_i].files);
    for (char *brief = strtok(files, " "); brief; brief = strtok(NULL, " ")) {
        expand(brief, name, sizeof(name));
        touch(name);
    }
    ck_ok(listing_open(&found, directory, &err));
    require_list(&found, cases[_i].segments, cases[_i].stale);
    listing_clear(&found);
    ck_ok(archive_tidy(directory, &err));
    ck_ok(listing_open(&found, directory, &err));
    require_list(&found, cases[_i].segments, "");
    listing_clear(&found);
}
END_TEST

START_TEST(stale_segments_cover_nothing)
{
    struct listing found;
    char name[100];
    expand("1-5:1of2", name, sizeof(name));
    touch(name);
    expand("2-3", name, sizeof(name));
    touch(name);
    ck_ok(listing_open(&found, directory, &err));
    ck_assert(!listing_covers(&found, 1));
    ck_assert(listing_covers(&found, 2));
    ck_assert(listing_covers(&found, 3));
    ck_assert(!listing_covers(&found, 4));
    listing_clear(&found);
}
END_TEST

START_TEST(drafts_that_are_written_stay)
{
    struct file_draft draft;
    struct listing found;
    touch(".000000000001-000000000001-20240101T000000Z.logz.tmp99");
    ck_ok(file_draft_open(&draft, path_of("000000000002-000000000002-20240101T000000Z.logz"), 0600,
                          &err));
    ck_ok(archive_tidy(directory, &err));
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.drafts.len, 1);
    ck_assert_str_eq(found.drafts.data[0], draft.temporary);
    listing_clear(&found);
    ck_ok(file_draft_commit(&draft, false, &err));
    file_draft_discard(&draft);
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.drafts.len, 0);
    ck_assert_uint_eq(found.segments.len, 1);
    listing_clear(&found);
}
END_TEST

/* Merges, one after the other: the wider one is made, then the narrower one goes. */

enum { WIDER_MAX = 60, OTHERS = 300 };

static atomic_bool merged;

static void *widen(void *unused)
{
    char name[100], brief[30];
    for (int last = 2; last <= WIDER_MAX; last++) {
        snprintf(brief, sizeof(brief), "1-%d", last);
        expand(brief, name, sizeof(name));
        touch(name);
        snprintf(brief, sizeof(brief), "1-%d", last - 1);
        expand(brief, name, sizeof(name));
        unlink(path_of(name));
        nanosleep(&(struct timespec){.tv_nsec = 15000000}, NULL);
    }
    atomic_store(&merged, true);
    return unused;
}

START_TEST(what_is_merged_is_never_missed)
{
    char name[100], brief[30];
    pthread_t thread;
    for (int i = 0; i < OTHERS; i++) { /* so that it takes its time */
        snprintf(brief, sizeof(brief), "%d-%d", 1000 + i, 1000 + i);
        expand(brief, name, sizeof(name));
        touch(name);
    }
    expand("1-1", name, sizeof(name));
    touch(name);
    ck_assert_int_eq(pthread_create(&thread, NULL, widen, NULL), 0);
    while (!atomic_load(&merged)) {
        struct listing found;
        ck_ok(listing_open(&found, directory, &err));
        ck_assert_uint_eq(found.segments.len, OTHERS + 1);
        ck_assert_uint_eq(found.segments.data[0].name.first, 1);
        listing_clear(&found);
    }
    pthread_join(thread, NULL);
}
END_TEST

/* The clock was set back: the directory's time is still to come. */
START_TEST(time_to_come_costs_no_patience)
{
    struct timespec later = {.tv_sec = clock_real() / NS_PER_SECOND + 3600};
    int64_t least = INT64_MAX;
    touch("000000000001-000000000001-20240101T000000Z.logz");
    ck_assert_int_eq(utimensat(AT_FDCWD, directory, (struct timespec[]){later, later}, 0), 0);
    for (int i = 0; i < 100 && least >= NS_PER_SECOND * 6 / 100; i++) { /* others may delay some */
        struct listing found;
        const int64_t began = clock_monotonic();
        ck_ok(listing_open(&found, directory, &err));
        const int64_t took = clock_monotonic() - began;
        least = took < least ? took : least;
        ck_assert_uint_eq(found.segments.len, 1);
        listing_clear(&found);
    }
    ck_assert_int_lt(least, NS_PER_SECOND * 6 / 100);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_loop_test(tests, segments_that_count, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tests, stale_segments_cover_nothing);
    tcase_add_test(tests, drafts_that_are_written_stay);
    tcase_add_test(tests, what_is_merged_is_never_missed);
    tcase_add_test(tests, time_to_come_costs_no_patience);
}

int main(void)
{
    return run_suite("listing", add_tests, 60);
}
