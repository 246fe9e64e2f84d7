/*
 * generations.h - inside src/tail only: files that had a log's name for a while and were rotated
 * away again before anybody looked: app.log was read, is now app.log.3, and app.log.2 and app.log.1
 * were never seen as app.log.
 *
 * They are taken up as sources of the log's name, by ids that were reserved between those of the
 * file before and the file after them.
 */
#ifndef LOGZIP_TAIL_GENERATIONS_H
#define LOGZIP_TAIL_GENERATIONS_H

#include "tail/set.h"

/**
 * Before the file that follows `before` under its name gets its id: keep ids free for as many files
 * as may have been between them.
 */
void generations_reserve(struct tail *t, struct logfile *before);

/**
 * Take up the files that followed `before`, which is open, or whose copy is, or which was seen:
 * they have a name as rotation makes it, were written to later than it, and aren't known.
 *
 * @param names  of a directory where rotated files are
 */
void generations_take(struct tail *t, struct logfile *before, const struct dirnames *names);

/**
 * `f` was seen empty, and has changed since. Is there a file beside it that was changed in between,
 * and that isn't known? Then that is what `f` was filled with before it was truncated again: it's
 * read there, and a new source has what the file holds now.
 *
 * @return is there one?
 */
bool generations_seek_copy(struct tail *t, struct logfile *f);

/**
 * There are no more of them: what follows `before` may be read. It's held back until then, for a
 * restart would not know of the ids that were kept free.
 */
void generations_release(struct tail *t, struct logfile *before);

#endif
