/*
 * journal_index.c - the first of the two passes over journals that are sealed or restored from.
 */
#include "archive/journal_index.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/journal_format.h"

_Static_assert(sizeof(struct indexed_data) == 32, "the index is as small as it promises");
_Static_assert(JOURNAL_PAYLOAD_MAX + JOURNAL_HEAD_LEN < 1 << 25, "a record's size fits");
_Static_assert(JOURNAL_DATA_MAX < 1 << 25, "the size of its data fits");

_Static_assert(RULES_TABLE_MAX < 1 << 16, "the number of its rules fits");

enum { POSITION_BITS = 48 };

static int add_source(struct journal_index *index, const struct journal_record *record,
                      struct lgz_error *err)
{
    const struct source_position *known = positions_find(&index->sources, record->source_id);
    uint64_t next = known && known->next > record->next ? known->next : record->next;
    return positions_put(&index->sources, &record->source, next, err);
}

static int add_data(struct journal_index *index, const struct journal_record *record,
                    struct lgz_error *err)
{
    struct source_position *source = positions_find(&index->sources, record->source_id);
    uint64_t end = record->offset + record->data.len; /* the reader has checked the sum */
    if (end > source->next)
        source->next = end;
    uint32_t rules;
    if (record->position >> POSITION_BITS)
        return error_set(err, LGZ_ERR_LIMIT, "a journal of over 2^%d bytes", POSITION_BITS);
    int code = rules_table_add(&index->rules, inputs_find(&index->inputs, source->source.input),
                               &rules, err);
    if (code != LGZ_OK)
        return code;
    struct indexed_data item = {
        .source_id = record->source_id,
        .offset = record->offset,
        .position = record->position,
        .length = record->data.len,
        .stored_len = record->stored_len,
        .rules = rules,
        .journal = index->journals,
    };
    if (index->data.len == 0 || record->read_time < index->first_time)
        index->first_time = record->read_time;
    return vec_push(&index->data, item) ? LGZ_OK : error_memory(err);
}

static int add_record(struct journal_index *index, const struct journal_reader *reader,
                      const struct journal_record *record, journal_index_filter *wanted,
                      void *context, struct lgz_error *err)
{
    if (record->kind == JOURNAL_SOURCE)
        return !wanted || wanted(context, &record->source) ? add_source(index, record, err)
                                                           : LGZ_OK;
    if (record->kind == JOURNAL_INPUT)
        return inputs_put(&index->inputs, record->input.input, &record->input.rules, err);
    if (record->kind != JOURNAL_DATA)
        return LGZ_OK; /* a dropped source's data is still wanted */
    if (positions_find(&index->sources, record->source_id))
        return add_data(index, record, err);
    if (wanted)
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CORRUPT,
                     "%s: offset %" PRIu64 ": data of source %" PRIu64 ", which isn't known",
                     journal_reader_path(reader), record->position, record->source_id);
}

int journal_index_add(struct journal_index *index, struct journal_reader *reader,
                      journal_index_filter *wanted, void *context, struct lgz_error *err)
{
    struct journal_record record;
    int code;
    if (index->journals == JOURNAL_INDEX_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "%s: more than %d journals at once",
                         journal_reader_path(reader), JOURNAL_INDEX_MAX);
    inputs_clear(&index->inputs); /* each journal says anew what it starts with */
    while ((code = journal_skim(reader, &record, err)) == 1) {
        code = add_record(index, reader, &record, wanted, context, err);
        if (code != LGZ_OK)
            return code;
    }
    index->journals++;
    return code;
}

static int by_place(const void *a, const void *b)
{
    const struct indexed_data *x = a, *y = b;
    if (x->source_id != y->source_id)
        return x->source_id < y->source_id ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->journal != y->journal)
        return x->journal < y->journal ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

void journal_index_sort(struct journal_index *index)
{
    if (index->data.len)
        qsort(index->data.data, index->data.len, sizeof(*index->data.data), by_place);
}

void journal_index_clear(struct journal_index *index)
{
    positions_clear(&index->sources);
    inputs_clear(&index->inputs);
    rules_table_clear(&index->rules);
    vec_free(&index->data);
    *index = (struct journal_index){0};
}
