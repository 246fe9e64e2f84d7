/*
 * generator.c - five kinds of lines, a few templates each, and values that look like real ones:
 * few users have most of the requests, each path has its size and about its time, counters count.
 */
#include "generator.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"

enum { KINDS = 5, DAY_SECONDS = 86400, FIRST_DAY = 20454 /* since the epoch */ };

int64_t generator_midnight(int day)
{
    return (int64_t)(FIRST_DAY + day) * DAY_SECONDS * NS_PER_SECOND;
}

void generator_begin(struct generator *g, int input, int day, int lines)
{
    const int seed[] = {input, day};
    *g = (struct generator){.input = input, .day = day, .lines = lines};
    g->state = hash_bytes(seed, sizeof(seed)) | 1;
    g->sequence = (uint64_t)day * (uint64_t)lines;
    g->time = generator_midnight(day);
}

void generator_id(int input, int day, int line, char out[GENERATOR_ID_SIZE])
{
    const int seed[] = {input, day, line};
    snprintf(out, GENERATOR_ID_SIZE, "%016" PRIx64, hash_bytes(seed, sizeof(seed)));
}

/* A number below `limit`. */
static unsigned below(struct generator *g, unsigned limit)
{
    g->state ^= g->state << 13;
    g->state ^= g->state >> 7;
    g->state ^= g->state << 17;
    return (unsigned)((g->state >> 24) % limit);
}

/* The same; small ones come much more often. */
static unsigned small_below(struct generator *g, unsigned limit)
{
    return below(g, 1 + below(g, 1 + below(g, limit)));
}

/* What a line is about. */
struct facts {
    struct tm tm;
    unsigned us;
    unsigned host, user, port, size, took, path;
    char id[GENERATOR_ID_SIZE + 8]; /* with what comes before it; or empty */
};

static const char *const levels[] = {"INFO", "INFO", "INFO", "INFO", "WARN", "DEBUG", "ERROR"};
static const char *const verbs[] = {"GET", "GET", "GET", "POST", "PUT", "HEAD"};
static const unsigned statuses[] = {200, 200, 200, 200, 304, 302, 404, 500};
static const char *const places[] = {"index", "items", "search", "login", "cart", "static/main"};
static const char *const parts[] = {"store", "cache", "queue", "mailer", "billing"};

static void write_access(struct generator *g, const struct facts *f, struct buf *out)
{
    char time[40];
    strftime(time, sizeof(time), "%d/%b/%Y:%H:%M:%S +0000", &f->tm);
    buf_printf(out, "10.%d.%u.%u - user%u [%s] \"%s /%s/%u HTTP/1.1\" %u %u \"-\" %u.%03u%s%s\n",
               g->input, f->host / 250, f->host % 250, f->user, time, verbs[small_below(g, 6)],
               places[small_below(g, 6)], f->path, statuses[small_below(g, 8)], f->size,
               f->took / 1000, f->took % 1000, f->id[0] ? " id=" : "", f->id);
}

static void write_syslog(struct generator *g, const struct facts *f, struct buf *out)
{
    char time[40];
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &f->tm);
    buf_printf(out, "%s.%06u+00:00 node%u-%d ", time, f->us, f->host % 9, g->input);
    switch (small_below(g, 4)) {
    case 0:
        buf_printf(out, "sessiond[%u]: session %" PRIu64 " opened for user%u from 10.9.0.%u",
                   900 + f->host % 9, g->sequence, f->user, f->host % 250);
        break;
    case 1:
        buf_printf(out, "sessiond[%u]: session %" PRIu64 " closed after %us", 900 + f->host % 9,
                   g->sequence - f->user, f->took);
        break;
    case 2:
        buf_printf(out, "kernel: [%u.%06u] eth0: link is up at %u Mbps", f->took, f->us,
                   100u << f->host % 3);
        break;
    default:
        buf_printf(out, "timed[%u]: clock adjusted by %u.%06u s, stratum %u", 700 + f->host % 3,
                   f->took % 2, f->us, f->host % 4);
        break;
    }
    buf_printf(out, "%s%s\n", f->id[0] ? " id=" : "", f->id);
}

static void write_pairs(struct generator *g, const struct facts *f, struct buf *out)
{
    char time[40];
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &f->tm);
    buf_printf(out, "time=\"%s.%03uZ\" level=%s part=%s user=%u took=%u.%01ums bytes=%u%s%s", time,
               f->us / 1000, levels[small_below(g, 7)], parts[small_below(g, 5)], f->user,
               f->took / 10, f->took % 10, f->size, f->id[0] ? " id=" : "", f->id);
    if (small_below(g, 5) == 4)
        buf_printf(out, " error=\"upstream 10.0.3.%u:%u timed out\"", f->host % 250, f->port);
    buf_push(out, '\n');
}

static void write_json(struct generator *g, const struct facts *f, struct buf *out)
{
    char time[40];
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &f->tm);
    buf_printf(out,
               "{\"ts\":\"%s.%03uZ\",\"level\":\"%s\",\"service\":\"%s\",\"seq\":%" PRIu64
               ",\"user\":%u,\"path\":\"/%s/%u\",\"status\":%u,\"ms\":%u",
               time, f->us / 1000, levels[small_below(g, 7)], parts[small_below(g, 5)], g->sequence,
               f->user, places[small_below(g, 6)], f->path, statuses[small_below(g, 8)], f->took);
    if (f->id[0])
        buf_printf(out, ",\"id\":\"%s\"", f->id);
    buf_append_string(out, "}\n");
}

static void write_application(struct generator *g, const struct facts *f, struct buf *out)
{
    char time[40];
    strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", &f->tm);
    buf_printf(out, "%s,%03u %s [worker-%u] %s: ", time, f->us / 1000, levels[small_below(g, 7)],
               f->host % 8, parts[small_below(g, 5)]);
    switch (small_below(g, 4)) {
    case 0:
        buf_printf(out, "job %" PRIu64 " done in %u ms, %u left", g->sequence, f->took, f->user);
        break;
    case 1:
        buf_printf(out, "evicted %u entries (%u bytes) of user %u", f->took % 100, f->size,
                   f->user);
        break;
    case 2:
        buf_printf(out, "connection 10.7.%d.%u:%u reset, attempt %u of 5", g->input, f->host % 250,
                   f->port, 1 + f->took % 5);
        break;
    default:
        buf_printf(out, "snapshot %" PRIu64 " written, checksum %08x", g->sequence / 100,
                   f->port * 2654435761u);
        break;
    }
    buf_printf(out, "%s%s\n", f->id[0] ? " id=" : "", f->id);
}

static void write_line(struct generator *g, struct buf *out)
{
    struct facts f = {0};
    const int64_t midnight = generator_midnight(g->day);
    const int64_t gap = DAY_SECONDS * NS_PER_SECOND / g->lines;
    g->time = midnight + g->next * gap + below(g, 1000000) * (gap / 1000000);
    const time_t seconds = (time_t)(g->time / NS_PER_SECOND);
    gmtime_r(&seconds, &f.tm);
    f.us = (unsigned)(g->time / 1000 % 1000000);
    f.host = small_below(g, 250);
    f.user = small_below(g, 500);
    f.port = 1024 + below(g, 60000);
    f.path = small_below(g, 2000);
    f.size = 100 + f.path * 2654435761u % 200000; /* what is there has its size */
    f.took = 1 + f.path * 40503u % 300 + small_below(g, 8);
    g->sequence += 1 + below(g, 3) / 2;
    if (g->next % GENERATOR_ID_EVERY == 0)
        generator_id(g->input, g->day, g->next, f.id);
    static void (*const kinds[KINDS])(struct generator *, const struct facts *, struct buf *) = {
        write_access, write_syslog, write_pairs, write_json, write_application};
    kinds[g->input % KINDS](g, &f, out);
    g->next++;
}

void generator_write(struct generator *g, int count, struct buf *out)
{
    while (g->next < count && g->next < g->lines)
        write_line(g, out);
}
