/*
 * variants.c - two looks at the skeletons of each template: one that finds slots with few words and
 * counts in how many templates each word varies, one that splits.
 */
#include "template/variants.h"
#include "base/lower_bound.h"

#include <stdlib.h>

enum {
    FEW_WORDS = 4,       /* with more, a slot holds parameters */
    WORDS_SEEN = 8,      /* of a slot that are counted */
    MAX_TURNS = 4,       /* a word that varies in more templates is a parameter */
    MAX_PLACES = 32,     /* of a template at which it may be split */
    MAX_TOKENS = 512,    /* a template with more isn't looked at */
    MAX_CELLS = 1 << 22, /* of skeletons and places: a template with more isn't split */
};

/* What the lines of a template have at one token. */
struct place {
    uint64_t words[WORDS_SEEN];
    uint32_t count; /* of different words; WORDS_SEEN + 1 for more */
    bool parameter; /* by its place, or since there are values among its words */
};

/* A place with few words. */
struct candidate {
    uint32_t template;
    uint32_t token;
    uint32_t count;
    uint64_t words[WORDS_SEEN];
};

/* A word that varies in a template. Templates that differ in blanks only have equal hashes. */
struct turn {
    uint64_t word;
    uint64_t template;
};

struct search {
    const struct row_source *source;
    uint32_t min_lines;
    uint32_t first; /* of the templates that may be split */
    uint32_t *of_skeleton;
    struct template_list *list;
    uint32_t *order; /* skeletons that are looked at, those of a template side by side */
    size_t count;    /* of them */
    VEC(struct candidate) candidates;
    VEC(struct turn) turns; /* sorted */
    struct place *places;
    uint64_t *cells; /* a row */
};

/* The skeletons of a template. */
struct group {
    uint32_t *members; /* the heaviest first */
    size_t count;
    size_t tokens;
};

static int by_template(const void *a, const void *b, void *context)
{
    const struct search *s = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    uint32_t lines_x = row_lines(s->source, x);
    uint32_t lines_y = row_lines(s->source, y);
    if (s->of_skeleton[x] != s->of_skeleton[y])
        return s->of_skeleton[x] < s->of_skeleton[y] ? -1 : 1;
    if (lines_x != lines_y)
        return lines_x > lines_y ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int by_word(const void *a, const void *b)
{
    const struct turn *x = a;
    const struct turn *y = b;
    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return x->template <y->template ? -1 : x->template > y->template;
}

/* Does a token stand where values do: "key=value", "key":"value", [value]? */
static bool is_parameter(const uint8_t *line, size_t at)
{
    size_t start = at;
    if (at && (line[at - 1] == '=' || line[at - 1] == '['))
        return true;
    while (start && strchr("\"'({[", line[start - 1]) && line[start - 1])
        start--;
    return start && start < at && (line[start - 1] == '=' || line[start - 1] == ':');
}

static void start_places(struct search *s, const struct group *g)
{
    struct span line = row_line(s->source, g->members[0]);
    struct section_scanner scanner = row_scan(s->source, g->members[0]);
    struct token token;
    for (size_t i = 0; i < g->tokens && section_next(&scanner, &token); i++)
        s->places[i] = (struct place){.parameter = is_parameter(line.data, token.at)};
}

static void see_word(struct place *p, uint64_t word)
{
    uint32_t i = 0;
    p->parameter |= word <= CELL_SECTION;
    while (i < p->count && i < WORDS_SEEN && p->words[i] != word)
        i++;
    if (i == p->count && i < WORDS_SEEN)
        p->words[i] = word;
    p->count += i == p->count && i <= WORDS_SEEN;
}

/* A place that varies. */
static bool keep_place(struct search *s, const struct group *g, size_t token, uint64_t hash)
{
    const struct place *p = &s->places[token];
    struct candidate c = {s->of_skeleton[g->members[0]], (uint32_t)token, p->count, {0}};
    memcpy(c.words, p->words, sizeof(c.words));
    for (uint32_t i = 0; i < p->count && i < WORDS_SEEN; i++) {
        struct turn turn = {p->words[i], hash};
        if (!vec_push(&s->turns, turn))
            return false;
    }
    return p->count > FEW_WORDS || c.template <s->first || vec_push(&s->candidates, c);
}

/* Finds the places of a template that vary. */
static bool look(struct search *s, const struct group *g)
{
    start_places(s, g);
    for (size_t i = 0; i < g->count; i++) {
        if (!row_read(s->source, g->members[i], s->cells, g->tokens))
            continue;
        for (size_t t = 0; t < g->tokens; t++)
            see_word(&s->places[t], s->cells[t]);
    }
    uint64_t hash = 0;
    for (size_t t = 0; t < g->tokens; t++)
        hash = mix_hash(hash, s->places[t].count == 1 ? s->places[t].words[0] : CELL_WILD);
    for (size_t t = 0; t < g->tokens; t++)
        if (s->places[t].count > 1 && !s->places[t].parameter && !keep_place(s, g, t, hash))
            return false;
    return true;
}

/* In how many templates does a word vary? */
static size_t turns_of(const struct search *s, uint64_t word)
{
    size_t low = lower_bound(&s->turns, word, word);
    size_t end = low;
    size_t count = 0;
    for (; end < s->turns.len && s->turns.data[end].word == word && count <= MAX_TURNS; end++)
        count += end == low || s->turns.data[end].template != s->turns.data[end - 1].template;
    return count;
}

static bool tells_apart(const struct search *s, const struct candidate *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (turns_of(s, c->words[i]) > MAX_TURNS)
            return false;
    return true;
}

/* A template that is being split. */
struct splitting {
    struct search *search;
    const struct group *group;
    uint32_t tokens[MAX_PLACES]; /* the places at which it may be */
    size_t places;
    uint64_t *words;    /* of each member at each place */
    uint64_t *template; /* the row of the template, CELL_WILD where it varies */
};

/* Members in the same part of a template have the same word at some places. */
struct part {
    uint32_t *members; /* indexes in the group, the heaviest first */
    size_t count;
};

static uint64_t lines_of(const struct splitting *x, const struct part *part, size_t place,
                         uint64_t word)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < part->count; i++)
        if (x->words[part->members[i] * x->places + place] == word)
            lines += row_lines(x->search->source, x->group->members[part->members[i]]);
    return lines;
}

/* Moves the members with a word to the front, all in order. */
static size_t move_to_front(const struct splitting *x, struct part *part, size_t place,
                            uint64_t word, uint32_t *spare)
{
    size_t front = 0;
    size_t back = 0;
    for (size_t i = 0; i < part->count; i++) {
        uint32_t member = part->members[i];
        if (x->words[member * x->places + place] == word)
            part->members[front++] = member;
        else
            spare[back++] = member;
    }
    memcpy(part->members + front, spare, back * sizeof(*spare));
    return front;
}

/* Makes a template of a part. */
static void put_part(const struct splitting *x, const struct part *part)
{
    struct search *s = x->search;
    uint32_t first = x->group->members[part->members[0]];
    uint32_t number = s->list->count++;
    for (size_t k = 0; k < x->places; k++) {
        uint64_t word = x->words[part->members[0] * x->places + k];
        for (size_t i = 0; i < part->count; i++)
            if (x->words[part->members[i] * x->places + k] != word)
                word = CELL_WILD;
        x->template[x->tokens[k]] = word;
    }
    row_put_template(s->source, first, x->template, &s->list->text);
    for (size_t i = 0; i < part->count; i++)
        s->of_skeleton[x->group->members[part->members[i]]] = number;
}

/* Splits a part at place after place; what is too rare stays together. */
static void split_part(const struct splitting *x, struct part part, size_t place, uint32_t *spare)
{
    for (; place < x->places; place++) {
        for (size_t i = 0; i < part.count;) {
            uint64_t word = x->words[part.members[i] * x->places + place];
            uint64_t lines = lines_of(x, &part, place, word);
            if (lines < x->search->min_lines) {
                i++;
                continue;
            }
            struct part front = {part.members, move_to_front(x, &part, place, word, spare)};
            split_part(x, front, place + 1, spare);
            part.members += front.count;
            part.count -= front.count;
            i = 0;
        }
    }
    if (part.count)
        put_part(x, &part);
}

static bool split(struct search *s, const struct group *g, const struct candidate *list,
                  size_t count)
{
    struct splitting x = {.search = s, .group = g};
    for (size_t i = 0; i < count && x.places < MAX_PLACES; i++)
        if (tells_apart(s, &list[i]))
            x.tokens[x.places++] = list[i].token;
    if (!x.places || g->count > MAX_CELLS / x.places)
        return true;
    uint32_t *members = malloc(2 * g->count * sizeof(*members));
    x.words = malloc(g->count * x.places * sizeof(*x.words));
    x.template = malloc(g->tokens * sizeof(*x.template));
    bool ok = members && x.words && x.template;
    size_t kept = 0;
    for (size_t i = 0; ok && i < g->count; i++) {
        if (!row_read(s->source, g->members[i], s->cells, g->tokens))
            continue;
        for (size_t t = 0; t < g->tokens; t++)
            if (!kept || x.template[t] == s->cells[t])
                x.template[t] = s->cells[t];
            else
                x.template[t] = CELL_WILD;
        for (size_t k = 0; k < x.places; k++)
            x.words[i * x.places + k] = s->cells[x.tokens[k]];
        members[kept++] = (uint32_t)i;
    }
    if (ok)
        split_part(&x, (struct part){members, kept}, 0, members + g->count);
    free(members);
    free(x.words);
    free(x.template);
    return ok;
}

/* The next template of at least two skeletons. @return where the one behind it starts, 0 at the end
 */
static size_t next_group(const struct search *s, size_t start, struct group *g)
{
    size_t end = start;
    size_t count = s->count;
    for (; start < count; start = end) {
        uint32_t number = s->of_skeleton[s->order[start]];
        for (end = start + 1; end < count && s->of_skeleton[s->order[end]] == number;)
            end++;
        *g = (struct group){s->order + start, end - start, 0};
        if (g->count > 1)
            g->tokens = row_length(s->source, g->members[0]);
        if (g->tokens && g->tokens <= MAX_TOKENS)
            return end;
    }
    return 0;
}

/* Looks at the templates from number `from` on. */
static bool find_candidates(struct search *s, uint32_t from)
{
    struct group g;
    s->count = 0;
    s->candidates.len = 0;
    s->turns.len = 0;
    for (size_t i = 0; i < s->source->skeletons->list.len; i++)
        if (s->of_skeleton[i] >= from)
            s->order[s->count++] = (uint32_t)i;
    qsort_r(s->order, s->count, sizeof(*s->order), by_template, s);
    for (size_t at = 0; (at = next_group(s, at, &g));)
        if (!look(s, &g))
            return false;
    if (s->turns.len)
        qsort(s->turns.data, s->turns.len, sizeof(*s->turns.data), by_word);
    return true;
}

static bool split_all(struct search *s)
{
    struct group g;
    size_t from = 0;
    for (size_t at = 0; (at = next_group(s, at, &g));) {
        uint32_t number = s->of_skeleton[g.members[0]];
        size_t to = from;
        while (to < s->candidates.len && s->candidates.data[to].template == number)
            to++;
        if (to > from && !split(s, &g, s->candidates.data + from, to - from))
            return false;
        from = to;
    }
    return true;
}

bool variants_split(const struct row_source *source, uint32_t min_lines, uint32_t first,
                    uint32_t *of_skeleton, struct template_list *list)
{
    struct search s = {.source = source,
                       .min_lines = min_lines,
                       .first = first,
                       .of_skeleton = of_skeleton,
                       .list = list};
    size_t count = source->skeletons->list.len;
    s.order = malloc((count + 1) * sizeof(*s.order));
    s.places = malloc(MAX_TOKENS * sizeof(*s.places));
    s.cells = malloc(MAX_TOKENS * sizeof(*s.cells));
    bool ok = s.order && s.places && s.cells && find_candidates(&s, first);
    if (ok && s.candidates.len && first > 1) /* the words may vary in the others as well */
        ok = find_candidates(&s, 1);
    ok = ok && split_all(&s);
    vec_free(&s.candidates);
    vec_free(&s.turns);
    free(s.order);
    free(s.places);
    free(s.cells);
    return ok && !list->text.failed;
}
