/*
 * check.c - queries, restores, and looks at names.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many lines are in these bytes? The last one may have no newline. */
static size_t count_lines(const uint8_t *bytes, size_t len)
{
    size_t count = len && bytes[len - 1] != '\n';
    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}

/*
 * Restore one log and compare.
 *
 * @param counts  what query -c has printed, a newline before it
 * @return bytes that the archive has of it
 */
static size_t check_log(struct world *w, const struct log *log, const char *counts)
{
    struct buf restored = {0};
    char *source = world_path(w, log->name);
    const size_t written = log->written.len;
    const size_t least = log->may_lack < written ? written - log->may_lack : 0;
    char *expected;
    if (asprintf(&expected, "\n%s:", source) < 0)
        world_fail(w, "out of memory");
    const char *count = strstr(counts, expected);
    if (least || count)
        world_ctl(w, &restored, "restore", "--source", source, w->archive, NULL);
    const size_t len = restored.len;
    if (len < least || len > written - log->must_lack)
        world_fail(w, "%s: %zu bytes are restored, and not %zu to %zu", log->name, len, least,
                   written - log->must_lack);
    const uint8_t *wanted = log->written.data + written - len;
    if (len && memcmp(restored.data, wanted, len) != 0)
        world_fail(w, "%s: what is restored isn't the last %zu bytes", log->name, len);
    if (len && (!count || strtoul(count + strlen(expected), NULL, 10) != count_lines(wanted, len)))
        world_fail(w, "%s: query doesn't count %zu lines", log->name, count_lines(wanted, len));
    buf_free(&restored);
    free(expected);
    free(source);
    return len;
}

/* @return bytes that the archive has of all logs */
static size_t check_logs(struct world *w)
{
    struct buf counts = {0};
    size_t bytes = 0;
    buf_push(&counts, '\n');
    world_ctl(w, &counts, "query", "-c", "", w->archive, NULL);
    buf_push(&counts, '\0');
    if (counts.failed)
        world_fail(w, "out of memory");
    for (size_t i = 0; i < w->logs.len; i++)
        bytes += check_log(w, &w->logs.data[i], (const char *)counts.data);
    buf_free(&counts);
    return bytes;
}

void check_readers(struct world *w)
{
    const enum inject_action action = w->inject->action;
    w->inject->action = INJECT_NOTHING;
    check_logs(w);
    w->inject->action = action;
}

void check_all(struct world *w)
{
    struct buf info = {0};
    w->inject->action = INJECT_NOTHING;
    w->step = "the last check";
    world_run(w);
    world_ask(w, "sync");
    world_stop(w);
    world_check_names(w);
    world_ctl(w, NULL, "verify", w->archive, NULL);
    const size_t bytes = check_logs(w);
    world_ctl(w, &info, "info", "--json", w->archive, NULL);
    buf_push(&info, '\0');
    if (info.failed)
        world_fail(w, "out of memory");
    /* restore and query drop what is there twice; the segments must not have it. */
    const char *raw = strstr((const char *)info.data, "\"raw_bytes\":");
    if (!raw || strtoul(raw + strlen("\"raw_bytes\":"), NULL, 10) != bytes)
        world_fail(w, "the archive holds other than %zu bytes: %s", bytes, (const char *)info.data);
    buf_free(&info);
}
