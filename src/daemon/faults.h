/*
 * faults.h - what went wrong since the start: how often, by kind, and the last of each kind with
 * its time. Zero-initialized is valid: nothing did.
 */
#ifndef LOGZIP_DAEMON_FAULTS_H
#define LOGZIP_DAEMON_FAULTS_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_READ,    /**< a file can't be read, or what is in it is gone */
    FAULT_WRITE,   /**< the journal can't be written, or a new one begun */
    FAULT_SEAL,    /**< an attempt to seal failed */
    FAULT_CONFIG,  /**< a configuration that was to be read again is bad */
    FAULT_CONTROL, /**< a client of the control socket or of the metrics port asked for nonsense */
};

enum { FAULT_KINDS = FAULT_CONTROL + 1 };

struct fault {
    uint64_t count;
    int64_t when; /**< clock_real() of the last one */
    char message[400];
};

struct faults {
    struct fault kinds[FAULT_KINDS];
};

/** It has happened (again). The message is copied; what is too long of it is cut. */
void faults_note(struct faults *f, enum fault_kind kind, const char *message);

/** "read", "write", ... */
const char *faults_name(enum fault_kind kind);

/** The latest of all kinds; NULL if there was none. */
const struct fault *faults_latest(const struct faults *f);

#endif
