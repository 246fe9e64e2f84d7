/*
 * share.h - to share out a whole number of bytes so that nothing is left over.
 */
#ifndef LOGZIP_BASE_SHARE_H
#define LOGZIP_BASE_SHARE_H

#include <stdint.h>

/**
 * What the stretch `from` to `to` of `whole`, which isn't 0, has of `bytes`. Shares are cut at
 * rounded places: stretches that follow one upon the other have together what all of them have as
 * one.
 */
static inline uint64_t share_of(uint64_t bytes, uint64_t from, uint64_t to, uint64_t whole)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)bytes * to / whole) - (uint64_t)((wide)bytes * from / whole);
}

#endif
