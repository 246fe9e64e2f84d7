/*
 * control.c - logzipctl status, metrics, seal and reload: requests to the daemon.
 */
#include "archive/control_client.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/terminal.h"

/* Status is quick; sealing reads, encodes and syncs everything that is in the journal. */
enum { STATUS_TIMEOUT_MS = 10 * 1000, WORK_TIMEOUT_MS = 3600 * 1000 };

/* Lines of a screen that the summary takes, with the prompt; and a table that is worth having. */
enum { SUMMARY_ROWS = 16, ROWS_MIN = 5 };

/* Send the request and print the answer. @return the exit status */
static int ask(const char *config_path, const char *request, int timeout_ms)
{
    struct buf reply = {0};
    struct lgz_error err = {0};
    struct config *config = load_config(config_path);
    if (!config)
        return 1;
    int code = control_request(config->control, request, timeout_ms, NULL, &reply, &err);
    if (code != LGZ_OK)
        say_error(&err);
    config_free(config);
    bool printed = output_buffer(&reply);
    return code == LGZ_OK && printed ? 0 : 1;
}

enum { OPTION_JSON = OPTION_FIRST, OPTION_ALL };

struct choices {
    const char *config;
    bool json;
    bool all;
};

/* Parse the options; only status has more than --config and --help. */
static int parse(const struct command *self, int argc, char **argv, struct choices *out)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, OPTION_HELP},
        {"json", no_argument, NULL, OPTION_JSON},
        {"all", no_argument, NULL, OPTION_ALL},
        {0},
    };
    for (int option; (option = option_next(self, argc, argv, ":c:", longs)) != OPTION_END;) {
        if (option == 'c') {
            out->config = optarg;
        } else if (option == OPTION_HELP) {
            option_help(self);
            return OPTION_HELP;
        } else if (option >= OPTION_FIRST && self != &command_status) {
            option_misuse(self, "unknown option --%s", option == OPTION_JSON ? "json" : "all");
            return OPTION_BAD;
        } else if (option == OPTION_JSON) {
            out->json = true;
        } else if (option == OPTION_ALL) {
            out->all = true;
        } else {
            return OPTION_BAD;
        }
    }
    return option_last(self, argc, argv) == OPTION_END ? OPTION_END : OPTION_BAD;
}

/* How many sources fit on the terminal below the summary; 0: no terminal, no limit. */
static unsigned rows_on_screen(void)
{
    const unsigned rows = terminal_look().rows;
    if (rows == 0)
        return 0;
    return rows > SUMMARY_ROWS + ROWS_MIN ? rows - SUMMARY_ROWS : ROWS_MIN;
}

static int run_status(const struct command *self, int argc, char **argv)
{
    struct choices choices = {0};
    char request[CONTROL_REQUEST_MAX];
    int option = parse(self, argc, argv, &choices);
    if (option != OPTION_END)
        return option == OPTION_HELP ? 0 : self->error_status;
    unsigned rows = choices.all || choices.json ? 0 : rows_on_screen();
    if (rows)
        snprintf(request, sizeof(request), "status %u", rows);
    else
        snprintf(request, sizeof(request), choices.json ? "status json" : "status");
    return ask(choices.config, request, STATUS_TIMEOUT_MS);
}

/* The request has the command's name. */
static int run_request(const struct command *self, int argc, char **argv)
{
    struct choices choices = {0};
    int option = parse(self, argc, argv, &choices);
    if (option != OPTION_END)
        return option == OPTION_HELP ? 0 : self->error_status;
    return ask(choices.config, self->name,
               self == &command_metrics ? STATUS_TIMEOUT_MS : WORK_TIMEOUT_MS);
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
            "The sources that fail come first, then those that are most behind.\n"
            "\n"
            "      --all          all sources, also where they don't fit on the terminal\n"
            "      --json         as a JSON object, with all sources\n" COMMON_HELP,
    .error_status = 2,
    .run = run_status,
};

const struct command command_metrics = {
    .name = "metrics",
    .summary = "the daemon's metrics, as Prometheus reads them",
    .help = "Usage: logzipctl metrics [OPTION]...\n"
            "\n"
            "Print the daemon's metrics in the text format of Prometheus, version 0.0.4. With\n"
            "'metrics' in its configuration it serves the same by HTTP.\n"
            "\n" COMMON_HELP,
    .error_status = 2,
    .run = run_request,
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
