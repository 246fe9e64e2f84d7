/*
 * shell.h - commands of the shell, in a test's directory.
 */
#ifndef LOGZIP_TESTS_SHELL_H
#define LOGZIP_TESTS_SHELL_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/** Run a command there, which must go well. */
__attribute__((format(printf, 2, 3))) static inline void shell_in(const char *where,
                                                                  const char *format, ...)
{
    char command[600], line[700];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    snprintf(line, sizeof(line), "cd %s && { %s; }", where, command);
    ck_assert_int_eq(system(line), 0);
}

#endif
