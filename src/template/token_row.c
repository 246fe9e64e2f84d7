/*
 * token_row.c - reading rows of tokens and writing templates of them.
 */
#include "template/token_row.h"

#include "template/template.h"

struct span row_line(const struct row_source *source, uint32_t skeleton)
{
    return skeletons_example(source->skeletons, source->raw, source->lines, skeleton);
}

struct section_scanner row_scan(const struct row_source *source, uint32_t skeleton)
{
    struct span line = row_line(source, skeleton);
    return (struct section_scanner){{line.data, line.len, 0}, source->folded[skeleton], 0, 0};
}

uint32_t row_lines(const struct row_source *source, uint32_t skeleton)
{
    return source->skeletons->list.data[skeleton].count;
}

size_t row_length(const struct row_source *source, uint32_t skeleton)
{
    struct section_scanner scanner = row_scan(source, skeleton);
    struct token token;
    size_t length = 0;
    while (section_next(&scanner, &token))
        length++;
    return length;
}

uint64_t row_word(const uint8_t *word, size_t len)
{
    return mix_bytes(3, word, len) | 4;
}

bool row_read(const struct row_source *source, uint32_t skeleton, uint64_t *cells, size_t length)
{
    struct span line = row_line(source, skeleton);
    struct section_scanner scanner = row_scan(source, skeleton);
    struct token token;
    size_t i = 0;
    while (section_next(&scanner, &token)) {
        if (i == length)
            return false;
        cells[i++] = token.kind == TOKEN_WORD    ? row_word(line.data + token.at, token.len)
                     : token.kind == TOKEN_VALUE ? CELL_VALUE
                     : token.kind == TOKEN_TIME  ? CELL_TIME
                                                 : CELL_SECTION;
    }
    return i == length;
}

void row_put_template(const struct row_source *source, uint32_t skeleton, const uint64_t *cells,
                      struct buf *text)
{
    struct span line = row_line(source, skeleton);
    struct section_scanner scanner = row_scan(source, skeleton);
    struct token token;
    size_t at = 0;
    for (size_t i = 0; section_next(&scanner, &token); i++) {
        if (token.kind == TOKEN_WORD && (!cells || cells[i] != CELL_WILD))
            continue;
        buf_append(text, line.data + at, token.at - at);
        if (token.kind == TOKEN_TIME)
            template_put_time(text, &token.stamp);
        else if (token.kind == TOKEN_SECTION)
            template_put_section(text);
        else
            template_put_value(text);
        at = token.at + token.len;
    }
    buf_append(text, line.data + at, line.len - at);
    template_put_end(text);
}
