/*
 * coder_tables.h - the constant tables of the context coder: from logits to probabilities, and the
 * states in which a context remembers the bits that it has seen. They are made by rule, in
 * integers, so that all platforms have the same; docs/format.md has the rules.
 */
#ifndef LOGZIP_COLUMN_CODER_TABLES_H
#define LOGZIP_COLUMN_CODER_TABLES_H

#include <stdint.h>

enum {
    LOGIT_MAX = 2047, /**< logits are -2047 to 2047, in units of 1/256 */
};

struct coder_tables {
    uint16_t squash[2 * LOGIT_MAX + 1]; /**< of a logit + LOGIT_MAX: the probability, of 65536 */
    int16_t logit[256];                 /**< of a state: the logit of a 1 */
    uint8_t next[256][2]; /**< the state after a 0, after a 1; state 0: nothing seen */
    uint8_t seen[256];    /**< how many bits a state stands for */
};

void coder_tables_init(struct coder_tables *t);

#endif
