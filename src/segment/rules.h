/*
 * rules.h - how the text of an input is meant: where its events begin, and what the parts of a line
 * are called. They are two regular expressions of the daemon's configuration, kept with the bytes,
 * so that an archive can be read where there is no configuration.
 *
 * Rules change when the configuration does. So what is recorded of a source is not its rules but
 * from which offset on it had which (struct rules_run).
 */
#ifndef LOGZIP_SEGMENT_RULES_H
#define LOGZIP_SEGMENT_RULES_H

#include <stdint.h>

#include "base/error.h"
#include "base/varint.h"

enum {
    RULES_TEXT_MAX = 4096,  /**< bytes of an expression */
    RULES_TABLE_MAX = 4096, /**< different rules that are told apart in one segment */
};

struct rules {
    char *multiline_start; /**< matches the first line of each event; "": each line is one */
    char *format;          /**< its named groups are fields; "": there are none */
};

/**
 * Copy `from` (NULL: none) into `to`, which needs no rules_clear() before. Fails with LGZ_ERR_LIMIT
 * if an expression has more than RULES_TEXT_MAX bytes: no reader would take it.
 */
int rules_copy(struct rules *to, const struct rules *from, struct lgz_error *err);

/** Free what `r` owns and zero it. */
void rules_clear(struct rules *r);

/** NULL has no rules either. */
bool rules_empty(const struct rules *r);

/** Are they the same? NULL is as good as empty ones. */
bool rules_equal(const struct rules *a, const struct rules *b);

/** Append the serialized rules, as docs/format.md says ("Rules"). */
void rules_write(struct buf *out, const struct rules *r);

/** Parse what rules_write() wrote. `what` is for the message. `r` owns its strings afterwards. */
int rules_read(struct reader *in, struct rules *r, const char *what, struct lgz_error *err);

/** Different rules, numbered from 1 on; 0 stands for none. Zero-initialized is empty and valid. */
struct rules_table {
    VEC(struct rules) list;
};

/**
 * The number of these rules, which are copied if they are new. When the table is full, new ones are
 * taken for none.
 *
 * @param r  NULL is as good as empty ones
 */
int rules_table_add(struct rules_table *t, const struct rules *r, uint32_t *number,
                    struct lgz_error *err);

/** The rules of that number; NULL for 0. */
const struct rules *rules_table_get(const struct rules_table *t, uint32_t number);

void rules_table_clear(struct rules_table *t);

/** Append all of them, as docs/format.md says ("Rules of sources"). */
void rules_table_write(const struct rules_table *t, struct buf *out);

/** Parse what rules_table_write() wrote, into an empty one. @param in  may have failed, with LGZ_OK
 */
int rules_table_read(struct reader *in, struct rules_table *t, const char *what,
                     struct lgz_error *err);

/** Source number `source` (of a segment's table) has the rules `rules` from `offset` on. */
struct rules_run {
    uint32_t source;
    uint32_t rules;
    uint64_t offset;
};

/** Runs in order of source and offset; before its first one, a source has no rules. */
struct rules_runs {
    VEC(struct rules_run) list;
};

/** Add a run behind all others. Nothing is added if it says what the last one of its source says.
 */
int rules_runs_add(struct rules_runs *runs, const struct rules_run *run, struct lgz_error *err);

/**
 * The rules at `offset` of a source.
 *
 * @param end  set to where the next ones begin; UINT64_MAX if there are none
 * @return their number
 */
uint32_t rules_runs_at(const struct rules_runs *runs, uint32_t source, uint64_t offset,
                       uint64_t *end);

/** Append the runs, as docs/format.md says ("Rules of sources"). */
void rules_runs_write(const struct rules_runs *runs, struct buf *out);

/**
 * Parse what rules_runs_write() wrote, into an empty one. Sources ascend, and so do the offsets of
 * one.
 *
 * @param in       may have failed, with LGZ_OK
 * @param sources  how many there are, all others being wrong
 * @param table    the same of rules
 */
int rules_runs_read(struct reader *in, struct rules_runs *runs, size_t sources, size_t table,
                    struct lgz_error *err);

#endif
