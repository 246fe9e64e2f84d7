/*
 * batch.c - records beside one buffer of bytes.
 *
 * Many files that grow a line at a time give as many records as lines. When they are written, what
 * continues each other becomes one: a record's head is as long as a short line, and many lines
 * together are compressed better than each for itself.
 */
#include "daemon/batch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "line/lines.h"

enum {
    FIRST_ROOM = 1 << 16,
    RECORD_MAX = 1 << 20, /* bytes; a larger one would only make its readers take more memory */
    JOIN_MAX = 1 << 16,   /* bytes of those that are joined when they are written */
};

/* What is read later than that isn't joined: a record has one time. */
#define JOIN_TIME (10 * NS_PER_SECOND)

#define NO_RECORD UINT32_MAX

struct record {
    enum journal_record_kind kind;
    uint64_t source_id;
    struct source source;      /* JOURNAL_SOURCE: owned */
    struct input_rules *input; /* JOURNAL_INPUT: owned */
    uint64_t offset;           /* JOURNAL_SOURCE: the position */
    int64_t read_time;
    size_t start; /* JOURNAL_DATA: in `data` */
    size_t len;
    size_t lines;    /* in it, counted when it's written */
    uint32_t border; /* data with the same border may change its place with others' */
    uint32_t next;   /* the source's next record, which continues it */
    bool written;
};

struct batch {
    struct buf data;
    size_t capacity;
    size_t names; /* bytes of the sources' names */
    int64_t since;
    VEC(struct record) records;
    VEC(uint32_t) order; /* their numbers, by source; while they are written */
    struct buf joined;
};

struct batch *batch_new(size_t capacity)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (b)
        b->capacity = capacity;
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    batch_clear(b);
    vec_free(&b->records);
    vec_free(&b->order);
    buf_free(&b->joined);
    buf_free(&b->data);
    free(b);
}

static void input_free(struct input_rules *input)
{
    if (!input)
        return;
    free(input->input);
    rules_clear(&input->rules);
    free(input);
}

void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->records.len; i++) {
        source_clear(&b->records.data[i].source);
        input_free(b->records.data[i].input);
    }
    b->records.len = 0;
    b->names = 0;
    b->since = 0;
    buf_clear(&b->data);
}

bool batch_empty(const struct batch *b)
{
    return b->records.len == 0;
}

size_t batch_bytes(const struct batch *b)
{
    return b->data.len;
}

int64_t batch_since(const struct batch *b)
{
    return b->since;
}

enum { RECORD_COST = sizeof(struct record) + sizeof(uint32_t) };

/* All memory counts: many files that grow by a few bytes make more records than data. */
static size_t room_left(const struct batch *b)
{
    size_t used = b->data.len + b->names + b->records.len * RECORD_COST;
    return used < b->capacity ? b->capacity - used : 0;
}

void *batch_reserve(struct batch *b, size_t *room)
{
    size_t left = room_left(b);
    if (left <= RECORD_COST)
        return NULL;
    left -= RECORD_COST;
    /* Grow as the input wants it, so that a quiet system keeps its memory. */
    size_t want = b->data.len < FIRST_ROOM ? FIRST_ROOM : b->data.len;
    if (want > left)
        want = left;
    if (b->data.cap - b->data.len < want && !buf_reserve(&b->data, want)) {
        b->data.failed = false;
        return NULL;
    }
    *room = want;
    return b->data.data + b->data.len;
}

static bool add(struct batch *b, const struct record *record)
{
    /* Data has its room by batch_reserve(); what comes first has room in any case. */
    if (record->kind != JOURNAL_DATA && b->records.len && room_left(b) < RECORD_COST)
        return false;
    if (!vec_push(&b->records, *record))
        return false;
    if (!b->since)
        b->since = clock_monotonic();
    return true;
}

bool batch_source(struct batch *b, const struct source *source, uint64_t next)
{
    struct record r = {.kind = JOURNAL_SOURCE, .source_id = source->id, .offset = next};
    if (source_copy(&r.source, source, NULL) != LGZ_OK)
        return false;
    if (!add(b, &r)) {
        source_clear(&r.source);
        return false;
    }
    b->names += strlen(source->name) + strlen(source->input) + 2;
    return true;
}

/* Do these bytes continue the last record, and may they? */
static bool continues(const struct batch *b, uint64_t source_id, uint64_t offset, size_t len)
{
    const struct record *last = b->records.len ? &b->records.data[b->records.len - 1] : NULL;
    return last && last->kind == JOURNAL_DATA && last->source_id == source_id &&
           last->offset + last->len == offset && len <= RECORD_MAX && last->len <= RECORD_MAX - len;
}

bool batch_data(struct batch *b, uint64_t source_id, uint64_t offset, size_t len)
{
    struct record r = {.kind = JOURNAL_DATA,
                       .source_id = source_id,
                       .offset = offset,
                       .read_time = clock_real(),
                       .start = b->data.len,
                       .len = len};
    if (continues(b, source_id, offset, len))
        b->records.data[b->records.len - 1].len += len;
    else if (!add(b, &r))
        return false;
    b->data.len += len;
    return true;
}

bool batch_drop(struct batch *b, uint64_t source_id)
{
    struct record r = {.kind = JOURNAL_DROP, .source_id = source_id};
    return add(b, &r);
}

bool batch_input(struct batch *b, const char *input, const struct rules *rules)
{
    struct record r = {.kind = JOURNAL_INPUT, .input = calloc(1, sizeof(*r.input))};
    if (!r.input || rules_copy(&r.input->rules, rules, NULL) != LGZ_OK ||
        !(r.input->input = strdup(input)) || !add(b, &r)) {
        input_free(r.input);
        return false;
    }
    return true;
}

static int by_source(const void *a, const void *b, void *context)
{
    const struct record *records = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (records[x].source_id != records[y].source_id)
        return records[x].source_id < records[y].source_id ? -1 : 1;
    return (x > y) - (x < y);
}

/*
 * Link each record with the next one of its source that continues it. If memory is out, they are
 * written as they are. A record never moves in front of a drop or of an input's rules, nor of what
 * else is said of its source: only in front of other sources' bytes.
 */
static void link_records(struct batch *b)
{
    struct record *records = b->records.data;
    uint32_t border =
        0; /* the last drop or input up to the record at hand has this number plus 1 */
    b->order.len = 0;
    for (size_t i = 0; i < b->records.len; i++) {
        records[i].next = NO_RECORD;
        records[i].written = false;
    }
    if (b->records.len >= NO_RECORD || !vec_reserve(&b->order, b->records.len))
        return;
    for (size_t i = 0; i < b->records.len; i++) {
        if (records[i].kind == JOURNAL_DROP || records[i].kind == JOURNAL_INPUT)
            border = (uint32_t)i + 1;
        records[i].border = border;
        b->order.data[b->order.len++] = (uint32_t)i;
    }
    qsort_r(b->order.data, b->order.len, sizeof(uint32_t), by_source, records);
    for (size_t i = 1; i < b->order.len; i++) {
        struct record *r = &records[b->order.data[i - 1]];
        const struct record *next = &records[b->order.data[i]];
        if (r->kind == JOURNAL_DATA && next->kind == JOURNAL_DATA && r->border == next->border &&
            r->source_id == next->source_id && r->offset + r->len == next->offset)
            r->next = b->order.data[i];
    }
}

/* Write a record's bytes, together with those that continue it. */
static int write_data(struct batch *b, struct record *r, struct journal_writer *journal,
                      struct lgz_error *err)
{
    const uint8_t *data = b->data.data + r->start;
    size_t len = r->len;
    struct record *last = r;
    r->lines = lines_count(data, len);
    buf_clear(&b->joined);
    while (last->next != NO_RECORD) {
        struct record *next = &b->records.data[last->next];
        if (len + next->len > JOIN_MAX || next->read_time - r->read_time > JOIN_TIME)
            break;
        if (last == r)
            buf_append(&b->joined, data, len);
        buf_append(&b->joined, b->data.data + next->start, next->len);
        if (b->joined.failed)
            break; /* what isn't in it comes later, for itself */
        next->lines = lines_count(b->data.data + next->start, next->len);
        next->written = true;
        len += next->len;
        last = next;
    }
    return journal_put_data(journal, r->source_id, r->offset, r->read_time,
                            last == r ? data : b->joined.data, len, err);
}

static int write_record(struct batch *b, struct record *r, struct journal_writer *journal,
                        struct lgz_error *err)
{
    switch (r->kind) {
    case JOURNAL_SOURCE:
        return journal_put_source(journal, &r->source, r->offset, err);
    case JOURNAL_DATA:
        return write_data(b, r, journal, err);
    case JOURNAL_DROP:
        return journal_drop_source(journal, r->source_id, err);
    case JOURNAL_INPUT:
        return journal_put_input(journal, r->input->input, &r->input->rules, err);
    }
    return error_set(err, LGZ_ERR_ARGUMENT, "a record of an unknown kind");
}

int batch_write(struct batch *b, struct journal_writer *journal, struct lgz_error *err)
{
    link_records(b);
    for (size_t i = 0; i < b->records.len; i++) {
        struct record *r = &b->records.data[i];
        int code = r->written ? LGZ_OK : write_record(b, r, journal, err);
        if (code != LGZ_OK)
            return code;
    }
    return journal_sync(journal, err);
}

int batch_acknowledge(const struct batch *b, struct ledger *ledger, struct lgz_error *err)
{
    for (size_t i = 0; i < b->records.len; i++) {
        const struct record *r = &b->records.data[i];
        int code = LGZ_OK;
        if (r->kind == JOURNAL_SOURCE)
            code = ledger_put(ledger, &r->source, r->offset, err);
        else if (r->kind == JOURNAL_DATA)
            ledger_advance(ledger, r->source_id, r->offset + r->len,
                           mark_of(b->data.data + r->start, r->len));
        else if (r->kind == JOURNAL_INPUT)
            code = ledger_put_input(ledger, r->input->input, &r->input->rules, err);
        else
            ledger_drop(ledger, r->source_id);
        if (code != LGZ_OK)
            return code;
    }
    return LGZ_OK;
}

void batch_tally(const struct batch *b, struct tally *tally)
{
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < b->records.len; i++) {
        const struct record *r = &b->records.data[i];
        if (r->kind == JOURNAL_SOURCE)
            tally_source(tally, &r->source, now);
        else if (r->kind == JOURNAL_DATA)
            tally_read(tally, r->source_id, r->len, r->lines, r->read_time);
        else if (r->kind == JOURNAL_DROP)
            tally_end(tally, r->source_id, now);
    }
}
