/*
 * scan_text.c - bytes that aren't in a segment: records of journals, and what comes from a
 * descriptor.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "query/scan_state.h"
#include "query/template_finder.h"
#include "segment/index.h"
#include "segment/stream.h"

enum { CHUNK = 1 << 20 }; /* bytes that are read at once */

/* Feed text that isn't in a segment. `templates`: these are found in it alone; NULL: they aren't */
static int feed_text(struct scan *s, struct template_finder *templates, struct query_source *source,
                     uint64_t offset, int64_t read_time, struct span text, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (templates)
        code = template_finder_text(templates, source->id, offset, text, err);
    s->selection.fatal |= code != LGZ_OK;
    if (code == LGZ_OK)
        code = select_feed(&s->selection, source, offset, read_time, text, err);
    template_finder_leave(templates);
    s->effort.text += text.len;
    return code;
}

/* Feed one record to its source. `live`: nobody has looked at the journal as a whole. */
static int scan_record(struct scan *s, const struct journal_record *record, bool live,
                       const char *label, struct lgz_error *err)
{
    if (record->kind == JOURNAL_INPUT)
        return inputs_put(&s->inputs, record->input.input, &record->input.rules, err);
    if (record->kind == JOURNAL_SOURCE) {
        const char *name = *record->source.name ? record->source.name : label;
        if (sources_get(s->sources, record->source_id, name, record->source.input))
            return LGZ_OK;
        s->selection.fatal = true;
        return error_memory(err);
    }
    struct query_source *source = sources_find(s->sources, record->source_id);
    if (!source)
        return record->kind == JOURNAL_DROP
                   ? LGZ_OK
                   : error_set(err, LGZ_ERR_CORRUPT, "%s: data of an unknown source", label);
    if (record->kind == JOURNAL_DROP)
        return select_end(&s->selection, source, err);
    const struct rules *rules = source->input ? inputs_find(&s->inputs, source->input) : NULL;
    int code = scan_resume(s, source, rules, record->offset, record->data, err);
    if (code == LGZ_OK)
        code = scan_set_rules(s, source, rules, err);
    if (code != LGZ_OK)
        return code;
    s->records++;
    struct template_finder *templates = s->selection.templates;
    return feed_text(s, live && template_finder_wants_text(templates) ? templates : NULL, source,
                     record->offset, record->read_time, record->data, err);
}

int scan_records(struct scan *s, struct journal_reader *journal, bool live, const char *label,
                 struct lgz_error *err)
{
    struct journal_record record;
    int rc = LGZ_OK;
    scan_emit_directly(s);
    while (!scan_finished(s) && (rc = journal_next(journal, &record, err)) == 1) {
        int code = scan_check(s, err);
        if (code == LGZ_OK)
            code = scan_record(s, &record, live, label, err);
        if (code != LGZ_OK)
            return code;
    }
    return rc == 1 ? LGZ_OK : rc;
}

int scan_journal(struct scan *s, struct journal_reader *journal, const char *label,
                 struct lgz_error *err)
{
    struct template_finder *templates = s->selection.templates;
    int code = LGZ_OK;
    inputs_clear(&s->inputs); /* each journal says anew what it starts with */
    if (template_finder_wants_text(templates))
        code = template_finder_journal(templates, journal, s->snapshot, err);
    s->selection.fatal |= code != LGZ_OK;
    return code == LGZ_OK ? scan_records(s, journal, false, label, err) : code;
}

/* Text that comes from a descriptor, packed or not. */
struct input {
    struct scan *scan;
    struct query_source *source;
    const char *name;
    int fd;
    size_t room;     /* for what is read at once */
    size_t least;    /* bytes that are waited for */
    uint64_t offset; /* of the text */
    int64_t read_time;
    struct segment_stream *stream; /* NULL: not packed */
    struct lgz_error reason;       /* why text wasn't taken */
};

/* lgz_write_fn, and for plain text, too */
static int take_text(void *context, const void *data, size_t size)
{
    struct input *in = context;
    int code = feed_text(in->scan, in->scan->selection.templates, in->source, in->offset,
                         in->read_time, (struct span){data, size}, &in->reason);
    in->offset += size;
    return code;
}

static int take_input(struct input *in, const uint8_t *data, size_t size, struct lgz_error *err)
{
    int code =
        in->stream ? segment_stream_feed(in->stream, data, size, err) : take_text(in, data, size);
    if (in->reason.code != LGZ_OK && err)
        *err = in->reason;
    return code;
}

/* One read(2), repeated only until `least` bytes are there or the input ends. */
static ssize_t read_some(const struct input *in, uint8_t *chunk, size_t least,
                         struct lgz_error *err)
{
    size_t have = 0;
    do {
        ssize_t n = read(in->fd, chunk + have, in->room - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_io(err, "%s: cannot read", in->name);
        if (n == 0)
            break;
        have += (size_t)n;
    } while (have < least);
    return (ssize_t)have;
}

static int pump(struct input *in, uint8_t *chunk, struct lgz_error *err)
{
    const struct selection *selection = &in->scan->selection;
    int code = LGZ_OK;
    const size_t first = in->least > SEGMENT_HEADER_LEN ? in->least : SEGMENT_HEADER_LEN;
    ssize_t n = read_some(in, chunk, first, err);
    if (n >= SEGMENT_HEADER_LEN && segment_header_check(chunk, in->name, NULL) != LGZ_ERR_FORMAT)
        code = segment_stream_new(&in->stream, in->name, 1, take_text, in, err);
    while (code == LGZ_OK && n > 0 && !select_done(selection, in->source)) {
        code = scan_check(in->scan, err);
        if (code == LGZ_OK)
            code = take_input(in, chunk, (size_t)n, err);
        if (code == LGZ_OK)
            n = read_some(in, chunk, in->least, err);
    }
    if (code == LGZ_OK && n < 0)
        code = (int)n;
    if (code == LGZ_OK && n == 0 && in->stream)
        code = segment_stream_end(in->stream, err);
    return code;
}

int scan_text(struct scan *s, int fd, const char *name, int64_t read_time, struct lgz_error *err)
{
    struct input in = {
        .scan = s, .name = name, .fd = fd, .room = CHUNK, .least = 1, .read_time = read_time};
    if (template_finder_wants_text(s->selection.templates))
        in.room = in.least = FINDER_TEXT;
    uint8_t *chunk = malloc(in.room);
    int code = LGZ_OK;
    in.source = sources_get(s->sources, 1, name, "");
    scan_emit_directly(s);
    if (in.source && chunk) {
        code = pump(&in, chunk, err);
    } else {
        s->selection.fatal = true;
        code = error_memory(err);
    }
    segment_stream_free(in.stream);
    free(chunk);
    return code;
}
