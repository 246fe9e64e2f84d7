/*
 * piece.c - the texts of a piece are kept as long as they are few and short enough in all; then
 * they become a clause of the need, and what follows begins anew.
 */
#include "query/piece.h"

#include "base/ascii.h"

enum {
    TEXTS_MAX = 1024,    /* that alternatives may have */
    PRODUCT_MAX = 64,    /* that texts one behind the other may make */
    BYTES_MAX = 1 << 16, /* of several texts */
    CLAUSES_MAX = 64,    /* of one expression */
};

static void free_texts(piece_texts *texts)
{
    for (size_t i = 0; i < texts->len; i++)
        buf_free(&texts->data[i].bytes);
    vec_free(texts);
}

/* One text: the empty one. */
static void begin_texts(struct piece *p)
{
    free_texts(&p->texts);
    p->failed |= !vec_push(&p->texts, (struct piece_text){0});
}

void piece_begin(struct piece *p)
{
    *p = (struct piece){.known = true, .whole = true};
    begin_texts(p);
}

void piece_free(struct piece *p)
{
    free_texts(&p->texts);
    need_clear(&p->need);
}

static size_t bytes_of(const piece_texts *texts)
{
    size_t bytes = 0;
    for (size_t i = 0; i < texts->len; i++)
        bytes += texts->data[i].bytes.len;
    return bytes;
}

static bool has_empty(const piece_texts *texts)
{
    for (size_t i = 0; i < texts->len; i++)
        if (texts->data[i].bytes.len == 0)
            return true;
    return false;
}

/* A clause of the texts, if it says anything. */
static void add_clause(struct piece *p)
{
    if (has_empty(&p->texts) || p->need.clauses.len >= CLAUSES_MAX)
        return;
    p->failed |= need_add_clause(&p->need, NULL) != LGZ_OK;
    for (size_t i = 0; i < p->texts.len && !p->failed; i++) {
        const struct piece_text *text = &p->texts.data[i];
        p->failed |= text->bytes.failed || need_add_string(&p->need, buf_span(&text->bytes),
                                                           text->folded, NULL) != LGZ_OK;
    }
}

void piece_break(struct piece *p)
{
    add_clause(p);
    begin_texts(p);
    p->known = p->whole = false;
}

static void push(struct piece_text *text, uint8_t byte, bool folded)
{
    buf_push(&text->bytes, byte);
    text->folded |= folded && ascii_is_letter(byte);
    text->cased |= !folded && ascii_is_letter(byte);
}

void piece_push(struct piece *p, uint8_t byte, bool folded)
{
    if (p->texts.len > 1 && bytes_of(&p->texts) > BYTES_MAX)
        piece_break(p);
    for (size_t i = 0; i < p->texts.len; i++)
        push(&p->texts.data[i], byte, folded);
}

void piece_add_text(struct piece *p)
{
    p->failed |= !vec_push(&p->texts, (struct piece_text){0});
}

void piece_push_last(struct piece *p, uint8_t byte, bool folded)
{
    if (p->texts.len)
        push(&p->texts.data[p->texts.len - 1], byte, folded);
}

static void add_need(struct piece *p, struct need *need)
{
    if (p->need.clauses.len + need->clauses.len > CLAUSES_MAX)
        need_clear(need);
    p->failed |= need_and(&p->need, need, NULL) != LGZ_OK;
}

/* A text that is `a` and, behind it, `b`. */
static void join_text(struct piece *p, piece_texts *to, const struct piece_text *a,
                      const struct piece_text *b)
{
    struct piece_text joined = {.folded = a->folded || b->folded, .cased = a->cased || b->cased};
    buf_append(&joined.bytes, a->bytes.data, a->bytes.len);
    buf_append(&joined.bytes, b->bytes.data, b->bytes.len);
    if (joined.bytes.failed || !vec_push(to, joined)) {
        p->failed = true;
        buf_free(&joined.bytes);
    }
}

/* Each of the piece's texts with each of the others behind it. */
static void multiply(struct piece *p, const piece_texts *others)
{
    piece_texts product = {0};
    for (size_t i = 0; i < p->texts.len && !p->failed; i++)
        for (size_t k = 0; k < others->len && !p->failed; k++)
            join_text(p, &product, &p->texts.data[i], &others->data[k]);
    free_texts(&p->texts);
    p->texts = product;
}

static bool is_too_much(const struct piece *p, const struct piece *next)
{
    const size_t product = p->texts.len * next->texts.len;
    const size_t bytes =
        bytes_of(&p->texts) * next->texts.len + bytes_of(&next->texts) * p->texts.len;
    return product > 1 && (bytes > BYTES_MAX ||
                           (product > PRODUCT_MAX && p->texts.len > 1 && next->texts.len > 1));
}

void piece_append(struct piece *p, struct piece *next)
{
    p->failed |= next->failed;
    add_need(p, &next->need);
    p->whole &= next->whole;
    if (!next->known || is_too_much(p, next)) {
        piece_break(p);
        free_texts(&p->texts);
        p->texts = next->texts;
        next->texts = (piece_texts){0};
    } else {
        multiply(p, &next->texts);
    }
    piece_free(next);
}

void piece_append_repeated(struct piece *p, struct piece *next)
{
    struct piece last;
    piece_begin(&last);
    multiply(&last, &next->texts);
    piece_append(p, next);
    piece_break(p);
    free_texts(&p->texts);
    p->texts = last.texts;
    p->failed |= last.failed;
    last.texts = (piece_texts){0};
    piece_free(&last);
}

void piece_optional(struct piece *p)
{
    need_clear(&p->need);
    if (!p->known)
        begin_texts(p);
    else
        piece_add_text(p);
}

void piece_beside(struct piece *p, struct piece *other)
{
    add_clause(other);
    p->failed |= other->failed;
    add_need(p, &other->need);
    p->whole = false;
    piece_free(other);
}

void piece_or(struct piece *p, struct piece *other)
{
    const bool known = p->known && other->known && p->texts.len + other->texts.len <= TEXTS_MAX;
    const bool room = vec_reserve(&p->texts, p->texts.len + other->texts.len);
    p->failed |= other->failed || !room;
    if (!known && !p->failed) {
        piece_break(p);
        piece_break(other);
        p->failed |= other->failed;
    } else if (!p->failed) {
        for (size_t i = 0; i < other->texts.len; i++)
            p->texts.data[p->texts.len++] = other->texts.data[i];
        other->texts.len = 0;
    }
    p->whole &= other->whole;
    p->failed |= need_or(&p->need, &other->need, NULL) != LGZ_OK;
    piece_free(other);
}

void piece_finish(struct piece *p, struct need *need)
{
    bool exact = p->whole && p->need.clauses.len == 0;
    for (size_t i = 0; i < p->texts.len; i++)
        exact &= !p->texts.data[i].folded || !p->texts.data[i].cased;
    add_clause(p);
    *need = p->need;
    need->exact = exact && !p->failed;
    p->need = (struct need){0};
    free_texts(&p->texts);
}
