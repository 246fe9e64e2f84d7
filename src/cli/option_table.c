/*
 * option_table.c - from rows to getopt_long(3)'s grammar, and what is done with any row.
 */
#include "cli/option_table.h"

#include <stdio.h>
#include <string.h>

/* --- usage --- */

static void print_title(const struct option_table *t, const char *name)
{
    for (size_t i = 0; i < t->title_count; i++)
        if (strcmp(t->titles[i][0], name) == 0)
            printf("%s%s\n", i ? "\n" : "", t->titles[i][1]);
}

static void print_row(const struct option_row *row)
{
    enum { NAME_LEN = 18 }; /* a longer name has a line of its own */
    char option[64];
    snprintf(option, sizeof(option), "--%s%s", row->name, row->value ? row->value : "");
    printf(row->letter ? "  -%c, " : "      ", row->letter);
    if (strlen(option) > NAME_LEN)
        printf("%s\n%25s%s\n", option, "", row->usage);
    else
        printf("%-*s %s\n", NAME_LEN, option, row->usage);
}

void option_table_print(const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!table->rows[i].usage)
            continue;
        print_title(table, table->rows[i].name);
        print_row(&table->rows[i]);
    }
}

/* --- parsing --- */

/* Row i is known to getopt by its letter, or by OPTION_FIRST + i. */
struct grammar {
    char shorts[2 * OPTION_ROWS_MAX + 12];
    struct option longs[OPTION_ROWS_MAX + 1];
};

static void describe(const struct option_table *t, struct grammar *g)
{
    char *shorts = g->shorts;
    *shorts++ = ':';
    for (char digit = '0'; digit <= '9' && t->digits; digit++)
        *shorts++ = digit;
    for (size_t i = 0; i < t->count; i++) {
        const struct option_row *row = &t->rows[i];
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

/* The row that getopt found; `count` if it's none. */
static size_t find_row(const struct option_table *t, int option)
{
    size_t i = 0;
    while (i < t->count && option != OPTION_FIRST + (int)i && option != t->rows[i].letter)
        i++;
    return i;
}

static size_t row_named(const struct option_table *t, const char *name)
{
    size_t i = 0;
    while (i < t->count && strcmp(t->rows[i].name, name) != 0)
        i++;
    return i;
}

/* Put an option's value where it belongs. @return false after a message */
static bool store(const struct command *self, void *options, const struct option_row *row,
                  const char *value)
{
    void *member = (char *)options + row->member;
    bool stored = true;
    switch (row->kind) {
    case OPTION_KIND_FLAG:
        *(bool *)member = true;
        break;
    case OPTION_KIND_TEXT:
        *(const char **)member = value;
        break;
    case OPTION_KIND_LIST:
        stored = vec_push((string_list *)member, value);
        if (!stored)
            say("out of memory");
        break;
    case OPTION_KIND_NUMBER:
        stored = option_number(value, UINT64_MAX, member);
        if (!stored && row->letter)
            option_misuse(self, "-%c %s: not a number", row->letter, value);
        else if (!stored)
            option_misuse(self, "--%s %s: not a number", row->name, value);
        break;
    case OPTION_KIND_TAKE:
        stored = row->take(self, options, value);
        break;
    case OPTION_KIND_HELP:
        break;
    }
    return stored;
}

/* A digit of -N: behind those before it, or the first one. */
static void take_digit(uint64_t *number, unsigned digit, bool first)
{
    if (first)
        *number = 0;
    if (__builtin_mul_overflow(*number, 10, number) ||
        __builtin_add_overflow(*number, digit, number))
        *number = UINT64_MAX - 1;
}

/* @param given  set for each row that was. @return as option_table_parse() */
static int take_options(const struct command *self, const struct option_table *t, int argc,
                        char **argv, void *options, bool *given)
{
    struct grammar grammar = {0};
    int option, before = optind, digits_at = 0;
    describe(t, &grammar);
    for (; (option = option_next(self, argc, argv, grammar.shorts, grammar.longs)) != OPTION_END;
         before = optind) {
        const bool digit = t->digits && option >= '0' && option <= '9';
        size_t i = digit ? row_named(t, t->digits) : find_row(t, option);
        if (i == t->count)
            return OPTION_BAD;
        if (t->rows[i].kind == OPTION_KIND_HELP) {
            option_help(self);
            return OPTION_HELP;
        }
        if (digit) {
            uint64_t *number = (void *)((char *)options + t->rows[i].member);
            take_digit(number, (unsigned)(option - '0'), digits_at != before);
            digits_at = optind;
        } else if (!store(self, options, &t->rows[i], optarg)) {
            return OPTION_BAD;
        }
        given[i] = true;
    }
    return OPTION_END;
}

static bool was_given(const struct option_table *t, const bool *given, const char *name)
{
    size_t i = row_named(t, name);
    return i < t->count && given[i];
}

int option_table_parse(const struct command *self, const struct option_table *table, int argc,
                       char **argv, void *options)
{
    bool given[OPTION_ROWS_MAX] = {false};
    int option = take_options(self, table, argc, argv, options, given);
    for (size_t i = 0; i < table->exclusive_count && option == OPTION_END; i++) {
        const char *const *pair = table->exclusive[i];
        if (was_given(table, given, pair[0]) && was_given(table, given, pair[1])) {
            option_misuse(self, "either --%s or --%s", pair[0], pair[1]);
            option = OPTION_BAD;
        }
    }
    return option;
}
