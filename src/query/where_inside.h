/*
 * where_inside.h - what the parser (where_parse.c), the evaluator (where.c) and the search for what
 * a line must contain (where_required.c) share; for nobody else.
 */
#ifndef LOGZIP_QUERY_WHERE_INSIDE_H
#define LOGZIP_QUERY_WHERE_INSIDE_H

#include "base/find.h"
#include "query/pattern.h"
#include "query/quantity.h"
#include "query/where.h"
#include "query/where_lex.h"

enum where_kind {
    WHERE_AND,
    WHERE_OR,
    WHERE_NOT, /**< of `left` */
    WHERE_EXISTS,
    WHERE_COMPARE, /**< with one value, or, if equality, any of several */
    WHERE_SEARCH,  /**< for the pattern */
};

/** What a field is compared with. */
struct where_value {
    struct span text; /**< owned; a NUL stands behind it */
    bool is_number;
    struct quantity number;
    bool is_time;
    int64_t time;
};

struct where_node {
    enum where_kind kind;
    size_t left; /**< index of a node; always below the own one */
    size_t right;
    size_t field; /**< index in the record */
    enum where_token op;
    VEC(struct where_value) values;
    char *regex; /**< the pattern's text */
    struct pattern *pattern;
};

enum { WHERE_KNOWN = 32 };

/** One of the tests that a line must pass, and the next line that may. */
struct where_probe {
    const struct where_node *node;
    char *name; /**< the last part of the field's name; NULL: an escape in a name */
    struct finder finder;
    size_t start;
    size_t end;
    bool found;                 /**< start and end are set */
    bool over;                  /**< no more lines */
    uint8_t known[WHERE_KNOWN]; /**< what stood behind the name the last time, with what ends the
                                     number, */
    size_t known_len;           /**< so long; 0: nothing is known */
    bool known_passes;          /**< and does it pass? */
};

typedef VEC(struct where_probe) where_probes;

struct where {
    char *text;                   /**< the expression, */
    int64_t now;                  /**< and when it was compiled */
    VEC(struct where_node) nodes; /**< the last is the whole expression */
    struct need need;             /**< of lines without a `format` */
    struct need formatted_need;   /**< of those with one */
    struct record *record;
    bool needs_time;
    where_probes probes; /**< a line that matches passes one of them; none: nothing is known */
    struct need names;   /**< one clause: the strings that the probes look for; empty: too long */
    struct span lines;   /**< of the walk */
};

/** Does a field with this value pass the test? @return 1, 0 or a negative code */
int where_passes(const struct where *w, const struct where_node *node,
                 const struct field_value *field, struct lgz_error *err);

/** Fill `w->probes` from the nodes. */
int where_probe(struct where *w, struct lgz_error *err);

void where_probes_clear(where_probes *probes);

/** Fill `w->nodes`, and want the fields. */
int where_parse(struct where *w, const char *text, int64_t now, struct lgz_error *err);

/** Find what lines need, from the nodes. */
int where_require(struct where *w, struct lgz_error *err);

#endif
