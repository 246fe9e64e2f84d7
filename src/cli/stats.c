/*
 * stats.c - logzipctl stats: what takes the space, by source, template and column.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "cli/command.h"
#include "query/json.h"
#include "query/row.h"
#include "query/space.h"

enum { TOP = 10, ID_LEN = sizeof(uint64_t) };

/* A row of one of the three tables. */
struct entry {
    struct span key;
    uint64_t stored;
    uint64_t amount;
};

struct entries {
    struct entry *list;
    size_t count;    /* that are shown */
    uint64_t others; /* bytes of those that aren't */
};

/* What belongs to no row of a table. */
struct rest {
    const char *name;
    const char *member;
    uint64_t stored;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    if (x->stored != y->stored)
        return x->stored > y->stored ? -1 : 1;
    return span_order(x->key, y->key);
}

/* The rows of a table, `top` of those that take the most, which come first; to be freed. */
static struct entries sorted(const struct space_table *t, uint64_t top)
{
    struct entries e = {.list = calloc(counts_len(t->stored) + 1, sizeof(*e.list)),
                        .others = counts_others(t->stored)};
    for (; e.list && e.count < counts_len(t->stored); e.count++) {
        struct entry *entry = &e.list[e.count];
        entry->stored = counts_at(t->stored, e.count, &entry->key);
        entry->amount = counts_at(t->amount, e.count, &entry->key);
    }
    if (e.list)
        qsort(e.list, e.count, sizeof(*e.list), compare);
    while (e.count > top)
        e.others += e.list[--e.count].stored;
    return e;
}

static uint64_t id_of(struct span key)
{
    uint64_t id;
    memcpy(&id, key.data, ID_LEN);
    return id;
}

static struct span behind(struct span key, size_t len)
{
    return (struct span){key.data + len, key.len - len};
}

/* --- text --- */

typedef void put_fn(const struct entry *entry, struct buf *out);

static void put_source(const struct entry *e, struct buf *out)
{
    buf_printf(out, "%14" PRIu64 " %8.1f  ", e->amount,
               e->stored ? (double)e->amount / (double)e->stored : 0);
    row_put_between_tabs(out, e->key);
}

static void put_template(const struct entry *e, struct buf *out)
{
    buf_printf(out, "%14" PRIu64 "  %016" PRIx64 " ", e->amount, id_of(e->key));
    row_put_between_tabs(out, behind(e->key, ID_LEN));
}

static void put_column(const struct entry *e, struct buf *out)
{
    const char *encoding = (const char *)e->key.data;
    buf_printf(out, "  %-10s  ", encoding);
    row_put_between_tabs(out, behind(e->key, strlen(encoding) + 1));
}

static void put_stored(const struct space *s, uint64_t stored, struct buf *out)
{
    buf_printf(out, "%12" PRIu64 " %5.1f %%", stored,
               s->stored ? 100 * (double)stored / (double)s->stored : 0);
}

static void put_rest(const struct space *s, uint64_t stored, int blanks, const char *name,
                     struct buf *out)
{
    if (stored == 0)
        return;
    put_stored(s, stored, out);
    buf_printf(out, "%*s(%s)\n", blanks, "", name);
}

/* A table; all of its rows together are the files' bytes. */
static bool put_table(const struct space *s, const struct space_table *t, uint64_t top,
                      const char *title, int blanks, put_fn *put, const struct rest *rest,
                      struct buf *out)
{
    struct entries e = sorted(t, top);
    buf_printf(out, "\n%12s %7s%s\n", "STORED", "SHARE", title);
    for (size_t i = 0; i < e.count; i++) {
        put_stored(s, e.list[i].stored, out);
        put(&e.list[i], out);
        buf_push(out, '\n');
    }
    put_rest(s, e.others, blanks, "others", out);
    for (; rest->name; rest++)
        put_rest(s, rest->stored, blanks, rest->name, out);
    free(e.list);
    return e.list != NULL;
}

static bool put_text(const struct space *s, const char *path, uint64_t top, struct buf *out)
{
    const struct rest of_sources[] = {{"index", NULL, s->index}, {0}};
    const struct rest of_templates[] = {{"blocks without templates", NULL, s->plain},
                                        {"heads of blocks", NULL, s->heads + s->unused},
                                        {"index", NULL, s->index},
                                        {0}};
    const struct rest of_columns[] = {{"texts of templates", NULL, s->texts},
                                      {"numbers of the lines' templates", NULL, s->numbers},
                                      {"blocks without templates", NULL, s->plain},
                                      {"heads of blocks", NULL, s->heads},
                                      {"index", NULL, s->index},
                                      {0}};
    buf_printf(out, "%s: %" PRIu64 " bytes, %" PRIu64 " lines in %" PRIu64 " bytes", path, s->raw,
               s->lines, s->stored);
    if (s->raw && s->stored)
        buf_printf(out, " (1/%.1f)", (double)s->raw / (double)s->stored);
    buf_push(out, '\n');
    return put_table(s, &s->sources, top, "            RAW    RATIO  SOURCE", 25, put_source,
                     of_sources, out) &&
           put_table(s, &s->templates, top, "          LINES  TEMPLATE", 16, put_template,
                     of_templates, out) &&
           put_table(s, &s->columns, top, "  ENCODING    COLUMN", 14, put_column, of_columns, out);
}

/* --- JSON --- */

static void put_source_json(const struct entry *e, struct buf *out)
{
    json_member(out, "name", e->key);
    buf_printf(out, ",\"raw_bytes\":%" PRIu64, e->amount);
}

static void put_template_json(const struct entry *e, struct buf *out)
{
    buf_printf(out, "\"template\":\"%016" PRIx64 "\",", id_of(e->key));
    json_member(out, "text", behind(e->key, ID_LEN));
    buf_printf(out, ",\"lines\":%" PRIu64, e->amount);
}

static void put_column_json(const struct entry *e, struct buf *out)
{
    const char *encoding = (const char *)e->key.data;
    buf_printf(out, "\"encoding\":\"%s\",", encoding);
    json_member(out, "column", behind(e->key, strlen(encoding) + 1));
}

static bool put_list(const struct space_table *t, uint64_t top, const char *name, put_fn *put,
                     struct buf *out)
{
    struct entries e = sorted(t, top);
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < e.count; i++) {
        buf_append_string(out, i ? ",{" : "{");
        put(&e.list[i], out);
        buf_printf(out, ",\"stored_bytes\":%" PRIu64 "}", e.list[i].stored);
    }
    buf_printf(out, "],\"other_%s_bytes\":%" PRIu64, name, e.others);
    free(e.list);
    return e.list != NULL;
}

static bool put_json(const struct space *s, const char *path, uint64_t top, struct buf *out)
{
    const struct rest rest[] = {{NULL, "index", s->index}, {NULL, "plain_blocks", s->plain},
                                {NULL, "heads", s->heads}, {NULL, "unused_values", s->unused},
                                {NULL, "texts", s->texts}, {NULL, "template_numbers", s->numbers}};
    buf_push(out, '{');
    json_member(out, "path", json_span(path));
    buf_printf(out, ",\"raw_bytes\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"stored_bytes\":%" PRIu64,
               s->raw, s->lines, s->stored);
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        buf_printf(out, ",\"%s_bytes\":%" PRIu64, rest[i].member, rest[i].stored);
    bool ok = put_list(&s->sources, top, "sources", put_source_json, out) &&
              put_list(&s->templates, top, "templates", put_template_json, out) &&
              put_list(&s->columns, top, "columns", put_column_json, out);
    buf_append_string(out, "}\n");
    return ok;
}

/* --- the run --- */

struct choices {
    bool json;
    uint64_t top; /* rows of each table */
};

static bool add_listed(struct space *s, const struct archive_segment *listed)
{
    struct lgz_error err = {0};
    struct segment *segment = NULL;
    int code = archive_segment_open(&segment, listed, &err);
    if (code == LGZ_OK)
        code = space_add(s, segment, &err);
    if (code != LGZ_OK)
        say_error(&err);
    segment_close(segment);
    return code == LGZ_OK;
}

/* What can't be read is named, and not counted. */
static bool add_path(struct space *s, char *path)
{
    struct lgz_error err = {0};
    struct archive_snapshot *snapshot = NULL;
    struct stat st;
    bool good = true;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return add_listed(s, &(struct archive_segment){.path = path, .fd = -1});
    if (archive_snapshot_find(&snapshot, path, &err) != LGZ_OK) {
        say_error(&err);
        return false;
    }
    for (size_t i = 0; i < snapshot->segment_count; i++)
        good &= add_listed(s, &snapshot->segments[i]);
    archive_snapshot_close(snapshot);
    return good;
}

static bool show(char *path, const struct choices *choices)
{
    struct lgz_error err = {0};
    struct space space;
    struct buf out = {0};
    bool good = space_init(&space, &err) == LGZ_OK;
    if (!good) {
        say_error(&err);
    } else {
        good = add_path(&space, path);
        out.failed |= !(choices->json ? put_json(&space, path, choices->top, &out)
                                      : put_text(&space, path, choices->top, &out));
        good &= output_buffer(&out);
    }
    space_clear(&space);
    return good;
}

static int run(const struct command *self, int argc, char **argv)
{
    enum { OPTION_TOP = OPTION_FIRST, OPTION_JSON };
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_JSON},
        {"top", required_argument, NULL, OPTION_TOP},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct choices choices = {.top = UINT64_MAX};
    bool limited = false, good = true;
    for (int option; (option = option_next(self, argc, argv, ":", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == OPTION_BAD)
            return self->error_status;
        if (option == OPTION_TOP && !option_number(optarg, UINT64_MAX, &choices.top))
            return option_misuse(self, "--top %s: not a number", optarg);
        limited |= option == OPTION_TOP;
        choices.json |= option == OPTION_JSON;
    }
    if (optind == argc)
        return option_misuse(self, "which FILE or ARCHIVE?");
    if (!limited && !choices.json)
        choices.top = TOP;
    for (int i = optind; i < argc; i++)
        good &= show(argv[i], &choices);
    return good ? 0 : 1;
}

const struct command command_stats = {
    .name = "stats",
    .summary = "tell what takes the space: sources, templates, columns",
    .help =
        "Usage: logzipctl stats [OPTION]... FILE|ARCHIVE...\n"
        "\n"
        "Tell what takes the space in a segment or in all segments of an archive: three tables,\n"
        "of sources, of templates, and of columns of values. The rows of each together are all\n"
        "bytes of the files; bytes that serve several are shared. What isn't sealed yet isn't\n"
        "in it.\n"
        "\n"
        "      --top=N            N rows of each table, the largest; 10, with --json all\n"
        "      --json             a JSON object for each FILE or ARCHIVE\n"
        "      --help             show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after an error, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
