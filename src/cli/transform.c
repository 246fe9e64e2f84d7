/*
 * transform.c - opens, checks, copies attributes, commits, removes: in the order that never leaves
 * less than one complete file.
 */
#include "cli/transform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/interrupt.h"
#include "cli/progress.h"

enum { CHUNK = 1 << 20 };

/* One input on its way to one output. */
struct job {
    const struct codec *codec;
    const struct transform_options *options;
    const char *input; /* NULL: standard input */
    int in;
    struct stat st;
    int out;
    const char *out_name;
    uint64_t done; /* bytes read */
    uint64_t written;
    struct progress progress;
    struct lgz_error reason; /* why the output couldn't be written */
};

bool transform_has_suffix(const char *input)
{
    return names_end_in(input, TRANSFORM_SUFFIX) && strcmp(file_name(input), TRANSFORM_SUFFIX) != 0;
}

static const char *input_name(const struct job *j)
{
    return j->input ? j->input : "standard input";
}

/* lgz_write_fn */
static int write_output(void *context, const void *data, size_t size)
{
    struct job *j = context;
    int code = file_write(j->out, data, size, j->out_name, &j->reason);
    if (code == LGZ_OK)
        j->written += size;
    progress_update(&j->progress, j->done, j->written);
    return code;
}

/* A progress line must not get into text on its way to the terminal, with or without a pager. */
static bool may_show_progress(const struct job *j)
{
    struct stat st;
    return j->codec->packs || (fstat(j->out, &st) == 0 && S_ISREG(st.st_mode));
}

/* Pump all of the input through the codec. */
static int run_codec(struct job *j, struct lgz_error *err)
{
    void *state = NULL;
    ssize_t n = 0;
    uint8_t *chunk = malloc(CHUNK);
    if (!chunk)
        return error_memory(err);
    if (may_show_progress(j))
        progress_start(&j->progress, input_name(j),
                       S_ISREG(j->st.st_mode) ? (uint64_t)j->st.st_size : 0);
    int code = j->codec->open(&state, j->options->settings, j->input, &j->st, write_output, j, err);
    while (code == LGZ_OK && (n = read(j->in, chunk, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            code = error_io(err, "%s: cannot read", input_name(j));
            break;
        }
        j->done += (uint64_t)n;
        code = j->codec->write(state, chunk, (size_t)n, err);
        progress_update(&j->progress, j->done, j->written);
    }
    if (code == LGZ_OK)
        code = j->codec->finish(state, err);
    if (code != LGZ_OK && j->reason.code != LGZ_OK)
        *err = j->reason;
    progress_end(&j->progress);
    j->codec->free(state);
    free(chunk);
    return code;
}

/* Give the output the input's attributes. Only the times and the mode are a must. */
static int copy_attributes(const struct job *j, struct lgz_error *err)
{
    const struct timespec times[2] = {j->st.st_atim, j->st.st_mtim};
    mode_t mode = j->st.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    /* Only root gives files away; a group that can't be kept doesn't get its rights. */
    if (fchown(j->out, j->st.st_uid, j->st.st_gid) != 0 &&
        fchown(j->out, (uid_t)-1, j->st.st_gid) != 0)
        mode &= (mode_t)~S_IRWXG;
    if (fchmod(j->out, mode) != 0)
        return error_io(err, "%s: cannot set the mode", j->out_name);
    if (futimens(j->out, times) != 0)
        return error_io(err, "%s: cannot set the times", j->out_name);
    return LGZ_OK;
}

/* The output may be put at `path`? */
static int check_output(const struct job *j, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return TRANSFORM_OK;
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
        say("%s: is not a regular file; not overwritten", path);
        return TRANSFORM_ERROR;
    }
    if (!j->options->force) {
        say("%s: already exists; not overwritten", path);
        return TRANSFORM_WARNING;
    }
    if (j->input && st.st_dev == j->st.st_dev && st.st_ino == j->st.st_ino) {
        say("%s: input and output are the same file", path);
        return TRANSFORM_ERROR;
    }
    return TRANSFORM_OK;
}

/* Transform into the file `path`. */
static int to_file(struct job *j, const char *path)
{
    struct file_draft draft = {.fd = -1};
    struct interrupt_guard guard = {.active = false};
    struct lgz_error err = {0};
    int status = check_output(j, path);
    if (status != TRANSFORM_OK)
        return status;
    mode_t mode = j->input ? S_IRUSR | S_IWUSR : 0666;
    int code = file_draft_open(&draft, path, mode, &err);
    if (code == LGZ_OK) {
        interrupt_begin(&guard, draft.temporary);
        j->out = draft.fd;
        j->out_name = path;
        code = run_codec(j, &err);
    }
    if (code == LGZ_OK && j->input)
        code = copy_attributes(j, &err);
    if (code == LGZ_OK)
        code = file_draft_commit(&draft, j->options->force, &err);
    file_draft_discard(&draft);
    interrupt_end(&guard);
    if (code != LGZ_OK) {
        say_error(&err);
        return TRANSFORM_ERROR;
    }
    return TRANSFORM_OK;
}

static int to_stdout(struct job *j)
{
    struct lgz_error err = {0};
    j->out = STDOUT_FILENO;
    j->out_name = "standard output";
    if (j->codec->packs && isatty(STDOUT_FILENO) == 1 && !j->options->force) {
        say("compressed data is not written to a terminal; -f forces it");
        return TRANSFORM_ERROR;
    }
    if (run_codec(j, &err) != LGZ_OK) {
        say_error(&err);
        return TRANSFORM_ERROR;
    }
    return TRANSFORM_OK;
}

/* Open the input and see whether it is one that gzip would take. */
static int open_input(struct job *j)
{
    const struct transform_options *o = j->options;
    int follow = o->force || o->to_stdout ? 0 : O_NOFOLLOW;
    /* Without O_NONBLOCK a fifo would keep us here. */
    j->in = open(j->input, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow);
    if (j->in < 0 && errno == ELOOP && follow) {
        say("%s: is a symbolic link; -f follows it", j->input);
        return TRANSFORM_ERROR;
    }
    if (j->in < 0 || fstat(j->in, &j->st) != 0) {
        struct lgz_error err = {0};
        error_io(&err, "%s", j->input);
        say_error(&err);
        return TRANSFORM_ERROR;
    }
    if (!S_ISREG(j->st.st_mode)) {
        say("%s: is %s; ignored", j->input,
            S_ISDIR(j->st.st_mode) ? "a directory" : "not a regular file");
        return TRANSFORM_WARNING;
    }
    bool removed = !o->keep && !o->to_stdout && !o->output;
    if (removed && j->st.st_nlink > 1 && !o->force) {
        say("%s: has %ju other links; unchanged", j->input, (uintmax_t)j->st.st_nlink - 1);
        return TRANSFORM_WARNING;
    }
    return TRANSFORM_OK;
}

/* The file is where its name says, and nobody wrote to it meanwhile? */
static bool is_unchanged(const struct job *j)
{
    struct stat st;
    return stat(j->input, &st) == 0 && st.st_dev == j->st.st_dev && st.st_ino == j->st.st_ino &&
           st.st_size == j->st.st_size && st.st_mtim.tv_sec == j->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == j->st.st_mtim.tv_nsec;
}

/* Turn an opened input into a file named after it, which takes its place. */
static int replace_input(struct job *j)
{
    struct lgz_error err = {0};
    char *path = j->codec->rename(j->input, &err);
    if (!path) {
        say_error(&err);
        return err.code == LGZ_ERR_MEMORY ? TRANSFORM_ERROR : TRANSFORM_WARNING;
    }
    int status = to_file(j, path);
    if (status == TRANSFORM_OK && !j->options->keep) {
        if (!is_unchanged(j)) {
            say("%s: changed meanwhile; not removed", j->input);
            status = TRANSFORM_WARNING;
        } else if (unlink(j->input) != 0) {
            error_io(&err, "%s: cannot remove", j->input);
            say_error(&err);
            status = TRANSFORM_ERROR;
        }
    }
    free(path);
    return status;
}

static int transform_one(const struct codec *codec, const struct transform_options *options,
                         const char *input)
{
    struct job j = {.codec = codec, .options = options, .input = input, .in = STDIN_FILENO};
    int status = TRANSFORM_OK;
    if (input) {
        status = open_input(&j);
    } else if (fstat(STDIN_FILENO, &j.st) != 0) {
        say("standard input is closed");
        status = TRANSFORM_ERROR;
    } else if (!codec->packs && isatty(STDIN_FILENO) == 1 && !options->force) {
        say("compressed data is not read from a terminal; -f forces it");
        status = TRANSFORM_ERROR;
    }
    if (status == TRANSFORM_OK) {
        if (options->output)
            status = to_file(&j, options->output);
        else if (options->to_stdout || !input)
            status = to_stdout(&j);
        else
            status = replace_input(&j);
    }
    if (input && j.in >= 0)
        close(j.in);
    return status;
}

bool transform_option(struct transform_options *options, int option, const char *value)
{
    switch (option) {
    case 'c':
        options->to_stdout = true;
        return true;
    case 'k':
        options->keep = true;
        return true;
    case 'f':
        options->force = true;
        return true;
    case 'o':
        if (strcmp(value, "-") == 0)
            options->to_stdout = true;
        else
            options->output = value;
        return true;
    default:
        return false;
    }
}

int transform_files(const struct command *self, const struct codec *codec,
                    const struct transform_options *options, char *const *files, size_t count)
{
    int status = TRANSFORM_OK;
    if (options->output && options->to_stdout)
        return option_misuse(self, "-c and -o exclude each other");
    if (options->output && count > 1)
        return option_misuse(self, "-o takes one file only");
    if (count == 0)
        return transform_one(codec, options, NULL);
    for (size_t i = 0; i < count; i++) {
        bool standard = strcmp(files[i], "-") == 0;
        int one = transform_one(codec, options, standard ? NULL : files[i]);
        /* An error outweighs a warning. */
        if (one == TRANSFORM_ERROR || status == TRANSFORM_OK)
            status = one;
    }
    return status;
}
