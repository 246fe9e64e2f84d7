/*
 * listen.h - sources that aren't files: standard input, and inputs that listen at sockets for
 * syslog messages. Their bytes go to the same sink as those of files (tail.h), each once and in
 * order; but they can't be read twice, so what was taken is kept until the sink has room.
 *
 * Like the tail it has no loop, no threads and no timers of its own. The owner polls listen_fd()
 * and calls listen_read() when that is readable, or as long as listen_pending(); and listen_scan()
 * now and then. When listen_read() had no room, it's to be called again when there is room, and the
 * descriptor not to be polled until then: senders wait, or the kernel's queue fills.
 *
 * What is stored of a message: its bytes as they came, and a line feed. An input is one source,
 * whatever sockets its messages come through, and it's the same source after a restart. Each run
 * with standard input is a source of its own, of the same name.
 */
#ifndef LOGZIP_LISTEN_LISTEN_H
#define LOGZIP_LISTEN_LISTEN_H

#include "tail/tail.h"

struct listen;

/** Of one source, since the start. */
struct listen_totals {
    uint64_t messages;
    uint64_t cut;         /**< messages stored as several lines for their length, or in part */
    uint64_t refused;     /**< connections closed for what they announced */
    uint64_t turned_away; /**< connections closed for being too many */
};

/** One source, for the status; borrowed. */
struct listen_state {
    const struct source *source; /**< id 0: nothing came yet */
    uint64_t next;               /**< the next byte's offset */
    struct listen_totals totals;
    uint64_t dropped; /**< datagrams that the kernel had no room for, since the sockets were made */
    size_t connections; /**< now */
    size_t missing;     /**< sockets that could not be made */
};

/** @param tail  gives sources their ids; borrowed, as what `sink` has */
int listen_open(struct listen **out, const struct tail_sink *sink, struct tail *tail,
                struct lgz_error *err);
void listen_close(struct listen *l);

/**
 * Take up the sources that were never files, before anything else. Those of standard input have
 * ended; others go on where they were, when an input of their name listens.
 */
int listen_resume(struct listen *l, const struct source_position *positions, size_t count,
                  struct lgz_error *err);

/**
 * Listen for these inputs; borrowed until they are replaced. Sockets that are there stay, others
 * are taken from the service manager or made; one that can't be is tried again by listen_scan().
 * Sockets that aren't wanted any more are read until they're empty.
 */
int listen_configure(struct listen *l, const struct config_input *inputs, size_t count,
                     struct lgz_error *err);

/** Read standard input, which stays open, as the source `name`. */
int listen_standard_input(struct listen *l, const char *name, struct lgz_error *err);

/** Has standard input ended, and all of it reached the sink? */
bool listen_ended(const struct listen *l);

/** The descriptor that is readable when there is something to read. */
int listen_fd(const struct listen *l);

/** Is there anything to do that the descriptor doesn't tell of? */
bool listen_pending(const struct listen *l);

/**
 * Read about `budget` bytes of what is there.
 *
 * @return false when the sink had no room
 */
bool listen_read(struct listen *l, size_t budget, int64_t now);

/** Close idle connections, make sockets that are missing, look for lost datagrams. */
void listen_scan(struct listen *l, int64_t now);

/**
 * Note that what is there at this moment is to be read. Done when listen_marked() is 0.
 *
 * @param finish  and nothing more: sockets are closed when they're empty, parts of messages are
 *                stored. What comes later stays with the service manager, or the sender is told.
 */
void listen_mark(struct listen *l, bool finish);
size_t listen_marked(const struct listen *l);
void listen_unmark(struct listen *l);

/** The sources, for the status. */
size_t listen_count(const struct listen *l);
struct listen_state listen_state(const struct listen *l, size_t index);

#endif
