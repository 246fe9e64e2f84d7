/*
 * import_write.c - files into segments, and what that gave.
 *
 * A file is read once. Its checksums are known to be right only at its end, so a segment in which a
 * file turned out to be bad is thrown away and begun anew without it, and from then on files are
 * read through before. A file that goes on in the next segment is read through before the first one
 * gets its name.
 */
#include "import/import_inside.h"

#include <stdlib.h>

#include "archive/archive.h"

/* Rows of the result. */

static struct import_row *row_of(struct import_result *result, const char *name)
{
    size_t at = 0;
    while (at < result->rows.len && strcmp(result->rows.data[at].name, name) < 0)
        at++;
    if (at < result->rows.len && strcmp(result->rows.data[at].name, name) == 0)
        return &result->rows.data[at];
    struct import_row row = {.name = strdup(name)};
    if (!row.name || !vec_insert(&result->rows, at, row)) {
        free(row.name);
        return NULL;
    }
    return &result->rows.data[at];
}

static int count_shares(struct import_work *r, const struct shares *shares)
{
    for (size_t i = 0; i < shares->list.len; i++) {
        const struct share *share = &shares->list.data[i];
        struct import_row *row = row_of(r->result, share->source.name);
        if (!row)
            return error_memory(r->err);
        row->raw_bytes += share->raw_bytes;
        row->stored_bytes += share->stored_bytes;
    }
    return LGZ_OK;
}

static int count_file(struct import_work *r, const struct import_file *f)
{
    struct import_row *row = row_of(r->result, f->log.name);
    if (!row)
        return error_memory(r->err);
    row->files++;
    row->packed_bytes += (uint64_t)f->st.st_size;
    r->result->files++;
    return LGZ_OK;
}

/* Segments. */

static int begin_segment(struct import_work *r)
{
    if (r->segment)
        return LGZ_OK;
    return import_segment_new(&r->segment, r->upkeep->config->directory, held_next_number(r->held),
                              &r->writing, r->earlier ? r->earlier : held_newest(r->held), r->err);
}

void import_drop_segment(struct import_work *r)
{
    import_segment_free(r->segment);
    r->segment = NULL;
}

/* The segment gets its name; files that were written to it are done with. */
static int commit_segment(struct import_work *r, const struct import_batch *batch)
{
    struct shares shares = {0};
    char *path = NULL;
    if (!r->segment)
        return LGZ_OK;
    int code = import_segment_commit(r->segment, &path, &shares, r->err);
    if (code == LGZ_OK) {
        r->stored += import_segment_stored_bytes(r->segment);
        r->result->segments++;
        r->result->file_bytes += import_segment_stored_bytes(r->segment);
        code = count_shares(r, &shares);
    }
    if (code == LGZ_OK)
        code = held_add(r->held, path, r->err);
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->state != IMPORT_WRITTEN)
            continue;
        f->state = IMPORT_DONE;
        code = count_file(r, f);
        import_file_remove(r, f);
    }
    shares_clear(&shares);
    import_drop_segment(r);
    free(r->earlier);
    r->earlier = path;
    return code;
}

/* Writing a file. */

/* The id of the file's source: above that of the next older file of its log. */
static int choose_id(struct import_work *r, struct import_file *f)
{
    uint64_t after = 0;
    if (f->id)
        return LGZ_OK;
    if (f->verdict.id) {
        f->id = f->verdict.id;
        return LGZ_OK;
    }
    for (size_t i = 0; i < r->plan.files.len; i++) {
        const struct import_file *other = &r->plan.files.data[i];
        if (other->id > after && other->rank < f->rank && strcmp(other->log.name, f->log.name) == 0)
            after = other->id;
    }
    return held_new_id(r->held, f->key, after, &f->id, r->err);
}

static int begin_source(struct import_work *r, struct import_file *f, uint64_t offset)
{
    int code = begin_segment(r);
    if (code == LGZ_OK)
        code = choose_id(r, f);
    if (code != LGZ_OK)
        return code;
    const struct source source = {
        .id = f->id,
        .name = f->log.name,
        .input = f->input ? f->input->name : (char *)"",
        .device = f->st.st_dev,
        .inode = f->st.st_ino,
        .fingerprint = f->fingerprint,
        .fingerprint_len = f->fingerprint_len,
    };
    return import_segment_source(r->segment, &source, f->input ? &f->input->rules : NULL, offset,
                                 f->time, r->err);
}

static bool is_full(const struct import_work *r)
{
    return r->segment && import_segment_raw_bytes(r->segment) >= r->upkeep->config->merge_size;
}

/* The segment is large enough, and the file goes on: it does so in another one. */
static int cut(struct import_work *r, const struct import_batch *batch, struct import_file *f,
               uint64_t offset)
{
    int code = import_file_check(r, f);
    if (code == LGZ_OK)
        code = commit_segment(r, batch);
    if (code != LGZ_OK)
        return code;
    f->verdict.from = offset;
    return begin_source(r, f, offset);
}

static int write_bytes(struct import_work *r, const struct import_batch *batch,
                       struct import_file *f, struct log_file *file)
{
    uint64_t offset = f->verdict.from;
    ssize_t n = IMPORT_CHUNK;
    int code = is_full(r) ? commit_segment(r, batch) : LGZ_OK;
    if (code == LGZ_OK)
        code = begin_source(r, f, offset);
    while (code == LGZ_OK && n == IMPORT_CHUNK && offset < f->verdict.to) {
        uint64_t left = f->verdict.to - offset;
        if (is_full(r))
            code = cut(r, batch, f, offset);
        if (code != LGZ_OK)
            return code;
        n = log_file_read(file, r->chunk, left < IMPORT_CHUNK ? (size_t)left : IMPORT_CHUNK,
                          &r->reason);
        if (n < 0)
            return FILE_BAD;
        code = import_segment_append(r->segment, r->chunk, (size_t)n, r->err);
        offset += (uint64_t)n;
        if (code == LGZ_OK)
            code = import_report(r, f, log_file_consumed(file));
    }
    return code;
}

static int write_file(struct import_work *r, const struct import_batch *batch,
                      struct import_file *f)
{
    struct log_file *file = NULL;
    int code = r->careful ? import_file_check(r, f) : LGZ_OK;
    if (code == LGZ_OK)
        code = import_file_open(r, f, &file);
    if (code != LGZ_OK)
        return code;
    f->st = *log_file_stat(file);
    if (log_file_skip(file, f->verdict.from, &r->reason) != LGZ_OK)
        code = FILE_BAD;
    if (code == LGZ_OK)
        code = write_bytes(r, batch, f, file);
    if (code == LGZ_OK && log_file_settled(file, &r->reason) != LGZ_OK)
        code = FILE_BAD;
    log_file_close(file);
    if (code == LGZ_OK)
        f->state = IMPORT_WRITTEN;
    return code;
}

/* The segment at hand has bytes of a file that is bad: none of what is in it was taken. */
static void begin_again(struct import_work *r, const struct import_batch *batch)
{
    import_drop_segment(r);
    r->careful = true;
    for (size_t i = batch->first; i < batch->first + batch->count; i++)
        if (r->plan.files.data[i].state == IMPORT_WRITTEN)
            r->plan.files.data[i].state = IMPORT_WAITING;
}

struct import_file *import_next_waiting(struct import_work *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->state == IMPORT_WAITING && f->same_as == IMPORT_ALONE)
            return f;
    }
    return NULL;
}

int import_write_batch(struct import_work *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    const uint64_t before = r->done;
    for (struct import_file *f; code == LGZ_OK && (f = import_next_waiting(r, batch));) {
        if (upkeep_is_over(r->upkeep)) {
            r->result->unfinished = true;
            break;
        }
        code = write_file(r, batch, f);
        if (code == FILE_BAD) {
            import_file_fail(r, f);
            begin_again(r, batch);
            r->done = before;
            code = LGZ_OK;
        }
        r->done += (uint64_t)f->st.st_size;
    }
    return code == LGZ_OK ? commit_segment(r, batch) : code;
}
