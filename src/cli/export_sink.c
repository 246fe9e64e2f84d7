/*
 * export_sink.c - the output of logzipctl export.
 */
#include "cli/export_sink.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "cli/interrupt.h"
#include "query/render.h"

struct export_sink {
    bool to_file;
    bool force;
    struct file_draft draft;
    struct interrupt_guard guard;
    ZSTD_CCtx *zstd; /* NULL: the bytes go out as they are */
    size_t room;
    uint8_t packed[];
};

static int check_path(const char *path, bool force, struct lgz_error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return LGZ_OK;
    if (!S_ISREG(st.st_mode))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: is not a regular file; not overwritten", path);
    if (!force)
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: already exists; not overwritten", path);
    return LGZ_OK;
}

static int open_file(struct export_sink *s, const char *path, struct lgz_error *err)
{
    int code = check_path(path, s->force, err);
    if (code == LGZ_OK)
        code = file_draft_open(&s->draft, path, 0666, err);
    if (code == LGZ_OK)
        interrupt_begin(&s->guard, s->draft.temporary);
    return code;
}

static int open_zstd(struct export_sink *s, struct lgz_error *err)
{
    s->zstd = ZSTD_createCCtx();
    if (!s->zstd || ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1)))
        return error_memory(err);
    return LGZ_OK;
}

int export_sink_new(struct export_sink **out, const char *path, bool force, bool packed,
                    struct lgz_error *err)
{
    const size_t room = packed ? ZSTD_CStreamOutSize() : 0;
    struct export_sink *s = calloc(1, sizeof(*s) + room);
    *out = s;
    if (!s)
        return error_memory(err);
    *s =
        (struct export_sink){.to_file = path != NULL, .force = force, .draft.fd = -1, .room = room};
    int code = packed ? open_zstd(s, err) : LGZ_OK;
    return code == LGZ_OK && path ? open_file(s, path, err) : code;
}

static int write_out(struct export_sink *s, struct span bytes, struct lgz_error *err)
{
    if (!s->to_file)
        return render_to_standard_output(NULL, bytes, err);
    return file_write(s->draft.fd, bytes.data, bytes.len, s->draft.path, err);
}

/* Give the text to zstd, and write what comes out of it; at the end, all of it. */
static int pack(struct export_sink *s, struct span text, ZSTD_EndDirective mode,
                struct lgz_error *err)
{
    ZSTD_inBuffer in = {text.data, text.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {s->packed, s->room, 0};
        left = ZSTD_compressStream2(s->zstd, &out, &in, mode);
        if (ZSTD_isError(left))
            return error_set(err, LGZ_ERR_MEMORY, "zstd: %s", ZSTD_getErrorName(left));
        int code = write_out(s, (struct span){s->packed, out.pos}, err);
        if (code != LGZ_OK)
            return code;
    } while (in.pos < in.size || (mode == ZSTD_e_end && left));
    return LGZ_OK;
}

int export_sink_write(void *sink, struct span text, struct lgz_error *err)
{
    struct export_sink *s = sink;
    return s->zstd ? pack(s, text, ZSTD_e_continue, err) : write_out(s, text, err);
}

int export_sink_finish(struct export_sink *s, struct lgz_error *err)
{
    int code = s->zstd ? pack(s, (struct span){NULL, 0}, ZSTD_e_end, err) : LGZ_OK;
    if (code == LGZ_OK && s->to_file)
        code = file_draft_commit(&s->draft, s->force, err);
    return code;
}

void export_sink_free(struct export_sink *s)
{
    if (!s)
        return;
    file_draft_discard(&s->draft);
    interrupt_end(&s->guard);
    ZSTD_freeCCtx(s->zstd);
    free(s);
}
