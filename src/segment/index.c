/*
 * index.c - header, footer and trailer, written and read.
 */
#include "segment/index.h"

#include <stdlib.h>

#include "base/hash.h"
#include "segment/block_entries.h"
#include "segment/runs.h"
#include "segment/stored.h"

static const uint8_t header_magic[7] = {0x89, 'L', 'O', 'G', 'Z', '\r', '\n'};
static const uint8_t trailer_magic[4] = {'Z', 'G', 'O', 0x1a};

enum {
    FOOTER_LIMIT = 1 << 30, /* bytes of a footer once decompressed, at most */
    SECTION_RULES = 1,
    SECTION_RUNS = 2,
    SECTION_STORED = 3,
    SECTION_NEEDED = 64, /* sections with such a tag must be understood */
    SECTION_FILTERS = 64,
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
    if (index->rules_runs.list.len == 0)
        return;
    rules_table_write(&index->rules, &section);
    rules_runs_write(&index->rules_runs, &section);
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
    struct block_entries entries;
    int code = block_entries_begin(&entries, index->sources.len, err);
    if (code != LGZ_OK)
        return code;
    buf_push(out, (uint8_t)index->level);
    varint_put(out, index->first_journal);
    if (index->first_journal)
        varint_put(out, index->last_journal);
    varint_put(out, index->sources.len);
    for (size_t i = 0; i < index->sources.len; i++)
        source_write(out, &index->sources.data[i]);
    varint_put(out, index->blocks.len);
    for (size_t i = 0; i < index->blocks.len; i++)
        block_entries_write(&entries, &index->blocks.data[i], out);
    write_rules(index, out);
    write_runs(index, out);
    write_stored(index, out);
    write_filters(index, out);
    block_entries_end(&entries);
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
    struct block_entries entries;
    uint64_t at = SEGMENT_HEADER_LEN;
    uint64_t count = reader_varint_max(r, reader_left(r));
    int code = block_entries_begin(&entries, index->sources.len, err);
    for (uint64_t i = 0; i < count && code == LGZ_OK; i++) {
        struct block_info b = {.file_offset = at};
        if (!vec_push(&index->blocks, b)) {
            code = error_memory(err);
            break;
        }
        struct block_info *block = &index->blocks.data[index->blocks.len - 1];
        if (!block_entries_read(&entries, r, block))
            code = error_memory(err);
        else if (r->failed)
            code = error_set(err, LGZ_ERR_CORRUPT, "%s: damaged footer (block %llu)", name,
                             (unsigned long long)i);
        at += block->stored_len;
    }
    block_entries_end(&entries);
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

static int read_rules(struct span section, const char *name, struct segment_index *index,
                      struct lgz_error *err)
{
    struct reader r = reader_of(section.data, section.len);
    bool again = index->rules.list.len || index->rules_runs.list.len;
    int code = rules_table_read(&r, &index->rules, name, err);
    if (code == LGZ_OK)
        code =
            rules_runs_read(&r, &index->rules_runs, index->sources.len, index->rules.list.len, err);
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
