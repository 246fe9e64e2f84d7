/*
 * export_sink.h - where logzipctl export writes: standard output, or a file that appears when it's
 * complete; as it is, or as a zstd frame.
 */
#ifndef LOGZIP_CLI_EXPORT_SINK_H
#define LOGZIP_CLI_EXPORT_SINK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct export_sink;

/**
 * Begin.
 *
 * @param path     NULL: standard output
 * @param force    overwrite a file that is there
 * @param packed   as a zstd frame, with a checksum
 * @return LGZ_ERR_ARGUMENT if there is a file, or something that isn't one; export_sink_free() in
 *         any case
 */
int export_sink_new(struct export_sink **out, const char *path, bool force, bool packed,
                    struct lgz_error *err);

/** render_write_fn: take a part of the output. `sink` is a struct export_sink. */
int export_sink_write(void *sink, struct span text, struct lgz_error *err);

/** All was written: the file gets its name. */
int export_sink_finish(struct export_sink *sink, struct lgz_error *err);

/** Free it, and remove a file that isn't complete. NULL is allowed. */
void export_sink_free(struct export_sink *sink);

#endif
