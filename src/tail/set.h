/*
 * set.h - inside src/tail only: the set of files that are followed, and what its parts (tail.c:
 * events and reading; scan.c: names; search.c: files that aren't where they were; rotate.c:
 * truncation, copies) do with one file.
 */
#ifndef LOGZIP_TAIL_SET_H
#define LOGZIP_TAIL_SET_H

#include "tail/idmap.h"
#include "tail/locate.h"
#include "tail/tail.h"
#include "tail/watch.h"

TAILQ_HEAD(logfile_queue, logfile);

struct tail {
    struct tail_sink sink;
    const struct config_input *inputs;
    size_t input_count;
    struct watch *watch;
    VEC(struct logfile *) files;
    struct logfile_queue queue; /* those with something to read, next first */
    struct logfile_queue kept;  /* those that are done, first let go first */
    size_t kept_count;
    struct idmap by_inode;    /* (device, inode): the file that now is that inode */
    struct idmap by_source;   /* (hash of name, 0): the newest source of that name */
    struct idmap by_watch;    /* (watch descriptor, 0): the file */
    struct idmap by_name;     /* (hash of name, inode): resumed, until the first scan is over */
    struct idmap directories; /* (watch descriptor, 0): struct directory of scan.c */
    struct idmap refused;     /* (hash of path, 0): struct refusal of scan.c */
    struct idmap inputs_seen; /* (hash of name, 0): the table itself; scanned at least once */
    uint64_t next_id;
    uint64_t generation; /* counts scans */
    size_t marked;
    struct dirnames *names; /* of the directory that was read last, for a moment */
    int64_t names_until;
    struct logfile *unpacking; /* the one file whose compressed copy is being read */
    size_t packed_next;        /* files that wait for that */
    size_t open;               /* descriptors */
    size_t open_limit;
    bool scan_wanted;
    bool unwatched_said;
    int64_t now;
};

/** Add a file, which the set then owns. @return false when memory is out, and the file is freed */
bool set_add(struct tail *t, struct logfile *f);

/** Take a file out and free it. */
void set_remove(struct tail *t, struct logfile *f);

/**
 * Tell the sink that a file is done with and remove it. The last one of its name is only closed,
 * and dropped when a newer one was read, or after TAIL_KEEP. One that has an older source of its
 * name is dropped after that: so all files that are newer than a known one are known, too.
 * So is one of whose newer one nothing was read yet: a restart finds what was copied from that, and
 * what followed it, by the one before. And one of which a newer one is searched for: what that
 * finds beside it isn't read again.
 *
 * @return false if it's still there
 */
bool set_drop(struct tail *t, struct logfile *f);

/** Drop of those that are done and could be missed the first, while there are too many. */
void set_limit_kept(struct tail *t);

/** The newest source of a name, or NULL. */
struct logfile *set_newest(const struct tail *t, const char *name);

/** The names in the directory of `path`, as they were a moment ago; NULL if it can't be read. */
const struct dirnames *set_names(struct tail *t, const char *path);

/** The names as they were a moment ago aren't good enough. */
void set_forget_names(struct tail *t);

/** Must it wait until those between two files before it are known (generations.h)? */
bool set_is_held(const struct logfile *f);

/** Where the file's input keeps rotated files, to be freed; NULL: only beside it. */
char *set_olddir(const struct tail *t, const struct logfile *f);

/** Put a file at the end of the queue, or take it out: it's read to its end. */
void set_queue(struct tail *t, struct logfile *f);
void set_at_end(struct tail *t, struct logfile *f);

/** Wait for the file to be read up to `target`; or don't wait any more. */
void set_mark(struct tail *t, struct logfile *f, uint64_t target);
void set_unmark(struct tail *t, struct logfile *f);

/** Watch an open file that isn't watched yet. */
void set_watch(struct tail *t, struct logfile *f);

/** Don't watch it any more: what has its inode now is another file, or nobody wants it. */
void set_unwatch(struct tail *t, struct logfile *f);

/** What has the inode of `f` from now on is another file. */
void set_forget_inode(struct tail *t, struct logfile *f);

/** Give `f` the descriptor `fd`, or with -1 close the one that it has. */
void set_descriptor(struct tail *t, struct logfile *f, int fd);

/** The search for a file is over. */
void set_unseek(struct tail *t, struct logfile *f);

/** Does the file wait until it's its turn to be read from a compressed copy? */
void set_packed_next(struct tail *t, struct logfile *f, bool waits);

/** Stop to read a file that no input wants, and keep its position. */
void set_park(struct tail *t, struct logfile *f);

/** Close the copy that `f` is being read from. */
void set_close_copy(struct tail *t, struct logfile *f);

/** Is there a descriptor for one more file, maybe that of an idle one? If not, a scan is wanted. */
bool set_has_room(struct tail *t);

/** Close the files that have been read to their end for `age`, as long as too many are open. */
void set_reclaim(struct tail *t, size_t limit, int64_t age);

/**
 * Tell the sink what changed in the source. Of a new one it's told after all older ones of its
 * name, so a restart knows those, too. @return false if it had no room */
bool set_tell(struct tail *t, struct logfile *f);

/** Look at the file and queue it, replace it, or note that it's at its end. */
enum logfile_change set_look(struct tail *t, struct logfile *f);

/** As set_look(), with `st` just taken of the file's inode: costs nothing if nothing changed. */
enum logfile_change set_look_at(struct tail *t, struct logfile *f, const struct stat *st);

/** The file can't be read: say so, once, until it goes well again. The next scan tries again. */
void set_failed(struct tail *t, struct logfile *f, int reason);

void set_say(struct tail *t, enum config_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The file was truncated or written anew: a new source; the old one ends, by its copy if any. */
void rotate_replaced(struct tail *t, struct logfile *f);

/** The same, when it's known which file is the copy; takes it over. */
void rotate_copied(struct tail *t, struct logfile *f, struct located *copy);

/**
 * The newest source of a name that another file has now, or NULL. If what is open of it isn't what
 * was read, since it was truncated before it was renamed, that comes before the new file.
 */
struct logfile *rotate_newest(struct tail *t, const char *name);

/** What a copy of `f` has to look like. */
struct locate_wanted rotate_wanted(const struct tail *t, const struct logfile *f);

/** Continue `f` in the copy that was found, which it then owns. */
void rotate_to_copy(struct tail *t, struct logfile *f, struct located *found);

/** The copy that `f` was being read from is no good: go on with the search. `why` may be NULL. */
void rotate_from_copy(struct tail *t, struct logfile *f, const char *why);

/** The copy that `f` is being read from can't be read at the moment: it's sought again later. */
void rotate_leave_copy(struct tail *t, struct logfile *f);

/** Search for `count` files that are neither open nor where they were. */
void search_files(struct tail *t, struct logfile **files, size_t count);

/** No compressed copy is being read any more: begin with the next one. */
void search_next_packed(struct tail *t);

#endif
