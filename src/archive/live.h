/*
 * live.h - an archive as it grows: where the bytes are that weren't there at the last look.
 *
 * It is a list of parts, in the order of their journals' numbers: journals, which are held open and
 * read on from where they were read to; and now and then a segment, whose journals came, were
 * sealed and went between two looks. A journal stays a part until it's sealed or gone, and is read
 * to its end once more after that. So each byte comes out of one of the parts; bytes that come out
 * of two of them are known by their offsets in their source.
 *
 *   live_new(&l, directory, snapshot, &err);      the snapshot's segments have been read
 *   for each part: read what it has              live_part(l, i)
 *   live_forget(l, &err);                         those that nothing more comes from
 *   live_look(l, &err);                           when something happened in the directory
 */
#ifndef LOGZIP_ARCHIVE_LIVE_H
#define LOGZIP_ARCHIVE_LIVE_H

#include "archive/archive.h"

struct live;

struct live_part {
    uint64_t first; /**< numbers of the journals that it holds */
    uint64_t last;
    struct journal_reader *journal; /**< to be read on; NULL: it's a segment */
    struct archive_segment segment; /**< held open */
    bool over;                      /**< nothing will be added to it */
    bool sealed;                    /**< a journal: a segment has what it has */
    /* A journal's reader notes here what it knows of it. */
    struct inputs inputs; /**< what it has said so far of inputs' rules */
    bool has_data;        /**< data was met */
    bool failed;          /**< it can't be read on */
};

/**
 * Begin.
 *
 * @param snapshot  its journals become parts, unread, and are taken out of it
 */
int live_new(struct live **out, const char *directory, struct archive_snapshot *snapshot,
             struct lgz_error *err);

size_t live_part_count(const struct live *l);
struct live_part *live_part(struct live *l, size_t index);

/** After all parts were read to their ends: forget those that are over. */
int live_forget(struct live *l, struct lgz_error *err);

/**
 * Look into the directory: add the parts that are new, and note which are over. Parts may be
 * elsewhere in the list afterwards.
 *
 * @return LGZ_ERR_NOT_FOUND if the archive is gone, or another one is in its place
 */
int live_look(struct live *l, struct lgz_error *err);

/** NULL is allowed. */
void live_free(struct live *l);

#endif
