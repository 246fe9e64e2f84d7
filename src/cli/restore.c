/*
 * restore.c - logzipctl restore: the exact bytes that were read from a file.
 */
#include "archive/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/interrupt.h"

struct arguments {
    const char *source;
    const char *output;
    const char *config;
    bool force;
    unsigned threads;
};

struct output {
    int fd;
    const char *name;
    struct lgz_error reason; /* why a write failed */
    bool holes;              /* all that there is was written, but bytes in between are missing */
};

/* lgz_write_fn */
static int write_output(void *context, const void *data, size_t size)
{
    struct output *o = context;
    return file_write(o->fd, data, size, o->name, &o->reason);
}

/* Say what of the sources the archive doesn't have. @return is there a hole? */
static bool tell_missing(const struct restore_result *result)
{
    for (size_t i = 0; i < result->note_count; i++)
        say("%s: the first %" PRIu64 " bytes of source %" PRIu64 " aren't in the archive",
            result->notes[i].name, result->notes[i].first_offset, result->notes[i].source_id);
    for (size_t i = 0; i < result->holes.len; i++) {
        const struct restore_hole *hole = &result->holes.data[i];
        say("%s: bytes %" PRIu64 " to %" PRIu64 " of source %" PRIu64 " aren't in the archive",
            hole->name, hole->from, hole->to - 1, hole->source_id);
    }
    return result->holes.len > 0;
}

/* Write everything that matches; say what is missing. */
static int restore(struct archive_snapshot *snapshot, const struct arguments *a,
                   struct output *output, struct lgz_error *err)
{
    const char *pattern = a->source;
    struct restore_result result = {0};
    int code = archive_restore(snapshot, pattern, a->threads, write_output, output, &result, err);
    if (code != LGZ_OK && output->reason.code != LGZ_OK)
        *err = output->reason;
    if (code == LGZ_OK)
        output->holes = tell_missing(&result);
    if (code == LGZ_OK && result.names > 1)
        say("%zu names match '%s'; their bytes were written one after the other", result.names,
            pattern);
    restore_result_clear(&result);
    return code;
}

static int restore_to_file(struct archive_snapshot *snapshot, const struct arguments *a,
                           bool *holes, struct lgz_error *err)
{
    const char *path = a->output;
    struct file_draft draft = {.fd = -1};
    struct interrupt_guard guard = {.active = false};
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: is not a regular file; not overwritten", path);
    if (!a->force && access(path, F_OK) == 0)
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: already exists; not overwritten", path);
    int code = file_draft_open(&draft, path, 0666, err);
    if (code == LGZ_OK) {
        interrupt_begin(&guard, draft.temporary);
        struct output output = {.fd = draft.fd, .name = path};
        code = restore(snapshot, a, &output, err);
        *holes = output.holes;
    }
    if (code == LGZ_OK)
        code = file_draft_commit(&draft, a->force, err);
    file_draft_discard(&draft);
    interrupt_end(&guard);
    return code;
}

static int restore_from(const char *archive, const struct arguments *a)
{
    struct lgz_error err = {0};
    struct archive_snapshot *snapshot = NULL;
    bool holes = false;
    int code = archive_snapshot_find(&snapshot, archive, &err);
    if (code == LGZ_OK && a->output) {
        code = restore_to_file(snapshot, a, &holes, &err);
    } else if (code == LGZ_OK) {
        struct output output = {.fd = STDOUT_FILENO, .name = "standard output"};
        code = restore(snapshot, a, &output, &err);
        holes = output.holes;
    }
    if (code != LGZ_OK)
        say_error(&err);
    archive_snapshot_close(snapshot);
    return code == LGZ_OK && !holes ? 0 : 1;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"source", required_argument, NULL, OPTION_FIRST},
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'f'},
        {"threads", required_argument, NULL, 'T'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct arguments a = {.threads = option_processors()};
    for (int option; (option = option_next(self, argc, argv, ":o:fT:c:", longs)) != OPTION_END;) {
        switch (option) {
        case OPTION_FIRST:
            a.source = optarg;
            break;
        case 'o':
            a.output = strcmp(optarg, "-") == 0 ? NULL : optarg;
            break;
        case 'f':
            a.force = true;
            break;
        case 'T':
            if (!option_threads(self, optarg, &a.threads))
                return self->error_status;
            break;
        case 'c':
            a.config = optarg;
            break;
        case OPTION_HELP:
            return option_help(self);
        default:
            return self->error_status;
        }
    }
    if (!a.source)
        return option_misuse(self, "which --source?");
    if (argc - optind > 1)
        return option_misuse(self, "one ARCHIVE only");
    if (optind < argc)
        return restore_from(argv[optind], &a);
    struct config *config = load_config(a.config);
    int status = config ? restore_from(config->directory, &a) : 1;
    config_free(config);
    return status;
}

const struct command command_restore = {
    .name = "restore",
    .summary = "write the exact bytes that were read from a file",
    .help =
        "Usage: logzipctl restore --source=NAME [OPTION]... [ARCHIVE]\n"
        "\n"
        "Write the bytes that were read from the file NAME, all of them, in their order, as they\n"
        "were. If no source has that name, NAME is a shell pattern. Without ARCHIVE the\n"
        "configured one is used. It's said which bytes the archive doesn't have any more.\n"
        "\n"
        "      --source=NAME  the path under which the file was read\n"
        "  -o, --output=FILE  write to FILE, which appears when it's complete\n"
        "  -f, --force        overwrite FILE\n"
        "  -T, --threads=N    use N threads; 0, the default: one per processor\n"
        "  -c, --config=FILE  where the archive is; default " CONFIG_DEFAULT_PATH "\n"
        "      --help         show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after an error, or if bytes are missing elsewhere "
        "than\n"
        "at the beginning, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
