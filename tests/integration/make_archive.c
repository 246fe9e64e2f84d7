/*
 * make_archive.c - an archive for tests, of files that are there, without a daemon: their bytes go
 * into journals in pieces of random sizes, and all journals but the last into segments, whose
 * blocks are small and of random sizes. So lines are cut wherever lines can be.
 *
 *     make_archive DIRECTORY SEED JOURNALS [INPUT~REGEX | NAME=PATH[@INPUT]]...
 *
 * Each NAME=PATH is a source. Several with one name are read one after the other, as a file that
 * replaces another one is; all others are read at the same time. INPUT~REGEX sets multiline_start.
 * If SEED is odd, there is a catalog. With one journal it is sealed, too, and so there is nothing
 * but one segment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/journal.h"
#include "archive/names.h"
#include "base/clock.h"
#include "base/file.h"

enum { FILES_MAX = 64, INPUT_LEN = 32, TEXT_MAX = 1 << 30 };

/* One file, and how far it's read. */
struct file {
    struct source source;
    struct buf text;
    size_t at;
    bool known; /* to the journal */
    bool over;
};

struct maker {
    const char *directory;
    uint64_t random;
    struct file files[FILES_MAX];
    size_t file_count;
    struct inputs inputs;
    struct journal_writer *journal;
    int64_t time;
};

static struct lgz_error err;

static void must(int code)
{
    if (code == LGZ_OK)
        return;
    fprintf(stderr, "make_archive: %s\n", err.message);
    exit(2);
}

static void *must_have(void *memory)
{
    if (memory)
        return memory;
    fputs("make_archive: out of memory\n", stderr);
    exit(2);
}

/* A number below `end`. */
static uint64_t draw(struct maker *m, uint64_t end)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % end;
}

static void add_rules(struct maker *m, const char *text, const char *tilde)
{
    char name[INPUT_LEN];
    struct rules rules = {.multiline_start = (char *)tilde + 1, .format = (char *)""};
    snprintf(name, sizeof(name), "%.*s", (int)(tilde - text), text);
    must(inputs_put(&m->inputs, name, &rules, &err));
}

static void add_file(struct maker *m, char *text)
{
    char *path = strchr(text, '='), *input = strchr(text, '@');
    if (!path || m->file_count == FILES_MAX) {
        fprintf(stderr, "make_archive: %s: not NAME=PATH\n", text);
        exit(2);
    }
    *path++ = '\0';
    if (input)
        *input++ = '\0';
    struct file *file = &m->files[m->file_count++];
    file->source = (struct source){.id = m->file_count,
                                   .name = text,
                                   .input = input ? input : (char *)"",
                                   .device = 1,
                                   .inode = m->file_count};
    must(file_load(path, TEXT_MAX, &file->text, &err));
}

/* May the file be read? Not before the one that it replaces is. */
static bool is_next(const struct maker *m, const struct file *file)
{
    for (const struct file *f = m->files; f < file; f++)
        if (!f->over && strcmp(f->source.name, file->source.name) == 0)
            return false;
    return !file->over;
}

/* Put a piece of one of the files into the journal. @return false if all were read */
static bool put_piece(struct maker *m)
{
    struct file *ready[FILES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < m->file_count; i++)
        if (is_next(m, &m->files[i]))
            ready[count++] = &m->files[i];
    if (count == 0)
        return false;
    struct file *file = ready[draw(m, count)];
    if (!file->known)
        must(journal_put_source(m->journal, &file->source, 0, &err));
    file->known = true;
    size_t len = 1 + draw(m, UINT64_C(1) << (4 + draw(m, 12)));
    if (len > file->text.len - file->at)
        len = file->text.len - file->at;
    m->time += (int64_t)draw(m, 4) * NS_PER_SECOND / 2;
    if (len)
        must(journal_put_data(m->journal, file->source.id, file->at, m->time,
                              file->text.data + file->at, len, &err));
    file->at += len;
    file->over = file->at == file->text.len;
    if (file->over && draw(m, 2))
        must(journal_drop_source(m->journal, file->source.id, &err));
    return true;
}

/* End the journal under way, and begin number `sequence`. */
static void begin_journal(struct maker *m, uint64_t sequence)
{
    struct source_position positions[FILES_MAX];
    size_t count = 0;
    if (m->journal)
        must(journal_sync(m->journal, &err));
    journal_close(m->journal);
    for (size_t i = 0; i < m->file_count; i++)
        if (m->files[i].known && !m->files[i].over)
            positions[count++] =
                (struct source_position){.source = m->files[i].source, .next = m->files[i].at};
    const struct journal_checkpoint start = {positions, count, &m->inputs};
    must(journal_begin(&m->journal, m->directory, sequence, &start, &err));
}

static void seal(struct maker *m, uint64_t sequence)
{
    char *path = must_have(names_journal(m->directory, sequence));
    struct archive_seal_result result = {0};
    const struct segment_options options = {
        .level = draw(m, 4) ? LGZ_LEVEL_FAST : LGZ_LEVEL_DEFAULT,
        .threads = 1,
        .filtered = draw(m, 6) ? FILTER_WHOLE : draw(m, 2),
        .block_size = (size_t)1 << (11 + draw(m, 6)),
    };
    must(archive_seal(m->directory, &path, 1, &options, &result, &err));
    archive_seal_result_clear(&result);
    free(path);
}

static size_t bytes_left(const struct maker *m)
{
    size_t left = 0;
    for (size_t i = 0; i < m->file_count; i++)
        left += m->files[i].text.len - m->files[i].at;
    return left;
}

static void fill(struct maker *m, uint64_t journals)
{
    const size_t all = bytes_left(m);
    for (uint64_t i = 0; i < journals; i++) {
        const bool last = i + 1 == journals;
        const size_t enough = last ? 0 : all - all / journals * (i + 1);
        begin_journal(m, i + 1);
        if (i)
            seal(m, i);
        while ((last || bytes_left(m) > enough) && put_piece(m)) {
        }
    }
    if (journals == 1) {
        begin_journal(m, 2);
        seal(m, 1);
    }
    must(journal_sync(m->journal, &err));
    journal_close(m->journal);
}

int main(int argc, char **argv)
{
    static struct maker m;
    if (argc < 5) {
        fputs("Usage: make_archive DIRECTORY SEED JOURNALS [INPUT~REGEX|NAME=PATH[@INPUT]]...\n",
              stderr);
        return 2;
    }
    m.directory = argv[1];
    const uint64_t seed = strtoull(argv[2], NULL, 10);
    m.random = seed * 0x9e3779b97f4a7c15U + 0x1234567;
    m.time = INT64_C(1767225600) * NS_PER_SECOND;
    if (mkdir(m.directory, 0700) != 0) {
        perror(m.directory);
        return 2;
    }
    for (int i = 4; i < argc; i++) {
        const char *tilde = strchr(argv[i], '~');
        if (tilde)
            add_rules(&m, argv[i], tilde);
        else
            add_file(&m, argv[i]);
    }
    fill(&m, strtoull(argv[3], NULL, 10));
    for (size_t i = 0; i < m.file_count; i++)
        buf_free(&m.files[i].text);
    inputs_clear(&m.inputs);
    if (seed % 2)
        must(catalog_update(m.directory, NULL, &err));
    return 0;
}
