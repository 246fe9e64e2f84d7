/*
 * merge_plan.c - walks over the segments in the order of their journals, and puts together what
 * follows each other. The parts that one segment was split into are never taken apart.
 */
#include "archive/merge_plan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/floor.h"
#include "segment/reader.h"

enum {
    DAY_SECONDS = 86400,
    EXTENTS_MAX = 2 << 20, /* of a unit: each takes memory while it's merged */
};

/* A group: the parts of one segment, or a whole one, as a unit. */
static struct merge_unit group_at(const struct merge_plan *plan, size_t from)
{
    const struct listed_segment *list = plan->found.segments.data;
    struct merge_unit group = {from, from + 1};
    while (group.to < plan->found.segments.len &&
           list[group.to].name.first == list[from].name.first &&
           list[group.to].name.last == list[from].name.last &&
           list[group.to].name.import == list[from].name.import)
        group.to++;
    return group;
}

/* The day or week of a time, as a number. */
static int64_t period_of(const struct upkeep *u, int64_t time)
{
    const int64_t day = floor_div(time, DAY_SECONDS * NS_PER_SECOND);
    /* 1970 began on a Thursday, weeks begin on Mondays. */
    return u->config->merge == CONFIG_MERGE_WEEK ? floor_div(day + 3, 7) : day;
}

static int64_t time_of(const struct merge_plan *plan, struct merge_unit unit)
{
    const struct listed_segment *list = plan->found.segments.data;
    int64_t time = list[unit.from].name.time;
    for (size_t i = unit.from; i < unit.to; i++)
        time = list[i].name.time < time ? list[i].name.time : time;
    return time;
}

struct merge_fact merge_plan_sum(const struct merge_plan *plan, struct merge_unit unit)
{
    struct merge_fact sum = {.best = true, .usable = true};
    for (size_t i = unit.from; i < unit.to; i++) {
        const struct merge_fact *fact = &plan->facts[i];
        sum.raw_bytes += fact->raw_bytes;
        sum.file_bytes += fact->file_bytes;
        sum.extents += fact->extents;
        sum.classes = fact->classes > sum.classes ? fact->classes : sum.classes;
        sum.best &= fact->best;
        sum.usable &= fact->usable;
    }
    return sum;
}

/*
 * Can the group be merged at all? Not as long as a part of it is set aside: what is salvaged of
 * that may come back under its name, and would be superseded.
 */
static bool is_ready(const struct merge_plan *plan, const struct upkeep *u, struct merge_unit group)
{
    const struct segment_name *name = &plan->found.segments.data[group.from].name;
    return name->first != 0 && !listing_has_damaged(&plan->found, name->first, name->last) &&
           merge_plan_sum(plan, group).usable &&
           period_of(u, time_of(plan, group)) < period_of(u, u->now);
}

/* The unit that is being put together. */
struct open_unit {
    struct merge_unit unit;
    int64_t period;
    uint64_t raw_bytes;
    size_t extents;
};

/*
 * May the group be added to the unit? The merged segment will stand for all journals from its first
 * to its last: none of them may be anywhere else.
 */
static bool is_joined(const struct merge_plan *plan, const struct upkeep *u,
                      const struct open_unit *open, struct merge_unit group)
{
    if (open->unit.from == open->unit.to || open->unit.to != group.from)
        return false;
    const struct segment_name *before = &plan->found.segments.data[group.from - 1].name;
    const struct segment_name *next = &plan->found.segments.data[group.from].name;
    const struct merge_fact sum = merge_plan_sum(plan, group);
    uint64_t raw_bytes;
    if (next->first <= before->last || open->period != period_of(u, time_of(plan, group)) ||
        __builtin_add_overflow(open->raw_bytes, sum.raw_bytes, &raw_bytes) ||
        raw_bytes > u->config->merge_size || open->extents + sum.extents > EXTENTS_MAX)
        return false;
    return next->first == before->last + 1 ||
           !listing_has_loose(&plan->found, before->last + 1, next->first - 1);
}

/* Add the group to the unit, which may be empty. */
static void join(const struct merge_plan *plan, const struct upkeep *u, struct open_unit *open,
                 struct merge_unit group)
{
    const struct merge_fact sum = merge_plan_sum(plan, group);
    if (open->unit.from == open->unit.to)
        *open = (struct open_unit){.unit = group, .period = period_of(u, time_of(plan, group))};
    open->unit.to = group.to;
    open->raw_bytes += sum.raw_bytes;
    open->extents += sum.extents;
}

/* Is there something to be gained? A part is always made by a merge. */
static bool is_worthwhile(const struct merge_plan *plan, struct merge_unit unit)
{
    const struct merge_unit group = group_at(plan, unit.from);
    const struct merge_fact sum = merge_plan_sum(plan, unit);
    if (group.to < unit.to)
        return true;
    return plan->found.segments.data[unit.from].name.parts == 1 && (!sum.best || sum.classes > 1);
}

/* The unit is all that it will be. */
static int end_unit(struct merge_plan *plan, struct open_unit *open, struct lgz_error *err)
{
    const struct merge_unit unit = open->unit;
    *open = (struct open_unit){0};
    if (unit.from == unit.to || !is_worthwhile(plan, unit) || vec_push(&plan->units, unit))
        return LGZ_OK;
    return error_memory(err);
}

/* Cut the segments `from` to `to` into units. */
static int plan_range(struct merge_plan *plan, const struct upkeep *u, size_t from, size_t to,
                      struct lgz_error *err)
{
    struct open_unit open = {0};
    int code = LGZ_OK;
    for (size_t i = from; code == LGZ_OK && i < to;) {
        const struct merge_unit group = group_at(plan, i);
        const bool ready = is_ready(plan, u, group);
        if (!ready || !is_joined(plan, u, &open, group))
            code = end_unit(plan, &open, err);
        if (ready)
            join(plan, u, &open, group);
        i = group.to;
    }
    return code == LGZ_OK ? end_unit(plan, &open, err) : code;
}

static void note_footer(struct merge_fact *fact, const struct segment *s,
                        const struct segment_name *name, const struct retention_classes *classes,
                        bool *has)
{
    const struct segment_info *info = segment_info(s);
    fact->raw_bytes = info->raw_bytes;
    fact->file_bytes = info->file_bytes;
    fact->best = info->level == LGZ_LEVEL_BEST;
    fact->usable = info->first_journal == name->first && info->last_journal == name->last;
    for (size_t i = 0; i < segment_block_count(s); i++)
        fact->extents += segment_block(s, i)->extent_count;
    for (size_t i = 0; i < retention_class_count(classes); i++)
        has[i] = false;
    fact->classes = retention_classes_in(classes, s, has);
}

/* @param has  room for an item for each class */
static int read_footer(struct merge_plan *plan, const struct upkeep *u, size_t index,
                       const struct retention_classes *classes, bool *has, struct lgz_error *err)
{
    const struct listed_segment *listed = &plan->found.segments.data[index];
    struct segment *s;
    struct lgz_error reason = {0};
    int code = segment_open(&s, listed->path, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK) {
        if (code != LGZ_ERR_VERSION)
            upkeep_tell(u, UPKEEP_PROBLEM, "%s; it is not merged", reason.message);
        return LGZ_OK;
    }
    note_footer(&plan->facts[index], s, &listed->name, classes, has);
    segment_close(s);
    return LGZ_OK;
}

int merge_plan_make(struct merge_plan *plan, const struct upkeep *u,
                    const struct retention_classes *classes, struct lgz_error *err)
{
    *plan = (struct merge_plan){0};
    int code = listing_open(&plan->found, u->config->directory, err);
    const size_t count = plan->found.segments.len;
    bool *has = calloc(retention_class_count(classes), sizeof(*has));
    plan->facts = calloc(count + 1, sizeof(*plan->facts));
    if (code == LGZ_OK && (!has || !plan->facts))
        code = error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < count; i++)
        if (plan->found.segments.data[i].name.first)
            code = read_footer(plan, u, i, classes, has, err);
    if (code == LGZ_OK)
        code = plan_range(plan, u, 0, count, err);
    free(has);
    return code;
}

int merge_plan_around(struct merge_plan *plan, const struct upkeep *u, struct merge_unit unit,
                      size_t damaged, struct lgz_error *err)
{
    plan->facts[damaged].usable = false;
    return plan_range(plan, u, unit.from, unit.to, err);
}

void merge_plan_clear(struct merge_plan *plan)
{
    listing_clear(&plan->found);
    free(plan->facts);
    vec_free(&plan->units);
    *plan = (struct merge_plan){0};
}
