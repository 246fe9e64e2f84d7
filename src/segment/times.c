/*
 * times.c - walks over the lines of each run of extents that continue each other.
 */
#include "segment/times.h"

#include <limits.h>

#include "line/tokens.h"
#include "segment/runs.h"

enum { MOST_SEPARATORS = 8 };

struct range {
    int64_t min; /* SEGMENT_NO_TIME: empty */
    int64_t max;
};

static void add_time(struct range *range, int64_t time)
{
    if (range->min == SEGMENT_NO_TIME || time < range->min)
        range->min = time;
    if (range->max == SEGMENT_NO_TIME || time > range->max)
        range->max = time;
}

/* What is known of the block's lines; these come in the order in which they stand. */
struct known {
    const struct lines *lines;
    const struct skeletons *skeletons;
    size_t next;
    unsigned format; /* the last one that was asked about */
    bool dates;      /* a stamp of that format dates its line */
    unsigned clock;  /* the last format of a stamp without a zone */
    bool local;      /* that is what a wall clock shows */
    struct range times;
    struct range others; /* of stamps behind the one that dates their line */
};

/* A few, such as a bracket: a stamp behind them is the first thing in its line. */
static bool only_separators(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len && len <= MOST_SEPARATORS; i++)
        if (!(token_byte_class[text[i]] & BYTE_SEPARATOR))
            return false;
    return len <= MOST_SEPARATORS;
}

/* The stamp that a line starts with, if it was found and is what dates the line. */
static bool known_stamp(struct known *k, const uint8_t *raw, size_t at, size_t len,
                        struct timestamp_found *found)
{
    if (!k->lines)
        return false;
    while (k->next < k->lines->list.len && k->lines->list.data[k->next].at < at)
        k->next++;
    const struct line *line = &k->lines->list.data[k->next];
    if (k->next == k->lines->list.len || line->at != at || line->len != len)
        return false;
    const struct skeletons *s = k->skeletons;
    size_t first = s->first_value[k->next];
    const struct line_value *value = &s->values.data[first];
    if (first == s->first_value[k->next + 1] || !(value->len & LINE_VALUE_STAMP) ||
        !only_separators(raw + at, value->at - at))
        return false;
    found->stamp = s->stamps.data[value->len & ~LINE_VALUE_STAMP];
    if (found->stamp.format != k->format) {
        k->format = found->stamp.format;
        k->dates = timestamp_dates_line(k->format);
    }
    found->at = value->at - at;
    size_t behind = found->at + found->stamp.len;
    if (k->dates)
        found->zone = timestamp_zone(raw + at + behind, len - behind);
    return k->dates;
}

/* Note whether a stamp is an instant or what a wall clock showed. Formats are looked at once. */
static void add_clock(struct block_summary *summary, struct known *known, const uint8_t *line,
                      size_t len, const struct timestamp_found *found)
{
    const unsigned both = CLOCKS_LOCAL | CLOCKS_ZONED;
    if ((summary->clocks & both) == both)
        return;
    bool local = false;
    if (found->zone == TIMESTAMP_NO_ZONE) {
        if (found->stamp.format != known->clock) {
            known->clock = found->stamp.format;
            known->local = timestamp_format_is_local(known->clock);
        }
        local = known->local && !timestamp_names_utc(line, len, found);
    }
    summary->clocks |= local ? CLOCKS_LOCAL : CLOCKS_ZONED;
}

/* Is it known that a stamp before the run dates its first line? */
static bool is_within(const struct block_input *input, const struct extent *first)
{
    for (size_t i = 0; i < input->within_count; i++)
        if (input->within[i].source == first->source && input->within[i].offset == first->offset)
            return true;
    return false;
}

/* The lines of one run; `*at` is moved behind it. */
static void walk_run(const struct block_input *input, struct known *known, size_t first, size_t end,
                     size_t *at, struct block_summary *summary)
{
    size_t extent = first;
    size_t extent_end = *at + input->extents[first].length;
    size_t run_end = *at;
    struct range *times = is_within(input, &input->extents[first]) ? &known->others : &known->times;
    for (size_t i = first; i < end; i++)
        run_end += input->extents[i].length;
    while (*at < run_end) {
        const uint8_t *line = input->raw + *at;
        const uint8_t *newline = memchr(line, '\n', run_end - *at);
        size_t len = newline ? (size_t)(newline - line) : run_end - *at;
        struct timestamp_found found;
        while (extent_end <= *at && extent + 1 < end)
            extent_end += input->extents[++extent].length;
        if (known_stamp(known, input->raw, *at, len, &found) ||
            timestamp_first(line, len, &found)) {
            add_time(times,
                     timestamp_instant(&found.stamp, found.zone, input->extents[extent].read_time));
            add_clock(summary, known, line, len, &found);
        }
        times = &known->times;
        summary->lines++;
        *at += len + (newline != NULL);
    }
}

void block_times(const struct block_input *input, const struct lines *lines,
                 const struct skeletons *skeletons, struct block_summary *summary)
{
    const struct range none = {SEGMENT_NO_TIME, SEGMENT_NO_TIME};
    struct known known = {lines, skeletons, 0, UINT_MAX, false, UINT_MAX, false, none, none};
    size_t at = 0;
    summary->lines = 0;
    summary->clocks = 0;
    for (size_t i = 0; i < input->extent_count;) {
        size_t end = runs_end(input->extents, input->extent_count, i);
        walk_run(input, &known, i, end, &at, summary);
        i = end;
    }
    const struct range *times = known.times.min == SEGMENT_NO_TIME ? &known.others : &known.times;
    summary->time_min = times->min;
    summary->time_max = times->max;
}
