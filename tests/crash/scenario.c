/*
 * scenario.c - the steps, and the comparison.
 */
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/listing.h"
#include "base/file.h"

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
    world_log(w, "old.log")->may_expire = true;
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

void scenario_live(struct world *w)
{
    first_day(w);
    rotations(w);
    ends(w);
}

/* The end. */

/* How many lines are in these bytes? The last one may have no newline. */
static size_t count_lines(const uint8_t *bytes, size_t len)
{
    size_t count = len && bytes[len - 1] != '\n';
    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}

/* Restore one log and compare. @return bytes that the archive has of it */
static size_t check_log(struct world *w, const struct log *log, const char *counts)
{
    struct buf restored = {0};
    char *source = world_path(w, log->name);
    const uint8_t *wanted = log->written.data;
    size_t len = log->written.len;
    char *expected;
    if (asprintf(&expected, "\n%s:", source) < 0)
        world_fail(w, "out of memory");
    const char *count = strstr(counts, expected);
    if (log->may_expire && !count) {
        len = 0;
    } else {
        world_ctl(w, &restored, "restore", "--source", source, w->archive, NULL);
        if (log->may_expire && restored.len < len) {
            wanted += len - restored.len;
            len = restored.len;
        }
        if (restored.len != len || memcmp(restored.data, wanted, len) != 0)
            world_fail(w, "%s: %zu bytes are restored, and not the %zu that were written",
                       log->name, restored.len, len);
        if (!count || strtoul(count + strlen(expected), NULL, 10) != count_lines(wanted, len))
            world_fail(w, "%s: query doesn't count %zu lines", log->name, count_lines(wanted, len));
    }
    buf_free(&restored);
    free(expected);
    free(source);
    return len;
}

void scenario_check(struct world *w)
{
    struct buf counts = {0}, info = {0};
    size_t bytes = 0;
    w->inject->action = INJECT_NOTHING;
    w->step = "the last check";
    world_run(w);
    world_ask(w, "sync");
    world_stop(w);
    world_check_names(w);
    world_ctl(w, NULL, "verify", w->archive, NULL);
    buf_push(&counts, '\n');
    world_ctl(w, &counts, "query", "-c", "", w->archive, NULL);
    buf_push(&counts, '\0');
    world_ctl(w, &info, "info", "--json", w->archive, NULL);
    buf_push(&info, '\0');
    if (counts.failed || info.failed)
        world_fail(w, "out of memory");
    for (size_t i = 0; i < w->logs.len; i++)
        bytes += check_log(w, &w->logs.data[i], (const char *)counts.data);
    /* restore and query drop what is there twice; the segments must not have it. */
    const char *raw = strstr((const char *)info.data, "\"raw_bytes\":");
    if (!raw || strtoul(raw + strlen("\"raw_bytes\":"), NULL, 10) != bytes)
        world_fail(w, "the archive holds other than %zu bytes: %s", bytes, (const char *)info.data);
    buf_free(&counts);
    buf_free(&info);
}
