/*
 * test_http_request.c - which requests are answered how, and that no prefix of one is taken for
 * whole; and addresses to listen at.
 */
#include "daemon/http_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "archive/address.h"
#include "suite.h"

static int status(const char *text, size_t len, bool *head)
{
    ck_assert_msg(http_request_whole(text, len), "not whole: %s", text);
    return http_request_status(text, len, "/metrics", head);
}

static void answered(int expected, const char *text)
{
    bool head;
    int got = status(text, strlen(text), &head);
    ck_assert_msg(got == expected, "%d for: %s", got, text);
    ck_assert(!head || strncmp(text, "HEAD ", 5) == 0);
}

START_TEST(good)
{
    bool head;
    answered(200, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    answered(200, "GET /metrics HTTP/1.0\r\n\r\n");
    answered(200, "GET /metrics HTTP/1.0\n\n");
    answered(200, "\r\n\r\nGET /metrics HTTP/1.0\r\n\r\n");
    answered(200, "GET /metrics?x=/y?z HTTP/1.1\r\nhOsT:\r\nA: b\tc \xff\r\n\r\n");
    answered(200, "GET HTTP://localhost:9188/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answered(200, "GET /metrics HTTP/1.7\r\nHost: a\r\n\r\nGET /more HTTP/1.1\r\n");
    const char *text = "HEAD /metrics HTTP/1.0\r\n\r\n";
    ck_assert_int_eq(status(text, strlen(text), &head), 200);
    ck_assert(head);
}
END_TEST

START_TEST(others)
{
    answered(404, "GET / HTTP/1.0\r\n\r\n");
    answered(404, "GET /metrics/ HTTP/1.0\r\n\r\n");
    answered(404, "GET /metric HTTP/1.0\r\n\r\n");
    answered(404, "GET /metricss HTTP/1.0\r\n\r\n");
    answered(404, "GET /METRICS HTTP/1.0\r\n\r\n");
    answered(404, "GET /x?/metrics HTTP/1.0\r\n\r\n");
    answered(404, "GET http://metrics HTTP/1.0\r\n\r\n");
    answered(404, "GET http:// HTTP/1.0\r\n\r\n");
    answered(404, "GET * HTTP/1.0\r\n\r\n");
    answered(405, "POST /metrics HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc");
    answered(405, "get /metrics HTTP/1.0\r\n\r\n");
    answered(405, "OPTIONS * HTTP/1.0\r\n\r\n");
    answered(505, "GET /metrics HTTP/2.0\r\n\r\n");
    answered(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}
END_TEST

START_TEST(bad)
{
    answered(400, "GET /metrics\r\n\r\n");
    answered(400, "GET  /metrics HTTP/1.0\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0 \r\n\r\n");
    answered(400, " GET /metrics HTTP/1.0\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.\r\n\r\n");
    answered(400, "GET /metrics HTTP/11\r\n\r\n");
    answered(400, "GET /metrics http/1.0\r\n\r\n");
    answered(400, "GET /met\trics HTTP/1.0\r\n\r\n");
    answered(400, "GET /m\xc3\xa4trics HTTP/1.0\r\n\r\n");
    answered(400, "G(T /metrics HTTP/1.0\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\nno field\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\nA : b\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\n: b\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\nA: b\r\n folded: c\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\nA: b\rc\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.0\r\nA: \x01\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.1\r\n\r\n");
    answered(400, "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    answered(400, "\x16\x03\x01\x02 tls\r\n\r\n");
    static const char nul[] = "GET /metrics HTTP/1.0\r\nA: b\0c\r\n\r\n";
    bool head;
    ck_assert_int_eq(status(nul, sizeof(nul) - 1, &head), 400);
}
END_TEST

START_TEST(whole)
{
    const char *text = "\r\nGET /metrics HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert(!http_request_whole(text, len));
    ck_assert(http_request_whole(text, strlen(text)));
    bool head;
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert_int_eq(http_request_status(text, len, "/metrics", &head), 400);
}
END_TEST

static void parsed(const char *text, bool loopback, int family, in_port_t port)
{
    struct address a;
    struct lgz_error err = {0};
    ck_assert_msg(address_parse(&a, text, &err) == LGZ_OK, "%s", err.message);
    ck_assert_int_eq(a.storage.ss_family, family);
    ck_assert(a.loopback == loopback);
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, &a.storage, sizeof(v4));
    memcpy(&v6, &a.storage, sizeof(v6));
    ck_assert_uint_eq(ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port), port);
    ck_assert_uint_eq(a.length, family == AF_INET ? sizeof(v4) : sizeof(v6));
}

START_TEST(addresses)
{
    static const char *const wrong[] = {"",
                                        "9188",
                                        ":9188",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:0",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:01",
                                        "127.0.0.1:9188x",
                                        "127.0.0.1:-1",
                                        "127.1:9188",
                                        "localhost:9188",
                                        "::1:9188",
                                        "[::1]",
                                        "[127.0.0.1]:9188",
                                        "[::1:9188",
                                        "[]:9188",
                                        "127.0.0.1: 9188",
                                        "[fe80::1%lo]:1",
                                        "127.0.0.1:999999"};
    parsed("127.0.0.1:9188", true, AF_INET, 9188);
    parsed("127.255.0.9:1", true, AF_INET, 1);
    parsed("128.0.0.1:65535", false, AF_INET, 65535);
    parsed("0.0.0.0:80", false, AF_INET, 80);
    parsed("[::1]:9188", true, AF_INET6, 9188);
    parsed("[::]:9188", false, AF_INET6, 9188);
    parsed("[::ffff:127.0.0.1]:9188", false, AF_INET6, 9188);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct address a;
        struct lgz_error err = {0};
        ck_assert_msg(address_parse(&a, wrong[i], &err) == LGZ_ERR_CONFIG, "%s", wrong[i]);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, good);
    tcase_add_test(tc, others);
    tcase_add_test(tc, bad);
    tcase_add_test(tc, whole);
    tcase_add_test(tc, addresses);
}

int main(void)
{
    return run_suite("http_request", add_tests, 0);
}
