/*
 * coder_choice.c - estimates what frames are worth to the context coder, and fills its budget.
 */
#include "column/coder_choice.h"

#include <stdlib.h>

/*
 * Measured on frames of 20 logs: of planes of numbers of which zstd leaves 1/10, 3/10, 5/10 and
 * 7/10, the coder saves 23, 22, 9 and 5 % of what zstd leaves; of numbers of as many bytes as they
 * need, and of texts, 18, 18, 19 and 13 %. Those have an order that zstd doesn't see.
 */
#define RANDOM_PLANES 0.95
#define RANDOM_OTHERS 0.5

double coder_worth(const struct coder_layout *layout, size_t left)
{
    double raw = 0;
    double random = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const double len = (double)layout->streams[i].len;
        raw += len;
        random += len * (layout->streams[i].width ? RANDOM_PLANES : RANDOM_OTHERS);
    }
    const double share = raw > 0 ? (double)left / raw : 0;
    return raw > 0 ? (double)left * (1 - share * random / raw) : 0;
}

static int worthier_first(const void *a, const void *b)
{
    const struct coder_candidate *x = a;
    const struct coder_candidate *y = b;
    const double of_x = x->worth * (double)y->steps;
    const double of_y = y->worth * (double)x->steps;
    /* Those alike stay in the order that they had, so that a block's bytes don't depend on qsort().
     */
    return of_x != of_y ? (of_x > of_y ? -1 : 1)
                        : (x->number > y->number) - (x->number < y->number);
}

/* Take one, and then of all, in their order, what the budget is enough for. @return their worth */
static double take(struct coder_candidate *list, size_t count, size_t first, uint64_t budget)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        list[i].chosen = false;
    for (size_t i = 0; i <= count; i++) {
        struct coder_candidate *c = &list[i ? i - 1 : first];
        if (c->chosen || c->steps > budget || c->worth <= 0)
            continue;
        c->chosen = true;
        sum += c->worth;
        budget -= c->steps;
    }
    return sum;
}

void coder_choose(struct coder_candidate *list, size_t count, uint64_t budget)
{
    size_t best = 0;
    double most = 0;
    if (count == 0)
        return;
    qsort(list, count, sizeof(*list), worthier_first);
    for (size_t i = 0; i < count; i++) {
        const double sum = take(list, count, i, budget);
        best = sum > most ? i : best;
        most = sum > most ? sum : most;
    }
    take(list, count, best, budget);
}
