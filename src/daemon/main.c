/*
 * main.c - logzipd: tails log files, journals what it reads, seals it into segments.
 *
 * The daemon's sources, along the path of a byte:
 *
 *   main.c              this: the command line, leaving the terminal, the exit status
 *   ../archive/config   logzipd.conf, parsed and checked; check.c: --check
 *   service             the loop: who calls whom; start.c, requests.c, ending.c
 *   ../tail/            which files there are (discover), what happens to them (watch, scan,
 *                       rotate, locate), their bytes (logfile), all of them together (tail, set)
 *   ../listen/          what isn't files: standard input and sockets (endpoint, socket), messages
 *                       (frame), all of them together (listen); streams.c has them on the loop
 *   batch               what was read and isn't in the journal yet
 *   store               batches into the journal, on the thread pool
 *   ledger              how far each source is durable
 *   tally, timing       what was read and sealed of each, how long things took
 *   sealer              ended journals into segments, on the thread pool
 *   barrier             who waits for a sync, a seal, or the end
 *   server              a socket that answers, bounded
 *   control             the control socket
 *   http, http_request  metrics by HTTP
 *   reports             who asks how the daemon is: state and census are that as numbers, which
 *                       status.c and metrics.c render
 *   faults              what went wrong, by kind
 *   manager, notify     what the service manager is told, and how
 *   log                 what the administrator is told
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/config.h"
#include "daemon/check.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/service.h"

enum { EXIT_USAGE = 2 };

struct arguments {
    const char *config;   /* NULL: the default path */
    const char *archive;  /* NULL: the configured one */
    const char *standard; /* name of standard input as a source; NULL: it isn't read */
    bool foreground;
    bool check;
};

static void usage(FILE *out)
{
    fprintf(out, "Usage: logzipd [-c FILE] [--foreground]\n"
                 "       logzipd --check [FILE]\n"
                 "       logzipd [-c FILE] [--archive DIR] --stdin NAME\n"
                 "Tail log files, journal what is read, seal it into compressed segments.\n"
                 "\n"
                 "  -c, --config FILE  read FILE instead of " CONFIG_DEFAULT_PATH "\n"
                 "  -f, --foreground   stay in the foreground and log to standard error\n"
                 "                     (always so under a service manager)\n"
                 "      --check        tell all errors in FILE, and what may not be meant; exit\n"
                 "                     with 1 if there are errors, else with 0\n"
                 "      --stdin NAME   read standard input alone, as the source NAME; at its end,\n"
                 "                     seal and exit. Needs no configuration\n"
                 "      --archive DIR  with --stdin: write to this archive\n"
                 "  -h, --help         show this help\n"
                 "  -V, --version      show the version\n"
                 "\n"
                 "Signals: HUP reads the configuration again; TERM and INT seal and exit.\n"
                 "See logzipd(8) and logzipd.conf(5).\n");
}

static int misused(const char *reason)
{
    fprintf(stderr, "logzipd: %s\nTry 'logzipd --help'.\n", reason);
    return EXIT_USAGE;
}

/* Do the options go together? @return -1 if they do, or the exit status */
static int check_arguments(const struct arguments *a)
{
    if (a->standard && !*a->standard)
        return misused("--stdin needs a name that isn't empty");
    if (a->standard && a->check)
        return misused("--stdin and --check don't go together");
    if (a->archive && !a->standard)
        return misused(
            "--archive goes with --stdin only; else it's 'directory' in the configuration");
    return -1;
}

/* @return -1 to go on, or the exit status */
static int parse_arguments(struct arguments *a, int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},  {"foreground", no_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'C'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},       {"stdin", required_argument, NULL, 'S'},
        {"archive", required_argument, NULL, 'A'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "c:fhV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            a->config = optarg;
            break;
        case 'f':
            a->foreground = true;
            break;
        case 'C':
            a->check = true;
            break;
        case 'S':
            a->standard = optarg;
            break;
        case 'A':
            a->archive = optarg;
            break;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        case 'V':
            printf("logzipd %s\n", lgz_version());
            return EXIT_SUCCESS;
        default:
            fprintf(stderr, "Try 'logzipd --help'.\n");
            return EXIT_USAGE;
        }
    }
    if (a->check && optind < argc && !a->config)
        a->config = argv[optind++];
    if (optind < argc) {
        fprintf(stderr, "logzipd: '%s': no such argument\nTry 'logzipd --help'.\n", argv[optind]);
        return EXIT_USAGE;
    }
    return check_arguments(a);
}

static void print_finding(void *context, const char *finding)
{
    (void)context;
    fprintf(stderr, "logzipd: %s\n", finding);
}

/* --check. @return the exit status */
static int check(const char *path)
{
    struct config *config = check_load(path, print_finding, NULL);
    if (!config)
        return EXIT_FAILURE;
    size_t warnings = check_warn(config, print_finding, NULL);
    config_free(config);
    if (warnings)
        printf("%s: no errors, %zu warnings\n", path, warnings);
    else
        printf("%s: no errors\n", path);
    return EXIT_SUCCESS;
}

static bool can_read_standard_input(void)
{
    struct stat st;
    if (fstat(STDIN_FILENO, &st) == 0 && !S_ISDIR(st.st_mode))
        return true;
    fprintf(stderr, "logzipd: standard input is %s\n",
            errno == EBADF ? "closed" : "nothing that can be read");
    return false;
}

/* For --stdin: no inputs, so no check of them; and only a file that was asked for must be there. */
static struct config *load_for_standard_input(const struct arguments *a)
{
    struct lgz_error err = {0};
    struct config *config = NULL;
    const char *path = a->config ? a->config : CONFIG_DEFAULT_PATH;
    int code = LGZ_OK;
    if (!can_read_standard_input())
        return NULL;
    if (!a->config && access(path, F_OK) != 0 && errno == ENOENT)
        config = config_defaults(path);
    else if (config_load(&config, path, print_finding, NULL, &err) == LGZ_ERR_CONFIG)
        return NULL;
    if (config)
        code = config_for_standard_input(config, a->standard, a->archive, &err);
    if (config && code == LGZ_OK)
        code = archive_act_as_owner(config->directory, &err);
    if (!config || code != LGZ_OK) {
        print_finding(NULL, err.code ? err.message : "out of memory");
        config_free(config);
        return NULL;
    }
    return config;
}

/* The first process waits until the daemon says that it is ready, and exits as it says. */
static int wait_for_daemon(pid_t child, int ready)
{
    char status;
    ssize_t n;
    do
        n = read(ready, &status, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        return EXIT_SUCCESS;
    int result;
    if (waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result))
        return WEXITSTATUS(result);
    fprintf(stderr, "logzipd: the daemon ended before it was ready\n");
    return EXIT_FAILURE;
}

/*
 * Continue in a process of its own session.
 *
 * @param ready  set to where detach() tells the first process
 * @return -1 in the daemon, or the exit status of the first process
 */
static int daemonise(int *ready)
{
    int ends[2];
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fprintf(stderr, "logzipd: cannot make a pipe: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "logzipd: cannot fork: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (child > 0) {
        close(ends[1]);
        return wait_for_daemon(child, ends[0]);
    }
    close(ends[0]);
    setsid();
    *ready = ends[1];
    return -1;
}

/* All went well: leave the terminal and let the first process exit. */
static void detach(int ready, struct log *log)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    log_use_syslog(log);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    if (chdir("/") != 0)
        log_say(log, CONFIG_LOG_WARNING, "cannot leave the current directory");
    if (write(ready, "", 1) != 1)
        log_say(log, CONFIG_LOG_WARNING, "the starting process has not waited");
    close(ready);
}

/* Say what a run with --stdin can do if it couldn't start. */
static void hint(const struct arguments *a, int code)
{
    if (a->standard && !a->archive && (code == LGZ_ERR_BUSY || code == LGZ_ERR_IO))
        fprintf(stderr, "logzipd: --archive DIR gives this run an archive of its own; to write "
                        "into the daemon's, pipe into logger(1) and let an input listen, see "
                        "logzipd.conf(5)\n");
}

/* @param ready  as daemonise() has set it, or -1 */
static int run(struct config *config, const struct arguments *a, int ready)
{
    struct lgz_error err = {0};
    struct service *service;
    struct log *log = log_open();
    if (!log || service_open(&service, config, log, &err) != LGZ_OK) {
        fprintf(stderr, "logzipd: %s\n", log ? err.message : "out of memory");
        hint(a, err.code);
        log_close(log);
        return EXIT_FAILURE;
    }
    if (ready >= 0)
        detach(ready, log);
    int status = service_run(service);
    service_close(service);
    log_close(log);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = parse_arguments(&arguments, argc, argv);
    if (status >= 0)
        return status;
    const char *name = arguments.config ? arguments.config : CONFIG_DEFAULT_PATH;
    if (arguments.check)
        return check(name);
    /* Whole, since it is read again after the daemon has left its directory. */
    char *path = realpath(name, NULL);
    struct config *config = arguments.standard
                                ? load_for_standard_input(&arguments)
                                : check_load(path ? path : name, print_finding, NULL);
    free(path);
    if (!config)
        return EXIT_FAILURE;
    signal(SIGPIPE, SIG_IGN);
    int ready = -1;
    if (!arguments.foreground && !arguments.standard && !notify_wanted()) {
        status = daemonise(&ready);
        if (status >= 0) {
            config_free(config);
            return status;
        }
    }
    return run(config, &arguments, ready);
}
