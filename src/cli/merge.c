/*
 * merge.c - logzipctl merge: the step of a rotation that makes few large segments of many small
 * ones, by itself.
 */
#include <inttypes.h>
#include <stdio.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/merge.h"
#include "base/clock.h"
#include "cli/command.h"

struct merging {
    struct upkeep upkeep;
    bool quiet;
    bool failed;
};

/* upkeep_note_fn */
static void note(void *context, enum upkeep_note kind, const char *text)
{
    struct merging *m = context;
    if (kind == UPKEEP_PROBLEM) {
        say("%s", text);
        m->failed = true;
    } else if (!m->quiet) {
        printf("%s\n", text);
    }
}

static bool print_result(const struct merge_result *result, bool dry_run)
{
    struct buf text = {0};
    if (result->units == 0) {
        buf_append_string(&text, "nothing to merge");
    } else if (dry_run) {
        buf_printf(&text, "would merge %zu segments of ", result->sources);
        output_size(&text, result->bytes_before);
    } else {
        buf_printf(&text, "merged %zu segments of ", result->sources);
        output_size(&text, result->bytes_before);
        buf_printf(&text, " into %zu of ", result->segments);
        output_size(&text, result->bytes_after);
    }
    if (result->unfinished)
        buf_append_string(&text, "; the time is up");
    buf_push(&text, '\n');
    return output_buffer(&text);
}

static int merge(struct merging *m)
{
    const char *directory = m->upkeep.config->directory;
    struct archive_lock *lock = NULL;
    struct merge_result result = {0};
    struct lgz_error err = {0};
    int code = archive_act_as_owner(directory, &err);
    if (code == LGZ_OK && !m->upkeep.dry_run)
        code = archive_rotate_lock(&lock, directory, "logzipctl merge", &err);
    if (code == LGZ_OK)
        code = merge_run(&m->upkeep, &result, &err);
    if (code == LGZ_OK && result.segments)
        code = catalog_update(directory, NULL, &err);
    archive_unlock(lock);
    if (code != LGZ_OK)
        note(m, UPKEEP_PROBLEM, err.message);
    if (!m->quiet && (code == LGZ_OK || result.units))
        m->failed |= !print_result(&result, m->upkeep.dry_run);
    return m->failed ? 1 : 0;
}

enum { OPTION_MAX_TIME = OPTION_FIRST };

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'n'},
        {"max-time", required_argument, NULL, OPTION_MAX_TIME},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct merging m = {0};
    const char *path = NULL;
    int64_t max_time = 0;
    for (int option; (option = option_next(self, argc, argv, ":c:nq", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'c')
            path = optarg;
        else if (option == 'n')
            m.upkeep.dry_run = true;
        else if (option == 'q')
            m.quiet = true;
        else if (option != OPTION_MAX_TIME)
            return self->error_status;
        else if (!config_parse_duration(optarg, &max_time) || max_time < 0)
            return option_misuse(self, "--max-time %s: not a time such as 30m or 4h", optarg);
    }
    if (optind < argc)
        return option_misuse(self, "unexpected argument '%s'", argv[optind]);
    struct config *config = load_config(path);
    m.upkeep.config = config;
    m.upkeep.now = clock_real();
    m.upkeep.deadline = max_time ? clock_monotonic() + max_time : 0;
    m.upkeep.note = note;
    m.upkeep.context = &m;
    int status = config ? merge(&m) : 1;
    config_free(config);
    return status;
}

const struct command command_merge = {
    .name = "merge",
    .summary = "make few large segments of many small ones",
    .help =
        "Usage: logzipctl merge [OPTION]...\n"
        "\n"
        "Put the configured archive's segments of each day that is over (merge=, merge_size=)\n"
        "together, compressed as well as can be, one segment for all inputs and one for each "
        "input\n"
        "that has limits of its own. They are decoded and compared before the old ones go. The\n"
        "archive may be in use meanwhile. rotate does the same.\n"
        "\n"
        "  -c, --config=FILE    the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "      --max-time=TIME  begin nothing later than TIME (30m, 4h) from now; what is left is\n"
        "                       done the next time\n"
        "  -n, --dry-run        change nothing, say what would be merged\n"
        "  -q, --quiet          print nothing but problems\n"
        "      --help           show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
