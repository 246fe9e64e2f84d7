/*
 * control.c - logzipctl status, seal and reload: three requests to the daemon.
 */
#include "archive/control_client.h"

#include "cli/command.h"

/* Status is quick; sealing reads, encodes and syncs everything that is in the journal. */
enum { STATUS_TIMEOUT_MS = 10 * 1000, WORK_TIMEOUT_MS = 3600 * 1000 };

/* Send the request and print the answer. @return the exit status */
static int ask(const char *config_path, const char *request, int timeout_ms)
{
    struct buf reply = {0};
    struct lgz_error err = {0};
    struct config *config = load_config(config_path);
    if (!config)
        return 1;
    int code = control_request(config->control, request, timeout_ms, &reply, &err);
    if (code != LGZ_OK)
        say_error(&err);
    config_free(config);
    bool printed = output_buffer(&reply);
    return code == LGZ_OK && printed ? 0 : 1;
}

/* Parse the options that the three have; `json` is NULL where there is no such option. */
static int parse(const struct command *self, int argc, char **argv, const char **config, bool *json)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, OPTION_HELP},
        {"json", no_argument, NULL, OPTION_FIRST},
        {0},
    };
    for (int option; (option = option_next(self, argc, argv, ":c:", longs)) != OPTION_END;) {
        if (option == 'c') {
            *config = optarg;
        } else if (option == OPTION_HELP) {
            option_help(self);
            return OPTION_HELP;
        } else if (option == OPTION_FIRST && json) {
            *json = true;
        } else {
            if (option == OPTION_FIRST)
                option_misuse(self, "unknown option --json");
            return OPTION_BAD;
        }
    }
    if (optind < argc) {
        option_misuse(self, "unexpected argument '%s'", argv[optind]);
        return OPTION_BAD;
    }
    return OPTION_END;
}

static int run_status(const struct command *self, int argc, char **argv)
{
    const char *config = NULL;
    bool json = false;
    int option = parse(self, argc, argv, &config, &json);
    if (option != OPTION_END)
        return option == OPTION_HELP ? 0 : self->error_status;
    return ask(config, json ? "status json" : "status", STATUS_TIMEOUT_MS);
}

/* The request has the command's name. */
static int run_request(const struct command *self, int argc, char **argv)
{
    const char *config = NULL;
    int option = parse(self, argc, argv, &config, NULL);
    if (option != OPTION_END)
        return option == OPTION_HELP ? 0 : self->error_status;
    return ask(config, self->name, WORK_TIMEOUT_MS);
}

#define COMMON_HELP                                                                      \
    "  -c, --config=FILE  the daemon's configuration; default " CONFIG_DEFAULT_PATH "\n" \
    "      --help         show this text\n"                                              \
    "\n"                                                                                 \
    "Exit status: 0 if the daemon did it, 1 if not, 2 after wrong usage.\n"

const struct command command_status = {
    .name = "status",
    .summary = "how the daemon is and what it reads",
    .help = "Usage: logzipctl status [OPTION]...\n"
            "\n"
            "Ask the daemon how it is, which files it reads and how far, and what it keeps.\n"
            "\n"
            "      --json         as a JSON object\n" COMMON_HELP,
    .error_status = 2,
    .run = run_status,
};

const struct command command_seal = {
    .name = "seal",
    .summary = "let the daemon seal its journal into a segment now",
    .help = "Usage: logzipctl seal [OPTION]...\n"
            "\n"
            "Let the daemon read what is in its files now and seal the journal into a segment.\n"
            "Returns when the segment is on the disk.\n"
            "\n" COMMON_HELP,
    .error_status = 2,
    .run = run_request,
};

const struct command command_reload = {
    .name = "reload",
    .summary = "let the daemon read its configuration again",
    .help = "Usage: logzipctl reload [OPTION]...\n"
            "\n"
            "Let the daemon read its configuration again. If there is an error in it, the daemon\n"
            "goes on with what it has, and the error is shown.\n"
            "\n" COMMON_HELP,
    .error_status = 2,
    .run = run_request,
};
