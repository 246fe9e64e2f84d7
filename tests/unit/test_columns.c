/*
 * test_columns.c - the values of columns are what matching each line for itself gives, in order,
 * however many threads collect them; also where lines don't match the template proposed.
 */
#include "log_generator.h"
#include "segment/columns.h"
#include "template/cluster.h"

enum { LOG_BYTES = 400000, THREADS = 3 };

struct columns_fixture {
    struct buf text;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering c;
    struct layout layout;
    struct worker workers[THREADS];
    struct workers *crew;
};

static void prepare(struct columns_fixture *f, uint64_t seed)
{
    struct worker *members[THREADS];
    generate_log(seed, LOG_BYTES, &f->text);
    for (int i = 0; i < THREADS; i++)
        members[i] = &f->workers[i];
    ck_ok(workers_new(&f->crew, members, THREADS, &err));
    ck_assert(lines_split(&f->lines, f->text.data, f->text.len));
    ck_assert(skeletons_collect(&f->skeletons, f->text.data, &f->lines, &f->workers[0]));
    ck_ok(cluster_skeletons(&f->c, &f->skeletons, f->text.data, &f->lines, NULL, 3, &err));
    ck_ok(layout_choose(&f->layout, &f->c.set, f->c.lines, 256, &err));
}

static void clear(struct columns_fixture *f)
{
    workers_free(f->crew);
    layout_clear(&f->layout);
    clustering_clear(&f->c);
    skeletons_free(&f->skeletons);
    lines_free(&f->lines);
    buf_free(&f->text);
}

/* Take the values of a line that should come next out of the columns. */
static void require_line(const struct columns_fixture *f, const struct columns *c, size_t line,
                         size_t number, size_t *next, uint32_t *order)
{
    struct slot_value slots[4096];
    const struct template *t = &f->c.set.list.data[number];
    const struct line *l = &f->lines.list.data[line];
    ck_assert_uint_le(t->slot_count, 4096);
    ck_assert(template_match(t, f->text.data + l->at, l->len, slots));
    for (size_t i = 0; i < t->slot_count; i++) {
        uint32_t column = f->layout.column_of[number][i];
        const struct column_values *v = &c->list[column];
        size_t at = next[column]++;
        ck_assert_uint_lt(at, v->order.len);
        ck_assert_uint_eq(v->order.data[at], (*order)++);
        if (v->kind == COLUMN_TIME) {
            ck_assert_uint_eq(v->times.data[at], (uint64_t)slots[i].time);
        } else {
            ck_assert_uint_eq(v->texts.data[at].at, l->at + slots[i].at);
            ck_assert_uint_eq(v->texts.data[at].len, slots[i].len);
        }
    }
}

/* @return how many lines didn't match */
static size_t require_all(struct columns_fixture *f, struct worker *me)
{
    const struct columns_input in = {f->text.data, &f->lines,        &f->skeletons, &f->c.set,
                                     &f->layout,   f->c.of_skeleton, NULL};
    struct columns c = {0};
    size_t lines = f->lines.list.len;
    size_t others = 0;
    uint32_t order = 0;
    uint64_t *numbers = calloc(lines + 1, sizeof(*numbers));
    size_t *next = calloc(f->layout.kinds.len + 1, sizeof(*next));
    ck_ok(columns_collect(&c, &in, me, numbers, &err));
    for (size_t i = 0; i < lines; i++) {
        if (numbers[i] != f->c.of_skeleton[f->skeletons.of_line[i]]) {
            ck_assert_uint_eq(numbers[i], f->c.set.list.len - 1);
            others++;
        }
        require_line(f, &c, i, numbers[i], next, &order);
    }
    for (size_t i = 0; i < c.count; i++)
        ck_assert_uint_eq(next[i], c.list[i].order.len);
    columns_clear(&c);
    free(numbers);
    free(next);
    return others;
}

START_TEST(test_collected)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 10; i++) {
        struct columns_fixture f = {0};
        prepare(&f, seed + i);
        ck_assert_uint_eq(require_all(&f, &(struct worker){0}), 0);
        ck_assert_uint_eq(require_all(&f, &f.workers[0]), 0);
        clear(&f);
    }
}
END_TEST

/* As if hashes of skeletons were equal: any line may come with any template. */
START_TEST(test_collisions)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 10; i++) {
        struct columns_fixture f = {0};
        prepare(&f, seed + i);
        for (size_t line = 0; line < f.lines.list.len; line++)
            if (random_percent(&seed, 1))
                f.skeletons.of_line[line] = (uint32_t)random_below(&seed, f.skeletons.list.len);
        size_t alone = require_all(&f, &(struct worker){0});
        ck_assert_uint_eq(require_all(&f, &f.workers[0]), alone);
        clear(&f);
    }
}
END_TEST

/* What is known of skeletons and their values doesn't depend on who looked. */
START_TEST(test_skeletons)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 10; i++) {
        struct columns_fixture f = {0};
        struct skeletons shared = {0};
        struct skeletons alone = {0};
        prepare(&f, seed + i);
        const struct skeletons *s = &shared;
        size_t lines = f.lines.list.len;
        ck_assert(skeletons_collect(&shared, f.text.data, &f.lines, &f.workers[0]));
        ck_assert(skeletons_collect(&alone, f.text.data, &f.lines, &(struct worker){0}));
        ck_assert_uint_eq(s->list.len, alone.list.len);
        ck_assert_uint_eq(s->values.len, alone.values.len);
        ck_assert_uint_eq(s->stamps.len, alone.stamps.len);
        ck_assert_mem_eq(s->list.data, alone.list.data, alone.list.len * sizeof(*s->list.data));
        ck_assert_mem_eq(s->of_line, alone.of_line, lines * sizeof(*s->of_line));
        ck_assert_mem_eq(s->first_value, alone.first_value, (lines + 1) * sizeof(*s->first_value));
        if (alone.values.len)
            ck_assert_mem_eq(s->values.data, alone.values.data,
                             alone.values.len * sizeof(*s->values.data));
        for (size_t j = 0; j < alone.stamps.len; j++) {
            ck_assert_int_eq(s->stamps.data[j].value, alone.stamps.data[j].value);
            ck_assert_uint_eq(s->stamps.data[j].format, alone.stamps.data[j].format);
            ck_assert_uint_eq(s->stamps.data[j].len, alone.stamps.data[j].len);
        }
        skeletons_free(&shared);
        skeletons_free(&alone);
        clear(&f);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_collected);
    tcase_add_test(tc, test_collisions);
    tcase_add_test(tc, test_skeletons);
}

int main(void)
{
    return run_suite("columns", add_tests, 120);
}
