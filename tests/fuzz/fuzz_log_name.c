/*
 * fuzz_log_name.c - names of files, which programs choose: what is found in them is a part of them,
 * and of two names neither is the older one both ways.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "import/log_name.h"

static char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* The first line is one name, the rest the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    char *paths[2] = {text_of(data, len), text_of(data + len, size - len)};
    struct log_name names[2];
    for (int i = 0; i < 2; i++) {
        if (!log_name_parse(&names[i], paths[i]))
            abort();
        if (strlen(names[i].name) > strlen(paths[i]) || names[i].part > LOG_PART_DATED ||
            (names[i].part != LOG_PART_DATED && names[i].date))
            abort();
    }
    int forth = log_name_age(&names[0], &names[1]);
    int back = log_name_age(&names[1], &names[0]);
    if ((forth > 0) != (back < 0) || (forth < 0) != (back > 0))
        abort();
    for (int i = 0; i < 2; i++) {
        free(names[i].name);
        free(paths[i]);
    }
    return 0;
}
