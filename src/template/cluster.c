/*
 * cluster.c - the iteration, shape by shape.
 *
 * A row is a skeleton's tokens: the hash of a word, or a mark for a value or stamp. A cluster is a
 * row in which CELL_WILD stands where its members differ. A word that is wild becomes a slot, just
 * like a value.
 */
#include "template/cluster.h"

#include <stdlib.h>

#include "template/headers.h"
#include "template/token_row.h"
#include "template/variants.h"

enum {
    SAMPLE_ROWS = 400,  /* rows clustered in one round */
    MAX_CLUSTERS = 100, /* that one round may make of them */
    MAX_ROUNDS = 6,
    MAX_TOKENS = 4096,   /* a shape with more tokens isn't clustered, each row stands alone */
    MAX_CELLS = 1 << 22, /* tokens of all rows of a shape that are held at once */
};

/* The rows of one shape, and what is found for them. */
struct shape {
    const uint32_t *members; /* skeletons, heaviest first */
    size_t rows;
    size_t tokens;
    uint64_t *cells;    /* rows x tokens */
    uint32_t *template; /* for each row: its template, 0 while it has none */
};

struct cluster {
    uint64_t *cells; /* tokens */
    uint32_t row;    /* the first member: literals are taken from its line */
    uint64_t lines;
};

struct context {
    struct row_source source;
    uint32_t min_lines;
    uint32_t *of_skeleton;
    struct template_list list;
};

/* Adds a template: the line of a skeleton with slots where `cells` say so. */
static uint32_t add_template(struct context *ctx, uint32_t skeleton, const uint64_t *cells)
{
    row_put_template(&ctx->source, skeleton, cells, &ctx->list.text);
    return ctx->list.count++;
}

/* How alike a row and a cluster are: words that agree, and cells that would become (or are) wild.
 */
static bool may_join(const uint64_t *cluster, const uint64_t *row, size_t tokens, size_t *agree)
{
    size_t same = 0;
    size_t differ = 0;
    for (size_t i = 0; i < tokens; i++) {
        if (cluster[i] == row[i])
            same += row[i] > CELL_SECTION;
        else
            differ++;
    }
    *agree = same;
    return rows_may_join(same, differ);
}

static void join(struct cluster *c, const uint64_t *row, size_t tokens, uint64_t lines)
{
    for (size_t i = 0; i < tokens; i++)
        if (c->cells[i] != row[i])
            c->cells[i] = CELL_WILD;
    c->lines += lines;
}

/* Greedy clustering of a sample of the rows that have no template. Returns the cluster count. */
static size_t cluster_sample(const struct context *ctx, const struct shape *shape,
                             struct cluster *clusters)
{
    size_t count = 0;
    size_t taken = 0;
    for (size_t row = 0; row < shape->rows && taken < SAMPLE_ROWS; row++) {
        if (shape->template[row])
            continue;
        taken++;
        const uint64_t *cells = shape->cells + row * shape->tokens;
        struct cluster *best = NULL;
        size_t best_agree = 0;
        for (size_t i = 0; i < count; i++) {
            size_t agree;
            if (may_join(clusters[i].cells, cells, shape->tokens, &agree) && agree > best_agree) {
                best = &clusters[i];
                best_agree = agree;
            }
        }
        uint64_t lines = row_lines(&ctx->source, shape->members[row]);
        if (best) {
            join(best, cells, shape->tokens, lines);
        } else if (count < MAX_CLUSTERS) {
            memcpy(clusters[count].cells, cells, shape->tokens * sizeof(*cells));
            clusters[count].row = (uint32_t)row;
            clusters[count++].lines = lines;
        }
    }
    return count;
}

static bool row_matches(const uint64_t *cluster, const uint64_t *row, size_t tokens)
{
    for (size_t i = 0; i < tokens; i++)
        if (cluster[i] != CELL_WILD && cluster[i] != row[i])
            return false;
    return true;
}

/* Give every row without template the first cluster that it matches. Returns how many got one. */
static size_t match_rows(struct context *ctx, struct shape *shape, const struct cluster *clusters,
                         size_t count)
{
    size_t matched = 0;
    uint32_t *numbers = calloc(count + 1, sizeof(*numbers));
    if (!numbers) {
        ctx->list.text.failed = true;
        return 0;
    }
    for (size_t row = 0; row < shape->rows; row++) {
        for (size_t i = 0; i < count && !shape->template[row]; i++) {
            if (clusters[i].lines < ctx->min_lines ||
                !row_matches(clusters[i].cells, shape->cells + row * shape->tokens, shape->tokens))
                continue;
            if (!numbers[i])
                numbers[i] = add_template(ctx, shape->members[clusters[i].row], clusters[i].cells);
            shape->template[row] = numbers[i];
            matched++;
        }
    }
    free(numbers);
    return matched;
}

static bool iterate(struct context *ctx, struct shape *shape)
{
    size_t most = shape->rows < MAX_CLUSTERS ? shape->rows : MAX_CLUSTERS;
    struct cluster *clusters = calloc(most + 1, sizeof(*clusters));
    uint64_t *cells = calloc(most + 1, shape->tokens * sizeof(*cells));
    bool ok = clusters && cells;
    size_t left = shape->rows;
    for (size_t i = 0; ok && i < most; i++)
        clusters[i].cells = cells + i * shape->tokens;
    for (int round = 0; ok && left && round < MAX_ROUNDS; round++) {
        size_t count = cluster_sample(ctx, shape, clusters);
        size_t matched = match_rows(ctx, shape, clusters, count);
        left -= matched;
        /* It no longer pays: what is left is all different. */
        if (matched * 50 < left || !matched)
            break;
    }
    free(clusters);
    free(cells);
    return ok;
}

/* Each row for itself: what shapes get that are too large to compare, and single rows. */
static void stand_alone(struct context *ctx, const uint32_t *members, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        if (row_lines(&ctx->source, members[i]) < ctx->min_lines)
            continue;
        ctx->of_skeleton[members[i]] = add_template(ctx, members[i], NULL);
    }
}

static bool cluster_shape(struct context *ctx, const uint32_t *members, size_t rows)
{
    struct shape shape = {.members = members, .rows = rows};
    shape.tokens = row_length(&ctx->source, members[0]);
    if (rows == 1 || shape.tokens == 0 || shape.tokens > MAX_TOKENS) {
        stand_alone(ctx, members, rows);
        return true;
    }
    if (shape.rows > MAX_CELLS / shape.tokens) {
        shape.rows = MAX_CELLS / shape.tokens;
        stand_alone(ctx, members + shape.rows, rows - shape.rows);
    }
    shape.cells = malloc(shape.rows * shape.tokens * sizeof(*shape.cells));
    shape.template = calloc(shape.rows, sizeof(*shape.template));
    bool ok = shape.cells && shape.template;
    size_t kept = 0;
    uint32_t *order = malloc(shape.rows * sizeof(*order));
    for (size_t i = 0; ok && order && i < shape.rows; i++)
        if (row_read(&ctx->source, members[i], shape.cells + kept * shape.tokens, shape.tokens))
            order[kept++] = members[i];
    shape.members = order;
    shape.rows = kept;
    ok = ok && order && iterate(ctx, &shape);
    for (size_t row = 0; ok && row < shape.rows; row++)
        ctx->of_skeleton[order[row]] = shape.template[row];
    free(order);
    free(shape.cells);
    free(shape.template);
    return ok;
}

static int by_shape(const void *a, const void *b, void *context)
{
    const struct skeleton *list = context;
    const struct skeleton *x = &list[*(const uint32_t *)a];
    const struct skeleton *y = &list[*(const uint32_t *)b];
    if (x->shape != y->shape)
        return x->shape < y->shape ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->example < y->example ? -1 : x->example > y->example;
}

static bool cluster_all(struct context *ctx)
{
    const struct skeleton *list = ctx->source.skeletons->list.data;
    size_t count = ctx->source.skeletons->list.len;
    size_t left = 0;
    uint32_t *order = malloc((count + 1) * sizeof(*order));
    bool ok = order != NULL;
    for (size_t i = 0; ok && i < count; i++)
        if (!ctx->of_skeleton[i])
            order[left++] = (uint32_t)i;
    count = left;
    if (ok)
        qsort_r(order, count, sizeof(*order), by_shape, (void *)list);
    for (size_t start = 0; ok && start < count;) {
        size_t end = start + 1;
        while (end < count && list[order[end]].shape == list[order[start]].shape)
            end++;
        ok = cluster_shape(ctx, order + start, end - start);
        start = end;
    }
    free(order);
    return ok && !ctx->list.text.failed;
}

/* While clustering, template 0 is the one of lines that have none; here it becomes the last. */
struct order {
    uint64_t *lines; /* by old number */
    uint32_t *old;   /* old numbers in the new order */
    uint32_t *rank;  /* new numbers by old number */
    uint32_t count;  /* of those that are kept */
};

static int by_lines(const void *a, const void *b, void *context)
{
    const uint64_t *lines = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    if (x == 0 || y == 0)
        return x == 0 ? y != 0 : -1;
    if (lines[x] != lines[y])
        return lines[x] > lines[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool find_order(const struct context *ctx, struct order *order)
{
    size_t count = ctx->list.count;
    order->lines = calloc(count, sizeof(*order->lines));
    order->old = malloc(count * sizeof(*order->old));
    order->rank = malloc(count * sizeof(*order->rank));
    if (!order->lines || !order->old || !order->rank)
        return false;
    for (size_t i = 0; i < ctx->source.skeletons->list.len; i++)
        order->lines[ctx->of_skeleton[i]] += row_lines(&ctx->source, (uint32_t)i);
    for (uint32_t i = 0; i < count; i++)
        order->old[i] = i;
    qsort_r(order->old, count, sizeof(*order->old), by_lines, order->lines);
    /* Those that lost all their lines are dropped. */
    for (size_t i = 0; i < count; i++) {
        uint32_t old = order->old[i];
        if (old && !order->lines[old])
            continue;
        order->rank[old] = order->count;
        order->old[order->count++] = old;
    }
    return true;
}

/* Renumber: frequent templates get the small numbers. */
static int finish(struct context *ctx, struct clustering *c, struct lgz_error *err)
{
    struct order order = {0};
    struct template_set set = {0};
    struct buf text = {0};
    int code =
        template_set_parse(&set, ctx->list.text.data, ctx->list.text.len, ctx->list.count, err);
    ctx->list.text = (struct buf){0};
    c->lines = calloc(ctx->list.count, sizeof(*c->lines));
    if (code == LGZ_OK && (!c->lines || !find_order(ctx, &order)))
        code = error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < order.count; i++) {
        struct span old = set.list.data[order.old[i]].text;
        buf_append(&text, old.data, old.len);
        c->lines[i] = order.lines[order.old[i]];
    }
    for (size_t i = 0; code == LGZ_OK && i < ctx->source.skeletons->list.len; i++)
        ctx->of_skeleton[i] = order.rank[ctx->of_skeleton[i]];
    if (code == LGZ_OK && text.failed)
        code = error_memory(err);
    if (code == LGZ_OK)
        code = template_set_parse(&c->set, text.data, text.len, order.count, err);
    else
        buf_free(&text);
    template_set_clear(&set);
    free(order.lines);
    free(order.old);
    free(order.rank);
    return code;
}

int cluster_skeletons(struct clustering *c, struct skeletons *skeletons, const uint8_t *raw,
                      const struct lines *lines, const struct known_templates *known,
                      uint32_t min_lines, struct lgz_error *err)
{
    *c = (struct clustering){0};
    struct context ctx = {.min_lines = min_lines,
                          .list.count = 1,
                          .of_skeleton = calloc(skeletons->list.len + 1, sizeof(uint32_t))};
    c->of_skeleton = ctx.of_skeleton;
    template_put_rest(&ctx.list.text);
    template_put_end(&ctx.list.text);
    section_mask *folded = calloc(skeletons->list.len + 1, sizeof(*folded));
    ctx.source = (struct row_source){skeletons, raw, lines, folded};
    bool ok = ctx.of_skeleton && folded &&
              (!known || known_match(known, &ctx.source, ctx.of_skeleton, &ctx.list));
    uint32_t first_new = ctx.list.count;
    ok = ok && sections_fold(skeletons, raw, lines, ctx.of_skeleton, folded) && cluster_all(&ctx) &&
         variants_split(&ctx.source, min_lines, first_new, ctx.of_skeleton, &ctx.list) &&
         headers_find(skeletons, raw, lines, min_lines, ctx.of_skeleton, &ctx.list);
    int code = ok ? finish(&ctx, c, err) : error_memory(err);
    buf_free(&ctx.list.text);
    free(folded);
    if (code != LGZ_OK)
        clustering_clear(c);
    return code;
}

void clustering_clear(struct clustering *c)
{
    template_set_clear(&c->set);
    free(c->of_skeleton);
    free(c->lines);
    *c = (struct clustering){0};
}
