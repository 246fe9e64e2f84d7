/*
 * compress.c - logzipctl compress.
 */
#include <stdio.h>
#include <stdlib.h>

#include "archive/config.h"
#include "base/clock.h"
#include "cli/transform.h"

enum { OPTION_FAST = OPTION_FIRST, OPTION_BEST, OPTION_MEMORY, OPTION_INDEX };

static char *compressed_name(const char *input, struct lgz_error *err)
{
    if (transform_has_suffix(input)) {
        error_set(err, LGZ_ERR_ARGUMENT, "%s: already has the suffix %s; unchanged", input,
                  TRANSFORM_SUFFIX);
        return NULL;
    }
    char *name = NULL;
    if (asprintf(&name, "%s%s", input, TRANSFORM_SUFFIX) < 0) {
        error_memory(err);
        return NULL;
    }
    return name;
}

static int open_compressor(void **state, const void *settings, const char *name,
                           const struct stat *st, lgz_write_fn *write, void *sink,
                           struct lgz_error *err)
{
    struct lgz_options options = *(const struct lgz_options *)settings;
    struct lgz_compressor *compressor = NULL;
    /* logrotate gives the log as standard input, and says here what it is. */
    options.source = name ? name : getenv("LOGROTATE_COMPRESSED_FILENAME");
    /* Whole seconds, which take fewer bytes: it is only there to date stamps without a year. */
    options.source_time = S_ISREG(st->st_mode) ? (int64_t)st->st_mtim.tv_sec * NS_PER_SECOND
                                               : clock_real() / NS_PER_SECOND * NS_PER_SECOND;
    int code = lgz_compressor_new(&compressor, &options, write, sink, err);
    *state = compressor;
    return code;
}

static int write_compressor(void *state, const void *data, size_t size, struct lgz_error *err)
{
    return lgz_compressor_write(state, data, size, err);
}

static int finish_compressor(void *state, struct lgz_error *err)
{
    return lgz_compressor_finish(state, err);
}

static void free_compressor(void *state)
{
    lgz_compressor_free(state);
}

static const struct codec codec = {
    .packs = true,
    .rename = compressed_name,
    .open = open_compressor,
    .write = write_compressor,
    .finish = finish_compressor,
    .free = free_compressor,
};

/* -1 to -9, as scripts give them to gzip, and the two names. @return false if it's another option
 */
static bool take_level(int option, enum lgz_level *level)
{
    if (option == OPTION_FAST || option == '1')
        *level = LGZ_LEVEL_FAST;
    else if (option == OPTION_BEST || option == '9')
        *level = LGZ_LEVEL_BEST;
    else if (option > '1' && option < '9')
        *level = LGZ_LEVEL_DEFAULT;
    else
        return false;
    return true;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"fast", no_argument, NULL, OPTION_FAST},
        {"best", no_argument, NULL, OPTION_BEST},
        {"threads", required_argument, NULL, 'T'},
        {"memory", required_argument, NULL, OPTION_MEMORY},
        {"index", no_argument, NULL, OPTION_INDEX},
        TRANSFORM_LONGS,
        {0},
    };
    struct lgz_options settings;
    struct transform_options options = {.settings = &settings};
    lgz_options_default(&settings);
    for (int option; (option = option_next(self, argc, argv, ":T:123456789" TRANSFORM_SHORTS,
                                           longs)) != OPTION_END;) {
        switch (option) {
        case 'T':
            if (!option_threads(self, optarg, &settings.threads))
                return self->error_status;
            break;
        case OPTION_MEMORY:
            if (!config_parse_size(optarg, &settings.memory))
                return option_misuse(self, "--memory %s: not a size such as 200M", optarg);
            break;
        case OPTION_INDEX:
            settings.index = 1;
            break;
        case OPTION_HELP:
            return option_help(self);
        default:
            if (!take_level(option, &settings.level) && !transform_option(&options, option, optarg))
                return self->error_status;
            break;
        }
    }
    return transform_files(self, &codec, &options, argv + optind, (size_t)(argc - optind));
}

const struct command command_compress = {
    .name = "compress",
    .summary = "turn log files into segments (FILE.logz)",
    .help = "Usage: logzipctl compress [OPTION]... [FILE]...\n"
            "\n"
            "Turn each FILE into FILE.logz, with the same mode, owner and times, and remove FILE.\n"
            "Without FILE, or when FILE is -, compress standard input to standard output.\n"
            "\n"
            "  -1, --fast         as quick as possible\n"
            "  -9, --best         as small as possible; -2 to -8 are the default\n"
            "  -T, --threads=N    use N threads; 0 means one per processor\n"
            "      --index        with an index, for quick queries: 2 % larger at most\n"
            "      --memory=SIZE  stay within SIZE bytes of memory (200M, 1G)\n"
            "  -c, --stdout       write to standard output, keep FILE\n"
            "  -k, --keep         keep FILE\n"
            "  -f, --force        overwrite output files, follow links, write to a terminal\n"
            "  -o, --output=OUT   write to OUT, keep FILE\n"
            "      --help         show this text\n"
            "\n"
            "Exit status: 0 if all went well, 1 after an error, 2 after a warning.\n",
    .error_status = TRANSFORM_ERROR,
    .run = run,
};
