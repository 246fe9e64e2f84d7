/*
 * test_cluster.c - skeletons and clustering: lines that a person would call alike get one template,
 * what is proposed holds, and every line has a template at least to stand in.
 */
#include "log_generator.h"
#include "template/cluster.h"

struct clustered {
    struct buf text;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering c;
};

static void cluster(struct clustered *k)
{
    ck_assert(lines_split(&k->lines, k->text.data, k->text.len));
    ck_assert(skeletons_collect(&k->skeletons, k->text.data, &k->lines, &(struct worker){0}));
    ck_ok(cluster_skeletons(&k->c, &k->skeletons, k->text.data, &k->lines, NULL, 3, &err));
}

static void clear(struct clustered *k)
{
    clustering_clear(&k->c);
    skeletons_free(&k->skeletons);
    lines_free(&k->lines);
    buf_free(&k->text);
}

static void require_template(const struct clustered *k, size_t number, const char *wanted)
{
    struct buf out = {0};
    ck_assert_uint_lt(number, k->c.set.list.len);
    template_describe(&k->c.set.list.data[number], &out);
    ck_assert_msg(span_equal(buf_span(&out), span_of(wanted)), "%.*s instead of %s", (int)out.len,
                  (const char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_known_log)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    struct clustered k = {0};
    for (int i = 0; i < 60; i++) {
        buf_printf(&k.text, "2026-03-04 05:06:%02d session %d opened for user %s by root\n", i, i,
                   users[i % 5]);
        if (i % 2)
            buf_printf(&k.text, "disk sda%d is full\n", i);
    }
    buf_append_string(&k.text, "something else entirely\n");
    cluster(&k);
    ck_assert_uint_eq(k.c.set.list.len, 3);
    require_template(&k, 0, "<time> session <*> opened for user <*> by root");
    require_template(&k, 1, "disk <*> is full");
    require_template(&k, 2, "<*>");
    ck_assert_uint_eq(k.c.lines[0], 60);
    ck_assert_uint_eq(k.c.lines[1], 30);
    ck_assert_uint_eq(k.c.lines[2], 1);
    clear(&k);
}
END_TEST

/* How many templates have a piece of text? */
static size_t count_templates(const struct clustered *k, const char *piece)
{
    size_t count = 0;
    for (size_t i = 0; i < k->c.set.list.len; i++) {
        struct span text = k->c.set.list.data[i].text;
        count += memmem(text.data, text.len, piece, strlen(piece)) != NULL;
    }
    return count;
}

/* A word that says what happened makes an event; one that takes turns in many templates doesn't. */
START_TEST(test_variants)
{
    static const char *const hosts[] = {"alpha", "beta", "gamma"};
    static const char *const what[] = {"disk", "fan", "door", "lamp", "pump", "rack"};
    struct clustered k = {0};
    for (int i = 0; i < 300; i++) {
        const char *host = hosts[i * 7 % 3];
        buf_printf(&k.text, "%s guest %d was %s by hand\n", host, i, i % 2 ? "paused" : "resumed");
        buf_printf(&k.text, "%s now the %s has code %d\n", host, what[i % 6], i);
        buf_printf(&k.text, "%s call %d has state=%s where it ends\n", host, i,
                   i % 2 ? "good" : "bad");
        buf_printf(&k.text, "%s %s one\n%s %s; two\n", host, what[2], host, what[3]);
        buf_printf(&k.text, "%s: link %d\n%s - route %d\n", host, i, host, i);
    }
    cluster(&k);
    ck_assert_uint_eq(count_templates(&k, "was paused by"), 1);
    ck_assert_uint_eq(count_templates(&k, "was resumed by"), 1);
    ck_assert_uint_eq(count_templates(&k, "was \nv by"), 0);
    ck_assert_uint_eq(count_templates(&k, "the \nv has code"), 1);
    ck_assert_uint_eq(count_templates(&k, "state=\nv where"), 1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(count_templates(&k, hosts[i]), 0);
    clear(&k);
}
END_TEST

/* Few lines are no event of their own: they stay together. */
START_TEST(test_rare_variants)
{
    struct clustered k = {0};
    for (int i = 0; i < 50; i++)
        buf_printf(&k.text, "link %d went %s again\n", i, i < 46 ? "up" : i % 2 ? "down" : "away");
    cluster(&k);
    ck_assert_uint_eq(k.c.set.list.len, 3);
    require_template(&k, 0, "link <*> went up again");
    require_template(&k, 1, "link <*> went <*> again");
    ck_assert_uint_eq(k.c.lines[1], 4);
    clear(&k);
}
END_TEST

START_TEST(test_skeletons)
{
    struct clustered k = {0};
    buf_append_string(&k.text, "a 1\na 22\nb 3\na 1 \n\na x1y\n\n");
    ck_assert(lines_split(&k.lines, k.text.data, k.text.len));
    ck_assert(skeletons_collect(&k.skeletons, k.text.data, &k.lines, &(struct worker){0}));
    static const uint32_t wanted[] = {0, 0, 1, 2, 3, 0, 3};
    for (size_t i = 0; i < 7; i++)
        ck_assert_uint_eq(k.skeletons.of_line[i], wanted[i]);
    ck_assert_uint_eq(k.skeletons.list.len, 4);
    ck_assert_uint_eq(k.skeletons.list.data[0].count, 3);
    ck_assert_uint_eq(k.skeletons.list.data[0].shape, k.skeletons.list.data[1].shape);
    ck_assert_uint_ne(k.skeletons.list.data[0].shape, k.skeletons.list.data[2].shape);
    clear(&k);
}
END_TEST

/* The last template takes any line; numbers are in range; the frequent come first. */
static void require_sound(const struct clustered *k)
{
    size_t count = k->c.set.list.len;
    uint64_t lines = 0;
    struct slot_value value;
    ck_assert_uint_ge(count, 1);
    const struct template *last = &k->c.set.list.data[count - 1];
    ck_assert(last->slot_count == 1 && last->slots[0].kind == SLOT_REST);
    ck_assert(template_match(last, (const uint8_t *)"any \0thing", 10, &value));
    for (size_t i = 0; i < k->skeletons.list.len; i++)
        ck_assert_uint_lt(k->c.of_skeleton[i], count);
    for (size_t t = 0; t < count; t++) {
        lines += k->c.lines[t];
        ck_assert(t == 0 || t + 1 == count || k->c.lines[t] <= k->c.lines[t - 1]);
    }
    ck_assert_uint_eq(lines, k->lines.list.len);
}

START_TEST(test_generated)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < 60; i++) {
        struct clustered k = {0};
        struct clustered again = {0};
        generate_log(seed + i, 8000, &k.text);
        generate_log(seed + i, 8000, &again.text);
        cluster(&k);
        cluster(&again);
        require_sound(&k);
        ck_assert_uint_eq(k.c.set.text_len, again.c.set.text_len);
        ck_assert_int_eq(memcmp(k.c.set.text, again.c.set.text, k.c.set.text_len), 0);
        clear(&k);
        clear(&again);
    }
}
END_TEST

START_TEST(test_nothing)
{
    struct clustered k = {0};
    cluster(&k);
    require_sound(&k);
    ck_assert_uint_eq(k.c.set.list.len, 1);
    clear(&k);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_known_log);
    tcase_add_test(tc, test_variants);
    tcase_add_test(tc, test_rare_variants);
    tcase_add_test(tc, test_skeletons);
    tcase_add_test(tc, test_generated);
    tcase_add_test(tc, test_nothing);
}

int main(void)
{
    return run_suite("cluster", add_tests, 60);
}
