/*
 * imported.c - two sorted lists: what was read, and what is to be written.
 */
#include "import/imported.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum { SIZE_MOST = 64 << 20 };

static const char heading[] = "logzip imported 1\n";

struct seen {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t time;
};

struct imported {
    char *path;
    VEC(struct seen) before; /* sorted */
    VEC(struct seen) now;
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct seen)); /* any order will do */
}

static struct seen seen_of(const struct stat *st)
{
    return (struct seen){st->st_dev, st->st_ino, (uint64_t)st->st_size, file_modified(st)};
}

/* Parse the lines behind the heading, as far as they are as they should be. */
static int parse(struct imported *i, const char *text, struct lgz_error *err)
{
    struct seen s;
    int taken;
    while (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 "%n", &s.device, &s.inode,
                  &s.size, &s.time, &taken) == 4 &&
           text[taken] == '\n') {
        if (!vec_push(&i->before, s))
            return error_memory(err);
        text += taken + 1;
    }
    if (i->before.len)
        qsort(i->before.data, i->before.len, sizeof(s), compare);
    return LGZ_OK;
}

static int load(struct imported *i, struct lgz_error *err)
{
    struct buf text = {0};
    int code = file_load(i->path, SIZE_MOST, &text, NULL);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    buf_push(&text, '\0');
    const size_t len = sizeof(heading) - 1;
    if (text.failed)
        code = error_memory(err);
    else if (code == LGZ_OK && strncmp((const char *)text.data, heading, len) == 0)
        code = parse(i, (const char *)text.data + len, err);
    else
        code = LGZ_OK;
    buf_free(&text);
    return code;
}

int imported_open(struct imported **out, const char *directory, struct lgz_error *err)
{
    struct imported *i = calloc(1, sizeof(*i));
    *out = NULL;
    if (!i || asprintf(&i->path, "%s/imported", directory) < 0) {
        free(i);
        return error_memory(err);
    }
    int code = load(i, err);
    if (code != LGZ_OK)
        imported_close(i);
    else
        *out = i;
    return code;
}

void imported_close(struct imported *i)
{
    if (!i)
        return;
    vec_free(&i->before);
    vec_free(&i->now);
    free(i->path);
    free(i);
}

bool imported_has(const struct imported *i, const struct stat *st)
{
    const struct seen s = seen_of(st);
    return i->before.len && bsearch(&s, i->before.data, i->before.len, sizeof(s), compare) != NULL;
}

int imported_note(struct imported *i, const struct stat *st, struct lgz_error *err)
{
    return vec_push(&i->now, seen_of(st)) ? LGZ_OK : error_memory(err);
}

static bool has_changed(struct imported *i)
{
    if (i->now.len)
        qsort(i->now.data, i->now.len, sizeof(struct seen), compare);
    return i->now.len != i->before.len ||
           (i->now.len &&
            memcmp(i->now.data, i->before.data, i->now.len * sizeof(struct seen)) != 0);
}

int imported_save(struct imported *i, struct lgz_error *err)
{
    struct buf text = {0};
    if (!has_changed(i))
        return LGZ_OK;
    buf_append_string(&text, heading);
    for (size_t k = 0; k < i->now.len; k++) {
        const struct seen *s = &i->now.data[k];
        buf_printf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n", s->device, s->inode,
                   s->size, s->time);
    }
    int code = file_save(i->path, 0640, &text, err);
    buf_free(&text);
    return code;
}
