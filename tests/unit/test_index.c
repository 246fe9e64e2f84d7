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
        ck_assert(x->time_min == y->time_min && x->time_max == y->time_max && x->plain == y->plain);
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
    static const uint64_t blocks[] = {0, 1, 400};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct segment_index index, again;
    struct buf out = {0};
    uint64_t checksum, len;
    make_index(&index, blocks[_i]);
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

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_header);
    tcase_add_loop_test(tc, test_footer, 0, 3);
    tcase_add_test(tc, test_ids);
}

int main(void)
{
    return run_suite("index", add_tests, 60);
}
