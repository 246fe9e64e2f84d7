/*
 * grouping.c - how well are templates found? For logs whose lines somebody put into groups by hand,
 * one name a line: the number of templates, the share of lines that match the template proposed for
 * them at the first probe, the number of events (template/event.h) that have more than one line,
 * and the grouping accuracy (Zhu et al., Tools and Benchmarks for Automated Log Parsing, ICSE
 * 2019): the share of lines whose event has exactly the lines of their group.
 *
 * Usage: grouping LOG GROUPS [LOG GROUPS ...]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "column/distinct.h"
#include "template/cluster.h"
#include "template/event.h"

enum { MIN_TEMPLATE_LINES = 3 };

struct sample {
    struct buf raw;
    struct buf names;
    struct lines lines;
    struct lines truth; /* a name for each line */
    struct skeletons skeletons;
    struct clustering clustering;
    struct buf events; /* the text of each line's event */
    size_t *event_end; /* for each line, where its event ends in `events` */
    uint32_t *found;   /* for each line the number of its event */
    size_t event_count;
    uint32_t *given; /* for each line the number of its group's name */
};

static void sample_clear(struct sample *s)
{
    clustering_clear(&s->clustering);
    skeletons_free(&s->skeletons);
    lines_free(&s->lines);
    lines_free(&s->truth);
    buf_free(&s->raw);
    buf_free(&s->names);
    buf_free(&s->events);
    free(s->event_end);
    free(s->found);
    free(s->given);
}

static int load(struct sample *s, const char *log, const char *groups, struct lgz_error *err)
{
    int code = file_load(log, SIZE_MAX, &s->raw, err);
    if (code == LGZ_OK)
        code = file_load(groups, SIZE_MAX, &s->names, err);
    if (code != LGZ_OK)
        return code;
    if (!lines_split(&s->lines, s->raw.data, s->raw.len) ||
        !lines_split(&s->truth, s->names.data, s->names.len) ||
        !skeletons_collect(&s->skeletons, s->raw.data, &s->lines, &(struct worker){0}))
        return error_memory(err);
    if (s->lines.list.len != s->truth.list.len)
        return error_set(err, LGZ_ERR_ARGUMENT, "%s has %zu lines, %s has %zu", log,
                         s->lines.list.len, groups, s->truth.list.len);
    return cluster_skeletons(&s->clustering, &s->skeletons, s->raw.data, &s->lines, NULL,
                             MIN_TEMPLATE_LINES, err);
}

/* Does the template say only what lines begin with? Then they needn't be alike. */
static bool leaves_rest(const struct template *t)
{
    return t->slot_count && t->slots[t->slot_count - 1].kind == SLOT_REST;
}

/* Write down the event of a line. @return 1 if the line matches its template; -1: memory is out */
static int find_event(struct sample *s, size_t number)
{
    const struct line *line = &s->lines.list.data[number];
    uint32_t proposed = s->clustering.of_skeleton[s->skeletons.of_line[number]];
    const struct template *t = &s->clustering.set.list.data[proposed];
    struct slot_value *values = malloc((t->slot_count + 1) * sizeof(*values));
    bool ok = values != NULL;
    bool match = ok && proposed + 1 != s->clustering.set.list.len &&
                 template_match(t, s->raw.data + line->at, line->len, values);
    free(values);
    if (match && !leaves_rest(t))
        event_of_template(t, &s->events);
    else
        ok = ok && event_of_line(s->raw.data + line->at, line->len, &s->events);
    s->event_end[number] = s->events.len;
    return ok && !s->events.failed ? match : -1;
}

/* Number distinct strings, which stand one behind the other. @return false when memory is out */
static bool number_strings(const uint8_t *text, const size_t *ends, size_t count, uint32_t *numbers,
                           size_t *repeated)
{
    struct distinct d = {0};
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        size_t start = i ? ends[i - 1] : 0;
        numbers[i] = distinct_add(&d, (struct span){text + start, ends[i] - start});
        ok = numbers[i] != UINT32_MAX;
    }
    *repeated = 0;
    for (size_t i = 0; i < d.list.len; i++)
        *repeated += d.counts.data[i] > 1;
    distinct_free(&d);
    return ok;
}

/* Fill in `found` and `given`. @return lines that match at the first probe; -1: memory is out */
static long number_lines(struct sample *s)
{
    size_t count = s->lines.list.len;
    size_t *name_end = calloc(count + 1, sizeof(*name_end));
    struct buf names = {0}; /* without the line ends */
    size_t groups;
    long matched = 0;
    s->event_end = calloc(count + 1, sizeof(*s->event_end));
    s->found = calloc(count + 1, sizeof(*s->found));
    s->given = calloc(count + 1, sizeof(*s->given));
    bool ok = name_end && s->event_end && s->found && s->given;
    for (size_t i = 0; i < count && ok; i++) {
        const struct line *name = &s->truth.list.data[i];
        int match = find_event(s, i);
        buf_append(&names, s->names.data + name->at, name->len);
        name_end[i] = names.len;
        matched += match;
        ok = match >= 0;
    }
    ok = ok && !names.failed && number_strings(names.data, name_end, count, s->given, &groups) &&
         number_strings(s->events.data, s->event_end, count, s->found, &s->event_count);
    buf_free(&names);
    free(name_end);
    return ok ? matched : -1;
}

/* Lines whose two groups are the same set of lines. */
static size_t count_accurate(const struct sample *s)
{
    size_t count = s->lines.list.len;
    size_t accurate = 0;
    for (size_t i = 0; i < count; i++) {
        bool same = true;
        for (size_t k = 0; k < count && same; k++)
            same = (s->found[k] == s->found[i]) == (s->given[k] == s->given[i]);
        accurate += same;
    }
    return accurate;
}

static int measure(const char *log, const char *groups)
{
    struct sample s = {0};
    struct lgz_error err = {0};
    int code = load(&s, log, groups, &err);
    long matched = code == LGZ_OK ? number_lines(&s) : 0;
    if (matched < 0)
        code = error_memory(&err);
    if (code == LGZ_OK) {
        const char *name = strrchr(log, '/');
        double lines = (double)s.lines.list.len;
        printf("%-24s %6zu %10zu %10zu %13.1f %% %13.1f %%\n", name ? name + 1 : log,
               s.lines.list.len, s.clustering.set.list.len - 1, s.event_count,
               100 * (double)matched / lines, 100 * (double)count_accurate(&s) / lines);
    } else {
        fprintf(stderr, "grouping: %s\n", err.message);
    }
    sample_clear(&s);
    return code;
}

int main(int argc, char **argv)
{
    int failed = argc < 3 || argc % 2 == 0;
    if (failed)
        fputs("usage: grouping LOG GROUPS [LOG GROUPS ...]\n", stderr);
    else
        printf("%-24s %6s %10s %10s %15s %15s\n", "log", "lines", "templates", "events",
               "first probe", "accuracy");
    for (int i = 1; !failed && i + 1 < argc; i += 2)
        failed = measure(argv[i], argv[i + 1]) != LGZ_OK;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
