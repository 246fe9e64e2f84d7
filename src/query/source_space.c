/*
 * source_space.c - goes through a block's lines, run by run.
 */
#include "query/source_space.h"

#include <stdlib.h>

#include "base/share.h"
#include "segment/runs.h"

/* What a template takes, and of which part of it its lines so far took their share. */
struct taken {
    uint64_t bytes;
    uint64_t whole;   /* weight of all lines that have it */
    uint64_t at;      /* of those so far */
    bool whole_lines; /* its lines are nothing but a value */
};

/* Lines of a block one after the other that are one source's. */
struct stretch {
    size_t extent; /* the first one behind it */
    size_t run;    /* the same */
    uint32_t source;
    size_t lines;
    uint64_t length; /* bytes of a line, on average, at least 1 */
};

/* A line that is cut goes on in the next run, if there is one, and is that one's. */
static bool next_stretch(struct stretch *s, const struct block_info *block)
{
    if (s->run == block->run_count)
        return false;
    const size_t first = s->extent;
    const struct block_run *run = &block->runs[s->run++];
    uint64_t raw = 0;
    s->extent = runs_end(block->extents, block->extent_count, first);
    for (size_t i = first; i < s->extent; i++)
        raw += block->extents[i].length;
    s->source = block->extents[first].source;
    s->lines = run->newlines + (run->cut && s->run == block->run_count);
    s->length = raw < s->lines || s->lines == 0 ? 1 : raw / s->lines;
    return true;
}

static uint64_t count_lines(const struct block_info *block)
{
    uint64_t lines = 0;
    for (struct stretch s = {0}; next_stretch(&s, block);)
        lines += s.lines;
    return lines;
}

static void set_taken(struct taken *taken, const struct block_space *parts)
{
    for (size_t i = 0; i < parts->templates.set.list.len; i++) {
        const struct template *t = &parts->templates.set.list.data[i];
        const struct block_template_part *part = &parts->of_template[i];
        taken[i].bytes = part->text + part->numbers + part->values;
        taken[i].whole_lines = t->slot_count == 1 && t->slots[0].kind != SLOT_TIME &&
                               t->slots[0].literal.len == 0 && t->tail.len == 0;
    }
}

static uint64_t weight_of(const struct taken *t, const struct stretch *s)
{
    return t->whole_lines ? s->length : 1;
}

/* @return how many bytes were shared out */
static uint64_t share_lines(struct shares *shares, const struct block_info *block,
                            const uint32_t *of_line, struct taken *taken)
{
    size_t line = 0;
    uint64_t shared = 0;
    for (struct stretch s = {0}; next_stretch(&s, block);)
        for (size_t end = line + s.lines; line < end; line++)
            taken[of_line[line]].whole += weight_of(&taken[of_line[line]], &s);
    line = 0;
    for (struct stretch s = {0}; next_stretch(&s, block);) {
        uint64_t given = 0;
        for (size_t end = line + s.lines; line < end; line++) {
            struct taken *t = &taken[of_line[line]];
            const uint64_t weight = weight_of(t, &s);
            given += share_of(t->bytes, t->at, t->at + weight, t->whole);
            t->at += weight;
        }
        shares->list.data[s.source].stored_bytes += given;
        shared += given;
    }
    return shared;
}

/* The file may have changed since its parts were read, and says what it likes. */
static int check(const struct line_templates *lines, const struct segment *segment, size_t index,
                 const struct block_space *parts, struct lgz_error *err)
{
    const uint64_t wanted = count_lines(segment_block(segment, index));
    if (lines->set.list.len == parts->templates.set.list.len && lines->lines == wanted)
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CORRUPT, "%s: block %zu has %zu lines, the footer says %llu",
                     segment_path(segment), index, lines->lines, (unsigned long long)wanted);
}

static int add_mixed(struct shares *shares, const struct segment *segment, size_t index,
                     const struct block_space *parts, struct lgz_error *err)
{
    const struct block_info *block = segment_block(segment, index);
    struct line_templates lines = {0};
    struct taken *taken = NULL;
    int code = segment_line_templates(segment, index, &lines, err);
    if (code == LGZ_OK)
        code = check(&lines, segment, index, parts, err);
    if (code == LGZ_OK && !(taken = calloc(lines.set.list.len + 1, sizeof(*taken))))
        code = error_memory(err);
    if (code == LGZ_OK) {
        set_taken(taken, parts);
        const uint64_t shared = share_lines(shares, block, lines.of_line, taken);
        shares_add(shares, block, block->stored_len - shared);
    }
    free(taken);
    line_templates_clear(&lines);
    return code;
}

int source_space_add(struct shares *shares, const struct segment *segment, size_t index,
                     const struct block_space *parts, struct lgz_error *err)
{
    const struct block_info *block = segment_block(segment, index);
    if (!block->plain && block->run_count && !runs_of_one_source(block))
        return add_mixed(shares, segment, index, parts, err);
    shares_add(shares, block, block->stored_len);
    return LGZ_OK;
}
