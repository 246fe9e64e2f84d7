/*
 * query_time.h - moments as people write them on a command line, and as programs read them.
 *
 * Without a zone a time is what a clock on the host's wall shows (base/zone.h), as it is for time
 * stamps without a zone.
 */
#ifndef LOGZIP_QUERY_QUERY_TIME_H
#define LOGZIP_QUERY_QUERY_TIME_H

#include "base/buf.h"
#include "base/error.h"

/**
 * Parse a moment:
 *
 *   now, today, yesterday, tomorrow          (days start at 00:00:00)
 *   Monday, Sat                              (the last one, today included)
 *   2026-01-31, 2026-01-31 12:30, 2026-01-31T12:30:59.25, Sat 2026-01-31
 *   12:30, 12:30:59                          (today)
 *   @1767225600, @1767225600.5               (seconds since the epoch)
 *   2 hours ago, 1h 30min ago, -15min, +1day, 1.5h ago
 *
 * A date or time may be followed by "Z", "UTC" or an offset such as "+02:00".
 *
 * @param now  nanoseconds since the epoch: what relative times start from
 * @return LGZ_ERR_ARGUMENT if `text` is none of these or is outside the years 1970 to 2261
 */
int query_time_parse(const char *text, int64_t now, int64_t *ns, struct lgz_error *err);

/** Append `ns` as "2026-01-31T12:30:59.25Z", with `digits` (0 to 9) of the fraction. */
void query_time_print(struct buf *out, int64_t ns, unsigned digits);

/** Append `,"NAME":"TIME"`, a member of a JSON object behind others; with a fraction if it has one.
 */
void query_time_member(struct buf *out, const char *name, int64_t ns);

#endif
