/*
 * outlet.h - the way of a stream's bytes to the sink, in order and whole: what was taken from a
 * socket or a pipe can't be read again, so what the sink has no room for is kept here, and nothing
 * else is taken before it's gone.
 */
#ifndef LOGZIP_LISTEN_OUTLET_H
#define LOGZIP_LISTEN_OUTLET_H

#include "tail/tail.h"

enum { OUTLET_MAX = (1 << 18) + 1 /**< bytes put at once: the longest message and a line feed */ };

/** A source that isn't a file: it has a name and a position, but no inode and no fingerprint. */
struct stream {
    struct source source;
    uint64_t next; /**< the next byte's offset */
    bool told;     /**< the sink knows it */
};

/** A new one, with copies of the names. It gets its id when it has its first byte. */
int stream_init(struct stream *s, const char *name, const char *input, struct lgz_error *err);
void stream_clear(struct stream *s);

struct outlet;

/** @param tail  gives new sources their ids; borrowed, as what `sink` has */
int outlet_open(struct outlet **out, const struct tail_sink *sink, struct tail *tail,
                struct lgz_error *err);
void outlet_close(struct outlet *o);

/** Pass on what is kept. @return true if nothing is, and the sink has room: then put */
bool outlet_ready(struct outlet *o);

/** Is something kept: bytes, or the end of a stream? */
bool outlet_full(const struct outlet *o);

/** After outlet_ready(): up to OUTLET_MAX bytes are the stream's next ones. What can't go is kept.
 */
void outlet_put(struct outlet *o, struct stream *s, const void *data, size_t len);

/**
 * Nothing of the stream is kept, and it has ended. If the sink has no room for that, it is kept.
 * The stream itself isn't needed any more, but for its position.
 */
void outlet_drop(struct outlet *o, struct stream *s);

void outlet_say(const struct outlet *o, enum config_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
