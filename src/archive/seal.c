/*
 * seal.c - turns journals into a segment, in this order: write a draft, each block of which is read
 * back, decoded and compared with what was to be written; read its index back and compare it; give
 * it its name durably; remove the journals. Killed before it has its name, only a draft is left
 * over; killed after, only journals that recovery knows to be covered.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/journal_index.h"
#include "archive/listing.h"
#include "archive/segment_draft.h"
#include "base/clock.h"
#include "base/file.h"
#include "segment/reader.h"

/* Data of a source that was read within this time shares its read_time. */
#define SEAL_SAME_TIME (10 * NS_PER_SECOND)

struct seal {
    const char *directory;
    const char **paths; /* of the journals that no segment covers yet */
    size_t count;
    struct listing found;
    struct journal_reader **readers;
    bool *torn; /* of each journal */
    struct journal_index index;
    struct segment_options options;
    struct segment_draft *draft;
    struct lgz_error *err;
};

/* Before all else: what an earlier seal has done. */

/*
 * Is this journal done with: is there a segment, and a good one, that holds it? Or is it gone,
 * since it had nothing to seal, or its segment has expired, and only the removal was not durable?
 */
static int is_sealed(const struct seal *s, const char *path, bool *sealed)
{
    uint64_t sequence;
    *sealed = access(path, F_OK) != 0 && errno == ENOENT;
    if (!names_parse_journal(file_name(path), &sequence))
        return LGZ_OK;
    for (size_t i = 0; i < s->found.segments.len && !*sealed; i++) {
        const struct listed_segment *listed = &s->found.segments.data[i];
        struct segment *segment;
        if (sequence < listed->name.first || sequence > listed->name.last)
            continue;
        int code = segment_open(&segment, listed->path, s->err);
        if (code == LGZ_ERR_CORRUPT || code == LGZ_ERR_FORMAT) {
            error_forget(s->err); /* recovery has left the journal to be sealed again */
            continue;
        }
        if (code != LGZ_OK)
            return code;
        const struct segment_info *info = segment_info(segment);
        *sealed =
            info->first_journal == listed->name.first && info->last_journal == listed->name.last;
        segment_close(segment);
    }
    return LGZ_OK;
}

/* Remove a journal whose segment is there, but maybe not durable: an earlier seal failed then. */
static int remove_sealed(struct seal *s, const char *journal)
{
    int code = file_sync_parent(journal, s->err);
    if (code == LGZ_OK && unlink(journal) != 0 && errno != ENOENT)
        code = error_io(s->err, "%s: cannot remove", journal);
    return code;
}

/* Choose the journals that are still to be sealed; remove those that are and should be gone. */
static int choose_journals(struct seal *s, char *const *journals, size_t count)
{
    int code = listing_open(&s->found, s->directory, s->err);
    s->paths = calloc(count, sizeof(*s->paths));
    if (code == LGZ_OK && !s->paths)
        code = error_memory(s->err);
    for (size_t i = 0; code == LGZ_OK && i < count; i++) {
        bool sealed;
        code = is_sealed(s, journals[i], &sealed);
        if (code == LGZ_OK && !sealed)
            s->paths[s->count++] = journals[i];
        else if (code == LGZ_OK)
            code = remove_sealed(s, journals[i]);
    }
    if (code == LGZ_OK && s->count == 0)
        code = file_sync_parent(journals[0], s->err);
    return code;
}

/* Pass 1: what is in the journals. */

static int open_journals(struct seal *s)
{
    s->readers = calloc(s->count, sizeof(*s->readers));
    s->torn = calloc(s->count, sizeof(*s->torn));
    if (!s->readers || !s->torn)
        return error_memory(s->err);
    for (size_t i = 0; i < s->count; i++) {
        int code = journal_open(&s->readers[i], s->paths[i], s->err);
        if (code != LGZ_OK)
            return code;
        if (i &&
            journal_reader_sequence(s->readers[i]) <= journal_reader_sequence(s->readers[i - 1]))
            return error_set(s->err, LGZ_ERR_ARGUMENT, "%s: not in the order of the journals",
                             s->paths[i]);
    }
    s->options.first_journal = journal_reader_sequence(s->readers[0]);
    s->options.last_journal = journal_reader_sequence(s->readers[s->count - 1]);
    return LGZ_OK;
}

/* The newest journal has the positions of all sources and must stay. */
static int check_successor(struct seal *s)
{
    size_t count = s->found.journals.len;
    uint64_t newest = count ? s->found.journals.data[count - 1].sequence : 0;
    if (newest > s->options.last_journal)
        return LGZ_OK;
    return error_set(s->err, LGZ_ERR_ARGUMENT,
                     "%s: the newest journal can't be sealed before there is another",
                     s->paths[s->count - 1]);
}

/* Bytes follow the last whole record of journal `i`. */
static int note_torn(struct seal *s, size_t i, uint64_t end, struct archive_seal_result *result)
{
    struct stat st;
    if (stat(s->paths[i], &st) != 0)
        return error_io(s->err, "%s: cannot stat", s->paths[i]);
    if ((uint64_t)st.st_size <= end)
        return LGZ_OK;
    result->torn_bytes += (uint64_t)st.st_size - end;
    if (!result->torn[0])
        snprintf(result->torn, sizeof(result->torn), "%.300s: offset %" PRIu64 ": %s", s->paths[i],
                 end, journal_reader_reason(s->readers[i]));
    return LGZ_OK;
}

/*
 * The segment is named after the journals that have data, the first of them first. One without any
 * may be left from before segments that are there already: its number would put this one before
 * them, and retention would remove it first.
 */
static void name_by_data(struct seal *s)
{
    size_t first = s->count - 1;
    for (size_t i = 0; i < s->index.data.len; i++) {
        if (s->index.data.data[i].journal < first)
            first = s->index.data.data[i].journal;
    }
    s->options.first_journal = journal_reader_sequence(s->readers[first]);
}

static int index_journals(struct seal *s, struct archive_seal_result *result)
{
    for (size_t i = 0; i < s->count; i++) {
        int code = journal_index_add(&s->index, s->readers[i], NULL, NULL, s->err);
        if (code != LGZ_OK)
            return code;
        uint64_t end = journal_reader_end(s->readers[i], &s->torn[i]);
        if (s->torn[i])
            code = note_torn(s, i, end, result);
        if (code != LGZ_OK)
            return code;
    }
    journal_index_sort(&s->index);
    name_by_data(s);
    return LGZ_OK;
}

/* Is there a segment whose journals all lie between these two? */
static bool is_segment_between(const struct seal *s, uint64_t before, uint64_t behind)
{
    for (size_t i = 0; i < s->found.segments.len; i++) {
        const struct segment_name *name = &s->found.segments.data[i].name;
        if (name->first > before && name->last < behind)
            return true;
    }
    return false;
}

/*
 * A segment stands for all journals from its first to its last, so it must not be made around
 * another one, which would be superseded: what is behind that one is left.
 */
static int stop_before_others(struct seal *s, struct archive_seal_result *result)
{
    const size_t count = s->count;
    for (size_t i = 1; i < s->count; i++) {
        const uint64_t before = journal_reader_sequence(s->readers[i - 1]);
        if (before >= s->options.first_journal &&
            is_segment_between(s, before, journal_reader_sequence(s->readers[i])))
            s->count = i;
    }
    if (s->count == count)
        return LGZ_OK;
    for (size_t i = s->count; i < count; i++)
        journal_reader_close(s->readers[i]);
    for (size_t i = 0; i < s->count; i++)
        journal_rewind(s->readers[i]);
    journal_index_clear(&s->index);
    archive_seal_result_clear(result);
    s->options.last_journal = journal_reader_sequence(s->readers[s->count - 1]);
    return index_journals(s, result);
}

/* Pass 2: the data, by source and offset, into the segment. */

/* How far the source at hand has been written. */
struct run {
    uint64_t source_id; /* 0: none yet */
    uint32_t number;    /* of the source in the segment */
    uint64_t end;       /* offset behind the last byte that was written */
    int64_t read_time;  /* that the run's bytes share */
    uint32_t rules;     /* number of those that it has */
};

static int start_source(struct seal *s, struct run *run, uint64_t id, int64_t read_time)
{
    const struct source_position *known = positions_find(&s->index.sources, id);
    *run = (struct run){.source_id = id, .read_time = read_time};
    return segment_writer_source(segment_draft_writer(s->draft), &known->source, &run->number,
                                 s->err);
}

/* From the record's bytes on, the source may have other rules. */
static int note_rules(struct seal *s, struct run *run, const struct indexed_data *item,
                      uint64_t offset)
{
    if (run->rules == item->rules)
        return LGZ_OK;
    run->rules = (uint32_t)item->rules;
    return segment_writer_rules(segment_draft_writer(s->draft), run->number, offset,
                                rules_table_get(&s->index.rules, run->rules), s->err);
}

static bool same_time(int64_t first, int64_t time)
{
    int64_t since;
    return !__builtin_sub_overflow(time, first, &since) && since >= 0 && since < SEAL_SAME_TIME;
}

/* Write what is new of one record. */
static int write_record(struct seal *s, struct run *run, const struct indexed_data *item)
{
    struct journal_record record;
    int code = LGZ_OK;
    if (item->source_id == run->source_id && item->offset + item->length <= run->end)
        return LGZ_OK;
    code = journal_read_at(s->readers[item->journal], item->position, (uint32_t)item->stored_len,
                           &record, s->err);
    if (code != LGZ_OK)
        return code;
    if (record.kind != JOURNAL_DATA || record.source_id != item->source_id ||
        record.offset != item->offset || record.data.len != item->length)
        return error_set(s->err, LGZ_ERR_CORRUPT, "%s: changed while it was sealed",
                         s->paths[item->journal]);
    if (item->source_id != run->source_id)
        code = start_source(s, run, item->source_id, record.read_time);
    if (code != LGZ_OK)
        return code;
    if (!same_time(run->read_time, record.read_time))
        run->read_time = record.read_time;
    size_t skip = record.offset < run->end ? (size_t)(run->end - record.offset) : 0;
    uint64_t offset = record.offset + skip;
    const uint8_t *data = record.data.data + skip;
    size_t len = record.data.len - skip;
    code = note_rules(s, run, item, offset);
    if (code == LGZ_OK)
        code = segment_draft_append(s->draft, run->number, run->source_id, offset, run->read_time,
                                    data, len, s->err);
    run->end = offset + len;
    return code;
}

/* The templates of the newest segment are likely to be this one's, too. */
static int start_from_newest(struct seal *s)
{
    const char *path = NULL;
    for (size_t i = 0; i < s->found.segments.len; i++)
        if (s->found.segments.data[i].name.last < s->options.first_journal)
            path = s->found.segments.data[i].path;
    return path ? segment_draft_continue(s->draft, path, s->err) : LGZ_OK;
}

static int write_segment(struct seal *s)
{
    struct run run = {0};
    int code = start_from_newest(s);
    for (size_t i = 0; code == LGZ_OK && i < s->index.data.len; i++)
        code = write_record(s, &run, &s->index.data.data[i]);
    return code;
}

/* Is what was written all that the journals hold? */
static int prove(struct seal *s, struct archive_seal_result *result)
{
    struct segment *segment;
    int code = segment_draft_finish(s->draft, &segment, s->err);
    if (code != LGZ_OK)
        return code;
    const struct segment_info *info = segment_info(segment);
    result->raw_bytes = info->raw_bytes;
    result->stored_bytes = info->file_bytes;
    result->lines = info->lines;
    code = shares_of(&result->shares, segment, s->err);
    segment_close(segment);
    return code;
}

/* The end: names. */

static int make_segment(struct seal *s, struct archive_seal_result *result)
{
    const struct segment_name name = {.first = s->options.first_journal,
                                      .last = s->options.last_journal,
                                      .time = s->index.first_time,
                                      .part = 1,
                                      .parts = 1};
    char *path = names_segment(s->directory, &name);
    if (!path)
        return error_memory(s->err);
    int code = segment_draft_open(&s->draft, path, &s->options, s->err);
    if (code == LGZ_OK)
        code = write_segment(s);
    if (code == LGZ_OK)
        code = prove(s, result);
    /* A file of that name can only be one that recovery found damaged. */
    if (code == LGZ_OK)
        code = segment_draft_commit(s->draft, s->err);
    if (code == LGZ_OK)
        result->segment = path;
    else
        free(path);
    return code;
}

static int remove_journals(struct seal *s)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < s->count; i++) {
        if (s->torn[i])
            code = names_set_aside(s->paths[i], s->err);
        else if (unlink(s->paths[i]) != 0 && errno != ENOENT)
            code = error_io(s->err, "%s: cannot remove", s->paths[i]);
    }
    int synced = file_sync_parent(s->paths[0], code == LGZ_OK ? s->err : NULL);
    return code == LGZ_OK ? synced : code;
}

static void clear(struct seal *s)
{
    segment_draft_free(s->draft);
    for (size_t i = 0; s->readers && i < s->count; i++)
        journal_reader_close(s->readers[i]);
    free(s->readers);
    free(s->torn);
    free(s->paths);
    listing_clear(&s->found);
    journal_index_clear(&s->index);
}

static int seal_chosen(struct seal *s, struct archive_seal_result *result)
{
    int code = open_journals(s);
    if (code == LGZ_OK)
        code = check_successor(s);
    if (code == LGZ_OK)
        code = index_journals(s, result);
    if (code == LGZ_OK && s->index.data.len)
        code = stop_before_others(s, result);
    if (code == LGZ_OK && s->index.data.len)
        code = make_segment(s, result);
    if (code == LGZ_OK)
        code = remove_journals(s);
    return code;
}

struct segment_options archive_seal_options(const struct config *config)
{
    return (struct segment_options){.level = config->level,
                                    .threads = config->threads,
                                    .memory = config->seal_memory,
                                    .max_line = config->max_line,
                                    .filtered = FILTER_SHARE,
                                    .uncoded = config->level < LGZ_LEVEL_BEST,
                                    .background = true};
}

int archive_seal(const char *directory, char *const *journals, size_t count,
                 const struct segment_options *options, struct archive_seal_result *result,
                 struct lgz_error *err)
{
    struct lgz_error own = {0}; /* what is called sets and forgets it */
    struct seal s = {
        .directory = directory,
        .options = *options,
        .err = err ? err : &own,
    };
    *result = (struct archive_seal_result){0};
    if (count == 0)
        return LGZ_OK;
    int code = choose_journals(&s, journals, count);
    if (code == LGZ_OK && s.count)
        code = seal_chosen(&s, result);
    clear(&s);
    return code;
}

void archive_seal_result_clear(struct archive_seal_result *result)
{
    free(result->segment);
    shares_clear(&result->shares);
    *result = (struct archive_seal_result){0};
}
