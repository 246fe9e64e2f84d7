/*
 * test_upkeep.c - when upkeep ends, and its notes.
 */
#include "archive/upkeep.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "suite.h"

START_TEST(time_is_up_at_the_deadline)
{
    struct upkeep u = {.deadline = 0};
    ck_assert(!upkeep_is_over(&u));
    u.deadline = clock_monotonic();
    ck_assert(upkeep_is_over(&u));
    u.deadline = clock_monotonic() + 3600 * NS_PER_SECOND;
    ck_assert(!upkeep_is_over(&u));
}
END_TEST

static bool yes(void)
{
    return true;
}

static bool no(void)
{
    return false;
}

START_TEST(stopped_is_over)
{
    struct upkeep u = {.stop = no};
    ck_assert(!upkeep_is_over(&u) && !upkeep_is_stopped(&u));
    u.deadline = clock_monotonic();
    ck_assert(upkeep_is_over(&u) && !upkeep_is_stopped(&u));
    u = (struct upkeep){.stop = yes};
    ck_assert(upkeep_is_over(&u) && upkeep_is_stopped(&u));
}
END_TEST

struct noted {
    enum upkeep_note note;
    char text[2000];
};

static void take_note(void *context, enum upkeep_note note, const char *text)
{
    struct noted *noted = context;
    noted->note = note;
    snprintf(noted->text, sizeof(noted->text), "%s", text);
}

START_TEST(notes_are_told_whole)
{
    struct noted noted = {0};
    struct upkeep u = {.note = take_note, .context = &noted};
    char name[1000];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    upkeep_tell(&u, UPKEEP_PROBLEM, "%s is %d", name, 7);
    ck_assert_int_eq(noted.note, UPKEEP_PROBLEM);
    ck_assert_uint_eq(strlen(noted.text), sizeof(name) - 1 + strlen(" is 7"));
    ck_assert_str_eq(noted.text + sizeof(name) - 1, " is 7");
    u.note = NULL;
    upkeep_tell(&u, UPKEEP_ACTION, "nobody hears it");
    ck_assert_str_eq(noted.text + sizeof(name) - 1, " is 7");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, time_is_up_at_the_deadline);
    tcase_add_test(tc, stopped_is_over);
    tcase_add_test(tc, notes_are_told_whole);
}

int main(void)
{
    return run_suite("upkeep", add_tests, 0);
}
