/*
 * expire.c - goes through the segments from the oldest on, once, and decides of each.
 */
#include "archive/expire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/holdings.h"
#include "archive/keep.h"
#include "archive/tidy.h"
#include "base/file.h"
#include "base/lower_bound.h"

/* What the segments that weren't decided of yet and those that stay have of a class. */
struct class_state {
    uint64_t bytes;
    bool stays; /* it wants a segment to stay: those behind it stay, too, or there were a hole */
};

struct expiry {
    const struct upkeep *upkeep;
    struct retention_classes *classes;
    struct class_state *states; /* of each class */
    struct holdings holdings;
    struct keep_rules rules;
    VEC(uint64_t) sources; /* ids, of the segment at hand */
    VEC(uint64_t) held; /* ids of sources in segments that stay only for other classes, in order */
    uint64_t wanted;    /* so much more is to be free */
    struct expire_result *result;
};

/* Why a segment goes. */
enum reason { STAYS, OF_AGE, OF_INPUT_SIZE, OF_SIZE, OF_FREE_SPACE };

static const char *const reason_texts[] = {
    [OF_AGE] = "age",
    [OF_INPUT_SIZE] = "size of its input",
    [OF_SIZE] = "size",
    [OF_FREE_SPACE] = "free space",
};

static bool is_older(int64_t time, int64_t age, int64_t now)
{
    int64_t limit;
    return age && !__builtin_sub_overflow(now, age, &limit) && time < limit;
}

/* Would a class let the segment go? */
static enum reason ask_class(const struct expiry *e, const struct holding *holding, size_t number)
{
    const struct retention_class *class = retention_class(e->classes, number);
    if (e->states[number].stays)
        return STAYS;
    if (is_older(holding->newest, class->max_age, e->upkeep->now))
        return OF_AGE;
    return class->max_size && e->states[number].bytes > class->max_size ? OF_INPUT_SIZE : STAYS;
}

/* Would all of its classes let it go? */
static enum reason ask_classes(const struct expiry *e, const struct holding *holding)
{
    enum reason reason = holding->share_count ? OF_AGE : STAYS;
    for (size_t i = 0; i < holding->share_count && reason != STAYS; i++) {
        const enum reason one = ask_class(e, holding, holding->shares[i].class);
        reason = one == OF_AGE ? reason : one;
    }
    return reason;
}

static enum reason decide(const struct expiry *e, const struct holding *holding)
{
    const uint64_t max_size = e->upkeep->config->max_size;
    if (holding->problem)
        return STAYS;
    if (max_size && e->result->left_bytes > max_size)
        return OF_SIZE;
    if (e->wanted)
        return OF_FREE_SPACE;
    return ask_classes(e, holding);
}

/*
 * The rule that keeps it; or NULL.
 *
 * @param problem  its code is set if the segment can't be opened (any more), or isn't what the
 * catalog says: nobody knows whether it may go
 */
static const struct keep_rule *find_rule(const struct expiry *e, const struct holding *holding,
                                         struct lgz_error *problem)
{
    struct segment *segment;
    const struct keep_rule *rule = NULL;
    if (!e->rules.list.len && !holding->cataloged)
        return NULL;
    if (segment_open(&segment, holding->path, problem) != LGZ_OK)
        return NULL;
    if (holding->cataloged && segment_checksum(segment) != holding->checksum)
        error_set(problem, LGZ_ERR_CORRUPT, "%s: the catalog has another footer", holding->path);
    else
        rule = keep_find(&e->rules, segment, &holding->name);
    segment_close(segment);
    return rule;
}

static int remove_segment(struct expiry *e, const struct holding *holding, enum reason reason,
                          struct lgz_error *err)
{
    const struct upkeep *u = e->upkeep;
    if (!u->dry_run && unlink(holding->path) != 0 && errno != ENOENT)
        return error_io(err, "%s: cannot remove", holding->path);
    for (size_t i = 0; i < holding->share_count; i++)
        e->states[holding->shares[i].class].bytes -= holding->shares[i].bytes;
    e->wanted -= e->wanted < holding->disk ? e->wanted : holding->disk;
    e->result->count++;
    e->result->bytes += holding->bytes;
    e->result->left--;
    e->result->left_bytes -= holding->bytes;
    upkeep_tell(u, UPKEEP_ACTION, "%s %s (%s)", u->dry_run ? "would expire" : "expired",
                holding->path, reason_texts[reason]);
    return LGZ_OK;
}

static void tell_problem(const struct expiry *e, const char *problem)
{
    upkeep_tell(e->upkeep, UPKEEP_PROBLEM, "%s; it doesn't expire", problem);
}

static bool is_held_source(const struct expiry *e, uint64_t id)
{
    const size_t at = lower_bound_plain(&e->held, id);
    return at < e->held.len && e->held.data[at] == id;
}

/* Whose bytes are in a segment: `e->sources`. */
static int list_sources(struct expiry *e, const struct holding *holding, struct lgz_error *err)
{
    const struct catalog *catalog = e->holdings.known.catalog;
    struct segment *segment = NULL;
    size_t source;
    bool added = true;
    e->sources.len = 0;
    if (holding->set != CATALOG_ANY) {
        struct catalog_walk walk = catalog_set_begin(catalog, holding->set);
        while (added && catalog_set_next(&walk, &source))
            added = vec_push(&e->sources, catalog_source(catalog, source).id);
        return added ? LGZ_OK : error_memory(err);
    }
    int code = segment_open(&segment, holding->path, err);
    for (size_t i = 0; code == LGZ_OK && added && i < segment_source_count(segment); i++)
        added = vec_push(&e->sources, segment_source(segment, i)->id);
    segment_close(segment);
    return added ? code : error_memory(err);
}

/* Hold what is younger of a segment's sources. */
static int hold_sources(struct expiry *e, const struct holding *holding, struct lgz_error *err)
{
    int code = list_sources(e, holding, err);
    for (size_t i = 0; code == LGZ_OK && i < e->sources.len; i++) {
        const uint64_t id = e->sources.data[i];
        const size_t at = lower_bound_plain(&e->held, id);
        if (!is_held_source(e, id) && !vec_insert(&e->held, at, id))
            code = error_memory(err);
    }
    return code;
}

/* Has the segment a source that is held? One that can't be opened is told of later. */
static int is_held(struct expiry *e, const struct holding *holding, bool *held,
                   struct lgz_error *err)
{
    struct lgz_error problem = {0};
    if (!e->held.len)
        return LGZ_OK;
    int code = list_sources(e, holding, &problem);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < e->sources.len && !*held; i++)
        *held = is_held_source(e, e->sources.data[i]);
    return LGZ_OK;
}

/*
 * A segment stays. Of the classes that want it, all that is younger stays as well. Of those that
 * would let it go, only what is of the same sources, or these had a hole.
 */
static int stay(struct expiry *e, const struct holding *holding, struct lgz_error *err)
{
    bool hold = false;
    for (size_t i = 0; i < holding->share_count; i++) {
        const size_t class = holding->shares[i].class;
        const bool wanted = ask_class(e, holding, class) == STAYS;
        e->states[class].stays |= wanted;
        hold |= !wanted;
    }
    return hold ? hold_sources(e, holding, err) : LGZ_OK;
}

static int visit(struct expiry *e, const struct holding *holding, struct lgz_error *err)
{
    const enum reason reason = decide(e, holding);
    struct lgz_error problem = {0};
    bool held = false;
    if (holding->problem)
        tell_problem(e, holding->problem);
    if (reason == STAYS)
        return stay(e, holding, err);
    int code = is_held(e, holding, &held, err);
    if (code != LGZ_OK || held)
        return code == LGZ_OK ? hold_sources(e, holding, err) : code;
    const struct keep_rule *rule = find_rule(e, holding, &problem);
    if (problem.code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (problem.code != LGZ_OK)
        tell_problem(e, problem.message);
    else if (!rule)
        return remove_segment(e, holding, reason, err);
    if (rule && e->upkeep->dry_run)
        upkeep_tell(e->upkeep, UPKEEP_ACTION, "would expire %s (%s), but rule %" PRIu64 " keeps it",
                    holding->path, reason_texts[reason], rule->id);
    e->result->kept += rule != NULL;
    e->result->kept_bytes += rule ? holding->bytes : 0;
    return LGZ_OK;
}

/* Limits that are there to save a disk, and couldn't be met. */
static void tell_shortage(const struct expiry *e)
{
    const struct config *config = e->upkeep->config;
    const struct expire_result *result = e->result;
    struct buf why = {0};
    if (result->unfinished)
        return;
    if (result->kept)
        buf_printf(&why, "rules keep %zu segments", result->kept);
    else
        buf_printf(&why, "no segment is left that may go");
    const int len = (int)why.len;
    if (config->max_size && result->left_bytes > config->max_size)
        upkeep_tell(e->upkeep, UPKEEP_PROBLEM,
                    "%s: the segments have %" PRIu64 " bytes more than max_size: %.*s",
                    config->directory, result->left_bytes - config->max_size, len,
                    (const char *)why.data);
    if (e->wanted)
        upkeep_tell(e->upkeep, UPKEEP_PROBLEM,
                    "%s: %" PRIu64 " bytes less are free than keep_free: %.*s", config->directory,
                    e->wanted, len, (const char *)why.data);
    buf_free(&why);
}

static int visit_all(struct expiry *e, struct lgz_error *err)
{
    int code = LGZ_OK;
    const struct holdings *h = &e->holdings;
    for (size_t i = 0; i < h->list.len && code == LGZ_OK; i++) {
        if (upkeep_is_over(e->upkeep)) {
            e->result->unfinished = true;
            break;
        }
        code = visit(e, &h->list.data[i], err);
    }
    if (e->result->count && !e->upkeep->dry_run) {
        int synced = file_sync_parent(h->list.data[0].path, code == LGZ_OK ? err : NULL);
        code = code == LGZ_OK ? synced : code;
    }
    if (code == LGZ_OK)
        tell_shortage(e);
    return code;
}

/* Sum up what there is, and what is wanted. */
static int begin(struct expiry *e, struct lgz_error *err)
{
    const struct config *config = e->upkeep->config;
    uint64_t available;
    int code = retention_classes_new(&e->classes, config, err);
    if (code == LGZ_OK)
        code = holdings_open(&e->holdings, config->directory, e->classes, err);
    if (code != LGZ_OK)
        return code;
    e->states = calloc(retention_class_count(e->classes), sizeof(*e->states));
    if (!e->states)
        return error_memory(err);
    for (size_t i = 0; i < e->holdings.list.len; i++) {
        const struct holding *holding = &e->holdings.list.data[i];
        e->result->left++;
        e->result->left_bytes += holding->bytes;
        for (size_t k = 0; k < holding->share_count; k++)
            e->states[holding->shares[k].class].bytes += holding->shares[k].bytes;
    }
    if (!config->keep_free)
        return LGZ_OK;
    code = file_free_bytes(config->directory, &available, err);
    e->wanted = config->keep_free > available ? config->keep_free - available : 0;
    return code;
}

int expire_run(const struct upkeep *upkeep, struct expire_result *result, struct lgz_error *err)
{
    struct expiry e = {.upkeep = upkeep, .result = result};
    const char *directory = upkeep->config->directory;
    int lock = -1;
    *result = (struct expire_result){0};
    int code = upkeep->dry_run ? LGZ_OK : archive_tidy(directory, err);
    if (code == LGZ_OK)
        code = begin(&e, err);
    if (code == LGZ_OK && !upkeep->dry_run) {
        lock = keep_lock(directory, err);
        code = lock < 0 ? lock : LGZ_OK;
    }
    if (code == LGZ_OK)
        code = keep_load(&e.rules, directory, err);
    if (code == LGZ_OK)
        code = visit_all(&e, err);
    if (lock >= 0)
        close(lock);
    keep_clear(&e.rules);
    vec_free(&e.sources);
    vec_free(&e.held);
    holdings_clear(&e.holdings);
    retention_classes_free(e.classes);
    free(e.states);
    return code;
}
