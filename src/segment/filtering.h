/*
 * filtering.h - whether a segment gets filters (filters.h).
 */
#ifndef LOGZIP_SEGMENT_FILTERING_H
#define LOGZIP_SEGMENT_FILTERING_H

/** Is a filter wanted, and how large may it be? */
enum filtering {
    FILTER_NONE,
    FILTER_SHARE, /**< filter_share() */
    FILTER_MIXED, /**< the same in a segment of several kinds of logs: some leave room for others */
    FILTER_WHOLE, /**< as large as the text: for tests, whose blocks are small */
};

#endif
