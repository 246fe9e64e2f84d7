/*
 * notify.h - tells the service manager how the daemon is: datagrams to the Unix socket that
 * NOTIFY_SOCKET names (sd_notify(3)). Without NOTIFY_SOCKET, nothing happens.
 */
#ifndef LOGZIP_DAEMON_NOTIFY_H
#define LOGZIP_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/** Is there a service manager that wants to know? */
bool notify_wanted(void);

/**
 * Send lines "VARIABLE=VALUE", such as "READY=1\nSTATUS=reading 12 files".
 *
 * @return false if there is nobody, or it could not be sent
 */
bool notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** "RELOADING=1" with the time stamp that Type=notify-reload wants. */
bool notify_reloading(void);

/** How often "WATCHDOG=1" is due at most, in milliseconds; 0 if there is no watchdog. */
uint64_t notify_watchdog_ms(void);

#endif
