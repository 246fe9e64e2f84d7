/*
 * scrub.c - what is due comes from the catalog; a segment that fails is looked at again before it's
 * called damaged: what a host's memory does wrong is not the file's fault.
 */
#include "archive/scrub.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "archive/catalog.h"
#include "archive/listing.h"
#include "archive/rescue.h"
#include "base/clock.h"
#include "base/file.h"
#include "segment/verify.h"

enum {
    CHECKS = 4,      /* of stored bytes in a period */
    LOSSES_TOLD = 20 /* of a segment; logzipctl salvage lists all */
};

/* What is done in a night at most, besides new segments: so many times a night's share of it. */
enum { SHARES = 2 };

struct due {
    const struct listed_segment *listed;
    uint64_t bytes;
    int64_t last; /* when it was looked at; 0: never */
    bool decode;
};

struct scrub {
    const struct upkeep *u;
    bool all;
    struct listing found;
    VEC(struct due) due;
    VEC(struct catalog_verified) sound;
    uint64_t total; /* bytes of all segments */
    struct scrub_result *result;
    struct lgz_error *err;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Is a segment due? A clock that was set back doesn't keep it from being so for long. */
static bool is_due(const struct scrub *s, const struct catalog_entry *known, int64_t modified,
                   struct due *due)
{
    const int64_t period = s->u->config->scrub_period;
    const int64_t now = s->u->now;
    const int64_t decoded = later(known->decoded_at, modified);
    due->last = later(known->verified_at, known->decoded_at);
    due->decode = s->all || decoded > now || now - decoded >= period;
    return due->decode || !due->last || due->last > now || now - due->last >= period / CHECKS;
}

static int by_last(const void *a, const void *b)
{
    const struct due *x = a;
    const struct due *y = b;
    return (x->last > y->last) - (x->last < y->last);
}

static int find_due(struct scrub *s)
{
    struct catalog *catalog = NULL;
    size_t next = 0;
    /* Without a catalog nothing was ever looked at, as far as anybody knows. */
    struct lgz_error why = {0};
    int code = catalog_load(&catalog, s->u->config->directory, &why);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(s->err);
    if (code != LGZ_OK && code != LGZ_ERR_NOT_FOUND)
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s; made anew from the segments", why.message);
    code = LGZ_OK;
    for (size_t i = 0; i < s->found.segments.len && code == LGZ_OK; i++) {
        struct due due = {.listed = &s->found.segments.data[i]};
        struct catalog_entry known = {0};
        struct stat st;
        if (stat(due.listed->path, &st) != 0)
            continue; /* if it can't be read, a query says so */
        if (catalog && !catalog_look_up(catalog, &due.listed->name, &st, &next, &known))
            known = (struct catalog_entry){0};
        due.bytes = (uint64_t)st.st_size;
        s->total += due.bytes;
        if (is_due(s, &known, file_modified(&st), &due) && !vec_push(&s->due, due))
            code = error_memory(s->err);
    }
    catalog_close(catalog);
    if (s->due.len)
        qsort(s->due.data, s->due.len, sizeof(*s->due.data), by_last);
    return code;
}

/* Look at a segment. @return as segment_open() and segment_verify() */
static int look(const char *path, bool decode, struct lgz_error *err)
{
    struct segment *segment = NULL;
    int code = segment_open(&segment, path, err);
    if (code == LGZ_OK)
        code = decode ? segment_verify(segment, &(struct worker){0}, err)
                      : segment_verify_stored(segment, err);
    segment_close(segment);
    return code;
}

static void tell_damage(const struct scrub *s, const struct salvage_result *r)
{
    for (size_t i = 0; i < r->note_count; i++)
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s", r->notes[i]);
    for (size_t i = 0; i < r->loss_count && i < LOSSES_TOLD; i++)
        upkeep_tell(s->u, UPKEEP_PROBLEM,
                    "gone: %s (source %" PRIu64 "): bytes %" PRIu64 " to %" PRIu64 ", %" PRIu64
                    " lines",
                    r->losses[i].name, r->losses[i].source_id, r->losses[i].offset,
                    r->losses[i].offset + r->losses[i].length - 1, r->losses[i].lines);
    if (r->loss_count > LOSSES_TOLD)
        upkeep_tell(s->u, UPKEEP_PROBLEM, "and %zu ranges more: logzipctl salvage lists them",
                    r->loss_count - LOSSES_TOLD);
}

/* Keep the damaged one apart, and what is whole in its place. */
static int quarantine(struct scrub *s, const struct due *due, const struct lgz_error *why)
{
    const char *path = due->listed->path;
    struct salvage_result r = {0};
    struct lgz_error err = {0};
    char *aside = NULL;
    int code = rescue_in_place(path, s->u->config->threads, &aside, &r, &err);
    if (code != LGZ_OK) {
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s; not put aside: %s", why->message, err.message);
    } else if (!r.damaged) {
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s; all of it is as it was written, and it's left",
                    why->message);
    } else {
        s->result->lines_lost += r.lines_lost;
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s", why->message);
        tell_damage(s, &r);
        upkeep_tell(s->u, UPKEEP_PROBLEM,
                    "%s: %zu blocks with %" PRIu64 " lines are left; kept as %s", file_name(path),
                    r.blocks, r.lines, file_name(aside));
    }
    salvage_result_clear(&r);
    free(aside);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(s->err);
    return LGZ_OK;
}

/* It failed: is it damaged? */
static int judge(struct scrub *s, const struct due *due, int code, const struct lgz_error *why)
{
    const char *path = due->listed->path;
    const struct segment_name *name = &due->listed->name;
    struct lgz_error again = {0};
    if (code == LGZ_ERR_MEMORY)
        return error_memory(s->err);
    if (code != LGZ_ERR_CORRUPT && code != LGZ_ERR_FORMAT && code != LGZ_ERR_VERSION) {
        s->result->unreadable++;
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s", why->message);
        return LGZ_OK;
    }
    if (look(path, true, &again) == LGZ_OK) {
        upkeep_tell(s->u, UPKEEP_PROBLEM,
                    "%s; when it was read again it was sound: look at this host's memory and disk",
                    why->message);
        return LGZ_OK;
    }
    s->result->damaged++;
    /* Are there journals that it should hold? Then it was sealed just now, or a crash came in
       between: the daemon's next start seals them again, over it. */
    if (listing_has_journals(&s->found, name->first, name->last)) {
        upkeep_tell(s->u, UPKEEP_PROBLEM, "%s; its journals are still there, and it's left",
                    why->message);
        return LGZ_OK;
    }
    return quarantine(s, due, why);
}

static int scrub_one(struct scrub *s, const struct due *due)
{
    const char *path = due->listed->path;
    struct lgz_error why = {0};
    s->result->decoded += due->decode;
    s->result->checked += !due->decode;
    s->result->bytes += due->bytes;
    if (s->u->dry_run)
        return LGZ_OK;
    int code = look(path, due->decode, &why);
    if (code == LGZ_ERR_IO && errno == ENOENT)
        return LGZ_OK;
    if (code != LGZ_OK)
        return judge(s, due, code, &why);
    const struct catalog_verified sound = {due->listed->name, s->u->now, due->decode};
    return vec_push(&s->sound, sound) ? LGZ_OK : error_memory(s->err);
}

/* The bytes of segments that were looked at before, and may be again this time. */
static uint64_t share_of(const struct scrub *s)
{
    const int64_t period = s->u->config->scrub_period / CHECKS;
    const int64_t nights = period / (NS_PER_SECOND * 86400);
    return nights > SHARES ? s->total / (uint64_t)nights * SHARES : s->total;
}

static int scrub_due(struct scrub *s)
{
    const uint64_t share = share_of(s);
    uint64_t again = 0;
    int code = LGZ_OK;
    for (size_t i = 0; i < s->due.len && code == LGZ_OK; i++) {
        const struct due *due = &s->due.data[i];
        if (due->last && again > share && !s->all)
            break; /* the rest is for the next nights */
        if (upkeep_is_over(s->u)) {
            s->result->unfinished = true;
            break;
        }
        again += due->last ? due->bytes : 0;
        code = scrub_one(s, due);
    }
    return code;
}

int scrub_run(const struct upkeep *u, bool all, struct scrub_result *result, struct lgz_error *err)
{
    struct scrub s = {.u = u, .all = all, .result = result, .err = err};
    *result = (struct scrub_result){0};
    int code = listing_open(&s.found, u->config->directory, err);
    if (code == LGZ_OK)
        code = find_due(&s);
    if (code == LGZ_OK)
        code = scrub_due(&s);
    if (s.sound.len || result->damaged) {
        struct lgz_error *noted = code == LGZ_OK ? err : NULL;
        int set = catalog_set_verified(u->config->directory, s.sound.data, s.sound.len, noted);
        code = code == LGZ_OK ? set : code;
    }
    vec_free(&s.sound);
    vec_free(&s.due);
    listing_clear(&s.found);
    return code;
}
