/*
 * follow.c - reads an archive's segments, then its journals again and again as they grow.
 *
 * Each source knows how far it was read, so bytes that are met again (in the segment that was made
 * of a journal) are dropped where any others would be.
 */
#include "query/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/changes.h"
#include "archive/live.h"
#include "query/scan_state.h"

/* What the system doesn't tell of is found by looking. */
#define LOOK_INTERVAL (5 * NS_PER_SECOND)

enum {
    WAIT_MS = 1000,
    WAIT_UNTOLD_MS = 500, /* where the system tells nothing */
};

struct follow {
    struct scan *scan;
    const char *path;
    struct live *live;
    struct archive_snapshot *snapshot;    /* as it was at the beginning */
    VEC(struct archive_segment) segments; /* its, and those read later: blocks left out are there */
    struct scan_segments list;            /* the same, for the scan */
    int changes;                          /* as changes_open() gives it */
    int output;
    int64_t looked; /* when the directory was listed last */
};

/* Close the segments. Who follows for long must not keep files that were removed. */
static int let_go_of_segments(struct follow *f, struct lgz_error *err)
{
    if (!vec_reserve(&f->segments, f->snapshot->segment_count))
        return error_memory(err);
    for (size_t i = 0; i < f->snapshot->segment_count; i++) {
        struct archive_segment *segment = &f->snapshot->segments[i];
        if (segment->fd >= 0)
            close(segment->fd);
        segment->fd = -1;
        f->segments.data[f->segments.len++] = *segment;
    }
    f->list = (struct scan_segments){f->segments.data, f->segments.len};
    return LGZ_OK;
}

/* Read on in a journal. */
static int read_journal(struct follow *f, struct live_part *part, struct lgz_error *err)
{
    struct scan *s = f->scan;
    struct lgz_error reason = {0};
    struct inputs others = s->inputs;
    const uint64_t records = s->records;
    if (part->failed)
        return LGZ_OK;
    s->inputs = part->inputs;
    int code = s->snapshot ? scan_journal(s, part->journal, f->path, &reason)
                           : scan_records(s, part->journal, true, f->path, &reason);
    part->inputs = s->inputs;
    s->inputs = others;
    part->has_data |= s->records != records;
    part->failed = code != LGZ_OK;
    return scan_settle(s, code, &reason, err);
}

/* A segment that was made of journals which nobody has seen. */
static int read_segment(struct follow *f, struct live_part *part, struct lgz_error *err)
{
    struct archive_segment copy = part->segment;
    struct lgz_error reason = {0};
    struct segment *segment = NULL;
    copy.fd = -1;
    copy.path = strdup(copy.path);
    if (!copy.path || !vec_push(&f->segments, copy)) {
        free(copy.path);
        return error_memory(err);
    }
    f->list = (struct scan_segments){f->segments.data, f->segments.len};
    int code = archive_segment_open(&segment, &part->segment, &reason);
    if (code == LGZ_OK)
        code = scan_segment(f->scan, &f->list, f->list.count - 1, segment, copy.path, &reason);
    segment_close(segment);
    return scan_settle(f->scan, code, &reason, err);
}

/* Read what is new. */
static int read_parts(struct follow *f, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < live_part_count(f->live) && code == LGZ_OK; i++) {
        struct live_part *part = live_part(f->live, i);
        if (!scan_finished(f->scan))
            code = part->journal ? read_journal(f, part, err) : read_segment(f, part, err);
    }
    return code == LGZ_OK ? live_forget(f->live, err) : code;
}

/*
 * Where a line is under way at the end of a block that was left out, fetch its beginning while the
 * segment is sure to be there. What else is needed of such blocks is only where a time comes from.
 */
static int resume_cut_lines(struct follow *f, struct lgz_error *err)
{
    struct scan *s = f->scan;
    const size_t parts = live_part_count(f->live);
    const struct inputs *inputs = parts ? &live_part(f->live, parts - 1)->inputs : NULL;
    int code = LGZ_OK;
    for (size_t i = 0; i < sources_count(s->sources) && code == LGZ_OK; i++) {
        struct query_source *source = sources_at(s->sources, i);
        const struct rules *rules =
            inputs && source->input ? inputs_find(inputs, source->input) : NULL;
        if (source->skipped.len && source->cut)
            code = scan_resume(s, source, rules, source->next, (struct span){0}, err);
    }
    return code;
}

/* All that is there now. */
static int begin(struct follow *f, struct lgz_error *err)
{
    struct scan *s = f->scan;
    int code = archive_snapshot_find(&f->snapshot, f->path, err);
    if (code != LGZ_OK)
        return code;
    f->looked = clock_monotonic();
    f->list = (struct scan_segments){f->snapshot->segments, f->snapshot->segment_count};
    s->segments = &f->list;
    s->snapshot = f->snapshot;
    code = scan_archive_segments(s, &f->list, err);
    if (code == LGZ_OK)
        code = live_new(&f->live, f->path, f->snapshot, err);
    if (code == LGZ_OK)
        code = read_parts(f, err);
    s->snapshot = NULL;
    if (code == LGZ_OK)
        code = resume_cut_lines(f, err);
    return code == LGZ_OK ? let_go_of_segments(f, err) : code;
}

static void end(struct follow *f)
{
    const size_t first = f->snapshot ? f->snapshot->segment_count : 0;
    scan_leave_archive(f->scan);
    live_free(f->live);
    for (size_t i = first; i < f->segments.len; i++)
        free(f->segments.data[i].path);
    vec_free(&f->segments);
    archive_snapshot_close(f->snapshot);
    if (f->changes >= 0)
        close(f->changes);
}

/* Events of which nothing more has come for a while. */
static int end_quiet_events(struct follow *f, struct lgz_error *err)
{
    struct scan *s = f->scan;
    const int64_t now = clock_real();
    int code = LGZ_OK;
    scan_emit_directly(s);
    for (size_t i = 0; i < sources_count(s->sources) && code == LGZ_OK; i++) {
        struct query_source *source = sources_at(s->sources, i);
        int64_t quiet;
        const bool long_ago = __builtin_sub_overflow(now, source->read_time, &quiet) || quiet < 0 ||
                              quiet >= FOLLOW_QUIET;
        if (source->pending.event.open && source->carry.len == 0 && long_ago)
            code = select_finish_event(&s->selection, source, err);
    }
    return code;
}

/* Wait until something may have happened. @return what, or a negative code */
static int wait_for_changes(struct follow *f, struct lgz_error *err)
{
    struct pollfd fds[] = {{.fd = f->changes, .events = POLLIN}, {.fd = f->output}};
    int ready = poll(fds, 2, f->changes >= 0 ? WAIT_MS : WAIT_UNTOLD_MS);
    if (ready < 0 && errno != EINTR)
        return error_io(err, "cannot wait");
    if (ready > 0 && fds[1].revents)
        return error_set(err, LGZ_ERR_CANCELLED, "nobody reads the output");
    int code = scan_check(f->scan, err);
    if (code != LGZ_OK)
        return code;
    return f->changes >= 0 ? (int)changes_read(f->changes) : CHANGES_NAMES;
}

/* Hand on what came, and wait for more. */
static int go_on(struct follow *f, struct lgz_error *err)
{
    struct scan *s = f->scan;
    int code = s->pause ? s->pause(s->context, err) : LGZ_OK;
    int changes = code == LGZ_OK ? wait_for_changes(f, err) : code;
    if (changes < 0)
        return changes;
    const int64_t now = clock_monotonic();
    if ((changes & CHANGES_NAMES) || now - f->looked >= LOOK_INTERVAL) {
        code = live_look(f->live, err);
        f->looked = now;
    }
    if (code == LGZ_OK)
        code = read_parts(f, err);
    return code == LGZ_OK ? end_quiet_events(f, err) : code;
}

int scan_follow(struct scan *s, const char *path, int output, struct lgz_error *err)
{
    struct follow f = {.scan = s, .path = path, .output = output, .changes = changes_open(path)};
    int code = begin(&f, err);
    while (code == LGZ_OK && !scan_finished(s))
        code = go_on(&f, err);
    end(&f);
    return code;
}
