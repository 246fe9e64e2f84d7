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

/** Give `data` to what is tested; any input must end in a result or an error. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
