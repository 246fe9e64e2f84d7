/*
 * salvage_copy.c - looks for each block where it should be, counted from the front and from the
 * footer: if bytes are missing between, or there are too many, one of both is right.
 */
#include "segment/salvage_copy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "segment/filters.h"
#include "segment/runs.h"

struct copy {
    struct remains *in;
    const struct segment_index *index;
    struct salvage_sink *sink;
    struct segment_index kept; /* shares all with `index` but the list of blocks */
    bool *whole;               /* of each block */
    size_t *losses;            /* of each source the last of its losses, plus 1 */
    uint64_t front;            /* where the next block is, counted from the front */
    uint64_t back;             /* and from the footer; it may be before the file, modulo 2^64 */
    struct buf stored;
    struct buf raw;
    bool begun; /* the header is written */
};

/* Do the stored bytes decode to the block that the index speaks of? */
static bool is_whole(struct copy *c, const struct block_info *info)
{
    struct span body;
    buf_clear(&c->raw);
    return segment_part_read(buf_span(&c->stored), block_tag_of(info), &body) &&
           block_decode(block_tag_of(info), body, &c->raw, NULL) == LGZ_OK &&
           c->raw.len == info->raw_len && block_checksum(body) == info->raw_checksum;
}

/* Write the block's head as the index says that it is. @return false if that's not possible */
static bool put_head_right(struct copy *c, const struct block_info *info)
{
    struct buf head = {0};
    for (size_t size = 1; size <= VARINT_MAX && !head.len; size++) {
        const uint64_t body = info->stored_len - 1 - size;
        if (info->stored_len < 1 + size || varint_size(body) != size)
            continue;
        buf_push(&head, (uint8_t)block_tag_of(info));
        varint_put(&head, body);
        varint_put(&head, info->raw_len);
        buf_put_le(&head, info->raw_checksum, 8);
    }
    const bool fits = !head.failed && head.len && head.len <= c->stored.len;
    if (fits)
        memcpy(c->stored.data, head.data, head.len);
    buf_free(&head);
    return fits;
}

/* Look for the block at `at`. @return is it there, maybe with a head that was put right? */
static bool look(struct copy *c, const struct block_info *info, uint64_t at, bool *mended)
{
    if (at > remains_size(c->in) || info->stored_len > remains_size(c->in) - at)
        return false;
    remains_read(c->in, at, c->stored.data, info->stored_len);
    c->stored.len = info->stored_len;
    *mended =
        info->stored_known && hash_bytes(c->stored.data, c->stored.len) != info->stored_checksum;
    if (is_whole(c, info))
        return true;
    *mended = true;
    return put_head_right(c, info) && is_whole(c, info);
}

static int begin(struct copy *c)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    if (c->begun)
        return LGZ_OK;
    c->begun = true;
    segment_header_write(header);
    return salvage_put(c->sink, header, sizeof(header));
}

static int keep(struct copy *c, const struct block_info *info, bool mended)
{
    struct salvage_result *result = c->sink->result;
    struct block_info block = *info;
    block.stored_known = true;
    block.stored_checksum = hash_bytes(c->stored.data, c->stored.len);
    result->blocks++;
    result->mended += mended;
    result->raw_bytes += info->raw_len;
    result->lines += info->lines;
    if (!vec_push(&c->kept.blocks, block))
        return error_memory(c->sink->err);
    int code = begin(c);
    return code == LGZ_OK ? salvage_put(c->sink, c->stored.data, c->stored.len) : code;
}

/* Bytes of a source are gone: `run` has their lines, or is NULL. */
static int lose_run(struct copy *c, const struct extent *first, uint64_t length,
                    const struct block_run *run)
{
    struct salvage_sink *sink = c->sink;
    size_t *last = &c->losses[first->source];
    struct salvage_loss *loss = *last ? &sink->losses.data[*last - 1] : NULL;
    if (loss && loss->offset + loss->length == first->offset) {
        /* A line that was cut between both is one. */
        loss->counted &= run != NULL;
        loss->length += length;
        loss->lines += run ? run->newlines + run->cut : 0;
        loss->lines -= loss->cut;
        sink->result->lines_lost -= loss->cut;
        loss->cut = run && run->cut;
        return LGZ_OK;
    }
    const struct source *source = &c->index->sources.data[first->source];
    struct salvage_loss fresh = {.source_id = source->id,
                                 .name = strdup(source->name),
                                 .offset = first->offset,
                                 .length = length,
                                 .lines = run ? run->newlines + run->cut : 0,
                                 .cut = run && run->cut,
                                 .counted = run != NULL};
    if (!fresh.name || !vec_push(&sink->losses, fresh)) {
        free(fresh.name);
        return error_memory(sink->err);
    }
    *last = sink->losses.len;
    return LGZ_OK;
}

static int lose(struct copy *c, const struct block_info *info)
{
    int code = LGZ_OK;
    c->sink->result->blocks_lost++;
    c->sink->result->raw_lost += info->raw_len;
    c->sink->result->lines_lost += info->lines;
    for (size_t i = 0, end, number = 0; i < info->extent_count && code == LGZ_OK; i = end) {
        const struct block_run only = {.newlines = info->lines};
        uint64_t length = 0;
        end = runs_end(info->extents, info->extent_count, i);
        for (size_t k = i; k < end; k++)
            length += info->extents[k].length;
        const struct block_run *run = number < info->run_count ? &info->runs[number] : NULL;
        if (!run && i == 0 && end == info->extent_count)
            run = &only;
        code = lose_run(c, &info->extents[i], length, run);
        number++;
    }
    return code;
}

static int copy_block(struct copy *c, size_t i)
{
    const struct block_info *info = &c->index->blocks.data[i];
    const char *path = remains_path(c->in);
    const uint64_t front = c->front;
    const uint64_t back = c->back;
    bool mended = false;
    c->front += info->stored_len;
    c->back += info->stored_len;
    /* No index gets memory for a block that the file can't have. */
    if (info->stored_len <= remains_size(c->in) && !buf_reserve(&c->stored, info->stored_len))
        return error_memory(c->sink->err);
    uint64_t at = back;
    c->whole[i] = look(c, info, back, &mended);
    if (!c->whole[i] && front != back) {
        at = front;
        c->whole[i] = look(c, info, front, &mended);
    }
    if (!c->whole[i]) {
        salvage_note(c->sink, "%s: block %zu at offset %" PRIu64 " is lost", path, i,
                     info->file_offset);
        return lose(c, info);
    }
    if (mended)
        salvage_note(c->sink,
                     "%s: block %zu at offset %" PRIu64 " has wrong bytes where they can "
                     "be put right",
                     path, i, at);
    return keep(c, info, mended);
}

/* The filters of the blocks that are left. */
static int copy_filters(struct copy *c, uint64_t at)
{
    const size_t len = c->index->filters_len;
    struct buf part = {0};
    int code = LGZ_OK;
    if (!len)
        return LGZ_OK;
    uint8_t *old = malloc(len);
    if (!old)
        return error_memory(c->sink->err);
    remains_read(c->in, at, old, len);
    if (hash_bytes(old, len) != c->index->filters_checksum)
        salvage_note(c->sink,
                     "%s: the filters at offset %" PRIu64 " are lost: searches take longer",
                     remains_path(c->in), at);
    else
        code = filters_select((struct span){old, len}, c->whole, c->index->blocks.len, &part,
                              c->sink->err);
    free(old);
    if (code == LGZ_OK && part.len) {
        c->kept.filters_len = part.len;
        c->kept.filters_checksum = hash_bytes(part.data, part.len);
        code = salvage_put(c->sink, part.data, part.len);
    }
    buf_free(&part);
    return code;
}

static int copy_footer(struct copy *c)
{
    struct buf footer = {0};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    int code = zstd ? segment_footer_write(&c->kept, zstd, &footer, c->sink->err)
                    : error_memory(c->sink->err);
    if (code == LGZ_OK)
        code = salvage_put(c->sink, footer.data, footer.len);
    ZSTD_freeCCtx(zstd);
    buf_free(&footer);
    return code;
}

/* What isn't as it should be, besides the blocks and filters. */
static void note_frame(const struct copy *c, const struct remains_index *found, uint64_t begin,
                       uint64_t end)
{
    uint8_t header[SEGMENT_HEADER_LEN], right[SEGMENT_HEADER_LEN];
    const char *path = remains_path(c->in);
    segment_header_write(right);
    remains_read(c->in, begin, header, sizeof(header));
    if (memcmp(header, right, sizeof(header)) != 0)
        salvage_note(c->sink, "%s: the header at offset %" PRIu64 " is damaged", path, begin);
    if (begin + segment_index_length(c->index) != found->at)
        salvage_note(c->sink,
                     "%s: between offsets %" PRIu64 " and %" PRIu64 " there should be %" PRIu64
                     " bytes",
                     path, begin, found->at, segment_index_length(c->index));
    if (found->proof == REMAINS_MENDED)
        salvage_note(c->sink,
                     "%s: the footer at offset %" PRIu64
                     " has one wrong byte, which can be put right",
                     path, found->at);
    else if (found->proof == REMAINS_WHOLE)
        salvage_note(c->sink, "%s: the trailer behind the footer at offset %" PRIu64 " is damaged",
                     path, found->at);
    else if (found->proof == REMAINS_UNPROVEN)
        salvage_note(c->sink,
                     "%s: cut within the trailer; nothing but that it fits proves the footer at "
                     "offset %" PRIu64,
                     path, found->at);
    if (found->end != end)
        salvage_note(c->sink, "%s: from offset %" PRIu64 " on, there is something else", path,
                     found->end);
}

int salvage_copy(struct remains *in, const struct remains_index *found, uint64_t begin_at,
                 uint64_t end, struct salvage_sink *sink)
{
    const struct segment_index *index = &found->index;
    struct copy c = {.in = in, .index = index, .sink = sink, .kept = *index};
    const size_t blocks = index->blocks.len;
    c.front = begin_at + SEGMENT_HEADER_LEN;
    c.back = found->at - segment_index_length(index) + SEGMENT_HEADER_LEN;
    memset(&c.kept.blocks, 0, sizeof(c.kept.blocks));
    c.kept.filters_len = c.kept.filters_checksum = 0;
    c.whole = calloc(blocks + 1, sizeof(*c.whole));
    c.losses = calloc(index->sources.len + 1, sizeof(*c.losses));
    int code = c.whole && c.losses ? LGZ_OK : error_memory(sink->err);
    if (code == LGZ_OK)
        note_frame(&c, found, begin_at, end);
    for (size_t i = 0; i < blocks && code == LGZ_OK; i++)
        code = copy_block(&c, i);
    if (code == LGZ_OK && !blocks)
        code = begin(&c);
    if (code == LGZ_OK && c.begun)
        code = copy_filters(&c, found->at - index->filters_len);
    if (code == LGZ_OK && c.begun)
        code = copy_footer(&c);
    vec_free(&c.kept.blocks);
    free(c.whole);
    free(c.losses);
    buf_free(&c.stored);
    buf_free(&c.raw);
    return code;
}
