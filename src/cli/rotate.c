/*
 * rotate.c - logzipctl rotate: what cron runs. All steps of an archive's upkeep, one after the
 * other.
 *
 * A step that fails doesn't keep the later ones from being done: an archive that can't be sealed
 * must not fill the disk. The exit status tells.
 */
#include <inttypes.h>

#include "archive/catalog.h"
#include "archive/expire.h"
#include "archive/merge.h"
#include "archive/scrub.h"
#include "archive/seal_run.h"
#include "base/clock.h"
#include "base/priority.h"
#include "cli/chore.h"
#include "cli/rotate_report.h"
#include "import/import.h"

struct rotation {
    const struct command *self;
    struct chore chore;
    struct rotate_report report;
    struct archive_lock *lock;
    bool alone;      /* it may change what is sealed */
    bool unfinished; /* the time was up before all was done */
};

static void seal(struct rotation *r)
{
    struct seal_run_result result;
    struct lgz_error err = {0};
    if (seal_run(&r->chore.upkeep, &result, &err) != LGZ_OK) {
        rotate_report_failure(&r->report, &err);
        rotate_report_phrase(&r->report, true, "not sealed");
    } else if (result.by_daemon) {
        rotate_report_phrase(&r->report, false, "sealed by the daemon");
    } else if (r->chore.upkeep.dry_run) {
        rotate_report_phrase(&r->report, result.raw_bytes, "would seal ");
        rotate_report_size(&r->report, "", result.raw_bytes);
    } else if (result.segments) {
        rotate_report_phrase(&r->report, true, "sealed");
        rotate_report_size(&r->report, " ", result.raw_bytes);
        rotate_report_size(&r->report, " into ", result.stored_bytes);
    } else {
        rotate_report_phrase(&r->report, false,
                             result.unfinished ? "nothing sealed yet" : "nothing to seal");
    }
    r->unfinished |= result.unfinished;
}

/* What comes now is for one process at a time. With root's rights the daemon was asked, and no more
   is done. */
static void be_alone(struct rotation *r)
{
    struct lgz_error err = {0};
    int code = chore_lock(&r->chore, r->self, &r->lock, &err);
    if (code != LGZ_OK)
        rotate_report_failure(&r->report, &err);
    r->alone = code == LGZ_OK;
}

static uint64_t packed_bytes(const struct import_result *result)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < result->rows.len; i++)
        bytes += result->rows.data[i].packed_bytes;
    return bytes;
}

static void import(struct rotation *r)
{
    const struct config *config = r->chore.upkeep.config;
    const struct import_options options = {
        .level = LGZ_LEVEL_BEST,
        .threads = config->threads,
        .memory = config->seal_memory,
    };
    struct import_result result = {0};
    struct lgz_error err = {0};
    if (import_run(&r->chore.upkeep, &options, &result, &err) != LGZ_OK)
        rotate_report_failure(&r->report, &err);
    if (result.files && r->chore.upkeep.dry_run) {
        rotate_report_phrase(&r->report, true, "would import %zu files", result.files);
    } else if (result.files) {
        rotate_report_phrase(&r->report, true, "imported %zu files of ", result.files);
        rotate_report_size(&r->report, "", packed_bytes(&result));
        rotate_report_size(&r->report, " into ", result.file_bytes);
    }
    if (result.failed)
        rotate_report_phrase(&r->report, true, "%zu files NOT imported", result.failed);
    r->unfinished |= result.unfinished;
    import_result_clear(&result);
}

static void merge(struct rotation *r)
{
    struct merge_result result;
    struct lgz_error err = {0};
    const bool dry_run = r->chore.upkeep.dry_run;
    if (merge_run(&r->chore.upkeep, &result, &err) != LGZ_OK)
        rotate_report_failure(&r->report, &err);
    r->unfinished |= result.unfinished;
    if (result.units == 0)
        return;
    rotate_report_phrase(&r->report, true, "%s %zu segments of", dry_run ? "would merge" : "merged",
                         result.sources);
    rotate_report_size(&r->report, " ", result.bytes_before);
    if (!dry_run)
        rotate_report_size(&r->report, " into ", result.bytes_after);
}

/* upkeep_note_fn: what has expired is in the summary, which says how many. */
static void note_problem(void *report, enum upkeep_note note, const char *text)
{
    if (note == UPKEEP_PROBLEM)
        rotate_report_note(report, note, text);
}

static void expire(struct rotation *r)
{
    struct upkeep upkeep = r->chore.upkeep;
    struct expire_result result;
    struct lgz_error err = {0};
    const bool dry_run = upkeep.dry_run;
    if (!dry_run)
        upkeep.note = note_problem;
    if (expire_run(&upkeep, &result, &err) != LGZ_OK)
        rotate_report_failure(&r->report, &err);
    r->unfinished |= result.unfinished;
    rotate_report_phrase(&r->report, result.count, "%s %zu segments",
                         dry_run ? "would expire" : "expired", result.count);
    if (result.count)
        rotate_report_size(&r->report, " of ", result.bytes);
    rotate_report_phrase(&r->report, false, "%zu segments of ", result.left);
    rotate_report_size(&r->report, "", result.left_bytes);
    buf_append_string(&r->report.summary, " kept");
    if (result.kept)
        buf_printf(&r->report.summary, ", %zu of them by rules", result.kept);
}

static void scrub(struct rotation *r)
{
    struct scrub_result result;
    struct lgz_error err = {0};
    if (scrub_run(&r->chore.upkeep, false, &result, &err) != LGZ_OK)
        rotate_report_failure(&r->report, &err);
    const size_t done = result.checked + result.decoded;
    if (r->chore.upkeep.dry_run)
        rotate_report_phrase(&r->report, done, "would verify %zu", done);
    else if (result.damaged)
        rotate_report_phrase(&r->report, true, "%zu of %zu verified are DAMAGED", result.damaged,
                             done);
    else if (result.unreadable)
        rotate_report_phrase(&r->report, true, "%zu of %zu can't be read", result.unreadable, done);
    else
        rotate_report_phrase(&r->report, false, "%zu verified, all sound", done);
    r->unfinished |= result.unfinished;
}

/* A catalog that can't be made is none: queries open more, and find the same. */
static void update_catalog(struct rotation *r)
{
    struct catalog_result result = {0};
    struct lgz_error err = {0};
    if (r->chore.upkeep.dry_run)
        return;
    if (catalog_update(r->chore.upkeep.config->directory, &result, &err) != LGZ_OK) {
        rotate_report_failure(&r->report, &err);
        rotate_report_phrase(&r->report, true, "no catalog written");
    } else if (result.rebuilt) {
        upkeep_tell(&r->chore.upkeep, UPKEEP_PROBLEM, "%s; made anew from the segments",
                    result.damage.message);
    }
}

/*
 * The steps, in their order. A share is the part of --max-time, in per cent from the start, in
 * which a step may begin work, so that a long one leaves time for those behind it. What makes room
 * has no limit: it is quick, and must not wait for another night.
 */
static const struct step {
    void (*run)(struct rotation *r);
    int share;  /* 0: no limit */
    bool alone; /* only after be_alone() */
} steps[] = {
    /* clang-format off */
    {seal, 100, false},
    {be_alone, 0, false},
    {import, 50, true},
    {merge, 80, true},
    {expire, 0, true},
    {update_catalog, 0, true},
    {scrub, 100, true},
    /* clang-format on */
};

enum { STEP_COUNT = sizeof(steps) / sizeof(steps[0]) };

static int64_t deadline_of(const struct step *step, int64_t start, int64_t max_time)
{
    int64_t deadline;
    if (!max_time || !step->share ||
        __builtin_add_overflow(start, max_time / 100 * step->share, &deadline))
        return 0;
    return deadline;
}

/* @return the exit status */
static int rotate(struct rotation *r, bool verbose)
{
    struct upkeep *u = &r->chore.upkeep;
    const int64_t start = clock_monotonic();
    priority_lower();
    for (size_t i = 0; i < STEP_COUNT && !upkeep_is_stopped(u); i++) {
        u->deadline = deadline_of(&steps[i], start, r->chore.max_time);
        if (r->alone || !steps[i].alone)
            steps[i].run(r);
    }
    archive_unlock(r->lock);
    if (r->unfinished || upkeep_is_stopped(u))
        rotate_report_phrase(&r->report, true, "%s", chore_stopped());
    return rotate_report_print(&r->report, verbose || u->dry_run);
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"verbose", no_argument, NULL, 'v'}, CHORE_LONGS, CHORE_TIME, {0}};
    struct rotation r = {.self = self};
    bool verbose = false;
    int status = OPTION_END;
    r.chore.upkeep.note = rotate_report_note;
    r.chore.upkeep.context = &r.report;
    for (int option; status == OPTION_END &&
                     (option = option_next(self, argc, argv, ":c:nv", longs)) != OPTION_END;) {
        if (option == 'v')
            verbose = true;
        else
            status = chore_option(&r.chore, self, option);
    }
    if (status == OPTION_END)
        status = option_last(self, argc, argv);
    if (status != OPTION_END)
        return status;
    if (!chore_begin(&r.chore))
        return 1;
    status = rotate(&r, verbose);
    chore_end(&r.chore);
    return status;
}

const struct command command_rotate = {
    .name = "rotate",
    .summary = "do all that the archive needs each night; for cron",
    .help =
        "Usage: logzipctl rotate [OPTION]...\n"
        "\n"
        "Look after the configured archive: seal the journal (the daemon does it if one runs),\n"
        "import the rotated files that inputs name, merge the segments of each day, remove those\n"
        "that the configuration no longer wants, and look for damage in a part of the others. If\n"
        "something was done, or is wrong, print a line that says so. It has the lowest priority\n"
        "for processor and disk.\n"
        "\n"
        "  -c, --config=FILE    the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "      --max-time=TIME  begin nothing later than TIME (30m, 4h) from now; what is left is\n"
        "                       done the next time\n"
        "  -n, --dry-run        change nothing, say what would be done\n"
        "  -v, --verbose        print the line also if nothing was done\n"
        "      --help           show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
