/*
 * bench.c - measures compressors on files: size, and user and system CPU seconds of the process
 * that compresses and of the one that decompresses. Every tool's output is decompressed and
 * compared with the file; a difference is a failure.
 *
 *   bench -c LOGZIPCTL -d DIRECTORY -o TSV [-t TOOLS] FILE...
 *
 * Prints a row for each file and tool as soon as it is known, and geometric means at the end; the
 * same rows go to the TSV file. DIRECTORY holds the compressed and decompressed files meanwhile.
 * tests/bench/run calls it.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum { ARGUMENTS_MAX = 8, CHUNK = 1 << 16 };

/*
 * A compressor, from the file named last (so that it knows the size, as in daily use) to standard
 * output; and back, from standard input to standard output. "@" stands for logzipctl.
 */
struct tool {
    const char *name;
    const char *compress[ARGUMENTS_MAX];
    const char *decompress[ARGUMENTS_MAX];
};

static const struct tool tools[] = {
    {"gzip-9", {"gzip", "-9", "-n", "-c"}, {"gzip", "-d", "-c"}},
    {"zstd-3", {"zstd", "-3", "-q", "-c"}, {"zstd", "-d", "-q", "-c"}},
    {"zstd-19", {"zstd", "-19", "--long=27", "-q", "-c"}, {"zstd", "-d", "--long=27", "-q", "-c"}},
    {"xz-9e", {"xz", "-9e", "-T1", "-c"}, {"xz", "-d", "-c"}},
    {"logzip-fast", {"@", "compress", "--fast", "-T", "1", "-c"}, {"@", "decompress", "-c"}},
    {"logzip", {"@", "compress", "-T", "1", "-c"}, {"@", "decompress", "-c"}},
    {"logzip-best", {"@", "compress", "--best", "-T", "1", "-c"}, {"@", "decompress", "-c"}},
};
enum { TOOL_COUNT = sizeof(tools) / sizeof(*tools) };

struct sums {
    double log_ratio;
    double log_compress;
    double log_decompress;
    unsigned files;
};

struct bench {
    const char *logzipctl;
    const char *directory;
    const char *wanted; /* names separated by blanks or commas, or NULL for all */
    FILE *tsv;
    int name_width;
    struct sums sums[TOOL_COUNT];
};

static bool is_wanted(const struct bench *b, const char *name)
{
    if (!b->wanted || !*b->wanted)
        return true;
    size_t len = strlen(name);
    for (const char *at = b->wanted; (at = strstr(at, name)); at += len) {
        bool starts = at == b->wanted || strchr(", ", at[-1]);
        if (starts && strchr(", ", at[len]))
            return true;
    }
    return false;
}

static const char *word(const struct bench *b, const char *text)
{
    return strcmp(text, "@") == 0 ? b->logzipctl : text;
}

/* Become the tool, reading `in` by its name or as standard input. */
static _Noreturn void exec_tool(const struct bench *b, const char *const *words, bool by_name,
                                const char *in, const char *out)
{
    char *argv[ARGUMENTS_MAX + 2] = {NULL};
    int count = 0;
    for (; count < ARGUMENTS_MAX && words[count]; count++)
        argv[count] = (char *)(uintptr_t)word(b, words[count]);
    if (by_name)
        argv[count] = (char *)(uintptr_t)in;

    int in_fd = open(in, O_RDONLY);
    int out_fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in_fd >= 0 && out_fd >= 0 && dup2(in_fd, 0) == 0 && dup2(out_fd, 1) == 1) {
        execvp(argv[0], argv);
    }
    fprintf(stderr, "bench: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Run a tool from file to file. @return its CPU seconds, or a negative number */
static double run_tool(const struct bench *b, const char *const *words, bool by_name,
                       const char *in, const char *out)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        exec_tool(b, words, by_name, in, out);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        fprintf(stderr, "bench: %s\n", strerror(errno));
        return -1;
    }
    if (status != 0) {
        fprintf(stderr, "bench: %s on %s failed\n", word(b, words[0]), in);
        return -1;
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int open_for_reading(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
    return fd;
}

static bool same_contents(const char *a, const char *b)
{
    const size_t size = CHUNK;
    struct lgz_error err = {0};
    int fd_a = open_for_reading(a);
    int fd_b = open_for_reading(b);
    uint8_t *room = malloc(2 * size);
    bool same = fd_a >= 0 && fd_b >= 0 && room;
    ssize_t got = 1;
    while (same && got > 0) {
        got = file_read(fd_a, room, size, a, &err);
        ssize_t other = file_read(fd_b, room + size, size, b, &err);
        same = got >= 0 && got == other && memcmp(room, room + size, (size_t)got) == 0;
    }
    if (fd_a >= 0)
        close(fd_a);
    if (fd_b >= 0)
        close(fd_b);
    free(room);
    return same;
}

static int64_t size_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
        return -1;
    }
    return st.st_size;
}

static int measure(struct bench *b, size_t t, const char *path, const char *name, int64_t raw)
{
    const struct tool *tool = &tools[t];
    char packed[4096];
    char unpacked[4096];
    snprintf(packed, sizeof(packed), "%s/packed", b->directory);
    snprintf(unpacked, sizeof(unpacked), "%s/unpacked", b->directory);

    double compress = run_tool(b, tool->compress, true, path, packed);
    double decompress = compress < 0 ? -1 : run_tool(b, tool->decompress, false, packed, unpacked);
    int64_t size = decompress < 0 ? -1 : size_of(packed);
    if (size < 0)
        return -1;
    if (!same_contents(path, unpacked)) {
        fprintf(stderr, "bench: %s: what %s decompressed is NOT what was compressed\n", name,
                tool->name);
        return -1;
    }

    double ratio = size ? (double)raw / (double)size : 0;
    printf("%-*s  %12lld  %-11s  %12lld  %8.3f  %10.3f  %10.3f\n", b->name_width, name,
           (long long)raw, tool->name, (long long)size, ratio, compress, decompress);
    fprintf(b->tsv, "%s\t%lld\t%s\t%lld\t%.4f\t%.6f\t%.6f\n", name, (long long)raw, tool->name,
            (long long)size, ratio, compress, decompress);
    fflush(stdout);

    if (raw > 0) {
        struct sums *s = &b->sums[t];
        s->log_ratio += log(ratio);
        s->log_compress += log(compress > 1e-6 ? compress : 1e-6);
        s->log_decompress += log(decompress > 1e-6 ? decompress : 1e-6);
        s->files++;
    }
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_header(const struct bench *b)
{
    printf("%-*s  %12s  %-11s  %12s  %8s  %10s  %10s\n", b->name_width, "file", "bytes", "tool",
           "compressed", "ratio", "compress s", "decomp. s");
    fprintf(b->tsv, "file\tbytes\ttool\tcompressed\tratio\tcompress_cpu_s\tdecompress_cpu_s\n");
}

static void print_means(const struct bench *b)
{
    puts("");
    for (size_t t = 0; t < TOOL_COUNT; t++) {
        const struct sums *s = &b->sums[t];
        if (!s->files)
            continue;
        double n = s->files;
        printf("%-*s  %12u  %-11s  %12s  %8.3f  %10.3f  %10.3f\n", b->name_width, "geometric mean",
               s->files, tools[t].name, "", exp(s->log_ratio / n), exp(s->log_compress / n),
               exp(s->log_decompress / n));
        fprintf(b->tsv, "geometric mean\t%u\t%s\t\t%.4f\t%.6f\t%.6f\n", s->files, tools[t].name,
                exp(s->log_ratio / n), exp(s->log_compress / n), exp(s->log_decompress / n));
    }
}

static int measure_all(struct bench *b, char *const *paths, int count)
{
    for (int i = 0; i < count; i++) {
        int width = (int)strlen(base_name(paths[i]));
        b->name_width = width > b->name_width ? width : b->name_width;
    }
    print_header(b);
    for (int i = 0; i < count; i++) {
        int64_t raw = size_of(paths[i]);
        if (raw < 0)
            return -1;
        for (size_t t = 0; t < TOOL_COUNT; t++) {
            if (is_wanted(b, tools[t].name) &&
                measure(b, t, paths[i], base_name(paths[i]), raw) < 0)
                return -1;
        }
    }
    print_means(b);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench b = {.name_width = (int)sizeof("geometric mean") - 1};
    const char *tsv = NULL;
    int option;
    while ((option = getopt(argc, argv, "c:d:o:t:")) != -1) {
        if (option == 'c')
            b.logzipctl = optarg;
        else if (option == 'd')
            b.directory = optarg;
        else if (option == 'o')
            tsv = optarg;
        else if (option == 't')
            b.wanted = optarg;
        else
            return 2;
    }
    if (!b.logzipctl || !b.directory || !tsv || optind == argc) {
        fprintf(stderr, "usage: bench -c LOGZIPCTL -d DIRECTORY -o TSV [-t TOOLS] FILE...\n");
        return 2;
    }
    b.tsv = fopen(tsv, "w");
    if (!b.tsv) {
        fprintf(stderr, "bench: %s: %s\n", tsv, strerror(errno));
        return 1;
    }
    int rc = measure_all(&b, argv + optind, argc - optind);
    if (fclose(b.tsv) != 0) {
        fprintf(stderr, "bench: %s: %s\n", tsv, strerror(errno));
        rc = -1;
    }
    return rc < 0;
}
