/*
 * keep.c - the rules of an archive in memory and on the disk.
 */
#include "archive/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_MAX = 1 << 24 }; /* more than KEEP_RULES_MAX rules have, and some comments */

int keep_load(struct keep_rules *out, const char *directory, struct lgz_error *err)
{
    struct buf text = {0};
    *out = (struct keep_rules){0};
    char *path = names_file(directory, "keep");
    if (!path)
        return error_memory(err);
    int code = file_load(path, FILE_MAX, &text, err);
    if (code == LGZ_OK) {
        code = keep_parse(out, buf_span(&text), path, err);
    } else if (code == LGZ_ERR_IO && errno == ENOENT) {
        error_forget(err);
        code = LGZ_OK;
    }
    buf_free(&text);
    free(path);
    return code;
}

int keep_store(const struct keep_rules *rules, const char *directory, struct lgz_error *err)
{
    struct buf text = {0};
    char *path = names_file(directory, "keep");
    if (!path)
        return error_memory(err);
    buf_append_string(&text, "# What logzipctl expire leaves alone: see logzipctl keep --help.\n");
    for (size_t i = 0; i < rules->list.len; i++) {
        keep_print(&text, &rules->list.data[i]);
        buf_push(&text, '\n');
    }
    int code = file_save(path, 0640, &text, err);
    buf_free(&text);
    free(path);
    return code;
}

static bool is_text(const char *text)
{
    if (!text)
        return true;
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return len && len <= KEEP_TEXT_MAX;
}

static int check_rule(const struct keep_rule *rule, struct lgz_error *err)
{
    if (rule->since == KEEP_NO_SINCE && rule->until == KEEP_NO_UNTIL && !rule->first &&
        !rule->import && !rule->input)
        return error_set(err, LGZ_ERR_ARGUMENT,
                         "a rule says what to keep: a time, an input, "
                         "journals or an import");
    if (rule->since > rule->until)
        return error_set(err, LGZ_ERR_ARGUMENT, "a time range ends before it begins");
    if (rule->first > rule->last || rule->last > NAMES_SEQUENCE_MAX)
        return error_set(err, LGZ_ERR_ARGUMENT, "there are no such journals");
    if (rule->first && rule->import)
        return error_set(err, LGZ_ERR_ARGUMENT, "no segment is an import and has journals");
    if (!is_text(rule->input) || !is_text(rule->reason))
        return error_set(err, LGZ_ERR_ARGUMENT,
                         "the name of an input and a reason have 1 to %d "
                         "bytes, and no control characters",
                         KEEP_TEXT_MAX);
    return LGZ_OK;
}

int keep_add(struct keep_rules *rules, const struct keep_rule *rule, uint64_t *id,
             struct lgz_error *err)
{
    int code = check_rule(rule, err);
    if (code != LGZ_OK)
        return code;
    if (rules->list.len >= KEEP_RULES_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "more than %d rules", KEEP_RULES_MAX);
    struct keep_rule copy = *rule;
    copy.id = rules->list.len ? rules->list.data[rules->list.len - 1].id + 1 : 1;
    copy.input = rule->input ? strdup(rule->input) : NULL;
    copy.reason = rule->reason ? strdup(rule->reason) : NULL;
    if ((rule->input && !copy.input) || (rule->reason && !copy.reason) ||
        !vec_push(&rules->list, copy)) {
        free(copy.input);
        free(copy.reason);
        return error_memory(err);
    }
    *id = copy.id;
    return LGZ_OK;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b;
}

const struct keep_rule *keep_same(const struct keep_rules *rules, const struct keep_rule *rule)
{
    for (size_t i = 0; i < rules->list.len; i++) {
        const struct keep_rule *r = &rules->list.data[i];
        if (r->since == rule->since && r->until == rule->until && r->first == rule->first &&
            r->last == rule->last && r->import == rule->import &&
            is_same_text(r->input, rule->input) && is_same_text(r->reason, rule->reason))
            return r;
    }
    return NULL;
}

bool keep_remove(struct keep_rules *rules, uint64_t id)
{
    for (size_t i = 0; i < rules->list.len; i++) {
        if (rules->list.data[i].id != id)
            continue;
        free(rules->list.data[i].input);
        free(rules->list.data[i].reason);
        vec_remove(&rules->list, i);
        return true;
    }
    return false;
}

void keep_clear(struct keep_rules *rules)
{
    for (size_t i = 0; i < rules->list.len; i++) {
        free(rules->list.data[i].input);
        free(rules->list.data[i].reason);
    }
    vec_free(&rules->list);
}

int keep_lock(const char *directory, struct lgz_error *err)
{
    char *path = names_file(directory, "keep.lock");
    if (!path)
        return error_memory(err);
    int code;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        code = error_io(err, "%s: cannot open", path);
    else
        code = file_lock(fd, true, path, err);
    if (fd >= 0 && code < 0)
        close(fd);
    free(path);
    return code < 0 ? code : fd;
}
