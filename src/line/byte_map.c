/*
 * byte_map.c - byte classes by vectors: AVX2 where the processor has it, SSE2 on every x86-64, NEON
 * on 64-bit ARM, and one byte after the other elsewhere.
 */
#include "line/byte_map.h"

#include "line/tokens.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static void map_plain(struct byte_map *maps, const uint8_t *text, size_t blocks)
{
    for (size_t i = 0; i < blocks; i++, text += 64) {
        struct byte_map map = {0, 0};
        for (unsigned k = 0; k < 64; k++) {
            unsigned class = token_byte_class[text[k]];
            unsigned separator = (class & BYTE_SEPARATOR) || text[k] == '\n';
            map.separators |= (uint64_t)separator << k;
            map.digits |= (uint64_t)((class & BYTE_DIGIT) != 0) << k;
        }
        maps[i] = map;
    }
}

/*
 * For the look-ups, each high nibble that has separators in it gets a bit, and digits get one. The
 * entry of a low nibble has the bits of the high nibbles with which it is one of these.
 *
 *   0x: \t \n \r    2x: space " ' ( ) ,    3x: : ; < = >    5x: [ ]    7x: { | }
 */
enum {
    H0 = 1,
    H2 = 2,
    H3 = 4,
    H5 = 8,
    H7 = 16,
    DIGIT = 32,
    ANY_SEPARATOR = H0 | H2 | H3 | H5 | H7
};

#define LOW_NIBBLES                                                                    \
    H2 | DIGIT, DIGIT, H2 | DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, H2 | DIGIT, H2 | DIGIT, \
        H0 | H2 | DIGIT, H0 | H3, H3 | H5 | H7, H2 | H3 | H7, H0 | H3 | H5 | H7, H3, 0
#define HIGH_NIBBLES H0, 0, H2, H3 | DIGIT, 0, H5, 0, H7, 0, 0, 0, 0, 0, 0, 0, 0

#if defined(__x86_64__)

/* SSE2 has no look-up: '[' and '{', ']' and '}' differ in one bit, others stand side by side. */
static inline __m128i separators_sse2(__m128i v)
{
    __m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
    __m128i found = _mm_cmpeq_epi8(v, _mm_set1_epi8(' '));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(v, _mm_set1_epi8(',')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(v, _mm_set1_epi8('|')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(lower, _mm_set1_epi8('{')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')));
    /* ' ( ) and : ; < = > and \t \n: a range is what subtraction with saturation takes to 0. */
    __m128i zero = _mm_setzero_si128();
    __m128i quotes = _mm_sub_epi8(v, _mm_set1_epi8('\''));
    __m128i colons = _mm_sub_epi8(v, _mm_set1_epi8(':'));
    __m128i blanks = _mm_sub_epi8(v, _mm_set1_epi8('\t'));
    quotes = _mm_cmpeq_epi8(_mm_subs_epu8(quotes, _mm_set1_epi8(')' - '\'')), zero);
    colons = _mm_cmpeq_epi8(_mm_subs_epu8(colons, _mm_set1_epi8('>' - ':')), zero);
    blanks = _mm_cmpeq_epi8(_mm_subs_epu8(blanks, _mm_set1_epi8('\n' - '\t')), zero);
    return _mm_or_si128(_mm_or_si128(found, quotes), _mm_or_si128(colons, blanks));
}

static void map_sse2(struct byte_map *maps, const uint8_t *text, size_t blocks)
{
    const __m128i zero = _mm_setzero_si128();
    for (size_t i = 0; i < blocks; i++) {
        struct byte_map map = {0, 0};
        for (unsigned part = 0; part < 64; part += 16, text += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
            __m128i digits = _mm_sub_epi8(v, _mm_set1_epi8('0'));
            digits = _mm_cmpeq_epi8(_mm_subs_epu8(digits, _mm_set1_epi8(9)), zero);
            map.separators |= (uint64_t)(uint32_t)_mm_movemask_epi8(separators_sse2(v)) << part;
            map.digits |= (uint64_t)(uint32_t)_mm_movemask_epi8(digits) << part;
        }
        maps[i] = map;
    }
}

__attribute__((target("avx2"))) static void map_avx2(struct byte_map *maps, const uint8_t *text,
                                                     size_t blocks)
{
    const __m256i low = _mm256_setr_epi8(LOW_NIBBLES, LOW_NIBBLES);
    const __m256i high = _mm256_setr_epi8(HIGH_NIBBLES, HIGH_NIBBLES);
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    const __m256i separator = _mm256_set1_epi8(ANY_SEPARATOR);
    const __m256i zero = _mm256_setzero_si256();
    for (size_t i = 0; i < blocks; i++) {
        struct byte_map map = {0, 0};
        for (unsigned part = 0; part < 64; part += 32, text += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)text);
            __m256i above = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
            __m256i below = _mm256_and_si256(v, nibble);
            __m256i class =
                _mm256_and_si256(_mm256_shuffle_epi8(low, below), _mm256_shuffle_epi8(high, above));
            __m256i others = _mm256_cmpeq_epi8(_mm256_and_si256(class, separator), zero);
            /* The digits' bit becomes the top bit of its byte. */
            __m256i digits = _mm256_slli_epi16(class, 2);
            map.separators |= (uint64_t) ~(uint32_t)_mm256_movemask_epi8(others) << part;
            map.digits |= (uint64_t)(uint32_t)_mm256_movemask_epi8(digits) << part;
        }
        maps[i] = map;
    }
}

#elif defined(__aarch64__)

/* The top bits of 64 bytes that are 0 or 255, as a word: each byte keeps one bit, neighbours add.
 */
static inline uint64_t gather_bits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, weights), vandq_u8(b, weights));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, weights), vandq_u8(d, weights));
    uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static void map_neon(struct byte_map *maps, const uint8_t *text, size_t blocks)
{
    const uint8x16_t low = {LOW_NIBBLES};
    const uint8x16_t high = {HIGH_NIBBLES};
    for (size_t i = 0; i < blocks; i++) {
        uint8x16_t separators[4];
        uint8x16_t digits[4];
        for (unsigned part = 0; part < 4; part++, text += 16) {
            uint8x16_t v = vld1q_u8(text);
            uint8x16_t class = vandq_u8(vqtbl1q_u8(low, vandq_u8(v, vdupq_n_u8(0x0f))),
                                        vqtbl1q_u8(high, vshrq_n_u8(v, 4)));
            separators[part] = vtstq_u8(class, vdupq_n_u8(ANY_SEPARATOR));
            digits[part] = vtstq_u8(class, vdupq_n_u8(DIGIT));
        }
        maps[i].separators =
            gather_bits(separators[0], separators[1], separators[2], separators[3]);
        maps[i].digits = gather_bits(digits[0], digits[1], digits[2], digits[3]);
    }
}

#endif

byte_map_fn *byte_map_variant(unsigned number)
{
    if (number == 0)
        return map_plain;
#if defined(__x86_64__)
    if (number == 1)
        return map_sse2;
    if (number == 2 && __builtin_cpu_supports("avx2"))
        return map_avx2;
#elif defined(__aarch64__)
    if (number == 1)
        return map_neon;
#endif
    return NULL;
}

byte_map_fn *byte_map_best(void)
{
    unsigned number = 0;
    while (byte_map_variant(number + 1))
        number++;
    return byte_map_variant(number);
}
