/*
 * simulate.c - `simulate [-d DAYS] [-i INPUTS] [-l LINES] [-s SLOTS] [-r SEED] PROGRAMS`
 *
 * PROGRAMS is the directory with logzipd, logzipctl and tests/clock.so.
 *
 * Lets DAYS days go by, on clocks that are shifted. INPUTS logs get LINES lines each on a day; a
 * daemon reads them, and seals SLOTS times a day. At night the logs are rotated by rename, and
 * `logzipctl rotate` looks after the archive; then audit.c looks at it. Now and then the daemon is
 * killed, and everything is restored. The first input is kept for a shorter time than most, the
 * second one for a longer. What limits the archive comes one after the other, so that each has to
 * do its work: the age from the start, the size when two thirds of the days are over, and less of
 * it for the last sixth.
 *
 * Prints what came of it. After a failure the directory stays, and its file `messages` says why.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../crash/scratch.h"
#include "base/clock.h"
#include "simulation.h"

enum { EXIT_USAGE = 2, NIGHT_MINUTES = 10 };

/* The configuration, as it is from now on. */
static void configure(struct simulation *s)
{
    struct world *w = &s->world;
    struct buf archive = {0}, inputs = {0};
    buf_printf(&archive, "max_age = %dd\nmax_size = %" PRIu64 "\n", s->max_age, s->max_bytes);
    for (int i = 0; i < s->inputs; i++) {
        buf_printf(&inputs, "[input %s]\npath = %s\n", s->input[i].name, s->input[i].source);
        if (s->input[i].max_age != s->max_age)
            buf_printf(&inputs, "max_age = %dd\n", s->input[i].max_age);
    }
    buf_push(&archive, '\0');
    buf_push(&inputs, '\0');
    if (archive.failed || inputs.failed)
        world_fail(w, "out of memory");
    world_configure(w, (const char *)archive.data, (const char *)inputs.data);
    buf_free(&archive);
    buf_free(&inputs);
}

static void set_clock(struct simulation *s, int day, int minutes)
{
    world_set_clock(&s->world, generator_midnight(day) + minutes * 60 * NS_PER_SECOND);
}

/* A day: lines come, and are sealed. */
static void live_day(struct simulation *s)
{
    struct buf lines = {0};
    s->world.step = "a day";
    for (int i = 0; i < s->inputs; i++) {
        generator_begin(&s->input[i].generator, i, s->today, s->lines);
        s->input[i].day_bytes = 0;
    }
    for (int slot = 1; slot <= s->slots; slot++) {
        set_clock(s, s->today, 1440 * slot / s->slots - 1);
        for (int i = 0; i < s->inputs; i++) {
            struct simulated_input *input = &s->input[i];
            lines.len = 0;
            generator_write(&input->generator, s->lines * slot / s->slots, &lines);
            if (lines.failed)
                world_fail(&s->world, "out of memory");
            world_append(&s->world, input->file, lines.data, lines.len);
            input->day_bytes += lines.len;
            s->bytes_written += lines.len;
        }
        world_ask(&s->world, "seal");
    }
    s->lines_written += (uint64_t)s->lines * (uint64_t)s->inputs;
    buf_free(&lines);
}

/* As logrotate does it. */
static void rotate_logs(struct simulation *s)
{
    struct world *w = &s->world;
    for (int i = 0; i < s->inputs; i++) {
        char *to;
        if (asprintf(&to, "%s.1", s->input[i].source) < 0 || rename(s->input[i].source, to) != 0)
            world_fail(w, "cannot rotate %s: %s", s->input[i].name, strerror(errno));
        free(to);
    }
}

/* What the segments of today take, by the times in their names. */
static uint64_t day_bytes(struct simulation *s)
{
    char date[32];
    const time_t midnight = (time_t)(generator_midnight(s->today) / NS_PER_SECOND);
    struct tm tm;
    gmtime_r(&midnight, &tm);
    strftime(date, sizeof(date), "-%Y%m%dT", &tm);
    return sizes_look(s->world.archive, date).segment_bytes;
}

static void live_night(struct simulation *s)
{
    struct world *w = &s->world;
    s->world.step = "a night";
    set_clock(s, s->today + 1, NIGHT_MINUTES);
    rotate_logs(s);
    s->daily_bytes += day_bytes(s);
    world_ctl(w, NULL, "rotate", "-c", w->conf, NULL);
    s->merged_bytes += day_bytes(s);
    audit_night(s);
    if (s->today % 9 == 8)
        audit_contents(s);
    if (s->today % 7 == 6)
        world_kill(w);
}

/* A size that will have to be kept. */
static void limit(struct simulation *s)
{
    const struct sizes_now now = sizes_look(s->world.archive, NULL);
    if (s->today == s->days * 2 / 3)
        s->max_bytes = now.segment_bytes;
    else if (s->today == s->days * 5 / 6)
        s->max_bytes = s->max_bytes / 10 * 7;
    else
        return;
    configure(s);
    world_ask(&s->world, "reload");
    /* From now on it holds at any moment. */
    world_ctl(&s->world, NULL, "expire", "-c", s->world.conf, NULL);
    sizes_peak(s->sizes);
}

static void begin_input(struct simulation *s, int i)
{
    struct simulated_input *input = &s->input[i];
    snprintf(input->name, sizeof(input->name), "input%02d", i);
    snprintf(input->file, sizeof(input->file), "%s.log", input->name);
    input->source = world_path(&s->world, input->file);
    if (!input->source)
        world_fail(&s->world, "out of memory");
    input->max_age = i == 0 ? s->max_age / 3 : i == 1 ? s->max_age * 5 / 4 : s->max_age;
}

static void live(struct simulation *s)
{
    struct world *w = &s->world;
    for (int i = 0; i < s->inputs; i++)
        begin_input(s, i);
    configure(s);
    s->sizes = sizes_open(w->archive);
    if (!s->sizes)
        world_fail(w, "cannot watch %s", w->archive);
    for (s->today = 0; s->today < s->days; s->today++) {
        live_day(s);
        live_night(s);
        limit(s);
    }
    s->today--;
    audit_contents(s);
    world_stop(w);
    audit_end(s);
    sizes_close(s->sizes);
    for (int i = 0; i < s->inputs; i++)
        free(s->input[i].source);
}

static void report(const struct simulation *s)
{
    const struct sizes_now now = sizes_look(s->world.archive, NULL);
    printf("%d days, %" PRIu64 " lines, %.1f MB; checks: %" PRIu64 "\n", s->days, s->lines_written,
           (double)s->bytes_written / 1e6, s->checks);
    printf("sealed by day: %.2f MB, after the nights: %.2f MB, %.2f times less\n",
           (double)s->daily_bytes / 1e6, (double)s->merged_bytes / 1e6,
           (double)s->daily_bytes / (double)s->merged_bytes);
    printf("at most %zu segments after a night, and %.2f MB at any moment; now %zu of %.2f MB\n",
           s->most_segments, (double)s->peak / 1e6, now.segments, (double)now.segment_bytes / 1e6);
    printf("of max_size, at most %.1f %% after a night, and %.1f %% at any moment\n",
           s->most_left * 100, s->most_used * 100);
}

static bool parse_arguments(struct simulation *s, int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "d:i:l:s:r:")) != -1;) {
        const int number = option == '?' ? 0 : atoi(optarg);
        if (option == 'd')
            s->days = number;
        else if (option == 'i')
            s->inputs = number;
        else if (option == 'l')
            s->lines = number;
        else if (option == 's')
            s->slots = number;
        else if (option == 'r')
            s->random = strtoull(optarg, NULL, 10);
        else
            return false;
    }
    s->max_age = s->days / 2;
    return optind + 1 == argc && s->max_age > 0 && s->inputs > 0 && s->inputs <= INPUTS_MAX &&
           s->lines >= s->slots && s->slots > 0 && s->slots <= 96;
}

/* In a process of its own, as a failure ends it. */
static _Noreturn void run(struct simulation *s, const char *programs, const char *directory)
{
    static struct inject nothing = {.action = INJECT_NOTHING};
    world_open(&s->world, programs, directory, &nothing);
    s->world.patience = 600;
    world_shift_clock(&s->world);
    live(s);
    report(s);
    world_close(&s->world);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    struct simulation simulation = {.days = 90, .inputs = 20, .lines = 10000, .slots = 24};
    char directory[PATH_MAX];
    int status = -1;
    simulation.random = (uint64_t)clock_real();
    if (!parse_arguments(&simulation, argc, argv)) {
        fprintf(stderr, "usage: simulate [-d DAYS] [-i INPUTS] [-l LINES] [-s SLOTS] [-r SEED] "
                        "PROGRAMS\n");
        return EXIT_USAGE;
    }
    if (!scratch_make("simulate", directory, sizeof(directory))) {
        fprintf(stderr, "simulate: %s: %s\n", directory, strerror(errno));
        return EXIT_FAILURE;
    }
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC", 1);
    printf("seed %" PRIu64 "\n", simulation.random);
    fflush(stdout);
    const pid_t process = fork();
    if (process == 0)
        run(&simulation, argv[optind], directory);
    if (process > 0 && waitpid(process, &status, 0) == process && status == 0) {
        scratch_remove(directory);
        return EXIT_SUCCESS;
    }
    printf("FAILED, see %s; the end of its messages:\n", directory);
    scratch_print_messages(directory);
    return EXIT_FAILURE;
}
