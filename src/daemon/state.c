/*
 * state.c - puts together what the parts know. Sources come in the order of the tally, which knows
 * all that were ever read; those of which nothing was read yet come behind.
 */
#include "daemon/state.h"

#include "base/clock.h"
#include "base/hash.h"
#include "tail/idmap.h"

const char *state_name(enum state_of_source state)
{
    static const char *const names[] = {"parked", "current", "listening", "reading",
                                        "copy",   "failing", "ended"};
    return names[state];
}

double state_ratio(uint64_t raw_bytes, uint64_t stored_bytes)
{
    return stored_bytes ? (double)raw_bytes / (double)stored_bytes : 0;
}

static uint64_t file_size(const struct logfile *f)
{
    uint64_t size = (uint64_t)f->seen.st_size;
    return size > f->position ? size : f->position;
}

static uint64_t durable_position(const struct state_parts *p, uint64_t id)
{
    uint64_t next = 0;
    return ledger_position(p->ledger, id, &next) ? next : 0;
}

static uint64_t file_lag(const struct state_parts *p, const struct logfile *f)
{
    uint64_t size = file_size(f);
    uint64_t position = durable_position(p, f->source.id);
    return size > position ? size - position : 0;
}

/* What was taken from its sockets and isn't durable yet. */
static uint64_t listener_lag(const struct state_parts *p, const struct listen_state *heard)
{
    uint64_t position = durable_position(p, heard->source->id);
    return heard->next > position ? heard->next - position : 0;
}

static enum state_of_source file_state(const struct logfile *f)
{
    return f->parked    ? SOURCE_PARKED
           : f->failing ? SOURCE_FAILING
           : f->copy    ? SOURCE_COPY
           : f->queued  ? SOURCE_READING
                        : SOURCE_CURRENT;
}

static int64_t oldest_unsealed(const struct state_parts *p)
{
    int64_t oldest = sealer_oldest(p->sealer);
    if (!oldest)
        oldest = store_oldest(p->store);
    return oldest ? clock_monotonic() - oldest : 0;
}

void state_take_totals(struct state *out, const struct state_parts *p)
{
    *out = (struct state){
        .stopping = p->stopping,
        .directory = p->config->directory,
        .failure = p->waiting ? p->waiting : p->slow,
        .slow = !p->waiting && p->slow,
        .write_failing = store_failure(p->store) != NULL,
        .free = p->free,
        .min_free = p->config->min_free,
        .started = p->started_real,
        .uptime = clock_monotonic() - p->started,
        .oldest_unsealed = oldest_unsealed(p),
        .journal_bytes = store_journal_bytes(p->store),
        .journal_raw_bytes = store_data_bytes(p->store),
        .journals_to_seal = sealer_pending(p->sealer),
        .inputs = p->config->input_count,
        .files = tail_followed(p->tail),
        .listeners = listen_count(p->listen),
        .refused = tail_refused(p->tail),
        .watches_refused = tail_unwatched(p->tail),
        .totals = *tally_totals(p->tally),
        .sealed = *sealer_totals(p->sealer),
        .syncs = *store_syncs(p->store),
        .census = *p->census,
        .faults = p->faults,
    };
    out->phase = p->stopping          ? "stopping"
                 : out->write_failing ? "failing"
                 : out->failure       ? "waiting"
                                      : "running";
    for (size_t i = 0; i < tail_count(p->tail); i++) {
        const struct logfile *f = tail_file(p->tail, i);
        if (f->done)
            continue;
        uint64_t lag = file_lag(p, f);
        out->failing += f->failing;
        out->behind += lag != 0;
        out->lag += lag;
    }
    for (size_t i = 0; i < listen_count(p->listen); i++) {
        struct listen_state heard = listen_state(p->listen, i);
        uint64_t lag = listener_lag(p, &heard);
        out->behind += lag != 0;
        out->lag += lag;
    }
}

/* The sources while they are gathered. */
struct gathering {
    struct state *state;
    struct idmap places; /* (hash of input, hash of name): index in the list, plus 1 */
};

static uint64_t key(const char *text)
{
    return hash_bytes(text, strlen(text));
}

static struct state_source *add(struct gathering *g, const char *input, const char *name)
{
    struct state_source source = {.input = input, .name = name, .path = name};
    if (!vec_push(&g->state->sources, source))
        return NULL;
    size_t count = g->state->sources.len;
    /* The value is a number in a pointer's clothes. */
    if (!idmap_put(&g->places, key(input), key(name), (void *)(uintptr_t)count))
        return NULL;
    return &g->state->sources.data[count - 1];
}

static struct state_source *find_or_add(struct gathering *g, const struct source *source)
{
    uintptr_t place = (uintptr_t)idmap_get(&g->places, key(source->input), key(source->name));
    return place ? &g->state->sources.data[place - 1] : add(g, source->input, source->name);
}

static bool add_listener(struct gathering *g, const struct state_parts *p, size_t index)
{
    struct listen_state heard = listen_state(p->listen, index);
    struct state_source *s = find_or_add(g, heard.source);
    if (!s)
        return false;
    s->state = SOURCE_LISTENING;
    s->heard = heard;
    s->id = heard.source->id;
    s->position = durable_position(p, heard.source->id);
    s->size = heard.next;
    s->lag = listener_lag(p, &heard);
    return true;
}

static bool add_file(struct gathering *g, const struct state_parts *p, const struct logfile *f)
{
    struct state_source *s = find_or_add(g, &f->source);
    if (!s)
        return false;
    enum state_of_source state = file_state(f);
    if (s->files == 0 || state > s->state)
        s->state = state;
    if (f->source.id >= s->id) {
        s->id = f->source.id;
        s->path = f->path;
        s->position = durable_position(p, f->source.id);
        s->size = file_size(f);
    }
    s->lag += file_lag(p, f);
    s->files++;
    return true;
}

static bool gather(struct gathering *g, const struct state_parts *p)
{
    for (const struct tally_entry *e = tally_first(p->tally); e; e = tally_next(e)) {
        struct state_source *s = add(g, e->input, e->name);
        if (!s)
            return false;
        s->state = e->sources ? SOURCE_CURRENT : SOURCE_ENDED;
        s->counts = e->counts;
    }
    for (size_t i = 0; i < tail_count(p->tail); i++) {
        const struct logfile *f = tail_file(p->tail, i);
        if (!f->done && !add_file(g, p, f))
            return false;
    }
    for (size_t i = 0; i < listen_count(p->listen); i++) {
        if (!add_listener(g, p, i))
            return false;
    }
    return true;
}

bool state_take(struct state *out, const struct state_parts *parts)
{
    struct gathering g = {.state = out};
    state_take_totals(out, parts);
    bool whole = gather(&g, parts);
    idmap_free(&g.places);
    if (!whole)
        state_clear(out);
    return whole;
}

void state_clear(struct state *state)
{
    vec_free(&state->sources);
}
