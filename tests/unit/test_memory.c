/*
 * test_memory.c - each allocation of compressing and decompressing made to fail in turn: the result
 * is LGZ_ERR_MEMORY, or right; nothing leaks and nothing crashes.
 *
 * The allocator's functions are defined here, in front of libc's, which stay reachable by their
 * other names. A sanitizer does the same for itself: then there is nothing to run.
 */
#include <stdatomic.h>

#include "engine_fixture.h"
#include "segment/line_templates.h"

#if UNDER_ASAN || !defined(__GLIBC__)

int main(void)
{
    puts("the allocator can't be replaced here");
    return 77;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

/* The threads of a crew count together; when it is armed, no other is running. */
static struct {
    atomic_bool armed;
    bool for_good; /* all that come after the first one fail as well */
    unsigned long fail_at;
    atomic_ulong calls;
    atomic_long live;
} allocator;

static bool refuse(void)
{
    if (!allocator.armed)
        return false;
    unsigned long call = ++allocator.calls;
    return allocator.for_good ? call >= allocator.fail_at : call == allocator.fail_at;
}

static void *count_live(void *block)
{
    if (allocator.armed && block)
        allocator.live++;
    return block;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : count_live(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : count_live(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    if (refuse())
        return NULL;
    void *block = __libc_realloc(old, size);
    return old ? block : count_live(block);
}

void free(void *old)
{
    if (allocator.armed && old)
        allocator.live--;
    __libc_free(old);
}

static void arm(unsigned long fail_at, bool for_good)
{
    allocator.for_good = for_good;
    allocator.fail_at = fail_at;
    allocator.calls = 0;
    allocator.live = 0;
    allocator.armed = true;
}

/* @return blocks that were allocated and not freed meanwhile */
static long disarm(void)
{
    allocator.armed = false;
    return allocator.live;
}

/* A write callback whose room is there before anything fails. */
struct room {
    uint8_t *data;
    size_t len;
    size_t cap;
};

static int put_in_room(void *context, const void *data, size_t size)
{
    struct room *room = context;
    if (size > room->cap - room->len)
        return 1;
    memcpy(room->data + room->len, data, size);
    room->len += size;
    return 0;
}

static int compress(const struct lgz_options *options, struct span text, struct room *out)
{
    struct lgz_compressor *c = NULL;
    int code = lgz_compressor_new(&c, options, put_in_room, out, &err);
    if (code != LGZ_OK)
        return code;
    code = lgz_compressor_write(c, text.data, text.len, &err);
    if (code == LGZ_OK)
        code = lgz_compressor_finish(c, &err);
    else if (lgz_compressor_finish(c, NULL) == LGZ_OK)
        code = LGZ_ERR_CORRUPT; /* a segment without what couldn't be written */
    lgz_compressor_free(c);
    return code;
}

static int decompress(struct span packed, struct room *out)
{
    struct lgz_decompressor *d = NULL;
    int code = lgz_decompressor_new(&d, "test", put_in_room, out, &err);
    if (code != LGZ_OK)
        return code;
    code = lgz_decompressor_write(d, packed.data, packed.len, &err);
    if (code == LGZ_OK)
        code = lgz_decompressor_finish(d, &err);
    lgz_decompressor_free(d);
    return code;
}

static int read_file(const char *path, struct room *out)
{
    struct segment *s = NULL;
    struct buf raw = {0};
    int code = segment_open(&s, path, &err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < segment_block_count(s) && code == LGZ_OK; i++) {
        struct line_templates templates = {0};
        code = segment_read_block(s, i, &raw, &err);
        if (code == LGZ_OK)
            code = segment_line_templates(s, i, &templates, &err);
        line_templates_clear(&templates);
    }
    if (code == LGZ_OK)
        put_in_room(out, raw.data, raw.len);
    buf_free(&raw);
    segment_close(s);
    return code;
}

static struct room new_room(size_t cap)
{
    struct room room = {__libc_malloc(cap), 0, cap};
    ck_assert_ptr_nonnull(room.data);
    return room;
}

static void put_sample(struct buf *out)
{
    for (int i = 0; i < 160; i++)
        buf_printf(out, "2026-03-04 05:%02d:%02d app[%d]: user u%d.%d opened /srv/%x in %d ms\n",
                   i / 60, i % 60, 77 + i % 2, i * i % 71, i % 9, i * 40503, i * 7 % 50);
    for (int i = 0; i < 80; i++)
        buf_printf(out, "blk_%d is gone, %s\n", i * i * 7919 % 100, i % 3 ? "again" : "for ever");
    buf_append_string(out, "end");
}

struct job {
    struct lgz_options options;
    struct span text;
    struct span packed;
    const char *path;
};

enum stage { STAGE_COMPRESS, STAGE_DECOMPRESS, STAGE_READ, STAGES };

static int run_stage(const struct job *job, enum stage stage, struct room *out)
{
    err = (struct lgz_error){0};
    out->len = 0;
    if (stage == STAGE_COMPRESS)
        return compress(&job->options, job->text, out);
    return stage == STAGE_DECOMPRESS ? decompress(job->packed, out) : read_file(job->path, out);
}

/* What was compressed with a failure that did no harm must be the text; bytes may differ. */
static void require_right(const struct job *job, enum stage stage, const struct room *out)
{
    struct room again = new_room(job->text.len + 1);
    struct span got = {out->data, out->len};
    if (stage == STAGE_COMPRESS) {
        ck_ok(decompress(got, &again));
        got = (struct span){again.data, again.len};
    }
    ck_assert(span_equal(got, job->text));
    __libc_free(again.data);
}

static void fail_each(const struct job *job, enum stage stage, bool for_good)
{
    struct room out = new_room(1 << 20);
    unsigned long failures = 0;
    unsigned long n = 1;
    for (;; n++) {
        arm(n, for_good);
        int code = run_stage(job, stage, &out);
        long leaked = disarm();
        bool reached = allocator.calls >= n;
        ck_assert_msg(leaked == 0, "stage %d, allocation %lu fails: %ld blocks leak", (int)stage, n,
                      leaked);
        ck_assert_msg(code == LGZ_OK || code == LGZ_ERR_MEMORY,
                      "stage %d, allocation %lu fails: code %d (%s)", (int)stage, n, code,
                      err.message);
        ck_assert_int_eq(err.code, code);
        failures += code != LGZ_OK;
        if (code == LGZ_OK)
            require_right(job, stage, &out);
        if (!reached)
            break;
    }
    /* An allocation that nobody minds to miss is an exception. */
    ck_assert_uint_gt(failures, n / 2);
    __libc_free(out.data);
}

START_TEST(test_each_allocation)
{
    struct buf text = {0};
    struct room packed = new_room(1 << 20);
    char path[] = "/tmp/logzip-memory-XXXXXX";
    struct job job = {.path = path};
    put_sample(&text);
    lgz_options_default(&job.options);
    job.options.level = (enum lgz_level)(LGZ_LEVEL_FAST + _i % 3);
    job.options.block_size = _i >= 3 ? 4096 : 0;
    job.text = buf_span(&text);
    ck_ok(compress(&job.options, job.text, &packed));
    job.packed = (struct span){packed.data, packed.len};
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, packed.data, packed.len), (ssize_t)packed.len);
    close(fd);
    for (int stage = 0; stage < STAGES; stage++) {
        fail_each(&job, (enum stage)stage, false);
        if (_i == 1)
            fail_each(&job, (enum stage)stage, true);
    }
    unlink(path);
    __libc_free(packed.data);
    buf_free(&text);
}
END_TEST

/* Whichever thread it is for which memory is out. */
START_TEST(test_threads)
{
    struct buf text = {0};
    struct room packed = new_room(1 << 20);
    struct job job = {0};
    put_sample(&text);
    lgz_options_default(&job.options);
    job.options.level = (enum lgz_level)(LGZ_LEVEL_FAST + _i);
    job.options.threads = 3;
    job.options.block_size = 8192;
    job.text = buf_span(&text);
    /* Threads leave their stacks to the next ones: that these are there isn't a leak. */
    ck_ok(compress(&job.options, job.text, &packed));
    fail_each(&job, STAGE_COMPRESS, false);
    fail_each(&job, STAGE_COMPRESS, true);
    __libc_free(packed.data);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_each_allocation, 0, 4);
    tcase_add_loop_test(tc, test_threads, 0, 3);
}

int main(void)
{
    return run_suite("memory", add_tests, 300);
}

#endif
