/*
 * known.c - matching skeletons with templates by hash, or by shape and words; and what to remember.
 */
#include "template/known.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/lower_bound.h"
#include "line/tokens.h"

enum {
    MAX_TEMPLATES = 2048,    /* that are remembered */
    MAX_SKELETONS = 1 << 16, /* the same */
    MAX_TEXT = 1 << 18,      /* bytes of all */
    MAX_ONE = 4096,          /* bytes of one */
    MAX_OF_SHAPE = 64,       /* with which a row is compared */
    MAX_AGE = 8,
    MIN_LINES = 30, /* rarer lines are better off in templates that this block finds for them */
    NEAR_SHARE = 8, /* a template is left out if 1/8 as many lines as it has are near it */
};

/* A template, and as a row of tokens. */
struct known_template {
    size_t text; /* its serialized form: offset in `text` */
    size_t text_len;
    uint64_t id; /* template_id() */
    uint64_t shape;
    size_t cell;     /* of its first cell */
    uint32_t length; /* in cells */
    uint32_t words;  /* that are the same in all lines */
    uint32_t age;    /* blocks that didn't use it since one did */
    uint32_t order;  /* in which it was remembered */
};

/* A skeleton of the last block. */
struct known_skeleton {
    uint64_t hash;
    uint32_t template; /* its index + 1; 0: none */
};

struct known_templates {
    struct buf text; /* serialized templates, one behind the other */
    VEC(uint64_t) cells;
    VEC(struct known_template) list;  /* by shape; those with the most words first */
    struct known_skeleton *skeletons; /* open addressing; owned */
    size_t table_size;                /* a power of two, or 0 */
};

struct known_templates *known_new(void)
{
    return calloc(1, sizeof(struct known_templates));
}

static void clear(struct known_templates *k)
{
    buf_free(&k->text);
    vec_free(&k->cells);
    vec_free(&k->list);
    free(k->skeletons);
    *k = (struct known_templates){0};
}

void known_free(struct known_templates *k)
{
    if (k)
        clear(k);
    free(k);
}

size_t known_count(const struct known_templates *k)
{
    return k->list.len;
}

/* The words of a literal, and the separators up to what follows. */
static bool read_literal(struct known_templates *k, struct span literal, uint64_t *shape)
{
    size_t at = 0;
    size_t gap = 0;
    while (at < literal.len) {
        if (token_byte_class[literal.data[at]] & BYTE_SEPARATOR) {
            at++;
            continue;
        }
        size_t end = token_end(literal.data, literal.len, at);
        *shape = skeleton_shape_gap(*shape, literal.data + gap, at - gap);
        if (!vec_push(&k->cells, row_word(literal.data + at, end - at)))
            return false;
        at = gap = end;
    }
    *shape = skeleton_shape_gap(*shape, literal.data + gap, literal.len - gap);
    return true;
}

/* A template as a row. */
static bool read_template(struct known_templates *k, const struct template *t,
                          struct known_template *row)
{
    row->cell = k->cells.len;
    row->shape = SKELETON_FIRST_SHAPE;
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct slot *slot = &t->slots[i];
        if (!read_literal(k, slot->literal, &row->shape) ||
            !vec_push(&k->cells, slot->kind == SLOT_TIME ? CELL_TIME : CELL_WILD))
            return false;
        if (slot->kind == SLOT_TIME)
            row->shape = skeleton_shape_stamp(row->shape, slot->format, slot->digits);
    }
    if (!read_literal(k, t->tail, &row->shape))
        return false;
    row->length = (uint32_t)(k->cells.len - row->cell);
    for (size_t i = row->cell; i < k->cells.len; i++)
        row->words += k->cells.data[i] > CELL_SECTION;
    return true;
}

/* What becomes of a known template in a block. */
struct use {
    uint64_t lines;
    uint64_t near;   /* lines that differ from it in too little to be something else */
    uint32_t number; /* among the block's templates; 0: left out */
};

/* A block's skeletons on their way to templates. */
struct match {
    const struct known_templates *known;
    const struct row_source *source;
    uint32_t *found;  /* for each skeleton, the index of the known template + 1, or 0 */
    struct use *uses; /* of each known template */
    uint64_t *cells;  /* a row */
};

/* The known template of a skeleton that the last block had. @return its index + 1, or 0 */
static uint32_t find_skeleton(const struct known_templates *k, uint64_t hash)
{
    size_t slot = hash & (k->table_size - 1);
    if (!k->table_size)
        return 0;
    while (k->skeletons[slot].template && k->skeletons[slot].hash != hash)
        slot = (slot + 1) & (k->table_size - 1);
    return k->skeletons[slot].template;
}

/* The first template of a shape. */
static size_t find_shape(const struct known_templates *k, uint64_t shape)
{
    return lower_bound(&k->list, shape, shape);
}

/* How many tokens of a row a template doesn't match, and how many of its words the row has. */
static size_t row_differs(const uint64_t *known, const uint64_t *row, size_t length, size_t *same)
{
    size_t differ = 0;
    *same = 0;
    for (size_t i = 0; i < length; i++) {
        if (known[i] == row[i])
            *same += row[i] > CELL_SECTION;
        else
            differ += known[i] != CELL_WILD || row[i] == CELL_TIME;
    }
    return differ;
}

/* Compares a skeleton with the templates of its shape; if it has none of them, to which is it near?
 */
static uint32_t match_row(const struct match *m, uint32_t skeleton)
{
    const struct known_template *list = m->known->list.data;
    const uint64_t shape = m->source->skeletons->list.data[skeleton].shape;
    const size_t first = find_shape(m->known, shape);
    const size_t end =
        first + MAX_OF_SHAPE < m->known->list.len ? first + MAX_OF_SHAPE : m->known->list.len;
    size_t near[MAX_OF_SHAPE];
    size_t near_count = 0;
    if (first == end || list[first].shape != shape ||
        !row_read(m->source, skeleton, m->cells, list[first].length))
        return 0;
    for (size_t i = first; i < end && list[i].shape == shape; i++) {
        size_t same;
        if (list[i].length != list[first].length)
            continue;
        const uint64_t *cells = m->known->cells.data + list[i].cell;
        size_t differ = row_differs(cells, m->cells, list[i].length, &same);
        if (differ == 0)
            return (uint32_t)i + 1;
        if (rows_may_join(same, differ))
            near[near_count++] = i;
    }
    while (near_count)
        m->uses[near[--near_count]].near += row_lines(m->source, skeleton);
    return 0;
}

static void match_all(const struct match *m)
{
    for (size_t i = 0; i < m->source->skeletons->list.len; i++) {
        uint32_t found = find_skeleton(m->known, m->source->skeletons->list.data[i].hash);
        m->found[i] = found ? found : match_row(m, (uint32_t)i);
        if (m->found[i])
            m->uses[m->found[i] - 1].lines += row_lines(m->source, (uint32_t)i);
    }
}

/* Templates with enough lines get a number among the block's. */
static void put_used(const struct match *m, uint32_t *of_skeleton, struct template_list *list)
{
    const struct known_templates *k = m->known;
    for (size_t i = 0; i < k->list.len; i++) {
        const struct known_template *t = &k->list.data[i];
        struct use *use = &m->uses[i];
        if (use->lines < MIN_LINES || use->near * NEAR_SHARE > use->lines)
            continue;
        buf_append(&list->text, k->text.data + t->text, t->text_len);
        use->number = list->count++;
    }
    for (size_t i = 0; i < m->source->skeletons->list.len; i++)
        if (m->found[i])
            of_skeleton[i] = m->uses[m->found[i] - 1].number;
}

static size_t longest_row(const struct known_templates *k)
{
    size_t longest = 0;
    for (size_t i = 0; i < k->list.len; i++)
        if (k->list.data[i].length > longest)
            longest = k->list.data[i].length;
    return longest;
}

bool known_match(const struct known_templates *known, const struct row_source *source,
                 uint32_t *of_skeleton, struct template_list *list)
{
    if (!known->list.len)
        return true;
    struct match m = {.known = known, .source = source};
    m.found = malloc((source->skeletons->list.len + 1) * sizeof(*m.found));
    m.uses = calloc(known->list.len, sizeof(*m.uses));
    m.cells = malloc((longest_row(known) + 1) * sizeof(*m.cells));
    bool ok = m.found && m.uses && m.cells;
    if (ok) {
        match_all(&m);
        put_used(&m, of_skeleton, list);
    }
    free(m.found);
    free(m.uses);
    free(m.cells);
    return ok && !list->text.failed;
}

static bool is_lasting(const struct template *t)
{
    bool lasting = t->text.len <= MAX_ONE;
    for (size_t i = 0; i < t->slot_count; i++)
        lasting = lasting && (t->slots[i].kind == SLOT_VALUE || t->slots[i].kind == SLOT_TIME);
    return lasting;
}

static bool has_room(const struct known_templates *k, size_t text_len)
{
    return k->list.len < MAX_TEMPLATES && text_len <= MAX_TEXT - k->text.len;
}

static bool add_template(struct known_templates *k, const struct template *t, uint32_t order)
{
    struct known_template row = {k->text.len, t->text.len, template_id(t), .order = order};
    buf_append(&k->text, t->text.data, t->text.len);
    return !k->text.failed && read_template(k, t, &row) && vec_push(&k->list, row);
}

/* Take over a template that no line of this block has. */
static bool add_unused(struct known_templates *k, const struct known_templates *from, size_t index,
                       uint32_t order)
{
    struct known_template row = from->list.data[index];
    const uint64_t *cells = from->cells.data + row.cell;
    buf_append(&k->text, from->text.data + row.text, row.text_len);
    row.text = k->text.len - row.text_len;
    row.cell = k->cells.len;
    row.order = order;
    row.age++;
    for (size_t i = 0; i < row.length; i++)
        if (!vec_push(&k->cells, cells[i]))
            return false;
    return !k->text.failed && vec_push(&k->list, row);
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int by_shape(const void *a, const void *b)
{
    const struct known_template *x = a;
    const struct known_template *y = b;
    if (x->shape != y->shape)
        return x->shape < y->shape ? -1 : 1;
    if (x->words != y->words)
        return x->words > y->words ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The templates of a block, and older ones that are young enough. */
static bool collect_templates(struct known_templates *next, const struct known_templates *known,
                              const struct template_set *used)
{
    size_t count = used->list.len;
    uint64_t *ids = malloc((count + 1) * sizeof(*ids));
    bool ok = ids != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        const struct template *t = &used->list.data[i];
        ids[i] = template_id(t);
        if (is_lasting(t) && has_room(next, t->text.len))
            ok = add_template(next, t, (uint32_t)i);
    }
    if (ok && count)
        qsort(ids, count, sizeof(*ids), by_hash);
    for (size_t i = 0; ok && i < known->list.len; i++) {
        const struct known_template *k = &known->list.data[i];
        if (k->age < MAX_AGE && has_room(next, k->text_len) &&
            !bsearch(&k->id, ids, count, sizeof(*ids), by_hash))
            ok = add_unused(next, known, i, (uint32_t)(count + i));
    }
    free(ids);
    if (ok && next->list.len)
        qsort(next->list.data, next->list.len, sizeof(*next->list.data), by_shape);
    return ok;
}

static void add_skeleton(struct known_templates *k, uint64_t hash, uint32_t template)
{
    size_t slot = hash & (k->table_size - 1);
    while (k->skeletons[slot].template)
        slot = (slot + 1) & (k->table_size - 1);
    k->skeletons[slot] = (struct known_skeleton){hash, template};
}

/* The skeletons of a block whose templates are remembered. */
static bool collect_skeletons(struct known_templates *k, const struct template_set *used,
                              const struct skeletons *skeletons, const uint32_t *of_skeleton)
{
    size_t count = skeletons->list.len < MAX_SKELETONS ? skeletons->list.len : MAX_SKELETONS;
    uint32_t *index = calloc(used->list.len + 1, sizeof(*index)); /* by number in the block, + 1 */
    for (k->table_size = 64; k->table_size < count * 2;)
        k->table_size *= 2;
    k->skeletons = calloc(k->table_size, sizeof(*k->skeletons));
    bool ok = index && k->skeletons;
    for (size_t i = 0; ok && i < k->list.len; i++)
        if (k->list.data[i].order < used->list.len)
            index[k->list.data[i].order] = (uint32_t)i + 1;
    for (size_t i = 0; ok && i < count; i++)
        if (index[of_skeleton[i]])
            add_skeleton(k, skeletons->list.data[i].hash, index[of_skeleton[i]]);
    free(index);
    return ok;
}

bool known_update(struct known_templates *known, const struct template_set *used,
                  const struct skeletons *skeletons, const uint32_t *of_skeleton)
{
    struct known_templates next = {0};
    bool ok = collect_templates(&next, known, used) &&
              (!skeletons || collect_skeletons(&next, used, skeletons, of_skeleton));
    if (ok) {
        struct known_templates old = *known;
        *known = next;
        next = old;
    }
    clear(&next);
    return ok;
}
