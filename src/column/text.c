/*
 * text.c - the table of text encodings and the choice among them. A tag is an index into the table
 * and is stored in files: entries are only ever added at its end.
 */
#include "column/text.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/decimal.h"

static const struct text_encoding *const encodings[] = {
    &text_constant, &text_raw,    &text_integer, &text_dictionary, &text_split,
    &text_recent,   &text_shape,  &text_keyed,   &text_fraction,   &text_difference,
    &text_hex,      &text_copied, &text_cut,     &text_formula,
};

/* A column of twice as many values is decided by a sample. */
enum { SAMPLE_VALUES = 2048, SAMPLE_VALUES_FAST = 1024, SAMPLE_PIECES = 4 };

/* Values from which on encodings are tried side by side. */
enum { SHARED_VALUES = 1024 };

enum { ENCODINGS = sizeof(encodings) / sizeof(encodings[0]) };

enum { SECOND_BATCH = 8, MIN_ROOM = 128 };

uint8_t text_tag(const struct text_encoding *encoding)
{
    uint8_t tag = 0;
    while (encodings[tag] != encoding)
        tag++;
    return tag;
}

bool text_in_step(uint8_t tag)
{
    return tag < ENCODINGS && encodings[tag]->in_step;
}

/* Decimal digits of a number of 64 bits. */
static bool is_number(struct span s)
{
    if (!decimal_is(s))
        return false;
    return s.len >= 1 &&
           (s.len < DECIMAL_MAX ||
            (s.len == DECIMAL_MAX && memcmp(s.data, "18446744073709551615", DECIMAL_MAX) <= 0));
}

static struct text_stats collect_stats(const struct text_values *v)
{
    struct text_stats stats = {
        .all_equal = true, .all_digits = true, .no_leading_zero = true, .min_len = UINT32_MAX};
    struct span first = v->count ? text_value(v, 0) : (struct span){0};
    for (size_t i = 0; i < v->count; i++) {
        struct span value = text_value(v, i);
        stats.bytes += value.len;
        stats.all_equal = stats.all_equal && span_equal(value, first);
        stats.all_digits = stats.all_digits && is_number(value);
        if (value.len > 1 && value.data[0] == '0')
            stats.no_leading_zero = false;
        stats.min_len = value.len < stats.min_len ? (uint32_t)value.len : stats.min_len;
        stats.max_len = value.len > stats.max_len ? (uint32_t)value.len : stats.max_len;
    }
    return stats;
}

/* Encode with one encoding. Its cost is SIZE_MAX if it declines. */
static struct encoded try_encoding(uint8_t tag, struct column_context *ctx,
                                   const struct text_values *v, const struct text_stats *stats,
                                   unsigned forbidden)
{
    struct encoded candidate = {.cost = 1};
    buf_push(&candidate.head, tag);
    if (!encodings[tag]->propose ||
        !encodings[tag]->propose(&candidate, ctx, v, stats, forbidden)) {
        encoded_clear(&candidate);
        candidate.cost = SIZE_MAX;
    }
    return candidate;
}

/* Encodings that are tried, and the cheapest so far: of equal ones, the first in the table. */
struct trials {
    const struct text_values *values;
    const struct text_stats *stats;
    unsigned forbidden;
    pthread_mutex_t mutex;
    struct encoded best;
    uint8_t tag;
};

static int try_one(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)err; /* a head remembers that memory ran out */
    struct trials *t = context;
    uint8_t tag = (uint8_t)part;
    struct encoded candidate = try_encoding(tag, me->state, t->values, t->stats, t->forbidden);
    pthread_mutex_lock(&t->mutex);
    bool better = candidate.cost < t->best.cost || (candidate.cost == t->best.cost && tag < t->tag);
    struct encoded worse = better ? t->best : candidate;
    if (better) {
        t->best = candidate;
        t->tag = tag;
    }
    t->best.head.failed |= worse.head.failed;
    pthread_mutex_unlock(&t->mutex);
    encoded_clear(&worse);
    return LGZ_OK;
}

/* The cheapest of all encodings. */
static struct encoded try_all(struct column_context *ctx, const struct text_values *v,
                              const struct text_stats *stats, unsigned forbidden, uint8_t *tag)
{
    struct trials t = {.values = v,
                       .stats = stats,
                       .forbidden = forbidden,
                       .best = {.cost = SIZE_MAX},
                       .tag = ENCODINGS};
    size_t count = stats->all_equal ? 1 : ENCODINGS;
    int code = LGZ_OK;
    pthread_mutex_init(&t.mutex, NULL);
    /* What a context says of a sample, it says to its own thread only. */
    if (v->count >= SHARED_VALUES && !ctx->stands_for)
        code = workers_share(&ctx->worker, count, try_one, &t, NULL);
    else
        for (size_t i = 0; i < count; i++)
            try_one(&ctx->worker, &t, i, NULL);
    pthread_mutex_destroy(&t.mutex);
    if (code != LGZ_OK) { /* stopped, maybe before anything was tried */
        t.best.head.failed = true;
        t.best.cost = 0;
    }
    *tag = t.tag;
    return t.best;
}

/* How many values of a large column are tried; 0 for all. */
static size_t sample_size(const struct column_context *ctx, const struct text_values *v,
                          const struct text_stats *stats)
{
    size_t size = ctx->level == LGZ_LEVEL_FAST ? SAMPLE_VALUES_FAST : SAMPLE_VALUES;
    return ctx->level == LGZ_LEVEL_BEST || v->count < 2 * size || stats->all_equal ? 0 : size;
}

/* The encoding that is cheapest on some pieces of a large column, `size` values in all. */
static uint8_t choose_by_sample(struct column_context *ctx, const struct text_values *v,
                                const struct text_stats *stats, unsigned forbidden, size_t size)
{
    struct text_ref refs[SAMPLE_VALUES];
    struct text_values sample = {v->base, refs, size};
    size_t piece = size / SAMPLE_PIECES;
    uint8_t tag = 0;
    for (size_t i = 0; i < SAMPLE_PIECES; i++)
        memcpy(refs + i * piece, v->refs + (v->count - piece) / (SAMPLE_PIECES - 1) * i,
               piece * sizeof(*refs));
    ctx->stands_for = v->count / size;
    struct encoded best = try_all(ctx, &sample, stats, forbidden, &tag);
    ctx->stands_for = 0;
    encoded_clear(&best);
    return tag;
}

void text_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                 unsigned forbidden)
{
    struct encoded best = {.cost = SIZE_MAX};
    struct text_stats stats = collect_stats(v);
    size_t size = sample_size(ctx, v, &stats);
    uint8_t tag;
    if (size) {
        tag = choose_by_sample(ctx, v, &stats, forbidden, size);
        best = try_encoding(tag, ctx, v, &stats, forbidden);
    }
    /* An encoding may decline all that it took a part of. */
    if (best.cost == SIZE_MAX)
        best = try_all(ctx, v, &stats, forbidden, &tag);
    encoded_append(e, &best);
}

int text_parse(struct text_column **out, struct reader *head, struct stream_reader *streams,
               unsigned depth, struct lgz_error *err)
{
    uint8_t tag = reader_u8(head);
    if (head->failed || depth > TEXT_MAX_DEPTH)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged column head");
    if (tag >= ENCODINGS)
        return error_set(err, LGZ_ERR_VERSION,
                         "unknown encoding %u: damaged, or a newer logzip wrote it", tag);
    struct text_column *c = calloc(1, sizeof(*c));
    if (!c)
        return error_memory(err);
    c->encoding = encodings[tag];
    struct lgz_error cause = {0};
    c->state = c->encoding->parse(head, streams, depth, &cause);
    /* Parts are taken in batches. */
    bool part_in_step = c->encoding->in_step && depth > 0;
    if (!c->state || head->failed || part_in_step) {
        text_free(c);
        if (!cause.code)
            return error_set(err, LGZ_ERR_CORRUPT, "damaged head of a column (%s)",
                             encodings[tag]->name);
        return error_set(err, cause.code, "%s", cause.message);
    }
    *out = c;
    return LGZ_OK;
}

int text_open(struct text_column *c, struct stream_reader *streams, size_t limit,
              struct lgz_error *err)
{
    c->batch = (struct text_batch){.values = &c->only,
                                   .want = 1,
                                   .streams = streams,
                                   .limit = limit,
                                   .stays = c->encoding->stays};
    return c->encoding->open(c->state, streams, limit, err);
}

bool text_each(struct text_column *c, struct text_look *look, bool in_order, text_each_fn *fn,
               void *context)
{
    while (c->encoding->values && !in_order)
        c = c->encoding->values(c->state);
    return c->encoding->each && c->encoding->each(c->state, look, fn, context);
}

/* text_each_fn */
static bool add_bytes(void *context, struct span value)
{
    byte_set_add_all(context, value);
    return true;
}

bool text_bytes(struct text_column *c, struct text_look *look, struct byte_set *set)
{
    while (c->encoding->values)
        c = c->encoding->values(c->state);
    if (c->encoding->bytes)
        return c->encoding->bytes(c->state, look, set);
    return text_each(c, look, false, add_bytes, set);
}

struct adding {
    struct text_look *look;
    struct passage *passage;
};

/* text_each_fn */
static bool add_passage(void *context, struct span value)
{
    const struct adding *a = context;
    passage_add(a->passage, a->look->string, value);
    return true;
}

/* As it's known of a column that has its values itself. */
static void add_known(struct text_column *c, struct text_look *look, struct passage *passage)
{
    struct adding adding = {look, passage};
    struct byte_set set = {0};
    if (c->encoding->passage ? c->encoding->passage(c->state, look, passage)
                             : text_each(c, look, false, add_passage, &adding))
        return;
    if (text_bytes(c, look, &set))
        passage_set(passage, look->string, &set);
    else
        passage_any(passage, look->string);
}

/* Ranges that heads tell are wide, but mostly too narrow for an id. Digits alone begin or end in a
 * number only where a template has digits beside it. */
static bool add_roughly(struct text_column *c, struct text_look *look, struct passage *passage)
{
    struct passage rough = {0};
    look->rough = true;
    add_known(c, look, &rough);
    look->rough = false;
    if (rough.ends & 1)
        return false;
    passage_or(passage, &rough);
    return true;
}

void text_passage(struct text_column *c, struct text_look *look, struct passage *passage)
{
    while (c->encoding->values)
        c = c->encoding->values(c->state);
    if (!c->encoding->ranges || !look->string->digits || look->rough ||
        !add_roughly(c, look, passage))
        add_known(c, look, passage);
}

bool text_lacks(struct text_column *c, struct text_look *look)
{
    while (c->encoding->values)
        c = c->encoding->values(c->state);
    return c->encoding->lacks && c->encoding->lacks(c->state, look);
}

struct number_range text_number_range(const struct number_column *c, struct text_look *look)
{
    const struct number_range told = number_range(c);
    struct number_column numbers = *c;
    struct lgz_error err = {0};
    if (look->rough || told.greatest < UINT64_MAX || c->stream < 0 ||
        !text_look_take(look, c->plane) || number_open(&numbers, look->streams, &err) != LGZ_OK)
        return told;
    return number_range_seen(&numbers);
}

bool text_change_range(const struct number_column *c, struct text_look *look, int64_t *most)
{
    const struct number_range range = text_number_range(c, look);
    if (range.greatest >= UINT64_MAX / 2)
        return false;
    *most = (int64_t)(range.greatest / 2) + 1;
    return true;
}

bool text_range(struct text_column *c, struct text_look *look, struct number_range *range)
{
    while (c->encoding->values)
        c = c->encoding->values(c->state);
    return c->encoding->range && c->encoding->range(c->state, look, range);
}

/* A column that is asked again and again is worth memory and work ahead. */
static void grow_batch(struct text_column *c)
{
    struct text_batch *b = &c->batch;
    if (c->encoding->in_step || b->want == TEXT_BATCH)
        return;
    if (b->values != &c->only) {
        b->want = TEXT_BATCH;
        return;
    }
    struct span *values = malloc(TEXT_BATCH * sizeof(*values));
    if (!values)
        return; /* then it goes on value by value */
    b->values = values;
    b->want = SECOND_BATCH;
}

/* Leave out values behind the batch. */
static bool leave_out(struct text_column *c, uint64_t count)
{
    struct span value;
    if (c->encoding->skip)
        return c->encoding->skip(c->state, count);
    while (count && text_take(c, &value))
        count--;
    return count == 0;
}

bool text_settle(struct text_column *c)
{
    const uint64_t owed = c->owed;
    c->owed = 0;
    return owed == 0 || leave_out(c, owed);
}

bool text_refill(struct text_column *c)
{
    if (c->owed && !text_settle(c))
        return false;
    if (c->count)
        grow_batch(c);
    c->next = 0;
    c->batches++;
    c->count = (uint32_t)c->encoding->fill(c->state, &c->batch);
    return c->count > 0;
}

bool text_ahead(const struct text_batch *b, uint32_t column, struct span *value, uint64_t *place)
{
    struct text_column *c = b->block && column < b->columns ? b->block[column] : NULL;
    if (!c || c->encoding->in_step || (c->next == c->count && !text_refill(c)))
        return false;
    *value = c->batch.values[c->next];
    *place = (uint64_t)c->batches << 32 | c->next;
    return true;
}

uint8_t *text_larger_room(struct text_batch *b, size_t need, size_t filled)
{
    if (need > b->limit + (uint64_t)TEXT_ROOM_FREE)
        return NULL;
    size_t len = b->room_len ? b->room_len : MIN_ROOM;
    while (len < need)
        len *= 2;
    /* The sum of all large rooms is bounded. */
    if (len > TEXT_ROOM_FREE && !stream_reader_take_room(b->streams, len - b->room_len))
        return NULL;
    uint8_t *room = calloc(1, len + SLACK);
    if (!room) {
        stream_reader_lacks_memory(b->streams);
        return NULL;
    }
    if (b->room_len)
        memcpy(room, b->room, b->room_len);
    for (size_t i = 0; i < filled; i++) {
        size_t at = (uintptr_t)b->values[i].data - (uintptr_t)b->room;
        if (b->room && at <= b->room_len)
            b->values[i].data = room + at;
    }
    free(b->room);
    b->room = room;
    b->room_len = len;
    return room;
}

void text_free(struct text_column *c)
{
    if (!c)
        return;
    if (c->state)
        c->encoding->free(c->state);
    if (c->batch.values != &c->only)
        free(c->batch.values);
    free(c->batch.room);
    free(c);
}

int text_table_of_rows(struct text_table *t, struct text_column *c, uint64_t count,
                       const struct number_column *rows, struct stream_reader *streams,
                       size_t limit, struct lgz_error *err)
{
    if (count > number_stored(rows))
        return error_set(err, LGZ_ERR_CORRUPT, "table with more entries than rows");
    return text_table_read(t, c, count, streams, limit, err);
}

/* Room for one more value of `len` bytes. */
static bool table_reserve(struct text_table *t, size_t *cap, size_t used, size_t len)
{
    if (len <= *cap - used)
        return true;
    size_t grown = used + len + used / 2 + MIN_ROOM;
    uint8_t *bytes = realloc(t->bytes, grown + SLACK);
    if (!bytes)
        return false;
    t->bytes = bytes;
    *cap = grown;
    return true;
}

/* @return 1: done, 0: damaged, -1: memory is out */
static int take_entries(struct text_table *t, struct text_column *c, uint64_t count, size_t limit)
{
    size_t cap = 0;
    size_t used = 0;
    struct span value;
    bool empty = false;
    if (!table_reserve(t, &cap, 0, 1))
        return -1;
    for (t->count = 0; t->count < count; t->count++) {
        if (!text_take(c, &value) || value.len > limit - used || (empty && !value.len))
            return 0;
        empty |= !value.len;
        if (!table_reserve(t, &cap, used, value.len))
            return -1;
        slack_copy(t->bytes + used, value.data, value.len);
        t->refs[t->count] = (struct text_ref){(uint32_t)used, (uint32_t)value.len};
        used += value.len;
    }
    memset(t->bytes + used, 0, SLACK);
    return 1;
}

int text_table_read(struct text_table *t, struct text_column *c, uint64_t count,
                    struct stream_reader *streams, size_t limit, struct lgz_error *err)
{
    /* They differ from each other, so at most one is empty, which take_entries() sees to. */
    if (count > (uint64_t)limit + 1 || limit > UINT32_MAX)
        return error_set(err, LGZ_ERR_CORRUPT, "table with too many entries");
    t->refs = malloc((count + 1) * sizeof(*t->refs));
    int done = t->refs ? take_entries(t, c, count, limit) : -1;
    if (done < 0 || stream_reader_no_memory(streams))
        return error_memory(err);
    if (!done)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged table of values");
    struct text_ref last = count ? t->refs[count - 1] : (struct text_ref){0};
    if (!stream_reader_take_table(streams, (size_t)last.at + last.len))
        return error_set(err, LGZ_ERR_CORRUPT, "tables larger than the block");
    return LGZ_OK;
}

void text_table_clear(struct text_table *t)
{
    free(t->bytes);
    free(t->refs);
    *t = (struct text_table){0};
}
