/*
 * config.h - logzip's configuration: what logzipd.conf(5) describes, parsed and checked.
 *
 * The daemon reads all of it; `logzipctl` reads the same file to find the archive, the control
 * socket and the retention. The file is INI: sections [archive], [daemon] and any number of
 * [input NAME]. A key that isn't known, a value that can't be, a line that isn't INI: each is
 * reported as "FILE:LINE: reason", all of them in one go, and nothing is returned.
 */
#ifndef LOGZIP_ARCHIVE_CONFIG_H
#define LOGZIP_ARCHIVE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/config_listen.h"
#include "base/error.h"
#include "segment/rules.h"

#define CONFIG_KIB ((uint64_t)1 << 10)
#define CONFIG_MIB ((uint64_t)1 << 20)
#define CONFIG_GIB ((uint64_t)1 << 30)
#define CONFIG_TIB ((uint64_t)1 << 40)

/** Where the configuration is when nobody says otherwise. */
#define CONFIG_DEFAULT_PATH "/etc/logzip/logzipd.conf"

/** A glob (glob(7)) and the line of the file that it stands in. */
struct config_glob {
    char *pattern; /**< an absolute path; '*', '?' and '[' may be in any part of it */
    unsigned line;
};

/** One [input NAME]: which files to read, or where to listen. */
struct config_input {
    char *name;
    unsigned line; /**< of the section's heading or first key */
    struct config_glob *paths;
    size_t path_count; /**< at least 1, or there is something to listen at or to import */
    struct config_glob *excludes;
    size_t exclude_count;
    struct config_glob *imports; /**< rotated files that `logzipctl rotate` imports */
    size_t import_count;
    bool import_remove; /**< and then removes */
    char *olddir; /**< where rotated files are searched for as well, absolute, or from the directory
                       of the file on; or NULL */
    struct rules rules;       /**< expressions that compile; never NULL */
    unsigned multiline_start; /**< line of the expression's first part; 0 if there is none */
    unsigned format;
    bool from_end; /**< files that are there at the very first start: only what is appended later */
    struct config_listen listen;
    int64_t max_age;        /**< as [archive] has them, but for this input's bytes alone */
    uint64_t max_size;      /**< likewise */
    unsigned max_age_line;  /**< 0 if it isn't given; then [archive]'s counts */
    unsigned max_size_line; /**< 0 if it isn't given; then there is no limit for this input alone */
};

/** Which messages the daemon writes; each includes those before it. */
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

/** Segments of what are merged into one, as soon as it's over. */
enum config_merge { CONFIG_MERGE_NONE, CONFIG_MERGE_DAY, CONFIG_MERGE_WEEK };

/** Everything configured. Sizes are bytes, times nanoseconds; strings are owned by it. */
struct config {
    char *file; /**< the file's name as it was given */

    /* [archive] */
    char *directory; /**< absolute */
    unsigned directory_line;
    enum lgz_level level; /**< of the segments that the daemon seals */
    unsigned threads;     /**< that encode one segment */
    uint64_t seal_memory; /**< bytes that sealing stays within; 0: what level and threads want */
    unsigned seal_memory_line; /**< 0 if it's the default */
    size_t max_line;           /**< a longer line is stored in pieces */
    uint64_t seal_size;        /**< a journal with that many raw bytes is sealed */
    int64_t seal_age;          /**< one whose oldest byte was read that long ago is, too */
    int64_t max_age;           /**< retention: segments older than that may go; 0: no limit */
    uint64_t max_size; /**< retention: the archive's size, oldest segments go first; 0: no limit */
    enum config_merge merge; /**< which segments `logzipctl merge` puts together */
    uint64_t merge_size;     /**< raw bytes of one that it makes, at most */
    int64_t scrub_period;    /**< in which each segment is decoded once, to see that it's sound */
    uint64_t keep_free; /**< and they go as long as its file system has less free; 0: no limit */

    /* [daemon] */
    char *control;         /**< path of the control socket, absolute; NULL: none */
    char *control_group;   /**< its group, or NULL for the daemon's own */
    unsigned control_line; /**< 0 if it's the default */
    unsigned control_group_line;
    int64_t sync_interval; /**< bytes that were read are durable at most that much later */
    size_t sync_bytes;     /**< or as soon as there are so many */
    int64_t rescan;        /**< how often globs are looked at again and files checked */
    size_t memory;         /**< bytes of the read buffers together */
    uint64_t min_free;     /**< with less on the archive's file system, nothing is read */
    char *metrics;         /**< address.h: where metrics are served by HTTP; NULL: nowhere */
    unsigned metrics_line;
    size_t metrics_sources; /**< that have series of their own in the metrics, at most */
    enum config_log_level log_level;

    struct config_input *inputs; /**< in the order of the file, names unique */
    size_t input_count;

    /* From the command line. */
    char *standard_input; /**< read this alone, as the source of this name; or NULL */
};

/** Gets one finding, "FILE:LINE: reason" without a newline. */
typedef void config_report_fn(void *context, const char *finding);

/**
 * Parse `path`.
 *
 * @param report  gets every error; may be NULL
 * @param out     set to the configuration, to be freed by config_free(); NULL on failure
 * @return LGZ_ERR_CONFIG with the first finding in `err`, or LGZ_ERR_IO, LGZ_ERR_MEMORY
 */
int config_load(struct config **out, const char *path, config_report_fn *report, void *context,
                struct lgz_error *err);

/**
 * Check the configuration against this machine, changing nothing: the archive can be written or
 * made, the socket's group exists, and every path without wildcards, and every directory that a
 * glob starts in, can be read if it's there. (What isn't there yet may come later.)
 *
 * @return LGZ_ERR_CONFIG with the first finding in `err`, after all were reported
 */
int config_check(const struct config *config, config_report_fn *report, void *context,
                 struct lgz_error *err);

/** The configuration of an empty file. @return NULL when memory is out */
struct config *config_defaults(const char *path);

/**
 * Make of it the configuration of a run that reads standard input alone, as the source `name`.
 *
 * @param archive  the archive to write, for which there will be no control socket; NULL: as it is
 */
int config_for_standard_input(struct config *config, const char *name, const char *archive,
                              struct lgz_error *err);

/** Free it. NULL is allowed. */
void config_free(struct config *config);

/* Values, for command lines that take the same. */

/** "64M", "1G", "4096": digits and one of K, M, G, T (powers of 1024). @return false if it isn't */
bool config_parse_size(const char *text, uint64_t *bytes);

/** "500ms", "10s", "5m", "1h", "7d", "2w": a whole number and a unit, or "0". */
bool config_parse_duration(const char *text, int64_t *nanoseconds);

#endif
