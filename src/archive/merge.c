/*
 * merge.c - one unit after the other, oldest first, as far as time and room go.
 */
#include "archive/merge.h"

#include <inttypes.h>

#include "archive/merge_plan.h"
#include "archive/merge_unit.h"
#include "base/file.h"

struct merging {
    const struct upkeep *u;
    struct retention_classes *classes;
    struct merge_plan plan;
    struct merge_result *result;
    struct lgz_error *err;
};

/* Is there room for a copy of the unit? The merged segment will be smaller than that. */
static bool has_room(struct merging *m, const char *first, uint64_t bytes)
{
    const struct config *config = m->u->config;
    uint64_t available;
    file_free_bytes(config->directory, &available, NULL); /* where it can't be told, writing will */
    if (available >= config->min_free && available - config->min_free >= bytes)
        return true;
    upkeep_tell(m->u, UPKEEP_PROBLEM,
                "%s and those behind it are not merged: that needs %" PRIu64
                " bytes beside min_free, and %" PRIu64 " are free",
                first, bytes, available);
    return false;
}

static const char *path_of(const struct merging *m, size_t index)
{
    return m->plan.found.segments.data[index].path;
}

static void note_done(struct merging *m, struct merge_unit unit, const struct merge_done *done)
{
    const size_t count = unit.to - unit.from;
    const uint64_t before = merge_plan_sum(&m->plan, unit).file_bytes;
    m->result->units++;
    m->result->sources += count;
    m->result->segments += done->segments;
    m->result->raw_bytes += done->raw_bytes;
    m->result->bytes_before += before;
    m->result->bytes_after += done->bytes_after;
}

static void tell_plan(struct merging *m, struct merge_unit unit)
{
    const struct merge_fact sum = merge_plan_sum(&m->plan, unit);
    const size_t count = unit.to - unit.from;
    const struct merge_done nothing = {.raw_bytes = sum.raw_bytes};
    if (count == 1)
        upkeep_tell(m->u, UPKEEP_ACTION, "would write %s anew", path_of(m, unit.from));
    else
        upkeep_tell(m->u, UPKEEP_ACTION, "would merge %zu segments, from %s to %s", count,
                    path_of(m, unit.from), file_name(path_of(m, unit.to - 1)));
    note_done(m, unit, &nothing);
}

/* One unit. What is wrong with it doesn't keep the others from being merged. */
static int merge_one(struct merging *m, struct merge_unit unit)
{
    const struct listed_segment *sources = m->plan.found.segments.data + unit.from;
    struct merge_done done;
    if (!has_room(m, sources[0].path, merge_plan_sum(&m->plan, unit).file_bytes)) {
        m->result->left++;
        return LGZ_OK;
    }
    /* The first one may take longer than there is time, or there were no end to it, ever. */
    int code = merge_unit(m->u, m->result->units == 0, m->classes, sources, unit.to - unit.from,
                          &done, m->err);
    m->result->unfinished = done.outcome == MERGE_GIVEN_UP;
    if (code != LGZ_OK || m->result->unfinished)
        return code;
    if (done.outcome == MERGE_DONE) {
        note_done(m, unit, &done);
        return LGZ_OK;
    }
    m->result->left++;
    if (done.outcome == MERGE_DECLINED) {
        upkeep_tell(m->u, UPKEEP_PROBLEM, "%s and those behind it are not merged: %s",
                    sources[0].path, done.reason.message);
        return LGZ_OK;
    }
    upkeep_tell(m->u, UPKEEP_PROBLEM, "%s; it is not merged", done.reason.message);
    return merge_plan_around(&m->plan, unit, unit.from + done.damaged, m->err);
}

int merge_run(const struct upkeep *u, struct merge_result *result, struct lgz_error *err)
{
    struct merging m = {.u = u, .result = result, .err = err};
    *result = (struct merge_result){0};
    if (u->config->merge == CONFIG_MERGE_NONE)
        return LGZ_OK;
    int code = retention_classes_new(&m.classes, u->config, err);
    if (code == LGZ_OK)
        code = merge_plan_make(&m.plan, u, m.classes, err);
    /* Units may come to the end of the list meanwhile: what is around a damaged segment. */
    for (size_t i = 0; code == LGZ_OK && !result->unfinished && i < m.plan.units.len; i++) {
        const struct merge_unit unit = m.plan.units.data[i];
        if (upkeep_is_over(u))
            result->unfinished = true;
        else if (u->dry_run)
            tell_plan(&m, unit);
        else
            code = merge_one(&m, unit);
    }
    merge_plan_clear(&m.plan);
    retention_classes_free(m.classes);
    return code;
}
