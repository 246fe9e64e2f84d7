/*
 * test_copied.c - values that contain other columns' values: what is encoded comes back, whatever
 * is in the values, and damaged heads are errors.
 */
#include "column/copied.h"

#include "column_fixture.h"
#include "suite.h"

enum { ROWS = 2000, SOURCES = 3, COLUMNS = SOURCES + 1 };

struct table {
    struct buf bytes; /* what is put out: the sources' values and the column's, row by row */
    struct text_ref sources[SOURCES][ROWS];
    struct text_ref values[ROWS];
    size_t rows;
    const char *absent; /* no value may hold it; or NULL */
};

static struct text_ref put(struct buf *out, const void *data, size_t len)
{
    struct text_ref ref = {(uint32_t)out->len, (uint32_t)len};
    buf_append(out, data, len);
    return ref;
}

static struct span at(const struct table *t, struct text_ref ref)
{
    return (struct span){t->bytes.data + ref.at, ref.len};
}

static void add_row(struct table *t, const char *const sources[SOURCES], const char *value)
{
    for (size_t i = 0; i < SOURCES; i++)
        t->sources[i][t->rows] = put(&t->bytes, sources[i], strlen(sources[i]));
    t->values[t->rows++] = put(&t->bytes, value, strlen(value));
}

/* @return false if there is no mark */
static bool encode(const struct table *t, struct column_context *ctx, struct encoded *e)
{
    struct text_values values = {t->bytes.data, t->values, t->rows};
    struct copied c;
    bool marks = copied_start(&c, &values);
    ck_assert(!c.bytes.failed);
    for (uint32_t i = 0; i < SOURCES && marks; i++)
        copied_take(&c, t->bytes.data, t->sources[i], i);
    if (marks)
        copied_encode(e, ctx, &c);
    copied_clear(&c);
    return marks;
}

/* A string, and what it does in the sources. */
struct sought {
    const struct table *table;
    struct passage_string string;
    struct passage of[COLUMNS];
};

/* struct text_look */
static const struct passage *passage_of(void *context, uint32_t column)
{
    struct sought *s = context;
    struct passage *of = &s->of[column < SOURCES ? column : SOURCES];
    *of = (struct passage){0};
    for (size_t i = 0; i < s->table->rows && column < SOURCES; i++)
        passage_add(of, &s->string, at(s->table, s->table->sources[column][i]));
    if (column >= SOURCES)
        passage_any(of, &s->string);
    return of;
}

/* May a value hold the string, as far as is known of it before it's opened? */
static bool may_hold(const struct table *t, struct text_column *c, struct stream_reader *streams,
                     struct span string)
{
    struct sought s = {.table = t};
    struct text_look look = {
        .streams = streams, .string = &s.string, .of = passage_of, .context = &s, .steps = 1 << 20};
    struct passage passage = {0};
    passage_string_init(&s.string, string, false);
    text_passage(c, &look, &passage);
    return passage.ends & 1;
}

/* Parts of values are where they may be, and what is absent isn't. */
static void look_at(const struct table *t, struct text_column *c, struct stream_reader *streams)
{
    uint64_t state = t->rows;
    for (size_t i = 0; i < 30 && t->rows; i++) {
        const struct span value = at(t, t->values[random_below(&state, t->rows)]);
        if (!value.len)
            continue;
        const size_t from = random_below(&state, value.len);
        const size_t len = 1 + random_below(&state, value.len - from);
        ck_assert(may_hold(t, c, streams, (struct span){value.data + from, len}));
    }
    if (t->absent)
        ck_assert(!may_hold(t, c, streams, span_of(t->absent)));
}

static void look(const struct table *t, struct packed_column *packed, struct span head)
{
    struct stream_reader *streams = new_streams();
    struct reader r = reader_of(head.data, head.len);
    struct text_column *c = NULL;
    ck_ok(text_parse(&c, &r, streams, 0, &err));
    place_streams(streams, packed);
    look_at(t, c, streams);
    text_free(c);
    stream_reader_free(streams);
}

/* @return how many values came back as they were */
static size_t decode(const struct table *t, struct packed_column *packed, struct span head)
{
    struct stream_reader *streams = new_streams();
    struct reader r = reader_of(head.data, head.len);
    struct text_column *c = NULL;
    struct span last[COLUMNS] = {{0}};
    uint8_t *bytes = calloc(1, t->bytes.len + SLACK);
    size_t good = 0;
    struct span value;
    ck_assert_ptr_nonnull(bytes);
    if (t->bytes.len)
        memcpy(bytes, t->bytes.data, t->bytes.len);
    if (text_parse(&c, &r, streams, 0, &err) == LGZ_OK) {
        place_streams(streams, packed);
        if (text_open(c, streams, t->bytes.len, &err) == LGZ_OK) {
            c->batch.last = last;
            c->batch.columns = COLUMNS;
            c->batch.self = &last[SOURCES];
            for (; good < t->rows; good++) {
                for (size_t i = 0; i < SOURCES; i++) {
                    struct text_ref ref = t->sources[i][good];
                    last[i] = (struct span){bytes + ref.at, ref.len};
                }
                if (!text_take(c, &value) || !span_equal(value, at(t, t->values[good])))
                    break;
            }
        }
    }
    text_free(c);
    stream_reader_free(streams);
    free(bytes);
    return good;
}

/* @return bytes of the encoded column, or 0 if it was declined */
static size_t round_trip(const struct table *t)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    size_t size = 0;
    ck_assert(!t->bytes.failed);
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_BEST, &err));
    if (encode(t, &ctx, &e)) {
        pack_column(&ctx, &e, &packed);
        size = e.head.len + packed.frames.len;
        ck_assert_uint_eq(decode(t, &packed, buf_span(&e.head)), t->rows);
        look(t, &packed, buf_span(&e.head));
        free_packed(&packed);
    }
    encoded_clear(&e);
    column_context_clear(&ctx);
    return size;
}

static size_t find(const char *value, const char *copy, size_t from)
{
    return copied_find((struct span){(const uint8_t *)value, strlen(value)},
                       (struct span){(const uint8_t *)copy, strlen(copy)}, from);
}

START_TEST(test_find)
{
    ck_assert_uint_eq(find("/var/lib/blk_77", "blk_77", 0), 9);
    ck_assert_uint_eq(find("blk_77", "blk_77", 0), 0);
    ck_assert_uint_eq(find("blk_777/blk_77.meta", "blk_77", 0), 8);
    ck_assert_uint_eq(find("xblk_77", "blk_77", 0), SIZE_MAX);
    ck_assert_uint_eq(find("x/blk_77", "/blk_77", 0), 1);
    ck_assert_uint_eq(find("a-1 a-1", "a-1", 1), 4);
    ck_assert_uint_eq(find("a-1", "a-1", 3), SIZE_MAX);
    ck_assert_uint_eq(find("", "", 0), SIZE_MAX);
    ck_assert_uint_eq(find("abc", "", 0), SIZE_MAX);
}
END_TEST

/* Ids that nothing could foretell, in a path and in an address: nothing of them is left. */
START_TEST(test_contained)
{
    struct table t = {0};
    uint64_t state = 5;
    char id[32], user[32], value[128];
    for (int i = 0; i < ROWS; i++) {
        snprintf(id, sizeof(id), "%016llx", (unsigned long long)random_next(&state));
        snprintf(user, sizeof(user), "user%llu", (unsigned long long)random_below(&state, 1000000));
        snprintf(value, sizeof(value), "/home/%s/%s/%s.tmp", user, id, id);
        add_row(&t, (const char *const[SOURCES]){id, "none", user}, value);
    }
    size_t size = round_trip(&t);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_lt(size, 60);
    buf_free(&t.bytes);
}
END_TEST

/* A copy, and a number: numbers next to a copy make no longer ones. */
START_TEST(test_parts)
{
    struct table t = {.absent = "1234567890123"};
    uint64_t state = 6;
    char address[32], value[128];
    for (int i = 0; i < ROWS; i++) {
        snprintf(address, sizeof(address), "10.%u.%u.1", (unsigned)random_below(&state, 256),
                 (unsigned)random_below(&state, 256));
        snprintf(value, sizeof(value), "%s/%s:%u", address, address,
                 50000 + (unsigned)random_below(&state, 10000));
        add_row(&t, (const char *const[SOURCES]){address, "none", "7"}, value);
    }
    ck_assert_uint_gt(round_trip(&t), 0);
    buf_free(&t.bytes);
}
END_TEST

/* Bytes of all kinds, marks among them; values within values, several times, and none. */
START_TEST(test_random)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct table t = {0};
    uint8_t bytes[256];
    size_t rows = random_below(&state, ROWS / 4);
    unsigned kinds = 1 + (unsigned)random_below(&state, _i % 2 ? 8 : 255);
    for (size_t row = 0; row < rows; row++) {
        size_t len = 0;
        for (size_t i = 0; i < SOURCES; i++) {
            size_t part = random_below(&state, 12);
            for (size_t k = 0; k < part; k++)
                bytes[k] = (uint8_t)(1 + random_below(&state, kinds));
            t.sources[i][row] = put(&t.bytes, bytes, part);
        }
        while (len < 200 && random_percent(&state, 80)) {
            struct text_ref ref = t.sources[random_below(&state, SOURCES)][row];
            if (ref.len) /* with no bytes at all, there is no memory either */
                memcpy(bytes + len, t.bytes.data + ref.at, ref.len);
            len += ref.len;
            if (random_percent(&state, 50))
                bytes[len++] = (uint8_t)(1 + random_below(&state, kinds));
        }
        for (size_t k = 0; k < len; k++)
            bytes[k] = bytes[k] == '\n' ? '/' : bytes[k];
        t.values[row] = put(&t.bytes, bytes, len);
    }
    t.rows = rows;
    round_trip(&t);
    buf_free(&t.bytes);
}
END_TEST

/* Columns that aren't there, two marks alike, too many sources, copies of nothing. */
START_TEST(test_damage)
{
    struct column_context ctx;
    struct table t = {0};
    struct encoded e = {0};
    struct packed_column packed;
    for (int i = 0; i < 40; i++)
        add_row(&t, (const char *const[SOURCES]){i % 2 ? "first" : "second", "other", "third"},
                i % 2 ? "the first" : "the second");
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    ck_assert(encode(&t, &ctx, &e));
    pack_column(&ctx, &e, &packed);
    struct span head = buf_span(&e.head);
    ck_assert_uint_eq(decode(&t, &packed, head), t.rows);
    ck_assert_uint_eq(e.head.data[1], SOURCES);
    e.head.data[2] = COLUMNS;
    ck_assert_uint_eq(decode(&t, &packed, head), 0);
    e.head.data[2] = COLUMNS - 1; /* which has put out nothing */
    ck_assert_uint_eq(decode(&t, &packed, head), 0);
    e.head.data[2] = 1;
    ck_assert_uint_eq(decode(&t, &packed, head), 0);
    e.head.data[2] = 0;
    e.head.data[1] = COPIED_SOURCES + 1;
    ck_assert_uint_eq(decode(&t, &packed, head), 0);
    e.head.data[1] = SOURCES;
    e.head.data[3] = e.head.data[5];
    ck_assert_uint_eq(decode(&t, &packed, head), 0);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    buf_free(&t.bytes);
}
END_TEST

/* A number in a longer one, at every place and nowhere a whole one: given up soon, or it takes
 * hours. */
START_TEST(test_find_gives_up)
{
    enum { VALUE = 8 << 20, COPY = 4 << 20 };
    uint8_t *ones = malloc(VALUE);
    ck_assert_ptr_nonnull(ones);
    memset(ones, '1', VALUE);
    ck_assert_uint_eq(copied_find((struct span){ones, VALUE}, (struct span){ones, COPY}, 0),
                      SIZE_MAX);
    ck_assert_uint_eq(copied_find((struct span){ones, COPY}, (struct span){ones, COPY}, 0), 0);
    free(ones);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_find);
    tcase_add_test(tc, test_find_gives_up);
    tcase_add_test(tc, test_contained);
    tcase_add_test(tc, test_parts);
    tcase_add_loop_test(tc, test_random, 0, 60);
    tcase_add_test(tc, test_damage);
}

int main(void)
{
    return run_suite("copied", add_tests, 0);
}
