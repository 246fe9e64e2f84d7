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
    struct server_client *client;
    enum report_form form;
    size_t rows;
};

void service_state_parts(const struct service *s, struct state_parts *parts)
{
    *parts = (struct state_parts){
        .config = s->config,
        .tail = s->tail,
        .listen = s->listen,
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

void service_status_line(void *context, struct buf *out)
{
    struct state_parts parts;
    struct state state;
    service_state_parts(context, &parts);
    state_take_totals(&state, &parts);
    status_line(out, &state);
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
    else if (r->form == REPORT_METRICS || r->form == REPORT_HTTP)
        metrics_text(out, &state, r->service->config->metrics_sources);
    else
        status_text(out, &state, r->rows);
    state_clear(&state);
}

static void answer(struct server_client *client, enum report_form form, const struct buf *body)
{
    if (form == REPORT_HTTP && body)
        http_answer(client, METRICS_CONTENT_TYPE, body);
    else if (form == REPORT_HTTP)
        http_fail(client);
    else if (body)
        control_answer(client, body);
    else
        control_refuse(client, "out of memory");
}

static void deliver(void *context)
{
    struct report *r = context;
    struct buf body = {0};
    render(&body, r);
    answer(r->client, r->form, body.failed ? NULL : &body);
    buf_free(&body);
    free(r);
}

void service_report(struct service *s, struct server_client *client, enum report_form form,
                    size_t rows)
{
    struct report *r = calloc(1, sizeof(*r));
    if (r)
        *r = (struct report){s, client, form, rows};
    if (!r || !census_ask(s->census, deliver, r)) {
        answer(client, form, NULL);
        free(r);
    }
}

/* Metrics by HTTP. */

static void on_get(void *context, struct server_client *client)
{
    struct service *s = context;
    service_report(s, client, REPORT_HTTP, 0);
}

static void on_refused(void *context, const char *reason)
{
    struct service *s = context;
    faults_note(&s->faults, FAULT_CONTROL, reason);
}

static int open_http(struct service *s, const char *where, struct http **http, char **copy,
                     struct lgz_error *err)
{
    struct http_resource resource = {"/metrics", s, on_get, on_refused};
    struct address address;
    int code = address_parse(&address, where, err);
    if (code != LGZ_OK)
        return code;
    *copy = strdup(where);
    if (!*copy)
        return error_memory(err);
    code = http_open(http, &s->loop, &address, where, &resource, err);
    if (code != LGZ_OK)
        free(*copy);
    return code;
}

int service_serve(struct service *s, const struct config *config, struct lgz_error *err)
{
    const char *wanted = config->metrics ? config->metrics : "";
    struct http *http = NULL;
    char *where = NULL;
    if (strcmp(wanted, s->http_at ? s->http_at : "") == 0)
        return LGZ_OK;
    int code = *wanted ? open_http(s, wanted, &http, &where, err) : LGZ_OK;
    if (code != LGZ_OK)
        return code;
    http_close(s->http);
    free(s->http_at);
    s->http = http;
    s->http_at = where;
    if (where)
        log_say(s->log, CONFIG_LOG_INFO, "metrics are at http://%s/metrics", where);
    return LGZ_OK;
}
