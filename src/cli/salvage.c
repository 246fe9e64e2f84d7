/*
 * salvage.c - logzipctl salvage: what is whole of a damaged segment, into one that is sound, and
 * which bytes and lines are gone.
 */
#include "segment/salvage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/names.h"
#include "archive/rescue.h"
#include "base/file.h"
#include "cli/command.h"

struct settings {
    const char *output;
    bool force;
    unsigned threads;
};

static void print_losses(const struct salvage_result *result, struct buf *out)
{
    for (size_t i = 0; i < result->loss_count; i++) {
        const struct salvage_loss *loss = &result->losses[i];
        buf_printf(out, "gone: %s (source %" PRIu64 "): bytes %" PRIu64 " to %" PRIu64, loss->name,
                   loss->source_id, loss->offset, loss->offset + loss->length - 1);
        if (loss->counted)
            buf_printf(out, ", %" PRIu64 " line%s", loss->lines, loss->lines == 1 ? "" : "s");
        buf_push(out, '\n');
    }
}

/* What is gone and what is left, in a line each. */
static void print_sums(const struct salvage_result *result, const char *to, struct buf *out)
{
    if (result->exact)
        buf_printf(out, "lost: %" PRIu64 " lines, %" PRIu64 " bytes, %zu blocks\n",
                   result->lines_lost, result->raw_lost, result->blocks_lost);
    else
        buf_append_string(out, "lost: what the footer knew, and nobody knows now\n");
    if (!result->stored_bytes)
        buf_append_string(out, "left: nothing\n");
    else
        buf_printf(out, "left: %" PRIu64 " lines, %" PRIu64 " bytes, %zu blocks in %s\n",
                   result->lines, result->raw_bytes, result->blocks, to);
}

/* @return the exit status: 0 if nothing of the data is lost */
static int report(const struct salvage_result *result, const char *from, const char *to)
{
    struct buf out = {0};
    if (!result->damaged) {
        buf_printf(&out, "%s: sound; nothing is written\n", from);
        return output_buffer(&out) ? 0 : 2;
    }
    for (size_t i = 0; i < result->note_count; i++)
        buf_printf(&out, "%s\n", result->notes[i]);
    print_losses(result, &out);
    print_sums(result, to, &out);
    if (!output_buffer(&out))
        return 2;
    return result->exact && result->indexed && !result->raw_lost ? 0 : 1;
}

/* The directory that a file is in. @return NULL when memory is out; to be freed */
static char *directory_of(const char *path)
{
    const size_t len = (size_t)(file_name(path) - path);
    char *directory = len ? strndup(path, len > 1 ? len - 1 : len) : strdup(".");
    return directory;
}

/* A file with a segment's name belongs to an archive, where one at a time changes what there is. */
static int lock_archive(struct archive_lock **lock, const char *to, struct lgz_error *err)
{
    struct segment_name name;
    *lock = NULL;
    if (!names_parse_segment(file_name(to), &name))
        return LGZ_OK;
    char *directory = directory_of(to);
    int code = directory ? archive_rotate_lock(lock, directory, "logzipctl salvage", err)
                         : error_memory(err);
    free(directory);
    return code;
}

static int salvage(const char *from, const struct settings *settings)
{
    struct lgz_error err = {0};
    struct salvage_result result = {0};
    struct archive_lock *lock = NULL;
    char *to = settings->output ? strdup(settings->output) : rescue_target(from);
    int code = to ? lock_archive(&lock, to, &err) : error_memory(&err);
    if (code == LGZ_OK)
        code = rescue_segment(from, to, settings->force, settings->threads, &result, &err);
    archive_unlock(lock);
    if (code != LGZ_OK)
        say_error(&err);
    int status = code == LGZ_OK ? report(&result, from, to) : 2;
    salvage_result_clear(&result);
    free(to);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},
        {"force", no_argument, NULL, 'f'},
        {"threads", required_argument, NULL, 'T'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct settings settings = {.threads = option_processors()};
    for (int option; (option = option_next(self, argc, argv, ":o:fT:", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'o')
            settings.output = optarg;
        else if (option == 'f')
            settings.force = true;
        else if (option != 'T' || !option_threads(self, optarg, &settings.threads))
            return self->error_status;
    }
    if (optind + 1 != argc)
        return option_misuse(self, "which SEGMENT? One at a time");
    return salvage(argv[optind], &settings);
}

const struct command command_salvage = {
    .name = "salvage",
    .summary = "bring out what is whole of a damaged segment",
    .help =
        "Usage: logzipctl salvage [OPTION]... SEGMENT\n"
        "\n"
        "Write a sound segment with every block of a damaged one that is whole, and say what\n"
        "is gone: of which source which bytes, counted from 0, and how many lines. The damaged\n"
        "file stays as it is. If its index is gone, too, blocks are found without it; then\n"
        "nobody knows whose lines they are.\n"
        "\n"
        "  -o, --output=FILE  write to FILE; the default for NAME.logz.damaged is NAME.logz, so\n"
        "                     that the archive has it again, for others NAME.salvaged.logz\n"
        "  -f, --force        replace FILE if it's there\n"
        "  -T, --threads=N    use N threads; 0, the default: one per processor\n"
        "      --help         show this text\n"
        "\n"
        "Exit status: 0 if nothing is lost, 1 if something is, 2 after a problem.\n",
    .error_status = 2,
    .run = run,
};
