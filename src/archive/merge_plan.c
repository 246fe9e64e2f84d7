/*
 * merge_plan.c - walks over the segments in the order of their journals, and puts together what
 * follows each other. The parts that one segment was split into are never taken apart.
 */
#include "archive/merge_plan.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "archive/class_catalog.h"
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
        sum.several |= fact->several;
        sum.best &= fact->best;
        sum.usable &= fact->usable;
        sum.cataloged |= fact->cataloged;
    }
    return sum;
}

/*
 * Can the group be merged at all? Not as long as a part of it is set aside: what is salvaged of
 * that may come back under its name, and would be superseded.
 */
static bool is_ready(const struct merge_plan *plan, struct merge_unit group)
{
    const struct segment_name *name = &plan->found.segments.data[group.from].name;
    return name->first != 0 && !listing_has_damaged(&plan->found, name->first, name->last) &&
           merge_plan_sum(plan, group).usable &&
           period_of(plan->upkeep, time_of(plan, group)) <
               period_of(plan->upkeep, plan->upkeep->now);
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
static bool is_joined(const struct merge_plan *plan, const struct open_unit *open,
                      struct merge_unit group)
{
    if (open->unit.from == open->unit.to || open->unit.to != group.from)
        return false;
    const struct segment_name *before = &plan->found.segments.data[group.from - 1].name;
    const struct segment_name *next = &plan->found.segments.data[group.from].name;
    const struct merge_fact sum = merge_plan_sum(plan, group);
    uint64_t raw_bytes;
    if (next->first <= before->last ||
        open->period != period_of(plan->upkeep, time_of(plan, group)) ||
        __builtin_add_overflow(open->raw_bytes, sum.raw_bytes, &raw_bytes) ||
        raw_bytes > plan->upkeep->config->merge_size || open->extents + sum.extents > EXTENTS_MAX)
        return false;
    return next->first == before->last + 1 ||
           !listing_has_loose(&plan->found, before->last + 1, next->first - 1);
}

/* Add the group to the unit, which may be empty. */
static void join(const struct merge_plan *plan, struct open_unit *open, struct merge_unit group)
{
    const struct merge_fact sum = merge_plan_sum(plan, group);
    if (open->unit.from == open->unit.to)
        *open = (struct open_unit){.unit = group,
                                   .period = period_of(plan->upkeep, time_of(plan, group))};
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
    return plan->found.segments.data[unit.from].name.parts == 1 && (!sum.best || sum.several);
}

static void note_footer(struct merge_fact *fact, const struct segment *s,
                        const struct segment_name *name, const struct retention_classes *classes)
{
    const struct segment_info *info = segment_info(s);
    fact->raw_bytes = info->raw_bytes;
    fact->file_bytes = info->file_bytes;
    fact->best = info->level == LGZ_LEVEL_BEST;
    fact->usable = info->first_journal == name->first && info->last_journal == name->last;
    fact->several = retention_classes_several(classes, s);
    for (size_t i = 0; i < segment_block_count(s); i++)
        fact->extents += segment_block(s, i)->extent_count;
}

static int read_footer(struct merge_plan *plan, size_t index, struct lgz_error *err)
{
    const struct listed_segment *listed = &plan->found.segments.data[index];
    struct segment *s;
    struct lgz_error reason = {0};
    plan->facts[index] = (struct merge_fact){0};
    int code = segment_open(&s, listed->path, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK) {
        if (code != LGZ_ERR_VERSION)
            upkeep_tell(plan->upkeep, UPKEEP_PROBLEM, "%s; it is not merged", reason.message);
        return LGZ_OK;
    }
    note_footer(&plan->facts[index], s, &listed->name, plan->classes);
    segment_close(s);
    return LGZ_OK;
}

static int plan_range(struct merge_plan *plan, size_t from, size_t to, struct lgz_error *err);

/*
 * The unit is all that it will be. If that is by the catalog alone, footers have the last word: it
 * is put together once more, after they were read.
 */
static int end_unit(struct merge_plan *plan, struct open_unit *open, struct lgz_error *err)
{
    const struct merge_unit unit = open->unit;
    int code = LGZ_OK;
    *open = (struct open_unit){0};
    if (unit.from == unit.to || !is_worthwhile(plan, unit))
        return LGZ_OK;
    if (!merge_plan_sum(plan, unit).cataloged)
        return vec_push(&plan->units, unit) ? LGZ_OK : error_memory(err);
    for (size_t i = unit.from; code == LGZ_OK && i < unit.to; i++)
        if (plan->facts[i].cataloged)
            code = read_footer(plan, i, err);
    return code == LGZ_OK ? plan_range(plan, unit.from, unit.to, err) : code;
}

/* Cut the segments `from` to `to` into units. */
static int plan_range(struct merge_plan *plan, size_t from, size_t to, struct lgz_error *err)
{
    struct open_unit open = {0};
    int code = LGZ_OK;
    for (size_t i = from; code == LGZ_OK && i < to;) {
        const struct merge_unit group = group_at(plan, i);
        const bool ready = is_ready(plan, group);
        if (!ready || !is_joined(plan, &open, group))
            code = end_unit(plan, &open, err);
        if (ready)
            join(plan, &open, group);
        i = group.to;
    }
    return code == LGZ_OK ? end_unit(plan, &open, err) : code;
}

/* What does the catalog say? @return false if it doesn't know the segment */
static bool ask_catalog(struct merge_plan *plan, struct class_catalog *known, size_t index)
{
    const struct listed_segment *listed = &plan->found.segments.data[index];
    struct catalog_entry entry;
    struct stat st;
    size_t class;
    if (!known->catalog || stat(listed->path, &st) != 0 ||
        !class_catalog_find(known, &listed->name, &st, &entry, &class))
        return false;
    plan->facts[index] =
        (struct merge_fact){.raw_bytes = entry.info.raw_bytes,
                            .file_bytes = entry.info.file_bytes,
                            .several = class == RETENTION_CLASS_SEVERAL,
                            .best = entry.info.level == LGZ_LEVEL_BEST,
                            .usable = entry.info.first_journal == listed->name.first &&
                                      entry.info.last_journal == listed->name.last,
                            .cataloged = true};
    return true;
}

static int find_facts(struct merge_plan *plan, struct lgz_error *err)
{
    struct class_catalog known;
    int code = class_catalog_open(&known, plan->upkeep->config->directory, plan->classes, err);
    for (size_t i = 0; code == LGZ_OK && i < plan->found.segments.len; i++)
        if (plan->found.segments.data[i].name.first && !ask_catalog(plan, &known, i))
            code = read_footer(plan, i, err);
    class_catalog_close(&known);
    return code;
}

int merge_plan_make(struct merge_plan *plan, const struct upkeep *u,
                    const struct retention_classes *classes, struct lgz_error *err)
{
    *plan = (struct merge_plan){.upkeep = u, .classes = classes};
    int code = listing_open(&plan->found, u->config->directory, err);
    if (code != LGZ_OK)
        return code;
    plan->facts = calloc(plan->found.segments.len + 1, sizeof(*plan->facts));
    code = plan->facts ? find_facts(plan, err) : error_memory(err);
    return code == LGZ_OK ? plan_range(plan, 0, plan->found.segments.len, err) : code;
}

int merge_plan_around(struct merge_plan *plan, struct merge_unit unit, size_t damaged,
                      struct lgz_error *err)
{
    plan->facts[damaged].usable = false;
    return plan_range(plan, unit.from, unit.to, err);
}

void merge_plan_clear(struct merge_plan *plan)
{
    listing_clear(&plan->found);
    free(plan->facts);
    vec_free(&plan->units);
    *plan = (struct merge_plan){0};
}
