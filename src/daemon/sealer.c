/*
 * sealer.c - a queue of journals and one job.
 */
#include "daemon/sealer.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { PAUSE_MIN_MS = 5000, PAUSE_MAX_MS = 300000 };

struct waiting {
    char *path;
    bool with_next;
    int64_t since;
};

struct sealer {
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t timer;
    struct log *log;
    struct tally *tally;
    void (*changed)(void *context);
    void *context;
    char *directory;
    struct segment_options options; /* for the next seal */
    VEC(struct waiting) queue;
    struct sealer_totals totals;
    char failure[500];
    uint64_t pause_ms;
    bool stopped;

    /* The job; belongs to the pool while it runs. */
    bool busy;
    char **journals;
    size_t count;
    struct segment_options job_options;
    struct archive_seal_result sealed;
    int result;
    struct lgz_error err;
    int64_t started;
};

static void sealer_free(struct sealer *s)
{
    for (size_t i = 0; i < s->queue.len; i++)
        free(s->queue.data[i].path);
    vec_free(&s->queue);
    free(s->directory);
    free(s);
}

int sealer_open(struct sealer **out, uv_loop_t *loop, const struct config *config, struct log *log,
                struct tally *tally, void (*changed)(void *context), void *context,
                struct lgz_error *err)
{
    struct sealer *s = calloc(1, sizeof(*s));
    if (!s || !(s->directory = strdup(config->directory))) {
        free(s);
        return error_memory(err);
    }
    s->loop = loop;
    s->log = log;
    s->tally = tally;
    s->changed = changed;
    s->context = context;
    s->pause_ms = PAUSE_MIN_MS;
    sealer_configure(s, config);
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    *out = s;
    return LGZ_OK;
}

void sealer_configure(struct sealer *s, const struct config *config)
{
    s->options = archive_seal_options(config);
}

/* On the pool. */
static void run_seal(uv_work_t *work)
{
    struct sealer *s = work->data;
    s->result =
        archive_seal(s->directory, s->journals, s->count, &s->job_options, &s->sealed, &s->err);
#ifdef __GLIBC__
    malloc_trim(0); /* a seal takes by far the most memory: until the next it's the system's */
#endif
}

static void tell_sealed(struct sealer *s)
{
    const struct archive_seal_result *r = &s->sealed;
    s->totals.raw_bytes += r->raw_bytes;
    s->totals.stored_bytes += r->stored_bytes;
    s->totals.lines += r->lines;
    if (r->torn_bytes)
        log_say(s->log, CONFIG_LOG_WARNING,
                "%s: %llu bytes that can't be read; the journal is kept as *.damaged", r->torn,
                (unsigned long long)r->torn_bytes);
    if (!r->segment)
        return;
    s->totals.segments++;
    int64_t now = clock_monotonic();
    timing_add(&s->totals.seals, now - s->started);
    for (size_t i = 0; i < r->shares.list.len; i++) {
        const struct share *share = &r->shares.list.data[i];
        tally_sealed(s->tally, &share->source, share->raw_bytes, share->stored_bytes, now);
    }
    log_say(s->log, CONFIG_LOG_INFO, "sealed %s: %llu lines, %llu bytes in %llu, %.1f s",
            r->segment, (unsigned long long)r->lines, (unsigned long long)r->raw_bytes,
            (unsigned long long)r->stored_bytes,
            (double)(now - s->started) / (double)NS_PER_SECOND);
}

static void next(struct sealer *s);

static void on_pause_over(uv_timer_t *timer)
{
    next(timer->data);
}

static void seal_done(uv_work_t *work, int status)
{
    struct sealer *s = work->data;
    (void)status;
    s->busy = false;
    free(s->journals);
    s->journals = NULL;
    if (s->result == LGZ_OK) {
        tell_sealed(s);
        for (size_t i = 0; i < s->count; i++)
            free(s->queue.data[i].path);
        s->queue.len -= s->count;
        memmove(s->queue.data, s->queue.data + s->count, s->queue.len * sizeof(*s->queue.data));
        s->failure[0] = '\0';
        s->pause_ms = PAUSE_MIN_MS;
        /* Before the next job, which has its own result. */
        archive_seal_result_clear(&s->sealed);
        next(s);
    } else {
        bool news = strncmp(s->failure, s->err.message, sizeof(s->failure) - 1) != 0;
        memcpy(s->failure, s->err.message, sizeof(s->failure));
        s->failure[sizeof(s->failure) - 1] = '\0';
        if (news)
            log_say(s->log, CONFIG_LOG_ERROR,
                    "cannot seal: %s; the journals are kept, and it is tried again", s->failure);
        uv_timer_start(&s->timer, on_pause_over, s->pause_ms, 0);
        s->pause_ms = s->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : s->pause_ms * 2;
        archive_seal_result_clear(&s->sealed);
    }
    s->changed(s->context);
}

/*
 * If other journals wait, the thread that reads and checks helps to compress; that takes the memory
 * of one thread more, if there is so much. The segment is the same.
 */
static struct segment_options options_for(const struct sealer *s, bool others_wait)
{
    struct segment_options options = s->options;
    if (others_wait && options.threads < SEGMENT_THREADS_MAX &&
        sysconf(_SC_NPROCESSORS_ONLN) > (long)options.threads) {
        options.threads++;
        options.background = false;
    }
    return options;
}

/* Seal the first journal of the queue, with those that go with it, if they all are there. */
static void next(struct sealer *s)
{
    size_t count = 0;
    if (s->busy || s->stopped)
        return;
    while (count < s->queue.len && s->queue.data[count].with_next)
        count++;
    if (count == s->queue.len)
        return;
    count++;
    s->journals = calloc(count, sizeof(*s->journals));
    if (!s->journals) {
        uv_timer_start(&s->timer, on_pause_over, s->pause_ms, 0);
        return;
    }
    for (size_t i = 0; i < count; i++)
        s->journals[i] = s->queue.data[i].path;
    s->count = count;
    s->job_options = options_for(s, s->queue.len > count);
    s->sealed = (struct archive_seal_result){0};
    s->err = (struct lgz_error){0};
    s->started = clock_monotonic();
    s->work.data = s;
    s->busy = true;
    uv_timer_stop(&s->timer);
    uv_queue_work(s->loop, &s->work, run_seal, seal_done);
}

int sealer_add(struct sealer *s, const char *journal, bool with_next, int64_t since,
               struct lgz_error *err)
{
    struct waiting w = {strdup(journal), with_next, since};
    if (!w.path || !vec_push(&s->queue, w)) {
        free(w.path);
        return error_memory(err);
    }
    if (!uv_is_active((uv_handle_t *)&s->timer))
        next(s);
    return LGZ_OK;
}

void sealer_hurry(struct sealer *s)
{
    next(s);
}

void sealer_stop(struct sealer *s)
{
    s->stopped = true;
}

size_t sealer_pending(const struct sealer *s)
{
    return s->queue.len;
}

int64_t sealer_oldest(const struct sealer *s)
{
    return s->queue.len ? s->queue.data[0].since : 0;
}

bool sealer_busy(const struct sealer *s)
{
    return s->busy;
}

const char *sealer_failure(const struct sealer *s)
{
    return s->failure[0] ? s->failure : NULL;
}

const struct sealer_totals *sealer_totals(const struct sealer *s)
{
    return &s->totals;
}

static void on_closed(uv_handle_t *handle)
{
    sealer_free(handle->data);
}

void sealer_close(struct sealer *s)
{
    if (s)
        uv_close((uv_handle_t *)&s->timer, on_closed);
}
