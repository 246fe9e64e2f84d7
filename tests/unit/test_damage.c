/*
 * test_damage.c - a damaged segment is an error or still the exact bytes: each bit flipped, each
 * length cut, bytes overwritten with all checksums and lengths around them put right, so that every
 * parser is reached. Never other bytes, never a crash, a hang or memory beyond reason.
 */
#include <inttypes.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "block_parts.h"
#include "log_generator.h"
#include "segment/block_search.h"
#include "segment/index.h"
#include "segment/line_templates.h"
#include "segment/writer.h"

enum {
    ROUNDS = UNDER_ASAN ? 1500 : 12000,
    LONG_RUNS = 6,              /* the log whose runs of symbols are in pieces */
    IDS = 3 * PIECE / 32,       /* its lines */
    LIMIT_AS = 3,               /* GiB of addresses: what asks for more gets an error */
    LIMIT_RESIDENT = 512 * 1024 /* KiB */
};

static void limit_memory(void)
{
    if (!UNDER_ASAN) {
        struct rlimit limit = {(rlim_t)LIMIT_AS << 30, (rlim_t)LIMIT_AS << 30};
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    }
}

static void require_little_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (!UNDER_ASAN)
        ck_assert_int_le(usage.ru_maxrss, LIMIT_RESIDENT);
}

/* A segment of one kind, and what it holds. */
struct sample {
    struct buf text;
    struct buf packed;
};

enum sample_kind { SAMPLE_STRUCTURED, SAMPLE_PLAIN, SAMPLE_BLOCKS, SAMPLE_SOURCES, SAMPLE_KINDS };

static void put_log(struct buf *out, int lines)
{
    static const char *const hosts[] = {"web1", "web2", "db", "mail.example.org"};
    for (int i = 0; i < lines; i++) {
        if (i % 17 == 5)
            buf_printf(out, "2026-03-04 05:%02d:%02d,%03d ERROR [worker-%d] job %08x failed: %s\n",
                       i / 60 % 60, i % 60, i * 37 % 1000, i % 4, i * 40503U, hosts[i * 7 % 4]);
        else
            buf_printf(out,
                       "Mar  4 05:%02d:%02d %s sshd[%d]: session %d of user u%d from 10.0.%d.%d\n",
                       i / 60 % 60, i % 60, hosts[i % 4], 1000 + i % 3, i, i * i % 90, i % 7,
                       i * 31 % 256);
    }
    buf_append_string(out, "no newline");
}

static void put_ids(struct buf *out)
{
    uint64_t state = 11;
    for (int i = 0; i < IDS; i++)
        buf_printf(out, "%d INFO request %016" PRIx64 "%016" PRIx64 " took %d ms\n",
                   1700000 + i * 3, random_next(&state), random_next(&state), i * 31 % 1000);
}

static void make_sources(struct sample *s)
{
    struct segment_options options = {.level = LGZ_LEVEL_DEFAULT, .threads = 1, .block_size = 4096};
    struct segment_writer *w;
    uint64_t offsets[3] = {0, 70000, UINT64_C(1) << 40};
    uint64_t state = 5;
    char name[] = "/var/log/a", input[] = "logs";
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &s->packed, &err));
    for (uint64_t i = 0; i < 3; i++) {
        struct source source = {.id = i + 1, .name = name, .input = input, .inode = i};
        uint32_t index;
        ck_ok(segment_writer_source(w, &source, &index, &err));
    }
    put_log(&s->text, 130);
    for (size_t at = 0; at < s->text.len;) {
        size_t len = 1 + random_below(&state, 900);
        size_t k = random_below(&state, 3);
        len = len < s->text.len - at ? len : s->text.len - at;
        ck_ok(segment_writer_append(w, (uint32_t)k, offsets[k], (int64_t)at, s->text.data + at, len,
                                    &err));
        offsets[k] += len;
        at += len;
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
}

static void make_sample(struct sample *s, enum sample_kind kind)
{
    struct lgz_options options;
    uint64_t state = 9;
    *s = (struct sample){0};
    lgz_options_default(&options);
    options.source = "/var/log/syslog";
    options.block_size = kind == SAMPLE_BLOCKS ? 4096 : 0;
    if (kind == SAMPLE_SOURCES) {
        make_sources(s);
        return;
    }
    if (kind == SAMPLE_PLAIN)
        for (int i = 0; i < 300; i++)
            buf_push(&s->text, (uint8_t)random_next(&state));
    else
        put_log(&s->text, kind == SAMPLE_BLOCKS ? 150 : 90);
    compress_text(&options, buf_span(&s->text), &s->packed);
}

static void free_sample(struct sample *s)
{
    buf_free(&s->text);
    buf_free(&s->packed);
}

/* Decode by the stream: an error with a story, or the very bytes. @return was it an error? */
static bool stream_refuses(const struct sample *s, struct span packed)
{
    struct buf out = {0};
    int code = decompress_text(packed, 1 << 16, &out);
    if (code == LGZ_OK) {
        ck_assert_msg(span_equal(buf_span(&out), buf_span(&s->text)), "other bytes, and no error");
    } else {
        ck_assert_int_eq(err.code, code);
        ck_assert_str_ne(err.message, "");
        /* What was given out before is the truth, too. */
        ck_assert_uint_le(out.len, s->text.len);
        ck_assert(span_equal(buf_span(&out), (struct span){s->text.data, out.len}));
    }
    buf_free(&out);
    return code != LGZ_OK;
}

/* Read every block and every template by the index; bytes that come out are the right ones. */
static void read_by_index(const struct segment *seg, const struct sample *s)
{
    size_t at = 0;
    bool known = true; /* where the block begins: the footer may lie about one that isn't read */
    for (size_t i = 0; i < segment_block_count(seg); i++) {
        struct line_templates templates = {0};
        struct buf out = {0};
        bool read = segment_read_block(seg, i, &out, &err) == LGZ_OK;
        if (read)
            ck_assert_uint_eq(out.len, segment_block(seg, i)->raw_len);
        if (read && known) {
            ck_assert_uint_le(out.len, s->text.len - at);
            ck_assert(span_equal(buf_span(&out), (struct span){s->text.data + at, out.len}));
        }
        known = known && read;
        at += segment_block(seg, i)->raw_len;
        if (segment_line_templates(seg, i, &templates, &err) == LGZ_OK)
            for (size_t t = 0; t < templates.lines; t++)
                ck_assert_uint_lt(templates.of_line[t], templates.set.list.len);
        line_templates_clear(&templates);
        buf_free(&out);
    }
}

static void open_damaged(const struct sample *s, struct span packed, const char *path)
{
    struct segment *seg = NULL;
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(packed.data, 1, packed.len, f), packed.len);
    ck_assert_int_eq(fclose(f), 0);
    err = (struct lgz_error){0};
    int code = segment_open(&seg, path, &err);
    if (code == LGZ_OK) {
        read_by_index(seg, s);
        segment_close(seg);
    } else {
        ck_assert_int_eq(err.code, code);
    }
}

START_TEST(test_each_bit)
{
    struct sample s;
    char path[64];
    snprintf(path, sizeof(path), "/tmp/logzip-damage-%ld", (long)getpid());
    make_sample(&s, (enum sample_kind)_i);
    ck_assert(!stream_refuses(&s, buf_span(&s.packed)));
    for (size_t bit = 0; bit < s.packed.len * 8; bit++) {
        uint8_t mask = (uint8_t)(1 << (bit & 7));
        s.packed.data[bit / 8] ^= mask;
        stream_refuses(&s, buf_span(&s.packed));
        open_damaged(&s, buf_span(&s.packed), path);
        s.packed.data[bit / 8] ^= mask;
    }
    unlink(path);
    free_sample(&s);
    require_little_memory();
}
END_TEST

START_TEST(test_each_length)
{
    struct sample s;
    char path[64];
    snprintf(path, sizeof(path), "/tmp/logzip-damage-%ld", (long)getpid());
    make_sample(&s, (enum sample_kind)_i);
    for (size_t len = 0; len < s.packed.len; len++) {
        struct segment *seg = NULL;
        struct span cut = {s.packed.data, len};
        ck_assert_msg(stream_refuses(&s, cut), "cut to %zu bytes, and no error", len);
        FILE *f = fopen(path, "wb");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(cut.data, 1, cut.len, f), cut.len);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_ne(segment_open(&seg, path, &err), LGZ_OK);
    }
    buf_push(&s.packed, 0);
    ck_assert_msg(stream_refuses(&s, buf_span(&s.packed)), "a byte too many, and no error");
    unlink(path);
    free_sample(&s);
}
END_TEST

/* Change one to four places of `b`: single bits, bytes, numbers at limits, or the length. */
static void mutate(struct buf *b, uint64_t *state)
{
    static const uint8_t edges[] = {0, 1, 2, 0x7f, 0x80, 0xff, '\n', '0', 'v', 'r', 't'};
    size_t changes = 1 + random_below(state, 4);
    for (size_t i = 0; i < changes && b->len; i++) {
        size_t at = random_below(state, b->len);
        size_t kind = random_below(state, 12);
        if (kind < 4)
            b->data[at] ^= (uint8_t)(1 << random_below(state, 8));
        else if (kind < 7)
            b->data[at] = edges[random_below(state, sizeof(edges))];
        else if (kind < 9)
            b->data[at] = (uint8_t)random_next(state);
        else if (kind == 9)
            for (size_t k = 0; k < 9 && at + k < b->len; k++)
                b->data[at + k] = k < 8 ? 0xff : (uint8_t)random_below(state, 2);
        else if (kind == 10)
            b->len = at;
        else
            buf_append(b, edges, random_below(state, sizeof(edges)));
    }
}

/* Any body: an error, or the bytes that its checksum speaks of. */
static void decode_damaged(enum block_tag tag, struct span body, const struct sample *s)
{
    struct buf raw = {0};
    err = (struct lgz_error){0};
    int code = block_decode(tag, body, &raw, &err);
    if (code == LGZ_OK)
        ck_assert(span_equal(buf_span(&raw), buf_span(&s->text)));
    else
        ck_assert(raw.len == 0 && err.code == code && err.message[0]);
    buf_free(&raw);
}

/* A search decodes what it needs, and doesn't see that it's damaged: no line but what is asked for.
 */
static void search_damaged(struct span body, const struct sample *s, uint64_t *state)
{
    enum { STRING = 12 };
    static const uint64_t counts[] = {IDS};
    const struct span string = {s->text.data + random_below(state, s->text.len - STRING), STRING};
    struct need need = {.exact = true};
    struct block_hits hits = {0};
    const struct block_search search = {.need = &need, .texts = true};
    err = (struct lgz_error){0};
    if (memchr(string.data, '\n', string.len))
        return;
    ck_ok(need_add_clause(&need, &err));
    ck_ok(need_add_string(&need, string, false, &err));
    const int code = block_search(body, &search, counts, 1, &hits, &err);
    ck_assert(code == LGZ_OK || (err.code == code && err.message[0]));
    for (size_t i = 0; code == LGZ_OK && !hits.declined && i < hits.list.len; i++)
        ck_assert(need_met(&need, hits.list.data[i].text));
    block_hits_clear(&hits);
    need_clear(&need);
}

/* The body of the segment's first block. */
static struct span first_body(const struct sample *s, enum block_tag *tag)
{
    struct reader r = reader_of(s->packed.data, s->packed.len);
    reader_bytes(&r, SEGMENT_HEADER_LEN);
    *tag = (enum block_tag)reader_u8(&r);
    struct span body = reader_bytes(&r, reader_varint(&r));
    ck_assert(!r.failed);
    return body;
}

/*
 * A block with structure, without coded frames, which can't be taken apart; some generated logs are
 * noise, and are passed over.
 */
static void make_structured(struct sample *s, int number, struct buf *block)
{
    const enum lgz_level level = (enum lgz_level)(LGZ_LEVEL_FAST + number % 3);
    struct column_context ctx;
    ck_ok(column_context_init(&ctx, level, &err));
    ctx.coder = (struct coder_budget){0};
    for (uint64_t seed = (uint64_t)number * 1000; !block->len || block->data[0] == BLOCK_PLAIN;
         seed++) {
        struct block_summary summary;
        buf_clear(&s->text);
        buf_clear(block);
        if (number == 0)
            put_log(&s->text, 400);
        else if (number == LONG_RUNS)
            put_ids(&s->text);
        else
            generate_log(seed, 9000, &s->text);
        const struct extent extent = {.length = s->text.len};
        const struct block_input input = {
            .raw = s->text.data, .len = s->text.len, .extents = &extent, .extent_count = 1};
        ck_ok(block_encode(&ctx, &input, block, &summary, &err));
        block_summary_clear(&summary);
    }
    column_context_clear(&ctx);
}

/* Damage inside of the frames of a structured block. */
START_TEST(test_inside_of_blocks)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct sample s = {0};
    struct buf again = {0};
    struct buf block = {0};
    struct block_parts parts;
    const enum block_tag tag = BLOCK_STRUCTURED;
    limit_memory();
    make_structured(&s, _i, &block);
    struct reader r = reader_of(block.data, block.len);
    ck_assert_int_eq(reader_u8(&r), tag);
    ck_assert(block_parts_read(reader_bytes(&r, reader_varint(&r)), &parts));
    ck_assert(block_parts_write(&parts, &again));
    decode_damaged(tag, buf_span(&again), &s);
    ck_assert_msg(err.code == 0, "taken apart and put together: %s", err.message);
    for (int i = 0; i < ROUNDS; i++) {
        size_t which = random_below(&state, parts.frame_count + 4);
        struct buf *part = which < parts.frame_count ? &parts.frames[which] : &parts.head;
        struct buf saved = {0};
        uint64_t raw_len = parts.raw_len;
        buf_append(&saved, part->data, part->len);
        mutate(part, &state);
        if (random_percent(&state, 3))
            parts.raw_len = random_next(&state) >> (30 + random_below(&state, 30));
        buf_clear(&again);
        ck_assert(block_parts_write(&parts, &again));
        decode_damaged(tag, buf_span(&again), &s);
        if (_i == LONG_RUNS)
            search_damaged(buf_span(&again), &s, &state);
        parts.raw_len = raw_len;
        buf_clear(part);
        buf_append(part, saved.data, saved.len);
        buf_free(&saved);
    }
    block_parts_free(&parts);
    buf_free(&block);
    buf_free(&again);
    free_sample(&s);
    require_little_memory();
}
END_TEST

/* Damage to bodies as they are stored, frames and lengths included. */
START_TEST(test_bodies)
{
    uint64_t state = random_seed();
    struct sample s;
    enum block_tag tag;
    struct buf body = {0};
    limit_memory();
    make_sample(&s, _i ? SAMPLE_PLAIN : SAMPLE_STRUCTURED);
    struct span whole = first_body(&s, &tag);
    ck_assert_int_eq(tag, _i ? BLOCK_PLAIN : BLOCK_STRUCTURED);
    for (int i = 0; i < ROUNDS; i++) {
        buf_clear(&body);
        buf_append(&body, whole.data, whole.len);
        mutate(&body, &state);
        decode_damaged(tag, buf_span(&body), &s);
    }
    buf_free(&body);
    free_sample(&s);
    require_little_memory();
}
END_TEST

/* The footer's bytes once unpacked: behind tag, length and the mark "not packed". */
static void unpack_footer(const struct sample *s, struct buf *body)
{
    const uint8_t *trailer = s->packed.data + s->packed.len - SEGMENT_TRAILER_LEN;
    uint64_t checksum, len;
    ck_ok(segment_trailer_read(trailer, "test", &checksum, &len, &err));
    struct reader r = reader_of(trailer - len, len);
    ck_assert_int_eq(reader_u8(&r), SEGMENT_FOOTER);
    ck_assert_uint_eq(reader_varint(&r), reader_left(&r));
    uint64_t plain = reader_varint(&r);
    ck_assert(!r.failed);
    if (!plain) {
        buf_append(body, r.at, reader_left(&r));
        return;
    }
    ck_assert(buf_reserve(body, plain));
    body->len = plain;
    ck_ok(frame_decompress((struct span){r.at, reader_left(&r)}, body->data, plain, &err));
}

static void put_footer(const struct buf *body, struct buf *out)
{
    const struct frame_options options = {.zstd_level = 1};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct buf packed = {0};
    size_t start = out->len;
    ck_assert_ptr_nonnull(zstd);
    varint_put(&packed, body->len);
    ck_ok(frame_compress(zstd, &options, body->data, body->len, &packed, &err));
    ZSTD_freeCCtx(zstd);
    buf_push(out, SEGMENT_FOOTER);
    varint_put(out, packed.len);
    buf_append(out, packed.data, packed.len);
    buf_free(&packed);
    size_t len = out->len - start;
    buf_put_le(out, hash_bytes(out->data + start, len), 8);
    buf_put_le(out, len, 4);
    buf_append(out, "ZGO\x1a", 4);
}

START_TEST(test_footers)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct sample s;
    struct buf footer = {0};
    struct buf damaged = {0};
    struct buf packed = {0};
    char path[64];
    limit_memory();
    snprintf(path, sizeof(path), "/tmp/logzip-damage-%ld", (long)getpid());
    make_sample(&s, (enum sample_kind)_i);
    unpack_footer(&s, &footer);
    uint64_t footer_len = le_get(s.packed.data + s.packed.len - 8, 4);
    size_t blocks_end = s.packed.len - SEGMENT_TRAILER_LEN - (size_t)footer_len;
    for (int i = 0; i <= ROUNDS / 2; i++) {
        buf_clear(&damaged);
        buf_clear(&packed);
        buf_append(&damaged, footer.data, footer.len);
        if (i)
            mutate(&damaged, &state);
        buf_append(&packed, s.packed.data, blocks_end);
        put_footer(&damaged, &packed);
        bool refused = stream_refuses(&s, buf_span(&packed));
        ck_assert_msg(i || !refused, "put together again: %s", err.message);
        open_damaged(&s, buf_span(&packed), path);
    }
    unlink(path);
    buf_free(&footer);
    buf_free(&damaged);
    buf_free(&packed);
    free_sample(&s);
    require_little_memory();
}
END_TEST

/* A block of a few bytes that asks for more than its raw length allows. */

static void put_greedy(struct buf *head, uint64_t lines, const char *templates, size_t count)
{
    varint_put(head, lines * 2);
    varint_put(head, count);
    varint_put(head, strlen(templates));
    buf_append_string(head, templates);
}

static void require_refused(struct block_parts *parts, const char *what)
{
    struct buf body = {0};
    struct buf raw = {0};
    int64_t start = clock_cpu();
    ck_assert(block_parts_write(parts, &body));
    int code = block_decode(BLOCK_STRUCTURED, buf_span(&body), &raw, &err);
    ck_assert_msg(code == LGZ_ERR_CORRUPT, "%s: code %d", what, code);
    ck_assert_msg(clock_cpu() - start < 5 * NS_PER_SECOND, "%s takes too long", what);
    buf_free(&raw);
    buf_free(&body);
    block_parts_free(parts);
}

/* 2^30 entries of no bytes for a column whose rows name entry 0 only. */
START_TEST(test_greedy_dictionary)
{
    struct block_parts parts = {.raw_len = BLOCK_MAX_RAW, .own_frame = 65536};
    limit_memory();
    put_greedy(&parts.head, 10, "\nv\n\n", 1);
    buf_push(&parts.head, 0); /* layout: a new column */
    buf_push(&parts.head, 3); /* dictionary */
    varint_put(&parts.head, BLOCK_MAX_RAW);
    buf_append(&parts.head, "\0\0", 2); /* entries: constant, no bytes */
    buf_append(&parts.head, "\0\0", 2); /* indexes: constant 0 */
    require_refused(&parts, "a dictionary of 2^30 empty entries");
    require_little_memory();
}
END_TEST

/* A million slots of no bytes, in each of 2^30 lines. */
START_TEST(test_endless_lines)
{
    enum { SLOTS = 1000000 };
    struct block_parts parts = {.raw_len = BLOCK_MAX_RAW, .own_frame = 65536};
    struct buf text = {0};
    limit_memory();
    for (int i = 0; i < SLOTS; i++)
        buf_append(&text, "\nv", 2);
    buf_append(&text, "\n\n", 3);
    put_greedy(&parts.head, BLOCK_MAX_RAW, (const char *)text.data, 1);
    buf_push(&parts.head, 0);
    for (int i = 1; i < SLOTS; i++)
        buf_push(&parts.head, 1);
    buf_append(&parts.head, "\0\0", 2); /* constant, no bytes */
    buf_free(&text);
    require_refused(&parts, "lines of a million values of no bytes");
}
END_TEST

/* A plain block that promises 2^30 bytes in a frame of 20. */
START_TEST(test_greedy_plain)
{
    struct buf body = {0};
    struct buf raw = {0};
    varint_put(&body, BLOCK_MAX_RAW);
    buf_append(&body, "12345678abcdefghijklmnopqrst", 28);
    ck_assert_int_eq(block_decode(BLOCK_PLAIN, buf_span(&body), &raw, &err), LGZ_ERR_CORRUPT);
    ck_assert_str_eq(err.message, "damaged block header");
    buf_free(&raw);
    buf_free(&body);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_each_bit, 0, SAMPLE_KINDS);
    tcase_add_loop_test(tc, test_each_length, 0, SAMPLE_KINDS);
    tcase_add_loop_test(tc, test_inside_of_blocks, 0, LONG_RUNS + 1);
    tcase_add_loop_test(tc, test_bodies, 0, 2);
    tcase_add_loop_test(tc, test_footers, 0, SAMPLE_KINDS);
    tcase_add_test(tc, test_greedy_dictionary);
    tcase_add_test(tc, test_endless_lines);
    tcase_add_test(tc, test_greedy_plain);
}

int main(void)
{
    return run_suite("damage", add_tests, 300);
}
