/*
 * keep.h - what must not expire, whatever the limits are (a legal hold): the rules in the file
 * `keep` of an archive's directory.
 *
 * A rule names a time range, an input, journals, an import, or several of these; a segment with
 * bytes that all of them fit stays. So it keeps whole segments, and more rather than less. Rules
 * are never dropped silently: a file that can't be read or understood is an error, and expire stops
 * at it. They don't name segments, so a merge changes nothing.
 *
 * The file is text, a rule in each line, and may be written by hand:
 *
 *   1 since=2026-11-01T00:00:00Z until=2026-11-02T00:00:00Z reason="case 17"
 *   2 input="web shop" journals=120-340
 *   3 import=7
 *
 * The number comes first and names the rule. Values are plain up to the next blank, or in double
 * quotes, in which \" and \\ stand for " and \. Empty lines and those that start with "#" are
 * comments; they don't outlive the next change.
 */
#ifndef LOGZIP_ARCHIVE_KEEP_H
#define LOGZIP_ARCHIVE_KEEP_H

#include "archive/catalog.h"
#include "archive/names.h"

enum {
    KEEP_RULES_MAX = 10000,
    KEEP_TEXT_MAX = 1000, /**< bytes of an input's name or a reason */
};

#define KEEP_NO_SINCE INT64_MIN
#define KEEP_NO_UNTIL INT64_MAX

/** What isn't said has the value that is named here, and excludes nothing. */
struct keep_rule {
    uint64_t id;    /**< unique, not 0 */
    int64_t since;  /**< nanoseconds since the epoch, inclusive; KEEP_NO_SINCE */
    int64_t until;  /**< inclusive, as in a query; KEEP_NO_UNTIL */
    uint64_t first; /**< journals `first` to `last`, which a segment's name speaks of; 0 */
    uint64_t last;
    uint64_t import; /**< number of an import; 0 */
    char *input;     /**< [input NAME]; NULL */
    char *reason;    /**< for people; NULL */
};

/** A rule that says nothing. */
#define KEEP_RULE_EMPTY ((struct keep_rule){.since = KEEP_NO_SINCE, .until = KEEP_NO_UNTIL})

/** In order of their ids. Zero-initialized is empty and valid. */
struct keep_rules {
    VEC(struct keep_rule) list;
};

/**
 * Read an archive's rules.
 *
 * @param out  needs no keep_clear() before; empty if there is no file, and after a failure
 * @return LGZ_ERR_CORRUPT for a line that isn't a rule, with its number; LGZ_ERR_LIMIT; LGZ_ERR_IO
 */
int keep_load(struct keep_rules *out, const char *directory, struct lgz_error *err);

/** Parse what keep_load() reads. `path` is for the message. */
int keep_parse(struct keep_rules *out, struct span text, const char *path, struct lgz_error *err);

/** Write the rules, durably and as a whole. The caller holds keep_lock(). */
int keep_store(const struct keep_rules *rules, const char *directory, struct lgz_error *err);

/**
 * Add a rule.
 *
 * @param rule  copied; its `id` doesn't count
 * @param id    set to the new one's, the largest of all
 * @return LGZ_ERR_ARGUMENT, with the reason, if it says nothing or what can't be
 */
int keep_add(struct keep_rules *rules, const struct keep_rule *rule, uint64_t *id,
             struct lgz_error *err);

/** The rule that says the same, whatever its `id`; NULL if there is none. */
const struct keep_rule *keep_same(const struct keep_rules *rules, const struct keep_rule *rule);

/** @return false if there is none with this id */
bool keep_remove(struct keep_rules *rules, uint64_t id);

/** Append the rule as a line of the file, without its newline. */
void keep_print(struct buf *out, const struct keep_rule *rule);

/**
 * The first rule that a segment must stay for; NULL if there is none.
 *
 * Its times are those of the stamps in its blocks, and those when its bytes were read. A stamp
 * without a zone may be one of any zone.
 */
const struct keep_rule *keep_find(const struct keep_rules *rules, const struct segment *segment,
                                  const struct segment_name *name);

/**
 * The same of a file, which is opened only if the catalog doesn't say enough: to tell people, not
 * to remove it.
 *
 * @param entry  what the catalog says of the file; NULL: nothing
 * @param rule   set to the rule, or to NULL
 * @return as segment_open()
 */
int keep_look(const struct keep_rules *rules, const struct catalog *catalog,
              const struct catalog_entry *entry, const char *path, const struct segment_name *name,
              const struct keep_rule **rule, struct lgz_error *err);

void keep_clear(struct keep_rules *rules);

/**
 * Wait until nobody changes the rules or removes segments by them, and keep others from it: who
 * adds a rule can be sure that nothing which it protects goes afterwards.
 *
 * @return a descriptor to close(2), or a negative code
 */
int keep_lock(const char *directory, struct lgz_error *err);

#endif
