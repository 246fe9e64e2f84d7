/*
 * chore.c - a step of upkeep as a sub-command.
 */
#include "cli/chore.h"

#include <stdio.h>

#include "base/clock.h"

int chore_option(struct chore *c, const struct command *self, int option)
{
    if (option == OPTION_HELP)
        return option_help(self);
    if (option == 'c')
        c->path = optarg;
    else if (option == 'n')
        c->upkeep.dry_run = true;
    else if (option == 'q')
        c->quiet = true;
    else if (option != OPTION_MAX_TIME)
        return self->error_status;
    else if (!config_parse_duration(optarg, &c->max_time) || c->max_time < 0)
        return option_misuse(self, "--max-time %s: not a time such as 30m or 4h", optarg);
    return OPTION_END;
}

int chore_options(struct chore *c, const struct command *self, int argc, char **argv,
                  const struct option *longs)
{
    int status = OPTION_END;
    for (int option;
         status == OPTION_END &&
         (option = option_next(self, argc, argv, ":" CHORE_SHORTS, longs)) != OPTION_END;)
        status = chore_option(c, self, option);
    return status == OPTION_END ? option_last(self, argc, argv) : status;
}

void chore_note(void *chore, enum upkeep_note note, const char *text)
{
    struct chore *c = chore;
    if (note == UPKEEP_PROBLEM) {
        c->failed = true;
        say("%s", text);
    } else if (!c->quiet) {
        printf("%s\n", text);
    }
}

const char *chore_stopped(void)
{
    return interrupt_came() ? "stopped by a signal" : "the time is up";
}

bool chore_begin(struct chore *c)
{
    struct upkeep *u = &c->upkeep;
    u->config = c->config = load_config(c->path);
    if (!c->config)
        return false;
    u->now = clock_real();
    if (c->max_time && __builtin_add_overflow(clock_monotonic(), c->max_time, &u->deadline))
        u->deadline = 0;
    if (!u->note) {
        u->note = chore_note;
        u->context = c;
    }
    u->stop = interrupt_came;
    interrupt_hold(&c->signals);
    return true;
}

int chore_lock(const struct chore *c, const struct command *self, struct archive_lock **lock,
               struct lgz_error *err)
{
    const char *directory = c->config->directory;
    char program[64];
    snprintf(program, sizeof(program), "logzipctl %s", self->name);
    int code = archive_act_as_owner(directory, err);
    if (code == LGZ_OK && !c->upkeep.dry_run)
        code = archive_rotate_lock(lock, directory, program, err);
    return code;
}

void chore_end(struct chore *c)
{
    config_free(c->config);
    fflush(stdout); /* who dies by a signal doesn't; main() looks for errors */
    interrupt_release(&c->signals);
}

int chore_run(struct chore *c, const struct command *self, chore_fn *step)
{
    struct archive_lock *lock = NULL;
    struct buf summary = {0};
    struct lgz_error err = {0};
    if (!chore_begin(c))
        return 1;
    int code = chore_lock(c, self, &lock, &err);
    if (code == LGZ_OK)
        code = step(c, &summary, &err);
    archive_unlock(lock);
    fflush(stdout); /* the lines before come first */
    if (code != LGZ_OK)
        c->upkeep.note(c->upkeep.context, UPKEEP_PROBLEM, err.message);
    if (!c->quiet)
        c->failed |= !output_buffer(&summary);
    buf_free(&summary);
    chore_end(c);
    return c->failed ? 1 : 0;
}
