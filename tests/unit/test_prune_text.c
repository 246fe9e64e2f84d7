/*
 * test_prune_text.c - a query with filters hands on just what it does without them: the same lines
 * and events, in the same order, with the same places and times, whatever is cut where.
 */
#include "archive_fixture.h"

#include "query/criteria.h"
#include "query/scan.h"
#include "suite.h"

enum { SOURCES = 5, START = 1767225600 /* 2026-01-01 00:00:00 */ };

#define SECONDS(n) ((int64_t)(n)*NS_PER_SECOND)

/* What is to be read of each source, and how far it is. */
static struct buf texts[SOURCES];
static size_t at[SOURCES];
static VEC(size_t) cuts[SOURCES]; /* where journals ended */
static unsigned seed;

static unsigned below(unsigned limit)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % limit;
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* Inputs: lines, events, lines with a format, events with one. */
static const struct rules inputs[] = {
    {(char *)"", (char *)""},
    {(char *)"^\\d{4}-", (char *)""},
    {(char *)"", (char *)"^(?<when>\\S+ \\S+) (?<first>\\w+)"},
    {(char *)"^\\d{4}-", (char *)"^(?<when>\\S+ \\S+) (?<first>\\w+)"},
};
static const char *const input_names[] = {"plain", "traces", "formatted", "both"};

static const char *input_of(size_t s)
{
    return input_names[s % 4];
}

/* A word that stands in few blocks or in many. */
static void put_word(struct buf *out, unsigned part)
{
    static const char *const common[] = {"request", "response", "GET", "took=", "user=", "ERROR"};
    static const char syllables[] = "bacodufigejikolumanepiqorusetuvawexiyozu";
    if (chance(60)) {
        buf_append_string(out, common[below(6)]);
        return;
    }
    unsigned word = chance(40) ? part * 40 + below(30) : below(160000);
    for (unsigned i = 0; i < 3 + word % 2; i++, word /= 9)
        buf_append(out, syllables + 2 * (word % 20), 2);
    if (chance(20))
        buf_printf(out, "%u", 10000000 + word * 7919 % 90000000);
}

static void write_line(size_t s, unsigned part, unsigned *clock)
{
    struct buf *out = &texts[s];
    *clock += below(3);
    if (chance(s == 4 ? 0 : s % 2 ? 40 : 80))
        buf_printf(out, "2026-01-01 %02u:%02u:%02u ", *clock / 3600, *clock / 60 % 60, *clock % 60);
    else if (chance(30))
        buf_append_string(out, "{\"took\":5,\"who\":\"");
    for (unsigned words = below(6); words; words--) {
        put_word(out, part);
        buf_push(out, chance(90) ? ' ' : '"');
    }
    buf_push(out, '\n');
}

static void seal_journal(uint64_t sequence)
{
    const struct segment_options options = {.level = LGZ_LEVEL_FAST,
                                            .threads = 1,
                                            .block_size = 128u << below(4),
                                            .filtered = chance(90) ? FILTER_WHOLE : FILTER_NONE};
    struct archive_seal_result result = {0};
    char *path = names_journal(directory, sequence);
    ck_ok(archive_seal(directory, &path, 1, &options, &result, &err));
    archive_seal_result_clear(&result);
    free(path);
}

static struct journal_writer *next_journal(uint64_t sequence)
{
    struct source_position positions[SOURCES];
    struct inputs known = {0};
    struct journal_writer *j;
    for (size_t i = 0; i < 4; i++)
        ck_ok(inputs_put(&known, (char *)input_names[i], &inputs[chance(90) ? i : below(4)], &err));
    for (size_t s = 0; s < SOURCES; s++) {
        positions[s] = (struct source_position){source_of(s + 1), at[s], {0}};
        positions[s].source.input = (char *)input_of(s);
    }
    const struct journal_checkpoint start = {positions, SOURCES, &known};
    ck_ok(journal_begin(&j, directory, sequence, &start, &err));
    for (size_t s = 0; s < SOURCES; s++)
        free(positions[s].source.name);
    inputs_clear(&known);
    return j;
}

/* Read all that is written but for some bytes, in pieces of each source in turn. Some bytes are
   there twice, others are missing. */
static void read_all(struct journal_writer *j, unsigned largest, bool whole, int64_t *time)
{
    for (bool left = true; left;) {
        left = false;
        for (size_t s = 0; s < SOURCES; s++) {
            size_t rest = texts[s].len - at[s];
            size_t len = 1 + below(largest);
            if (rest <= (whole ? 0 : 10))
                continue;
            len = len < rest ? len : rest;
            const uint8_t *newline =
                chance(50) ? memchr(texts[s].data + at[s] + len - 1, '\n', rest - len + 1) : NULL;
            if (newline)
                len = (size_t)(newline + 1 - texts[s].data) - at[s];
            *time += chance(30) ? SECONDS(below(5)) : 0;
            ck_ok(journal_put_data(j, s + 1, at[s], *time, texts[s].data + at[s], len, &err));
            at[s] += len;
            if (chance(1) && at[s] > 50)
                at[s] -= 1 + below(50);
            else if (chance(1) && texts[s].len - at[s] > 50)
                at[s] += 1 + below(50);
            left = true;
        }
    }
}

static void fill_archive(void)
{
    const unsigned journals = 2 + below(20), largest = 16u << below(9);
    unsigned clock[SOURCES] = {0};
    int64_t time = SECONDS(START + 40000);
    memset(at, 0, sizeof(at));
    for (size_t s = 0; s < SOURCES; s++)
        buf_clear(&texts[s]), cuts[s].len = 0;
    for (unsigned sequence = 1; sequence <= journals; sequence++) {
        struct journal_writer *j = next_journal(sequence);
        if (sequence > 1)
            seal_journal(sequence - 1);
        for (unsigned lines = below(60), i = 0; i < lines; i++)
            for (size_t s = 0; s < SOURCES; s++)
                if (s != 3 || i % 4 == 0)
                    write_line(s, sequence + i / 30, &clock[s]);
        read_all(j, largest, sequence == journals, &time);
        for (size_t s = 0; s < SOURCES; s++)
            ck_assert(vec_push(&cuts[s], at[s]));
        journal_close(j);
    }
}

/* --- queries --- */

/* What was handed on, as text. */
struct transcript {
    struct buf text;
    bool timed; /* lines have times */
};

static int note_line(void *context, const struct query_line *line, struct lgz_error *e)
{
    const struct transcript *transcript = context;
    struct buf *out = &((struct transcript *)context)->text;
    (void)e;
    buf_printf(out, "%s %llu %llu %lld %u%u%u", line->source,
               (unsigned long long)line->place.offset, (unsigned long long)line->place.number,
               (long long)line->place.read_time, line->place.event, line->context, line->apart);
    if (transcript->timed && !line->context)
        buf_printf(out, " %lld.%u", (long long)line->time, line->time_digits);
    buf_push(out, ':');
    buf_append(out, line->text.data, line->text.len);
    buf_push(out, '\n');
    return LGZ_OK;
}

static void no_report(void *context, const struct lgz_error *reason)
{
    (void)context;
    ck_abort_msg("reported: %s", reason->message);
}

/* Some bytes of a text, without what means something else in an expression. */
static void copy_string(char *out, const struct buf *text, size_t from, size_t len)
{
    size_t n = 0;
    for (; n < len && from + n < text->len && text->data[from + n] != '\n'; n++)
        out[n] = strchr("\"{}:\\.", text->data[from + n]) ? '_' : (char)text->data[from + n];
    if (n && chance(10))
        out[below((unsigned)n)] = 'z';
    out[n] = '\0';
}

/* Two strings of `most` bytes that are near each other, often just where a piece was cut. */
static void draw_strings(char *a, char *b, unsigned most)
{
    const size_t s = below(SOURCES);
    const struct buf *text = &texts[s];
    const size_t a_len = 3 + below(most - 3), b_len = 3 + below(most - 3);
    size_t from = text->len ? below((unsigned)text->len) : 0;
    if (chance(60) && cuts[s].len) {
        from = cuts[s].data[below((unsigned)cuts[s].len)];
        from -= below((unsigned)(from < a_len ? from : a_len) + 1);
    }
    copy_string(a, text, from, a_len);
    copy_string(b, text, from + a_len + below(chance(50) ? 20 : 200), b_len);
}

struct request {
    struct criteria criteria;
    struct scan_options options;
    char pattern[100];
    const char *list[1];
    char where[120];
};

static void draw_request(struct request *r)
{
    char a[32], b[32];
    memset(r, 0, sizeof(*r));
    draw_strings(a, b, chance(50) ? 10 : 20);
    r->list[0] = r->pattern;
    r->criteria = (struct criteria){.patterns = r->list, .pattern_count = 1, .lines = chance(20)};
    r->criteria.options.ignore_case = chance(15);
    if (chance(60))
        r->criteria.options = (struct pattern_options){
            .fixed = true, .ignore_case = chance(15), .word = chance(10), .line = chance(5)};
    if (r->criteria.options.fixed)
        snprintf(r->pattern, sizeof(r->pattern), "%s", a);
    else
        snprintf(r->pattern, sizeof(r->pattern),
                 below(2)     ? "%s.*%s"
                 : chance(50) ? "%s|%s"
                              : "(?s)%s.*%s",
                 a, b);
    if (chance(25) && !strpbrk(b, "'"))
        snprintf(r->where, sizeof(r->where),
                 chance(50) ? "first = '%s' or message ~ '%s'" : "who ~ '%s' or user = '%s'", b, b);
    r->criteria.where = *r->where ? r->where : NULL;
    r->criteria.any = *r->where && chance(50);
    r->options = (struct scan_options){.since = INT64_MIN,
                                       .until = INT64_MAX,
                                       .max_count = chance(15) ? 1 + below(4) : UINT64_MAX,
                                       .invert = !r->criteria.any && chance(4),
                                       .dated = chance(40),
                                       .numbered = chance(40),
                                       .before = chance(15) ? 1 + below(12) : 0,
                                       .after = chance(15) ? 1 + below(12) : 0,
                                       .now = SECONDS(START),
                                       .threads = 1 + below(2)};
    if (chance(20))
        r->options.since = SECONDS(START + below(1000));
    if (chance(20))
        r->options.until = SECONDS(START + 300 + below(1000));
}

/* Run it. @return blocks that were left out for their text */
static uint64_t run_request(struct request *r, bool no_index, struct buf *out)
{
    struct scan *scan;
    struct scan_options options = r->options;
    struct transcript transcript = {.timed = options.dated || options.since != INT64_MIN ||
                                             options.until != INT64_MAX};
    options.no_index = no_index;
    ck_ok(criteria_compile(&r->criteria, &options, &err));
    ck_ok(scan_new(&scan, &options, note_line, no_report, &transcript, &err));
    ck_ok(scan_path(scan, directory, &err));
    buf_swap(out, &transcript.text);
    buf_printf(out, "%llu in all\n", (unsigned long long)scan_total(scan));
    const uint64_t left_out = scan_effort(scan)->blocks[BLOCK_OTHER_TEXT];
    scan_free(scan);
    criteria_clear(&options);
    return left_out;
}

static void explain(const struct request *r, const struct buf *with, const struct buf *without,
                    unsigned first_seed)
{
    size_t same = 0;
    while (same < with->len && same < without->len && with->data[same] == without->data[same])
        same++;
    while (same && without->data[same - 1] != '\n')
        same--;
    ck_abort_msg("seed %u: '%s' where '%s' any %d, fixed %d fold %d word %d line %d, lines %d, "
                 "invert %d, dated "
                 "%d, numbered %d, -B%d -A%d -m%lld, since %lld until %lld:\nwith:    "
                 "%.300s\nwithout: %.300s",
                 first_seed, r->pattern, r->where, r->criteria.any, r->criteria.options.fixed,
                 r->criteria.options.ignore_case, r->criteria.options.word,
                 r->criteria.options.line, r->criteria.lines, r->options.invert, r->options.dated,
                 r->options.numbered, (int)r->options.before, (int)r->options.after,
                 (long long)r->options.max_count, (long long)(r->options.since / NS_PER_SECOND),
                 (long long)(r->options.until / NS_PER_SECOND), (const char *)with->data + same,
                 (const char *)without->data + same);
}

static uint64_t compare(unsigned first_seed)
{
    struct request r;
    struct buf with = {0}, without = {0};
    draw_request(&r);
    const uint64_t left_out = run_request(&r, false, &with);
    ck_assert_uint_eq(run_request(&r, true, &without), 0);
    buf_push(&with, '\0');
    buf_push(&without, '\0');
    if (with.len != without.len || memcmp(with.data, without.data, with.len) != 0)
        explain(&r, &with, &without, first_seed);
    buf_free(&with);
    buf_free(&without);
    return left_out;
}

START_TEST(test_random)
{
    enum { ARCHIVES = 15, QUERIES = 50 };
    const char *given = getenv("LOGZIP_TEST_SEED");
    uint64_t left_out = 0;
    for (unsigned i = 0; i < ARCHIVES; i++) {
        const unsigned first = (given ? (unsigned)atoi(given) : 1) + i;
        seed = first * 2654435761u;
        make_directory();
        fill_archive();
        for (unsigned n = 0; n < QUERIES; n++)
            left_out += compare(first);
        remove_directory();
    }
    for (size_t s = 0; s < SOURCES; s++) {
        buf_free(&texts[s]);
        vec_free(&cuts[s]);
    }
    ck_assert_uint_gt(left_out, ARCHIVES * QUERIES / 4);
}
END_TEST

/* Put a piece, and lines behind its first one, so that a filter isn't larger than the text. */
static uint64_t put_piece(struct journal_writer *j, uint64_t offset, const char *piece)
{
    struct buf text = {0};
    const size_t first = (size_t)(strchr(piece, '\n') + 1 - piece);
    buf_append(&text, piece, first);
    for (unsigned i = 0; i < 40; i++)
        buf_printf(&text, "\tsome other line, with the number %u\n", i);
    buf_append_string(&text, piece + first);
    const uint64_t len = text.len;
    buf_push(&text, '\0');
    put(j, 1, offset, (char *)text.data);
    buf_free(&text);
    return len;
}

/* Segments of one block each, of these bytes of source 1, one behind the other. */
static void fill_segments(size_t input, const char *const *pieces, size_t count)
{
    uint64_t offset = 0;
    struct inputs known = {0};
    const struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .filtered = FILTER_WHOLE};
    make_directory();
    ck_ok(inputs_put(&known, (char *)input_names[input], &inputs[input], &err));
    for (size_t i = 0; i <= count; i++) {
        struct source_position position = {source_of(1), offset, {0}};
        const struct journal_checkpoint start = {&position, 1, &known};
        struct journal_writer *j;
        position.source.input = (char *)input_names[input];
        ck_ok(journal_begin(&j, directory, i + 1, &start, &err));
        free(position.source.name);
        if (i) {
            struct archive_seal_result result = {0};
            char *path = names_journal(directory, i);
            ck_ok(archive_seal(directory, &path, 1, &options, &result, &err));
            archive_seal_result_clear(&result);
            free(path);
        }
        if (i < count)
            offset += put_piece(j, offset, pieces[i]);
        journal_close(j);
    }
    inputs_clear(&known);
}

/* Lines that a string is found in, numbered if that is wanted, and blocks left out for it. */
static void expect_found(const char *string, bool numbered, const char *wanted, uint64_t left_out)
{
    struct request r = {.list = {string}};
    struct buf with = {0}, without = {0}, lines = {0};
    r.criteria = (struct criteria){.patterns = r.list, .pattern_count = 1};
    r.options = (struct scan_options){.since = INT64_MIN,
                                      .until = INT64_MAX,
                                      .max_count = UINT64_MAX,
                                      .numbered = numbered,
                                      .threads = 1};
    const uint64_t got = run_request(&r, false, &with);
    run_request(&r, true, &without);
    ck_assert_uint_eq(with.len, without.len);
    ck_assert_mem_eq(with.data, without.data, with.len);
    buf_push(&with, '\0');
    for (const char *at_line = (char *)with.data; (at_line = strchr(at_line, ':')) != NULL;) {
        const char *end = strchrnul(++at_line, '\n');
        buf_append(&lines, at_line, (size_t)(end - at_line));
        buf_push(&lines, '|');
        at_line = end;
    }
    buf_push(&lines, '\0');
    ck_assert_msg(strcmp((char *)lines.data, wanted) == 0, "'%s': %s", string, (char *)lines.data);
    ck_assert_msg(got == left_out, "'%s': %d blocks left out", string, (int)got);
    buf_free(&with);
    buf_free(&without);
    buf_free(&lines);
}

/* A line goes on from block to block, and no block has all of what is looked for. */
START_TEST(test_borders)
{
    static const char *const pieces[] = {"first words\nthen a long nee", "dle that ends\nand moreo",
                                         "ver of it\nlater things\nat the conclus",
                                         "ion\nnothing\n"};
    fill_segments(0, pieces, 4);
    for (unsigned numbered = 0; numbered < 2; numbered++) {
        /* The block that the line ends in is decoded, and the one before it read back. */
        expect_found("long needle", numbered, "then a long needle that ends|", 3);
        expect_found("moreover", numbered, "and moreover of it|", 3);
        expect_found("absentword", numbered, "", 4);
        expect_found("first words", numbered, "first words|", 3);
        expect_found("conclusion", numbered, "at the conclusion|", 3);
    }
    remove_directory();
}
END_TEST

/* What an event needs may be in different blocks. */
START_TEST(test_events)
{
    static const char *const pieces[] = {"2026-01-01 00:00:00 alphaword\n\tindented\n",
                                         "\tbetaword\n", "\tgammaword\n2026-01-01 00:00:01 x\n",
                                         "2026-01-01 00:00:02 deltaword\n"};
    fill_segments(1, pieces, 4);
    expect_found("(?s)alphaword.*gammaword", false, "2026-01-01 00:00:00 alphaword|", 3);
    expect_found("(?s)alphaword.*deltaword", false, "", 3);
    expect_found("betaword", true, "2026-01-01 00:00:00 alphaword|", 2);
    expect_found("absentword", false, "", 4);
    remove_directory();
}
END_TEST

/* A field's text is there as it is, or as JSON's escapes, of which there are none in two blocks. */
START_TEST(test_escapes)
{
    static const char *const pieces[] = {"{\"who\":\"somebody\"}\n",
                                         "{\"who\":\"\\u0061lexander\"}\n",
                                         "{\"who\":\"alexander\"}\n", "{\"who\":\"sven\"}\n"};
    struct request r = {.criteria = {.any = true, .where = "who = 'alexander'"}};
    struct buf with = {0};
    fill_segments(0, pieces, 4);
    r.options = (struct scan_options){
        .since = INT64_MIN, .until = INT64_MAX, .max_count = UINT64_MAX, .threads = 1};
    ck_assert_uint_eq(run_request(&r, false, &with), 2);
    ck_assert_ptr_nonnull(memmem(with.data, with.len, "\n2 in all", 9));
    buf_free(&with);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_escapes);
    tcase_add_test(tc, test_borders);
    tcase_add_test(tc, test_events);
    tcase_add_test(tc, test_random);
}

int main(void)
{
    return run_suite("prune_text", add_tests, 60);
}
