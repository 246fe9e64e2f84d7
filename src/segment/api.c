/*
 * api.c - the public interface of include/logzip.h, on top of the segment writer and stream.
 */
#include <stdlib.h>

#include "base/crew.h"
#include "segment/stream.h"
#include "segment/writer.h"

const char *lgz_version(void)
{
    return LOGZIP_VERSION;
}

void lgz_options_default(struct lgz_options *options)
{
    *options = (struct lgz_options){.level = LGZ_LEVEL_DEFAULT, .threads = 1};
}

struct lgz_compressor {
    struct segment_writer *writer;
    uint32_t source;
    uint64_t offset;
    int64_t time;
};

int lgz_compressor_new(struct lgz_compressor **out, const struct lgz_options *options,
                       lgz_write_fn *write, void *context, struct lgz_error *err)
{
    struct lgz_compressor *c = calloc(1, sizeof(*c));
    if (!c)
        return error_memory(err);
    struct segment_options segment = {
        .level = options->level,
        .threads = options->threads,
        .block_size = options->block_size,
        .memory = options->memory,
        .filtered = options->index ? FILTER_SHARE : FILTER_NONE,
    };
    struct source source = {
        .id = 1,
        .name = (char *)(options->source ? options->source : ""),
        .input = (char *)"",
    };
    c->time = options->source_time;
    int code = segment_writer_new(&c->writer, &segment, write, context, err);
    if (code == LGZ_OK)
        code = segment_writer_source(c->writer, &source, &c->source, err);
    if (code != LGZ_OK) {
        lgz_compressor_free(c);
        return code;
    }
    *out = c;
    return LGZ_OK;
}

int lgz_compressor_write(struct lgz_compressor *c, const void *data, size_t size,
                         struct lgz_error *err)
{
    int code = segment_writer_append(c->writer, c->source, c->offset, c->time, data, size, err);
    c->offset += size;
    return code;
}

int lgz_compressor_finish(struct lgz_compressor *c, struct lgz_error *err)
{
    return segment_writer_finish(c->writer, err);
}

void lgz_compressor_free(struct lgz_compressor *c)
{
    if (c)
        segment_writer_free(c->writer);
    free(c);
}

struct lgz_decompressor {
    struct segment_stream *stream;
};

int lgz_decompressor_new(struct lgz_decompressor **out, const char *name, lgz_write_fn *write,
                         void *context, struct lgz_error *err)
{
    return lgz_decompressor_new_threads(out, name, 1, write, context, err);
}

int lgz_decompressor_new_threads(struct lgz_decompressor **out, const char *name, unsigned threads,
                                 lgz_write_fn *write, void *context, struct lgz_error *err)
{
    if (threads < 1 || threads > CREW_MAX)
        return error_set(err, LGZ_ERR_ARGUMENT, "%u threads: 1 to %d can be had", threads,
                         CREW_MAX);
    struct lgz_decompressor *d = calloc(1, sizeof(*d));
    if (!d)
        return error_memory(err);
    int code = segment_stream_new(&d->stream, name, threads, write, context, err);
    if (code != LGZ_OK)
        free(d);
    else
        *out = d;
    return code;
}

int lgz_decompressor_write(struct lgz_decompressor *d, const void *data, size_t size,
                           struct lgz_error *err)
{
    return segment_stream_feed(d->stream, data, size, err);
}

int lgz_decompressor_finish(struct lgz_decompressor *d, struct lgz_error *err)
{
    return segment_stream_end(d->stream, err);
}

void lgz_decompressor_free(struct lgz_decompressor *d)
{
    if (d)
        segment_stream_free(d->stream);
    free(d);
}
