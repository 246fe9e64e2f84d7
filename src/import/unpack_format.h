/*
 * unpack_format.h - inside src/import only: the formats that rotated files are compressed in. Each
 * is one small struct of functions over its own library, and one line in the table.
 *
 * To add one: a struct unpack_format in unpack_format.c, and its line in the table.
 */
#ifndef LOGZIP_IMPORT_UNPACK_FORMAT_H
#define LOGZIP_IMPORT_UNPACK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** What a decoder may take, besides the buffers of its caller; files that want more are refused. */
#define UNPACK_MEMORY_MAX ((size_t)128 << 20)

/** Bytes to decode, and room for decoded ones; both move on. */
struct unpack_step {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

enum unpack_result {
    UNPACK_ON,        /**< some bytes were taken or given, or more are needed */
    UNPACK_END,       /**< the stream is complete; another may follow behind it */
    UNPACK_DAMAGED,   /**< this isn't the format, or its checksum is wrong */
    UNPACK_TOO_LARGE, /**< it needs more than UNPACK_MEMORY_MAX */
    UNPACK_NO_MEMORY,
};

struct unpack_format {
    const char *name;
    const char *suffix; /**< of files' names */
    const char *magic;  /**< that a file begins with */
    size_t magic_len;
    void *(*begin)(void); /**< @return the decoder's state, or NULL when memory is out */
    /** Decode what there is. After UNPACK_END the next call begins a new stream. */
    enum unpack_result (*step)(void *state, struct unpack_step *step);
    void (*end)(void *state); /**< free it */
};

/** logzip's own, in unpack_logz.c. */
extern const struct unpack_format unpack_logz;

/** All formats; the last one is NULL. */
extern const struct unpack_format *const unpack_formats[];

#endif
