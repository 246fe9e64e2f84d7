/*
 * input_match.h - which of the configuration's inputs a path belongs to.
 */
#ifndef LOGZIP_IMPORT_INPUT_MATCH_H
#define LOGZIP_IMPORT_INPUT_MATCH_H

#include "archive/config.h"

/**
 * Is `path`, which matches the input's `pattern`, not to be read all the same? It's excluded, or
 * compressed, and so a rotated copy of a log, unless the pattern asks for such names.
 */
bool input_leaves_out(const struct config_input *input, const char *pattern, const char *path);

/** The first input that reads a file of that name, whether it's there or not; NULL: none does. */
const struct config_input *input_for(const struct config_input *inputs, size_t count,
                                     const char *path);

#endif
