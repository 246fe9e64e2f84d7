/*
 * recover.c - what a writer does before anything else: clean up behind whoever wrote last, and find
 * out how far each source was read. It may be killed at any moment and run again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/listing.h"
#include "archive/positions.h"
#include "archive/reach.h"
#include "base/file.h"
#include "segment/reader.h"

enum {
    GROUP_MAX = 1000, /* journals that are sealed together only because they are small */
    LOOKS_MAX = 20,   /* at the segments, while they go between listing and opening them */
};

struct recovery {
    const char *directory;
    struct archive_recovery *result;
    struct listing found;
    struct positions positions;      /* of the newest journal */
    struct positions segments_reach; /* where sources end in the segments */
    struct reach journals_reach;
    uint64_t highest_id;
    uint64_t highest_sequence;
    bool missed; /* a segment went since it was listed */
};

/* Remember a text for people, who can do without it when memory is out. */
__attribute__((format(printf, 2, 3))) static void note(struct recovery *r, const char *format, ...)
{
    struct archive_recovery *result = r->result;
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char **grown = result->note_count < RECOVERY_NOTES_MAX
                       ? reallocarray(result->notes, result->note_count + 1, sizeof(*grown))
                       : NULL;
    if (!grown)
        return;
    result->notes = grown;
    grown[result->note_count] = strdup(text);
    if (grown[result->note_count])
        result->note_count++;
}

static int remove_file(const char *path, struct lgz_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return error_io(err, "%s: cannot remove", path);
    return LGZ_OK;
}

/* A merge or an import may be at work on its own. */
static int remove_drafts(struct recovery *r, struct lgz_error *err)
{
    for (size_t i = 0; i < r->found.drafts.len; i++) {
        bool removed;
        int code = file_draft_remove(r->found.drafts.data[i], &removed, err);
        if (code != LGZ_OK)
            return code;
        r->result->drafts_removed += removed;
    }
    return LGZ_OK;
}

static int note_segment_reach(struct recovery *r, const struct segment *s, struct lgz_error *err)
{
    for (size_t i = 0; i < segment_source_count(s); i++) {
        const struct source *source = segment_source(s, i);
        if (source_is_imported(source->id))
            continue; /* nobody reads on in it */
        if (source->id > r->highest_id)
            r->highest_id = source->id;
        const struct source_position *known = positions_find(&r->segments_reach, source->id);
        int code = positions_put(&r->segments_reach, source, known ? known->next : 0, err);
        if (code != LGZ_OK)
            return code;
    }
    for (size_t i = 0; i < segment_block_count(s); i++) {
        const struct block_info *block = segment_block(s, i);
        for (size_t k = 0; k < block->extent_count; k++) {
            const struct extent *extent = &block->extents[k];
            struct source_position *position =
                positions_find(&r->segments_reach, segment_source(s, extent->source)->id);
            if (position && extent->offset + extent->length > position->next)
                position->next = extent->offset + extent->length;
        }
    }
    return LGZ_OK;
}

/* Learn from one segment; `*usable` tells whether it may cover journals. */
static int read_segment(struct recovery *r, struct listed_segment *listed, bool *usable,
                        struct lgz_error *err)
{
    struct segment *s = NULL;
    if (listed->name.last > r->highest_sequence)
        r->highest_sequence = listed->name.last;
    errno = 0;
    int code = segment_open(&s, listed->path, err);
    const bool gone = code == LGZ_ERR_IO && errno == ENOENT;
    r->missed |= gone;
    *usable = code == LGZ_OK || code == LGZ_ERR_VERSION; /* a newer program's is as good */
    if (code == LGZ_ERR_CORRUPT || code == LGZ_ERR_FORMAT) {
        r->result->segments_unreadable++;
        note(r, "%s", err->message);
    } else if (code != LGZ_OK && code != LGZ_ERR_VERSION && !gone) {
        return code;
    }
    if (code != LGZ_OK) {
        error_forget(err);
        return LGZ_OK;
    }
    const struct segment_info *info = segment_info(s);
    if (info->first_journal != listed->name.first || info->last_journal != listed->name.last)
        *usable = false; /* renamed by somebody */
    code = note_segment_reach(r, s, err);
    segment_close(s);
    return code;
}

/*
 * Look into every segment. One that is damaged is taken out of the listing, so that it covers no
 * journal: if the journal is still there, sealing it again makes the segment anew.
 */
static int read_segments(struct recovery *r, struct lgz_error *err)
{
    size_t kept = 0, count = r->found.segments.len;
    int code = LGZ_OK;
    for (size_t i = 0; i < count; i++) {
        struct listed_segment *listed = &r->found.segments.data[i];
        bool usable = true;
        if (code == LGZ_OK)
            code = read_segment(r, listed, &usable, err);
        if (usable)
            r->found.segments.data[kept++] = *listed;
        else
            free(listed->path);
    }
    r->found.segments.len = kept;
    return code;
}

/*
 * List the directory and look into the segments. A merge may be at work: where a segment has gone,
 * another one has what it had, which the list lacks.
 */
static int look_at_segments(struct recovery *r, struct lgz_error *err)
{
    int code = LGZ_OK;
    r->missed = true;
    for (int i = 0; code == LGZ_OK && r->missed && i < LOOKS_MAX; i++) {
        while (r->result->note_count)
            free(r->result->notes[--r->result->note_count]);
        r->result->segments_unreadable = 0;
        r->missed = false;
        listing_clear(&r->found);
        code = listing_open(&r->found, r->directory, err);
        if (code == LGZ_OK)
            code = read_segments(r, err);
    }
    return code;
}

/*
 * Remove the covered journals and set aside the unreadable ones; what is left in the listing is to
 * be sealed. When a journal is set aside, positions go back to those of the one before, and what
 * was in it is read again from the logs.
 */
static int sort_out_journals(struct recovery *r, struct lgz_error *err)
{
    size_t kept = 0, i = 0;
    int code = LGZ_OK;
    for (; i < r->found.journals.len && code == LGZ_OK; i++) {
        struct listed_journal *journal = &r->found.journals.data[i];
        struct journal_reader *reader;
        if (journal->sequence > r->highest_sequence)
            r->highest_sequence = journal->sequence;
        if (listing_covers(&r->found, journal->sequence)) {
            code = remove_file(journal->path, err);
            r->result->journals_removed++;
            free(journal->path);
            continue;
        }
        code = journal_open(&reader, journal->path, err);
        if (code == LGZ_OK) {
            journal_reader_close(reader);
            r->found.journals.data[kept++] = *journal;
        } else if (code == LGZ_ERR_CORRUPT || code == LGZ_ERR_FORMAT) {
            note(r, "%s; it is kept as *.damaged", err->message);
            error_forget(err);
            code = names_set_aside(journal->path, err);
            r->result->journals_damaged++;
            free(journal->path);
        } else {
            free(journal->path);
        }
    }
    for (; i < r->found.journals.len; i++)
        r->found.journals.data[kept++] = r->found.journals.data[i];
    r->found.journals.len = kept;
    return code;
}

static int sync_file(const char *path, struct lgz_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    int code = file_sync(fd, path, err);
    close(fd);
    return code;
}

/*
 * Make what was read of the newest journal durable, since the next one will rely on it. A torn tail
 * is cut off; but if whole records follow, the journal is damaged and stays as it is: the seal
 * takes what is before the damage and sets the file aside.
 */
static int settle_newest(struct recovery *r, struct journal_reader *reader, struct lgz_error *err)
{
    const char *path = journal_reader_path(reader);
    struct journal_writer *writer;
    uint64_t end = journal_reader_end(reader, NULL);
    int code = journal_goes_on(reader, err);
    if (code < 0)
        return code;
    if (code == 1) {
        r->result->journals_damaged++;
        note(r,
             "%s: offset %" PRIu64 ": %s, and whole records follow; what is before is sealed, "
             "the file is kept as *.damaged",
             path, end, journal_reader_reason(reader));
        return sync_file(path, err);
    }
    code = journal_reopen(&writer, path, &r->result->torn_bytes, err);
    if (code != LGZ_OK)
        return code;
    journal_close(writer);
    if (r->result->torn_bytes)
        note(r,
             "%s: offset %" PRIu64 ": %s; %" PRIu64 " bytes that were never acknowledged are cut",
             path, end, journal_reader_reason(reader), r->result->torn_bytes);
    return LGZ_OK;
}

/* Data of journal number `index`: how much it is, and which journals it joins. */
static int note_data(struct recovery *r, size_t index, const struct journal_record *record,
                     struct lgz_error *err)
{
    size_t first;
    r->result->journal_bytes[index] += record->data.len;
    if (!reach_add(&r->journals_reach, index, record->source_id, record->offset, record->data.len,
                   &first))
        return error_memory(err);
    for (size_t i = first; i < index; i++)
        r->result->joined[i + 1] = true;
    return LGZ_OK;
}

/* Read one journal: ids, and what it has in common with others; positions from the newest. */
static int read_journal(struct recovery *r, size_t index, struct lgz_error *err)
{
    const char *path = r->found.journals.data[index].path;
    bool newest = index + 1 == r->found.journals.len;
    struct journal_reader *reader;
    struct journal_record record;
    int failed = LGZ_OK;
    int code = journal_open(&reader, path, err);
    if (code != LGZ_OK)
        return code;
    while (failed == LGZ_OK && (code = journal_next(reader, &record, err)) == 1) {
        if (record.source_id > r->highest_id)
            r->highest_id = record.source_id;
        if (record.kind == JOURNAL_DATA)
            failed = note_data(r, index, &record, err);
        if (newest && failed == LGZ_OK)
            failed = positions_apply(&r->positions, &record, path, err);
    }
    if (failed != LGZ_OK)
        code = failed;
    if (code == LGZ_OK && newest)
        code = settle_newest(r, reader, err);
    journal_reader_close(reader);
    return code;
}

static int read_journals(struct recovery *r, struct lgz_error *err)
{
    size_t count = r->found.journals.len;
    int code = LGZ_OK;
    r->result->journal_bytes = calloc(count + 1, sizeof(*r->result->journal_bytes));
    r->result->joined = calloc(count + 1, sizeof(*r->result->joined));
    if (!r->result->journal_bytes || !r->result->joined)
        return error_memory(err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = read_journal(r, i, err);
    return code;
}

/* Move what was found into the result. */
static int hand_over(struct recovery *r, struct lgz_error *err)
{
    struct archive_recovery *result = r->result;
    struct positions *from = r->found.journals.len ? &r->positions : &r->segments_reach;
    size_t count = r->found.journals.len;
    if (r->highest_sequence >= NAMES_SEQUENCE_MAX)
        return error_set(err, LGZ_ERR_LIMIT, "%s: no journal numbers are left", r->directory);
    result->journals = calloc(count ? count : 1, sizeof(*result->journals));
    if (!result->journals)
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        result->journals[i] = r->found.journals.data[i].path;
        r->found.journals.data[i].path = NULL;
    }
    result->journal_count = count;
    result->positions = from->items.data;
    result->position_count = from->items.len;
    *from = (struct positions){0};
    result->next_source_id = r->highest_id + 1;
    result->next_sequence = r->highest_sequence + 1;
    return LGZ_OK;
}

static int sync_directory(const char *directory, struct lgz_error *err)
{
    struct buf inside = {0};
    buf_printf(&inside, "%s/.", directory);
    buf_push(&inside, '\0');
    int code = inside.failed ? error_memory(err) : file_sync_parent((const char *)inside.data, err);
    buf_free(&inside);
    return code;
}

int archive_recover(struct archive_recovery **out, const char *directory, struct lgz_error *err)
{
    struct recovery r = {.directory = directory};
    struct lgz_error own = {0}; /* the notes are made of it */
    *out = NULL;
    err = err ? err : &own;
    r.result = calloc(1, sizeof(*r.result));
    if (!r.result)
        return error_memory(err);
    int code = look_at_segments(&r, err);
    if (code == LGZ_OK)
        code = remove_drafts(&r, err);
    if (code == LGZ_OK)
        code = sync_directory(directory, err); /* the segments', before their journals go */
    if (code == LGZ_OK)
        code = sort_out_journals(&r, err);
    if (code == LGZ_OK)
        code = sync_directory(directory, err);
    if (code == LGZ_OK)
        code = read_journals(&r, err);
    if (code == LGZ_OK)
        code = hand_over(&r, err);
    listing_clear(&r.found);
    positions_clear(&r.positions);
    positions_clear(&r.segments_reach);
    reach_clear(&r.journals_reach);
    if (code != LGZ_OK)
        archive_recovery_free(r.result);
    else
        *out = r.result;
    return code;
}

size_t archive_recovery_group(const struct archive_recovery *r, size_t from, uint64_t seal_size)
{
    size_t end = from + 1;
    uint64_t bytes = r->journal_bytes[from];
    while (end < r->journal_count) {
        size_t next = end + 1; /* with those that are joined to it */
        uint64_t more = r->journal_bytes[end];
        for (; next < r->journal_count && r->joined[next]; next++)
            more += r->journal_bytes[next];
        bool fits = bytes <= seal_size && more <= seal_size - bytes && next - from <= GROUP_MAX;
        if (!r->joined[end] && !fits)
            break;
        bytes += more;
        end = next;
    }
    return end - from;
}

void archive_recovery_free(struct archive_recovery *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->position_count; i++)
        source_clear(&r->positions[i].source);
    for (size_t i = 0; i < r->journal_count; i++)
        free(r->journals[i]);
    for (size_t i = 0; i < r->note_count; i++)
        free(r->notes[i]);
    free(r->notes);
    free(r->positions);
    free(r->journals);
    free(r->journal_bytes);
    free(r->joined);
    free(r);
}
