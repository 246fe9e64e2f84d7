/*
 * timestamp_table.h - the formats: each a short program of operations that
 * parser and printer both run, one forwards into fields, one from fields into
 * text. Private to timestamp*.c.
 *
 * The parser doesn't try every format. The first bytes of a text put it into a
 * family (a run of four digits and a dash, the name of a month, ...), and only
 * the family's formats are tried; of these, a format with a probe is skipped at
 * the cost of one comparison.
 */
#ifndef LOGZIP_LINE_TIMESTAMP_TABLE_H
#define LOGZIP_LINE_TIMESTAMP_TABLE_H

#include <stddef.h>
#include <stdint.h>

/** What a text starts with. D4_DASH: four digits and '-'. */
enum timestamp_family {
    FAMILY_SLASH_SHORT, /**< "6/9/2005", and "12/09/2005 6:" */
    FAMILY_D1_COLON,
    FAMILY_D1_DASH,
    FAMILY_D1_SPACE,
    FAMILY_D2_SLASH,
    FAMILY_D2_SLASH_NAME, /**< "09/Jun" */
    FAMILY_D2_DASH,
    FAMILY_D2_DASH_NAME, /**< "09-Jun" */
    FAMILY_D2_DOT,
    FAMILY_D2_SPACE,
    FAMILY_D2_COLON,
    FAMILY_D4_DASH,       /**< whatever is in none of the next two */
    FAMILY_D4_DASH_TIME,  /**< with a time of day to the second */
    FAMILY_D4_DASH_COMMA, /**< and a comma and digit behind it */
    FAMILY_D4_SLASH,
    FAMILY_D4_SLASH_TIME,
    FAMILY_D4_DOT,
    FAMILY_D4_COLON,
    FAMILY_D4_SPACE,
    FAMILY_D6,
    FAMILY_D8,
    FAMILY_D10,
    FAMILY_D13,
    FAMILY_D14,
    FAMILY_D16,
    FAMILY_D17,
    FAMILY_D19,
    FAMILY_MONTH,      /**< "Jun 09 2005" and whatever is in none of the next two */
    FAMILY_MONTH_TIME, /**< "Jun 09 06:" */
    FAMILY_MONTH_YEAR, /**< "Jun 09 06:07:04 2" */
    FAMILY_WEEKDAY,
    FAMILY_COUNT,
    FAMILY_NONE = FAMILY_COUNT
};

/** Operations. The argument is a byte: a separator, a field or a count. */
enum timestamp_op_code {
    OP_END,
    OP_LITERAL,     /**< the byte `arg` */
    OP_DATE,        /**< year, month, day with `arg` between them: "2005-06-09" */
    OP_TIME,        /**< hour, minute, second with `arg` between them: "06:07:04" */
    OP_YEAR,        /**< four digits; `arg` 1: only 1970 to 2099, where digits could mean
                       else */
    OP_YEAR_SHORT,  /**< two digits: 69 to 99 are 19xx, 00 to 68 are 20xx */
    OP_MONTH_NAME,  /**< "Jun" */
    OP_WEEKDAY,     /**< "Thu"; must agree with the date */
    OP_PADDED,      /**< field `arg`, two digits */
    OP_SPACED,      /**< field `arg`, padded to two bytes by a space */
    OP_UNPADDED,    /**< field `arg`, without leading zeros */
    OP_HALF,        /**< "AM" or "PM"; goes with FIELD_HOUR12 */
    OP_FRACTION,    /**< `arg` and 1 to 9 digits */
    OP_FRACTION_IF, /**< the same, or nothing */
    OP_MILLI,       /**< exactly three digits */
    OP_MILLI_SHORT, /**< milliseconds without leading zeros: "7" is .007 */
    OP_EPOCH,       /**< `arg` digits: 10 of seconds since 1970, the others of the
                       fraction */
};

enum timestamp_field {
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_HOUR,
    FIELD_HOUR12, /**< 12, 1, ... 11 */
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_COUNT
};

/** What may follow a stamp; a digit never does. */
enum timestamp_follow {
    FOLLOW_ANY,
    /** part of a date: no letter (but a lone 'Z'), and no sign that the digits go
       on */
    FOLLOW_PART,
    /** a bare number: no letter and no fraction */
    FOLLOW_NUMBER,
};

struct timestamp_op {
    uint8_t code;
    uint8_t arg;
};

enum { TIMESTAMP_OPS_MAX = 16 };

struct timestamp_format {
    uint8_t follow;
    uint8_t probe_at; /**< when not 0: only texts with probe_byte there are tried */
    uint8_t probe_byte;
    struct timestamp_op ops[TIMESTAMP_OPS_MAX];
    const char *name;
};

enum { TIMESTAMP_MASK_WORDS = 2 };

/** Bare numbers are stamps from September 2001, when they became ten digits, to
 * the end of 2099. */
#define TIMESTAMP_EPOCH_MIN INT64_C(1000000000)
#define TIMESTAMP_EPOCH_END INT64_C(4102444800)

/** Indexed by the number that is stored in segments. */
extern const struct timestamp_format timestamp_formats[];

/** The formats of each family, one bit for each. */
extern const uint64_t timestamp_family_masks[FAMILY_COUNT][TIMESTAMP_MASK_WORDS];

/** The family of a text of `size` bytes; any size is safe. */
enum timestamp_family timestamp_family_of(const uint8_t *text, size_t size);

/** The family to try when no format of `family` reads the text, or FAMILY_NONE. */
enum timestamp_family timestamp_family_wider(enum timestamp_family family);

/** 1 to 12 for the name in the three bytes at `p`; 0 if it is none. */
int timestamp_month_of(const uint8_t *p);

/** 0 (Monday) to 6 for the name in the three bytes at `p`; -1 if it is none. */
int timestamp_weekday_of(const uint8_t *p);

#endif
