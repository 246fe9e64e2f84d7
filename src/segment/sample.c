/*
 * sample.c - pieces at even distances, cut at line ends.
 */
#include "segment/sample.h"

/* From behind the piece's first '\n' to behind its last one; all of it if that would be nothing. */
static struct span whole_lines(struct span piece)
{
    const uint8_t *first = memchr(piece.data, '\n', piece.len);
    const uint8_t *last = memrchr(piece.data, '\n', piece.len);
    if (!first || first == last)
        return piece;
    return (struct span){first + 1, (size_t)(last - first)};
}

bool sample_take(struct span raw, size_t pieces, size_t piece, struct buf *sample)
{
    size_t distance = raw.len / pieces;
    for (size_t i = 0; i < pieces; i++) {
        struct span lines = whole_lines((struct span){raw.data + i * distance, piece});
        buf_append(sample, lines.data, lines.len);
    }
    return !sample->failed;
}
