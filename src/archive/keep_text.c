/*
 * keep_text.c - rules as text: what keep_print() writes, keep_parse() reads, and what people write
 * by hand is either understood or an error with its line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/keep.h"
#include "base/clock.h"
#include "line/timestamp_civil.h"

/* Printing. */

static void print_quoted(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, " %s=\"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_push(out, '\\');
        buf_push(out, (uint8_t)*text);
    }
    buf_push(out, '"');
}

static void print_time(struct buf *out, const char *key, int64_t ns)
{
    int64_t seconds = ns / NS_PER_SECOND, fraction = ns % NS_PER_SECOND;
    if (fraction < 0) {
        fraction += NS_PER_SECOND;
        seconds--;
    }
    int64_t days = seconds / CIVIL_DAY_SECONDS, rest = seconds % CIVIL_DAY_SECONDS;
    if (rest < 0) {
        rest += CIVIL_DAY_SECONDS;
        days--;
    }
    struct civil_date date = civil_from_days((int32_t)days);
    buf_printf(out, " %s=%04d-%02d-%02dT%02d:%02d:%02d", key, date.year, date.month, date.day,
               (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    if (fraction)
        buf_printf(out, ".%09" PRId64, fraction);
    buf_push(out, 'Z');
}

void keep_print(struct buf *out, const struct keep_rule *rule)
{
    buf_printf(out, "%" PRIu64, rule->id);
    if (rule->since != KEEP_NO_SINCE)
        print_time(out, "since", rule->since);
    if (rule->until != KEEP_NO_UNTIL)
        print_time(out, "until", rule->until);
    if (rule->input)
        print_quoted(out, "input", rule->input);
    if (rule->first)
        buf_printf(out, " journals=%" PRIu64 "-%" PRIu64, rule->first, rule->last);
    if (rule->import)
        buf_printf(out, " import=%" PRIu64, rule->import);
    if (rule->reason)
        print_quoted(out, "reason", rule->reason);
}

/* Parsing. All of these move `*at`, which ends in a NUL, behind what they took. */

static bool take_number(const char **at, int most_digits, uint64_t *value)
{
    int digits = 0;
    *value = 0;
    for (; **at >= '0' && **at <= '9' && digits < most_digits; ++*at, digits++)
        *value = *value * 10 + (uint64_t)(**at - '0');
    return digits > 0;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* A number of exactly `digits`, at most `most`. */
static bool take_field(const char **at, int digits, int most, int *value)
{
    const char *start = *at;
    uint64_t number;
    if (!take_number(at, digits, &number) || *at - start != digits || number > (uint64_t)most)
        return false;
    *value = (int)number;
    return true;
}

/* The digits behind the point of a second; there needn't be any, nor a point. */
static bool take_fraction(const char **at, int64_t *ns)
{
    uint64_t number = 0;
    if (take_char(at, '.')) {
        const char *start = *at;
        if (!take_number(at, 9, &number))
            return false;
        for (long digits = *at - start; digits < 9; digits++)
            number *= 10;
    }
    *ns = (int64_t)number;
    return true;
}

/* YYYY-MM-DDTHH:MM:SS[.FRACTION]Z */
static bool parse_time(const char *text, int64_t *ns)
{
    int year, month, day, hour, minute, second;
    int64_t fraction;
    if (!take_field(&text, 4, 9999, &year) || !take_char(&text, '-') ||
        !take_field(&text, 2, 12, &month) || !take_char(&text, '-') ||
        !take_field(&text, 2, 31, &day) || !take_char(&text, 'T') ||
        !take_field(&text, 2, 23, &hour) || !take_char(&text, ':') ||
        !take_field(&text, 2, 59, &minute) || !take_char(&text, ':') ||
        !take_field(&text, 2, 60, &second) || !take_fraction(&text, &fraction) ||
        !take_char(&text, 'Z') || *text)
        return false;
    if (month < 1 || day < 1 || day > civil_month_days(year, month))
        return false;
    int64_t seconds = (int64_t)civil_to_days(year, month, day) * CIVIL_DAY_SECONDS +
                      (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return !__builtin_mul_overflow(seconds, NS_PER_SECOND, ns) &&
           !__builtin_add_overflow(*ns, fraction, ns);
}

static bool parse_range(const char *text, uint64_t *first, uint64_t *last)
{
    if (!take_number(&text, 12, first))
        return false;
    *last = *first;
    if (take_char(&text, '-') && !take_number(&text, 12, last))
        return false;
    return *text == '\0' && *first && *first <= *last;
}

/* The value at `*at` into `value`, with a NUL behind it. */
static bool take_value(const char **at, struct buf *value)
{
    const char *c = *at;
    const bool quoted = *c == '"';
    buf_clear(value);
    for (c += quoted; *c && (quoted ? *c != '"' : *c != ' ' && *c != '\t'); c++) {
        if (quoted && *c == '\\' && (c[1] == '"' || c[1] == '\\'))
            c++;
        buf_push(value, (uint8_t)*c);
    }
    buf_push(value, '\0');
    if (quoted && *c++ != '"')
        return false;
    *at = c;
    return !value->failed && value->len > 1 && (*c == '\0' || *c == ' ' || *c == '\t');
}

static bool set_text(char **member, const char *value, size_t len)
{
    if (*member || len > KEEP_TEXT_MAX)
        return false;
    *member = strdup(value);
    return *member != NULL;
}

/* One "key=value". @return false if it isn't one, or if the key was there before */
static bool take_pair(const char **at, struct buf *value, struct keep_rule *rule)
{
    const char *key = *at;
    size_t len = strcspn(key, "= \t");
    if (key[len] != '=')
        return false;
    *at = key + len + 1;
    if (!take_value(at, value))
        return false;
    const char *text = (const char *)value->data;
    if (len == 5 && memcmp(key, "since", len) == 0)
        return rule->since == KEEP_NO_SINCE && parse_time(text, &rule->since);
    if (len == 5 && memcmp(key, "until", len) == 0)
        return rule->until == KEEP_NO_UNTIL && parse_time(text, &rule->until);
    if (len == 8 && memcmp(key, "journals", len) == 0)
        return !rule->first && parse_range(text, &rule->first, &rule->last);
    if (len == 6 && memcmp(key, "import", len) == 0)
        return !rule->import && take_number(&text, 12, &rule->import) && !*text && rule->import;
    if (len == 5 && memcmp(key, "input", len) == 0)
        return set_text(&rule->input, text, value->len - 1);
    if (len == 6 && memcmp(key, "reason", len) == 0)
        return set_text(&rule->reason, text, value->len - 1);
    return false;
}

static bool parse_rule(const char *line, struct buf *value, struct keep_rule *rule)
{
    const char *at = line;
    if (!take_number(&at, 18, &rule->id) || !rule->id)
        return false;
    while (*at == ' ' || *at == '\t') {
        at += strspn(at, " \t");
        if (*at && !take_pair(&at, value, rule))
            return false;
    }
    return *at == '\0';
}

/* Add the rule of a line, which is not empty and not a comment. */
static int add_line(struct keep_rules *out, const char *line, struct buf *value,
                    struct lgz_error *err)
{
    struct keep_rule rule = KEEP_RULE_EMPTY;
    uint64_t id;
    int code = LGZ_OK;
    if (!parse_rule(line, value, &rule))
        code = error_set(err, LGZ_ERR_CORRUPT, "'%.100s' isn't a rule", line);
    else if (out->list.len && rule.id <= out->list.data[out->list.len - 1].id)
        code = error_set(err, LGZ_ERR_CORRUPT, "the numbers of the rules don't ascend");
    else
        code = keep_add(out, &rule, &id, err);
    if (code == LGZ_OK)
        out->list.data[out->list.len - 1].id = rule.id;
    free(rule.input);
    free(rule.reason);
    return code == LGZ_ERR_ARGUMENT ? LGZ_ERR_CORRUPT : code;
}

int keep_parse(struct keep_rules *out, struct span text, const char *path, struct lgz_error *err)
{
    struct buf line = {0}, value = {0};
    struct lgz_error why = {0};
    int code = LGZ_OK;
    unsigned number = 0;
    *out = (struct keep_rules){0};
    for (size_t at = 0; code == LGZ_OK && at < text.len; number++) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.data) - at : 0;
        buf_clear(&line);
        buf_append(&line, text.data + at, len);
        buf_push(&line, '\0');
        at += len + 1;
        if (line.failed || value.failed)
            code = error_memory(&why);
        else if (!end)
            code = error_set(&why, LGZ_ERR_CORRUPT, "the line has no end; is the file cut short?");
        else if (memchr(line.data, '\0', len))
            code = error_set(&why, LGZ_ERR_CORRUPT, "the line has a NUL byte");
        else if (line.data[0] != '\0' && line.data[0] != '#')
            code = add_line(out, (const char *)line.data, &value, &why);
    }
    buf_free(&line);
    buf_free(&value);
    if (code != LGZ_OK) {
        keep_clear(out);
        return error_set(err, code, "%s:%u: %s", path, number, why.message);
    }
    return LGZ_OK;
}
