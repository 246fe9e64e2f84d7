/*
 * directory_fixture.h - a temporary directory for a test, and the error of its calls.
 */
#ifndef LOGZIP_TESTS_DIRECTORY_FIXTURE_H
#define LOGZIP_TESTS_DIRECTORY_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static char directory[64];
static struct lgz_error err;

static inline void make_directory(void)
{
    snprintf(directory, sizeof(directory), "/tmp/logzip-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    err = (struct lgz_error){0};
}

static inline void remove_directory(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command), 0);
}

#endif
