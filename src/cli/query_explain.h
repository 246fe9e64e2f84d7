/*
 * query_explain.h - logzipctl query --explain: what was left out by what, and what was read.
 */
#ifndef LOGZIP_CLI_QUERY_EXPLAIN_H
#define LOGZIP_CLI_QUERY_EXPLAIN_H

#include "query/scan.h"

/** Print it to stderr. */
void query_explain(const struct scan *scan);

#endif
