/*
 * test_block.c - single blocks: structured where that pays, plain where it doesn't, what is told of
 * them, and tags that were mistaken for each other.
 */
#include "base/hash.h"
#include "block_parts.h"
#include "log_generator.h"
#include "segment/block.h"
#include "segment/times.h"

struct encoded_block {
    struct buf out;
    struct block_summary summary;
    enum block_tag tag;
    struct span body;
};

static void encode(struct encoded_block *b, struct span raw, enum lgz_level level)
{
    struct column_context ctx;
    const struct extent extent = {.length = raw.len};
    const struct block_input input = {
        .raw = raw.data, .len = raw.len, .extents = &extent, .extent_count = 1};
    *b = (struct encoded_block){0};
    ck_ok(column_context_init(&ctx, level, &err));
    ck_ok(block_encode(&ctx, &input, &b->out, &b->summary, &err));
    column_context_clear(&ctx);
    struct reader r = reader_of(b->out.data, b->out.len);
    b->tag = (enum block_tag)reader_u8(&r);
    b->body = reader_bytes(&r, reader_varint(&r));
    ck_assert(!r.failed && reader_left(&r) == 0);
    ck_assert_int_eq(b->tag, b->summary.plain ? BLOCK_PLAIN : BLOCK_STRUCTURED);
    ck_assert_uint_eq(b->summary.raw_checksum, hash_bytes(raw.data, raw.len));
}

static void clear(struct encoded_block *b)
{
    block_summary_clear(&b->summary);
    buf_free(&b->out);
}

static void require_decoded(const struct encoded_block *b, struct span raw)
{
    struct buf out = {0};
    buf_append_string(&out, "before");
    ck_ok(block_decode(b->tag, b->body, &out, &err));
    ck_assert_int_eq(memcmp(out.data, "before", 6), 0);
    ck_assert(span_equal((struct span){out.data + 6, out.len - 6}, raw));
    buf_free(&out);
}

START_TEST(test_structured)
{
    struct buf text = {0};
    struct encoded_block b;
    struct template_set set;
    uint64_t lines = 0;
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "2026-03-04 05:%02d:%02d user%d logged %s\n", i / 60, i % 60, i * i % 17,
                   i % 3 ? "in" : "out");
    for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++) {
        encode(&b, buf_span(&text), (enum lgz_level)level);
        ck_assert_int_eq(b.tag, BLOCK_STRUCTURED);
        ck_assert_uint_lt(b.body.len, text.len / 10);
        ck_assert_uint_eq(b.summary.lines, 300);
        ck_assert_int_eq(b.summary.time_max - b.summary.time_min, 299 * NS_PER_SECOND);
        ck_ok(block_templates(b.body, SIZE_MAX, &set, &err));
        ck_assert_uint_eq(set.list.len, b.summary.template_counts.len);
        lines = 0;
        for (size_t t = 0; t < set.list.len; t++)
            lines += b.summary.template_counts.data[t];
        ck_assert_uint_eq(lines, 300);
        template_set_clear(&set);
        require_decoded(&b, buf_span(&text));
        clear(&b);
    }
    buf_free(&text);
}
END_TEST

/* What is opened is closed later: estimates would put the ids together, though they follow. */
START_TEST(test_arrangements)
{
    struct session {
        int id;
        unsigned address;
        unsigned port;
    } open[400];
    struct buf text = {0};
    struct encoded_block usual, best;
    uint64_t state = 1;
    size_t count = 0;
    for (int i = 0; i < 6000; i++) {
        buf_printf(&text, "2026-03-04 %02d:%02d:%02d ", 5 + i / 3600, i / 60 % 60, i % 60);
        if (count < 400 && (count == 0 || random_percent(&state, 50))) {
            struct session s = {1000 + i, (unsigned)random_next(&state),
                                (unsigned)random_below(&state, 65536)};
            open[count++] = s;
            buf_printf(&text, "open %d for 10.%u.%u/%u\n", s.id, s.address >> 24,
                       s.address >> 16 & 255, s.port);
        } else {
            size_t which = random_below(&state, count);
            struct session s = open[which];
            open[which] = open[--count];
            buf_printf(&text, "close %d for 10.%u.%u/%u bytes %zu\n", s.id, s.address >> 24,
                       s.address >> 16 & 255, s.port, random_below(&state, 100000));
        }
    }
    encode(&usual, buf_span(&text), LGZ_LEVEL_DEFAULT);
    encode(&best, buf_span(&text), LGZ_LEVEL_BEST);
    ck_assert_uint_lt(best.body.len,
                      usual.body.len + usual.body.len / 20); /* else it's 14 % more */
    require_decoded(&best, buf_span(&text));
    clear(&usual);
    clear(&best);
    buf_free(&text);
}
END_TEST

START_TEST(test_plain)
{
    struct buf noise = {0};
    struct encoded_block b;
    uint64_t state = 8;
    for (int i = 0; i < 5000; i++)
        buf_push(&noise, (uint8_t)random_next(&state));
    const struct span inputs[] = {buf_span(&noise), span_of("x"), span_of("\n"), span_of("1\n2\n")};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        encode(&b, inputs[i], LGZ_LEVEL_DEFAULT);
        ck_assert_int_eq(b.tag, BLOCK_PLAIN);
        ck_assert_uint_eq(b.summary.template_counts.len, 0);
        ck_assert_int_eq(b.summary.time_min, SEGMENT_NO_TIME);
        ck_assert_uint_le(b.out.len, inputs[i].len + inputs[i].len / 1000 + 64);
        require_decoded(&b, inputs[i]);
        clear(&b);
    }
    buf_free(&noise);
}
END_TEST

/* The body of the one kind taken for the other, and bodies of nothing. */
START_TEST(test_wrong_tag)
{
    struct buf text = {0};
    struct encoded_block b;
    struct buf raw = {0};
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "line %d\n", i);
    encode(&b, buf_span(&text), LGZ_LEVEL_DEFAULT);
    ck_assert_int_eq(b.tag, BLOCK_STRUCTURED);
    ck_assert_int_eq(block_decode(BLOCK_PLAIN, b.body, &raw, &err), LGZ_ERR_CORRUPT);
    ck_assert_uint_eq(raw.len, 0);
    clear(&b);
    encode(&b, span_of("x"), LGZ_LEVEL_DEFAULT);
    ck_assert_int_eq(block_decode(BLOCK_STRUCTURED, b.body, &raw, &err), LGZ_ERR_CORRUPT);
    ck_assert_int_eq(block_decode(BLOCK_PLAIN, (struct span){0}, &raw, &err), LGZ_ERR_CORRUPT);
    ck_assert_int_eq(block_decode(BLOCK_STRUCTURED, (struct span){0}, &raw, &err), LGZ_ERR_CORRUPT);
    ck_assert_uint_eq(raw.len, 0);
    buf_free(&raw);
    clear(&b);
    buf_free(&text);
}
END_TEST

/* A head costs a hundred times its length: that of a small body may only have some KiB. */
START_TEST(test_huge_head)
{
    for (size_t len = 64 << 10; len <= 1 << 20; len <<= 4) {
        struct block_parts parts = {.raw_len = 10 << 20, .own_frame = 1};
        struct buf body = {0};
        struct buf raw = {0};
        ck_assert(buf_reserve(&parts.head, len));
        memset(parts.head.data, 0, len);
        parts.head.len = len;
        ck_assert(block_parts_write(&parts, &body));
        ck_assert_uint_lt(body.len, 200);
        ck_assert_int_eq(block_decode(BLOCK_STRUCTURED, buf_span(&body), &raw, &err),
                         LGZ_ERR_CORRUPT);
        ck_assert_str_eq(err.message, len >> 20 ? "damaged block header" : "damaged template list");
        block_parts_free(&parts);
        buf_free(&body);
        buf_free(&raw);
    }
}
END_TEST

/* A context that encoded other blocks before encodes the next one to the same bytes. */
START_TEST(test_deterministic)
{
    struct column_context ctx;
    uint64_t seed = random_seed();
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    for (uint64_t i = 0; i < 40; i++) {
        struct buf text = {0}, out = {0};
        struct encoded_block b;
        struct block_summary summary;
        generate_log(seed + i, 6000, &text);
        const struct extent extent = {.length = text.len};
        const struct block_input input = {
            .raw = text.data, .len = text.len, .extents = &extent, .extent_count = 1};
        ck_ok(block_encode(&ctx, &input, &out, &summary, &err));
        encode(&b, buf_span(&text), LGZ_LEVEL_DEFAULT);
        ck_assert(span_equal(buf_span(&out), buf_span(&b.out)));
        block_summary_clear(&summary);
        clear(&b);
        buf_free(&text);
        buf_free(&out);
    }
    column_context_clear(&ctx);
}
END_TEST

/* Equal lines are one template and no columns, and are told of as others are. */
START_TEST(test_repeated)
{
    static const char *const lines[] = {"\n", "a\n", "2026-03-04 05:06:07 up 12\n", "x\\n\r\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct buf text = {0};
        struct encoded_block b;
        struct block_summary told = {0};
        for (int n = 0; n < 100; n++)
            buf_append_string(&text, lines[i]);
        const struct extent extent = {.length = text.len};
        block_times(
            &(struct block_input){
                .raw = text.data, .len = text.len, .extents = &extent, .extent_count = 1},
            NULL, NULL, &told);
        for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++) {
            encode(&b, buf_span(&text), (enum lgz_level)level);
            ck_assert_int_eq(b.tag, BLOCK_STRUCTURED);
            ck_assert_uint_lt(b.body.len, 60);
            ck_assert_uint_eq(b.summary.lines, 100);
            ck_assert_int_eq(b.summary.time_min, told.time_min);
            ck_assert_int_eq(b.summary.time_max, told.time_max);
            ck_assert_uint_eq(b.summary.template_counts.len, 1);
            ck_assert_uint_eq(b.summary.template_counts.data[0], 100);
            require_decoded(&b, buf_span(&text));
            clear(&b);
        }
        buf_free(&text);
    }
}
END_TEST

/* Other than equal by a byte, at either end. */
START_TEST(test_nearly_repeated)
{
    for (int i = 0; i < 3; i++) {
        struct buf text = {0};
        struct encoded_block b;
        for (int n = 0; n < 100; n++)
            buf_append_string(&text, "ab 12\n");
        if (i == 0)
            text.len--;
        else
            text.data[i == 1 ? 1 : text.len - 2] = 'c';
        encode(&b, buf_span(&text), LGZ_LEVEL_DEFAULT);
        ck_assert_uint_eq(b.summary.lines, 100);
        require_decoded(&b, buf_span(&text));
        clear(&b);
        buf_free(&text);
    }
}
END_TEST

/* A long key of very many values: it must be gone through once, or this takes minutes. */
START_TEST(test_long_key)
{
    enum { KEY = 4 << 20, ROWS = 1 << 20 };
    const bool ahead = _i == 1;
    struct block_parts p = {.raw_len = KEY + 1 + ROWS * (ahead ? 1 : 2), .own_frame = 1};
    struct buf *numbers = &p.frames[0];
    struct buf *keys = &p.frames[ahead ? 2 : 1];
    struct buf *ranks = &p.frames[ahead ? 1 : 2];
    struct buf templates = {0};
    struct buf body = {0};
    struct buf out = {0};
    uint64_t noise = 1;
    /* A line of the key and lines of a value; or values and the key in one line. */
    for (int i = 0; i < (ahead ? ROWS : 1); i++)
        buf_append_string(&templates, "\nv");
    buf_append_string(&templates, ahead ? "\nv\n\n" : "\n\n\nv\n\n");
    varint_put(&p.head, ahead ? 2 : 2 * (ROWS + 1));
    varint_put(&p.head, ahead ? 1 : 2);
    varint_put(&p.head, templates.len);
    buf_append(&p.head, templates.data, templates.len);
    buf_push(&p.head, 0);
    for (int i = 1; ahead && i < ROWS; i++)
        buf_push(&p.head, 1);
    buf_push(&p.head, 0);
    for (int i = 0; i < ROWS; i++) {
        buf_push(numbers, 1);
        buf_push(ranks, i > 0);
    }
    for (int i = 0; i < KEY; i++)
        buf_push(keys, 'k');
    buf_push(keys, '\n');
    if (ahead) {
        numbers->len = 0;
        for (int i = 0; i < 1 << 16; i++) /* left over: a head must not be too large for its body */
            buf_push(ranks, (uint8_t)random_next(&noise));
    } else {
        buf_push(numbers, 1);
        numbers->data[0] = 0;
        buf_append(&p.head, (const uint8_t *)"\x01\x00", 2);
        varint_put(&p.head, numbers->len);
        buf_push(&p.head, 1);
        varint_put(&p.head, keys->len);
    }
    buf_append(&p.head, (const uint8_t *)(ahead ? "\x07\x06\x01\x00" : "\x07\x00\x01\x00"), 4);
    varint_put(&p.head, ranks->len);
    buf_append(&p.head, (const uint8_t *)"\x00\x01v", 3);
    if (ahead) {
        buf_push(&p.head, 1);
        varint_put(&p.head, keys->len);
    }
    p.frame_count = 3;
    ck_assert(block_parts_write(&p, &body));
    /* All was decoded, but for the checksum. */
    ck_assert_int_eq(block_decode(BLOCK_STRUCTURED, buf_span(&body), &out, &err), LGZ_ERR_CORRUPT);
    ck_assert_str_eq(err.message, "decoded block doesn't match its checksum");
    block_parts_free(&p);
    buf_free(&templates);
    buf_free(&body);
    buf_free(&out);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_structured);
    tcase_add_test(tc, test_arrangements);
    tcase_add_test(tc, test_repeated);
    tcase_add_test(tc, test_nearly_repeated);
    tcase_add_test(tc, test_plain);
    tcase_add_test(tc, test_wrong_tag);
    tcase_add_test(tc, test_huge_head);
    tcase_add_test(tc, test_deterministic);
    tcase_add_loop_test(tc, test_long_key, 0, 2);
}

int main(void)
{
    return run_suite("block", add_tests, 60);
}
