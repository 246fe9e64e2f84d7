/*
 * sweep.c - `sweep [-l LIFE] [-s SECONDS] [-r SEED] [-j JOBS] [-p ACTION[:CALL]] PROGRAMS`
 *
 * PROGRAMS is the directory with logzipd and logzipctl. LIFE is "daemon", the default, "upkeep" or
 * "scrub".
 *
 * Runs a life of life.h once for each point: a way to go wrong, and the number of the system
 * call at which it does. After each, nothing may be lost, changed or there twice, and the daemon
 * must have gone on by itself after an error.
 *
 * The programs choose their calls a little differently each time (what comes together into one
 * write depends on time), so a way is tried with one call after the other until the call isn't
 * reached any more. With -s only so many points as SECONDS allow, in an order that SEED decides.
 * With -p the points of one way, or one of them.
 *
 * Prints "N points, N exact". A point that isn't exact is named, and its directory stays.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "life.h"
#include "scratch.h"

enum { JOBS_MAX = 16, EXIT_USAGE = 2, EXIT_SKIPPED = 77, MISSES_MAX = 3 };

/* A point, and the process that tries it. */
struct run {
    pid_t process; /* 0: none */
    enum inject_action action;
    long at;
    char directory[PATH_MAX];
    struct inject *inject; /* shared with it */
};

struct sweep {
    const char *programs;
    const struct life *life;
    char directory[PATH_MAX]; /* of all runs; it stays if it isn't empty in the end */
    int64_t end;              /* no new points after it; 0: until all are done */
    uint64_t state;
    int jobs;
    struct run only; /* the one point, if its `at` isn't 0 */
    struct run runs[JOBS_MAX];
    long calls; /* that a life without errors makes */
    long writes;
    enum inject_action action, last;
    long at;    /* the next point, without -s */
    int misses; /* calls in a row that weren't reached */
    long started;
    long points;
    long exact;
    long by_action[INJECT_ACTIONS];
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* The next point. @return false: there is none */
static bool next_point(struct sweep *s, struct run *run)
{
    if (s->only.at) {
        run->action = s->only.action;
        run->at = s->only.at;
        s->only.at = 0;
        s->action = INJECT_ACTIONS;
        return true;
    }
    if (s->action == INJECT_ACTIONS || (s->end && s->points && clock_monotonic() > s->end))
        return false;
    if (s->end) {
        bool writes = s->action == INJECT_KILL_WITHIN || s->action == INJECT_SHORT;
        s->state = s->state * 6364136223846793005 + 1442695040888963407;
        run->action = s->action;
        run->at = 1 + (long)((s->state >> 33) % (uint64_t)(writes ? s->writes : s->calls));
        if (++s->action == INJECT_ACTIONS)
            s->action = INJECT_KILL_BEFORE;
        return true;
    }
    if (s->misses >= MISSES_MAX) {
        s->misses = 0;
        s->at = 0;
        if (s->action++ == s->last) {
            s->action = INJECT_ACTIONS;
            return false;
        }
    }
    run->action = s->action;
    run->at = ++s->at;
    return true;
}

/* In a process of its own: live and compare. */
static _Noreturn void live(const struct sweep *s, const struct run *run)
{
    struct world world;
    world_open(&world, s->programs, run->directory, run->inject);
    s->life->live(&world);
    s->life->check(&world);
    world_close(&world);
    _exit(0);
}

static void start(struct sweep *s, struct run *run)
{
    struct inject *inject = run->inject;
    if (!inject) {
        inject =
            mmap(NULL, sizeof(*inject), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (inject == MAP_FAILED)
            give_up("mmap");
        run->inject = inject;
    }
    memset(inject, 0, sizeof(*inject));
    inject->action = run->action;
    inject->at = run->at;
    /* A point may come twice, and the directory of one that went wrong stays. */
    if (snprintf(run->directory, sizeof(run->directory), "%s/%s-%ld.%ld", s->directory,
                 inject_name(run->action), run->at, ++s->started) >= (int)sizeof(run->directory) ||
        mkdir(run->directory, 0700) != 0)
        give_up(run->directory);
    fflush(NULL);
    run->process = fork();
    if (run->process == 0)
        live(s, run);
    if (run->process < 0)
        give_up("fork");
}

/* A run has ended. */
static void finish(struct sweep *s, struct run *run, int status)
{
    struct inject *inject = run->inject;
    bool reached = atomic_load(&inject->happened);
    run->process = 0;
    if (run->action == INJECT_COUNT) {
        s->calls = atomic_load(&inject->calls);
        s->writes = atomic_load(&inject->writes);
    } else if (reached) {
        s->points++;
        s->exact += status == 0;
        s->by_action[run->action]++;
    }
    if (!s->end && run->action == s->action)
        s->misses = reached ? 0 : s->misses + 1;
    if (status == 0) {
        scratch_remove(run->directory);
        return;
    }
    printf("MISS %s:%ld (%s), see %s; the end of its messages:\n", inject_name(run->action),
           run->at, reached ? inject->call : "not reached", run->directory);
    scratch_print_messages(run->directory);
    s->exact -= !reached; /* even what went well goes wrong: that counts, too */
}

/* Wait until one of the runs has ended. */
static void wait_for_one(struct sweep *s)
{
    int status;
    pid_t process = wait(&status);
    for (int i = 0; i < s->jobs; i++) {
        if (s->runs[i].process == process && process > 0)
            finish(s, &s->runs[i], status);
    }
}

static void run_all(struct sweep *s)
{
    int running;
    bool more = true;
    do {
        running = 0;
        for (int i = 0; i < s->jobs; i++) {
            struct run *run = &s->runs[i];
            if (!run->process && more && (more = next_point(s, run)))
                start(s, run);
            running += run->process != 0;
        }
        if (running)
            wait_for_one(s);
    } while (running);
}

/* How many calls are there? A life in which nothing goes wrong. */
static void count_calls(struct sweep *s)
{
    struct run *run = &s->runs[0];
    run->action = INJECT_COUNT;
    start(s, run);
    while (run->process)
        wait_for_one(s);
}

/* ACTION, or ACTION:CALL */
static bool parse_point(const char *text, struct sweep *s)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    for (int i = INJECT_KILL_BEFORE; i < INJECT_ACTIONS; i++) {
        const char *name = inject_name((enum inject_action)i);
        if (strncmp(name, text, len) != 0 || name[len])
            continue;
        s->action = s->only.action = s->last = (enum inject_action)i;
        s->only.at = colon ? atol(colon + 1) : 0;
        return !colon || s->only.at > 0;
    }
    return false;
}

static bool parse_life(const char *text, struct sweep *s)
{
    static const struct life *const lives[] = {&daemon_life, &upkeep_life, &scrub_life};
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        if (strcmp(lives[i]->name, text) == 0)
            s->life = lives[i];
    }
    return strcmp(s->life->name, text) == 0;
}

static bool parse_arguments(struct sweep *s, int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "l:s:r:j:p:")) != -1;) {
        switch (option) {
        case 'l':
            if (!parse_life(optarg, s))
                return false;
            break;
        case 's':
            s->end = clock_monotonic() + atol(optarg) * NS_PER_SECOND;
            break;
        case 'r':
            s->state = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            s->jobs = atoi(optarg);
            break;
        case 'p':
            if (!parse_point(optarg, s))
                return false;
            break;
        default:
            return false;
        }
    }
    s->programs = argv[optind];
    return optind + 1 == argc && s->jobs > 0 && s->jobs <= JOBS_MAX;
}

static int report(const struct sweep *s)
{
    for (int i = INJECT_KILL_BEFORE; i < INJECT_ACTIONS; i++)
        printf("%s: %ld points\n", inject_name((enum inject_action)i), s->by_action[i]);
    printf("%ld points, %ld exact\n", s->points, s->exact);
    return s->points && s->exact == s->points ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {
        .life = &daemon_life, .jobs = 2, .action = INJECT_KILL_BEFORE, .last = INJECT_ACTIONS - 1};
    const char *reason = "";
    sweep.state = (uint64_t)clock_real() ^ (uint64_t)getpid();
    if (!parse_arguments(&sweep, argc, argv)) {
        fprintf(stderr, "usage: sweep [-l LIFE] [-s SECONDS] [-r SEED] [-j JOBS] [-p "
                        "ACTION[:CALL]] PROGRAMS\n");
        return EXIT_USAGE;
    }
    if (!inject_possible(&reason)) {
        printf("%s\n", reason);
        return EXIT_SKIPPED;
    }
    if (!scratch_make("sweep", sweep.directory, sizeof(sweep.directory)))
        give_up(sweep.directory);
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC", 1);
    if (sweep.end)
        printf("seed %llu\n", (unsigned long long)sweep.state);
    if (!sweep.only.at) {
        count_calls(&sweep);
        printf("a life without errors has %ld calls\n", sweep.calls);
        if (sweep.writes == 0)
            return EXIT_FAILURE;
    }
    run_all(&sweep);
    rmdir(sweep.directory);
    return report(&sweep);
}
