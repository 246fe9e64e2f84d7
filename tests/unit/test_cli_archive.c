/*
 * test_cli_archive.c - query, restore, info, verify and rotate on an archive that no daemon writes.
 */
#include "archive_fixture.h"

#include <fcntl.h>

#include "cli/command.h"
#include "suite.h"

enum { MAX_ARGUMENTS = 12 };

static char config_path[80];
static char output_path[80];

static void write_config(const char *more)
{
    snprintf(config_path, sizeof(config_path), "%s/conf", directory);
    snprintf(output_path, sizeof(output_path), "%s/output", directory);
    FILE *f = fopen(config_path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "[archive]\ndirectory = %s/archive\n%s[daemon]\ncontrol = %s/control\n", directory,
            more, directory);
    fprintf(f, "[input logs]\npath = /log/*\n");
    ck_assert_int_eq(fclose(f), 0);
}

/* Run the command; what it writes goes to output_path. `words` are separated by blanks. */
static int run(const struct command *command, const char *words)
{
    char copy[400];
    char *argv[MAX_ARGUMENTS + 1] = {0}, *state = NULL;
    int argc = 0;
    snprintf(copy, sizeof(copy), "%s %s", command->name, words);
    for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        ck_assert_int_lt(argc, MAX_ARGUMENTS);
        argv[argc++] = word;
    }
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int fd = open(output_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert(saved >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
    optind = 0; /* glibc: start anew */
    int status = command->run(command, argc, argv);
    fflush(stdout);
    ck_assert(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    close(fd);
    return status;
}

static int run_with_config(const struct command *command, const char *words)
{
    char all[400];
    snprintf(all, sizeof(all), "--config=%s %s", config_path, words);
    return run(command, all);
}

/* The last command's output. */
static const char *output(void)
{
    static char text[65536];
    struct buf out = {0};
    ck_ok(file_load(output_path, sizeof(text) - 1, &out, &err));
    snprintf(text, sizeof(text), "%.*s", (int)out.len, out.len ? (char *)out.data : "");
    buf_free(&out);
    return text;
}

/* Give "archive" below the temporary directory to the fixture's helpers, too. */
static char base[64];

static void begin(const char *config)
{
    make_directory();
    write_config(config);
    memcpy(base, directory, sizeof(base));
    snprintf(directory, sizeof(directory), "%.40s/archive", base);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
}

static void end(void)
{
    memcpy(directory, base, sizeof(base));
    remove_directory();
}

START_TEST(test_rotate_seals_without_daemon)
{
    begin("merge = none\n");
    struct journal_writer *j = create_journal(1, 2, 0);
    put(j, 1, 0, "2026-01-01 00:00:00 first\n2026-01-01 00:0");
    put(j, 2, 0, "other file\n");
    put(j, 1, 41, "0:01 second\n");
    journal_close(j);

    ck_assert_int_eq(run_with_config(&command_rotate, "--dry-run"), 0);
    ck_assert_ptr_nonnull(strstr(output(), "would seal 64 B"));
    ck_assert_int_eq(run_with_config(&command_query, "-h second"), 0);
    ck_assert_str_eq(output(), "2026-01-01 00:00:01 second\n");

    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_ptr_nonnull(strstr(output(), "sealed 64 B into "));
    ck_assert_ptr_nonnull(strstr(output(), "expired 0 segments; 1 segments of "));
    ck_assert_ptr_nonnull(strstr(output(), "all sound"));

    /* The position is not lost: a daemon would go on where the journal ended. */
    struct archive_recovery *recovery = NULL;
    ck_ok(archive_recover(&recovery, directory, &err));
    ck_assert_uint_eq(recovery->position_count, 2);
    ck_assert_uint_eq(recovery->positions[0].next, 53);
    archive_recovery_free(recovery);

    ck_assert_int_eq(run_with_config(&command_query, "--source=/log/1 -c :"), 0);
    ck_assert_str_eq(output(), "2\n");
    ck_assert_int_eq(run_with_config(&command_query, "-c o"), 0);
    ck_assert_str_eq(output(), "/log/1:1\n/log/2:1\n");
    ck_assert_int_eq(run_with_config(&command_query, "nothing"), 1);
    ck_assert_int_eq(run_with_config(&command_query, "--json other"), 0);
    ck_assert_str_eq(output(), "{\"time\":\"2023-11-14T22:13:20.000000000Z\",\"source\":\"/log/2\","
                               "\"line\":\"other file\"}\n");
    end();
}
END_TEST

START_TEST(test_rotate_twice_and_restore)
{
    char words[200], restored[100];
    begin("");
    write_journal(1, 0, "one\ntwo\n");
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_str_eq(output(), ""); /* there was nothing to do */
    ck_assert_int_eq(run_with_config(&command_rotate, "-v"), 0);
    ck_assert_ptr_nonnull(strstr(output(), "nothing to seal; expired 0 segments; 1 segments of "));
    ck_assert_int_eq(run_with_config(&command_restore, "--source /log/1"), 0);
    ck_assert_str_eq(output(), "one\ntwo\n");
    snprintf(restored, sizeof(restored), "%s/restored", base);
    snprintf(words, sizeof(words), "--source /log/1 -o %s", restored);
    ck_assert_int_eq(run_with_config(&command_restore, words), 0);
    ck_assert_int_eq(run_with_config(&command_restore, words), 1); /* exists */
    snprintf(words, sizeof(words), "--source /log/1 -f -o %s", restored);
    ck_assert_int_eq(run_with_config(&command_restore, words), 0);
    struct buf out = {0};
    ck_ok(file_load(restored, 100, &out, &err));
    ck_assert_uint_eq(out.len, 8);
    buf_free(&out);
    ck_assert_int_eq(run_with_config(&command_restore, "--source /log/absent"), 1);
    ck_assert_int_eq(run_with_config(&command_restore, ""), 2);
    end();
}
END_TEST

START_TEST(test_rotate_expires_and_finds_damage)
{
    begin("max_age = 1d\n");
    write_journal(1, 0, "very old\n"); /* read in 2023 */
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_ptr_nonnull(strstr(output(), "expired 1 segments"));
    ck_assert_int_eq(run_with_config(&command_query, "old"), 1);
    end();

    begin("");
    write_journal(1, 0, "line\n");
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    struct archive_snapshot *snapshot;
    ck_ok(archive_snapshot_open(&snapshot, directory, &err));
    ck_assert_uint_eq(snapshot->segment_count, 1);
    int fd = open(snapshot->segments[0].path, O_WRONLY);
    ck_assert(fd >= 0 && pwrite(fd, "\x55\xaa\x55", 3, 12) == 3);
    close(fd);
    archive_snapshot_close(snapshot);
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 1);
    ck_assert_ptr_nonnull(strstr(output(), "1 of 1 verified are DAMAGED"));
    /* It was only the block's head, which can be put right. */
    ck_assert_int_eq(run(&command_verify, directory), 0);
    ck_assert_int_eq(run_with_config(&command_query, "line"), 0);
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    end();
}
END_TEST

/* A dry run names what would go, and its summary is the last line, whatever the output is. */
START_TEST(test_dry_run_names_what_would_expire)
{
    begin("max_age = 1d\nmerge = none\n");
    write_journal(1, 0, "very old\n");
    write_journal(2, 9, "");
    free(seal(1, 1));
    ck_assert_int_eq(run_with_config(&command_rotate, "--dry-run"), 0);
    ck_assert_int_eq(strncmp(output(), "would expire /", 14), 0);
    ck_assert_ptr_nonnull(strstr(output(), "(age)\nwould seal 0 B; would expire 1 segments of "));
    ck_assert_int_eq(run_with_config(&command_query, "old"), 0);
    end();
}
END_TEST

/* Of many segments, those that were not verified within the time are left for the next night. */
START_TEST(test_rotate_ends_when_the_time_is_up)
{
    begin("");
    write_journal(1, 0, "line\n");
    ck_assert_int_eq(run_with_config(&command_rotate, "--max-time=1ms"), 0);
    ck_assert_ptr_nonnull(strstr(output(), "; the time is up\n"));
    ck_assert_int_eq(run_with_config(&command_rotate, "--max-time=1h -v"), 0);
    ck_assert_ptr_null(strstr(output(), "the time is up"));
    ck_assert_int_eq(run_with_config(&command_query, "-c line"), 0);
    ck_assert_int_eq(run_with_config(&command_rotate, "--max-time=long"), 2);
    ck_assert_int_eq(run_with_config(&command_rotate, "--max-time"), 2);
    end();
}
END_TEST

START_TEST(test_rotate_respects_the_lock)
{
    struct archive_lock *lock = NULL;
    begin("");
    write_journal(1, 0, "line\n");
    ck_ok(archive_lock(&lock, directory, "somebody", &err));
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 1);
    ck_assert_ptr_nonnull(strstr(output(), "not sealed"));
    archive_unlock(lock);
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_ptr_nonnull(strstr(output(), "sealed 5 B"));
    end();
}
END_TEST

START_TEST(test_info_and_verify)
{
    begin("");
    write_journal(1, 0, "2026-01-01 00:00:00 line\n");
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_int_eq(run(&command_info, directory), 0);
    ck_assert_ptr_nonnull(strstr(output(), "1 segments: 25 B in "));
    char words[100];
    snprintf(words, sizeof(words), "--json %s", directory);
    ck_assert_int_eq(run(&command_info, words), 0);
    ck_assert_ptr_nonnull(strstr(output(), "\"raw_bytes\":25,"));
    ck_assert_ptr_nonnull(strstr(output(), "\"time_min\":\"2026-01-01T00:00:00Z\""));
    ck_assert_ptr_nonnull(strstr(output(), "\"journals\":[{\"sequence\":2,\"raw_bytes\":0}]"));
    ck_assert_int_eq(run(&command_verify, directory), 0);
    ck_assert_int_eq(run(&command_verify, ""), 2);
    ck_assert_int_eq(run(&command_info, "/nonexistent"), 1);
    end();
}
END_TEST

/* A directory that never was an archive is a mistake, not one that is empty and sound. */
START_TEST(test_directory_without_archive)
{
    char words[100];
    begin("");
    ck_assert_int_eq(run(&command_verify, directory), 1);
    ck_assert_int_eq(run(&command_info, directory), 1);
    ck_assert_str_eq(output(), "");
    snprintf(words, sizeof(words), "x %s", directory);
    ck_assert_int_eq(run(&command_query, words), 2);
    snprintf(words, sizeof(words), "--source=x %s", directory);
    ck_assert_int_eq(run(&command_restore, words), 1);
    ck_assert_int_eq(run_with_config(&command_rotate, ""), 0);
    ck_assert_int_eq(run(&command_verify, directory), 0);
    end();
}
END_TEST

/* Without a daemon these say so. */
START_TEST(test_control_without_daemon)
{
    begin("");
    ck_assert_int_eq(run_with_config(&command_status, "--json"), 1);
    ck_assert_int_eq(run_with_config(&command_seal, ""), 1);
    ck_assert_int_eq(run_with_config(&command_seal, "--json"), 2);
    ck_assert_int_eq(run_with_config(&command_reload, "more"), 2);
    ck_assert_int_eq(run(&command_status, "-c /nonexistent"), 1);
    end();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_rotate_seals_without_daemon);
    tcase_add_test(tc, test_rotate_twice_and_restore);
    tcase_add_test(tc, test_rotate_expires_and_finds_damage);
    tcase_add_test(tc, test_dry_run_names_what_would_expire);
    tcase_add_test(tc, test_rotate_ends_when_the_time_is_up);
    tcase_add_test(tc, test_rotate_respects_the_lock);
    tcase_add_test(tc, test_info_and_verify);
    tcase_add_test(tc, test_directory_without_archive);
    tcase_add_test(tc, test_control_without_daemon);
}

int main(void)
{
    return run_suite("cli_archive", add_tests, 0);
}
