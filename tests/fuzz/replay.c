/*
 * replay.c - runs a fuzz target over its corpus and over mutations of it that are the same in every
 * run, so that `make check` catches what fuzzing once found, and a little more.
 *
 *   fuzz_NAME [-n MUTATIONS] [-s SEED] [-o FILE] [-i INDEX] PATH...
 *
 * A PATH is a file or a directory of files. Each file, and the empty input, is run as it is and
 * mutated MUTATIONS times, in a process of its own: if that one dies, exceeds the time limit or
 * reports a leak, the input is saved to FILE.NUMBER and named with the seed that makes it again. -i
 * runs only mutation INDEX of each file (0 is the file itself). Exit status 0 if every input was
 * survived.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "fuzz.h"

enum {
    INPUT_MAX = 16 << 20,  /* bytes; a larger corpus file is an error */
    GROWTH_MAX = 4096,     /* bytes that one mutation adds at most */
    SECONDS_PER_INPUT = 60 /* more is a hang */
};

struct replay {
    unsigned long mutations; /* per file */
    unsigned long only;      /* run this mutation alone, if `single` */
    bool single;
    uint64_t seed;
    const char *save;
    volatile unsigned long *current; /* shared with the child: the mutation it is at */
    unsigned long inputs;
    unsigned long failures;
};

/* splitmix64: small, and the same everywhere. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t random_below(uint64_t *state, size_t limit)
{
    return limit ? (size_t)(random_next(state) % limit) : 0;
}

/* Numbers at which lengths and counts go wrong. */
static uint64_t random_edge(uint64_t *state)
{
    static const uint64_t edges[] = {0,          1,          0x7f,      0x80,
                                     0xff,       0x7fff,     0xffff,    0x7fffffff,
                                     0x80000000, 0xffffffff, INT64_MAX, (uint64_t)INT64_MAX + 1,
                                     UINT64_MAX};
    return edges[random_below(state, sizeof(edges) / sizeof(*edges))];
}

static void overwrite_edge(struct buf *b, size_t at, uint64_t *state)
{
    uint64_t value = random_edge(state);
    size_t width = (size_t)1 << random_below(state, 4);
    for (size_t i = 0; i < width && at + i < b->len; i++)
        b->data[at + i] = (uint8_t)(value >> (8 * i));
}

/* Insert `len` bytes at `at`: a copy of another place, or noise. */
static void insert(struct buf *b, size_t at, size_t len, uint64_t *state)
{
    bool copy = b->len >= len && random_below(state, 2);
    size_t from = copy ? random_below(state, b->len - len + 1) : 0;
    uint8_t piece[GROWTH_MAX];
    for (size_t i = 0; i < len; i++)
        piece[i] = copy ? b->data[from + i] : (uint8_t)random_next(state);
    if (!buf_reserve(b, len))
        return;
    memmove(b->data + at + len, b->data + at, b->len - at);
    memcpy(b->data + at, piece, len);
    b->len += len;
}

static void mutate_once(struct buf *b, uint64_t *state)
{
    size_t at = random_below(state, b->len);
    size_t len = 1 + random_below(state, random_below(state, 4) ? 16 : GROWTH_MAX);
    unsigned kind = b->len ? (unsigned)random_below(state, 6) : 5;
    switch (kind) {
    case 0:
        b->data[at] ^= (uint8_t)(1U << random_below(state, 8));
        break;
    case 1:
        b->data[at] = (uint8_t)random_next(state);
        break;
    case 2:
        overwrite_edge(b, at, state);
        break;
    case 3:
        b->len = at;
        break;
    case 4:
        len = len < b->len - at ? len : b->len - at;
        memmove(b->data + at, b->data + at + len, b->len - at - len);
        b->len -= len;
        break;
    default:
        insert(b, at, len, state);
        break;
    }
}

/* Mutation `index` of `original`: one to eight changes. Index 0 is the original. */
static void make_input(const struct replay *r, const struct buf *original, unsigned long index,
                       struct buf *out)
{
    buf_clear(out);
    buf_append(out, original->data, original->len);
    if (index == 0)
        return;
    uint64_t state = r->seed ^ hash_bytes(original->data, original->len) ^
                     (index * UINT64_C(0x9e3779b97f4a7c15));
    size_t changes = (size_t)1 << random_below(&state, 4);
    for (size_t i = 0; i < changes; i++)
        mutate_once(out, &state);
}

/* The child: all inputs made from one file. Leaks are found when it exits. */
static _Noreturn void run_child(const struct replay *r, const struct buf *original)
{
    struct buf input = {0};
    unsigned long first = r->single ? r->only : 0;
    unsigned long last = r->single ? r->only : r->mutations;
    for (unsigned long i = first; i <= last; i++) {
        *r->current = i;
        make_input(r, original, i, &input);
        /* A block of exactly that size, so that one byte too far is noticed. */
        uint8_t *exact = malloc(input.len ? input.len : 1);
        if (!exact || input.failed) {
            fprintf(stderr, "replay: out of memory\n");
            exit(1);
        }
        if (input.len)
            memcpy(exact, input.data, input.len);
        alarm(SECONDS_PER_INPUT);
        LLVMFuzzerTestOneInput(exact, input.len);
        alarm(0);
        free(exact);
    }
    buf_free(&input);
    exit(0);
}

static void report(struct replay *r, const char *name, const struct buf *original, int status)
{
    struct buf input = {0};
    char how[64];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof(how), "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
    fprintf(stderr, "replay: %s: %s at mutation %lu, seed %llu\n", name, how, *r->current,
            (unsigned long long)r->seed);
    make_input(r, original, *r->current, &input);

    char path[4096];
    snprintf(path, sizeof(path), "%s.%lu", r->save, r->failures);
    FILE *f = fopen(path, "wb");
    bool saved = f && (input.len == 0 || fwrite(input.data, 1, input.len, f) == input.len);
    if ((f && fclose(f) != 0) || !saved)
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    else
        fprintf(stderr, "replay: the input is in %s\n", path);
    buf_free(&input);
    r->failures++;
}

static int run_input(struct replay *r, const char *name, const struct buf *original)
{
    int status;
    *r->current = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(r, original);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        fprintf(stderr, "replay: %s: %s\n", name, strerror(errno));
        return -1;
    }
    r->inputs += r->single ? 1 : r->mutations + 1;
    if (status != 0)
        report(r, name, original, status);
    return 0;
}

static int run_file(struct replay *r, const char *path)
{
    struct lgz_error err = {0};
    struct buf data = {0};
    int rc = file_load(path, INPUT_MAX, &data, &err);
    if (rc < 0)
        fprintf(stderr, "replay: %s\n", err.message);
    else
        rc = run_input(r, path, &data);
    buf_free(&data);
    return rc;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int run_path(struct replay *r, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return -1;
    }
    if (!S_ISDIR(st.st_mode))
        return run_file(r, path);

    struct dirent **entries;
    int rc = 0;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        struct buf file = {0};
        buf_printf(&file, "%s/%s", path, entries[i]->d_name);
        buf_push(&file, 0);
        if (rc == 0)
            rc = file.failed ? -1 : run_path(r, (const char *)file.data);
        buf_free(&file);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

int main(int argc, char **argv)
{
    struct replay r = {.mutations = 200, .seed = 20261122, .save = "replay-failed-input"};
    struct buf empty = {0};
    int option;
    while ((option = getopt(argc, argv, "n:s:o:i:")) != -1) {
        if (option == 'n')
            r.mutations = strtoul(optarg, NULL, 10);
        else if (option == 's')
            r.seed = strtoull(optarg, NULL, 10);
        else if (option == 'o')
            r.save = optarg;
        else if (option == 'i')
            r.only = strtoul(optarg, NULL, 10), r.single = true;
        else
            return 2;
    }
    void *shared =
        mmap(NULL, sizeof(*r.current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("replay: mmap");
        return 1;
    }
    r.current = shared;

    int rc = run_input(&r, "the empty input", &empty);
    for (int i = optind; i < argc && rc == 0; i++)
        rc = run_path(&r, argv[i]);
    printf("replay: %lu inputs, %lu failures, seed %llu\n", r.inputs, r.failures,
           (unsigned long long)r.seed);
    return rc != 0 || r.failures != 0;
}
