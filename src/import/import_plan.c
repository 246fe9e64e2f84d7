/*
 * import_plan.c - sorts files three times: by log and age, by class and time into batches, and by
 * log again within a batch, where files that look alike should be next to each other.
 */
#include "import/import_plan.h"

#include <stdlib.h>

#include "import/unpack.h"

enum {
    UNPACKED = 10,   /* a compressed file is guessed to be so many times as large */
    SPAN_SHARE = 10, /* files of a batch are apart by that part of the time they're kept, at most */
};

int import_plan_add(struct import_plan *plan, const struct import_file *file, struct lgz_error *err)
{
    return vec_push(&plan->files, *file) ? LGZ_OK : error_memory(err);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_times(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_log_and_time(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    int order = strcmp(x->log.name, y->log.name);
    if (!order)
        order = compare_times(x->time, y->time);
    return order ? order : strcmp(x->path, y->path);
}

/* Of files of one log, whose names are of one kind. */
static int by_age(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    int order = log_name_age(&x->log, &y->log);
    return order ? order : by_log_and_time(a, b);
}

/* Do the names of these files, all of one log, tell their order? */
static bool names_tell(const struct import_file *files, size_t count)
{
    enum log_part part = LOG_PART_CURRENT;
    for (size_t i = 0; i < count; i++) {
        if (files[i].log.part == LOG_PART_CURRENT)
            continue;
        if (part != LOG_PART_CURRENT && part != files[i].log.part)
            return false;
        part = files[i].log.part;
    }
    return true;
}

/* Order the files of one log, which are sorted by time. */
static void order_log(struct import_file *files, size_t count)
{
    if (names_tell(files, count))
        qsort(files, count, sizeof(*files), by_age);
    for (size_t i = 0; i < count; i++) {
        files[i].rank = i;
        files[i].key = files[i].time;
        if (i && files[i].key < files[i - 1].key)
            files[i].key = files[i - 1].key;
    }
}

static void order_logs(struct import_plan *plan)
{
    struct import_file *files = plan->files.data;
    size_t count = plan->files.len;
    qsort(files, count, sizeof(*files), by_log_and_time);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && strcmp(files[i].log.name, files[end].log.name) == 0;)
            end++;
        order_log(files + i, end - i);
    }
}

static int by_class_and_time(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    int order = compare_numbers(x->retention, y->retention);
    if (!order)
        order = compare_times(x->key, y->key);
    if (!order)
        order = strcmp(x->log.name, y->log.name);
    return order ? order : compare_numbers(x->rank, y->rank);
}

static int by_log_and_rank(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    int order = strcmp(x->log.name, y->log.name);
    return order ? order : compare_numbers(x->rank, y->rank);
}

static int by_oldest(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;
    int order = compare_times(x->key, y->key);
    return order ? order : by_class_and_time(a, b);
}

/* How large it may be, unpacked. */
static uint64_t guess(const struct import_file *f)
{
    uint64_t size = (uint64_t)f->st.st_size;
    return unpack_suffix(f->path) ? size * UNPACKED : size;
}

/* How many of the files, which are sorted by class and time, go together. */
static size_t batch_of(const struct import_file *files, size_t count,
                       const struct retention_classes *classes, uint64_t batch_bytes)
{
    int64_t span = retention_class(classes, files[0].retention)->max_age / SPAN_SHARE;
    uint64_t bytes = guess(&files[0]);
    size_t end = 1;
    for (; end < count && files[end].retention == files[0].retention; end++) {
        bytes += guess(&files[end]);
        if (bytes > batch_bytes || (span && files[end].key - files[0].key > span))
            break;
    }
    return end;
}

static int compare_batches(const void *a, const void *b, void *plan)
{
    const struct import_file *files = ((const struct import_plan *)plan)->files.data;
    const struct import_batch *x = a, *y = b;
    return by_oldest(&files[x->first], &files[y->first]);
}

int import_plan_order(struct import_plan *plan, const struct retention_classes *classes,
                      uint64_t batch_bytes, struct lgz_error *err)
{
    struct import_file *files = plan->files.data;
    size_t count = plan->files.len;
    if (!count)
        return LGZ_OK;
    order_logs(plan);
    for (size_t i = 0; i < count; i++)
        files[i].retention = files[i].input ? retention_class_of(classes, files[i].input->name)
                                            : (size_t)RETENTION_CLASS_DEFAULT;
    qsort(files, count, sizeof(*files), by_class_and_time);
    for (size_t i = 0; i < count;) {
        struct import_batch batch = {i, batch_of(files + i, count - i, classes, batch_bytes)};
        if (!vec_push(&plan->batches, batch))
            return error_memory(err);
        i += batch.count;
    }
    qsort_r(plan->batches.data, plan->batches.len, sizeof(*plan->batches.data), compare_batches,
            plan);
    for (size_t i = 0; i < plan->batches.len; i++) {
        const struct import_batch *batch = &plan->batches.data[i];
        qsort(files + batch->first, batch->count, sizeof(*files), by_log_and_rank);
    }
    return LGZ_OK;
}

bool import_plan_has(const struct import_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->files.len; i++)
        if (strcmp(plan->files.data[i].log.name, name) == 0)
            return true;
    return false;
}

void import_plan_clear(struct import_plan *plan)
{
    for (size_t i = 0; i < plan->files.len; i++) {
        free(plan->files.data[i].path);
        free(plan->files.data[i].log.name);
    }
    vec_free(&plan->files);
    vec_free(&plan->batches);
}
