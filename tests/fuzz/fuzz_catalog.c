/*
 * fuzz_catalog.c - the catalog's reader on any bytes: as they are, and once more with the checksums
 * put right, so that what is behind them is reached too. What it takes must be readable as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/catalog.h"
#include "archive/catalog_format.h"
#include "base/hash.h"
#include "fuzz.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_sets(const struct catalog *c)
{
    uint64_t members = 0;
    for (size_t i = 0; i < catalog_set_count(c); i++) {
        struct catalog_walk walk = catalog_set_begin(c, (uint32_t)i);
        size_t last = 0, source;
        for (size_t n = 0; catalog_set_next(&walk, &source); n++) {
            require(source < catalog_source_count(c) && (n == 0 || source > last));
            last = source;
            members++;
        }
        require(!walk.runs.failed);
    }
    require(members <= CATALOG_MEMBERS_MAX);
}

static void check_entries(const struct catalog *c)
{
    struct catalog_entry entry;
    for (size_t i = 0; i < catalog_count(c); i++) {
        size_t next = 0, found;
        struct segment_name name;
        catalog_at(c, i, &entry);
        require(entry.key.set == CATALOG_ANY || entry.key.set < catalog_set_count(c));
        require(catalog_find(c, &entry.key.name, &next, &found) && found == i && next == i + 1);
        char *path = names_segment("", &entry.key.name);
        require(path && names_parse_segment(path + 1, &name) &&
                names_compare(&name, &entry.key.name) == 0);
        free(path);
    }
}

static void check_state(const struct catalog *c)
{
    const struct catalog_state *state = catalog_state(c);
    for (size_t i = 0; state && i < state->journal_count; i++)
        require(state->journals[i] > (i ? state->journals[i - 1] : 0));
    require(!state || state->journal_count <= CATALOG_JOURNALS_MAX);
}

static void read_all(const uint8_t *data, size_t size)
{
    struct catalog *c;
    struct lgz_error err = {0};
    const int code = catalog_parse(&c, (struct span){data, size}, "input", &err);
    require((code == LGZ_OK) == (c != NULL));
    require(code == LGZ_OK || err.code == code);
    if (!c)
        return;
    for (size_t i = 0; i < catalog_source_count(c); i++) {
        const struct catalog_source source = catalog_source(c, i);
        require(strlen(source.name) + strlen(source.input) < 2 * size);
    }
    check_sets(c);
    check_entries(c);
    check_state(c);
    catalog_close(c);
}

/* Put the checksums right, and the length of the strings, which takes what the others leave. */
static void repair(uint8_t *raw, size_t size)
{
    if (size < CATALOG_KEYS)
        return;
    memcpy(raw, CATALOG_MAGIC, CATALOG_MAGIC_LEN);
    le_put(raw + 8, CATALOG_VERSION, 4);
    le_put(raw + 12, 0, 4);
    uint64_t left = size - CATALOG_KEYS;
    const uint64_t details = le_get(raw + 16, 8) * CATALOG_DETAILS_LEN;
    const uint64_t parts[] = {details, le_get(raw + 16, 8) * CATALOG_KEY_LEN,
                              le_get(raw + 24, 8) * CATALOG_SOURCE_LEN, le_get(raw + 40, 8)};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        left -= parts[i] < left ? parts[i] : left;
    le_put(raw + 48, left, 8);
    const size_t front = details < size - CATALOG_KEYS ? size - (size_t)details : size;
    le_put(raw + 56, hash_bytes(raw + CATALOG_KEYS, front - CATALOG_KEYS), 8);
    le_put(raw + 64, hash_bytes(raw + front, size - front), 8);
    le_put(raw + 72, hash_bytes(raw, 72), 8);
    uint8_t *stamp = raw + CATALOG_HEADER_LEN;
    le_put(stamp + 168, hash_bytes(stamp - 8, 8 + 168), 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_read_repaired(data, size, read_all, repair);
}
