/*
 * fuzz_keep.c - any bytes as the file of rules of what must not expire: an error that names a line,
 * or rules, which are the same after they were printed and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/keep.h"
#include "fuzz.h"

static void print(struct buf *out, const struct keep_rules *rules)
{
    for (size_t i = 0; i < rules->list.len; i++) {
        keep_print(out, &rules->list.data[i]);
        buf_push(out, '\n');
    }
    if (out->failed)
        exit(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lgz_error err = {0};
    struct keep_rules rules, again;
    struct buf first = {0}, second = {0};
    int code = keep_parse(&rules, (struct span){data, size}, "keep", &err);
    if (code != LGZ_OK) {
        if (rules.list.len || strncmp(err.message, "keep:", 5) != 0)
            abort();
        return 0;
    }
    print(&first, &rules);
    if (keep_parse(&again, buf_span(&first), "keep", &err) != LGZ_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    print(&second, &again);
    if (!span_equal(buf_span(&first), buf_span(&second)))
        abort();
    keep_clear(&rules);
    keep_clear(&again);
    buf_free(&first);
    buf_free(&second);
    return 0;
}
