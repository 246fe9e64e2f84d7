/*
 * dirnames.h - the names in a directory, read once for any number of searches.
 */
#ifndef LOGZIP_TAIL_DIRNAMES_H
#define LOGZIP_TAIL_DIRNAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dirnames;

/**
 * Read a directory.
 *
 * @param directory  its path; "" is the working directory
 * @return NULL with errno if it can't be read
 */
struct dirnames *dirnames_open(const char *directory);
void dirnames_close(struct dirnames *l);

const char *dirnames_directory(const struct dirnames *l);
uint64_t dirnames_device(const struct dirnames *l); /**< st_dev of the directory */

/**
 * Did the directory rest while it was read, right before, and since? If not, a name that isn't in
 * the names may be in the directory all the same: one that is renamed meanwhile can be missed.
 */
bool dirnames_settled(const struct dirnames *l);

/** The name of an entry that is this inode; NULL if there is none. */
const char *dirnames_of_inode(const struct dirnames *l, uint64_t inode);

/** The names, sorted; NULL behind the last. */
const char *dirnames_get(const struct dirnames *l, size_t index);

/** The inode that the name at `index` was seen with. */
uint64_t dirnames_inode(const struct dirnames *l, size_t index);

/** The index of the first name that isn't before `name`. */
size_t dirnames_find(const struct dirnames *l, const char *name);

/** "DIRECTORY/NAME", to be freed. @return NULL when memory is out */
char *dirnames_path(const struct dirnames *l, const char *name);

#endif
