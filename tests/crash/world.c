/*
 * world.c - starts, asks, waits; everything with a limit of time.
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/control_client.h"
#include "archive/names.h"
#include "base/clock.h"
#include "base/file.h"

enum { ARGUMENTS_MAX = 16, TICK_US = 2000, PAUSE_US = 100000 };

_Noreturn void world_fail(struct world *w, const char *format, ...)
{
    va_list args;
    dprintf(w->messages, "FAILED in step '%s': ", w->step);
    va_start(args, format);
    vdprintf(w->messages, format, args);
    va_end(args);
    dprintf(w->messages, "\n");
    if (w->daemon.pid)
        kill(w->daemon.pid, SIGKILL);
    _exit(1);
}

static char *join(struct world *w, const char *a, const char *b)
{
    char *path;
    if (asprintf(&path, "%s/%s", a, b) < 0)
        world_fail(w, "out of memory");
    return path;
}

void world_open(struct world *w, const char *programs, const char *root, struct inject *inject)
{
    *w = (struct world){.programs = programs,
                        .inject = inject,
                        .step = "open",
                        .messages = 2,
                        .clock = -1,
                        .patience = WORLD_STEP_SECONDS};
    w->root = strdup(root);
    /* What the programs change is below "state"; the logs are only read. */
    char *state = join(w, root, "state");
    char *log = join(w, root, "log");
    char *messages = join(w, root, "messages");
    w->archive = join(w, state, "archive");
    w->control = join(w, state, "control");
    w->conf = join(w, root, "conf");
    w->messages = open(messages, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (strlen(w->control) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        world_fail(w, "%s: too long for a socket; set TMPDIR to a short one", w->control);
    if (!w->root || w->messages < 0 || mkdir(state, 0700) != 0 || mkdir(log, 0700) != 0)
        world_fail(w, "cannot make the directories: %s", strerror(errno));
    snprintf(inject->directory, sizeof(inject->directory), "%s", state);
    snprintf(inject->disk, sizeof(inject->disk), "%s", w->archive);
    free(state);
    free(log);
    free(messages);
}

void world_close(struct world *w)
{
    for (size_t i = 0; i < w->logs.len; i++) {
        free(w->logs.data[i].name);
        buf_free(&w->logs.data[i].written);
    }
    vec_free(&w->logs);
    close(w->messages);
    if (w->clock >= 0)
        close(w->clock);
    free(w->root);
    free(w->archive);
    free(w->control);
    free(w->conf);
}

char *world_path(const struct world *w, const char *name)
{
    char *path;
    return asprintf(&path, "%s/log/%s", w->root, name) < 0 ? NULL : path;
}

struct log *world_log(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->logs.len; i++) {
        if (strcmp(w->logs.data[i].name, name) == 0)
            return &w->logs.data[i];
    }
    struct log log = {.name = strdup(name)};
    if (!log.name || !vec_push(&w->logs, log))
        world_fail(w, "out of memory");
    return &w->logs.data[w->logs.len - 1];
}

void world_append(struct world *w, const char *file, const uint8_t *data, size_t len)
{
    struct lgz_error err = {0};
    char *path = world_path(w, file);
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        world_fail(w, "%s: %s", file, strerror(errno));
    if (file_write(fd, data, len, path, &err) != LGZ_OK)
        world_fail(w, "%s: cannot write", file);
    close(fd);
    free(path);
}

/* Append what the log has beyond its first `before` bytes to a file. */
static void append_new(struct world *w, const char *file, const struct log *log, size_t before)
{
    if (log->written.failed)
        world_fail(w, "out of memory");
    world_append(w, file, log->written.data + before, log->written.len - before);
}

void world_write(struct world *w, const char *name, const char *file, int count)
{
    struct log *log = world_log(w, name);
    size_t before = log->written.len;
    for (int i = 0; i < count; i++)
        buf_printf(&log->written, "2026-05-01 12:00:%02d %s: byte %zu begins line %d of the log\n",
                   i % 60, name, log->written.len, i);
    append_new(w, file, log, before);
}

void world_write_noise(struct world *w, const char *name, const char *file, size_t bytes)
{
    struct log *log = world_log(w, name);
    size_t before = log->written.len;
    uint64_t state = 88172645463325252;
    while (log->written.len - before < bytes) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        buf_push(&log->written, state % 64 == 0 ? '\n' : (uint8_t)(' ' + (state >> 8) % 95));
    }
    buf_push(&log->written, '\n');
    append_new(w, file, log, before);
}

void world_configure(struct world *w, const char *archive, const char *inputs)
{
    FILE *out = fopen(w->conf, "w");
    if (!out)
        world_fail(w, "%s: %s", w->conf, strerror(errno));
    fprintf(out,
            "[archive]\ndirectory = %s\n%s"
            "[daemon]\ncontrol = %s\nsync_interval = 10ms\nsync_bytes = 4K\nrescan = 200ms\n%s",
            w->archive, archive, w->control, inputs);
    if (fclose(out) != 0)
        world_fail(w, "%s: cannot write", w->conf);
}

/* Time. */

/* A sanitizer wants to be first among the libraries, or to be told not to mind. */
static void load_into_programs(struct world *w, const char *library)
{
    const char *options = getenv("ASAN_OPTIONS");
    char *more;
    if (asprintf(&more, "%s:verify_asan_link_order=0", options ? options : "") < 0 ||
        setenv("ASAN_OPTIONS", more, 1) != 0 || setenv("LD_PRELOAD", library, 1) != 0)
        world_fail(w, "out of memory");
    free(more);
}

void world_shift_clock(struct world *w)
{
    char *library = join(w, w->programs, "tests/clock.so");
    char *path = join(w, w->root, "clock");
    w->clock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (access(library, R_OK) != 0 || w->clock < 0 || setenv("LOGZIP_TEST_CLOCK", path, 1) != 0)
        world_fail(w, "cannot shift clocks by %s and %s: %s", library, path, strerror(errno));
    load_into_programs(w, library);
    world_set_clock(w, clock_real());
    free(library);
    free(path);
}

void world_set_clock(struct world *w, int64_t now)
{
    const int64_t shift = now - clock_real();
    if (pwrite(w->clock, &shift, sizeof(shift), 0) != (ssize_t)sizeof(shift))
        world_fail(w, "cannot shift the clock: %s", strerror(errno));
}

static int64_t deadline(const struct world *w)
{
    return clock_monotonic() + w->patience * NS_PER_SECOND;
}

static void tick(struct world *w, int64_t end)
{
    if (clock_monotonic() > end)
        world_fail(w, "no end after %d seconds", w->patience);
    usleep(TICK_US);
}

/* A file that an archive may have beside journals and segments. */
static bool is_expected(const char *name)
{
    static const char *const expected[] = {".",       "..",   "lock",      "rotate.lock",
                                           "catalog", "keep", "keep.lock", "imported"};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        if (strcmp(name, expected[i]) == 0)
            return true;
    }
    return false;
}

/* A damaged segment, which is kept for people to look at. */
static bool is_set_aside(const char *name)
{
    static const char ending[] = ".logz" NAMES_DAMAGED;
    const size_t len = strlen(name);
    return len > strlen(ending) && strcmp(name + len - strlen(ending), ending) == 0;
}

void world_check_names(struct world *w)
{
    DIR *dir = opendir(w->archive);
    size_t journals = 0;
    if (!dir)
        world_fail(w, "%s: %s", w->archive, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint64_t sequence;
        struct segment_name segment;
        if (names_parse_journal(entry->d_name, &sequence))
            journals++;
        else if (!names_parse_segment(entry->d_name, &segment) && !is_expected(entry->d_name) &&
                 !is_set_aside(entry->d_name))
            world_fail(w, "%s is left in the archive", entry->d_name);
    }
    closedir(dir);
    if (journals != 1)
        world_fail(w, "%zu journals are left", journals);
}

/* Why did a program end? */

/* Have the programs told the error that was injected? */
static bool error_is_told(const struct world *w)
{
    char text[16384];
    off_t size = lseek(w->messages, 0, SEEK_END);
    off_t from = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
    ssize_t n = pread(w->messages, text, sizeof(text) - 1, from);
    text[n > 0 ? n : 0] = '\0';
    return strstr(text, strerror(w->inject->action == INJECT_EIO ? EIO : ENOSPC)) != NULL;
}

/* Is that how a program ends after what was injected? */
static bool is_consequence(const struct world *w, int status)
{
    enum inject_action action = w->inject->action;
    if (!atomic_load(&w->inject->happened))
        return false;
    if (inject_kills(action))
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return (action == INJECT_ENOSPC || action == INJECT_EIO) && WIFEXITED(status) &&
           WEXITSTATUS(status) == 1 && error_is_told(w);
}

/* A program has ended: well, or once as a consequence. */
static void check_end(struct world *w, const char *program, int status)
{
    if (status == 0)
        return;
    if (!w->excused && is_consequence(w, status)) {
        w->excused = true;
        return;
    }
    if (WIFSIGNALED(status))
        world_fail(w, "%s was ended by signal %d", program, WTERMSIG(status));
    world_fail(w, "%s ended with status %d", program, WEXITSTATUS(status));
}

/* The daemon. */

/* Has it ended? Then check how. */
static bool daemon_ended(struct world *w, int *status)
{
    if (waitpid(w->daemon.tracer, status, WNOHANG) != w->daemon.tracer)
        return false;
    w->daemon.pid = 0;
    return true;
}

/* It was not asked to end: there must be a reason. @return true if it runs */
static bool still_runs(struct world *w)
{
    int status;
    if (!w->daemon.pid)
        return false;
    if (!daemon_ended(w, &status))
        return true;
    if (status == 0)
        world_fail(w, "logzipd has ended without being asked");
    check_end(w, "logzipd", status);
    return false;
}

void world_run(struct world *w)
{
    int64_t end = deadline(w);
    for (;;) {
        if (!still_runs(w)) {
            char *program = join(w, w->programs, "logzipd");
            char *argv[] = {program, (char[]){"--foreground"}, (char[]){"-c"}, w->conf, NULL};
            if (!inject_start(w->inject, &w->daemon, argv, -1, w->messages))
                world_fail(w, "cannot start logzipd: %s", strerror(errno));
            free(program);
        }
        struct lgz_error err = {0};
        if (control_request(w->control, "status", w->patience * 1000, NULL, NULL, &err) == LGZ_OK)
            return;
        tick(w, end);
    }
}

void world_ask(struct world *w, const char *request)
{
    int64_t end = deadline(w);
    struct lgz_error err;
    do {
        world_run(w);
        err = (struct lgz_error){0};
        tick(w, end);
    } while (control_request(w->control, request, w->patience * 1000, NULL, NULL, &err) != LGZ_OK);
}

static void end_daemon(struct world *w, int signal, int *status)
{
    int64_t end = deadline(w);
    kill(w->daemon.pid, signal);
    while (!daemon_ended(w, status))
        tick(w, end);
}

void world_stop(struct world *w)
{
    int status;
    world_run(w);
    end_daemon(w, SIGTERM, &status);
    check_end(w, "logzipd", status);
}

void world_kill(struct world *w)
{
    int status;
    world_run(w);
    end_daemon(w, SIGKILL, &status);
}

/* logzipctl. */

static int run_ctl(struct world *w, char *const argv[], int output)
{
    struct inject_program program;
    int64_t end = deadline(w);
    int status;
    if (!inject_start(w->inject, &program, argv, output, w->messages))
        world_fail(w, "cannot start %s: %s", argv[0], strerror(errno));
    while (waitpid(program.tracer, &status, WNOHANG) != program.tracer)
        tick(w, end);
    return status;
}

/* A command has failed. Returns if it may be tried again. */
static void recover_from(struct world *w, const char *command, int status, int64_t end)
{
    if (inject_kills(w->inject->action) && WIFEXITED(status) && w->daemon.pid && !w->excused &&
        atomic_load(&w->inject->happened)) {
        /* It was the daemon that was killed; the command may know it before we do. */
        while (still_runs(w))
            tick(w, end);
        world_run(w);
    } else if (inject_kills(w->inject->action) || !is_consequence(w, status)) {
        check_end(w, command, status);
        if (w->look)
            w->look(w);
    }
    usleep(PAUSE_US); /* an error keeps the daemon from answering for a while */
    tick(w, end);
}

/* The arguments of a call of logzipctl; the first one is to be freed. */
static void gather(struct world *w, va_list args, char *argv[ARGUMENTS_MAX + 1])
{
    argv[0] = join(w, w->programs, "logzipctl");
    for (int i = 1; i <= ARGUMENTS_MAX; i++)
        argv[i] = NULL;
    for (int i = 1; i < ARGUMENTS_MAX && (argv[i] = va_arg(args, char *)); i++)
        continue;
}

/* A file for the output of a call, whose beginning is thrown away. @return -1: not wanted */
static int open_output(struct world *w, const struct buf *output)
{
    if (!output)
        return -1;
    char *path = join(w, w->root, "output");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        world_fail(w, "%s: %s", path, strerror(errno));
    free(path);
    return fd;
}

static void load_output(struct world *w, int fd, struct buf *output)
{
    if (fd < 0)
        return;
    struct lgz_error err = {0};
    char *path = join(w, w->root, "output");
    if (file_load(path, 1 << 30, output, &err) != LGZ_OK)
        world_fail(w, "%s: cannot read the output", path);
    close(fd);
    free(path);
}

void world_ctl(struct world *w, struct buf *output, ...)
{
    char *argv[ARGUMENTS_MAX + 1];
    va_list args;
    int status;
    va_start(args, output);
    gather(w, args, argv);
    va_end(args);
    const int fd = open_output(w, output);
    const int64_t end = deadline(w);
    while ((status = run_ctl(w, argv, fd)) != 0)
        recover_from(w, argv[1], status, end);
    load_output(w, fd, output);
    free(argv[0]);
}

int world_ctl_once(struct world *w, struct buf *output, ...)
{
    char *argv[ARGUMENTS_MAX + 1];
    va_list args;
    va_start(args, output);
    gather(w, args, argv);
    va_end(args);
    const int fd = open_output(w, output);
    const int status = run_ctl(w, argv, fd);
    load_output(w, fd, output);
    free(argv[0]);
    return status;
}
