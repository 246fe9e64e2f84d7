/*
 * query_options.c - the table of options, and what is done with any of its rows.
 */
#include "cli/query_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pattern_file.h"

/* How a row's value gets into the member. */
enum kind {
    KIND_FLAG,   /* bool: set */
    KIND_TEXT,   /* const char *: the last one given */
    KIND_LIST,   /* string_list: one more */
    KIND_NUMBER, /* uint64_t */
    KIND_TAKE,   /* by the row's function */
    KIND_HELP,
};

/* @param value  NULL: none was given. @return false after a message */
typedef bool take_fn(const struct command *self, struct query_options *q, const char *value);

struct row {
    char letter; /* 0: none */
    enum kind kind;
    const char *name;
    const char *value; /* as in the usage text, "=N" or "[=WHEN]"; NULL: it has none */
    const char *usage; /* NULL: another spelling, not shown */
    size_t member;     /* offset in struct query_options */
    take_fn *take;
};

static bool take_color(const struct command *self, struct query_options *q, const char *value)
{
    if (!value || strcmp(value, "always") == 0) {
        q->color = QUERY_COLOR_ALWAYS;
    } else if (strcmp(value, "never") == 0) {
        q->color = QUERY_COLOR_NEVER;
    } else if (strcmp(value, "auto") == 0) {
        q->color = QUERY_COLOR_AUTO;
    } else {
        option_misuse(self, "--color=%s: not auto, always or never", value);
        return false;
    }
    return true;
}

/* Names with commas between them, added to the list. */
static bool take_fields(const struct command *self, struct query_options *q, const char *value)
{
    if (q->field_text) {
        option_misuse(self, "--fields is given twice");
        return false;
    }
    q->field_text = strdup(value);
    for (char *at = q->field_text; at;) {
        const char *name = strsep(&at, ",");
        if (*name == '\0') {
            option_misuse(self, "--fields %s: a name is empty", value);
            return false;
        }
        if (!vec_push(&q->fields, name)) {
            say("out of memory");
            return false;
        }
    }
    if (!q->field_text)
        say("out of memory");
    return q->field_text != NULL;
}

static bool take_names(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    q->with_names = true;
    q->without_names = false;
    return true;
}

static bool take_no_names(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    q->with_names = false;
    q->without_names = true;
    return true;
}

static bool take_list(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    q->list = true;
    q->list_others = false;
    return true;
}

static bool take_list_others(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    q->list = false;
    q->list_others = true;
    return true;
}

static bool take_separator(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    q->separator = value;
    return true;
}

/* The patterns in a file, which are the lines of one text; none, if it's empty. */
static bool take_file(const struct command *self, struct query_options *q, const char *value)
{
    struct lgz_error err = {0};
    char *text = NULL;
    (void)self;
    if (pattern_file_read(value, &text, &err) != LGZ_OK) {
        say_error(&err);
        return false;
    }
    q->from_file = true;
    if (!text)
        return true;
    if (!vec_push(&q->texts, text)) {
        free(text);
        say("out of memory");
        return false;
    }
    if (vec_push(&q->patterns, (const char *)text))
        return true;
    say("out of memory");
    return false;
}

static bool take_syntax(struct query_options *q, bool fixed, bool posix)
{
    q->pattern.fixed = fixed;
    q->pattern.posix = posix;
    return true;
}

/* The last of -E and -F holds. */
static bool take_posix(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    return take_syntax(q, false, true);
}

static bool take_fixed(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    return take_syntax(q, true, false);
}

static bool take_perl(const struct command *self, struct query_options *q, const char *value)
{
    (void)self;
    (void)value;
    return take_syntax(q, false, false);
}

#define MEMBER(name) offsetof(struct query_options, name)

/* In the order of the usage text. */
static const struct row rows[] = {
    {'E', KIND_TAKE, "extended-regexp", NULL, "PATTERN is one as POSIX has them, as for grep -E", 0,
     take_posix},
    {'P', KIND_TAKE, "perl-regexp", NULL, "PATTERN is one as Perl has them: the default", 0,
     take_perl},
    {'F', KIND_TAKE, "fixed-strings", NULL, "PATTERN is a string", 0, take_fixed},
    {'i', KIND_FLAG, "ignore-case", NULL, "a matches A", MEMBER(pattern.ignore_case), NULL},
    {'w', KIND_FLAG, "word-regexp", NULL, "only whole words", MEMBER(pattern.word), NULL},
    {'x', KIND_FLAG, "line-regexp", NULL, "only whole lines", MEMBER(pattern.line), NULL},
    {'v', KIND_FLAG, "invert-match", NULL, "print the lines that don't match", MEMBER(invert),
     NULL},
    {'e', KIND_LIST, "regexp", "=PATTERN", "one of several patterns, or one that starts with -",
     MEMBER(patterns), NULL},
    {'f', KIND_TAKE, "file", "=FILE", "each line of FILE is a pattern", 0, take_file},
    {'S', KIND_TEXT, "since", "=TIME", "lines of TIME and later", MEMBER(since), NULL},
    {'U', KIND_TEXT, "until", "=TIME", "lines of TIME and earlier", MEMBER(until), NULL},
    {0, KIND_LIST, "source", "=GLOB", "lines of sources with such a name; may be given again",
     MEMBER(globs), NULL},
    {0, KIND_LIST, "input", "=NAME", "lines of that [input NAME]; may be given again",
     MEMBER(inputs), NULL},
    {0, KIND_TEXT, "where", "=EXPR", "lines with such fields: 'status >= 500 and not user'",
     MEMBER(where), NULL},
    {'m', KIND_NUMBER, "max-count", "=N", "at most N lines of each source", MEMBER(max_count),
     NULL},
    {'c', KIND_FLAG, "count", NULL, "print how many lines match", MEMBER(count), NULL},
    {'l', KIND_TAKE, "files-with-matches", NULL, "print only names of sources with such lines", 0,
     take_list},
    {'L', KIND_TAKE, "files-without-match", NULL, "print only names of sources without", 0,
     take_list_others},
    {'q', KIND_FLAG, "quiet", NULL, "print nothing; the exit status tells", MEMBER(quiet), NULL},
    {0, KIND_FLAG, "silent", NULL, NULL, MEMBER(quiet), NULL},
    {'s', KIND_FLAG, "no-messages", NULL, "don't say what can't be read", MEMBER(no_messages),
     NULL},
    {'o', KIND_FLAG, "only-matching", NULL, "print each match by itself", MEMBER(only_matching),
     NULL},
    {'n', KIND_FLAG, "line-number", NULL, "print each line's number in its source", MEMBER(numbers),
     NULL},
    {'b', KIND_FLAG, "byte-offset", NULL, "print where each is in its source", MEMBER(offsets),
     NULL},
    {'A', KIND_NUMBER, "after-context", "=N", "print N lines behind each, too", MEMBER(after),
     NULL},
    {'B', KIND_NUMBER, "before-context", "=N", "print N lines before each, too", MEMBER(before),
     NULL},
    {'C', KIND_NUMBER, "context", "=N", "both; so does -N", MEMBER(around), NULL},
    {0, KIND_TAKE, "group-separator", "=TEXT", "between lines that aren't next to each other", 0,
     take_separator},
    {0, KIND_TAKE, "no-group-separator", NULL, "nothing between those", 0, take_separator},
    {'H', KIND_TAKE, "with-filename", NULL, "print the source's name before each line", 0,
     take_names},
    {'h', KIND_TAKE, "no-filename", NULL, "never print it; with -c, print one sum", 0,
     take_no_names},
    {'Z', KIND_FLAG, "null", NULL, "a NUL byte behind names, instead of : or a newline",
     MEMBER(nul), NULL},
    {0, KIND_TAKE, "color", "[=WHEN]", "auto, always or never", 0, take_color},
    {0, KIND_TAKE, "colour", "[=WHEN]", NULL, 0, take_color},
    {0, KIND_FLAG, "json", NULL, "a JSON object per line: time, source, line, fields", MEMBER(json),
     NULL},
    {0, KIND_FLAG, "csv", NULL, "commas between time, source and line, or between fields",
     MEMBER(csv), NULL},
    {0, KIND_TAKE, "fields", "=A,B", "these fields, with tabs between them, not the lines", 0,
     take_fields},
    {0, KIND_FLAG, "lines", NULL, "single lines also where an input joins them to events",
     MEMBER(lines), NULL},
    {0, KIND_FLAG, "line-buffered", NULL, "write each line at once", MEMBER(unbuffered), NULL},
    {'a', KIND_FLAG, "text", NULL, "nothing: all is text", MEMBER(text), NULL},
    {0, KIND_TEXT, "config", "=FILE", "where the archive is; default " CONFIG_DEFAULT_PATH,
     MEMBER(config), NULL},
    {0, KIND_HELP, "help", NULL, "show this text", 0, NULL},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* What stands in the usage text above the option of that name. */
static const char *const titles[][2] = {
    {"extended-regexp", "What matches:"},    {"since", "Where:"},
    {"count", "What is printed:"},           {"after-context", "Lines around those that match:"},
    {"with-filename", "How it is printed:"}, {"config", "Others:"},
};

enum { TITLE_COUNT = sizeof(titles) / sizeof(titles[0]) };

/* Pairs of options, by name, that mean nothing together. */
static const char *const exclusive[][2] = {
    {"csv", "json"},
    {"csv", "only-matching"},
    {"csv", "count"},
    {"fields", "only-matching"},
    {"json", "after-context"},
    {"json", "before-context"},
    {"json", "context"},
    {"perl-regexp", "fixed-strings"},
    {"perl-regexp", "extended-regexp"},
};

enum { EXCLUSIVE_COUNT = sizeof(exclusive) / sizeof(exclusive[0]) };

/* --- usage --- */

static void print_title(const char *name)
{
    for (size_t i = 0; i < TITLE_COUNT; i++)
        if (strcmp(titles[i][0], name) == 0)
            printf("%s%s\n", i ? "\n" : "", titles[i][1]);
}

static void print_row(const struct row *row)
{
    enum { NAME_LEN = 18 }; /* a longer name has a line of its own */
    char option[64];
    print_title(row->name);
    snprintf(option, sizeof(option), "--%s%s", row->name, row->value ? row->value : "");
    printf(row->letter ? "  -%c, " : "      ", row->letter);
    if (strlen(option) > NAME_LEN)
        printf("%s\n%25s%s\n", option, "", row->usage);
    else
        printf("%-*s %s\n", NAME_LEN, option, row->usage);
}

void query_options_help(const struct command *self)
{
    printf("Usage: logzipctl %s [OPTION]... PATTERN [PATH]...\n"
           "       logzipctl %s [OPTION]... -e PATTERN... [PATH]...\n"
           "       logzipctl %s [OPTION]... --where=EXPR [PATH]...\n"
           "\n"
           "Print the lines that match PATTERN, a regular expression as Perl has them. PATH is an\n"
           "archive (a directory), a segment, a journal, a plain file, or - for standard input;\n"
           "without PATH the configured archive is searched.\n"
           "\n",
           self->name, self->name, self->name);
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].usage)
            print_row(&rows[i]);
    puts("\n"
         "TIME: '2 hours ago', yesterday, today, Monday, -15min, '2026-01-31 12:30', 12:30,\n"
         "@1767225600; without a zone it's local time.\n"
         "\n"
         "Exit status: 0 if a line was selected, 1 if none was, 2 after an error.");
}

/* --- parsing --- */

/* Row i is known to getopt by its letter, or by OPTION_FIRST + i. */
struct grammar {
    char shorts[2 * ROW_COUNT + 12];
    struct option longs[ROW_COUNT + 1];
};

static void describe(struct grammar *g)
{
    char *shorts = g->shorts;
    *shorts++ = ':';
    for (char digit = '0'; digit <= '9'; digit++)
        *shorts++ = digit;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        int argument = !row->value            ? no_argument
                       : row->value[0] == '[' ? optional_argument
                                              : required_argument;
        g->longs[i] = (struct option){row->name, argument, NULL, OPTION_FIRST + (int)i};
        if (row->letter)
            *shorts++ = row->letter;
        if (row->letter && argument == required_argument)
            *shorts++ = ':';
    }
}

static size_t find_row(int option)
{
    size_t i = 0;
    while (i < ROW_COUNT && option != OPTION_FIRST + (int)i && option != rows[i].letter)
        i++;
    return i;
}

/* Put an option's value where it belongs. @return false after a message */
static bool store(const struct command *self, struct query_options *q, const struct row *row,
                  const char *value)
{
    void *member = (char *)q + row->member;
    bool stored = true;
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)member = true;
        break;
    case KIND_TEXT:
        *(const char **)member = value;
        break;
    case KIND_LIST:
        stored = vec_push((string_list *)member, value);
        if (!stored)
            say("out of memory");
        break;
    case KIND_NUMBER:
        stored = option_number(value, UINT64_MAX, member);
        if (!stored && row->letter)
            option_misuse(self, "-%c %s: not a number", row->letter, value);
        else if (!stored)
            option_misuse(self, "--%s %s: not a number", row->name, value);
        break;
    case KIND_TAKE:
        stored = row->take(self, q, value);
        break;
    case KIND_HELP:
        break;
    }
    return stored;
}

/* A digit of -N, which stands for --context=N. */
static void take_digit(struct query_options *q, unsigned digit, bool first)
{
    if (first)
        q->around = 0;
    if (__builtin_mul_overflow(q->around, 10, &q->around) ||
        __builtin_add_overflow(q->around, digit, &q->around))
        q->around = UINT64_MAX - 1;
}

/* Read the options. @return OPTION_END, or OPTION_HELP or OPTION_BAD after telling the user */
static int take_options(const struct command *self, int argc, char **argv, struct query_options *q,
                        bool *given)
{
    struct grammar grammar = {0};
    int option;
    describe(&grammar);
    int before = optind, digits_at = 0;
    for (; (option = option_next(self, argc, argv, grammar.shorts, grammar.longs)) != OPTION_END;
         before = optind) {
        if (option >= '0' && option <= '9') {
            take_digit(q, (unsigned)(option - '0'), digits_at != before);
            digits_at = optind;
            continue;
        }
        size_t i = find_row(option);
        if (i == ROW_COUNT)
            return OPTION_BAD;
        if (rows[i].kind == KIND_HELP) {
            option_help(self);
            return OPTION_HELP;
        }
        if (!store(self, q, &rows[i], optarg))
            return OPTION_BAD;
        given[i] = true;
    }
    return OPTION_END;
}

static bool was_given(const bool *given, const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (given[i] && strcmp(rows[i].name, name) == 0)
            return true;
    return false;
}

static bool check_combinations(const struct command *self, const bool *given)
{
    for (size_t i = 0; i < EXCLUSIVE_COUNT; i++) {
        if (was_given(given, exclusive[i][0]) && was_given(given, exclusive[i][1])) {
            option_misuse(self, "either --%s or --%s", exclusive[i][0], exclusive[i][1]);
            return false;
        }
    }
    return true;
}

/* Without a pattern there is nothing that these two could be about. */
static bool check_where(const struct command *self, const struct query_options *q)
{
    if (q->invert || q->only_matching)
        option_misuse(self, "%s needs -e PATTERN%s", q->invert ? "-v" : "-o",
                      q->invert ? "; --where has 'not (...)'" : "");
    return !q->invert && !q->only_matching;
}

/* What is left of the command line: the pattern, if none was given yet, and paths. With --where all
   are paths, as with grep's -e. */
static bool take_arguments(const struct command *self, int argc, char **argv,
                           struct query_options *q)
{
    const bool given = q->patterns.len || q->from_file;
    if (!given && q->where) {
        if (!check_where(self, q))
            return false;
        q->any = true;
    } else if (!given && optind == argc) {
        option_misuse(self, "which PATTERN?");
        return false;
    }
    if (!given && !q->where && !vec_push(&q->patterns, argv[optind++])) {
        say("out of memory");
        return false;
    }
    q->paths = (const char *const *)argv + optind;
    q->path_count = (size_t)(argc - optind);
    return true;
}

bool query_options_parse(const struct command *self, int argc, char **argv,
                         struct query_options *options, int *status)
{
    bool given[ROW_COUNT] = {false};
    *options = (struct query_options){.max_count = UINT64_MAX,
                                      .before = UINT64_MAX,
                                      .after = UINT64_MAX,
                                      .around = UINT64_MAX,
                                      .separator = "--"};
    int option = take_options(self, argc, argv, options, given);
    *status = option == OPTION_HELP ? 0 : self->error_status;
    return option == OPTION_END && check_combinations(self, given) &&
           take_arguments(self, argc, argv, options);
}

bool query_options_context(const struct query_options *options)
{
    return options->around != UINT64_MAX || options->before != UINT64_MAX ||
           options->after != UINT64_MAX;
}

void query_options_clear(struct query_options *options)
{
    for (size_t i = 0; i < options->texts.len; i++)
        free(options->texts.data[i]);
    vec_free(&options->texts);
    vec_free(&options->patterns);
    vec_free(&options->globs);
    vec_free(&options->inputs);
    vec_free(&options->fields);
    free(options->field_text);
}
