/*
 * column_fixture.h - columns of their own: encoded, packed into frames, and decoded from them.
 */
#ifndef LOGZIP_TESTS_COLUMN_FIXTURE_H
#define LOGZIP_TESTS_COLUMN_FIXTURE_H

#include "column/text.h"
#include "engine_fixture.h"

enum { OWN_FRAME = 200 };

/** Frames of an encoded column and a reader of its head. */
struct packed_column {
    struct buf frames; /* the entry of an empty head, their entries, and they */
};

static inline void pack_column(struct column_context *ctx, const struct encoded *e,
                               struct packed_column *p)
{
    const struct frame_options options = {.zstd_level = 1};
    *p = (struct packed_column){0};
    ck_assert(!e->head.failed);
    ck_ok(streams_write(ctx, (struct span){0}, e, OWN_FRAME, &options, 0, &p->frames, &err));
}

static inline void free_packed(struct packed_column *p)
{
    buf_free(&p->frames);
}

static inline struct stream_reader *new_streams(void)
{
    struct stream_reader *s;
    ck_ok(stream_reader_new(&s, NULL, OWN_FRAME, UINT64_C(1) << 30, UINT64_C(1) << 30, &err));
    return s;
}

static inline void place_streams(struct stream_reader *s, const struct packed_column *p)
{
    ck_ok(stream_reader_place(s, (struct span){p->frames.data + 1, p->frames.len - 1}, &err));
}

#endif
