/*
 * unpack.h - reads a compressed file from its start: gzip, xz, zstd, bzip2 or logz, of one or
 * several streams, as rotation leaves them. Memory is bounded (UNPACK_MEMORY_MAX; for a logz file a
 * block of UNPACK_LOGZ_MAX bytes, and what it's decoded from); every checksum that the format has
 * is checked.
 */
#ifndef LOGZIP_IMPORT_UNPACK_H
#define LOGZIP_IMPORT_UNPACK_H

#include <sys/types.h>

#include "archive/mark.h"
#include "base/buf.h"
#include "base/error.h"

struct unpack;

/** Raw bytes of a logz file's block, at most: those that compress --best makes. */
#define UNPACK_LOGZ_MAX ((size_t)64 << 20)

/** A call reads about so many bytes of the file, more than any block of the formats has. */
enum { UNPACK_IN_MAX = 1 << 20 };

/** The length of the suffix (".gz") of a compressed file's name; 0 if it doesn't have one. */
size_t unpack_suffix(const char *name);

/**
 * Begin to read what is open as `fd`, which is borrowed and whose own position doesn't matter.
 *
 * @param path  for messages
 * @return LGZ_ERR_FORMAT if its first bytes are none of the formats', LGZ_ERR_IO, LGZ_ERR_MEMORY
 */
int unpack_open(struct unpack **out, int fd, const char *path, struct lgz_error *err);
void unpack_close(struct unpack *u);

/**
 * Read on.
 *
 * @return bytes, fewer than `room` only at the end (unpack_ended()), before an error, which the
 * next call tells, or when UNPACK_IN_MAX bytes of the file gave no more, maybe none: it may hold
 *         nothing but empty streams. Or a negative code: LGZ_ERR_CORRUPT when the file is damaged
 * or ends in the middle (unpack_cut()), LGZ_ERR_LIMIT when it takes too much memory
 */
ssize_t unpack_read(struct unpack *u, void *data, size_t room, struct lgz_error *err);

/** Start again at the file's first byte. */
int unpack_rewind(struct unpack *u, struct lgz_error *err);

/** How many bytes were read. */
uint64_t unpack_position(const struct unpack *u);

/** How many bytes of the file were taken so far. */
uint64_t unpack_consumed(const struct unpack *u);

/** The last bytes that were read, at most MARK_MAX. */
struct span unpack_last(const struct unpack *u);

/** Is all read? */
bool unpack_ended(const struct unpack *u);

/** Was all read once, before a rewind maybe, so that every checksum is known to be right? */
bool unpack_is_whole(const struct unpack *u);

/** Did reading fail because the file ends in the middle of a stream? More of it may come yet. */
bool unpack_cut(const struct unpack *u);

#endif
