/*
 * service_inside.h - inside the service only: its state, and what its parts (service.c: the loop;
 * ending.c: the end; streams.c: what isn't files; requests.c: what clients and SIGHUP ask for;
 * reports.c: how it is; start.c: everything before the loop) call of each other.
 */
#ifndef LOGZIP_DAEMON_SERVICE_INSIDE_H
#define LOGZIP_DAEMON_SERVICE_INSIDE_H

#include "daemon/barrier.h"
#include "daemon/census.h"
#include "daemon/control.h"
#include "daemon/faults.h"
#include "daemon/http.h"
#include "daemon/manager.h"
#include "daemon/room.h"
#include "daemon/service.h"
#include "daemon/state.h"
#include "listen/listen.h"
#include "tail/tail.h"

struct service {
    uv_loop_t loop;
    struct config *config;
    struct log *log;
    struct archive_lock *lock;
    struct ledger *ledger;
    struct tally *tally;
    struct store *store;
    struct room *room;
    struct sealer *sealer;
    struct tail *tail;
    struct listen *listen;
    struct barrier *barrier;
    struct manager *manager;
    struct control *control;
    struct http *http; /* NULL: metrics aren't served */
    char *http_at;     /* where they are */
    struct census *census;
    struct faults faults;

    uv_poll_t events;  /* inotify */
    uv_timer_t settle; /* events came; they are read when it ends */
    uv_timer_t rescan;
    uv_poll_t streams; /* sockets and standard input */
    uv_timer_t age;    /* the journal may be old enough to be sealed */
    uv_idle_t turn;    /* active while there is something to read, and room */
    uv_signal_t signals[3];
    bool handles; /* the above are initialized */

    int64_t started; /* clock_monotonic() */
    int64_t started_real;
    int64_t scan_took_ms;
    int64_t scan_cpu; /* nanoseconds of the last one */
    bool scan_soon;
    bool failing; /* the journal couldn't be written, and it isn't known yet that it can */
    bool stopping;
    bool draining; /* stopping without room: only what waits at sockets is read, and sealed */
    bool ended;
    int status;
};

/** Why nothing is read at the moment, whatever there is to read; NULL if nothing is in the way. */
const char *service_waiting(const struct service *s);

/** Scan for files now; go on reading; look whether the journal is due to be sealed. */
void service_scan(struct service *s);
void service_read_on(struct service *s);
void service_check_seal(struct service *s);

/** Read what is there, write it, seal it, end; the second time, end at once. */
void service_stop(struct service *s);

/**
 * End without room to read files, or without a journal that can be written. In the first case the
 * reserve has room for what arrived at sockets, which would be lost, and for the seal. To be called
 * again when something was written.
 */
void service_end_waiting(struct service *s);

/** The end's barrier is through. If it met a shortage of room, service_room_changed() goes on. */
void service_finished(void *context, const char *failure);

/** Take up the sources that aren't files; poll them; read some. @return false: no room */
int service_open_streams(struct service *s, const struct archive_recovery *r,
                         struct lgz_error *err);
int service_init_streams(struct service *s, struct lgz_error *err);
void service_poll_streams(struct service *s);
bool service_read_streams(struct service *s);

/** Is all durable that was taken from where it can't be read again? */
bool service_streams_safe(const struct service *s);

/** Read the configuration again; a bad one changes nothing. */
int service_reload(struct service *s, struct lgz_error *err);

enum report_form { REPORT_TEXT, REPORT_JSON, REPORT_METRICS, REPORT_HTTP };

/** Answer the client with how the daemon is. `rows`: of a text's table at most. */
void service_report(struct service *s, struct server_client *client, enum report_form form,
                    size_t rows);

/** Serve metrics where the configuration wants them; if that fails, all stays as it was. */
int service_serve(struct service *s, const struct config *config, struct lgz_error *err);

/** The status in one line. `context` is the service. */
void service_status_line(void *context, struct buf *out);

/** What a state is taken of. */
void service_state_parts(const struct service *s, struct state_parts *parts);

/** A client's request. */
control_fn service_request;

/** Who is told what the store and the sealer do, what a barrier wants, and what the tail finds. */
struct store_events service_store_events(struct service *s);
struct barrier_events service_barrier_events(struct service *s);
struct tail_sink service_sink(struct service *s);
struct tail_sink service_streams_sink(struct service *s);
void service_sealer_changed(void *context);
void service_room_changed(void *context);

/** Make the loop's handles and begin to listen to inotify and signals. */
int service_init_handles(struct service *s, struct lgz_error *err);

#endif
