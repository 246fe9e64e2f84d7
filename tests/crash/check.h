/*
 * check.h - what must be true of an archive: of each log it has the bytes that were written, but
 * for those at the beginning that it may lack, or must lack; once, and nothing else.
 */
#ifndef LOGZIP_TESTS_CHECK_H
#define LOGZIP_TESTS_CHECK_H

#include "world.h"

/** Queries and restores give what they must, at this moment. */
void check_readers(struct world *w);

/** Nothing is injected any more: let a daemon finish, and compare all there is. */
void check_all(struct world *w);

#endif
