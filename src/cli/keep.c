/*
 * keep.c - logzipctl keep: list, add and remove the rules of what must not expire.
 */
#include "archive/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/listing.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "query/json.h"
#include "query/query_time.h"

enum {
    OPTION_INPUT = OPTION_FIRST,
    OPTION_JOURNALS,
    OPTION_IMPORT,
    OPTION_REASON,
    OPTION_REMOVE,
    OPTION_JSON
};

struct arguments {
    struct keep_rule rule;
    const char *config;
    char *const *segments; /* a rule for each of them */
    int segment_count;
    uint64_t removed; /* id of the rule to remove; 0: none */
    bool adds;
    bool json;
};

static void put_json(struct buf *out, const struct keep_rule *rule)
{
    buf_printf(out, "{\"rule\":%" PRIu64, rule->id);
    if (rule->since != KEEP_NO_SINCE)
        query_time_member(out, "since", rule->since);
    if (rule->until != KEEP_NO_UNTIL)
        query_time_member(out, "until", rule->until);
    if (rule->first)
        buf_printf(out, ",\"first_journal\":%" PRIu64 ",\"last_journal\":%" PRIu64, rule->first,
                   rule->last);
    if (rule->import)
        buf_printf(out, ",\"import\":%" PRIu64, rule->import);
    const char *const names[] = {"input", "reason"}, *const texts[] = {rule->input, rule->reason};
    for (size_t i = 0; i < 2; i++) {
        if (!texts[i])
            continue;
        buf_push(out, ',');
        json_member(out, names[i], json_span(texts[i]));
    }
    buf_append_string(out, "}\n");
}

static void put_rule(struct buf *out, const struct keep_rule *rule, bool json)
{
    if (json) {
        put_json(out, rule);
    } else {
        keep_print(out, rule);
        buf_push(out, '\n');
    }
}

static bool is_configured(const struct config *config, const char *input)
{
    for (size_t i = 0; i < config->input_count; i++)
        if (strcmp(config->inputs[i].name, input) == 0)
            return true;
    return false;
}

/* Rules that are changed. */
struct change {
    struct keep_rules rules;
    struct keep_rules asked; /* those that are to be there, in the order of the command line */
    struct buf *out;
    bool json;
};

/* Add a rule; if there is one that says the same, it was added before. */
static int add_rule(struct change *c, const struct keep_rule *rule, struct lgz_error *err)
{
    const struct keep_rule *there = keep_same(&c->rules, rule);
    uint64_t id;
    int code = there ? LGZ_OK : keep_add(&c->rules, rule, &id, err);
    if (code == LGZ_OK)
        code = keep_add(&c->asked, rule, &id, err);
    if (code != LGZ_OK)
        return code;
    put_rule(c->out, there ? there : &c->rules.list.data[c->rules.list.len - 1], c->json);
    return LGZ_OK;
}

/* The rule, for what a segment's name stands for, which outlives merges. */
static int add_segment(struct change *c, struct keep_rule rule, const char *directory,
                       const char *path, struct lgz_error *err)
{
    struct segment_name name;
    if (!names_parse_segment(file_name(path), &name))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: not the name of a segment of an archive",
                         path);
    char *there = names_file(directory, file_name(path));
    int code = there ? LGZ_OK : error_memory(err);
    if (there && access(there, F_OK) != 0)
        code = error_io(err, "%s", there);
    free(there);
    rule.first = name.import ? 0 : name.first;
    rule.last = name.import ? 0 : name.last;
    rule.import = name.import;
    return code == LGZ_OK ? add_rule(c, &rule, err) : code;
}

static int change(struct change *c, const struct arguments *a, const char *directory,
                  struct lgz_error *err)
{
    int code = keep_load(&c->rules, directory, err);
    if (code == LGZ_OK && a->removed && !keep_remove(&c->rules, a->removed))
        return error_set(err, LGZ_ERR_NOT_FOUND, "there is no rule %" PRIu64, a->removed);
    if (code == LGZ_OK && a->adds && !a->segment_count)
        code = add_rule(c, &a->rule, err);
    for (int i = 0; code == LGZ_OK && i < a->segment_count; i++)
        code = add_segment(c, a->rule, directory, a->segments[i], err);
    return code == LGZ_OK ? keep_store(&c->rules, directory, err) : code;
}

/* Is the segment kept? Then its bytes are added. */
static int count_segment(const struct change *c, struct catalog *catalog, size_t *next,
                         const struct listed_segment *listed, size_t *count, uint64_t *bytes,
                         struct lgz_error *err)
{
    struct stat st;
    struct catalog_entry entry;
    const struct keep_rule *rule;
    if (stat(listed->path, &st) != 0)
        return error_io(err, "%s: cannot stat", listed->path);
    const bool known = catalog && catalog_look_up(catalog, &listed->name, &st, next, &entry);
    int code = keep_look(&c->asked, catalog, known ? &entry : NULL, listed->path, &listed->name,
                         &rule, err);
    if (code == LGZ_OK && rule) {
        ++*count;
        *bytes += (uint64_t)st.st_size;
    }
    return code;
}

/* Say what of the archive the rules keep now: nothing may be a mistake. */
static int count_kept(const struct change *c, const char *directory, struct lgz_error *err)
{
    struct listing found = {0};
    struct catalog *catalog = NULL;
    struct lgz_error problem = {0};
    size_t next = 0, count = 0;
    uint64_t bytes = 0;
    int code = listing_open(&found, directory, err);
    if (code != LGZ_OK)
        return code;
    catalog_load(&catalog, directory, &problem); /* none is no error */
    for (size_t i = 0; i < found.segments.len; i++)
        if (count_segment(c, catalog, &next, &found.segments.data[i], &count, &bytes, &problem) !=
            LGZ_OK)
            say_error(&problem);
    if (c->json) {
        buf_printf(c->out, "{\"kept_segments\":%zu,\"kept_bytes\":%" PRIu64 ",\"segments\":%zu}\n",
                   count, bytes, found.segments.len);
    } else {
        buf_printf(c->out, "# keeps %zu of %zu segments, ", count, found.segments.len);
        output_size(c->out, bytes);
        buf_push(c->out, '\n');
    }
    catalog_close(catalog);
    listing_clear(&found);
    return LGZ_OK;
}

/* Change the rules, and append those that were asked for to `out`. */
static int change_rules(const struct arguments *a, const char *directory, struct buf *out,
                        struct lgz_error *err)
{
    struct change c = {.out = out, .json = a->json};
    int code = archive_act_as_owner(directory, err);
    int lock = code == LGZ_OK ? keep_lock(directory, err) : code;
    if (lock < 0)
        return lock;
    code = change(&c, a, directory, err);
    close(lock);
    if (code == LGZ_OK && a->adds)
        code = count_kept(&c, directory, err);
    keep_clear(&c.rules);
    keep_clear(&c.asked);
    return code;
}

static int list(const char *directory, bool json, struct buf *out, struct lgz_error *err)
{
    struct keep_rules rules = {0};
    int code = keep_load(&rules, directory, err);
    for (size_t i = 0; i < rules.list.len; i++)
        put_rule(out, &rules.list.data[i], json);
    keep_clear(&rules);
    return code;
}

static int keep(const struct config *config, const struct arguments *a)
{
    struct buf out = {0};
    struct lgz_error err = {0};
    if (a->rule.input && !is_configured(config, a->rule.input))
        say("%s has no [input %s]; the rule is for what it had", config->file, a->rule.input);
    int code = a->adds || a->removed ? change_rules(a, config->directory, &out, &err)
                                     : list(config->directory, a->json, &out, &err);
    if (code != LGZ_OK) {
        say_error(&err);
        buf_free(&out);
        return 1;
    }
    return output_buffer(&out) ? 0 : 1;
}

/* "5" or "5-9" */
static bool take_journals(const char *text, struct keep_rule *rule)
{
    char first[24];
    size_t len = strcspn(text, "-");
    if (len >= sizeof(first))
        return false;
    memcpy(first, text, len);
    first[len] = '\0';
    if (!option_number(first, NAMES_SEQUENCE_MAX, &rule->first) || !rule->first)
        return false;
    rule->last = rule->first;
    return text[len] == '\0' || (option_number(text + len + 1, NAMES_SEQUENCE_MAX, &rule->last) &&
                                 rule->last >= rule->first);
}

static bool take_time(const char *text, int64_t *time)
{
    struct lgz_error err = {0};
    if (query_time_parse(text, clock_real(), time, &err) == LGZ_OK)
        return true;
    say_error(&err);
    return false;
}

/* @return OPTION_END, or an exit status */
static int take_options(const struct command *self, int argc, char **argv, struct arguments *a)
{
    static const struct option longs[] = {
        {"since", required_argument, NULL, 'S'},
        {"until", required_argument, NULL, 'U'},
        {"input", required_argument, NULL, OPTION_INPUT},
        {"journals", required_argument, NULL, OPTION_JOURNALS},
        {"import", required_argument, NULL, OPTION_IMPORT},
        {"reason", required_argument, NULL, OPTION_REASON},
        {"remove", required_argument, NULL, OPTION_REMOVE},
        {"json", no_argument, NULL, OPTION_JSON},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    struct keep_rule *rule = &a->rule;
    for (int option; (option = option_next(self, argc, argv, ":S:U:c:", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option == OPTION_BAD)
            return self->error_status;
        a->adds |= option != 'c' && option != OPTION_REMOVE && option != OPTION_JSON;
        if (option == 'c')
            a->config = optarg;
        else if (option == OPTION_JSON)
            a->json = true;
        else if (option == OPTION_INPUT)
            rule->input = optarg;
        else if (option == OPTION_REASON)
            rule->reason = optarg;
        else if (option == OPTION_JOURNALS && !take_journals(optarg, rule))
            return option_misuse(self, "--journals %s: not numbers such as 5 or 5-9", optarg);
        else if (option == OPTION_IMPORT &&
                 (!option_number(optarg, NAMES_SEQUENCE_MAX, &rule->import) || !rule->import))
            return option_misuse(self, "--import %s: not a number", optarg);
        else if (option == OPTION_REMOVE &&
                 (!option_number(optarg, UINT64_MAX, &a->removed) || !a->removed))
            return option_misuse(self, "--remove %s: not the number of a rule", optarg);
        else if ((option == 'S' && !take_time(optarg, &rule->since)) ||
                 (option == 'U' && !take_time(optarg, &rule->until)))
            return self->error_status;
    }
    return OPTION_END;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct arguments a = {.rule = KEEP_RULE_EMPTY};
    int status = take_options(self, argc, argv, &a);
    if (status != OPTION_END)
        return status;
    a.segments = argv + optind;
    a.segment_count = argc - optind;
    a.adds |= a.segment_count > 0;
    if (a.adds && a.removed)
        return option_misuse(self, "a rule is either added or removed");
    if (a.segment_count && (a.rule.first || a.rule.import))
        return option_misuse(self, "name segments, or journals, or an import");
    struct config *config = load_config(a.config);
    if (!config)
        return 1;
    status = keep(config, &a);
    config_free(config);
    return status;
}

const struct command command_keep = {
    .name = "keep",
    .summary = "say what must not expire: a legal hold",
    .help =
        "Usage: logzipctl keep [--config=FILE] [--json]\n"
        "       logzipctl keep OPTION... [SEGMENT]...\n"
        "       logzipctl keep --remove=RULE\n"
        "\n"
        "List the rules of what must not expire, add one, or remove one. A rule keeps all\n"
        "segments that have something which all of its options fit; limits of age, size and free\n"
        "space don't remove them. With SEGMENTs, there is a rule for each; it's for their\n"
        "contents, also when they are merged. It's said what a new rule keeps now.\n"
        "\n"
        "  -S, --since=TIME       lines from TIME on, by their stamps, and what was read since\n"
        "  -U, --until=TIME       lines up to TIME, and what was read until then\n"
        "      --input=NAME       of [input NAME]\n"
        "      --journals=N[-N]   what the numbers in a segment's name say\n"
        "      --import=N         what came with that import\n"
        "      --reason=TEXT      why, for people\n"
        "      --remove=RULE      remove the rule of this number\n"
        "      --json             a JSON object for each rule, and one for what they keep\n"
        "  -c, --config=FILE      where the archive is; default " CONFIG_DEFAULT_PATH "\n"
        "      --help             show this text\n"
        "\n"
        "Exit status: 0 if all went well, 1 after an error, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
