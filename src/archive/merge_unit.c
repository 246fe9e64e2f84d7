/*
 * merge_unit.c - in this order: learn from the footers what there is; write each part as a draft,
 * which is proven meanwhile; give all of them their names, durably; remove the sources.
 *
 * The bytes of a part are grouped by source, as in a seal, but only as far as memory goes: blocks
 * are taken in their order, a window of so many decoded ones at once, and within a window it goes
 * by source. For each part the blocks that have something of it are decoded again.
 */
#include "archive/merge_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/merge_content.h"
#include "archive/segment_draft.h"
#include "base/file.h"

#define MIB ((uint64_t)1 << 20)

/* What a merge takes if seal_memory says nothing, and at least. A sixth of it is for the window. */
#define MEMORY_DEFAULT (1536 * MIB)
#define MEMORY_LEAST   (96 * MIB)
enum { WINDOW_SHARE = 6 };

struct merge {
    const struct upkeep *upkeep;
    const struct config *config; /* the upkeep's */
    const struct retention_classes *classes;
    bool patient;
    const struct listed_segment *sources;
    size_t count;
    struct segment_name name; /* of what becomes of them */
    struct merge_content content;
    size_t *class_of;  /* of each source of the content */
    uint32_t *numbers; /* of each source in the part that is being written */
    struct segment_draft *drafts[NAMES_PARTS_MAX];
    struct merge_done *done;
    struct lgz_error *err;

    /* the window: the blocks `from` to `to` of the content */
    struct buf *raw; /* of all blocks; those outside are empty */
    uint32_t from;
    uint32_t to;
    struct segment *open; /* the segment that was read from last */
    uint32_t open_file;
};

/* A source can't be read. */
static int note_damaged(struct merge *m, size_t file, int code)
{
    if (code == LGZ_OK || code == LGZ_ERR_MEMORY)
        return code;
    m->done->outcome = MERGE_DAMAGED;
    m->done->damaged = file;
    m->done->reason = *m->err;
    return code;
}

static int decline(struct merge *m, const char *reason)
{
    m->done->outcome = MERGE_DECLINED;
    return error_set(&m->done->reason, LGZ_ERR_ARGUMENT, "%s", reason);
}

/* Asked for each block and each piece, and by who encodes them, for each column. */
static bool is_over(void *context)
{
    const struct merge *m = context;
    return m->patient ? upkeep_is_stopped(m->upkeep) : upkeep_is_over(m->upkeep);
}

static int go_on(struct merge *m)
{
    return is_over(m) ? LGZ_ERR_CANCELLED : LGZ_OK;
}

/* What there is. */

static uint64_t memory_of(const struct config *config)
{
    const uint64_t memory = config->seal_memory ? config->seal_memory : MEMORY_DEFAULT;
    return memory < MEMORY_LEAST ? MEMORY_LEAST : memory;
}

static uint64_t window_of(const struct config *config)
{
    return memory_of(config) / WINDOW_SHARE;
}

/* Can all be brought into order? Only what is in one window is. */
static bool is_orderly(const struct merge *m)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < m->content.blocks.len && bytes <= window_of(m->config); i++)
        bytes += m->content.blocks.data[i].raw_len;
    return !m->content.unordered || bytes <= window_of(m->config);
}

static int read_footers(struct merge *m)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < m->count; i++) {
        struct segment *s = NULL;
        code = segment_open(&s, m->sources[i].path, m->err);
        if (code == LGZ_OK)
            code = merge_content_add(&m->content, s, (uint32_t)i, m->err);
        segment_close(s);
        code = note_damaged(m, i, code);
    }
    if (code != LGZ_OK)
        return code;
    merge_content_arrange(&m->content);
    if (!is_orderly(m))
        return decline(m, "a source goes back in its file");
    m->raw = calloc(m->content.blocks.len + 1, sizeof(*m->raw));
    m->numbers = calloc(m->content.sources.items.len + 1, sizeof(*m->numbers));
    m->class_of = calloc(m->content.sources.items.len + 1, sizeof(*m->class_of));
    return m->raw && m->numbers && m->class_of ? LGZ_OK : error_memory(m->err);
}

static size_t index_of(const struct merge *m, uint64_t source_id)
{
    return (size_t)(positions_find(&m->content.sources, source_id) - m->content.sources.items.data);
}

/* Which classes are there? Each becomes a part. */
static int find_classes(struct merge *m, size_t *parts, size_t *part_count)
{
    bool *has = calloc(retention_class_count(m->classes), sizeof(*has));
    if (!has)
        return error_memory(m->err);
    for (size_t i = 0; i < m->content.sources.items.len; i++)
        m->class_of[i] =
            retention_class_of(m->classes, m->content.sources.items.data[i].source.input);
    for (size_t i = 0; i < m->content.pieces.len; i++)
        has[m->class_of[index_of(m, m->content.pieces.data[i].source_id)]] = true;
    *part_count = 0;
    for (size_t i = 0; i < retention_class_count(m->classes); i++) {
        if (has[i] && *part_count < NAMES_PARTS_MAX)
            parts[*part_count] = i;
        *part_count += has[i];
    }
    free(has);
    return *part_count <= NAMES_PARTS_MAX ? LGZ_OK : decline(m, "too many classes of retention");
}

/* Writing a part. */

static bool is_in(const struct merge *m, const struct merge_piece *piece, size_t class)
{
    return m->class_of[index_of(m, piece->source_id)] == class;
}

/* Tell the writer the part's sources, in their order, and which rules they have from where on. */
static int tell_sources(struct merge *m, struct segment_writer *w, size_t class)
{
    const struct merge_piece *before = NULL;
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < m->content.pieces.len; i++) {
        const struct merge_piece *piece = &m->content.pieces.data[i];
        const size_t index = index_of(m, piece->source_id);
        if (m->class_of[index] != class)
            continue;
        const bool new_source = !before || before->source_id != piece->source_id;
        if (new_source)
            code = segment_writer_source(w, &m->content.sources.items.data[index].source,
                                         &m->numbers[index], m->err);
        if (code == LGZ_OK && piece->rules != (new_source ? 0 : before->rules))
            code = segment_writer_rules(w, m->numbers[index], piece->offset,
                                        rules_table_get(&m->content.rules, piece->rules), m->err);
        before = piece;
    }
    return code;
}

static int open_file(struct merge *m, uint32_t file)
{
    if (m->open && m->open_file == file)
        return LGZ_OK;
    segment_close(m->open);
    m->open = NULL;
    m->open_file = file;
    return segment_open(&m->open, m->sources[file].path, m->err);
}

static int decode(struct merge *m, uint32_t number)
{
    const struct merge_block *block = &m->content.blocks.data[number];
    int code = open_file(m, block->file);
    if (code == LGZ_OK && block->part >= segment_block_count(m->open))
        code = error_set(m->err, LGZ_ERR_CORRUPT, "%s: changed while it was merged",
                         m->sources[block->file].path);
    if (code == LGZ_OK)
        code = segment_read_block(m->open, block->part, &m->raw[number], m->err);
    if (code == LGZ_OK && m->raw[number].len != block->raw_len)
        code = error_set(m->err, LGZ_ERR_CORRUPT, "%s: changed while it was merged",
                         m->sources[block->file].path);
    return note_damaged(m, block->file, code);
}

/* Decode the next blocks that have something of the part. @param wanted  of each block, whether */
static int fill_window(struct merge *m, const bool *wanted, uint64_t size)
{
    uint64_t bytes = 0;
    int code = LGZ_OK;
    for (uint32_t i = m->from; i < m->to; i++)
        buf_free(&m->raw[i]);
    m->from = m->to;
    while (code == LGZ_OK && m->to < m->content.blocks.len) {
        const uint64_t more = wanted[m->to] ? m->content.blocks.data[m->to].raw_len : 0;
        if (bytes && more > size - bytes)
            break;
        if (wanted[m->to])
            code = go_on(m);
        if (wanted[m->to] && code == LGZ_OK)
            code = decode(m, m->to);
        bytes = bytes + more < size ? bytes + more : size;
        m->to++;
    }
    return code;
}

static int write_window(struct merge *m, struct segment_draft *draft, size_t class)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < m->content.pieces.len; i++) {
        const struct merge_piece *piece = &m->content.pieces.data[i];
        if (piece->block < m->from || piece->block >= m->to || !is_in(m, piece, class))
            continue;
        code = go_on(m);
        if (code != LGZ_OK)
            return code;
        code = segment_draft_append(draft, m->numbers[index_of(m, piece->source_id)],
                                    piece->source_id, piece->offset, piece->read_time,
                                    m->raw[piece->block].data + piece->at, piece->length, m->err);
    }
    return code;
}

/* Write all that the class has, from the first block to the last. */
static int write_bytes(struct merge *m, struct segment_draft *draft, size_t class, uint64_t window)
{
    bool *wanted = calloc(m->content.blocks.len + 1, sizeof(*wanted));
    int code = wanted ? LGZ_OK : error_memory(m->err);
    for (size_t i = 0; code == LGZ_OK && i < m->content.pieces.len; i++)
        if (is_in(m, &m->content.pieces.data[i], class))
            wanted[m->content.pieces.data[i].block] = true;
    m->from = m->to = 0;
    while (code == LGZ_OK && m->to < m->content.blocks.len) {
        code = fill_window(m, wanted, window);
        if (code == LGZ_OK)
            code = write_window(m, draft, class);
    }
    for (uint32_t i = m->from; i < m->to; i++)
        buf_free(&m->raw[i]);
    free(wanted);
    return code;
}

/* Templates that were found once needn't be found again. */
static int start_from_last(struct merge *m, struct segment_writer *w)
{
    int code = open_file(m, (uint32_t)(m->count - 1));
    if (code == LGZ_OK)
        code = segment_writer_continue(w, m->open, m->err);
    return note_damaged(m, m->count - 1, code);
}

static struct segment_options options_of(struct merge *m)
{
    const uint64_t window = window_of(m->config);
    return (struct segment_options){.level = LGZ_LEVEL_BEST,
                                    .threads = m->config->threads,
                                    .memory = memory_of(m->config) - window,
                                    .max_line = m->config->max_line,
                                    .filtered = FILTER_SHARE,
                                    .first_journal = m->name.first,
                                    .last_journal = m->name.last,
                                    .background = true,
                                    .stop = is_over,
                                    .stop_context = m};
}

/* When the part's first byte was read: names have it. */
static int64_t first_time(const struct merge *m, size_t class)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < m->content.pieces.len; i++) {
        const struct merge_piece *piece = &m->content.pieces.data[i];
        if (piece->read_time < first && is_in(m, piece, class))
            first = piece->read_time;
    }
    return first;
}

/* A segment that stays alone keeps its name, and so is replaced at once. */
static char *path_of(const struct merge *m, struct segment_name name, size_t class)
{
    if (m->count == 1 && name.parts == 1)
        return strdup(m->sources[0].path);
    name.time = first_time(m, class);
    return names_segment(m->config->directory, &name);
}

static int write_part(struct merge *m, size_t part, size_t parts, size_t class)
{
    const struct segment_options options = options_of(m);
    struct segment_name name = m->name;
    struct segment *segment = NULL;
    name.part = (unsigned)part + 1;
    name.parts = (unsigned)parts;
    char *path = path_of(m, name, class);
    if (!path)
        return error_memory(m->err);
    int code = segment_draft_open(&m->drafts[part], path, &options, m->err);
    struct segment_draft *draft = m->drafts[part];
    if (code == LGZ_OK)
        code = start_from_last(m, segment_draft_writer(draft));
    if (code == LGZ_OK)
        code = tell_sources(m, segment_draft_writer(draft), class);
    if (code == LGZ_OK)
        code = write_bytes(m, draft, class, window_of(m->config));
    if (code == LGZ_OK)
        code = segment_draft_finish(draft, &segment, m->err);
    if (code == LGZ_OK) {
        m->done->raw_bytes += segment_info(segment)->raw_bytes;
        m->done->bytes_after += segment_info(segment)->file_bytes;
    }
    segment_close(segment);
    free(path);
    return code;
}

/* Names, and the end of the sources. */

static bool is_replaced(const struct merge *m, const char *path, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        if (strcmp(segment_draft_path(m->drafts[i]), path) == 0)
            return true;
    return false;
}

static int remove_sources(struct merge *m, size_t parts)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < m->count; i++) {
        const char *path = m->sources[i].path;
        if (!is_replaced(m, path, parts) && unlink(path) != 0 && errno != ENOENT)
            code = error_io(m->err, "%s: cannot remove", path);
    }
    return code == LGZ_OK ? file_sync_parent(m->sources[0].path, m->err) : code;
}

static int merge(struct merge *m)
{
    size_t classes[NAMES_PARTS_MAX], parts = 0;
    int code = read_footers(m);
    if (code == LGZ_OK)
        code = find_classes(m, classes, &parts);
    for (size_t i = 0; code == LGZ_OK && i < parts; i++)
        code = write_part(m, i, parts, classes[i]);
    if (code == LGZ_OK)
        code = go_on(m); /* the last time: what begins now has no way back */
    for (size_t i = 0; code == LGZ_OK && i < parts; i++)
        code = segment_draft_commit(m->drafts[i], m->err);
    if (code == LGZ_OK) {
        m->done->segments = parts;
        code = remove_sources(m, parts);
    }
    return code;
}

static void clear(struct merge *m)
{
    for (size_t i = 0; i < NAMES_PARTS_MAX; i++)
        segment_draft_free(m->drafts[i]);
    for (size_t i = 0; m->raw && i < m->content.blocks.len; i++)
        buf_free(&m->raw[i]);
    free(m->raw);
    free(m->numbers);
    free(m->class_of);
    segment_close(m->open);
    merge_content_clear(&m->content);
}

int merge_unit(const struct upkeep *u, bool patient, const struct retention_classes *classes,
               const struct listed_segment *sources, size_t count, struct merge_done *done,
               struct lgz_error *err)
{
    struct lgz_error own = {0};
    struct merge m = {
        .upkeep = u,
        .config = u->config,
        .classes = classes,
        .patient = patient,
        .sources = sources,
        .count = count,
        .name = {.first = sources[0].name.first, .last = sources[count - 1].name.last},
        .done = done,
        .err = err ? err : &own,
    };
    *done = (struct merge_done){.outcome = MERGE_DONE};
    int code = merge(&m);
    if (code == LGZ_ERR_CANCELLED)
        done->outcome = MERGE_GIVEN_UP;
    if (done->outcome != MERGE_DONE) {
        error_forget(m.err);
        code = LGZ_OK;
    }
    clear(&m);
    return code;
}
