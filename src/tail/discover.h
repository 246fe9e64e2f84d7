/*
 * discover.h - from globs to names: which paths the inputs match at this moment, and which
 * directories to watch so that a new one is noticed.
 */
#ifndef LOGZIP_TAIL_DISCOVER_H
#define LOGZIP_TAIL_DISCOVER_H

#include "archive/config.h"

/** A path that matches, and its input; or a directory, then `input` is NULL. */
typedef void discover_fn(void *context, const char *path, const struct config_input *input);

/**
 * Call `file` for each path that an input matches and does not exclude, inputs and patterns in
 * their order, the matches of a pattern sorted. A path may come several times, and needn't be a
 * regular file. Names of compressed files (unpack.h) come only if the pattern ends as they do.
 */
int discover_files(const struct config_input *inputs, size_t count, discover_fn *file,
                   void *context, struct lgz_error *err);

/** Is `path` one of the names that an input wants, whether it's there or not? */
bool discover_matches(const struct config_input *inputs, size_t count, const char *path);

/**
 * Call `directory` for each directory in which a new name could make a pattern match: from the
 * one before the first wildcard on; or where that isn't there, its nearest parent that is.
 */
int discover_directories(const struct config_input *inputs, size_t count, discover_fn *directory,
                         void *context, struct lgz_error *err);

#endif
