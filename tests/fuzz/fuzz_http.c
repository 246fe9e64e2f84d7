/*
 * fuzz_http.c - any bytes as an HTTP request: one of the five answers, and the same bytes with more
 * behind them are whole if they were.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/http_request.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool head;
    char *copy = malloc(size + 1); /* the sanitizer sees a read behind the end */
    if (!copy)
        return 0;
    copy[size] = '\n';
    memcpy(copy, data, size);
    char *exact = malloc(size ? size : 1);
    if (!exact) {
        free(copy);
        return 0;
    }
    memcpy(exact, data, size);
    bool whole = http_request_whole(exact, size);
    int status = http_request_status(exact, size, "/metrics", &head);
    if (status != 200 && status != 400 && status != 404 && status != 405 && status != 505)
        abort();
    if ((status == 200 && !whole) || (whole && !http_request_whole(copy, size + 1)))
        abort();
    free(copy);
    free(exact);
    return 0;
}
