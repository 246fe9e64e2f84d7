/*
 * tail_fixture.h - what the tests of the tail share: a directory, a tail that follows the *.log in
 * it, a sink in memory that checks what it's told, and ways to write files and to compare.
 */
#ifndef LOGZIP_TESTS_TAIL_FIXTURE_H
#define LOGZIP_TESTS_TAIL_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tail/tail.h"

enum { SOURCES_MAX = 32 };

/* What the sink got. */
struct got {
    struct source source;
    uint64_t next;
    uint64_t start; /* offset of the first byte */
    struct buf data;
    bool dropped;
};

static struct got got[SOURCES_MAX];
static char space[1 << 16];
static size_t room = sizeof(space);
static bool refused; /* there's no room for data after all, as when memory is out */
static bool untold;  /* nor for sources */
static char directory[] = "/tmp/test_tail.XXXXXX";
static struct tail *tail;
static unsigned warnings;
static char last_warning[1000];
static int64_t now = 1000 * NS_PER_SECOND; /* as long as the machine runs */
static struct config_glob glob_paths[1];
static struct config_input input = {.name = (char[]){"in"}, .paths = glob_paths, .path_count = 1};

/* A source is told after all of its name that come before it: a crash leaves the beginning. */
static void expect_newest(const struct source *source)
{
    for (uint64_t id = source->id; id < SOURCES_MAX; id++)
        ck_assert(!got[id].source.id || strcmp(got[id].source.name, source->name) != 0);
}

static bool on_source(void *context, const struct source *source, uint64_t next)
{
    (void)context;
    ck_assert_uint_lt(source->id, SOURCES_MAX);
    if (untold)
        return false;
    struct got *g = &got[source->id];
    ck_assert(!g->dropped);
    if (!g->source.id) {
        expect_newest(source);
        g->start = next;
    }
    source_clear(&g->source);
    ck_assert_int_eq(source_copy(&g->source, source, NULL), LGZ_OK);
    g->next = next;
    return true;
}

static void *on_reserve(void *context, size_t *size)
{
    (void)context;
    *size = room;
    return room ? space : NULL;
}

static bool on_data(void *context, uint64_t id, uint64_t offset, size_t len)
{
    struct got *g = &got[id];
    (void)context;
    ck_assert_uint_eq(g->source.id, id); /* told before its data */
    ck_assert_uint_eq(offset, g->next);  /* without gap or overlap */
    if (refused)
        return false;
    buf_append(&g->data, space, len);
    g->next += len;
    return true;
}

static bool on_drop(void *context, uint64_t id)
{
    (void)context;
    ck_assert(got[id].source.id == id && !got[id].dropped);
    got[id].dropped = true;
    return true;
}

static void on_say(void *context, enum config_log_level level, const char *message)
{
    (void)context;
    ck_assert_uint_gt(strlen(message), 0);
    if (level <= CONFIG_LOG_WARNING) {
        warnings++;
        snprintf(last_warning, sizeof(last_warning), "%s", message);
    }
}

static const char *in(const char *name)
{
    static char paths[4][200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void put(const char *name, const char *mode, const char *text)
{
    FILE *f = fopen(in(name), mode);
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static inline void move(const char *from, const char *to)
{
    ck_assert_int_eq(rename(in(from), in(to)), 0);
}

/* As logrotate does with a copy. */
static inline void pack(const char *name)
{
    char command[300];
    snprintf(command, sizeof(command), "gzip %s", in(name));
    ck_assert_int_eq(system(command), 0);
}

static inline void set_time(const char *name, struct timespec time)
{
    const struct timespec times[2] = {time, time};
    ck_assert_int_eq(utimensat(AT_FDCWD, in(name), times, 0), 0);
}

static void open_tail(const struct source_position *positions, size_t count, uint64_t next_id)
{
    static char pattern[200];
    struct tail_sink sink = {NULL, on_source, on_reserve, on_data, on_drop, on_say};
    snprintf(pattern, sizeof(pattern), "%s/*.log", directory);
    glob_paths[0].pattern = pattern;
    ck_assert_int_eq(tail_open(&tail, &sink, NULL), LGZ_OK);
    tail_configure(tail, &input, 1);
    ck_assert_int_eq(tail_resume(tail, positions, count, next_id, NULL), LGZ_OK);
}

/* Scan and read until nothing is left; twice at least, since truncations may want another scan. A
 * directory counts as searched when it hasn't changed for some milliseconds. */
static inline void follow(void)
{
    for (int i = 0; i < 2 || (i < 10 && tail_wants_scan(tail)); i++) {
        now += NS_PER_SECOND / 10;
        usleep(i ? 25000 : 0);
        tail_events(tail);
        ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
        while (tail_ready(tail) && tail_read(tail, 1 << 20, now))
            continue;
    }
}

/* Is the source read no more? It may still be known, for what comes after it. */
static inline bool is_let_go(uint64_t id)
{
    return got[id].dropped || got[id].source.ended;
}

static void expect(uint64_t id, const char *text)
{
    ck_assert_uint_eq(got[id].data.len, strlen(text));
    if (*text)
        ck_assert_int_eq(memcmp(got[id].data.data, text, strlen(text)), 0);
}

static void set_up(void)
{
    strcpy(strrchr(directory, '.') + 1, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    input.from_end = false;
    room = sizeof(space);
}

static void tear_down(void)
{
    char command[300];
    tail_close(tail);
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        source_clear(&got[i].source);
        buf_free(&got[i].data);
    }
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

#endif
