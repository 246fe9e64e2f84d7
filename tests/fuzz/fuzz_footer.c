/*
 * fuzz_footer.c - any bytes as a footer whose checksum is right: damage is an error, and what is
 * read can be written, and read again, as the same.
 *
 * Input: what follows a footer's tag and length.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "fuzz.h"
#include "segment/index.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static int read_footer(const struct buf *footer, struct segment_index *index)
{
    struct lgz_error err = {0};
    struct span bytes = buf_span(footer);
    int code = segment_footer_read(bytes, hash_bytes(bytes.data, bytes.len), "fuzz", index, &err);
    require(code == err.code && (code == LGZ_OK || err.message[0]), "code and story differ");
    return code;
}

static void require_sane(const struct block_info *b, size_t sources)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->extent_count; i++) {
        require(b->extents[i].source < sources, "an extent of no source");
        require(b->extents[i].offset + b->extents[i].length >= b->extents[i].offset, "overflow");
        sum += b->extents[i].length;
    }
    require(sum == b->raw_len && b->raw_len > 0 && b->raw_len <= BLOCK_MAX_RAW, "lengths differ");
    require(b->time_min <= b->time_max, "times in the wrong order");
}

static void require_same(const struct segment_index *a, const struct segment_index *b)
{
    require(a->level == b->level && a->sources.len == b->sources.len, "sources differ");
    require(a->blocks.len == b->blocks.len, "blocks differ");
    require(a->rules_runs.list.len == b->rules_runs.list.len, "rules differ");
    for (size_t i = 0; i < a->rules_runs.list.len; i++) {
        const struct rules_run *x = &a->rules_runs.list.data[i];
        const struct rules_run *y = &b->rules_runs.list.data[i];
        require(x->source == y->source && x->offset == y->offset && x->rules == y->rules,
                "a run of rules differs");
    }
    for (size_t i = 0; i < a->blocks.len; i++) {
        const struct block_info *x = &a->blocks.data[i];
        const struct block_info *y = &b->blocks.data[i];
        require(x->file_offset == y->file_offset && x->stored_len == y->stored_len &&
                    x->raw_len == y->raw_len && x->raw_checksum == y->raw_checksum &&
                    x->lines == y->lines && x->time_min == y->time_min &&
                    x->time_max == y->time_max && x->plain == y->plain &&
                    x->extent_count == y->extent_count && x->template_count == y->template_count,
                "a block differs");
        for (size_t k = 0; k < x->extent_count; k++)
            require(x->extents[k].source == y->extents[k].source &&
                        x->extents[k].offset == y->extents[k].offset &&
                        x->extents[k].length == y->extents[k].length &&
                        x->extents[k].read_time == y->extents[k].read_time,
                    "an extent differs");
    }
}

static void require_sane_rules(const struct segment_index *index)
{
    const struct rules_run *runs = index->rules_runs.list.data;
    require(index->rules.list.len <= RULES_TABLE_MAX, "too many rules");
    for (size_t i = 0; i < index->rules_runs.list.len; i++) {
        require(runs[i].source < index->sources.len, "rules of no source");
        require(runs[i].rules <= index->rules.list.len, "no such rules");
        require(i == 0 || runs[i - 1].source < runs[i].source ||
                    (runs[i - 1].source == runs[i].source && runs[i - 1].offset < runs[i].offset),
                "rules in the wrong order");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ZSTD_CCtx *zstd;
    struct segment_index index, again;
    struct buf footer = {0};
    if (!zstd)
        zstd = ZSTD_createCCtx();
    buf_push(&footer, SEGMENT_FOOTER);
    varint_put(&footer, size);
    buf_append(&footer, data, size);
    if (!footer.failed && read_footer(&footer, &index) == LGZ_OK) {
        require_sane_rules(&index);
        for (size_t i = 0; i < index.blocks.len; i++)
            require_sane(&index.blocks.data[i], index.sources.len);
        buf_clear(&footer);
        require(segment_footer_write(&index, zstd, &footer, NULL) == LGZ_OK, "can't be written");
        footer.len -= SEGMENT_TRAILER_LEN;
        require(read_footer(&footer, &again) == LGZ_OK, "can't be read again");
        require_same(&index, &again);
        segment_index_clear(&again);
        segment_index_clear(&index);
    }
    buf_free(&footer);
    return 0;
}
