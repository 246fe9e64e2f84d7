/*
 * fuzz.h - what a fuzz target is: tests/fuzz/fuzz_NAME.c defines the one function below, and
 * tests/fuzz/corpus/NAME/ holds inputs to start from.
 *
 * `make check` links it with replay.c, which runs the corpus and mutations of it; `make fuzz` with
 * libFuzzer, which looks for new ones.
 */
#ifndef LOGZIP_TESTS_FUZZ_H
#define LOGZIP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** Give `data` to what is tested; any input must end in a result or an error. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void fuzz_read_fn(const uint8_t *data, size_t size);
typedef void fuzz_repair_fn(uint8_t *data, size_t size);

/** Read `data` as it is, and once more as a copy that was put right in what nobody hits by chance.
 */
static inline int fuzz_read_repaired(const uint8_t *data, size_t size, fuzz_read_fn *read_all,
                                     fuzz_repair_fn *repair)
{
    read_all(data, size);
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    repair(copy, size);
    read_all(copy, size);
    free(copy);
    return 0;
}

#endif
