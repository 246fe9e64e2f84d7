/*
 * header.h - what a line begins with, where that has one of the usual forms:
 *
 *   <PRI>1 2026-01-31T12:00:00Z HOST PROGRAM PID MSGID [...] MESSAGE        (RFC 5424)
 *   Jan 31 12:00:00 HOST PROGRAM[PID]: MESSAGE          (RFC 3164; "<PRI>" and any time stamp, too)
 *   TIME LEVEL [thread] PROGRAM: MESSAGE         (in any order; TIME and LEVEL may have brackets)
 *   TIME PID LEVEL PROGRAM MESSAGE, TIME - PROGRAM - LEVEL - MESSAGE, and the like
 *
 * A time stamp alone is no header: a level, a host or a program has to follow it.
 */
#ifndef LOGZIP_QUERY_HEADER_H
#define LOGZIP_QUERY_HEADER_H

#include "base/buf.h"

/** Parts that the line doesn't have have `data` NULL. */
struct header {
    struct span level; /**< as written, or after a priority its name: emerg to debug */
    struct span host;
    struct span program; /**< or the class or logger */
    struct span pid;
    struct span message; /**< all that follows, but for a carriage return at the end */
};

/** @return false if it isn't a header; then all parts are empty */
bool header_parse(struct span line, struct header *header);

#endif
