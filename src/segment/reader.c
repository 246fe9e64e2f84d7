/*
 * reader.c - a finished segment, by its footer.
 */
#include "segment/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "segment/index.h"

struct segment {
    char *path;
    int fd;
    struct segment_index index;
    struct segment_info info;
    uint64_t checksum; /* of the footer */
    uint64_t filters_at;
    uint64_t bytes_read; /* atomic: all that changes */
};

static void summarize(struct segment *s, uint64_t file_bytes, uint64_t footer_len)
{
    struct segment_info *info = &s->info;
    info->file_bytes = file_bytes;
    info->filter_bytes = s->index.filters_len;
    info->index_bytes = footer_len + SEGMENT_TRAILER_LEN + info->filter_bytes;
    info->time_min = info->time_max = SEGMENT_NO_TIME;
    info->first_journal = s->index.first_journal;
    info->last_journal = s->index.last_journal;
    info->level = s->index.level;
    for (size_t i = 0; i < s->index.blocks.len; i++) {
        const struct block_info *b = &s->index.blocks.data[i];
        info->raw_bytes += b->raw_len;
        info->lines += b->lines;
        for (size_t k = 0; k < b->extent_count; k++)
            if (b->extents[k].read_time > info->created)
                info->created = b->extents[k].read_time;
        if (b->time_min == SEGMENT_NO_TIME)
            continue;
        if (info->time_min == SEGMENT_NO_TIME || b->time_min < info->time_min)
            info->time_min = b->time_min;
        if (info->time_max == SEGMENT_NO_TIME || b->time_max > info->time_max)
            info->time_max = b->time_max;
    }
}

/* Read exactly `len` bytes at `offset`, which the caller knows to be within the file. */
static int read_exactly(const struct segment *s, void *data, size_t len, uint64_t offset,
                        struct lgz_error *err)
{
    ssize_t n = file_read_at(s->fd, data, len, offset, s->path, err);
    if (n < 0)
        return (int)n;
    __atomic_fetch_add((uint64_t *)&s->bytes_read, (uint64_t)n, __ATOMIC_RELAXED);
    if ((size_t)n != len)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: ends at offset %llu", s->path,
                         (unsigned long long)(offset + (uint64_t)n));
    return LGZ_OK;
}

static int read_footer(struct segment *s, uint64_t size, struct lgz_error *err)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    uint8_t trailer[SEGMENT_TRAILER_LEN];
    uint64_t checksum, footer_len;
    if (size < SEGMENT_HEADER_LEN)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not a logzip segment", s->path);
    int code = read_exactly(s, header, sizeof(header), 0, err);
    if (code == LGZ_OK)
        code = segment_header_check(header, s->path, err);
    if (code != LGZ_OK)
        return code;
    if (size < SEGMENT_HEADER_LEN + SEGMENT_TRAILER_LEN)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: cut short", s->path);
    code = read_exactly(s, trailer, sizeof(trailer), size - sizeof(trailer), err);
    if (code == LGZ_OK)
        code = segment_trailer_read(trailer, s->path, &checksum, &footer_len, err);
    if (code != LGZ_OK)
        return code;
    if (footer_len > size - SEGMENT_HEADER_LEN - SEGMENT_TRAILER_LEN)
        return error_set(err, LGZ_ERR_CORRUPT, "%s: footer longer than the file", s->path);
    uint64_t at = size - SEGMENT_TRAILER_LEN - footer_len;
    uint8_t *footer = malloc(footer_len + 1);
    if (!footer)
        return error_memory(err);
    code = read_exactly(s, footer, footer_len, at, err);
    if (code == LGZ_OK)
        code = segment_footer_read((struct span){footer, footer_len}, checksum, s->path, &s->index,
                                   err);
    free(footer);
    if (code != LGZ_OK)
        return code;
    const uint64_t length = segment_index_length(&s->index);
    if (length != at)
        return error_set(err, LGZ_ERR_CORRUPT,
                         "%s: blocks and filters end at offset %llu, the footer begins at %llu",
                         s->path, (unsigned long long)length, (unsigned long long)at);
    s->checksum = checksum;
    s->filters_at = length - s->index.filters_len;
    summarize(s, size, footer_len);
    return LGZ_OK;
}

int segment_open(struct segment **out, const char *path, struct lgz_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    return segment_open_fd(out, fd, path, err);
}

int segment_open_fd(struct segment **out, int fd, const char *path, struct lgz_error *err)
{
    struct stat st;
    struct segment *s = calloc(1, sizeof(*s));
    if (!s) {
        close(fd);
        return error_memory(err);
    }
    int code = LGZ_OK;
    s->path = strdup(path);
    s->fd = fd;
    if (!s->path)
        code = error_memory(err);
    else if (fstat(s->fd, &st) != 0)
        code = error_io(err, "%s: cannot stat", path);
    else if (!S_ISREG(st.st_mode))
        code = error_set(err, LGZ_ERR_FORMAT, "%s: not a regular file", path);
    else
        code = read_footer(s, (uint64_t)st.st_size, err);
    if (code != LGZ_OK) {
        int saved = errno;
        segment_close(s);
        errno = saved;
        return code;
    }
    *out = s;
    return LGZ_OK;
}

void segment_close(struct segment *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    segment_index_clear(&s->index);
    free(s->path);
    free(s);
}

const char *segment_path(const struct segment *s)
{
    return s->path;
}

uint64_t segment_checksum(const struct segment *s)
{
    return s->checksum;
}

uint64_t segment_bytes_read(const struct segment *s)
{
    return __atomic_load_n(&s->bytes_read, __ATOMIC_RELAXED);
}

const struct segment_info *segment_info(const struct segment *s)
{
    return &s->info;
}

size_t segment_source_count(const struct segment *s)
{
    return s->index.sources.len;
}

const struct source *segment_source(const struct segment *s, size_t index)
{
    return &s->index.sources.data[index];
}

const struct rules *segment_rules(const struct segment *s, size_t source, uint64_t offset,
                                  uint64_t *end)
{
    uint32_t number = rules_runs_at(&s->index.rules_runs, (uint32_t)source, offset, end);
    return rules_table_get(&s->index.rules, number);
}

size_t segment_block_count(const struct segment *s)
{
    return s->index.blocks.len;
}

const struct block_info *segment_block(const struct segment *s, size_t index)
{
    return &s->index.blocks.data[index];
}

int segment_load_block(const struct segment *s, size_t index, uint8_t **stored, struct span *body,
                       struct lgz_error *err)
{
    const struct block_info *info = &s->index.blocks.data[index];
    *stored = malloc(info->stored_len + 1);
    if (!*stored)
        return error_memory(err);
    int code = read_exactly(s, *stored, info->stored_len, info->file_offset, err);
    if (code != LGZ_OK)
        return code;
    if (info->stored_known && hash_bytes(*stored, info->stored_len) != info->stored_checksum)
        return error_set(err, LGZ_ERR_CORRUPT, "stored bytes don't match their checksum");
    if (!segment_part_read((struct span){*stored, info->stored_len}, block_tag_of(info), body))
        return error_set(err, LGZ_ERR_CORRUPT, "damaged block header");
    return LGZ_OK;
}

int segment_block_error(const struct segment *s, size_t index, int code, struct lgz_error *err)
{
    error_prefix(err, "%s: block %zu at offset %llu", s->path, index,
                 (unsigned long long)s->index.blocks.data[index].file_offset);
    return code;
}

int segment_read_block(const struct segment *s, size_t index, struct buf *out,
                       struct lgz_error *err)
{
    const struct block_info *info = &s->index.blocks.data[index];
    struct span body;
    uint8_t *stored = NULL;
    size_t start = out->len;
    int code = segment_load_block(s, index, &stored, &body, err);
    if (code == LGZ_OK)
        code = block_decode(block_tag_of(info), body, out, err);
    if (code == LGZ_OK &&
        (out->len - start != info->raw_len || block_checksum(body) != info->raw_checksum)) {
        out->len = start;
        code = error_set(err, LGZ_ERR_CORRUPT, "isn't the block that the footer speaks of");
    }
    free(stored);
    return code == LGZ_OK ? LGZ_OK : segment_block_error(s, index, code, err);
}

int segment_read_filters(const struct segment *s, uint8_t **stored, struct span *body,
                         struct lgz_error *err)
{
    const size_t len = s->index.filters_len;
    *stored = len ? malloc(len) : NULL;
    if (!len)
        return LGZ_OK;
    if (!*stored)
        return error_memory(err);
    int code = read_exactly(s, *stored, len, s->filters_at, err);
    if (code != LGZ_OK)
        return code;
    if (hash_bytes(*stored, len) != s->index.filters_checksum ||
        !segment_part_read((struct span){*stored, len}, SEGMENT_FILTERS, body))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged filters at offset %llu", s->path,
                         (unsigned long long)s->filters_at);
    return LGZ_OK;
}

int segment_template_set(const struct segment *s, size_t index, size_t most_head,
                         struct template_set *set, struct lgz_error *err)
{
    const struct block_info *info = &s->index.blocks.data[index];
    struct span body;
    uint8_t *stored = NULL;
    *set = (struct template_set){0};
    if (info->plain)
        return LGZ_OK;
    int code = segment_load_block(s, index, &stored, &body, err);
    if (code == LGZ_OK)
        code = block_templates(body, most_head, set, err);
    if (code == LGZ_OK && set->list.len != info->template_count)
        code = error_set(err, LGZ_ERR_CORRUPT, "has %zu templates, the footer says %zu",
                         set->list.len, info->template_count);
    free(stored);
    if (code == LGZ_OK)
        return LGZ_OK;
    template_set_clear(set);
    return segment_block_error(s, index, code, err);
}
