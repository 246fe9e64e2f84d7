/*
 * log_generator.h - logs made up by chance: random templates with typed values, whose formats
 * drift, among garbage, and with all that the encoder treats specially (mixed line ends, NULs,
 * numbers at the limits of 64 bits, the bytes that serialized templates use as marks, ...).
 */
#ifndef LOGZIP_TESTS_LOG_GENERATOR_H
#define LOGZIP_TESTS_LOG_GENERATOR_H

#include "engine_fixture.h"
#include "line/timestamp.h"

enum { GENERATOR_TEMPLATES = 12, GENERATOR_PIECES = 14, GENERATOR_POOL = 40 };

enum piece_kind {
    PIECE_WORD,
    PIECE_MARKS, /* bytes that serialized templates use */
    PIECE_INTEGER,
    PIECE_PADDED,
    PIECE_COUNTER,
    PIECE_NEAR_LIMIT,
    PIECE_DIGITS,
    PIECE_HEX,
    PIECE_ADDRESS,
    PIECE_UUID,
    PIECE_PATH,
    PIECE_ID, /* of the pool that all templates share */
    PIECE_FLOAT,
    PIECE_EMPTY,
    PIECE_NOISE,
    PIECE_QUOTED,
    PIECE_STAMP,
    PIECE_WORD_OR_NUMBER,
    PIECE_FOLLOWS, /* mostly the same for the same id of the pool in front of it */
    PIECE_SYMBOLS, /* random letters and digits */
    PIECE_DOUBLE,  /* a multiple of a power of two */
    PIECE_HEX_COUNTER,
    PIECE_TWO_PARTS, /* that vary apart, with a mark in between */
    PIECE_KINDS
};

struct line_piece {
    enum piece_kind kind;
    char separator[4];
    unsigned word;
    unsigned width;
    unsigned format; /* PIECE_STAMP */
    unsigned digits;
};

struct generator {
    uint64_t state;
    struct line_piece templates[GENERATOR_TEMPLATES][GENERATOR_PIECES];
    size_t lengths[GENERATOR_TEMPLATES];
    size_t templates_used;
    uint64_t pool[GENERATOR_POOL];
    uint64_t counter;
    uint64_t last_id; /* of the pool that was put out */
    int64_t time;     /* seconds */
    unsigned ends;
    unsigned garbage; /* percent of lines */
    unsigned drift;
};

static inline void generate_piece(struct generator *g, struct line_piece *p)
{
    static const char *const separators[] = {" ", " ", " ", "",  ":", ": ", "=", ",",  ", ",
                                             "[", "]", "(", ")", "/", "-",  "|", "\"", "\t",
                                             ";", ".", "_", "v", "r", "t",  "<", ">"};
    uint64_t *s = &g->state;
    p->kind = (enum piece_kind)random_below(s, PIECE_KINDS);
    if (random_percent(s, 30))
        p->kind = PIECE_WORD;
    snprintf(p->separator, sizeof(p->separator), "%s",
             separators[random_below(s, sizeof(separators) / sizeof(*separators))]);
    p->word = (unsigned)random_below(s, 1000);
    p->width = 1 + (unsigned)random_below(s, random_percent(s, 10) ? 25 : 6);
    p->format = (unsigned)random_below(s, timestamp_format_count);
    p->digits = (unsigned)random_below(s, 10);
}

static inline void generator_start(struct generator *g, uint64_t seed)
{
    *g = (struct generator){.state = seed};
    uint64_t *s = &g->state;
    g->templates_used = 1 + random_below(s, GENERATOR_TEMPLATES);
    for (size_t t = 0; t < g->templates_used; t++) {
        g->lengths[t] = 1 + random_below(s, GENERATOR_PIECES);
        for (size_t i = 0; i < g->lengths[t]; i++)
            generate_piece(g, &g->templates[t][i]);
        if (random_percent(s, 60))
            g->templates[t][0].kind = PIECE_STAMP;
    }
    for (size_t i = 0; i < GENERATOR_POOL; i++)
        g->pool[i] = random_next(s) >> random_below(s, 60);
    g->counter = random_next(s) >> random_below(s, 64);
    g->time = (int64_t)random_below(s, INT64_C(4000000000));
    g->ends = (unsigned)random_below(s, 5);
    g->garbage = random_percent(s, 20) ? (unsigned)random_below(s, 60) : 2;
    g->drift = random_percent(s, 30) ? 5 : 0;
}

static inline void put_noise(struct generator *g, struct buf *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)random_next(&g->state);
        buf_push(out, byte == '\n' ? 0 : byte);
    }
}

/* Runs of letters and digits whose alphabet and, mostly, length depend on the piece. */
static inline void put_symbols(struct generator *g, const struct line_piece *p, struct buf *out)
{
    static const char symbols[] = "0123456789abcdefABCDEFghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ";
    uint64_t *s = &g->state;
    for (unsigned run = 0; run <= p->digits / 4; run++) {
        unsigned len = 2 + p->width * 2 + (random_percent(s, 10) ? p->digits : 0);
        buf_push(out, (uint8_t)(p->digits & 1 ? '/' : 'C'));
        for (unsigned i = 0; i < len; i++)
            buf_push(out, (uint8_t)symbols[random_below(s, 2 + (p->word + i / 3) % 61)]);
    }
}

static inline void put_word(unsigned word, struct buf *out)
{
    static const char *const syllables[] = {"con", "nect", "ion", "re",  "fus",  "ed",  "v",
                                            "r",   "t",    "o",   "pen", "sess", "user"};
    do {
        buf_append_string(out, syllables[word % 13]);
        word /= 13;
    } while (word);
}

static inline void put_stamp(struct generator *g, const struct line_piece *p, struct buf *out)
{
    uint8_t text[TIMESTAMP_MAX_LEN];
    size_t len = 0;
    uint64_t *s = &g->state;
    g->time += (int64_t)random_below(s, 3);
    for (unsigned i = 0; i < 11 && !len; i++) {
        unsigned digits = (p->digits + i) % 11;
        uint64_t value = (uint64_t)g->time;
        for (unsigned k = 0; k < digits; k++)
            value = value * 10 + random_below(s, 10);
        len = timestamp_print(p->format, digits, (int64_t)value, text);
    }
    buf_append(out, text, len);
    if (random_percent(s, 3))
        buf_push(out, 'Z');
}

/* Numbers around the limits of 63 and 64 bits, and of 19 and 20 digits. */
static inline void put_near_limit(struct generator *g, struct buf *out)
{
    static const uint64_t limits[] = {
        INT64_MAX,  UINT64_MAX, UINT64_C(9999999999999999999), UINT64_C(10000000000000000000),
        UINT32_MAX, 0};
    uint64_t *s = &g->state;
    uint64_t base = limits[random_below(s, 6)];
    buf_printf(out, "%s%llu", random_percent(s, 10) ? "0" : "",
               (unsigned long long)(base + random_below(s, 5) - 2));
    if (random_percent(s, 5))
        buf_push(out, (uint8_t)('0' + random_below(s, 10)));
}

/* What somebody else wrote: any number of words and marks, some of it again and again. */
static inline void put_quoted(struct generator *g, struct buf *out)
{
    uint64_t again = g->pool[random_below(&g->state, GENERATOR_POOL)];
    uint64_t *s = random_percent(&g->state, 80) ? &again : &g->state;
    bool round = random_percent(s, 20);
    buf_push(out, round ? '(' : '"');
    for (size_t i = random_below(s, 8); i; i--) {
        put_word((unsigned)random_below(s, 500), out);
        buf_push(out, (uint8_t) " ;=:,/(["[random_below(s, 8)]);
    }
    if (random_percent(s, 98))
        buf_push(out, round ? ')' : '"');
}

static inline void put_text_piece(struct generator *g, const struct line_piece *p, struct buf *out)
{
    static const char marks[] = "vrt\v\r\tn\\0 !\x7f";
    uint64_t *s = &g->state;
    uint64_t id = g->pool[random_below(s, GENERATOR_POOL)];
    switch (p->kind) {
    case PIECE_WORD:
        put_word(p->word, out);
        break;
    case PIECE_MARKS:
        for (size_t i = random_below(s, 5); i; i--)
            buf_push(out, (uint8_t)marks[random_below(s, sizeof(marks))]);
        break;
    case PIECE_UUID:
        buf_printf(out, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)random_next(s), p->word, p->word,
                   p->word, (unsigned long long)id & 0xffffffffffff);
        break;
    case PIECE_PATH:
        buf_append_string(out, "/var/");
        put_word(p->word + (unsigned)random_below(s, 4), out);
        buf_printf(out, "/%llu.log", (unsigned long long)id % 100);
        break;
    case PIECE_ID:
        g->last_id = id;
        buf_printf(out, p->width & 1 ? "blk_-%llu" : "%llx", (unsigned long long)id);
        break;
    case PIECE_FOLLOWS:
        put_word(random_percent(s, 95) ? (unsigned)(g->last_id + p->word) % 900
                                       : (unsigned)random_below(s, 900),
                 out);
        buf_printf(out, "%llu", (unsigned long long)(g->last_id % 7));
        break;
    case PIECE_QUOTED:
        put_quoted(g, out);
        break;
    case PIECE_NOISE:
        put_noise(g, out, random_below(s, 12));
        break;
    case PIECE_SYMBOLS:
        put_symbols(g, p, out);
        break;
    default: /* PIECE_WORD_OR_NUMBER */
        if (random_percent(s, 50))
            put_word((unsigned)random_below(s, 30), out);
        else
            buf_printf(out, "%u", (unsigned)random_below(s, 30));
    }
}

static inline void put_piece(struct generator *g, const struct line_piece *p, struct buf *out)
{
    uint64_t *s = &g->state;
    unsigned value = (unsigned)random_next(s);
    switch (p->kind) {
    case PIECE_INTEGER:
        buf_printf(out, "%u", value >> (p->width * 5 % 32));
        break;
    case PIECE_PADDED:
        buf_printf(out, "%0*u", (int)p->width, value >> 20);
        break;
    case PIECE_COUNTER:
        g->counter += random_percent(s, 5) ? random_below(s, 1000) : p->width;
        buf_printf(out, "%llu", (unsigned long long)g->counter);
        break;
    case PIECE_NEAR_LIMIT:
        put_near_limit(g, out);
        break;
    case PIECE_DIGITS:
        for (unsigned i = 0; i < p->width * 4; i++)
            buf_push(out, (uint8_t)('0' + random_below(s, 10)));
        break;
    case PIECE_HEX:
        buf_printf(out, p->width & 1 ? "0x%0*x" : "%0*X", (int)p->width, value);
        break;
    case PIECE_ADDRESS:
        buf_printf(out, "10.%u.%u.%u:%u", p->word % 256, value >> 30, value % 256, value >> 16);
        break;
    case PIECE_FLOAT:
        buf_printf(out, "%s%u.%03u", random_percent(s, 20) ? "-" : "", value >> 22, value % 1000);
        break;
    case PIECE_DOUBLE:
        buf_printf(out, p->word & 1 ? "%.17g" : "%.16g", (value >> p->width) / (double)(1 << 22));
        break;
    case PIECE_HEX_COUNTER:
        g->counter += 1 + random_below(s, p->width);
        buf_printf(out, "id%04x%0*llx", p->word, (int)p->width, (unsigned long long)g->counter);
        break;
    case PIECE_TWO_PARTS:
        buf_printf(out, "h%llx",
                   (unsigned long long)g->pool[random_below(s, 1 + p->width * 2) % GENERATOR_POOL]);
        if (!random_percent(s, 10))
            buf_push(out, (uint8_t) "/@#._%"[p->word % 6]);
        if (!random_percent(s, 5))
            buf_printf(out, "%llu",
                       (unsigned long long)g->pool[random_below(s, GENERATOR_POOL)] % 65536);
        break;
    case PIECE_EMPTY:
        break;
    case PIECE_STAMP:
        put_stamp(g, p, out);
        break;
    default:
        put_text_piece(g, p, out);
        break;
    }
}

static inline void put_line_end(struct generator *g, struct buf *out)
{
    static const char *const ends[] = {"\n", "\n", "\r\n", "\n", "\r"};
    unsigned kind = g->ends;
    if (kind == 3)
        kind = (unsigned)random_below(&g->state, 5);
    buf_append_string(out, kind == 4 && random_percent(&g->state, 50) ? "\n" : ends[kind]);
}

static inline void put_garbage(struct generator *g, struct buf *out)
{
    uint64_t *s = &g->state;
    switch (random_below(s, 6)) {
    case 0:
        put_noise(g, out, random_below(s, 200));
        break;
    case 1:
        for (size_t i = random_below(s, 20); i; i--)
            buf_push(out, '\n');
        break;
    case 2:
        for (size_t i = random_below(s, 3000); i; i--)
            buf_push(out, (uint8_t)('0' + i * i % 10));
        break;
    case 3:
        for (size_t i = random_below(s, 300); i; i--)
            put_word((unsigned)random_below(s, 3000), out);
        break;
    case 4:
        for (size_t i = random_below(s, 100); i; i--)
            buf_append_string(out, random_percent(s, 50) ? " 7" : "\"x\"");
        break;
    default:
        buf_push(out, 0);
        break;
    }
}

static inline void put_log_line(struct generator *g, struct buf *out)
{
    uint64_t *s = &g->state;
    /* Small numbers are more likely, as in real logs. */
    size_t t = random_below(s, 1 + random_below(s, g->templates_used));
    if (random_percent(s, g->drift))
        generate_piece(g, &g->templates[t][random_below(s, g->lengths[t])]);
    if (random_percent(s, g->garbage)) {
        put_garbage(g, out);
    } else {
        for (size_t i = 0; i < g->lengths[t]; i++) {
            put_piece(g, &g->templates[t][i], out);
            buf_append_string(out, g->templates[t][i].separator);
        }
    }
    put_line_end(g, out);
}

/** Append a log of about `size` bytes that depends on nothing but `seed`. */
static inline void generate_log(uint64_t seed, size_t size, struct buf *out)
{
    struct generator g;
    size_t end = out->len + size;
    generator_start(&g, seed);
    while (out->len < end && !out->failed)
        put_log_line(&g, out);
    if (random_percent(&g.state, 40))
        put_noise(&g, out, random_below(&g.state, 30));
    ck_assert(!out->failed);
}

#endif
