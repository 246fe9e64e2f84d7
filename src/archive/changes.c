/*
 * changes.c - inotify(7) on one directory.
 */
#include "archive/changes.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "archive/names.h"

enum {
    BYTES_OF = IN_MODIFY,
    NAMES_OF = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF,
};

int changes_open(const char *directory)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0 && inotify_add_watch(fd, directory, BYTES_OF | NAMES_OF | IN_ONLYDIR) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Drafts come and go, too. */
static unsigned meaning(const struct inotify_event *event)
{
    uint64_t sequence;
    struct segment_name segment;
    const bool journal = event->len && names_parse_journal(event->name, &sequence);
    if (event->len == 0 || (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)))
        return CHANGES_NAMES;
    if (!journal && !names_parse_segment(event->name, &segment))
        return 0;
    return event->mask & NAMES_OF ? CHANGES_NAMES : journal ? CHANGES_BYTES : 0;
}

unsigned changes_read(int fd)
{
    union {
        struct inotify_event first;
        char bytes[8192];
    } events;
    unsigned changes = 0;
    ssize_t len;
    while ((len = read(fd, &events, sizeof(events))) > 0) {
        for (size_t at = 0; at < (size_t)len;) {
            const struct inotify_event *event = (const void *)(events.bytes + at);
            changes |= meaning(event);
            at += sizeof(*event) + event->len;
        }
    }
    return changes;
}
