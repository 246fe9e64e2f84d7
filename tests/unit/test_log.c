/*
 * test_log.c - lines have priorities, names of any bytes stay in their line, and a flood is cut.
 */
#include "daemon/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static char said[1 << 20];
static int file;

/* From now on standard error is a file. */
static struct log *listen_to(void)
{
    char path[] = "/tmp/test_log.XXXXXX";
    file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(dup2(file, STDERR_FILENO), STDERR_FILENO);
    struct log *log = log_open();
    ck_assert_ptr_nonnull(log);
    return log;
}

static const char *heard(void)
{
    ssize_t n = pread(file, said, sizeof(said) - 1, 0);
    ck_assert_int_ge(n, 0);
    said[n] = '\0';
    return said;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

START_TEST(priorities)
{
    struct log *log = listen_to();
    log_say(log, CONFIG_LOG_ERROR, "a %d", 1);
    log_say(log, CONFIG_LOG_WARNING, "b");
    log_say(log, CONFIG_LOG_INFO, "c");
    log_say(log, CONFIG_LOG_DEBUG, "unheard");
    log_set_level(log, CONFIG_LOG_DEBUG);
    log_say(log, CONFIG_LOG_DEBUG, "d");
    log_close(log);
    ck_assert_str_eq(heard(), "<3>a 1\n<4>b\n<6>c\n<7>d\n");
}
END_TEST

START_TEST(any_bytes)
{
    struct log *log = listen_to();
    char name[5000];
    log_say(log, CONFIG_LOG_ERROR, "%s: why", "/a\n<0>b\x1b[2J\x7f");
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    log_say(log, CONFIG_LOG_ERROR, "%s", name);
    log_close(log);
    const char *text = heard();
    ck_assert_int_eq(strncmp(text, "<3>/a?<0>b?[2J?: why\n<3>xxxx", 28), 0);
    ck_assert_uint_eq(count(text, "\n"), 2);
    ck_assert_uint_lt(strlen(text), 1300);
}
END_TEST

START_TEST(flood)
{
    struct log *log = listen_to();
    log_set_level(log, CONFIG_LOG_DEBUG);
    for (int i = 0; i < LOG_BURST + 77; i++) {
        log_say(log, CONFIG_LOG_WARNING, "file %d", i);
        log_say(log, CONFIG_LOG_DEBUG, "detail");
    }
    log_close(log);
    const char *text = heard();
    ck_assert_uint_eq(count(text, "<4>file "), LOG_BURST);
    ck_assert_uint_eq(count(text, "<7>detail\n"), LOG_BURST + 77);
    ck_assert_uint_eq(count(text, "<4>77 messages were left out"), 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, priorities);
    tcase_add_test(tc, any_bytes);
    tcase_add_test(tc, flood);
}

int main(void)
{
    return run_suite("log", add_tests, 0);
}
