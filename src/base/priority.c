/*
 * priority.c - nice, batch and idle I/O.
 */
#include "base/priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As ioprio_set(2) has them; libc has neither the call nor these. */
enum { IOPRIO_OF_PROCESS = 1, IOPRIO_IDLE = 3, IOPRIO_CLASS_BITS = 13, NICE_MOST = 19 };

void priority_lower(void)
{
    const struct sched_param none = {0};
    (void)setpriority(PRIO_PROCESS, 0, NICE_MOST);
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
#ifdef SYS_ioprio_set
    (void)syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, IOPRIO_IDLE << IOPRIO_CLASS_BITS);
#endif
}
