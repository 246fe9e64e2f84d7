/*
 * import_segment.c - the writer's bytes go to the draft, and from there to the proof.
 */
#include "import/import_segment.h"

#include <stdlib.h>
#include <string.h>

#include "archive/names.h"
#include "archive/proof.h"
#include "base/file.h"

struct import_segment {
    char *directory;
    uint64_t number;
    struct file_draft draft;
    struct segment_writer *writer;
    struct proof *proof;
    uint64_t source_id; /* of what is being appended: */
    uint32_t source;
    uint64_t offset;
    int64_t read_time;
    int64_t first_time; /* the earliest of all */
    bool any;
    struct lgz_error reason; /* why the draft couldn't be written */
};

/* lgz_write_fn */
static int write_draft(void *context, const void *data, size_t size)
{
    struct import_segment *s = context;
    int code = file_write(s->draft.fd, data, size, s->draft.temporary, &s->reason);
    return code == LGZ_OK ? proof_written(s->proof, data, size, &s->reason) : code;
}

/* The writer only says that it was stopped; the draft's own reason says why. */
static int explain(struct import_segment *s, int code, struct lgz_error *err)
{
    if (code == LGZ_OK || s->reason.code == LGZ_OK)
        return code;
    return error_set(err, s->reason.code, "%s", s->reason.message);
}

static int start_from(struct import_segment *s, const char *earlier, struct lgz_error *err)
{
    struct segment *segment;
    struct lgz_error reason = {0};
    int code = segment_open(&segment, earlier, &reason);
    if (code != LGZ_OK) /* no harm is done */
        return code == LGZ_ERR_MEMORY ? error_memory(err) : LGZ_OK;
    code = segment_writer_continue(s->writer, segment, err);
    segment_close(segment);
    return code;
}

static char *make_path(const struct import_segment *s)
{
    const struct segment_name name = {
        .import = s->number, .time = s->first_time, .part = 1, .parts = 1};
    return names_segment(s->directory, &name);
}

static int open_draft(struct import_segment *s, struct lgz_error *err)
{
    char *path = make_path(s);
    if (!path)
        return error_memory(err);
    int code = file_draft_open(&s->draft, path, 0640, err);
    if (code == LGZ_OK)
        code = proof_open(&s->proof, s->draft.temporary, path, err);
    free(path);
    return code;
}

int import_segment_new(struct import_segment **out, const char *directory, uint64_t number,
                       const struct segment_options *options, const char *earlier,
                       struct lgz_error *err)
{
    struct import_segment *s = calloc(1, sizeof(*s));
    *out = NULL;
    if (!s)
        return error_memory(err);
    s->draft.fd = -1;
    s->number = number;
    s->directory = strdup(directory);
    int code = s->directory ? open_draft(s, err) : error_memory(err);
    if (code == LGZ_OK)
        code = explain(s, segment_writer_new(&s->writer, options, write_draft, s, err), err);
    if (code == LGZ_OK && earlier)
        code = start_from(s, earlier, err);
    if (code != LGZ_OK)
        import_segment_free(s);
    else
        *out = s;
    return code;
}

int import_segment_source(struct import_segment *s, const struct source *source,
                          const struct rules *rules, uint64_t offset, int64_t read_time,
                          struct lgz_error *err)
{
    int code = segment_writer_source(s->writer, source, &s->source, err);
    if (code == LGZ_OK && !rules_empty(rules))
        code = segment_writer_rules(s->writer, s->source, offset, rules, err);
    s->source_id = source->id;
    s->offset = offset;
    s->read_time = read_time;
    return explain(s, code, err);
}

int import_segment_append(struct import_segment *s, const void *data, size_t len,
                          struct lgz_error *err)
{
    if (!len)
        return LGZ_OK;
    int code = proof_expect(s->proof, s->source_id, s->offset, s->read_time, data, len, err);
    if (code == LGZ_OK)
        code = segment_writer_append(s->writer, s->source, s->offset, s->read_time, data, len, err);
    if (!s->any || s->read_time < s->first_time)
        s->first_time = s->read_time;
    s->any = true;
    s->offset += len;
    return explain(s, code, err);
}

uint64_t import_segment_raw_bytes(const struct import_segment *s)
{
    return segment_writer_raw_bytes(s->writer);
}

uint64_t import_segment_stored_bytes(const struct import_segment *s)
{
    return segment_writer_stored_bytes(s->writer);
}

/* Its name tells the oldest byte, which is known by now. */
static int publish(struct import_segment *s, char **path, struct lgz_error *err)
{
    char *named = make_path(s);
    *path = named ? strdup(named) : NULL;
    if (!*path) {
        free(named);
        return error_memory(err);
    }
    free(s->draft.path);
    s->draft.path = named;
    return file_draft_commit(&s->draft, false, err);
}

int import_segment_commit(struct import_segment *s, char **path, struct shares *shares,
                          struct lgz_error *err)
{
    struct segment *segment = NULL;
    *path = NULL;
    *shares = (struct shares){0};
    int code = explain(s, segment_writer_finish(s->writer, err), err);
    if (code == LGZ_OK)
        code = proof_finish(s->proof, &segment, err);
    if (code == LGZ_OK)
        code = shares_of(shares, segment, err);
    segment_close(segment);
    if (code == LGZ_OK)
        code = publish(s, path, err);
    if (code != LGZ_OK) {
        free(*path);
        *path = NULL;
    }
    return code;
}

void import_segment_free(struct import_segment *s)
{
    if (!s)
        return;
    segment_writer_free(s->writer);
    proof_close(s->proof);
    file_draft_discard(&s->draft);
    free(s->directory);
    free(s);
}
