/*
 * scan.c - filling the maps, and what scan_next() rarely needs.
 */
#include "line/scan.h"

#include <string.h>

void scan_start(struct scan *s, const uint8_t *text, size_t size, byte_map_fn *fill)
{
    s->text = text;
    s->size = size;
    s->line = s->end = s->at = 0;
    s->map_start = s->map_end = 0;
    s->fill = fill;
}

void scan_map(struct scan *s, size_t at)
{
    size_t from = at / 64 * 64;
    size_t left = s->size - from;
    size_t blocks = left < SCAN_MAPPED ? left / 64 : SCAN_BLOCKS;
    s->fill(s->maps, s->text + from, blocks);
    s->map_start = from;
    s->map_end = from + SCAN_MAPPED;
    s->maps[blocks] = (struct byte_map){0, 0};
    if (blocks == SCAN_BLOCKS)
        return;
    /* The end of the text: what is behind it is neither separator nor digit. */
    uint8_t last[64] = {0};
    memcpy(last, s->text + from + blocks * 64, left - blocks * 64);
    s->fill(s->maps + blocks, last, 1);
    if (blocks + 1 <= SCAN_BLOCKS)
        s->maps[blocks + 1] = (struct byte_map){0, 0};
    s->map_end = SIZE_MAX;
}

size_t scan_long_token(struct scan *s, size_t at, bool *digits)
{
    *digits = false;
    while (at < s->end) {
        struct byte_map window = scan_window(s, at);
        uint64_t before = window.separators & -window.separators;
        /* Bits below the first separator; all, if there is none. */
        *digits |= (window.digits & (before - 1)) != 0;
        if (window.separators)
            return at + (unsigned)__builtin_ctzll(window.separators);
        at += 64;
    }
    return at;
}
