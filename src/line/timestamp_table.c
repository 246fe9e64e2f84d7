/*
 * timestamp_table.c - the table of time-stamp formats.
 *
 * The first column is the format's number. Numbers are stored in segments: a
 * line may be added at the end with the next number; no line may ever be
 * changed, moved or removed. Everything else about a format follows from its
 * line. Where two formats read the same bytes to the same length, the lower
 * number wins.
 *
 * Columns: number; families (what the text can start with); what may follow;
 * offset and byte of the probe, or 0, 0; name; program. The names are
 * strftime's, with these of our own: [.%f] is an optional point and fraction of
 * 1 to 9 digits, %L three digits of milliseconds, %k an hour padded by a space,
 * and %- no padding. A probe may skip texts that a lower number reads as well.
 */
#include "line/timestamp_table.h"

#include "line/timestamp.h"

/* clang-format off */
#define LIT(byte) {OP_LITERAL, byte}
#define DATE(byte) {OP_DATE, byte}
#define TIME(byte) {OP_TIME, byte}
#define YEAR {OP_YEAR, 0}
#define YEAR_NEAR {OP_YEAR, 1}
#define YEAR_2 {OP_YEAR_SHORT, 0}
#define NAME {OP_MONTH_NAME, 0}
#define WEEKDAY {OP_WEEKDAY, 0}
#define PAD(field) {OP_PADDED, FIELD_##field}
#define SPC(field) {OP_SPACED, FIELD_##field}
#define NUM(field) {OP_UNPADDED, FIELD_##field}
#define HALF {OP_HALF, 0}
#define FRAC(byte) {OP_FRACTION, byte}
#define FRAC_IF {OP_FRACTION_IF, '.'}
#define MILLI {OP_MILLI, 0}
#define MILLI_SHORT {OP_MILLI_SHORT, 0}
#define EPOCH(n) {OP_EPOCH, n}

#define IN(family) (1u << FAMILY_##family)

#define FORMATS(F, x) \
    /* Year first. */ \
    F(x, 0, IN(D4_DASH_TIME), ANY, 10, 'T', "%Y-%m-%dT%H:%M:%S[.%f]", \
      DATE('-'), LIT('T'), TIME(':'), FRAC_IF) \
    F(x, 1, IN(D4_DASH_TIME), ANY, 10, ' ', "%Y-%m-%d %H:%M:%S[.%f]", \
      DATE('-'), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 2, IN(D4_DASH_COMMA), ANY, 10, 'T', "%Y-%m-%dT%H:%M:%S,%f", \
      DATE('-'), LIT('T'), TIME(':'), FRAC(',')) \
    F(x, 3, IN(D4_DASH_COMMA), ANY, 10, ' ', "%Y-%m-%d %H:%M:%S,%f", \
      DATE('-'), LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 4, IN(D4_DASH_TIME), ANY, 10, '\t', "%Y-%m-%d\t%H:%M:%S[.%f]", \
      DATE('-'), LIT('\t'), TIME(':'), FRAC_IF) \
    F(x, 5, IN(D4_DASH_TIME), ANY, 10, '_', "%Y-%m-%d_%H:%M:%S[.%f]", \
      DATE('-'), LIT('_'), TIME(':'), FRAC_IF) \
    F(x, 6, IN(D4_DASH_TIME), ANY, 13, '.', "%Y-%m-%d-%H.%M.%S[.%f]", \
      DATE('-'), LIT('-'), TIME('.'), FRAC_IF) \
    F(x, 7, IN(D4_DASH), PART, 0, 0, "%Y-%m-%d", DATE('-')) \
    F(x, 8, IN(D4_DASH), PART, 10, ' ', "%Y-%m-%d %H:%M", \
      DATE('-'), LIT(' '), PAD(HOUR), LIT(':'), PAD(MINUTE)) \
    F(x, 9, IN(D4_DASH), PART, 10, 'T', "%Y-%m-%dT%H:%M", \
      DATE('-'), LIT('T'), PAD(HOUR), LIT(':'), PAD(MINUTE)) \
    F(x, 10, IN(D4_DASH_TIME), ANY, 19, ':', "%Y-%m-%d %H:%M:%S:%L", \
      DATE('-'), LIT(' '), TIME(':'), LIT(':'), MILLI) \
    F(x, 11, IN(D4_DASH), ANY, 11, ' ', "%Y-%m-%d %k:%M:%S", \
      DATE('-'), LIT(' '), SPC(HOUR), LIT(':'), PAD(MINUTE), LIT(':'), PAD(SECOND)) \
    F(x, 12, IN(D4_DASH_TIME), ANY, 13, '-', "%Y-%m-%d_%H-%M-%S", DATE('-'), LIT('_'), TIME('-')) \
    F(x, 13, IN(D4_DASH_TIME), ANY, 13, '-', "%Y-%m-%d-%H-%M-%S", DATE('-'), LIT('-'), TIME('-')) \
    F(x, 14, IN(D4_DASH_TIME), ANY, 13, '-', "%Y-%m-%dT%H-%M-%S", DATE('-'), LIT('T'), TIME('-')) \
    F(x, 15, IN(D4_DASH_TIME), ANY, 10, '-', "%Y-%m-%d-%H:%M:%S", DATE('-'), LIT('-'), TIME(':')) \
    F(x, 16, IN(D4_DASH), ANY, 8, '-', "%Y-%b-%d %H:%M:%S[.%f]", \
      YEAR, LIT('-'), NAME, LIT('-'), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 17, IN(D4_SLASH_TIME), ANY, 10, ' ', "%Y/%m/%d %H:%M:%S[.%f]", \
      DATE('/'), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 18, IN(D4_SLASH_TIME), ANY, 19, ',', "%Y/%m/%d %H:%M:%S,%f", \
      DATE('/'), LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 19, IN(D4_SLASH_TIME), ANY, 10, '-', "%Y/%m/%d-%H:%M:%S[.%f]", \
      DATE('/'), LIT('-'), TIME(':'), FRAC_IF) \
    F(x, 20, IN(D4_SLASH_TIME), ANY, 10, ':', "%Y/%m/%d:%H:%M:%S", DATE('/'), LIT(':'), TIME(':')) \
    F(x, 21, IN(D4_SLASH), PART, 0, 0, "%Y/%m/%d", DATE('/')) \
    F(x, 22, IN(D4_SLASH), PART, 10, ' ', "%Y/%m/%d %H:%M", \
      DATE('/'), LIT(' '), PAD(HOUR), LIT(':'), PAD(MINUTE)) \
    F(x, 23, IN(D4_SLASH), ANY, 0, 0, "%Y/%-m/%-d %-H:%M:%S", YEAR, LIT('/'), NUM(MONTH), \
      LIT('/'), NUM(DAY), LIT(' '), NUM(HOUR), LIT(':'), PAD(MINUTE), LIT(':'), PAD(SECOND)) \
    F(x, 24, IN(D4_DOT), PART, 0, 0, "%Y.%m.%d", DATE('.')) \
    F(x, 25, IN(D4_DOT), ANY, 10, ' ', "%Y.%m.%d %H:%M:%S[.%f]", \
      DATE('.'), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 26, IN(D4_DOT), ANY, 10, '-', "%Y.%m.%d-%H:%M:%S[.%f]", \
      DATE('.'), LIT('-'), TIME(':'), FRAC_IF) \
    F(x, 27, IN(D4_COLON), ANY, 10, '-', "%Y:%m:%d-%H:%M:%S", DATE(':'), LIT('-'), TIME(':')) \
    F(x, 28, IN(D4_COLON), ANY, 10, ' ', "%Y:%m:%d %H:%M:%S", DATE(':'), LIT(' '), TIME(':')) \
    F(x, 29, IN(D4_SPACE), ANY, 0, 0, "%Y %b %d %H:%M:%S[.%f]", \
      YEAR, LIT(' '), NAME, LIT(' '), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 30, IN(D4_SPACE), ANY, 9, ' ', "%Y %b %e %H:%M:%S[.%f]", \
      YEAR, LIT(' '), NAME, LIT(' '), SPC(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    /* Digits without separators. */ \
    F(x, 31, IN(D8), ANY, 8, '-', "%Y%m%d-%-H:%-M:%-S:%-L", YEAR, PAD(MONTH), PAD(DAY), LIT('-'), \
      NUM(HOUR), LIT(':'), NUM(MINUTE), LIT(':'), NUM(SECOND), LIT(':'), MILLI_SHORT) \
    F(x, 32, IN(D8), ANY, 17, ':', "%Y%m%d-%H:%M:%S:%L", YEAR, PAD(MONTH), PAD(DAY), LIT('-'), \
      TIME(':'), LIT(':'), MILLI) \
    F(x, 33, IN(D8), PART, 11, ':', "%Y%m%d-%H:%M:%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT('-'), \
      TIME(':'), FRAC_IF) \
    F(x, 34, IN(D8), PART, 8, '-', "%Y%m%d-%H%M%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT('-'), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 35, IN(D8), PART, 8, 'T', "%Y%m%dT%H%M%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT('T'), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 36, IN(D8), PART, 8, 'T', "%Y%m%dT%H:%M:%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT('T'), \
      TIME(':'), FRAC_IF) \
    F(x, 37, IN(D8), ANY, 8, ' ', "%Y%m%d %H:%M:%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT(' '), \
      TIME(':'), FRAC_IF) \
    F(x, 38, IN(D8), ANY, 17, ',', "%Y%m%d %H:%M:%S,%f", YEAR, PAD(MONTH), PAD(DAY), LIT(' '), \
      TIME(':'), FRAC(',')) \
    F(x, 39, IN(D8), PART, 8, ' ', "%Y%m%d %H%M%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT(' '), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 40, IN(D8), PART, 8, '_', "%Y%m%d_%H%M%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT('_'), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 41, IN(D8), PART, 8, ':', "%Y%m%d:%H%M%S[.%f]", YEAR, PAD(MONTH), PAD(DAY), LIT(':'), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 42, IN(D14), PART, 0, 0, "%Y%m%d%H%M%S[.%f]", YEAR_NEAR, PAD(MONTH), PAD(DAY), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), FRAC_IF) \
    F(x, 43, IN(D17), PART, 0, 0, "%Y%m%d%H%M%S%L", YEAR_NEAR, PAD(MONTH), PAD(DAY), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND), MILLI) \
    F(x, 44, IN(D6), PART, 6, ' ', "%y%m%d %H%M%S", YEAR_2, PAD(MONTH), PAD(DAY), LIT(' '), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND)) \
    F(x, 45, IN(D6), ANY, 9, ':', "%y%m%d %H:%M:%S", YEAR_2, PAD(MONTH), PAD(DAY), LIT(' '), \
      TIME(':')) \
    F(x, 46, IN(D6), ANY, 7, ' ', "%y%m%d %k:%M:%S", YEAR_2, PAD(MONTH), PAD(DAY), LIT(' '), \
      SPC(HOUR), LIT(':'), PAD(MINUTE), LIT(':'), PAD(SECOND)) \
    F(x, 47, IN(D6), PART, 6, '-', "%y%m%d-%H%M%S", YEAR_2, PAD(MONTH), PAD(DAY), LIT('-'), \
      PAD(HOUR), PAD(MINUTE), PAD(SECOND)) \
    F(x, 48, IN(D4_SPACE), ANY, 7, ':', "%m%d %H:%M:%S[.%f]", PAD(MONTH), PAD(DAY), LIT(' '), \
      TIME(':'), FRAC_IF) \
    /* Seconds since 1970, in several units. */ \
    F(x, 49, IN(D10), NUMBER, 0, 0, "%s", EPOCH(10)) \
    F(x, 50, IN(D10), NUMBER, 10, '.', "%s.%f", EPOCH(10), FRAC('.')) \
    F(x, 51, IN(D13), NUMBER, 0, 0, "%s%3N", EPOCH(13)) \
    F(x, 52, IN(D16), NUMBER, 0, 0, "%s%6N", EPOCH(16)) \
    F(x, 53, IN(D19), NUMBER, 0, 0, "%s%9N", EPOCH(19)) \
    /* Month and day first, or day and month. */ \
    F(x, 54, IN(D2_SLASH), ANY, 10, ' ', "%m/%d/%Y %H:%M:%S[.%f]", PAD(MONTH), LIT('/'), \
      PAD(DAY), LIT('/'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 55, IN(D2_SLASH), ANY, 10, ' ', "%d/%m/%Y %H:%M:%S[.%f]", PAD(DAY), LIT('/'), \
      PAD(MONTH), LIT('/'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 56, IN(D2_SLASH), ANY, 19, ' ', "%m/%d/%Y %I:%M:%S %p", PAD(MONTH), LIT('/'), PAD(DAY), \
      LIT('/'), YEAR, LIT(' '), PAD(HOUR12), LIT(':'), PAD(MINUTE), LIT(':'), PAD(SECOND), \
      LIT(' '), HALF) \
    F(x, 57, IN(SLASH_SHORT), ANY, 0, 0, "%-m/%-d/%Y %-I:%M:%S %p", NUM(MONTH), \
      LIT('/'), NUM(DAY), LIT('/'), YEAR, LIT(' '), NUM(HOUR12), LIT(':'), PAD(MINUTE), \
      LIT(':'), PAD(SECOND), LIT(' '), HALF) \
    F(x, 58, IN(SLASH_SHORT), ANY, 0, 0, "%-m/%-d/%Y, %-I:%M:%S %p", NUM(MONTH), \
      LIT('/'), NUM(DAY), LIT('/'), YEAR, LIT(','), LIT(' '), NUM(HOUR12), LIT(':'), \
      PAD(MINUTE), LIT(':'), PAD(SECOND), LIT(' '), HALF) \
    F(x, 59, IN(SLASH_SHORT), ANY, 0, 0, "%-m/%-d/%Y %-H:%M:%S", NUM(MONTH), \
      LIT('/'), NUM(DAY), LIT('/'), YEAR, LIT(' '), NUM(HOUR), LIT(':'), PAD(MINUTE), LIT(':'), \
      PAD(SECOND)) \
    F(x, 60, IN(SLASH_SHORT), ANY, 0, 0, "%-m/%-d/%y %-H:%M:%S:%L", NUM(MONTH), \
      LIT('/'), NUM(DAY), LIT('/'), YEAR_2, LIT(' '), NUM(HOUR), LIT(':'), PAD(MINUTE), \
      LIT(':'), PAD(SECOND), LIT(':'), MILLI) \
    F(x, 61, IN(D2_SLASH), ANY, 10, '-', "%m/%d/%Y-%H:%M:%S[.%f]", PAD(MONTH), LIT('/'), \
      PAD(DAY), LIT('/'), YEAR, LIT('-'), TIME(':'), FRAC_IF) \
    F(x, 62, IN(D2_SLASH), ANY, 8, '-', "%m/%d/%y-%H:%M:%S[.%f]", PAD(MONTH), LIT('/'), \
      PAD(DAY), LIT('/'), YEAR_2, LIT('-'), TIME(':'), FRAC_IF) \
    F(x, 63, IN(D2_SLASH), ANY, 5, '-', "%m/%d-%H:%M:%S[.%f]", PAD(MONTH), LIT('/'), PAD(DAY), \
      LIT('-'), TIME(':'), FRAC_IF) \
    F(x, 64, IN(D2_SLASH), ANY, 5, ' ', "%m/%d %H:%M:%S[.%f]", PAD(MONTH), LIT('/'), PAD(DAY), \
      LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 65, IN(D2_SLASH), ANY, 8, ' ', "%y/%m/%d %H:%M:%S[.%f]", YEAR_2, LIT('/'), PAD(MONTH), \
      LIT('/'), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 66, IN(D2_SLASH), ANY, 17, ',', "%y/%m/%d %H:%M:%S,%f", YEAR_2, LIT('/'), PAD(MONTH), \
      LIT('/'), PAD(DAY), LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 67, IN(D2_SLASH), ANY, 8, ' ', "%m/%d/%y %H:%M:%S[.%f]", PAD(MONTH), LIT('/'), \
      PAD(DAY), LIT('/'), YEAR_2, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 68, IN(D2_SLASH), ANY, 8, ',', "%m/%d/%y,%H:%M:%S", PAD(MONTH), LIT('/'), PAD(DAY), \
      LIT('/'), YEAR_2, LIT(','), TIME(':')) \
    F(x, 69, IN(D2_SLASH), PART, 5, '/', "%m/%d/%Y", PAD(MONTH), LIT('/'), PAD(DAY), LIT('/'), \
      YEAR) \
    F(x, 70, IN(D2_SLASH), PART, 5, '/', "%d/%m/%Y", PAD(DAY), LIT('/'), PAD(MONTH), LIT('/'), \
      YEAR) \
    F(x, 71, IN(D2_SLASH_NAME), ANY, 11, ':', "%d/%b/%Y:%H:%M:%S[.%f]", PAD(DAY), LIT('/'), \
      NAME, LIT('/'), YEAR, LIT(':'), TIME(':'), FRAC_IF) \
    F(x, 72, IN(D2_SLASH_NAME), ANY, 11, ' ', "%d/%b/%Y %H:%M:%S[.%f]", PAD(DAY), LIT('/'), \
      NAME, LIT('/'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 73, IN(D2_DASH), ANY, 5, ' ', "%m-%d %H:%M:%S[.%f]", PAD(MONTH), LIT('-'), PAD(DAY), \
      LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 74, IN(D2_DASH), ANY, 14, ',', "%m-%d %H:%M:%S,%f", PAD(MONTH), LIT('-'), PAD(DAY), \
      LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 75, IN(D2_DASH), ANY, 10, ' ', "%d-%m-%Y %H:%M:%S[.%f]", PAD(DAY), LIT('-'), \
      PAD(MONTH), LIT('-'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 76, IN(D2_DASH), ANY, 10, ' ', "%m-%d-%Y %H:%M:%S[.%f]", PAD(MONTH), LIT('-'), \
      PAD(DAY), LIT('-'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 77, IN(D2_DASH), ANY, 8, ' ', "%y-%m-%d %H:%M:%S[.%f]", YEAR_2, LIT('-'), PAD(MONTH), \
      LIT('-'), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 78, IN(D2_DASH_NAME), ANY, 11, ' ', "%d-%b-%Y %H:%M:%S[.%f]", PAD(DAY), LIT('-'), NAME, \
      LIT('-'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 79, IN(D2_DASH_NAME), ANY, 20, ',', "%d-%b-%Y %H:%M:%S,%f", PAD(DAY), LIT('-'), NAME, \
      LIT('-'), YEAR, LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 80, IN(D2_DASH_NAME), PART, 6, '-', "%d-%b-%Y", PAD(DAY), LIT('-'), NAME, LIT('-'), \
      YEAR) \
    F(x, 81, IN(D1_DASH) | IN(D2_DASH_NAME), ANY, 0, 0, "%-d-%b-%Y::%H:%M:%S[.%f]", NUM(DAY), \
      LIT('-'), NAME, LIT('-'), YEAR, LIT(':'), LIT(':'), TIME(':'), FRAC_IF) \
    F(x, 82, IN(D2_DOT), ANY, 10, ' ', "%d.%m.%Y %H:%M:%S[.%f]", PAD(DAY), LIT('.'), \
      PAD(MONTH), LIT('.'), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 83, IN(D2_DOT), PART, 5, '.', "%d.%m.%Y", PAD(DAY), LIT('.'), PAD(MONTH), LIT('.'), \
      YEAR) \
    F(x, 84, IN(D2_DOT), ANY, 5, ' ', "%m.%d %H:%M:%S[.%f]", PAD(MONTH), LIT('.'), PAD(DAY), \
      LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 85, IN(D2_SPACE), ANY, 11, ' ', "%d %b %Y %H:%M:%S[.%f]", PAD(DAY), LIT(' '), NAME, \
      LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 86, IN(D2_SPACE), ANY, 20, ',', "%d %b %Y %H:%M:%S,%f", PAD(DAY), LIT(' '), NAME, \
      LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC(',')) \
    F(x, 87, IN(D2_SPACE), ANY, 9, ':', "%d %b %H:%M:%S[.%f]", PAD(DAY), LIT(' '), NAME, \
      LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 88, IN(D1_SPACE), ANY, 0, 0, "%-d %b %Y %H:%M:%S[.%f]", NUM(DAY), LIT(' '), NAME, \
      LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    /* Time only. */ \
    F(x, 89, IN(D2_COLON), PART, 0, 0, "%H:%M:%S[.%f]", TIME(':'), FRAC_IF) \
    F(x, 90, IN(D2_COLON), PART, 8, ',', "%H:%M:%S,%f", TIME(':'), FRAC(',')) \
    F(x, 91, IN(D2_COLON), PART, 8, ' ', "%I:%M:%S %p", PAD(HOUR12), LIT(':'), PAD(MINUTE), \
      LIT(':'), PAD(SECOND), LIT(' '), HALF) \
    F(x, 92, IN(D1_COLON), PART, 0, 0, "%-H:%M:%S[.%f]", NUM(HOUR), LIT(':'), PAD(MINUTE), \
      LIT(':'), PAD(SECOND), FRAC_IF) \
    F(x, 93, IN(D1_COLON), PART, 7, ' ', "%-I:%M:%S %p", NUM(HOUR12), LIT(':'), PAD(MINUTE), \
      LIT(':'), PAD(SECOND), LIT(' '), HALF) \
    /* Name of the month first. */ \
    F(x, 94, IN(MONTH_TIME) | IN(MONTH_YEAR), ANY, 0, 0, "%b %e %H:%M:%S[.%f]", NAME, LIT(' '), \
      SPC(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 95, IN(MONTH_TIME) | IN(MONTH_YEAR), ANY, 4, '0', "%b %d %H:%M:%S[.%f]", NAME, \
      LIT(' '), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 96, IN(MONTH), ANY, 5, ' ', "%b %-d %H:%M:%S[.%f]", NAME, LIT(' '), NUM(DAY), LIT(' '), \
      TIME(':'), FRAC_IF) \
    F(x, 97, IN(MONTH), ANY, 6, ' ', "%b %e %Y %H:%M:%S[.%f]", NAME, LIT(' '), SPC(DAY), \
      LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 98, IN(MONTH), ANY, 4, '0', "%b %d %Y %H:%M:%S[.%f]", NAME, LIT(' '), PAD(DAY), \
      LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 99, IN(MONTH), ANY, 6, ',', "%b %d, %Y %-I:%M:%S %p", NAME, LIT(' '), PAD(DAY), \
      LIT(','), LIT(' '), YEAR, LIT(' '), NUM(HOUR12), LIT(':'), PAD(MINUTE), LIT(':'), \
      PAD(SECOND), LIT(' '), HALF) \
    F(x, 100, IN(MONTH), ANY, 5, ',', "%b %-d, %Y %-I:%M:%S %p", NAME, LIT(' '), NUM(DAY), \
      LIT(','), LIT(' '), YEAR, LIT(' '), NUM(HOUR12), LIT(':'), PAD(MINUTE), LIT(':'), \
      PAD(SECOND), LIT(' '), HALF) \
    F(x, 101, IN(MONTH), ANY, 6, ',', "%b %d, %Y %H:%M:%S[.%f]", NAME, LIT(' '), PAD(DAY), \
      LIT(','), LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 102, IN(MONTH), ANY, 6, ',', "%b %e, %Y %H:%M:%S[.%f]", NAME, LIT(' '), SPC(DAY), \
      LIT(','), LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 103, IN(MONTH), ANY, 5, ',', "%b %-d, %Y %H:%M:%S[.%f]", NAME, LIT(' '), NUM(DAY), \
      LIT(','), LIT(' '), YEAR, LIT(' '), TIME(':'), FRAC_IF) \
    F(x, 104, IN(MONTH_YEAR), PART, 15, ' ', "%b %e %H:%M:%S %Y", NAME, LIT(' '), SPC(DAY), \
      LIT(' '), TIME(':'), LIT(' '), YEAR_NEAR) \
    F(x, 105, IN(MONTH_YEAR), PART, 4, '0', "%b %d %H:%M:%S %Y", NAME, LIT(' '), PAD(DAY), \
      LIT(' '), TIME(':'), LIT(' '), YEAR_NEAR) \
    /* Name of the weekday first. */ \
    F(x, 106, IN(WEEKDAY), ANY, 13, ':', "%a %b %d %H:%M:%S[.%f] %Y", WEEKDAY, LIT(' '), NAME, \
      LIT(' '), PAD(DAY), LIT(' '), TIME(':'), FRAC_IF, LIT(' '), YEAR) \
    F(x, 107, IN(WEEKDAY), ANY, 8, ' ', "%a %b %e %H:%M:%S[.%f] %Y", WEEKDAY, LIT(' '), NAME, \
      LIT(' '), SPC(DAY), LIT(' '), TIME(':'), FRAC_IF, LIT(' '), YEAR) \
    F(x, 108, IN(WEEKDAY), ANY, 20, 'U', "%a %b %d %H:%M:%S UTC %Y", WEEKDAY, LIT(' '), NAME, \
      LIT(' '), PAD(DAY), LIT(' '), TIME(':'), LIT(' '), LIT('U'), LIT('T'), LIT('C'), LIT(' '), \
      YEAR) \
    F(x, 109, IN(WEEKDAY), ANY, 20, 'U', "%a %b %e %H:%M:%S UTC %Y", WEEKDAY, LIT(' '), NAME, \
      LIT(' '), SPC(DAY), LIT(' '), TIME(':'), LIT(' '), LIT('U'), LIT('T'), LIT('C'), LIT(' '), \
      YEAR) \
    F(x, 110, IN(WEEKDAY), ANY, 7, ' ', "%a, %d %b %Y %H:%M:%S", WEEKDAY, LIT(','), LIT(' '), \
      PAD(DAY), LIT(' '), NAME, LIT(' '), YEAR, LIT(' '), TIME(':')) \
    F(x, 111, IN(WEEKDAY), ANY, 6, ' ', "%a, %-d %b %Y %H:%M:%S", WEEKDAY, LIT(','), LIT(' '), \
      NUM(DAY), LIT(' '), NAME, LIT(' '), YEAR, LIT(' '), TIME(':')) \
    F(x, 112, IN(WEEKDAY), ANY, 7, '-', "%a, %d-%b-%Y %H:%M:%S", WEEKDAY, LIT(','), LIT(' '), \
      PAD(DAY), LIT('-'), NAME, LIT('-'), YEAR, LIT(' '), TIME(':')) \
    F(x, 113, IN(WEEKDAY), ANY, 6, ' ', "%a %d %b %Y %H:%M:%S", WEEKDAY, LIT(' '), \
      PAD(DAY), LIT(' '), NAME, LIT(' '), YEAR, LIT(' '), TIME(':')) \
    F(x, 114, IN(WEEKDAY), ANY, 8, '-', "%a %Y-%m-%d %H:%M:%S[.%f]", WEEKDAY, LIT(' '), \
      DATE('-'), LIT(' '), TIME(':'), FRAC_IF)

#define ROW(x, number, families, next, at, byte, title, ...) \
    [number] = {.follow = FOLLOW_##next, .probe_at = at, .probe_byte = byte, \
                .ops = {__VA_ARGS__}, .name = title},

/* Bit `number` of a word, if the format is in the family `x`. */
#define IN_WORD(word, number, families, x) \
    | ((number) / 64 == (word) && (((families) >> (x)) & 1) ? UINT64_C(1) << (number) % 64 : 0)
#define BIT_0(x, number, families, ...) IN_WORD(0, number, families, x)
#define BIT_1(x, number, families, ...) IN_WORD(1, number, families, x)
#define MASK(family) \
    [FAMILY_##family] = {0 FORMATS(BIT_0, FAMILY_##family), 0 FORMATS(BIT_1, FAMILY_##family)}
/* clang-format on */

const struct timestamp_format timestamp_formats[] = {FORMATS(ROW, 0)};

enum { FORMAT_COUNT = sizeof timestamp_formats / sizeof timestamp_formats[0] };
_Static_assert(FAMILY_COUNT <= 32, "a set of families is 32 bits");
_Static_assert(FORMAT_COUNT <= 64 * TIMESTAMP_MASK_WORDS, "add a word to the masks");

const unsigned timestamp_format_count = FORMAT_COUNT;

const uint64_t timestamp_family_masks[FAMILY_COUNT][TIMESTAMP_MASK_WORDS] = {
    MASK(SLASH_SHORT),  MASK(D1_COLON),      MASK(D1_DASH),  MASK(D1_SPACE),
    MASK(D2_SLASH),     MASK(D2_SLASH_NAME), MASK(D2_DASH),  MASK(D2_DASH_NAME),
    MASK(D2_DOT),       MASK(D2_SPACE),      MASK(D2_COLON), MASK(D4_DASH),
    MASK(D4_DASH_TIME), MASK(D4_DASH_COMMA), MASK(D4_SLASH), MASK(D4_SLASH_TIME),
    MASK(D4_DOT),       MASK(D4_COLON),      MASK(D4_SPACE), MASK(D6),
    MASK(D8),           MASK(D10),           MASK(D13),      MASK(D14),
    MASK(D16),          MASK(D17),           MASK(D19),      MASK(MONTH),
    MASK(MONTH_TIME),   MASK(MONTH_YEAR),    MASK(WEEKDAY),
};

const char *timestamp_format_name(unsigned format)
{
    return format < FORMAT_COUNT ? timestamp_formats[format].name : "";
}
