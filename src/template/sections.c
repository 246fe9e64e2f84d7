/*
 * sections.c - finding the sections whose words follow no template.
 *
 * Skeletons that are equal but for what stands in their sections are a family. Folding is for large
 * families with many lines that no other line is like. Their sections are looked at in a sample:
 * one with nearly as many skeletons as values is folded, since templates wouldn't say much about
 * it.
 */
#include "template/sections.h"

#include <stdlib.h>

enum {
    MIN_MEMBERS = 64,        /* a family of fewer skeletons does no harm */
    SAMPLE_LINES = 2048,     /* of a family that are looked at */
    SAMPLE_TABLE = 4096,     /* slots of a set of their hashes */
    RARE_LINES = 3,          /* a skeleton with fewer would be left to plain text */
    RARE_SHARE = 5,          /* so much of a family's lines, 1/5, must be */
    MIN_SKELETONS = 8,       /* in the sample; with fewer, templates are good enough */
    VALUES_PER_SKELETON = 4, /* from so many on, templates say more than a list of values */
    FIRST_SHAPE = 5,
    MARK_TOKEN = 1,
    MARK_SECTION = 2,
};

static const section_mask ALL_SECTIONS = ~(section_mask)0;

static uint8_t closing(uint8_t c)
{
    return c == '"' ? '"' : c == '(' ? ')' : c == '[' ? ']' : 0;
}

/* Finds the section that the separator at `at` opens. @return its end, or 0 if it opens none */
static size_t section_end(const uint8_t *line, size_t size, size_t at)
{
    uint8_t close = closing(line[at]);
    const uint8_t *end = close ? memchr(line + at + 1, close, size - at - 1) : NULL;
    return end ? (size_t)(end - line) : 0;
}

/* Goes on to the next token or folded section. @return true for the latter */
static bool skip_separators(struct section_scanner *s, size_t *start, size_t *end)
{
    const uint8_t *line = s->tokens.line;
    size_t size = s->tokens.size;
    for (size_t at = s->tokens.at; at < size && token_byte_class[line[at]] & BYTE_SEPARATOR; at++) {
        size_t found = at < s->outside ? 0 : section_end(line, size, at);
        if (!found)
            continue;
        unsigned number = s->number++;
        s->outside = found + 1;
        *start = at + 1;
        *end = found;
        if (number < SECTIONS_MAX && s->folded >> number & 1 && found > at + 1)
            return true;
    }
    return false;
}

bool section_next(struct section_scanner *s, struct token *token)
{
    size_t start;
    size_t end;
    if (!skip_separators(s, &start, &end))
        return token_next(&s->tokens, token);
    token->kind = TOKEN_SECTION;
    token->at = start;
    token->len = end - start;
    s->tokens.at = end;
    return true;
}

/* The separators, stamps and folded sections of a line, and the words that are left. */
static void hash_line(struct span line, section_mask folded, uint64_t *shape, uint64_t *words)
{
    struct section_scanner scanner = {{line.data, line.len, 0}, folded, 0, 0};
    struct token token;
    size_t at = 0;
    *shape = FIRST_SHAPE;
    *words = 0;
    while (section_next(&scanner, &token)) {
        *shape = mix_bytes(*shape, line.data + at, token.at - at);
        *shape = mix_hash(*shape, token.kind == TOKEN_SECTION ? MARK_SECTION : MARK_TOKEN);
        if (token.kind == TOKEN_WORD)
            *words = mix_bytes(*words, line.data + token.at, token.len);
        else if (token.kind == TOKEN_TIME)
            *shape = mix_hash(*shape, token.stamp.format * 16u + token.stamp.digits);
        at = token.at + token.len;
    }
    *shape = mix_bytes(*shape, line.data + at, line.len - at);
}

/* Calls `see` for each section of a line that could be folded. */
static void each_section(struct span line, void (*see)(void *to, unsigned, struct span), void *to)
{
    struct section_scanner scanner = {{line.data, line.len, 0}, ALL_SECTIONS, 0, 0};
    struct token token;
    while (section_next(&scanner, &token))
        if (token.kind == TOKEN_SECTION)
            see(to, scanner.number - 1, (struct span){line.data + token.at, token.len});
}

/* A set of hashes, of at most as many as a sample has lines. */
struct hash_set {
    size_t count;
    uint64_t table[SAMPLE_TABLE];
};

static void hash_set_add(struct hash_set *set, uint64_t hash)
{
    hash |= 1;
    size_t slot = (hash >> 32) % SAMPLE_TABLE;
    while (set->table[slot] && set->table[slot] != hash)
        slot = (slot + 1) % SAMPLE_TABLE;
    set->count += !set->table[slot];
    set->table[slot] = hash;
}

/* What a sample of a family's lines has in one section. */
struct section {
    struct hash_set skeletons;
    struct hash_set values;
};

static void look_at(void *to, unsigned number, struct span text)
{
    struct section *section = (struct section *)to + number;
    uint64_t shape;
    uint64_t words;
    hash_line(text, 0, &shape, &words);
    hash_set_add(&section->skeletons, mix_hash(shape, words));
    hash_set_add(&section->values, mix_bytes(1, text.data, text.len));
}

/* Are the section's words so varied that it is a candidate? */
static bool is_varied(const struct section *s)
{
    return s->skeletons.count >= MIN_SKELETONS &&
           s->values.count < s->skeletons.count * VALUES_PER_SKELETON;
}

struct keyed {
    uint64_t key;
    uint32_t skeleton;
};

/* Skeletons that are equal but for their sections. */
struct family {
    const struct keyed *members;
    size_t count;
    uint64_t lines;
    uint64_t rare; /* lines of members that have few */
    uint64_t seen;
    uint32_t sample[SAMPLE_LINES]; /* lines */
    size_t sampled;
};

struct families {
    struct skeletons *skeletons;
    const uint8_t *raw;
    const struct lines *lines;
    struct keyed *keyed;   /* all skeletons, families side by side */
    uint32_t *of_skeleton; /* for each skeleton the number of its family + 1, or 0 */
    VEC(struct family) list;
    struct section *sections; /* SECTIONS_MAX of them */
    struct hash_set members;  /* skeletons in a family's sample */
};

static struct span example_of(const struct families *f, uint32_t skeleton)
{
    return skeletons_example(f->skeletons, f->raw, f->lines, skeleton);
}

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->skeleton < y->skeleton ? -1 : x->skeleton > y->skeleton;
}

static bool key_skeletons(struct families *f, const uint32_t *of_skeleton, size_t count)
{
    size_t keyed = 0;
    f->keyed = malloc(count * sizeof(*f->keyed));
    f->of_skeleton = calloc(f->skeletons->list.len, sizeof(*f->of_skeleton));
    if (!f->keyed || !f->of_skeleton)
        return false;
    for (size_t i = 0; i < f->skeletons->list.len; i++) {
        uint64_t shape;
        uint64_t words;
        if (of_skeleton[i])
            continue;
        hash_line(example_of(f, (uint32_t)i), ALL_SECTIONS, &shape, &words);
        f->keyed[keyed++] = (struct keyed){mix_hash(shape, words), (uint32_t)i};
    }
    qsort(f->keyed, count, sizeof(*f->keyed), by_key);
    return true;
}

static bool find_families(struct families *f, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        struct family family = {.members = f->keyed + start};
        for (end = start; end < count && f->keyed[end].key == f->keyed[start].key; end++) {
            uint32_t lines = f->skeletons->list.data[f->keyed[end].skeleton].count;
            family.lines += lines;
            family.rare += lines < RARE_LINES ? lines : 0;
        }
        family.count = end - start;
        if (family.count < MIN_MEMBERS || family.rare * RARE_SHARE < family.lines)
            continue;
        if (!vec_push(&f->list, family))
            return false;
        for (size_t i = start; i < end; i++)
            f->of_skeleton[f->keyed[i].skeleton] = (uint32_t)f->list.len;
    }
    return true;
}

/* Lines from all of the block, the same number apart. */
static void sample_lines(struct families *f)
{
    for (size_t i = 0; i < f->lines->list.len; i++) {
        uint32_t number = f->of_skeleton[f->skeletons->of_line[i]];
        if (!number)
            continue;
        struct family *family = &f->list.data[number - 1];
        if (family->seen++ % (family->lines / SAMPLE_LINES + 1) == 0)
            family->sample[family->sampled++] = (uint32_t)i;
    }
}

/*
 * Folding replaces the templates of a family by lists of the sections' values. That pays where the
 * values come again, and where the sections vary each on its own: if they vary together, the lists
 * are longer than what they replace.
 */
static section_mask choose_sections(struct families *f, const struct family *family)
{
    section_mask mask = 0;
    size_t values = 0;
    size_t places = 0;
    memset(f->sections, 0, SECTIONS_MAX * sizeof(*f->sections));
    memset(&f->members, 0, sizeof(f->members));
    for (size_t i = 0; i < family->sampled; i++) {
        uint32_t line = family->sample[i];
        hash_set_add(&f->members, f->skeletons->list.data[f->skeletons->of_line[line]].hash);
        each_section(lines_get(f->lines, f->raw, line), look_at, f->sections);
    }
    for (unsigned i = 0; i < SECTIONS_MAX; i++) {
        if (!is_varied(&f->sections[i]))
            continue;
        mask |= (section_mask)1 << i;
        values += f->sections[i].values.count;
        places += family->sampled;
    }
    return values * 2 <= places && values * 4 <= f->members.count * 9 ? mask : 0;
}

static void fold_family(struct families *f, const struct family *family, section_mask *folded)
{
    section_mask mask = choose_sections(f, family);
    for (size_t i = 0; mask && i < family->count; i++) {
        uint32_t skeleton = family->members[i].skeleton;
        uint64_t words;
        folded[skeleton] = mask;
        hash_line(example_of(f, skeleton), mask, &f->skeletons->list.data[skeleton].shape, &words);
    }
}

bool sections_fold(struct skeletons *skeletons, const uint8_t *raw, const struct lines *lines,
                   const uint32_t *of_skeleton, section_mask *folded)
{
    struct families f = {.skeletons = skeletons, .raw = raw, .lines = lines};
    size_t count = 0;
    for (size_t i = 0; i < skeletons->list.len; i++)
        count += !of_skeleton[i];
    if (count < MIN_MEMBERS)
        return true;
    f.sections = malloc(SECTIONS_MAX * sizeof(*f.sections));
    bool ok = f.sections && key_skeletons(&f, of_skeleton, count) && find_families(&f, count);
    if (ok && f.list.len)
        sample_lines(&f);
    for (size_t i = 0; ok && i < f.list.len; i++)
        fold_family(&f, &f.list.data[i], folded);
    vec_free(&f.list);
    free(f.keyed);
    free(f.of_skeleton);
    free(f.sections);
    return ok;
}
