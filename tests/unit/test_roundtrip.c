/*
 * test_roundtrip.c - what comes out is what went in, whatever it was: generated logs and hostile
 * files, at all levels, cut anywhere, in blocks of any size, by any number of threads, through the
 * stream and through the segment's index; and no block is larger than zstd would have made it.
 */
#include <zstd.h>

#include "log_generator.h"
#include "segment/reader.h"

enum { CASES = UNDER_ASAN ? 250 : 2500, CASES_PER_TEST = CASES / 5 };

/* Decompress `packed` and compare; the seed and the settings go into the message of a failure. */
static void require_same(struct span packed, size_t step, struct span text, const char *what)
{
    struct buf out = {0};
    int code = decompress_text(packed, step, &out);
    ck_assert_msg(code == LGZ_OK, "%s: %s", what, err.message);
    ck_assert_msg(err.code == 0, "%s: an error without a failure: %s", what, err.message);
    ck_assert_msg(span_equal(buf_span(&out), text), "%s: %zu bytes in, %zu other bytes out", what,
                  text.len, out.len);
    buf_free(&out);
}

/* Compress in writes of random sizes. */
static void compress_in_pieces(const struct lgz_options *options, struct span text, uint64_t *state,
                               struct buf *out)
{
    struct lgz_compressor *c;
    ck_ok(lgz_compressor_new(&c, options, write_to_buf, out, &err));
    size_t most = 1 + random_below(state, random_percent(state, 50) ? 5000 : 50000);
    for (size_t at = 0; at < text.len;) {
        size_t len = random_below(state, most + 1);
        len = len < text.len - at ? len : text.len - at;
        ck_ok(lgz_compressor_write(c, text.data + at, len, &err));
        at += len;
    }
    ck_ok(lgz_compressor_finish(c, &err));
    lgz_compressor_free(c);
    ck_assert(!out->failed);
}

static uint64_t count_lines(struct span text)
{
    uint64_t lines = text.len && text.data[text.len - 1] != '\n';
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

/* A block can end within a line only if the line is longer than a block. */
static void require_index(const struct segment *s, struct span text)
{
    uint64_t raw = 0;
    uint64_t lines = 0;
    for (size_t i = 0; i < segment_block_count(s); i++) {
        const struct block_info *b = segment_block(s, i);
        uint64_t templates = 0;
        lines += count_lines((struct span){text.data + raw, (size_t)b->raw_len});
        ck_assert_uint_eq(b->extent_count, 1);
        ck_assert_uint_eq(b->extents[0].offset, raw);
        ck_assert_uint_eq(b->extents[0].length, b->raw_len);
        for (size_t t = 0; t < b->template_count; t++)
            templates += b->template_counts[t];
        ck_assert_uint_eq(templates, b->plain ? 0 : b->lines);
        raw += b->raw_len;
    }
    ck_assert_uint_eq(raw, text.len);
    ck_assert_uint_eq(segment_info(s)->raw_bytes, text.len);
    ck_assert_uint_eq(segment_info(s)->lines, lines);
}

/* The same bytes through segment_open(), block by block, last one first. */
static void require_segment(struct span packed, struct span text, const char *what)
{
    char path[] = "/tmp/logzip-roundtrip-XXXXXX";
    struct segment *s;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, packed.data, packed.len), (ssize_t)packed.len);
    close(fd);
    int code = segment_open(&s, path, &err);
    ck_assert_msg(code == LGZ_OK, "%s: %s", what, err.message);
    ck_assert_uint_eq(segment_info(s)->file_bytes, packed.len);
    require_index(s, text);
    for (size_t i = segment_block_count(s); i-- > 0;) {
        const struct block_info *b = segment_block(s, i);
        struct buf out = {0};
        code = segment_read_block(s, i, &out, &err);
        ck_assert_msg(code == LGZ_OK, "%s: %s", what, err.message);
        struct span wanted = {text.data + b->extents[0].offset, (size_t)b->raw_len};
        ck_assert_msg(span_equal(buf_span(&out), wanted), "%s: block %zu differs", what, i);
        buf_free(&out);
    }
    segment_close(s);
    unlink(path);
}

static void try_case(uint64_t seed)
{
    char what[160];
    uint64_t state = seed;
    struct buf text = {0};
    struct buf packed = {0};
    struct lgz_options options;
    lgz_options_default(&options);
    size_t size = random_below(&state, random_percent(&state, 10) ? 60000 : 5000);
    generate_log(seed, size, &text);
    options.level = (enum lgz_level)(LGZ_LEVEL_FAST + random_below(&state, 3));
    options.block_size = random_percent(&state, 60) ? 4096 + random_below(&state, 30000) : 0;
    options.threads = random_percent(&state, 10) ? 3 : 1;
    options.source_time = (int64_t)random_next(&state) / 4;
    snprintf(what, sizeof(what), "seed %llu (level %d, block size %zu, %u threads)",
             (unsigned long long)seed, (int)options.level, options.block_size, options.threads);
    struct span raw = buf_span(&text);
    compress_in_pieces(&options, raw, &state, &packed);
    require_same(buf_span(&packed), 1 + random_below(&state, 20000), raw, what);
    if (random_percent(&state, 10))
        require_segment(buf_span(&packed), raw, what);
    if (random_percent(&state, 10)) {
        struct buf again = {0};
        options.threads = options.threads == 1 ? 3 : 1;
        compress_in_pieces(&options, raw, &state, &again);
        ck_assert_msg(span_equal(buf_span(&again), buf_span(&packed)),
                      "%s: other bytes with other threads or writes", what);
        buf_free(&again);
    }
    buf_free(&text);
    buf_free(&packed);
}

START_TEST(test_generated)
{
    const char *only = getenv("LOGZIP_TEST_CASE");
    uint64_t seed = random_seed() + (uint64_t)_i * CASES_PER_TEST;
    if (only) {
        try_case(strtoull(only, NULL, 0));
        return;
    }
    for (uint64_t i = 0; i < CASES_PER_TEST; i++)
        try_case(seed + i);
}
END_TEST

/* Hostile files: exact, and no larger than zstd plus what the promise allows. */

struct levels {
    enum lgz_level level;
    int zstd;
    unsigned window_log;
    size_t block;
};

static const struct levels levels[] = {
    {LGZ_LEVEL_FAST, 3, 0, 16 << 20},
    {LGZ_LEVEL_DEFAULT, 12, 0, 16 << 20},
    {LGZ_LEVEL_BEST, 22, 27, 64 << 20},
};

/* What zstd makes of each block's bytes, together, and how many blocks there are. */
static size_t zstd_size(const struct levels *l, struct span text, size_t *blocks)
{
    size_t total = 0;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ck_assert_ptr_nonnull(zstd);
    size_t bound = ZSTD_compressBound(text.len < l->block ? text.len : l->block);
    uint8_t *room = malloc(bound);
    ck_assert_ptr_nonnull(room);
    *blocks = 0;
    for (size_t at = 0; at < text.len; at += l->block) {
        size_t len = text.len - at < l->block ? text.len - at : l->block;
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, l->zstd);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, (int)l->window_log);
        size_t n = ZSTD_compress2(zstd, room, bound, text.data + at, len);
        ck_assert(!ZSTD_isError(n));
        total += n;
        (*blocks)++;
    }
    free(room);
    ZSTD_freeCCtx(zstd);
    return total;
}

/* The header, the trailer and a footer with one source are paid once for a file. */
enum { FRAME = 64, PER_BLOCK = 64 };

static void require_hostile(const char *name, struct span text)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        char what[100];
        struct buf packed = {0};
        struct lgz_options options;
        size_t blocks;
        lgz_options_default(&options);
        options.level = levels[i].level;
        snprintf(what, sizeof(what), "%s at level %d", name, (int)options.level);
        compress_text(&options, text, &packed);
        require_same(buf_span(&packed), 1 << 16, text, what);
        require_segment(buf_span(&packed), text, what);
        size_t plain = zstd_size(&levels[i], text, &blocks);
        size_t most = plain + plain / 1000 + FRAME + blocks * PER_BLOCK;
        ck_assert_msg(packed.len <= most, "%s: %zu bytes, zstd %zu", what, packed.len, plain);
        buf_free(&packed);
    }
}

static void put_random(struct buf *out, uint64_t seed, size_t len)
{
    uint64_t state = seed;
    for (size_t i = 0; i < len; i++)
        buf_push(out, (uint8_t)random_next(&state));
}

enum hostile {
    HOSTILE_EMPTY,
    HOSTILE_BYTE,
    HOSTILE_NEWLINE,
    HOSTILE_RANDOM,
    HOSTILE_COMPRESSED,
    HOSTILE_ONE_LINE,
    HOSTILE_EMPTY_LINES,
    HOSTILE_TEMPLATES,
    HOSTILE_TOKENS,
    HOSTILE_REPEATED,
    HOSTILE_DIGITS,
    HOSTILE_SEPARATORS,
    HOSTILE_COUNT
};

static void put_tokens(struct buf *out)
{
    for (int line = 0; line < 12; line++) {
        for (int i = 0; i < 10000; i++)
            buf_printf(out, i % 3 ? "%d " : "w%d,", i * 7919 % (1000 + line));
        buf_push(out, '\n');
    }
}

static void put_templates(struct buf *out)
{
    for (unsigned i = 0; i < 60000; i++) {
        unsigned t = i % 20000;
        for (unsigned k = 0; k < 3 + t % 5; k++, t = t * 2654435761U >> 7) {
            put_word(t, out);
            buf_push(out, k % 2 ? '=' : ' ');
        }
        buf_printf(out, "%u\n", i);
    }
}

static const char *hostile_file(enum hostile kind, struct buf *out)
{
    struct buf text = {0};
    switch (kind) {
    case HOSTILE_EMPTY:
        return "nothing";
    case HOSTILE_BYTE:
        buf_push(out, 'x');
        return "one byte";
    case HOSTILE_NEWLINE:
        buf_push(out, '\n');
        return "one empty line";
    case HOSTILE_RANDOM:
        put_random(out, 1, 700000);
        return "random bytes";
    case HOSTILE_COMPRESSED:
        generate_log(77, 400000, &text);
        buf_reserve(out, ZSTD_compressBound(text.len));
        out->len = ZSTD_compress(out->data, out->cap, text.data, text.len, 3);
        buf_free(&text);
        return "a compressed file";
    case HOSTILE_ONE_LINE:
        generate_log(78, 5 << 20, out);
        for (size_t i = 0; i < out->len; i++)
            if (out->data[i] == '\n')
                out->data[i] = ' ';
        return "one line";
    case HOSTILE_EMPTY_LINES:
        for (size_t i = 0; i < 200000; i++)
            buf_push(out, '\n');
        return "empty lines";
    case HOSTILE_TEMPLATES:
        put_templates(out);
        return "20,000 templates";
    case HOSTILE_TOKENS:
        put_tokens(out);
        return "lines of 10,000 tokens";
    case HOSTILE_REPEATED:
        for (int i = 0; i < 5; i++)
            put_random(out, 2, 600000);
        return "random bytes, repeated from afar";
    case HOSTILE_DIGITS:
        for (size_t i = 0; i < 300000; i++)
            buf_push(out, i % 9973 ? (uint8_t)('0' + i * i / 7 % 10) : '\n');
        return "digits";
    default:
        for (size_t i = 0; i < 300000; i++)
            buf_push(out, (uint8_t) " ,;:=|\"'()[]{}<>\t\r\n1"[i * i / 11 % 20]);
        return "separators";
    }
}

START_TEST(test_hostile)
{
    struct buf text = {0};
    const char *name = hostile_file((enum hostile)_i, &text);
    ck_assert(!text.failed);
    require_hostile(name, buf_span(&text));
    buf_free(&text);
}
END_TEST

/* Several segments one after the other are one text. */
START_TEST(test_concatenated)
{
    struct buf packed = {0};
    struct buf text = {0};
    struct lgz_options options;
    lgz_options_default(&options);
    for (uint64_t i = 0; i < 4; i++) {
        size_t before = text.len;
        generate_log(i, 1 + i * 700, &text);
        compress_text(&options, (struct span){text.data + before, text.len - before}, &packed);
    }
    for (size_t step = 1; step < 5000; step = step * 3 + 1)
        require_same(buf_span(&packed), step, buf_span(&text), "concatenated segments");
    buf_free(&packed);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_generated, 0, 5);
    tcase_add_loop_test(tc, test_hostile, 0, HOSTILE_COUNT);
    tcase_add_test(tc, test_concatenated);
}

int main(void)
{
    return run_suite("roundtrip", add_tests, 300);
}
