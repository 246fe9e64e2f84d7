/*
 * test_server.c - one request and one answer, bounded; and an end that waits for nobody who has his
 * answer.
 */
#include "daemon/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "suite.h"

enum { CLIENTS = 3, REQUEST = 10, TIMEOUT_MS = 6000 };

static uv_loop_t loop;
static struct server *server;
static struct server_client *asked;
static char request[REQUEST + 1];
static size_t crowd;
static char path[] = "/tmp/test_server.XXXXXX";

/*
 * calloc() fails so many times. It is defined here, in front of libc's; where that can't be, no
 * memory is ever out.
 */
static int refused;

#ifdef __GLIBC__
void *__libc_calloc(size_t count, size_t size);
#endif
#if !UNDER_ASAN && defined(__GLIBC__)
void *calloc(size_t count, size_t size)
{
    if (refused) {
        refused--;
        return NULL;
    }
    return __libc_calloc(count, size);
}
#endif

static bool is_whole(const char *bytes, size_t len)
{
    return memchr(bytes, '.', len) != NULL;
}

static void on_request(void *context, struct server_client *client, const char *bytes, size_t len)
{
    (void)context;
    memcpy(request, bytes, len);
    request[len] = '\0';
    asked = client;
}

static void answer(struct server_client *client, const char *text)
{
    struct buf buf = {0};
    buf_append_string(&buf, text);
    server_answer(client, &buf);
    buf_free(&buf);
}

static void on_crowd(void *context, struct server_client *client)
{
    (void)context;
    crowd++;
    answer(client, "crowd");
}

static const struct server_protocol protocol = {.clients_max = CLIENTS,
                                                .request_max = REQUEST,
                                                .timeout_ms = TIMEOUT_MS,
                                                .whole = is_whole,
                                                .request = on_request,
                                                .crowded = on_crowd};

static void set_up(void)
{
    asked = NULL;
    crowd = 0;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    server = server_new(&loop, &protocol, NULL);
    ck_assert_ptr_nonnull(server);
    ck_assert_int_eq(server_listen_at_path(server, path), 0);
}

/* The end, which doesn't wait until somebody's time is over. */
static void finish(void)
{
    int64_t before = clock_monotonic();
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert(clock_monotonic() - before < (TIMEOUT_MS - 1000) * (NS_PER_SECOND / 1000));
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static int connect_to(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, sizeof(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void ask(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Let the loop do what there is to do. */
static void spin(void)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static bool is_hung_up(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What has come, up to the end. */
static void hears(int fd, const char *expected)
{
    char text[100];
    size_t len = 0;
    for (ssize_t n; (n = read(fd, text + len, sizeof(text) - 1 - len)) != 0; len += (size_t)n)
        ck_assert_int_gt(n, 0);
    text[len] = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(asked_and_answered)
{
    int fd = connect_to();
    ask(fd, "he");
    spin();
    ck_assert_ptr_null(asked);
    ask(fd, "llo.more");
    spin();
    ck_assert_ptr_nonnull(asked);
    ck_assert_str_eq(request, "hello.more");
    ck_assert_int_eq(server_remembered(asked), 0);
    server_remember(asked, 7);
    ck_assert_int_eq(server_remembered(asked), 7);
    /* What comes behind the request doesn't cost him the answer. */
    ask(fd, "and much more that nobody wants");
    answer(asked, "world");
    spin();
    hears(fd, "world");
    close(fd);
    server_close(server, false);
    finish();
}
END_TEST

START_TEST(too_long)
{
    int fd = connect_to();
    ask(fd, "0123456789abcdef");
    spin();
    ck_assert_str_eq(request, "0123456789");
    answer(asked, "no");
    spin();
    hears(fd, "no");
    close(fd);
    server_close(server, false);
    finish();
}
END_TEST

START_TEST(too_many_and_too_slow)
{
    int fds[CLIENTS + 1];
    for (size_t i = 0; i <= CLIENTS; i++)
        fds[i] = connect_to();
    spin();
    ck_assert_uint_eq(crowd, 1);
    hears(fds[CLIENTS], "crowd");
    /* They say nothing, and are hung up on. */
    const int64_t end = clock_monotonic() + 60 * NS_PER_SECOND;
    for (size_t i = 0; i < CLIENTS && clock_monotonic() < end; i += is_hung_up(fds[i]))
        spin();
    for (size_t i = 0; i < CLIENTS; i++)
        hears(fds[i], "");
    int fd = connect_to();
    ask(fd, ".");
    spin();
    answer(asked, "welcome");
    spin();
    hears(fd, "welcome");
    for (size_t i = 0; i <= CLIENTS; i++)
        close(fds[i]);
    close(fd);
    server_close(server, false);
    finish();
}
END_TEST

/* Those who are told that there are too many, and don't leave, cost descriptors, too. */
START_TEST(far_too_many)
{
    int fds[4 * CLIENTS];
    for (size_t i = 0; i < 4 * CLIENTS; i++) {
        fds[i] = connect_to();
        spin();
    }
    ck_assert_uint_eq(crowd, CLIENTS);
    for (size_t i = CLIENTS; i < 4 * CLIENTS; i++)
        hears(fds[i], i < 2 * CLIENTS ? "crowd" : "");
    for (size_t i = 0; i < 4 * CLIENTS; i++)
        close(fds[i]);
    server_close(server, true);
    finish();
}
END_TEST

START_TEST(answered_after_the_close)
{
    int fd = connect_to();
    int silent = connect_to();
    ask(fd, "wait.");
    spin();
    ck_assert_ptr_nonnull(asked);
    server_close(server, false);
    spin();
    hears(silent, "");
    answer(asked, "at last");
    /* He has it, and doesn't close: no reason to wait for him. */
    finish();
    hears(fd, "at last");
    close(fd);
    close(silent);
}
END_TEST

START_TEST(closed_at_once)
{
    int slow = connect_to();
    ask(slow, "much.");
    spin();
    struct buf much = {0};
    ck_assert(buf_reserve(&much, 8 << 20));
    memset(much.data, 'x', 8 << 20);
    much.len = 8 << 20;
    server_answer(asked, &much);
    buf_free(&much);
    spin();
    server_close(server, true);
    finish();
    close(slow);
}
END_TEST

/* Those who come when memory is out are heard when there is some. */
START_TEST(no_memory_for_a_while)
{
    refused = UNDER_ASAN ? 0 : 2;
    int first = connect_to();
    int second = connect_to();
    ask(first, "1.");
    spin();
    ck_assert(UNDER_ASAN || !asked);
    for (int64_t end = clock_monotonic() + 60 * NS_PER_SECOND; !asked && clock_monotonic() < end;)
        spin();
    ck_assert_int_eq(refused, 0);
    ck_assert_ptr_nonnull(asked);
    ck_assert_str_eq(request, "1.");
    answer(asked, "one");
    spin();
    hears(first, "one");
    ask(second, "2.");
    spin();
    answer(asked, "two");
    spin();
    hears(second, "two");
    /* The end comes while one is waiting. */
    refused = UNDER_ASAN ? 0 : 1;
    int third = connect_to();
    spin();
    server_close(server, false);
    finish();
    close(first);
    close(second);
    close(third);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, asked_and_answered);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, too_many_and_too_slow);
    tcase_add_test(tc, far_too_many);
    tcase_add_test(tc, answered_after_the_close);
    tcase_add_test(tc, closed_at_once);
    tcase_add_test(tc, no_memory_for_a_while);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0 || unlink(path) != 0)
        return EXIT_FAILURE;
    return run_suite("server", add_tests, 20);
}
