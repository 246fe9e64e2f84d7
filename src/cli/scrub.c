/*
 * scrub.c - logzipctl scrub: the step of a rotation that looks for damage, by itself.
 */
#include "archive/scrub.h"

#include <inttypes.h>

#include "cli/chore.h"

static void put_summary(struct buf *out, const struct scrub_result *result, bool dry_run)
{
    const char *would = dry_run ? "would be " : "";
    if (result->checked + result->decoded == 0) {
        buf_append_string(out, result->unfinished ? "nothing looked at" : "nothing is due");
    } else {
        buf_printf(out, "%zu %sdecoded, %zu %schecked, ", result->decoded, would, result->checked,
                   would);
        output_size(out, result->bytes);
    }
    if (result->damaged)
        buf_printf(out, "; %zu DAMAGED, with %" PRIu64 " lines", result->damaged,
                   result->lines_lost);
    else if (!dry_run && !result->unreadable && result->checked + result->decoded)
        buf_append_string(out, "; all sound");
    if (result->unfinished)
        buf_printf(out, "; %s", chore_stopped());
    buf_push(out, '\n');
}

/* chore_fn */
static int scrub(struct chore *c, struct buf *summary, struct lgz_error *err)
{
    const bool *all = c->own;
    struct scrub_result result;
    int code = scrub_run(&c->upkeep, *all, &result, err);
    if (code == LGZ_OK || result.checked + result.decoded)
        put_summary(summary, &result, c->upkeep.dry_run);
    return code;
}

enum { OPTION_ALL = OPTION_FIRST };

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"all", no_argument, NULL, OPTION_ALL}, CHORE_LONGS, CHORE_QUIET, CHORE_TIME, {0}};
    bool all = false;
    struct chore chore = {.own = &all};
    int status = OPTION_END;
    for (int option;
         status == OPTION_END &&
         (option = option_next(self, argc, argv, ":" CHORE_SHORTS, longs)) != OPTION_END;) {
        if (option == OPTION_ALL)
            all = true;
        else
            status = chore_option(&chore, self, option);
    }
    if (status == OPTION_END)
        status = option_last(self, argc, argv);
    return status == OPTION_END ? chore_run(&chore, self, scrub) : status;
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
