/*
 * test_index.c - header, footer and trailer are read as they were written; what isn't one is told
 * apart: no segment, another version, damage.
 */
#include "base/hash.h"
#include "engine_fixture.h"
#include "segment/index.h"

START_TEST(test_header)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    segment_header_write(header);
    ck_ok(segment_header_check(header, "x", &err));
    header[7]++;
    ck_assert_int_eq(segment_header_check(header, "x", &err), LGZ_ERR_VERSION);
    header[7]--;
    for (size_t bit = 0; bit < 56; bit++) {
        header[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(segment_header_check(header, "x.logz", &err), LGZ_ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.message, "x.logz"));
        header[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
END_TEST

static void add_block(struct segment_index *index, uint64_t i)
{
    struct extent *extents = calloc(3, sizeof(*extents));
    uint64_t *counts = calloc(i % 4 + 1, sizeof(*counts));
    extents[0] = (struct extent){0, i * 1000, 10 + i, (int64_t)i};
    extents[1] = (struct extent){1, UINT64_MAX - 5000 + i, 7, INT64_MIN};
    extents[2] = (struct extent){0, 5, 3, INT64_MAX};
    for (uint64_t t = 0; t < i % 4; t++)
        counts[t] = t * i * UINT32_MAX;
    struct block_info b = {
        .stored_len = 100 + i,
        .raw_len = 20 + i,
        .raw_checksum = ~i,
        .lines = i * i,
        .time_min = i % 2 ? SEGMENT_NO_TIME : -5,
        .time_max = i % 2 ? SEGMENT_NO_TIME : INT64_MAX,
        .plain = i % 4 == 0,
        .extents = extents,
        .extent_count = 3,
        .template_counts = counts,
        .template_count = i % 4,
    };
    ck_assert(vec_push(&index->blocks, b));
}

/* What an index says of the three runs of each block, if it does. */
static void add_runs(struct segment_index *index)
{
    for (size_t i = 0; i < index->blocks.len; i++) {
        struct block_info *b = &index->blocks.data[i];
        struct block_run *runs = calloc(3, sizeof(*runs));
        ck_assert_ptr_nonnull(runs);
        runs[0] = (struct block_run){i * 3, i % 2};
        runs[1] = (struct block_run){i % 3 * 1000000, i % 3 == 0};
        runs[2] = (struct block_run){i * 7, i % 5 == 0};
        b->runs = runs;
        b->run_count = 3;
        b->lines = 0;
        for (size_t k = 0; k < 3; k++)
            b->lines += runs[k].newlines + runs[k].cut;
        b->clocks = CLOCKS_KNOWN;
        if (b->time_min != SEGMENT_NO_TIME)
            b->clocks |= i % 4 == 2 ? CLOCKS_LOCAL : CLOCKS_ZONED;
    }
}

/* Checksums of all blocks as they are stored; one of these is large. */
static void add_stored(struct segment_index *index)
{
    for (size_t i = 0; i < index->blocks.len; i++) {
        struct block_info *b = &index->blocks.data[i];
        b->stored_known = true;
        b->stored_checksum = hash_bytes(&i, sizeof(i));
    }
    struct block_info *last = &index->blocks.data[index->blocks.len - 1];
    struct extent *extents = (struct extent *)last->extents;
    extents[2].length += 1 << 20;
    last->raw_len += 1 << 20;
}

static void make_index(struct segment_index *index, uint64_t blocks)
{
    *index = (struct segment_index){.level = LGZ_LEVEL_BEST, .first_journal = 3, .last_journal = 9};
    for (uint64_t i = 0; i < 2; i++) {
        struct source s = {.id = i + 5, .name = strdup("/log/a"), .input = strdup("in")};
        ck_assert(vec_push(&index->sources, s));
    }
    for (uint64_t i = 0; i < blocks; i++)
        add_block(index, i);
}

static void require_same(const struct segment_index *a, const struct segment_index *b)
{
    ck_assert(a->level == b->level && a->first_journal == b->first_journal &&
              a->last_journal == b->last_journal);
    ck_assert_uint_eq(a->sources.len, b->sources.len);
    ck_assert_str_eq(a->sources.data[1].name, b->sources.data[1].name);
    ck_assert_uint_eq(a->blocks.len, b->blocks.len);
    uint64_t at = SEGMENT_HEADER_LEN;
    for (size_t i = 0; i < a->blocks.len; i++) {
        const struct block_info *x = &a->blocks.data[i];
        const struct block_info *y = &b->blocks.data[i];
        ck_assert_uint_eq(y->file_offset, at);
        ck_assert(x->stored_len == y->stored_len && x->raw_len == y->raw_len &&
                  x->raw_checksum == y->raw_checksum && x->lines == y->lines);
        ck_assert(x->stored_known == y->stored_known && x->stored_checksum == y->stored_checksum);
        ck_assert(x->time_min == y->time_min && x->time_max == y->time_max && x->plain == y->plain);
        ck_assert(x->clocks == y->clocks && x->run_count == y->run_count);
        for (size_t k = 0; k < x->run_count; k++)
            ck_assert(x->runs[k].newlines == y->runs[k].newlines &&
                      x->runs[k].cut == y->runs[k].cut);
        ck_assert(x->extent_count == y->extent_count && x->template_count == y->template_count);
        for (size_t k = 0; k < x->extent_count; k++)
            ck_assert(x->extents[k].source == y->extents[k].source &&
                      x->extents[k].offset == y->extents[k].offset &&
                      x->extents[k].length == y->extents[k].length &&
                      x->extents[k].read_time == y->extents[k].read_time);
        for (size_t k = 0; k < x->template_count; k++)
            ck_assert_uint_eq(x->template_counts[k], y->template_counts[k]);
        at += x->stored_len;
    }
}

/* Few blocks are stored as they are, many are packed. */
START_TEST(test_footer)
{
    static const uint64_t blocks[] = {0, 1, 400, 1, 400, 1, 400};
    const bool with_runs = _i >= 3;
    const bool with_stored = _i >= 5;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct segment_index index, again;
    struct buf out = {0};
    uint64_t checksum, len;
    make_index(&index, blocks[_i]);
    if (with_runs)
        add_runs(&index);
    if (with_stored)
        add_stored(&index);
    buf_append_string(&out, "in front");
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    const uint8_t *trailer = out.data + out.len - SEGMENT_TRAILER_LEN;
    ck_ok(segment_trailer_read(trailer, "x", &checksum, &len, &err));
    ck_assert_uint_eq(len, out.len - 8 - SEGMENT_TRAILER_LEN);
    struct span footer = {out.data + 8, len};
    ck_ok(segment_footer_read(footer, checksum, "x", &again, &err));
    require_same(&index, &again);
    segment_index_clear(&again);
    ck_assert_int_eq(segment_footer_read(footer, checksum + 1, "x", &again, &err), LGZ_ERR_CORRUPT);
    for (size_t cut = 0; cut < len; cut++) {
        footer.len = cut;
        checksum = hash_bytes(footer.data, cut);
        ck_assert_int_eq(segment_footer_read(footer, checksum, "x", &again, &err), LGZ_ERR_CORRUPT);
    }
    out.data[out.len - 1] ^= 1;
    ck_assert_int_eq(segment_trailer_read(trailer, "x", &checksum, &len, &err), LGZ_ERR_CORRUPT);
    segment_index_clear(&index);
    buf_free(&out);
    ZSTD_freeCCtx(zstd);
}
END_TEST

START_TEST(test_ids)
{
    static const uint64_t wrong[][2] = {{0, 5}, {5, 0}, {7, 7}};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct segment_index index, again;
        struct buf out = {0};
        make_index(&index, 1);
        index.sources.data[0].id = wrong[i][0];
        index.sources.data[1].id = wrong[i][1];
        ck_ok(segment_footer_write(&index, zstd, &out, &err));
        struct span footer = {out.data, out.len - SEGMENT_TRAILER_LEN};
        ck_assert_int_eq(
            segment_footer_read(footer, hash_bytes(footer.data, footer.len), "x", &again, &err),
            LGZ_ERR_CORRUPT);
        segment_index_clear(&index);
        buf_free(&out);
    }
    ZSTD_freeCCtx(zstd);
}
END_TEST

/* The index's bytes: rules of the two sources. */
static void add_rules(struct segment_index *index)
{
    static char start[] = "^start", format[] = "(?<a>.)", none[] = "";
    const struct rules rules[] = {{start, none}, {none, format}};
    const struct rules_run list[] = {{0, 1, 7}, {0, 2, 9}, {1, 2, 0}};
    uint32_t number;
    for (size_t i = 0; i < 2; i++)
        ck_ok(rules_table_add(&index->rules, &rules[i], &number, &err));
    for (size_t i = 0; i < 3; i++)
        ck_ok(rules_runs_add(&index->rules_runs, &list[i], &err));
}

START_TEST(test_rules)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct segment_index index, again;
    struct buf out = {0}, plain = {0};
    uint64_t end;
    make_index(&index, 3);
    ck_ok(segment_footer_write(&index, zstd, &plain, &err));
    add_rules(&index);
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    struct span footer = {out.data, out.len - SEGMENT_TRAILER_LEN};
    ck_ok(segment_footer_read(footer, hash_bytes(footer.data, footer.len), "x", &again, &err));
    require_same(&index, &again);
    ck_assert_uint_eq(again.rules.list.len, 2);
    ck_assert_str_eq(again.rules.list.data[1].format, "(?<a>.)");
    ck_assert_uint_eq(rules_runs_at(&again.rules_runs, 0, 8, &end), 1);
    ck_assert_uint_eq(rules_runs_at(&again.rules_runs, 1, 0, &end), 2);
    segment_index_clear(&again);
    /* Whatever is in the bytes, it's read as something sound or refused. */
    for (size_t i = 0; i < footer.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            out.data[i] ^= (uint8_t)(1 << bit);
            if (segment_footer_read(footer, hash_bytes(footer.data, footer.len), "x", &again,
                                    &err) == LGZ_OK) {
                for (size_t k = 0; k < again.rules_runs.list.len; k++) {
                    const struct rules_run *run = &again.rules_runs.list.data[k];
                    ck_assert(run->source < again.sources.len);
                    ck_assert(run->rules <= again.rules.list.len);
                    ck_assert(k == 0 || run[-1].source < run->source ||
                              (run[-1].source == run->source && run[-1].offset < run->offset));
                }
                segment_index_clear(&again);
            }
            out.data[i] ^= (uint8_t)(1 << bit);
        }
    }
    /* Without runs nothing is written. */
    index.rules_runs.list.len = 0;
    buf_clear(&out);
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    ck_assert(span_equal(buf_span(&out), buf_span(&plain)));
    segment_index_clear(&index);
    buf_free(&out);
    buf_free(&plain);
    ZSTD_freeCCtx(zstd);
}
END_TEST

/* Nothing is said of a single small block, or where a checksum isn't known. */
START_TEST(test_stored)
{
    const size_t count = (size_t)_i + 1;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct segment_index index;
    struct buf plain = {0}, out = {0};
    make_index(&index, count);
    ck_ok(segment_footer_write(&index, zstd, &plain, &err));
    for (size_t i = 0; i < count; i++)
        index.blocks.data[i].stored_known = true;
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    ck_assert(span_equal(buf_span(&out), buf_span(&plain)) == (count == 1));
    buf_clear(&out);
    index.blocks.data[0].stored_known = false;
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    ck_assert(span_equal(buf_span(&out), buf_span(&plain)));
    buf_clear(&out);
    add_stored(&index);
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    ck_assert_uint_gt(out.len, plain.len);
    segment_index_clear(&index);
    buf_free(&out);
    buf_free(&plain);
    ZSTD_freeCCtx(zstd);
}
END_TEST

/* Damaged runs are refused, or say something sound. */
START_TEST(test_runs)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct segment_index index, again;
    struct buf out = {0};
    make_index(&index, 4);
    add_runs(&index);
    ck_ok(segment_footer_write(&index, zstd, &out, &err));
    struct span footer = {out.data, out.len - SEGMENT_TRAILER_LEN};
    for (size_t i = 0; i < footer.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            out.data[i] ^= (uint8_t)(1 << bit);
            if (segment_footer_read(footer, hash_bytes(footer.data, footer.len), "x", &again,
                                    &err) == LGZ_OK) {
                for (size_t k = 0; k < again.blocks.len; k++) {
                    const struct block_info *b = &again.blocks.data[k];
                    uint64_t lines = 0;
                    for (size_t r = 0; r < b->run_count; r++)
                        lines += b->runs[r].newlines + b->runs[r].cut;
                    ck_assert(b->run_count == 0 || lines == b->lines);
                }
                segment_index_clear(&again);
            }
            out.data[i] ^= (uint8_t)(1 << bit);
        }
    }
    segment_index_clear(&index);
    buf_free(&out);
    ZSTD_freeCCtx(zstd);
}
END_TEST

/* Sections behind the blocks of an index without any: refused as damage, or as a newer one's. */
START_TEST(test_sections)
{
    static const struct {
        const char *bytes;
        size_t len;
        int code;
    } cases[] = {
        {"\x3f\x03"
         "abc",
         5, LGZ_OK},
        {"\x02\x01\x00", 3, LGZ_ERR_CORRUPT}, /* of no blocks */
        {"\x41\x00", 2, LGZ_ERR_VERSION},
        {"\x40\x09\x07"
         "checksum",
         11, LGZ_OK},
        {"\x40\x09\x00"
         "checksum",
         11, LGZ_ERR_CORRUPT}, /* a part of no bytes */
        {"\x40\x08\x07"
         "checksu",
         10, LGZ_ERR_CORRUPT},
        {"\x40\x09\x07"
         "checksum\x40\x09\x07"
         "checksum",
         22, LGZ_ERR_CORRUPT}, /* two */
        {"\x01\x00", 2, LGZ_ERR_CORRUPT},
        {"\x01\x02\x00\x00", 4, LGZ_OK},
        {"\x01\x03\x00\x00\x00", 5, LGZ_ERR_CORRUPT},         /* a byte is left */
        {"\x01\x05\x00\x01\x00\x00\x01", 7, LGZ_ERR_CORRUPT}, /* no such rules */
        {"\x01\x08\x01\x01"
         "a\x00\x01\x00\x00\x01",
         10, LGZ_OK},
        {"\x01\x08\x01\x01"
         "a\x00\x01\x02\x00\x01",
         10, LGZ_ERR_CORRUPT}, /* no such source */
        {"\x01\x0b\x01\x01"
         "a\x00\x02\x00\x00\x01\x00\x00\x00",
         13, LGZ_ERR_CORRUPT}, /* twice */
        {"\x01\x08\x01\x01"
         "a\x00\x01\x00\x00\x01\x01\x08\x01\x01"
         "a\x00\x01\x00\x00\x01",
         20, LGZ_ERR_CORRUPT}, /* two sections */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct segment_index again;
        struct buf body = {0}, footer = {0};
        /* Level, journals, two sources with neither name nor more, no blocks. */
        buf_append(&body, "\x01\x00\x02\x05\x00\x00\x06\x00\x00\x00", 10);
        buf_append(&body, cases[i].bytes, cases[i].len);
        buf_push(&footer, SEGMENT_FOOTER);
        varint_put(&footer, body.len + 1);
        varint_put(&footer, body.len);
        buf_append(&footer, body.data, body.len);
        int code = segment_footer_read(buf_span(&footer), hash_bytes(footer.data, footer.len), "x",
                                       &again, &err);
        ck_assert_msg(code == cases[i].code, "case %zu: %d", i, code);
        if (code == LGZ_OK)
            segment_index_clear(&again);
        buf_free(&body);
        buf_free(&footer);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_header);
    tcase_add_loop_test(tc, test_footer, 0, 7);
    tcase_add_test(tc, test_ids);
    tcase_add_test(tc, test_rules);
    tcase_add_test(tc, test_runs);
    tcase_add_loop_test(tc, test_stored, 0, 2);
    tcase_add_test(tc, test_sections);
}

int main(void)
{
    return run_suite("index", add_tests, 60);
}
