/*
 * recognise.h - inside src/tail only: which source is a file that has a name as rotation makes it?
 * It may be the source's own file, renamed; its plain copy, whole or half made; or what was
 * compressed of it.
 */
#ifndef LOGZIP_TAIL_RECOGNISE_H
#define LOGZIP_TAIL_RECOGNISE_H

#include "tail/set.h"

/** A file with a rotated name. */
struct rotated {
    char *path;
    struct stat st;
    bool packed; /**< compressed */
};

/**
 * The first bytes of what the file holds.
 *
 * @param bytes  LOGFILE_PRINT_MAX of them
 * @return how many, or a negative number
 */
ssize_t recognise_bytes(const struct rotated *g, int fd, uint8_t *bytes);

/**
 * Which source is the open file, or a copy of which?
 *
 * @param before  a source of the log whose rotated name it has; the file was changed later than
 * that, so what is compressed in it isn't that
 * @param bytes   its first ones, `len` of them
 * @return NULL: nobody knows it
 */
struct logfile *recognise(const struct tail *t, const struct logfile *before,
                          const struct rotated *g, int fd, const uint8_t *bytes, size_t len);

#endif
