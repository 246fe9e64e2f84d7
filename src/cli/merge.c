/*
 * merge.c - logzipctl merge: the step of a rotation that makes few large segments of many small
 * ones, by itself.
 */
#include "archive/merge.h"

#include "archive/catalog.h"
#include "cli/chore.h"

static void put_summary(struct buf *out, const struct merge_result *result, bool dry_run)
{
    if (result->units == 0) {
        buf_append_string(out, result->unfinished ? "nothing merged" : "nothing to merge");
    } else {
        buf_printf(out, "%s %zu segments of ", dry_run ? "would merge" : "merged", result->sources);
        output_size(out, result->bytes_before);
    }
    if (result->units && !dry_run) {
        buf_printf(out, " into %zu of ", result->segments);
        output_size(out, result->bytes_after);
    }
    if (result->unfinished)
        buf_printf(out, "; %s", chore_stopped());
    buf_push(out, '\n');
}

/* chore_fn */
static int merge(struct chore *c, struct buf *summary, struct lgz_error *err)
{
    struct merge_result result;
    int code = merge_run(&c->upkeep, &result, err);
    if (code == LGZ_OK && result.segments)
        code = catalog_update(c->config->directory, NULL, err);
    if (code == LGZ_OK || result.units)
        put_summary(summary, &result, c->upkeep.dry_run);
    return code;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {CHORE_LONGS, CHORE_QUIET, CHORE_TIME, {0}};
    struct chore chore = {0};
    int status = chore_options(&chore, self, argc, argv, longs);
    return status == OPTION_END ? chore_run(&chore, self, merge) : status;
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
