/*
 * fuzz_damage.c - a segment that was damaged or cut short gives an error, or still the exact text;
 * never other text, never a crash.
 *
 * Input: the settings of pack.h; a byte that says how many changes; four bytes for each (place, and
 * the value to add, 0 to cut the segment there); the text.
 */
#include "pack.h"

enum { CHANGES_MAX = 8, CHANGE = 4, PLACE_MAX = (1 << 24) - 1 };

static void damage(struct buf *packed, const uint8_t *change)
{
    uint64_t place = (uint64_t)change[0] << 16 | (uint64_t)change[1] << 8 | change[2];
    size_t at = (size_t)(place * packed->len / (PLACE_MAX + 1));
    if (packed->len == 0)
        return;
    if (change[3])
        packed->data[at] = (uint8_t)(packed->data[at] + change[3]);
    else
        packed->len = at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < PACK_SETTINGS + 1)
        return 0;
    size_t changes = 1 + data[PACK_SETTINGS] % CHANGES_MAX;
    size_t head = PACK_SETTINGS + 1 + changes * CHANGE;
    if (size < head)
        return 0;
    struct span text = {data + head, size - head};
    struct lgz_error err = {0};
    struct buf packed = {0};
    struct buf out = {0};

    pack(data, text, &packed);
    size_t whole = packed.len;
    for (size_t i = 0; i < changes; i++)
        damage(&packed, data + PACK_SETTINGS + 1 + i * CHANGE);
    /* Cut at the very start, it's an empty stream of no segments, or an error: both are right. */
    int code = unpack((struct span){packed.data, packed.len}, 1 + 17U * data[3], &out, &err);
    if (code == 0 && !(packed.len == 0 && out.len == 0) && !pack_same(&out, text)) {
        fprintf(stderr, "%zu of %zu bytes, damaged, were taken for whole\n", packed.len, whole);
        abort();
    }
    if (code < 0 && err.message[0] == '\0') {
        fprintf(stderr, "an error without a message\n");
        abort();
    }
    buf_free(&packed);
    buf_free(&out);
    return 0;
}
