/*
 * index.c - header, footer and trailer, written and read.
 */
#include "segment/index.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "segment/runs.h"
#include "segment/stored.h"

static const uint8_t header_magic[7] = {0x89, 'L', 'O', 'G', 'Z', '\r', '\n'};
static const uint8_t trailer_magic[4] = {'Z', 'G', 'O', 0x1a};

enum {
    FOOTER_LIMIT = 1 << 30, /* bytes of a footer once decompressed, at most */
    MIN_EXTENT = 3,         /* bytes of an extent, at least */
    MIN_RULES_RUN = 3,      /* the same of a run of rules */
    SECTION_RULES = 1,
    SECTION_RUNS = 2,
    SECTION_STORED = 3,
    SECTION_NEEDED = 64, /* sections with such a tag must be understood */
    SECTION_FILTERS = 64,
    FLAG_PLAIN = 1,
    FLAG_TIMES = 2,
    FLAG_SECONDS = 4, /* the extents' times are whole seconds */
};

void segment_header_write(uint8_t *out)
{
    memcpy(out, header_magic, sizeof(header_magic));
    out[7] = SEGMENT_VERSION;
}

int segment_header_check(const uint8_t *in, const char *name, struct lgz_error *err)
{
    if (memcmp(in, header_magic, sizeof(header_magic)) != 0)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a logzip segment", name);
    if (in[7] != SEGMENT_VERSION)
        return error_set(err, LGZ_ERR_VERSION, "%s: format version %u, this program reads %d", name,
                         in[7], SEGMENT_VERSION);
    return LGZ_OK;
}

/* How much later than `last`, which wraps. */
static int64_t time_since(int64_t last, int64_t time)
{
    return (int64_t)((uint64_t)time - (uint64_t)last);
}

/* Are the extents of a block whole seconds apart? */
static bool in_seconds(const struct block_info *b, int64_t time)
{
    bool whole = true;
    for (size_t i = 0; i < b->extent_count; i++) {
        whole = whole && time_since(time, b->extents[i].read_time) % NS_PER_SECOND == 0;
        time = b->extents[i].read_time;
    }
    return whole;
}

/* An extent nearly always goes on where its source's last one ended: that end is kept here. */
static void write_extents(const struct block_info *b, bool seconds, uint64_t *ends, int64_t *time,
                          struct buf *out)
{
    varint_put(out, b->extent_count);
    for (size_t i = 0; i < b->extent_count; i++) {
        const struct extent *x = &b->extents[i];
        varint_put(out, x->source);
        varint_put(out, zigzag((int64_t)(x->offset - ends[x->source])));
        if (i + 1 < b->extent_count) /* the last one's length is what is left */
            varint_put(out, x->length);
        varint_put(out, zigzag(time_since(*time, x->read_time) / (seconds ? NS_PER_SECOND : 1)));
        ends[x->source] = x->offset + x->length;
        *time = x->read_time;
    }
}

static void write_block(const struct block_info *b, uint64_t *ends, int64_t *time, struct buf *out)
{
    bool times = b->time_min != SEGMENT_NO_TIME;
    bool seconds = in_seconds(b, *time);
    varint_put(out, b->stored_len);
    varint_put(out, b->raw_len);
    buf_put_le(out, b->raw_checksum, 8);
    varint_put(out, b->lines);
    buf_push(out, (uint8_t)((b->plain ? FLAG_PLAIN : 0) | (times ? FLAG_TIMES : 0) |
                            (seconds ? FLAG_SECONDS : 0)));
    if (times) {
        varint_put(out, zigzag(b->time_min));
        varint_put(out, (uint64_t)b->time_max - (uint64_t)b->time_min);
    }
    write_extents(b, seconds, ends, time, out);
    if (!b->plain)
        varint_put(out, b->template_count);
    for (size_t i = 0; i < b->template_count; i++)
        varint_put(out, b->template_counts[i]);
}

static void put_section(struct buf *out, uint64_t tag, const struct buf *section)
{
    varint_put(out, tag);
    varint_put(out, section->len);
    buf_append(out, section->data, section->len);
    out->failed |= section->failed;
}

/* The rules of the sources, if one has any. */
static void write_rules(const struct segment_index *index, struct buf *out)
{
    struct buf section = {0};
    struct rules_run last = {0};
    if (index->rules_runs.list.len == 0)
        return;
    varint_put(&section, index->rules.list.len);
    for (size_t i = 0; i < index->rules.list.len; i++)
        rules_write(&section, &index->rules.list.data[i]);
    varint_put(&section, index->rules_runs.list.len);
    for (size_t i = 0; i < index->rules_runs.list.len; i++) {
        const struct rules_run *run = &index->rules_runs.list.data[i];
        varint_put(&section, run->source - last.source);
        varint_put(&section, run->offset - (run->source == last.source ? last.offset : 0));
        varint_put(&section, run->rules);
        last = *run;
    }
    put_section(out, SECTION_RULES, &section);
    buf_free(&section);
}

/* The runs of the blocks; nothing, if the index was made of one that didn't say them. */
static void write_runs(const struct segment_index *index, struct buf *out)
{
    struct buf section = {0};
    bool known = index->blocks.len > 0;
    for (size_t i = 0; i < index->blocks.len; i++)
        known &= index->blocks.data[i].run_count > 0;
    if (!known)
        return;
    runs_write(index->blocks.data, index->blocks.len, &section);
    put_section(out, SECTION_RUNS, &section);
    buf_free(&section);
}

/* The checksums of the blocks as they are stored. */
static void write_stored(const struct segment_index *index, struct buf *out)
{
    struct buf section = {0};
    stored_write(index->blocks.data, index->blocks.len, &section);
    if (section.len)
        put_section(out, SECTION_STORED, &section);
    buf_free(&section);
}

/* Where the filters are: between the last block and the footer. */
static void write_filters(const struct segment_index *index, struct buf *out)
{
    struct buf section = {0};
    if (!index->filters_len)
        return;
    varint_put(&section, index->filters_len);
    buf_put_le(&section, index->filters_checksum, 8);
    put_section(out, SECTION_FILTERS, &section);
    buf_free(&section);
}

static int write_index(const struct segment_index *index, struct buf *out, struct lgz_error *err)
{
    int64_t time = 0;
    uint64_t *ends = calloc(index->sources.len + 1, sizeof(*ends));
    if (!ends)
        return error_memory(err);
    buf_push(out, (uint8_t)index->level);
    varint_put(out, index->first_journal);
    if (index->first_journal)
        varint_put(out, index->last_journal);
    varint_put(out, index->sources.len);
    for (size_t i = 0; i < index->sources.len; i++)
        source_write(out, &index->sources.data[i]);
    varint_put(out, index->blocks.len);
    for (size_t i = 0; i < index->blocks.len; i++)
        write_block(&index->blocks.data[i], ends, &time, out);
    write_rules(index, out);
    write_runs(index, out);
    write_stored(index, out);
    write_filters(index, out);
    free(ends);
    return out->failed ? error_memory(err) : LGZ_OK;
}

int segment_footer_write(const struct segment_index *index, ZSTD_CCtx *zstd, struct buf *out,
                         struct lgz_error *err)
{
    const struct frame_options options = {19, 0, false};
    struct buf plain = {0};
    struct buf frame = {0};
    size_t start = out->len;
    int code = write_index(index, &plain, err);
    if (code == LGZ_OK)
        code = frame_compress(zstd, &options, plain.data, plain.len, &frame, err);
    if (code == LGZ_OK) {
        struct buf body = {0};
        varint_put(&body, plain.len);
        buf_append(&body, frame.data, frame.len);
        buf_push(out, SEGMENT_FOOTER);
        varint_put(out, body.len);
        buf_append(out, body.data, body.len);
        out->failed |= body.failed;
        buf_free(&body);
    }
    if (code == LGZ_OK && (plain.len > FOOTER_LIMIT || out->len - start > UINT32_MAX))
        code = error_set(err, LGZ_ERR_LIMIT, "index of %zu bytes is too large", plain.len);
    if (code == LGZ_OK && !out->failed) {
        size_t len = out->len - start;
        buf_put_le(out, hash_bytes(out->data + start, len), 8);
        buf_put_le(out, len, 4);
        buf_append(out, trailer_magic, sizeof(trailer_magic));
    }
    if (code == LGZ_OK && out->failed)
        code = error_memory(err);
    buf_free(&plain);
    buf_free(&frame);
    return code;
}

int segment_trailer_read(const uint8_t *in, const char *name, uint64_t *checksum,
                         uint64_t *footer_len, struct lgz_error *err)
{
    if (memcmp(in + 12, trailer_magic, sizeof(trailer_magic)) != 0)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: no trailer at the end: cut short or damaged",
                         name);
    *checksum = le_get(in, 8);
    *footer_len = le_get(in + 8, 4);
    return LGZ_OK;
}

/* Extents of a block; their lengths must sum to its raw length. */
static bool read_extents(struct reader *r, struct block_info *b, bool seconds, uint64_t *ends,
                         size_t sources, int64_t *time)
{
    uint64_t left = b->raw_len;
    b->extent_count = reader_varint_max(r, reader_left(r) / MIN_EXTENT);
    struct extent *extents = calloc(b->extent_count + 1, sizeof(*extents));
    b->extents = extents;
    if (!extents)
        return false;
    for (size_t i = 0; i < b->extent_count && !r->failed; i++) {
        struct extent *x = &extents[i];
        x->source = (uint32_t)reader_varint_max(r, UINT32_MAX);
        if (x->source >= sources) {
            r->failed = true;
            return true;
        }
        x->offset = ends[x->source] + (uint64_t)unzigzag(reader_varint(r));
        x->length = i + 1 < b->extent_count ? reader_varint_max(r, left) : left;
        int64_t later = unzigzag(reader_varint(r));
        if (seconds && __builtin_mul_overflow(later, NS_PER_SECOND, &later))
            r->failed = true;
        x->read_time = (int64_t)((uint64_t)*time + (uint64_t)later);
        *time = x->read_time;
        left -= x->length;
        if (x->length == 0 || __builtin_add_overflow(x->offset, x->length, &ends[x->source]))
            r->failed = true;
    }
    r->failed |= left != 0;
    return true;
}

static bool read_block(struct reader *r, struct block_info *b, uint64_t *ends, size_t sources,
                       int64_t *time)
{
    b->time_min = b->time_max = SEGMENT_NO_TIME;
    b->stored_len = reader_varint_max(r, UINT32_MAX);
    b->raw_len = reader_varint_max(r, BLOCK_MAX_RAW);
    b->raw_checksum = reader_le(r, 8);
    b->lines = reader_varint(r);
    uint8_t flags = reader_u8(r);
    b->plain = flags & FLAG_PLAIN;
    if (flags & FLAG_TIMES) {
        b->time_min = unzigzag(reader_varint(r));
        b->time_max = (int64_t)((uint64_t)b->time_min + reader_varint(r));
        r->failed |= b->time_max < b->time_min || b->time_min == SEGMENT_NO_TIME;
    }
    if (!read_extents(r, b, flags & FLAG_SECONDS, ends, sources, time))
        return false;
    b->template_count = b->plain ? 0 : reader_varint_max(r, reader_left(r));
    uint64_t *counts = calloc(b->template_count + 1, sizeof(*counts));
    b->template_counts = counts;
    if (!counts)
        return false;
    for (size_t i = 0; i < b->template_count; i++)
        counts[i] = reader_varint(r);
    r->failed |= flags > (FLAG_PLAIN | FLAG_TIMES | FLAG_SECONDS) || b->raw_len == 0;
    return true;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Ids are what a restore goes by: none is 0, and none is there twice. */
static int check_ids(const struct segment_index *index, const char *name, struct lgz_error *err)
{
    size_t count = index->sources.len;
    uint64_t *ids = malloc((count + 1) * sizeof(*ids));
    bool sound = true;
    if (!ids)
        return error_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = index->sources.data[i].id;
    qsort(ids, count, sizeof(*ids), by_id);
    for (size_t i = 0; i < count; i++)
        sound = sound && ids[i] != (i ? ids[i - 1] : 0);
    free(ids);
    return sound ? LGZ_OK : error_set(err, LGZ_ERR_CORRUPT, "%s: damaged ids of sources", name);
}

static int read_sources(struct reader *r, const char *name, struct segment_index *index,
                        struct lgz_error *err)
{
    uint64_t count = reader_varint_max(r, reader_left(r));
    for (uint64_t i = 0; i < count; i++) {
        struct source source;
        int code = source_read(r, &source, name, err);
        if (code != LGZ_OK)
            return code;
        if (!vec_push(&index->sources, source)) {
            source_clear(&source);
            return error_memory(err);
        }
    }
    return check_ids(index, name, err);
}

static int read_blocks(struct reader *r, const char *name, struct segment_index *index,
                       struct lgz_error *err)
{
    int code = LGZ_OK;
    int64_t time = 0;
    uint64_t at = SEGMENT_HEADER_LEN;
    uint64_t count = reader_varint_max(r, reader_left(r));
    uint64_t *ends = calloc(index->sources.len + 1, sizeof(*ends));
    if (!ends)
        return error_memory(err);
    for (uint64_t i = 0; i < count && code == LGZ_OK; i++) {
        struct block_info b = {.file_offset = at};
        if (!vec_push(&index->blocks, b)) {
            code = error_memory(err);
            break;
        }
        struct block_info *block = &index->blocks.data[index->blocks.len - 1];
        if (!read_block(r, block, ends, index->sources.len, &time))
            code = error_memory(err);
        else if (r->failed)
            code = error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (block %llu)", name,
                             (unsigned long long)i);
        at += block->stored_len;
    }
    free(ends);
    return code;
}

/* The index's bytes, decompressed if they were packed. */
static int unpack(struct reader *r, const char *name, uint8_t **bytes, size_t *len,
                  struct lgz_error *err)
{
    uint64_t plain_len = reader_varint_max(r, FOOTER_LIMIT);
    struct span body = reader_bytes(r, reader_left(r));
    if (r->failed || !frame_may_hold(body, plain_len))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer", name);
    *len = plain_len;
    *bytes = malloc(*len + 1);
    if (!*bytes)
        return error_memory(err);
    int code = frame_decompress(body, *bytes, *len, err);
    if (code != LGZ_OK)
        error_prefix(err, "%s: footer", name);
    return code;
}

static int read_rules_table(struct reader *r, const char *name, struct segment_index *index,
                            struct lgz_error *err)
{
    uint64_t count = reader_varint_max(r, RULES_TABLE_MAX);
    for (uint64_t i = 0; i < count && !r->failed; i++) {
        struct rules rules;
        int code = rules_read(r, &rules, name, err);
        if (code != LGZ_OK)
            return code;
        if (!vec_push(&index->rules.list, rules)) {
            rules_clear(&rules);
            return error_memory(err);
        }
    }
    return LGZ_OK;
}

/* Sources ascend, and so do the offsets of one. */
static int read_rules_runs(struct reader *r, struct segment_index *index, struct lgz_error *err)
{
    struct rules_run last = {0};
    uint64_t count = reader_varint_max(r, reader_left(r) / MIN_RULES_RUN);
    for (uint64_t i = 0; i < count && !r->failed; i++) {
        uint64_t source = last.source + reader_varint_max(r, UINT32_MAX);
        uint64_t later = reader_varint(r);
        bool same = i && source == last.source;
        struct rules_run run = {.offset = (same ? last.offset : 0) + later};
        run.rules = (uint32_t)reader_varint_max(r, index->rules.list.len);
        if (source >= index->sources.len || run.offset < later || (same && later == 0)) {
            r->failed = true;
            return LGZ_OK;
        }
        run.source = (uint32_t)source;
        if (!vec_push(&index->rules_runs.list, run))
            return error_memory(err);
        last = run;
    }
    return LGZ_OK;
}

static int read_rules(struct span section, const char *name, struct segment_index *index,
                      struct lgz_error *err)
{
    struct reader r = reader_of(section.data, section.len);
    bool again = index->rules.list.len || index->rules_runs.list.len;
    int code = read_rules_table(&r, name, index, err);
    if (code == LGZ_OK)
        code = read_rules_runs(&r, index, err);
    if (code == LGZ_OK && (again || r.failed || reader_left(&r)))
        code = error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (rules of inputs)", name);
    return code;
}

static int read_runs(struct span section, const char *name, struct segment_index *index,
                     struct lgz_error *err)
{
    struct reader r = reader_of(section.data, section.len);
    const bool again = index->blocks.len && index->blocks.data[0].run_count;
    if (!again && !runs_read(&r, index->blocks.data, index->blocks.len))
        return error_memory(err);
    if (again || r.failed || reader_left(&r))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (lines)", name);
    return LGZ_OK;
}

static int read_stored(struct span section, const char *name, struct segment_index *index,
                       struct lgz_error *err)
{
    struct reader r = reader_of(section.data, section.len);
    const bool again = index->blocks.len && index->blocks.data[0].stored_known;
    if (!again)
        stored_read(&r, index->blocks.data, index->blocks.len);
    if (again || r.failed || reader_left(&r))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (stored bytes)", name);
    return LGZ_OK;
}

static int read_filters(struct span section, const char *name, struct segment_index *index,
                        struct lgz_error *err)
{
    struct reader r = reader_of(section.data, section.len);
    const bool again = index->filters_len;
    index->filters_len = reader_varint_max(&r, UINT32_MAX);
    index->filters_checksum = reader_le(&r, 8);
    if (again || r.failed || reader_left(&r) || !index->filters_len)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (filters)", name);
    return LGZ_OK;
}

/*
 * What stands behind the blocks: a tag, a length and that many bytes. Sections below SECTION_NEEDED
 * can be left out by who doesn't know them.
 */
static int read_sections(struct reader *r, const char *name, struct segment_index *index,
                         struct lgz_error *err)
{
    int code = LGZ_OK;
    while (reader_left(r) && !r->failed && code == LGZ_OK) {
        uint64_t tag = reader_varint(r);
        struct span section = reader_bytes(r, reader_varint(r));
        if (r->failed)
            break;
        if (tag == SECTION_RULES)
            code = read_rules(section, name, index, err);
        else if (tag == SECTION_RUNS)
            code = read_runs(section, name, index, err);
        else if (tag == SECTION_STORED)
            code = read_stored(section, name, index, err);
        else if (tag == SECTION_FILTERS)
            code = read_filters(section, name, index, err);
        else if (tag >= SECTION_NEEDED)
            code = error_set(err, LGZ_ERR_VERSION, "%s: needs a newer logzip (section %llu)", name,
                             (unsigned long long)tag);
    }
    return code;
}

static int read_index(struct reader *r, const char *name, struct segment_index *index,
                      struct lgz_error *err)
{
    uint8_t level = reader_u8(r);
    index->level = (enum lgz_level)level;
    index->first_journal = reader_varint(r);
    index->last_journal = index->first_journal ? reader_varint(r) : 0;
    int code = read_sources(r, name, index, err);
    if (code == LGZ_OK)
        code = read_blocks(r, name, index, err);
    if (code == LGZ_OK)
        code = read_sections(r, name, index, err);
    bool journals = index->first_journal <= index->last_journal;
    if (code == LGZ_OK && (r->failed || level == 0 || !journals))
        code = error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer", name);
    return code;
}

bool segment_part_read(struct span part, enum block_tag tag, struct span *body)
{
    struct reader r = reader_of(part.data, part.len);
    const bool same = reader_u8(&r) == tag;
    const uint64_t len = reader_varint(&r);
    *body = reader_bytes(&r, len);
    return same && !r.failed && !reader_left(&r);
}

int segment_footer_read(struct span footer, uint64_t checksum, const char *name,
                        struct segment_index *index, struct lgz_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct span packed;
    *index = (struct segment_index){0};
    if (hash_bytes(footer.data, footer.len) != checksum)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: footer doesn't match its checksum", name);
    if (!segment_part_read(footer, SEGMENT_FOOTER, &packed))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer", name);
    struct reader r = reader_of(packed.data, packed.len);
    int code = unpack(&r, name, &bytes, &len, err);
    if (code == LGZ_OK) {
        struct reader body = reader_of(bytes, len);
        code = read_index(&body, name, index, err);
    }
    free(bytes);
    if (code != LGZ_OK)
        segment_index_clear(index);
    return code;
}

uint64_t segment_index_length(const struct segment_index *index)
{
    uint64_t length = SEGMENT_HEADER_LEN + index->filters_len;
    for (size_t i = 0; i < index->blocks.len; i++)
        length += index->blocks.data[i].stored_len;
    return length;
}

void segment_index_clear(struct segment_index *index)
{
    for (size_t i = 0; i < index->sources.len; i++)
        source_clear(&index->sources.data[i]);
    for (size_t i = 0; i < index->blocks.len; i++) {
        free((void *)index->blocks.data[i].extents);
        free((void *)index->blocks.data[i].runs);
        free((void *)index->blocks.data[i].template_counts);
    }
    vec_free(&index->sources);
    vec_free(&index->blocks);
    rules_table_clear(&index->rules);
    vec_free(&index->rules_runs.list);
}
