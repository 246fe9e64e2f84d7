/*
 * ribbon.h - a set of numbers in little more than a bit for each and for each halving of the share
 * of other numbers that it holds by mistake. It never lacks one that was put in.
 *
 * A homogeneous ribbon filter (Dillinger, Hübschle-Schneider, Sanders, Walzer 2021, "Fast Succinct
 * Retrieval and Approximate Membership using Ribbon", section 4): each number has a place and 64
 * coefficients; the bits from that place on, masked by these, have an even sum in each plane. Each
 * plane is a filter of its own, so one can be left out at any time.
 */
#ifndef LOGZIP_SEGMENT_RIBBON_H
#define LOGZIP_SEGMENT_RIBBON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RIBBON_PLANES_MAX = 8 };

/** Words of 64 bits that a plane for `keys` numbers has. */
size_t ribbon_words(size_t keys);

/**
 * @param keys   `count` of them
 * @param words  ribbon_words(count)
 * @param bits   set: `planes` times `words`, a plane after the other
 * @return false when memory is out
 */
bool ribbon_build(const uint64_t *keys, size_t count, size_t words, unsigned planes,
                  uint64_t *bits);

/**
 * Is the number there, as far as the planes tell? All are, if there is no plane.
 *
 * @param bits  of `planes` times `words`, which isn't 0, the bytes of each in little-endian order
 */
bool ribbon_holds(const uint8_t *bits, size_t words, unsigned planes, uint64_t key);

#endif
