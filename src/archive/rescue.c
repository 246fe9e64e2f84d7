/*
 * rescue.c - salvage, read back, and two names: first the damaged file gets a second one, then what
 * was salvaged takes over the first.
 */
#include "archive/rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/names.h"
#include "base/file.h"
#include "base/hash.h"
#include "segment/stream.h"

enum { CHUNK = 1 << 20, NAMES_TRIED = 1000 };

/* PATH without `end`, if that is its end, and `more`. @return NULL when memory is out */
static char *renamed(const char *path, const char *end, const char *more)
{
    struct buf name = {0};
    buf_append(&name, path, strlen(path) - (names_end_in(path, end) ? strlen(end) : 0));
    buf_append(&name, more, strlen(more) + 1);
    if (name.failed)
        buf_free(&name);
    return (char *)name.data;
}

char *rescue_target(const char *from)
{
    if (names_end_in(from, NAMES_DAMAGED))
        return renamed(from, NAMES_DAMAGED, "");
    return renamed(from, NAMES_SEGMENT, ".salvaged" NAMES_SEGMENT);
}

struct rescue {
    struct file_draft draft;
    struct lgz_error *err;
};

/* lgz_write_fn */
static int write_draft(void *context, const void *data, size_t size)
{
    struct rescue *r = context;
    return file_write(r->draft.fd, data, size, r->draft.temporary, r->err);
}

/* lgz_write_fn */
static int drop_output(void *context, const void *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return LGZ_OK;
}

/* Decode what the file has now: each block, and a footer that speaks of them. */
static int read_back(const char *path, unsigned threads, struct lgz_error *err)
{
    struct segment_stream *stream = NULL;
    ssize_t got = 0;
    uint8_t *chunk = malloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code = LGZ_OK;
    if (!chunk)
        code = error_memory(err);
    else if (fd < 0)
        code = error_io(err, "%s: cannot open", path);
    if (code == LGZ_OK)
        code = segment_stream_new(&stream, path, threads, drop_output, NULL, err);
    while (code == LGZ_OK && (got = file_read(fd, chunk, CHUNK, path, err)) > 0)
        code = segment_stream_feed(stream, chunk, (size_t)got, err);
    if (code == LGZ_OK)
        code = got < 0 ? (int)got : segment_stream_end(stream, err);
    if (fd >= 0)
        close(fd);
    free(chunk);
    segment_stream_free(stream);
    return code;
}

/*
 * The id of the first source of a segment of an archive whose index is gone: one that nothing else
 * in the archive has. It's from the half that imports have (segment/source.h), whose ids go up by
 * one, and from the upper quarter of it; each name has a range of its own there.
 */
static uint64_t nameless_id(const char *name)
{
    const uint64_t range = hash_bytes(name, strlen(name)) >> 3 & ~((UINT64_C(1) << 24) - 1);
    return (UINT64_C(3) << 62 | range) + 1;
}

/* Salvage into a draft. It's worth nothing if the segment is sound, or all is lost. */
static int salvage(struct rescue *r, const char *from, unsigned threads,
                   struct salvage_result *result, bool *worth, struct lgz_error *err)
{
    struct salvage_options options = {.name = file_name(from), .threads = threads};
    struct segment_name name;
    char *plain = renamed(from, NAMES_DAMAGED, "");
    if (!plain)
        return error_memory(err);
    if (names_parse_segment(file_name(plain), &name)) {
        options.first_journal = name.first;
        options.last_journal = name.last;
        options.first_id = nameless_id(file_name(plain));
    }
    free(plain);
    int code = segment_salvage(from, &options, write_draft, r, result, err);
    *worth = result->damaged && result->stored_bytes;
    return code == LGZ_OK && *worth ? read_back(r->draft.temporary, threads, err) : code;
}

int rescue_segment(const char *from, const char *to, bool replace, unsigned threads,
                   struct salvage_result *result, struct lgz_error *err)
{
    struct lgz_error own = {0}; /* the callback needs one to share */
    struct rescue r = {.draft = {.fd = -1}, .err = err ? err : &own};
    bool worth = false;
    *result = (struct salvage_result){0};
    int code = file_draft_open(&r.draft, to, 0640, r.err);
    if (code == LGZ_OK)
        code = salvage(&r, from, threads, result, &worth, r.err);
    if (code == LGZ_OK && worth)
        code = file_draft_commit(&r.draft, replace, r.err);
    file_draft_discard(&r.draft);
    return code;
}

/* Is there nothing of that name, or is it this very file? */
static bool is_free(const char *name, const struct stat *file)
{
    struct stat st;
    if (lstat(name, &st) != 0)
        return errno == ENOENT;
    return st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* NAME.logz.damaged, or NAME.2.logz.damaged if something damaged is kept there already. */
static int choose_aside(const char *path, char **aside, struct lgz_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_io(err, "%s: cannot stat", path);
    for (unsigned i = 1; i < NAMES_TRIED; i++) {
        char more[64];
        snprintf(more, sizeof(more), ".%u" NAMES_SEGMENT NAMES_DAMAGED, i);
        *aside = i == 1 ? renamed(path, "", NAMES_DAMAGED) : renamed(path, NAMES_SEGMENT, more);
        if (!*aside)
            return error_memory(err);
        if (is_free(*aside, &st))
            return LGZ_OK;
        free(*aside);
        *aside = NULL;
    }
    return error_set(err, LGZ_ERR_LIMIT, "%s: too many damaged files of that name", path);
}

/*
 * Give the damaged file its other name.
 *
 * @param linked  set to whether it has both now
 */
static int set_aside(const char *path, const char *aside, bool *linked, struct lgz_error *err)
{
    *linked = link(path, aside) == 0 || errno == EEXIST;
    if (*linked)
        return file_sync_parent(path, err);
    if (rename(path, aside) != 0)
        return error_io(err, "%s: cannot rename to %s", path, aside);
    return file_sync_parent(path, err);
}

static int replace(struct rescue *r, const char *path, bool worth, char **aside,
                   struct lgz_error *err)
{
    bool linked = false;
    int code = choose_aside(path, aside, err);
    if (code == LGZ_OK)
        code = set_aside(path, *aside, &linked, err);
    if (code == LGZ_OK && worth)
        return file_draft_commit(&r->draft, true, err);
    if (code == LGZ_OK && linked && unlink(path) != 0)
        code = error_io(err, "%s: cannot remove", path);
    return code == LGZ_OK ? file_sync_parent(path, err) : code;
}

int rescue_in_place(const char *path, unsigned threads, char **aside, struct salvage_result *result,
                    struct lgz_error *err)
{
    struct lgz_error own = {0};
    struct rescue r = {.draft = {.fd = -1}, .err = err ? err : &own};
    bool worth = false;
    *aside = NULL;
    *result = (struct salvage_result){0};
    int code = file_draft_open(&r.draft, path, 0640, r.err);
    if (code == LGZ_OK)
        code = salvage(&r, path, threads, result, &worth, r.err);
    if (code == LGZ_OK && result->damaged)
        code = replace(&r, path, worth, aside, r.err);
    file_draft_discard(&r.draft);
    return code;
}
