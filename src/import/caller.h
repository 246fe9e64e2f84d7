/*
 * caller.h - the rights of who called the command, for a while. What is written into an archive is
 * written with the rights of its owner (archive_act_as_owner()); but the files that are imported
 * may be root's.
 */
#ifndef LOGZIP_IMPORT_CALLER_H
#define LOGZIP_IMPORT_CALLER_H

#include <sys/types.h>

/** Take them, where that's possible. @return what caller_end() wants */
uid_t caller_begin(void);

/** Give them up again. errno stays as it is. */
void caller_end(uid_t before);

#endif
