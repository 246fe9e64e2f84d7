/*
 * test_listen.c - sockets into a sink that has little room, at times none: each message whole, once
 * and in order; sources that go on and that end.
 */
#include "listen/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "suite.h"

enum { MESSAGES = 2000, SOURCES_MAX = 8 };

/* What the sink got. */
static struct got {
    struct source source;
    uint64_t start;
    uint64_t next;
    struct buf data;
    bool dropped;
} got[SOURCES_MAX];

static char space[1 << 16];
static size_t room = sizeof(space);
static uint64_t luck = 1; /* of a small generator; 0: the sink always has room */
static struct tail *tail;
static struct listen *listening;
static char directory[] = "/tmp/test_listen.XXXXXX";
static char path[100];

static unsigned draw(unsigned below)
{
    luck = luck * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (unsigned)(luck >> 33) % below;
}

static bool on_source(void *context, const struct source *source, uint64_t next)
{
    (void)context;
    ck_assert_uint_lt(source->id, SOURCES_MAX);
    struct got *g = &got[source->id];
    source_clear(&g->source);
    ck_assert_int_eq(source_copy(&g->source, source, NULL), LGZ_OK);
    g->start = g->next = next;
    return true;
}

static void *on_reserve(void *context, size_t *size)
{
    (void)context;
    *size = luck && room ? 1 + draw(200) : room;
    return room && (!luck || draw(3)) ? space : NULL;
}

static bool on_data(void *context, uint64_t id, uint64_t offset, size_t len)
{
    struct got *g = &got[id];
    (void)context;
    ck_assert(g->source.id == id && !g->dropped);
    ck_assert_uint_eq(offset, g->next);
    if (luck && draw(10) == 0)
        return false; /* out of memory, maybe */
    buf_append(&g->data, space, len);
    g->next += len;
    return true;
}

static size_t drops_refused;

static bool on_drop(void *context, uint64_t id)
{
    (void)context;
    if (drops_refused) {
        drops_refused--;
        return false;
    }
    got[id].dropped = true;
    return true;
}

static void on_say(void *context, enum config_log_level level, const char *message)
{
    (void)context;
    (void)level;
    ck_assert_uint_gt(strlen(message), 0);
}

static void open_all(const struct source_position *positions, size_t count, uint64_t next_id)
{
    struct tail_sink sink = {NULL, on_source, on_reserve, on_data, on_drop, on_say};
    ck_assert_int_eq(tail_open(&tail, &sink, NULL), LGZ_OK);
    ck_assert_int_eq(tail_resume(tail, positions, count, next_id, NULL), LGZ_OK);
    ck_assert_int_eq(listen_open(&listening, &sink, tail, NULL), LGZ_OK);
    ck_assert_int_eq(listen_resume(listening, positions, count, NULL), LGZ_OK);
}

static void close_all(void)
{
    listen_close(listening);
    tail_close(tail);
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        source_clear(&got[i].source);
        buf_free(&got[i].data);
    }
}

/* An input that listens at these addresses; of which there is one at a time. */
static struct config_input input_at(const char *addresses)
{
    static char name[] = "in";
    struct lgz_error err = {0};
    struct config_input input = {.name = name, .listen = config_listen_defaults()};
    ck_assert_msg(config_listen_set(&input.listen, "listen", addresses, 1, &err) == 1, "%s",
                  err.message);
    return input;
}

static int connect_to(const struct config_address *a)
{
    int fd = socket(a->address.storage.ss_family,
                    (a->transport == CONFIG_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    /* A stream's connection waits in the backlog: it's there at once. */
    connect(fd, (const struct sockaddr *)&a->address.storage, a->address.length);
    return fd;
}

static void put(int fd, const char *data, size_t len)
{
    while (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        listen_read(listening, 1 << 16, 1);
}

static void drain(bool finish)
{
    listen_mark(listening, finish);
    for (int turns = 0; listen_pending(listening); turns++) {
        ck_assert_int_lt(turns, 1000000);
        listen_read(listening, 1 << 14, 1);
    }
}

/* Lines "FROM NUMBER xxx": each sender's numbers count up from 0, and nothing is torn. */
static void expect_in_order(const struct buf *data, const char *senders, int count)
{
    int seen[3] = {0};
    const char *at = (const char *)data->data;
    const char *end = at + data->len;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        ck_assert_ptr_nonnull(line_end);
        const char *who = strchr(senders, at[3]);
        ck_assert_ptr_nonnull(who);
        int length = (int)strtol(at + 5, NULL, 10) % 300;
        ck_assert_int_eq(strtol(at + 5, NULL, 10), seen[who - senders]);
        const char *tail_at = memchr(at, 'x', (size_t)(line_end - at));
        ck_assert_int_eq(line_end - (tail_at ? tail_at : line_end), length);
        seen[who - senders]++;
        at = line_end + 1;
    }
    for (size_t i = 0; i < strlen(senders); i++)
        ck_assert_int_eq(seen[i], count);
}

static size_t make_line(char *line, char who, int number)
{
    int len = sprintf(line, "<1>%c %d ", who, number);
    memset(line + len, 'x', (size_t)(number % 300));
    return (size_t)len + (size_t)(number % 300);
}

START_TEST(streams_and_little_room)
{
    char line[400];
    char frame[420];
    snprintf(path, sizeof(path), "unix:%s/sock tcp:127.0.0.1:%u", directory,
             20000 + (unsigned)getpid() % 20000);
    struct config_input input = input_at(path);
    open_all(NULL, 0, 1);
    ck_assert_int_eq(listen_configure(listening, &input, 1, NULL), LGZ_OK);
    ck_assert_uint_eq(listen_state(listening, 0).missing, 0);
    int datagrams = connect_to(&input.listen.addresses[0]);
    int counted = connect_to(&input.listen.addresses[1]);
    int lines = connect_to(&input.listen.addresses[1]);
    for (int i = 0; i < MESSAGES; i++) {
        size_t len = make_line(line, 'd', i);
        put(datagrams, line, len);
        len = make_line(line, 'c', i);
        size_t whole = (size_t)sprintf(frame, "%zu ", len);
        memcpy(frame + whole, line, len);
        put(counted, frame, whole + len / 2);
        size_t text = make_line(line, 'l', i);
        line[text] = '\n';
        put(lines, line, text + 1);
        put(counted, frame + whole + len / 2, len - len / 2);
    }
    drain(true);
    expect_in_order(&got[1].data, "dcl", MESSAGES);
    ck_assert_uint_eq(listen_state(listening, 0).totals.messages, 3 * MESSAGES);
    ck_assert_uint_eq(listen_state(listening, 0).connections, 0);
    ck_assert_int_lt(send(datagrams, "x", 1, MSG_NOSIGNAL), 0); /* nobody takes it any more */
    close(datagrams);
    close(counted);
    close(lines);
    close_all();
    config_listen_clear(&input.listen);
}
END_TEST

START_TEST(no_room_at_all)
{
    snprintf(path, sizeof(path), "unix:%s/sock", directory);
    struct config_input input = input_at(path);
    luck = 0;
    open_all(NULL, 0, 1);
    ck_assert_int_eq(listen_configure(listening, &input, 1, NULL), LGZ_OK);
    int fd = connect_to(&input.listen.addresses[0]);
    room = 0;
    ck_assert_int_eq(send(fd, "<1>a", 4, 0), 4);
    ck_assert(!listen_read(listening, 1 << 16, 1));
    ck_assert(!listen_pending(listening)); /* it's in the socket still */
    room = 2;
    ck_assert(listen_read(listening, 1 << 16, 1));
    ck_assert(got[1].data.len == 5 && memcmp(got[1].data.data, "<1>a\n", 5) == 0);
    close(fd);
    close_all();
    config_listen_clear(&input.listen);
}
END_TEST

/* A source whose end found no room would be carried from journal to journal for ever. */
START_TEST(ends_without_room_are_repeated)
{
    static char app[] = "app", none[] = "";
    const struct source_position positions[] = {
        {.source = {.id = 1, .name = app, .input = none}, .next = 70},
        {.source = {.id = 2, .name = app, .input = none}, .next = 50},
    };
    int ends[2];
    luck = 0;
    drops_refused = 3;
    open_all(positions, 2, 3);
    ck_assert(!got[1].dropped && !got[2].dropped);
    ck_assert(listen_pending(listening));
    ck_assert(!listen_read(listening, 1 << 16, 1));
    ck_assert(listen_read(listening, 1 << 16, 1));
    ck_assert(got[1].dropped && got[2].dropped);
    ck_assert(!listen_pending(listening));
    /* Standard input hasn't ended before it's known to have. */
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(listen_standard_input(listening, "x", NULL), LGZ_OK);
    ck_assert_int_eq(write(ends[1], "x\n", 2), 2);
    close(ends[1]);
    drops_refused = 2;
    for (size_t i = 0; i < 100 && drops_refused; i++) {
        ck_assert(!listen_ended(listening));
        listen_read(listening, 1 << 16, 1);
    }
    ck_assert_uint_eq(drops_refused, 0);
    ck_assert(!listen_ended(listening) && listen_pending(listening));
    listen_read(listening, 1 << 16, 1);
    ck_assert(listen_ended(listening) && got[3].dropped);
    close_all();
}
END_TEST

START_TEST(sources_go_on_or_end)
{
    static char in[] = "in", other[] = "other", app[] = "app", none[] = "";
    const struct source_position positions[] = {
        {.source = {.id = 1, .name = app, .input = none}, .next = 70},
        {.source = {.id = 2, .name = in, .input = in}, .next = 50},
        {.source = {.id = 3, .name = other, .input = other}, .next = 60},
        {.source = {.id = 4, .name = in, .input = in}, .next = 40},
    };
    snprintf(path, sizeof(path), "unix:%s/sock", directory);
    struct config_input input = input_at(path);
    luck = 0;
    open_all(positions, 4, 5);
    ck_assert_uint_eq(tail_count(tail), 0);
    ck_assert(got[1].dropped && got[2].dropped && !got[3].dropped && !got[4].dropped);
    got[4].next = 40; /* where the journal says that it is */
    got[4].source.id = 4;
    ck_assert_int_eq(listen_configure(listening, &input, 1, NULL), LGZ_OK);
    ck_assert(got[3].dropped && !got[4].dropped);
    int fd = connect_to(&input.listen.addresses[0]);
    ck_assert_int_eq(send(fd, "<1>on", 5, 0), 5);
    drain(false);
    ck_assert_uint_eq(got[4].next, 46);
    /* Not configured any more: what is in the socket is read, and the source ends. */
    ck_assert_int_eq(send(fd, "<1>last", 7, 0), 7);
    ck_assert_int_eq(listen_configure(listening, NULL, 0, NULL), LGZ_OK);
    ck_assert_uint_eq(listen_marked(listening), 1);
    while (listen_pending(listening))
        listen_read(listening, 1 << 16, 1);
    ck_assert_uint_eq(got[4].next, 54);
    ck_assert(got[4].dropped);
    ck_assert_uint_eq(listen_count(listening), 0);
    close(fd);
    close_all();
    config_listen_clear(&input.listen);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, streams_and_little_room);
    tcase_add_test(tc, no_room_at_all);
    tcase_add_test(tc, sources_go_on_or_end);
    tcase_add_test(tc, ends_without_room_are_repeated);
}

int main(void)
{
    if (!mkdtemp(directory))
        return EXIT_FAILURE;
    int status = run_suite("listen", add_tests, 60);
    rmdir(directory);
    return status;
}
