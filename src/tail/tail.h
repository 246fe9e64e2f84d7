/*
 * tail.h - follows all files that the inputs name, through appends, rotations and truncations, and
 * hands their bytes on in order, each once.
 *
 * It has no loop, no threads and no timers of its own. The owner polls tail_fd(), calls
 * tail_events() when that is readable, tail_scan() now and then (and soon when
 * tail_wants_scan()), and tail_read() while tail_ready() says that there is something to read. What
 * is found goes to a struct tail_sink, which may refuse for want of room: then nothing has
 * happened, and the same is offered again later.
 *
 * What happens to files:
 *   renamed           read on through the open descriptor, under the same source; let go when read
 *                     to its end for TAIL_RENAMED_LINGER: a writer may keep the old file for long
 *   deleted           read to its end, then let go after TAIL_LINGER
 *   truncated,        a new source from offset 0; what the old one had left is read from the copy
 *   written anew      that copytruncate made, if there is one beside it
 *   not a file        refused, said once
 *
 * The last file of a name is known for TAIL_KEEP when it was let go: a file that comes next, and is
 * rotated before anybody looks, is later than that one. At most TAIL_KEEP_MAX of them are known.
 */
#ifndef LOGZIP_TAIL_TAIL_H
#define LOGZIP_TAIL_TAIL_H

#include "archive/config.h"
#include "archive/journal.h"
#include "base/clock.h"
#include "tail/logfile.h"

enum {
    TAIL_OPEN_MAX = 512,     /**< descriptors kept open while there are idle ones to close */
    TAIL_READ_MAX = 1 << 18, /**< bytes of one file in one turn */
    TAIL_KEEP_MAX = 4096,    /**< files that were let go and are known */
};

/** How long a deleted file is watched at its end before it's let go, nanoseconds. */
#define TAIL_LINGER (10 * NS_PER_SECOND)

/** The same of a file that has another name now. */
#define TAIL_RENAMED_LINGER (3600 * NS_PER_SECOND)

/** How long the last file of a name is known when it was let go. */
#define TAIL_KEEP (24 * 3600 * NS_PER_SECOND)

/** Where sources and their bytes go. All functions get `context` first. */
struct tail_sink {
    void *context;
    /** A source, new or with a longer fingerprint, read up to `next`. @return false: no room */
    bool (*source)(void *context, const struct source *source, uint64_t next);
    /** Room for bytes, of `*room` at least 1; NULL: none now. Ends with data(), or is forgotten. */
    void *(*reserve)(void *context, size_t *room);
    /** `len` bytes were put where reserve() said: the source's bytes from `offset` on. */
    bool (*data)(void *context, uint64_t source_id, uint64_t offset, size_t len);
    /** The source won't be read any more, nor be told. */
    bool (*drop)(void *context, uint64_t source_id);
    /** Something that the log should tell. */
    void (*say)(void *context, enum config_log_level level, const char *message);
};

struct tail;

int tail_open(struct tail **out, const struct tail_sink *sink, struct lgz_error *err);
void tail_close(struct tail *t);

/** Follow these inputs; borrowed until they are replaced. tail_scan() then finds their files. */
void tail_configure(struct tail *t, const struct config_input *inputs, size_t count);

/**
 * Go on with sources that were read before; once, before the first scan. A file is taken up again
 * if its inode and fingerprint are those of a source; after the first scan, files that were renamed
 * or copied and truncated meanwhile are searched for and read to their end.
 *
 * @param positions  copied; those that were never files are passed over
 * @param next_id    the first source id that isn't used yet
 */
int tail_resume(struct tail *t, const struct source_position *positions, size_t count,
                uint64_t next_id, struct lgz_error *err);

/** A source id that isn't used yet, for a source that isn't a file. */
uint64_t tail_new_id(struct tail *t);

/** Find new files, notice renamed, truncated and deleted ones. `now` is clock_monotonic(). */
int tail_scan(struct tail *t, int64_t now, struct lgz_error *err);

/** The descriptor that is readable when something happened. */
int tail_fd(const struct tail *t);

/** Take note of what happened. */
void tail_events(struct tail *t);

/** Should tail_scan() come soon? Ask after tail_events() and tail_read(). */
bool tail_wants_scan(const struct tail *t);

/** Is there anything to read? */
bool tail_ready(const struct tail *t);

/**
 * Read, file by file, at most TAIL_READ_MAX bytes of each in its turn, until about `budget` bytes
 * were read, the sink has no room, or all is read.
 *
 * @return false when the sink had no room
 */
bool tail_read(struct tail *t, size_t budget, int64_t now);

/** Note how long each file is at this moment (scan first). Done when tail_marked() is 0. */
void tail_mark(struct tail *t, int64_t now);

/** How many files aren't read up to their mark yet. */
size_t tail_marked(const struct tail *t);

/** Forget the marks: nobody waits any more. */
void tail_unmark(struct tail *t);

/** How many files are followed. */
size_t tail_followed(const struct tail *t);

/** The files, for the status; also those that are `done`, and kept for what may come after them. */
size_t tail_count(const struct tail *t);
const struct logfile *tail_file(const struct tail *t, size_t index);

/** Watches that the kernel refused; those files are looked at by the rescan only. */
size_t tail_unwatched(const struct tail *t);

/** Paths that matched in the last scan, and can't be read or aren't regular files. */
size_t tail_refused(const struct tail *t);

#endif
