/*
 * fuzz_roundtrip.c - whatever goes in comes out again, byte for byte, at every level.
 */
#include "pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < PACK_SETTINGS)
        return 0;
    struct span text = {data + PACK_SETTINGS, size - PACK_SETTINGS};
    struct lgz_error err = {0};
    struct buf packed = {0};
    struct buf out = {0};

    pack(data, text, &packed);
    if (unpack((struct span){packed.data, packed.len}, 1 + 17U * data[3], &out, &err) < 0) {
        fprintf(stderr, "decompressing failed: %s\n", err.message);
        abort();
    }
    if (!pack_same(&out, text)) {
        fprintf(stderr, "what came out isn't what went in\n");
        abort();
    }
    buf_free(&packed);
    buf_free(&out);
    return 0;
}
