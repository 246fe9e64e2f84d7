/*
 * tidy.c - the directory is synced, then what is stale goes.
 */
#include "archive/tidy.h"

#include <errno.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/file.h"

static int remove_drafts(const struct listing *found, bool *changed, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < found->drafts.len && code == LGZ_OK; i++) {
        bool removed;
        code = file_draft_remove(found->drafts.data[i], &removed, err);
        *changed |= removed;
    }
    return code;
}

static int remove_stale(const struct listing *found, bool *changed, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (found->stale.len)
        code = file_sync_parent(found->stale.data[0].path, err);
    for (size_t i = 0; i < found->stale.len && code == LGZ_OK; i++) {
        const char *path = found->stale.data[i].path;
        if (unlink(path) != 0 && errno != ENOENT)
            code = error_io(err, "%s: cannot remove", path);
        *changed = true;
    }
    return code;
}

int archive_tidy(const char *directory, struct lgz_error *err)
{
    struct listing found = {0};
    bool changed = false;
    int code = listing_open(&found, directory, err);
    if (code == LGZ_OK)
        code = remove_drafts(&found, &changed, err);
    if (code == LGZ_OK)
        code = remove_stale(&found, &changed, err);
    if (code == LGZ_OK && changed)
        code = file_sync_parent(found.drafts.len ? found.drafts.data[0] : found.stale.data[0].path,
                                err);
    listing_clear(&found);
    return code;
}
