/*
 * generations.h - inside src/tail only: files that had a log's name for a while and were rotated
 * away again before anybody looked: app.log was read, is now app.log.3, and app.log.2 and app.log.1
 * were never seen as app.log.
 *
 * They are taken up as sources of the log's name, between the file before and the file after them:
 * ids have the order of time. So the sink isn't told of a file before those that came before it are
 * known; until then its id may change, and a restart finds it as it was found first.
 */
#ifndef LOGZIP_TAIL_GENERATIONS_H
#define LOGZIP_TAIL_GENERATIONS_H

#include "tail/set.h"

/**
 * Another file follows `before` under its name. Others may have been between them: the next scan
 * looks for those, and what follows is held back until then.
 */
void generations_expect(struct tail *t, struct logfile *before);

/**
 * Take up the files that followed `before`, which is open, or whose copy is, or which was seen:
 * they have a name as rotation makes it, were written to later than it, and aren't known.
 *
 * @param names  of a directory where rotated files are
 */
void generations_take(struct tail *t, struct logfile *before, const struct dirnames *names);

/**
 * `f` was seen empty at `empty_at`, and now, at `began` or later, as `seen` says. Is there a file
 * beside it that was changed in between, and that isn't known? Then that is what `f` was filled
 * with before it was truncated again: it's read there, and a new source has what the file holds
 * now.
 *
 * @return is there one?
 */
bool generations_seek_copy(struct tail *t, struct logfile *f, int64_t empty_at, int64_t began);

/** There are no more of them: what follows `before` may be told and read. */
void generations_release(struct tail *t, struct logfile *before);

#endif
