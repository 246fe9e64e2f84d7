/*
 * main.c - logzipctl, the program that people, scripts and cron use.
 *
 * The map of its sources:
 *   main.c        this: the table of sub-commands, help and version
 *   command.[ch]  what a sub-command is; option parsing, messages, output
 *   compress.c, decompress.c        streams and files in gzip's manner, by
 *   transform.[ch]                  which does all that has to do with files
 *   progress.[ch], interrupt.[ch]   the progress line; leaving nothing unfinished on Ctrl-C
 *   info.c, verify.c                what is in a file or an archive, and is it sound
 *   list.c                          the segments of an archive, from its catalog
 *   query.c, query_options.[ch]     searches, and their options,
 *   query_run.[ch]                  and running them; the work is done in src/query
 *   export.c, export_sink.[ch]      lines for other programs: a query, and where its output goes
 *   templates.c, stats.c            which templates lines have; what takes the space
 *   query_counts.[ch], terminal.[ch]  counts and histograms; how large the terminal is
 *   option_table.[ch]               options as rows of a table, for a command that has many
 *   pattern_file.[ch]               the patterns of -f FILE
 *   restore.c                       exact bytes of a file back
 *   rotate.c, rotate_report.[ch]    the nightly work of cron, and what it says
 *   import.c, merge.c, expire.c, scrub.c  a step of it by itself;
 *   chore.[ch]                      what these and rotate share
 *   keep.c, salvage.c               what doesn't expire; what is left of a damaged segment
 *   control.c                       status, seal, reload: ask the daemon
 */
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"

static const struct command *const commands[] = {
    &command_compress,  &command_decompress, &command_info,    &command_verify,  &command_query,
    &command_templates, &command_stats,      &command_restore, &command_import,  &command_export,
    &command_merge,     &command_rotate,     &command_expire,  &command_keep,    &command_list,
    &command_salvage,   &command_scrub,      &command_status,  &command_metrics, &command_seal,
    &command_reload,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_help(FILE *to)
{
    fputs("Usage: logzipctl COMMAND [OPTION]... [ARGUMENT]...\n"
          "\n"
          "Compress, search and look after logs. The commands:\n"
          "\n",
          to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "'logzipctl help COMMAND' or 'logzipctl COMMAND --help' shows a command's options,\n"
          "'logzipctl --version' the version. logzipctl(1) describes it all.\n",
          to);
}

static int unknown(const char *name)
{
    fprintf(stderr, "logzipctl: unknown command '%s'\nTry 'logzipctl --help'.\n", name);
    return 2;
}

static int help(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return 0;
    }
    const struct command *command = find_command(argv[2]);
    return command ? option_help(command) : unknown(argv[2]);
}

/* This program under other names, as gzip has them: for logrotate, and for people who type less. */
static const struct alias {
    const char *name;
    const struct command *command;
    const char *option; /* that it stands for as well; NULL: none */
} aliases[] = {
    {"logzip", &command_compress, NULL},
    {"unlogzip", &command_decompress, NULL},
    {"logzcat", &command_decompress, "--stdout"},
};

static const struct alias *find_alias(const char *program)
{
    const char *name = file_name(program);
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcmp(aliases[i].name, name) == 0)
            return &aliases[i];
    return NULL;
}

/* All arguments are the command's. */
static int run_alias(const struct alias *alias, int argc, char **argv)
{
    int count = 0;
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!words) {
        say("out of memory");
        return alias->command->error_status;
    }
    words[count++] = argv[0];
    if (alias->option)
        words[count++] = (char *)alias->option;
    for (int i = 1; i < argc; i++)
        words[count++] = argv[i];
    int status = alias->command->run(alias->command, count, words);
    free(words);
    return status;
}

/* Output that is still in stdio's buffer can fail, too. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("logzipctl: standard output");
        return status ? status : 1;
    }
    return status;
}

enum {
    MAP_FROM = 32 << 20,   /* bytes of an array that is mapped by itself: the most glibc takes */
    TRIM_FROM = 1 << 30,   /* free bytes that are given back: in practice never */
    GROW_LEAST = 1 << 20,  /* bytes by which the heap grows at once */
    HEAP_ROOM = 128 << 20, /* bytes of it that may be in large pages */
};

/*
 * Large arrays come and go with each block: giving them back in between takes a tenth of the time.
 * Another tenth goes into the first touch of each page, less if pages are large: the heap takes
 * room for such ones, which costs nothing until it is used.
 */
static void tune_heap(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, MAP_FROM);
    mallopt(M_TRIM_THRESHOLD, TRIM_FROM);
    mallopt(M_TOP_PAD, HEAP_ROOM);
    char *first = malloc(1);
    char *end = sbrk(0);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    char *start = (char *)(((uintptr_t)first + page - 1) / page * page);
    /* Where the heap can't grow so far, what was taken lies elsewhere. */
    if (first && start < end && end - start <= 2 * (ptrdiff_t)HEAP_ROOM)
        madvise(start, (size_t)(end - start), MADV_HUGEPAGE);
    free(first);
    mallopt(M_TOP_PAD, GROW_LEAST);
#endif
}

int main(int argc, char **argv)
{
    tune_heap();
    file_raise_limit(); /* a large archive has many segments */
    const struct alias *alias = argc ? find_alias(argv[0]) : NULL;
    if (alias && !(argc == 2 && strcmp(argv[1], "--version") == 0))
        return finish(run_alias(alias, argc, argv));
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return finish(help(argc, argv));
    if (strcmp(argv[1], "--version") == 0) {
        printf("logzipctl %s\n", lgz_version());
        return finish(0);
    }
    const struct command *command = find_command(argv[1]);
    if (!command)
        return unknown(argv[1]);
    return finish(command->run(command, argc - 1, argv + 1));
}
