/*
 * import.c - logzipctl import: rotated logs into the archive, and a table of what they took before
 * and take now.
 */
#include "import/import.h"

#include <inttypes.h>

#include "cli/chore.h"
#include "cli/progress.h"

enum { OPTION_SOURCE = OPTION_FIRST, OPTION_INPUT, OPTION_REMOVE, OPTION_LEVEL, OPTION_MEMORY };

struct importing {
    struct chore chore;
    struct import_options options;
    struct progress progress;
    bool begun;
};

/* upkeep_note_fn: a line in place of the progress. */
static void note(void *context, enum upkeep_note kind, const char *text)
{
    struct importing *i = context;
    progress_end(&i->progress);
    chore_note(&i->chore, kind, text);
}

/* import_progress_fn */
static void show(void *context, const char *path, uint64_t done, uint64_t total, uint64_t stored)
{
    struct importing *i = context;
    if (!i->begun)
        progress_start(&i->progress, path, total);
    i->begun = true;
    i->progress.name = path;
    progress_update(&i->progress, done, stored);
}

static void put_cell(struct buf *out, uint64_t bytes)
{
    struct buf cell = {0};
    output_size(&cell, bytes);
    buf_printf(out, "  %10.*s", (int)cell.len, (const char *)cell.data);
    buf_free(&cell);
}

static void put_row(struct buf *out, int width, const struct import_row *row)
{
    buf_printf(out, "%-*s  %5zu", width, row->name, row->files);
    put_cell(out, row->raw_bytes);
    put_cell(out, row->packed_bytes);
    put_cell(out, row->stored_bytes);
    if (row->packed_bytes)
        buf_printf(out, "  %4" PRIu64 " %%",
                   (uint64_t)((double)row->stored_bytes * 100 / (double)row->packed_bytes + 0.5));
    buf_push(out, '\n');
}

/* What the files took, and take now; the last row has the segments as they are, index included. */
static void put_table(struct buf *out, const struct import_result *result)
{
    char total_name[] = "total";
    struct import_row total = {.name = total_name, .stored_bytes = result->file_bytes};
    int width = (int)sizeof(total_name);
    for (size_t i = 0; i < result->rows.len; i++) {
        const struct import_row *row = &result->rows.data[i];
        width = (int)strlen(row->name) > width ? (int)strlen(row->name) : width;
        total.files += row->files;
        total.packed_bytes += row->packed_bytes;
        total.raw_bytes += row->raw_bytes;
    }
    buf_printf(out, "%-*s  %5s  %10s  %10s  %10s\n", width, "LOG", "FILES", "TEXT", "BEFORE",
               "AFTER");
    for (size_t i = 0; i < result->rows.len; i++)
        put_row(out, width, &result->rows.data[i]);
    if (result->rows.len > 1 || total.stored_bytes != result->rows.data[0].stored_bytes)
        put_row(out, width, &total);
}

static void put_summary(struct buf *out, const struct import_result *r, bool dry_run)
{
    buf_printf(out, "%s %zu files", dry_run ? "would import" : "imported", r->files);
    if (r->segments)
        buf_printf(out, " into %zu segments", r->segments);
    if (r->held)
        buf_printf(out, "; %zu were in the archive already", r->held);
    if (r->left)
        buf_printf(out, "; %zu left to logzipd", r->left);
    if (r->removed)
        buf_printf(out, "; %zu removed", r->removed);
    if (r->failed)
        buf_printf(out, "; %zu FAILED", r->failed);
    if (r->unfinished)
        buf_printf(out, "; %s", chore_stopped());
    buf_push(out, '\n');
}

/* chore_fn */
static int import(struct chore *c, struct buf *summary, struct lgz_error *err)
{
    struct importing *i = c->own;
    struct import_result result;
    int code = import_run(&c->upkeep, &i->options, &result, err);
    progress_end(&i->progress);
    if (result.rows.len)
        put_table(summary, &result);
    put_summary(summary, &result, c->upkeep.dry_run);
    import_result_clear(&result);
    return code;
}

static bool take_level(const char *text, enum lgz_level *level)
{
    for (enum lgz_level l = LGZ_LEVEL_FAST; l <= LGZ_LEVEL_BEST; l++) {
        if (strcmp(level_name(l), text) == 0) {
            *level = l;
            return true;
        }
    }
    return false;
}

/* @return OPTION_END, or an exit status */
static int take_option(struct importing *i, const struct command *self, int option)
{
    struct import_options *o = &i->options;
    if (option == OPTION_SOURCE)
        o->source = optarg;
    else if (option == OPTION_INPUT)
        o->input = optarg;
    else if (option == OPTION_REMOVE)
        o->remove = true;
    else if (option == 'T')
        return option_threads(self, optarg, &o->threads) ? OPTION_END : self->error_status;
    else if (option == OPTION_LEVEL && !take_level(optarg, &o->level))
        return option_misuse(self, "--level %s: not one of fast, default, best", optarg);
    else if (option == OPTION_MEMORY && !config_parse_size(optarg, &o->memory))
        return option_misuse(self, "--memory %s: not a size such as 200M", optarg);
    else if (option != OPTION_LEVEL && option != OPTION_MEMORY)
        return chore_option(&i->chore, self, option);
    return OPTION_END;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"source", required_argument, NULL, OPTION_SOURCE},
        {"input", required_argument, NULL, OPTION_INPUT},
        {"remove", no_argument, NULL, OPTION_REMOVE},
        {"level", required_argument, NULL, OPTION_LEVEL},
        {"memory", required_argument, NULL, OPTION_MEMORY},
        {"threads", required_argument, NULL, 'T'},
        CHORE_LONGS,
        CHORE_QUIET,
        CHORE_TIME,
        {0},
    };
    struct importing i = {
        .chore = {.upkeep = {.note = note, .context = &i}, .own = &i},
        .options = {.level = LGZ_LEVEL_BEST,
                    .threads = option_processors(),
                    .progress = show,
                    .context = &i},
    };
    int status = OPTION_END;
    for (int option;
         status == OPTION_END &&
         (option = option_next(self, argc, argv, ":T:" CHORE_SHORTS, longs)) != OPTION_END;)
        status = take_option(&i, self, option);
    if (status != OPTION_END)
        return status;
    if (i.options.source && !*i.options.source)
        return option_misuse(self, "--source: no name");
    if (optind == argc && (i.options.source || i.options.input || i.options.remove))
        return option_misuse(self, "--source, --input and --remove are for FILEs");
    i.options.paths = optind < argc ? (const char *const *)(argv + optind) : NULL;
    i.options.path_count = (size_t)(argc - optind);
    return chore_run(&i.chore, self, import);
}

const struct command command_import = {
    .name = "import",
    .summary = "take rotated logs, compressed or not, into the archive",
    .help =
        "Usage: logzipctl import [OPTION]... [FILE]...\n"
        "\n"
        "Take rotated logs into the configured archive: plain ones, and those that gzip, xz,\n"
        "zstd, bzip2 or logzip has compressed. /var/log/app.log.3.gz becomes a part of\n"
        "/var/log/app.log, older than its other parts; its time is when it was written to last.\n"
        "What the archive has already, byte for byte, is left out. The archive may be in use\n"
        "meanwhile. Without FILE, take what the configuration's inputs name by import=, as\n"
        "rotate does.\n"
        "\n"
        "      --source=NAME    the files are parts of the log NAME, whatever they're called\n"
        "      --input=NAME     they belong to [input NAME]; default: the one that reads their "
        "log\n"
        "      --remove         remove each rotated file once all of it is in the archive, and "
        "was\n"
        "                       decoded and compared\n"
        "      --level=LEVEL    fast, default, or best, which is the default\n"
        "  -T, --threads=N      use N threads; 0, the default: one per processor\n"
        "      --memory=SIZE    stay within SIZE bytes of memory (200M, 1G) while compressing\n"
        "      --max-time=TIME  begin no file later than TIME (30m, 4h) from now\n"
        "  -n, --dry-run        change nothing, say what would be imported\n"
        "  -q, --quiet          print nothing but problems\n"
        "  -c, --config=FILE    the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "      --help           show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
