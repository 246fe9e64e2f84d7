/*
 * test_reader.c - opening what is and what isn't a segment, what it says of itself, its templates.
 */
#include <errno.h>
#include <sys/stat.h>

#include "segment/line_templates.h"
#include "segment/verify.h"
#include "segment_fixture.h"

static void put_segment(struct span text, size_t block_size)
{
    struct buf packed = {0};
    struct lgz_options options;
    lgz_options_default(&options);
    options.block_size = block_size;
    compress_text(&options, text, &packed);
    put_file(buf_span(&packed));
    buf_free(&packed);
}

START_TEST(test_no_segments)
{
    struct segment *s;
    ck_assert_int_eq(segment_open(&s, "/nonexistent/x.logz", &err), LGZ_ERR_IO);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(segment_open(&s, "/tmp", &err), LGZ_ERR_FORMAT);
    ck_assert_int_eq(segment_open(&s, path, &err), LGZ_ERR_FORMAT);
    put_file(span_of("plain text, and more than a header of it"));
    ck_assert_int_eq(segment_open(&s, path, &err), LGZ_ERR_FORMAT);
    put_file(span_of("\x89LOGZ\r\n\x02 and so on, from a later version"));
    ck_assert_int_eq(segment_open(&s, path, &err), LGZ_ERR_VERSION);
    put_file(span_of("\x89LOGZ\r\n\x01"));
    ck_assert_int_eq(segment_open(&s, path, &err), LGZ_ERR_CORRUPT);
    segment_close(NULL);
}
END_TEST

START_TEST(test_times)
{
    struct segment *s;
    put_segment(span_of("2026-03-04T05:06:09Z b\nno stamp\n2026-03-04T05:06:07Z a\n"), 0);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_int_eq(segment_info(s)->time_min, INT64_C(1772600767) * NS_PER_SECOND);
    ck_assert_int_eq(segment_info(s)->time_max, INT64_C(1772600769) * NS_PER_SECOND);
    ck_assert_uint_eq(segment_info(s)->lines, 3);
    ck_assert_int_eq(segment_info(s)->level, LGZ_LEVEL_DEFAULT);
    segment_close(s);
    put_segment(span_of("no stamp at all"), 0);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_int_eq(segment_info(s)->time_min, SEGMENT_NO_TIME);
    ck_assert_int_eq(segment_info(s)->time_max, SEGMENT_NO_TIME);
    ck_assert_uint_eq(segment_info(s)->lines, 1);
    ck_ok(segment_verify(s, &(struct worker){0}, &err));
    segment_close(s);
}
END_TEST

/* Each has its count, and the lines of no template are counted as well. */
START_TEST(test_templates)
{
    static const char words[][4] = {"ab", "cd", "ef", "gh", "ij", "kl", "mn", "op", "qr"};
    struct buf text = {0};
    struct segment *s;
    struct line_templates templates = {0};
    uint64_t state = 3, lines = 0, sessions = 0;
    for (int i = 0; i < 400; i++) {
        buf_printf(&text, "session %d opened for user u%d by the service of %d\n", i, i % 7, i % 3);
        if (i < 30)
            buf_printf(&text, "disk %d is full\n", i);
        for (size_t n = 2 + random_below(&state, 12); n && i % 2; n--)
            buf_printf(&text, "%s%c", words[random_below(&state, 9)],
                       " ,;:=|"[random_below(&state, 6)]);
        buf_append_string(&text, i % 2 ? "\n" : "");
    }
    put_segment(buf_span(&text), 0);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_uint_eq(segment_block_count(s), 1);
    ck_assert(!segment_block(s, 0)->plain);
    ck_ok(segment_line_templates(s, 0, &templates, &err));
    ck_assert_uint_ge(templates.set.list.len, 3);
    ck_assert_uint_eq(templates.set.list.len, segment_block(s, 0)->template_count);
    for (size_t i = 0; i < templates.set.list.len; i++) {
        const struct template_name *name = &templates.names[i];
        const uint64_t count = segment_block(s, 0)->template_counts[i];
        ck_assert_uint_ne(name->id, 0);
        if (span_equal(name->text,
                       span_of("session <*> opened for user <*> by the service of <*>")))
            sessions += count;
        lines += count;
    }
    ck_assert_uint_eq(sessions, 400);
    ck_assert_uint_eq(lines, segment_info(s)->lines);
    line_templates_clear(&templates);
    segment_close(s);
    buf_free(&text);
}
END_TEST

/* A byte changed within a block is found, and the block named. */
START_TEST(test_verify)
{
    struct buf text = {0}, file = {0};
    struct segment *s;
    for (int i = 0; i < 900; i++)
        buf_printf(&text, "line %d of %d\n", i * i % 1000, i);
    put_segment(buf_span(&text), 4096);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_uint_gt(segment_block_count(s), 2);
    ck_ok(segment_verify(s, &(struct worker){0}, &err));
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    uint64_t end = segment_block(s, 1)->file_offset + segment_block(s, 1)->stored_len;
    ck_assert_int_eq(fseek(f, (long)end - 1, SEEK_SET), 0);
    ck_assert_int_ne(fputc(0x55, f), EOF);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(segment_verify(s, &(struct worker){0}, &err), LGZ_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "block 1"));
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_ok(segment_read_block(s, 0, &file, &err));
    ck_assert_int_eq(segment_read_block(s, 1, &file, NULL), LGZ_ERR_CORRUPT);
    ck_ok(segment_read_block(s, 2, &file, &err));
    segment_close(s);
    buf_free(&text);
    buf_free(&file);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_path, remove_path);
    tcase_add_test(tc, test_no_segments);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_templates);
    tcase_add_test(tc, test_verify);
}

int main(void)
{
    return run_suite("reader", add_tests, 60);
}
