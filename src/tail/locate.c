/*
 * locate.c - candidates by name and inode first; only what is left of them is opened.
 */
#include "tail/locate.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tail/logfile.h"

/* A copy may keep the time that the file had when copying began; a minute is long for that. */
enum { COPY_SLACK_S = 60 };

/* A compressed file that is cut is waited for while its last change is no longer ago. */
#define FRESH (60 * NS_PER_SECOND)

struct candidate {
    char *path;
    struct stat st;
};

struct candidates {
    VEC(struct candidate) list; /* newest first */
    bool unsure;
};

/* The length of a file's name up to its last extension. */
static size_t stem_len(const char *own)
{
    const char *dot = strrchr(own, '.');
    return dot && dot != own ? (size_t)(dot - own) : strlen(own);
}

bool locate_is_rotated(const char *own, const char *name)
{
    size_t stem = stem_len(own);
    return strncmp(name, own, stem) == 0 && (name[stem] == '\0' || strchr(".-_", name[stem]));
}

char *locate_stem(const char *own)
{
    return strndup(own, stem_len(own));
}

bool locate_is_numbered(const char *own, const char *name)
{
    size_t stem = stem_len(own);
    const char *extension = own + stem;
    size_t extension_len = strlen(extension);
    size_t len = strlen(name) - unpack_suffix(name);
    if (!locate_is_rotated(own, name))
        return false;
    const char *rest = name + stem;
    len -= stem;
    if (extension_len && len > extension_len) {
        if (strncmp(rest, extension, extension_len) == 0)
            rest += extension_len;
        else if (strncmp(rest + len - extension_len, extension, extension_len) != 0)
            return false;
        len -= extension_len;
    }
    size_t digits = strspn(rest, "0123456789.-_T");
    return len > 1 && digits >= len && strpbrk(rest, "0123456789");
}

static bool is_fresh(const struct stat *st)
{
    return clock_real() - file_modified(st) < FRESH;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           file_modified(a) == file_modified(b);
}

bool locate_give_up(struct locate_tried *tried, const struct stat *st, bool cut)
{
    if (cut && is_fresh(st)) {
        tried->cut = *st;
        return true;
    }
    tried->time = file_modified(st);
    tried->inode = st->st_ino;
    return false;
}

/* May this be the copy, going by its inode? One that was compressed later may have the file's own.
 */
static bool may_be_copy(const struct locate_wanted *w, const char *path, const struct stat *st)
{
    bool own = st->st_dev == w->source->device && st->st_ino == w->source->inode;
    return S_ISREG(st->st_mode) && st->st_mtim.tv_sec >= w->written - COPY_SLACK_S &&
           (!own || unpack_suffix(path)) && !w->followed(w->context, st->st_dev, st->st_ino);
}

/* Open a candidate. @return LOCATE_FOUND: it's open */
static enum locate_result open_candidate(const struct candidate *c, struct located *found)
{
    found->fd = logfile_open_path(c->path, &found->st);
    if (found->fd < 0)
        return errno == ENOENT || errno == EINVAL ? LOCATE_NONE : LOCATE_UNSURE;
    found->path = strdup(c->path);
    return found->path ? LOCATE_FOUND : LOCATE_UNSURE;
}

/* Give back what was found, since it isn't the copy. */
static enum locate_result reject(struct located *found, enum locate_result result)
{
    unpack_close(found->unpack);
    if (found->fd >= 0)
        close(found->fd);
    free(found->path);
    *found = (struct located){.fd = -1};
    return result;
}

static enum locate_result try_plain(const struct locate_wanted *w, const struct candidate *c,
                                    struct located *found)
{
    *found = (struct located){.fd = -1};
    if ((uint64_t)c->st.st_size < w->position || unpack_suffix(c->path))
        return LOCATE_NONE;
    enum locate_result opened = open_candidate(c, found);
    if (opened != LOCATE_FOUND)
        return reject(found, opened);
    int matches = logfile_matches(w->source, found->fd);
    if (matches == 1)
        matches = logfile_mark_matches(w->mark, w->position, found->fd);
    return matches == 1 ? LOCATE_FOUND : reject(found, matches < 0 ? LOCATE_UNSURE : LOCATE_NONE);
}

/* Does what is compressed begin with the fingerprint? */
static enum locate_result compare_packed(const struct locate_wanted *w, struct located *found)
{
    uint8_t bytes[LOGFILE_PRINT_MAX];
    uint32_t len = w->source->fingerprint_len;
    int code = unpack_open(&found->unpack, found->fd, found->path, NULL);
    if (code == LGZ_ERR_FORMAT)
        return is_fresh(&found->st) && found->st.st_size == 0 ? LOCATE_UNSURE : LOCATE_NONE;
    if (code != LGZ_OK || len > sizeof(bytes))
        return LOCATE_UNSURE;
    ssize_t n = unpack_read(found->unpack, bytes, len, NULL);
    if (n == (ssize_t)len)
        return hash_bytes(bytes, len) == w->source->fingerprint ? LOCATE_FOUND : LOCATE_NONE;
    bool cut = unpack_cut(found->unpack) && is_fresh(&found->st);
    return cut || n == LGZ_ERR_IO || n == LGZ_ERR_MEMORY ? LOCATE_UNSURE : LOCATE_NONE;
}

static enum locate_result try_packed(const struct locate_wanted *w, const struct candidate *c,
                                     struct located *found)
{
    const struct locate_tried *tried = &w->tried;
    int64_t time = file_modified(&c->st);
    *found = (struct located){.fd = -1};
    if (!unpack_suffix(c->path) ||
        (tried->time &&
         (time > tried->time || (time == tried->time && c->st.st_ino >= tried->inode))))
        return LOCATE_NONE;
    if (tried->cut.st_ino && is_unchanged(&tried->cut, &c->st) && is_fresh(&c->st))
        return LOCATE_UNSURE;
    enum locate_result result = open_candidate(c, found);
    if (result == LOCATE_FOUND)
        result = compare_packed(w, found);
    return result == LOCATE_FOUND ? result : reject(found, result);
}

enum locate_result locate_at(const struct locate_wanted *w, const char *path, struct located *found)
{
    struct candidate c = {.path = (char *)(uintptr_t)path}; /* only read */
    *found = (struct located){.fd = -1};
    if (w->source->fingerprint_len == 0 || stat(path, &c.st) != 0 || !may_be_copy(w, path, &c.st))
        return LOCATE_NONE;
    return try_plain(w, &c, found);
}

static int newest_first(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    int64_t first = file_modified(&x->st);
    int64_t second = file_modified(&y->st);
    if (first != second)
        return first < second ? 1 : -1;
    return (x->st.st_ino < y->st.st_ino) - (x->st.st_ino > y->st.st_ino);
}

static void add_candidate(struct candidates *c, const struct locate_wanted *w,
                          const struct dirnames *l, const char *name)
{
    struct candidate item = {.path = dirnames_path(l, name)};
    if (!item.path) {
        c->unsure = true;
        return;
    }
    if (stat(item.path, &item.st) != 0 || !may_be_copy(w, item.path, &item.st) ||
        !vec_push(&c->list, item))
        free(item.path);
}

static void gather(struct candidates *c, const struct locate_wanted *w, const struct dirnames *l)
{
    const char *own = file_name(w->path);
    char *stem = locate_stem(own);
    const char *name;
    if (!stem) {
        c->unsure = true;
        return;
    }
    for (size_t i = dirnames_find(l, stem); (name = dirnames_get(l, i)); i++) {
        if (strncmp(name, stem, strlen(stem)) != 0)
            break;
        if (locate_is_rotated(own, name))
            add_candidate(c, w, l, name);
    }
    free(stem);
    if (c->list.len)
        qsort(c->list.data, c->list.len, sizeof(struct candidate), newest_first);
}

typedef enum locate_result try_fn(const struct locate_wanted *w, const struct candidate *c,
                                  struct located *found);

/* The first candidate that fits. One that couldn't be looked at doesn't keep others from it. */
static enum locate_result locate(const struct locate_wanted *w, const struct dirnames *l,
                                 try_fn *attempt, struct located *found)
{
    struct candidates c = {0};
    enum locate_result result = LOCATE_NONE;
    *found = (struct located){.fd = -1};
    if (w->source->fingerprint_len == 0)
        return LOCATE_NONE;
    gather(&c, w, l);
    for (size_t i = 0; i < c.list.len; i++) {
        if (result != LOCATE_FOUND)
            result = attempt(w, &c.list.data[i], found);
        c.unsure = c.unsure || result == LOCATE_UNSURE;
        free(c.list.data[i].path);
    }
    vec_free(&c.list);
    return result != LOCATE_FOUND && c.unsure ? LOCATE_UNSURE : result;
}

enum locate_result locate_copy(const struct locate_wanted *w, const struct dirnames *l,
                               struct located *found)
{
    return locate(w, l, try_plain, found);
}

enum locate_result locate_packed(const struct locate_wanted *w, const struct dirnames *l,
                                 struct located *found)
{
    return locate(w, l, try_packed, found);
}
