/*
 * timestamp_pieces.c - the program of a format as what it prints: digits, names and bytes.
 */
#include "line/timestamp.h"
#include "line/timestamp_table.h"

enum { OP_PIECES = 5 /* of an operation, at most */ };

/* Digits with a byte between them, three times. */
static size_t put_triple(struct timestamp_piece *to, uint8_t byte)
{
    for (size_t i = 0; i < OP_PIECES; i++)
        to[i] = (struct timestamp_piece){i % 2 ? TIMESTAMP_BYTE : TIMESTAMP_DIGITS, byte};
    return OP_PIECES;
}

static size_t put_op(struct timestamp_piece *to, const struct timestamp_op *op, unsigned digits)
{
    *to = (struct timestamp_piece){TIMESTAMP_DIGITS, op->arg};
    switch (op->code) {
    case OP_DATE:
    case OP_TIME:
        return put_triple(to, op->arg);
    case OP_LITERAL:
        to->kind = TIMESTAMP_BYTE;
        return 1;
    case OP_MONTH_NAME:
        to->kind = TIMESTAMP_MONTH;
        return 1;
    case OP_WEEKDAY:
        to->kind = TIMESTAMP_WEEKDAY;
        return 1;
    case OP_HALF:
        to->kind = TIMESTAMP_HALF;
        return 1;
    case OP_SPACED:
        to->kind = TIMESTAMP_SPACED;
        return 1;
    case OP_FRACTION:
    case OP_FRACTION_IF:
        if (!digits)
            return 0;
        to[0].kind = TIMESTAMP_BYTE;
        to[1] = (struct timestamp_piece){TIMESTAMP_DIGITS, 0};
        return 2;
    default: /* numbers */
        return 1;
    }
}

size_t timestamp_pieces(unsigned format, unsigned digits,
                        struct timestamp_piece pieces[TIMESTAMP_PIECES])
{
    size_t count = 0;
    const struct timestamp_op *op = timestamp_formats[format].ops;
    for (; op->code != OP_END && count + OP_PIECES <= TIMESTAMP_PIECES; op++)
        count += put_op(pieces + count, op, digits);
    return count;
}
