/*
 * frame.h - where a syslog message begins and ends, in a stream (RFC 6587) and in a datagram.
 *
 * In a stream, each frame tells what it is by its first bytes:
 *
 *   octet counting     LEN, a blank and a message of LEN bytes that begins with "<", as every
 * syslog message does. Whatever the message has in it belongs to it. otherwise          a message
 * that ends with a line feed or a NUL byte. So plain lines, also those that begin with a number,
 * are messages as well.
 *
 * It only looks at bytes that the caller keeps. What it finds depends on the bytes, never on how
 * many of them came at once.
 */
#ifndef LOGZIP_LISTEN_FRAME_H
#define LOGZIP_LISTEN_FRAME_H

#include "base/buf.h"

/** Bytes that an octet count and its blank take at most. A longer number is no count. */
enum { FRAME_COUNT_MAX = 21 };

/** What is known of the bytes that wait for more. Zero-initialized at the start of a stream. */
struct frame_reader {
    size_t scanned; /**< that many of them have no end of a message */
    bool inside;    /**< they go on with a message that was cut */
};

struct frame {
    struct span message; /**< without count, trailer and what frame_trim() takes off */
    size_t used;         /**< bytes to forget, from the first on; also if there is no message */
    bool cut;            /**< the message was longer than the limit; its rest comes next */
    uint64_t announced;  /**< FRAME_REFUSED: the octet count */
};

enum frame_result {
    FRAME_NONE,    /**< no whole message yet */
    FRAME_MESSAGE, /**< one message */
    FRAME_REFUSED, /**< a message is announced that is longer than the limit */
};

/**
 * The first message in `data`: all bytes of the stream that are not used up yet. A NUL byte with no
 * message before it is passed over. With FRAME_COUNT_MAX + `max` + 1 bytes there is always a
 * result.
 *
 * @param max  bytes of a message at most, not 0
 */
enum frame_result frame_next(struct frame_reader *r, struct span data, size_t max,
                             struct frame *out);

/**
 * The stream has ended, and frame_next() found no whole message in `data`.
 *
 * @return the part of a message that there is; of length 0 if there is none
 */
struct span frame_last(const struct frame_reader *r, struct span data);

/**
 * Take off what only marks the end of a message: one NUL, then one line feed.
 *
 * @return false if there was nothing but a NUL, or nothing at all: that's no message
 */
bool frame_trim(struct span *message);

#endif
