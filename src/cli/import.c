/*
 * import.c - logzipctl import: rotated logs into the archive, and a table of what they took before
 * and take now.
 */
#include "import/import.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/progress.h"

enum { OPTION_SOURCE = OPTION_FIRST, OPTION_INPUT, OPTION_REMOVE, OPTION_LEVEL, OPTION_MEMORY };

struct importing {
    struct import_options options;
    struct upkeep upkeep;
    struct progress progress;
    bool begun;
    bool quiet;
    bool problem;
    int signals; /* descriptor from which they are read; -1: none */
    int caught;  /* the signal that came; 0: none */
};

/* upkeep_note_fn */
static void note(void *context, enum upkeep_note kind, const char *text)
{
    struct importing *i = context;
    progress_end(&i->progress);
    if (kind == UPKEEP_PROBLEM) {
        i->problem = true;
        say("%s", text);
    } else if (!i->quiet) {
        printf("%s\n", text);
    }
}

/* import_progress_fn */
static bool show(void *context, const char *path, uint64_t done, uint64_t total, uint64_t stored)
{
    struct importing *i = context;
    struct signalfd_siginfo info;
    if (!i->begun)
        progress_start(&i->progress, path, total);
    i->begun = true;
    i->progress.name = path;
    progress_update(&i->progress, done, stored);
    if (i->signals >= 0 && read(i->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        i->caught = (int)info.ssi_signo;
    return !i->caught;
}

/* The signals that end a program are taken between two pieces of work, so that no draft is left. */
static void hold_signals(struct importing *i, sigset_t *set)
{
    *set = interrupt_signals();
    i->signals =
        sigprocmask(SIG_BLOCK, set, NULL) == 0 ? signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
    if (i->signals < 0)
        sigprocmask(SIG_UNBLOCK, set, NULL);
}

static void release_signals(const struct importing *i, const sigset_t *set)
{
    if (i->caught)
        raise(i->caught);
    if (i->signals >= 0)
        close(i->signals);
    sigprocmask(SIG_UNBLOCK, set, NULL);
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
    buf_push(out, '\n');
}

static bool print(const struct importing *i, const struct import_result *result)
{
    struct buf out = {0};
    if (i->quiet)
        return true;
    if (result->rows.len)
        put_table(&out, result);
    put_summary(&out, result, i->upkeep.dry_run);
    fflush(stdout);
    return output_buffer(&out);
}

static int import(struct importing *i, const char *directory)
{
    struct archive_lock *lock = NULL;
    struct import_result result = {0};
    struct lgz_error err = {0};
    sigset_t signals;
    int code = archive_act_as_owner(directory, &err);
    if (code == LGZ_OK && !i->upkeep.dry_run)
        code = archive_rotate_lock(&lock, directory, "logzipctl import", &err);
    hold_signals(i, &signals);
    if (code == LGZ_OK)
        code = import_run(&i->upkeep, &i->options, &result, &err);
    progress_end(&i->progress);
    archive_unlock(lock);
    bool printed = print(i, &result);
    import_result_clear(&result);
    release_signals(i, &signals);
    if (code != LGZ_OK)
        say_error(&err);
    return code == LGZ_OK && printed && !i->problem ? 0 : 1;
}

static bool take_level(const char *text, enum lgz_level *level)
{
    static const char *const names[] = {"fast", "default", "best"};
    static const enum lgz_level levels[] = {LGZ_LEVEL_FAST, LGZ_LEVEL_DEFAULT, LGZ_LEVEL_BEST};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], text) == 0) {
            *level = levels[i];
            return true;
        }
    }
    return false;
}

/* Read the options. @return OPTION_END, or the exit status after OPTION_HELP or misuse */
static int take_options(const struct command *self, int argc, char **argv, struct importing *i,
                        const char **config)
{
    static const struct option longs[] = {
        {"source", required_argument, NULL, OPTION_SOURCE},
        {"input", required_argument, NULL, OPTION_INPUT},
        {"remove", no_argument, NULL, OPTION_REMOVE},
        {"level", required_argument, NULL, OPTION_LEVEL},
        {"memory", required_argument, NULL, OPTION_MEMORY},
        {"threads", required_argument, NULL, 'T'},
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'n'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct import_options *o = &i->options;
    for (int option; (option = option_next(self, argc, argv, ":T:c:nq", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == OPTION_SOURCE)
            o->source = optarg;
        else if (option == OPTION_INPUT)
            o->input = optarg;
        else if (option == OPTION_REMOVE)
            o->remove = true;
        else if (option == 'c')
            *config = optarg;
        else if (option == 'n')
            i->upkeep.dry_run = true;
        else if (option == 'q')
            i->quiet = true;
        else if (option == OPTION_BAD)
            return self->error_status;
        else if (option == 'T' && !option_threads(self, optarg, &o->threads))
            return self->error_status;
        else if (option == OPTION_LEVEL && !take_level(optarg, &o->level))
            return option_misuse(self, "--level %s: not one of fast, default, best", optarg);
        else if (option == OPTION_MEMORY && !config_parse_size(optarg, &o->memory))
            return option_misuse(self, "--memory %s: not a size such as 200M", optarg);
    }
    return OPTION_END;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct importing i = {
        .options = {.level = LGZ_LEVEL_BEST, .threads = option_processors(), .progress = show},
        .signals = -1,
    };
    const char *path = NULL;
    int status = take_options(self, argc, argv, &i, &path);
    if (status != OPTION_END)
        return status;
    if (i.options.source && !*i.options.source)
        return option_misuse(self, "--source: no name");
    if (optind == argc && (i.options.source || i.options.input || i.options.remove))
        return option_misuse(self, "--source, --input and --remove are for FILEs");
    struct config *config = load_config(path);
    if (!config)
        return 1;
    i.options.paths = optind < argc ? (const char *const *)(argv + optind) : NULL;
    i.options.path_count = (size_t)(argc - optind);
    i.options.context = &i;
    i.upkeep.config = config;
    i.upkeep.now = clock_real();
    i.upkeep.note = note;
    i.upkeep.context = &i;
    status = import(&i, config->directory);
    config_free(config);
    return status;
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
        "      --source=NAME  the files are parts of the log NAME, whatever they're called\n"
        "      --input=NAME   they belong to [input NAME]; default: the one that reads their log\n"
        "      --remove       remove each rotated file once all of it is in the archive, and was\n"
        "                     decoded and compared\n"
        "      --level=LEVEL  fast, default, or best, which is the default\n"
        "  -T, --threads=N    use N threads; 0, the default: one per processor\n"
        "      --memory=SIZE  stay within SIZE bytes of memory (200M, 1G) while compressing\n"
        "  -n, --dry-run      change nothing, say what would be imported\n"
        "  -q, --quiet        print nothing but problems\n"
        "  -c, --config=FILE  the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "      --help         show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
