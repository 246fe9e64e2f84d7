/*
 * fuzz_decompress.c - any bytes at all, given to the decompressor: an error or an end, no crash.
 */
#include "pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lgz_error err = {0};
    struct buf out = {0};
    size_t step = size ? 1 + 17U * data[size - 1] : 1;
    int code = unpack((struct span){data, size}, step, &out, &err);
    if (code < 0 && err.message[0] == '\0') {
        fprintf(stderr, "an error without a message\n");
        abort();
    }
    buf_free(&out);
    return 0;
}
