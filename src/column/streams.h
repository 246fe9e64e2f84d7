/*
 * streams.h - the streams of a block, in frames.
 *
 * Streams shorter than a limit are put together, one frame for each class; longer ones get frames
 * of their own, so that a reader can leave them out. Which stream is where follows from the lengths
 * in the heads alone: a reader parses the heads, calling stream_reader_add() in the same order as
 * the writer, and then asks for the bytes.
 */
#ifndef LOGZIP_COLUMN_STREAMS_H
#define LOGZIP_COLUMN_STREAMS_H

#include "column/coder.h"
#include "column/encoded.h"
#include "column/zstd_frame.h"

/** How the bytes of a frame of a block are stored; the number is in the file. */
enum frame_codec {
    FRAME_ZSTD,  /**< as frame_compress() does */
    FRAME_CODED, /**< by the context coder */
    FRAME_CODECS,
};

/** A stored length and a codec, as one varint. */
static inline uint64_t frame_entry(size_t stored, enum frame_codec codec)
{
    return (uint64_t)stored * FRAME_CODECS + codec;
}

/**
 * Write a block's head and all streams of `e`, each frame with the codec that makes it smallest.
 *
 * @param head       what comes first, as a frame of its own; may be empty
 * @param own_frame  streams of at least so many bytes get a frame of their own
 * @param steps      budget of the context coder, see coder_limit(); 0: do without
 * @param out        gets the entry and frame of the head, then the entries of all frames, then the
 *                   frames
 */
int streams_write(struct column_context *ctx, struct span head, const struct encoded *e,
                  size_t own_frame, const struct frame_options *options, uint64_t steps,
                  struct buf *out, struct lgz_error *err);

/**
 * Decode a frame that must give `len` bytes.
 *
 * @param coder   for coded frames; NULL: they are damage
 * @param layout  what is in the frame, for coded frames
 * @param data    set to the bytes, to be freed with free()
 */
int frame_decode(enum frame_codec codec, struct coder *coder, const struct coder_layout *layout,
                 struct span stored, uint64_t len, uint8_t **data, struct lgz_error *err);

/** Find a frame and its codec by its entry. @return false on damage */
bool frame_locate(struct reader *entries, struct reader *frames, struct span *stored,
                  enum frame_codec *codec);

struct stream_reader;

/**
 * @param coder        decodes frames of the context coder; it went through the head, if that is one
 * @param limit        the sum of all streams' lengths must not be above it
 * @param table_limit  nor that of the tables that are made of them above this, nor that of
 *                     the rooms in which values are put together
 */
int stream_reader_new(struct stream_reader **out, struct coder *coder, size_t own_frame,
                      uint64_t limit, uint64_t table_limit, struct lgz_error *err);
void stream_reader_free(struct stream_reader *s);

/**
 * Declare the next stream; `width` is as it was for encoded_add_stream().
 *
 * @return its number for stream_reader_get(), or -1 on a bad length
 */
int stream_reader_add(struct stream_reader *s, enum stream_class class, unsigned width,
                      uint64_t len);

/** Was it memory that stream_reader_add() didn't have? Then a head that fails isn't damaged. */
bool stream_reader_no_memory(const struct stream_reader *s);

/** Remember that memory was lacking, in a place that can't tell its caller. */
void stream_reader_lacks_memory(struct stream_reader *s);

/** Count `len` bytes of a table that was made of streams. @return false above the limit */
bool stream_reader_take_table(struct stream_reader *s, size_t len);

/** Count `len` bytes of room for (parts of) values that aren't put out yet. @return false above the
 * limit */
bool stream_reader_take_room(struct stream_reader *s, size_t len);

/**
 * All streams will be declared a second time, in the same order, by heads that are parsed again.
 * Frames stay decoded; what tables and rooms took is given back.
 */
void stream_reader_again(struct stream_reader *s);

/** How many streams were declared so far. */
size_t stream_reader_count(const struct stream_reader *s);

/**
 * What a stream takes of its frame's stored bytes, by their lengths; for all streams together that
 * is what all frames take. Only after stream_reader_place().
 */
uint64_t stream_reader_stored(const struct stream_reader *s, size_t number);

/** All are declared: find the frames. `stored` is what streams_write() put behind the head. */
int stream_reader_place(struct stream_reader *s, struct span stored, struct lgz_error *err);

/**
 * The bytes of stream `number`, with slack (base/slack.h); its frame is decompressed at the first
 * call.
 */
int stream_reader_get(struct stream_reader *s, int number, struct span *bytes,
                      struct lgz_error *err);

/**
 * As stream_reader_get(), but of a frame in pieces (column/pieces.h) only those are decoded that
 * the bytes from `from` to `until` are in. Other bytes may come later, to the same place.
 *
 * @param until  neither it nor `from` is behind the stream's end; `from` again: nothing is wanted
 * yet
 * @param ready  set to where the bytes that are there from `from` on end
 */
int stream_reader_get_part(struct stream_reader *s, int number, uint64_t from, uint64_t until,
                           struct span *bytes, uint64_t *ready, struct lgz_error *err);

#endif
