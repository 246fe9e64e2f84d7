/*
 * store.c - a small machine: idle, or one job on the pool; each end of a job looks what's next.
 */
#include "daemon/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 30000, SLOW_MS = 5000, MARGIN_MS = 100 };

enum job { JOB_NONE, JOB_WRITE, JOB_BEGIN };

struct store {
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t timer;
    uv_timer_t slow_timer; /* the job takes too long when it fires */
    struct ledger *ledger;
    struct tally *tally;
    struct log *log;
    struct store_events events;
    char *directory;
    int64_t sync_interval;
    size_t sync_bytes;

    struct batch *front; /* fills */
    struct batch *back;  /* is written; not empty beyond that only after a failure */
    uint64_t serial;     /* of `front` */
    uint64_t durable;
    bool flush_wanted;
    bool rotate_wanted;
    int64_t rotate_after; /* a new journal couldn't be begun; not before then */

    struct journal_writer *journal; /* NULL after a failure */
    uint64_t sequence;              /* of the newest one */
    uint64_t file_bytes;            /* of the journal when the last job ended */
    uint64_t data_bytes;
    char *ended; /* path of the journal that failed; to be told */
    bool owes;   /* it must end, even empty: a failed one is sealed with it */
    int64_t oldest;
    int64_t written_at; /* the last write began */
    uint64_t total_bytes;
    struct timing syncs;
    char failure[500];
    char unrotated[500]; /* why no new journal can be begun, while the old one goes on */
    char slow[300];
    int64_t pause_ms;
    int64_t retry_at;

    /* The job; belongs to the pool while it runs. */
    enum job job;
    struct ledger_snapshot snapshot;
    struct journal_writer *begun;
    bool in_doubt; /* it could not be begun, but maybe it is there */
    int result;
    int64_t took;
    struct lgz_error err;
};

static void advance(struct store *s);
static void set_failed(struct store *s);

/* Begin a journal with the positions and rules that were copied of the ledger. */
static int begin_with_snapshot(struct store *s, struct journal_writer **out, struct lgz_error *err)
{
    const struct journal_checkpoint start = {
        .positions = s->snapshot.positions,
        .position_count = s->snapshot.count,
        .inputs = &s->snapshot.inputs,
    };
    int code = journal_begin(out, s->directory, s->sequence, &start, err);
    int reason = errno;
    s->in_doubt = code != LGZ_OK && journal_retract(s->directory, s->sequence, NULL) != LGZ_OK;
    errno = reason;
    return code;
}

static int open_first(struct store *s, struct lgz_error *err)
{
    int code = ledger_snapshot(s->ledger, &s->snapshot, err);
    if (code != LGZ_OK)
        return code;
    code = begin_with_snapshot(s, &s->journal, err);
    ledger_snapshot_clear(&s->snapshot);
    return code;
}

static void store_free(struct store *s)
{
    batch_free(s->front);
    batch_free(s->back);
    journal_close(s->journal);
    free(s->ended);
    free(s->directory);
    free(s);
}

/* No room for the first journal: it's begun when there is some, and nothing is read until then. */
static int start_full(struct store *s, struct lgz_error *err)
{
    if (err)
        s->err = *err;
    set_failed(s);
    advance(s);
    return LGZ_OK;
}

int store_open(struct store **out, uv_loop_t *loop, const struct config *config, uint64_t sequence,
               struct ledger *ledger, struct tally *tally, struct log *log,
               const struct store_events *events, struct lgz_error *err)
{
    struct store *s = calloc(1, sizeof(*s));
    if (!s)
        return error_memory(err);
    s->loop = loop;
    s->ledger = ledger;
    s->tally = tally;
    s->log = log;
    s->events = *events;
    s->serial = 1;
    s->written_at = clock_monotonic();
    s->sequence = sequence;
    s->pause_ms = PAUSE_MIN_MS;
    s->directory = strdup(config->directory);
    s->front = batch_new(config->memory / 2);
    s->back = batch_new(config->memory / 2);
    store_configure(s, config);
    int code = s->directory && s->front && s->back ? open_first(s, err) : error_memory(err);
    bool full = code == LGZ_ERR_IO && (errno == ENOSPC || errno == EDQUOT);
    if (code != LGZ_OK && !full) {
        store_free(s);
        return code;
    }
    uv_timer_init(loop, &s->timer);
    uv_timer_init(loop, &s->slow_timer);
    s->timer.data = s->slow_timer.data = s;
    *out = s;
    return full ? start_full(s, err) : LGZ_OK;
}

void store_configure(struct store *s, const struct config *config)
{
    s->sync_interval = config->sync_interval;
    s->sync_bytes = config->sync_bytes;
}

/* Why, without where: the names of journals differ from one attempt to the next. */
static const char *reason_of(const char *message)
{
    const char *colon = strrchr(message, ':');
    return colon ? colon : message;
}

/* On the pool. */
static void run_job(uv_work_t *work)
{
    struct store *s = work->data;
    int64_t before = clock_monotonic();
    if (s->job == JOB_WRITE)
        s->result = batch_write(s->back, s->journal, &s->err);
    else
        s->result = begin_with_snapshot(s, &s->begun, &s->err);
    s->took = clock_monotonic() - before;
}

static void set_failed(struct store *s)
{
    if (!s->failure[0] || strcmp(reason_of(s->failure), reason_of(s->err.message)) != 0)
        log_say(s->log, CONFIG_LOG_ERROR,
                "%s; reading waits, and nothing is lost as long as the log files stay",
                s->err.message);
    memcpy(s->failure, s->err.message, sizeof(s->failure));
    s->failure[sizeof(s->failure) - 1] = '\0';
    s->retry_at = clock_monotonic() + s->pause_ms * (NS_PER_SECOND / 1000);
    s->pause_ms = s->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : s->pause_ms * 2;
    s->events.failed(s->events.context, s->failure);
}

/* Nothing is added to this journal any more. */
static void give_up_journal(struct store *s)
{
    free(s->ended);
    s->ended = strdup(journal_path(s->journal));
    journal_close(s->journal);
    s->journal = NULL;
}

static void write_done(struct store *s)
{
    if (s->result == LGZ_OK)
        s->result = batch_acknowledge(s->back, s->ledger, &s->err);
    if (s->result != LGZ_OK) {
        /* The journal may hold part of the batch: another one gets it whole. */
        give_up_journal(s);
        set_failed(s);
        return;
    }
    batch_tally(s->back, s->tally);
    timing_add(&s->syncs, s->took);
    s->total_bytes += batch_bytes(s->back);
    if (batch_bytes(s->back) && !s->oldest)
        s->oldest = batch_since(s->back);
    batch_clear(s->back);
    s->durable = s->serial - 1;
    s->pause_ms = PAUSE_MIN_MS;
}

static void begin_done(struct store *s)
{
    ledger_snapshot_clear(&s->snapshot);
    if (s->result != LGZ_OK) {
        if (s->journal && s->in_doubt) /* the new one may be there, and be believed */
            give_up_journal(s);
        if (s->journal) { /* the old one still is as good as ever */
            s->rotate_after = clock_monotonic() + s->pause_ms * (NS_PER_SECOND / 1000);
            s->pause_ms = s->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : s->pause_ms * 2;
            if (strcmp(reason_of(s->unrotated), reason_of(s->err.message)) != 0)
                log_say(s->log, CONFIG_LOG_ERROR, "%s; the seal waits", s->err.message);
            memcpy(s->unrotated, s->err.message, sizeof(s->unrotated));
            s->unrotated[sizeof(s->unrotated) - 1] = '\0';
            s->events.failed(s->events.context, s->err.message);
        } else {
            set_failed(s);
        }
        return;
    }
    if (s->failure[0])
        log_say(s->log, CONFIG_LOG_INFO, "a new journal could be begun; reading goes on");
    else if (s->unrotated[0])
        log_say(s->log, CONFIG_LOG_INFO, "a new journal could be begun; sealing goes on");
    s->unrotated[0] = '\0';
    bool was_broken = s->ended != NULL;
    if (s->journal)
        s->events.journal_ended(s->events.context, journal_path(s->journal), false);
    else if (s->ended)
        s->events.journal_ended(s->events.context, s->ended, true);
    journal_close(s->journal);
    free(s->ended);
    s->ended = NULL;
    s->journal = s->begun;
    s->begun = NULL;
    s->failure[0] = '\0';
    s->pause_ms = PAUSE_MIN_MS;
    s->rotate_after = 0;
    s->oldest = was_broken ? clock_monotonic() : 0;
    /* The broken one is sealed with its successor: soon, it may be what fills the disk. */
    s->rotate_wanted = was_broken;
    s->owes = was_broken;
}

static void job_done(uv_work_t *work, int status)
{
    struct store *s = work->data;
    enum job job = s->job;
    (void)status;
    s->job = JOB_NONE;
    uv_timer_stop(&s->slow_timer);
    if (s->slow[0])
        log_say(s->log, CONFIG_LOG_INFO, "%s: writing took %lld s; it goes on", s->directory,
                (long long)(s->took / NS_PER_SECOND));
    s->slow[0] = '\0';
    if (job == JOB_WRITE)
        write_done(s);
    else
        begin_done(s);
    s->file_bytes = s->journal ? journal_bytes(s->journal) : 0;
    s->data_bytes = s->journal ? journal_data_bytes(s->journal) : 0;
    advance(s);
    s->events.progress(s->events.context);
}

static void on_slow(uv_timer_t *timer)
{
    struct store *s = timer->data;
    snprintf(s->slow, sizeof(s->slow), "%.200s: the disk is slow, writing takes more than %d s",
             s->directory, SLOW_MS / 1000);
    log_say(s->log, CONFIG_LOG_WARNING, "%s; reading waits when `memory` is full", s->slow);
}

static void start_job(struct store *s, enum job job)
{
    s->job = job;
    uv_timer_start(&s->slow_timer, on_slow, SLOW_MS, 0);
    s->work.data = s;
    s->err = (struct lgz_error){0};
    if (uv_queue_work(s->loop, &s->work, run_job, job_done) != 0) {
        run_job(&s->work); /* it only fails for want of a function */
        job_done(&s->work, 0);
    }
}

static void begin_journal(struct store *s)
{
    /* Numbers of failed attempts aren't used again. */
    if (ledger_snapshot(s->ledger, &s->snapshot, &s->err) != LGZ_OK) {
        s->result = LGZ_ERR_MEMORY;
        set_failed(s);
        return;
    }
    s->sequence++;
    start_job(s, JOB_BEGIN);
}

static void write_back(struct store *s)
{
    start_job(s, JOB_WRITE);
}

static void swap_batches(struct store *s)
{
    s->written_at = clock_monotonic();
    struct batch *full = s->front;
    s->front = s->back;
    s->back = full;
    s->serial++;
    s->flush_wanted = false;
}

static void on_timer(uv_timer_t *timer)
{
    advance(timer->data);
}

static void wake_at(struct store *s, int64_t when)
{
    int64_t ms = (when - clock_monotonic()) / (NS_PER_SECOND / 1000) + 1;
    uv_timer_start(&s->timer, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
}

/*
 * When the batch that fills is to be written. Not sooner than an interval after the last write
 * began, so that many lines share a sync; but what comes after a pause is written at once. As long
 * as a write usually takes, and the loop to see what was written, the interval ends earlier.
 */
static int64_t due_time(const struct store *s)
{
    int64_t margin = s->took + MARGIN_MS * (NS_PER_SECOND / 1000);
    if (margin > s->sync_interval / 2)
        margin = s->sync_interval / 2;
    int64_t due = s->written_at + s->sync_interval - margin;
    return due > batch_since(s->front) ? due : batch_since(s->front);
}

/* What's next? */
static void advance(struct store *s)
{
    int64_t now = clock_monotonic();
    if (s->job != JOB_NONE)
        return;
    if (!s->journal) {
        if (now >= s->retry_at)
            begin_journal(s);
        else
            wake_at(s, s->retry_at);
        return;
    }
    if (!batch_empty(s->back)) {
        write_back(s);
        return;
    }
    if (s->rotate_wanted && now >= s->rotate_after) {
        if (journal_data_bytes(s->journal) || s->owes) {
            begin_journal(s);
            return;
        }
        s->rotate_wanted = false;
    }
    if (!batch_empty(s->front)) {
        int64_t due = due_time(s);
        if (s->flush_wanted || now >= due || batch_bytes(s->front) >= s->sync_bytes) {
            swap_batches(s);
            write_back(s);
        } else {
            wake_at(s, due);
        }
    } else if (s->rotate_wanted) {
        wake_at(s, s->rotate_after);
    }
}

struct batch *store_batch(struct store *s)
{
    return s->front;
}

void store_added(struct store *s)
{
    if (batch_empty(s->front) || s->job != JOB_NONE)
        return;
    if (s->flush_wanted || !uv_is_active((uv_handle_t *)&s->timer) ||
        batch_bytes(s->front) >= s->sync_bytes)
        advance(s);
}

void store_flush(struct store *s)
{
    s->flush_wanted = !batch_empty(s->front);
    advance(s);
}

uint64_t store_serial(const struct store *s)
{
    return batch_empty(s->front) ? s->serial - 1 : s->serial;
}

uint64_t store_durable(const struct store *s)
{
    return s->durable;
}

void store_rotate(struct store *s)
{
    s->rotate_wanted = true;
    advance(s);
}

bool store_rotating(const struct store *s)
{
    return s->rotate_wanted;
}

const char *store_failure(const struct store *s)
{
    return s->failure[0] ? s->failure : NULL;
}

const char *store_slow(const struct store *s)
{
    return s->slow[0] ? s->slow : NULL;
}

uint64_t store_journal_bytes(const struct store *s)
{
    return s->file_bytes;
}

uint64_t store_data_bytes(const struct store *s)
{
    return s->data_bytes;
}

int64_t store_oldest(const struct store *s)
{
    return s->oldest;
}

uint64_t store_total_bytes(const struct store *s)
{
    return s->total_bytes;
}

const struct timing *store_syncs(const struct store *s)
{
    return &s->syncs;
}

bool store_busy(const struct store *s)
{
    return s->job != JOB_NONE;
}

static void on_closed(uv_handle_t *handle)
{
    store_free(handle->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct store *s = handle->data;
    uv_close((uv_handle_t *)&s->slow_timer, on_closed);
}

void store_close(struct store *s)
{
    if (s)
        uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
