/*
 * reports.c - answers those who ask how the daemon is, as soon as the census is taken.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/service_inside.h"
#include "daemon/status.h"

struct report {
    struct service *service;
    struct control_client *client;
    enum report_form form;
    size_t rows;
};

void service_state_parts(const struct service *s, struct state_parts *parts)
{
    *parts = (struct state_parts){
        .config = s->config,
        .tail = s->tail,
        .store = s->store,
        .sealer = s->sealer,
        .ledger = s->ledger,
        .tally = s->tally,
        .faults = &s->faults,
        .census = census_numbers(s->census),
        .waiting = service_waiting(s),
        .slow = store_slow(s->store),
        .free = room_free(s->room),
        .started = s->started,
        .started_real = s->started_real,
        .stopping = s->stopping,
    };
}

static void render(struct buf *out, const struct report *r)
{
    struct state_parts parts;
    struct state state;
    service_state_parts(r->service, &parts);
    if (!state_take(&state, &parts)) {
        out->failed = true;
        return;
    }
    if (r->form == REPORT_JSON)
        status_json(out, &state);
    else if (r->form == REPORT_METRICS)
        metrics_text(out, &state, r->service->config->metrics_sources);
    else
        status_text(out, &state, r->rows);
    state_clear(&state);
}

static void deliver(void *context)
{
    struct report *r = context;
    struct buf body = {0};
    render(&body, r);
    if (body.failed)
        control_refuse(r->client, "out of memory");
    else
        control_answer(r->client, &body);
    buf_free(&body);
    free(r);
}

void service_report(struct service *s, struct control_client *client, enum report_form form,
                    size_t rows)
{
    struct report *r = calloc(1, sizeof(*r));
    if (r)
        *r = (struct report){s, client, form, rows};
    if (!r || !census_ask(s->census, deliver, r)) {
        control_refuse(client, "out of memory");
        free(r);
    }
}
