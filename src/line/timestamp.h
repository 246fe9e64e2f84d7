/*
 * timestamp.h - the time stamps that logs really use, as numbers, with an exact inverse.
 *
 * A stamp is its civil date and time as written, without any zone, counted in units of
 * 10^-digits seconds since 1970-01-01 00:00:00. It is recognized only if timestamp_print() of the
 * result gives back the very same bytes; anything else is text. A zone behind a stamp ("Z",
 * "+0800", " -07:00") is not part of it. Formats are a table; the index of a format is stored in
 * segments, so entries are only ever added at its end (docs/format.md lists them).
 */
#ifndef LOGZIP_LINE_TIMESTAMP_H
#define LOGZIP_LINE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TIMESTAMP_MAX_LEN = 40, /**< no stamp is longer, in bytes */
    TIMESTAMP_NO_ZONE = 100000,
};

struct timestamp {
    uint8_t format; /**< index into the table */
    uint8_t digits; /**< of the fraction, 0 to 9 */
    uint8_t len;    /**< bytes of text that it took */
    int64_t
        value; /**< units of 10^-digits s since 1970 as written; year 2000 where none is written */
};

/** Number of formats in the table. */
extern const unsigned timestamp_format_count;

/** The format's pattern, for people and docs, e.g. "%Y-%m-%dT%H:%M:%S.%f". */
const char *timestamp_format_name(unsigned format);

/** Does the format write a year? (If not, `value` is in the leap year 2000.) */
bool timestamp_has_year(unsigned format);

/**
 * Recognize a stamp that starts at `text`. The longest match wins. A stamp isn't followed directly
 * by another digit. The caller has checked that `text` is at the start of a token: what precedes it
 * isn't a letter or digit.
 *
 * @param size  bytes that may be looked at
 * @return true and `*stamp` filled, or false
 */
bool timestamp_parse(const uint8_t *text, size_t size, struct timestamp *stamp);

/** May a stamp start with this byte at all? For a caller's first, cheap test. */
static inline bool timestamp_may_start(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'W');
}

/**
 * Write the stamp's text: the exact inverse of timestamp_parse().
 *
 * @param format, digits, value  may come from a damaged file: anything is safe
 * @param out     TIMESTAMP_MAX_LEN bytes of room
 * @return number of bytes written, or 0 if no stamp has these values
 */
size_t timestamp_print(unsigned format, unsigned digits, int64_t value, uint8_t *out);

enum {
    TIMESTAMP_PIECES = 32 /**< of a stamp, at most */
};

/** What stands at a place of a stamp. */
enum timestamp_kind {
    TIMESTAMP_DIGITS,
    TIMESTAMP_SPACED, /**< digits, perhaps behind a space */
    TIMESTAMP_MONTH,  /**< "Jun" */
    TIMESTAMP_WEEKDAY,
    TIMESTAMP_HALF, /**< "AM" or "PM" */
    TIMESTAMP_BYTE,
};

struct timestamp_piece {
    enum timestamp_kind kind;
    uint8_t byte;   /**< TIMESTAMP_BYTE */
    uint8_t fewest; /**< TIMESTAMP_DIGITS, TIMESTAMP_SPACED: bytes */
    uint8_t most;
};

/**
 * What all stamps of a format consist of, in order.
 *
 * @param format  in the table
 * @param digits  of the fraction
 * @return how many pieces
 */
size_t timestamp_pieces(unsigned format, unsigned digits,
                        struct timestamp_piece pieces[TIMESTAMP_PIECES]);

/** The text printed last, and how to make of it that of another moment. Zero is valid. */
struct timestamp_memo {
    uint8_t text[TIMESTAMP_MAX_LEN];
    uint8_t len; /**< 0: nothing is remembered */
    uint8_t format;
    uint8_t digits;
    uint8_t at[4];   /**< where hour, minute, second and fraction stand in `text` */
    uint32_t second; /**< that `text` has, counted from `start` */
    int64_t start;   /**< of the day or hour (of all, for a bare number); 10^-digits s */
    uint64_t span;   /**< its length; other moments of it differ in time only */
};

/** The same as timestamp_print(), fast when the moment is of the same day as the last one. */
size_t timestamp_print_next(struct timestamp_memo *memo, unsigned format, unsigned digits,
                            int64_t value, uint8_t *out);

/**
 * The zone written right behind a stamp ("Z", "+08", "+0800", "+08:00", with or without one space
 * before the sign), in seconds east of UTC.
 *
 * @return TIMESTAMP_NO_ZONE if there is none
 */
int timestamp_zone(const uint8_t *text, size_t size);

/**
 * The instant that a stamp means, in nanoseconds since the epoch.
 *
 * @param zone       seconds east of UTC, or TIMESTAMP_NO_ZONE: read as UTC
 * @param reference  about when the line was written (ns): decides the year of a stamp that has none
 *                   (the year that brings it nearest to, and at most one day after, `reference`),
 *                   and the day of a stamp that is only a time (the nearest). Seconds since the
 *                   epoch are UTC: `zone` isn't looked at. What doesn't fit becomes INT64_MIN or
 * MAX.
 */
int64_t timestamp_instant(const struct timestamp *stamp, int zone, int64_t reference);

/** What timestamp_first() found. */
struct timestamp_found {
    struct timestamp stamp;
    size_t at; /**< offset in the line */
    int zone;  /**< seconds east, or TIMESTAMP_NO_ZONE */
};

/**
 * The stamp that dates a line: the first one that starts at the start of a token within the line's
 * first 256 bytes, formats that hold date and time before those that only hold a date, these
 * before bare numbers, and these before formats that only hold a time. A bare number with no letter
 * or digit before it is as good as date and time.
 */
bool timestamp_first(const uint8_t *line, size_t size, struct timestamp_found *found);

/**
 * Is the stamp that dates the line what a clock on the wall showed, so that its instant depends on
 * where that was? Not if it counts from the epoch, or if a zone (as timestamp_zone() takes, or
 * " UTC" or " GMT") stands behind it or in it.
 */
bool timestamp_is_local(const uint8_t *line, size_t size, const struct timestamp_found *found);

/** The two halves of that: may a stamp of this format be local; and is it, by what is behind it? */
bool timestamp_format_is_local(unsigned format);
bool timestamp_names_utc(const uint8_t *line, size_t size, const struct timestamp_found *found);

/** Does a stamp of this format, with no letter or digit before it, date its line in any case? */
bool timestamp_dates_line(unsigned format);

#endif
