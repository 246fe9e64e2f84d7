/*
 * histogram.c - counts by second, made coarser as often as needed, and bars.
 */
#include "query/histogram.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "query/bucket.h"
#include "query/counts.h"
#include "query/query_time.h"

enum {
    STRETCHES_MAX = 1 << 16, /* more than that become coarser; days can't be so many */
    EIGHTHS = 8,             /* of a column that a bar can end at */
};

/* What is counted by, one after the other. Each is a part of the next, and of larger sizes. */
static const char *const steps[] = {"second", "minute", "hour", "day"};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* Lines from `start` on. */
struct stretch {
    int64_t start;
    uint64_t lines;
};

struct histogram {
    struct counts *counts; /* the key is a start, as it is in memory */
    size_t step;
    const struct bucket_size *size;
    struct zone zone;
    struct stretch last; /* not in `counts` yet */
};

int histogram_new(struct histogram **out, struct lgz_error *err)
{
    struct histogram *h = calloc(1, sizeof(*h));
    *out = h;
    if (!h)
        return error_memory(err);
    h->size = bucket_named(steps[0]);
    int code = counts_new(&h->counts, COUNTS_MAX, err);
    if (code != LGZ_OK) {
        free(h);
        *out = NULL;
    }
    return code;
}

void histogram_free(struct histogram *h)
{
    if (!h)
        return;
    counts_free(h->counts);
    free(h);
}

static int put(struct counts *counts, const struct stretch *stretch, struct lgz_error *err)
{
    const struct span key = {(const uint8_t *)&stretch->start, sizeof(stretch->start)};
    return stretch->lines ? counts_add(counts, key, stretch->lines, err) : LGZ_OK;
}

static struct stretch take(const struct counts *counts, size_t index)
{
    struct stretch stretch;
    struct span key;
    stretch.lines = counts_at(counts, index, &key);
    memcpy(&stretch.start, key.data, sizeof(stretch.start));
    return stretch;
}

/* Count by the next size. */
static int coarsen(struct histogram *h, struct lgz_error *err)
{
    struct counts *counts;
    int code = counts_new(&counts, COUNTS_MAX, err);
    if (code != LGZ_OK)
        return code;
    h->size = bucket_named(steps[++h->step]);
    for (size_t i = 0; i < counts_len(h->counts) && code == LGZ_OK; i++) {
        struct stretch stretch = take(h->counts, i);
        stretch.start = bucket_start(h->size, stretch.start);
        code = put(counts, &stretch, err);
    }
    counts_free(h->counts);
    h->counts = counts;
    return code;
}

/* Lines come mostly in the order of time: the last stretch is looked up once. */
static int put_last(struct histogram *h, struct lgz_error *err)
{
    int code = put(h->counts, &h->last, err);
    h->last.lines = 0;
    while (code == LGZ_OK && counts_len(h->counts) > STRETCHES_MAX && h->step + 1 < STEPS)
        code = coarsen(h, err);
    return code;
}

int histogram_add(struct histogram *h, int64_t time, struct lgz_error *err)
{
    const int64_t second = bucket_second(zone_wall(&h->zone, time));
    int code = LGZ_OK;
    int64_t start = bucket_start(h->size, second);
    if (start != h->last.start) {
        code = put_last(h, err);
        h->last.start = bucket_start(h->size, second);
    }
    h->last.lines++;
    return code;
}

/* --- what is shown --- */

struct stretches {
    const struct bucket_size *size;
    VEC(struct stretch) list; /* in order, none left out */
    uint64_t most;            /* lines of one */
};

static int compare(const void *a, const void *b)
{
    const struct stretch *x = a;
    const struct stretch *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* The smallest size of which no more than `rows` reach from `first` to `last`. */
static const struct bucket_size *choose(const struct histogram *h, int64_t first, int64_t last,
                                        size_t rows)
{
    for (size_t i = 0; i < BUCKET_SIZES; i++) {
        const struct bucket_size *size = &bucket_sizes[i];
        if (size->seconds >= h->size->seconds &&
            bucket_count(size, bucket_start(size, first), bucket_start(size, last), rows + 1) <=
                rows)
            return size;
    }
    return &bucket_sizes[BUCKET_SIZES - 1];
}

static int fill(struct stretches *s, const struct stretch *sorted, size_t count,
                struct lgz_error *err)
{
    int64_t start = bucket_start(s->size, sorted[0].start);
    for (size_t i = 0; i < count; start = bucket_end(s->size, start)) {
        struct stretch stretch = {start, 0};
        const int64_t end = bucket_end(s->size, start);
        for (; i < count && sorted[i].start < end; i++)
            stretch.lines += sorted[i].lines;
        if (!vec_push(&s->list, stretch))
            return error_memory(err);
        s->most = stretch.lines > s->most ? stretch.lines : s->most;
    }
    return LGZ_OK;
}

/* All that was counted, put together to what is shown. */
static int gather(struct histogram *h, size_t rows, struct stretches *out, struct lgz_error *err)
{
    int code = put_last(h, err);
    const size_t count = counts_len(h->counts);
    if (code != LGZ_OK || count == 0)
        return code;
    struct stretch *sorted = calloc(count, sizeof(*sorted));
    if (!sorted)
        return error_memory(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = take(h->counts, i);
    qsort(sorted, count, sizeof(*sorted), compare);
    out->size = choose(h, sorted[0].start, sorted[count - 1].start, rows);
    code = fill(out, sorted, count, err);
    free(sorted);
    return code;
}

static void put_bar(struct buf *out, bool blocks, uint64_t lines, uint64_t most, unsigned columns)
{
    static const char partial[EIGHTHS][4] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const unsigned unit = blocks ? EIGHTHS : 1;
    uint64_t length = most ? (uint64_t)((double)lines / (double)most * columns * unit + 0.5) : 0;
    length = lines && !length ? 1 : length;
    for (uint64_t i = 0; i < length / unit; i++)
        buf_append_string(out, blocks ? "█" : "#");
    buf_append_string(out, blocks ? partial[length % unit] : "");
}

static unsigned digits_of(uint64_t number)
{
    unsigned digits = 1;
    while (number /= 10)
        digits++;
    return digits;
}

static void put_instant(struct buf *out, int64_t second)
{
    query_time_print(out, zone_instant(&(struct zone){0}, second * NS_PER_SECOND), 0);
}

static void put_row(const struct stretches *s, size_t index, const struct histogram_options *o,
                    struct buf *out)
{
    const struct stretch *stretch = &s->list.data[index];
    const unsigned digits = digits_of(s->most);
    const size_t before = out->len;
    if (o->json) {
        buf_append_string(out, "{\"time\":\"");
        put_instant(out, stretch->start);
        buf_append_string(out, "\",\"end\":\"");
        put_instant(out, bucket_end(s->size, stretch->start));
        buf_printf(out, "\",\"count\":%" PRIu64 "}\n", stretch->lines);
        return;
    }
    if (o->csv) {
        put_instant(out, stretch->start);
        buf_printf(out, ",%" PRIu64 "\n", stretch->lines);
        return;
    }
    bucket_print(s->size, stretch->start, out);
    buf_printf(out, " %*" PRIu64, (int)digits, stretch->lines);
    const size_t used = out->len - before + 1;
    if (stretch->lines && used < o->columns) {
        buf_push(out, ' ');
        put_bar(out, o->blocks, stretch->lines, s->most, o->columns - (unsigned)used);
    }
    buf_push(out, '\n');
}

int histogram_print(struct histogram *h, const struct histogram_options *options,
                    struct render *render, struct lgz_error *err)
{
    struct stretches stretches = {0};
    struct buf out = {0};
    int code = gather(h, options->rows, &stretches, err);
    if (options->csv)
        buf_append_string(&out, "time,count\n");
    for (size_t i = 0; i < stretches.list.len && code == LGZ_OK; i++)
        put_row(&stretches, i, options, &out);
    if (code == LGZ_OK)
        code = out.failed ? error_memory(err) : render_text(render, buf_span(&out), err);
    buf_free(&out);
    vec_free(&stretches.list);
    return code;
}
