/*
 * log_file.h - reads a file that rotation left, plain or compressed (unpack.h), from its start. Of
 * a plain one, which may be written to still, as much is read as there was when it was opened.
 */
#ifndef LOGZIP_IMPORT_LOG_FILE_H
#define LOGZIP_IMPORT_LOG_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

struct log_file;

/**
 * What the file begins with says whether it's compressed.
 *
 * @param follow  may the path be a symbolic link?
 * @return LGZ_ERR_NOT_FOUND if it isn't there, LGZ_ERR_ARGUMENT if it's no regular file,
 *         LGZ_ERR_FORMAT if its name says that it's compressed, and it isn't
 */
int log_file_open(struct log_file **out, const char *path, bool follow, struct lgz_error *err);

/** NULL is allowed. */
void log_file_close(struct log_file *f);

/** As it was when it was opened. */
const struct stat *log_file_stat(const struct log_file *f);

/**
 * Read on.
 *
 * @return bytes, fewer than `room` only at the end; or a negative code: LGZ_ERR_CORRUPT when the
 *         file is damaged or ends in the middle, LGZ_ERR_LIMIT when it takes too much memory,
 *         LGZ_ERR_BUSY when it was truncated
 */
ssize_t log_file_read(struct log_file *f, void *data, size_t room, struct lgz_error *err);

/** Pass over `len` bytes. @return LGZ_ERR_CORRUPT if there aren't as many, or as for reading */
int log_file_skip(struct log_file *f, uint64_t len, struct lgz_error *err);

/** Start again at the first byte. */
int log_file_rewind(struct log_file *f, struct lgz_error *err);

/** How many bytes of what is on the disk were read. */
uint64_t log_file_consumed(const struct log_file *f);

/** Is what was read what the file had? @return LGZ_ERR_BUSY if it was changed since */
int log_file_settled(const struct log_file *f, struct lgz_error *err);

#endif
