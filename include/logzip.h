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

/** Feed `size` bytes of the segment; raw bytes go to the write callback, each block verified. */
LGZ_API int lgz_decompressor_write(struct lgz_decompressor *d, const void *data, size_t size,
                                   struct lgz_error *err);

/** Declare the end of input: fails with LGZ_ERR_CORRUPT if a segment was cut short. */
LGZ_API int lgz_decompressor_finish(struct lgz_decompressor *d, struct lgz_error *err);

/** Free the decompressor, finished or not. NULL is allowed. */
LGZ_API void lgz_decompressor_free(struct lgz_decompressor *d);

#ifdef __cplusplus
}
#endif

#endif /* LOGZIP_H */
