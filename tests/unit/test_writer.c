/*
 * test_writer.c - segments of several sources: blocks end with lines, extents say what came from
 * where, and the bytes don't depend on the number of threads.
 */
#include "engine_fixture.h"
#include "segment/reader.h"
#include "segment/writer.h"

enum { SOURCES = 3, READS = 600 };

struct read {
    uint32_t source;
    uint64_t offset;
    int64_t time;
    struct span data;
};

/* What was read, in order: lines cut anywhere, from sources in turn. */
static void make_reads(struct buf *text, struct read *reads)
{
    uint64_t state = 11;
    uint64_t offsets[SOURCES] = {0, 1000, UINT64_C(1) << 50};
    size_t at = 0;
    for (int i = 0; i < 3000; i++)
        buf_printf(text, "2026-03-04 05:%02d:%02d worker %d did job %d\n", i / 60 % 60, i % 60,
                   i % 9, i * 7);
    for (size_t i = 0; i < READS; i++) {
        struct read *r = &reads[i];
        size_t len =
            i + 1 == READS ? text->len - at : 1 + random_below(&state, 2 * text->len / READS);
        len = len < text->len - at ? len : text->len - at;
        r->source = (uint32_t)(i / 5 % SOURCES);
        r->offset = offsets[r->source];
        r->time = (int64_t)(i / 2);
        r->data = (struct span){text->data + at, len};
        offsets[r->source] += len;
        at += len;
    }
}

static void write_segment(const struct read *reads, unsigned threads, struct buf *out)
{
    struct segment_options options = {.level = LGZ_LEVEL_FAST,
                                      .threads = threads,
                                      .block_size = 10000,
                                      .first_journal = 4,
                                      .last_journal = 6};
    struct segment_writer *w;
    char name[] = "/log/x", input[] = "in";
    uint64_t raw = 0;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, out, &err));
    for (uint64_t i = 0; i < SOURCES; i++) {
        struct source source = {.id = i + 1, .name = name, .input = input};
        uint32_t index;
        ck_ok(segment_writer_source(w, &source, &index, &err));
        ck_assert_uint_eq(index, i);
    }
    for (size_t i = 0; i < READS; i++) {
        const struct read *r = &reads[i];
        ck_ok(segment_writer_append(w, r->source, r->offset, r->time, r->data.data, r->data.len,
                                    &err));
        raw += r->data.len;
        ck_assert_uint_eq(segment_writer_raw_bytes(w), raw);
    }
    ck_assert_int_eq(segment_writer_append(w, SOURCES, 0, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(segment_writer_append(w, 0, UINT64_MAX, 0, "xy", 2, &err), LGZ_ERR_ARGUMENT);
    ck_ok(segment_writer_finish(w, &err));
    ck_assert_uint_eq(segment_writer_stored_bytes(w), out->len);
    segment_writer_free(w);
}

/* Each byte's source, offset and time, as the segment tells it. */
static void require_extents(const struct segment *s, const struct buf *text,
                            const struct read *reads)
{
    size_t at = 0;
    const struct read *r = reads;
    size_t in_read = 0;
    for (size_t i = 0; i < segment_block_count(s); i++) {
        const struct block_info *b = segment_block(s, i);
        struct buf raw = {0};
        ck_ok(segment_read_block(s, i, &raw, &err));
        ck_assert(span_equal(buf_span(&raw), (struct span){text->data + at, raw.len}));
        ck_assert_int_eq(raw.data[raw.len - 1], '\n');
        ck_assert_uint_le(raw.len, 10000);
        for (size_t k = 0; k < b->extent_count; k++) {
            for (uint64_t n = 0; n < b->extents[k].length; n++, at++, in_read++) {
                for (; in_read == r->data.len; r++)
                    in_read = 0;
                ck_assert(b->extents[k].source == r->source && b->extents[k].read_time == r->time &&
                          b->extents[k].offset + n == r->offset + in_read);
            }
        }
        buf_free(&raw);
    }
    ck_assert_uint_eq(at, text->len);
}

START_TEST(test_sources_and_threads)
{
    static struct read reads[READS + 1];
    struct buf text = {0}, packed = {0};
    char path[] = "/tmp/logzip-writer-XXXXXX";
    struct segment *s;
    make_reads(&text, reads);
    write_segment(reads, 1, &packed);
    for (unsigned threads = 2; threads < 6; threads += 3) {
        struct buf again = {0};
        write_segment(reads, threads, &again);
        ck_assert(span_equal(buf_span(&again), buf_span(&packed)));
        buf_free(&again);
    }
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, packed.data, packed.len), (ssize_t)packed.len);
    close(fd);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_uint_eq(segment_source_count(s), SOURCES);
    ck_assert_str_eq(segment_source(s, 2)->name, "/log/x");
    ck_assert_uint_eq(segment_info(s)->first_journal, 4);
    ck_assert_uint_eq(segment_info(s)->last_journal, 6);
    ck_assert_int_eq(segment_info(s)->created, READS / 2 - 1);
    require_extents(s, &text, reads);
    segment_close(s);
    unlink(path);
    buf_free(&text);
    buf_free(&packed);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_sources_and_threads);
}

int main(void)
{
    return run_suite("writer", add_tests, 60);
}
