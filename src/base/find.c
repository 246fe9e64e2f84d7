/*
 * find.c - SSE2 on x86-64, NEON on 64-bit ARM, memmem(3) elsewhere.
 *
 * That two bytes at a distance are a good filter is an old idea; see W. Mula, "SIMD-friendly
 * algorithms for substring searching", 2018.
 */
#include "base/find.h"

#include "base/ascii.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* How often text has this byte, roughly: the higher, the less. */
static unsigned rarity(uint8_t c)
{
    static const char common[] = " e0t1ano2is3r5.4-:/l\"6d789,cmpu=_";
    const char *at = c ? strchr(common, c) : NULL;
    if (at)
        return (unsigned)(at - common);
    return 100 + (ascii_is_alnum(c) ? c < 'a' ? 50 : 0 : c < 0x80 ? 20 : 100);
}

struct finder finder_of(struct span string)
{
    struct finder f = {.string = string};
    for (size_t i = 1; i < string.len && i < 256; i++)
        if (rarity(string.data[i]) > rarity(string.data[f.first]))
            f.first = i;
    f.second = f.first ? 0 : string.len > 1;
    for (size_t i = 1; i < string.len && i < 256; i++)
        if (i != f.first && rarity(string.data[i]) > rarity(string.data[f.second]))
            f.second = i;
    return f;
}

static size_t find_slowly(const struct finder *f, struct span text, size_t from)
{
    const uint8_t *at = memmem(text.data + from, text.len - from, f->string.data, f->string.len);
    return at ? (size_t)(at - text.data) : SIZE_MAX;
}

#if defined(__SSE2__) || defined(__aarch64__)

enum { LANES = 16 };

#if defined(__SSE2__)

/* For each of sixteen places a bit: do the two bytes stand there? */
static inline unsigned likely(const uint8_t *first, const uint8_t *second, uint8_t a, uint8_t b)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)first);
    __m128i y = _mm_loadu_si128((const __m128i *)(const void *)second);
    x = _mm_cmpeq_epi8(x, _mm_set1_epi8((char)a));
    y = _mm_cmpeq_epi8(y, _mm_set1_epi8((char)b));
    return (unsigned)_mm_movemask_epi8(_mm_and_si128(x, y));
}

#else

static inline unsigned likely(const uint8_t *first, const uint8_t *second, uint8_t a, uint8_t b)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t equal = vandq_u8(vceqq_u8(vld1q_u8(first), vdupq_n_u8(a)),
                                vceqq_u8(vld1q_u8(second), vdupq_n_u8(b)));
    uint8x16_t bits = vandq_u8(equal, vld1q_u8(weights));
    return vaddv_u8(vget_low_u8(bits)) | (unsigned)vaddv_u8(vget_high_u8(bits)) << 8;
}

#endif

size_t finder_next(const struct finder *f, struct span text, size_t from)
{
    enum { PATIENCE = 4 }; /* bytes compared in vain for each of the text; then memmem() goes on */
    const size_t len = f->string.len;
    if (len == 0)
        return from;
    if (text.len - from < len)
        return SIZE_MAX;
    const uint8_t a = f->string.data[f->first], b = f->string.data[f->second];
    const size_t last = text.len - len; /* no place is behind it */
    size_t at = from, wasted = 0;
    if (last - from < LANES)
        return find_slowly(f, text, from);
    while (at <= last && wasted <= PATIENCE * (at - from) + 4096) {
        /* The last places are looked at with some that were looked at before. */
        at = last - at < LANES - 1 ? last - (LANES - 1) : at;
        const uint8_t *here = text.data + at;
        unsigned places = likely(here + f->first, here + f->second, a, b);
        for (; places; places &= places - 1) {
            unsigned place = (unsigned)__builtin_ctz(places);
            if (bytes_equal(here + place, f->string.data, len))
                return at + place;
            wasted += len;
        }
        at += LANES;
    }
    return at <= last ? find_slowly(f, text, at) : SIZE_MAX;
}

#else

size_t finder_next(const struct finder *f, struct span text, size_t from)
{
    return f->string.len == 0                ? from
           : text.len - from < f->string.len ? SIZE_MAX
                                             : find_slowly(f, text, from);
}

#endif
