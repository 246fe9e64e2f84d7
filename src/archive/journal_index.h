/*
 * journal_index.h - which data some journals hold, sorted by source and offset: 32 bytes of memory
 * per data record, whatever the data's size.
 */
#ifndef LOGZIP_ARCHIVE_JOURNAL_INDEX_H
#define LOGZIP_ARCHIVE_JOURNAL_INDEX_H

#include "archive/inputs.h"
#include "archive/positions.h"

/** No more journals than these can be indexed together. */
enum { JOURNAL_INDEX_MAX = 1 << 14 };

/** One data record. */
struct indexed_data {
    uint64_t source_id;
    uint64_t offset;          /**< in the source */
    uint64_t position : 48;   /**< of the record in its journal */
    uint64_t rules : 16;      /**< number in the index's table of those that it was read with */
    uint64_t length : 25;     /**< raw bytes */
    uint64_t stored_len : 25; /**< as journal_read_at() wants it */
    uint64_t journal : 14;    /**< which journal_index_add() brought it, from 0 on */
};

/** Zero-initialized is empty and valid. */
struct journal_index {
    struct positions sources; /**< as described last; `next`: the highest that was seen */
    VEC(struct indexed_data) data;
    uint32_t journals;        /**< that were added */
    struct inputs inputs;     /**< as the journal that is being added has described them so far */
    struct rules_table rules; /**< all that data was read with */
    int64_t first_time;       /**< the earliest read_time of all data, if there is any */
};

/** Is the source one to be indexed? */
typedef bool journal_index_filter(void *context, const struct source *source);

/**
 * Add all whole records of a journal, from where its reader is.
 *
 * @param wanted  NULL: all sources, and data of a source that isn't known is LGZ_ERR_CORRUPT
 * @return LGZ_ERR_LIMIT for more than JOURNAL_INDEX_MAX journals
 */
int journal_index_add(struct journal_index *index, struct journal_reader *reader,
                      journal_index_filter *wanted, void *context, struct lgz_error *err);

/** After the last journal: sort the data by source id, offset and age. */
void journal_index_sort(struct journal_index *index);

void journal_index_clear(struct journal_index *index);

#endif
