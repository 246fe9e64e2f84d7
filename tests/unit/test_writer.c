/*
 * test_writer.c - segments of several sources: blocks end with lines, extents say what came from
 * where, and the bytes don't depend on the number of threads; templates keep their ids from block
 * to block, and from segment to segment.
 */
#include "segment/verify.h"
#include "segment/writer.h"
#include "segment_fixture.h"
#include "template/template_set.h"

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

static void write_segment(const struct read *reads, unsigned threads, bool background,
                          struct buf *out)
{
    struct segment_options options = {.level = LGZ_LEVEL_FAST,
                                      .threads = threads,
                                      .block_size = 10000,
                                      .first_journal = 4,
                                      .last_journal = 6,
                                      .background = background};
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
    struct segment *s;
    make_reads(&text, reads);
    write_segment(reads, 1, false, &packed);
    for (unsigned threads = 1; threads < 6; threads += 2) {
        for (int background = 0; background < 2; background++) {
            struct buf again = {0};
            write_segment(reads, threads, background, &again);
            ck_assert(span_equal(buf_span(&again), buf_span(&packed)));
            buf_free(&again);
        }
    }
    s = open_packed(buf_span(&packed));
    ck_assert_uint_eq(segment_source_count(s), SOURCES);
    ck_assert_str_eq(segment_source(s, 2)->name, "/log/x");
    ck_assert_uint_eq(segment_info(s)->first_journal, 4);
    ck_assert_uint_eq(segment_info(s)->last_journal, 6);
    ck_assert_int_eq(segment_info(s)->created, READS / 2 - 1);
    require_extents(s, &text, reads);
    segment_close(s);
    buf_free(&text);
    buf_free(&packed);
}
END_TEST

/* Users come and go; from the middle on there is a message that wasn't there before. */
static void put_drifting(struct buf *text, int from, int to)
{
    for (int i = from; i < to; i++) {
        buf_printf(text, "2026-03-04 05:%02d:%02d session %d of u%c%c was opened\n", i / 60 % 60,
                   i % 60, i, 'a' + i / 500 % 26, 'a' + i % (1 + i / 400 % 3));
        if (i > 3000)
            buf_printf(text, "disk sd%c has %d bad blocks\n", 'a' + i / 700 % 5, i * 7);
    }
}

/* A segment of several blocks that goes on where an earlier one ended. */
static void pack_in(size_t block_size, const struct buf *text, const struct segment *earlier,
                    unsigned threads, struct buf *out)
{
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = threads, .block_size = block_size};
    struct segment_writer *w;
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 1, .name = name, .input = input};
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, out, &err));
    if (earlier)
        ck_ok(segment_writer_continue(w, earlier, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    ck_ok(segment_writer_append(w, index, 0, 0, text->data, text->len, &err));
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
}

static void pack(const struct buf *text, const struct segment *earlier, unsigned threads,
                 struct buf *out)
{
    pack_in(20000, text, earlier, threads, out);
}

/* How many different templates a segment's blocks have, those of `seen` included. */
static size_t count_ids(const struct segment *s, uint64_t *seen, size_t count, size_t most)
{
    for (size_t i = 0; i < segment_block_count(s); i++) {
        struct template_set set;
        ck_ok(segment_template_set(s, i, SIZE_MAX, &set, &err));
        for (size_t t = 0; t < set.list.len; t++) {
            uint64_t id = template_id(&set.list.data[t]);
            size_t k = 0;
            while (k < count && seen[k] != id)
                k++;
            ck_assert_uint_lt(k, most);
            seen[k] = id;
            count += k == count;
        }
        template_set_clear(&set);
    }
    return count;
}

/* The same lines, with the context coder and without. */
static void write_coded(const struct buf *text, bool uncoded, struct buf *out)
{
    const struct segment_options options = {
        .level = LGZ_LEVEL_DEFAULT, .threads = 1, .uncoded = uncoded};
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 1, .name = name, .input = input};
    struct segment_writer *w;
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, out, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    ck_ok(segment_writer_append(w, index, 0, 0, text->data, text->len, &err));
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
}

START_TEST(test_uncoded)
{
    struct buf text = {0};
    uint64_t state = 5;
    for (int i = 0; i < 4000; i++)
        buf_printf(&text, "job %d took %d ms of %d\n", i / 3, (int)random_below(&state, 90),
                   (int)random_below(&state, 1000) * 3);
    size_t sizes[2];
    for (int uncoded = 0; uncoded < 2; uncoded++) {
        struct buf packed = {0}, back = {0};
        write_coded(&text, uncoded, &packed);
        sizes[uncoded] = packed.len;
        struct segment *s = open_packed(buf_span(&packed));
        ck_ok(segment_read_block(s, 0, &back, &err));
        ck_assert(span_equal(buf_span(&back), buf_span(&text)));
        segment_close(s);
        buf_free(&packed);
        buf_free(&back);
    }
    ck_assert_uint_lt(sizes[0], sizes[1]);
    buf_free(&text);
}
END_TEST

START_TEST(test_stable_ids)
{
    struct buf text = {0}, more = {0}, packed = {0}, first = {0};
    uint64_t seen[16];
    put_drifting(&text, 400, 6000);
    put_drifting(&more, 6000, 9000);
    pack(&text, NULL, 1, &packed);
    struct segment *s = open_packed(buf_span(&packed));
    ck_assert_uint_gt(segment_block_count(s), 10);
    size_t count = count_ids(s, seen, 0, 16);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct buf again = {0};
        pack(&more, s, threads, threads == 1 ? &first : &again);
        ck_assert(threads == 1 || span_equal(buf_span(&again), buf_span(&first)));
        buf_free(&again);
    }
    struct segment *next = open_packed(buf_span(&first));
    ck_assert_uint_eq(count_ids(next, seen, count, 16), count); /* nothing new */
    segment_close(next);
    segment_close(s);
    buf_free(&text);
    buf_free(&more);
    buf_free(&packed);
    buf_free(&first);
}
END_TEST

/* As if there was no earlier segment. */
START_TEST(test_damaged_earlier)
{
    struct buf text = {0}, packed = {0}, cold = {0}, after = {0};
    put_drifting(&text, 400, 3000);
    pack(&text, NULL, 1, &packed);
    struct segment *whole = open_packed(buf_span(&packed));
    const struct block_info *last = segment_block(whole, segment_block_count(whole) - 1);
    memset(packed.data + last->file_offset + 8, 0xff, (size_t)last->stored_len - 8);
    segment_close(whole);
    struct segment *s = open_packed(buf_span(&packed));
    text.len = 0;
    put_drifting(&text, 3000, 5000);
    pack(&text, NULL, 1, &cold);
    pack(&text, s, 1, &after);
    ck_assert(span_equal(buf_span(&cold), buf_span(&after)));
    segment_close(s);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&cold);
    buf_free(&after);
}
END_TEST

static void put_sessions(struct buf *text, int users)
{
    for (int i = 0; i < 3000; i++)
        buf_printf(text, "session %d of user %c was opened\n", i * 7, 'a' + i % users);
}

/* Lines of so many shapes that their templates take more than a mebibyte. */
static void put_kinds(struct buf *text)
{
    uint64_t state = 1;
    for (int kind = 0; kind < 12000; kind++) {
        char line[100];
        for (size_t i = 0; i < sizeof(line) - 1; i++)
            line[i] = i % 9 == 8 ? " ,;:=|"[random_below(&state, 6)]
                                 : (char)('a' + random_below(&state, 26));
        line[sizeof(line) - 1] = '\0';
        for (int i = 0; i < 5; i++)
            buf_printf(text, "%s%d\n", line, i);
    }
}

/* A block isn't started from if reading its templates takes much, and only then. */
START_TEST(test_large_earlier)
{
    const size_t block = 8 << 20;
    struct buf text = {0}, cold = {0};
    put_sessions(&text, 1);
    pack_in(block, &text, NULL, 1, &cold);
    for (int large = 0; large < 2; large++) {
        struct buf before = {0}, packed = {0}, after = {0};
        put_sessions(&before, 6);
        if (large)
            put_kinds(&before);
        pack_in(block, &before, NULL, 1, &packed);
        struct segment *s = open_packed(buf_span(&packed));
        ck_assert_uint_eq(segment_block_count(s), 1);
        ck_assert(!segment_block(s, 0)->plain);
        pack_in(block, &text, s, 1, &after);
        ck_assert_int_eq(span_equal(buf_span(&cold), buf_span(&after)), large);
        segment_close(s);
        buf_free(&before);
        buf_free(&packed);
        buf_free(&after);
    }
    buf_free(&text);
    buf_free(&cold);
}
END_TEST

/* Lines, with one of `len` bytes among them, in blocks and pieces of those. */
static void require_pieces(size_t block_size, size_t max_line, size_t len)
{
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .block_size = block_size, .max_line = max_line};
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 1, .name = name, .input = input};
    size_t limit = max_line < block_size ? max_line : block_size;
    struct buf text = {0}, packed = {0};
    struct segment_writer *w;
    uint32_t index;
    size_t at = 0;
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "line %d of %d\n", i, i * 7);
    for (size_t i = 0; i < len; i++)
        buf_push(&text, (uint8_t)('a' + i % 23));
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "\nline %d behind", i);
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &packed, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    for (size_t n = 0; n < text.len; n += 777) {
        size_t take = text.len - n < 777 ? text.len - n : 777;
        ck_ok(segment_writer_append(w, index, n, 0, text.data + n, take, &err));
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    struct segment *s = open_packed(buf_span(&packed));
    for (size_t i = 0; i < segment_block_count(s); i++) {
        struct buf raw = {0};
        ck_ok(segment_read_block(s, i, &raw, &err));
        ck_assert(span_equal(buf_span(&raw), (struct span){text.data + at, raw.len}));
        ck_assert_uint_le(raw.len, block_size);
        const uint8_t *newline = memrchr(raw.data, '\n', raw.len);
        size_t line = newline ? (size_t)(raw.data + raw.len - newline) - 1 : raw.len;
        at += raw.len;
        /* It's cut within a line only at the limit, or behind the last byte. */
        ck_assert_uint_le(line, limit);
        ck_assert(line == 0 || line == limit || at == text.len);
        buf_free(&raw);
    }
    ck_assert_uint_eq(at, text.len);
    segment_close(s);
    buf_free(&text);
    buf_free(&packed);
}

START_TEST(test_max_line)
{
    static const size_t lengths[] = {10,    4999,  5000,  5001,  9999,
                                     10000, 19999, 20000, 20001, 123456};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        require_pieces(20000, 5000, lengths[i]);
        require_pieces(20000, 20000, lengths[i]);
        require_pieces(20000, 1 << 30, lengths[i]);
        require_pieces(5000, 4999, lengths[i]);
    }
}
END_TEST

/* A segment of bytes of one source. */
static struct segment *pack_at(uint64_t offset, const char *text, const struct segment *earlier)
{
    const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 2};
    struct segment_writer *w;
    struct buf packed = {0};
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 7, .name = name, .input = input};
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &packed, &err));
    if (earlier)
        ck_ok(segment_writer_continue(w, earlier, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    ck_ok(segment_writer_append(w, index, offset, 0, text, strlen(text), &err));
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    struct segment *s = open_packed(buf_span(&packed));
    ck_ok(segment_verify(s, &(struct worker){0}, &err));
    buf_free(&packed);
    return s;
}

#define LONG_TEXT "this goes on for a while, so that it's certain that the stamp is all there is "

/* What a segment begins with of a line that has a stamp before it isn't a time of the block. */
START_TEST(test_cut_line)
{
    static const struct {
        const char *before;
        const char *after;
        uint64_t gap;
        bool counts;
    } cases[] = {
        {"2026-03-04 05:00:00 " LONG_TEXT,
         "and 2072-01-01 00:00:00 it ends\n"
         "2026-03-04 05:00:01 x\n",
         0, false},
        {"2026-03-04 05:00:00 x\n" LONG_TEXT,
         "and 2072-01-01 00:00:00 it ends\n"
         "2026-03-04 05:00:01 x\n",
         0, true},
        {LONG_TEXT "2026-03-04 05:00:00 y",
         "and 2072-01-01 00:00:00 it ends\n"
         "2026-03-04 05:00:01 x\n",
         0, true},
        {"2026-03-04 05:00:00 " LONG_TEXT "\n",
         "and 2072-01-01 00:00:00 it ends\n"
         "2026-03-04 05:00:01 x\n",
         0, true},
        {"2026-03-04 05:00:00 " LONG_TEXT,
         "and 2072-01-01 00:00:00 it ends\n"
         "2026-03-04 05:00:01 x\n",
         1, true},
        {"2026-03-04 05:00:00 " LONG_TEXT, "and 2072-01-01 00:00:00 it ends\nno stamp\n", 0, true},
    };
    const int64_t in_2072 = INT64_C(3218832000) * NS_PER_SECOND;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct segment *first = pack_at(0, cases[i].before, NULL);
        struct segment *second =
            pack_at(strlen(cases[i].before) + cases[i].gap, cases[i].after, first);
        const struct block_info *block = segment_block(second, 0);
        ck_assert_msg((block->time_max >= in_2072) == cases[i].counts, "case %zu", i);
        ck_assert_int_ne(block->time_max, SEGMENT_NO_TIME);
        segment_close(first);
        segment_close(second);
    }
}
END_TEST

/* A mebibyte and a half of lines of one kind, for the next source. */
static void append_kind(struct segment_writer *w, uint32_t source, const char *kind,
                        struct buf *all)
{
    struct buf text = {0};
    for (int i = 0; text.len < 3 << 19; i++)
        buf_printf(&text, "2026-03-04 05:%02d:%02d %s %d\n", i / 60 % 60, i % 60, kind, i * 7);
    ck_ok(segment_writer_append(w, source, 0, 1, text.data, text.len, &err));
    buf_append(all, text.data, text.len);
    buf_free(&text);
}

/* A block ends where a source of another kind begins, and not where one of the same kind does. */
START_TEST(test_kinds)
{
    static const char jobs[] = "worker has finished its job", visits[] = "GET /shop/cart status=ok";
    const char *const kinds[] = {jobs, jobs, visits, visits, jobs};
    const size_t sources[] = {2, 2, 1}; /* in each block */
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 2, .filtered = FILTER_SHARE};
    struct segment_writer *w;
    struct buf all = {0}, packed = {0}, raw = {0};
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &packed, &err));
    for (uint32_t i = 0; i < 5; i++) {
        char name[] = "/log/x", input[] = "in";
        struct source source = {.id = i + 1, .name = name, .input = input};
        uint32_t index;
        ck_ok(segment_writer_source(w, &source, &index, &err));
        append_kind(w, index, kinds[i], &all);
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    struct segment *s = open_packed(buf_span(&packed));
    ck_assert_uint_eq(segment_block_count(s), 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(segment_block(s, i)->extent_count, sources[i]);
        ck_ok(segment_read_block(s, i, &raw, &err));
    }
    ck_assert_uint_eq(raw.len, all.len);
    ck_assert_mem_eq(raw.data, all.data, all.len);
    segment_close(s);
    buf_free(&all);
    buf_free(&packed);
    buf_free(&raw);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_uncoded);
    tcase_add_test(tc, test_stable_ids);
    tcase_add_test(tc, test_damaged_earlier);
    tcase_add_test(tc, test_large_earlier);
    tcase_add_test(tc, test_sources_and_threads);
    tcase_add_test(tc, test_max_line);
    tcase_add_test(tc, test_cut_line);
    tcase_add_test(tc, test_kinds);
}

int main(void)
{
    return run_suite("writer", add_tests, 60);
}
