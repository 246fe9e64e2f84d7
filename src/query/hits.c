/*
 * hits.c - a store of lines as one run of records, and a merge of the sources' parts of it.
 *
 * Each source remembers where its records are; a heap of sources gives the next line. The store is
 * a buffer, or a mapped file that the buffer was written to when it grew too large.
 */
#include "query/hits.h"

#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

/* What stands before a line's bytes in the store. */
struct record {
    struct line_place place;
    int64_t time;
    uint64_t len;
    struct dialect *dialect;
    uint32_t time_digits;
    bool context;
    bool apart;
    bool templated;
    uint64_t template_id;
};

/* Records that lie one behind the other. */
struct run {
    uint64_t at;
    uint64_t end;
};

/* One source's records. */
struct queue {
    struct query_source *source;
    size_t order; /* number of the queue */
    VEC(struct run) runs;
    size_t run;         /* the one that the next record is in */
    struct record head; /* the next record */
};

struct hits {
    struct buf memory;
    size_t memory_max;
    uint64_t spilled; /* bytes in the file */
    int fd;           /* -1: no file */
    VEC(struct queue *) queues;
    void *tree; /* the queues, by source */
};

static int compare_queues(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct queue *)a)->source;
    uintptr_t y = (uintptr_t)((const struct queue *)b)->source;
    return (x > y) - (x < y);
}

static void keep_node(void *node)
{
    (void)node; /* the array owns the queues */
}

static void forget(struct hits *h)
{
    tdestroy(h->tree, keep_node);
    h->tree = NULL;
    for (size_t i = 0; i < h->queues.len; i++) {
        vec_free(&h->queues.data[i]->runs);
        free(h->queues.data[i]);
    }
    h->queues.len = 0;
    buf_clear(&h->memory);
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
    h->spilled = 0;
}

int hits_new(struct hits **out, size_t memory_max, struct lgz_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return error_memory(err);
    (*out)->fd = -1;
    (*out)->memory_max = memory_max;
    return LGZ_OK;
}

void hits_free(struct hits *h)
{
    if (!h)
        return;
    forget(h);
    vec_free(&h->queues);
    buf_free(&h->memory);
    free(h);
}

/* Write what is in memory to the file, which is made if there is none. */
static int spill(struct hits *h, struct lgz_error *err)
{
    const char *directory = getenv("TMPDIR");
    if (!directory || !*directory)
        directory = "/tmp";
    if (h->fd < 0)
        h->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (h->fd < 0) {
        /* Not every file system has files without names. */
        struct buf name = {0};
        buf_printf(&name, "%s/logzip-XXXXXX", directory);
        buf_push(&name, '\0');
        if (name.failed)
            return error_memory(err);
        h->fd = mkostemp((char *)name.data, O_CLOEXEC);
        int code = h->fd < 0 ? error_io(err, "%s: cannot create", (char *)name.data) : LGZ_OK;
        if (h->fd >= 0)
            unlink((char *)name.data);
        buf_free(&name);
        if (code != LGZ_OK)
            return code;
    }
    int code = file_write(h->fd, h->memory.data, h->memory.len, directory, err);
    if (code == LGZ_OK) {
        h->spilled += h->memory.len;
        buf_clear(&h->memory);
    }
    return code;
}

/* The source's queue, made if there is none. */
static struct queue *queue_of(struct hits *h, struct query_source *source)
{
    struct queue key = {.source = source};
    void *found = tfind(&key, &h->tree, compare_queues);
    if (found)
        return *(struct queue **)found;
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return NULL;
    queue->source = source;
    queue->order = h->queues.len;
    if (!vec_push(&h->queues, queue)) {
        free(queue);
        return NULL;
    }
    return tsearch(queue, &h->tree, compare_queues) ? queue : NULL;
}

int hits_add(struct hits *h, struct query_source *source, const struct query_line *line,
             struct lgz_error *err)
{
    struct record record;
    memset(&record, 0, sizeof(record)); /* its gaps are written, too */
    record.place.offset = line->place.offset;
    record.place.number = line->place.number;
    record.place.read_time = line->place.read_time;
    record.place.event = line->place.event;
    record.time = line->time;
    record.len = line->text.len;
    record.dialect = line->dialect;
    record.time_digits = line->time_digits;
    record.context = line->context;
    record.apart = line->apart;
    record.templated = line->templated;
    record.template_id = line->template_id;
    struct queue *queue = queue_of(h, source);
    if (!queue)
        return error_memory(err);
    uint64_t at = h->spilled + h->memory.len;
    uint64_t end = at + sizeof(record) + line->text.len;
    buf_append(&h->memory, &record, sizeof(record));
    buf_append(&h->memory, line->text.data, line->text.len);
    if (h->memory.failed)
        return error_memory(err);
    if (queue->runs.len && queue->runs.data[queue->runs.len - 1].end == at)
        queue->runs.data[queue->runs.len - 1].end = end;
    else if (!vec_push(&queue->runs, ((struct run){at, end})))
        return error_memory(err);
    return h->memory.len > h->memory_max ? spill(h, err) : LGZ_OK;
}

/* Read the next record's head. @return false if there is none */
static bool load_head(struct queue *q, const uint8_t *store)
{
    while (q->run < q->runs.len && q->runs.data[q->run].at == q->runs.data[q->run].end)
        q->run++;
    if (q->run == q->runs.len)
        return false;
    memcpy(&q->head, store + q->runs.data[q->run].at, sizeof(q->head));
    return true;
}

static bool comes_first(const struct queue *a, const struct queue *b)
{
    if (a->head.place.read_time != b->head.place.read_time)
        return a->head.place.read_time < b->head.place.read_time;
    return a->order < b->order;
}

static void sift_down(struct queue **heap, size_t count, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (comes_first(heap[child], heap[least]))
                least = child;
        if (least == i)
            return;
        struct queue *moved = heap[i];
        heap[i] = heap[least];
        heap[least] = moved;
        i = least;
    }
}

static int merge(struct hits *h, const uint8_t *store, query_line_fn *emit, void *context,
                 struct lgz_error *err)
{
    int code = LGZ_OK;
    size_t count = h->queues.len;
    struct queue **heap = malloc((count ? count : 1) * sizeof(struct queue *));
    if (!heap)
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        heap[i] = h->queues.data[i];
        load_head(heap[i], store); /* a queue has at least one record */
    }
    for (size_t i = count / 2; i > 0; i--)
        sift_down(heap, count, i - 1);
    while (count && code == LGZ_OK) {
        struct queue *q = heap[0];
        struct run *run = &q->runs.data[q->run];
        struct query_line line = {
            .source = q->source->name->text,
            .origin = q->source,
            .input = q->source->input,
            .time = q->head.time,
            .time_digits = q->head.time_digits,
            .place = q->head.place,
            .dialect = q->head.dialect,
            .context = q->head.context,
            .apart = q->head.apart,
            .templated = q->head.templated,
            .template_id = q->head.template_id,
            .text = {store + run->at + sizeof(q->head), (size_t)q->head.len},
        };
        code = emit(context, q->source, &line, err);
        run->at += sizeof(q->head) + q->head.len;
        if (!load_head(q, store))
            heap[0] = heap[--count];
        sift_down(heap, count, 0);
    }
    free(heap);
    return code;
}

int hits_flush(struct hits *h, query_line_fn *emit, void *context, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (h->fd < 0) {
        code = merge(h, h->memory.data, emit, context, err);
    } else if ((code = spill(h, err)) == LGZ_OK) {
        void *map = mmap(NULL, h->spilled, PROT_READ, MAP_PRIVATE, h->fd, 0);
        if (map == MAP_FAILED)
            return error_io(err, "cannot map the temporary file of %llu bytes",
                            (unsigned long long)h->spilled);
        code = merge(h, map, emit, context, err);
        munmap(map, h->spilled);
    }
    forget(h);
    return code;
}
