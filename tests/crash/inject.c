/*
 * inject.c - ptrace(2) and a seccomp(2) filter, so that only calls of interest stop the program.
 *
 * A process of its own is the tracer. It dies with the test, and the program dies with it. When the
 * call that goes wrong has been reached the program runs on without being stopped.
 */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const action_names[INJECT_ACTIONS] = {
    [INJECT_NOTHING] = "nothing",
    [INJECT_COUNT] = "count",
    [INJECT_KILL_BEFORE] = "kill-before",
    [INJECT_KILL_AFTER] = "kill-after",
    [INJECT_KILL_WITHIN] = "kill-within",
    [INJECT_ENOSPC] = "ENOSPC",
    [INJECT_EIO] = "EIO",
    [INJECT_SHORT] = "short",
    [INJECT_POWER] = "power",
};

const char *inject_name(enum inject_action action)
{
    return action_names[action];
}

bool inject_kills(enum inject_action action)
{
    return action == INJECT_KILL_BEFORE || action == INJECT_KILL_AFTER ||
           action == INJECT_KILL_WITHIN || action == INJECT_POWER;
}

#ifdef __x86_64__

/* Where a call names its file. */
enum names { BY_FD, BY_PATH, BY_AT_PATH };

static const struct call {
    long number;
    const char *name;
    enum names names;
    bool writes;    /* the third argument is a number of bytes */
    int open_flags; /* the argument with them, or 0 */
    enum power_kind kind;
} calls[] = {
    {SYS_write, "write", BY_FD, true, 0, POWER_NOTHING},
    {SYS_pwrite64, "pwrite64", BY_FD, true, 0, POWER_NOTHING},
    {SYS_writev, "writev", BY_FD, false, 0, POWER_NOTHING},
    {SYS_pwritev, "pwritev", BY_FD, false, 0, POWER_NOTHING},
    {SYS_pwritev2, "pwritev2", BY_FD, false, 0, POWER_NOTHING},
    {SYS_sendfile, "sendfile", BY_FD, false, 0, POWER_NOTHING},
    {SYS_fsync, "fsync", BY_FD, false, 0, POWER_SYNC},
    {SYS_fdatasync, "fdatasync", BY_FD, false, 0, POWER_SYNC},
    {SYS_sync_file_range, "sync_file_range", BY_FD, false, 0, POWER_NOTHING},
    {SYS_syncfs, "syncfs", BY_FD, false, 0, POWER_NOTHING},
    {SYS_ftruncate, "ftruncate", BY_FD, false, 0, POWER_TRUNCATE},
    {SYS_truncate, "truncate", BY_PATH, false, 0, POWER_TRUNCATE},
    {SYS_fallocate, "fallocate", BY_FD, false, 0, POWER_NOTHING},
    {SYS_fchmod, "fchmod", BY_FD, false, 0, POWER_NOTHING},
    {SYS_fchown, "fchown", BY_FD, false, 0, POWER_NOTHING},
    {SYS_open, "open", BY_PATH, false, 1, POWER_CREATE},
    {SYS_creat, "creat", BY_PATH, false, 0, POWER_CREATE},
    {SYS_openat, "openat", BY_AT_PATH, false, 2, POWER_CREATE},
    {SYS_mkdir, "mkdir", BY_PATH, false, 0, POWER_NOTHING},
    {SYS_mkdirat, "mkdirat", BY_AT_PATH, false, 0, POWER_NOTHING},
    {SYS_rmdir, "rmdir", BY_PATH, false, 0, POWER_NOTHING},
    {SYS_link, "link", BY_PATH, false, 0, POWER_LINK},
    {SYS_linkat, "linkat", BY_AT_PATH, false, 0, POWER_LINK},
    {SYS_symlink, "symlink", BY_PATH, false, 0, POWER_NOTHING},
    {SYS_rename, "rename", BY_PATH, false, 0, POWER_RENAME},
    {SYS_renameat, "renameat", BY_AT_PATH, false, 0, POWER_RENAME},
    {SYS_renameat2, "renameat2", BY_AT_PATH, false, 0, POWER_RENAME},
    {SYS_unlink, "unlink", BY_PATH, false, 0, POWER_REMOVE},
    {SYS_unlinkat, "unlinkat", BY_AT_PATH, false, 0, POWER_REMOVE},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* Third argument of copy_file_range(2), so it isn't in the table; io_uring writes past any tracer.
   The program fails at once if it uses them. */
static const long unknown_calls[] = {SYS_copy_file_range, SYS_io_uring_setup};

/* In the program: stop at those calls. They are numbers below 1000, so each jump is short. */
static bool install_filter(void)
{
    struct sock_filter filter[2 * (CALLS + 2) + 2];
    unsigned short len = 0;
    filter[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                 (uint32_t)offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++) {
        filter[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                     (uint32_t)calls[i].number, 0, 1);
        filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    for (size_t i = 0; i < sizeof(unknown_calls) / sizeof(unknown_calls[0]); i++) {
        filter[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                     (uint32_t)unknown_calls[i], 0, 1);
        filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
    }
    filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = len, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A string in the program's memory. @return false if it can't be read or has no end in `size` */
static bool read_string(pid_t pid, uint64_t address, char *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        /* Up to the end of a page: what follows may not be there. */
        size_t part = 4096 - (address + done) % 4096;
        part = part < size - done ? part : size - done;
        struct iovec to = {out + done, part};
        struct iovec from = {(void *)(uintptr_t)(address + done), part};
        if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)part)
            return false;
        if (memchr(out + done, '\0', part))
            return true;
        done += part;
    }
    return false;
}

static bool file_of_fd(pid_t pid, uint64_t fd, char *out, size_t size)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/%ld/fd/%d", (long)pid, (int)fd);
    ssize_t len = readlink(link, out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The arguments of a call are in these registers. */
static uint64_t argument(const struct user_regs_struct *r, int number)
{
    const uint64_t all[] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};
    return all[number];
}

static bool below(const char *directory, const char *path)
{
    size_t len = strlen(directory);
    return strncmp(path, directory, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Is it a write with two halves? */
static bool can_be_cut(const struct call *call, const struct user_regs_struct *r)
{
    return call->writes && argument(r, 2) >= 2;
}

/* Does this call count? Then `path` is its file. */
static bool counts(const struct inject *s, pid_t pid, const struct call *call,
                   const struct user_regs_struct *r, char *path, size_t size)
{
    if ((s->action == INJECT_SHORT || s->action == INJECT_KILL_WITHIN) && !can_be_cut(call, r))
        return false;
    if (call->open_flags &&
        !(argument(r, call->open_flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)))
        return false;
    bool known = call->names == BY_FD
                     ? file_of_fd(pid, argument(r, 0), path, size)
                     : read_string(pid, argument(r, call->names == BY_AT_PATH), path, size);
    return known && below(s->directory, path);
}

/* The tracer of one program. */
struct tracer {
    struct inject *shared;
    pid_t leader;
    pid_t stopped;                /* the thread whose call is made to go wrong, until it returns */
    struct user_regs_struct regs; /* its registers when it began */
    bool cut;                     /* the power fails as soon as the program has ended */
};

/* Don't make the call; it returns `result`. */
static void skip_call(pid_t pid, struct user_regs_struct r, long result)
{
    r.orig_rax = (unsigned long long)-1;
    r.rax = (unsigned long long)result;
    ptrace(PTRACE_SETREGS, pid, NULL, &r);
}

/* This is the call. @return how to go on with the thread */
static int go_wrong(struct tracer *t, pid_t pid, const struct user_regs_struct *r)
{
    struct user_regs_struct changed = *r;
    t->cut = t->shared->action == INJECT_POWER;
    switch (t->shared->action) {
    case INJECT_KILL_BEFORE:
    case INJECT_POWER:
        kill(t->leader, SIGKILL);
        return PTRACE_CONT;
    case INJECT_ENOSPC:
        skip_call(pid, *r, -ENOSPC);
        return PTRACE_CONT;
    case INJECT_EIO:
        skip_call(pid, *r, -EIO);
        return PTRACE_CONT;
    case INJECT_SHORT:
    case INJECT_KILL_WITHIN:
        changed.rdx /= 2;
        ptrace(PTRACE_SETREGS, pid, NULL, &changed);
        break;
    default:
        break;
    }
    t->stopped = pid;
    t->regs = *r;
    return PTRACE_SYSCALL;
}

static void describe(struct inject *s, const struct call *call, const char *path)
{
    const char *inside = path + strlen(s->directory);
    snprintf(s->call, sizeof(s->call), "%s %.300s", call->name, *inside ? inside + 1 : ".");
}

/* A call goes well: note what it changes. */
static void note_for_power(struct inject *s, pid_t pid, const struct call *call,
                           const struct user_regs_struct *r, const char *path)
{
    char to[PATH_MAX] = "", kept[PATH_MAX + 8];
    if (call->kind == POWER_CREATE && call->open_flags &&
        !(argument(r, call->open_flags) & O_CREAT))
        return;
    if ((call->kind == POWER_LINK || call->kind == POWER_RENAME) &&
        !read_string(pid, argument(r, call->names == BY_AT_PATH ? 3 : 1), to, sizeof(to)))
        return;
    snprintf(kept, sizeof(kept), "%s.kept", s->directory);
    power_note(&s->power, call->kind, path, to, (off_t)argument(r, 1), kept);
}

/* A thread is about to make one of the calls. @return how to go on with it */
static int on_call(struct tracer *t, pid_t pid)
{
    struct inject *s = t->shared;
    struct user_regs_struct r;
    char path[PATH_MAX];
    const struct call *call = NULL;
    if (atomic_load(&s->happened) || ptrace(PTRACE_GETREGS, pid, NULL, &r) != 0)
        return PTRACE_CONT;
    for (size_t i = 0; i < CALLS && !call; i++) {
        if ((long)r.orig_rax == calls[i].number)
            call = &calls[i];
    }
    if (!call || !counts(s, pid, call, &r, path, sizeof(path)))
        return PTRACE_CONT;
    atomic_fetch_add(&s->writes, can_be_cut(call, &r));
    if (atomic_fetch_add(&s->calls, 1) + 1 != s->at || s->action == INJECT_COUNT) {
        if (s->action == INJECT_POWER)
            note_for_power(s, pid, call, &r, path);
        return PTRACE_CONT;
    }
    describe(s, call, path);
    atomic_store(&s->happened, true);
    return go_wrong(t, pid, &r);
}

/* The call that goes wrong has been made. */
static void on_return(struct tracer *t, pid_t pid)
{
    struct user_regs_struct r;
    t->stopped = 0;
    if (t->shared->action == INJECT_SHORT && ptrace(PTRACE_GETREGS, pid, NULL, &r) == 0) {
        r.rdx = t->regs.rdx; /* a system call leaves it as it was */
        ptrace(PTRACE_SETREGS, pid, NULL, &r);
    }
    if (inject_kills(t->shared->action))
        kill(t->leader, SIGKILL);
}

/* Go on with a thread that has stopped. */
static void on_stop(struct tracer *t, pid_t pid, int status)
{
    int request = PTRACE_CONT, signal = 0;
    int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP)
        request = on_call(t, pid);
    else if (!event && WSTOPSIG(status) == (SIGTRAP | 0x80) && pid == t->stopped)
        on_return(t, pid);
    else if (!event && WSTOPSIG(status) != (SIGTRAP | 0x80))
        signal = WSTOPSIG(status);
    ptrace((enum __ptrace_request)request, pid, NULL, (void *)(intptr_t)signal);
}

/* End as the program has ended. */
static _Noreturn void end_like(int status)
{
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

static _Noreturn void trace(struct tracer *t)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            _exit(125);
        if (pid == t->leader && !WIFSTOPPED(status)) {
            if (t->cut)
                power_cut(&t->shared->power, t->shared->disk, (unsigned)t->shared->at);
            end_like(status);
        }
        if (pid > 0 && WIFSTOPPED(status))
            on_stop(t, pid, status);
    }
}

/* In the program: wait until it is traced, then become what it's to be. */
static _Noreturn void become(char *const argv[], int output, int error, int ready)
{
    char byte;
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    if (ready < 0 || (read(ready, &byte, 1) == 1 && install_filter()))
        execv(argv[0], argv);
    _exit(126);
}

/* In the process that is to be the tracer. */
static _Noreturn void run_traced(struct inject *shared, char *const argv[], int output, int error,
                                 int tell)
{
    static const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |
                                PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACESYSGOOD;
    struct tracer t = {.shared = shared};
    int ready[2];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (pipe2(ready, O_CLOEXEC) != 0)
        _exit(126);
    t.leader = fork();
    if (t.leader == 0) {
        close(ready[1]);
        become(argv, output, error, ready[0]);
    }
    if (t.leader < 0 || ptrace(PTRACE_SEIZE, t.leader, NULL, (void *)options) != 0 ||
        write(tell, &t.leader, sizeof(t.leader)) != sizeof(t.leader) || write(ready[1], "", 1) != 1)
        _exit(126);
    close(tell);
    trace(&t);
}

static bool start_traced(struct inject *shared, struct inject_program *program, char *const argv[],
                         int output, int error)
{
    int tell[2];
    if (pipe2(tell, O_CLOEXEC) != 0)
        return false;
    program->tracer = fork();
    if (program->tracer == 0)
        run_traced(shared, argv, output, error, tell[1]);
    close(tell[1]);
    bool started = program->tracer > 0 &&
                   read(tell[0], &program->pid, sizeof(program->pid)) == sizeof(program->pid);
    close(tell[0]);
    return started;
}

bool inject_possible(const char **reason)
{
    struct inject *s =
        mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *argv[] = {(char[]){"/bin/true"}, NULL};
    struct inject_program program;
    int status = -1;
    if (s == MAP_FAILED)
        return false;
    s->action = INJECT_COUNT;
    *reason = "programs can't be traced here";
    bool possible = start_traced(s, &program, argv, STDOUT_FILENO, STDERR_FILENO) &&
                    waitpid(program.tracer, &status, 0) == program.tracer && status == 0;
    munmap(s, sizeof(*s));
    return possible;
}

#else

static _Noreturn void become(char *const argv[], int output, int error, int ready)
{
    (void)ready;
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    execv(argv[0], argv);
    _exit(126);
}

static bool start_traced(struct inject *shared, struct inject_program *program, char *const argv[],
                         int output, int error)
{
    (void)shared;
    (void)program;
    (void)argv;
    (void)output;
    (void)error;
    errno = ENOSYS;
    return false;
}

bool inject_possible(const char **reason)
{
    *reason = "system calls can be made to go wrong on x86-64 only";
    return false;
}

#endif

bool inject_start(struct inject *shared, struct inject_program *program, char *const argv[],
                  int output, int error)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    output = output < 0 ? null : output;
    bool traced = shared->action != INJECT_NOTHING && !atomic_load(&shared->happened);
    bool started = true;
    if (traced) {
        started = start_traced(shared, program, argv, output, error);
    } else {
        program->tracer = fork();
        if (program->tracer == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            become(argv, output, error, -1);
        }
        started = program->tracer > 0;
        program->pid = program->tracer;
    }
    close(null);
    return started;
}
