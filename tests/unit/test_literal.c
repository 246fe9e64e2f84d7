/*
 * test_literal.c - what expressions need: in examples, and of random ones that no line matches
 * without it, as PCRE2 matches.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/regex.h"
#include "query/literal.h"
#include "query/pattern.h"
#include "suite.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

/* A need as text: strings with "|" between them, clauses with " & ", "~" before a folded string;
   "=" in front if it's exact. */
static void write_need(const struct need *need, char *out)
{
    out += sprintf(out, "%s", need->exact ? "=" : "");
    for (size_t i = 0; i < need->clauses.len; i++) {
        const struct need_clause *clause = &need->clauses.data[i];
        out += sprintf(out, "%s", i ? " & " : "");
        for (size_t k = 0; k < clause->strings.len; k++) {
            const struct need_string *string = &clause->strings.data[k];
            out += sprintf(out, "%s%s%.*s", k ? "|" : "", string->folded ? "~" : "",
                           (int)string->bytes.len, (const char *)string->bytes.data);
        }
    }
}

START_TEST(test_need)
{
    static const char *const cases[][2] = {
        {"abc", "=abc"},
        {"", "="},
        {"a\\.b", "=a.b"},
        {"^abc$", "abc"},
        {"abc?", "=abc|ab"},
        {"abc*d", "ab & d"},
        {"abc+d", "abc & cd"},
        {"ab{0}cde", "a & cde"},
        {"ab{2,}c{3}", "ab & bc & c"},
        {"abc{x", "=abc{x"},
        {"{\"a\":{1}}", "{\"a\": & :}"},
        {"abc{,2}", ""},
        {"a|bcd", "=a|bcd"},
        {"(abc|x)de", "=abcde|xde"},
        {"(?:abc)*xy", "xy"},
        {"(?i)abc", "=~abc"},
        {"a(?i:b)c", "~abc"},
        {"(a(?i)b|c)d", "~abd|~cd"},
        {"(?i)ab(?-i)12(?i)cd", "=~ab12cd"},
        {"(?i)12(?-i)ab", "=12ab"},
        {"(?ms)ab", "=ab"},
        {"(?x)a b", ""},
        {"(?^)ab", "=ab"},
        {"(a(b)c[)]d)ef", "=abc)def"},
        {"[abc]de[^]x]fgh", "ade|bde|cde & fgh"},
        {"10[.]0[.]0[.]1", "=10.0.0.1"},
        {"[[:alpha:]]xy", "xy"},
        {"[[:alpha]xy", ""},
        {"\\d+ms", "ms"},
        {"\\x41bc\\t", "=Abc\t"},
        {"(ab)\\1bc", "ab & bc"},
        {"\\Qa.b\\E*c", "a. & c"},
        {"a\\Q\\E*bc", "bc"},
        {"\\Qa|b", "=a|b"},
        {"(?<name>a)bc", "=abc"},
        {"(?P<name>a)bc(?&name)d", "abc & d"},
        {"(?#abc)de", ""},
        {"(*NO_JIT)abc", ""},
        {"(?<*abc)de>", ""},
        {"(?(1)ab|cd)", ""},
        {"ab.*cdefg", "ab & cdefg"},
        {"a.b", "a & b"},
        {"(foo|bar).*(one|two)", "foo|bar & one|two"},
        {"foo.*bar|baz.*qux", "foo|baz & foo|qux & bar|baz & bar|qux"},
        {"foo.*bar|x*", ""},
        {"(?:foo.*bar)?q", "q"},
        {"(?:foo.*bar)+q", "foo & bar & barq"},
        {"(?=.*foo)(?=.*bar)", "foo & bar"},
        {"(?!foo)bar(?<!baz)", "bar"},
        {"(?<=id )[0-9]+", "id "},
        {"(?>ab|a)c", "abc|ac"},
        {"ab?+c", "abc|ac"},
        {"ab??c", "=abc|ac"},
        {"\\bab\\b.cd\\K", "ab & cd"},
        {"a\\nb", "a & b"},
        {"\\pLab\\p{Lu}cd", "ab & cd"},
        {"(?:|ab)c", "=c|abc"},
        {"a?", "="},
        {"(?:(?:ab){2}){0}c", "c"},
        {"a++b", "a & ab"},
    };
    char got[200];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct need need;
        ck_assert_int_eq(literal_need(cases[i][0], false, &need, NULL), LGZ_OK);
        write_need(&need, got);
        ck_assert_msg(strcmp(got, cases[i][1]) == 0, "'%s' needs '%s'", cases[i][0], got);
        need_clear(&need);
    }
}
END_TEST

static void expect_need(const char *text, const struct pattern_options *options, const char *wanted)
{
    char got[200];
    struct pattern *p = NULL;
    ck_assert_int_eq(pattern_compile(&p, &text, 1, options, NULL), LGZ_OK);
    write_need(pattern_need(p), got);
    ck_assert_msg(strcmp(got, wanted) == 0, "'%s' needs '%s'", text, got);
    pattern_free(p);
}

START_TEST(test_need_of_options)
{
    const struct pattern_options none = {0}, fixed = {.fixed = true}, posix = {.posix = true},
                                 fold = {.fixed = true, .ignore_case = true},
                                 word = {.fixed = true, .word = true}, line = {.line = true};
    expect_need("a.b\nc", &none, "a|c & b|c");
    expect_need("a.b\nc", &fixed, "=a.b|c");
    expect_need("a\n", &fixed, "=");
    expect_need("Ab\n1", &fold, "=~ab|1");
    expect_need("ab", &word, "ab");
    expect_need("ab|c", &line, "ab|c");
    expect_need("a[.]b(c|d)\\<", &posix, "a.bc|a.bd");
    struct pattern *p = NULL;
    ck_assert_int_eq(pattern_compile(&p, NULL, 0, &fixed, NULL), LGZ_OK);
    ck_assert(!need_met(pattern_need(p), span_of("")) && pattern_need(p)->exact);
    pattern_free(p);
}
END_TEST

/* Many alternatives, and many of them one behind the other, say what they can. */
START_TEST(test_need_of_much)
{
    struct buf regex = {0};
    struct need need;
    buf_append_string(&regex, "id=(");
    for (unsigned i = 0; i < 1000; i++)
        buf_printf(&regex, "%sn%u", i ? "|" : "", i);
    buf_append_string(&regex, ")x");
    for (unsigned i = 0; i < 100; i++)
        buf_append_string(&regex, "[ab]{2}.(c|d)");
    buf_push(&regex, '\0');
    ck_assert_int_eq(literal_need((char *)regex.data, false, &need, NULL), LGZ_OK);
    ck_assert_uint_eq(need.clauses.data[0].strings.len, 1000);
    ck_assert(!need_met(&need, span_of("id=n999y ab ccc")));
    ck_assert_uint_le(need.clauses.len, 64);
    need_clear(&need);
    buf_clear(&regex);
    for (unsigned i = 0; i < 200; i++)
        buf_append_string(&regex, "(");
    buf_push(&regex, '\0');
    ck_assert_int_eq(literal_need((char *)regex.data, false, &need, NULL), LGZ_OK);
    ck_assert_uint_eq(need.clauses.len, 0);
    buf_free(&regex);
}
END_TEST

/* Expressions that end in the middle of something, with nothing to read behind them. */
START_TEST(test_literal_of_the_unfinished)
{
    static const char *const texts[] = {"a(b[[:alpha:]\\Q",
                                        "a(?<b(*c|",
                                        "[^]a\\\\",
                                        "a{2,3}(?P<",
                                        "[[:al",
                                        "((a)",
                                        "x\\",
                                        "a{1,2}+\\Qb\\E{3}[\\x41]",
                                        "(?i-s:a)\\g{-1}\\k<b>",
                                        "(?P>ab)(?+1)(?'a'b)\\pL\\p{Lu}"};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *copy = pages + page - len - 1;
            memcpy(copy, texts[i], len);
            copy[len] = '\0';
            struct need need;
            ck_assert_int_eq(literal_need(copy, false, &need, NULL), LGZ_OK);
            need_clear(&need);
        }
    }
    munmap(pages, 2 * page);
}
END_TEST

static unsigned seed = 1;

static unsigned below(unsigned limit)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % limit;
}

/* Parts of expressions, of which many together are one, now and then. */
static const char *const parts[] = {
    "a",         "b",         "A",     "B",    "ab",      "ba",          "1",      " ",
    "-",         ".",         "|",     "|",    "(",       ")",           ")",      "(?:",
    "(?i)",      "(?-i)",     "(?i:",  "(?^:", "(?>",     "(?=",         "(?!",    "(?<=",
    "(?<!",      "(?<n>",     "(?|",   "*",    "+",       "?",           "{2}",    "{0,1}",
    "{1,}",      "{0}",       "??",    "++",   "?+",      "^",           "$",      "\\b",
    "\\B",       "\\w",       "\\d",   "\\1",  "\\g{1}",  "\\Q",         "\\E",    "\\Qa*\\E",
    "\\x61",     "[ab]",      "[aB1]", "[^a]", "[a-b]",   "[[:alpha:]]", "[]a]",   "[\\x61]",
    "\\.",       "\\-",       "{",     "}",    "]",       "(?1)",        "(?&n)",  "\\K",
    "\\A",       "\\z",       "\\R",   "\\pL", "\\P{Lu}", "(?m)",        "(?s-i)", "(?#a)",
    "(?(1)a|b)", "(*ACCEPT)", "\\n",   "(?J)", "(?U)",    "(?xx)",       "\\N",    "{,2}",
    "\\h",
};

static void write_expression(char *out)
{
    unsigned open = 0;
    char *end = out;
    for (unsigned left = 1 + below(9); left; left--) {
        /* Half of them are plain characters: others break what is known. */
        const char *part = parts[below(below(2) ? 9 : sizeof(parts) / sizeof(parts[0]))];
        if (*part == ')' && !open)
            continue;
        open += *part == '(' && !strchr(part, ')');
        open -= *part == ')';
        end += sprintf(end, "%s", part);
    }
    while (open--)
        *end++ = ')';
    *end = '\0';
}

static size_t write_line(uint8_t *out)
{
    static const char letters[] = "aabbAB1 -\n.*";
    size_t len = below(9);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)letters[below(sizeof(letters) - 1)];
    return len;
}

/* The lines are texts of several lines, too: an event's match needs the same. */
START_TEST(test_random)
{
    enum { EXPRESSIONS = 25000, LINES = 24 };
    unsigned compiled = 0, known = 0, matched = 0;
    struct regex_room *room;
    ck_assert_int_eq(regex_room_new(&room, 100, NULL), LGZ_OK);
    for (unsigned n = 0; n < EXPRESSIONS; n++) {
        char text[200];
        uint8_t line[16];
        struct regex *regex;
        struct need need;
        const bool fold = below(4) == 0;
        write_expression(text);
        ck_assert_int_eq(literal_need(text, fold, &need, NULL), LGZ_OK);
        if (regex_compile(&regex, text, strlen(text), fold ? REGEX_FOLD : 0, NULL) == LGZ_OK) {
            compiled++;
            known += need.clauses.len > 0;
            for (unsigned i = 0; i < LINES; i++) {
                const struct span span = {line, write_line(line)};
                const int found = regex_run(room, regex, span, 0, NULL);
                const bool met = need_met(&need, span);
                matched += found == 1;
                ck_assert_msg(found < 0 || (found == 1 ? met : !met || !need.exact),
                              "'%s'%s: %d in '%.*s'", text, fold ? " folded" : "", found,
                              (int)span.len, (const char *)line);
            }
            regex_free(regex);
        }
        need_clear(&need);
    }
    regex_room_free(room);
    ck_assert_uint_gt(compiled, EXPRESSIONS / 3);
    ck_assert_uint_gt(known, compiled / 3);
    ck_assert_uint_gt(matched, compiled);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_need);
    tcase_add_test(tc, test_need_of_options);
    tcase_add_test(tc, test_need_of_much);
    tcase_add_test(tc, test_literal_of_the_unfinished);
    tcase_add_test(tc, test_random);
}

int main(void)
{
    return run_suite("literal", add_tests, 30);
}
