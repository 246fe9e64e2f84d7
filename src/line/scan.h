/*
 * scan.h - the tokens of a block's lines, fast: what token_next() gives, found by bit maps of the
 * bytes instead of byte by byte.
 *
 * A scan goes over the lines of a block in their order. It reads the block's bytes once, some KiB
 * at a time, and keeps nothing but the maps of these.
 */
#ifndef LOGZIP_LINE_SCAN_H
#define LOGZIP_LINE_SCAN_H

#include "line/byte_map.h"
#include "line/tokens.h"

enum {
    SCAN_BLOCKS = 32, /**< of 64 bytes that are mapped at once */
    SCAN_MAPPED = 64 * SCAN_BLOCKS,
};

struct scan {
    const uint8_t *text;
    size_t size;
    size_t line;       /**< where the line starts */
    size_t end;        /**< where it ends */
    size_t at;         /**< where the scan stands */
    size_t map_start;  /**< the text from here on is mapped, a multiple of 64 */
    size_t map_end;    /**< up to here, or to the end of the text */
    byte_map_fn *fill; /**< how maps are made */
    struct byte_map maps[SCAN_BLOCKS + 1];
};

/** Start on a text; `fill` is byte_map_best(). */
void scan_start(struct scan *s, const uint8_t *text, size_t size, byte_map_fn *fill);

/** Map the text from `at` on. Called by scan_next(). */
void scan_map(struct scan *s, size_t at);

/** Go to a line of the text, which has no '\n' in it. */
static inline void scan_line(struct scan *s, size_t at, size_t len)
{
    s->line = s->at = at;
    s->end = at + len;
}

/* The maps of the 64 bytes from `at` on. */
static inline struct byte_map scan_window(struct scan *s, size_t at)
{
    if (at < s->map_start || at + 64 > s->map_end)
        scan_map(s, at);
    const struct byte_map *map = &s->maps[(at - s->map_start) / 64];
    unsigned low = at % 64;
    unsigned high = 63 - low;
    return (struct byte_map){map[0].separators >> low | map[1].separators << 1 << high,
                             map[0].digits >> low | map[1].digits << 1 << high};
}

/** A token of at least 64 bytes: its end, and whether it has digits. Called by scan_next(). */
size_t scan_long_token(struct scan *s, size_t at, bool *digits);

/**
 * May a token be a stamp? Asked before it is parsed; nearly all others are left out.
 *
 * @param text   the token and what is behind it in the line, `left` bytes
 * @param len    its bytes before the first separator
 * @param run    how many digits it starts with, at most 63
 * @param start  the token is at the start of its line
 */
static inline bool scan_may_be_stamp(const uint8_t *text, size_t left, size_t len, unsigned run,
                                     bool start)
{
    /* Runs of digits with which a stamp starts; long ones may be any number, but for a line's. */
    const uint64_t parts = 1u << 1 | 1u << 2 | 1u << 4 | 1u << 6 | 1u << 8;
    const uint64_t numbers = 1u << 10 | 1u << 13 | 1u << 14 | 1u << 16 | 1u << 17 | 1u << 19;
    /* What then follows, less ' ': one of " -./:T_". */
    const uint64_t behind =
        1u | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 26 | UINT64_C(1) << 52 | UINT64_C(1) << 63;
    if (!run) /* "Jun 9", "Thu, 9 Jun" */
        return len == 3 && left > 3 && (text[3] == ' ' || text[3] == ',') &&
               timestamp_may_start(text[0]);
    if (!(parts >> run & 1))
        return start && (numbers >> run & 1);
    uint8_t next = run < left ? (uint8_t)(text[run] - ' ') : UINT8_MAX;
    return next < 64 && (behind >> next & 1);
}

/** The next token, with `at` from the start of the text. @return false at the end of the line */
static inline bool scan_next(struct scan *s, struct token *token)
{
    size_t at = s->at;
    struct byte_map window = {UINT64_MAX, 0};
    while (at < s->end && (window = scan_window(s, at)).separators == UINT64_MAX)
        at += 64;
    unsigned gap = ~window.separators ? (unsigned)__builtin_ctzll(~window.separators) : 0;
    at += gap;
    if (at >= s->end) {
        s->at = s->end;
        return false;
    }
    /* What of the window is behind the gap; a longer token takes another look. */
    uint64_t separators = window.separators >> gap;
    uint64_t digits = window.digits >> gap;
    if (!separators) {
        window = scan_window(s, at);
        separators = window.separators;
        digits = window.digits;
    }
    bool has_digits;
    size_t end;
    if (separators) {
        unsigned len = (unsigned)__builtin_ctzll(separators);
        end = at + len;
        has_digits = digits & ((UINT64_C(1) << len) - 1);
    } else {
        end = scan_long_token(s, at, &has_digits);
    }
    if (end > s->end)
        end = s->end;
    unsigned run = ~digits ? (unsigned)__builtin_ctzll(~digits) : 0;
    bool start = at == s->line;
    token->at = at;
    if (scan_may_be_stamp(s->text + at, s->end - at, end - at, run, start) &&
        token_stamp(s->text + s->line, s->end - s->line, at - s->line, &token->stamp)) {
        token->kind = TOKEN_TIME;
        token->len = token->stamp.len;
    } else {
        token->kind = has_digits ? TOKEN_VALUE : TOKEN_WORD;
        token->len = end - at;
    }
    s->at = at + token->len;
    return true;
}

#endif
