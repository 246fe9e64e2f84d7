/*
 * shortlist.c - sets of sources are few, and segments next to each other mostly have the same: what
 * was found for one is kept for those that follow.
 */
#include "query/shortlist.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

/* Clocks are set back and forth by so much at most: between the stamps of a block, which have no
   zone, and their instants, the order may change within it. */
#define CLOCK_CHANGE (2 * 3600 * NS_PER_SECOND)

#define NO_SET CATALOG_ANY

/* A segment that was passed over for its time. */
struct passed {
    size_t index;
    uint32_t set;
};

/* What is known of a set of sources. */
struct set_state {
    enum {
        SET_UNKNOWN,
        SET_NAMED,
        SET_OTHER
    } filter;         /* has it any source that the filter takes? */
    uint32_t visited; /* in this round of looking for sources */
};

struct shortlist {
    const struct selection *selection;
    const struct sources_filter *filter;
    bool doubtful;
    struct catalog *catalog; /* NULL: none */
    struct lgz_error fault;
    struct set_state *sets;
    size_t next; /* where the next entry is expected */
    int directory;
    uint32_t met; /* the set whose sources were met last */
    bool decided; /* of a segment with that set and side, nothing was opened since: */
    int side;
    enum shortlist_verdict verdict;
    VEC(struct passed) passed; /* by index */
    uint32_t round;
};

int shortlist_new(struct shortlist **out, const char *directory, const struct selection *selection,
                  const struct sources_filter *filter, bool doubtful, struct lgz_error *err)
{
    struct shortlist *l = calloc(1, sizeof(*l));
    *out = NULL;
    if (!l)
        return error_memory(err);
    l->selection = selection;
    l->filter = filter;
    l->doubtful = doubtful;
    l->met = NO_SET;
    l->round = 1;
    l->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int code = LGZ_OK;
    if (catalog_open(&l->catalog, directory, &l->fault) == LGZ_OK) {
        l->sets = calloc(catalog_set_count(l->catalog) + 1, sizeof(*l->sets));
        code = l->sets ? LGZ_OK : error_memory(err);
    } else if (l->fault.code == LGZ_ERR_MEMORY) {
        code = error_memory(err);
    }
    if (code == LGZ_OK)
        *out = l;
    else
        shortlist_free(l);
    return code;
}

void shortlist_free(struct shortlist *l)
{
    if (!l)
        return;
    if (l->directory >= 0)
        close(l->directory);
    catalog_close(l->catalog);
    vec_free(&l->passed);
    free(l->sets);
    free(l);
}

const struct lgz_error *shortlist_fault(const struct shortlist *l)
{
    return &l->fault;
}

const struct catalog *shortlist_catalog(const struct shortlist *l)
{
    return l->catalog;
}

/* --- what the catalog alone tells --- */

/* On which side of the range is it? 0: within */
static int side_of(const struct selection *s, int64_t time)
{
    return time < s->since ? -1 : time > s->until ? 1 : 0;
}

static int64_t earlier(int64_t time)
{
    return time < INT64_MIN + CLOCK_CHANGE ? INT64_MIN : time - CLOCK_CHANGE;
}

static int64_t later(int64_t time)
{
    return time > INT64_MAX - CLOCK_CHANGE ? INT64_MAX : time + CLOCK_CHANGE;
}

/* On which side of the range are all blocks of the segment, whatever is in force before them? 0:
   some may be within */
static int side_of_entry(const struct selection *s, const struct catalog_entry *e)
{
    const bool known = e->clocks & CLOCKS_KNOWN;
    const bool local = !known || (e->clocks & CLOCKS_LOCAL);
    if (!select_limited(s) || !e->stamped || e->blocks == 0)
        return 0;
    int64_t first = e->info.time_min, last = e->info.time_max;
    if (local) {
        const int64_t local_first = earlier(zone_instant(s->zone, first));
        const int64_t local_last = later(zone_instant(s->zone, last));
        first = local_first < first ? local_first : first;
        last = local_last > last ? local_last : last;
    }
    const int side = side_of(s, first);
    if (side_of(s, last) != side || side_of(s, e->read_min) == 0 || side_of(s, e->read_max) == 0 ||
        side_of(s, e->read_min) != side_of(s, e->read_max))
        return 0;
    return side;
}

/* May segments be passed over for their time? Lines that are shown with others, and numbers, need
   the blocks' index. */
static bool may_pass_time(const struct selection *s)
{
    return !s->before && !s->numbered;
}

/* Does the filter take any source of the set? */
static bool is_named(struct shortlist *l, uint32_t set)
{
    struct set_state *state = &l->sets[set];
    size_t source;
    if (state->filter != SET_UNKNOWN)
        return state->filter == SET_NAMED;
    state->filter = SET_OTHER;
    struct catalog_walk walk = catalog_set_begin(l->catalog, set);
    while (state->filter == SET_OTHER && catalog_set_next(&walk, &source)) {
        const struct catalog_source s = catalog_source(l->catalog, source);
        if (*s.name == '\0' || sources_wanted(l->filter, s.name, s.input))
            state->filter = SET_NAMED;
    }
    return state->filter == SET_NAMED;
}

static bool is_needed(struct shortlist *l, const struct catalog_entry *entry)
{
    if (entry->set == CATALOG_ANY)
        return true;
    if (!is_named(l, entry->set))
        return false;
    const int side = may_pass_time(l->selection) ? side_of_entry(l->selection, entry) : 0;
    return side == 0 || (side > 0 && l->doubtful);
}

bool shortlist_needs(void *context, struct archive_segment *segment)
{
    struct shortlist *l = context;
    struct catalog_entry entry;
    struct stat st;
    const char *name = file_name(segment->path);
    segment->mark = 0;
    if (!l->catalog || fstatat(l->directory, name, &st, 0) != 0 ||
        !catalog_find(l->catalog, name, &st, &l->next, &entry))
        return true;
    segment->mark = l->next; /* the entry's index, plus 1 */
    return is_needed(l, &entry);
}

bool shortlist_may_need(struct shortlist *l, const struct archive_segment *segment)
{
    struct catalog_entry entry;
    if (!l->catalog || segment->mark == 0)
        return true;
    catalog_at(l->catalog, segment->mark - 1, &entry);
    return is_needed(l, &entry);
}

/* --- what has been read so far tells the rest --- */

/* May a segment be passed over whose blocks are all on this side of the range, as far as this
   source of it is concerned? */
static bool may_pass(const struct selection *s, const struct query_source *source, int side)
{
    if (source->carry.len || source->after || (source->left.known && source->doubtful) ||
        (source->pending.event.open && side_of(s, source->pending.time) == 0))
        return false;
    /* A line may begin on one side and end on the other, and be within. */
    return (!source->dated || side_of(s, source->stamp) == side) &&
           (!source->passed || source->passed == side);
}

/* Make the sources of a set known. */
static int meet(struct shortlist *l, struct sources *sources, uint32_t set, const char *label,
                struct lgz_error *err)
{
    size_t source;
    if (l->met == set)
        return LGZ_OK;
    l->met = set;
    l->decided = false;
    struct catalog_walk walk = catalog_set_begin(l->catalog, set);
    while (catalog_set_next(&walk, &source)) {
        const struct catalog_source s = catalog_source(l->catalog, source);
        if (!sources_get(sources, s.id, *s.name ? s.name : label, s.input))
            return error_memory(err);
    }
    return LGZ_OK;
}

/* Decide for a set that was met, and a side. */
static enum shortlist_verdict judge(const struct shortlist *l, struct sources *sources,
                                    uint32_t set, int side)
{
    const struct selection *s = l->selection;
    bool wanted = false, passable = side != 0 && may_pass_time(s);
    size_t member;
    struct catalog_walk walk = catalog_set_begin(l->catalog, set);
    while (catalog_set_next(&walk, &member)) {
        const struct query_source *source =
            sources_find(sources, catalog_source(l->catalog, member).id);
        if (!source || select_done(s, source))
            continue;
        wanted = true;
        passable = passable && may_pass(s, source, side);
    }
    return !wanted ? SHORTLIST_OTHER_SOURCE : passable ? SHORTLIST_OTHER_TIME : SHORTLIST_OPEN;
}

/* The sources of a set, but those that aren't wanted, have gone on, on this side of the range. */
static void note_side(const struct shortlist *l, struct sources *sources, uint32_t set, int side)
{
    size_t member;
    struct catalog_walk walk = catalog_set_begin(l->catalog, set);
    while (catalog_set_next(&walk, &member)) {
        struct query_source *source = sources_find(sources, catalog_source(l->catalog, member).id);
        if (source && !select_done(l->selection, source))
            source->passed = side;
    }
}

int shortlist_decide(struct shortlist *l, struct sources *sources,
                     const struct archive_segment *segment, size_t index, const char *label,
                     enum shortlist_verdict *verdict, struct lgz_error *err)
{
    struct catalog_entry entry;
    *verdict = SHORTLIST_OPEN;
    if (!l->catalog || segment->mark == 0 ||
        (!select_limited(l->selection) && !l->filter->glob_count && !l->filter->input_count))
        return LGZ_OK;
    catalog_at(l->catalog, segment->mark - 1, &entry);
    if (entry.set == CATALOG_ANY)
        return LGZ_OK;
    int code = meet(l, sources, entry.set, label, err);
    if (code != LGZ_OK)
        return code;
    const int side = side_of_entry(l->selection, &entry);
    if (!l->decided || l->side != side) {
        l->verdict = judge(l, sources, entry.set, side);
        l->side = side;
        l->decided = true;
        if (l->verdict == SHORTLIST_OTHER_TIME)
            note_side(l, sources, entry.set, side);
    }
    *verdict = l->verdict;
    const struct passed passed = {index, entry.set};
    if (*verdict == SHORTLIST_OTHER_TIME && !vec_push(&l->passed, passed))
        return error_memory(err);
    return LGZ_OK;
}

void shortlist_forget(struct shortlist *l)
{
    l->met = NO_SET;
    l->decided = false;
    l->round++;
}

bool shortlist_passed_any(const struct shortlist *l)
{
    return l->passed.len != 0;
}

size_t shortlist_find(struct shortlist *l, struct sources *sources, size_t end)
{
    for (size_t i = l->passed.len; i > 0; i--) {
        const struct passed *p = &l->passed.data[i - 1];
        size_t member;
        if (p->index >= end || l->sets[p->set].visited == l->round)
            continue;
        l->sets[p->set].visited = l->round;
        struct catalog_walk walk = catalog_set_begin(l->catalog, p->set);
        while (catalog_set_next(&walk, &member)) {
            const struct query_source *source =
                sources_find(sources, catalog_source(l->catalog, member).id);
            if (source && source->awaited && source->seen <= p->index)
                return p->index;
        }
    }
    return SIZE_MAX;
}

size_t shortlist_find_one(const struct shortlist *l, uint64_t id, size_t floor, size_t end)
{
    uint32_t without = NO_SET;
    for (size_t i = l->passed.len; i > 0 && l->passed.data[i - 1].index >= floor; i--) {
        const struct passed *p = &l->passed.data[i - 1];
        size_t member;
        if (p->index >= end || p->set == without)
            continue;
        without = p->set;
        struct catalog_walk walk = catalog_set_begin(l->catalog, p->set);
        while (catalog_set_next(&walk, &member))
            if (catalog_source(l->catalog, member).id == id)
                return p->index;
    }
    return SIZE_MAX;
}
