/*
 * faults.c - a table by kind.
 */
#include "daemon/faults.h"

#include <string.h>

#include "base/clock.h"

void faults_note(struct faults *f, enum fault_kind kind, const char *message)
{
    struct fault *fault = &f->kinds[kind];
    size_t len = strnlen(message, sizeof(fault->message) - 1);
    fault->count++;
    fault->when = clock_real();
    memcpy(fault->message, message, len);
    fault->message[len] = '\0';
}

const char *faults_name(enum fault_kind kind)
{
    static const char *const names[FAULT_KINDS] = {"read", "write", "seal", "config", "control"};
    return names[kind];
}

const struct fault *faults_latest(const struct faults *f)
{
    const struct fault *latest = NULL;
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        const struct fault *fault = &f->kinds[i];
        if (fault->count && (!latest || latest->when < fault->when))
            latest = fault;
    }
    return latest;
}
