/*
 * test_proof.c - a draft that holds what it should passes, and whatever else it is doesn't: other
 * bytes, other places, damage at any byte, an end too early.
 */
#include <fcntl.h>

#include "archive/digest.h"
#include "archive/proof.h"
#include "archive_fixture.h"
#include "suite.h"

enum { LINES = 300, BLOCK = 4096, SPLIT = 100 };

static char draft[100];

struct part {
    uint64_t source;
    uint64_t offset;
    int64_t time;
    char text[40];
};

/* What the tests put into a segment: some blocks' worth of lines of two sources. */
static struct part part_of(int i)
{
    struct part p = {.source = i < SPLIT ? 1 : 2, .time = i < LINES - SPLIT ? 1000 : 2000};
    snprintf(p.text, sizeof(p.text), "line %06d took %5d ms, user %05d\n", i, i * 7919 % 10007,
             i * 31 % 997);
    p.offset = (uint64_t)(i < SPLIT ? i : i - SPLIT) * strlen(p.text);
    return p;
}

static int append_file(void *context, const void *data, size_t size)
{
    int *fd = context;
    return file_write(*fd, data, size, draft, &err);
}

/* A segment of all parts, as bytes. */
static void make_segment(struct buf *out)
{
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .block_size = BLOCK};
    struct segment_writer *w;
    uint32_t number[3];
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_ok(segment_writer_new(&w, &options, append_file, &fd, &err));
    for (uint64_t id = 1; id <= 2; id++) {
        struct source source = source_of(id);
        ck_ok(segment_writer_source(w, &source, &number[id], &err));
        free(source.name);
    }
    for (int i = 0; i < LINES; i++) {
        struct part p = part_of(i);
        ck_ok(segment_writer_append(w, number[p.source], p.offset, p.time, p.text, strlen(p.text),
                                    &err));
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    close(fd);
    ck_ok(file_load(draft, 1 << 20, out, &err));
}

/*
 * Prove a file to which `bytes` are written, `step` of them at a time, and that then has `found`.
 * `change` alters a part of what is expected.
 */
static int prove(const struct buf *bytes, const struct buf *found, size_t step,
                 void (*change)(int i, struct part *part))
{
    struct proof *proof;
    struct segment *segment;
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_ok(proof_open(&proof, draft, "the-segment.logz", &err));
    int code = LGZ_OK;
    for (int i = 0; i < LINES; i++) {
        struct part p = part_of(i);
        if (change)
            change(i, &p);
        ck_ok(proof_expect(proof, p.source, p.offset, p.time, p.text, strlen(p.text), &err));
    }
    for (size_t at = 0; code == LGZ_OK && at < bytes->len; at += step) {
        size_t len = bytes->len - at < step ? bytes->len - at : step;
        ck_ok(file_write(fd, found->data + at, len, draft, &err));
        code = proof_written(proof, bytes->data + at, len, &err);
    }
    close(fd);
    if (code == LGZ_OK)
        code = proof_finish(proof, &segment, &err);
    if (code == LGZ_OK) {
        ck_assert_uint_eq(segment_info(segment)->lines, LINES);
        ck_assert_uint_gt(segment_block_count(segment), 2);
        segment_close(segment);
    }
    proof_close(proof);
    return code;
}

static void set_up(void)
{
    make_directory();
    snprintf(draft, sizeof(draft), "%s/draft", directory);
}

START_TEST(sound_drafts_pass)
{
    static const size_t steps[] = {1, 7, BLOCK, 1 << 20};
    struct buf bytes = {0};
    make_segment(&bytes);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        ck_ok(prove(&bytes, &bytes, steps[i], NULL));
    buf_free(&bytes);
}
END_TEST

static void other_byte(int i, struct part *part)
{
    if (i == LINES / 2)
        part->text[8]++;
}

static void other_source(int i, struct part *part)
{
    if (i == LINES - 1)
        part->source = 1;
}

static void other_offset(int i, struct part *part)
{
    part->offset += i >= SPLIT;
}

static void other_time(int i, struct part *part)
{
    part->time += i == 5;
}

static void less(int i, struct part *part)
{
    if (i == LINES - 1)
        part->text[0] = '\0';
}

static void more(int i, struct part *part)
{
    if (i == LINES - 1)
        strcat(part->text, "\n");
}

START_TEST(other_contents_are_refused)
{
    static void (*const changes[])(int, struct part *) = {other_byte, other_source, other_offset,
                                                          other_time, less,         more};
    struct buf bytes = {0};
    make_segment(&bytes);
    ck_assert_int_eq(prove(&bytes, &bytes, bytes.len, changes[_i]), LGZ_ERR_CORRUPT);
    ck_assert_msg(strstr(err.message, "the-segment.logz: doesn't decode to what") != NULL, "%s",
                  err.message);
    buf_free(&bytes);
}
END_TEST

/* On its way to the disk. */
START_TEST(damage_is_found)
{
    struct buf bytes = {0}, found = {0};
    make_segment(&bytes);
    make_segment(&found);
    for (size_t i = 0; i < bytes.len; i++) {
        found.data[i] ^= 1;
        ck_assert_msg(prove(&bytes, &found, BLOCK, NULL) == LGZ_ERR_CORRUPT, "byte %zu", i);
        found.data[i] ^= 1;
    }
    buf_free(&bytes);
    buf_free(&found);
}
END_TEST

/* By who wrote it. (Some bits don't matter: it decodes to the same.) */
START_TEST(wrong_segments_are_refused)
{
    struct buf bytes = {0};
    size_t passed = 0;
    make_segment(&bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 1;
        passed += prove(&bytes, &bytes, bytes.len, NULL) == LGZ_OK;
        bytes.data[i] ^= 1;
    }
    ck_assert_uint_lt(passed, bytes.len / 10);
    for (size_t cut = 1; cut <= bytes.len; cut += cut < 100 ? 1 : 50) {
        bytes.len -= cut;
        ck_assert_msg(prove(&bytes, &bytes, BLOCK, NULL) != LGZ_OK, "%zu bytes less", cut);
        bytes.len += cut;
    }
    buf_free(&bytes);
}
END_TEST

/* What was written isn't there. */
START_TEST(files_that_shrink_are_refused)
{
    struct buf bytes = {0};
    struct proof *proof;
    make_segment(&bytes);
    ck_ok(proof_open(&proof, draft, "the-segment.logz", &err));
    ck_assert_int_eq(truncate(draft, (off_t)bytes.len - 1), 0);
    ck_assert_int_eq(proof_written(proof, bytes.data, bytes.len, &err), LGZ_ERR_CORRUPT);
    proof_close(proof);
    ck_assert_int_eq(unlink(draft), 0);
    ck_assert_int_eq(proof_open(&proof, draft, "the-segment.logz", &err), LGZ_ERR_IO);
    ck_assert_ptr_null(proof);
    buf_free(&bytes);
}
END_TEST

/* However it comes in pieces, it is the same. */
START_TEST(digests_know_no_pieces)
{
    enum { SIZE = 200000 };
    static const size_t steps[] = {1 << 16, 1, 13, 65535, 65537, 100000};
    uint8_t *data = malloc(SIZE);
    struct digest whole = {0};
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * i >> 7);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct digest d = {0};
        digest_place(&whole, 7, 1000, -1, SIZE);
        ck_ok(digest_data(&whole, data, SIZE, &err));
        for (size_t at = 0; at < SIZE; at += steps[i]) {
            size_t len = SIZE - at < steps[i] ? SIZE - at : steps[i];
            digest_place(&d, 7, 1000 + at, -1, len);
            ck_ok(digest_data(&d, data + at, len, &err));
        }
        ck_assert_msg(digest_same(&whole, &d), "in steps of %zu", steps[i]);
        digest_clear(&whole);
        digest_clear(&d);
    }
    free(data);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, remove_directory);
    tcase_add_test(tc, sound_drafts_pass);
    tcase_add_loop_test(tc, other_contents_are_refused, 0, 6);
    tcase_add_test(tc, damage_is_found);
    tcase_add_test(tc, wrong_segments_are_refused);
    tcase_add_test(tc, files_that_shrink_are_refused);
    tcase_add_test(tc, digests_know_no_pieces);
}

int main(void)
{
    return run_suite("proof", add_tests, 60);
}
