/*
 * scratch.h - directories of runs: made, and removed when all went well. A run that went wrong
 * keeps its own, with the messages of its programs.
 */
#ifndef LOGZIP_TESTS_SCRATCH_H
#define LOGZIP_TESTS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Make a directory in TMPDIR.
 *
 * @param program  its name begins with it
 * @param path     gets its path, of at most `size` bytes
 * @return false: errno says why
 */
bool scratch_make(const char *program, char *path, size_t size);

/** Remove a directory, and all in it. */
void scratch_remove(const char *path);

/** Print the end of a run's messages. */
void scratch_print_messages(const char *path);

#endif
