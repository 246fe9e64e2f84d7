/*
 * prune.c - what the footer of a segment says about its blocks, used without guessing.
 */
#include "query/prune.h"

#include <stdlib.h>

#include "segment/runs.h"

/* How far back to look for a stamp of a source that seems to have none. */
enum { LOOK_BACK_BLOCKS = 16 };

/* On which side of the range is it? 0: within */
static int side_of(const struct selection *s, int64_t time)
{
    return time < s->since ? -1 : time > s->until ? 1 : 0;
}

/* Between which instants are the stamps of a block? Its range was found with those that have no
   zone read as UTC, and older segments don't tell whether there are such. */
static void block_range(const struct selection *s, const struct block_info *block, int64_t *first,
                        int64_t *last)
{
    const bool known = block->clocks & CLOCKS_KNOWN;
    const bool local = !known || (block->clocks & CLOCKS_LOCAL);
    const bool zoned = !known || (block->clocks & CLOCKS_ZONED);
    int64_t local_first = local ? zone_instant(s->zone, block->time_min) : INT64_MAX;
    int64_t local_last = local ? zone_instant(s->zone, block->time_max) : INT64_MIN;
    *first = zoned && block->time_min < local_first ? block->time_min : local_first;
    *last = zoned && block->time_max > local_last ? block->time_max : local_last;
}

bool prune_wanted(const struct selection *s, const struct block_info *block,
                  struct query_source *const *sources)
{
    for (size_t i = 0; i < block->extent_count; i++)
        if (!select_done(s, sources[block->extents[i].source]))
            return true;
    return false;
}

bool prune_has_events(const struct segment *segment, const struct extent *extent)
{
    const uint64_t extent_end = extent->offset + extent->length;
    for (uint64_t at = extent->offset, end; at < extent_end; at = end) {
        const struct rules *rules = segment_rules(segment, extent->source, at, &end);
        if (rules && *rules->multiline_start)
            return true;
    }
    return false;
}

bool prune_has_lines(const struct selection *s, const struct segment *segment,
                     const struct extent *first, const struct extent *end)
{
    const struct extent *last = end - 1;
    uint64_t rules_end;
    const struct rules *rules = segment_rules(segment, first->source, first->offset, &rules_end);
    return rules_end >= last->offset + last->length &&
           !(s->event_pattern && rules && *rules->multiline_start);
}

bool prune_allowed(const struct selection *s, const struct segment *segment,
                   const struct block_info *block, struct query_source *const *sources)
{
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        const struct query_source *source = sources[extent->source];
        if (select_done(s, source))
            continue;
        /* Lines are fetched when they are wanted before another one. Events aren't. */
        if (source->after || (s->before && s->event_pattern && prune_has_events(segment, extent)))
            return false;
        /* Newlines are counted by the index, and none of them twice. */
        if (s->numbered &&
            (block->run_count == 0 || (source->started && extent->offset < source->next)))
            return false;
    }
    return true;
}

/* On which side of the range are all stamps of the block? 0: some may be within */
static int side_of_block(const struct selection *s, const struct block_info *block)
{
    int64_t first, last;
    if (!select_limited(s) || block->time_min == SEGMENT_NO_TIME)
        return 0;
    block_range(s, block, &first, &last);
    int side = side_of(s, first);
    return side_of(s, last) == side ? side : 0;
}

bool prune_may_be_in_time(const struct selection *s, const struct block_info *block)
{
    return side_of_block(s, block) == 0;
}

bool prune_by_time(const struct selection *s, const struct segment *segment,
                   const struct block_info *block, struct query_source *const *sources)
{
    const int side = side_of_block(s, block);
    if (side == 0)
        return false;
    if (!prune_allowed(s, segment, block, sources))
        return false;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        const struct query_source *source = sources[extent->source];
        if (select_done(s, source))
            continue;
        if (source->carry.len ||
            (source->pending.event.open && side_of(s, source->pending.time) == 0))
            return false;
        /* What was left out for its text may have any stamp. */
        if (source->left.known && source->doubtful)
            return false;
        /* A line that begins in one block and ends in the next may have a stamp that neither block
           knows of. Where blocks on both sides of the range meet, it could be within. */
        int before = side_of(s, source->dated ? source->stamp : extent->read_time);
        if (before == 0 || (source->dated && before != side))
            return false;
    }
    return true;
}

/* Note how a run of a block that is left out ends, and count its lines. */
static void pass_run(const struct selection *s, struct query_source *source,
                     const struct block_run *run, uint64_t offset, uint64_t end)
{
    const bool under_way = source->skipped.len ? source->cut : source->carry.len > 0;
    if (s->numbered && source->started && offset > source->next)
        source->lines += under_way; /* bytes are missing: there it ends */
    if (s->numbered)
        source->lines += run->newlines;
    if (!source->started || end > source->next)
        source->cut = !run || run->cut;
}

/* Which stamp is in force behind the block, which is left out? */
static void pass_stamps(const struct selection *s, struct query_source *source,
                        const struct block_info *block, bool single, enum prune_reason reason)
{
    const bool times = select_timed(s);
    int64_t last;
    if (reason == PRUNE_TEXT || reason == PRUNE_TEMPLATE) {
        source->doubtful = times;
        source->left.known &= reason == PRUNE_TEXT;
        return;
    }
    if (single && times && !source->dated) {
        /* Any will do: it's outside of the range. */
        block_range(s, block, &source->stamp, &last);
        source->dated = true;
        source->stamp_digits = 0;
    }
    source->doubtful = times && !source->dated;
    source->left.known = false;
}

int prune_skip(const struct selection *s, const struct block_info *block,
               struct query_source *const *sources, struct skipped_block number,
               enum prune_reason reason, struct lgz_error *err)
{
    const bool single = runs_of_one_source(block);
    size_t run = 0, run_end = 0;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        struct query_source *source = sources[extent->source];
        const bool begins = i == run_end;
        if (begins) {
            run_end = runs_end(block->extents, block->extent_count, i);
            run++;
        }
        if (!source || select_done(s, source))
            continue;
        if (begins)
            pass_run(s, source, block->run_count ? &block->runs[run - 1] : NULL, extent->offset,
                     block->extents[run_end - 1].offset + block->extents[run_end - 1].length);
        if (source->started && extent->offset > source->next) {
            select_drop_event(source); /* bytes are missing: it ends, outside of the range */
            before_clear(&source->before);
        }
        if (source->skipped.len == 0)
            source->skipped_from = source->started ? source->next : extent->offset;
        source->read_time = extent->read_time;
        if (!source->started || extent->offset + extent->length > source->next)
            source->next = extent->offset + extent->length;
        source->started = true;
        pass_stamps(s, source, block, single, reason);
        const struct skipped_block *last =
            source->skipped.len ? &source->skipped.data[source->skipped.len - 1] : NULL;
        if (last && last->segment == number.segment && last->block == number.block)
            continue;
        if (!vec_push(&source->skipped, number))
            return error_memory(err);
    }
    return LGZ_OK;
}

/* What is known of the bytes before the source's position. */
struct past {
    const struct selection *selection;
    struct query_source *source;
    const struct dialect *dialect; /* of the bytes at the position */
    struct buf text;               /* from `start` of the source up to its position */
    uint64_t start;
    uint64_t same;           /* from here on, and not before, the bytes have the dialect's rules */
    bool ended;              /* `same` is known; as long as it isn't, it's `start` */
    struct before known;     /* what was kept for -B when the first block was left out */
    struct read_times times; /* of the text */
};

/* Note from where on the rules of the extents of a block, which come in order, are the dialect's.
 */
static void compare_rules(const struct past *p, const struct segment *segment,
                          const struct extent *extent, uint64_t *same)
{
    const struct rules *wanted = p->dialect ? &p->dialect->rules : NULL;
    const uint64_t extent_end = extent->offset + extent->length;
    for (uint64_t at = extent->offset, end; at < extent_end; at = end) {
        const struct rules *rules = segment_rules(segment, extent->source, at, &end);
        if (!rules_equal(rules, wanted))
            *same = end < extent_end ? end : extent_end;
    }
}

/* The source's bytes of one block, in front of the text. */
static int prepend_block(struct past *p, const struct segment *segment, size_t index,
                         struct span raw, struct lgz_error *err)
{
    const struct block_info *block = segment_block(segment, index);
    struct buf joined = {0};
    uint64_t at = 0, first = p->start, same = 0;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        if (segment_source(segment, extent->source)->id == p->source->id &&
            extent->offset < p->start && at + extent->length <= raw.len) {
            uint64_t len = p->start - extent->offset;
            compare_rules(p, segment, extent, &same);
            const struct read_span span = {extent->offset, extent->offset + extent->length,
                                           extent->read_time};
            joined.failed |= !vec_push(&p->times.list, span);
            if (joined.len == 0)
                first = extent->offset;
            buf_append(&joined, raw.data + at, len < extent->length ? len : extent->length);
        }
        at += extent->length;
    }
    bool failed = joined.failed;
    buf_append(&joined, p->text.data, p->text.len);
    failed |= joined.failed;
    if (!failed) {
        buf_swap(&p->text, &joined);
        p->start = first;
        if (!p->ended)
            p->same = same ? same : first;
        p->ended |= same != 0;
    }
    buf_free(&joined);
    return failed ? error_memory(err) : LGZ_OK;
}

/* The offset in the text behind the last newline that is before `end`; 0 if there is none. */
static size_t line_before(const struct past *p, size_t end)
{
    const uint8_t *newline = end ? memrchr(p->text.data, '\n', end) : NULL;
    return newline ? (size_t)(newline - p->text.data) + 1 : 0;
}

/*
 * Take from the first `whole` bytes of the text, which are lines, the event under way.
 *
 * @return 1 if it's certain, 0 if what is before the text has a part in it, or a negative code
 */
static int take_event(struct past *p, size_t whole, struct lgz_error *err)
{
    struct event event;
    struct query_source *source = p->source;
    const struct span lines = {p->text.data, whole};
    if (!select_events_of(p->selection, source))
        return 1;
    /* A line that is under way where the rules change has the new ones. */
    size_t others = p->ended ? (size_t)(p->same - p->start) : 0;
    size_t floor = line_before(p, others < p->text.len ? others : p->text.len);
    if (floor >= whole)
        return p->ended;
    int code = events_of_line(source->dialect->start, lines, floor, line_before(p, whole - 1),
                              &event, err);
    if (code == LGZ_OK && event.open)
        code = select_resume_event(p->selection, source, lines, p->start, &p->times, &event, err);
    return code != LGZ_OK ? code : event.open || !event.unknown || p->ended;
}

/*
 * Take from the first `whole` bytes of the text, which are lines, what -B may show.
 *
 * @return 1 if that is all there is to show, 0 if there is more before the text, or a negative code
 */
static int take_before(struct past *p, size_t whole, struct lgz_error *err)
{
    const struct selection *s = p->selection;
    if (s->before == 0)
        return 1;
    /* All lines in the text are whole if it begins where the lines known of ended. */
    const bool all = p->start <= p->source->skipped_from;
    const uint8_t *newline = all || !whole ? NULL : memchr(p->text.data, '\n', whole);
    size_t first = newline ? (size_t)(newline - p->text.data) + 1 : 0;
    const struct span lines = {p->text.data + first, all || newline ? whole - first : 0};
    const struct before none = {0};
    int code = select_resume_before(s, p->source, all ? &p->known : &none, lines, p->start + first,
                                    &p->times, err);
    return code != LGZ_OK ? code : all || before_count(&p->source->before) >= s->before;
}

/* Take from the text what is needed to go on. @return 1 if that is enough, 0, or a negative code */
static int take_context(struct past *p, size_t blocks, struct lgz_error *err)
{
    struct query_source *source = p->source;
    const struct buf *text = &p->text;
    size_t whole = line_before(p, text->len);
    buf_clear(&source->carry);
    buf_append(&source->carry, text->data + whole, text->len - whole);
    if (source->carry.failed)
        return error_memory(err);
    if (whole && source->doubtful &&
        select_last_stamp(p->selection, (struct span){text->data, whole}, source->read_time,
                          &source->stamp, &source->stamp_digits)) {
        source->dated = true;
        source->doubtful = false;
    }
    int certain = take_event(p, whole, err);
    if (certain == 1)
        certain = take_before(p, whole, err);
    if (certain != 1)
        return certain;
    /* Blocks left out for their text may have the stamp that counts, wherever it is. */
    return whole && (!source->doubtful || (blocks >= LOOK_BACK_BLOCKS && !source->left.known));
}

/* All blocks that were left out are in the text: the event before them may go on there. */
static int take_older_event(struct past *p, const struct pending_event *older,
                            struct lgz_error *err)
{
    struct pending_event *pending = &p->source->pending;
    struct buf joined = {0};
    buf_append(&joined, older->text.data, older->text.len);
    buf_append(&joined, p->text.data, p->text.len);
    if (joined.failed) {
        buf_free(&joined);
        return error_memory(err);
    }
    buf_swap(&p->text, &joined);
    buf_free(&joined);
    p->start -= older->text.len < p->start ? older->text.len : p->start;
    int code = take_context(p, 0, err);
    if (code >= 0 && pending->event.open && pending->event.begin == 0) {
        pending->place = older->place;
        pending->time = older->time;
        pending->time_digits = older->time_digits;
    }
    return code < 0 ? code : LGZ_OK;
}

/* The first line of what is fed next, its newline included; empty if it isn't known whole. */
static struct span first_line(const struct query_source *source, const struct prune_next *next)
{
    struct span data = next->data;
    const uint64_t known = next->offset < source->next ? source->next - next->offset : 0;
    const uint8_t *start = data.data + known;
    const uint8_t *newline =
        known < data.len ? memchr(start, '\n', data.len - (size_t)known) : NULL;
    return newline ? (struct span){start, (size_t)(newline - start) + 1} : (struct span){0};
}

/* Is nothing needed of the blocks left out? @return 1, 0 or a negative code */
static int is_apart(const struct selection *s, const struct query_source *source,
                    const struct prune_next *next, struct lgz_error *err)
{
    const struct span line = first_line(source, next);
    int64_t time;
    unsigned digits;
    size_t start, end;
    if (source->cut || s->before || line.len == 0)
        return 0;
    if (source->doubtful && !select_last_stamp(s, line, source->read_time, &time, &digits))
        return 0;
    if (!s->event_pattern || !next->dialect || !next->dialect->start)
        return 1;
    return pattern_find(next->dialect->start, (struct span){line.data, line.len - 1}, 0, &start,
                        &end, err);
}

/* Read blocks that were left out, the last ones first, until what is needed of them is known. */
static int look_back(struct past *p, const struct prune_past *from, int *enough,
                     struct lgz_error *err)
{
    struct query_source *source = p->source;
    int code = LGZ_OK;
    for (size_t n = 1; *enough == 0 && code == LGZ_OK && n <= source->skipped.len;) {
        const size_t at = source->skipped.len - n;
        struct skipped_block number = source->skipped.data[at];
        struct segment *segment;
        struct span raw;
        if (number.block == BLOCKS_PASSED) {
            const int more = from->older(from->context, source, at, err);
            code = more < 0 ? more : LGZ_OK;
            n += more == 0; /* else what was put behind it is next */
            continue;
        }
        code = from->read(from->context, number, &segment, &raw, err);
        if (code != LGZ_OK || !segment)
            break;
        n++;
        code = prepend_block(p, segment, number.block, raw, err);
        if (code == LGZ_OK)
            *enough = take_context(p, n - 1, err);
    }
    return code == LGZ_OK && *enough < 0 ? *enough : code;
}

int prune_resume(const struct selection *s, struct query_source *source,
                 const struct prune_next *next, const struct prune_past *from,
                 struct lgz_error *err)
{
    struct past past = {.selection = s,
                        .source = source,
                        .dialect = next->dialect,
                        .start = source->next,
                        .same = source->next};
    struct pending_event older = source->pending; /* the event under way before the blocks */
    int enough = is_apart(s, source, next, err);
    if (enough == 1)
        buf_clear(&source->carry);
    older.text = (struct buf){0};
    if (source->dialect == next->dialect)
        buf_swap(&older.text, &source->pending.text);
    select_drop_event(source);
    past.known = source->before;
    source->before = (struct before){0};
    source->dialect = next->dialect;
    int code = look_back(&past, from, &enough, err);
    if (code == LGZ_OK && enough == 0 && !past.ended && older.text.len)
        code = take_older_event(&past, &older, err);
    source->skipped.len = 0;
    source->doubtful = false;
    source->left.known = false;
    buf_free(&older.text);
    buf_free(&past.text);
    before_free(&past.known);
    vec_free(&past.times.list);
    return code;
}
