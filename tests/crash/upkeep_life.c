/*
 * upkeep_life.c - an archive that is looked after: segments of several days and of two retention
 * classes, some of which expire, rules of what must not, and rotated logs that are imported.
 *
 * The daemon that makes the segments isn't troubled, so that all points lie in what `logzipctl`
 * does. After a failure readers must find everything at once, and not only when it was tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "life.h"

enum { DAYS = 3, SLOTS = 2, DAY_SECONDS = 86400 };

#define FIRST_DAY INT64_C(1777593600) /* 1 May 2026, seconds since the epoch */

/* A moment of a day. */
static void set_clock(struct world *w, int day, int hour)
{
    world_set_clock(w, (FIRST_DAY + day * DAY_SECONDS + hour * 3600) * NS_PER_SECOND);
}

static void configure(struct world *w)
{
    char *inputs;
    if (asprintf(&inputs,
                 "[input long]\npath = %s/log/[ab].log\n"
                 "[input short]\npath = %s/log/short.log\nmax_age = 2d\n"
                 "[input moved]\npath = %s/log/old/c.log\n"
                 "import = %s/log/old/c.log.*\nimport_remove = yes\n",
                 w->root, w->root, w->root, w->root) < 0)
        world_fail(w, "out of memory");
    world_configure(w, "", inputs);
    free(inputs);
}

/* A file was written to last when day 0 was so many days off. */
static void set_time(struct world *w, const char *name, int days)
{
    const struct timespec time = {.tv_sec = FIRST_DAY - days * DAY_SECONDS};
    char *path = world_path(w, name);
    if (!path || utimensat(AT_FDCWD, path, (struct timespec[]){time, time}, 0) != 0)
        world_fail(w, "cannot set the time of %s: %s", name, strerror(errno));
    free(path);
}

/* What was rotated before there was a daemon. */
static void write_old(struct world *w)
{
    char *directory = world_path(w, "old");
    if (!directory || mkdir(directory, 0700) != 0)
        world_fail(w, "cannot make a directory for old logs");
    world_write(w, "a.log", "old/a.log.2", 30);
    world_write(w, "a.log", "old/a.log.1", 40);
    set_time(w, "old/a.log.2", 2);
    set_time(w, "old/a.log.1", 1);
    world_log(w, "a.log")->may_lack = world_log(w, "a.log")->written.len;
    world_write(w, "old/c.log", "old/c.log.2", 20);
    world_write(w, "old/c.log", "old/c.log.1", 20);
    set_time(w, "old/c.log.2", 2);
    set_time(w, "old/c.log.1", 1);
    world_log(w, "old/c.log")->may_lack = SIZE_MAX;
    free(directory);
}

/* Days whose segments a daemon makes, and a journal with what isn't sealed. */
static void days(struct world *w)
{
    w->step = "days";
    configure(w);
    for (int day = 0; day < DAYS; day++) {
        for (int slot = 0; slot < SLOTS; slot++) {
            set_clock(w, day, 8 + slot);
            world_write(w, "a.log", "a.log", 30);
            world_write(w, "b.log", "b.log", slot ? 0 : 50);
            world_write(w, "short.log", "short.log", 20);
            if (day == 0)
                world_log(w, "short.log")->may_lack = world_log(w, "short.log")->written.len;
            world_ask(w, day + 1 == DAYS && slot + 1 == SLOTS ? "sync" : "seal");
        }
    }
    world_kill(w);
}

static void import(struct world *w)
{
    struct log *log = world_log(w, "a.log");
    char *source = world_path(w, "a.log");
    char *newer = world_path(w, "old/a.log.1");
    char *older = world_path(w, "old/a.log.2");
    if (!source || !newer || !older)
        world_fail(w, "out of memory");
    w->step = "import";
    world_ctl(w, NULL, "import", "-q", "-c", w->conf, "--source", source, newer, older, NULL);
    log->may_lack = 0;
    free(source);
    free(newer);
    free(older);
}

/* Rules, added one after the other; asked for again after a failure. */
static void keep(struct world *w)
{
    w->step = "keep";
    for (int i = 1; i <= 2; i++) {
        const char *reason = i == 1 ? "--reason=first" : "--reason=second";
        world_ctl(w, NULL, "keep", "-c", w->conf, "--journals=900000-999999", reason, NULL);
    }
}

/* They are there, each once. */
static void check_rules(struct world *w)
{
    static const char expected[] = "1 journals=900000-999999 reason=\"first\"\n"
                                   "2 journals=900000-999999 reason=\"second\"\n";
    struct buf rules = {0};
    world_ctl(w, &rules, "keep", "-c", w->conf, NULL);
    if (rules.len != strlen(expected) || memcmp(rules.data, expected, rules.len) != 0)
        world_fail(w, "the rules are\n%.*s", (int)rules.len, (const char *)rules.data);
    buf_free(&rules);
}

/* Not before they are safe, but then. */
static void check_removed(struct world *w)
{
    static const char *const names[] = {"old/c.log.1", "old/c.log.2"};
    for (int i = 0; i < 2; i++) {
        char *path = world_path(w, names[i]);
        if (!path || access(path, F_OK) == 0)
            world_fail(w, "%s is not removed", names[i]);
        free(path);
    }
}

static void upkeep_live(struct world *w)
{
    const enum inject_action action = w->inject->action;
    w->inject->action = INJECT_NOTHING;
    w->look = check_readers;
    world_shift_clock(w);
    write_old(w);
    days(w);
    power_settle(&w->inject->power, w->archive);
    w->inject->action = action;
    set_clock(w, DAYS, 1);
    keep(w);
    import(w);
    w->step = "a night";
    world_ctl(w, NULL, "rotate", "-c", w->conf, NULL);
    check_removed(w);
    world_log(w, "old/c.log")->may_lack = 0;
    world_log(w, "short.log")->must_lack = world_log(w, "short.log")->may_lack;
}

/* What is left over is removed by the next night. */
static void upkeep_check(struct world *w)
{
    w->inject->action = INJECT_NOTHING;
    w->step = "the next night";
    world_ctl(w, NULL, "rotate", "-c", w->conf, NULL);
    check_rules(w);
    check_all(w);
}

const struct life upkeep_life = {"upkeep", upkeep_live, upkeep_check};
