/*
 * rotate_report.c - the lines and the summary of logzipctl rotate.
 */
#include "cli/rotate_report.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/command.h"

static void tell_problem(struct rotate_report *r, const char *text)
{
    const struct span last = buf_span(&r->problem), now = {(const uint8_t *)text, strlen(text)};
    r->failed = true;
    if (span_equal(last, now))
        return;
    say("%s", text);
    buf_clear(&r->problem);
    buf_append(&r->problem, text, now.len);
}

void rotate_report_note(void *report, enum upkeep_note note, const char *text)
{
    struct rotate_report *r = report;
    if (note == UPKEEP_PROBLEM)
        tell_problem(r, text);
    else
        buf_printf(&r->lines, "%s\n", text);
    r->happened = true;
}

void rotate_report_failure(struct rotate_report *r, const struct lgz_error *err)
{
    rotate_report_note(r, UPKEEP_PROBLEM, err->message);
}

void rotate_report_phrase(struct rotate_report *r, bool happened, const char *format, ...)
{
    char phrase[300];
    va_list args;
    va_start(args, format);
    vsnprintf(phrase, sizeof(phrase), format, args);
    va_end(args);
    buf_append_string(&r->summary, r->summary.len ? "; " : "");
    buf_append_string(&r->summary, phrase);
    r->happened |= happened;
}

void rotate_report_size(struct rotate_report *r, const char *before, uint64_t bytes)
{
    buf_append_string(&r->summary, before);
    output_size(&r->summary, bytes);
}

int rotate_report_print(struct rotate_report *r, bool always)
{
    bool printed = true;
    if (r->happened || always) {
        buf_push(&r->summary, '\n');
        printed = output_buffer(&r->lines);
        printed &= output_buffer(&r->summary);
    }
    buf_free(&r->lines);
    buf_free(&r->summary);
    buf_free(&r->problem);
    return printed && !r->failed ? 0 : 1;
}
