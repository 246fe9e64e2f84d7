/*
 * sections.h - text between quotes or brackets that is better taken as one value.
 *
 * A section is what stands between a '"', '(' or '[' and the '"', ')' or ']' that closes it. Some
 * hold one message with values in it: these are split into tokens like the rest of the line. Others
 * hold what somebody else wrote, with any number of words (a browser's name, an address with its
 * parameters): split into tokens, each would make a template of its own. Here the latter are found;
 * such a section is *folded*, which makes it a single token.
 */
#ifndef LOGZIP_TEMPLATE_SECTIONS_H
#define LOGZIP_TEMPLATE_SECTIONS_H

#include "line/tokens.h"
#include "template/skeleton.h"

/** Sections of a line are numbered from 0; those from this number on are never folded. */
enum { SECTIONS_MAX = 64 };

/** Which sections of a line are folded: bit n for section n. */
typedef uint64_t section_mask;

/** A token scanner that takes folded sections for tokens. Start with {{line, size, 0}, mask}. */
struct section_scanner {
    struct token_scanner tokens;
    section_mask folded;
    unsigned number; /**< of the next section */
    size_t outside;  /**< where the last section's closing mark is behind */
};

/** The next token; TOKEN_SECTION for a folded section. @return false at the end of the line */
bool section_next(struct section_scanner *scanner, struct token *token);

/**
 * Choose what to fold, and give the skeletons of lines with folded sections the shape that is left.
 *
 * @param of_skeleton  for each skeleton its template; those that have one, not 0, are left alone
 * @param folded       for each skeleton its mask: filled in, 0 at first
 * @return false when memory is out
 */
bool sections_fold(struct skeletons *skeletons, const uint8_t *raw, const struct lines *lines,
                   const uint32_t *of_skeleton, section_mask *folded);

#endif
