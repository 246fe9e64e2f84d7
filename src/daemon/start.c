/*
 * start.c - everything before the loop runs: lock, recovery, the parts, the socket, the first scan.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "daemon/notify.h"
#include "daemon/service_inside.h"

/*
 * glibc keeps freed memory with the thread pool's threads, each for itself: without a limit, what
 * a seal takes is taken once for each thread that a seal ever ran on. And it gives back at once
 * what each block of a seal takes anew; the seal does that itself, when it is over.
 */
static void tune_heap(unsigned threads)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, (int)threads);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#else
    (void)threads;
#endif
}

static void tell_recovery(struct service *s, const struct archive_recovery *r)
{
    for (size_t i = 0; i < r->note_count; i++)
        log_say(s->log, CONFIG_LOG_WARNING, "recovery: %s", r->notes[i]);
    if (r->journals_damaged)
        log_say(s->log, CONFIG_LOG_WARNING,
                "recovery: %zu journals are damaged and kept as *.damaged; what can't be read in "
                "them is read again from the log files, as far as those are there",
                r->journals_damaged);
    if (r->segments_unreadable)
        log_say(s->log, CONFIG_LOG_WARNING,
                "recovery: %zu segments can't be read: see logzipctl verify",
                r->segments_unreadable);
    if (r->drafts_removed || r->journals_removed)
        log_say(s->log, CONFIG_LOG_INFO,
                "recovery: removed %zu unfinished files and %zu journals that are sealed",
                r->drafts_removed, r->journals_removed);
    if (r->journal_count)
        log_say(s->log, CONFIG_LOG_INFO, "recovery: %zu journals to seal, %zu sources known",
                r->journal_count, r->position_count);
}

/* With standard input alone, files stay where they are: the next daemon goes on with them. */
static int resume_files(struct service *s, const struct archive_recovery *r, struct lgz_error *err)
{
    bool wanted = !s->config->standard_input;
    int code =
        tail_resume(s->tail, r->positions, wanted ? r->position_count : 0, r->next_source_id, err);
    tail_configure(s->tail, s->config->inputs, wanted ? s->config->input_count : 0);
    return code;
}

/* Seal what the last daemon left. */
static int seal_left(struct service *s, const struct archive_recovery *r, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0, end = 0; code == LGZ_OK && i < r->journal_count; i++) {
        if (i == end)
            end += archive_recovery_group(r, i, s->config->seal_size);
        code = sealer_add(s->sealer, r->journals[i], i + 1 < end, s->started, err);
    }
    return code;
}

/* Journal, sealer and tail take over what the recovery found. */
static int take_over(struct service *s, const struct archive_recovery *r, struct lgz_error *err)
{
    struct store_events events = service_store_events(s);
    struct tail_sink sink = service_sink(s);
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < s->config->input_count; i++)
        code = ledger_put_input(s->ledger, s->config->inputs[i].name, &s->config->inputs[i].rules,
                                err);
    for (size_t i = 0; code == LGZ_OK && i < r->position_count; i++) {
        const struct source_position *p = &r->positions[i];
        tally_source(s->tally, &p->source, s->started);
        code = ledger_put(s->ledger, &p->source, p->next, err);
        ledger_advance(s->ledger, p->source.id, p->next, p->mark);
    }
    if (code == LGZ_OK)
        code = store_open(&s->store, &s->loop, s->config, r->next_sequence, s->ledger, s->tally,
                          s->log, &events, err);
    if (code == LGZ_OK)
        code = sealer_open(&s->sealer, &s->loop, s->config, s->log, s->tally,
                           service_sealer_changed, s, err);
    if (code == LGZ_OK)
        code = room_open(&s->room, &s->loop, s->config, s->log, service_room_changed, s, err);
    if (code == LGZ_OK)
        code = tail_open(&s->tail, &sink, err);
    if (code == LGZ_OK)
        code = resume_files(s, r, err);
    if (code == LGZ_OK)
        code = service_open_streams(s, r, err);
    if (code != LGZ_OK)
        return code;
    struct barrier_events steps = service_barrier_events(s);
    s->barrier = barrier_new(s->tail, s->listen, s->store, s->sealer, &steps);
    if (!s->barrier)
        return error_memory(err);
    return seal_left(s, r, err);
}

static int recover(struct service *s, struct lgz_error *err)
{
    struct archive_recovery *recovery;
    int code = archive_lock(&s->lock, s->config->directory, "logzipd", err);
    if (code != LGZ_OK)
        return code;
    code = archive_recover(&recovery, s->config->directory, err);
    if (code != LGZ_OK)
        return code;
    tell_recovery(s, recovery);
    code = take_over(s, recovery, err);
    archive_recovery_free(recovery);
    return code;
}

int service_open(struct service **out, struct config *config, struct log *log,
                 struct lgz_error *err)
{
    struct service *s = calloc(1, sizeof(*s));
    if (!s || uv_loop_init(&s->loop) != 0) {
        free(s);
        config_free(config);
        return error_memory(err);
    }
    s->config = config;
    s->log = log;
    s->started = clock_monotonic();
    s->started_real = clock_real();
    log_set_level(log, config->log_level);
    file_raise_limit(); /* if it can't be raised, fewer files stay open */
    tune_heap(config->threads);
    notify_send("STATUS=recovering the archive");
    s->ledger = ledger_new();
    s->tally = tally_new();
    int code = s->ledger && s->tally ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK)
        code = manager_open(&s->manager, &s->loop, service_status_line, s, err);
    if (code == LGZ_OK)
        code = census_open(&s->census, &s->loop, config->directory, err);
    if (code == LGZ_OK)
        code = recover(s, err);
    if (code == LGZ_OK)
        code = service_init_handles(s, err);
    if (code == LGZ_OK && config->control)
        code = control_open(&s->control, &s->loop, config->control, config->control_group,
                            service_request, s, err);
    if (code != LGZ_OK) {
        service_close(s);
        return code;
    }
    /* Somebody may have the port: no reason not to read logs. Each rescan tries again. */
    struct lgz_error refused = {0};
    if (service_serve(s, config, &refused) != LGZ_OK) {
        log_say(log, CONFIG_LOG_ERROR, "metrics: %s; trying again", refused.message);
        faults_note(&s->faults, FAULT_CONTROL, refused.message);
    }
    service_scan(s);
    service_read_on(s);
    *out = s;
    return LGZ_OK;
}
