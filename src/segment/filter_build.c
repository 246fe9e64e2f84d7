/*
 * filter_build.c - sizes of planes are estimated for each window by a sample of the values; planes
 * are given away one after the other to whom they are worth most for their bytes, first by these
 * estimates, which chooses the windows, then by what was collected.
 */
#include "segment/filter_build.h"

#include <stdlib.h>

#include "segment/filter_worth.h"
#include "segment/ribbon.h"

enum {
    SAMPLE = 128,  /* values by which windows are chosen */
    SET_HEAD = 8,  /* bytes of a set but for its planes, at most */
    EMPTY_SET = 4, /* bytes of one without planes */
};

/* Windows of ids that are tried. */
static const uint8_t windows_tried[] = {12, 14, 16, 20, 24, 32};
enum { WINDOWS_TRIED = sizeof(windows_tried) };

/* The shortest window of a family: with less, texts that aren't ids would be pieces. */
static const uint8_t least_window[GRAMS_END] = {
    [GRAMS_DIGITS] = 12, [GRAMS_HEX] = 14, [GRAMS_MIXED] = 16};

/* A set that a filter may have. */
struct candidate {
    bool possible;
    size_t words[WINDOWS_TRIED]; /* of a plane, by window, of families that have one; else [0] */
    size_t windows;              /* of these that it may have */
    size_t first;
    size_t window; /* the chosen one's number */
    unsigned planes;
};

static bool has_window(size_t family)
{
    return least_window[family] != 0;
}

/* Is the value one of a sample? The same value always is, or never. */
static bool is_sampled(struct span value, size_t step)
{
    uint64_t first;
    uint64_t last;
    memcpy(&first, value.data, 8); /* it has PARTS_ID_MIN bytes */
    memcpy(&last, value.data + value.len - 8, 8);
    return step <= 1 || gram_mix(first ^ gram_mix(last)) % step == 0;
}

/* The pieces of ids in every `step`th value, as far as the sets take them. */
static bool collect_ids(const struct text_parts *parts, const uint8_t *raw,
                        const struct id_windows *windows, size_t step, struct gram_set *sets)
{
    struct grams found[GRAMS_END] = {{0}};
    bool kept = true;
    for (size_t i = 0; i < parts->values.len && kept; i++) {
        struct span text = {raw + parts->values.data[i].at, parts->values.data[i].len};
        if (!is_sampled(text, step))
            continue;
        for (struct span part; kept && text_part_next(&text, GRAMS_WINDOW_MAX, &part);) {
            kept = grams_ids(part, windows, found);
            for (size_t f = GRAMS_DIGITS; f < GRAMS_END && kept; f++) {
                kept = gram_set_add(&sets[f], found[f].data, found[f].len);
                found[f].len = 0;
            }
        }
    }
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++)
        vec_free(&found[f]);
    return kept;
}

/* How large planes with window number `number` are; about, by some of the values. */
static bool estimate_ids(const struct text_parts *parts, const uint8_t *raw, size_t number,
                         struct candidate *candidates)
{
    const size_t step = parts->values.len / SAMPLE + 1;
    const uint8_t window = windows_tried[number];
    const struct id_windows windows = {
        {[GRAMS_DIGITS] = window, [GRAMS_HEX] = window, [GRAMS_MIXED] = window}};
    struct gram_set sets[GRAMS_END] = {0};
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++)
        sets[f].most = SIZE_MAX / 2;
    bool kept = collect_ids(parts, raw, &windows, step, sets);
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        candidates[f].words[number] = sets[f].count ? ribbon_words(sets[f].count * step) : 0;
        gram_set_free(&sets[f]);
    }
    return kept;
}

/* A candidate with other planes, or with another window. */
struct step {
    size_t window;
    unsigned planes;
    size_t bytes; /* more than it has */
    double worth; /* for each of these */
};

static size_t bytes_of(const struct candidate *c, size_t window, unsigned planes)
{
    return planes ? SET_HEAD + c->words[window] * 8 * planes : 0;
}

/* The best step of a candidate, for at most so many bytes. `worth` 0: there is none */
static struct step best_step(const struct candidate *c, enum gram_family family, size_t most)
{
    struct step best = {0};
    const size_t has = bytes_of(c, c->window, c->planes);
    const double now = filter_worth(family, windows_tried[c->window], c->planes);
    for (size_t w = c->first; w < c->first + c->windows; w++) {
        for (unsigned planes = 1; planes <= RIBBON_PLANES_MAX && c->words[w]; planes++) {
            const size_t takes = bytes_of(c, w, planes);
            if (takes <= has)
                continue;
            if (takes - has > most)
                break;
            const struct step step = {w, planes, takes - has,
                                      (filter_worth(family, windows_tried[w], planes) - now) /
                                          (double)(takes - has)};
            if (step.worth > best.worth)
                best = step;
        }
    }
    return best;
}

/* Give at most so many bytes away, to whom they are worth most. */
static void give_planes(struct candidate *candidates, size_t most)
{
    for (;;) {
        struct step best = {0};
        struct candidate *to = NULL;
        for (size_t f = 1; f < GRAMS_END; f++) {
            const struct step step = candidates[f].possible
                                         ? best_step(&candidates[f], (enum gram_family)f, most)
                                         : (struct step){0};
            if (step.worth <= best.worth)
                continue;
            best = step;
            to = &candidates[f];
        }
        if (!to)
            return;
        to->window = best.window;
        to->planes = best.planes;
        most -= best.bytes;
    }
}

static struct candidate candidate_of(const struct gram_set *set)
{
    return (struct candidate){
        .possible = !set->full, .words = {set->count ? ribbon_words(set->count) : 0}, .windows = 1};
}

/* Those that aren't of ids, which may have any window. */
static void begin_candidates(struct candidate *candidates, const struct text_parts *parts)
{
    candidates[GRAMS_LETTERS] = candidate_of(&parts->letters);
    candidates[GRAMS_WORDS] = candidate_of(&parts->words);
    if (!parts->shapeless)
        candidates[GRAMS_ADDRESSES] = candidate_of(&parts->addresses);
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        size_t first = 0;
        while (windows_tried[first] < least_window[f])
            first++;
        candidates[f] = (struct candidate){.possible = !parts->shapeless,
                                           .first = first,
                                           .windows = WINDOWS_TRIED - first,
                                           .window = first};
    }
}

/* Families that have no chance aren't collected: that takes time. */
static bool choose_windows(const struct text_parts *parts, const uint8_t *raw, size_t most,
                           struct candidate *candidates)
{
    for (size_t i = 0; i < WINDOWS_TRIED; i++)
        if (!estimate_ids(parts, raw, i, candidates))
            return false;
    give_planes(candidates, most);
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        struct candidate *c = &candidates[f];
        c->possible = c->planes || !c->words[c->window];
    }
    return true;
}

/* Collect the ids' pieces with the windows that were chosen. */
static bool collect_chosen(struct text_parts *parts, const uint8_t *raw, size_t most,
                           struct candidate *candidates, struct gram_set *sets)
{
    struct id_windows windows = {{0}};
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        if (candidates[f].possible)
            windows.of[f] = windows_tried[candidates[f].window];
        sets[f] = (struct gram_set){.most = most * 8, .full = !candidates[f].possible};
    }
    const bool kept = collect_ids(parts, raw, &windows, 1, sets);
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        struct candidate *c = &candidates[f];
        c->possible = !sets[f].full;
        c->first = c->window;
        c->windows = 1;
        c->words[c->window] = sets[f].count ? ribbon_words(sets[f].count) : 0;
    }
    for (size_t f = 1; f < GRAMS_END; f++)
        candidates[f].planes = 0;
    return kept;
}

static bool add_shapes(struct filter *filter, const struct text_parts *parts,
                       const struct candidate *candidates)
{
    struct id_windows windows = {{0}};
    bool kept = true;
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++)
        if (candidates[f].possible)
            windows.of[f] = windows_tried[candidates[f].window];
    for (size_t i = 0; i < parts->shapes.len && kept && !parts->shapeless; i++)
        if (shape_matters(&parts->shapes.data[i], &windows))
            kept = vec_push(&filter->shapes, parts->shapes.data[i]);
    return kept;
}

/* Bytes of what isn't planes. */
static size_t fixed_size(const struct filter *filter, const struct candidate *candidates)
{
    size_t size = filter_head_size(filter);
    for (size_t f = 1; f < GRAMS_END; f++)
        size +=
            candidates[f].possible && !candidates[f].words[candidates[f].window] ? EMPTY_SET : 0;
    return size;
}

static bool build_set(struct filter_set *set, enum gram_family family, const struct candidate *c,
                      struct gram_set *grams)
{
    const size_t words = c->words[c->window];
    if (!c->possible || (words && !c->planes))
        return true;
    *set = (struct filter_set){.known = true,
                               .planes = (uint8_t)c->planes,
                               .window = has_window(family) ? windows_tried[c->window] : 0,
                               .words = words};
    if (!words)
        return true;
    set->bits = malloc(words * c->planes * sizeof(*set->bits));
    return set->bits &&
           ribbon_build(gram_set_list(grams), grams->count, words, c->planes, set->bits);
}

/* Choose the sets, whose pieces are known, and build them. */
static bool build_sets(struct filter *filter, const struct text_parts *parts, size_t most,
                       struct candidate *candidates, struct gram_set *const *sets)
{
    bool built = add_shapes(filter, parts, candidates);
    const size_t fixed = fixed_size(filter, candidates);
    if (fixed > most) {
        filter->shapes.len = 0;
        return built;
    }
    give_planes(candidates, most - fixed);
    for (size_t f = 1; f < GRAMS_END && built; f++)
        built = build_set(&filter->sets[f], (enum gram_family)f, &candidates[f], sets[f]);
    return built;
}

bool filter_build(struct filter *filter, struct text_parts *parts, const uint8_t *raw, size_t most)
{
    struct candidate candidates[GRAMS_END] = {0};
    struct gram_set ids[GRAMS_END] = {0};
    struct gram_set *const sets[GRAMS_END] = {
        [GRAMS_LETTERS] = &parts->letters,     [GRAMS_WORDS] = &parts->words,
        [GRAMS_ADDRESSES] = &parts->addresses, [GRAMS_DIGITS] = &ids[GRAMS_DIGITS],
        [GRAMS_HEX] = &ids[GRAMS_HEX],         [GRAMS_MIXED] = &ids[GRAMS_MIXED]};
    *filter = (struct filter){0};
    begin_candidates(candidates, parts);
    bool built = parts->shapeless || choose_windows(parts, raw, most, candidates);
    built = built && collect_chosen(parts, raw, most, candidates, ids) &&
            build_sets(filter, parts, most, candidates, sets);
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++)
        gram_set_free(&ids[f]);
    return built;
}
