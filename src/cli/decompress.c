/*
 * decompress.c - logzipctl decompress.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/transform.h"

static char *original_name(const char *input, struct lgz_error *err)
{
    if (!transform_has_suffix(input)) {
        error_set(err, LGZ_ERR_ARGUMENT, "%s: doesn't end in %s; ignored", input, TRANSFORM_SUFFIX);
        return NULL;
    }
    char *name = strndup(input, strlen(input) - strlen(TRANSFORM_SUFFIX));
    if (!name)
        error_memory(err);
    return name;
}

static int open_decompressor(void **state, const void *settings, const char *name,
                             const struct stat *st, lgz_write_fn *write, void *sink,
                             struct lgz_error *err)
{
    struct lgz_decompressor *decompressor = NULL;
    const unsigned *threads = settings;
    (void)st;
    int code = lgz_decompressor_new_threads(&decompressor, name ? name : "standard input", *threads,
                                            write, sink, err);
    *state = decompressor;
    return code;
}

static int write_decompressor(void *state, const void *data, size_t size, struct lgz_error *err)
{
    return lgz_decompressor_write(state, data, size, err);
}

static int finish_decompressor(void *state, struct lgz_error *err)
{
    return lgz_decompressor_finish(state, err);
}

static void free_decompressor(void *state)
{
    lgz_decompressor_free(state);
}

static const struct codec codec = {
    .packs = false,
    .rename = original_name,
    .open = open_decompressor,
    .write = write_decompressor,
    .finish = finish_decompressor,
    .free = free_decompressor,
};

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        TRANSFORM_LONGS, {"threads", required_argument, NULL, 'T'}, {0}};
    unsigned threads = option_processors();
    struct transform_options options = {.settings = &threads};
    for (int option;
         (option = option_next(self, argc, argv, ":T:" TRANSFORM_SHORTS, longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == 'T' ? !option_threads(self, optarg, &threads)
                          : !transform_option(&options, option, optarg))
            return self->error_status;
    }
    return transform_files(self, &codec, &options, argv + optind, (size_t)(argc - optind));
}

const struct command command_decompress = {
    .name = "decompress",
    .summary = "turn segments back into the files they were made of",
    .help = "Usage: logzipctl decompress [OPTION]... [FILE]...\n"
            "\n"
            "Turn each FILE.logz back into FILE, byte for byte, and remove FILE.logz.\n"
            "Without FILE, or when FILE is -, decompress standard input to standard output.\n"
            "Every block is checked; a damaged or cut input leaves no output file behind.\n"
            "\n"
            "  -c, --stdout       write to standard output, keep FILE\n"
            "  -k, --keep         keep FILE\n"
            "  -f, --force        overwrite output files, follow links\n"
            "  -o, --output=OUT   write to OUT, keep FILE\n"
            "  -T, --threads=N    use N threads; 0, the default: one per processor\n"
            "      --help         show this text\n"
            "\n"
            "Exit status: 0 if all went well, 1 after an error, 2 after a warning.\n",
    .error_status = TRANSFORM_ERROR,
    .run = run,
};
