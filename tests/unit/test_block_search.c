/*
 * test_block_search.c - searching a block finds the lines that looking at each of them does, and
 * decodes no more than it says.
 */
#include "log_generator.h"
#include "search_truth.h"

struct packed {
    struct buf raw;
    struct buf out;
    struct block_summary summary;
    struct span body;
};

static void pack(struct packed *p, enum lgz_level level)
{
    struct column_context ctx;
    const struct extent extent = {.length = p->raw.len};
    const struct block_input input = {
        .raw = p->raw.data, .len = p->raw.len, .extents = &extent, .extent_count = 1};
    ck_ok(column_context_init(&ctx, level, &err));
    ck_ok(block_encode(&ctx, &input, &p->out, &p->summary, &err));
    column_context_clear(&ctx);
    struct reader r = reader_of(p->out.data, p->out.len);
    reader_u8(&r);
    p->body = reader_bytes(&r, reader_varint(&r));
}

static void packed_clear(struct packed *p)
{
    buf_free(&p->raw);
    buf_free(&p->out);
    block_summary_clear(&p->summary);
}

/* Some bytes of a line, at times with one changed. */
static size_t draw_string(uint64_t *state, struct span raw, uint8_t *out)
{
    size_t len = 1 + random_below(state, random_percent(state, 80) ? 12 : 90);
    const size_t at = random_below(state, raw.len);
    len = len < raw.len - at ? len : raw.len - at;
    memcpy(out, raw.data + at, len);
    if (random_percent(state, 25))
        out[random_below(state, len)] = (uint8_t)('0' + random_below(state, 75));
    const uint8_t *newline = memchr(out, '\n', len);
    return newline ? (size_t)(newline - out) : len;
}

/* A line of the text, or some bytes of one. */
static struct span draw_line(uint64_t *state, struct span raw)
{
    const size_t at = random_below(state, raw.len);
    const uint8_t *start = at ? memrchr(raw.data, '\n', at) : NULL;
    start = start ? start + 1 : raw.data;
    const size_t left = (size_t)(raw.data + raw.len - start);
    const uint8_t *end = memchr(start, '\n', left);
    return (struct span){start, end && end > start ? (size_t)(end - start) : left};
}

/* What clauses ask for is often in the same line. */
static void draw_need(uint64_t *state, struct span raw, struct need *need)
{
    const size_t clauses = random_percent(state, 60) ? 1 : 1 + random_below(state, 3);
    if (clauses > 1 && random_percent(state, 70))
        raw = draw_line(state, raw);
    for (size_t i = 0; i < clauses; i++) {
        const size_t strings = random_percent(state, 70) ? 1 : random_below(state, 4);
        ck_ok(need_add_clause(need, &err));
        for (size_t k = 0; k < strings; k++) {
            uint8_t string[90];
            const size_t len = draw_string(state, raw, string);
            if (len)
                ck_ok(need_add_string(need, (struct span){string, len}, random_percent(state, 20),
                                      &err));
        }
    }
    need->exact = true;
}

START_TEST(test_random)
{
    enum { SEARCHES = 24 };
    struct packed p = {0};
    uint64_t state = (uint64_t)_i + random_seed();
    generate_log(state, 1000 + random_below(&state, 30000), &p.raw);
    pack(&p, (enum lgz_level)(LGZ_LEVEL_FAST + _i % 3));
    for (int i = 0; i < SEARCHES && !p.summary.plain; i++) {
        struct need need = {0};
        draw_need(&state, buf_span(&p.raw), &need);
        const bool is_true = search_is_true(buf_span(&p.raw), p.body, &p.summary, &need);
        ck_assert_msg(is_true, "log %d, search %d: \"%.*s\"", _i, i,
                      need.clauses.data[0].strings.len
                          ? (int)need.clauses.data[0].strings.data[0].bytes.len
                          : 0,
                      (const char *)need.clauses.data[0].strings.data[0].bytes.data);
        need_clear(&need);
    }
    packed_clear(&p);
}
END_TEST

/* Two kinds of lines: their numbers are columns of their own, and so are words. */
static void make_two(struct packed *p)
{
    static const char *const names[] = {"anna", "berta", "chris", "dora"};
    for (unsigned i = 0; i < 2000; i++) {
        if (i % 4)
            buf_printf(&p->raw, "2026-03-01T08:%02u:%02uZ took %u ms\n", i / 60 % 60, i % 60,
                       i * 7919 % 5000);
        else
            buf_printf(&p->raw, "login of %s from door %u\n", names[i / 4 % 4], i % 90);
    }
    pack(p, LGZ_LEVEL_DEFAULT);
    ck_assert(!p->summary.plain);
}

/* What a search for a string finds. */
static struct block_hits search_for(const struct packed *p, const char *string, bool texts,
                                    bool total)
{
    struct need need = {.exact = true};
    struct block_hits hits = {0};
    const struct block_search search = {.need = &need, .texts = texts, .total = total};
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, (struct span){(const uint8_t *)string, strlen(string)}, false,
                          &err));
    ck_assert(search_is_true(buf_span(&p->raw), p->body, &p->summary, &need));
    ck_ok(block_search(p->body, &search, p->summary.template_counts.data,
                       p->summary.template_counts.len, &hits, &err));
    need_clear(&need);
    return hits;
}

START_TEST(test_decided)
{
    static const struct {
        const char *string;
        uint64_t lines;
    } cases[] = {{"took ", 1500},   {" ms", 1500},     {"login of", 500}, {"nobody", 0},
                 {"berta", 125},    {"a from d", 375}, {"a from 1", 0},   {"door 8", 67},
                 {":59Z took", 33}, {"Feb", 0}};
    struct packed p = {0};
    make_two(&p);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct block_hits hits = search_for(&p, cases[i].string, false, true);
        ck_assert_msg(hits.total == cases[i].lines, "%s: %d", cases[i].string, (int)hits.total);
        ck_assert_uint_eq(hits.list.len, 0);
        block_hits_clear(&hits);
    }
    /* Of so many lines, no text is put together: decoding all costs no more. */
    struct block_hits hits = search_for(&p, "took ", true, false);
    ck_assert(hits.declined);
    block_hits_clear(&hits);
    packed_clear(&p);
}
END_TEST

/* A block whose columns are damaged is searched all the same if its templates decide. */
START_TEST(test_opens_nothing)
{
    struct packed p = {0};
    make_two(&p);
    struct buf raw = {0};
    uint8_t *body = (uint8_t *)p.body.data;
    body[p.body.len - 1] ^= 1;
    ck_assert_int_lt(block_decode(BLOCK_STRUCTURED, p.body, &raw, NULL), 0);
    for (size_t i = 1; i <= 16; i++)
        body[p.body.len - i] ^= 0xff;
    struct block_hits hits = {0};
    struct need need = {.exact = true};
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, (struct span){(const uint8_t *)" took ", 6}, false, &err));
    const struct block_search search = {.need = &need, .total = true};
    ck_ok(block_search(p.body, &search, p.summary.template_counts.data,
                       p.summary.template_counts.len, &hits, &err));
    ck_assert_uint_eq(hits.total, 1500);
    block_hits_clear(&hits);
    need_clear(&need);
    buf_free(&raw);
    packed_clear(&p);
}
END_TEST

/* Any damage is an error, or something that is safe to look at. */
START_TEST(test_damage)
{
    struct packed p = {0};
    struct need need = {.exact = true};
    make_two(&p);
    uint8_t *body = (uint8_t *)p.body.data;
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, (struct span){(const uint8_t *)"5", 1}, false, &err));
    for (size_t i = (size_t)_i; i < p.body.len; i += 8) {
        const uint8_t was = body[i];
        for (unsigned k = 0; k < 2; k++) {
            struct block_hits hits = {0};
            const struct block_search search = {.need = &need, .texts = true};
            body[i] = (uint8_t)(k ? was + 1 : was ^ 0x80);
            int code = block_search(p.body, &search, p.summary.template_counts.data,
                                    p.summary.template_counts.len, &hits, &err);
            for (size_t h = 0; code == LGZ_OK && h < hits.list.len; h++)
                ck_assert(memchr(hits.list.data[h].text.data, '5', hits.list.data[h].text.len));
            block_hits_clear(&hits);
        }
        body[i] = was;
    }
    need_clear(&need);
    packed_clear(&p);
}
END_TEST

/* struct field_search: no line is wanted. */
static void start_none(void *context, struct span lines)
{
    (void)context;
    (void)lines;
}

static size_t next_none(void *context, size_t from)
{
    (void)context;
    (void)from;
    return SIZE_MAX;
}

/* A column that was gone through for a string that it lacks isn't gone through for a field's name
 * as well. */
START_TEST(test_fields_behind_need)
{
    struct packed p = {0};
    struct need need = {.exact = true};
    struct need names = {0};
    uint64_t state = 1;
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&p.raw, "path /a%u/b12/x%u.html done\n", (unsigned)random_below(&state, 9000),
                   (unsigned)random_below(&state, 9000));
    pack(&p, LGZ_LEVEL_FAST);
    ck_assert(!p.summary.plain);
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, span_of("777/b12/x888"), true, &err));
    ck_ok(need_add_clause(&names, &err));
    ck_ok(need_add_string(&names, span_of("888/b12/x777"), true, &err));
    const struct field_search fields = {
        .names = names.clauses.data, .start = start_none, .next = next_none};
    const struct block_search search = {.need = &need, .fields = &fields, .texts = true};
    struct block_hits hits = {0};
    ck_ok(block_search(p.body, &search, p.summary.template_counts.data,
                       p.summary.template_counts.len, &hits, &err));
    ck_assert(!hits.declined);
    ck_assert_uint_eq(hits.total, 0);
    block_hits_clear(&hits);
    need_clear(&need);
    need_clear(&names);
    packed_clear(&p);
}
END_TEST

/* Too many strings, or none that could be told: the block has to be decoded. */
START_TEST(test_declined)
{
    struct packed p = {0};
    struct need need = {.exact = true};
    make_two(&p);
    for (unsigned i = 0; i < 100; i++) {
        struct block_hits hits = {0};
        const struct block_search search = {.need = &need};
        ck_ok(block_search(p.body, &search, p.summary.template_counts.data,
                           p.summary.template_counts.len, &hits, &err));
        ck_assert_msg(hits.declined == (i == 0 || i > 64), "%u strings", i);
        block_hits_clear(&hits);
        if (i == 0)
            ck_ok(need_add_clause(&need, &err));
        ck_ok(need_add_string(&need, (struct span){(const uint8_t *)"nobody", 6}, false, &err));
    }
    need_clear(&need);
    packed_clear(&p);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_random, 0, 24);
    tcase_add_test(tc, test_decided);
    tcase_add_test(tc, test_opens_nothing);
    tcase_add_loop_test(tc, test_damage, 0, 8);
    tcase_add_test(tc, test_fields_behind_need);
    tcase_add_test(tc, test_declined);
}

int main(void)
{
    return run_suite("block_search", add_tests, 0);
}
