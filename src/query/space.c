/*
 * space.c - from the parts of blocks to sums over segments.
 */
#include "query/space.h"

#include "query/source_space.h"

static int init_table(struct space_table *t, struct lgz_error *err)
{
    int code = counts_new(&t->stored, COUNTS_MAX, err);
    return code == LGZ_OK ? counts_new(&t->amount, COUNTS_MAX, err) : code;
}

static void clear_table(struct space_table *t)
{
    counts_free(t->stored);
    counts_free(t->amount);
}

static int add(struct space_table *t, struct span key, uint64_t stored, uint64_t amount,
               struct lgz_error *err)
{
    int code = counts_add(t->stored, key, stored, err);
    return code == LGZ_OK ? counts_add(t->amount, key, amount, err) : code;
}

int space_init(struct space *s, struct lgz_error *err)
{
    *s = (struct space){0};
    int code = init_table(&s->sources, err);
    if (code == LGZ_OK)
        code = init_table(&s->templates, err);
    return code == LGZ_OK ? init_table(&s->columns, err) : code;
}

void space_clear(struct space *s)
{
    clear_table(&s->sources);
    clear_table(&s->templates);
    clear_table(&s->columns);
    *s = (struct space){0};
}

static int add_sources(struct space *s, const struct shares *shares, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < shares->list.len && code == LGZ_OK; i++) {
        const struct share *share = &shares->list.data[i];
        const char *name = *share->source.name ? share->source.name : "(standard input)";
        code = add(&s->sources, (struct span){(const uint8_t *)name, strlen(name)},
                   share->stored_bytes, share->raw_bytes, err);
    }
    return code;
}

static int add_templates(struct space *s, const struct block_space *parts, struct buf *key,
                         struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < parts->templates.set.list.len && code == LGZ_OK; i++) {
        const struct block_template_part *part = &parts->of_template[i];
        const struct template_name *name = &parts->templates.names[i];
        buf_clear(key);
        buf_append(key, &name->id, sizeof(name->id));
        buf_append(key, name->text.data, name->text.len);
        s->texts += part->text;
        s->numbers += part->numbers;
        code = key->failed ? error_memory(err)
                           : add(&s->templates, buf_span(key),
                                 part->text + part->numbers + part->values, part->lines, err);
    }
    return code;
}

static int add_columns(struct space *s, const struct block_space *parts, struct buf *key,
                       struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < parts->column_count && code == LGZ_OK; i++) {
        const struct block_column_part *part = &parts->columns[i];
        buf_clear(key);
        buf_append(key, part->encoding, strlen(part->encoding) + 1);
        buf_append(key, part->label.data, part->label.len);
        code =
            key->failed ? error_memory(err) : add(&s->columns, buf_span(key), part->stored, 1, err);
    }
    return code;
}

static int add_block(struct space *s, struct shares *shares, const struct segment *segment,
                     size_t index, struct lgz_error *err)
{
    struct block_space parts = {0};
    struct buf key = {0};
    int code = segment_block_space(segment, index, &parts, err);
    if (code == LGZ_OK)
        code = add_templates(s, &parts, &key, err);
    if (code == LGZ_OK)
        code = add_columns(s, &parts, &key, err);
    if (code == LGZ_OK)
        code = source_space_add(shares, segment, index, &parts, err);
    s->unused += parts.unused;
    if (segment_block(segment, index)->plain)
        s->plain += parts.other;
    else
        s->heads += parts.other;
    buf_free(&key);
    block_space_clear(&parts);
    return code;
}

int space_add(struct space *s, const struct segment *segment, struct lgz_error *err)
{
    const struct segment_info *info = segment_info(segment);
    struct shares shares = {0};
    uint64_t blocks = 0;
    int code = shares_of_raw(&shares, segment, err);
    for (size_t i = 0; i < segment_block_count(segment) && code == LGZ_OK; i++) {
        blocks += segment_block(segment, i)->stored_len;
        code = add_block(s, &shares, segment, i, err);
    }
    if (code == LGZ_OK)
        code = add_sources(s, &shares, err);
    shares_clear(&shares);
    if (code != LGZ_OK)
        return code;
    s->raw += info->raw_bytes;
    s->stored += info->file_bytes;
    s->lines += info->lines;
    s->index += info->file_bytes - blocks;
    return LGZ_OK;
}
