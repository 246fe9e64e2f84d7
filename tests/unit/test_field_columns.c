/*
 * test_field_columns.c - which slots of a template have the value of a field.
 */
#include "segment/field_columns.h"

#include "engine_fixture.h"
#include "suite.h"

enum { SLOTS = 4 };

/* A template of literals with slots between them: which slots are in a value of one of the names?
 */
static unsigned found(const char *const *literals, const char *name)
{
    struct slot slots[SLOTS] = {{0}};
    uint32_t row[SLOTS];
    uint32_t *rows[1] = {row};
    bool columns[SLOTS] = {false};
    struct template template = {.slots = slots};
    for (; literals[template.slot_count]; template.slot_count++) {
        slots[template.slot_count].literal = span_of(literals[template.slot_count]);
        row[template.slot_count] = (uint32_t)(SLOTS - 1 - template.slot_count);
    }
    struct block_columns b = {.set.list = {&template, 1, 1}, .layout.column_of = rows};
    const struct finder finders[] = {finder_of(span_of("\\u00")), finder_of(span_of(name))};
    field_columns(&b, 0, finders, 2, columns);
    unsigned bits = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        bits |= (unsigned)columns[SLOTS - 1 - i] << i;
    return bits;
}

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
}

int main(void)
{
    return run_suite("field_columns", add_tests, 0);
}
