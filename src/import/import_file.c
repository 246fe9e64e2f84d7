/*
 * import_file.c - files are opened and removed with the rights of who called the command.
 */
#include "import/import_inside.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "import/caller.h"
#include "import/unpack.h"

int import_file_open(struct import_work *r, const struct import_file *f, struct log_file **file)
{
    uid_t before = caller_begin();
    int code = log_file_open(file, f->path, f->linked, &r->reason);
    caller_end(before);
    return code == LGZ_OK ? LGZ_OK : FILE_BAD;
}

int import_report(struct import_work *r, const struct import_file *f, uint64_t consumed)
{
    const struct import_options *o = r->options;
    uint64_t stored = r->stored + (r->segment ? import_segment_stored_bytes(r->segment) : 0);
    if (o->progress)
        o->progress(o->context, f->path, r->done + consumed, r->total, stored);
    if (!upkeep_is_stopped(r->upkeep))
        return LGZ_OK;
    return error_set(r->err, LGZ_ERR_CANCELLED, "%s: stopped while it was imported", f->path);
}

int import_file_check(struct import_work *r, struct import_file *f)
{
    struct log_file *file;
    ssize_t n = IMPORT_CHUNK;
    int code = f->checked ? LGZ_OK : import_file_open(r, f, &file);
    if (f->checked || code != LGZ_OK)
        return code;
    while (code == LGZ_OK && n == IMPORT_CHUNK) {
        n = log_file_read(file, r->chunk, IMPORT_CHUNK, &r->reason);
        code = n < 0 ? FILE_BAD : import_report(r, f, 0);
    }
    log_file_close(file);
    f->checked = code == LGZ_OK;
    return code;
}

void import_file_fail(struct import_work *r, struct import_file *f)
{
    upkeep_tell(r->upkeep, UPKEEP_PROBLEM, "%s", r->reason.message);
    const int code = r->reason.code;
    const bool damaged = code == LGZ_ERR_CORRUPT || code == LGZ_ERR_FORMAT || code == LGZ_ERR_LIMIT;
    f->state = damaged ? IMPORT_DAMAGED : IMPORT_FAILED;
    r->result->failed++;
}

/* Is it the file that was read? */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           file_modified(a) == file_modified(b);
}

void import_file_remove(struct import_work *r, const struct import_file *f)
{
    struct stat st;
    if (!f->remove || r->upkeep->dry_run)
        return;
    if (f->log.part == LOG_PART_CURRENT && !unpack_suffix(f->path)) {
        upkeep_tell(r->upkeep, UPKEEP_ACTION, "%s: not removed: it isn't a rotated file", f->path);
        return;
    }
    uid_t before = caller_begin();
    bool same = lstat(f->path, &st) == 0 && is_same(&st, &f->st);
    bool removed = same && unlink(f->path) == 0;
    caller_end(before);
    if (removed)
        r->result->removed++;
    else
        upkeep_tell(r->upkeep, UPKEEP_PROBLEM, "%s: not removed: %s", f->path,
                    same ? strerror(errno) : "it isn't the file that was imported any more");
}
