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

/** What a file begins with. */
struct beginning {
    uint8_t bytes[LOGFILE_PRINT_MAX];
    size_t len; /**< 0: there's nothing that can be read */
};

/**
 * Which source is the open file, or a copy of which?
 *
 * @param before  a source of the log whose rotated name it has; the file was changed later than
 * that, so what is compressed in it isn't that
 * @param b       set to what the file begins with
 * @return NULL: nobody knows it
 */
struct logfile *recognise(const struct tail *t, const struct logfile *before,
                          const struct rotated *g, int fd, struct beginning *b);

#endif
