/*
 * coder_text.h - the context coder's model of texts: lines of bytes, many of which are alike.
 */
#ifndef LOGZIP_COLUMN_CODER_TEXT_H
#define LOGZIP_COLUMN_CODER_TEXT_H

#include "column/coder.h"
#include "column/coder_bits.h"

struct text_model;

/** @return NULL when memory is out */
struct text_model *text_model_new(void);
void text_model_free(struct text_model *m);

/** Forget all, to begin anew. @return false when memory is out */
bool text_model_begin(struct text_model *m, const struct coder_tables *tables, unsigned table_bits);

/**
 * Code the streams of a frame; the model goes on from what it coded before.
 *
 * @param data  the bytes; decoding, they are written there
 * @return false when memory is out
 */
bool text_model_encode(struct text_model *m, struct bit_coder *c,
                       const struct coder_stream *streams, size_t count, const uint8_t *data);
bool text_model_decode(struct text_model *m, struct bit_coder *c,
                       const struct coder_stream *streams, size_t count, uint8_t *data);

#endif
