/*
 * remains.c - an index is looked for where it should be; then for one that ends where the file
 * does, for which a footer's tag and length must agree with where they stand; then for a trailer
 * that leads to a footer, from the end of the file on; then where it should be, but for a byte.
 */
#include "segment/remains.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

enum {
    PAGE = 4096,
    WINDOW = 1 << 20,
    CHECKSUM_LEN = 8,
    CLOSE_BITS = 4,  /* a checksum that differs in so few bits is the damaged one */
    TRIES_MAX = 256, /* what looks like a footer and isn't: a file can be full of it */
};

/* Bytes that are hashed, at most, to find out which byte of a footer is wrong: some seconds. */
#define MEND_WORK (UINT64_C(1) << 35)

struct remains {
    char *path;
    int fd;
    uint64_t size;
    int64_t modified;
    uint64_t unreadable;
    uint8_t *window;
    uint64_t window_at;
    size_t window_len;
    unsigned tries;
};

int remains_open(struct remains **out, const char *path, struct lgz_error *err)
{
    struct stat st;
    struct remains *r = calloc(1, sizeof(*r));
    *out = r;
    if (!r)
        return error_memory(err);
    int code = LGZ_OK;
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    r->path = strdup(path);
    r->window = malloc(WINDOW);
    if (!r->path || !r->window)
        code = error_memory(err);
    else if (r->fd < 0)
        code = error_io(err, "%s: cannot open", path);
    else if (fstat(r->fd, &st) != 0)
        code = error_io(err, "%s: cannot stat", path);
    else if (!S_ISREG(st.st_mode))
        code = error_set(err, LGZ_ERR_FORMAT, "%s: not a regular file", path);
    if (code != LGZ_OK) {
        remains_close(r);
        *out = NULL;
        return code;
    }
    r->size = (uint64_t)st.st_size;
    r->modified = file_modified(&st);
    return LGZ_OK;
}

void remains_close(struct remains *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->window);
    free(r->path);
    free(r);
}

const char *remains_path(const struct remains *r)
{
    return r->path;
}

uint64_t remains_size(const struct remains *r)
{
    return r->size;
}

int64_t remains_modified(const struct remains *r)
{
    return r->modified;
}

uint64_t remains_unreadable(const struct remains *r)
{
    return r->unreadable;
}

/* All at once; where that fails, page by page. */
void remains_read(struct remains *r, uint64_t offset, void *data, size_t len)
{
    uint8_t *to = data;
    ssize_t got = file_read_at(r->fd, to, len, offset, r->path, NULL);
    if (got >= 0) {
        memset(to + got, 0, len - (size_t)got);
        return;
    }
    for (size_t at = 0, step; at < len; at += step) {
        step = PAGE - (offset + at) % PAGE;
        step = step < len - at ? step : len - at;
        got = file_read_at(r->fd, to + at, step, offset + at, r->path, NULL);
        memset(to + at + (got > 0 ? got : 0), 0, step - (size_t)(got > 0 ? got : 0));
        r->unreadable += got < 0 ? step : 0;
    }
}

const uint8_t *remains_view(struct remains *r, uint64_t offset, size_t *len)
{
    const uint64_t left = offset < r->size ? r->size - offset : 0;
    const uint64_t wanted = left < REMAINS_VIEW ? left : REMAINS_VIEW;
    if (offset < r->window_at || offset + wanted > r->window_at + r->window_len) {
        /* Who looks backwards finds the next bytes in the window, too. */
        const bool back = offset < r->window_at;
        const uint64_t before = back ? WINDOW - REMAINS_VIEW : 0;
        r->window_at = offset < before ? 0 : offset - before;
        r->window_len = r->size - r->window_at < WINDOW ? r->size - r->window_at : WINDOW;
        remains_read(r, r->window_at, r->window, r->window_len);
    }
    *len = left ? (size_t)(r->window_at + r->window_len - offset) : 0;
    return r->window + (left ? offset - r->window_at : 0);
}

bool remains_part_at(struct remains *r, uint64_t at, struct remains_part *part)
{
    size_t len;
    const uint8_t *view = remains_view(r, at, &len);
    struct reader in = reader_of(view, len < BLOCK_MAX_HEADER ? len : BLOCK_MAX_HEADER);
    part->tag = reader_u8(&in);
    const uint64_t body = reader_varint_max(&in, UINT32_MAX);
    part->head = (uint64_t)(in.at - view);
    part->len = part->head + body;
    return !in.failed;
}

/* Is a footer what the checksum speaks of, if `mask` is put right in one byte? Then it is. */
static bool mend_with(uint8_t *footer, size_t len, uint64_t checksum, uint8_t mask)
{
    for (size_t i = 0; i < len; i++) {
        footer[i] ^= mask;
        if (hash_bytes(footer, len) == checksum)
            return true;
        footer[i] ^= mask;
    }
    return false;
}

/* The same with any mask: single bits first, which are likely and few. */
static bool mend(uint8_t *footer, size_t len, uint64_t checksum)
{
    const uint64_t pass = (uint64_t)len * len;
    bool mended = false;
    for (unsigned bit = 1; bit < 256 && pass * 8 <= MEND_WORK && !mended; bit *= 2)
        mended = mend_with(footer, len, checksum, (uint8_t)bit);
    for (unsigned mask = 1; mask < 256 && pass * 255 <= MEND_WORK && !mended; mask++)
        mended = (mask & (mask - 1)) && mend_with(footer, len, checksum, (uint8_t)mask);
    return mended;
}

/* What proof is there of a footer? `left` bytes of its trailer are there. */
static enum remains_proof prove(uint8_t *footer, size_t len, const uint8_t *trailer, size_t left,
                                bool mendable)
{
    uint64_t checksum, said;
    if (left < CHECKSUM_LEN)
        return REMAINS_UNPROVEN;
    checksum = le_get(trailer, CHECKSUM_LEN);
    const uint64_t own = hash_bytes(footer, len);
    if (own == checksum && left == SEGMENT_TRAILER_LEN &&
        segment_trailer_read(trailer, "", &checksum, &said, NULL) == LGZ_OK && said == len)
        return REMAINS_SOUND;
    if (__builtin_popcountll(own ^ checksum) <= CLOSE_BITS)
        return REMAINS_WHOLE;
    return mendable && mend(footer, len, checksum) ? REMAINS_MENDED : REMAINS_GONE;
}

/*
 * Take the footer at `at` if there is proof of it.
 *
 * @param end       where the file ends, or is taken to end
 * @param mendable  its place is known from the trailer, so a byte of it may be wrong
 */
static int take_footer(struct remains *r, uint64_t at, uint64_t len, uint64_t end, bool mendable,
                       struct remains_index *out, struct lgz_error *err)
{
    const uint64_t behind = at + len;
    const size_t left =
        end - behind < SEGMENT_TRAILER_LEN ? (size_t)(end - behind) : SEGMENT_TRAILER_LEN;
    uint8_t trailer[SEGMENT_TRAILER_LEN] = {0};
    uint8_t *footer = malloc(len);
    if (!footer)
        return error_memory(err);
    remains_read(r, at, footer, len);
    remains_read(r, behind, trailer, left);
    enum remains_proof proof = prove(footer, len, trailer, left, mendable);
    int code = LGZ_ERR_CORRUPT;
    struct segment_index index = {0};
    if (proof != REMAINS_GONE) {
        const struct span span = {footer, len};
        code = segment_footer_read(span, hash_bytes(footer, len), r->path, &index, err);
    }
    free(footer);
    if (code == LGZ_OK && proof == REMAINS_UNPROVEN && segment_index_length(&index) != at) {
        segment_index_clear(&index);
        code = LGZ_ERR_CORRUPT;
    }
    if (code == LGZ_OK)
        *out = (struct remains_index){proof, index, at, behind + left};
    return code == LGZ_ERR_CORRUPT ? LGZ_OK : code;
}

/* Does a footer's tag stand at `at`, with a length that fits? @return bytes of it all, or 0 */
static uint64_t footer_at(struct remains *r, uint64_t at, uint64_t end)
{
    struct remains_part part;
    return remains_part_at(r, at, &part) && part.tag == SEGMENT_FOOTER && part.len <= end - at
               ? part.len
               : 0;
}

/* Where a trailer, whose last byte is in front of `end`, says that its footer is. */
static bool read_trailer(struct remains *r, uint64_t end, uint64_t *at, uint64_t *len)
{
    uint8_t trailer[SEGMENT_TRAILER_LEN];
    uint64_t checksum;
    if (end < SEGMENT_HEADER_LEN + SEGMENT_TRAILER_LEN)
        return false;
    remains_read(r, end - sizeof(trailer), trailer, sizeof(trailer));
    if (segment_trailer_read(trailer, r->path, &checksum, len, NULL) != LGZ_OK || *len == 0 ||
        *len > end - SEGMENT_HEADER_LEN - SEGMENT_TRAILER_LEN)
        return false;
    *at = end - SEGMENT_TRAILER_LEN - *len;
    return true;
}

bool remains_end_at(struct remains *r, uint64_t end)
{
    uint64_t at, len;
    return read_trailer(r, end, &at, &len) && footer_at(r, at, end) == len;
}

/* The index where the trailer says that it is. */
static int find_in_place(struct remains *r, uint64_t end, bool mendable, struct remains_index *out,
                         struct lgz_error *err)
{
    uint64_t at, len;
    if (!read_trailer(r, end, &at, &len))
        return LGZ_OK;
    return take_footer(r, at, len, end, mendable, out, err);
}

/* The trailer is damaged, or cut: a footer that ends at most so much before the end. */
static int find_by_tag(struct remains *r, uint64_t end, struct remains_index *out,
                       struct lgz_error *err)
{
    int code = LGZ_OK;
    for (uint64_t at = end; at-- > SEGMENT_HEADER_LEN && code == LGZ_OK && !out->proof;) {
        const uint64_t len = footer_at(r, at, end);
        if (len && at + len + SEGMENT_TRAILER_LEN >= end && r->tries++ < TRIES_MAX)
            code = take_footer(r, at, len, end, false, out, err);
    }
    return code;
}

/* Something stands behind the segment, or the end of its trailer is gone with what was there. */
static int find_by_trailer(struct remains *r, uint64_t end, struct remains_index *out,
                           struct lgz_error *err)
{
    static const uint8_t last = 0x1a; /* of a trailer's magic */
    int code = LGZ_OK;
    for (uint64_t at = end; at-- > SEGMENT_HEADER_LEN && code == LGZ_OK && !out->proof;) {
        uint64_t footer, len;
        size_t left;
        if (*remains_view(r, at, &left) != last || !read_trailer(r, at + 1, &footer, &len))
            continue;
        if (footer_at(r, footer, at + 1) == len && r->tries++ < TRIES_MAX)
            code = take_footer(r, footer, len, at + 1, false, out, err);
    }
    return code;
}

int remains_find_index(struct remains *r, uint64_t end, struct remains_index *out,
                       struct lgz_error *err)
{
    *out = (struct remains_index){0};
    r->tries = 0;
    int code = find_in_place(r, end, false, out, err);
    if (code == LGZ_OK && !out->proof)
        code = find_by_tag(r, end, out, err);
    if (code == LGZ_OK && !out->proof)
        code = find_by_trailer(r, end, out, err);
    if (code == LGZ_OK && !out->proof) /* last, as it may take long in vain */
        code = find_in_place(r, end, true, out, err);
    return code;
}
