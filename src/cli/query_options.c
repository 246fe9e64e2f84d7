/*
 * query_options.c - the table of options, and what is done with those that aren't simply stored.
 */
#include "cli/query_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pattern_file.h"

static bool take_color(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
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

/* Names with commas between them, added to the list, which points into `*text`. */
static bool take_list_of(const struct command *self, const char *option, string_list *list,
                         char **text, const char *value)
{
    if (*text) {
        option_misuse(self, "--%s is given twice", option);
        return false;
    }
    *text = strdup(value);
    for (char *at = *text; at;) {
        const char *name = strsep(&at, ",");
        if (*name == '\0') {
            option_misuse(self, "--%s %s: a name is empty", option, value);
            return false;
        }
        if (!vec_push(list, name)) {
            say("out of memory");
            return false;
        }
    }
    if (!*text)
        say("out of memory");
    return *text != NULL;
}

static bool take_fields(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    return take_list_of(self, "fields", &q->fields, &q->field_text, value);
}

static bool take_count_by(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    return take_list_of(self, "count-by", &q->count_by, &q->count_by_text, value);
}

/* 16 digits, as they are printed. */
static bool take_template(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    char *end;
    q->by_template = true;
    q->template_id = strtoull(value, &end, 16);
    if (strspn(value, "0123456789abcdefABCDEF") == 16 && *end == '\0')
        return true;
    option_misuse(self, "--template %s: not the 16 digits of a template", value);
    return false;
}

static bool take_names(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    q->with_names = true;
    q->without_names = false;
    return true;
}

static bool take_no_names(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    q->with_names = false;
    q->without_names = true;
    return true;
}

static bool take_list(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    q->list = true;
    q->list_others = false;
    return true;
}

static bool take_list_others(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    q->list = false;
    q->list_others = true;
    return true;
}

static bool take_separator(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    q->separator = value;
    return true;
}

/* The patterns in a file, which are the lines of one text; none, if it's empty. */
static bool take_file(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
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
static bool take_posix(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    return take_syntax(q, false, true);
}

static bool take_fixed(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    return take_syntax(q, true, false);
}

static bool take_perl(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    (void)self;
    (void)value;
    return take_syntax(q, false, false);
}

static bool take_threads(const struct command *self, void *options, const char *value)
{
    struct query_options *q = options;
    return option_threads(self, value, &q->threads);
}

#define MEMBER(name) offsetof(struct query_options, name)

/* In the order of the usage text. */
static const struct option_row rows[] = {
    {'E', OPTION_KIND_TAKE, "extended-regexp", NULL,
     "PATTERN is one as POSIX has them, as for grep -E", 0, take_posix},
    {'P', OPTION_KIND_TAKE, "perl-regexp", NULL, "PATTERN is one as Perl has them: the default", 0,
     take_perl},
    {'F', OPTION_KIND_TAKE, "fixed-strings", NULL, "PATTERN is a string", 0, take_fixed},
    {'i', OPTION_KIND_FLAG, "ignore-case", NULL, "a matches A", MEMBER(pattern.ignore_case), NULL},
    {'w', OPTION_KIND_FLAG, "word-regexp", NULL, "only whole words", MEMBER(pattern.word), NULL},
    {'x', OPTION_KIND_FLAG, "line-regexp", NULL, "only whole lines", MEMBER(pattern.line), NULL},
    {'v', OPTION_KIND_FLAG, "invert-match", NULL, "print the lines that don't match",
     MEMBER(invert), NULL},
    {'e', OPTION_KIND_LIST, "regexp", "=PATTERN",
     "one of several patterns, or one that starts with -", MEMBER(patterns), NULL},
    {'f', OPTION_KIND_TAKE, "file", "=FILE", "each line of FILE is a pattern", 0, take_file},
    {'S', OPTION_KIND_TEXT, "since", "=TIME", "lines of TIME and later", MEMBER(since), NULL},
    {'U', OPTION_KIND_TEXT, "until", "=TIME", "lines of TIME and earlier", MEMBER(until), NULL},
    {0, OPTION_KIND_LIST, "source", "=GLOB",
     "lines of sources with such a name; may be given again", MEMBER(globs), NULL},
    {0, OPTION_KIND_LIST, "input", "=NAME", "lines of that [input NAME]; may be given again",
     MEMBER(inputs), NULL},
    {0, OPTION_KIND_TEXT, "where", "=EXPR", "lines with such fields: 'status >= 500 and not user'",
     MEMBER(where), NULL},
    {0, OPTION_KIND_TAKE, "template", "=ID", "lines of that template (see logzipctl templates)", 0,
     take_template},
    {'m', OPTION_KIND_NUMBER, "max-count", "=N", "at most N lines of each source",
     MEMBER(max_count), NULL},
    {0, OPTION_KIND_FLAG, "follow", NULL, "go on with lines as they come; -m N ends after N in all",
     MEMBER(follow), NULL},
    {'c', OPTION_KIND_FLAG, "count", NULL, "print how many lines match", MEMBER(count), NULL},
    {0, OPTION_KIND_TAKE, "count-by", "=A,B",
     "count them by source, template, hour, minute, a field", 0, take_count_by},
    {0, OPTION_KIND_NUMBER, "top", "=N", "with --count-by: only the N most frequent", MEMBER(top),
     NULL},
    {0, OPTION_KIND_FLAG, "hist", NULL, "draw how many there are over time", MEMBER(hist), NULL},
    {'l', OPTION_KIND_TAKE, "files-with-matches", NULL,
     "print only names of sources with such lines", 0, take_list},
    {'L', OPTION_KIND_TAKE, "files-without-match", NULL, "print only names of sources without", 0,
     take_list_others},
    {'q', OPTION_KIND_FLAG, "quiet", NULL, "print nothing; the exit status tells", MEMBER(quiet),
     NULL},
    {0, OPTION_KIND_FLAG, "silent", NULL, NULL, MEMBER(quiet), NULL},
    {'s', OPTION_KIND_FLAG, "no-messages", NULL, "don't say what can't be read",
     MEMBER(no_messages), NULL},
    {'o', OPTION_KIND_FLAG, "only-matching", NULL, "print each match by itself",
     MEMBER(only_matching), NULL},
    {'n', OPTION_KIND_FLAG, "line-number", NULL, "print each line's number in its source",
     MEMBER(numbers), NULL},
    {'b', OPTION_KIND_FLAG, "byte-offset", NULL, "print where each is in its source",
     MEMBER(offsets), NULL},
    {'A', OPTION_KIND_NUMBER, "after-context", "=N", "print N lines behind each, too",
     MEMBER(after), NULL},
    {'B', OPTION_KIND_NUMBER, "before-context", "=N", "print N lines before each, too",
     MEMBER(before), NULL},
    {'C', OPTION_KIND_NUMBER, "context", "=N", "both; so does -N", MEMBER(around), NULL},
    {0, OPTION_KIND_TAKE, "group-separator", "=TEXT",
     "between lines that aren't next to each other", 0, take_separator},
    {0, OPTION_KIND_TAKE, "no-group-separator", NULL, "nothing between those", 0, take_separator},
    {'H', OPTION_KIND_TAKE, "with-filename", NULL, "print the source's name before each line", 0,
     take_names},
    {'h', OPTION_KIND_TAKE, "no-filename", NULL, "never print it; with -c, print one sum", 0,
     take_no_names},
    {'Z', OPTION_KIND_FLAG, "null", NULL, "a NUL byte behind names, instead of : or a newline",
     MEMBER(nul), NULL},
    {0, OPTION_KIND_TAKE, "color", "[=WHEN]", "auto, always or never", 0, take_color},
    {0, OPTION_KIND_TAKE, "colour", "[=WHEN]", NULL, 0, take_color},
    {0, OPTION_KIND_FLAG, "json", NULL, "a JSON object per line: time, source, line, fields",
     MEMBER(json), NULL},
    {0, OPTION_KIND_FLAG, "csv", NULL, "commas between time, source and line, or between fields",
     MEMBER(csv), NULL},
    {0, OPTION_KIND_TAKE, "fields", "=A,B", "these fields, with tabs between them, not the lines",
     0, take_fields},
    {0, OPTION_KIND_FLAG, "lines", NULL, "single lines also where an input joins them to events",
     MEMBER(lines), NULL},
    {0, OPTION_KIND_FLAG, "explain", NULL, "say at the end what was left out, and what was read",
     MEMBER(explain), NULL},
    {0, OPTION_KIND_FLAG, "no-index", NULL, "don't use filters of what is in blocks",
     MEMBER(no_index), NULL},
    {0, OPTION_KIND_FLAG, "line-buffered", NULL, "write each line at once", MEMBER(unbuffered),
     NULL},
    {'T', OPTION_KIND_TAKE, "threads", "=N",
     "search with N threads; 0, the default: one per processor", 0, take_threads},
    {'a', OPTION_KIND_FLAG, "text", NULL, "nothing: all is text", MEMBER(text), NULL},
    {0, OPTION_KIND_TEXT, "config", "=FILE", "where the archive is; default " CONFIG_DEFAULT_PATH,
     MEMBER(config), NULL},
    {0, OPTION_KIND_HELP, "help", NULL, "show this text", 0, NULL},
};

/* What stands in the usage text above the option of that name. */
static const char *const titles[][2] = {
    {"extended-regexp", "What matches:"},    {"since", "Where:"},
    {"count", "What is printed:"},           {"after-context", "Lines around those that match:"},
    {"with-filename", "How it is printed:"}, {"config", "Others:"},
};

/* Pairs of options, by name, that mean nothing together. */
static const char *const exclusive[][2] = {
    {"count-by", "count"},
    {"count-by", "hist"},
    {"count-by", "files-with-matches"},
    {"count-by", "files-without-match"},
    {"count-by", "only-matching"},
    {"count-by", "fields"},
    {"count-by", "after-context"},
    {"count-by", "before-context"},
    {"count-by", "context"},
    {"hist", "count"},
    {"hist", "files-with-matches"},
    {"hist", "files-without-match"},
    {"hist", "only-matching"},
    {"hist", "fields"},
    {"hist", "after-context"},
    {"hist", "before-context"},
    {"hist", "context"},
    {"hist", "top"},
    {"follow", "until"},
    {"follow", "count"},
    {"follow", "count-by"},
    {"follow", "hist"},
    {"follow", "files-without-match"},
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

static const struct option_table table = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .titles = titles,
    .title_count = sizeof(titles) / sizeof(titles[0]),
    .exclusive = exclusive,
    .exclusive_count = sizeof(exclusive) / sizeof(exclusive[0]),
    .digits = "context",
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTION_ROWS_MAX, "too many options");

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
    option_table_print(&table);
    puts("\n"
         "TIME: '2 hours ago', yesterday, today, Monday, -15min, '2026-01-31 12:30', 12:30,\n"
         "@1767225600; without a zone it's local time.\n"
         "\n"
         "Exit status: 0 if a line was selected, 1 if none was, 2 after an error.");
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
    if (!q->follow || q->path_count <= 1)
        return true;
    option_misuse(self, "--follow takes one archive");
    return false;
}

const struct option_row *query_options_row(const char *name)
{
    size_t i = 0;
    while (strcmp(rows[i].name, name) != 0)
        i++;
    return &rows[i];
}

void query_options_default(struct query_options *options)
{
    *options = (struct query_options){.max_count = UINT64_MAX,
                                      .threads = option_processors(),
                                      .before = UINT64_MAX,
                                      .after = UINT64_MAX,
                                      .around = UINT64_MAX,
                                      .top = UINT64_MAX,
                                      .separator = "--"};
}

bool query_options_parse(const struct command *self, int argc, char **argv,
                         struct query_options *options, int *status)
{
    query_options_default(options);
    int option = option_table_parse(self, &table, argc, argv, options);
    *status = option == OPTION_HELP ? 0 : self->error_status;
    if (option == OPTION_END && options->top != UINT64_MAX && options->count_by.len == 0) {
        option_misuse(self, "--top needs --count-by");
        return false;
    }
    return option == OPTION_END && take_arguments(self, argc, argv, options);
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
    vec_free(&options->count_by);
    free(options->count_by_text);
}
