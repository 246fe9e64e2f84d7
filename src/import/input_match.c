/*
 * input_match.c - fnmatch(3) over the inputs' patterns.
 */
#include "import/input_match.h"

#include <fnmatch.h>

#include "import/unpack.h"

static bool excluded(const struct config_input *input, const char *path)
{
    for (size_t i = 0; i < input->exclude_count; i++) {
        if (fnmatch(input->excludes[i].pattern, path, FNM_PATHNAME) == 0)
            return true;
    }
    return false;
}

bool input_leaves_out(const struct config_input *input, const char *pattern, const char *path)
{
    return excluded(input, path) || (unpack_suffix(path) && !unpack_suffix(pattern));
}

const struct config_input *input_for(const struct config_input *inputs, size_t count,
                                     const char *path)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < inputs[i].path_count; k++) {
            const char *pattern = inputs[i].paths[k].pattern;
            if (fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0 &&
                !input_leaves_out(&inputs[i], pattern, path))
                return &inputs[i];
        }
    }
    return NULL;
}
