/*
 * audit.c - what must be true after a night.
 *
 * What an archive has of an input are its last days, all of them. What has gone must have had a
 * reason: it's too old, or there was too much; and what is too old must be gone.
 */
#include "simulation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"

/* How many lines does a query count? `text` is what is searched for. */
static uint64_t count_lines(struct simulation *s, const struct simulated_input *input, int day,
                            char *text)
{
    struct world *w = &s->world;
    struct buf output = {0};
    char since[40], until[40];
    const int64_t midnight = generator_midnight(day) / NS_PER_SECOND;
    snprintf(since, sizeof(since), "@%" PRId64, midnight);
    snprintf(until, sizeof(until), "@%" PRId64 ".999999", midnight + 86399);
    const int status =
        world_ctl_once(w, &output, "query", "-hFc", "--source", input->source, "--since", since,
                       "--until", until, "-e", text, w->archive, NULL);
    buf_push(&output, '\0');
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1 || output.failed)
        world_fail(w, "a query for %s on day %d of %s fails", text, day, input->name);
    const uint64_t lines = strtoull((const char *)output.data, NULL, 10);
    buf_free(&output);
    s->checks++;
    return lines;
}

/* What the age says: the first day that is to be there still. It's judged by a day's last byte,
   and the night is ten minutes after its midnight. */
static int first_day_by_age(const struct simulation *s, const struct simulated_input *input)
{
    const int day = s->today - input->max_age + 1;
    return day > 0 ? day : 0;
}

/* Which days does the archive have of an input? @return whether some went that aren't too old */
static bool audit_days(struct simulation *s, struct simulated_input *input)
{
    struct world *w = &s->world;
    const int by_age = first_day_by_age(s, input);
    uint64_t lines = 0;
    while (input->first_day <= s->today &&
           (lines = count_lines(s, input, input->first_day, (char[]){""})) == 0)
        input->first_day++;
    if (input->first_day <= s->today && lines != (uint64_t)s->lines)
        world_fail(w, "%s: of day %d there are %" PRIu64 " lines", input->name, input->first_day,
                   lines);
    if (input->first_day < by_age)
        world_fail(w, "%s: day %d is too old, and still there", input->name, input->first_day);
    if (input->first_day > by_age && !s->max_bytes)
        world_fail(w, "%s: day %d is gone without a reason", input->name, by_age);
    return input->first_day > by_age;
}

/* A line that is there is found once, and one that has gone isn't. */
static void audit_line(struct simulation *s)
{
    char id[GENERATOR_ID_SIZE];
    const int number = (int)simulation_random(s, (unsigned)s->inputs);
    const int day = (int)simulation_random(s, (unsigned)s->today + 1);
    const int ids = (s->lines - 1) / GENERATOR_ID_EVERY + 1;
    const int line = (int)simulation_random(s, (unsigned)ids) * GENERATOR_ID_EVERY;
    const struct simulated_input *input = &s->input[number];
    generator_id(number, day, line, id);
    const uint64_t wanted = day >= input->first_day;
    const uint64_t found = count_lines(s, input, day, id);
    if (found != wanted)
        world_fail(&s->world, "%s: line %d of day %d (%s) is found %" PRIu64 " times", input->name,
                   line, day, id, found);
}

/* A day has one segment for each class: most inputs, and the two with a max_age of their own. */
static size_t most_segments(const struct simulation *s)
{
    int days = s->max_age;
    for (int i = 0; i < s->inputs && i < 2; i++)
        days += s->input[i].max_age;
    return (size_t)days;
}

static void audit_budget(struct simulation *s, uint64_t segment_bytes, uint64_t peak, uint64_t room)
{
    const double used = (double)peak / (double)s->max_bytes;
    const double left = (double)segment_bytes / (double)s->max_bytes;
    s->most_used = used > s->most_used ? used : s->most_used;
    s->most_left = left > s->most_left ? left : s->most_left;
    if (segment_bytes > s->max_bytes)
        world_fail(&s->world, "%" PRIu64 " bytes after day %d, and %" PRIu64 " are allowed",
                   segment_bytes, s->today, s->max_bytes);
    if (peak > s->max_bytes + room)
        world_fail(&s->world,
                   "%" PRIu64 " bytes on day %d, and %" PRIu64 " are allowed at any moment", peak,
                   s->today, s->max_bytes + room);
}

static void audit_sizes(struct simulation *s, bool by_size)
{
    struct world *w = &s->world;
    const struct sizes_now now = sizes_look(w->archive, NULL);
    const uint64_t day = (s->daily_bytes + s->merged_bytes) / (uint64_t)(s->today + 1);
    uint64_t raw = 0;
    for (int i = 0; i < s->inputs; i++)
        raw += s->input[i].day_bytes;
    /* Beside what may stay: what a day adds, a draft of it, and journals that are being sealed. */
    const uint64_t room = 2 * day + 2 * raw / (uint64_t)s->slots + (64 << 10);
    const uint64_t peak = sizes_peak(s->sizes);
    s->peak = peak > s->peak ? peak : s->peak;
    s->most_segments = now.segments > s->most_segments ? now.segments : s->most_segments;
    if (now.segments > most_segments(s))
        world_fail(w, "%zu segments after day %d", now.segments, s->today);
    if (s->max_bytes)
        audit_budget(s, now.segment_bytes, peak, room);
    if (by_size && now.segment_bytes + 2 * day < s->max_bytes)
        world_fail(w, "too much has expired for its size: %" PRIu64 " bytes are left of %" PRIu64,
                   now.segment_bytes, s->max_bytes);
}

void audit_night(struct simulation *s)
{
    bool by_size = false;
    s->world.step = "looking at what is there";
    for (int i = 0; i < s->inputs; i++)
        by_size |= audit_days(s, &s->input[i]);
    audit_sizes(s, by_size);
    s->world.step = "looking for lines";
    for (int i = 0; i < 3; i++)
        audit_line(s);
}

/* All that the archive should have of an input. */
static void write_again(const struct simulation *s, int input, struct buf *out)
{
    for (int day = s->input[input].first_day; day <= s->today; day++) {
        struct generator g;
        generator_begin(&g, input, day, s->lines);
        generator_write(&g, s->lines, out);
    }
}

void audit_contents(struct simulation *s)
{
    struct world *w = &s->world;
    w->step = "restoring";
    for (int i = 0; i < s->inputs; i++) {
        struct buf written = {0}, restored = {0};
        const struct simulated_input *input = &s->input[i];
        write_again(s, i, &written);
        if (input->first_day <= s->today)
            world_ctl(w, &restored, "restore", "--source", input->source, w->archive, NULL);
        if (written.failed || restored.len != written.len ||
            memcmp(restored.data, written.data, written.len) != 0)
            world_fail(w,
                       "%s: what is restored (%zu bytes) isn't what was written since day %d "
                       "(%zu bytes)",
                       input->name, restored.len, input->first_day, written.len);
        buf_free(&written);
        buf_free(&restored);
        s->checks++;
    }
}

void audit_end(struct simulation *s)
{
    s->world.step = "the end";
    if (s->daily_bytes * 10 < s->merged_bytes * 13)
        world_fail(&s->world, "merging made %" PRIu64 " bytes of %" PRIu64, s->merged_bytes,
                   s->daily_bytes);
    world_check_names(&s->world);
    world_ctl(&s->world, NULL, "verify", s->world.archive, NULL);
}
