/*
 * state.h - how the daemon is at one moment, as plain numbers and names: what status.c shows to
 * people and metrics.c to programs.
 */
#ifndef LOGZIP_DAEMON_STATE_H
#define LOGZIP_DAEMON_STATE_H

#include "daemon/census.h"
#include "daemon/faults.h"
#include "daemon/ledger.h"
#include "daemon/sealer.h"
#include "daemon/store.h"
#include "daemon/tally.h"
#include "listen/listen.h"
#include "tail/tail.h"

/** What a state is taken of; all borrowed. */
struct state_parts {
    const struct config *config;
    const struct tail *tail;
    const struct listen *listen;
    const struct store *store;
    const struct sealer *sealer;
    const struct ledger *ledger;
    const struct tally *tally;
    const struct faults *faults;
    const struct census_numbers *census;
    const char *waiting;  /**< why nothing is read; NULL: nothing is in the way */
    const char *slow;     /**< that the disk is slow; NULL: it isn't */
    uint64_t free;        /**< bytes on the archive's file system; UINT64_MAX: not known */
    int64_t started;      /**< clock_monotonic() */
    int64_t started_real; /**< clock_real() */
    bool stopping;
};

/** Of several files with one name, the greatest counts. */
enum state_of_source {
    SOURCE_PARKED,    /**< no input wants it any more; its position is kept, should one do again */
    SOURCE_CURRENT,   /**< it's read to its end, and followed */
    SOURCE_LISTENING, /**< it's no file */
    SOURCE_READING,
    SOURCE_COPY,    /**< the rest of a truncated file is read in its copy */
    SOURCE_FAILING, /**< a file of it can't be read */
    SOURCE_ENDED,   /**< it isn't read any more */
};

/** A source's name, with all that is read under it. Strings are borrowed. */
struct state_source {
    const char *input;
    const char *name;
    const char *path;  /**< where its newest file is now */
    uint64_t id;       /**< of the newest; 0 if there is no file */
    size_t files;      /**< usually 1; more while a rotated one is finished */
    uint64_t position; /**< how far the newest is durable, and how long it is */
    uint64_t size;
    uint64_t lag; /**< bytes of all files that aren't durable yet */
    enum state_of_source state;
    struct tally_counts counts;
    struct listen_state heard; /**< if it's no file */
};

struct state {
    const char *phase; /**< "running", "waiting" for room, "failing", "stopping" */
    bool stopping;
    const char *directory;   /**< the archive's */
    const char *failure;     /**< why nothing is read or written now; NULL: all is well */
    bool write_failing;      /**< it is that the journal can't be written */
    bool slow;               /**< it is that the disk is slow; reading may go on for a while */
    uint64_t free;           /**< bytes on the archive's file system; UINT64_MAX: not known */
    uint64_t min_free;       /**< with less than that, nothing is read */
    int64_t started;         /**< clock_real() */
    int64_t uptime;          /**< nanoseconds */
    int64_t oldest_unsealed; /**< age of the oldest byte that isn't in a segment; 0: none */
    uint64_t journal_bytes;  /**< of the newest journal, and the raw bytes in it */
    uint64_t journal_raw_bytes;
    uint64_t journals_to_seal;
    uint64_t inputs;
    uint64_t listeners; /**< sources that aren't files */
    uint64_t files;
    uint64_t failing; /**< files that can't be read any more */
    uint64_t refused; /**< paths that match, and can't be read or aren't regular files */
    uint64_t behind;  /**< files and other sources that have a lag */
    uint64_t lag;
    uint64_t watches_refused;
    struct tally_counts totals;
    struct sealer_totals sealed;
    struct timing syncs;
    struct census_numbers census;
    const struct faults *faults;
    VEC(struct state_source) sources; /**< the order doesn't change, but for what comes and goes */
};

/**
 * Take it. Valid until the loop goes on; to be freed by state_clear().
 *
 * @return false when memory is out
 */
bool state_take(struct state *out, const struct state_parts *parts);

/** The same without the sources, which takes far less time. */
void state_take_totals(struct state *out, const struct state_parts *parts);

void state_clear(struct state *state);

/** "current", "reading", ... */
const char *state_name(enum state_of_source state);

/** Raw bytes by stored bytes; 0 while there are none. */
double state_ratio(uint64_t raw_bytes, uint64_t stored_bytes);

#endif
