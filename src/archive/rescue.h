/*
 * rescue.h - a damaged segment of an archive: what is whole of it goes into a file that is sound
 * (segment/salvage.h), and the damaged one is kept for people to look at, as NAME.logz.damaged.
 */
#ifndef LOGZIP_ARCHIVE_RESCUE_H
#define LOGZIP_ARCHIVE_RESCUE_H

#include "segment/salvage.h"

/**
 * Write what is whole of segment `from` to the file `to`, durably, which appears whole or not at
 * all. It's read back and decoded before that.
 *
 * @param replace  false: LGZ_ERR_ARGUMENT if `to` is there
 * @param threads  1 to SEGMENT_THREADS_MAX
 * @param result   to be cleared by salvage_result_clear() in any case. No file is written if `from`
 *                 is sound, or nothing is left of it
 * @return as segment_salvage()
 */
int rescue_segment(const char *from, const char *to, bool replace, unsigned threads,
                   struct salvage_result *result, struct lgz_error *err);

/**
 * A segment of an archive is damaged: keep it as *.damaged, and put what is whole of it in its
 * place. At each moment one of both has the name, so nobody who reads misses a block that is whole;
 * where the file system has no hard links, there's a moment without. Killed anywhere, it can be
 * done again. For the holder of archive_rotate_lock().
 *
 * @param aside   set to the damaged file's new path, to be freed; NULL if it isn't damaged after
 * all
 * @param result  as above
 */
int rescue_in_place(const char *path, unsigned threads, char **aside, struct salvage_result *result,
                    struct lgz_error *err);

/**
 * Where what is salvaged from a file belongs, if nobody says it: NAME.logz.damaged was NAME.logz;
 * of any other file it's NAME.salvaged.logz.
 *
 * @return NULL when memory is out; the caller frees it
 */
char *rescue_target(const char *from);

#endif
