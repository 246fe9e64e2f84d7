/*
 * test_filters.c - the filters of a segment's blocks: what is in a block isn't denied, what isn't
 * in any mostly is; through a pipe nothing is seen of them; damage of theirs is found.
 */
#include <zstd.h>

#include "base/hash.h"
#include "engine_fixture.h"
#include "segment/filter_build.h"
#include "segment/filters.h"
#include "segment/index.h"
#include "segment/verify.h"
#include "segment/writer.h"
#include "segment_fixture.h"

enum { LINES = 2000, BLOCK = 16 << 10 };

static void put_text(struct buf *text)
{
    uint64_t state = 7;
    for (int i = 0; i < LINES; i++)
        buf_printf(text, "2026-11-05 12:%02d:%02d request %016llx of 10.0.%d.7 took %d ms\n",
                   i / 60 % 60, i % 60, (unsigned long long)random_next(&state), i / 8, i % 90);
}

static void put_segment(struct span text, enum filtering filtered, struct buf *packed)
{
    struct segment_writer *w;
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .block_size = BLOCK, .filtered = filtered};
    const struct source source = {.id = 1, .name = (char *)"x.log", .input = (char *)""};
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, packed, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    ck_ok(segment_writer_append(w, index, 0, 0, text.data, text.len, &err));
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
}

static bool may_hold(const struct segment_filters *f, size_t block, struct span text)
{
    struct need need = {0};
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, span_of("no such text at all"), false, &err));
    ck_ok(need_add_string(&need, text, false, &err));
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, text, true, &err));
    bool may = segment_filters_may_hold(f, block, &need);
    need_clear(&need);
    return may;
}

/* Each line is only in its block: there it isn't denied, in others it mostly is. */
START_TEST(test_blocks)
{
    struct buf text = {0}, packed = {0};
    struct segment *s;
    struct segment_filters *f;
    size_t wrong = 0;
    size_t asked = 0;
    put_text(&text);
    put_segment(buf_span(&text), FILTER_WHOLE, &packed);
    put_file(buf_span(&packed));
    ck_ok(segment_open(&s, path, &err));
    ck_ok(segment_filters_open(&f, s, &err));
    ck_assert_ptr_nonnull(f);
    const struct segment_info *info = segment_info(s);
    ck_assert_uint_gt(info->filter_bytes, 0);
    ck_assert_uint_gt(info->index_bytes, info->filter_bytes);
    ck_assert_uint_gt(segment_block_count(s), 4);
    uint64_t start = 0;
    for (size_t b = 0; b < segment_block_count(s); b++) {
        const uint64_t end = start + segment_block(s, b)->raw_len;
        for (const uint8_t *line = text.data; line < text.data + text.len;) {
            const size_t at = (size_t)(line - text.data);
            const size_t len = (size_t)((uint8_t *)memchr(line, '\n', text.len - at) - line);
            bool may = may_hold(f, b, (struct span){line, len});
            if (at >= start && at < end)
                ck_assert_msg(may, "block %zu denies '%.*s'", b, (int)len, (const char *)line);
            else
                wrong += may;
            asked++;
            line += len + 1;
        }
        start = end;
    }
    ck_assert_uint_lt(wrong, asked / 50);
    ck_assert(segment_filters_may_hold(f, 0, &(struct need){0}));
    ck_assert(may_hold(NULL, 0, span_of("nothing is known")));
    ck_ok(segment_verify(s, &(struct worker){0}, &err));
    segment_filters_free(f);
    segment_close(s);
    buf_free(&text);
    buf_free(&packed);
}
END_TEST

/* 2 % at most, beside a footer of a usual length; and none at all where none is wanted. */
START_TEST(test_share)
{
    struct buf text = {0}, packed = {0}, bare = {0};
    struct segment *s;
    struct segment_filters *f;
    for (int i = 0; i < 20; i++)
        put_text(&text);
    put_segment(buf_span(&text), FILTER_SHARE, &packed);
    put_segment(buf_span(&text), FILTER_NONE, &bare);
    ck_assert_uint_gt(packed.len, bare.len);
    ck_assert_uint_le(packed.len, bare.len + bare.len / 50 + 32);
    put_file(buf_span(&bare));
    ck_ok(segment_open(&s, path, &err));
    ck_ok(segment_filters_open(&f, s, &err));
    ck_assert_ptr_null(f);
    ck_assert_uint_eq(segment_info(s)->filter_bytes, 0);
    segment_close(s);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&bare);
}
END_TEST

enum { BLOCKS = 3, SOME_LINES = 300 };

/* A filter with all planes that there may be, of different ids for each seed. */
static void make_filter(struct filter *filter, uint64_t seed, struct buf *text)
{
    struct text_parts parts = {0};
    for (int i = 0; i < SOME_LINES; i++)
        buf_printf(text, "request %016llx took %d ms\n", (unsigned long long)random_next(&seed), i);
    ck_assert(text_parts_collect_raw(&parts, buf_span(text)));
    ck_assert(filter_build(filter, &parts, text->data, text->len));
    text_parts_clear(&parts);
}

/* Does the filter pass each line of its text? */
static void require_lines(const struct filter *made, const struct buf *text)
{
    struct buf bytes = {0};
    struct filter filter;
    filter_write(made, &bytes);
    ck_ok(filter_read(&filter, buf_span(&bytes), &err));
    for (size_t at = 0, end; at < text->len; at = end + 1) {
        end = (size_t)((uint8_t *)memchr(text->data + at, '\n', text->len - at) - text->data);
        const struct need_string line = {{text->data + at, end - at}, false};
        ck_assert(filter_may_hold(&filter, &line));
    }
    filter_clear(&filter);
    buf_free(&bytes);
}

/* Whatever is left out so that filters are small enough, they deny nothing; the block that takes
   longest to search keeps most. */
START_TEST(test_trim)
{
    struct filter filters[BLOCKS];
    struct buf text[BLOCKS] = {{0}}, part = {0};
    const struct block_info blocks[BLOCKS] = {
        {.stored_len = 1000}, {.stored_len = 10000000}, {.stored_len = 100000}};
    size_t all = 0;
    bool some = false;
    for (unsigned i = 0; i < BLOCKS; i++) {
        make_filter(&filters[i], i + 1, &text[i]);
        all += filter_size(&filters[i]);
    }
    for (size_t most = all; most > 0; most = most * 7 / 8) {
        buf_clear(&part);
        ck_ok(filters_write(filters, blocks, BLOCKS, most, &part, &err));
        size_t sizes[BLOCKS];
        for (unsigned i = 0; i < BLOCKS; i++) {
            sizes[i] = filter_size(&filters[i]);
            require_lines(&filters[i], &text[i]);
        }
        ck_assert_uint_le(sizes[0] + sizes[1] + sizes[2], most);
        if (most > 100) { /* what is left otherwise are empty sets */
            ck_assert_uint_ge(sizes[1], sizes[2]);
            ck_assert_uint_ge(sizes[2], sizes[0]);
        }
        some |= sizes[1] > 2 * sizes[0];
    }
    ck_assert(some);
    ck_assert_uint_eq(part.len, 0); /* no byte is left */
    for (unsigned i = 0; i < BLOCKS; i++) {
        filter_clear(&filters[i]);
        buf_free(&text[i]);
    }
    buf_free(&part);
}
END_TEST

/* Through a pipe, two segments one behind the other. */
START_TEST(test_pipe)
{
    struct buf text = {0}, packed = {0}, out = {0};
    put_text(&text);
    put_segment(buf_span(&text), FILTER_WHOLE, &packed);
    put_segment(buf_span(&text), FILTER_SHARE, &packed);
    for (size_t step = 1; step < packed.len; step = step * 30 + 1) {
        buf_clear(&out);
        ck_ok(decompress_text(buf_span(&packed), step, &out));
        ck_assert_uint_eq(out.len, 2 * text.len);
        ck_assert_mem_eq(out.data, text.data, text.len);
        ck_assert_mem_eq(out.data + text.len, text.data, text.len);
    }
    buf_free(&text);
    buf_free(&packed);
    buf_free(&out);
}
END_TEST

/* Where the filters are in a segment. */
static struct span find_part(const struct buf *packed, struct segment_index *index)
{
    uint64_t checksum, len;
    const uint8_t *trailer = packed->data + packed->len - SEGMENT_TRAILER_LEN;
    ck_ok(segment_trailer_read(trailer, "x", &checksum, &len, &err));
    ck_ok(segment_footer_read((struct span){trailer - len, len}, checksum, "x", index, &err));
    return (struct span){trailer - len - index->filters_len, index->filters_len};
}

/* A byte of theirs is another one: blocks can be read, but nothing is left out. */
START_TEST(test_damage)
{
    struct buf text = {0}, packed = {0}, out = {0};
    struct segment_index index;
    put_text(&text);
    put_segment(buf_span(&text), FILTER_SHARE, &packed);
    const struct span part = find_part(&packed, &index);
    uint8_t *bytes = packed.data + (part.data - packed.data);
    for (size_t i = 0; i < part.len; i += 1 + part.len / 60) {
        struct segment *s;
        struct segment_filters *f;
        bytes[i] ^= 0x10;
        put_file(buf_span(&packed));
        ck_ok(segment_open(&s, path, &err));
        ck_assert_int_eq(segment_filters_open(&f, s, &err), LGZ_ERR_CORRUPT);
        ck_assert_ptr_null(f);
        ck_assert_int_eq(segment_verify(s, &(struct worker){0}, &err), LGZ_ERR_CORRUPT);
        buf_clear(&out);
        ck_ok(segment_read_block(s, 0, &out, &err));
        segment_close(s);
        buf_clear(&out);
        ck_assert_int_eq(decompress_text(buf_span(&packed), SIZE_MAX, &out), LGZ_ERR_CORRUPT);
        bytes[i] ^= 0x10;
    }
    segment_index_clear(&index);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&out);
}
END_TEST

/* Somebody wrote other bytes with a checksum that fits: an error or an answer. */
START_TEST(test_forged)
{
    uint64_t state = random_seed();
    struct buf text = {0}, packed = {0};
    struct segment_index index;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    put_text(&text);
    put_segment(buf_span(&text), FILTER_SHARE, &packed);
    const struct span part = find_part(&packed, &index);
    const size_t start = (size_t)(part.data - packed.data);
    for (int round = 0; round < 200; round++) {
        struct segment *s;
        struct segment_filters *f;
        struct buf forged = {0};
        buf_append(&forged, packed.data, start + part.len);
        for (int i = 0; i <= round % 3; i++)
            forged.data[start + random_below(&state, round % 2 ? 40 : part.len)] =
                (uint8_t)random_next(&state);
        index.filters_checksum = hash_bytes(forged.data + start, part.len);
        ck_ok(segment_footer_write(&index, zstd, &forged, &err));
        put_file(buf_span(&forged));
        ck_ok(segment_open(&s, path, &err));
        int code = segment_filters_open(&f, s, &err);
        ck_assert(code == LGZ_OK || code == LGZ_ERR_CORRUPT);
        for (size_t b = 0; b < segment_block_count(s) && f; b++)
            may_hold(f, b, span_of("request 0123456789abcdef of 10.0.77.7 took 12345678901234"));
        segment_filters_free(f);
        segment_close(s);
        buf_free(&forged);
    }
    segment_index_clear(&index);
    ZSTD_freeCCtx(zstd);
    buf_free(&text);
    buf_free(&packed);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_path, remove_path);
    tcase_add_test(tc, test_blocks);
    tcase_add_test(tc, test_share);
    tcase_add_test(tc, test_trim);
    tcase_add_test(tc, test_pipe);
    tcase_add_test(tc, test_damage);
    tcase_add_test(tc, test_forged);
}

int main(void)
{
    return run_suite("filters", add, 0);
}
