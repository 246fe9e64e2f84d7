/*
 * requests.c - what clients ask for over the control socket, and what SIGHUP does.
 */
#include <string.h>

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

static const struct config_input *input_of(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->input_count; i++)
        if (strcmp(c->inputs[i].name, name) == 0)
            return &c->inputs[i];
    return NULL;
}

/* What is read from now on has the rules of `fresh`: record those that change. */
static bool record_rules(struct service *s, const struct config *fresh)
{
    const struct config *old = s->config;
    struct batch *batch = store_batch(s->store);
    bool good = true;
    for (size_t i = 0; i < fresh->input_count && good; i++) {
        const struct config_input *input = &fresh->inputs[i];
        const struct config_input *before = input_of(old, input->name);
        if (!rules_equal(before ? &before->rules : NULL, &input->rules))
            good = batch_input(batch, input->name, &input->rules);
    }
    for (size_t i = 0; i < old->input_count && good; i++) {
        const struct config_input *input = &old->inputs[i];
        if (!rules_empty(&input->rules) && !input_of(fresh, input->name))
            good = batch_input(batch, input->name, NULL);
    }
    store_added(s->store);
    return good;
}

/* All of a new configuration that can fail. */
static int prepare(struct service *s, const struct config *fresh, struct lgz_error *err)
{
    int code = config_check(fresh, report, s, err);
    if (code != LGZ_OK)
        return code;
    code = service_serve(s, fresh, err);
    if (code == LGZ_OK && !record_rules(s, fresh))
        code = error_memory(err);
    if (code != LGZ_OK)
        report(s, err->message);
    return code;
}

int service_reload(struct service *s, struct lgz_error *err)
{
    struct config *fresh;
    if (s->config->standard_input)
        return error_set(err, LGZ_ERR_ARGUMENT, "with --stdin the configuration is read once");
    manager_reloading(s->manager);
    int code = config_load(&fresh, s->config->file, report, s, err);
    if (code == LGZ_OK && (code = prepare(s, fresh, err)) != LGZ_OK)
        config_free(fresh);
    if (code != LGZ_OK) {
        log_say(s->log, CONFIG_LOG_ERROR, "the configuration stays as it was");
        faults_note(&s->faults, FAULT_CONFIG, err->message);
        manager_ready(s->manager);
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
    code = listen_configure(s->listen, fresh->inputs, fresh->input_count, err);
    if (code != LGZ_OK)
        log_say(s->log, CONFIG_LOG_ERROR, "%s", err->message);
    config_free(old);
    service_scan(s);
    service_read_on(s);
    service_check_seal(s);
    log_say(s->log, CONFIG_LOG_INFO, "configuration read again: %zu inputs, %zu files",
            fresh->input_count, tail_followed(s->tail));
    manager_ready(s->manager);
    return code;
}

/* "status", "status json", "status ROWS", "metrics". @return false if it's something else */
static bool answer_status(struct service *s, struct server_client *client, const char *request)
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

static void answer_reload(struct service *s, struct server_client *client)
{
    struct lgz_error err = {0};
    if (service_reload(s, &err) == LGZ_OK)
        control_answer(client, NULL);
    else
        control_refuse(client, err.message);
}

/* The client asked for nonsense. */
static void refuse_nonsense(struct service *s, struct server_client *client, const char *reason)
{
    faults_note(&s->faults, FAULT_CONTROL, reason);
    control_refuse(client, reason);
}

void service_request(void *context, struct server_client *client, const char *request)
{
    struct service *s = context;
    if (!request) {
        refuse_nonsense(s, client, "not a request");
        return;
    }
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
        refuse_nonsense(s, client, "unknown request");
}
