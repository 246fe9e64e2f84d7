/*
 * progress.c - the progress line.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"

enum { BAR = 24 };

void progress_start(struct progress *p, const char *name, uint64_t total)
{
    *p = (struct progress){
        .name = name, .total = total, .started = clock_monotonic(), .enabled = isatty(2) == 1};
}

static void put_bar(struct buf *line, uint64_t in, uint64_t total)
{
    double part = in < total ? (double)in / (double)total : 1.0;
    buf_push(line, '[');
    for (int i = 0; i < BAR; i++)
        buf_push(line, i < (int)(part * BAR) ? '#' : '.');
    buf_printf(line, "] %3d %%  ", (int)(part * 100));
}

void progress_update(struct progress *p, uint64_t in, uint64_t out)
{
    if (!p->enabled)
        return;
    int64_t now = clock_monotonic();
    if (now - p->started < NS_PER_SECOND || now - p->shown < NS_PER_SECOND / 5)
        return;
    double seconds = (double)(now - p->started) / (double)NS_PER_SECOND;
    struct buf line = {0};
    if (p->total)
        put_bar(&line, in, p->total);
    output_size(&line, in);
    buf_append_string(&line, " -> ");
    output_size(&line, out);
    buf_append_string(&line, "  ");
    output_size(&line, (uint64_t)((double)in / seconds));
    buf_append_string(&line, "/s");
    if (!line.failed)
        fprintf(stderr, "\r\33[K%s  %.*s", p->name, (int)line.len, (const char *)line.data);
    fflush(stderr);
    buf_free(&line);
    p->shown = now;
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\33[K", stderr);
    p->shown = 0;
}
