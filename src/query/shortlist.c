/*
 * shortlist.c - sets of sources are few: what was found for one is kept for the other segments that
 * have it, as long as none is opened.
 */
#include "query/shortlist.h"

#include <stdlib.h>

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
    uint32_t visited; /* the round in which it was looked into for sources */
    uint32_t met;     /* the round in which its sources were met, */
    uint32_t judged;  /* and that in which this was found out: */
    int side;
    enum shortlist_verdict verdict;
};

struct shortlist {
    const struct selection *selection;
    const struct sources_filter *filter;
    bool doubtful;
    struct catalog *catalog; /* NULL: none */
    struct lgz_error fault;
    struct set_state *sets;
    size_t next;  /* where the next entry is expected */
    bool several; /* a source has several names or inputs: which, its last segment says */
    uint32_t met; /* the set whose sources were met last */
    VEC(struct passed) passed; /* by index */
    uint32_t round;            /* from 1; a new one when a segment was opened */
};

static bool has_several(const struct catalog *c)
{
    for (size_t i = 1; i < catalog_source_count(c); i++)
        if (catalog_source(c, i).id == catalog_source(c, i - 1).id)
            return true;
    return false;
}

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
    int code = LGZ_OK;
    if (catalog_open(&l->catalog, directory, &l->fault) == LGZ_OK) {
        l->sets = calloc(catalog_set_count(l->catalog) + 1, sizeof(*l->sets));
        l->several = has_several(l->catalog);
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
static int side_of_key(const struct selection *s, const struct catalog_key *k)
{
    const bool known = k->clocks & CLOCKS_KNOWN;
    const bool local = !known || (k->clocks & CLOCKS_LOCAL);
    if (!select_limited(s) || !k->stamped || k->empty)
        return 0;
    int64_t first = k->time_min, last = k->time_max;
    if (local) {
        const int64_t local_first = earlier(zone_instant(s->zone, first));
        const int64_t local_last = later(zone_instant(s->zone, last));
        first = local_first < first ? local_first : first;
        last = local_last > last ? local_last : last;
    }
    const int side = side_of(s, first);
    if (side_of(s, last) != side || side_of(s, k->read_min) == 0 || side_of(s, k->read_max) == 0 ||
        side_of(s, k->read_min) != side_of(s, k->read_max))
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

static bool is_needed(struct shortlist *l, const struct catalog_key *key)
{
    if (key->set == CATALOG_ANY)
        return true;
    if (!is_named(l, key->set))
        return false;
    const int side = may_pass_time(l->selection) ? side_of_key(l->selection, key) : 0;
    return side == 0 || (side > 0 && l->doubtful);
}

/* The entry of a segment, if it's of this file: plus 1, or 0. */
static size_t find_entry(struct shortlist *l, const struct archive_segment *segment)
{
    struct segment_name name;
    struct catalog_key key;
    struct stat st;
    size_t index;
    if (!names_parse_segment(file_name(segment->path), &name) ||
        !catalog_find(l->catalog, &name, &l->next, &index))
        return 0;
    catalog_key_at(l->catalog, index, &key);
    /* Some file systems list other numbers than they tell of a file. */
    if (key.inode != segment->inode &&
        (stat(segment->path, &st) != 0 || !catalog_is_of(l->catalog, index, &st)))
        return 0;
    return index + 1;
}

bool shortlist_needs(void *context, struct archive_segment *segment)
{
    struct shortlist *l = context;
    if (l->catalog && segment->mark == 0)
        segment->mark = find_entry(l, segment);
    return shortlist_may_need(l, segment);
}

bool shortlist_may_need(struct shortlist *l, const struct archive_segment *segment)
{
    struct catalog_key key;
    if (!l->catalog || segment->mark == 0)
        return true;
    catalog_key_at(l->catalog, segment->mark - 1, &key);
    return is_needed(l, &key);
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
    struct set_state *state = &l->sets[set];
    if (l->several ? l->met == set : state->met == l->round)
        return LGZ_OK;
    l->met = set;
    state->met = l->round;
    state->judged = 0;
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
    struct catalog_key key;
    *verdict = SHORTLIST_OPEN;
    if (!l->catalog || segment->mark == 0 ||
        (!select_limited(l->selection) && !l->filter->glob_count && !l->filter->input_count))
        return LGZ_OK;
    catalog_key_at(l->catalog, segment->mark - 1, &key);
    if (key.set == CATALOG_ANY)
        return LGZ_OK;
    int code = meet(l, sources, key.set, label, err);
    if (code != LGZ_OK)
        return code;
    /* What it is judged by changes only when a segment is opened: to pass over others with the same
       sources doesn't, unless they are on the other side, and then they aren't passed over. */
    const int side = side_of_key(l->selection, &key);
    struct set_state *state = &l->sets[key.set];
    if (state->judged != l->round || state->side != side) {
        state->verdict = judge(l, sources, key.set, side);
        state->side = side;
        state->judged = l->round;
        if (state->verdict == SHORTLIST_OTHER_TIME)
            note_side(l, sources, key.set, side);
    }
    *verdict = state->verdict;
    const struct passed passed = {index, key.set};
    if (*verdict == SHORTLIST_OTHER_TIME && !vec_push(&l->passed, passed))
        return error_memory(err);
    return LGZ_OK;
}

void shortlist_forget(struct shortlist *l)
{
    l->met = NO_SET;
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
