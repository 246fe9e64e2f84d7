/*
 * piece.h - what is known of the texts that a part of a regular expression can match: all of them,
 * if they are few, or what each of them holds.
 *
 * literal.c builds the piece of an expression from those of its parts: one behind the other, one or
 * the other, repeated. A piece that runs out of memory says so once, in `failed`.
 */
#ifndef LOGZIP_QUERY_PIECE_H
#define LOGZIP_QUERY_PIECE_H

#include "segment/need.h"

/** A text, which may be empty. */
struct piece_text {
    struct buf bytes;
    bool folded; /**< letters match in either case, some at least */
    bool cased;  /**< there is a letter that doesn't */
};

typedef VEC(struct piece_text) piece_texts;

/** Zero-initialized matches nothing; piece_begin() makes it usable. */
struct piece {
    piece_texts texts; /**< how a match ends: with one of these */
    bool known;        /**< a match is one of these */
    bool whole;        /**< and where one of these is, is a match */
    struct need need;  /**< beside that */
    bool failed;
};

/** A piece that matches the empty text, and only that. */
void piece_begin(struct piece *p);
void piece_free(struct piece *p);

/** Behind the piece stands this byte. */
void piece_push(struct piece *p, uint8_t byte, bool folded);

/** Behind the piece stands something that isn't known. */
void piece_break(struct piece *p);

/** Another text that it can match, empty as yet; piece_push_last() is for this text only. */
void piece_add_text(struct piece *p);
void piece_push_last(struct piece *p, uint8_t byte, bool folded);

/** It isn't certain that its texts match wherever they are. */
static inline void piece_doubt(struct piece *p)
{
    p->whole = false;
}

/** Behind the piece stands `next`, which is used up. */
void piece_append(struct piece *p, struct piece *next);

/** `next` as often as one likes, but at least once. */
void piece_append_repeated(struct piece *p, struct piece *next);

/** The piece, or nothing at all. */
void piece_optional(struct piece *p);

/** Beside the piece, `other` is found; it takes no place. It's used up. */
void piece_beside(struct piece *p, struct piece *other);

/** The piece or `other`, which is used up. */
void piece_or(struct piece *p, struct piece *other);

/** What a text needs to match; `exact` if that is enough. The piece is used up. */
void piece_finish(struct piece *p, struct need *need);

#endif
