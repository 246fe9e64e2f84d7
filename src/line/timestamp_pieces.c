/*
 * timestamp_pieces.c - the program of a format as what it prints: digits, names and bytes.
 */
#include "line/timestamp.h"
#include "line/timestamp_table.h"

enum { OP_PIECES = 5 /* of an operation, at most */ };

static struct timestamp_piece digits_of(unsigned fewest, unsigned most)
{
    return (struct timestamp_piece){
        .kind = TIMESTAMP_DIGITS, .fewest = (uint8_t)fewest, .most = (uint8_t)most};
}

static struct timestamp_piece byte_of(uint8_t byte)
{
    return (struct timestamp_piece){.kind = TIMESTAMP_BYTE, .byte = byte};
}

/* Three numbers with a byte between them, of which the last two have two digits. */
static size_t put_triple(struct timestamp_piece *to, uint8_t byte, unsigned first)
{
    to[0] = digits_of(first, first);
    to[1] = to[3] = byte_of(byte);
    to[2] = to[4] = digits_of(2, 2);
    return OP_PIECES;
}

static size_t put_op(struct timestamp_piece *to, const struct timestamp_op *op, unsigned digits)
{
    *to = digits_of(2, 2);
    switch (op->code) {
    case OP_DATE:
        return put_triple(to, op->arg, 4);
    case OP_TIME:
        return put_triple(to, op->arg, 2);
    case OP_LITERAL:
        *to = byte_of(op->arg);
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
        to[0] = byte_of(op->arg);
        to[1] = digits_of(digits, digits);
        return 2;
    case OP_UNPADDED:
        *to = digits_of(1, 2);
        return 1;
    case OP_MILLI:
        *to = digits_of(3, 3);
        return 1;
    case OP_MILLI_SHORT:
        *to = digits_of(1, 3);
        return 1;
    case OP_YEAR:
        *to = digits_of(4, 4);
        return 1;
    case OP_EPOCH:
        *to = digits_of(op->arg, op->arg);
        return 1;
    default: /* two digits */
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
