/*
 * test_hits.c - lines of many sources come back by time, each source's in order, from memory and
 * from the temporary file.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/hits.h"
#include "suite.h"

enum { SOURCES = 50, LINES = 4000 };

struct seen {
    size_t lines;
    int64_t newest;
    unsigned next[SOURCES]; /* number of the line that comes next */
    size_t stop_at;
};

static int look(void *context, struct query_source *source, const struct query_line *line,
                struct lgz_error *err)
{
    struct seen *seen = context;
    char text[64] = {0};
    unsigned id, number;
    ck_assert_uint_lt(line->text.len, sizeof(text));
    memcpy(text, line->text.data, line->text.len);
    ck_assert_int_eq(sscanf(text, "source %u line %u", &id, &number), 2);
    ck_assert_uint_eq(source->id, id);
    ck_assert_str_eq(line->source, source->name->text);
    ck_assert_uint_eq(number, seen->next[id]++);
    ck_assert_int_ge(line->place.read_time, seen->newest);
    ck_assert_int_eq(line->time, line->place.read_time * 2);
    ck_assert_uint_eq(line->time_digits, 3);
    seen->newest = line->place.read_time;
    if (++seen->lines == seen->stop_at)
        return error_set(err, LGZ_ERR_CANCELLED, "enough");
    return LGZ_OK;
}

/* Add the lines: source by source, as a segment has them, or mixed. */
static void fill(struct hits *h, struct query_source *sources, bool mixed)
{
    static unsigned numbers[SOURCES];
    memset(numbers, 0, sizeof(numbers));
    for (unsigned i = 0; i < LINES; i++) {
        unsigned id = mixed ? i * 7 % SOURCES : i / (LINES / SOURCES);
        char text[64];
        int len = snprintf(text, sizeof(text), "source %u line %u", id, numbers[id]);
        int64_t time = numbers[id] * 10 + id % 3;
        struct query_line line = {.time = time * 2,
                                  .time_digits = 3,
                                  .place = {.read_time = time},
                                  .text = {(const uint8_t *)text, (size_t)len}};
        ck_assert_int_eq(hits_add(h, &sources[id], &line, NULL), LGZ_OK);
        numbers[id]++;
    }
}

static void check_order(size_t memory_max, bool mixed)
{
    static char name_text[] = "name";
    struct query_name name = {.text = name_text};
    struct query_source sources[SOURCES] = {0};
    struct hits *h = NULL;
    for (unsigned i = 0; i < SOURCES; i++)
        sources[i] = (struct query_source){.id = i, .name = &name};
    ck_assert_int_eq(hits_new(&h, memory_max, NULL), LGZ_OK);
    for (int round = 0; round < 2; round++) {
        struct seen seen = {0};
        fill(h, sources, mixed);
        ck_assert_int_eq(hits_flush(h, look, &seen, NULL), LGZ_OK);
        ck_assert_uint_eq(seen.lines, LINES);
    }
    struct seen seen = {.stop_at = 10};
    fill(h, sources, mixed);
    ck_assert_int_eq(hits_flush(h, look, &seen, NULL), LGZ_ERR_CANCELLED);
    ck_assert_uint_eq(seen.lines, 10);
    ck_assert_int_eq(hits_flush(h, look, &seen, NULL), LGZ_OK); /* nothing */
    ck_assert_uint_eq(seen.lines, 10);
    hits_free(h);
}

START_TEST(test_order)
{
    static const size_t limits[] = {1 << 20, 5000, 0};
    for (size_t i = 0; i < 3; i++) {
        check_order(limits[i], false);
        check_order(limits[i], true);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_order);
}

int main(void)
{
    return run_suite("hits", add_tests, 0);
}
