/*
 * test_known.c - a block that starts from an earlier block's templates gives the same lines the
 * same templates, and forgets what nobody uses any more.
 */
#include "template/known.h"

#include "base/workers.h"
#include "log_generator.h"
#include "suite.h"
#include "template/cluster.h"

struct blocks {
    struct known_templates *known;
    struct clustering last;
};

static struct blocks none(void)
{
    struct blocks b = {.known = known_new()};
    ck_assert_ptr_nonnull(b.known);
    return b;
}

/* Cluster one more block. */
static void add_block(struct blocks *b, const struct buf *log)
{
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    ck_assert(!log->failed && lines_split(&lines, log->data, log->len));
    ck_assert(skeletons_collect(&skeletons, log->data, &lines, &(struct worker){0}));
    clustering_clear(&b->last);
    ck_ok(cluster_skeletons(&b->last, &skeletons, log->data, &lines, b->known, 3, &err));
    uint64_t total = 0;
    for (size_t t = 0; t < b->last.set.list.len; t++)
        total += b->last.lines[t];
    ck_assert_uint_eq(total, lines.list.len);
    /* What is proposed holds, but for hash collisions. */
    for (size_t i = 0; i < lines.list.len; i++) {
        struct span line = lines_get(&lines, log->data, i);
        uint32_t number = b->last.of_skeleton[skeletons.of_line[i]];
        const struct template *t = &b->last.set.list.data[number];
        struct slot_value *values = malloc((t->slot_count + 1) * sizeof(*values));
        ck_assert_ptr_nonnull(values);
        ck_assert(template_match(t, line.data, line.len, values));
        free(values);
    }
    ck_assert(known_update(b->known, &b->last.set, &skeletons, b->last.of_skeleton));
    skeletons_free(&skeletons);
    lines_free(&lines);
}

static void clear(struct blocks *b)
{
    known_free(b->known);
    clustering_clear(&b->last);
}

static void require_first(const struct blocks *b, const char *wanted)
{
    struct buf out = {0};
    template_describe(&b->last.set.list.data[0], &out);
    ck_assert_msg(span_equal(buf_span(&out), span_of(wanted)), "%.*s instead of %s", (int)out.len,
                  (const char *)out.data, wanted);
    buf_free(&out);
}

static void put_sessions(struct buf *log, const char *const *users, int count)
{
    log->len = 0;
    for (int i = 0; i < 60; i++)
        buf_printf(log, "2026-03-04 05:06:%02d, session %d opened for user %s by root\n", i, i,
                   users[i % count]);
}

/* A word that varied stays a slot, though it doesn't vary in this block. */
START_TEST(test_keeps)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    static const char *const other[] = {"zoe"};
    struct blocks b = none();
    struct buf log = {0};
    put_sessions(&log, users, 5);
    add_block(&b, &log);
    require_first(&b, "<time>, session <*> opened for user <*> by root");
    put_sessions(&log, other, 1);
    add_block(&b, &log);
    require_first(&b, "<time>, session <*> opened for user <*> by root");
    struct blocks fresh = none();
    add_block(&fresh, &log);
    require_first(&fresh, "<time>, session <*> opened for user zoe by root");
    clear(&fresh);
    clear(&b);
    buf_free(&log);
}
END_TEST

/* A word that begins to vary becomes a slot: what is known doesn't stand in the way. */
START_TEST(test_follows)
{
    static const char *const first[] = {"zoe"};
    static const char *const more[] = {"zoe", "alice", "bob", "carol", "dave", "erin"};
    struct blocks b = none();
    struct buf log = {0};
    put_sessions(&log, first, 1);
    add_block(&b, &log);
    require_first(&b, "<time>, session <*> opened for user zoe by root");
    put_sessions(&log, more, 6);
    for (int i = 0; i < 2; i++) {
        add_block(&b, &log);
        require_first(&b, "<time>, session <*> opened for user <*> by root");
        ck_assert_uint_eq(b.last.lines[0], 60);
    }
    clear(&b);
    buf_free(&log);
}
END_TEST

/* Only templates are there, as from an earlier segment: they are found by their words. */
START_TEST(test_templates_only)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    static const char *const other[] = {"zoe"};
    struct blocks b = none();
    struct blocks fresh = none();
    struct buf log = {0};
    put_sessions(&log, users, 5);
    add_block(&b, &log);
    ck_assert(known_update(fresh.known, &b.last.set, NULL, NULL));
    put_sessions(&log, other, 1);
    add_block(&fresh, &log);
    require_first(&fresh, "<time>, session <*> opened for user <*> by root");
    clear(&fresh);
    clear(&b);
    buf_free(&log);
}
END_TEST

START_TEST(test_forgets)
{
    struct blocks b = none();
    struct buf old = {0};
    struct buf new = {0};
    for (int i = 0; i < 40; i++) {
        buf_printf(&old, "disk %d is old\n", i);
        buf_printf(&new, "the new disk %d\n", i);
    }
    add_block(&b, &old);
    ck_assert_uint_eq(known_count(b.known), 1);
    for (int i = 0; i < 8; i++) {
        add_block(&b, &new);
        ck_assert_uint_eq(known_count(b.known), 2);
    }
    add_block(&b, &new);
    ck_assert_uint_eq(known_count(b.known), 1);
    require_first(&b, "the new disk <*>");
    clear(&b);
    buf_free(&old);
    buf_free(&new);
}
END_TEST

/* The more a template says, the sooner it is taken; too few lines don't bring one back. */
START_TEST(test_order)
{
    static const char *const words[] = {"paused", "resumed", "begun"};
    struct blocks b = none();
    struct buf log = {0};
    for (int i = 0; i < 60; i++)
        buf_printf(&log, "guest %d was %s by hand\n", i, words[i % 3]);
    add_block(&b, &log);
    ck_assert_uint_eq(b.last.set.list.len, 4);
    log.len = 0;
    for (int i = 0; i < 42; i++)
        buf_printf(&log, "guest %d was %s by hand\n", i, i < 40 ? words[0] : words[1]);
    add_block(&b, &log);
    ck_assert_uint_eq(b.last.set.list.len, 2);
    require_first(&b, "guest <*> was paused by hand");
    ck_assert_uint_eq(b.last.lines[0], 40);
    clear(&b);
    buf_free(&log);
}
END_TEST

/* However many templates a segment has, only some are remembered: most lines first. */
START_TEST(test_bounds)
{
    struct known_templates *known = known_new();
    struct template_set set;
    struct buf text = {0};
    const size_t count = 300000;
    ck_assert_ptr_nonnull(known);
    for (size_t i = 0; i < count; i++) {
        for (size_t rest = i; rest; rest /= 26)
            buf_push(&text, (uint8_t)('a' + rest % 26));
        buf_append_string(&text, " is here");
        template_put_end(&text);
    }
    ck_assert(!text.failed);
    ck_ok(template_set_parse(&set, text.data, text.len, count, &err));
    ck_assert(known_update(known, &set, NULL, NULL));
    ck_assert_uint_gt(known_count(known), 1000);
    ck_assert_uint_lt(known_count(known), 5000);
    known_free(known);
    template_set_clear(&set);
}
END_TEST

/* Thousands of templates are of the shape of each row: a row isn't compared with all of them. */
START_TEST(test_many_of_a_shape)
{
    struct blocks b = none();
    struct buf log = {0};
    uint64_t state = random_seed();
    for (int block = 0; block < 2; block++) {
        log.len = 0;
        for (int i = 0; i < 60000; i++) {
            for (int word = 0; word < 5; word++) {
                uint64_t kind = word ? (uint64_t)word : random_below(&state, 6000);
                for (int k = 0; k < 6; k++, kind /= 5)
                    buf_push(&log, (uint8_t)('a' + kind % 5));
                buf_push(&log, ' ');
            }
            buf_printf(&log, "%d\n", i);
        }
        add_block(&b, &log);
    }
    clear(&b);
    buf_free(&log);
}
END_TEST

START_TEST(test_generated)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 30; i++) {
        struct blocks b = none();
        struct buf log = {0};
        for (uint64_t k = 0; k < 3; k++) {
            log.len = 0;
            generate_log(seed + i, 6000 + 500 * k, &log);
            add_block(&b, &log);
        }
        clear(&b);
        buf_free(&log);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_keeps);
    tcase_add_test(tc, test_follows);
    tcase_add_test(tc, test_templates_only);
    tcase_add_test(tc, test_forgets);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_many_of_a_shape);
    tcase_add_test(tc, test_generated);
}

int main(void)
{
    return run_suite("known", add_tests, 60);
}
