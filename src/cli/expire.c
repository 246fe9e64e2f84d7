/*
 * expire.c - logzipctl expire: remove what has had its time; the step of rotate, by itself.
 */
#include "archive/expire.h"

#include <stdio.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "base/clock.h"
#include "cli/command.h"

struct expiring {
    struct upkeep upkeep;
    struct buf lines; /* of what was removed */
    bool quiet;
    bool problem;
};

/* upkeep_note_fn */
static void note(void *context, enum upkeep_note kind, const char *text)
{
    struct expiring *e = context;
    if (kind == UPKEEP_PROBLEM) {
        e->problem = true;
        say("%s", text);
    } else if (!e->quiet) {
        buf_printf(&e->lines, "%s\n", text);
    }
}

static void put_summary(struct buf *out, const struct expire_result *result, bool dry_run)
{
    buf_printf(out, "%s %zu segments", dry_run ? "would expire" : "expired", result->count);
    if (result->count) {
        buf_append_string(out, " of ");
        output_size(out, result->bytes);
    }
    buf_printf(out, "; %zu segments of ", result->left);
    output_size(out, result->left_bytes);
    buf_append_string(out, " left");
    if (result->kept) {
        buf_printf(out, ", rules keep %zu of ", result->kept);
        output_size(out, result->kept_bytes);
    }
    buf_push(out, '\n');
}

/* Whoever reads the catalog finds out by itself that a segment is gone; this is for its size. */
static int update_catalog(const struct expiring *e, const struct expire_result *result,
                          struct lgz_error *err)
{
    if (e->upkeep.dry_run || !result->count)
        return LGZ_OK;
    return catalog_update(e->upkeep.config->directory, NULL, err);
}

static int expire(struct expiring *e)
{
    const char *directory = e->upkeep.config->directory;
    struct archive_lock *lock = NULL;
    struct expire_result result = {0};
    struct lgz_error err = {0};
    int code = archive_act_as_owner(directory, &err);
    if (code == LGZ_OK && !e->upkeep.dry_run)
        code = archive_rotate_lock(&lock, directory, "logzipctl expire", &err);
    if (code == LGZ_OK)
        code = expire_run(&e->upkeep, &result, &err);
    if (code == LGZ_OK && !e->quiet)
        put_summary(&e->lines, &result, e->upkeep.dry_run);
    if (code == LGZ_OK)
        code = update_catalog(e, &result, &err);
    archive_unlock(lock);
    bool printed = output_buffer(&e->lines);
    if (code != LGZ_OK)
        say_error(&err);
    return code == LGZ_OK && printed && !e->problem ? 0 : 1;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'n'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct expiring e = {.upkeep = {.now = clock_real(), .note = note, .context = &e}};
    const char *path = NULL;
    for (int option; (option = option_next(self, argc, argv, ":c:nq", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'c')
            path = optarg;
        else if (option == 'n')
            e.upkeep.dry_run = true;
        else if (option == 'q')
            e.quiet = true;
        else
            return self->error_status;
    }
    if (optind < argc)
        return option_misuse(self, "unexpected argument '%s'", argv[optind]);
    struct config *config = load_config(path);
    if (!config)
        return 1;
    e.upkeep.config = config;
    int status = expire(&e);
    config_free(config);
    return status;
}

const struct command command_expire = {
    .name = "expire",
    .summary = "remove the segments that have had their time",
    .help =
        "Usage: logzipctl expire [OPTION]...\n"
        "\n"
        "Remove the segments of the configured archive that its limits (max_age, max_size,\n"
        "keep_free, and those of inputs) don't keep any longer, oldest first. What isn't sealed\n"
        "yet stays, and so does what a rule of 'logzipctl keep' names. rotate does it, too.\n"
        "\n"
        "  -c, --config=FILE  the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "  -n, --dry-run      remove nothing, say what would be removed\n"
        "  -q, --quiet        say nothing but what is wrong\n"
        "      --help         show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
