/*
 * scrub_life.c - a byte of a segment has changed on the disk; `logzipctl scrub` finds it, sets the
 * segment aside, and puts what is left of it in its place.
 *
 * The segment has one log in one block, so nothing is left of that; of the other logs nothing may
 * be missing. The damaged file must be there in the end as it was, once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/file.h"
#include "check.h"
#include "life.h"

/* Two segments of a daemon, and one of an import. */
static void make_segments(struct world *w)
{
    char *input;
    char *rotated = world_path(w, "torn.log.1");
    w->step = "segments";
    if (!rotated || asprintf(&input, "[input all]\npath = %s/log/*.log\n", w->root) < 0)
        world_fail(w, "out of memory");
    world_configure(w, "", input);
    for (int i = 0; i < 2; i++) {
        world_write(w, "a.log", "a.log", 40);
        world_write(w, "b.log", "b.log", 20);
        world_ask(w, "seal");
    }
    world_stop(w);
    world_write(w, "torn.log", "torn.log.1", 200);
    world_ctl(w, NULL, "import", "-q", "-c", w->conf, rotated, NULL);
    free(rotated);
    free(input);
}

/* The path of the import, to be freed. */
static char *find_import(struct world *w)
{
    struct listing found;
    struct lgz_error err = {0};
    char *path = NULL;
    if (listing_open(&found, w->archive, &err) != LGZ_OK)
        world_fail(w, "%s", err.message);
    for (size_t i = 0; i < found.segments.len && !path; i++) {
        if (found.segments.data[i].name.import)
            path = strdup(found.segments.data[i].path);
    }
    listing_clear(&found);
    if (!path)
        world_fail(w, "there is no import");
    return path;
}

/* In the midst of it, which is in its block. The bytes are kept in a file beside. */
static void flip_bit(struct world *w, const char *path)
{
    char *beside = world_path(w, "torn.kept");
    struct lgz_error err = {0};
    struct buf bytes = {0};
    int out = beside ? open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (out < 0 || fd < 0 || file_load(path, 1 << 20, &bytes, &err) != LGZ_OK)
        world_fail(w, "%s: %s", path, strerror(errno));
    bytes.data[bytes.len / 3] ^= 1;
    if (pwrite(fd, bytes.data, bytes.len, 0) != (ssize_t)bytes.len || fsync(fd) != 0 ||
        file_write(out, bytes.data, bytes.len, beside, &err) != LGZ_OK)
        world_fail(w, "%s: cannot change it", path);
    close(fd);
    close(out);
    buf_free(&bytes);
    free(beside);
}

/* It ends by a failure: damage is one, and so is what is injected. */
static void scrub_live(struct world *w)
{
    const enum inject_action action = w->inject->action;
    w->inject->action = INJECT_NOTHING;
    make_segments(w);
    char *path = find_import(w);
    flip_bit(w, path);
    free(path);
    power_settle(&w->inject->power, w->archive);
    w->inject->action = action;
    w->step = "scrub";
    const int status = world_ctl_once(w, NULL, "scrub", "--all", "-c", w->conf, NULL);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
                        atomic_load(&w->inject->happened) && inject_kills(action);
    if (!killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 1))
        world_fail(w, "scrub ended with status %d", status);
}

/* The damaged file is as it was. */
static void check_damaged(struct world *w)
{
    struct listing found;
    struct lgz_error err = {0};
    struct buf kept = {0}, there = {0};
    char *beside = world_path(w, "torn.kept");
    if (!beside || file_load(beside, 1 << 20, &kept, &err) != LGZ_OK ||
        listing_open(&found, w->archive, &err) != LGZ_OK)
        world_fail(w, "%s", err.message);
    if (found.damaged.len != 1)
        world_fail(w, "%zu damaged segments are kept", found.damaged.len);
    if (file_load(found.damaged.data[0].path, 1 << 20, &there, &err) != LGZ_OK ||
        there.len != kept.len || memcmp(there.data, kept.data, kept.len) != 0)
        world_fail(w, "%s isn't what was damaged", found.damaged.data[0].path);
    listing_clear(&found);
    buf_free(&kept);
    buf_free(&there);
    free(beside);
}

static void scrub_check(struct world *w)
{
    struct log *torn = world_log(w, "torn.log");
    w->inject->action = INJECT_NOTHING;
    w->step = "scrub again";
    /* It finds the damage now, if it hasn't before; then nothing is left to find. */
    const int status = world_ctl_once(w, NULL, "scrub", "--all", "-c", w->conf, NULL);
    if (!WIFEXITED(status))
        world_fail(w, "scrub was ended by signal %d", WTERMSIG(status));
    world_ctl(w, NULL, "scrub", "--all", "-c", w->conf, NULL);
    check_damaged(w);
    torn->may_lack = torn->must_lack = torn->written.len;
    check_all(w);
}

const struct life scrub_life = {"scrub", scrub_live, scrub_check};
