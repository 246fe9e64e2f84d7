/*
 * census.c - one job at a time. Who asks while it runs waits for the next one, so that what he
 * gets isn't older than his question.
 */
#include "daemon/census.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/clock.h"

struct waiter {
    void (*fn)(void *context);
    void *context;
};

struct census {
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t timer;
    char *directory;
    VEC(struct waiter) coming;
    size_t served; /* so many of them, the first ones, wait for the job that runs */
    struct census_numbers numbers;
    bool busy;
    struct census_numbers counted; /* the job's */
};

int census_open(struct census **out, uv_loop_t *loop, const char *directory, struct lgz_error *err)
{
    struct census *c = calloc(1, sizeof(*c));
    if (!c || !(c->directory = strdup(directory))) {
        free(c);
        return error_memory(err);
    }
    c->loop = loop;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    *out = c;
    return LGZ_OK;
}

/* On the pool. */

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void count_archive(const char *directory, struct census_numbers *n)
{
    struct listing listing = {0};
    if (listing_open(&listing, directory, NULL) == LGZ_OK) {
        n->segments = listing.segments.len;
        for (size_t i = 0; i < listing.segments.len; i++)
            n->segment_bytes += size_of(listing.segments.data[i].path);
        n->journals = listing.journals.len;
        for (size_t i = 0; i < listing.journals.len; i++)
            n->journal_bytes += size_of(listing.journals.data[i].path);
    }
    listing_clear(&listing);
}

static void count_memory(struct census_numbers *n)
{
    unsigned long long pages;
    unsigned long long resident;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return;
    if (fscanf(f, "%20llu %20llu", &pages, &resident) == 2) {
        uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);
        n->virtual_bytes = pages * size;
        n->resident_bytes = resident * size;
    }
    fclose(f);
}

static void count_descriptors(struct census_numbers *n)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        n->descriptor_limit = limit.rlim_cur;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));)
        n->open_descriptors += e->d_name[0] != '.';
    closedir(dir);
    n->open_descriptors--; /* this one */
}

static void run_count(uv_work_t *work)
{
    struct census *c = work->data;
    c->counted = (struct census_numbers){.cpu_time = clock_cpu()};
    count_archive(c->directory, &c->counted);
    count_memory(&c->counted);
    count_descriptors(&c->counted);
}

/* On the loop. */

/* Call the first `count` who wait. They may ask again. */
static void answer(struct census *c, size_t count)
{
    for (; count && c->coming.len; count--) {
        struct waiter first = c->coming.data[0];
        memmove(c->coming.data, c->coming.data + 1, --c->coming.len * sizeof(first));
        c->served -= c->served != 0;
        first.fn(first.context);
    }
    if (c->coming.len == 0)
        uv_timer_stop(&c->timer);
}

static void count_done(uv_work_t *work, int status);

static void begin(struct census *c)
{
    c->work.data = c;
    c->busy = true;
    c->served = c->coming.len;
    if (uv_queue_work(c->loop, &c->work, run_count, count_done) != 0) {
        c->busy = false; /* it only fails for want of a function */
        answer(c, c->served);
    }
}

static void count_done(uv_work_t *work, int status)
{
    struct census *c = work->data;
    c->busy = false;
    if (status == 0)
        c->numbers = c->counted;
    answer(c, c->served);
    if (c->coming.len && !c->busy)
        begin(c);
}

static void on_too_long(uv_timer_t *timer)
{
    census_hurry(timer->data);
}

bool census_ask(struct census *c, void (*fn)(void *context), void *context)
{
    struct waiter w = {fn, context};
    if (!vec_push(&c->coming, w))
        return false;
    if (!uv_is_active((uv_handle_t *)&c->timer))
        uv_timer_start(&c->timer, on_too_long, CENSUS_WAIT_MS, 0);
    if (!c->busy)
        begin(c);
    return true;
}

const struct census_numbers *census_numbers(const struct census *c)
{
    return &c->numbers;
}

void census_hurry(struct census *c)
{
    answer(c, c->coming.len);
}

bool census_busy(const struct census *c)
{
    return c->busy;
}

static void on_closed(uv_handle_t *handle)
{
    struct census *c = handle->data;
    vec_free(&c->coming);
    free(c->directory);
    free(c);
}

void census_close(struct census *c)
{
    if (c)
        uv_close((uv_handle_t *)&c->timer, on_closed);
}
