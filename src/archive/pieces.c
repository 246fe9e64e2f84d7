/*
 * pieces.c - extents of footers, and what an index of journals says.
 */
#include "archive/pieces.h"

#include <inttypes.h>
#include <stdlib.h>

/* Pieces of one block that continue each other become one. */
static bool continues(const struct piece *last, const struct piece *piece)
{
    return last->file == piece->file && last->part == piece->part &&
           last->source_id == piece->source_id && last->offset + last->length == piece->offset &&
           last->at + last->length == piece->at;
}

static int add_from_block(struct pieces *p, const struct piece *piece, struct lgz_error *err)
{
    struct piece *last = p->list.len ? &p->list.data[p->list.len - 1] : NULL;
    if (last && continues(last, piece)) {
        last->length += piece->length;
        return LGZ_OK;
    }
    return vec_push(&p->list, *piece) ? LGZ_OK : error_memory(err);
}

static int add_block(struct pieces *p, const struct segment *s, struct piece piece,
                     pieces_wanted_fn *wanted, void *context, struct lgz_error *err)
{
    const struct block_info *block = segment_block(s, piece.part);
    uint64_t end;
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        if (__builtin_add_overflow(extent->offset, extent->length, &end))
            return error_set(err, LGZ_ERR_CORRUPT, "%s: block %" PRIu32 " has an impossible extent",
                             segment_path(s), piece.part);
        piece.source_id = segment_source(s, extent->source)->id;
        piece.offset = extent->offset;
        piece.length = extent->length;
        if (wanted(context, piece.source_id))
            code = add_from_block(p, &piece, err);
        piece.at += extent->length;
    }
    return code;
}

int pieces_add_segment(struct pieces *p, const struct segment *s, uint32_t file,
                       pieces_wanted_fn *wanted, void *context, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < segment_block_count(s); i++)
        code = add_block(p, s, (struct piece){.file = file, .part = (uint32_t)i}, wanted, context,
                         err);
    return code;
}

int pieces_add_journals(struct pieces *p, const struct journal_index *index, uint32_t file,
                        pieces_wanted_fn *wanted, void *context, struct lgz_error *err)
{
    for (size_t i = 0; i < index->data.len; i++) {
        const struct indexed_data *data = &index->data.data[i];
        const struct piece piece = {.source_id = data->source_id,
                                    .offset = data->offset,
                                    .length = data->length,
                                    .at = data->position,
                                    .file = file + (uint32_t)data->journal,
                                    .part = (uint32_t)data->stored_len};
        if (wanted(context, piece.source_id) && !vec_push(&p->list, piece))
            return error_memory(err);
    }
    return LGZ_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->source_id != y->source_id)
        return source_before(x->source_id, y->source_id) ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void pieces_sort(struct pieces *p)
{
    if (p->list.len)
        qsort(p->list.data, p->list.len, sizeof(*p->list.data), by_place);
}

int pieces_read_record(const struct piece *piece, struct journal_reader *reader, struct span *data,
                       struct lgz_error *err)
{
    struct journal_record record;
    int code = journal_read_at(reader, piece->at, piece->part, &record, err);
    if (code != LGZ_OK)
        return code;
    if (record.kind != JOURNAL_DATA || record.data.len != piece->length)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: changed while it was read",
                         journal_reader_path(reader));
    *data = record.data;
    return LGZ_OK;
}

int pieces_in_block(const struct piece *piece, const struct segment *s, struct span raw,
                    struct span *data, struct lgz_error *err)
{
    if (piece->at > raw.len || piece->length > raw.len - piece->at)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: block %" PRIu32 " is shorter than its index",
                         segment_path(s), piece->part);
    *data = (struct span){raw.data + piece->at, (size_t)piece->length};
    return LGZ_OK;
}
