/*
 * test_field_columns.c - which slots of a template have the value of a field.
 */
#include "segment/field_columns.h"

#include "engine_fixture.h"
#include "suite.h"

enum { SLOTS = 4 };

/* A template of literals with slots between them. */
struct made {
    struct slot slots[SLOTS];
    uint32_t row[SLOTS];
    uint32_t *rows[1];
    struct template template;
    struct block_columns b;
};

static void make(struct made *m, const char *const *literals, const char *tail)
{
    *m = (struct made){.rows = {m->row}, .template = {.slots = m->slots, .tail = span_of(tail)}};
    for (size_t i = 0; literals[i]; i++, m->template.slot_count++) {
        m->slots[i].literal = span_of(literals[i]);
        m->row[i] = (uint32_t)(SLOTS - 1 - i);
    }
    m->b = (struct block_columns){.set.list = {&m->template, 1, 1}, .layout.column_of = m->rows};
}

/* Which slots are in a value of one of the names? */
static unsigned found(const char *const *literals, const char *name)
{
    struct made m;
    bool columns[SLOTS] = {false};
    make(&m, literals, "");
    const struct finder finders[] = {finder_of(span_of("\\u00")), finder_of(span_of(name))};
    field_columns(&m.b, 0, finders, 2, columns);
    unsigned bits = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        bits |= (unsigned)columns[SLOTS - 1 - i] << i;
    return bits;
}

/* The parts of a line, with <> for values and | where something is left out. */
static void print_parts(const char *const *literals, const char *tail, const char *name, char *out)
{
    struct made m;
    struct field_part parts[SLOTS + 1];
    make(&m, literals, tail);
    const struct finder finders[] = {finder_of(span_of("\\u00")), finder_of(span_of(name))};
    field_parts(&m.b, 0, finders, 2, parts);
    for (size_t i = 0; i <= m.template.slot_count; i++) {
        const bool last = i == m.template.slot_count;
        const struct span literal = last ? m.template.tail : m.slots[i].literal;
        const struct field_part *p = &parts[i];
        out += sprintf(out, "%s%.*s%s%s", p->from ? "|" : "", (int)(p->to - p->from),
                       (const char *)literal.data + p->from, p->to < literal.len ? "|" : "",
                       last       ? ""
                       : p->value ? "<>"
                                  : "()");
    }
}

START_TEST(test_parts)
{
    static const struct {
        const char *literals[SLOTS + 1];
        const char *tail;
        const char *parts;
    } cases[] = {
        {{"{\"id\":", ",\"took\":"}, "}", "|()|took\":<>}"},
        {{"{\"took\":", ",\"id\":"}, "}", "|took\":<>,\"id\":()|"},
        {{"{\"took\":\"a", " b", "\",\"id\":"}, "}", "|took\":\"a<> b<>\",\"id\":()|"},
        {{"{\"took\":",
          ",\"a name longer than what is worth to be left out of the literal, and more\":"},
         "}",
         "|took\":<>,|()|"},
        {{"{\"took\":",
          ",\"a name longer than what is worth to be left out of the literal\":5,\"took\":"},
         "}",
         "|took\":<>,\"a name longer than what is worth to be left out of the "
         "literal\":5,\"took\":<>}"},
        {{"{\"id\":"}, ",\"took\":7}", "|()|took\":7}"},
        {{"{\"id\":"}, ",\"x\":\"\\u0031\"}", "|()|\\u0031\"}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char out[400];
        print_parts(cases[i].literals, cases[i].tail, "took", out);
        ck_assert_str_eq(out, cases[i].parts);
    }
}
END_TEST

START_TEST(test_columns)
{
    static const struct {
        const char *name;
        const char *literals[SLOTS + 1];
        unsigned found;
    } cases[] = {
        {"took", {"{\"took\":", ",\"id\":", "}"}, 1},
        {"id", {"{\"took\":", ",\"id\":", "}"}, 2},
        {"ook", {"{\"took\":", ",\"id\":", "}"}, 1},
        {"took", {"{\"took\" : ", ".", "e-", ",\"x\":"}, 7},
        {"took", {"{\"took\":12", "5"}, 3},
        {"took", {"{\"took\":12,\"id\":", "}"}, 0},
        {"took", {"{\"took", "\":", "}", ""}, 3},
        {"took", {"{\"took\":[1,", "]"}, 0},
        {"took", {"{\"took\":1,\"took\":", ","}, 1},
        {"none", {"{\"took\":", ","}, 0},
        {"took", {"", "{\"took\":", ","}, 2},
        {"took", {"\\u00", "1\":", ","}, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(found(cases[i].literals, cases[i].name) == cases[i].found, "case %zu: %x", i,
                      found(cases[i].literals, cases[i].name));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_columns);
    tcase_add_test(tc, test_parts);
}

int main(void)
{
    return run_suite("field_columns", add_tests, 0);
}
