/*
 * import_segment.c - a draft (segment_draft.h) whose name is known only at its end, and which
 * source's bytes come next.
 */
#include "import/import_segment.h"

#include <stdlib.h>
#include <string.h>

#include "archive/names.h"
#include "archive/segment_draft.h"

struct import_segment {
    char *directory;
    uint64_t number;
    struct segment_draft *draft;
    uint64_t stored_bytes; /* when it is finished; 0 before */
    uint64_t source_id;    /* of what is being appended: */
    uint32_t source;
    uint64_t offset;
    int64_t read_time;
    int64_t first_time; /* the earliest of all */
    bool any;
};

static char *make_path(const struct import_segment *s)
{
    const struct segment_name name = {
        .import = s->number, .time = s->first_time, .part = 1, .parts = 1};
    return names_segment(s->directory, &name);
}

static int open_draft(struct import_segment *s, const struct segment_options *options,
                      struct lgz_error *err)
{
    char *path = make_path(s);
    int code = path ? segment_draft_open(&s->draft, path, options, err) : error_memory(err);
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
    s->number = number;
    s->directory = strdup(directory);
    int code = s->directory ? open_draft(s, options, err) : error_memory(err);
    if (code == LGZ_OK && earlier)
        code = segment_draft_continue(s->draft, earlier, err);
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
    struct segment_writer *writer = segment_draft_writer(s->draft);
    int code = segment_writer_source(writer, source, &s->source, err);
    if (code == LGZ_OK && !rules_empty(rules))
        code = segment_writer_rules(writer, s->source, offset, rules, err);
    s->source_id = source->id;
    s->offset = offset;
    s->read_time = read_time;
    return code;
}

int import_segment_append(struct import_segment *s, const void *data, size_t len,
                          struct lgz_error *err)
{
    if (!len)
        return LGZ_OK;
    int code = segment_draft_append(s->draft, s->source, s->source_id, s->offset, s->read_time,
                                    data, len, err);
    if (!s->any || s->read_time < s->first_time)
        s->first_time = s->read_time;
    s->any = true;
    s->offset += len;
    return code;
}

uint64_t import_segment_raw_bytes(const struct import_segment *s)
{
    return segment_writer_raw_bytes(segment_draft_writer(s->draft));
}

uint64_t import_segment_stored_bytes(const struct import_segment *s)
{
    const struct segment_writer *writer = segment_draft_writer(s->draft);
    return writer ? segment_writer_stored_bytes(writer) : s->stored_bytes;
}

/* Its name tells the oldest byte, which is known by now. */
static int publish(struct import_segment *s, char **path, struct lgz_error *err)
{
    *path = make_path(s);
    return *path ? segment_draft_commit_as(s->draft, *path, err) : error_memory(err);
}

int import_segment_commit(struct import_segment *s, char **path, struct shares *shares,
                          struct lgz_error *err)
{
    struct segment *segment;
    *path = NULL;
    *shares = (struct shares){0};
    int code = segment_draft_finish(s->draft, &segment, err);
    if (code != LGZ_OK)
        return code;
    s->stored_bytes = segment_info(segment)->file_bytes;
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
    segment_draft_free(s->draft);
    free(s->directory);
    free(s);
}
