/*
 * ahead.c - a ring of blocks, each of them a work for the threads (base/workers.h).
 */
#include "query/ahead.h"

#include <stdlib.h>

#include "base/workers.h"
#include "query/where.h"

/* A thread, and what its parts need. */
struct helper {
    struct worker worker;
    struct pattern *pattern;
    struct where *where; /* or NULL */
};

/* A segment whose blocks are taken now, or later. */
struct stage {
    const struct segment *segment; /* NULL: none */
    struct ahead_plan plan;
    size_t next; /* the first block that wasn't thought of yet */
    bool asked;  /* what follows it */
};

/* A block that is being worked on. */
struct slot {
    struct work work;
    const struct stage *stage;
    size_t number;
    bool used;
    bool gone;                 /* atomic: it's not wanted any more */
    struct buf raw;            /* kept for the next block */
    struct found_lines *found; /* for each extent, of `room`, which are all valid */
    size_t room;
    bool matched;
    bool search; /* for what is in `wanted` */
    struct block_search wanted;
    struct sparse_found sparse;
};

struct ahead {
    unsigned threads;
    struct pattern *pattern;
    struct where *where;
    struct helper *helpers; /* the caller's first; NULL: not started */
    struct workers *workers;
    struct slot *slots;
    size_t slot_count;
    size_t depth; /* so many are worked on at once, the one that was taken counted */
    struct stage stages[AHEAD_SEGMENTS]; /* a ring */
    unsigned now;                        /* number of the one whose blocks are taken */
    unsigned later;                      /* so many follow it */
    bool refused;                        /* there are no threads to be had */
};

/* The segment whose blocks are taken, or the one that is so many behind it. */
static struct stage *stage_at(struct ahead *a, unsigned behind)
{
    return &a->stages[(a->now + behind) % AHEAD_SEGMENTS];
}

int ahead_new(struct ahead **out, unsigned threads, bool gently, struct pattern *pattern,
              struct where *where, struct lgz_error *err)
{
    struct ahead *a = calloc(1, sizeof(*a));
    *out = a;
    if (!a)
        return error_memory(err);
    a->threads = threads;
    a->pattern = pattern;
    a->where = where;
    a->depth = gently ? 1 : threads;
    a->slot_count = threads > 1 ? (size_t)threads * AHEAD_BLOCKS : 1;
    a->slots = calloc(a->slot_count, sizeof(*a->slots));
    if (a->slots)
        return LGZ_OK;
    ahead_free(a);
    *out = NULL;
    return error_memory(err);
}

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    if (a->slots)
        ahead_leave(a);
    workers_free(a->workers);
    for (unsigned i = 0; a->helpers && i < a->threads; i++) {
        pattern_free(a->helpers[i].pattern);
        where_free(a->helpers[i].where);
    }
    for (size_t i = 0; a->slots && i < a->slot_count; i++) {
        for (size_t k = 0; k < a->slots[i].room; k++)
            found_free(&a->slots[i].found[k]);
        free(a->slots[i].found);
        buf_free(&a->slots[i].raw);
        sparse_clear(&a->slots[i].sparse);
    }
    free(a->helpers);
    free(a->slots);
    free(a);
}

/* Start the threads, if that wasn't done. */
static bool start(struct ahead *a)
{
    struct worker *members[AHEAD_THREADS_MAX];
    int code = LGZ_OK;
    if (a->workers || a->refused)
        return !a->refused;
    a->helpers = calloc(a->threads, sizeof(*a->helpers));
    for (unsigned i = 0; a->helpers && i < a->threads && code == LGZ_OK; i++) {
        members[i] = &a->helpers[i].worker;
        a->helpers[i].worker.state = &a->helpers[i];
        code = pattern_twin(&a->helpers[i].pattern, a->pattern, NULL);
        if (code == LGZ_OK && a->where)
            code = where_twin(&a->helpers[i].where, a->where, NULL);
    }
    if (!a->helpers || code != LGZ_OK || workers_new(&a->workers, members, a->threads, NULL))
        a->refused = true;
    return !a->refused;
}

/* Room for what is found in so many extents. */
static int make_room(struct slot *slot, size_t extents, struct lgz_error *err)
{
    if (extents <= slot->room)
        return LGZ_OK;
    struct found_lines *found = reallocarray(slot->found, extents, sizeof(*found));
    if (!found)
        return error_memory(err);
    memset(found + slot->room, 0, (extents - slot->room) * sizeof(*found));
    slot->found = found;
    slot->room = extents;
    return LGZ_OK;
}

/* Match the lines of the block's extents. */
static int match_extents(struct slot *slot, struct pattern *pattern, struct lgz_error *err)
{
    const struct stage *stage = slot->stage;
    const struct block_info *block = segment_block(stage->segment, slot->number);
    size_t at = 0;
    int code = make_room(slot, block->extent_count, err);
    for (size_t i = 0; i < block->extent_count && code == LGZ_OK; i++) {
        const struct extent *extent = &block->extents[i];
        if (extent->length > slot->raw.len - at)
            return LGZ_OK; /* who takes the block will see that, too */
        found_clear(&slot->found[i]);
        if (stage->plan.matched(stage->plan.context, stage->segment, extent))
            code = found_fill(&slot->found[i], pattern,
                              (struct span){slot->raw.data + at, (size_t)extent->length},
                              &slot->gone, err);
        at += (size_t)extent->length;
    }
    slot->matched = code == LGZ_OK;
    return code;
}

/* Damage that a search meets is told by who decodes the whole block. */
static int search_or_read(struct slot *slot, struct pattern *pattern, struct where *where,
                          struct lgz_error *err)
{
    const struct segment *segment = slot->stage->segment;
    int code = LGZ_OK;
    if (slot->search)
        code =
            sparse_find(segment, slot->number, &slot->wanted, pattern, where, &slot->sparse, err);
    if (code == LGZ_ERR_MEMORY || slot->sparse.searched)
        return code;
    if (err)
        *err = (struct lgz_error){0};
    return segment_read_block(segment, slot->number, &slot->raw, err);
}

/* work_part */
static int look_at(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    const struct helper *helper = me->state;
    struct slot *slot = context;
    (void)part;
    if (__atomic_load_n(&slot->gone, __ATOMIC_RELAXED))
        return LGZ_OK;
    int code = search_or_read(slot, helper->pattern, helper->where, err);
    if (code == LGZ_OK && !slot->sparse.searched && slot->stage->plan.matched)
        code = match_extents(slot, helper->pattern, err);
    return code;
}

/* The slot of a block that is worked on, of the segment at hand; NULL if it isn't. */
static struct slot *find_slot(struct ahead *a, size_t number)
{
    for (size_t i = 0; i < a->slot_count; i++) {
        struct slot *slot = &a->slots[i];
        if (slot->used && slot->stage == stage_at(a, 0) && slot->number == number)
            return slot;
    }
    return NULL;
}

/* A slot that is free. There is one: whoever asks has fewer blocks under way than slots. */
static struct slot *free_slot(struct ahead *a)
{
    size_t i = 0;
    while (a->slots[i].used)
        i++;
    return &a->slots[i];
}

static void prepare(const struct stage *stage, struct slot *slot, size_t number)
{
    const struct ahead_plan *plan = &stage->plan;
    slot->stage = stage;
    slot->number = number;
    slot->used = true;
    slot->gone = false;
    slot->matched = false;
    buf_clear(&slot->raw);
    sparse_clear(&slot->sparse);
    slot->search = plan->search && plan->search(plan->context, number, &slot->wanted);
}

static bool is_before(const struct slot *slot, const struct stage *stage, size_t number)
{
    return slot->used && slot->stage == stage && slot->number < number;
}

/* Give up a segment's blocks before `number`; wait for those that are being worked on. */
static void give_up(struct ahead *a, const struct stage *stage, size_t number)
{
    for (size_t i = 0; i < a->slot_count; i++)
        if (is_before(&a->slots[i], stage, number))
            __atomic_store_n(&a->slots[i].gone, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < a->slot_count; i++) {
        struct slot *slot = &a->slots[i];
        if (!is_before(slot, stage, number))
            continue;
        if (a->workers)
            workers_wait(&a->helpers[0].worker, &slot->work, NULL);
        slot->used = false;
    }
}

/* Have the next blocks of a segment worked on that are likely to be wanted. @return false if no
   more can be under way */
static bool go_ahead_in(struct ahead *a, struct stage *stage)
{
    uint64_t bytes = 0;
    size_t used = 0;
    for (size_t i = 0; i < a->slot_count; i++)
        if (a->slots[i].used) {
            bytes += segment_block(a->slots[i].stage->segment, a->slots[i].number)->raw_len;
            used++;
        }
    for (; used < a->depth && stage->next < segment_block_count(stage->segment); stage->next++) {
        const uint64_t more = segment_block(stage->segment, stage->next)->raw_len;
        if (!stage->plan.likely(stage->plan.context, stage->next))
            continue;
        if ((bytes + more > AHEAD_BYTES && used) || !start(a))
            return false;
        struct slot *slot = free_slot(a);
        prepare(stage, slot, stage->next);
        workers_submit(&a->helpers[0].worker, &slot->work, 1, look_at, slot);
        bytes += more;
        used++;
    }
    return used < a->depth;
}

/* Ask for a segment behind the last one. @return false if there is none, or no room */
static bool follow(struct ahead *a)
{
    struct stage *last = stage_at(a, a->later);
    if (last->asked || !last->plan.follow || a->later + 1 == AHEAD_SEGMENTS)
        return false;
    struct stage *next = stage_at(a, a->later + 1);
    last->asked = true;
    *next = (struct stage){0};
    next->segment = last->plan.follow(last->plan.context, &next->plan);
    a->later += next->segment != NULL;
    return next->segment != NULL;
}

static bool is_done(struct ahead *a, const struct slot *slot)
{
    return workers_done(&a->helpers[0].worker, &slot->work);
}

/* Have work under way in the segment at hand and in those that follow. What is done already doesn't
   wait for more than one of them to be opened.
   @param taken  who waits for this one; NULL: who asks will work meanwhile */
static void go_ahead(struct ahead *a, const struct slot *taken)
{
    unsigned opened = 0;
    for (unsigned i = 0; go_ahead_in(a, stage_at(a, i)); i++) {
        if (i < a->later)
            continue;
        if (opened++ && taken && is_done(a, taken))
            return;
        if (!follow(a))
            return;
    }
}

/* Give up the segments that follow. */
static void leave_later(struct ahead *a)
{
    for (; a->later; a->later--) {
        struct stage *last = stage_at(a, a->later);
        give_up(a, last, SIZE_MAX);
        last->segment = NULL;
    }
}

void ahead_begin(struct ahead *a, const struct segment *segment, const struct ahead_plan *plan)
{
    if (a->later && stage_at(a, 1)->segment == segment) {
        a->now = (a->now + 1) % AHEAD_SEGMENTS;
        a->later--;
        return;
    }
    leave_later(a);
    *stage_at(a, 0) = (struct stage){.segment = segment, .plan = *plan};
}

bool ahead_ready(struct ahead *a, size_t block)
{
    struct slot *slot = find_slot(a, block);
    return slot && is_done(a, slot);
}

int ahead_take(struct ahead *a, size_t block, struct ahead_block *out, struct lgz_error *err)
{
    int code;
    struct stage *now = stage_at(a, 0);
    give_up(a, now, block);
    struct slot *slot = find_slot(a, block);
    if (now->next <= block)
        now->next = block + 1;
    if (slot) {
        go_ahead(a, slot);
        code = workers_wait(&a->helpers[0].worker, &slot->work, err);
    } else {
        slot = free_slot(a);
        prepare(now, slot, block);
        slot->work = (struct work){0}; /* ended */
        go_ahead(a, NULL);
        code = search_or_read(slot, a->pattern, a->where, err);
    }
    if (a->depth < a->slot_count)
        a->depth = a->depth * 2 < a->slot_count ? a->depth * 2 : a->slot_count;
    *out = (struct ahead_block){slot->sparse.searched ? &slot->sparse : NULL, buf_span(&slot->raw),
                                slot->matched ? slot->found : NULL};
    return code;
}

int ahead_decode(struct ahead *a, size_t block, struct ahead_block *out, struct lgz_error *err)
{
    struct slot *slot = find_slot(a, block);
    int code = segment_read_block(slot->stage->segment, block, &slot->raw, err);
    *out = (struct ahead_block){NULL, buf_span(&slot->raw), NULL};
    return code;
}

void ahead_end(struct ahead *a)
{
    give_up(a, stage_at(a, 0), SIZE_MAX);
    stage_at(a, 0)->segment = NULL;
}

void ahead_leave(struct ahead *a)
{
    ahead_end(a);
    leave_later(a);
}
