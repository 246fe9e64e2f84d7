/*
 * verify.c - logzipctl verify: decode everything, compare every checksum.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/crew.h"
#include "base/file.h"
#include "cli/command.h"
#include "segment/verify.h"

struct settings {
    bool verbose;
    unsigned threads;
    struct crew *crew;
};

/* lgz_write_fn */
static int drop_output(void *context, const void *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return LGZ_OK;
}

/* Verify several segments one behind the other, which have no one footer. */
static int verify_stream(const char *path, unsigned threads, struct lgz_error *err)
{
    enum { CHUNK = 1 << 20 };
    struct lgz_decompressor *d = NULL;
    uint8_t *chunk = malloc(CHUNK);
    ssize_t n = 0;
    int code = chunk ? lgz_decompressor_new_threads(&d, path, threads, drop_output, NULL, err)
                     : error_memory(err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (code == LGZ_OK && fd < 0)
        code = error_io(err, "%s: cannot open", path);
    while (code == LGZ_OK && (n = file_read(fd, chunk, CHUNK, path, err)) > 0)
        code = lgz_decompressor_write(d, chunk, (size_t)n, err);
    if (code == LGZ_OK)
        code = n < 0 ? (int)n : lgz_decompressor_finish(d, err);
    if (fd >= 0)
        close(fd);
    lgz_decompressor_free(d);
    free(chunk);
    return code;
}

static bool verify_segment(const struct archive_segment *listed, const struct settings *settings)
{
    const bool verbose = settings->verbose;
    const char *path = listed->path;
    struct lgz_error err = {0};
    struct segment *segment = NULL;
    int code = archive_segment_open(&segment, listed, &err);
    if (code == LGZ_ERR_CORRUPT &&
        (code = verify_stream(path, settings->threads, &err)) == LGZ_OK) {
        if (verbose)
            printf("%s: sound, several segments\n", path);
        return true;
    }
    if (code == LGZ_OK)
        code = segment_verify(segment, crew_caller(settings->crew), &err);
    if (code != LGZ_OK)
        say_error(&err);
    else if (verbose)
        printf("%s: sound, %" PRIu64 " bytes in %zu blocks\n", path,
               segment_info(segment)->raw_bytes, segment_block_count(segment));
    segment_close(segment);
    return code == LGZ_OK;
}

/* Read all whole records. A torn tail was never acknowledged; it's the writer's to cut. */
static bool verify_journal(struct journal_reader *journal, const char *directory, bool verbose)
{
    struct lgz_error err = {0};
    struct journal_record record;
    uint64_t bytes = 0;
    bool torn;
    int rc;
    while ((rc = journal_next(journal, &record, &err)) == 1)
        bytes += record.kind == JOURNAL_DATA ? record.data.len : 0;
    if (rc < 0) {
        say_error(&err);
        return false;
    }
    journal_reader_end(journal, &torn);
    if (verbose)
        printf("%s: journal %" PRIu64 " sound, %" PRIu64 " bytes%s\n", directory,
               journal_reader_sequence(journal), bytes,
               torn ? ", and the start of a record that isn't whole (yet)" : "");
    return true;
}

static bool verify_archive(const char *path, const struct settings *settings)
{
    struct lgz_error err = {0};
    struct archive_snapshot *snapshot = NULL;
    bool sound = true;
    if (archive_snapshot_find(&snapshot, path, &err) != LGZ_OK) {
        say_error(&err);
        return false;
    }
    for (size_t i = 0; i < snapshot->segment_count; i++)
        sound &= verify_segment(&snapshot->segments[i], settings);
    for (size_t i = 0; i < snapshot->journal_count; i++)
        sound &= verify_journal(snapshot->journals[i], path, settings->verbose);
    archive_snapshot_close(snapshot);
    return sound;
}

/* A single file: a segment, or else a journal. */
static bool verify_file(char *path, const struct settings *settings)
{
    struct journal_reader *journal = NULL;
    if (journal_open(&journal, path, NULL) != LGZ_OK)
        return verify_segment(&(struct archive_segment){.path = path, .fd = -1}, settings);
    bool sound = verify_journal(journal, path, settings->verbose);
    journal_reader_close(journal);
    return sound;
}

static bool verify_all(char *const *paths, int count, struct settings *settings)
{
    struct lgz_error err = {0};
    bool sound = true;
    if (crew_new(&settings->crew, settings->threads, &err) != LGZ_OK) {
        say_error(&err);
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct stat st;
        bool directory = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);
        sound &= directory ? verify_archive(paths[i], settings) : verify_file(paths[i], settings);
    }
    crew_free(settings->crew);
    return sound;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"verbose", no_argument, NULL, 'v'},
        {"threads", required_argument, NULL, 'T'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct settings settings = {.threads = option_processors()};
    for (int option; (option = option_next(self, argc, argv, ":vT:", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'v')
            settings.verbose = true;
        else if (option != 'T' || !option_threads(self, optarg, &settings.threads))
            return self->error_status;
    }
    if (optind == argc)
        return option_misuse(self, "which FILE or ARCHIVE?");
    return verify_all(argv + optind, argc - optind, &settings) ? 0 : 1;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "decode everything and compare all checksums",
    .help = "Usage: logzipctl verify [OPTION]... FILE|ARCHIVE...\n"
            "\n"
            "Decode each segment, and each segment and journal of each archive, and compare every\n"
            "block with its checksum. What is damaged is named.\n"
            "\n"
            "  -v, --verbose      name what is sound, too\n"
            "  -T, --threads=N    use N threads; 0, the default: one per processor\n"
            "      --help         show this text\n"
            "\n"
            "Exit status: 0 if all is sound, 1 if something is not, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
