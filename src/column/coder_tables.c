/*
 * coder_tables.c - the tables of the context coder.
 */
#include "column/coder_tables.h"

enum { KNOTS = 33, KNOT_STEP = 128, MOST_SEEN = 42 };

/* 65536 / (1 + e^-x) for x from -8 to 8 in steps of 1/2. */
static const uint16_t logistic[KNOTS] = {
    22,    36,    60,    98,    162,   267,   439,   720,   1179,  1921,  3108,
    4971,  7812,  11955, 17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565,
    62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514,
};

static void fill_squash(struct coder_tables *t)
{
    for (int logit = -LOGIT_MAX; logit <= LOGIT_MAX; logit++) {
        int at = logit + LOGIT_MAX + 1;
        int below = logistic[at / KNOT_STEP];
        int above = logistic[at / KNOT_STEP + 1];
        int p = below + (above - below) * (at % KNOT_STEP) / KNOT_STEP;
        t->squash[logit + LOGIT_MAX] = (uint16_t)p;
    }
}

/* The least logit whose probability isn't below `p`. */
static int stretch(const struct coder_tables *t, unsigned p)
{
    int low = -LOGIT_MAX;
    int high = LOGIT_MAX;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (t->squash[middle + LOGIT_MAX] < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What a state is: how many zeros and ones, and, if there are both, which came last. */
struct counts {
    uint8_t n[2];
    uint8_t last;
};

/* So many bits of a kind are remembered beside `other` ones of the other kind. */
static unsigned most_beside(unsigned other)
{
    static const uint8_t most[] = {MOST_SEEN, 28, 14, 10, 7, 6, 5, 5};
    return other < sizeof(most) ? most[other] : 4;
}

/* A bit of one kind makes older ones of the other kind count for less. */
static unsigned fade(unsigned n)
{
    return n < 3 ? n : n > 22 ? 12 : n / 2 + 1;
}

static struct counts after_bit(struct counts c, unsigned bit)
{
    c.n[!bit] = (uint8_t)fade(c.n[!bit]);
    unsigned most = most_beside(c.n[!bit]);
    c.n[bit] = (uint8_t)(c.n[bit] + 1u < most ? c.n[bit] + 1u : most);
    c.last = c.n[!bit] ? (uint8_t)bit : 0;
    return c;
}

/* The chance of a 1, of 65536. What was always the same so far is likely to stay so. */
static unsigned chance(unsigned zeros, unsigned ones)
{
    unsigned spare = zeros && ones ? 8 : 3;
    return (20 * ones + spare) * 65536 / (20 * (zeros + ones) + 2 * spare);
}

static void fill_states(struct coder_tables *t)
{
    struct counts states[256] = {0}; /* number 0: nothing seen, which no bit leads to */
    uint8_t number[MOST_SEEN + 1][MOST_SEEN + 1][2] = {0};
    unsigned known = 1;
    for (unsigned i = 0; i < known; i++) {
        unsigned zeros = states[i].n[0];
        unsigned ones = states[i].n[1];
        t->seen[i] = (uint8_t)(zeros + ones);
        t->logit[i] = (int16_t)stretch(t, chance(zeros, ones));
        for (unsigned bit = 0; bit < 2; bit++) {
            struct counts c = after_bit(states[i], bit);
            uint8_t *k = &number[c.n[0]][c.n[1]][c.last];
            if (*k == 0) {
                *k = (uint8_t)known;
                states[known++] = c;
            }
            t->next[i][bit] = *k;
        }
    }
}

void coder_tables_init(struct coder_tables *t)
{
    *t = (struct coder_tables){0};
    fill_squash(t);
    fill_states(t);
}
