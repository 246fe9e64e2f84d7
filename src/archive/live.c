/*
 * live.c - compares an archive's directory with what is known of it, by the numbers of journals.
 *
 * As for a snapshot, journals are listed and opened before segments are listed: one that went in
 * between is in a segment. Whatever has a number that was never met is new; a journal that nobody
 * holds and no segment covers, with a number that is known, can only be another archive's.
 */
#include "archive/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/listing.h"

enum { LOOKS_MAX = 10 }; /* at once, while segments go between listing and opening them */

/* Numbers of journals whose bytes were met, from `first` to `last`. */
struct range {
    uint64_t first;
    uint64_t last;
};

struct live {
    char *directory;
    dev_t device; /* the directory's */
    ino_t inode;
    VEC(struct live_part) parts; /* by `first`; of two, the journal first */
    VEC(struct range) known;     /* in order, and apart from each other */
    uint64_t begun;              /* in segments up to this number there's nothing new */
};

static bool is_known(const struct live *l, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < l->known.len; i++) {
        if (first >= l->known.data[i].first && first <= l->known.data[i].last)
            return last <= l->known.data[i].last;
    }
    return false;
}

/* Segments that were there at the beginning may be merged, with gaps between their numbers. */
static bool is_known_segment(const struct live *l, const struct segment_name *s)
{
    const uint64_t first = s->first > l->begun ? s->first : l->begun + 1;
    return first > s->last || is_known(l, first, s->last);
}

/* Join the range with those that it touches. */
static bool note_known(struct live *l, uint64_t first, uint64_t last)
{
    size_t at = 0;
    while (at < l->known.len && l->known.data[at].last < first - 1)
        at++;
    while (at < l->known.len && l->known.data[at].first <= last + 1) {
        const struct range *other = &l->known.data[at];
        first = other->first < first ? other->first : first;
        last = other->last > last ? other->last : last;
        vec_remove(&l->known, at);
    }
    const struct range range = {first, last};
    return vec_insert(&l->known, at, range);
}

/* A journal without data is gone: its number may be given to another one. */
static bool note_unknown(struct live *l, uint64_t number)
{
    for (size_t i = 0; i < l->known.len; i++) {
        const struct range r = l->known.data[i];
        const struct range before = {r.first, number - 1}, behind = {number + 1, r.last};
        if (number < r.first || number > r.last)
            continue;
        vec_remove(&l->known, i);
        return (r.last == number || vec_insert(&l->known, i, behind)) &&
               (r.first == number || vec_insert(&l->known, i, before));
    }
    return true;
}

static void clear_part(struct live_part *part)
{
    journal_reader_close(part->journal);
    if (!part->journal)
        close(part->segment.fd);
    free(part->segment.path);
    inputs_clear(&part->inputs);
}

/* Add a part at its place; it owns what it's made of. */
static int add_part(struct live *l, struct live_part *part, struct lgz_error *err)
{
    size_t at = 0;
    while (at < l->parts.len && (l->parts.data[at].first < part->first ||
                                 (l->parts.data[at].first == part->first &&
                                  (l->parts.data[at].journal || !part->journal))))
        at++;
    if (note_known(l, part->first, part->last) && vec_insert(&l->parts, at, *part))
        return LGZ_OK;
    clear_part(part);
    return error_memory(err);
}

static int add_journal(struct live *l, struct journal_reader *journal, struct lgz_error *err)
{
    const uint64_t number = journal_reader_sequence(journal);
    struct live_part part = {.first = number, .last = number, .journal = journal};
    return add_part(l, &part, err);
}

static int is_gone(const struct live *l, struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_NOT_FOUND, "%s: the archive is gone", l->directory);
}

static int other_archive(const struct live *l, struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_NOT_FOUND, "%s: another archive is in its place", l->directory);
}

/* What the snapshot holds is known, and so is what came before that. */
static int take_snapshot(struct live *l, struct archive_snapshot *snapshot, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < snapshot->segment_count && code == LGZ_OK; i++) {
        const struct archive_segment *s = &snapshot->segments[i];
        const bool imported = s->last_journal == 0;
        if (!imported && !note_known(l, l->known.len ? s->first_journal : 1, s->last_journal))
            code = error_memory(err);
        l->begun = s->last_journal > l->begun ? s->last_journal : l->begun;
    }
    const size_t count = snapshot->journal_count;
    size_t taken = 0;
    while (taken < count && code == LGZ_OK)
        code = add_journal(l, snapshot->journals[taken++], err);
    memmove(snapshot->journals, snapshot->journals + taken,
            (count - taken) * sizeof(*snapshot->journals));
    snapshot->journal_count = count - taken;
    if (code == LGZ_OK && l->parts.len && !note_known(l, 1, l->parts.data[0].first))
        code = error_memory(err);
    return code;
}

int live_new(struct live **out, const char *directory, struct archive_snapshot *snapshot,
             struct lgz_error *err)
{
    struct stat st;
    *out = NULL;
    struct live *l = calloc(1, sizeof(*l));
    if (!l)
        return error_memory(err);
    l->directory = strdup(directory);
    int code = l->directory ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK && stat(directory, &st) != 0)
        code = is_gone(l, err);
    if (code == LGZ_OK) {
        l->device = st.st_dev;
        l->inode = st.st_ino;
        code = take_snapshot(l, snapshot, err);
    }
    if (code == LGZ_OK)
        *out = l;
    else
        live_free(l);
    return code;
}

size_t live_part_count(const struct live *l)
{
    return l->parts.len;
}

struct live_part *live_part(struct live *l, size_t index)
{
    return &l->parts.data[index];
}

int live_forget(struct live *l, struct lgz_error *err)
{
    size_t kept = 0;
    bool noted = true;
    for (size_t i = 0; i < l->parts.len; i++) {
        struct live_part *part = &l->parts.data[i];
        if (part->over && part->journal && !part->sealed && !part->has_data && !part->failed)
            noted &= note_unknown(l, part->first);
        if (part->over)
            clear_part(part);
        else
            l->parts.data[kept++] = *part;
    }
    l->parts.len = kept;
    return noted ? LGZ_OK : error_memory(err);
}

/* The part that holds the journal open; NULL: none. */
static struct live_part *find_held(struct live *l, uint64_t number)
{
    for (size_t i = 0; i < l->parts.len; i++) {
        struct live_part *part = &l->parts.data[i];
        if (part->journal && part->first == number)
            return part;
    }
    return NULL;
}

/* Are these the same file? A journal that has failed at its birth is removed and made anew. */
static bool is_held(const struct live_part *part, const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 || journal_reader_reads(part->journal, &st);
}

/* Open a journal that is not held. One that has gone since it was listed is in a segment. */
static int open_journal(struct live *l, const char *path, struct lgz_error *err)
{
    struct journal_reader *journal;
    errno = 0;
    int code = journal_open(&journal, path, err);
    if (code == LGZ_ERR_IO && errno == ENOENT) {
        error_forget(err);
        return LGZ_OK;
    }
    return code == LGZ_OK ? add_journal(l, journal, err) : code;
}

/*
 * Open the journals that are new.
 *
 * A number that is known may only be met where its journal is held, or was sealed and isn't
 * removed yet; `*strange` is set to one for which neither is so, as far as is known here.
 */
static int look_for_journals(struct live *l, const struct listing *found, uint64_t *strange,
                             struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < found->journals.len && code == LGZ_OK; i++) {
        const struct listed_journal *journal = &found->journals.data[i];
        struct live_part *held = find_held(l, journal->sequence);
        if (held && is_held(held, journal->path))
            continue;
        const bool replaced = held && held->has_data;
        if (replaced || (!held && is_known(l, journal->sequence, journal->sequence))) {
            *strange = journal->sequence;
            continue;
        }
        if (held)
            held->over = true;
        code = open_journal(l, journal->path, err);
    }
    return code;
}

static bool is_listed(const struct listing *found, uint64_t number)
{
    for (size_t i = 0; i < found->journals.len; i++) {
        if (found->journals.data[i].sequence == number)
            return true;
    }
    return false;
}

/* Hold a segment. `*missed`: it went since it was listed; it may be merged into another one. */
static int hold_segment(struct live_part *part, const struct listed_segment *s, bool *missed,
                        struct lgz_error *err)
{
    *part = (struct live_part){.first = s->name.first, .last = s->name.last, .over = true};
    part->segment = (struct archive_segment){.path = strdup(s->path),
                                             .first_journal = s->name.first,
                                             .last_journal = s->name.last,
                                             .inode = s->inode,
                                             .fd = -1};
    if (!part->segment.path)
        return error_memory(err);
    part->segment.fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (part->segment.fd >= 0)
        return LGZ_OK;
    *missed = errno == ENOENT;
    int code = *missed ? LGZ_OK : error_io(err, "%s: cannot open", s->path);
    free(part->segment.path);
    part->segment.path = NULL;
    return code;
}

/*
 * Add segments that have the same journals, all or none: they are the parts of one, and when one
 * part is added its journals count as met.
 */
static int add_segments(struct live *l, const struct listed_segment *list, size_t count,
                        bool *missed, struct lgz_error *err)
{
    struct live_part parts[NAMES_PARTS_MAX];
    size_t held = 0, added = 0;
    bool gone = false;
    int code = LGZ_OK;
    while (code == LGZ_OK && !gone && held < count) {
        code = hold_segment(&parts[held], &list[held], &gone, err);
        held += code == LGZ_OK && !gone;
    }
    while (code == LGZ_OK && !gone && added < held)
        code = add_part(l, &parts[added++], err);
    while (added < held)
        clear_part(&parts[added++]);
    *missed |= gone;
    return code;
}

/* Add the segments with journals that weren't met. */
static int look_for_segments(struct live *l, const struct listing *found, bool *missed,
                             struct lgz_error *err)
{
    const struct listed_segment *list = found->segments.data;
    int code = LGZ_OK;
    for (size_t i = 0, end; i < found->segments.len && code == LGZ_OK; i = end) {
        for (end = i + 1; end < found->segments.len && end - i < NAMES_PARTS_MAX &&
                          list[end].name.first == list[i].name.first &&
                          list[end].name.last == list[i].name.last;)
            end++;
        if (list[i].name.first && !is_known_segment(l, &list[i].name))
            code = add_segments(l, list + i, end - i, missed, err);
    }
    return code;
}

/* @param second  as the directory was after the first listing's journals were opened */
static int compare(struct live *l, const struct listing *first, const struct listing *second,
                   uint64_t strange, bool *missed, struct lgz_error *err)
{
    if (strange && !listing_covers(second, strange) && is_listed(second, strange))
        return other_archive(l, err);
    for (size_t i = 0; i < l->parts.len; i++) {
        struct live_part *part = &l->parts.data[i];
        if (part->journal) {
            part->sealed = listing_covers(second, part->first);
            part->over |= part->sealed || !is_listed(first, part->first);
        }
    }
    return look_for_segments(l, second, missed, err);
}

/* What is in the directory: it may be removed at any time. */
static int list(const struct live *l, struct listing *out, struct lgz_error *err)
{
    int code = listing_open(out, l->directory, err);
    return code == LGZ_ERR_NOT_FOUND ? is_gone(l, err) : code;
}

/* @param missed  set if another look is needed */
static int look_once(struct live *l, bool *missed, struct lgz_error *err)
{
    struct listing first = {0}, second = {0};
    uint64_t strange = 0;
    int code = list(l, &first, err);
    if (code == LGZ_OK)
        code = look_for_journals(l, &first, &strange, err);
    const bool current = code == LGZ_OK && listing_is_current(&first, l->directory);
    if (code == LGZ_OK && !current)
        code = list(l, &second, err);
    if (code == LGZ_OK)
        code = compare(l, &first, current ? &first : &second, strange, missed, err);
    listing_clear(&first);
    listing_clear(&second);
    return code;
}

int live_look(struct live *l, struct lgz_error *err)
{
    bool missed = true;
    struct stat st;
    if (stat(l->directory, &st) != 0)
        return errno == ENOENT ? is_gone(l, err) : error_io(err, "%s", l->directory);
    if (st.st_dev != l->device || st.st_ino != l->inode)
        return other_archive(l, err);
    int code = LGZ_OK;
    for (int i = 0; i < LOOKS_MAX && missed && code == LGZ_OK; i++) {
        missed = false;
        code = look_once(l, &missed, err);
    }
    return code;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->parts.len; i++)
        clear_part(&l->parts.data[i]);
    vec_free(&l->parts);
    vec_free(&l->known);
    free(l->directory);
    free(l);
}
