/*
 * block_space.c - columns, their streams and their slots, counted together.
 */
#include "segment/block_space.h"

#include <stdlib.h>

#include "base/share.h"
#include "segment/block_columns.h"

/* A label is the end of what stands before a value: so many bytes, and slots. */
enum { LABEL_MAX = 48, LABEL_SLOTS = 8 };

void block_space_clear(struct block_space *parts)
{
    line_templates_clear(&parts->templates);
    free(parts->of_template);
    free(parts->columns);
    buf_free(&parts->labels);
    *parts = (struct block_space){0};
}

/* What the head's bytes from `from` to `to` take of its stored ones. */
static uint64_t head_share(const struct block_columns *b, size_t from, size_t to)
{
    return b->head.head_len ? share_of(b->head.stored, from, to, b->head.head_len) : 0;
}

/* Column number `i`, less one: its head, and its streams. */
static uint64_t column_stored(const struct block_columns *b, size_t i)
{
    const size_t from = i ? b->head_ends[i - 1] : b->columns_from;
    uint64_t stored = head_share(b, from, b->head_ends[i]);
    for (size_t k = i ? b->stream_ends[i - 1] : 0; k < b->stream_ends[i]; k++)
        stored += stream_reader_stored(b->streams, k);
    return stored;
}

/* The text of a template up to a slot: where it is long, its end, from a word on. */
static bool put_label(struct buf *out, const struct template *t, size_t slot, struct span *label)
{
    const size_t from = slot < LABEL_SLOTS ? 0 : slot + 1 - LABEL_SLOTS;
    const struct template part = {.slots = t->slots + from, .slot_count = slot + 1 - from};
    struct buf text = {0};
    template_describe(&part, &text);
    size_t at = text.len > LABEL_MAX ? text.len - LABEL_MAX : 0;
    const uint8_t *blank = at ? memchr(text.data + at, ' ', text.len - at) : NULL;
    if (blank && blank + 1 < text.data + text.len)
        at = (size_t)(blank - text.data) + 1;
    const bool cut = at || from;
    if (cut)
        buf_append_string(out, "...");
    buf_append(out, text.data + at, text.len - at);
    label->len = text.len - at + (cut ? 3 : 0);
    bool ok = !text.failed && !out->failed;
    buf_free(&text);
    return ok;
}

/* The labels of all columns: of their first slots, those of templates with the most lines first. */
static int make_labels(struct block_space *parts, const struct block_columns *b,
                       struct lgz_error *err)
{
    bool *done = calloc(b->count + 1, sizeof(*done));
    bool ok = done != NULL;
    for (size_t i = 0; ok && i < b->set.list.len; i++) {
        const struct template *t = &b->set.list.data[i];
        for (size_t k = 0; ok && k < t->slot_count; k++) {
            const uint32_t column = b->layout.column_of[i][k];
            if (!done[column])
                ok = put_label(&parts->labels, t, k, &parts->columns[column].label);
            done[column] = true;
        }
    }
    free(done);
    if (!ok)
        return error_memory(err);
    return LGZ_OK;
}

/* Labels are put in the order of columns, as these are numbered by their first slots. */
static void place_labels(struct block_space *parts)
{
    size_t at = 0;
    for (size_t i = 0; i < parts->column_count; i++) {
        parts->columns[i].label.data = parts->labels.data + at;
        at += parts->columns[i].label.len;
    }
}

/* Share bytes among the templates by `weights`. What nobody takes is other. */
static void share_out(struct block_space *parts, const uint64_t *weights, uint64_t bytes,
                      size_t member)
{
    uint64_t whole = 0, at = 0;
    for (size_t i = 0; i < parts->templates.set.list.len; i++)
        whole += weights[i];
    if (whole == 0)
        parts->other += bytes;
    for (size_t i = 0; whole && i < parts->templates.set.list.len; i++) {
        uint64_t *to = (uint64_t *)(void *)((uint8_t *)&parts->of_template[i] + member);
        *to += share_of(bytes, at, at + weights[i], whole);
        at += weights[i];
    }
}

/* Who has which column: a weight for each template, its lines by its slots. */
static int share_columns(struct block_space *parts, const struct block_columns *b,
                         struct lgz_error *err)
{
    const struct template_set *set = &parts->templates.set;
    uint64_t *given = calloc(b->count + 1, sizeof(*given)); /* bytes that are shared out */
    uint64_t *whole = calloc(b->count + 1, sizeof(*whole)); /* values */
    uint64_t *at = calloc(b->count + 1, sizeof(*at));
    const bool ok = given && whole && at;
    for (unsigned pass = 0; ok && pass < 2; pass++)
        for (size_t i = 0; i < set->list.len; i++)
            for (size_t k = 0; k < set->list.data[i].slot_count; k++) {
                const uint32_t c = b->layout.column_of[i][k];
                const uint64_t lines = parts->of_template[i].lines;
                if (pass == 0) {
                    whole[c] += lines;
                } else if (whole[c]) {
                    const uint64_t bytes =
                        share_of(parts->columns[c].stored, at[c], at[c] + lines, whole[c]);
                    parts->of_template[i].values += bytes;
                    given[c] += bytes;
                    at[c] += lines;
                }
            }
    for (size_t c = 0; ok && c < b->count; c++)
        parts->unused += parts->columns[c].stored - given[c];
    free(given);
    free(whole);
    free(at);
    return ok ? LGZ_OK : error_memory(err);
}

/* The head: text of templates, layout; columns have theirs. */
static int share_head(struct block_space *parts, const struct block_columns *b,
                      struct lgz_error *err)
{
    const struct template_set *set = &parts->templates.set;
    uint64_t *weights = calloc(set->list.len + 1, sizeof(*weights));
    size_t text_len = 0;
    if (!weights)
        return error_memory(err);
    for (size_t i = 0; i < set->list.len; i++) {
        weights[i] = set->list.data[i].text.len;
        text_len += set->list.data[i].text.len;
    }
    /* The texts lie together; where in the head doesn't matter. */
    const uint64_t texts = head_share(b, 0, text_len);
    share_out(parts, weights, texts, offsetof(struct block_template_part, text));
    parts->other += head_share(b, text_len, b->columns_from);
    free(weights);
    return LGZ_OK;
}

/* The numbers of the lines' templates. */
static int share_numbers(struct block_space *parts, uint64_t stored, struct lgz_error *err)
{
    const size_t count = parts->templates.set.list.len;
    uint64_t *weights = calloc(count + 1, sizeof(*weights));
    if (!weights)
        return error_memory(err);
    for (size_t i = 0; i < count; i++)
        weights[i] = parts->of_template[i].lines;
    share_out(parts, weights, stored, offsetof(struct block_template_part, numbers));
    free(weights);
    return LGZ_OK;
}

static int read_columns(struct block_space *parts, const struct block_columns *b,
                        struct lgz_error *err)
{
    parts->column_count = b->count;
    parts->columns = calloc(b->count + 1, sizeof(*parts->columns));
    if (!parts->columns)
        return error_memory(err);
    for (size_t i = 0; i < b->count; i++) {
        const struct text_column *text = b->columns[i].text;
        parts->columns[i].encoding = text ? text->encoding->name : "time";
        parts->columns[i].stored = column_stored(b, i + 1);
    }
    int code = make_labels(parts, b, err);
    if (code != LGZ_OK)
        return code;
    place_labels(parts);
    return share_columns(parts, b, err);
}

/* A count that is more than bytes is damage; what is shared by it must not overflow. */
static int read_counts(struct block_space *parts, const struct block_columns *b,
                       const uint64_t *counts, size_t count, struct lgz_error *err)
{
    if (count != parts->templates.set.list.len)
        return error_set(err, LGZ_ERR_CORRUPT, "has %zu templates, the footer says %zu",
                         parts->templates.set.list.len, count);
    parts->of_template = calloc(count + 1, sizeof(*parts->of_template));
    if (!parts->of_template)
        return error_memory(err);
    for (size_t i = 0; i < count; i++)
        parts->of_template[i].lines = counts[i] < b->head.raw_len ? counts[i] : b->head.raw_len;
    return LGZ_OK;
}

int block_space_read(struct block_space *parts, struct span body, const uint64_t *counts,
                     size_t count, uint64_t stored, struct lgz_error *err)
{
    struct block_columns b = {0};
    int code = block_columns_parse(&b, body, err);
    parts->templates.set = b.set;
    const uint64_t numbers = code == LGZ_OK ? column_stored(&b, 0) : 0;
    if (code == LGZ_OK)
        code = line_templates_name(&parts->templates, err);
    if (code == LGZ_OK)
        code = read_counts(parts, &b, counts, count, err);
    if (code == LGZ_OK)
        code = share_head(parts, &b, err);
    if (code == LGZ_OK)
        code = share_numbers(parts, numbers, err);
    if (code == LGZ_OK)
        code = read_columns(parts, &b, err);
    /* Tag, lengths, checksum and the table of frames. */
    if (code == LGZ_OK) {
        uint64_t frames = b.head.stored;
        for (size_t i = 0; i < stream_reader_count(b.streams); i++)
            frames += stream_reader_stored(b.streams, i);
        parts->other += stored - frames;
    }
    b.set = (struct template_set){0};
    block_columns_clear(&b);
    return code;
}

int segment_block_space(const struct segment *s, size_t index, struct block_space *parts,
                        struct lgz_error *err)
{
    const struct block_info *info = segment_block(s, index);
    struct span body;
    uint8_t *stored = NULL;
    if (info->plain) {
        parts->other = info->stored_len;
        return LGZ_OK;
    }
    int code = segment_load_block(s, index, &stored, &body, err);
    if (code == LGZ_OK)
        code = block_space_read(parts, body, info->template_counts, info->template_count,
                                info->stored_len, err);
    free(stored);
    if (code == LGZ_OK)
        return LGZ_OK;
    block_space_clear(parts);
    return segment_block_error(s, index, code, err);
}
