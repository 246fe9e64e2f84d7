/*
 * writer.c - writes logs that prove themselves, and checks what came of them.
 *
 *   writer write DIRECTORY PREFIX FILES RATE BURST PAUSE
 *       Appends to FILES logs DIRECTORY/PREFIX-NNN.log until SIGTERM: for BURST seconds RATE bytes
 *       in a second, most of them to a few logs, some to all; then for PAUSE seconds a line now and
 *       then. SIGHUP makes it close its files and open them by name again, as after a rotation.
 *       In the end it prints for each log "PREFIX-NNN BYTES".
 *   writer check SUMS <LINES
 *       SUMS is what it printed. Each line of all logs must come exactly once, in any order. Prints
 *       what is missing, wrong or doubled.
 *
 * A line is "TIME PREFIX-NNN at=OFFSET TEXT sum=HASH": it says which bytes of which log it is, so
 * nothing has to be kept to compare it with. All that is written goes by whole lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"

enum {
    CHUNK = 64 << 10,
    LINE_MAX_LEN = 400,
    NAME_MAX_LEN = 64,
    FAVOURITES = 4,
    TICK_MS = 20,
    HINTS = 4096
};

static volatile sig_atomic_t ended;
static volatile sig_atomic_t rotated;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Writing. */

struct log {
    char name[NAME_MAX_LEN];
    char *path;
    int fd;
    uint64_t bytes;
};

struct writer {
    struct log *logs;
    size_t count;
    uint64_t rate;
    double burst, pause;
    uint64_t random;
    char stamp[32];
};

static uint64_t next_random(struct writer *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The time of what is written in this tick. */
static void set_stamp(struct writer *w)
{
    struct timespec t;
    struct tm tm;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(w->stamp, sizeof(w->stamp), "%.19s.%03dZ", seconds, (int)(t.tv_nsec / 1000000));
}

static size_t put_line(struct writer *w, const struct log *log, uint64_t offset, char *out)
{
    static const char *const events[][2] = {{"request served in us", "for user"},
                                            {"cache miss on shard", "key"},
                                            {"connection closed by peer", "after bytes"},
                                            {"job retried, number", "attempt"}};
    uint64_t r = next_random(w);
    int len = snprintf(out, LINE_MAX_LEN, "%s %s at=%llu worker[%u]: ", w->stamp, log->name,
                       (unsigned long long)offset, (unsigned)(r % 16));
    len +=
        snprintf(out + len, LINE_MAX_LEN - (size_t)len, "%s %u %s %u", events[r >> 8 & 3][0],
                 (unsigned)(r >> 16 & 0xfff), events[r >> 8 & 3][1], (unsigned)(r >> 32 & 0x3fff));
    uint32_t sum = (uint32_t)hash_bytes(out, (size_t)len);
    len += snprintf(out + len, LINE_MAX_LEN - (size_t)len, " sum=%08x\n", sum);
    return (size_t)len;
}

/* Append lines, about `size` bytes of them, by one write. */
static void append(struct writer *w, struct log *log, size_t size)
{
    static char chunk[CHUNK + LINE_MAX_LEN];
    size_t len = 0;
    do
        len += put_line(w, log, log->bytes + len, chunk + len);
    while (len < size && len < CHUNK);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(log->fd, chunk + done, len - done);
        if (n < 0 && errno != EINTR)
            give_up(log->path);
        done += n > 0 ? (size_t)n : 0;
    }
    log->bytes += len;
}

static void open_logs(struct writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct log *log = &w->logs[i];
        if (log->fd >= 0)
            close(log->fd);
        log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (log->fd < 0)
            give_up(log->path);
    }
}

/* One tick of a burst: most to a few, a line to one of the others. */
static void burst_tick(struct writer *w, const size_t *favourites)
{
    uint64_t left = w->rate * TICK_MS / 1000;
    append(w, &w->logs[next_random(w) % w->count], 1);
    while (left && !ended && !rotated) {
        uint64_t size = left < CHUNK ? left : CHUNK;
        append(w, &w->logs[favourites[next_random(w) % FAVOURITES]], size);
        left -= size;
    }
}

static void nap(double until)
{
    double left = until - now();
    if (left > 0)
        usleep((useconds_t)(left * 1e6)); /* a signal ends it */
}

static void write_logs(struct writer *w)
{
    size_t favourites[FAVOURITES] = {0};
    double turn = 0, tick = now();
    open_logs(w);
    while (!ended) {
        if (rotated) {
            rotated = 0;
            open_logs(w);
        }
        if (now() >= turn + w->burst + w->pause) {
            turn = now();
            for (size_t i = 0; i < FAVOURITES; i++)
                favourites[i] = next_random(w) % w->count;
        }
        set_stamp(w);
        if (now() < turn + w->burst)
            burst_tick(w, favourites);
        else
            append(w, &w->logs[next_random(w) % w->count], 1);
        tick += TICK_MS / 1000.0;
        nap(tick);
        if (now() > tick + 1)
            tick = now(); /* after a stop, what was missed isn't made up for */
    }
    for (size_t i = 0; i < w->count; i++)
        printf("%s %llu\n", w->logs[i].name, (unsigned long long)w->logs[i].bytes);
}

static void on_signal(int number)
{
    if (number == SIGHUP)
        rotated = 1;
    else
        ended = 1;
}

static int run_write(char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct writer w = {.count = strtoull(argv[2], NULL, 10),
                       .rate = strtoull(argv[3], NULL, 10),
                       .burst = atof(argv[4]),
                       .pause = atof(argv[5]),
                       .random = 88172645463325252};
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    w.logs = calloc(w.count, sizeof(*w.logs));
    if (!w.logs || !w.count)
        give_up("logs");
    for (size_t i = 0; i < w.count; i++) {
        w.logs[i].fd = -1;
        snprintf(w.logs[i].name, sizeof(w.logs[i].name), "%.40s-%03zu", argv[1], i);
        if (asprintf(&w.logs[i].path, "%s/%s.log", argv[0], w.logs[i].name) < 0)
            give_up("logs");
    }
    write_logs(&w);
    for (size_t i = 0; i < w.count; i++) {
        close(w.logs[i].fd);
        free(w.logs[i].path);
    }
    free(w.logs);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Checking. */

struct range {
    uint64_t from, to;
};

struct sum {
    char name[NAME_MAX_LEN];
    uint64_t bytes;
    VEC(struct range) seen; /* ascending, apart */
};

struct check {
    VEC(struct sum) sums;
    size_t hints[HINTS]; /* by a hash of the name: where it was found the last time */
    unsigned long long lines, wrong, doubled;
};

static bool is_named(const struct sum *sum, const char *name, size_t len)
{
    return strncmp(sum->name, name, len) == 0 && sum->name[len] == '\0';
}

static struct sum *find_sum(struct check *c, const char *name, size_t len)
{
    size_t *hint = &c->hints[hash_bytes(name, len) % HINTS];
    if (len >= NAME_MAX_LEN)
        return NULL;
    for (size_t i = *hint; i < c->sums.len; i++) {
        if (is_named(&c->sums.data[i], name, len)) {
            *hint = i;
            return &c->sums.data[i];
        }
    }
    for (size_t i = 0; i < *hint; i++) {
        if (is_named(&c->sums.data[i], name, len))
            return &c->sums.data[i];
    }
    return NULL;
}

/* Note bytes as seen. @return false if one of them was seen before */
static bool note(struct sum *sum, uint64_t from, uint64_t to)
{
    size_t i = sum->seen.len;
    while (i && sum->seen.data[i - 1].from >= to)
        i--;
    struct range *before = i ? &sum->seen.data[i - 1] : NULL;
    struct range *after = i < sum->seen.len ? &sum->seen.data[i] : NULL;
    if (before && before->to > from)
        return false;
    if (before && before->to == from) {
        before->to = to;
        if (after && after->from == to) {
            before->to = after->to;
            memmove(after, after + 1, (--sum->seen.len - i) * sizeof(*after));
        }
    } else if (after && after->from == to) {
        after->from = from;
    } else {
        if (!vec_push(&sum->seen, ((struct range){0})))
            give_up("ranges");
        memmove(sum->seen.data + i + 1, sum->seen.data + i,
                (sum->seen.len - 1 - i) * sizeof(*sum->seen.data));
        sum->seen.data[i] = (struct range){from, to};
    }
    return true;
}

static void check_line(struct check *c, const char *line, size_t len)
{
    static const char hash_mark[] = " sum=";
    const char *name = memchr(line, ' ', len);
    const char *at = name ? strstr(++name, " at=") : NULL;
    const char *hash = at ? strstr(at, hash_mark) : NULL;
    struct sum *sum = hash ? find_sum(c, name, (size_t)(at - name)) : NULL;
    c->lines++;
    if (!sum || strtoul(hash + strlen(hash_mark), NULL, 16) !=
                    (uint32_t)hash_bytes(line, (size_t)(hash - line))) {
        if (c->wrong++ < 5)
            printf("not a line that was written: %.*s", (int)len, line);
        return;
    }
    uint64_t from = strtoull(at + 4, NULL, 10);
    if (!note(sum, from, from + len) && c->doubled++ < 5)
        printf("%s: bytes from %llu come twice\n", sum->name, (unsigned long long)from);
}

static void read_sums(struct check *c, const char *path)
{
    FILE *in = fopen(path, "r");
    struct sum sum = {0};
    unsigned long long bytes;
    if (!in)
        give_up(path);
    while (fscanf(in, "%63s %llu", sum.name, &bytes) == 2) {
        sum.bytes = bytes;
        if (!vec_push(&c->sums, sum))
            give_up("sums");
    }
    fclose(in);
}

static int run_check(const char *sums)
{
    struct check c = {0};
    char *line = NULL;
    size_t cap = 0, bad = 0;
    unsigned long long bytes = 0;
    read_sums(&c, sums);
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;)
        check_line(&c, line, (size_t)len);
    for (size_t i = 0; i < c.sums.len; i++) {
        const struct sum *sum = &c.sums.data[i];
        bool whole = sum->bytes == 0 ? sum->seen.len == 0
                                     : sum->seen.len == 1 && sum->seen.data[0].from == 0 &&
                                           sum->seen.data[0].to == sum->bytes;
        bytes += sum->bytes;
        if (whole || bad++ >= 5)
            continue;
        printf("%s: %llu bytes were written; found:", sum->name, (unsigned long long)sum->bytes);
        for (size_t k = 0; k < sum->seen.len && k < 5; k++)
            printf(" %llu-%llu", (unsigned long long)sum->seen.data[k].from,
                   (unsigned long long)sum->seen.data[k].to);
        printf("\n");
    }
    printf("%zu logs, %zu exact; %llu bytes, %llu lines, %llu wrong, %llu doubled\n", c.sums.len,
           c.sums.len - bad, bytes, c.lines, c.wrong, c.doubled);
    free(line);
    for (size_t i = 0; i < c.sums.len; i++)
        vec_free(&c.sums.data[i].seen);
    vec_free(&c.sums);
    return bad || c.wrong || c.doubled || c.lines == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "write") == 0)
        return run_write(argv + 2);
    if (argc == 3 && strcmp(argv[1], "check") == 0)
        return run_check(argv[2]);
    fprintf(stderr, "usage: writer write DIRECTORY PREFIX FILES RATE BURST PAUSE\n"
                    "       writer check SUMS <LINES\n");
    return 2;
}
