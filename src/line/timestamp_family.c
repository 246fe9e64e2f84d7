/*
 * timestamp_family.c - which formats are worth trying: sorts a text by the length of its first run
 * of digits and by the separators behind it, or by the name that it starts with.
 *
 * Most tokens that this sees are no stamps. It has to say so within a few nanoseconds, so it looks
 * at single bytes in fixed places; it may be wrong in favour of a family, never against the one
 * that has the stamp.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "line/timestamp_table.h"

enum { SHORTEST = 7 /* "6:07:04" */ };

static inline bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') <= 9;
}

static inline bool is_upper(uint8_t c)
{
    return (uint8_t)(c - 'A') <= 25;
}

/* The byte at `i`, or NUL, which is in no stamp. */
static inline uint8_t byte_at(const uint8_t *text, size_t size, size_t i)
{
    return i < size ? text[i] : 0;
}

int timestamp_month_of(const uint8_t *p)
{
#define KEY(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
    switch (KEY(p[0], p[1], p[2])) {
    case KEY('J', 'a', 'n'):
        return 1;
    case KEY('F', 'e', 'b'):
        return 2;
    case KEY('M', 'a', 'r'):
        return 3;
    case KEY('A', 'p', 'r'):
        return 4;
    case KEY('M', 'a', 'y'):
        return 5;
    case KEY('J', 'u', 'n'):
        return 6;
    case KEY('J', 'u', 'l'):
        return 7;
    case KEY('A', 'u', 'g'):
        return 8;
    case KEY('S', 'e', 'p'):
        return 9;
    case KEY('O', 'c', 't'):
        return 10;
    case KEY('N', 'o', 'v'):
        return 11;
    case KEY('D', 'e', 'c'):
        return 12;
    default:
        return 0;
    }
}

int timestamp_weekday_of(const uint8_t *p)
{
    switch (KEY(p[0], p[1], p[2])) {
    case KEY('M', 'o', 'n'):
        return 0;
    case KEY('T', 'u', 'e'):
        return 1;
    case KEY('W', 'e', 'd'):
        return 2;
    case KEY('T', 'h', 'u'):
        return 3;
    case KEY('F', 'r', 'i'):
        return 4;
    case KEY('S', 'a', 't'):
        return 5;
    case KEY('S', 'u', 'n'):
        return 6;
    default:
        return -1;
    }
#undef KEY
}

/* The text starts with a letter. The fourth byte sorts out nearly every other
 * word. */
static enum timestamp_family family_of_name(const uint8_t *text, size_t size)
{
    if (text[3] != ' ' && text[3] != ',')
        return FAMILY_NONE;
    if (timestamp_weekday_of(text) >= 0)
        return FAMILY_WEEKDAY;
    if (text[3] != ' ' || !(is_digit(text[4]) || text[4] == ' ') || !timestamp_month_of(text))
        return FAMILY_NONE;
    if (byte_at(text, size, 9) != ':')
        return FAMILY_MONTH;
    uint8_t year = byte_at(text, size, 16);
    if (byte_at(text, size, 15) == ' ' && (year == '1' || year == '2'))
        return FAMILY_MONTH_YEAR;
    return FAMILY_MONTH_TIME;
}

static enum timestamp_family family_of_1(const uint8_t *text)
{
    switch (text[1]) {
    case '/':
        return text[3] == '/' || text[4] == '/' ? FAMILY_SLASH_SHORT : FAMILY_NONE;
    case ':':
        return text[4] == ':' ? FAMILY_D1_COLON : FAMILY_NONE;
    case '-':
        return text[5] == '-' && is_upper(text[2]) ? FAMILY_D1_DASH : FAMILY_NONE;
    case ' ':
        return text[5] == ' ' && is_upper(text[2]) ? FAMILY_D1_SPACE : FAMILY_NONE;
    default:
        return FAMILY_NONE;
    }
}

/* Two digits and a slash. Is any number in it written without padding, or behind a colon? */
static enum timestamp_family family_of_slash(const uint8_t *text, size_t size)
{
    if (text[6] == '/' && is_upper(text[3]))
        return FAMILY_D2_SLASH_NAME;
    if (text[4] == '/')
        return FAMILY_SLASH_SHORT;
    if (text[5] == ' ' || text[5] == '-')
        return FAMILY_D2_SLASH;
    if (text[5] != '/')
        return FAMILY_NONE;
    uint8_t tenth = byte_at(text, size, 10);
    if (tenth == ',' || tenth == ':' || byte_at(text, size, 12) == ':' ||
        byte_at(text, size, 17) == ':')
        return FAMILY_SLASH_SHORT;
    return FAMILY_D2_SLASH;
}

static enum timestamp_family family_of_2(const uint8_t *text, size_t size)
{
    uint8_t fifth = text[5];
    switch (text[2]) {
    case '/':
        return family_of_slash(text, size);
    case '-':
        if (text[6] == '-' && is_upper(text[3]))
            return FAMILY_D2_DASH_NAME;
        return fifth == '-' || fifth == ' ' ? FAMILY_D2_DASH : FAMILY_NONE;
    case '.':
        return fifth == '.' || fifth == ' ' ? FAMILY_D2_DOT : FAMILY_NONE;
    case ' ':
        return text[6] == ' ' && is_upper(text[3]) ? FAMILY_D2_SPACE : FAMILY_NONE;
    case ':':
        return fifth == ':' ? FAMILY_D2_COLON : FAMILY_NONE;
    default:
        return FAMILY_NONE;
    }
}

/* Four digits and a dash: with a whole time of day behind the date? With a comma behind that? */
static enum timestamp_family family_of_dash(const uint8_t *text, size_t size)
{
    if (byte_at(text, size, 7) != '-')
        return is_upper(text[5]) && byte_at(text, size, 8) == '-' ? FAMILY_D4_DASH : FAMILY_NONE;
    if (size < 19 || text[13] != text[16] || is_digit(text[13]))
        return FAMILY_D4_DASH;
    return byte_at(text, size, 19) == ',' && is_digit(byte_at(text, size, 20))
               ? FAMILY_D4_DASH_COMMA
               : FAMILY_D4_DASH_TIME;
}

static enum timestamp_family family_of_4(const uint8_t *text, size_t size)
{
    uint8_t seventh = byte_at(text, size, 7);
    switch (text[4]) {
    case '-':
        return family_of_dash(text, size);
    case '/':
        if (seventh == '/' && byte_at(text, size, 16) == ':')
            return FAMILY_D4_SLASH_TIME;
        return seventh == '/' || text[6] == '/' ? FAMILY_D4_SLASH : FAMILY_NONE;
    case '.':
        return seventh == '.' ? FAMILY_D4_DOT : FAMILY_NONE;
    case ':':
        return seventh == ':' ? FAMILY_D4_COLON : FAMILY_NONE;
    case ' ':
        if (seventh == ':' || (is_upper(text[5]) && byte_at(text, size, 8) == ' '))
            return FAMILY_D4_SPACE;
        return FAMILY_NONE;
    default:
        return FAMILY_NONE;
    }
}

/* How many digits the text starts with, at most 20. `size` is at least
 * SHORTEST. */
static unsigned digit_run(const uint8_t *text, size_t size)
{
    uint64_t word = 0;
    if (size >= sizeof word)
        memcpy(&word, text, sizeof word);
    else
        memcpy(&word, text, SHORTEST);
    word = le64toh(word) ^ UINT64_C(0x3030303030303030);
    /* A byte is a digit if it is below 10 now: adding 0x76 to the low 7 bits sets
     * its top bit. */
    uint64_t low = word & UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t other = ((low + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);
    if (other)
        return (unsigned)__builtin_ctzll(other) / 8;
    unsigned run = 8;
    while (run < 20 && is_digit(byte_at(text, size, run)))
        run++;
    return run;
}

/* Nearly all numbers from 42 on are out of range. */
static bool may_be_epoch(const uint8_t *text)
{
    return text[0] < '4' || (text[0] == '4' && text[1] <= '1');
}

enum timestamp_family timestamp_family_of(const uint8_t *text, size_t size)
{
    if (size < SHORTEST)
        return FAMILY_NONE;
    if (!is_digit(text[0]))
        return family_of_name(text, size);
    switch (digit_run(text, size)) {
    case 1:
        return family_of_1(text);
    case 2:
        return family_of_2(text, size);
    case 4:
        return family_of_4(text, size);
    case 6:
        return text[6] == ' ' || text[6] == '-' ? FAMILY_D6 : FAMILY_NONE;
    case 8:
        return is_digit(byte_at(text, size, 9)) ? FAMILY_D8 : FAMILY_NONE;
    case 10:
        return may_be_epoch(text) ? FAMILY_D10 : FAMILY_NONE;
    case 13:
        return may_be_epoch(text) ? FAMILY_D13 : FAMILY_NONE;
    case 14:
        return FAMILY_D14;
    case 16:
        return may_be_epoch(text) ? FAMILY_D16 : FAMILY_NONE;
    case 17:
        return FAMILY_D17;
    case 19:
        return may_be_epoch(text) ? FAMILY_D19 : FAMILY_NONE;
    default:
        return FAMILY_NONE;
    }
}

enum timestamp_family timestamp_family_wider(enum timestamp_family family)
{
    switch (family) {
    case FAMILY_D4_DASH_COMMA:
        return FAMILY_D4_DASH_TIME;
    case FAMILY_D4_DASH_TIME:
        return FAMILY_D4_DASH;
    case FAMILY_D4_SLASH_TIME:
        return FAMILY_D4_SLASH;
    case FAMILY_SLASH_SHORT:
        return FAMILY_D2_SLASH;
    default:
        return FAMILY_NONE;
    }
}
