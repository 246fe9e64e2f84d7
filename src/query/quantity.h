/*
 * quantity.h - numbers as logs write them, with or without a unit.
 *
 *   500, -1.5, 2e3, .25                 a number
 *   12ms, 1.5s, 1h30m, 250us            a time: ns us ms s m min h d, several of them added
 *   3KB, 1.5 MiB, 12B                   a size: B, and k K M G T P with B (1000) or with iB (1024)
 *   95%                                 a share
 *
 * Whole numbers of 64 bits are exact; so are decimals that have the same value.
 */
#ifndef LOGZIP_QUERY_QUANTITY_H
#define LOGZIP_QUERY_QUANTITY_H

#include "base/buf.h"

enum unit { UNIT_NONE, UNIT_TIME, UNIT_SIZE, UNIT_SHARE };

struct quantity {
    long double value; /**< in seconds, bytes, percent */
    enum unit unit;
};

/** @return false if the text, as a whole, is none of these */
bool quantity_parse(struct span text, struct quantity *out);

#endif
