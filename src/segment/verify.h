/*
 * verify.h - whether a segment is what its checksums and its index say.
 */
#ifndef LOGZIP_SEGMENT_VERIFY_H
#define LOGZIP_SEGMENT_VERIFY_H

#include "base/workers.h"
#include "segment/reader.h"

/**
 * Compare the stored bytes with their checksums; the first damage is the error. Nothing is decoded,
 * but blocks whose stored bytes have no checksum.
 */
int segment_verify_stored(const struct segment *s, struct lgz_error *err);

/**
 * Decode every block and compare all checksums; the first damage is the error.
 *
 * @param me  whose crew decodes blocks side by side; one that is alone does it, too
 */
int segment_verify(struct segment *s, struct worker *me, struct lgz_error *err);

#endif
