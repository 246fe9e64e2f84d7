/*
 * daemon_life.c - the life of a daemon, which goes through everything that changes files: an
 * archive that isn't there yet, group commits, journals that end and are sealed by size and by
 * request, the three ways of rotating a log, a reload, retention beside the daemon and without it,
 * an end, a kill with a torn tail and a left draft, recovery. What is synced is removed from the
 * logs where a rotation would remove it: what the archive loses can't be read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/file.h"
#include "check.h"
#include "life.h"

enum { NOISE = 64 << 10 /* more than all the rest takes sealed, and than max_size */ };

static void rename_log(struct world *w, const char *from, const char *to)
{
    char *a = world_path(w, from);
    char *b = world_path(w, to);
    if (!a || !b || rename(a, b) != 0)
        world_fail(w, "cannot rename %s: %s", from, strerror(errno));
    free(a);
    free(b);
}

static void remove_log(struct world *w, const char *name)
{
    char *path = world_path(w, name);
    if (!path || unlink(path) != 0)
        world_fail(w, "cannot remove %s: %s", name, strerror(errno));
    free(path);
}

/* As logrotate's compress. */
static void compress_log(struct world *w, const char *name)
{
    char *path = world_path(w, name);
    pid_t process = fork();
    int status = -1;
    if (process == 0) {
        execlp("gzip", "gzip", "-q", "--", path, (char *)NULL);
        _exit(127);
    }
    if (waitpid(process, &status, 0) != process || status != 0)
        world_fail(w, "cannot compress %s", name);
    free(path);
}

/* As logrotate's copytruncate; `to` is NULL if nobody wants the copy. */
static void copy_and_truncate(struct world *w, const char *name, const char *to)
{
    struct lgz_error err = {0};
    struct buf bytes = {0};
    char *from = world_path(w, name);
    char *copy = to ? world_path(w, to) : NULL;
    if (copy) {
        int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || file_load(from, 1 << 30, &bytes, &err) != LGZ_OK ||
            file_write(fd, bytes.data, bytes.len, copy, &err) != LGZ_OK)
            world_fail(w, "cannot copy %s", name);
        close(fd);
    }
    if (truncate(from, 0) != 0)
        world_fail(w, "cannot truncate %s: %s", name, strerror(errno));
    buf_free(&bytes);
    free(from);
    free(copy);
}

/* What only the kernel's memory had when the power failed, or a disk that was full. */
static void damage_tail(struct world *w)
{
    struct listing found = {0};
    struct lgz_error err = {0};
    if (listing_open(&found, w->archive, &err) != LGZ_OK || found.journals.len == 0)
        world_fail(w, "there is no journal");
    int fd =
        open(found.journals.data[found.journals.len - 1].path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0 || write(fd, "half of a record", 16) != 16)
        world_fail(w, "cannot write to the journal: %s", strerror(errno));
    close(fd);
    listing_clear(&found);
    char *draft;
    if (asprintf(&draft, "%s/.journal-000000000099.lzj.tmp1", w->archive) < 0)
        world_fail(w, "out of memory");
    fd = open(draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        world_fail(w, "%s: %s", draft, strerror(errno));
    close(fd);
    free(draft);
}

/* Inputs a and b, and c if `more`. */
static void configure(struct world *w, bool more)
{
    char *inputs;
    if (asprintf(&inputs, "[input first]\npath = %s/log/[abo]*.log\n%s%s%s", w->root,
                 more ? "[input more]\npath = " : "", more ? w->root : "",
                 more ? "/log/c*.log\nmultiline_start = ^2026-\n" : "") < 0)
        world_fail(w, "out of memory");
    world_configure(w, "seal_size = 64K\nmax_size = 48K\n", inputs);
    free(inputs);
}

/* An archive that isn't there; files that are; a first segment, of which retention will be rid. */
static void first_day(struct world *w)
{
    w->step = "first start";
    configure(w, false);
    world_log(w, "old.log")->may_lack = SIZE_MAX;
    world_write_noise(w, "old.log", "old.log", NOISE);
    world_run(w);
    world_ask(w, "seal");
    w->step = "appends";
    for (int i = 0; i < 4; i++) {
        world_write(w, "a.log", "a.log", 20);
        world_write(w, "b.log", "b.log", 30);
        world_ask(w, "sync");
    }
    w->step = "reload";
    world_write(w, "c.log", "c.log", 40);
    configure(w, true);
    world_ask(w, "reload");
    world_ask(w, "sync");
    w->step = "seal by size";
    world_write(w, "b.log", "b.log", 1200);
    world_write(w, "c.log", "c.log", 10);
    world_ask(w, "sync");
    world_write(w, "a.log", "a.log", 5);
}

static void rotations(struct world *w)
{
    w->step = "rename and create";
    world_write(w, "a.log", "a.log", 15);
    rename_log(w, "a.log", "a.log.1");
    world_write(w, "a.log", "a.log.1", 15);
    world_ask(w, "sync");
    remove_log(w, "a.log.1");
    world_write(w, "a.log", "a.log", 25);
    world_ask(w, "sync");
    w->step = "copytruncate";
    world_write(w, "b.log", "b.log", 25);
    copy_and_truncate(w, "b.log", "b.log.1");
    world_write(w, "b.log", "b.log", 12);
    world_ask(w, "sync");
    remove_log(w, "b.log.1");
    w->step = "copytruncate of what was read";
    copy_and_truncate(w, "b.log", NULL);
    world_write(w, "b.log", "b.log", 8);
    world_ask(w, "sync");
    w->step = "a kill";
    world_kill(w);
    world_run(w);
    world_ask(w, "sync");
    w->step = "retention beside the daemon";
    world_write(w, "c.log", "c.log", 10);
    world_ctl(w, NULL, "rotate", "-c", w->conf, NULL);
}

static void ends(struct world *w)
{
    w->step = "an end";
    world_write(w, "a.log", "a.log", 10);
    world_stop(w);
    w->step = "start after a rotation and compression";
    world_write(w, "c.log", "c.log", 10);
    rename_log(w, "c.log", "c.log.1");
    compress_log(w, "c.log.1");
    world_write(w, "c.log", "c.log", 20);
    world_run(w);
    world_ask(w, "sync");
    remove_log(w, "c.log.1.gz");
    w->step = "recovery";
    world_write(w, "a.log", "a.log", 10);
    world_ask(w, "sync");
    world_kill(w);
    damage_tail(w);
    world_write(w, "a.log", "a.log", 10);
    world_run(w);
    world_ask(w, "sync");
    w->step = "rotate without a daemon";
    world_write(w, "a.log", "a.log", 10);
    world_ask(w, "sync");
    world_kill(w);
    world_ctl(w, NULL, "rotate", "-c", w->conf, NULL);
    w->step = "a last start";
    world_write(w, "a.log", "a.log", 10);
    world_run(w);
    world_ask(w, "seal");
    world_write(w, "b.log", "b.log", 10);
    world_stop(w);
}

static void daemon_live(struct world *w)
{
    first_day(w);
    rotations(w);
    ends(w);
}

const struct life daemon_life = {"daemon", daemon_live, check_all};
