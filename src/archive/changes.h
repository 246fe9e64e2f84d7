/*
 * changes.h - hears from the system that something has happened in an archive's directory.
 *
 * That is a hint, which may not come: not all file systems tell, and there are limits. Who follows
 * an archive looks by itself now and then, too.
 */
#ifndef LOGZIP_ARCHIVE_CHANGES_H
#define LOGZIP_ARCHIVE_CHANGES_H

/** What changes_read() returns, or-ed. */
enum {
    CHANGES_BYTES = 1, /**< a journal was written to */
    CHANGES_NAMES = 2, /**< a journal or segment came or went; or nobody knows */
};

/**
 * Begin to listen.
 *
 * @return a descriptor to poll(2) for input, and to close(2); -1 if there is no way to listen
 */
int changes_open(const char *directory);

/** Take all that has come, without waiting. */
unsigned changes_read(int fd);

#endif
