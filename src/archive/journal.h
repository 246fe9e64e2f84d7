/*
 * journal.h - what is read and not yet sealed: an append-only file of records, each with a length,
 * a checksum, and position and data together.
 *
 * A journal starts with the position of every source that is known at its start (its checkpoint),
 * so the newest journal alone says how far each file was read. It is created under a temporary
 * name and renamed, so it is there with its whole checkpoint or not at all. What follows a record
 * that is cut or fails its checksum was never acknowledged and is ignored; the writer cuts it off
 * when it opens a journal again. docs/format.md has the bytes.
 */
#ifndef LOGZIP_ARCHIVE_JOURNAL_H
#define LOGZIP_ARCHIVE_JOURNAL_H

#include <sys/stat.h>

#include "archive/inputs.h"
#include "archive/mark.h"
#include "segment/source.h"

/** The longest run of bytes that one journal_put_data() takes. */
enum { JOURNAL_DATA_MAX = 16 << 20 };

/** A source and how far it was read: the next byte wanted is at `next`. */
struct source_position {
    struct source source;
    uint64_t next;
    struct mark mark; /**< of the bytes before `next`; its length is at most `next` */
};

/** What a journal starts with. */
struct journal_checkpoint {
    const struct source_position *positions;
    size_t position_count;
    const struct inputs *inputs; /**< those that have rules; NULL: none */
};

struct journal_writer;

/**
 * Create journal number `sequence` in `directory`, with the checkpoint `start`, durably.
 *
 * The positions must not be beyond what the journal before holds durably: journal_sync() that one
 * first.
 *
 * @param directory  the archive; the caller holds its lock
 * @param sequence   1 to 999999999999
 * @return LGZ_ERR_ARGUMENT if that journal exists
 */
int journal_begin(struct journal_writer **out, const char *directory, uint64_t sequence,
                  const struct journal_checkpoint *start, struct lgz_error *err);

/** The same where no input has rules. */
int journal_create(struct journal_writer **out, const char *directory, uint64_t sequence,
                   const struct source_position *positions, size_t count, struct lgz_error *err);

/**
 * After journal_begin() has failed, and before anything is added to the journal before it: make
 * sure that none has the number. Recovery believes the newest journal, and what is added to an
 * older one later isn't known to that.
 *
 * @return LGZ_OK if there durably is none; else nothing may be added to the journal before
 */
int journal_retract(const char *directory, uint64_t sequence, struct lgz_error *err);

/**
 * Open an existing journal to append, cutting a torn tail. What is left is durable on return.
 *
 * @param cut  set to the number of bytes cut; may be NULL
 */
int journal_reopen(struct journal_writer **out, const char *path, uint64_t *cut,
                   struct lgz_error *err);

/**
 * Make a source known, or change what is known of it (a longer fingerprint); before its data.
 *
 * @return LGZ_ERR_LIMIT if its name or its input's name is longer than 64 KiB
 */
int journal_put_source(struct journal_writer *j, const struct source *source, uint64_t next,
                       struct lgz_error *err);

/**
 * Append bytes of a source.
 *
 * On failure the file is cut back to the record before, so that the journal stays well-formed; if
 * that fails too, the journal refuses further appends.
 *
 * @param len  nothing is written if it is 0
 * @return LGZ_ERR_LIMIT above JOURNAL_DATA_MAX bytes, LGZ_ERR_ARGUMENT if the source isn't known
 */
int journal_put_data(struct journal_writer *j, uint64_t source_id, uint64_t offset,
                     int64_t read_time, const void *data, size_t len, struct lgz_error *err);

/**
 * From here on, data of this input's sources has these rules (empty ones: none any more).
 *
 * @return LGZ_ERR_LIMIT if the name is longer than 64 KiB or an expression than RULES_TEXT_MAX
 */
int journal_put_input(struct journal_writer *j, const char *input, const struct rules *rules,
                      struct lgz_error *err);

/** The source won't be read any more; later checkpoints leave it out. */
int journal_drop_source(struct journal_writer *j, uint64_t source_id, struct lgz_error *err);

/**
 * Make everything appended so far durable.
 *
 * After a failure nobody knows which of the new bytes are on the disk. The journal is then cut back
 * to what was durable before, and refuses further appends: the caller starts a new journal, from
 * the positions that were acknowledged. May run on another thread beside the appends, but not
 * beside another journal_sync() of the same journal.
 */
int journal_sync(struct journal_writer *j, struct lgz_error *err);

uint64_t journal_sequence(const struct journal_writer *j);
const char *journal_path(const struct journal_writer *j);
uint64_t journal_bytes(const struct journal_writer *j);      /**< size of the file */
uint64_t journal_data_bytes(const struct journal_writer *j); /**< raw bytes of all data records */

/** Close and free; not synced. NULL is allowed. */
void journal_close(struct journal_writer *j);

/* Reading: by recovery, by the seal, and by queries, also while another process appends. */

enum journal_record_kind {
    JOURNAL_SOURCE = 1,
    JOURNAL_DATA = 2,
    JOURNAL_DROP = 3,
    JOURNAL_INPUT = 4,
};

struct journal_record {
    enum journal_record_kind kind;
    uint64_t source_id;   /**< 0 for JOURNAL_INPUT */
    struct source source; /**< JOURNAL_SOURCE: owned by the reader, valid until the next record */
    uint64_t next;        /**< JOURNAL_SOURCE: the position at that moment */
    struct mark mark;     /**< JOURNAL_SOURCE: of the bytes before that, if it's there */
    uint64_t offset;      /**< JOURNAL_DATA: of the first byte in the source */
    int64_t read_time;    /**< JOURNAL_DATA */
    struct span data;     /**< JOURNAL_DATA: valid until the next record */
    struct input_rules input; /**< JOURNAL_INPUT: owned by the reader, as `source` is */
    uint64_t position;        /**< of the record in the file */
    uint32_t stored_len;      /**< bytes of the record in the file */
};

struct journal_reader;

int journal_open(struct journal_reader **out, const char *path, struct lgz_error *err);

/** As journal_open(), on a descriptor that the reader then owns. */
int journal_open_fd(struct journal_reader **out, int fd, const char *path, struct lgz_error *err);

/**
 * The next whole record. After a 0 it may be called again, and finds what was appended since.
 *
 * @return 1 and `*record`, 0 at the end of what is whole, or a negative code
 */
int journal_next(struct journal_reader *r, struct journal_record *record, struct lgz_error *err);

/**
 * As journal_next(), but data isn't decompressed: `data.len` tells how much there is, `data.data`
 * is NULL. That it decompresses to so much is found out by journal_read_at().
 */
int journal_skim(struct journal_reader *r, struct journal_record *record, struct lgz_error *err);

/** Start again at the first record. */
void journal_rewind(struct journal_reader *r);

/**
 * Read one record again, at the `position` and of the `stored_len` that journal_next() gave for it.
 * Where journal_next() goes on doesn't change.
 *
 * @return LGZ_ERR_CORRUPT if it isn't whole any more
 */
int journal_read_at(struct journal_reader *r, uint64_t position, uint32_t stored_len,
                    struct journal_record *record, struct lgz_error *err);

/** Is this the status of the file that is being read, also if that has no name any more? */
bool journal_reader_reads(const struct journal_reader *r, const struct stat *st);

uint64_t journal_reader_sequence(const struct journal_reader *r);
const char *journal_reader_path(const struct journal_reader *r);

/**
 * After journal_next() returned 0: where the whole records end.
 *
 * @param torn  set to whether bytes follow that; may be NULL
 */
uint64_t journal_reader_end(const struct journal_reader *r, bool *torn);

/** After journal_next() returned 0: what is wrong with what follows; "" if nothing follows. */
const char *journal_reader_reason(const struct journal_reader *r);

/**
 * After journal_next() returned 0: is there a whole record behind that place? Then the journal
 * isn't torn by a crash but damaged, and what follows may have been acknowledged.
 *
 * @return 1, 0 or a negative code
 */
int journal_goes_on(struct journal_reader *r, struct lgz_error *err);

void journal_reader_close(struct journal_reader *r);

#endif
