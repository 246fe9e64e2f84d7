/*
 * stream.h - decodes segments that come through a pipe, block by block, without seeking and in
 * memory bounded by the largest block, for each thread. The footer is checked against what was
 * decoded.
 */
#ifndef LOGZIP_SEGMENT_STREAM_H
#define LOGZIP_SEGMENT_STREAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct segment_stream;

/**
 * @param name     the input's name, for messages; copied
 * @param threads  that decode blocks, 1 to CREW_MAX; what is written, and from which thread,
 * doesn't depend on it
 */
int segment_stream_new(struct segment_stream **out, const char *name, unsigned threads,
                       lgz_write_fn *write, void *context, struct lgz_error *err);

/** Refuse, with LGZ_ERR_LIMIT, parts of more than `bytes`, stored or decoded. Else the format's
 * limits hold. */
void segment_stream_limit(struct segment_stream *s, uint64_t bytes);

/**
 * How many bytes have to be fed at least until the next part can be taken, at least 1. Who never
 * feeds more gets no more than one block written by each call, with one thread.
 */
size_t segment_stream_wants(const struct segment_stream *s);

/** Is it between two segments, or at the start? */
bool segment_stream_between(const struct segment_stream *s);

/**
 * Feed the next `len` bytes; whole blocks are decoded, verified and written as they complete. After
 * an error nothing more can be fed.
 */
int segment_stream_feed(struct segment_stream *s, const void *data, size_t len,
                        struct lgz_error *err);

/** The input ended: an error if it did so within a segment. */
int segment_stream_end(struct segment_stream *s, struct lgz_error *err);

void segment_stream_free(struct segment_stream *s);

#endif
