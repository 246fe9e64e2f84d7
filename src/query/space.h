/*
 * space.h - what takes the space in segments: which sources, templates and columns.
 *
 * Each stored byte is counted once for a source or the index; once for a template or the rest; and
 * once for a column or the rest. Bytes of a frame, and of a block with several sources, are shared
 * (segment/block_space.h, query/source_space.h).
 */
#ifndef LOGZIP_QUERY_SPACE_H
#define LOGZIP_QUERY_SPACE_H

#include "query/counts.h"
#include "segment/reader.h"

/** Two numbers of each key: stored bytes, and how much they stand for. */
struct space_table {
    struct counts *stored;
    struct counts *amount; /**< with the same keys, in the same order */
};

struct space {
    uint64_t raw;
    uint64_t stored; /**< bytes of all files */
    uint64_t lines;
    struct space_table sources;   /**< key: the name; amount: raw bytes */
    struct space_table templates; /**< key: 8 bytes, the id, and the text; amount: lines */
    struct space_table columns;   /**< key: the encoding, a NUL, and the label; amount: blocks */
    /* What belongs to none: */
    uint64_t index;   /**< headers of files, footers, filters: to no source, template or column */
    uint64_t plain;   /**< blocks without templates: to no template or column */
    uint64_t unused;  /**< values that no line takes: to no template */
    uint64_t heads;   /**< headers and layouts of blocks: to no template or column */
    uint64_t texts;   /**< of templates: to no column */
    uint64_t numbers; /**< which template each line has: to no column */
};

/** @return LGZ_OK or LGZ_ERR_MEMORY; space_clear() in any case */
int space_init(struct space *s, struct lgz_error *err);

void space_clear(struct space *s);

/**
 * Count a segment. Heads of blocks are decoded, and which templates the lines of those with several
 * sources have; no values.
 */
int space_add(struct space *s, const struct segment *segment, struct lgz_error *err);

#endif
