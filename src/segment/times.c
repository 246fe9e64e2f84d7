/*
 * times.c - walks over the lines of each run of extents that continue each other.
 */
#include "segment/times.h"

#include "line/timestamp.h"

static void add_time(struct block_summary *summary, int64_t time)
{
    if (summary->time_min == SEGMENT_NO_TIME || time < summary->time_min)
        summary->time_min = time;
    if (summary->time_max == SEGMENT_NO_TIME || time > summary->time_max)
        summary->time_max = time;
}

/* Extents from `first` on that are one piece of their source. Returns the first that isn't. */
static size_t end_of_run(const struct block_input *input, size_t first)
{
    size_t end = first + 1;
    while (end < input->extent_count &&
           input->extents[end].source == input->extents[first].source &&
           input->extents[end].offset ==
               input->extents[end - 1].offset + input->extents[end - 1].length)
        end++;
    return end;
}

/* The lines of one run; `*at` is moved behind it. */
static void walk_run(const struct block_input *input, size_t first, size_t end, size_t *at,
                     struct block_summary *summary)
{
    size_t extent = first;
    size_t extent_end = *at + input->extents[first].length;
    size_t run_end = *at;
    for (size_t i = first; i < end; i++)
        run_end += input->extents[i].length;
    while (*at < run_end) {
        const uint8_t *line = input->raw + *at;
        const uint8_t *newline = memchr(line, '\n', run_end - *at);
        size_t len = newline ? (size_t)(newline - line) : run_end - *at;
        struct timestamp_found found;
        while (extent_end <= *at && extent + 1 < end)
            extent_end += input->extents[++extent].length;
        if (timestamp_first(line, len, &found))
            add_time(summary,
                     timestamp_instant(&found.stamp, found.zone, input->extents[extent].read_time));
        summary->lines++;
        *at += len + (newline != NULL);
    }
}

void block_times(const struct block_input *input, struct block_summary *summary)
{
    size_t at = 0;
    summary->lines = 0;
    summary->time_min = summary->time_max = SEGMENT_NO_TIME;
    for (size_t i = 0; i < input->extent_count;) {
        size_t end = end_of_run(input, i);
        walk_run(input, i, end, &at, summary);
        i = end;
    }
}
