/*
 * list.c - logzipctl list: the segments of an archive, a line each, from its catalog. Those that
 * the catalog doesn't know are opened.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/keep.h"
#include "archive/listing.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/option_table.h"
#include "query/json.h"
#include "query/query_time.h"
#include "query/sources.h"

struct list_options {
    const char *config;
    const char *since;
    const char *until;
    string_list globs;
    string_list inputs;
    bool json;
    bool verbose;
};

/* A list under way. */
struct list {
    const struct list_options *options;
    struct sources_filter filter;
    int64_t since;
    int64_t until;
    struct catalog *catalog; /* NULL: there is none that can be used */
    size_t next;             /* in the catalog */
    struct keep_rules rules;
    struct buf out;
    size_t shown;
    size_t known; /* of these and others, by the catalog */
    uint64_t raw;
    uint64_t stored;
    uint64_t lines;
    bool failed; /* something couldn't be read */
};

/* A segment, and whose bytes are in it. */
struct item {
    const char *name; /* of its file */
    struct catalog_entry entry;
    VEC(struct catalog_source) sources;
    struct segment *segment;      /* NULL: the catalog knows it */
    const struct keep_rule *rule; /* by which it's kept; NULL: by none */
};

#define MEMBER(member) offsetof(struct list_options, member)

static const struct option_row rows[] = {
    {'S', OPTION_KIND_TEXT, "since", "=TIME", "segments with lines of TIME or later", MEMBER(since),
     NULL},
    {'U', OPTION_KIND_TEXT, "until", "=TIME", "segments with lines of TIME or earlier",
     MEMBER(until), NULL},
    {0, OPTION_KIND_LIST, "source", "=GLOB", "segments with lines of such sources", MEMBER(globs),
     NULL},
    {0, OPTION_KIND_LIST, "input", "=NAME", "segments with lines of that [input NAME]",
     MEMBER(inputs), NULL},
    {0, OPTION_KIND_FLAG, "json", NULL, "a JSON object for each segment", MEMBER(json), NULL},
    {'v', OPTION_KIND_FLAG, "verbose", NULL, "tell how good the catalog is", MEMBER(verbose), NULL},
    {'c', OPTION_KIND_TEXT, "config", "=FILE", "where the archive is; default " CONFIG_DEFAULT_PATH,
     MEMBER(config), NULL},
    {0, OPTION_KIND_HELP, "help", NULL, "show this text", 0, NULL},
};

static const struct option_table table = {.rows = rows, .count = sizeof(rows) / sizeof(rows[0])};

/* --- what is shown --- */

/* May it hold lines of the time range: by their stamps, or by when they were read? */
static bool is_in_time(const struct list *l, const struct catalog_key *k)
{
    const bool stamped = k->time_min != SEGMENT_NO_TIME;
    return (stamped && k->time_max >= l->since && k->time_min <= l->until) ||
           (k->read_min != SEGMENT_NO_TIME && k->read_max >= l->since && k->read_min <= l->until) ||
           (!stamped && k->read_min == SEGMENT_NO_TIME);
}

static bool is_wanted(const struct list *l, const struct item *item)
{
    bool wanted = l->filter.glob_count == 0 && l->filter.input_count == 0;
    for (size_t i = 0; i < item->sources.len && !wanted; i++)
        wanted =
            sources_wanted(&l->filter, item->sources.data[i].name, item->sources.data[i].input);
    return wanted && is_in_time(l, &item->entry.key);
}

/* The segment's inputs, each once. @return false when memory is out; the caller frees the array */
static bool inputs_of(const struct item *item, string_list *inputs)
{
    bool sound = true;
    for (size_t i = 0; i < item->sources.len && sound; i++) {
        const char *input = item->sources.data[i].input;
        bool there = *input == '\0';
        for (size_t k = inputs->len; k > 0 && !there; k--)
            there = strcmp(inputs->data[k - 1], input) == 0;
        sound = there || vec_push(inputs, input);
    }
    return sound;
}

static void put_time(struct buf *out, int64_t ns)
{
    if (ns == SEGMENT_NO_TIME)
        buf_printf(out, "%-20s", "-");
    else
        query_time_print(out, ns, 0);
}

static void put_size(struct buf *out, uint64_t bytes)
{
    struct buf text = {0};
    output_size(&text, bytes);
    buf_printf(out, " %10.*s", (int)text.len, text.len ? (const char *)text.data : "");
    out->failed |= text.failed;
    buf_free(&text);
}

static void put_text(struct list *l, const struct item *item, const string_list *inputs)
{
    const struct catalog_entry *e = &item->entry;
    const bool stamped = e->info.time_min != SEGMENT_NO_TIME;
    buf_printf(&l->out, "%-47s ", item->name);
    put_time(&l->out, stamped ? e->info.time_min : e->key.read_min);
    buf_push(&l->out, ' ');
    put_time(&l->out, stamped ? e->info.time_max : e->key.read_max);
    buf_printf(&l->out, " %11" PRIu64, e->info.lines);
    put_size(&l->out, e->info.raw_bytes);
    put_size(&l->out, e->info.file_bytes);
    buf_printf(&l->out, " %6.1f  %-7s  ",
               e->info.file_bytes ? (double)e->info.raw_bytes / (double)e->info.file_bytes : 0.0,
               level_name(e->info.level));
    put_time(&l->out, e->verified_at ? e->verified_at : SEGMENT_NO_TIME);
    if (item->rule)
        buf_printf(&l->out, "  %4" PRIu64, item->rule->id);
    else
        buf_append_string(&l->out, "     -");
    for (size_t i = 0; i < inputs->len; i++)
        buf_printf(&l->out, "%s%s", i ? "," : "  ", inputs->data[i]);
    buf_push(&l->out, '\n');
}

static void put_time_member(struct buf *out, const char *name, int64_t ns)
{
    if (ns != SEGMENT_NO_TIME)
        query_time_member(out, name, ns);
}

static void put_json(struct list *l, const struct item *item, const string_list *inputs)
{
    const struct catalog_entry *e = &item->entry;
    struct buf *out = &l->out;
    buf_push(out, '{');
    json_member(out, "name", json_span(item->name));
    buf_printf(out,
               ",\"raw_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64 ",\"index_bytes\":%" PRIu64
               ",\"lines\":%" PRIu64 ",\"blocks\":%" PRIu64 ",\"level\":\"%s\"",
               e->info.raw_bytes, e->info.file_bytes, e->info.index_bytes, e->info.lines, e->blocks,
               level_name(e->info.level));
    put_time_member(out, "time_min", e->info.time_min);
    put_time_member(out, "time_max", e->info.time_max);
    put_time_member(out, "read_first", e->key.read_min);
    put_time_member(out, "read_last", e->key.read_max);
    if (e->info.first_journal)
        buf_printf(out, ",\"first_journal\":%" PRIu64 ",\"last_journal\":%" PRIu64,
                   e->info.first_journal, e->info.last_journal);
    put_time_member(out, "verified", e->verified_at ? e->verified_at : SEGMENT_NO_TIME);
    put_time_member(out, "decoded", e->decoded_at ? e->decoded_at : SEGMENT_NO_TIME);
    if (item->rule)
        buf_printf(out, ",\"kept_by\":%" PRIu64, item->rule->id);
    buf_printf(out, ",\"sources\":%zu,\"inputs\":[", item->sources.len);
    for (size_t i = 0; i < inputs->len; i++) {
        if (i)
            buf_push(out, ',');
        json_string(out, json_span(inputs->data[i]));
    }
    buf_append_string(out, "]}\n");
}

static void show(struct list *l, const struct item *item)
{
    string_list inputs = {0};
    l->out.failed |= !inputs_of(item, &inputs);
    if (l->options->json)
        put_json(l, item, &inputs);
    else
        put_text(l, item, &inputs);
    l->shown++;
    l->raw += item->entry.info.raw_bytes;
    l->stored += item->entry.info.file_bytes;
    l->lines += item->entry.info.lines;
    vec_free(&inputs);
}

/* --- where it comes from --- */

/* Is it as the catalog says? What isn't shown need only have the name and the inode. */
static bool look_up(struct list *l, const struct listed_segment *segment, struct item *item)
{
    struct stat st;
    size_t index, source;
    if (!l->catalog || !catalog_find(l->catalog, &segment->name, &l->next, &index))
        return false;
    catalog_at(l->catalog, index, &item->entry);
    if (item->entry.key.set == CATALOG_ANY)
        return false;
    struct catalog_walk walk = catalog_set_begin(l->catalog, item->entry.key.set);
    while (catalog_set_next(&walk, &source))
        l->out.failed |= !vec_push(&item->sources, catalog_source(l->catalog, source));
    const bool same = item->entry.key.inode == segment->inode && !is_wanted(l, item);
    if (!same && (stat(segment->path, &st) != 0 || !catalog_is_of(l->catalog, index, &st))) {
        item->sources.len = 0;
        return false;
    }
    l->known++;
    return true;
}

/* Open it. @return LGZ_ERR_NOT_FOUND if it's gone */
static int look_into(struct list *l, const struct listed_segment *listed, struct item *item,
                     struct lgz_error *err)
{
    int code = catalog_look_into(&item->segment, listed->path, &listed->name, &item->entry, err);
    for (size_t i = 0; code == LGZ_OK && i < segment_source_count(item->segment); i++) {
        const struct source *source = segment_source(item->segment, i);
        const struct catalog_source member = {source->id, source->name, source->input};
        l->out.failed |= !vec_push(&item->sources, member);
    }
    return code;
}

static int find_rule(const struct list *l, const struct listed_segment *listed, struct item *item,
                     struct lgz_error *err)
{
    if (!item->segment)
        return keep_look(&l->rules, l->catalog, &item->entry, listed->path, &listed->name,
                         &item->rule, err);
    item->rule = keep_find(&l->rules, item->segment, &listed->name);
    return LGZ_OK;
}

static void list_segment(struct list *l, const struct listed_segment *listed)
{
    struct item item = {.name = file_name(listed->path)};
    struct lgz_error err = {0};
    int code = look_up(l, listed, &item) ? LGZ_OK : look_into(l, listed, &item, &err);
    const bool wanted = code == LGZ_OK && is_wanted(l, &item);
    if (wanted)
        code = find_rule(l, listed, &item, &err);
    if (wanted)
        show(l, &item);
    if (code != LGZ_OK && code != LGZ_ERR_NOT_FOUND) {
        say_error(&err);
        l->failed = true;
    }
    vec_free(&item.sources);
    segment_close(item.segment);
}

/* --- an archive --- */

/* Segments that were set aside, since they are damaged. */
static void list_damaged(struct list *l, const struct listing *found)
{
    for (size_t i = 0; i < found->damaged.len; i++) {
        const char *name = file_name(found->damaged.data[i].path);
        if (l->options->json) {
            buf_push(&l->out, '{');
            json_member(&l->out, "name", json_span(name));
            buf_append_string(&l->out, ",\"damaged\":true}\n");
        } else {
            buf_printf(&l->out, "%s  DAMAGED; see salvage in logzipctl(1)\n", name);
        }
    }
}

static void put_totals(struct list *l, const char *directory, const struct listing *found)
{
    buf_printf(&l->out, "%s: %zu of %zu segments, %" PRIu64 " lines, ", directory, l->shown,
               found->segments.len, l->lines);
    output_size(&l->out, l->raw);
    buf_append_string(&l->out, " in ");
    output_size(&l->out, l->stored);
    if (l->stored)
        buf_printf(&l->out, " (1/%.1f)", (double)l->raw / (double)l->stored);
    if (found->journals.len)
        buf_printf(&l->out, "; %zu journal%s not sealed yet", found->journals.len,
                   found->journals.len == 1 ? "" : "s");
    buf_push(&l->out, '\n');
}

static int list_archive(struct list *l, const char *directory, struct lgz_error *err)
{
    struct listing found;
    struct lgz_error reason = {0};
    int code = listing_open(&found, directory, err);
    if (code != LGZ_OK)
        return code;
    if (catalog_load(&l->catalog, directory, &reason) != LGZ_OK && l->options->verbose)
        say("%s", reason.message);
    reason = (struct lgz_error){0};
    if (keep_load(&l->rules, directory, &reason) != LGZ_OK) {
        say_error(&reason);
        l->failed = true;
    }
    if (!l->options->json)
        buf_printf(&l->out, "%-47s %-20s %-20s %11s %10s %10s %6s  %-7s  %-20s  %4s  %s\n",
                   "SEGMENT", "FROM", "TO", "LINES", "RAW", "STORED", "RATIO", "LEVEL", "VERIFIED",
                   "KEPT", "INPUTS");
    for (size_t i = 0; i < found.segments.len; i++)
        list_segment(l, &found.segments.data[i]);
    list_damaged(l, &found);
    if (!l->options->json)
        put_totals(l, directory, &found);
    if (l->options->verbose)
        say("%s: %zu of %zu segments are in the catalog", directory, l->known, found.segments.len);
    keep_clear(&l->rules);
    catalog_close(l->catalog);
    listing_clear(&found);
    return LGZ_OK;
}

static bool take_time(const struct command *self, const char *name, const char *text, int64_t *time)
{
    struct lgz_error err = {0};
    if (!text || query_time_parse(text, clock_real(), time, &err) == LGZ_OK)
        return true;
    option_misuse(self, "--%s: %s", name, err.message);
    return false;
}

static int list_path(struct list l, const char *path)
{
    struct lgz_error err = {0};
    if (list_archive(&l, path, &err) != LGZ_OK) {
        say_error(&err);
        return 1;
    }
    return output_buffer(&l.out) && !l.failed ? 0 : 1;
}

static int list_configured(const struct list *l)
{
    struct config *config = load_config(l->options->config);
    int status = config ? list_path(*l, config->directory) : 1;
    config_free(config);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct list_options options = {0};
    struct list l = {.options = &options, .since = INT64_MIN, .until = INT64_MAX};
    int status = 0, option = option_table_parse(self, &table, argc, argv, &options);
    if (option == OPTION_BAD || !take_time(self, "since", options.since, &l.since) ||
        !take_time(self, "until", options.until, &l.until)) {
        status = self->error_status;
    } else if (option != OPTION_HELP) {
        l.filter = (struct sources_filter){options.globs.data, options.globs.len,
                                           options.inputs.data, options.inputs.len};
        if (optind == argc)
            status = list_configured(&l);
        for (int i = optind; i < argc; i++)
            status |= list_path(l, argv[i]);
    }
    vec_free(&options.globs);
    vec_free(&options.inputs);
    return status;
}

static void print_help(const struct command *self)
{
    (void)self;
    fputs(
        "Usage: logzipctl list [OPTION]... [ARCHIVE]...\n"
        "\n"
        "List the segments of archives, without ARCHIVE those of the configured one: the first\n"
        "and last time stamp (if there is none, when the bytes were read), lines, raw and stored\n"
        "bytes and their ratio, level, when the segment was last verified, the rule of\n"
        "'logzipctl keep' by which it's kept, and whose it is.\n"
        "\n",
        stdout);
    option_table_print(&table);
    fputs("\n"
          "Exit status: 0 if all went well, 1 if something can't be read, 2 after wrong usage.\n",
          stdout);
}

const struct command command_list = {
    .name = "list",
    .summary = "list the segments of an archive: times, sizes, inputs, when verified",
    .print_help = print_help,
    .error_status = 2,
    .run = run,
};
