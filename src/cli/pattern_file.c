/*
 * pattern_file.c - a file as one text.
 */
#include "cli/pattern_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { TEXT_MAX = 16 << 20 };

int pattern_file_read(const char *path, char **text, struct lgz_error *err)
{
    struct buf all = {0};
    const bool standard = strcmp(path, "-") == 0;
    *text = NULL;
    int code = file_load(standard ? "/dev/stdin" : path, TEXT_MAX, &all, err);
    if (code == LGZ_OK && all.len && memchr(all.data, '\0', all.len))
        code = error_set(err, LGZ_ERR_ARGUMENT, "%s: a pattern can't hold a NUL byte", path);
    if (code == LGZ_OK && all.len) {
        if (all.data[all.len - 1] == '\n')
            all.len--;
        buf_push(&all, '\0');
        code = all.failed ? error_memory(err) : LGZ_OK;
    }
    if (code == LGZ_OK && all.len)
        *text = (char *)all.data;
    else
        buf_free(&all);
    return code;
}
