/*
 * test_rows.c - the values of rows, taken from where they were found when the line was hashed, are
 * what matching the line would give; also where hashes of skeletons collide.
 */
#include "log_generator.h"
#include "segment/rows.h"
#include "template/cluster.h"

struct rows_fixture {
    struct buf text;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering c;
    struct rows *rows;
};

static void prepare(struct rows_fixture *f)
{
    ck_assert(lines_split(&f->lines, f->text.data, f->text.len));
    ck_assert(skeletons_collect(&f->skeletons, f->text.data, &f->lines, &(struct worker){0}));
    ck_ok(cluster_skeletons(&f->c, &f->skeletons, f->text.data, &f->lines, NULL, 3, &err));
}

static void clear(struct rows_fixture *f)
{
    rows_free(f->rows);
    clustering_clear(&f->c);
    skeletons_free(&f->skeletons);
    lines_free(&f->lines);
    buf_free(&f->text);
}

static void require_same_slots(const struct template *t, const struct slot_value *found,
                               const struct slot_value *wanted)
{
    for (size_t i = 0; i < t->slot_count; i++) {
        ck_assert_uint_eq(found[i].at, wanted[i].at);
        ck_assert_uint_eq(found[i].len, wanted[i].len);
        if (t->slots[i].kind == SLOT_TIME)
            ck_assert_int_eq(found[i].time, wanted[i].time);
    }
}

/* Each line against the template that its skeleton has in `of_skeleton`. */
static void require_same_rows(struct rows_fixture *f, const uint32_t *of_skeleton)
{
    struct slot_value found[4096];
    struct slot_value wanted[4096];
    f->rows = rows_new(&f->c.set, of_skeleton, &f->skeletons, f->text.data, &f->lines,
                       &(struct worker){0});
    ck_assert_ptr_nonnull(f->rows);
    for (size_t i = 0; i < f->lines.list.len; i++) {
        uint32_t number = of_skeleton[f->skeletons.of_line[i]];
        const struct template *t = &f->c.set.list.data[number];
        struct line line = f->lines.list.data[i];
        ck_assert_uint_le(t->slot_count, 4096);
        bool matches = template_match(t, f->text.data + line.at, line.len, wanted);
        ck_assert(rows_match(f->rows, i, number, found) == matches);
        if (matches)
            require_same_slots(t, found, wanted);
    }
    rows_free(f->rows);
    f->rows = NULL;
}

START_TEST(test_generated)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 60; i++) {
        struct rows_fixture f = {0};
        generate_log(seed + i, 8000, &f.text);
        prepare(&f);
        require_same_rows(&f, f.c.of_skeleton);
        clear(&f);
    }
}
END_TEST

/* As if the hashes of many lines were equal: any line may come with any template. */
START_TEST(test_collisions)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 60; i++) {
        struct rows_fixture f = {0};
        generate_log(seed + i, 8000, &f.text);
        prepare(&f);
        size_t skeletons = f.skeletons.list.len;
        for (size_t line = 0; line < f.lines.list.len; line++)
            if (random_percent(&seed, 50))
                f.skeletons.of_line[line] = (uint32_t)random_below(&seed, skeletons);
        require_same_rows(&f, f.c.of_skeleton);
        for (size_t s = 0; s < skeletons; s++)
            f.c.of_skeleton[s] = (uint32_t)random_below(&seed, f.c.set.list.len);
        require_same_rows(&f, f.c.of_skeleton);
        clear(&f);
    }
}
END_TEST

/* Values that differ in all ways, words that became slots, and lines without any value. */
START_TEST(test_known_log)
{
    struct rows_fixture f = {0};
    for (int i = 0; i < 40; i++) {
        buf_printf(&f.text, "2026-03-04 05:06:%02d %s did %d things in [%d]: ok\n", i,
                   i % 3 ? "alice" : "bob", i * i, 1000000 * (i + 1));
        buf_append_string(&f.text, "no value here\n");
    }
    prepare(&f);
    require_same_rows(&f, f.c.of_skeleton);
    clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_generated);
    tcase_add_test(tc, test_collisions);
    tcase_add_test(tc, test_known_log);
}

int main(void)
{
    return run_suite("rows", add_tests, 60);
}
