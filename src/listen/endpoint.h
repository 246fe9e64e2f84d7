/*
 * endpoint.h - inside src/listen only: one descriptor that is read, of one source; and what the
 * set's parts (listen.c: which there are, and their turns; endpoint.c: reading them) know.
 */
#ifndef LOGZIP_LISTEN_ENDPOINT_H
#define LOGZIP_LISTEN_ENDPOINT_H

#include "listen/frame.h"
#include "listen/listen.h"
#include "listen/outlet.h"
#include "listen/socket.h"

enum {
    READ_MAX = 1 << 17, /* bytes of one descriptor in one turn */
    SCRATCH = OUTLET_MAX + FRAME_COUNT_MAX + READ_MAX,
};

/* A source, and what says where it listens. */
struct listener {
    struct stream stream;
    const struct config_input *input; /* NULL: not configured (any more), or standard input */
    size_t max_message;               /* as configured last */
    size_t max_connections;
    int64_t idle_timeout;
    struct listen_totals totals;
    size_t endpoints;
    size_t connections;
    bool said_refused; /* since the last scan */
    bool said_full;    /* since there was room */
    uint64_t drops;    /* that were told */
    uint64_t missing;  /* one bit for each address whose socket couldn't be made, and told */
};

enum endpoint_kind { ENDPOINT_INPUT, ENDPOINT_DATAGRAMS, ENDPOINT_LISTENING, ENDPOINT_CONNECTION };

struct endpoint {
    enum endpoint_kind kind;
    int fd;
    int ready; /* of what can't be polled: an eventfd that's always readable, else -1 */
    struct listener *of;
    size_t index;      /* in the set's list */
    char *address;     /* as configured; NULL for connections and standard input */
    struct stat place; /* of the Unix socket made here; st_ino 0: nothing to remove */
    bool marked;       /* to be read until it's empty, or `mark_left` is 0 */
    bool finishing;    /* and then closed */
    bool paused;       /* not polled until the next scan */
    uint64_t mark_left;
    struct frame_reader frames; /* connections */
    struct buf partial;         /* bytes of a message that isn't whole yet */
    int64_t active;             /* when the last byte came */
    bool over;                  /* no more will come */
    bool inherited;             /* the service manager has it, too */
};

struct listen {
    struct outlet *outlet;
    int epoll;
    struct socket_inheritance inherited;
    const struct config_input *inputs;
    size_t input_count;
    VEC(struct listener *) listeners;
    VEC(struct endpoint *) endpoints;
    struct listener *standard; /* standard input's */
    struct endpoint *held;     /* has whole messages in `partial`: there was no room for them */
    size_t marked;
    bool configured;
    bool finishing;
    bool ended; /* standard input */
    int64_t now;
    uint8_t scratch[SCRATCH + 1];
};

enum endpoint_turn {
    TURN_MORE,    /* there may be more */
    TURN_EMPTY,   /* there is nothing at the moment, or the endpoint is closed */
    TURN_NO_ROOM, /* the sink has none */
};

/**
 * Add and poll a descriptor, which the set owns from now on, also on failure.
 *
 * @return NULL when memory is out or it can't be polled
 */
struct endpoint *endpoint_add(struct listen *l, struct listener *of, enum endpoint_kind kind,
                              int fd, struct lgz_error *err);

/** Close and free it. */
void endpoint_remove(struct listen *l, struct endpoint *e);

/** Read some of it. `*budget` is what may be read, and then what is left of that. */
enum endpoint_turn endpoint_read(struct listen *l, struct endpoint *e, size_t *budget);

/** Go on with the messages that there was no room for. @return false if there still is none */
bool endpoint_resume(struct listen *l, struct endpoint *e);

/** Note that what is there is to be read. */
void endpoint_mark(struct listen *l, struct endpoint *e, bool finish);
void endpoint_unmark(struct listen *l, struct endpoint *e);

/** Don't poll it until it's unpaused. */
void endpoint_pause(struct listen *l, struct endpoint *e, bool pause);

#endif
