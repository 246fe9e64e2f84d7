/*
 * keep_match.c - whether a segment meets a rule, by its footer; or by the catalog, as far as that
 * says it for sure.
 */
#include <string.h>

#include "archive/keep.h"
#include "base/clock.h"

/* What a time that was read as UTC may differ from what its zone, whichever it is, makes of it. */
#define ZONE_MAX (14 * 3600 * NS_PER_SECOND)

/* Bytes are said to be read when the first of a run was: that is so much earlier, at most. */
#define RUN_MAX (60 * NS_PER_SECOND)

/* Does [from, to] meet the rule's time? */
static bool in_time(const struct keep_rule *rule, int64_t from, int64_t to)
{
    return from <= rule->until && to >= rule->since;
}

/* Do stamps from `min` to `max`, as far as their zones are known? */
static bool stamps_in_time(const struct keep_rule *rule, unsigned clocks, int64_t min, int64_t max)
{
    const int64_t unsure = clocks & CLOCKS_KNOWN && !(clocks & CLOCKS_LOCAL) ? 0 : ZONE_MAX;
    int64_t from, to;
    if (min == SEGMENT_NO_TIME)
        return false;
    if (__builtin_sub_overflow(min, unsure, &from))
        from = INT64_MIN;
    if (__builtin_add_overflow(max, unsure, &to))
        to = INT64_MAX;
    return in_time(rule, from, to);
}

/* Do bytes that are said to be read at a time from `min` to `max`? */
static bool reads_in_time(const struct keep_rule *rule, int64_t min, int64_t max)
{
    int64_t last;
    return __builtin_add_overflow(max, RUN_MAX, &last) || in_time(rule, min, last);
}

static bool block_meets(const struct keep_rule *rule, const struct segment *segment,
                        const struct block_info *block)
{
    const bool stamped = stamps_in_time(rule, block->clocks, block->time_min, block->time_max);
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        if (rule->input && strcmp(segment_source(segment, extent->source)->input, rule->input) != 0)
            continue;
        if (stamped || reads_in_time(rule, extent->read_time, extent->read_time))
            return true;
    }
    return false;
}

static bool has_input(const struct segment *segment, const char *input)
{
    for (size_t i = 0; i < segment_source_count(segment); i++)
        if (strcmp(segment_source(segment, i)->input, input) == 0)
            return true;
    return false;
}

static bool is_named(const struct keep_rule *rule, const struct segment_name *name)
{
    if (rule->first && (name->import || name->first > rule->last || name->last < rule->first))
        return false;
    return !rule->import || name->import == rule->import;
}

static bool has_times(const struct keep_rule *rule)
{
    return rule->since != KEEP_NO_SINCE || rule->until != KEEP_NO_UNTIL;
}

static bool meets(const struct keep_rule *rule, const struct segment *segment,
                  const struct segment_name *name)
{
    if (!is_named(rule, name) || (rule->input && !has_input(segment, rule->input)))
        return false;
    if (!has_times(rule))
        return true;
    for (size_t i = 0; i < segment_block_count(segment); i++)
        if (block_meets(rule, segment, segment_block(segment, i)))
            return true;
    return false;
}

const struct keep_rule *keep_find(const struct keep_rules *rules, const struct segment *segment,
                                  const struct segment_name *name)
{
    for (size_t i = 0; i < rules->list.len; i++)
        if (meets(&rules->list.data[i], segment, name))
            return &rules->list.data[i];
    return NULL;
}

/* By the catalog. */

enum answer { NO, YES, UNSURE };

static enum answer ask_input(const struct keep_rule *rule, const struct catalog *catalog,
                             const struct catalog_entry *entry)
{
    size_t source;
    if (!rule->input)
        return YES;
    if (entry->key.set == CATALOG_ANY)
        return UNSURE;
    struct catalog_walk walk = catalog_set_begin(catalog, entry->key.set);
    while (catalog_set_next(&walk, &source))
        if (strcmp(catalog_source(catalog, source).input, rule->input) == 0)
            return YES;
    return NO;
}

/* Yes means, of some of its bytes, whosever they are. */
static enum answer ask_times(const struct keep_rule *rule, const struct catalog_entry *entry)
{
    if (!has_times(rule))
        return YES;
    if (entry->key.read_min == SEGMENT_NO_TIME)
        return NO; /* it has no bytes */
    if (reads_in_time(rule, entry->key.read_min, entry->key.read_min) ||
        reads_in_time(rule, entry->key.read_max, entry->key.read_max))
        return YES; /* the bytes that were read first or last are */
    return reads_in_time(rule, entry->key.read_min, entry->key.read_max) ||
                   stamps_in_time(rule, entry->key.clocks, entry->info.time_min,
                                  entry->info.time_max)
               ? UNSURE
               : NO;
}

static enum answer ask(const struct keep_rule *rule, const struct catalog *catalog,
                       const struct catalog_entry *entry, const struct segment_name *name)
{
    if (!is_named(rule, name))
        return NO;
    const enum answer input = ask_input(rule, catalog, entry), times = ask_times(rule, entry);
    if (input == NO || times == NO)
        return NO;
    /* What is of the time must be of the input. */
    return input == YES && times == YES && !(rule->input && has_times(rule)) ? YES : UNSURE;
}

int keep_look(const struct keep_rules *rules, const struct catalog *catalog,
              const struct catalog_entry *entry, const char *path, const struct segment_name *name,
              const struct keep_rule **rule, struct lgz_error *err)
{
    struct segment *segment;
    enum answer answer = entry ? NO : UNSURE;
    *rule = NULL;
    if (!rules->list.len)
        return LGZ_OK;
    for (size_t i = 0; answer == NO && i < rules->list.len; i++) {
        answer = ask(&rules->list.data[i], catalog, entry, name);
        if (answer == YES)
            *rule = &rules->list.data[i];
    }
    if (answer != UNSURE)
        return LGZ_OK;
    int code = segment_open(&segment, path, err);
    if (code != LGZ_OK)
        return code;
    *rule = keep_find(rules, segment, name);
    segment_close(segment);
    return LGZ_OK;
}
