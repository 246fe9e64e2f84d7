/*
 * salvage.c - takes a file apart into segments, from its end on, and has each salvaged, from the
 * first one on.
 */
#include "segment/salvage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "line/lines.h"
#include "segment/salvage_copy.h"
#include "segment/salvage_walk.h"
#include "segment/writer.h"

/* A segment within the file, or bytes that may have been some. */
struct piece {
    uint64_t begin;
    uint64_t end;
    struct remains_index found;
};

struct salvage {
    struct remains *in;
    const struct salvage_options *options;
    struct salvage_sink sink;
    VEC(struct piece) pieces; /* the last one in the file first */
};

void salvage_note(struct salvage_sink *sink, const char *format, ...)
{
    struct buf text = {0};
    char line[1024];
    va_list args;
    sink->result->damaged = true;
    if (sink->notes.len == SALVAGE_NOTES_MAX)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    buf_append(&text, line, strlen(line) + 1);
    char *note = (char *)text.data;
    if (text.failed || !vec_push(&sink->notes, note))
        buf_free(&text);
}

int salvage_put(struct salvage_sink *sink, const void *data, size_t len)
{
    struct lgz_error *err = sink->err;
    sink->result->stored_bytes += len;
    if (sink->write(sink->context, data, len) == LGZ_OK)
        return LGZ_OK;
    return err->code ? err->code : error_set(err, LGZ_ERR_CANCELLED, "writing was cancelled");
}

/* Does a segment's header stand there? */
static bool header_at(struct remains *in, uint64_t at)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    remains_read(in, at, header, sizeof(header));
    return segment_header_check(header, "", NULL) == LGZ_OK;
}

/*
 * Where does a segment begin whose index was found? Mostly in front of its blocks. If neither its
 * header is there, nor the end of another segment, bytes are missing or too many between its parts.
 */
static uint64_t beginning_of(const struct salvage *s, const struct remains_index *found)
{
    const uint64_t length = segment_index_length(&found->index);
    const uint64_t begin = length > found->at ? 0 : found->at - length;
    return header_at(s->in, begin) || remains_end_at(s->in, begin) ? begin : 0;
}

static int find_pieces(struct salvage *s)
{
    int code = LGZ_OK;
    for (uint64_t end = remains_size(s->in); end && code == LGZ_OK;) {
        struct piece piece = {.end = end};
        code = remains_find_index(s->in, end, &piece.found, s->sink.err);
        if (code == LGZ_OK && piece.found.proof)
            piece.begin = beginning_of(s, &piece.found);
        if (code == LGZ_OK && !vec_push(&s->pieces, piece)) {
            segment_index_clear(&piece.found.index);
            code = error_memory(s->sink.err);
        }
        end = piece.begin;
    }
    return code;
}

/* Without an index. */

struct gathering {
    struct salvage *s;
    struct segment_writer *writer;
    struct source source;
    uint32_t number;
    uint64_t offset;
};

/* lgz_write_fn */
static int put_encoded(void *context, const void *data, size_t len)
{
    return salvage_put(context, data, len);
}

/* A segment is begun when there is a block for it. */
static int begin_segment(struct gathering *g, struct lgz_error *err)
{
    const struct segment_options options = {.level = LGZ_LEVEL_DEFAULT,
                                            .threads = g->s->options->threads,
                                            .first_journal = g->s->options->first_journal,
                                            .last_journal = g->s->options->last_journal,
                                            .filtered = FILTER_SHARE};
    return segment_writer_new(&g->writer, &options, put_encoded, &g->s->sink, err);
}

/* What stands behind a gap is another file of the same name: nothing goes on across it. */
static int next_source(struct gathering *g, struct lgz_error *err)
{
    int code = g->writer ? LGZ_OK : begin_segment(g, err);
    if (code != LGZ_OK)
        return code;
    g->source.id++;
    g->offset = 0;
    return segment_writer_source(g->writer, &g->source, &g->number, err);
}

/* salvage_block_fn */
static int gather_block(void *context, struct span raw, bool follows, struct lgz_error *err)
{
    struct gathering *g = context;
    struct salvage_result *result = g->s->sink.result;
    int code = LGZ_OK;
    if (!follows || !g->writer)
        code = next_source(g, err);
    if (code == LGZ_OK)
        code = segment_writer_append(g->writer, g->number, g->offset, remains_modified(g->s->in),
                                     raw.data, raw.len, err);
    g->offset += raw.len;
    result->blocks++;
    result->raw_bytes += raw.len;
    result->lines += lines_count(raw.data, raw.len) + (raw.data[raw.len - 1] != '\n');
    return code;
}

static void note_walk(struct salvage *s, const struct piece *piece, const struct salvage_walk *walk)
{
    const char *path = remains_path(s->in);
    salvage_note(&s->sink,
                 "%s: offset %" PRIu64 ": the index is gone, and with it the names, offsets and "
                 "times of what was read",
                 path, piece->end);
    s->sink.result->indexed = false;
    if (walk->strange)
        salvage_note(&s->sink, "%s: %" PRIu64 " bytes of the file belong to no whole block", path,
                     walk->strange);
    if (walk->given_up)
        salvage_note(&s->sink,
                     "%s: not all of the file was searched: too much of it looks like "
                     "blocks and is none",
                     path);
    s->sink.result->exact &= walk->closed && !walk->strange;
}

static int walk_piece(struct salvage *s, const struct piece *piece)
{
    char none[] = "";
    struct salvage_walk walk;
    struct gathering g = {.s = s};
    struct lgz_error *err = s->sink.err;
    g.source = (struct source){.name = strdup(s->options->name), .input = none};
    g.source.id = s->options->first_id ? s->options->first_id - 1 : 0;
    int code = g.source.name ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK)
        code = salvage_walk(s->in, piece->begin, piece->end, gather_block, &g, &walk, err);
    if (code == LGZ_OK && g.writer)
        code = segment_writer_finish(g.writer, err);
    if (code == LGZ_OK)
        note_walk(s, piece, &walk);
    segment_writer_free(g.writer);
    free(g.source.name);
    return code;
}

/* All of it. */

static int salvage_pieces(struct salvage *s)
{
    int code = LGZ_OK;
    for (size_t i = s->pieces.len; i-- > 0 && code == LGZ_OK;) {
        const struct piece *piece = &s->pieces.data[i];
        if (piece->found.proof)
            code = salvage_copy(s->in, &piece->found, piece->begin, piece->end, &s->sink);
        else
            code = walk_piece(s, piece);
    }
    return code;
}

/* Nothing at all was found: is it what a newer logzip wrote, or no segment? */
static int explain_nothing(struct salvage *s)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    remains_read(s->in, 0, header, sizeof(header));
    int code = segment_header_check(header, remains_path(s->in), s->sink.err);
    const bool indexed = s->pieces.len && s->pieces.data[0].found.proof;
    return code == LGZ_ERR_FORMAT && indexed ? LGZ_OK : code;
}

static void hand_over(struct salvage_sink *sink, struct salvage_result *result)
{
    result->losses = sink->losses.data;
    result->loss_count = sink->losses.len;
    result->notes = sink->notes.data;
    result->note_count = sink->notes.len;
}

int segment_salvage(const char *path, const struct salvage_options *options, lgz_write_fn *write,
                    void *context, struct salvage_result *result, struct lgz_error *err)
{
    struct lgz_error own = {0}; /* the callback needs one to share */
    struct salvage s = {
        .options = options,
        .sink = {.write = write, .context = context, .result = result, .err = err ? err : &own},
    };
    *result = (struct salvage_result){.exact = true, .indexed = true};
    int code = remains_open(&s.in, path, s.sink.err);
    if (code == LGZ_OK)
        code = find_pieces(&s);
    if (code == LGZ_OK)
        code = salvage_pieces(&s);
    if (code == LGZ_OK && result->blocks == 0 && (result->damaged || !s.pieces.len))
        code = explain_nothing(&s);
    if (code == LGZ_OK && remains_unreadable(s.in))
        salvage_note(&s.sink, "%s: the disk doesn't give all of it: %s", path,
                     "input/output error");
    for (size_t i = 0; i < s.pieces.len; i++)
        segment_index_clear(&s.pieces.data[i].found.index);
    vec_free(&s.pieces);
    remains_close(s.in);
    hand_over(&s.sink, result);
    return code;
}

void salvage_result_clear(struct salvage_result *result)
{
    for (size_t i = 0; i < result->loss_count; i++)
        free(result->losses[i].name);
    for (size_t i = 0; i < result->note_count; i++)
        free(result->notes[i]);
    free(result->losses);
    free(result->notes);
    *result = (struct salvage_result){0};
}
