/*
 * test_keyed.c - values that follow from a key: what is encoded comes back, whatever the keys are,
 * and it is small where they tell the values.
 */
#include "column/keyed.h"

#include "column_fixture.h"
#include "suite.h"

enum { ROWS = 3000, COLUMNS = 2 };

struct table {
    struct buf bytes; /* what is put out: key, value, key, value, ... */
    struct text_ref keys[ROWS];
    struct text_ref values[ROWS];
    size_t rows;
};

static struct text_ref put(struct buf *out, const char *text)
{
    struct text_ref ref = {(uint32_t)out->len, (uint32_t)strlen(text)};
    buf_append_string(out, text);
    return ref;
}

static struct span at(const struct table *t, struct text_ref ref)
{
    return (struct span){t->bytes.data + ref.at, ref.len};
}

static void add_row(struct table *t, const char *key, const char *value)
{
    t->keys[t->rows] = put(&t->bytes, key);
    t->values[t->rows++] = put(&t->bytes, value);
}

/* Whose keys: the key column's, the values' own, chained ones, or the key column's ahead. */
enum key_kind { OF_KEY, OF_SELF, OF_CHAIN, OF_ROW };

static bool encode(const struct table *t, enum key_kind kind, size_t *others, struct encoded *e,
                   struct column_context *ctx)
{
    static uint64_t keys[ROWS];
    struct text_values values = {t->bytes.data, t->values, t->rows};
    for (size_t i = 0; i < t->rows; i++)
        keys[i] = keyed_hash(kind != OF_SELF ? at(t, t->keys[i])
                             : i             ? at(t, t->values[i - 1])
                                             : (struct span){(const uint8_t *)"", 0});
    const struct keyed_by by = {kind == OF_SELF, kind == OF_ROW, kind == OF_CHAIN};
    if (kind == OF_CHAIN && !keyed_chain(keys, &values, others))
        return false;
    return keyed_encode(e, ctx, &values, keys, &by, others);
}

/* Decodes as a block does: each value is put out before the next one is asked for. */
static size_t decode_beside(const struct table *t, struct packed_column *packed, struct span head,
                            const struct text_encoding *of_keys)
{
    struct span key;
    struct text_column keys = {.count = 1, .batch = {.values = &key}, .encoding = of_keys};
    struct text_column *const block[COLUMNS] = {of_keys ? &keys : NULL, NULL};
    struct stream_reader *streams = new_streams();
    struct reader r = reader_of(head.data, head.len);
    struct text_column *c = NULL;
    struct span last[COLUMNS] = {{(const uint8_t *)"", 0}, {(const uint8_t *)"", 0}};
    uint8_t *out = calloc(1, t->bytes.len + SLACK);
    size_t len = 0;
    size_t good = 0;
    struct span value;
    ck_assert_ptr_nonnull(out);
    if (text_parse(&c, &r, streams, 0, &err) == LGZ_OK) {
        place_streams(streams, packed);
        if (text_open(c, streams, t->bytes.len, &err) == LGZ_OK) {
            c->batch.last = last;
            c->batch.columns = COLUMNS;
            c->batch.self = &last[1];
            c->batch.block = block;
            c->batch.ahead = text_row_key(c) != TEXT_NO_COLUMN;
            for (; good < t->rows; good++) {
                key = at(t, t->keys[good]);
                keys.batches++;
                if (!c->batch.ahead)
                    last[0] = key;
                if (!text_take(c, &value) || !span_equal(value, at(t, t->values[good])))
                    break;
                slack_copy(out + len, value.data, value.len);
                last[1] = (struct span){out + len, value.len};
                len += value.len;
            }
            /* Without a stream, a column goes on for ever. */
            if (good == t->rows && packed->frames.len)
                good += text_take(c, &value);
        }
    }
    text_free(c);
    stream_reader_free(streams);
    free(out);
    return good;
}

static size_t decode(const struct table *t, struct packed_column *packed, struct span head)
{
    return decode_beside(t, packed, head, &text_raw);
}

/* @return bytes of the encoded column, or 0 if it was declined */
static size_t round_trip(const struct table *t, enum key_kind kind)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    size_t others = ROWS;
    size_t size = 0;
    ck_assert(!t->bytes.failed);
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_BEST, &err));
    if (encode(t, kind, &others, &e, &ctx)) {
        pack_column(&ctx, &e, &packed);
        size = e.head.len + packed.frames.len;
        ck_assert_uint_eq(decode(t, &packed, buf_span(&e.head)), t->rows);
        free_packed(&packed);
    }
    encoded_clear(&e);
    column_context_clear(&ctx);
    return size;
}

START_TEST(test_follows)
{
    struct table t = {0};
    uint64_t state = 11;
    char key[32], value[32];
    for (int i = 0; i < ROWS; i++) {
        uint64_t k = random_below(&state, 100);
        snprintf(key, sizeof(key), "key%llu", (unsigned long long)k);
        snprintf(value, sizeof(value), "%llu", (unsigned long long)(k * 7919 * 104729 % 1000003));
        add_row(&t, key, value);
    }
    /* A hundred values, and nothing else. */
    size_t size = round_trip(&t, OF_KEY);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_lt(size, 700);
    buf_free(&t.bytes);
}
END_TEST

START_TEST(test_own_key)
{
    static const char *const circle[] = {"start", "check", "work", "end", "sleep"};
    struct table t = {0};
    for (int i = 0; i < ROWS; i++)
        add_row(&t, "", circle[i % 5]);
    ck_assert_uint_lt(round_trip(&t, OF_SELF), 100);
    buf_free(&t.bytes);
}
END_TEST

/* Many go around in circles, each at its own pace: what follows is known, but for who goes on. */
START_TEST(test_chained)
{
    static const char *const circle[] = {"start", "check", "work", "end", "sleep"};
    struct table t = {0};
    uint64_t state = 3;
    size_t steps[50] = {0};
    char key[16];
    for (int i = 0; i < ROWS; i++) {
        size_t who = random_below(&state, 50);
        snprintf(key, sizeof(key), "%zu", who);
        add_row(&t, key, circle[steps[who]++ % 5]);
    }
    ck_assert_uint_lt(round_trip(&t, OF_CHAIN), 200);
    buf_free(&t.bytes);
}
END_TEST

/* Keys that tell nothing, empty keys and values, long values, lists that overflow. */
START_TEST(test_random)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct table t = {0};
    char key[16], value[80];
    size_t rows = 16 + random_below(&state, ROWS - 16); /* those of fewer are never keyed */
    size_t keys = 1 + random_below(&state, 50);
    size_t values = 1 + random_below(&state, 50);
    for (size_t i = 0; i < rows; i++) {
        uint64_t v = random_below(&state, values);
        snprintf(key, sizeof(key), "%.*s", (int)random_below(&state, 3) * 3, "abcdef");
        key[0] = (char)('a' + random_below(&state, keys));
        snprintf(value, sizeof(value), "%0*llu", (int)(v % 70), (unsigned long long)v);
        add_row(&t, key, v ? value : "");
    }
    round_trip(&t, OF_KEY);
    round_trip(&t, OF_SELF);
    round_trip(&t, OF_CHAIN);
    round_trip(&t, OF_ROW);
    buf_free(&t.bytes);
}
END_TEST

/* Nothing follows, or too much for a reader's tables: declined, and nothing is left behind. */
START_TEST(test_declined)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct table t = {0};
    char value[32];
    size_t others = ROWS;
    for (int i = 0; i < ROWS; i++) {
        snprintf(value, sizeof(value), "%d", i);
        add_row(&t, "k", value);
    }
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    ck_assert(!encode(&t, OF_KEY, &others, &e, &ctx));
    ck_assert(!e.head.len && !e.streams.len && others == ROWS);
    t.rows = 100;
    others = 99;
    ck_assert(!encode(&t, OF_KEY, &others, &e, &ctx));
    others = 100;
    ck_assert(encode(&t, OF_KEY, &others, &e, &ctx));
    ck_assert_uint_eq(others, 0);
    encoded_clear(&e);
    column_context_clear(&ctx);
    buf_free(&t.bytes);
}
END_TEST

/* Ranks past a list's end, a key column that isn't there: an error, never another value. */
START_TEST(test_damage)
{
    struct column_context ctx;
    struct table t = {0};
    struct encoded e = {0};
    struct packed_column packed;
    size_t others = ROWS;
    for (int i = 0; i < 20; i++)
        add_row(&t, i % 2 ? "odd" : "even", i % 2 ? "one" : "two");
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    ck_assert(encode(&t, OF_KEY, &others, &e, &ctx));
    pack_column(&ctx, &e, &packed);
    ck_assert_uint_eq(decode(&t, &packed, buf_span(&e.head)), t.rows);
    e.head.data[1] = 4 * COLUMNS;
    ck_assert_uint_eq(decode(&t, &packed, buf_span(&e.head)), 0);
    e.head.data[1] = 4 * COLUMNS + 1;
    ck_assert_uint_eq(decode(&t, &packed, buf_span(&e.head)), 0);
    e.head.data[1] = 1;
    ck_assert_uint_lt(decode(&t, &packed, buf_span(&e.head)), t.rows);
    e.head.data[1] = 4;
    ck_assert_uint_lt(decode(&t, &packed, buf_span(&e.head)), t.rows);
    /* Ahead: in a column that isn't there, of time stamps, in step. */
    e.head.data[1] = 2;
    ck_assert_uint_eq(decode(&t, &packed, buf_span(&e.head)), t.rows);
    ck_assert_uint_eq(decode_beside(&t, &packed, buf_span(&e.head), NULL), 0);
    ck_assert_uint_eq(decode_beside(&t, &packed, buf_span(&e.head), &text_keyed), 0);
    e.head.data[1] = 4 * COLUMNS + 2;
    ck_assert_uint_eq(decode(&t, &packed, buf_span(&e.head)), 0);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    buf_free(&t.bytes);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_follows);
    tcase_add_test(tc, test_own_key);
    tcase_add_test(tc, test_chained);
    tcase_add_loop_test(tc, test_random, 0, 40);
    tcase_add_test(tc, test_declined);
    tcase_add_test(tc, test_damage);
}

int main(void)
{
    return run_suite("keyed", add_tests, 0);
}
