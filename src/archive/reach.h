/*
 * reach.h - which journals hold bytes that an earlier one holds as well.
 *
 * A journal begins with what was acknowledged. If the one before it failed, that may hold more: the
 * same bytes are then in both, at the same offsets, and only a seal that sees both stores them
 * once. So such journals must go into one segment.
 */
#ifndef LOGZIP_ARCHIVE_REACH_H
#define LOGZIP_ARCHIVE_REACH_H

#include "base/buf.h"

/** How far a source's bytes go in the journals that were told. */
struct reached {
    uint64_t source_id;
    uint64_t end;
    size_t journal; /**< the first that goes so far */
};

/** Zero-initialized is empty and valid. */
struct reach {
    VEC(struct reached) sources; /**< by ascending id */
};

/**
 * A data record; journals come in their order, records too.
 *
 * @param journal  the journal's place among those told, from 0
 * @param first    set to the first journal that must go into one segment with this one, as far as
 *                 this record tells; `journal` itself if there is none
 * @return false when memory is out
 */
bool reach_add(struct reach *r, size_t journal, uint64_t source_id, uint64_t offset, uint64_t len,
               size_t *first);

void reach_clear(struct reach *r);

#endif
