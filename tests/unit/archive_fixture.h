/*
 * archive_fixture.h - what the tests of the archive share: a temporary archive, short ways to write
 * journals, and to read back everything that an archive holds of a source.
 */
#ifndef LOGZIP_TESTS_ARCHIVE_FIXTURE_H
#define LOGZIP_TESTS_ARCHIVE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/listing.h"
#include "archive/restore.h"
#include "base/clock.h"
#include "base/file.h"
#include "directory_fixture.h"
#include "segment/reader.h"

#define JOURNAL_1 "journal-000000000001.lzj"
#define JOURNAL_2 "journal-000000000002.lzj"

#define ck_ok(call) ck_assert_msg((call) == LGZ_OK, #call ": %s", err.message)

/* Source `id` has the name "/log/ID". The strings live as long as the test. */
static inline struct source source_of(uint64_t id)
{
    static char empty[] = "";
    char *name = malloc(32);
    ck_assert_ptr_nonnull(name);
    snprintf(name, 32, "/log/%d", (int)id);
    return (struct source){.id = id, .name = name, .input = empty, .inode = id};
}

static inline struct source named_source(uint64_t id, char *name)
{
    static char empty[] = "";
    return (struct source){.id = id, .name = name, .input = empty, .inode = id};
}

/* A journal that knows sources 1 to `sources`, each read up to `next`. */
static inline struct journal_writer *create_journal(uint64_t sequence, uint64_t sources,
                                                    uint64_t next)
{
    struct journal_writer *j;
    struct source_position start[16];
    ck_assert_uint_le(sources, 16);
    for (uint64_t i = 0; i < sources; i++)
        start[i] = (struct source_position){source_of(i + 1), next, {0}};
    ck_ok(journal_create(&j, directory, sequence, start, sources, &err));
    for (uint64_t i = 0; i < sources; i++)
        free(start[i].source.name);
    return j;
}

static inline void put_at(struct journal_writer *j, uint64_t id, uint64_t offset, int64_t time,
                          const char *text)
{
    ck_ok(journal_put_data(j, id, offset, time, text, strlen(text), &err));
}

static inline void put(struct journal_writer *j, uint64_t id, uint64_t offset, const char *text)
{
    put_at(j, id, offset, 1700000000 * NS_PER_SECOND, text);
}

/* Journal `sequence` with one record of source 1, closed. */
static inline void write_journal(uint64_t sequence, uint64_t offset, const char *text)
{
    struct journal_writer *j = create_journal(sequence, 1, offset);
    put(j, 1, offset, text);
    ck_ok(journal_sync(j, &err));
    journal_close(j);
}

static inline int try_seal(uint64_t first, uint64_t last, struct archive_seal_result *result)
{
    static const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
    char *paths[64];
    size_t count = (size_t)(last - first + 1);
    ck_assert_uint_le(count, 64);
    for (size_t i = 0; i < count; i++) {
        paths[i] = names_journal(directory, first + i);
        ck_assert_ptr_nonnull(paths[i]);
    }
    int code = archive_seal(directory, paths, count, &options, result, &err);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    return code;
}

/* Seal journals `first` to `last`; there must be one after them. Returns the segment's path. */
static inline char *seal(uint64_t first, uint64_t last)
{
    struct archive_seal_result result;
    ck_ok(try_seal(first, last, &result));
    char *segment = result.segment;
    result.segment = NULL;
    archive_seal_result_clear(&result);
    return segment;
}

static inline int append_to_buf(void *context, const void *data, size_t size)
{
    buf_append(context, data, size);
    return 0;
}

static inline int try_restore(const char *pattern, struct buf *out, struct restore_result *result)
{
    struct archive_snapshot *snapshot;
    ck_ok(archive_snapshot_open(&snapshot, directory, &err));
    int code = archive_restore(snapshot, pattern, 3, append_to_buf, out, result, &err);
    archive_snapshot_close(snapshot);
    return code;
}

/* The archive must hold exactly `expected` of what matches `pattern`. */
static inline void assert_restores(const char *pattern, const char *expected)
{
    struct buf out = {0};
    struct restore_result result;
    ck_ok(try_restore(pattern, &out, &result));
    ck_assert_uint_eq(result.bytes, out.len);
    ck_assert_uint_eq(out.len, strlen(expected));
    if (out.len)
        ck_assert_mem_eq(out.data, expected, out.len);
    restore_result_clear(&result);
    buf_free(&out);
}

/* Raw bytes in all segments: doubled bytes show here, though a restore would drop them. */
static inline uint64_t segments_raw_bytes(void)
{
    struct listing found;
    uint64_t sum = 0;
    ck_ok(listing_open(&found, directory, &err));
    for (size_t i = 0; i < found.segments.len; i++) {
        struct segment *s;
        ck_ok(segment_open(&s, found.segments.data[i].path, &err));
        sum += segment_info(s)->raw_bytes;
        segment_close(s);
    }
    listing_clear(&found);
    return sum;
}

/* Is there a file `name` in the archive's directory? */
static inline bool exists(const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

/* Make a file `name` in the archive's directory. */
static inline void make_file(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

/* Keep a copy of a file of the archive beside it; put it back, as if it hadn't been removed. */
static inline void copy_file(const char *how, const char *name)
{
    char command[300];
    snprintf(command, sizeof(command), "d='%s' n='%s'; mkdir -p $d.copy; %s", directory, name, how);
    ck_assert_int_eq(system(command), 0);
}

static inline void keep_copy(const char *name, bool back)
{
    copy_file(back ? "cp $d.copy/$n $d/" : "cp $d/$n $d.copy/", name);
}

static inline void forget_copies(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s.copy'", directory);
    ck_assert_int_eq(system(command), 0);
}

#endif
