/*
 * line_templates.c - by a block's own numbers, or by clustering.
 */
#include "segment/line_templates.h"

#include <stdlib.h>

#include "segment/block.h"
#include "segment/rows.h"
#include "segment/structure.h"
#include "template/cluster.h"

enum { RECALL_HEAD = 1 << 20 }; /* bytes of a block's head; ten times what logs have */

void line_templates_clear(struct line_templates *t)
{
    template_set_clear(&t->set);
    free(t->names);
    buf_free(&t->texts);
    free(t->of_line);
    *t = (struct line_templates){0};
}

int line_templates_name(struct line_templates *t, struct lgz_error *err)
{
    const size_t count = t->set.list.len;
    size_t *ends = calloc(count + 1, sizeof(*ends));
    t->names = calloc(count + 1, sizeof(*t->names));
    for (size_t i = 0; ends && i < count; i++) {
        template_describe(&t->set.list.data[i], &t->texts);
        ends[i] = t->texts.len;
    }
    bool ok = ends && t->names && !t->texts.failed;
    for (size_t i = 0; ok && i < count; i++) {
        const size_t at = i ? ends[i - 1] : 0;
        t->names[i] = (struct template_name){template_id(&t->set.list.data[i]),
                                             {t->texts.data + at, ends[i] - at}};
    }
    free(ends);
    return ok ? LGZ_OK : error_memory(err);
}

int segment_line_templates(const struct segment *s, size_t index, struct line_templates *out,
                           struct lgz_error *err)
{
    struct span body;
    uint8_t *stored = NULL;
    if (segment_block(s, index)->plain)
        return LGZ_OK;
    int code = segment_load_block(s, index, &stored, &body, err);
    if (code == LGZ_OK)
        code = block_line_templates(body, &out->set, &out->of_line, &out->lines, err);
    free(stored);
    if (code == LGZ_OK)
        code = line_templates_name(out, err);
    if (code == LGZ_OK)
        return LGZ_OK;
    line_templates_clear(out);
    return segment_block_error(s, index, code, err);
}

/* What finding templates takes. */
struct finding {
    struct lines lines;
    struct skeletons skeletons;
    struct clustering clustering;
};

static void finding_clear(struct finding *f)
{
    clustering_clear(&f->clustering);
    skeletons_free(&f->skeletons);
    lines_free(&f->lines);
}

/* Equal hashes prove nothing: each line is compared. What doesn't match has the last template. */
static int match_lines(const struct finding *f, struct span text, struct line_templates *out,
                       struct lgz_error *err)
{
    const struct clustering *c = &f->clustering;
    const uint32_t last = (uint32_t)c->set.list.len - 1;
    struct worker alone = {0};
    struct slot_value *values = calloc(template_set_most_slots(&c->set), sizeof(*values));
    struct rows *rows =
        rows_new(&c->set, c->of_skeleton, &f->skeletons, text.data, &f->lines, &alone);
    out->lines = f->lines.list.len;
    out->of_line = calloc(out->lines + 1, sizeof(*out->of_line));
    const bool ok = values && rows && out->of_line;
    for (size_t i = 0; ok && i < out->lines; i++) {
        const uint32_t proposed = c->of_skeleton[f->skeletons.of_line[i]];
        out->of_line[i] = rows_match(rows, i, proposed, values) ? proposed : last;
    }
    rows_free(rows);
    free(values);
    return ok ? LGZ_OK : error_memory(err);
}

int line_templates_find(struct line_templates *out, struct span text, struct known_templates *known,
                        struct lgz_error *err)
{
    struct finding f = {0};
    struct worker alone = {0};
    int code = LGZ_OK;
    if (!lines_split(&f.lines, text.data, text.len) ||
        !skeletons_collect(&f.skeletons, text.data, &f.lines, &alone))
        code = error_memory(err);
    if (code == LGZ_OK)
        code = cluster_skeletons(&f.clustering, &f.skeletons, text.data, &f.lines, known,
                                 STRUCTURE_LINES_LEAST, err);
    if (code == LGZ_OK &&
        !known_update(known, &f.clustering.set, &f.skeletons, f.clustering.of_skeleton))
        code = error_memory(err);
    if (code == LGZ_OK)
        code = match_lines(&f, text, out, err);
    if (code == LGZ_OK) {
        out->set = f.clustering.set;
        f.clustering.set = (struct template_set){0};
        code = line_templates_name(out, err);
    }
    finding_clear(&f);
    if (code != LGZ_OK)
        line_templates_clear(out);
    return code;
}

/* How much a template says of its lines: its literal bytes. */
static size_t said_by(const struct template *t)
{
    size_t said = t->tail.len;
    for (size_t i = 0; i < t->slot_count; i++)
        said += t->slots[i].literal.len;
    return said;
}

int line_templates_match(const struct line_templates *t, struct span line, size_t *number,
                         struct lgz_error *err)
{
    struct slot_value *values = calloc(template_set_most_slots(&t->set), sizeof(*values));
    size_t best = 0;
    bool found = false;
    if (!values)
        return error_memory(err);
    for (size_t i = 0; i < t->set.list.len; i++) {
        const struct template *candidate = &t->set.list.data[i];
        const size_t said = said_by(candidate);
        if ((found && said <= best) || !template_match(candidate, line.data, line.len, values))
            continue;
        found = true;
        best = said;
        *number = i;
    }
    free(values);
    return found;
}

int segment_recall(const struct segment *s, uint64_t most_stored, struct known_templates *known,
                   struct lgz_error *err)
{
    struct template_set set = {0};
    struct lgz_error damage = {0};
    size_t last = segment_block_count(s);
    while (last && segment_block(s, last - 1)->plain)
        last--;
    if (!last || segment_block(s, last - 1)->stored_len > most_stored)
        return LGZ_OK;
    int code = segment_template_set(s, last - 1, RECALL_HEAD, &set, &damage);
    bool lacks_memory = code == LGZ_ERR_MEMORY;
    if (code == LGZ_OK)
        lacks_memory = !known_update(known, &set, NULL, NULL);
    template_set_clear(&set);
    return lacks_memory ? error_memory(err) : LGZ_OK;
}
