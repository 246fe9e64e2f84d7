/*
 * headers.c - a header is the first tokens of a line, up to HEADER_TOKENS of them, with what stands
 * in front of each. A line gets the longest one that pays: each against a shorter one before it,
 * counting all lines that have it.
 */
#include "template/headers.h"

#include <stdlib.h>

#include "line/tokens.h"

enum {
    HEADER_TOKENS = 8,
    MAX_ROWS = 1 << 16, /* lines that are looked at */
    ROUNDS = 3,
    NONE = -1,
    /* What a slot saves against plain text , or a word loses, and what a template costs, in half
       bytes. */
    SAVES_TIME = 14,
    SAVES_VALUE = 3,
    LOSES_WORD = 1, /* what is written as one is found again as one */
    TEMPLATE_COST = 30,
    SLOT_COST = 6,
    FIRST_HASH = 7,
};

/* A line, and the headers that it could have. */
struct row {
    uint32_t skeleton;
    uint32_t tokens;                /* at most HEADER_TOKENS */
    uint32_t header[HEADER_TOKENS]; /* index in `headers`, by number of tokens less 1 */
    int chosen;                     /* one of these, or NONE */
};

struct header {
    uint64_t hash;
    uint32_t row;    /* the first one that has it */
    unsigned differ; /* bit n: token n isn't the same in all lines */
    uint32_t tokens;
    int64_t saves; /* one line */
    uint64_t lines;
    bool dropped;
    uint32_t number; /* of its template; 0 before it has one */
};

struct search {
    const struct skeletons *skeletons;
    const uint8_t *raw;
    const struct lines *lines;
    VEC(struct row) rows;
    VEC(struct header) headers;
    uint32_t *table; /* of headers, index + 1 */
    size_t table_size;
};

static struct span line_of(const struct search *s, const struct row *row)
{
    return skeletons_example(s->skeletons, s->raw, s->lines, row->skeleton);
}

static uint32_t lines_of(const struct search *s, const struct row *row)
{
    return s->skeletons->list.data[row->skeleton].count;
}

/* The number of the header with that hash, new or not; UINT32_MAX when memory is out. */
static uint32_t find_header(struct search *s, const struct header *wanted)
{
    size_t slot = wanted->hash & (s->table_size - 1);
    for (; s->table[slot]; slot = (slot + 1) & (s->table_size - 1))
        if (s->headers.data[s->table[slot] - 1].hash == wanted->hash)
            return s->table[slot] - 1;
    if (!vec_push(&s->headers, *wanted))
        return UINT32_MAX;
    s->table[slot] = (uint32_t)s->headers.len;
    return (uint32_t)(s->headers.len - 1);
}

static bool read_row(struct search *s, uint32_t number)
{
    struct row *row = &s->rows.data[number];
    struct span line = line_of(s, row);
    struct token_scanner scanner = {line.data, line.len, 0};
    struct token token;
    struct header header = {.hash = FIRST_HASH, .row = number};
    size_t at = 0;
    while (row->tokens < HEADER_TOKENS && token_next(&scanner, &token)) {
        header.hash = mix_bytes(header.hash, line.data + at, token.at - at);
        header.saves += token.kind == TOKEN_VALUE ? SAVES_VALUE : -LOSES_WORD;
        if (token.kind == TOKEN_TIME) {
            header.hash = mix_hash(header.hash, token.stamp.format * 16u + token.stamp.digits + 1);
            header.saves += SAVES_TIME + LOSES_WORD;
        }
        at = token.at + token.len;
        header.tokens = row->tokens + 1;
        uint32_t index = find_header(s, &header);
        if (index == UINT32_MAX)
            return false;
        row->header[row->tokens++] = index;
    }
    return true;
}

static bool read_rows(struct search *s, const uint32_t *of_skeleton)
{
    for (size_t i = 0; i < s->skeletons->list.len && s->rows.len < MAX_ROWS; i++) {
        struct row row = {.skeleton = (uint32_t)i, .chosen = NONE};
        if (!of_skeleton[i] && !vec_push(&s->rows, row))
            return false;
    }
    s->table_size = 64;
    while (s->table_size < s->rows.len * HEADER_TOKENS * 2)
        s->table_size *= 2;
    s->table = calloc(s->table_size, sizeof(*s->table));
    if (!s->table)
        return false;
    for (size_t i = 0; i < s->rows.len; i++) {
        if (!read_row(s, (uint32_t)i))
            return false;
        const struct row *row = &s->rows.data[i];
        for (uint32_t k = 0; k < row->tokens; k++)
            s->headers.data[row->header[k]].lines += lines_of(s, row);
    }
    return true;
}

/* What a header gains over one that saves `saved` of each line. */
static int64_t gain(const struct header *h, int64_t saved)
{
    return (int64_t)h->lines * (h->saves - saved) - TEMPLATE_COST - SLOT_COST * (int64_t)h->tokens;
}

/* The longest header that pays, each against the one before. */
static void choose(const struct search *s, struct row *row)
{
    int64_t saved = 0;
    row->chosen = NONE;
    for (uint32_t k = 0; k < row->tokens; k++) {
        const struct header *h = &s->headers.data[row->header[k]];
        if (h->dropped || gain(h, saved) <= 0)
            continue;
        saved = h->saves;
        row->chosen = (int)row->header[k];
    }
}

/*
 * Each line takes its header. Then a header has fewer lines than could have it: those that are
 * left with too few are dropped, and their lines choose again.
 */
static void choose_all(struct search *s, uint32_t min_lines)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < s->rows.len; i++)
            choose(s, &s->rows.data[i]);
        for (size_t i = 0; i < s->headers.len; i++)
            s->headers.data[i].lines = 0;
        for (size_t i = 0; i < s->rows.len; i++)
            if (s->rows.data[i].chosen != NONE)
                s->headers.data[s->rows.data[i].chosen].lines += lines_of(s, &s->rows.data[i]);
        for (size_t i = 0; i < s->headers.len; i++) {
            struct header *h = &s->headers.data[i];
            h->dropped |= h->lines < min_lines || gain(h, 0) <= 0;
        }
    }
    for (size_t i = 0; i < s->rows.len; i++)
        if (s->rows.data[i].chosen != NONE && s->headers.data[s->rows.data[i].chosen].dropped)
            s->rows.data[i].chosen = NONE;
}

/* Notes which tokens of a line aren't those of the first line under its header. */
static void compare_with_first(const struct search *s, const struct row *row, struct header *h)
{
    struct span line = line_of(s, row);
    struct span first = line_of(s, &s->rows.data[h->row]);
    struct token_scanner a = {first.data, first.len, 0};
    struct token_scanner b = {line.data, line.len, 0};
    struct token x;
    struct token y;
    for (uint32_t k = 0; k < h->tokens && token_next(&a, &x) && token_next(&b, &y); k++)
        if (x.len != y.len || memcmp(first.data + x.at, line.data + y.at, x.len) != 0)
            h->differ |= 1u << k;
}

static void put_header(const struct search *s, const struct header *h, struct buf *text)
{
    struct span line = line_of(s, &s->rows.data[h->row]);
    struct token_scanner scanner = {line.data, line.len, 0};
    struct token token;
    size_t at = 0;
    for (uint32_t k = 0; k < h->tokens && token_next(&scanner, &token); k++) {
        if (token.kind == TOKEN_WORD && !(h->differ >> k & 1))
            continue;
        buf_append(text, line.data + at, token.at - at);
        if (token.kind == TOKEN_TIME)
            template_put_time(text, &token.stamp);
        else
            template_put_value(text);
        at = token.at + token.len;
    }
    buf_append(text, line.data + at, token.at + token.len - at);
    template_put_rest(text);
    template_put_end(text);
}

bool headers_find(const struct skeletons *skeletons, const uint8_t *raw, const struct lines *lines,
                  uint32_t min_lines, uint32_t *of_skeleton, struct template_list *list)
{
    struct search s = {.skeletons = skeletons, .raw = raw, .lines = lines};
    bool ok = read_rows(&s, of_skeleton);
    if (ok)
        choose_all(&s, min_lines);
    for (size_t i = 0; ok && i < s.rows.len; i++) {
        if (s.rows.data[i].chosen == NONE)
            continue;
        struct header *h = &s.headers.data[s.rows.data[i].chosen];
        if (!h->number) {
            h->number = list->count++;
            h->row = (uint32_t)i;
        }
        compare_with_first(&s, &s.rows.data[i], h);
        of_skeleton[s.rows.data[i].skeleton] = h->number;
    }
    /* In the order of their numbers: each was given at its first line. */
    for (size_t i = 0; ok && i < s.rows.len; i++)
        if (s.rows.data[i].chosen != NONE && s.headers.data[s.rows.data[i].chosen].row == i)
            put_header(&s, &s.headers.data[s.rows.data[i].chosen], &list->text);
    vec_free(&s.rows);
    vec_free(&s.headers);
    free(s.table);
    return ok && !list->text.failed;
}
