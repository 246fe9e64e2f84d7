/*
 * test_unpack.c - compressed files are read exactly, in pieces of any size; cut, damaged and greedy
 * ones are errors, and never give other bytes than were compressed.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "engine_fixture.h"
#include "import/unpack.h"
#include "shell.h"

static const char *const tools[][2] = {
    {"gzip -c", "gz"}, {"xz -0 -c", "xz"}, {"zstd -q -c", "zst"}, {"bzip2 -c", "bz2"}};
enum { TOOLS = sizeof(tools) / sizeof(tools[0]), LINES = 10000 };

static char directory[] = "/tmp/test_unpack.XXXXXX";
static struct buf plain;

static int open_file(const char *name)
{
    char path[100];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return open(path, O_RDONLY);
}

static void set_up(void)
{
    strcpy(strrchr(directory, '.') + 1, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    for (int i = 0; i < LINES; i++)
        buf_printf(&plain, "2026-11-23 07:00:%02d a line, number %d\n", i % 60, i);
    char path[100];
    snprintf(path, sizeof(path), "%s/plain", directory);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(plain.data, 1, plain.len, f), plain.len);
    ck_assert_int_eq(fclose(f), 0);
}

static void tear_down(void)
{
    shell_in(directory, "rm -rf %s", directory);
    buf_free(&plain);
}

/* Read all in pieces of `room` and compare. @return 0 at the end, or the error's code */
static int read_all(struct unpack *u, size_t room, size_t copies, struct lgz_error *why)
{
    uint8_t *data = malloc(room);
    ssize_t n;
    ck_assert_ptr_nonnull(data);
    while ((n = unpack_read(u, data, room, why)) > 0) {
        uint64_t start = unpack_position(u) - (uint64_t)n;
        size_t differences = 0;
        for (size_t i = 0; i < (size_t)n; i++)
            differences += data[i] != plain.data[(start + i) % plain.len];
        ck_assert_uint_eq(differences, 0);
        struct span last = unpack_last(u);
        ck_assert_uint_eq(last.len, unpack_position(u) < MARK_MAX ? unpack_position(u) : MARK_MAX);
        size_t end = unpack_position(u) % plain.len ? unpack_position(u) % plain.len : plain.len;
        if (end >= last.len)
            ck_assert_int_eq(memcmp(last.data, plain.data + end - last.len, last.len), 0);
    }
    free(data);
    if (n == 0) {
        ck_assert(unpack_ended(u));
        ck_assert_uint_eq(unpack_position(u), copies * plain.len);
    }
    return (int)n;
}

/* Once, twice in a row, and again after a rewind. */
START_TEST(exact)
{
    static const size_t rooms[] = {1000000, 65536, 777, 1 << 20};
    for (size_t i = 0; i < TOOLS; i++) {
        shell_in(directory, "%s <plain >one.%s", tools[i][0], tools[i][1]);
        shell_in(directory, "cat one.%s one.%s >two", tools[i][1], tools[i][1]);
        ck_assert_uint_eq(unpack_suffix("one.gz"), 3);
        for (size_t copies = 1; copies <= 2; copies++) {
            char name[20];
            snprintf(name, sizeof(name), copies == 1 ? "one.%s" : "two", tools[i][1]);
            int fd = open_file(name);
            struct unpack *u;
            ck_assert_int_eq(unpack_open(&u, fd, name, NULL), LGZ_OK);
            for (size_t k = 0; k < sizeof(rooms) / sizeof(rooms[0]); k++) {
                ck_assert_int_eq(read_all(u, rooms[k], copies, NULL), 0);
                ck_assert_int_eq(unpack_rewind(u, NULL), LGZ_OK);
            }
            unpack_close(u);
            close(fd);
        }
    }
}
END_TEST

/* Cut anywhere: all whole pieces before it, then an error that says so, again and again. */
START_TEST(cut)
{
    for (size_t i = 0; i < TOOLS; i++) {
        shell_in(directory, "%s <plain >one.%s", tools[i][0], tools[i][1]);
        for (int part = 1; part < 20; part++) {
            char size[20];
            snprintf(size, sizeof(size), "%d", part);
            shell_in(directory, "s=$(stat -c %%s one.%s); head -c $((s * %s / 20)) one.* >cut",
                     tools[i][1], size);
            int fd = open_file("cut");
            struct unpack *u;
            ck_assert_int_eq(unpack_open(&u, fd, "cut", NULL), LGZ_OK);
            ck_assert_int_eq(read_all(u, 5000, 1, &err), LGZ_ERR_CORRUPT);
            ck_assert(unpack_cut(u) && !unpack_ended(u));
            ck_assert_ptr_nonnull(strstr(err.message, "cut: offset "));
            ck_assert_int_eq(read_all(u, 5000, 1, &err), LGZ_ERR_CORRUPT);
            unpack_close(u);
            close(fd);
        }
        shell_in(directory, "rm one.%s", tools[i][1]);
    }
}
END_TEST

/* One bit is wrong: what is given before the error is right, or at least an error comes. */
START_TEST(flipped)
{
    for (size_t i = 0; i < TOOLS; i++) {
        shell_in(directory, "%s <plain >one.%s", tools[i][0], tools[i][1]);
        for (int part = 1; part < 40; part++) {
            char place[200];
            snprintf(
                place, sizeof(place),
                "perl -pe 'BEGIN { undef $/ } substr($_, length($_) * %d / 40, 1) ^= \"\\x10\"'",
                part);
            shell_in(directory, "%s one.%s >bad", place, tools[i][1]);
            int fd = open_file("bad");
            struct unpack *u;
            ck_assert_int_eq(unpack_open(&u, fd, "bad", NULL), LGZ_OK);
            static uint8_t data[70000];
            ssize_t n;
            while ((n = unpack_read(u, data, sizeof(data), &err)) > 0)
                continue;
            ck_assert_int_lt(n, 0);
            ck_assert_ptr_nonnull(strstr(err.message, "bad: offset "));
            unpack_close(u);
            close(fd);
        }
        shell_in(directory, "rm one.%s", tools[i][1]);
    }
}
END_TEST

/* Files that ask for more memory than is allowed, whatever they hold. */
START_TEST(greedy)
{
    struct unpack *u;
    uint8_t data[100];
    shell_in(directory, "xz -c --lzma2=dict=256MiB <plain >greedy");
    int fd = open_file("greedy");
    ck_assert_int_eq(unpack_open(&u, fd, "greedy", NULL), LGZ_OK);
    ck_assert_int_eq(unpack_read(u, data, sizeof(data), &err), LGZ_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "more than 128 MiB"));
    unpack_close(u);
    close(fd);
    shell_in(directory,
             "cat plain | zstd -q -c --ultra --long=31 >greedy"); /* its size isn't known */
    fd = open_file("greedy");
    ck_assert_int_eq(unpack_open(&u, fd, "greedy", NULL), LGZ_OK);
    ck_assert_int_eq(unpack_read(u, data, sizeof(data), &err), LGZ_ERR_LIMIT);
    unpack_close(u);
    close(fd);
}
END_TEST

/* A file that says nothing for long: each call is over after some of it, and all is found. */
START_TEST(empty_streams)
{
    enum { LONG = 2 << 20 }; /* of -1, which needs the least memory for each stream */
    for (size_t i = 0; i < TOOLS; i++) {
        struct unpack *u;
        ssize_t n;
        size_t calls = 0, len = 0;
        uint8_t data[1000];
        shell_in(directory, "%s -1 </dev/null | perl -0777 -ne 'print $_ x (%d / length)' >empty",
                 tools[i][0], LONG);
        shell_in(directory, "(cat empty; printf something | %s) >long", tools[i][0]);
        int fd = open_file("long");
        ck_assert_int_eq(unpack_open(&u, fd, "long", NULL), LGZ_OK);
        for (; !unpack_ended(u); calls++, len += (size_t)n)
            ck_assert_int_ge(n = unpack_read(u, data, sizeof(data), NULL), 0);
        ck_assert_uint_eq(len, strlen("something"));
        ck_assert_uint_ge(calls, LONG / UNPACK_IN_MAX);
        unpack_close(u);
        close(fd);
    }
}
END_TEST

/* Append a segment of the lines to `out`, in blocks of that size; 0: one. */
static void compress_to(struct buf *out, size_t block_size)
{
    struct lgz_options options;
    lgz_options_default(&options);
    options.level = LGZ_LEVEL_FAST;
    options.block_size = block_size;
    compress_text(&options, (struct span){plain.data, plain.len}, out);
}

static struct unpack *open_bytes(const void *data, size_t len, int *fd)
{
    char path[100];
    struct unpack *u;
    snprintf(path, sizeof(path), "%s/bytes", directory);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    *fd = open_file("bytes");
    ck_ok(unpack_open(&u, *fd, "bytes", &err));
    return u;
}

/* Segments of one block and of many, one and two; cut at any byte; with a bit of any byte wrong. */
START_TEST(logz)
{
    static const size_t rooms[] = {1000000, 65536, 777}, sizes[] = {0, 20000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buf packed = {0};
        int fd;
        for (size_t copies = 1; copies <= 2; copies++) {
            compress_to(&packed, sizes[i]);
            struct unpack *u = open_bytes(packed.data, packed.len, &fd);
            for (size_t k = 0; k < sizeof(rooms) / sizeof(rooms[0]); k++) {
                ck_assert_int_eq(read_all(u, rooms[k], copies, NULL), 0);
                ck_ok(unpack_rewind(u, &err));
            }
            unpack_close(u);
            close(fd);
        }
        size_t one = packed.len / 2, step = one / 200 + 1, tried = 0, wrong = 0;
        for (size_t at = 8; at < one; at += step) {
            struct unpack *u = open_bytes(packed.data, at, &fd);
            ck_assert_int_eq(read_all(u, 5000, 1, &err), LGZ_ERR_CORRUPT);
            ck_assert(unpack_cut(u));
            unpack_close(u);
            close(fd);
            tried++;
            packed.data[at] ^= 0x10;
            u = open_bytes(packed.data, one, &fd);
            int code = read_all(u, 5000, 1, &err); /* nothing wrong was read before */
            wrong += code < 0;
            ck_assert(code == LGZ_OK || strstr(err.message, "bytes: offset "));
            unpack_close(u);
            close(fd);
            packed.data[at] ^= 0x10;
        }
        /* A small segment has bytes that mean nothing. */
        ck_assert_uint_ge(wrong * 10, tried * 9);
        buf_free(&packed);
    }
    ck_assert_uint_eq(unpack_suffix("app.log.1.logz"), 5);
}
END_TEST

/* A block of 1 GiB, as it says, in a few bytes. */
START_TEST(greedy_logz)
{
    static const uint8_t bytes[] = "\x89LOGZ\r\n\x01\x02\x20\xff\xff\xff\xff\x03";
    uint8_t data[100], all[64] = {0};
    struct buf sound = {0};
    int fd;
    compress_to(&sound, 0);
    memcpy(all, bytes, sizeof(bytes));
    all[7] = sound.data[7]; /* the version */
    buf_free(&sound);
    struct unpack *u = open_bytes(all, sizeof(all), &fd);
    ck_assert_int_eq(unpack_read(u, data, sizeof(data), &err), LGZ_ERR_LIMIT);
    unpack_close(u);
    close(fd);
}
END_TEST

START_TEST(no_format)
{
    struct unpack *u;
    int fd = open_file("plain");
    ck_assert_int_eq(unpack_open(&u, fd, "plain", NULL), LGZ_ERR_FORMAT);
    ck_assert_ptr_null(u);
    close(fd);
    shell_in(directory, ": >empty");
    fd = open_file("empty");
    ck_assert_int_eq(unpack_open(&u, fd, "empty", NULL), LGZ_ERR_FORMAT);
    close(fd);
    ck_assert_uint_eq(unpack_suffix("app.log"), 0);
    ck_assert_uint_eq(unpack_suffix(".gz"), 0);
    ck_assert_uint_eq(unpack_suffix("app.log.zst"), 4);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, exact);
    tcase_add_test(tc, cut);
    tcase_add_test(tc, flipped);
    tcase_add_test(tc, greedy);
    tcase_add_test(tc, empty_streams);
    tcase_add_test(tc, logz);
    tcase_add_test(tc, greedy_logz);
    tcase_add_test(tc, no_format);
}

int main(void)
{
    return run_suite("unpack", add_tests, 60);
}
