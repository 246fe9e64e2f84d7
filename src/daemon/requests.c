/*
 * requests.c - what clients ask for over the control socket, and what SIGHUP does.
 */
#include <string.h>

#include "daemon/notify.h"
#include "daemon/service_inside.h"

static void report(void *context, const char *finding)
{
    struct service *s = context;
    log_say(s->log, CONFIG_LOG_ERROR, "%s", finding);
}

static void warn_unchangeable(struct service *s, const struct config *fresh)
{
    const struct config *old = s->config;
    const char *group = old->control_group ? old->control_group : "";
    const char *fresh_group = fresh->control_group ? fresh->control_group : "";
    if (strcmp(old->directory, fresh->directory) != 0 || old->memory != fresh->memory ||
        strcmp(old->control, fresh->control) != 0 || strcmp(group, fresh_group) != 0)
        log_say(s->log, CONFIG_LOG_WARNING,
                "%s: directory, control, control_group and memory change with a restart only",
                fresh->file);
}

static void swap(char **a, char **b)
{
    char *old = *a;
    *a = *b;
    *b = old;
}

int service_reload(struct service *s, struct lgz_error *err)
{
    struct config *fresh;
    notify_reloading();
    int code = config_load(&fresh, s->config->file, report, s, err);
    if (code == LGZ_OK && (code = config_check(fresh, report, s, err)) != LGZ_OK)
        config_free(fresh);
    if (code != LGZ_OK) {
        log_say(s->log, CONFIG_LOG_ERROR, "the configuration stays as it was");
        faults_note(&s->faults, FAULT_CONFIG, err->message);
        notify_send("READY=1");
        return code;
    }
    warn_unchangeable(s, fresh);
    swap(&s->config->directory, &fresh->directory);
    swap(&s->config->control, &fresh->control);
    swap(&s->config->control_group, &fresh->control_group);
    fresh->memory = s->config->memory;
    struct config *old = s->config;
    s->config = fresh;
    log_set_level(s->log, fresh->log_level);
    store_configure(s->store, fresh);
    sealer_configure(s->sealer, fresh);
    room_configure(s->room, fresh);
    tail_configure(s->tail, fresh->inputs, fresh->input_count);
    config_free(old);
    service_scan(s);
    service_read_on(s);
    service_check_seal(s);
    log_say(s->log, CONFIG_LOG_INFO, "configuration read again: %zu inputs, %zu files",
            fresh->input_count, tail_count(s->tail));
    notify_send("READY=1");
    return LGZ_OK;
}

/* "status", "status json", "status ROWS", "metrics". @return false if it's something else */
static bool answer_status(struct service *s, struct control_client *client, const char *request)
{
    size_t rows = 0;
    if (strcmp(request, "status") == 0) {
        service_report(s, client, REPORT_TEXT, SIZE_MAX);
    } else if (strcmp(request, "status json") == 0) {
        service_report(s, client, REPORT_JSON, SIZE_MAX);
    } else if (strcmp(request, "metrics") == 0) {
        service_report(s, client, REPORT_METRICS, SIZE_MAX);
    } else if (strncmp(request, "status ", 7) == 0 && strspn(request + 7, "0123456789") > 0) {
        const char *digit = request + 7;
        for (; *digit >= '0' && *digit <= '9' && rows < SIZE_MAX / 100; digit++)
            rows = rows * 10 + (size_t)(*digit - '0');
        if (*digit)
            return false;
        service_report(s, client, REPORT_TEXT, rows);
    } else {
        return false;
    }
    return true;
}

static void answer_reload(struct service *s, struct control_client *client)
{
    struct lgz_error err = {0};
    if (service_reload(s, &err) == LGZ_OK)
        control_answer(client, NULL);
    else
        control_refuse(client, err.message);
}

void service_request(void *context, struct control_client *client, const char *request)
{
    struct service *s = context;
    bool sync = strcmp(request, "sync") == 0;
    bool seal = strcmp(request, "seal") == 0;
    if (answer_status(s, client, request))
        return;
    if (s->stopping)
        control_refuse(client, "the daemon is ending");
    else if ((sync || seal) && service_waiting(s))
        control_refuse(client, service_waiting(s));
    else if (sync || seal)
        barrier_add(s->barrier, client, seal);
    else if (strcmp(request, "reload") == 0)
        answer_reload(s, client);
    else
        control_refuse(client, "unknown request");
}
