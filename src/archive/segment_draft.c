/*
 * segment_draft.c - a draft, a writer into it, and the proof that reads behind it.
 */
#include "archive/segment_draft.h"

#include <stdlib.h>
#include <string.h>

#include "archive/proof.h"
#include "base/file.h"

struct segment_draft {
    struct file_draft file;
    struct segment_writer *writer;
    struct proof *proof;
    uint64_t first_journal;
    uint64_t last_journal;
    struct lgz_error *err; /* of the call that is under way */
    struct lgz_error own;  /* when the caller has none: the write callback needs one to share */
};

static struct lgz_error *share(struct segment_draft *d, struct lgz_error *err)
{
    d->err = err ? err : &d->own;
    return d->err;
}

static int write_file(void *context, const void *data, size_t size)
{
    struct segment_draft *d = context;
    int code = file_write(d->file.fd, data, size, d->file.temporary, d->err);
    return code == LGZ_OK ? proof_written(d->proof, data, size, d->err) : code;
}

int segment_draft_open(struct segment_draft **out, const char *path,
                       const struct segment_options *options, struct lgz_error *err)
{
    *out = NULL;
    struct segment_draft *d = calloc(1, sizeof(*d));
    if (!d)
        return error_memory(err);
    d->first_journal = options->first_journal;
    d->last_journal = options->last_journal;
    int code = file_draft_open(&d->file, path, 0640, share(d, err));
    if (code == LGZ_OK)
        code = proof_open(&d->proof, d->file.temporary, path, d->err);
    if (code == LGZ_OK)
        code = segment_writer_new(&d->writer, options, write_file, d, d->err);
    if (code == LGZ_OK)
        *out = d;
    else
        segment_draft_free(d);
    return code;
}

struct segment_writer *segment_draft_writer(const struct segment_draft *d)
{
    return d->writer;
}

int segment_draft_continue(struct segment_draft *d, const char *earlier, struct lgz_error *err)
{
    struct segment *segment;
    struct lgz_error reason = {0};
    int code = segment_open(&segment, earlier, &reason);
    if (code != LGZ_OK)
        return code == LGZ_ERR_MEMORY ? error_memory(err) : LGZ_OK;
    code = segment_writer_continue(d->writer, segment, err);
    segment_close(segment);
    return code;
}

int segment_draft_append(struct segment_draft *d, uint32_t index, uint64_t id, uint64_t offset,
                         int64_t read_time, const void *data, size_t len, struct lgz_error *err)
{
    int code = proof_expect(d->proof, id, offset, read_time, data, len, share(d, err));
    if (code == LGZ_OK)
        code = segment_writer_append(d->writer, index, offset, read_time, data, len, d->err);
    return code;
}

int segment_draft_finish(struct segment_draft *d, struct segment **segment, struct lgz_error *err)
{
    *segment = NULL;
    int code = segment_writer_finish(d->writer, share(d, err));
    segment_writer_free(d->writer);
    d->writer = NULL;
    if (code == LGZ_OK)
        code = proof_finish(d->proof, segment, d->err);
    proof_close(d->proof);
    d->proof = NULL;
    if (code != LGZ_OK)
        return code;
    const struct segment_info *info = segment_info(*segment);
    if (info->first_journal == d->first_journal && info->last_journal == d->last_journal)
        return LGZ_OK;
    segment_close(*segment);
    *segment = NULL;
    return error_set(err, LGZ_ERR_CORRUPT, "%s: names other journals than it should", d->file.path);
}

int segment_draft_commit(struct segment_draft *d, struct lgz_error *err)
{
    return file_draft_commit(&d->file, true, err);
}

int segment_draft_commit_as(struct segment_draft *d, const char *path, struct lgz_error *err)
{
    char *copy = strdup(path);
    if (!copy)
        return error_memory(err);
    free(d->file.path);
    d->file.path = copy;
    return file_draft_commit(&d->file, false, err);
}

const char *segment_draft_path(const struct segment_draft *d)
{
    return d->file.path;
}

void segment_draft_free(struct segment_draft *d)
{
    if (!d)
        return;
    segment_writer_free(d->writer);
    proof_close(d->proof);
    file_draft_discard(&d->file);
    free(d);
}
