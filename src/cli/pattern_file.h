/*
 * pattern_file.h - the patterns of query's -f FILE.
 */
#ifndef LOGZIP_CLI_PATTERN_FILE_H
#define LOGZIP_CLI_PATTERN_FILE_H

#include "base/error.h"

/**
 * Read a file, each line of which is a pattern.
 *
 * @param path  "-": standard input
 * @param text  set to all of it without its last newline, to be freed; NULL if the file is empty
 * @return LGZ_ERR_LIMIT if it has more than 16 MiB, LGZ_ERR_ARGUMENT if it holds a NUL byte
 */
int pattern_file_read(const char *path, char **text, struct lgz_error *err);

#endif
