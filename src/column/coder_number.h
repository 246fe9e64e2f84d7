/*
 * coder_number.h - the context coder's model of numbers: planes of bytes, most of them small.
 */
#ifndef LOGZIP_COLUMN_CODER_NUMBER_H
#define LOGZIP_COLUMN_CODER_NUMBER_H

#include "column/coder.h"
#include "column/coder_bits.h"

struct number_model;

/** @return NULL when memory is out */
struct number_model *number_model_new(void);
void number_model_free(struct number_model *m);

/** Forget all, for the next frame. @return false when memory is out */
bool number_model_begin(struct number_model *m, const struct coder_tables *tables,
                        unsigned table_bits);

/** Code the streams of one frame. `data` has their bytes; decoding, they are written there. */
void number_model_encode(struct number_model *m, struct bit_coder *c,
                         const struct coder_stream *streams, size_t count, const uint8_t *data);
void number_model_decode(struct number_model *m, struct bit_coder *c,
                         const struct coder_stream *streams, size_t count, uint8_t *data);

/** How many steps coding them takes. */
uint64_t number_model_steps(const struct coder_stream *streams, size_t count, const uint8_t *data);

#endif
