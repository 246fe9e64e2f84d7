/*
 * rotate.c - logzipctl rotate: what cron runs. Seal, expire, verify what is kept, say it in a line.
 *
 * A step that fails doesn't keep the later ones from being done: an archive that can't be sealed
 * must not fill the disk. The exit status tells.
 */
#include <inttypes.h>

#include "archive/archive.h"
#include "archive/control_client.h"
#include "archive/retention.h"
#include "base/clock.h"
#include "cli/command.h"
#include "segment/reader.h"

enum { SEAL_TIMEOUT_MS = 3600 * 1000 };

/* What was done, for the summary. */
struct report {
    struct buf text;
    struct buf details; /* lines that come before it */
    bool failed;
};

static void note_failure(struct report *r, const struct lgz_error *err)
{
    say_error(err);
    r->failed = true;
}

/* What all seals together gave. */
struct sealed {
    size_t segments;
    uint64_t raw_bytes;
    uint64_t stored_bytes;
};

static int seal_groups(const struct config *config, const struct archive_recovery *recovery,
                       struct sealed *sealed, struct lgz_error *err)
{
    struct segment_options options = archive_seal_options(config);
    int code = LGZ_OK;
    for (size_t i = 0, count; code == LGZ_OK && i < recovery->journal_count; i += count) {
        struct archive_seal_result result = {0};
        count = archive_recovery_group(recovery, i, config->seal_size);
        code =
            archive_seal(config->directory, recovery->journals + i, count, &options, &result, err);
        sealed->segments += result.segment != NULL;
        sealed->raw_bytes += result.raw_bytes;
        sealed->stored_bytes += result.stored_bytes;
        archive_seal_result_clear(&result);
    }
    return code;
}

/*
 * Seal all journals, as the one writer. First a new journal takes over how far each file was read,
 * so that at each moment there is one that says so.
 */
static int seal_locked(const struct config *config, struct sealed *sealed, struct buf *details,
                       struct lgz_error *err)
{
    struct archive_recovery *recovery = NULL;
    struct journal_writer *journal = NULL;
    int code = archive_recover(&recovery, config->directory, err);
    for (size_t i = 0; code == LGZ_OK && i < recovery->note_count; i++)
        buf_printf(details, "%s\n", recovery->notes[i]);
    if (code == LGZ_OK && recovery->journal_count) {
        code = journal_create(&journal, config->directory, recovery->next_sequence,
                              recovery->positions, recovery->position_count, err);
        if (code == LGZ_OK)
            code = seal_groups(config, recovery, sealed, err);
    }
    journal_close(journal);
    archive_recovery_free(recovery);
    return code;
}

/* No daemon answers: be the writer for a while. */
static void seal_here(const struct config *config, struct report *r)
{
    struct archive_lock *lock = NULL;
    struct sealed sealed = {0};
    struct lgz_error err = {0};
    int code = archive_act_as_owner(config->directory, &err);
    if (code == LGZ_OK)
        code = archive_lock(&lock, config->directory, "logzipctl", &err);
    if (code == LGZ_ERR_BUSY)
        error_prefix(&err, "no daemon answers at %s, but the archive is in use", config->control);
    if (code == LGZ_OK)
        code = seal_locked(config, &sealed, &r->details, &err);
    archive_unlock(lock);
    if (code != LGZ_OK) {
        note_failure(r, &err);
        buf_append_string(&r->text, "not sealed");
    } else if (sealed.segments) {
        buf_append_string(&r->text, "sealed ");
        output_size(&r->text, sealed.raw_bytes);
        buf_append_string(&r->text, " into ");
        output_size(&r->text, sealed.stored_bytes);
    } else {
        buf_append_string(&r->text, "nothing to seal");
    }
}

static void seal(const struct config *config, struct report *r)
{
    struct lgz_error err = {0};
    int code = control_request(config->control, "seal", SEAL_TIMEOUT_MS, NULL, &err);
    if (code == LGZ_ERR_NOT_FOUND) {
        seal_here(config, r);
    } else if (code != LGZ_OK) {
        note_failure(r, &err);
        buf_append_string(&r->text, "not sealed");
    } else {
        buf_append_string(&r->text, "sealed by the daemon");
    }
}

static void expire(const struct config *config, bool dry_run, struct report *r)
{
    struct retention_policy policy = {config->max_age, config->max_size};
    struct retention_result result = {0};
    struct lgz_error err = {0};
    int code = retention_apply(config->directory, &policy, clock_real(), dry_run, &result, &err);
    if (code != LGZ_OK)
        note_failure(r, &err);
    for (size_t i = 0; dry_run && i < result.count; i++)
        buf_printf(&r->details, "would expire %s (%s)\n", result.items[i].path,
                   result.items[i].reason == RETENTION_AGE ? "age" : "size");
    buf_printf(&r->text, "; %s %zu segments", dry_run ? "would expire" : "expired", result.count);
    if (result.count) {
        buf_append_string(&r->text, " of ");
        output_size(&r->text, result.bytes);
    }
    buf_printf(&r->text, "; %zu segments of ", result.kept);
    output_size(&r->text, result.kept_bytes);
    buf_append_string(&r->text, " kept");
    retention_result_clear(&result);
}

static bool is_sound(const struct archive_segment *listed, struct lgz_error *err)
{
    struct segment *segment = NULL;
    int code = archive_segment_open(&segment, listed, err);
    if (code == LGZ_OK)
        code = segment_verify(segment, &(struct worker){0}, err);
    segment_close(segment);
    return code == LGZ_OK;
}

static void verify(const struct config *config, struct report *r)
{
    struct archive_snapshot *snapshot = NULL;
    struct lgz_error err = {0};
    size_t damaged = 0;
    if (archive_snapshot_open(&snapshot, config->directory, &err) != LGZ_OK) {
        note_failure(r, &err);
        return;
    }
    for (size_t i = 0; i < snapshot->segment_count; i++) {
        if (!is_sound(&snapshot->segments[i], &err)) {
            note_failure(r, &err);
            damaged++;
        }
    }
    if (damaged)
        buf_printf(&r->text, ", %zu of them DAMAGED", damaged);
    else if (snapshot->segment_count)
        buf_append_string(&r->text, ", all sound");
    archive_snapshot_close(snapshot);
}

/* What the journals hold, for a dry run. */
static void describe_journals(const struct config *config, struct report *r)
{
    struct archive_snapshot *snapshot = NULL;
    struct lgz_error err = {0};
    uint64_t bytes = 0;
    if (archive_snapshot_open(&snapshot, config->directory, &err) != LGZ_OK) {
        note_failure(r, &err);
        return;
    }
    for (size_t i = 0; i < snapshot->journal_count; i++) {
        struct journal_record record;
        int rc;
        while ((rc = journal_next(snapshot->journals[i], &record, &err)) == 1)
            bytes += record.kind == JOURNAL_DATA ? record.data.len : 0;
        if (rc < 0)
            note_failure(r, &err);
    }
    buf_append_string(&r->text, "would seal ");
    output_size(&r->text, bytes);
    archive_snapshot_close(snapshot);
}

static int rotate(const struct config *config, bool dry_run)
{
    struct report r = {0};
    if (dry_run)
        describe_journals(config, &r);
    else
        seal(config, &r);
    expire(config, dry_run, &r);
    if (!dry_run)
        verify(config, &r);
    buf_push(&r.text, '\n');
    bool printed = output_buffer(&r.details);
    printed &= output_buffer(&r.text);
    return printed && !r.failed ? 0 : 1;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    const char *path = NULL;
    bool dry_run = false;
    for (int option; (option = option_next(self, argc, argv, ":c:n", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'c')
            path = optarg;
        else if (option == 'n')
            dry_run = true;
        else
            return self->error_status;
    }
    if (optind < argc)
        return option_misuse(self, "unexpected argument '%s'", argv[optind]);
    struct config *config = load_config(path);
    int status = config ? rotate(config, dry_run) : 1;
    config_free(config);
    return status;
}

const struct command command_rotate = {
    .name = "rotate",
    .summary = "seal, expire and verify the archive; for cron",
    .help =
        "Usage: logzipctl rotate [OPTION]...\n"
        "\n"
        "Look after the configured archive: seal the journal (the daemon does it if one runs),\n"
        "remove the segments that are older or together larger than the configuration allows,\n"
        "oldest first, verify those that are kept, and print a line that says so.\n"
        "\n"
        "  -c, --config=FILE  the configuration; default " CONFIG_DEFAULT_PATH "\n"
        "  -n, --dry-run      change nothing, say what would be done\n"
        "      --help         show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after a problem, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
