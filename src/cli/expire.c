/*
 * expire.c - logzipctl expire: remove what has had its time; the step of rotate, by itself.
 */
#include "archive/expire.h"

#include "archive/catalog.h"
#include "cli/chore.h"

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
    if (result->unfinished)
        buf_printf(out, "; %s", chore_stopped());
    buf_push(out, '\n');
}

/* chore_fn */
static int expire(struct chore *c, struct buf *summary, struct lgz_error *err)
{
    struct expire_result result;
    int code = expire_run(&c->upkeep, &result, err);
    if (code == LGZ_OK || result.count)
        put_summary(summary, &result, c->upkeep.dry_run);
    if (code != LGZ_OK || c->upkeep.dry_run || !result.count)
        return code;
    /* Who reads the catalog finds out by itself that a segment is gone; this is for its size. */
    return catalog_update(c->config->directory, NULL, err);
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {CHORE_LONGS, CHORE_QUIET, {0}};
    struct chore chore = {0};
    int status = chore_options(&chore, self, argc, argv, longs);
    return status == OPTION_END ? chore_run(&chore, self, expire) : status;
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
