/*
 * import.c - the run over a plan: batch after batch, first what the archive has of its files, then
 * all others into a segment.
 */
#include "import/import_inside.h"

#include <stdlib.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "base/file.h"
#include "import/import_gather.h"
#include "import/unpack.h"

/* A segment takes no more than the compressed files did, and half of plain ones, very likely. */
static int check_room(struct import_work *r, const struct import_batch *batch)
{
    const struct config *config = r->upkeep->config;
    uint64_t available, need = config->min_free;
    int code = file_free_bytes(config->directory, &available, r->err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        uint64_t size = (uint64_t)f->st.st_size;
        if (f->state == IMPORT_WAITING)
            need += unpack_suffix(f->path) ? size : size / 2;
    }
    if (available >= need)
        return LGZ_OK;
    return error_set(r->err, LGZ_ERR_IO,
                     "%s: not enough room: %llu MiB may be needed, min_free included",
                     config->directory, (unsigned long long)(need >> 20) + 1);
}

static void tell_batch(struct import_work *r, const struct import_batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        if (f->state != IMPORT_WAITING || f->same_as != IMPORT_ALONE)
            continue;
        upkeep_tell(r->upkeep, UPKEEP_ACTION, "would import %s as %s", f->path, f->log.name);
        r->result->files++;
    }
}

static int import_batch(struct import_work *r, const struct import_batch *batch)
{
    int code = import_look_at_batch(r, batch);
    if (code == LGZ_OK && r->upkeep->dry_run) {
        tell_batch(r, batch);
        return LGZ_OK;
    }
    if (code == LGZ_OK && import_next_waiting(r, batch))
        code = check_room(r, batch);
    if (code == LGZ_OK)
        code = import_write_batch(r, batch);
    import_settle_same(r, batch);
    return code;
}

/* Remember which of the configured files needn't be looked at again. */
static int remember(struct import_work *r, const struct import_batch *batch)
{
    int code = LGZ_OK;
    for (size_t i = batch->first; code == LGZ_OK && i < batch->first + batch->count; i++) {
        const struct import_file *f = &r->plan.files.data[i];
        if (f->state == IMPORT_DONE || f->state == IMPORT_HELD || f->state == IMPORT_DAMAGED)
            code = imported_note(r->seen, &f->st, r->err);
    }
    return code;
}

static bool is_wanted(void *context, const char *name)
{
    return import_plan_has(context, name);
}

/* Asked by who encodes: what is under way is given up, also when all is read. */
static bool is_stopped(void *context)
{
    const struct import_work *r = context;
    return upkeep_is_stopped(r->upkeep);
}

static int prepare(struct import_work *r)
{
    const struct config *config = r->upkeep->config;
    r->writing = archive_seal_options(config);
    r->writing.level = r->options->level;
    r->writing.uncoded = r->options->level < LGZ_LEVEL_BEST;
    r->writing.threads = r->options->threads;
    r->writing.memory = r->options->memory;
    r->writing.stop = is_stopped;
    r->writing.stop_context = r;
    r->chunk = malloc(IMPORT_CHUNK);
    if (!r->chunk)
        return error_memory(r->err);
    int code = retention_classes_new(&r->classes, config, r->err);
    if (code == LGZ_OK && !r->options->paths)
        code = imported_open(&r->seen, config->directory, r->err);
    if (code == LGZ_OK)
        code =
            import_gather(&r->plan, r->upkeep, r->options, r->classes, r->seen, r->result, r->err);
    if (code == LGZ_OK)
        code = import_plan_order(&r->plan, r->classes, r->upkeep->config->merge_size, r->err);
    for (size_t i = 0; i < r->plan.files.len; i++)
        r->total += (uint64_t)r->plan.files.data[i].st.st_size;
    return code;
}

int import_run(const struct upkeep *u, const struct import_options *options,
               struct import_result *result, struct lgz_error *err)
{
    struct lgz_error own = {0};
    struct import_work r = {
        .upkeep = u, .options = options, .result = result, .err = err ? err : &own};
    *result = (struct import_result){0};
    int code = prepare(&r);
    if (code == LGZ_OK && r.plan.files.len)
        code = held_open(&r.held, u->config->directory, u->dry_run, is_wanted, &r.plan, r.err);
    for (size_t i = 0; code == LGZ_OK && i < r.plan.batches.len; i++) {
        if (upkeep_is_over(u)) {
            result->unfinished = true;
            break;
        }
        code = import_batch(&r, &r.plan.batches.data[i]);
        if (code == LGZ_ERR_CANCELLED) {
            error_forget(r.err);
            code = LGZ_OK;
            result->unfinished = true;
            break;
        }
        if (code == LGZ_OK && r.seen)
            code = remember(&r, &r.plan.batches.data[i]);
    }
    if (r.seen && code == LGZ_OK && !u->dry_run)
        code = imported_save(r.seen, r.err);
    if (result->segments && code == LGZ_OK)
        code = catalog_update(u->config->directory, NULL, r.err);
    import_drop_segment(&r);
    held_close(r.held);
    imported_close(r.seen);
    import_plan_clear(&r.plan);
    retention_classes_free(r.classes);
    free(r.earlier);
    free(r.chunk);
    return code;
}

void import_result_clear(struct import_result *result)
{
    for (size_t i = 0; i < result->rows.len; i++)
        free(result->rows.data[i].name);
    vec_free(&result->rows);
    *result = (struct import_result){0};
}
