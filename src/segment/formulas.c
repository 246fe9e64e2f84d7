/*
 * formulas.c - a few rows say what a column may be: another one in another unit, the time between
 * two stamps, or a sum, found term by term. A larger sample says whether it's worth a trial.
 */
#include "segment/formulas.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEW = 32,        /* rows */
    SOURCES = 24,    /* columns that are looked at, the nearest ones */
    SPANS = 4,       /* columns of time stamps between which times are looked at */
    POWERS = 9,      /* of ten that units may be apart */
    CANDIDATES = 24, /* ratios that are tried for a column */
    GAIN = 8,        /* a formula must save 1/8 of the bits */
    STRANGE = 2,     /* rows that may not fit a sum */
};

/* Numbers stay below this when they are multiplied. */
static const double LARGEST = 4e18;

static const uint64_t units[] = {1, 8, 60, 1024, 3600, 86400, 1 << 20, 1 << 30};

struct source {
    uint32_t column;
    const struct number_list *list;
    uint64_t few[FEW];
};

struct finding {
    const struct number_search *search;
    const struct column_values *values;
    const struct number_list *list;
    size_t start; /* of the sample */
    size_t rows;  /* of the sample */
    size_t few;
    uint64_t numbers[FEW]; /* the column's, in the few rows */
    struct source sources[SOURCES];
    size_t count;
    struct formula best;
    uint64_t bits; /* of the few rows with the best formula */
};

static int add_sources(struct finding *f, struct lgz_error *err)
{
    const struct number_search *s = f->search;
    const uint32_t self = s->row[s->slot];
    for (size_t i = s->slot; i-- > 0 && f->count < SOURCES;) {
        struct source *source = &f->sources[f->count];
        bool known = s->row[i] == self;
        for (size_t k = 0; k < f->count; k++)
            known |= f->sources[k].column == s->row[i];
        if (known)
            continue;
        source->column = s->row[i];
        int code = numbers_get(s->numbers, source->column, &source->list, err);
        if (code != LGZ_OK)
            return code;
        if (!source->list->values)
            continue;
        numbers_line_up(f->values, f->start, f->few, &s->columns->list[source->column],
                        source->list->values, source->few);
        f->count++;
    }
    return LGZ_OK;
}

static struct formula_term term_of(const struct source *s, int64_t factor)
{
    return (struct formula_term){s->column, s->list->notation, factor};
}

/* Is the formula better than the best one? `sums` are those of its terms. */
static void consider(struct finding *f, const struct formula *formula, const uint64_t *sums)
{
    uint64_t results[FEW];
    for (size_t i = 0; i < f->few; i++)
        results[i] = formula_result(formula, sums[i]);
    uint64_t bits = numbers_bits(f->numbers, results, f->few);
    if (bits >= f->bits)
        return;
    f->bits = bits;
    f->best = *formula;
}

/*
 * An offset with which rounding down gives each number, if there is one: of those that are natural
 * (as near as possible, down, up) the first, or one in the middle of all.
 */
static int64_t find_offset(uint64_t divisor, const uint64_t *sums, const uint64_t *numbers,
                           size_t count)
{
    const int64_t natural[] = {(int64_t)divisor / 2, 0, (int64_t)divisor - 1};
    int64_t least = INT64_MIN / 4;
    int64_t most = INT64_MAX / 4;
    for (size_t i = 0; i < count; i++) {
        int64_t short_of = (int64_t)(numbers[i] * divisor - sums[i]);
        if (short_of > INT64_MAX / 4 || short_of < INT64_MIN / 4)
            return natural[0];
        least = short_of > least ? short_of : least;
        if (short_of + (int64_t)divisor - 1 < most)
            most = short_of + (int64_t)divisor - 1;
    }
    for (size_t i = 0; i < sizeof(natural) / sizeof(natural[0]); i++)
        if (natural[i] >= least && natural[i] <= most)
            return natural[i];
    return least <= most ? least + (most - least) / 2 : natural[0];
}

struct ratio {
    uint64_t factor;
    uint64_t divisor;
};

struct ratios {
    double wanted; /* what the numbers change by where the sums change by `step` */
    double step;
    struct ratio list[CANDIDATES];
    size_t count;
};

/* Is the ratio about the wanted one? Then it's one of the list. */
static void add_ratio(struct ratios *r, double factor, double divisor)
{
    double is = r->step * factor / divisor;
    double off = fabs(is - r->wanted);
    if (r->count == CANDIDATES || factor < 1 || divisor < 1 || factor > 1e15 || divisor > 1e15 ||
        off > 2 || off > fabs(r->wanted) / 2)
        return;
    const struct ratio new = {(uint64_t)factor, (uint64_t)divisor};
    for (size_t i = 0; i < r->count; i++)
        if (r->list[i].factor == new.factor && r->list[i].divisor == new.divisor)
            return;
    r->list[r->count++] = new;
}

/* Units that people use, and what is a whole number one way or the other. */
static void find_ratios(struct ratios *r)
{
    double ten = 1;
    for (unsigned power = 0; power <= POWERS; power++, ten *= 10) {
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            add_ratio(r, ten * (double)units[i], 1);
            add_ratio(r, ten, (double)units[i]);
            add_ratio(r, (double)units[i], ten);
            add_ratio(r, 1, ten * (double)units[i]);
        }
    }
    add_ratio(r, round(r->wanted / r->step), 1);
    add_ratio(r, 1, round(r->step / r->wanted));
}

/* The rows with the smallest and the largest number. */
static void find_extremes(const uint64_t *numbers, size_t count, size_t *low, size_t *high)
{
    *low = *high = 0;
    for (size_t i = 1; i < count; i++) {
        if ((int64_t)numbers[i] < (int64_t)numbers[*low])
            *low = i;
        if ((int64_t)numbers[i] > (int64_t)numbers[*high])
            *high = i;
    }
}

/* Try terms, with factors of 1 or -1, in other units. */
static void consider_units(struct finding *f, const struct formula *terms, const uint64_t *sums)
{
    struct ratios r = {.count = 0};
    uint64_t scaled[FEW];
    size_t low, high;
    find_extremes(sums, f->few, &low, &high);
    r.step = (double)(int64_t)(sums[high] - sums[low]);
    r.wanted = (double)(int64_t)(f->numbers[high] - f->numbers[low]);
    if (r.step <= 0 || r.wanted <= 0)
        return;
    find_ratios(&r);
    double largest = fmax(fabs((double)(int64_t)sums[high]), fabs((double)(int64_t)sums[low]));
    for (size_t i = 0; i < r.count; i++) {
        struct formula formula = *terms;
        if (largest * (double)r.list[i].factor > LARGEST)
            continue;
        for (unsigned k = 0; k < formula.count; k++)
            formula.terms[k].factor *= (int64_t)r.list[i].factor;
        for (size_t k = 0; k < f->few; k++)
            scaled[k] = sums[k] * r.list[i].factor;
        formula.divisor = r.list[i].divisor;
        if (formula.divisor > 1)
            formula.offset = find_offset(formula.divisor, scaled, f->numbers, f->few);
        consider(f, &formula, scaled);
    }
}

/* The time from one stamp to another, of the same line or not. */
static void consider_spans(struct finding *f)
{
    uint64_t sums[FEW];
    const struct source *times[SPANS];
    size_t count = 0;
    for (size_t i = 0; i < f->count && count < SPANS; i++)
        if (f->sources[i].list->notation == FORMULA_TIME)
            times[count++] = &f->sources[i];
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (i == k)
                continue;
            const struct formula terms = {2, {term_of(times[i], 1), term_of(times[k], -1)}, 1, 0};
            for (size_t row = 0; row < f->few; row++)
                sums[row] = times[i]->few[row] - times[k]->few[row];
            consider_units(f, &terms, sums);
        }
    }
}

static void consider_single(struct finding *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct formula one = {1, {term_of(&f->sources[i], 1)}, 1, 0};
        consider(f, &one, f->sources[i].few);
        consider_units(f, &one, f->sources[i].few);
    }
}

/* Add the term that saves most. @return false if none does */
static bool add_term(struct finding *f, struct formula *sum, uint64_t *sums)
{
    uint64_t least = numbers_bits(f->numbers, sums, f->few);
    size_t best = f->count;
    int64_t factor = 0;
    uint64_t tried[FEW];
    for (size_t i = 0; i < f->count; i++) {
        const uint64_t *few = f->sources[i].few;
        size_t low, high;
        find_extremes(few, f->few, &low, &high);
        uint64_t step = few[high] - few[low];
        uint64_t wanted = f->numbers[high] - sums[high] - f->numbers[low] + sums[low];
        double ratio = step ? round((double)(int64_t)wanted / (double)(int64_t)step) : 0;
        const int64_t factors[] = {1, -1, fabs(ratio) < 1e9 ? (int64_t)ratio : 0};
        for (size_t k = 0; k < sizeof(factors) / sizeof(factors[0]); k++) {
            if (!factors[k] || (k == 2 && factors[k] * factors[k] == 1))
                continue;
            for (size_t row = 0; row < f->few; row++)
                tried[row] = sums[row] + few[row] * (uint64_t)factors[k];
            uint64_t bits = numbers_bits(f->numbers, tried, f->few);
            if (bits < least) {
                least = bits;
                best = i;
                factor = factors[k];
            }
        }
    }
    if (best == f->count)
        return false;
    for (size_t row = 0; row < f->few; row++)
        sums[row] += f->sources[best].few[row] * (uint64_t)factor;
    sum->terms[sum->count++] = term_of(&f->sources[best], factor);
    return true;
}

/* Is what the sums leave, but for a constant and a few rows, two sources? Most aren't soon. */
static bool is_pair(const struct finding *f, const uint64_t *sums, const uint64_t *one,
                    const uint64_t *other, const int64_t *signs)
{
    uint64_t first = 0;
    size_t strange = 0;
    for (size_t i = 0; i < f->few && strange <= STRANGE; i++) {
        uint64_t left =
            f->numbers[i] - sums[i] - one[i] * (uint64_t)signs[0] - other[i] * (uint64_t)signs[1];
        first = i ? first : left;
        strange += left != first;
    }
    return strange <= STRANGE;
}

/* Two more terms, of which none saves anything without the other. */
static void consider_pairs(struct finding *f, const struct formula *sum, const uint64_t *sums)
{
    static const int64_t signs[][2] = {{1, 1}, {1, -1}, {-1, 1}, {-1, -1}};
    uint64_t all[FEW];
    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < i; k++) {
            for (size_t n = 0; n < sizeof(signs) / sizeof(signs[0]); n++) {
                const struct source *one = &f->sources[i];
                const struct source *other = &f->sources[k];
                if (!is_pair(f, sums, one->few, other->few, signs[n]))
                    continue;
                struct formula pair = *sum;
                pair.terms[pair.count++] = term_of(one, signs[n][0]);
                pair.terms[pair.count++] = term_of(other, signs[n][1]);
                for (size_t row = 0; row < f->few; row++)
                    all[row] = sums[row] + one->few[row] * (uint64_t)signs[n][0] +
                               other->few[row] * (uint64_t)signs[n][1];
                consider(f, &pair, all);
            }
        }
    }
}

static void consider_sums(struct finding *f)
{
    uint64_t sums[FEW] = {0};
    struct formula sum = {.divisor = 1};
    do {
        if (sum.count)
            consider(f, &sum, sums);
        if (f->bits && sum.count + 2 <= FORMULA_TERMS)
            consider_pairs(f, &sum, sums);
    } while (f->bits && sum.count < FORMULA_TERMS && add_term(f, &sum, sums));
}

/* The sums of a formula's terms, for rows of the column. */
static int sum_up(const struct finding *f, size_t start, size_t count, uint64_t *sums,
                  struct lgz_error *err)
{
    uint64_t *others = malloc((count + 1) * sizeof(*others));
    if (!others)
        return error_memory(err);
    memset(sums, 0, count * sizeof(*sums));
    for (unsigned i = 0; i < f->best.count; i++) {
        const struct formula_term *t = &f->best.terms[i];
        size_t source = 0;
        while (f->sources[source].column != t->column)
            source++;
        numbers_line_up(f->values, start, count, &f->search->columns->list[t->column],
                        f->sources[source].list->values, others);
        for (size_t row = 0; row < count; row++)
            sums[row] += others[row] * (uint64_t)t->factor;
    }
    free(others);
    return LGZ_OK;
}

/* Does a larger sample promise to cost less than `cost`? The offset is made to fit that, too. */
static bool is_worth(struct finding *f, uint64_t *sums, size_t cost)
{
    const uint64_t *numbers = f->list->values + f->start;
    if (f->best.divisor > 1)
        f->best.offset = find_offset(f->best.divisor, sums, numbers, f->rows);
    for (size_t i = 0; i < f->rows; i++)
        sums[i] = formula_result(&f->best, sums[i]);
    double bytes = (double)numbers_bits(numbers, sums, f->rows) / 8;
    return bytes / (double)f->rows * (double)f->values->order.len < (double)cost;
}

/* Encode the whole column, and keep that if it is cheaper. */
static int try_formula(const struct finding *f, struct column_context *ctx, uint64_t *sums,
                       struct encoded *best, struct lgz_error *err)
{
    const size_t count = f->values->order.len;
    struct encoded e = {0};
    for (size_t i = 0; i < count; i++)
        sums[i] = formula_result(&f->best, sums[i]);
    formula_encode(&e, ctx, &f->best, &f->list->look, f->list->values, sums, count);
    return encoded_offer(best, &e, err);
}

/* A formula was found in the few rows: try it on more, then on all. */
static int try_found(struct finding *f, struct column_context *ctx, struct encoded *best,
                     struct lgz_error *err)
{
    const size_t count = f->values->order.len;
    uint64_t *sums = malloc((count + 1) * sizeof(*sums));
    int code = sums ? sum_up(f, f->start, f->rows, sums, err) : error_memory(err);
    if (code == LGZ_OK && is_worth(f, sums, best->cost)) {
        code = sum_up(f, 0, count, sums, err);
        if (code == LGZ_OK)
            code = try_formula(f, ctx, sums, best, err);
    }
    free(sums);
    return code;
}

int formulas_try(const struct number_search *s, struct column_context *ctx, struct encoded *best,
                 struct lgz_error *err)
{
    static const uint64_t none[FEW];
    struct finding f = {.search = s, .values = &s->columns->list[s->row[s->slot]]};
    int code = numbers_get(s->numbers, s->row[s->slot], &f.list, err);
    if (code != LGZ_OK || !f.list->values || !f.list->prints || s->slot == 0)
        return code;
    const struct column_sample sample = column_sample(f.values->order.len, s->rows);
    f.start = sample.start;
    f.rows = sample.count;
    f.few = f.rows < FEW ? f.rows : FEW;
    memcpy(f.numbers, f.list->values + f.start, f.few * sizeof(*f.numbers));
    code = add_sources(&f, err);
    f.bits = numbers_bits(f.numbers, none, f.few);
    f.bits -= f.bits / GAIN;
    if (code != LGZ_OK || !f.count)
        return code;
    consider_single(&f);
    consider_spans(&f);
    consider_sums(&f);
    return f.best.count ? try_found(&f, ctx, best, err) : LGZ_OK;
}
