/*
 * logzip.h - the public interface of liblogzip.
 *
 * liblogzip turns log text into sealed segments (`*.logz`) and back, byte for byte. This header is
 * the whole of what is exported; everything else in the library is hidden and may change.
 *
 * Conventions
 *   - A function that can fail returns LGZ_OK (0) or a negative enum lgz_code, and, when `err` is
 *     not NULL, fills it with the same code and with a message that names the file, the offset
 *     and the cause.
 *   - Sizes are bytes (size_t in memory, uint64_t in files); times are nanoseconds since the epoch.
 *   - Nothing here keeps global state; different objects may be used from different threads at
 *     once, one object from one thread at a time.
 */
#ifndef LOGZIP_H
#define LOGZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LGZ_API __attribute__((visibility("default")))
#else
#define LGZ_API
#endif

/** What went wrong; every function that fails returns one of these. */
enum lgz_code {
    LGZ_OK = 0,
    LGZ_ERR_MEMORY = -1,     /**< an allocation failed, or a memory limit was reached */
    LGZ_ERR_IO = -2,         /**< a system call on a file failed; the message ends in its reason */
    LGZ_ERR_FORMAT = -3,     /**< the input isn't a logzip file at all */
    LGZ_ERR_VERSION = -4,    /**< a logzip file of a version that this library can't read */
    LGZ_ERR_CORRUPT = -5,    /**< a logzip file that is damaged or cut short */
    LGZ_ERR_ARGUMENT = -6,   /**< the caller asked for something impossible */
    LGZ_ERR_BUSY = -7,       /**< somebody else holds the archive's lock */
    LGZ_ERR_LIMIT = -8,      /**< a documented limit was exceeded */
    LGZ_ERR_CANCELLED = -9,  /**< a callback asked to stop */
    LGZ_ERR_CONFIG = -10,    /**< a configuration file has an error */
    LGZ_ERR_NOT_FOUND = -11, /**< the named thing isn't there */
};

/** An error with its story. `code` is 0 as long as nothing failed. */
struct lgz_error {
    int code;
    char message[500];
};

/** How hard to try. All levels write the same format. */
enum lgz_level {
    LGZ_LEVEL_FAST = 1,    /**< one pass, no trials: the daemon under load */
    LGZ_LEVEL_DEFAULT = 2, /**< quick estimates */
    LGZ_LEVEL_BEST = 3,    /**< trials, large blocks, the strongest zstd: archival rotation */
};

/** The library's version, as "major.minor.patch". The string is static. */
LGZ_API const char *lgz_version(void);

/** The short name of `code` ("corrupt", "io", ...); never NULL. The string is static. */
LGZ_API const char *lgz_code_name(int code);

/**
 * Where a compressor or decompressor puts its bytes.
 *
 * @param context  the pointer given along with the function
 * @param data     `size` bytes, valid during the call only
 * @return 0 to go on; any other value stops the operation with LGZ_ERR_CANCELLED, unless the
 *         callee has put a reason of its own into the error that it shares with the caller
 */
typedef int lgz_write_fn(void *context, const void *data, size_t size);

/** Options of a compressor; start from lgz_options_default(). */
struct lgz_options {
    enum lgz_level level;
    unsigned threads;    /**< that encode, 1 to 256; the bytes written don't depend on it */
    size_t block_size;   /**< raw bytes of a block, or 0 for the level's own */
    uint64_t memory;     /**< bytes to stay within, or 0 for no limit: fewer blocks are encoded at
                              once, then blocks are smaller; 20 MiB are enough, 80 for the best level */
    const char *source;  /**< the name recorded for the input, or NULL for "" */
    int64_t source_time; /**< when the input was last written: dates time stamps without a year */
    int index;           /**< not 0: with an index for queries, some 2 % more */
};

LGZ_API void lgz_options_default(struct lgz_options *options);

/** A running compression of one stream into one segment. */
struct lgz_compressor;

/**
 * Start a segment.
 *
 * @param write    receives the segment's bytes in order; called from the thread that calls
 *                 lgz_compressor_write() or lgz_compressor_finish()
 * @param out      set to the compressor, to be freed by lgz_compressor_free()
 */
LGZ_API int lgz_compressor_new(struct lgz_compressor **out, const struct lgz_options *options,
                               lgz_write_fn *write, void *context, struct lgz_error *err);

/** Add `size` raw bytes. They are copied. May block while all threads are busy. */
LGZ_API int lgz_compressor_write(struct lgz_compressor *c, const void *data, size_t size,
                                 struct lgz_error *err);

/** Encode what is left and write the footer. Nothing may be written after it. */
LGZ_API int lgz_compressor_finish(struct lgz_compressor *c, struct lgz_error *err);

/** Free the compressor, finished or not. NULL is allowed. */
LGZ_API void lgz_compressor_free(struct lgz_compressor *c);

/** A running decompression of one stream; the input may be a pipe. */
struct lgz_decompressor;

/**
 * Start to decompress. Several segments one after the other are decompressed into one output, as
 * gzip does with its members.
 *
 * @param name     the input's name for error messages; copied
 */
LGZ_API int lgz_decompressor_new(struct lgz_decompressor **out, const char *name,
                                 lgz_write_fn *write, void *context, struct lgz_error *err);

/**
 * The same with threads, 1 to 256, that decode blocks side by side. The callback is called from the
 * thread that feeds, with the same bytes in the same order. A block may be given out later than
 * when its last byte was fed, and each thread takes the memory of a block.
 */
LGZ_API int lgz_decompressor_new_threads(struct lgz_decompressor **out, const char *name,
                                         unsigned threads, lgz_write_fn *write, void *context,
                                         struct lgz_error *err);

/** Feed `size` bytes of the segment; raw bytes go to the write callback, each block verified. */
LGZ_API int lgz_decompressor_write(struct lgz_decompressor *d, const void *data, size_t size,
                                   struct lgz_error *err);

/** Declare the end of input: fails with LGZ_ERR_CORRUPT if a segment was cut short. */
LGZ_API int lgz_decompressor_finish(struct lgz_decompressor *d, struct lgz_error *err);

/** Free the decompressor, finished or not. NULL is allowed. */
LGZ_API void lgz_decompressor_free(struct lgz_decompressor *d);

/* --- Queries -----------------------------------------------------------------------------------
 */

/**
 * A place where log lines are: an archive's directory; or one file, which is a segment, several of
 * them one behind the other, a journal, or plain text. A file named `*.logz` is no text.
 *
 * An archive may be written to, sealed and cleaned up while it is open and while it is searched:
 * readers need no lock, only permission to read. Each query sees what there is when it is run.
 */
struct lgz_archive;

/**
 * Open an archive.
 *
 * @param path  copied
 * @param out   set to the archive, to be closed by lgz_archive_close()
 * @return LGZ_ERR_NOT_FOUND if nothing is there, or a directory that never was an archive;
 *         LGZ_ERR_IO if it can't be read; LGZ_ERR_MEMORY
 */
LGZ_API int lgz_archive_open(struct lgz_archive **out, const char *path, struct lgz_error *err);

/** Close it. No query may be running on it. NULL is allowed. */
LGZ_API void lgz_archive_close(struct lgz_archive *archive);

/** What the patterns of a query are. */
enum lgz_syntax {
    LGZ_SYNTAX_PERL = 0,     /**< regular expressions as Perl has them (PCRE2), on bytes */
    LGZ_SYNTAX_FIXED = 1,    /**< strings */
    LGZ_SYNTAX_EXTENDED = 2, /**< POSIX's extended regular expressions, as for grep -E */
};

/**
 * A line that a query found; or, where the archive's configuration joins the lines of an input to
 * events, an event, which has newlines inside. It is valid during the callback only, and never to
 * be copied: lgz_line_field() needs the one that the callback got. Later versions may have further
 * members at the end.
 */
struct lgz_line {
    const char *text; /**< `size` bytes, without the last newline; no NUL byte follows */
    size_t size;
    const char *source; /**< the name of the file it was read from */
    const char *input;  /**< the configuration's input that the file belongs to; "": not known */
    uint64_t offset;    /**< of its first byte in its source */
    uint64_t number;    /**< of its first line in its source, from 1; 0 if none was asked for */
    int64_t time;       /**< that of its time stamp, or of the nearest line before it that has one,
                             or when it was read */
    unsigned time_digits; /**< so many digits of the second's fraction are known, 0 to 9 */
    int64_t read_time;    /**< when it was read, to some seconds */
};

/**
 * Gets a line. All lines of a source come in their order, those of several sources about in the
 * order in which they were read.
 *
 * @param context  the options' pointer
 * @return 0 to go on; any other value ends the query with LGZ_ERR_CANCELLED
 */
typedef int lgz_line_fn(void *context, const struct lgz_line *line);

/**
 * Something of what was to be searched can't be read, or isn't as it should be. The query goes on
 * with what comes next.
 *
 * @param reason  valid during the call only
 */
typedef void lgz_warning_fn(void *context, const struct lgz_error *reason);

/**
 * Options of a query; start from lgz_query_options_default(). Later versions may have further
 * members at the end; `size` tells the library which ones the caller knows.
 */
struct lgz_query_options {
    size_t size; /**< set by lgz_query_options_default() */

    const char *const *patterns; /**< a line must match one of them; each line of one is one */
    size_t pattern_count;        /**< 0: no pattern has to match */
    enum lgz_syntax syntax;
    bool ignore_case; /**< of the letters a to z */
    bool words;       /**< a match must not be a part of a longer word */
    bool whole_lines; /**< a match must be the whole line */
    bool invert;      /**< lines that do not match; needs a pattern */

    const char *where; /**< and this must be true of a line's fields, as in `status >= 500 and
                            method in (POST, PUT)`: logzipctl(1) has the language; NULL: anything */
    int64_t since;     /**< lines of this time and later; INT64_MIN: from the beginning */
    int64_t until;     /**< and of this time and earlier; INT64_MAX: to the end */

    const char *const *sources; /**< glob patterns for the names of sources; "*" matches "/", too */
    size_t source_count;        /**< 0: all sources */
    const char *const *inputs;  /**< names of inputs */
    size_t input_count;         /**< 0: all */

    uint64_t limit;   /**< end after so many lines, the first that are met; 0: all */
    bool numbers;     /**< set lgz_line.number; costs that nothing can be left out */
    bool lines;       /**< single lines also where an input joins them to events */
    bool text_only;   /**< lgz_line.offset, .time and .time_digits aren't wanted, they are 0, nor is
                           the field `time`: then few lines among many are found faster */
    unsigned threads; /**< that decode and search, 1 to 256; lines and their order don't depend on
                           it. Callbacks come from the thread that runs the query */

    lgz_line_fn *line;       /**< NULL: lines are only counted */
    lgz_warning_fn *warning; /**< NULL: see lgz_query_run() */
    void *context;           /**< for both */
};

/**
 * Set all options to their defaults: every line, one thread, no callbacks.
 *
 * @param size  sizeof(*options)
 */
LGZ_API void lgz_query_options_default(struct lgz_query_options *options, size_t size);

/** A query, ready to be run, as often as one likes, one run at a time. */
struct lgz_query;

/**
 * Prepare a query.
 *
 * @param options  copied, with the texts that it names; not the context
 * @return LGZ_ERR_ARGUMENT if a pattern or `where` can't be understood (the message says where and
 *         why), if options contradict each other, or if one is set that this library doesn't know;
 *         LGZ_ERR_MEMORY
 */
LGZ_API int lgz_query_new(struct lgz_query **out, const struct lgz_query_options *options,
                          struct lgz_error *err);

/**
 * Run it over an archive; the callbacks are called from here.
 *
 * What can't be read doesn't end the run: it goes to the warning callback. Where there is none, the
 * first such reason is what is returned in the end, after all lines that could be found.
 *
 * @return LGZ_OK, also if no line was found; LGZ_ERR_CANCELLED if the line callback or
 *         lgz_query_cancel() ended it; LGZ_ERR_LIMIT if a regular expression takes too much work on
 *         a line; LGZ_ERR_MEMORY; LGZ_ERR_IO if a temporary file can't be written
 */
LGZ_API int lgz_query_run(struct lgz_query *query, const struct lgz_archive *archive,
                          struct lgz_error *err);

/**
 * Run it over an archive, and go on with new lines as the daemon reads them: each comes once,
 * within about a second after it is in a journal. An event comes when the next one begins, or
 * nothing was read of its source for two seconds.
 *
 * @return LGZ_OK when `limit` lines have come; LGZ_ERR_CANCELLED; LGZ_ERR_NOT_FOUND if the archive
 * is no directory, or was removed or replaced; otherwise as lgz_query_run()
 */
LGZ_API int lgz_query_follow(struct lgz_query *query, const struct lgz_archive *archive,
                             struct lgz_error *err);

/**
 * End the run that is going on, or else the next one, with LGZ_ERR_CANCELLED: at the next line,
 * block or record, so within the time that a block takes; within a second where it waits for new
 * lines, and at once if a signal interrupts that. May be called from any thread, and from a
 * signal's handler.
 */
LGZ_API void lgz_query_cancel(struct lgz_query *query);

/** How many lines did the last run find? */
LGZ_API uint64_t lgz_query_count(const struct lgz_query *query);

/** Free it. It must not be running. NULL is allowed. */
LGZ_API void lgz_query_free(struct lgz_query *query);

/** What the value of a field is. */
enum lgz_field_kind {
    LGZ_FIELD_TEXT = 0,
    LGZ_FIELD_NUMBER = 1,  /**< a number in JSON; elsewhere numbers are texts */
    LGZ_FIELD_LITERAL = 2, /**< true, false or null in JSON */
    LGZ_FIELD_NESTED = 3,  /**< an object or array of JSON, as it is written */
    LGZ_FIELD_TIME = 4,    /**< the line's own time, as in 2026-01-31T12:30:00Z */
};

/** A field of a line. Later versions may have further members at the end. */
struct lgz_field {
    const char *name; /**< `name_size` bytes; no NUL byte follows */
    size_t name_size;
    const char
        *value; /**< `value_size` bytes, quotes and escapes taken away; no NUL byte follows */
    size_t value_size;
    enum lgz_field_kind kind;
};

/**
 * A field of the line that a callback has got, by its name: a named group of its input's `format`,
 * a member of JSON ("b", or "a.b" in an object), a pair name=value, or what the line's header and
 * the archive say: time, level, host, program, pid, message, source, input. It is looked for when
 * it's asked for: fields that nobody asks for cost nothing.
 *
 * @param field  set if there is one; *field is the library's, and valid until the next call or the
 *               end of the callback
 * @return 1, 0 if the line doesn't have it, LGZ_ERR_ARGUMENT for a name that is empty or longer
 * than 255 bytes, or LGZ_ERR_MEMORY
 */
LGZ_API int lgz_line_field(const struct lgz_line *line, const char *name,
                           const struct lgz_field **field, struct lgz_error *err);

/** Gets a field. Anything but 0 ends the walk. */
typedef int lgz_field_fn(void *context, const struct lgz_field *field);

/**
 * All fields that the line's text has, each name once, in their order; 256 at most.
 *
 * @return LGZ_OK, LGZ_ERR_CANCELLED if the callback ended the walk, or LGZ_ERR_MEMORY
 */
LGZ_API int lgz_line_fields(const struct lgz_line *line, lgz_field_fn *callback, void *context,
                            struct lgz_error *err);

/**
 * A moment as people write it: "2 hours ago", "yesterday", "-15min", "2026-01-31 12:30",
 * "@1767225600"; logzipctl(1) has all of them. What has no zone is the host's wall clock's.
 *
 * @param now   what relative times start from, in nanoseconds since the epoch
 * @param time  set to the moment, in nanoseconds since the epoch
 * @return LGZ_OK or LGZ_ERR_ARGUMENT
 */
LGZ_API int lgz_time_parse(const char *text, int64_t now, int64_t *time, struct lgz_error *err);

#ifdef __cplusplus
}
#endif

#endif /* LOGZIP_H */
