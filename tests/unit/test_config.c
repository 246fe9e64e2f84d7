/*
 * test_config.c - logzipd.conf: values, lists, and every kind of mistake with its line.
 */
#include "archive/config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "suite.h"

static char path[] = "/tmp/test_config.XXXXXX";
static struct buf findings;

static void collect(void *context, const char *finding)
{
    (void)context;
    ck_assert(strncmp(finding, path, strlen(path)) == 0);
    buf_append_string(&findings, finding + strlen(path));
    buf_push(&findings, '\n');
}

static int load_bytes(const char *text, size_t len, struct config **config, struct lgz_error *err)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    buf_clear(&findings);
    int code = config_load(config, path, collect, NULL, err);
    buf_push(&findings, '\0');
    return code;
}

static struct config *good(const char *text)
{
    struct config *config;
    struct lgz_error err = {0};
    ck_assert_msg(load_bytes(text, strlen(text), &config, &err) == LGZ_OK, "%s", err.message);
    return config;
}

static void bad(const char *text, const char *expected)
{
    struct config *config;
    struct lgz_error err = {0};
    ck_assert_int_eq(load_bytes(text, strlen(text), &config, &err), LGZ_ERR_CONFIG);
    ck_assert_ptr_null(config);
    ck_assert_str_eq((const char *)findings.data, expected);
    ck_assert_int_eq(err.code, LGZ_ERR_CONFIG);
}

START_TEST(defaults)
{
    struct config *c = good("");
    ck_assert_str_eq(c->directory, "/var/lib/logzip");
    ck_assert_str_eq(c->control, "/run/logzip/control.sock");
    ck_assert_uint_eq(c->seal_size, 64 << 20);
    ck_assert_int_eq(c->sync_interval, NS_PER_SECOND);
    ck_assert_int_eq(c->level, LGZ_LEVEL_FAST);
    ck_assert_uint_eq(c->max_size, 0);
    ck_assert_uint_eq(c->min_free, 64 << 20);
    ck_assert_uint_eq(c->input_count, 0);
    config_free(c);
}
END_TEST

START_TEST(all_keys)
{
    struct config *c = good(
        "\xef\xbb\xbf# comment\r\n[archive]\r\n  directory = /a b  ; why\n"
        "level=best\nthreads = 4\nseal_memory = 1G\nmax_line = 1M\nseal_size = 1G\nseal_age = 2h\n"
        "max_age = 7d\nmax_size = 2T\nkeep_free = 5G\nmerge = week\nmerge_size = 2G\nscrub_period "
        "= 9d\n[daemon] # "
        "more\ncontrol = /c\n"
        "control_group = adm\nsync_interval = 50ms\nsync_bytes = 64K\n"
        "rescan = 1m\nmemory = 2M\nmin_free = 3G\nmetrics_sources = 7\n"
        "metrics = [::1]:99\nlog_level = debug\n"
        "[input  web ]\npath = /x/*.log /y\\ z/q\n\tpath = /w\nfrom = end\n"
        "exclude = /x/no*\n[input two]\npath=/two\nmax_age = 0\nmax_size = 8M\n"
        "[input old]\nimport = /o/*.gz /o/*.xz\nimport_remove = yes\n");
    ck_assert_str_eq(c->directory, "/a b");
    ck_assert_uint_eq(c->directory_line, 3);
    ck_assert_int_eq(c->level, LGZ_LEVEL_BEST);
    ck_assert_uint_eq(c->threads, 4);
    ck_assert_uint_eq(c->seal_size, UINT64_C(1) << 30);
    ck_assert_int_eq(c->seal_age, 7200 * NS_PER_SECOND);
    ck_assert_int_eq(c->max_age, 7 * 86400 * NS_PER_SECOND);
    ck_assert_uint_eq(c->max_size, UINT64_C(2) << 40);
    ck_assert_uint_eq(c->keep_free, UINT64_C(5) << 30);
    ck_assert_int_eq(c->merge, CONFIG_MERGE_WEEK);
    ck_assert_uint_eq(c->merge_size, UINT64_C(2) << 30);
    ck_assert_uint_eq(c->inputs[0].max_age_line + c->inputs[0].max_size_line, 0);
    ck_assert_int_eq(c->scrub_period, 9 * 86400 * NS_PER_SECOND);
    ck_assert_uint_eq(c->inputs[1].max_age_line, 34);
    ck_assert_int_eq(c->inputs[1].max_age, 0);
    ck_assert_uint_eq(c->inputs[1].max_size_line, 35);
    ck_assert_uint_eq(c->inputs[1].max_size, 8 << 20);
    ck_assert_str_eq(c->control_group, "adm");
    ck_assert_int_eq(c->sync_interval, NS_PER_SECOND / 20);
    ck_assert_uint_eq(c->sync_bytes, 65536);
    ck_assert_uint_eq(c->memory, 2 << 20);
    ck_assert_int_eq(c->log_level, CONFIG_LOG_DEBUG);
    ck_assert_uint_eq(c->metrics_sources, 7);
    ck_assert_str_eq(c->metrics, "[::1]:99");
    ck_assert_uint_eq(c->input_count, 3);
    ck_assert_uint_eq(c->inputs[2].import_count, 2);
    ck_assert_str_eq(c->inputs[2].imports[1].pattern, "/o/*.xz");
    ck_assert(c->inputs[2].import_remove && !c->inputs[1].import_remove);
    ck_assert_str_eq(c->inputs[0].name, "web");
    ck_assert_uint_eq(c->min_free, UINT64_C(3) << 30);
    ck_assert_uint_eq(c->seal_memory, 1 << 30);
    ck_assert_uint_eq(c->seal_memory_line, 6);
    ck_assert_uint_eq(c->max_line, 1 << 20);
    ck_assert_uint_eq(c->inputs[0].path_count, 3);
    ck_assert_str_eq(c->inputs[0].paths[1].pattern, "/y\\ z/q");
    ck_assert_str_eq(c->inputs[0].paths[2].pattern, "/w");
    ck_assert_uint_eq(c->inputs[0].paths[2].line, 29);
    ck_assert(c->inputs[0].from_end);
    ck_assert_str_eq(c->inputs[0].excludes[0].pattern, "/x/no*");
    ck_assert_str_eq(c->inputs[1].paths[0].pattern, "/two");
    config_free(c);
}
END_TEST

START_TEST(mistakes)
{
    bad("[input a]\npath = /a\nmax_age = 1\nmax_size = 1d\n",
        ":3: max_age: '1' isn't a time such as 500ms, 10s, 5m, 1h, 7d, 2w\n"
        ":4: max_size: '1d' isn't a number with K, M, G, T or nothing behind it\n");
    bad("[input a]\npath = /a\nmax_age = 1d\nmax_age = 1d\nmax_size =\n",
        ":4: max_age: already set in line 3\n:5: max_size: no value\n");
    bad("[input a]\npath = /a\nmax_age = 40000d\n", ":3: max_age: 40000d is out of range\n");
    bad("[input a]\nimport = a.gz\nimport_remove = 1\n",
        ":2: import: 'a.gz' isn't an absolute path\n"
        ":3: import_remove: '1' isn't one of no, yes\n"
        ":1: [input a] has no path and no listen\n");
    bad("[archive]\ncolor = red\n", ":2: 'color' isn't a key of [archive]\n");
    bad("[daemon]\nmetrics = 10.0.0.1:1\n",
        ":2: metrics: other machines can reach 10.0.0.1:1; it must be 127.0.0.1 or [::1]\n");
    bad("[daemon]\nmetrics = localhost:1\n",
        ":2: metrics: 'localhost' isn't an IPv4 address, or an IPv6 address in brackets\n");
    bad("key = 1\n", ":1: 'key' stands before the first [section]\n");
    bad("[archive\n", ":1: the heading has no ']'\n");
    bad("[archive] x\n", ":1: something stands behind the heading\n");
    bad("[other]\nx = 1\n", ":1: [other] isn't a section; there are [archive], [daemon], "
                            "[input NAME]\n");
    bad("[archive]\nlevel = worst\n", ":2: level: 'worst' isn't one of fast, default, best\n");
    bad("[archive]\nmax_line = 10\n", ":2: max_line: 10 is out of range\n");
    bad("[archive]\nthreads = 0\n", ":2: threads: 0 is out of range\n");
    bad("[archive]\nseal_age = 10\n",
        ":2: seal_age: '10' isn't a time such as 500ms, 10s, 5m, 1h, 7d, 2w\n");
    bad("[archive]\ndirectory = here\n", ":2: directory: 'here' isn't an absolute path\n");
    bad("[archive]\ndirectory =\n", ":2: directory: no value\n");
    bad("[archive]\nlevel = fast\nlevel = fast\n", ":3: level: already set in line 2\n");
    bad("[input]\n", ":1: an input needs a name: [input NAME]\n");
    bad("[input a]\n", ":1: [input a] has no path and no listen\n");
    bad("[input a]\npath = /a\n[input a]\npath = /b\n", ":3: [input a]: already there in line 1\n");
    bad("[input a]\npath = /a\nfrom = middle\n", ":3: from: 'middle' isn't one of start, end\n");
    bad("[archive]\njust words\n\n[daemon]\nmemory = 1\n",
        ":2: neither 'KEY = VALUE' nor a [section] nor a comment\n:5: memory: 1 is out of range\n");
}
END_TEST

START_TEST(listening)
{
    struct config *c = good("[input s]\nlisten = unix:/run/x.sock udp:127.0.0.1:514\n"
                            "listen = tcp:[::1]:6514\nmode = 0600\nmax_message = 8K\n"
                            "max_connections = 5\nidle_timeout = 10m\nreceive_buffer = 1M\n"
                            "[input r]\nlisten = udp:0.0.0.0:514\nremote = yes\n");
    const struct config_listen *l = &c->inputs[0].listen;
    ck_assert_uint_eq(l->count, 3);
    ck_assert(l->addresses[0].transport == CONFIG_UNIX && l->addresses[1].transport == CONFIG_UDP);
    ck_assert(l->addresses[2].transport == CONFIG_TCP);
    ck_assert_int_eq(l->addresses[2].address.storage.ss_family, AF_INET6);
    ck_assert_str_eq(l->addresses[1].text, "udp:127.0.0.1:514");
    ck_assert(l->mode == 0600 && l->max_message == 8 << 10 && l->max_connections == 5);
    ck_assert(l->idle_timeout == 600 * NS_PER_SECOND && l->receive_buffer == 1 << 20);
    ck_assert(c->inputs[1].listen.remote && !c->inputs[1].listen.addresses[0].address.loopback);
    config_free(c);
    c = good("[input s]\nlisten = tcp:127.9.9.9:1\n");
    l = &c->inputs[0].listen;
    ck_assert(l->mode == 0666 && l->max_message == 64 << 10 && l->max_connections == 256);
    ck_assert(l->idle_timeout == 3600 * NS_PER_SECOND && l->receive_buffer == 4 << 20);
    config_free(c);
}
END_TEST

START_TEST(listening_mistakes)
{
    static const char *const addresses[][2] = {
        {"/dev/log", "'/dev/log' isn't unix:PATH, udp:ADDRESS:PORT or tcp:ADDRESS:PORT"},
        {"unix:log", "'log' isn't an absolute path"},
        {"udp:514", "'514' isn't ADDRESS:PORT or [ADDRESS]:PORT"},
        {"udp:127.0.0.1:0", "'0' isn't a port, 1 to 65535"},
        {"udp:127.0.0.1:65536", "'65536' isn't a port, 1 to 65535"},
        {"udp:127.0.0.1:5K", "'5K' isn't a port, 1 to 65535"},
        {"tcp:localhost:514", "'localhost' isn't an IPv4 address, or an IPv6 address in brackets"},
        {"tcp:::1:514", "'::1' isn't an IPv4 address, or an IPv6 address in brackets"},
        {"tcp:[127.0.0.1]:514",
         "'127.0.0.1' isn't an IPv4 address, or an IPv6 address in brackets"},
        {"tcp:10.1.2.3:514",
         "other machines can reach tcp:10.1.2.3:514; if they may: remote = yes"},
        {"tcp:[::]:514", "other machines can reach tcp:[::]:514; if they may: remote = yes"},
        {"udp:127.0.0.1:7 udp:127.0.0.1:7", "udp:127.0.0.1:7: already in line 2"},
    };
    char text[300];
    char wanted[300];
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        snprintf(text, sizeof(text), "[input a]\nlisten = %s\n", addresses[i][0]);
        snprintf(wanted, sizeof(wanted), ":2: listen: %s\n", addresses[i][1]);
        bad(text, wanted);
    }
    bad("[input a]\nlisten =\n", ":2: listen: no value\n");
    bad("[input a]\nlisten = unix:/a\npath = /b\n",
        ":1: [input a] listens: path, exclude and from belong into an input of their own\n");
    bad("[input a]\npath = /b\nmode = 0600\n", ":3: mode: is for an input with 'listen'\n");
    bad("[input a]\nlisten = unix:/a\nmode = 9\n", ":3: mode: '9' isn't a mode such as 0660\n");
    bad("[input a]\nlisten = unix:/a\nremote = 1\n", ":3: remote: '1' isn't one of yes, no\n");
    bad("[input a]\nlisten = unix:/a\nmax_message = 1M\n", ":3: max_message: 1M is out of range\n");
    bad("[input a]\nlisten = unix:/a\nremote = no\nremote = no\n",
        ":4: remote: already set in line 3\n");
    bad("[input a]\nlisten = unix:/a\nidle_timeout = 1ms\n",
        ":3: idle_timeout: 1ms is out of range\n");
}
END_TEST

START_TEST(hostile)
{
    struct config *config;
    struct lgz_error err = {0};
    char text[5000];
    memset(text, 'x', sizeof(text));
    ck_assert_int_eq(load_bytes(text, sizeof(text), &config, &err), LGZ_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr((char *)findings.data, ":1: the line is longer than"));
    ck_assert_int_eq(load_bytes("[archive]\nlevel\0=fast\n", 22, &config, &err), LGZ_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr((char *)findings.data, ":2: the line has a NUL byte"));
    memset(text, '[', sizeof(text));
    ck_assert_int_eq(load_bytes(text, 190, &config, &err), LGZ_ERR_CONFIG);
    /* Every prefix of a good file is either good or an error, never a crash. */
    static const char whole[] = "[archive]\ndirectory = /a\n[input x]\npath = /b\\ /c\\\n";
    for (size_t len = 0; len < sizeof(whole); len++) {
        if (load_bytes(whole, len, &config, &err) == LGZ_OK)
            config_free(config);
    }
    unlink(path);
    ck_assert_int_eq(config_load(&config, path, NULL, NULL, &err), LGZ_ERR_IO);
}
END_TEST

START_TEST(values)
{
    uint64_t size;
    int64_t time;
    ck_assert(config_parse_size("0", &size) && size == 0);
    ck_assert(config_parse_size("16383P", &size) == false);
    ck_assert(config_parse_size("16777215T", &size) && size == UINT64_C(16777215) << 40);
    ck_assert(!config_parse_size("16777216T", &size));
    ck_assert(!config_parse_size("18446744073709551616", &size));
    ck_assert(!config_parse_size("", &size) && !config_parse_size("-1", &size));
    ck_assert(!config_parse_size("1 K", &size) && !config_parse_size("1KK", &size));
    ck_assert(config_parse_duration("0", &time) && time == 0);
    ck_assert(config_parse_duration("2w", &time) && time == 14 * 86400 * NS_PER_SECOND);
    ck_assert(!config_parse_duration("99999999999w", &time));
    ck_assert(!config_parse_duration("5", &time) && !config_parse_duration("m", &time));
}
END_TEST

START_TEST(against_the_machine)
{
    struct lgz_error err = {0};
    struct config *c = good("[archive]\ndirectory = /proc/version/x\n[daemon]\n"
                            "control_group = no-such-group-here\n[input a]\npath = /dev/null\n"
                            "path = /tmp\npath = /no/such/place/*.log /no-such-file\n");
    buf_clear(&findings);
    ck_assert_int_eq(config_check(c, collect, NULL, &err), LGZ_ERR_CONFIG);
    buf_push(&findings, '\0');
    const char *told = (const char *)findings.data;
    ck_assert_ptr_nonnull(strstr(told, ":2: directory: "));
    ck_assert_ptr_nonnull(
        strstr(told, ":4: control_group: there is no group 'no-such-group-here'"));
    ck_assert_ptr_nonnull(strstr(told, ":6: path: /dev/null isn't a regular file"));
    ck_assert_ptr_nonnull(strstr(told, ":7: path: /tmp is a directory"));
    ck_assert_ptr_null(strstr(told, ":8:"));
    config_free(c);
}
END_TEST

START_TEST(the_archive_is_no_input)
{
    struct lgz_error err = {0};
    struct config *c = good("[archive]\ndirectory = /tmp\n[input a]\npath = /*/*\n");
    buf_clear(&findings);
    ck_assert_int_eq(config_check(c, collect, NULL, &err), LGZ_ERR_CONFIG);
    buf_push(&findings, '\0');
    ck_assert_ptr_nonnull(
        strstr((const char *)findings.data, ":4: path: /*/* matches the archive"));
    config_free(c);

    c = good("[archive]\ndirectory = /tmp\n[daemon]\ncontrol = /tmp/c\n"
             "[input a]\npath = /*/*\nexclude = /tmp/*\n[input b]\npath = /*/*.log\n");
    ck_assert_int_eq(config_check(c, collect, NULL, &err), LGZ_OK);
    config_free(c);
}
END_TEST

/* Expressions may have several parts; each mistake has its line and its place. */
START_TEST(expressions)
{
    struct config *c = good("[input a]\npath = /a\nmultiline_start = ^\\d{4}[-:#=;]\n"
                            "format = ^(?<when>[^ ]+)[ ]\n  format: (?<level>[A-Z]+) = \n"
                            "[input b]\npath = /b");
    ck_assert_str_eq(c->inputs[0].rules.multiline_start, "^\\d{4}[-:#=;]");
    ck_assert_str_eq(c->inputs[0].rules.format, "^(?<when>[^ ]+)[ ](?<level>[A-Z]+) =");
    ck_assert(rules_empty(&c->inputs[1].rules));
    config_free(c);
    bad("[input a]\npath = /a\nmultiline_start = a(\nformat = (?<x>a)\nformat = (\n",
        ":3: multiline_start: at character 3: missing closing parenthesis\n"
        ":4: format: at character 9: missing closing parenthesis\n");
    bad("[input a]\npath = /a\nformat = ^(a)\nmultiline_start =\n",
        ":4: multiline_start: no value\n"
        ":3: format: has no named group, such as (?<name>[0-9]+)\n");
    bad("[input a]\npath = /a\nmultiline_start = a ;b\n",
        ":3: multiline_start: a blank and ';' begin a comment; write '[ ];' to match them, and "
        "comments in lines of their own\n");
    bad("[input a]\npath = /a\nmultiline_start = (*UTF)a\n",
        ":3: multiline_start: at character 7: using UTF is disabled by the application\n");
}
END_TEST

/* Parts may be short, but not endlessly many. */
START_TEST(long_expression)
{
    struct buf text = {0};
    buf_append_string(&text, "[input a]\npath = /a\n");
    for (size_t i = 0; i < RULES_TEXT_MAX / 64; i++)
        buf_printf(&text, "multiline_start = %064zu\n", i);
    buf_push(&text, '\0');
    struct config *c = good((const char *)text.data);
    ck_assert_uint_eq(strlen(c->inputs[0].rules.multiline_start), RULES_TEXT_MAX);
    config_free(c);
    text.len--;
    buf_append(&text, "multiline_start = x\n", 21);
    bad((const char *)text.data, ":67: multiline_start: more than 4096 bytes\n");
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, all_keys);
    tcase_add_test(tc, mistakes);
    tcase_add_test(tc, listening);
    tcase_add_test(tc, listening_mistakes);
    tcase_add_test(tc, hostile);
    tcase_add_test(tc, values);
    tcase_add_test(tc, against_the_machine);
    tcase_add_test(tc, the_archive_is_no_input);
    tcase_add_test(tc, expressions);
    tcase_add_test(tc, long_expression);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = run_suite("config", add_tests, 0);
    buf_free(&findings);
    unlink(path);
    return failed != 0;
}
