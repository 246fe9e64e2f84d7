/*
 * rows.c - a plan for each skeleton: which of a line's values its slots are.
 */
#include "segment/rows.h"

#include <stdlib.h>

/* Where a slot's text is in a line: it's a value, or lies `offset` bytes behind the one before. */
struct place {
    uint32_t value; /* number of the value; of the next one, for a word */
    bool is_value;
    uint32_t offset;
    uint32_t len;
};

/* What stands in front of a value: the same bytes in all lines of a skeleton. */
struct gap {
    const uint8_t *bytes;
    uint32_t len;
    bool stamp; /* the value is a stamp of this kind */
    uint8_t format;
    uint8_t digits;
};

enum { PIECE_SKELETONS = 256 }; /* fewer aren't worth a piece of their own */

struct plan {
    bool ready; /* else each line is matched for itself */
    uint32_t values;
    struct gap *gaps; /* for each value, and one behind the last */
    struct place *places;
};

struct rows {
    const struct template_set *set;
    const uint32_t *of_skeleton;
    const struct skeletons *skeletons;
    const uint8_t *raw;
    const struct lines *lines;
    struct plan *plans; /* for each skeleton */
};

static void plan_clear(struct plan *plan)
{
    free(plan->gaps);
    free(plan->places);
    *plan = (struct plan){0};
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->plans && i < r->skeletons->list.len; i++)
        plan_clear(&r->plans[i]);
    free(r->plans);
    free(r);
}

static const struct timestamp *stamp_of(const struct rows *r, const struct line_value *value)
{
    return value->len & LINE_VALUE_STAMP
               ? &r->skeletons->stamps.data[value->len & ~LINE_VALUE_STAMP]
               : NULL;
}

static uint32_t length_of(const struct rows *r, const struct line_value *value)
{
    const struct timestamp *stamp = stamp_of(r, value);
    return stamp ? stamp->len : value->len;
}

/* The bytes around the values of the line that stands for its skeleton. */
static void find_gaps(const struct rows *r, const struct line *line,
                      const struct line_value *values, struct plan *plan)
{
    uint32_t at = line->at;
    for (uint32_t i = 0; i < plan->values; i++) {
        const struct timestamp *stamp = stamp_of(r, &values[i]);
        struct gap *gap = &plan->gaps[i];
        *gap = (struct gap){.bytes = r->raw + at, .len = values[i].at - at, .stamp = stamp != NULL};
        if (stamp) {
            gap->format = stamp->format;
            gap->digits = stamp->digits;
        }
        at = values[i].at + length_of(r, &values[i]);
    }
    plan->gaps[plan->values] = (struct gap){.bytes = r->raw + at, .len = line->at + line->len - at};
}

/* Find each slot among the values or in front of one. @return false if that can't be said so */
static bool find_places(const struct rows *r, const struct line *line, const struct template *t,
                        const struct line_value *values, const struct slot_value *slots,
                        struct plan *plan)
{
    uint32_t value = 0;
    uint32_t gap_start = 0;
    for (size_t i = 0; i < t->slot_count; i++) {
        struct place *place = &plan->places[i];
        uint32_t next = value < plan->values ? values[value].at - line->at : line->len;
        *place = (struct place){value, false, slots[i].at - gap_start, slots[i].len};
        if (slots[i].at + slots[i].len <= next && t->slots[i].kind == SLOT_VALUE)
            continue;
        /* Not a word in the gap: then it must be the value. Each is the text of one slot. */
        if (slots[i].at != next || value == plan->values ||
            slots[i].len != length_of(r, &values[value]) ||
            (t->slots[i].kind == SLOT_TIME) != plan->gaps[value].stamp)
            return false;
        place->is_value = true;
        gap_start = next + slots[i].len;
        value++;
    }
    return value == plan->values;
}

/* Match the line that stands for the skeleton, and see how the others' values are to be taken. */
static void make_plan(const struct rows *r, const struct skeleton *skeleton,
                      const struct template *t, struct slot_value *slots, struct plan *plan)
{
    const struct line *line = &r->lines->list.data[skeleton->example];
    uint32_t first = r->skeletons->first_value[skeleton->example];
    const struct line_value *values = r->skeletons->values.data + first;
    /* Not worth it for a few lines. */
    if (skeleton->count < 3 || !template_match(t, r->raw + line->at, line->len, slots))
        return;
    plan->values = r->skeletons->first_value[skeleton->example + 1] - first;
    plan->gaps = malloc(((size_t)plan->values + 1) * sizeof(*plan->gaps));
    plan->places = malloc((t->slot_count + 1) * sizeof(*plan->places));
    if (plan->gaps && plan->places) {
        find_gaps(r, line, values, plan);
        if (find_places(r, line, t, values, slots, plan)) {
            plan->ready = true;
            return;
        }
    }
    plan_clear(plan);
}

/* Plans that are made side by side. */
struct planning {
    struct rows *rows;
    size_t pieces;
};

static int make_plans(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)me;
    const struct planning *p = context;
    struct rows *r = p->rows;
    size_t count = r->skeletons->list.len;
    struct slot_value *slots = malloc(template_set_most_slots(r->set) * sizeof(*slots));
    if (!slots)
        return error_memory(err);
    for (size_t i = count * part / p->pieces; i < count * (part + 1) / p->pieces; i++)
        make_plan(r, &r->skeletons->list.data[i], &r->set->list.data[r->of_skeleton[i]], slots,
                  &r->plans[i]);
    free(slots);
    return LGZ_OK;
}

struct rows *rows_new(const struct template_set *set, const uint32_t *of_skeleton,
                      const struct skeletons *skeletons, const uint8_t *raw,
                      const struct lines *lines, struct worker *me)
{
    size_t count = skeletons->list.len;
    struct rows *r = malloc(sizeof(*r));
    if (!r)
        return NULL;
    *r = (struct rows){set, of_skeleton, skeletons,
                       raw, lines,       calloc(count + 1, sizeof(struct plan))};
    struct planning p = {r, workers_pieces(me, count / PIECE_SKELETONS)};
    if (!r->plans || workers_share(me, p.pieces, make_plans, &p, NULL) != LGZ_OK) {
        rows_free(r);
        return NULL;
    }
    return r;
}

/* Is the line the same as the plan's, but for what its values are? */
static bool same_gaps(const struct rows *r, const struct plan *plan, const struct line *line,
                      const struct line_value *values)
{
    uint32_t at = line->at;
    for (uint32_t i = 0; i < plan->values; i++) {
        const struct gap *gap = &plan->gaps[i];
        if (values[i].at - at != gap->len || !bytes_equal(r->raw + at, gap->bytes, gap->len))
            return false;
        const struct timestamp *stamp = stamp_of(r, &values[i]);
        if ((stamp != NULL) != gap->stamp ||
            (stamp && (stamp->format != gap->format || stamp->digits != gap->digits)))
            return false;
        at = values[i].at + (stamp ? stamp->len : values[i].len);
    }
    const struct gap *tail = &plan->gaps[plan->values];
    return line->at + line->len - at == tail->len &&
           bytes_equal(r->raw + at, tail->bytes, tail->len);
}

static void take_slots(const struct rows *r, const struct plan *plan, const struct line *line,
                       const struct line_value *values, size_t slot_count, struct slot_value *slots)
{
    uint32_t gap_start = 0;
    for (size_t i = 0; i < slot_count; i++) {
        const struct place *place = &plan->places[i];
        if (!place->is_value) {
            slots[i].at = gap_start + place->offset;
            slots[i].len = place->len;
            continue;
        }
        const struct line_value *value = &values[place->value];
        const struct timestamp *stamp = stamp_of(r, value);
        slots[i].at = value->at - line->at;
        slots[i].len = stamp ? stamp->len : value->len;
        if (stamp)
            slots[i].time = stamp->value;
        gap_start = slots[i].at + slots[i].len;
    }
}

bool rows_match(const struct rows *r, size_t line, size_t number, struct slot_value *values)
{
    bool alike;
    return rows_match_alike(r, line, number, values, &alike);
}

bool rows_match_alike(const struct rows *r, size_t number_of_line, size_t number,
                      struct slot_value *values, bool *alike)
{
    const struct skeletons *s = r->skeletons;
    const struct line *line = &r->lines->list.data[number_of_line];
    const struct template *t = &r->set->list.data[number];
    uint32_t skeleton = s->of_line[number_of_line];
    const struct plan *plan = &r->plans[skeleton];
    uint32_t first = s->first_value[number_of_line];
    const struct line_value *found = s->values.data + first;
    *alike = number == r->of_skeleton[skeleton] && plan->ready &&
             s->first_value[number_of_line + 1] - first == plan->values &&
             same_gaps(r, plan, line, found);
    if (!*alike)
        return template_match(t, r->raw + line->at, line->len, values);
    take_slots(r, plan, line, found, t->slot_count, values);
    return true;
}
