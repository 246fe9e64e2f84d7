/*
 * import_look.c - what the archive has of a file, and what another file of its batch has.
 */
#include "import/import_inside.h"

#include <stdlib.h>

#include "base/hash.h"

enum { PRINT_MAX = 1024 }; /* bytes that a fingerprint is of, as the daemon has it */

/* Compare its beginning, and where that is known, all of it. The beginning is read once: to unpack
   it may take as long as a megabyte. */
static int compare(struct import_work *r, struct import_file *f, struct log_file *file)
{
    ssize_t n = log_file_read(file, r->chunk, HELD_HEAD, &r->reason);
    if (n < 0)
        return (int)n;
    const struct span head = {r->chunk, (size_t)n};
    f->fingerprint_len = n < PRINT_MAX ? (uint32_t)n : PRINT_MAX;
    f->fingerprint = hash_bytes(head.data, f->fingerprint_len);
    return n ? held_find(r->held, f->log.name, head, file, &f->verdict, &r->reason) : LGZ_OK;
}

/* Are all bytes of file `b` the first ones of file `a`? */
static int is_part_of(struct import_work *r, const struct import_file *a,
                      const struct import_file *b, bool *part)
{
    struct log_file *files[2] = {NULL};
    uint8_t *own = malloc(IMPORT_CHUNK);
    ssize_t n = IMPORT_CHUNK;
    int code = own ? import_file_open(r, a, &files[0]) : error_memory(r->err);
    *part = code == LGZ_OK;
    if (code == LGZ_OK)
        code = import_file_open(r, b, &files[1]);
    while (code == LGZ_OK && *part && n == IMPORT_CHUNK) {
        n = log_file_read(files[1], own, IMPORT_CHUNK, &r->reason);
        ssize_t other = n < 0 ? n : log_file_read(files[0], r->chunk, (size_t)n, &r->reason);
        code = other < 0 ? FILE_BAD : LGZ_OK;
        *part = code == LGZ_OK && other == n && memcmp(own, r->chunk, (size_t)n) == 0;
    }
    log_file_close(files[0]);
    log_file_close(files[1]);
    free(own);
    *part = *part && code == LGZ_OK;
    return code < 0 ? code : LGZ_OK; /* a bad file will be told when it's read */
}

/* Is there an older file of the log in the batch that is the same, compressed maybe? */
static int find_same(struct import_work *r, const struct import_batch *batch, size_t at)
{
    struct import_file *f = &r->plan.files.data[at];
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < at && f->same_as == IMPORT_ALONE; i++) {
        const struct import_file *other = &r->plan.files.data[i];
        bool part;
        if (other->state != IMPORT_WAITING || other->same_as != IMPORT_ALONE ||
            other->fingerprint_len != f->fingerprint_len || other->fingerprint != f->fingerprint ||
            strcmp(other->log.name, f->log.name) != 0)
            continue;
        code = is_part_of(r, other, f, &part);
        if (code == LGZ_OK && part)
            f->same_as = i;
    }
    return code;
}

static void set_held(struct import_work *r, struct import_file *f)
{
    f->state = IMPORT_HELD;
    r->result->held++;
    import_file_remove(r, f);
}

static int look_at_file(struct import_work *r, struct import_file *f)
{
    struct log_file *file;
    int code = import_file_open(r, f, &file);
    if (code != LGZ_OK)
        return code;
    f->st = *log_file_stat(file);
    code = compare(r, f, file);
    if (code < 0)
        code = r->reason.code == LGZ_ERR_MEMORY ? error_memory(r->err) : FILE_BAD;
    log_file_close(file);
    if (code != LGZ_OK)
        return code;
    if (!f->fingerprint_len || f->verdict.whole) {
        set_held(r, f);
    } else if (f->verdict.partly && r->seen) {
        f->state = IMPORT_LEFT; /* it will have read the rest by the next time */
        r->result->left++;
    } else if (f->verdict.partly) {
        error_set(&r->reason, LGZ_ERR_BUSY,
                  "%s: not imported: logzipd has read its beginning, as %s", f->path, f->log.name);
        code = FILE_BAD;
    }
    return code;
}

int import_look_at_batch(struct import_work *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        code = look_at_file(r, f);
        if (code == FILE_BAD) {
            import_file_fail(r, f);
            code = LGZ_OK;
        }
        if (code == LGZ_OK && f->state == IMPORT_WAITING)
            code = find_same(r, batch, i);
        if (f->state != IMPORT_WAITING)
            r->done += (uint64_t)f->st.st_size;
        if (code == LGZ_OK)
            code = import_report(r, f, 0);
    }
    return code;
}

void import_settle_same(struct import_work *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        struct import_file *f = &r->plan.files.data[i];
        if (f->same_as == IMPORT_ALONE || f->state != IMPORT_WAITING)
            continue;
        if (r->plan.files.data[f->same_as].state == IMPORT_DONE)
            set_held(r, f);
    }
}
