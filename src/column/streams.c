/*
 * streams.c - finding and decoding the frames of streams.
 */
#include "column/streams.h"

#include <stdlib.h>

#include "base/share.h"
#include "base/slack.h"
#include "column/pieces.h"

struct placed {
    uint32_t frame;
    uint64_t at; /* in the decoded frame */
    uint64_t len;
    unsigned width;
};

struct frame {
    enum stream_class class;
    enum frame_codec codec;
    struct span stored;
    uint64_t len;
    size_t first;         /* of its streams */
    uint8_t *data;        /* decoded; NULL before the first use */
    struct pieces pieces; /* that `data` isn't decoded further than; empty: it is, all of it */
};

struct stream_reader {
    struct coder *coder; /* not owned */
    size_t own_frame;
    uint64_t limit;
    uint64_t total;
    uint64_t table_limit; /* of tables, and of rooms */
    uint64_t table_left;
    uint64_t room_left;
    bool again;      /* the streams are declared once more */
    size_t declared; /* so many were, this time */
    bool no_memory;
    size_t texts_done; /* coded frames of texts with a lower number have been decoded */
    VEC(struct placed) streams;
    VEC(struct frame) frames; /* the shared ones first, one for each class */
};

int stream_reader_new(struct stream_reader **out, struct coder *coder, size_t own_frame,
                      uint64_t limit, uint64_t table_limit, struct lgz_error *err)
{
    struct stream_reader *s = calloc(1, sizeof(*s));
    if (!s || !vec_reserve(&s->frames, STREAM_CLASSES)) {
        free(s);
        return error_memory(err);
    }
    s->coder = coder;
    s->own_frame = own_frame;
    s->limit = limit;
    s->table_limit = s->table_left = s->room_left = table_limit;
    for (int class = 0; class < STREAM_CLASSES; class ++)
        s->frames.data[s->frames.len++] = (struct frame){.class = (enum stream_class) class};
    *out = s;
    return LGZ_OK;
}

static void frame_clear(struct frame *f)
{
    pieces_clear(&f->pieces);
    free(f->data);
}

void stream_reader_free(struct stream_reader *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->frames.len; i++)
        frame_clear(&s->frames.data[i]);
    vec_free(&s->frames);
    vec_free(&s->streams);
    free(s);
}

void stream_reader_again(struct stream_reader *s)
{
    s->again = true;
    s->declared = 0;
    s->table_left = s->room_left = s->table_limit;
}

/* The heads that are parsed are the same as before. */
static int add_again(struct stream_reader *s, enum stream_class class, uint64_t len)
{
    const struct placed *p = &s->streams.data[s->declared];
    if (s->declared == s->streams.len || p->len != len || s->frames.data[p->frame].class != class)
        return -1;
    return (int)s->declared++;
}

int stream_reader_add(struct stream_reader *s, enum stream_class class, unsigned width,
                      uint64_t len)
{
    if (s->again)
        return add_again(s, class, len);
    if (len > s->limit - s->total || s->streams.len >= INT32_MAX)
        return -1;
    struct placed p = {(uint32_t) class, s->frames.data[class].len, len, width};
    if (len >= s->own_frame) {
        struct frame own = {.class = class, .first = s->streams.len};
        p.frame = (uint32_t)s->frames.len;
        p.at = 0;
        s->no_memory |= !vec_push(&s->frames, own);
    }
    s->no_memory |= !vec_push(&s->streams, p);
    if (s->no_memory)
        return -1;
    s->frames.data[p.frame].len += len;
    s->total += len;
    return (int)(s->streams.len - 1);
}

bool stream_reader_no_memory(const struct stream_reader *s)
{
    return s->no_memory;
}

void stream_reader_lacks_memory(struct stream_reader *s)
{
    s->no_memory = true;
}

bool stream_reader_take_table(struct stream_reader *s, size_t len)
{
    if (len > s->table_left)
        return false;
    s->table_left -= len;
    return true;
}

bool stream_reader_take_room(struct stream_reader *s, size_t len)
{
    if (len > s->room_left)
        return false;
    s->room_left -= len;
    return true;
}

/* @return room for a frame's bytes, and slack; NULL if there's no memory */
static uint8_t *frame_room(uint64_t len)
{
    uint8_t *room = malloc(len + SLACK);
    if (room)
        memset(room + len, 0, SLACK);
    return room;
}

int frame_decode(enum frame_codec codec, struct coder *coder, const struct coder_layout *layout,
                 struct span stored, uint64_t len, uint8_t **data, struct lgz_error *err)
{
    bool coded = codec == FRAME_CODED;
    if (coded && !coder)
        return error_set(err, LGZ_ERR_CORRUPT, "coded frame where there can't be one");
    if (!(coded ? coder_may_hold(coder, stored, len) : frame_may_hold(stored, len)))
        return error_set(err, LGZ_ERR_CORRUPT, "frame too short for what it should hold");
    uint8_t *to = frame_room(len);
    if (!to)
        return error_memory(err);
    int code = coded ? coder_decode(coder, layout, stored, to, err)
                     : frame_decompress(stored, to, len, err);
    if (code != LGZ_OK)
        free(to);
    else
        *data = to;
    return code;
}

bool frame_locate(struct reader *entries, struct reader *frames, struct span *stored,
                  enum frame_codec *codec)
{
    uint64_t entry = reader_varint(entries);
    *codec = (enum frame_codec)(entry % FRAME_CODECS);
    *stored = reader_bytes(frames, entry / FRAME_CODECS);
    return !entries->failed && !frames->failed;
}

int stream_reader_place(struct stream_reader *s, struct span stored, struct lgz_error *err)
{
    struct reader entries = reader_of(stored.data, stored.len);
    struct reader frames = entries;
    bool ok = true;
    for (size_t i = 0; i < s->frames.len; i++)
        if (s->frames.data[i].len)
            reader_varint(&frames);
    for (size_t i = 0; i < s->frames.len && ok; i++) {
        struct frame *f = &s->frames.data[i];
        if (f->len)
            ok = frame_locate(&entries, &frames, &f->stored, &f->codec);
    }
    if (!ok || reader_left(&frames))
        return error_set(err, LGZ_ERR_CORRUPT, "frame table doesn't fit the frames");
    return LGZ_OK;
}

struct frame_streams {
    VEC(struct coder_stream) list;
};

static enum coder_model model_of(enum stream_class class)
{
    return class == STREAM_TEXT ? CODER_TEXT : CODER_NUMBERS;
}

/* The streams of a frame, as the context coder wants to know them; empty ones are left out. */
static bool frame_streams(const struct stream_reader *s, size_t number, struct frame_streams *out)
{
    const struct frame *f = &s->frames.data[number];
    uint64_t left = f->len;
    for (size_t i = f->first; i < s->streams.len && left; i++) {
        const struct placed *p = &s->streams.data[i];
        struct coder_stream stream = {p->len, p->width};
        if (p->frame != number || p->len == 0)
            continue;
        if (!vec_push(&out->list, stream))
            return false;
        left -= p->len;
    }
    return true;
}

static int decode_frame(struct stream_reader *s, size_t number, struct lgz_error *err)
{
    struct frame *f = &s->frames.data[number];
    struct frame_streams streams = {0};
    int code = LGZ_OK;
    if (f->codec == FRAME_CODED && !frame_streams(s, number, &streams))
        code = error_memory(err);
    const struct coder_layout layout = {model_of(f->class), streams.list.data, streams.list.len};
    if (code == LGZ_OK)
        code = frame_decode(f->codec, s->coder, &layout, f->stored, f->len, &f->data, err);
    vec_free(&streams.list);
    return code;
}

/* Decode a frame, after those that its model goes on from. */
static int decode_in_order(struct stream_reader *s, size_t number, struct lgz_error *err)
{
    const struct frame *f = &s->frames.data[number];
    const bool in_order = f->codec == FRAME_CODED && model_of(f->class) == CODER_TEXT;
    int code = LGZ_OK;
    for (; s->texts_done < number && in_order && code == LGZ_OK; s->texts_done++) {
        const struct frame *g = &s->frames.data[s->texts_done];
        if (g->codec == FRAME_CODED && g->class == f->class && g->len && !g->data)
            code = decode_frame(s, s->texts_done, err);
    }
    return code == LGZ_OK ? decode_frame(s, number, err) : code;
}

static struct span bytes_of(const struct stream_reader *s, const struct placed *p)
{
    static const uint8_t empty[SLACK];
    const struct frame *f = &s->frames.data[p->frame];
    return (struct span){f->data ? f->data + p->at : empty, p->len};
}

int stream_reader_get(struct stream_reader *s, int number, struct span *bytes,
                      struct lgz_error *err)
{
    const struct placed *p = &s->streams.data[number];
    struct frame *f = &s->frames.data[p->frame];
    uint64_t ready;
    int code = LGZ_OK;
    if (!f->data && f->len)
        code = decode_in_order(s, p->frame, err);
    else if (f->pieces.list.len)
        code = pieces_reach(&f->pieces, f->data, 0, f->len, &ready, err);
    *bytes = bytes_of(s, p);
    return code;
}

/* Make room for a frame in pieces, if it is one. */
static int find_pieces(struct frame *f, struct lgz_error *err)
{
    if (f->codec != FRAME_ZSTD || f->stored.len == f->len || !frame_may_hold(f->stored, f->len))
        return LGZ_OK;
    if (!pieces_find(&f->pieces, f->stored, f->len))
        return error_memory(err);
    if (f->pieces.list.len == 0)
        return LGZ_OK;
    f->data = frame_room(f->len);
    if (f->data)
        return LGZ_OK;
    pieces_clear(&f->pieces); /* who gets it whole after all has all of it decoded at once */
    return error_memory(err);
}

int stream_reader_get_part(struct stream_reader *s, int number, uint64_t from, uint64_t until,
                           struct span *bytes, uint64_t *ready, struct lgz_error *err)
{
    const struct placed *p = &s->streams.data[number];
    struct frame *f = &s->frames.data[p->frame];
    int code = LGZ_OK;
    if (!f->data && p->len == f->len)
        code = find_pieces(f, err);
    if (code != LGZ_OK)
        return code;
    if (f->pieces.list.len == 0) {
        *ready = p->len;
        return stream_reader_get(s, number, bytes, err);
    }
    *ready = from;
    *bytes = bytes_of(s, p);
    return pieces_reach(&f->pieces, f->data, from, until, ready, err);
}

size_t stream_reader_count(const struct stream_reader *s)
{
    return s->streams.len;
}

uint64_t stream_reader_stored(const struct stream_reader *s, size_t number)
{
    const struct placed *p = &s->streams.data[number];
    const struct frame *f = &s->frames.data[p->frame];
    return f->len ? share_of(f->stored.len, p->at, p->at + p->len, f->len) : 0;
}
