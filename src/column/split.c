/*
 * split.c - a column whose values follow a few patterns: each run of digits is a column of its own.
 *
 * The pattern of a value is the value with each run of digits replaced by one '0', which can't
 * stand for itself as no other digit is left. Head: number of patterns, number of their '0's in
 * all, the column of the patterns, a number column that tells each row's pattern (if there are
 * several), and for each pattern and each of its '0's, in order, a text column of the digits.
 */
#include <stdlib.h>

#include "base/ascii.h"
#include "column/distinct.h"

enum {
    MAX_PATTERNS = 4096,
    FREE_PATTERNS = 8,     /* so many are always fine */
    ROWS_PER_PATTERN = 16, /* more must each serve so many rows */
};

/* Cut the runs of digits out of a value: its pattern goes to `pattern`, its runs to `runs`. */
struct cut {
    struct buf pattern;
    VEC(struct text_ref) runs; /* relative to the value */
};

static bool cut_value(struct cut *cut, struct span value)
{
    buf_clear(&cut->pattern);
    cut->runs.len = 0;
    for (size_t i = 0; i < value.len;) {
        if (!ascii_is_digit(value.data[i])) {
            buf_push(&cut->pattern, value.data[i++]);
            continue;
        }
        struct text_ref run = {(uint32_t)i, 0};
        while (i < value.len && ascii_is_digit(value.data[i]))
            i++;
        run.len = (uint32_t)i - run.at;
        buf_push(&cut->pattern, '0');
        if (!vec_push(&cut->runs, run))
            return false;
    }
    return !cut->pattern.failed;
}

/* The rows of one pattern: the runs of all its rows, one after the other. */
struct group {
    VEC(struct text_ref) runs;
    size_t runs_per_row;
    size_t rows;
};

struct splitter {
    struct distinct patterns; /* strings owned by this struct */
    VEC(struct group) groups;
    uint64_t *pattern_of_row;
    struct cut cut;
};

static void splitter_free(struct splitter *s)
{
    for (size_t i = 0; i < s->groups.len; i++)
        vec_free(&s->groups.data[i].runs);
    for (size_t i = 0; i < s->patterns.list.len; i++)
        free((void *)s->patterns.list.data[i].data);
    vec_free(&s->groups);
    distinct_free(&s->patterns);
    free(s->pattern_of_row);
    buf_free(&s->cut.pattern);
    vec_free(&s->cut.runs);
}

/* The group of the pattern that was just cut. @return NULL when memory is out */
static struct group *group_of(struct splitter *s, uint64_t *number)
{
    size_t before = s->patterns.list.len;
    uint32_t index = distinct_add(&s->patterns, buf_span(&s->cut.pattern));
    if (index == UINT32_MAX)
        return NULL;
    if (index == before) {
        struct group group = {.runs_per_row = s->cut.runs.len};
        uint8_t *copy = malloc(s->cut.pattern.len + 1);
        if (copy && s->cut.pattern.len)
            memcpy(copy, s->cut.pattern.data, s->cut.pattern.len);
        s->patterns.list.data[index].data = copy;
        if (!copy || !vec_push(&s->groups, group))
            return NULL;
    }
    *number = index;
    return &s->groups.data[index];
}

/* @return 1: split, 0: not worth it, -1: memory is out */
static int split_rows(struct splitter *s, const struct text_values *v)
{
    s->pattern_of_row = malloc((v->count + 1) * sizeof(*s->pattern_of_row));
    if (!s->pattern_of_row)
        return -1;
    for (size_t row = 0; row < v->count; row++) {
        if (!cut_value(&s->cut, text_value(v, row)))
            return -1;
        struct group *group = group_of(s, &s->pattern_of_row[row]);
        if (!group || !vec_reserve(&group->runs, group->runs.len + group->runs_per_row))
            return -1;
        size_t patterns = s->patterns.list.len;
        if (patterns > MAX_PATTERNS ||
            patterns > FREE_PATTERNS + (row + v->count / 4) / ROWS_PER_PATTERN)
            return 0;
        group->rows++;
        for (size_t i = 0; i < group->runs_per_row; i++) {
            struct text_ref run = s->cut.runs.data[i];
            run.at += v->refs[row].at;
            group->runs.data[group->runs.len++] = run;
        }
    }
    struct span only = s->patterns.list.len == 1 ? s->patterns.list.data[0] : (struct span){0};
    return !(only.len == 1 && only.data[0] == '0');
}

static void encode_patterns(struct encoded *e, struct column_context *ctx,
                            const struct distinct *patterns)
{
    struct buf text = {0};
    VEC(struct text_ref) refs = {0};
    bool ok = true;
    for (size_t i = 0; i < patterns->list.len; i++) {
        struct text_ref ref = {(uint32_t)text.len, (uint32_t)patterns->list.data[i].len};
        buf_append(&text, patterns->list.data[i].data, patterns->list.data[i].len);
        ok = ok && vec_push(&refs, ref);
    }
    struct text_values values = {text.data, refs.data, refs.len};
    if (ok && !text.failed)
        text_encode(e, ctx, &values, TEXT_NO_DICTIONARY | TEXT_NO_SPLIT | TEXT_NO_CUT);
    else
        e->head.failed = true;
    buf_free(&text);
    vec_free(&refs);
}

static void encode_group(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                         const struct group *group, unsigned forbidden)
{
    struct text_ref *column = malloc((group->rows + 1) * sizeof(*column));
    if (!column) {
        e->head.failed = true;
        return;
    }
    for (size_t run = 0; run < group->runs_per_row; run++) {
        for (size_t row = 0; row < group->rows; row++)
            column[row] = group->runs.data[row * group->runs_per_row + run];
        struct text_values values = {v->base, column, group->rows};
        text_encode(e, ctx, &values, forbidden | TEXT_NO_SPLIT);
    }
    free(column);
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    if (forbidden & TEXT_NO_SPLIT || stats->all_digits || v->count < 2)
        return false;
    struct splitter s = {0};
    int worth = split_rows(&s, v);
    if (worth == 1) {
        size_t runs = 0;
        for (size_t i = 0; i < s.groups.len; i++)
            runs += s.groups.data[i].runs_per_row;
        varint_put(&e->head, s.patterns.list.len);
        varint_put(&e->head, runs);
        e->cost += 3;
        encode_patterns(e, ctx, &s.patterns);
        if (s.patterns.list.len > 1)
            number_encode(e, ctx, s.pattern_of_row, v->count, STREAM_INDEX);
        for (size_t i = 0; i < s.groups.len; i++)
            encode_group(e, ctx, v, &s.groups.data[i], forbidden);
    }
    e->head.failed |= worth < 0;
    splitter_free(&s);
    return worth != 0;
}

/* Decoding. */

struct split {
    size_t pattern_count;
    size_t run_count;
    struct text_column *texts;
    struct number_column numbers;
    struct text_column **runs;    /* of all patterns, in order */
    struct text_piece *pieces;    /* of all patterns, in order */
    struct text_piece **patterns; /* the first piece of each */
    struct text_table table;      /* the patterns' texts */
};

static void free_split(void *state)
{
    struct split *s = state;
    for (size_t i = 0; s->runs && i < s->run_count; i++)
        text_free(s->runs[i]);
    free(s->runs);
    text_free(s->texts);
    number_clear(&s->numbers);
    free(s->pieces);
    free(s->patterns);
    text_table_clear(&s->table);
    free(s);
}

static bool parse_parts(struct split *s, struct reader *head, struct stream_reader *streams,
                        unsigned depth, struct lgz_error *err)
{
    s->pattern_count = reader_varint_max(head, MAX_PATTERNS);
    /* Each column takes bytes of the head. */
    s->run_count = reader_varint_max(head, reader_left(head));
    if (head->failed || s->pattern_count == 0 ||
        text_parse(&s->texts, head, streams, depth + 1, err) != LGZ_OK)
        return false;
    if (s->pattern_count > 1 && !number_parse(&s->numbers, head, streams, STREAM_INDEX))
        return false;
    s->runs = calloc(s->run_count + 1, sizeof(*s->runs));
    s->patterns = calloc(s->pattern_count, sizeof(*s->patterns));
    s->pieces = calloc(s->run_count + s->pattern_count, sizeof(*s->pieces));
    if (!s->runs || !s->patterns || !s->pieces) {
        error_memory(err);
        return false;
    }
    for (size_t i = 0; i < s->run_count; i++)
        if (text_parse(&s->runs[i], head, streams, depth + 1, err) != LGZ_OK)
            return false;
    return true;
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct split *s = calloc(1, sizeof(*s));
    if (!s) {
        error_memory(err);
        return NULL;
    }
    if (!parse_parts(s, head, streams, depth, err)) {
        free_split(s);
        return NULL;
    }
    return s;
}

/* Cut a pattern into pieces. @return false if there are too few runs */
static bool cut_pattern(struct span text, struct text_piece **piece, struct text_column ***run,
                        struct text_column **end)
{
    for (;;) {
        const uint8_t *mark = text.len ? memchr(text.data, '0', text.len) : NULL;
        size_t plain = mark ? (size_t)(mark - text.data) : text.len;
        **piece = (struct text_piece){text.data, plain, NULL};
        if (mark && *run == end)
            return false;
        if (mark)
            (*piece)->run = *(*run)++;
        (*piece)++;
        if (!mark)
            return true;
        text.data += plain + 1;
        text.len -= plain + 1;
    }
}

/* Decode the patterns and give each '0' its column. */
static int open_patterns(struct split *s, struct stream_reader *streams, size_t limit,
                         struct lgz_error *err)
{
    struct text_column **run = s->runs;
    struct text_column **end = s->runs + s->run_count;
    struct text_piece *piece = s->pieces;
    int code = text_table_read(&s->table, s->texts, s->pattern_count, streams, limit, err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < s->pattern_count; i++) {
        s->patterns[i] = piece;
        if (!cut_pattern(text_table_get(&s->table, i), &piece, &run, end))
            return error_set(err, LGZ_ERR_CORRUPT, "patterns with too few runs");
    }
    return run == end ? LGZ_OK : error_set(err, LGZ_ERR_CORRUPT, "patterns don't fit their runs");
}

static int open_split(void *state, struct stream_reader *streams, size_t limit,
                      struct lgz_error *err)
{
    struct split *s = state;
    int code = text_open(s->texts, streams, limit, err);
    if (code == LGZ_OK && s->pattern_count > 1)
        code = number_open(&s->numbers, streams, err);
    if (code == LGZ_OK)
        code = open_patterns(s, streams, limit, err);
    for (size_t i = 0; i < s->run_count && code == LGZ_OK; i++)
        code = text_open(s->runs[i], streams, limit, err);
    return code;
}

/* Behind `used` bytes of the room. */
static inline bool put(struct text_batch *b, size_t *used, const uint8_t *data, size_t len,
                       size_t filled)
{
    uint8_t *room = text_room(b, *used + len, filled);
    if (!room)
        return false;
    slack_copy(room + *used, data, len);
    *used += len;
    return true;
}

/* Put one value together. */
static bool put_value(const struct text_piece *piece, struct text_batch *b, size_t *used,
                      size_t filled)
{
    for (;; piece++) {
        struct span run;
        if (!put(b, used, piece->literal, piece->len, filled))
            return false;
        if (!piece->run)
            return true;
        if (!text_take(piece->run, &run) || !run.len || !put(b, used, run.data, run.len, filled))
            return false;
    }
}

static size_t fill(void *state, struct text_batch *b)
{
    struct split *s = state;
    size_t used = 0;
    size_t i = 0;
    if (!text_room(b, 1, 0))
        return 0;
    for (; i < b->want && used < TEXT_ROOM_FREE; i++) {
        uint64_t number = 0;
        size_t start = used;
        if (s->pattern_count > 1 && !number_next(&s->numbers, &number))
            break;
        if (number >= s->pattern_count || !put_value(s->patterns[number], b, &used, i))
            break;
        b->values[i] = (struct span){b->room + start, used - start};
    }
    return i;
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    const struct split *s = state;
    bool known = text_bytes(s->texts, look, set);
    for (size_t i = 0; i < s->run_count && known; i++)
        known = text_bytes(s->runs[i], look, set);
    return known;
}

/* Patterns that are put together. */
struct passing {
    const struct split *split;
    struct text_look *look;
    const struct passage *const *marks; /* of the patterns' bytes, see struct text_look */
    struct passage *passage;
    size_t patterns; /* so many were */
    size_t runs;     /* and the runs of these */
};

/* The bytes in front of the first one that stands for more. */
static size_t literal_len(const struct passing *p, struct span pattern)
{
    size_t len = 0;
    while (len < pattern.len && pattern.data[len] != '0' &&
           !(p->marks && p->marks[pattern.data[len]]))
        len++;
    return len;
}

/* What is behind the literal bytes. @return false if there are more runs than there should be */
static bool pass_piece(struct passing *p, uint8_t byte, struct passage *value)
{
    struct passage piece = {0};
    if (byte != '0') {
        passage_then(value, p->marks[byte]);
        return true;
    }
    if (p->runs == p->split->run_count)
        return false;
    text_passage(p->split->runs[p->runs++], p->look, &piece);
    passage_then(value, &piece);
    return true;
}

/* text_each_fn: one more pattern. What is behind the last one stands for nothing. */
static bool pass_pattern(void *context, struct span pattern)
{
    struct passing *p = context;
    struct passage value = {0};
    if (p->patterns++ >= p->split->pattern_count)
        return true;
    passage_add(&value, p->look->string, (struct span){0});
    for (;;) {
        struct passage piece = {0};
        const size_t len = literal_len(p, pattern);
        if (!text_look_take(p->look, PASSAGE_STEPS))
            return false;
        passage_add(&piece, p->look->string, (struct span){pattern.data, len});
        passage_then(&value, &piece);
        if (len == pattern.len)
            break;
        if (!pass_piece(p, pattern.data[len], &value))
            return false;
        pattern = (struct span){pattern.data + len + 1, pattern.len - len - 1};
    }
    passage_or(p->passage, &value);
    return true;
}

/* May a run of digits, so called, have marks? */
static bool runs_have_marks(const struct split *s, struct text_look *look,
                            const struct passage *const *marks)
{
    struct byte_set set = {0};
    bool may = marks['0'] != NULL;
    for (size_t i = 0; i < s->run_count && !may; i++)
        may = !text_bytes(s->runs[i], look, &set);
    for (unsigned byte = 0; byte <= UINT8_MAX && !may; byte++)
        may = marks[byte] && byte_set_has(&set, (uint8_t)byte);
    return may;
}

static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    struct passage values = {0};
    struct passing p = {.split = state, .look = look, .marks = look->marks, .passage = &values};
    look->marks = NULL; /* not those of parts */
    if ((p.marks && runs_have_marks(state, look, p.marks)) ||
        !text_each(p.split->texts, look, true, pass_pattern, &p))
        return false;
    passage_or(passage, &values);
    return true;
}

/* Leave out values of one pattern. */
static bool skip_pattern(const struct text_piece *piece, uint64_t count)
{
    for (; piece->run; piece++)
        if (!text_skip(piece->run, count))
            return false;
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct split *s = state;
    if (s->pattern_count == 1)
        return skip_pattern(s->patterns[0], count);
    for (; count; count--) {
        uint64_t number;
        if (!number_next(&s->numbers, &number) || number >= s->pattern_count)
            return false;
        for (const struct text_piece *piece = s->patterns[number]; piece->run; piece++)
            if (!text_pass(piece->run))
                return false;
    }
    return true;
}

static struct text_patterns patterns(const void *state)
{
    const struct split *s = state;
    return (struct text_patterns){s->patterns, s->pattern_count, &s->numbers};
}

const struct text_encoding text_split = {
    .name = "split",
    .propose = propose,
    .parse = parse,
    .open = open_split,
    .fill = fill,
    .free = free_split,
    .bytes = bytes,
    .passage = passage,
    .patterns = patterns,
    .marks = true,
    .skip = skip,
};
