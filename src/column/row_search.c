/*
 * row_search.c - tests numbers instead of their digits; in values that follow patterns, each run of
 * digits of the string against the column that it must lie in.
 */
#include "column/row_search.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/decimal.h"

enum {
    BATCH = 32,     /* rows at a time: bits of what is found */
    MOST_RUNS = 16, /* of digits in the string */
};

/* Bytes that a value must have: anywhere, at its front, at its back, or as all of it. */
struct part {
    struct span bytes;
    bool front;
    bool back;
};

/* The same for decimal numbers. */
struct number_test {
    const struct part *part;
    unsigned width;
    uint64_t value;  /* the part is how this number is written, */
    bool may_equal;  /* if it's how one is */
    uint64_t longer; /* numbers from this one on have more digits than the part, */
    bool any_longer; /* if there are such */
};

/* A string as its digits and what is between them. */
struct string_runs {
    struct span lead; /* in front of the first digit */
    struct span digits[MOST_RUNS];
    struct span behind[MOST_RUNS]; /* what follows each */
    size_t count;
};

struct search {
    struct string_runs string;
    uint64_t *steps;
    bool failed;
};

/* --- one column ----------------------------------------------------------------------------------
 */

static bool has_part(struct span value, const struct part *part)
{
    const struct span p = part->bytes;
    if (p.len > value.len)
        return false;
    if (part->front && part->back)
        return span_equal(value, p);
    if (part->front)
        return bytes_equal(value.data, p.data, p.len);
    if (part->back)
        return bytes_equal(value.data + value.len - p.len, p.data, p.len);
    return memmem(value.data, value.len, p.data, p.len) != NULL;
}

/* The part is digits. */
static struct number_test number_test_of(const struct part *part, unsigned width)
{
    const struct span p = part->bytes;
    struct number_test t = {.part = part, .width = width, .any_longer = true, .longer = 1};
    t.may_equal = p.len >= width && (p.data[0] != '0' || p.len == 1 || p.len == width);
    for (size_t i = 0; i < p.len; i++) {
        t.may_equal = t.may_equal && !__builtin_mul_overflow(t.value, 10, &t.value) &&
                      !__builtin_add_overflow(t.value, p.data[i] - '0', &t.value);
        t.any_longer = t.any_longer && !__builtin_mul_overflow(t.longer, 10, &t.longer);
    }
    if (width > p.len) {
        t.any_longer = true;
        t.longer = 0;
    }
    return t;
}

static bool has_digits(const struct number_test *t, uint64_t value)
{
    const struct part *part = t->part;
    uint8_t room[DECIMAL_MAX];
    if (!t->any_longer || value < t->longer)
        return t->may_equal && value == t->value;
    if (part->front && part->back)
        return false;
    if (part->back && value % 10 != (uint64_t)(part->bytes.data[part->bytes.len - 1] - '0'))
        return false;
    uint8_t *at = decimal_put_before(room + DECIMAL_MAX, value);
    while (room + DECIMAL_MAX - at < (ptrdiff_t)t->width)
        *--at = '0';
    return has_part((struct span){at, (size_t)(room + DECIMAL_MAX - at)}, part);
}

/* The rows of a column, some at a time. */
struct rows_of {
    struct text_column *column;
    struct number_column numbers; /* if it has them */
    struct number_test test;
    bool *marks; /* of its entries, if it has these */
};

/* Test the next rows, of those that are wanted. @return how many there are */
static size_t test_rows(struct rows_of *r, uint32_t wanted, uint32_t *found)
{
    uint64_t numbers[BATCH];
    uint32_t entries[BATCH];
    size_t count;
    *found = 0;
    if (r->marks) {
        count = r->column->encoding->entries(r->column->state, entries, BATCH);
        for (size_t i = 0; i < count; i++)
            *found |= (uint32_t)r->marks[entries[i]] << i;
        return count;
    }
    count = number_fill(&r->numbers, numbers, BATCH);
    for (size_t i = 0; i < count; i++)
        if (wanted >> i & 1 && has_digits(&r->test, numbers[i]))
            *found |= UINT32_C(1) << i;
    return count;
}

static bool add_row(struct search *s, struct row_list *rows, size_t row)
{
    if (!vec_push(&rows->list, (uint32_t)row))
        s->failed = true;
    return !s->failed;
}

/* Which of the next rows are in the list, from number `at` of it on? */
static uint32_t rows_wanted(const struct row_list *rows, size_t at, size_t base)
{
    uint32_t wanted = 0;
    for (; at < rows->list.len && rows->list.data[at] - base < BATCH; at++)
        wanted |= UINT32_C(1) << (rows->list.data[at] - base);
    return wanted;
}

/* Keep those rows whose values have the part. */
static void keep_rows(struct search *s, struct rows_of *r, struct row_list *rows)
{
    const size_t before = rows->list.len;
    size_t in = 0, out = 0, count = BATCH;
    for (size_t base = 0; count == BATCH && (rows->all || in < before); base += BATCH) {
        const uint32_t wanted = rows->all ? UINT32_MAX : rows_wanted(rows, in, base);
        uint32_t found;
        count = test_rows(r, wanted, &found);
        if (count > *s->steps || base > UINT32_MAX - BATCH) {
            s->failed = true;
            return;
        }
        *s->steps -= count;
        in += (size_t)__builtin_popcount(wanted);
        for (found &= wanted; found; found &= found - 1) {
            const size_t row = base + (size_t)__builtin_ctz(found);
            if (!rows->all)
                rows->list.data[out++] = (uint32_t)row;
            else if (!add_row(s, rows, row))
                return;
        }
    }
    if (!rows->all)
        rows->list.len = out;
    rows->all = false;
}

/* Is a column's value always the same, whichever row it is? */
static bool is_constant(const struct text_column *c)
{
    unsigned width = 0;
    if (c->encoding == &text_constant)
        return true;
    return c->encoding->numbers && c->encoding->numbers(c->state, &width)->stream < 0;
}

static void keep_all_or_none(struct text_column *c, const struct part *part, struct row_list *rows)
{
    struct span value;
    if (text_take(c, &value) && has_part(value, part))
        return;
    row_list_clear(rows);
}

/* The same in a column that is_told() said yes of. */
static void keep_rows_with(struct search *s, struct text_column *c, const struct part *part,
                           struct row_list *rows)
{
    struct rows_of r = {.column = c};
    unsigned width = 0;
    if (is_constant(c)) {
        keep_all_or_none(c, part, rows);
        return;
    }
    if (c->encoding->numbers) {
        const struct number_column *numbers = c->encoding->numbers(c->state, &width);
        r.numbers = *numbers;
        r.test = number_test_of(part, width);
        keep_rows(s, &r, rows);
        return;
    }
    const struct text_table *table = c->encoding->table(c->state);
    r.marks = calloc(table->count + 1, sizeof(*r.marks));
    s->failed |= !r.marks;
    for (size_t i = 0; r.marks && i < table->count; i++)
        r.marks[i] = has_part(text_table_get(table, i), part);
    if (r.marks)
        keep_rows(s, &r, rows);
    free(r.marks);
}

/* Has each value of the column digits, and nothing but digits? And can it be searched? */
static bool is_told(struct text_column *c)
{
    unsigned width = 0;
    struct span value;
    bool digits = true;
    if (c->encoding == &text_constant)
        return text_take(c, &value) && value.len && decimal_is(value);
    if (c->encoding->numbers) {
        const struct number_column *numbers = c->encoding->numbers(c->state, &width);
        return numbers->stream >= 0 || numbers->step == 0;
    }
    if (!c->encoding->entries)
        return false;
    const struct text_table *table = c->encoding->table(c->state);
    for (size_t i = 0; i < table->count && digits; i++)
        digits = text_table_get(table, i).len && decimal_is(text_table_get(table, i));
    return digits;
}

/* --- patterns ------------------------------------------------------------------------------------
 */

static size_t count_while(struct span text, bool digits)
{
    size_t i = 0;
    while (i < text.len && ascii_is_digit(text.data[i]) == digits)
        i++;
    return i;
}

static struct span behind(struct span text, size_t len)
{
    return (struct span){text.data + len, text.len - len};
}

/* Take a string apart. @return false if it has no digits, or too many runs of them */
static bool take_apart(struct string_runs *r, struct span text)
{
    r->lead = (struct span){text.data, count_while(text, false)};
    text = behind(text, r->lead.len);
    for (r->count = 0; text.len; r->count++) {
        if (r->count == MOST_RUNS)
            return false;
        r->digits[r->count] = (struct span){text.data, count_while(text, true)};
        text = behind(text, r->digits[r->count].len);
        r->behind[r->count] = (struct span){text.data, count_while(text, false)};
        text = behind(text, r->behind[r->count].len);
    }
    return r->count > 0;
}

static size_t count_runs(const struct text_piece *piece)
{
    size_t count = 0;
    while (piece[count].run)
        count++;
    return count;
}

/* May the string lie so in a pattern that its first digits are in the run of `piece`? There are
 * enough runs. */
static bool lies_at(const struct string_runs *r, const struct text_piece *piece)
{
    const struct part lead = {.bytes = r->lead, .back = true};
    const struct span front = {piece->literal, piece->len};
    if (!has_part(front, &lead))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        const bool last = i + 1 == r->count;
        const struct part part = {.bytes = r->behind[i], .front = true, .back = !last};
        if (!has_part((struct span){piece[i + 1].literal, piece[i + 1].len}, &part))
            return false;
    }
    return true;
}

static struct part part_of(const struct string_runs *r, size_t i)
{
    return (struct part){.bytes = r->digits[i],
                         .front = i > 0 || r->lead.len,
                         .back = i + 1 < r->count || r->behind[i].len};
}

/* Keep the rows of a pattern that have the string there: as far as whole runs of digits go, or only
 * parts of runs. */
static void keep_at(struct search *s, const struct text_piece *piece, bool whole,
                    struct row_list *rows)
{
    for (size_t i = 0; i < s->string.count && !s->failed; i++) {
        const struct part part = part_of(&s->string, i);
        if ((part.front && part.back) == whole && (rows->all || rows->list.len))
            keep_rows_with(s, piece[i].run, &part, rows);
    }
}

/* Rows that are in either list. */
static void join(struct search *s, struct row_list *to, struct row_list *from)
{
    struct row_list both = {.all = to->all || from->all};
    size_t a = 0, b = 0;
    while (!both.all && !s->failed && (a < to->list.len || b < from->list.len)) {
        const uint32_t x = a < to->list.len ? to->list.data[a] : UINT32_MAX;
        const uint32_t y = b < from->list.len ? from->list.data[b] : UINT32_MAX;
        add_row(s, &both, x < y ? x : y);
        a += x <= y;
        b += y <= x;
    }
    row_list_clear(to);
    row_list_clear(from);
    *to = both;
}

/* The rows of a pattern that have the string. */
static void find_in_pattern(struct search *s, const struct text_piece *pieces,
                            struct row_list *rows)
{
    const size_t runs = count_runs(pieces);
    for (size_t i = 0; i + s->string.count <= runs && !s->failed; i++) {
        struct row_list found = {.all = true};
        if (!lies_at(&s->string, &pieces[i]))
            continue;
        keep_at(s, &pieces[i], true, &found); /* which few rows have */
        keep_at(s, &pieces[i], false, &found);
        join(s, rows, &found);
    }
}

/* Can it be told of a pattern's rows? The string lies in one place at most for each way to lay its
 * runs of digits on the pattern's, if these are digits and nothing else is. Entries can be gone
 * through once. */
static bool is_pattern_told(const struct search *s, const struct text_piece *pieces)
{
    const size_t runs = count_runs(pieces);
    for (size_t i = 0; i <= runs; i++)
        if (count_while((struct span){pieces[i].literal, pieces[i].len}, false) != pieces[i].len ||
            (!pieces[i].len && i > 0 && i < runs))
            return false;
    for (size_t i = 0; i < runs; i++) {
        size_t uses = 0;
        for (size_t k = 0; k < s->string.count; k++)
            uses +=
                i >= k && i - k + s->string.count <= runs && lies_at(&s->string, &pieces[i - k]);
        if (!is_told(pieces[i].run) || (uses > 1 && pieces[i].run->encoding->entries))
            return false;
    }
    return true;
}

/* From the rows of each pattern to those of the column. */
static void number_rows(struct search *s, const struct text_patterns *p, struct row_list *of_each,
                        struct row_list *rows)
{
    struct number_column numbers = *p->numbers;
    size_t *passed = calloc(p->count, 2 * sizeof(*passed)); /* rows, and those in the list */
    uint64_t some[BATCH];
    size_t count = BATCH;
    s->failed |= !passed;
    for (size_t row = 0; !s->failed && count == BATCH;) {
        count = number_fill(&numbers, some, BATCH);
        s->failed |= count > *s->steps || row > UINT32_MAX - BATCH;
        *s->steps -= s->failed ? 0 : count;
        for (size_t i = 0; i < count && some[i] < p->count && !s->failed; i++, row++) {
            const struct row_list *own = &of_each[some[i]];
            size_t *at = &passed[2 * some[i]];
            const bool listed = at[1] < own->list.len && own->list.data[at[1]] == at[0];
            at[0]++;
            at[1] += listed;
            if (own->all || listed)
                add_row(s, rows, row);
        }
    }
    free(passed);
}

static bool finds_any(const struct row_list *rows)
{
    return rows->all || rows->list.len;
}

static void search_patterns(struct search *s, const struct text_patterns *p, struct row_list *rows)
{
    if (p->count == 1) {
        find_in_pattern(s, p->first[0], rows);
        return;
    }
    struct row_list *of_each = calloc(p->count, sizeof(*of_each));
    bool any = false;
    s->failed |= !of_each;
    for (size_t i = 0; i < p->count && !s->failed; i++) {
        find_in_pattern(s, p->first[i], &of_each[i]);
        any |= finds_any(&of_each[i]);
    }
    if (any && !s->failed)
        number_rows(s, p, of_each, rows);
    for (size_t i = 0; of_each && i < p->count; i++)
        row_list_clear(&of_each[i]);
    free(of_each);
}

/* Can it be told of all patterns? One that goes on for ever has no number of rows. */
static bool are_patterns_told(const struct search *s, const struct text_patterns *p)
{
    bool told = p->count == 1 || p->numbers->stream >= 0;
    for (size_t i = 0; i < p->count && told; i++)
        told = is_pattern_told(s, p->first[i]);
    return told;
}

enum row_search_result row_search(struct text_column *c, struct span string, uint64_t *steps,
                                  struct row_list *rows)
{
    struct search s = {.steps = steps};
    const struct part part = {.bytes = string};
    if (c->encoding->patterns) {
        const struct text_patterns p = c->encoding->patterns(c->state);
        if (!take_apart(&s.string, string) || !are_patterns_told(&s, &p))
            return ROWS_UNTOLD;
        search_patterns(&s, &p, rows);
    } else {
        if (!c->encoding->numbers || !decimal_is(string) || !is_told(c))
            return ROWS_UNTOLD;
        rows->all = true;
        keep_rows_with(&s, c, &part, rows);
    }
    return s.failed ? ROWS_FAILED : finds_any(rows) ? ROWS_HOLD : ROWS_LACK;
}
