/*
 * test_catalog.c - a catalog says what the footers say, counts only for the files that it was made
 * of, and is either whole or of no use.
 */
#include <fcntl.h>

#include "archive/catalog.h"
#include "archive/catalog_builder.h"
#include "archive/catalog_format.h"
#include "archive_fixture.h"
#include "base/hash.h"
#include "suite.h"

#define START (1700000000 * NS_PER_SECOND)

/* Segments 1 to `count` of source 1, and of source 2 in even ones. */
static void make_segments(uint64_t count)
{
    static const char line[] = "2023-11-14T22:13:20Z a line\n";
    for (uint64_t i = 1; i <= count + 1; i++) {
        struct journal_writer *j = create_journal(i, 2, (i - 1) * (sizeof(line) - 1));
        if (i <= count)
            put_at(j, 1, (i - 1) * (sizeof(line) - 1), START + (int64_t)i * NS_PER_SECOND, line);
        if (i <= count && i % 2 == 0)
            put_at(j, 2, i * 1000, START, "no stamp, no end");
        ck_ok(journal_sync(j, &err));
        journal_close(j);
    }
    for (uint64_t i = 1; i <= count; i++)
        free(seal(i, i));
}

static struct catalog_result update(void)
{
    struct catalog_result result;
    ck_ok(catalog_update(directory, &result, &err));
    return result;
}

static struct catalog *open_catalog(void)
{
    struct catalog *c;
    ck_ok(catalog_load(&c, directory, &err));
    return c;
}

static struct segment_name name_of(const char *path)
{
    struct segment_name name;
    ck_assert(names_parse_segment(file_name(path), &name));
    return name;
}

/* The entry of a file of that name, whichever. */
static bool find(const struct catalog *c, const char *path, size_t next,
                 struct catalog_entry *entry)
{
    const struct segment_name name = name_of(path);
    size_t index;
    if (!catalog_find(c, &name, &next, &index))
        return false;
    ck_assert_uint_eq(next, index + 1);
    catalog_at(c, index, entry);
    return true;
}

static char *catalog_path(void)
{
    char *path = malloc(sizeof(directory) + 16);
    ck_assert_ptr_nonnull(path);
    snprintf(path, sizeof(directory) + 16, "%s/%s", directory, CATALOG_NAME);
    return path;
}

static void load_catalog(struct buf *bytes)
{
    char *path = catalog_path();
    ck_ok(file_load(path, CATALOG_MAX, bytes, &err));
    free(path);
}

/* Write over the catalog. */
static void store_catalog(const uint8_t *data, size_t len)
{
    char *path = catalog_path();
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    free(path);
}

/* Do entry and footer say the same? */
static void compare(const struct catalog *c, const struct catalog_entry *entry,
                    const struct segment *s)
{
    const struct segment_info *info = segment_info(s);
    ck_assert_uint_eq(entry->key.footer_checksum, segment_checksum(s));
    ck_assert_uint_eq(entry->info.file_bytes, info->file_bytes);
    ck_assert_uint_eq(entry->info.raw_bytes, info->raw_bytes);
    ck_assert_uint_eq(entry->info.lines, info->lines);
    ck_assert_uint_eq(entry->info.index_bytes, info->index_bytes);
    ck_assert_uint_eq(entry->info.filter_bytes, info->filter_bytes);
    ck_assert_int_eq(entry->info.created, info->created);
    ck_assert_int_eq(entry->info.time_min, info->time_min);
    ck_assert_int_eq(entry->info.time_max, info->time_max);
    ck_assert_uint_eq(entry->info.first_journal, info->first_journal);
    ck_assert_uint_eq(entry->info.last_journal, info->last_journal);
    ck_assert_int_eq((int)entry->info.level, (int)info->level);
    ck_assert_uint_eq(entry->blocks, segment_block_count(s));
    size_t source, met = 0;
    struct catalog_walk walk = catalog_set_begin(c, entry->key.set);
    for (; catalog_set_next(&walk, &source); met++) {
        const struct catalog_source said = catalog_source(c, source);
        ck_assert_uint_eq(said.id, segment_source(s, met)->id);
        ck_assert_str_eq(said.name, segment_source(s, met)->name);
        ck_assert_str_eq(said.input, segment_source(s, met)->input);
    }
    ck_assert_uint_eq(met, segment_source_count(s));
}

START_TEST(it_says_what_the_footers_say)
{
    struct listing found;
    size_t next = 0;
    make_segments(4);
    ck_assert_int_eq(catalog_open(&(struct catalog *){0}, directory, &err), LGZ_ERR_NOT_FOUND);
    struct catalog_result result = update();
    ck_assert_uint_eq(result.added, 4);
    ck_assert_uint_eq(result.entries, 4);
    ck_assert(!result.rebuilt);
    struct catalog *c = open_catalog();
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(catalog_count(c), 4);
    ck_assert_uint_eq(catalog_set_count(c), 2); /* odd ones and even ones */
    for (size_t i = 0; i < found.segments.len; i++) {
        struct segment *s;
        struct stat st;
        struct catalog_entry entry;
        const char *path = found.segments.data[i].path;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert(catalog_look_up(c, &found.segments.data[i].name, &st, &next, &entry));
        ck_assert_uint_eq(next, i + 1);
        ck_ok(segment_open(&s, path, &err));
        compare(c, &entry, s);
        ck_assert_int_eq(entry.key.read_min,
                         START + (i % 2 ? 0 : (int64_t)(i + 1) * NS_PER_SECOND));
        ck_assert_int_eq(entry.key.read_max, START + (int64_t)(i + 1) * NS_PER_SECOND);
        ck_assert(!entry.key.empty);
        ck_assert_int_eq(entry.key.time_min, segment_info(s)->time_min);
        ck_assert_int_eq(entry.key.time_max, segment_info(s)->time_max);
        ck_assert(entry.key.stamped);
        ck_assert_uint_eq(entry.key.clocks, CLOCKS_KNOWN | CLOCKS_ZONED);
        ck_assert_int_eq(entry.verified_at, 0);
        segment_close(s);
    }
    listing_clear(&found);
    catalog_close(c);
}
END_TEST

START_TEST(what_has_not_changed_is_not_written)
{
    struct stat before, after;
    char *path = catalog_path();
    make_segments(2);
    update();
    ck_assert_int_eq(stat(path, &before), 0);
    struct catalog_result result = update();
    ck_assert_uint_eq(result.entries, 2);
    ck_assert_uint_eq(result.added + result.dropped, 0);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    free(path);
}
END_TEST

static char *segment_name(size_t index)
{
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    char *path = found.segments.data[index].path;
    found.segments.data[index].path = NULL;
    listing_clear(&found);
    return path;
}

START_TEST(what_is_gone_goes_and_what_is_verified_stays)
{
    struct catalog_entry entry;
    make_segments(3);
    char *first = segment_name(0), *second = segment_name(1), *third = segment_name(2);
    const struct catalog_verified verified[] = {{name_of(third), 77, true},
                                                {name_of(first), 55, false},
                                                {{.first = 9, .last = 9}, 1, true}};
    ck_ok(catalog_set_verified(directory, verified, 3, &err));
    ck_assert_int_eq(unlink(second), 0);
    struct catalog_result result = update();
    ck_assert_uint_eq(result.entries, 2);
    ck_assert_uint_eq(result.added, 0);
    ck_assert_uint_eq(result.dropped, 1);
    struct catalog *c = open_catalog();
    ck_assert_uint_eq(catalog_source_count(c), 1); /* source 2 was in the second only */
    ck_assert_uint_eq(catalog_set_count(c), 1);
    ck_assert(!find(c, second, 0, &entry));
    ck_assert(find(c, third, 0, &entry));
    ck_assert_int_eq(entry.verified_at, 77);
    ck_assert_int_eq(entry.decoded_at, 77);
    ck_assert(find(c, first, 9, &entry));
    ck_assert_int_eq(entry.verified_at, 55);
    ck_assert_int_eq(entry.decoded_at, 0);
    catalog_close(c);
    free(first);
    free(second);
    free(third);
}
END_TEST

START_TEST(an_entry_counts_for_its_file_only)
{
    struct catalog_entry entry;
    struct stat st;
    make_segments(1);
    update();
    char *path = segment_name(0);
    const struct catalog_verified verified = {name_of(path), 5, true};
    ck_ok(catalog_set_verified(directory, &verified, 1, &err));
    struct catalog *c = open_catalog();
    ck_assert_int_eq(stat(path, &st), 0);
    for (int i = 0; i < 4; i++) {
        struct stat other = st;
        other.st_size += i == 1;
        other.st_ino += i == 2;
        other.st_mtim.tv_nsec ^= i == 3;
        ck_assert(catalog_look_up(c, &verified.name, &other, &(size_t){0}, &entry) == (i == 0));
    }
    catalog_close(c);
    const struct timespec times[] = {{0, UTIME_OMIT}, {1, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    struct catalog_result result = update();
    ck_assert_uint_eq(result.added, 1);
    ck_assert_uint_eq(result.dropped, 1);
    c = open_catalog();
    catalog_at(c, 0, &entry);
    ck_assert_int_eq(entry.modified, NS_PER_SECOND);
    ck_assert_int_eq(entry.verified_at, 0); /* it was another file */
    catalog_close(c);
    free(path);
}
END_TEST

START_TEST(a_damaged_segment_has_no_entry)
{
    make_segments(2);
    char *path = segment_name(1);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(truncate(path, st.st_size - 3), 0);
    struct catalog_result result = update();
    ck_assert_uint_eq(result.entries, 1);
    ck_assert_uint_eq(result.unreadable, 1);
    free(path);
}
END_TEST

/* A catalog that is not as it was written is refused, and made anew. */
START_TEST(damage_is_found_and_mended)
{
    struct buf good = {0}, bad = {0};
    struct catalog *c;
    make_segments(3);
    update();
    load_catalog(&good);
    for (size_t i = 0; i < good.len; i++) {
        buf_clear(&bad);
        buf_append(&bad, good.data, good.len);
        bad.data[i] ^= (uint8_t)(1 << i % 8);
        int code = catalog_parse(&c, buf_span(&bad), "it", &err);
        if (i >= CATALOG_HEADER_LEN && i < CATALOG_KEYS) { /* a stamp that isn't whole is none */
            ck_assert_int_eq(code, LGZ_OK);
            ck_assert_ptr_null(catalog_state(c));
            catalog_close(c);
        } else {
            ck_assert_int_eq(code, i < 8    ? LGZ_ERR_FORMAT
                                   : i < 16 ? LGZ_ERR_VERSION
                                            : LGZ_ERR_CORRUPT);
        }
        ck_assert_int_ne(catalog_parse(&c, (struct span){good.data, i}, "it", &err), LGZ_OK);
    }
    const size_t places[] = {CATALOG_KEYS + 3, good.len - 3};
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&bad);
        buf_append(&bad, good.data, good.len);
        bad.data[places[i]] ^= 1;
        store_catalog(bad.data, bad.len);
        struct catalog_result result = update();
        ck_assert(result.rebuilt);
        ck_assert_int_eq(result.damage.code, LGZ_ERR_CORRUPT);
        ck_assert_uint_eq(result.added, 3);
        buf_clear(&bad);
        load_catalog(&bad);
        ck_assert_uint_eq(bad.len, good.len);
        ck_assert_mem_eq(bad.data, good.data, CATALOG_HEADER_LEN);
        ck_assert_mem_eq(bad.data + CATALOG_KEYS, good.data + CATALOG_KEYS,
                         good.len - CATALOG_KEYS);
    }
    buf_free(&good);
    buf_free(&bad);
}
END_TEST

/* @param details  bytes of these */
static void put_checksums(struct buf *b, size_t details)
{
    const size_t front = b->len - details;
    le_put(b->data + 56, hash_bytes(b->data + CATALOG_KEYS, front - CATALOG_KEYS), 8);
    le_put(b->data + 64, hash_bytes(b->data + front, details), 8);
    le_put(b->data + 72, hash_bytes(b->data, 72), 8);
}

/* What no writer writes is refused even if the checksums are right. */
START_TEST(impossible_contents_are_refused)
{
    enum {
        KEY = CATALOG_KEYS,
        SECOND = KEY + CATALOG_KEY_LEN,
        SOURCE = KEY + 3 * CATALOG_KEY_LEN,
        SETS = SOURCE + 2 * CATALOG_SOURCE_LEN,
        DETAILS = 3 * CATALOG_DETAILS_LEN
    };
    static const struct {
        size_t at;
        uint64_t value;
        unsigned bytes;
    } wrong[] = {
        {16, 4, 8},           {16, UINT64_MAX, 8},
        {24, 3, 8},           {24, UINT64_MAX, 8},
        {32, 3, 8},           {32, 1, 8},
        {40, UINT64_MAX, 8},  {48, 1, 8},
        {KEY + 8, 0, 8},      {KEY, 2, 8},
        {KEY, UINT64_MAX, 8}, {KEY + 8, NAMES_SEQUENCE_MAX + 1, 8},
        {KEY + 16, 1, 8},     {KEY + 16, 1 - UINT64_C(1000000000), 8},
        {SECOND, 1, 8},       {KEY + 72, 2, 4},
        {KEY + 76, 0, 1},     {KEY + 76, 2, 1},
        {KEY + 77, 0, 1},     {KEY + 77, 100, 1},
        {KEY + 78, 8, 1},     {KEY + 79, 4, 1},
        {SOURCE + 8, -1u, 4}, {SOURCE + 12, 9999, 4},
        {SOURCE, 3, 8},       {SETS, 2, 1},
        {SETS + 1, 2, 1},     {SETS + 2, 2, 1},
    };
    struct buf good = {0}, bad = {0};
    struct catalog *c;
    make_segments(3);
    update();
    load_catalog(&good);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        buf_clear(&bad);
        buf_append(&bad, good.data, good.len);
        le_put(bad.data + wrong[i].at, wrong[i].value, wrong[i].bytes);
        put_checksums(&bad, DETAILS);
        ck_assert_msg(catalog_parse(&c, buf_span(&bad), "it", &err) == LGZ_ERR_CORRUPT, "%zu", i);
    }
    buf_clear(&bad);
    buf_append(&bad, good.data, good.len);
    bad.data[bad.len - 1] = 1;
    put_checksums(&bad, DETAILS);
    ck_assert_int_eq(catalog_parse(&c, buf_span(&bad), "it", &err), LGZ_ERR_CORRUPT);
    put_checksums(&good, DETAILS);
    ck_ok(catalog_parse(&c, buf_span(&good), "it", &err));
    catalog_close(c);
    buf_free(&good);
    buf_free(&bad);
}
END_TEST

/* Sources and sets are the same after any way through the builder. */
START_TEST(sets_are_kept)
{
    struct catalog_builder *b = catalog_builder_new();
    struct buf bytes = {0};
    struct catalog *c;
    uint32_t numbers[50], members[50], set[3];
    ck_assert_ptr_nonnull(b);
    for (uint32_t i = 0; i < 50; i++) {
        const struct catalog_source source = {(i * 37) % 50 / 2, i % 2 ? "odd" : "even", "in"};
        ck_ok(catalog_builder_source(b, &source, &numbers[i], &err));
    }
    for (uint32_t k = 0; k < 3; k++) {
        size_t count = 0;
        for (uint32_t i = 0; i < 50; i++)
            if (k && (i * 37) % 50 / 2 % (k + 1) == 0)
                members[count++] = numbers[i];
        ck_ok(catalog_builder_set(b, members, count, &set[k], &err));
        ck_assert_uint_eq(set[k], k);
        uint32_t again;
        ck_ok(catalog_builder_set(b, members, count, &again, &err));
        ck_assert_uint_eq(again, k);
    }
    ck_ok(catalog_builder_write(b, &bytes, &err));
    ck_ok(catalog_parse(&c, buf_span(&bytes), "it", &err));
    ck_assert_uint_eq(catalog_count(c), 0);
    for (uint32_t k = 0; k < 3; k++) {
        struct catalog_walk walk = catalog_set_begin(c, k);
        bool has[50] = {false};
        size_t source;
        while (catalog_set_next(&walk, &source))
            has[source] = true;
        for (size_t i = 0; i < catalog_source_count(c); i++)
            ck_assert(has[i] == (k && catalog_source(c, i).id % (k + 1) == 0));
    }
    catalog_close(c);
    catalog_builder_free(b);
    buf_free(&bytes);
}
END_TEST

/* --- the state of the directory --- */

/* What a reader with this catalog finds is what there is. @return does the catalog's state hold? */
static bool require_snapshot(const struct catalog *c)
{
    struct archive_snapshot *s;
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_ok(archive_snapshot_find_needed(&s, directory, c, NULL, NULL, &err));
    ck_assert_uint_eq(s->segment_count, found.segments.len);
    const bool listed = s->segment_count && s->segments[0].mark == 0;
    for (size_t i = 0; i < s->segment_count; i++) {
        ck_assert_str_eq(s->segments[i].path, found.segments.data[i].path);
        ck_assert_uint_eq(s->segments[i].inode, found.segments.data[i].inode);
        ck_assert_uint_eq(s->segments[i].first_journal, found.segments.data[i].name.first);
        ck_assert_uint_eq(s->segments[i].last_journal, found.segments.data[i].name.last);
        ck_assert_uint_eq(s->segments[i].mark, listed ? 0 : i + 1);
        ck_assert_int_ge(s->segments[i].fd, 0);
    }
    size_t loose = 0;
    for (size_t i = 0; i < found.journals.len; i++)
        loose += !listing_covers(&found, found.journals.data[i].sequence);
    ck_assert_uint_eq(s->journal_count, loose);
    archive_snapshot_close(s);
    listing_clear(&found);
    return !listed;
}

static void put_copy(const char *from, const char *to)
{
    struct buf bytes = {0};
    ck_ok(file_load(from, CATALOG_MAX, &bytes, &err));
    ck_ok(file_save(to, 0640, &bytes, &err));
    buf_free(&bytes);
}

static char *beside(const char *name)
{
    char *path = names_file(directory, name);
    ck_assert_ptr_nonnull(path);
    return path;
}

enum { ADD, REMOVE, REPLACE, TURN_BACK, JOURNAL, OTHER_FILE, CHANGES };

/* Change something. */
static void change(int what)
{
    char *first = segment_name(0), *last = segment_name(2);
    struct stat st;
    ck_assert_int_eq(stat(directory, &st), 0);
    const struct timespec times[] = {{0, UTIME_OMIT}, st.st_mtim};
    char *added = beside(what == JOURNAL      ? "journal-000000000099.lzj"
                         : what == OTHER_FILE ? "readme"
                                              : "000000000007-000000000007-20231114T221320Z.logz");
    if (what == REMOVE || what == TURN_BACK)
        ck_assert_int_eq(unlink(first), 0);
    else if (what == REPLACE)
        put_copy(last, first);
    else if (what == JOURNAL)
        journal_close(create_journal(99, 1, 0));
    else
        put_copy(last, added);
    if (what == TURN_BACK) /* the clock goes back, to the very nanosecond */
        ck_assert_int_eq(utimensat(AT_FDCWD, directory, times, 0), 0);
    free(added);
    free(first);
    free(last);
}

/* Whatever happens in the directory right after the state was noted: it's seen. */
START_TEST(a_state_ends_with_any_change)
{
    struct catalog_entry entry;
    struct stat st;
    make_segments(3);
    update();
    struct catalog *c = open_catalog();
    ck_assert_ptr_nonnull(catalog_state(c));
    ck_assert_uint_eq(catalog_state(c)->journal_count, 1);
    ck_assert(require_snapshot(c));
    change(_i);
    ck_assert(!require_snapshot(c));
    catalog_close(c);
    update();
    c = open_catalog();
    ck_assert(require_snapshot(c));
    char *first = segment_name(0);
    const struct segment_name name = name_of(first);
    ck_assert_int_eq(stat(first, &st), 0);
    ck_assert(catalog_look_up(c, &name, &st, &(size_t){0}, &entry));
    ck_assert_uint_eq(entry.key.inode, st.st_ino);
    free(first);
    catalog_close(c);
}
END_TEST

/* What changes nothing but the state is noted in place. */
START_TEST(a_state_is_noted_in_place)
{
    struct stat before, after;
    char *path = catalog_path();
    make_segments(2);
    update();
    ck_assert_int_eq(stat(path, &before), 0);
    journal_close(create_journal(98, 1, 0));
    struct catalog *c = open_catalog();
    ck_assert(!require_snapshot(c));
    catalog_close(c);
    update();
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    c = open_catalog();
    ck_assert_uint_eq(catalog_state(c)->journal_count, 2);
    ck_assert(require_snapshot(c));
    catalog_close(c);
    free(path);
}
END_TEST

/* There is none while a segment has no entry, or there are more journals than it has room for. */
START_TEST(no_state_without_all)
{
    make_segments(2);
    update();
    char *damaged = segment_name(1);
    ck_assert_int_eq(truncate(damaged, 20), 0);
    update();
    struct catalog *c = open_catalog();
    ck_assert_ptr_null(catalog_state(c));
    ck_assert(!require_snapshot(c));
    catalog_close(c);
    ck_assert_int_eq(unlink(damaged), 0);
    for (uint64_t i = 0; i < CATALOG_JOURNALS_MAX; i++)
        journal_close(create_journal(50 + i, 1, 0));
    update();
    c = open_catalog();
    ck_assert_ptr_null(catalog_state(c));
    ck_assert(!require_snapshot(c));
    catalog_close(c);
    free(damaged);
}
END_TEST

/* The state of one catalog is none of another's, and a copy of a directory isn't that directory. */
START_TEST(a_state_is_of_one_catalog_and_directory)
{
    struct buf first = {0}, second = {0};
    struct catalog *c;
    make_segments(3);
    update();
    load_catalog(&first);
    change(REMOVE);
    update();
    load_catalog(&second);
    memcpy(second.data + CATALOG_HEADER_LEN, first.data + CATALOG_HEADER_LEN, CATALOG_STAMP_LEN);
    ck_ok(catalog_parse(&c, buf_span(&second), "it", &err));
    ck_assert_ptr_null(catalog_state(c));
    catalog_close(c);
    buf_free(&first);
    buf_free(&second);
    c = open_catalog();
    struct stamp stamp = catalog_state(c)->stamp, now;
    ck_assert(stamp_read(&now, directory) && stamp_equal(&now, &stamp));
    uint64_t *const parts[] = {&now.device, &now.inode, (uint64_t *)&now.modified,
                               (uint64_t *)&now.changed};
    for (size_t i = 0; i < 4; i++) {
        ++*parts[i];
        ck_assert(!stamp_equal(&now, &stamp));
        --*parts[i];
    }
    catalog_close(c);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_directory, remove_directory);
    tcase_add_test(tc, it_says_what_the_footers_say);
    tcase_add_test(tc, what_has_not_changed_is_not_written);
    tcase_add_test(tc, what_is_gone_goes_and_what_is_verified_stays);
    tcase_add_test(tc, an_entry_counts_for_its_file_only);
    tcase_add_test(tc, a_damaged_segment_has_no_entry);
    tcase_add_test(tc, damage_is_found_and_mended);
    tcase_add_test(tc, impossible_contents_are_refused);
    tcase_add_test(tc, sets_are_kept);
    tcase_add_loop_test(tc, a_state_ends_with_any_change, 0, CHANGES);
    tcase_add_test(tc, a_state_is_noted_in_place);
    tcase_add_test(tc, no_state_without_all);
    tcase_add_test(tc, a_state_is_of_one_catalog_and_directory);
}

int main(void)
{
    return run_suite("catalog", add, 0);
}
