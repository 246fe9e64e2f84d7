/*
 * scrub.c - logzipctl scrub: the step of a rotation that looks for damage, by itself.
 */
#include <inttypes.h>
#include <stdio.h>

#include "archive/archive.h"
#include "archive/scrub.h"
#include "base/clock.h"
#include "cli/command.h"

struct scrubbing {
    struct upkeep upkeep;
    bool all;
    bool quiet;
    bool failed;
};

/* upkeep_note_fn */
static void note(void *context, enum upkeep_note kind, const char *text)
{
    struct scrubbing *s = context;
    if (kind == UPKEEP_PROBLEM) {
        say("%s", text);
        s->failed = true;
    } else if (!s->quiet) {
        printf("%s\n", text);
    }
}

static bool print_result(const struct scrub_result *result, bool dry_run)
{
    struct buf text = {0};
    const char *would = dry_run ? "would be " : "";
    if (result->checked + result->decoded == 0) {
        buf_append_string(&text, "nothing is due");
    } else {
        buf_printf(&text, "%zu %sdecoded, %zu %schecked, ", result->decoded, would, result->checked,
                   would);
        output_size(&text, result->bytes);
    }
    if (result->damaged)
        buf_printf(&text, "; %zu DAMAGED, with %" PRIu64 " lines", result->damaged,
                   result->lines_lost);
    else if (!dry_run && !result->unreadable && result->checked + result->decoded)
        buf_append_string(&text, "; all sound");
    if (result->unfinished)
        buf_append_string(&text, "; the time is up");
    buf_push(&text, '\n');
    return output_buffer(&text);
}

static int scrub(struct scrubbing *s)
{
    const char *directory = s->upkeep.config->directory;
    struct archive_lock *lock = NULL;
    struct scrub_result result = {0};
    struct lgz_error err = {0};
    int code = archive_act_as_owner(directory, &err);
    if (code == LGZ_OK && !s->upkeep.dry_run)
        code = archive_rotate_lock(&lock, directory, "logzipctl scrub", &err);
    if (code == LGZ_OK)
        code = scrub_run(&s->upkeep, s->all, &result, &err);
    archive_unlock(lock);
    if (code != LGZ_OK)
        note(s, UPKEEP_PROBLEM, err.message);
    if (!s->quiet && (code == LGZ_OK || result.checked + result.decoded))
        s->failed |= !print_result(&result, s->upkeep.dry_run);
    return s->failed ? 1 : 0;
}

enum { OPTION_MAX_TIME = OPTION_FIRST, OPTION_ALL };

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"all", no_argument, NULL, OPTION_ALL},
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'n'},
        {"max-time", required_argument, NULL, OPTION_MAX_TIME},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct scrubbing s = {0};
    const char *path = NULL;
    int64_t max_time = 0;
    for (int option; (option = option_next(self, argc, argv, ":c:nq", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'c')
            path = optarg;
        else if (option == 'n')
            s.upkeep.dry_run = true;
        else if (option == 'q')
            s.quiet = true;
        else if (option == OPTION_ALL)
            s.all = true;
        else if (option != OPTION_MAX_TIME)
            return self->error_status;
        else if (!config_parse_duration(optarg, &max_time) || max_time < 0)
            return option_misuse(self, "--max-time %s: not a time such as 30m or 4h", optarg);
    }
    if (optind < argc)
        return option_misuse(self, "unexpected argument '%s'", argv[optind]);
    struct config *config = load_config(path);
    s.upkeep.config = config;
    s.upkeep.now = clock_real();
    s.upkeep.deadline = max_time ? clock_monotonic() + max_time : 0;
    s.upkeep.note = note;
    s.upkeep.context = &s;
    int status = config ? scrub(&s) : 1;
    config_free(config);
    return status;
}

const struct command command_scrub = {
    .name = "scrub",
    .summary = "look for damaged segments, and put them aside",
    .help =
        "Usage: logzipctl scrub [OPTION]...\n"
        "\n"
        "Look at a part of the configured archive, at those segments first that were looked at\n"
        "longest ago: compare their stored bytes with their checksums, and once in scrub_period,\n"
        "decode all of each. One that is damaged is kept as NAME.logz.damaged, and what is whole\n"
        "of it takes its place. The archive may be in use meanwhile. rotate does the same.\n"
        "\n"
        "      --all            decode all segments now\n"
        "  -c, --config=FILE    the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "      --max-time=TIME  begin nothing later than TIME (30m, 4h) from now\n"
        "  -n, --dry-run        change nothing, say what would be looked at\n"
        "  -q, --quiet          print nothing but problems\n"
        "      --help           show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
