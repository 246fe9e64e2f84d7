/*
 * test_metrics.c - the metrics follow the text exposition format, version 0.0.4, whatever names
 * files have. A strict checker of the format reads them: it knows more rules than most scrapers.
 */
#include "daemon/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "suite.h"

/* The checker. Check's own assertions tell of each success, which takes long. */

#define demand(condition, ...)         \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

enum { SAMPLES_MAX = 20000, FAMILIES_MAX = 200, NAME_MAX_BYTES = 100 };

struct sample {
    char name[NAME_MAX_BYTES];
    uint64_t labels; /* hash of the labels without `le` */
    double le;
    double value;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static char families[FAMILIES_MAX][NAME_MAX_BYTES];
static size_t family_count;

/* The family at hand. */
static char family[NAME_MAX_BYTES];
static char type[20];
static bool helped;

static bool name_start(char c, bool metric)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (metric && c == ':');
}

/* A name at `*at`, copied; `*at` is moved behind it. */
static void take_name(const char **at, char *name, bool metric)
{
    size_t len = 0;
    demand(name_start(**at, metric), "no name: %.60s", *at);
    while (name_start((*at)[len], metric) || ((*at)[len] >= '0' && (*at)[len] <= '9'))
        len++;
    demand(len < NAME_MAX_BYTES, "a long name");
    memcpy(name, *at, len);
    name[len] = '\0';
    *at += len;
}

/* A value in quotes: only \\, \" and \n are escapes. @return its text, in a static buffer */
static const char *take_value(const char **at)
{
    static char text[100000];
    size_t len = 0;
    demand(*(*at)++ == '"', "a value without quotes");
    for (; **at != '"'; (*at)++) {
        demand(**at && **at != '\n', "a value without its end");
        demand(len < sizeof(text) - 1, "a long value");
        if (**at == '\\') {
            (*at)++;
            demand(strchr("\\\"n", **at) && **at, "escape \\%c", **at);
            text[len++] = **at == 'n' ? '\n' : **at;
        } else {
            text[len++] = **at;
        }
    }
    (*at)++;
    text[len] = '\0';
    return text;
}

static double take_number(const char **at)
{
    char *end;
    demand(**at != ' ' && **at != '\n', "no value");
    double value = strtod(*at, &end);
    demand(end != *at, "not a number: %.40s", *at);
    *at = end;
    return value;
}

static void take_labels(const char **at, struct sample *s)
{
    char name[NAME_MAX_BYTES];
    char seen[10][NAME_MAX_BYTES];
    size_t count = 0;
    (*at)++;
    while (**at != '}') {
        take_name(at, name, false);
        demand(strncmp(name, "__", 2) != 0, "label %s is reserved", name);
        for (size_t i = 0; i < count; i++)
            demand(strcmp(seen[i], name) != 0, "label %s twice", name);
        demand(count < 10, "many labels");
        memcpy(seen[count++], name, sizeof(name));
        demand(*(*at)++ == '=', "label %s without =", name);
        const char *value = take_value(at);
        if (strcmp(name, "le") == 0)
            s->le = strcmp(value, "+Inf") == 0 ? INFINITY : strtod(value, NULL);
        else
            s->labels = (s->labels * 31 + hash_bytes(name, strlen(name))) * 31 +
                        hash_bytes(value, strlen(value));
        if (**at == ',')
            (*at)++;
        else
            demand(**at == '}', "no end of labels");
    }
    (*at)++;
}

/* Which names samples of the family may have. */
static bool fits_family(const char *name)
{
    size_t len = strlen(family);
    if (strncmp(name, family, len) != 0)
        return false;
    if (strcmp(type, "histogram") != 0)
        return name[len] == '\0';
    return !strcmp(name + len, "_bucket") || !strcmp(name + len, "_sum") ||
           !strcmp(name + len, "_count");
}

static void check_sample(const char *line)
{
    struct sample *s = &samples[sample_count];
    demand(sample_count < SAMPLES_MAX, "many samples");
    *s = (struct sample){.le = NAN};
    take_name(&line, s->name, true);
    demand(fits_family(s->name), "%s is among the samples of %s", s->name, family);
    if (*line == '{')
        take_labels(&line, s);
    demand(*line++ == ' ', "no blank");
    s->value = take_number(&line);
    demand(*line == '\n', "%s: something behind the value: %.40s", s->name, line);
    demand(strcmp(type, "gauge") == 0 || s->value >= 0, "%s is negative", s->name);
    demand(!isnan(s->le) == (strstr(s->name, "_bucket") != NULL), "%s: le", s->name);
    sample_count++;
}

static void check_comment(const char *line)
{
    char name[NAME_MAX_BYTES];
    bool help = strncmp(line, "# HELP ", 7) == 0;
    demand(help || strncmp(line, "# TYPE ", 7) == 0, "%.60s", line);
    line += 7;
    take_name(&line, name, true);
    demand(*line++ == ' ', "no blank");
    size_t len = strcspn(line, "\n");
    ck_assert_uint_gt(len, 0);
    if (help) {
        for (size_t i = 0; i < family_count; i++)
            demand(strcmp(families[i], name) != 0, "%s comes twice", name);
        ck_assert_uint_lt(family_count, FAMILIES_MAX);
        memcpy(families[family_count++], name, sizeof(name));
        memcpy(family, name, sizeof(family));
        type[0] = '\0';
        helped = true;
        return;
    }
    demand(helped && strcmp(name, family) == 0, "TYPE of %s isn't behind its HELP", name);
    helped = false;
    ck_assert_uint_lt(len, sizeof(type));
    memcpy(type, line, len);
    type[len] = '\0';
    demand(!strcmp(type, "counter") || !strcmp(type, "gauge") || !strcmp(type, "histogram"),
           "%s has type %s", name, type);
    size_t end = strlen(name);
    bool total = end > 6 && strcmp(name + end - 6, "_total") == 0;
    demand(total == !strcmp(type, "counter"), "%s is a %s", name, type);
    demand(!strncmp(name, "logzip_", 7) || !strncmp(name, "process_", 8), "%s", name);
}

static int by_series(const void *a, const void *b)
{
    const struct sample *x = a;
    const struct sample *y = b;
    int order = strcmp(x->name, y->name);
    if (order)
        return order;
    if (x->labels != y->labels)
        return x->labels < y->labels ? -1 : 1;
    return (x->le > y->le) - (x->le < y->le);
}

static const struct sample *find(const char *name)
{
    for (size_t i = 0; i < sample_count; i++) {
        if (strcmp(samples[i].name, name) == 0)
            return &samples[i];
    }
    return NULL;
}

static double value(const char *name)
{
    const struct sample *s = find(name);
    demand(s != NULL, "there is no %s", name);
    return s->value;
}

static size_t count(const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < sample_count; i++)
        n += strcmp(samples[i].name, name) == 0;
    return n;
}

/* No series twice; a histogram's buckets grow, and the last has all. */
static void check_series(void)
{
    qsort(samples, sample_count, sizeof(samples[0]), by_series);
    for (size_t i = 1; i < sample_count; i++)
        demand(by_series(&samples[i - 1], &samples[i]) != 0, "%s comes twice", samples[i].name);
    for (size_t i = 0; i < sample_count; i++) {
        const struct sample *s = &samples[i];
        char name[NAME_MAX_BYTES + 10];
        size_t len = strlen(s->name);
        if (isnan(s->le))
            continue;
        bool last = i + 1 == sample_count || strcmp(samples[i + 1].name, s->name) != 0;
        if (!last)
            ck_assert(s->value <= samples[i + 1].value);
        ck_assert_int_eq(isinf(s->le) != 0, last);
        snprintf(name, sizeof(name), "%.*s_count", (int)(len - 7), s->name);
        if (last)
            ck_assert(value(name) == s->value);
        snprintf(name, sizeof(name), "%.*s_sum", (int)(len - 7), s->name);
        value(name);
    }
}

/* Check a whole answer; the samples can be looked at afterwards. */
static void check(struct buf *text)
{
    ck_assert(!text->failed);
    ck_assert_uint_gt(text->len, 0);
    ck_assert_int_eq(text->data[text->len - 1], '\n');
    buf_push(text, '\0');
    ck_assert_uint_eq(strlen((const char *)text->data), text->len - 1);
    sample_count = family_count = 0;
    family[0] = '\0';
    helped = false;
    for (const char *line = (const char *)text->data; *line; line = strchr(line, '\n') + 1) {
        demand(*line != '\n', "an empty line");
        if (*line == '#')
            check_comment(line);
        else
            check_sample(line);
    }
    check_series();
    buf_free(text);
}

/* What is checked. */

static struct faults faults;

static struct state_source source(const char *name)
{
    return (struct state_source){.input = "in", .name = name, .path = name, .files = 1};
}

static void render(const struct state *state, size_t most)
{
    struct buf text = {0};
    metrics_text(&text, state, most);
    check(&text);
}

START_TEST(nothing_yet)
{
    struct state s = {.phase = "running", .directory = "/a", .faults = &faults};
    render(&s, 10);
    ck_assert(value("logzip_build_info") == 1);
    ck_assert(value("logzip_sources") == 0);
    ck_assert(value("logzip_reading_stopped") == 0);
    ck_assert_ptr_null(find("logzip_sealed_ratio"));
    ck_assert_ptr_null(find("logzip_last_error_timestamp_seconds"));
    ck_assert_uint_eq(count("logzip_errors_total"), FAULT_KINDS);
}
END_TEST

START_TEST(everything)
{
    struct state s = {.phase = "failing",
                      .failure = "no room",
                      .write_failing = true,
                      .free = UINT64_MAX,
                      .started = 1700000000 * NS_PER_SECOND,
                      .lag = UINT64_MAX,
                      .faults = &faults};
    struct state_source one = source("/var/log/x");
    one.counts = (struct tally_counts){1, 2, 3 * NS_PER_SECOND, 400, 40};
    one.lag = 7;
    one.state = SOURCE_FAILING;
    struct state_source old = source("/var/log/old");
    old.state = SOURCE_ENDED;
    struct source heard = {.id = 1};
    struct state_source pipe = source("standard input");
    pipe.state = SOURCE_LISTENING;
    pipe.heard = (struct listen_state){&heard, 10, {5, 1, 2, 3}, 4, 6, 7};
    s.listeners = 1;
    ck_assert(vec_push(&s.sources, one) && vec_push(&s.sources, old));
    ck_assert(vec_push(&s.sources, pipe));
    faults_note(&faults, FAULT_SEAL, "why");
    faults_note(&faults, FAULT_SEAL, "why else");
    timing_add(&s.syncs, NS_PER_SECOND / 2);
    timing_add(&s.sealed.seals, 2 * NS_PER_SECOND);
    timing_add(&s.sealed.seals, 1000 * NS_PER_SECOND);
    s.sealed.raw_bytes = 400;
    s.sealed.stored_bytes = 40;
    render(&s, 10);
    ck_assert(value("logzip_reading_stopped") + find("logzip_reading_stopped")[1].value == 1);
    ck_assert_ptr_null(find("logzip_archive_free_bytes"));
    ck_assert(value("process_start_time_seconds") == 1700000000);
    ck_assert(value("logzip_sealed_ratio") == 10);
    ck_assert(value("logzip_seal_duration_seconds_sum") == 1002);
    ck_assert(value("logzip_seal_duration_seconds_count") == 2);
    ck_assert_uint_eq(count("logzip_last_error_timestamp_seconds"), 1);
    ck_assert_uint_eq(count("logzip_source_read_bytes_total"), 3);
    /* What ended has counters that go on, but nothing that is so now. */
    ck_assert_uint_eq(count("logzip_source_lag_bytes"), 2);
    ck_assert(value("logzip_source_lag_bytes") + find("logzip_source_lag_bytes")[1].value == 7);
    ck_assert(value("logzip_source_failing") + find("logzip_source_failing")[1].value == 1);
    ck_assert_uint_eq(count("logzip_listen_messages_total"), 1);
    ck_assert(value("logzip_listen_messages_total") == 5);
    ck_assert(value("logzip_listen_connections_closed_total") == 5);
    ck_assert(value("logzip_listen_datagrams_dropped_total") == 4);
    ck_assert(value("logzip_listen_sockets_missing") == 7);
    ck_assert(value("logzip_source_last_read_timestamp_seconds") == 3);
    state_clear(&s);
}
END_TEST

START_TEST(names_of_any_bytes)
{
    struct state s = {.phase = "running", .faults = &faults};
    static const char *const names[] = {"/a b{c=\"d\"}",
                                        "/back\\slash",
                                        "/new\nline",
                                        "/ends in \\",
                                        "\"",
                                        "/gr\xc3\xbc\xc3\x9f",
                                        "/not\xff\xfeutf8",
                                        "/not\xffutf8\n\"\\",
                                        "",
                                        "/tab\tcr\r\x01"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert(vec_push(&s.sources, source(names[i])));
    struct buf text = {0};
    metrics_text(&text, &s, 100);
    buf_push(&text, '\0');
    const char *all = (const char *)text.data;
    ck_assert_ptr_nonnull(strstr(all, "source=\"/a b{c=\\\"d\\\"}\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(all, "source=\"/new\\nline\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(all, "source=\"/ends in \\\\\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(all, "source=\"/gr\xc3\xbc\xc3\x9f\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(all, "source=\"/not\\\\xff\\\\xfeutf8\"} 0\n"));
    text.len--;
    check(&text);
    ck_assert_uint_eq(count("logzip_source_lag_bytes"), sizeof(names) / sizeof(names[0]));
    state_clear(&s);
}
END_TEST

START_TEST(bounded)
{
    struct state s = {.phase = "running", .faults = &faults};
    enum { MANY = 2000, LONG = 60000 };
    static char names[MANY][20];
    static char longs[300][LONG + 10];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "/log/%zu", i);
        ck_assert(vec_push(&s.sources, source(names[i])));
    }
    render(&s, 500);
    ck_assert_uint_eq(count("logzip_source_lag_bytes"), 500);
    ck_assert(value("logzip_sources") == MANY);
    ck_assert(value("logzip_sources_omitted") == MANY - 500);
    render(&s, 0);
    ck_assert_uint_eq(count("logzip_source_lag_bytes"), 0);
    render(&s, 2 * MANY);
    ck_assert_uint_eq(count("logzip_source_lag_bytes"), MANY);
    state_clear(&s);
    for (size_t i = 0; i < 300; i++) {
        memset(longs[i], 'x', LONG);
        snprintf(longs[i] + LONG, 10, "%zu", i);
        ck_assert(vec_push(&s.sources, source(longs[i])));
    }
    struct buf text = {0};
    metrics_text(&text, &s, 1000);
    ck_assert_uint_lt(text.len, METRICS_SOURCES_BYTES + 20000);
    buf_push(&text, '\0');
    ck_assert(!text.failed);
    const char *omitted = strstr((const char *)text.data, "\nlogzip_sources_omitted ");
    ck_assert_ptr_nonnull(omitted);
    ck_assert_int_gt(atoi(strchr(omitted, ' ')), 200);
    buf_free(&text);
    state_clear(&s);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, nothing_yet);
    tcase_add_test(tc, everything);
    tcase_add_test(tc, names_of_any_bytes);
    tcase_add_test(tc, bounded);
}

int main(void)
{
    return run_suite("metrics", add_tests, 60);
}
