/*
 * retention.c - walks the segments from the oldest on, and stops at the first that may stay.
 */
#include "archive/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/file.h"
#include "segment/reader.h"

#define SIZE_GONE UINT64_MAX

/*
 * When the newest byte of a segment was read. Its name only has the time of the first one, which
 * also stands for all if the segment is damaged.
 */
static int newest_read(const struct listed_segment *listed, int64_t *newest, struct lgz_error *err)
{
    struct segment *s;
    struct lgz_error ignored = {0};
    *newest = listed->name.time;
    int code = segment_open(&s, listed->path, &ignored);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK)
        return LGZ_OK;
    for (size_t i = 0; i < segment_block_count(s); i++) {
        const struct block_info *block = segment_block(s, i);
        for (size_t k = 0; k < block->extent_count; k++)
            if (block->extents[k].read_time > *newest)
                *newest = block->extents[k].read_time;
    }
    segment_close(s);
    return LGZ_OK;
}

static int too_old(const struct listed_segment *listed, const struct retention_policy *policy,
                   int64_t now, bool *expired, struct lgz_error *err)
{
    int64_t limit, newest;
    *expired = false;
    if (policy->max_age_ns == 0 || __builtin_sub_overflow(now, policy->max_age_ns, &limit) ||
        listed->name.time >= limit)
        return LGZ_OK;
    int code = newest_read(listed, &newest, err);
    *expired = code == LGZ_OK && newest < limit;
    return code;
}

/* The size of each segment; SIZE_GONE for one that somebody else has expired meanwhile. */
static int measure(const struct listing *found, uint64_t *sizes, struct retention_result *result,
                   struct lgz_error *err)
{
    for (size_t i = 0; i < found->segments.len; i++) {
        struct stat st;
        sizes[i] = SIZE_GONE;
        if (stat(found->segments.data[i].path, &st) != 0) {
            if (errno == ENOENT)
                continue;
            return error_io(err, "%s: cannot stat", found->segments.data[i].path);
        }
        sizes[i] = (uint64_t)st.st_size;
        result->kept++;
        result->kept_bytes += sizes[i];
    }
    return LGZ_OK;
}

/* Move a segment into the result, removing it if it is not a dry run. */
static int expire(struct listed_segment *listed, uint64_t bytes, enum retention_reason reason,
                  bool dry_run, struct retention_result *result, struct lgz_error *err)
{
    if (!dry_run && unlink(listed->path) != 0 && errno != ENOENT)
        return error_io(err, "%s: cannot remove", listed->path);
    result->items[result->count++] = (struct retention_item){listed->path, bytes, reason};
    result->bytes += bytes;
    result->kept--;
    result->kept_bytes -= bytes;
    listed->path = NULL;
    return LGZ_OK;
}

static int expire_oldest(struct listing *found, const uint64_t *sizes,
                         const struct retention_policy *policy, int64_t now, bool dry_run,
                         struct retention_result *result, struct lgz_error *err)
{
    for (size_t i = 0; i < found->segments.len; i++) {
        struct listed_segment *listed = &found->segments.data[i];
        bool old;
        if (sizes[i] == SIZE_GONE)
            continue;
        int code = too_old(listed, policy, now, &old, err);
        if (code != LGZ_OK)
            return code;
        bool large = policy->max_bytes && result->kept_bytes > policy->max_bytes;
        if (!old && !large)
            break;
        code = expire(listed, sizes[i], old ? RETENTION_AGE : RETENTION_SIZE, dry_run, result, err);
        if (code != LGZ_OK)
            return code;
    }
    return LGZ_OK;
}

int retention_apply(const char *directory, const struct retention_policy *policy, int64_t now,
                    bool dry_run, struct retention_result *result, struct lgz_error *err)
{
    struct listing found = {0};
    uint64_t *sizes = NULL;
    *result = (struct retention_result){0};
    if (policy->max_age_ns < 0)
        return error_set(err, LGZ_ERR_ARGUMENT, "a largest age can't be negative");
    int code = listing_open(&found, directory, err);
    if (code != LGZ_OK)
        return code;
    sizes = calloc(found.segments.len + 1, sizeof(*sizes));
    result->items = calloc(found.segments.len + 1, sizeof(*result->items));
    if (!sizes || !result->items) {
        code = error_memory(err);
        goto out;
    }
    code = measure(&found, sizes, result, err);
    if (code == LGZ_OK)
        code = expire_oldest(&found, sizes, policy, now, dry_run, result, err);
    if (result->count && !dry_run) {
        int synced = file_sync_parent(result->items[0].path, code == LGZ_OK ? err : NULL);
        code = code == LGZ_OK ? synced : code;
    }
out:
    listing_clear(&found);
    free(sizes);
    return code;
}

void retention_result_clear(struct retention_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        free(result->items[i].path);
    free(result->items);
    *result = (struct retention_result){0};
}
