/*
 * journal_fixture.h - what the tests of the journal share: a temporary directory, a journal in it,
 * and numbered records, which show what is missing.
 */
#ifndef LOGZIP_TESTS_JOURNAL_FIXTURE_H
#define LOGZIP_TESTS_JOURNAL_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/journal.h"
#include "base/file.h"
#include "directory_fixture.h"
#include "suite.h"

static char name_x[] = "/var/log/x", input_x[] = "x";

static inline struct source source_of(uint64_t id)
{
    return (struct source){.id = id, .name = name_x, .input = input_x, .inode = id};
}

static inline struct journal_writer *create(uint64_t sequence)
{
    struct journal_writer *j;
    struct source_position start = {source_of(1), 0, {0}};
    ck_assert_msg(journal_create(&j, directory, sequence, &start, 1, &err) == LGZ_OK, "%s",
                  err.message);
    return j;
}

static inline void put(struct journal_writer *j, uint64_t id, uint64_t offset, const char *text)
{
    ck_assert_msg(journal_put_data(j, id, offset, 1000, text, strlen(text), &err) == LGZ_OK, "%s",
                  err.message);
}

/* Count the whole records; every data record must hold "record N\n" for its place N. */
static inline size_t count_numbered(const char *path, bool *torn)
{
    struct journal_reader *r;
    struct journal_record record;
    size_t count = 0;
    int code;
    if (journal_open(&r, path, &err) != LGZ_OK)
        return 0;
    while ((code = journal_next(r, &record, &err)) == 1) {
        if (record.kind == JOURNAL_DATA) {
            char expected[20];
            snprintf(expected, sizeof(expected), "record %zu\n", count);
            ck_assert_uint_eq(record.data.len, strlen(expected));
            ck_assert_mem_eq(record.data.data, expected, strlen(expected));
            ck_assert_uint_eq(record.offset, count * 9);
            count++;
        }
    }
    ck_assert_int_eq(code, 0);
    journal_reader_end(r, torn);
    journal_reader_close(r);
    return count;
}

static inline void put_numbered(struct journal_writer *j, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char text[20];
        snprintf(text, sizeof(text), "record %zu\n", i);
        put(j, 1, i * 9, text);
    }
}

#endif
