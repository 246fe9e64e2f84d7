/*
 * priority.h - work that can wait lets everything else go first.
 */
#ifndef LOGZIP_BASE_PRIORITY_H
#define LOGZIP_BASE_PRIORITY_H

/**
 * Give this process, and the threads that it starts from now on, the lowest priority for processor
 * and disk: nice 19, the scheduler's batch policy, and the idle class of I/O. What the kernel or a
 * sandbox doesn't allow is left as it is: the work is the same, only less polite.
 */
void priority_lower(void);

#endif
