/*
 * segment_fixture.h - segments that were made in memory, as files: one that is nowhere but open, or
 * one file with a name that a test writes again and again.
 */
#ifndef LOGZIP_TESTS_SEGMENT_FIXTURE_H
#define LOGZIP_TESTS_SEGMENT_FIXTURE_H

#include <stdio.h>
#include <unistd.h>

#include "engine_fixture.h"
#include "segment/reader.h"

/* The file of a test. */
static char path[64];

static inline void make_path(void)
{
    snprintf(path, sizeof(path), "/tmp/logzip-segment-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static inline void remove_path(void)
{
    unlink(path);
}

static inline void put_file(struct span bytes)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
    ck_assert_int_eq(fclose(f), 0);
}

/* A segment whose file is gone as soon as it's open. */
static inline struct segment *open_packed(struct span packed)
{
    struct segment *s;
    make_path();
    put_file(packed);
    ck_ok(segment_open(&s, path, &err));
    remove_path();
    return s;
}

#endif
