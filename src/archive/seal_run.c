/*
 * seal_run.c - sealing as a step of upkeep.
 */
#include "archive/seal_run.h"

#include "archive/archive.h"
#include "archive/control_client.h"
#include "base/clock.h"

enum { DAEMON_TIMEOUT_MS = 3600 * 1000 };

static bool is_stopped(void *context)
{
    const struct upkeep *u = *(const struct upkeep **)context;
    return upkeep_is_stopped(u);
}

static int seal_groups(const struct upkeep *u, const struct archive_recovery *recovery,
                       struct seal_run_result *result, struct lgz_error *err)
{
    const struct config *config = u->config;
    struct segment_options options = archive_seal_options(config);
    int code = LGZ_OK;
    options.stop = is_stopped;
    options.stop_context = &u;
    for (size_t i = 0, count; code == LGZ_OK && i < recovery->journal_count; i += count) {
        result->unfinished = upkeep_is_over(u);
        if (result->unfinished)
            break;
        struct archive_seal_result sealed = {0};
        count = archive_recovery_group(recovery, i, config->seal_size);
        code =
            archive_seal(config->directory, recovery->journals + i, count, &options, &sealed, err);
        result->segments += sealed.segment != NULL;
        result->raw_bytes += sealed.raw_bytes;
        result->stored_bytes += sealed.stored_bytes;
        archive_seal_result_clear(&sealed);
        if (code == LGZ_ERR_CANCELLED) {
            error_forget(err);
            result->unfinished = true;
            return LGZ_OK;
        }
    }
    return code;
}

/*
 * Seal all journals, as the one writer. First a new journal takes over how far each file was read,
 * so that at each moment there is one that says so.
 */
static int seal_locked(const struct upkeep *u, struct seal_run_result *result,
                       struct lgz_error *err)
{
    struct archive_recovery *recovery = NULL;
    struct journal_writer *journal = NULL;
    int code = archive_recover(&recovery, u->config->directory, err);
    for (size_t i = 0; code == LGZ_OK && i < recovery->note_count; i++)
        upkeep_tell(u, UPKEEP_ACTION, "%s", recovery->notes[i]);
    if (code == LGZ_OK && recovery->journal_count) {
        code = journal_create(&journal, u->config->directory, recovery->next_sequence,
                              recovery->positions, recovery->position_count, err);
        if (code == LGZ_OK)
            code = seal_groups(u, recovery, result, err);
    }
    journal_close(journal);
    archive_recovery_free(recovery);
    return code;
}

/* No daemon answers: be the writer for a while. */
static int seal_here(const struct upkeep *u, struct seal_run_result *result, struct lgz_error *err)
{
    struct archive_lock *lock = NULL;
    int code = archive_act_as_owner(u->config->directory, err);
    if (code == LGZ_OK)
        code = archive_lock(&lock, u->config->directory, "logzipctl", err);
    if (code == LGZ_ERR_BUSY)
        error_prefix(err, "no daemon answers at %s, but the archive is in use", u->config->control);
    if (code == LGZ_OK)
        code = seal_locked(u, result, err);
    archive_unlock(lock);
    return code;
}

/* What the journals hold. */
static int count_journals(const struct upkeep *u, struct seal_run_result *result,
                          struct lgz_error *err)
{
    struct archive_snapshot *snapshot = NULL;
    int code = archive_snapshot_open(&snapshot, u->config->directory, err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < snapshot->journal_count && code == LGZ_OK; i++) {
        struct journal_record record;
        int rc;
        while ((rc = journal_next(snapshot->journals[i], &record, err)) == 1)
            result->raw_bytes += record.kind == JOURNAL_DATA ? record.data.len : 0;
        code = rc < 0 ? rc : LGZ_OK;
    }
    archive_snapshot_close(snapshot);
    return code;
}

static int daemon_timeout(const struct upkeep *u)
{
    if (!u->deadline)
        return DAEMON_TIMEOUT_MS;
    int64_t left = (u->deadline - clock_monotonic()) / (NS_PER_SECOND / 1000);
    return left < 1 ? 1 : left > DAEMON_TIMEOUT_MS ? DAEMON_TIMEOUT_MS : (int)left;
}

int seal_run(const struct upkeep *u, struct seal_run_result *result, struct lgz_error *err)
{
    *result = (struct seal_run_result){0};
    if (u->dry_run)
        return count_journals(u, result, err);
    int code = control_request(u->config->control, "seal", daemon_timeout(u), u->stop, NULL, err);
    if (code == LGZ_ERR_NOT_FOUND)
        return seal_here(u, result, err);
    if (code == LGZ_ERR_CANCELLED) {
        error_forget(err);
        result->unfinished = true;
        return LGZ_OK;
    }
    result->by_daemon = code == LGZ_OK;
    return code;
}
