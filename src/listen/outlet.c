/*
 * outlet.c - one place for the bytes that the sink had no room for, and one for the ends of
 * streams.
 */
#include "listen/outlet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct outlet {
    struct tail_sink sink;
    struct tail *tail;
    struct stream *of; /* the stream of what is kept */
    size_t start;      /* of it in `kept` */
    size_t end;
    VEC(uint64_t) ended; /* ids of sources, which the sink doesn't know yet to have ended */
    uint8_t kept[OUTLET_MAX];
};

int stream_init(struct stream *s, const char *name, const char *input, struct lgz_error *err)
{
    *s = (struct stream){0};
    struct source source = {.name = (char *)(uintptr_t)name, .input = (char *)(uintptr_t)input};
    return source_copy(&s->source, &source, err);
}

void stream_clear(struct stream *s)
{
    source_clear(&s->source);
    *s = (struct stream){0};
}

int outlet_open(struct outlet **out, const struct tail_sink *sink, struct tail *tail,
                struct lgz_error *err)
{
    struct outlet *o = calloc(1, sizeof(*o));
    if (!o)
        return error_memory(err);
    o->sink = *sink;
    o->tail = tail;
    *out = o;
    return LGZ_OK;
}

void outlet_close(struct outlet *o)
{
    if (o)
        vec_free(&o->ended);
    free(o);
}

/* Make the stream known. @return false if the sink had no room */
static bool tell(struct outlet *o, struct stream *s)
{
    if (s->source.id == 0)
        s->source.id = tail_new_id(o->tail);
    if (!s->told)
        s->told = o->sink.source(o->sink.context, &s->source, s->next);
    return s->told;
}

/* @return false if the sink did not take them */
static bool pass_on(struct outlet *o, struct stream *s, size_t len)
{
    if (!o->sink.data(o->sink.context, s->source.id, s->next, len))
        return false;
    s->next += len;
    return true;
}

static void keep(struct outlet *o, struct stream *s, const void *data, size_t len)
{
    memcpy(o->kept, data, len);
    o->of = s;
    o->start = 0;
    o->end = len;
}

/* @return how much went */
static size_t put(struct outlet *o, struct stream *s, const uint8_t *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        size_t room;
        void *at = tell(o, s) ? o->sink.reserve(o->sink.context, &room) : NULL;
        if (!at)
            break;
        if (room > len - done)
            room = len - done;
        memcpy(at, data + done, room);
        if (!pass_on(o, s, room))
            break;
        done += room;
    }
    return done;
}

void outlet_put(struct outlet *o, struct stream *s, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t done = put(o, s, bytes, len);
    if (done < len)
        keep(o, s, bytes + done, len - done);
}

bool outlet_full(const struct outlet *o)
{
    return o->start < o->end || o->ended.len;
}

bool outlet_ready(struct outlet *o)
{
    size_t room;
    if (o->start < o->end)
        o->start += put(o, o->of, o->kept + o->start, o->end - o->start);
    while (o->start == o->end && o->ended.len &&
           o->sink.drop(o->sink.context, o->ended.data[o->ended.len - 1]))
        o->ended.len--;
    return !outlet_full(o) && o->sink.reserve(o->sink.context, &room);
}

void outlet_drop(struct outlet *o, struct stream *s)
{
    /* If memory is out for that, too, the next start finds that the source has ended. */
    if (s->told && !o->sink.drop(o->sink.context, s->source.id))
        vec_push(&o->ended, s->source.id);
    s->told = false;
}

void outlet_say(const struct outlet *o, enum config_log_level level, const char *format, ...)
{
    char message[500];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    o->sink.say(o->sink.context, level, message);
}
