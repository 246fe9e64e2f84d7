/*
 * event.h - what people call the same event, though its lines need several templates.
 *
 * A template is made for size: it says each byte of its lines, so a second blank, a list with one
 * more part or a thread's name make another template. The *event* of a template is its text without
 * what is a parameter by its place:
 *
 * - all between '[' and ']' (a thread, an index, a list),
 * - what follows '=', up to the next blank, ',' or ';', or within parentheses up to ',' or ')',
 * - words with dots in them, and paths (a host, a class, a file),
 * - values with ':', ',', ';' or '|' between them (a list, an address) count as one value,
 * - a run of blanks is one blank; blanks at the end are none,
 * - stamps of all formats are alike.
 *
 * This depends on nothing but the template's text. So it takes no byte of a file, and an event's id
 * is the same in all blocks and segments. A line that is stored as text has an event, too: that
 * of the template which it would have alone.
 */
#ifndef LOGZIP_TEMPLATE_EVENT_H
#define LOGZIP_TEMPLATE_EVENT_H

#include "template/template.h"

/**
 * Append the event of a template: serialized like a template, all slots but the rest as values.
 * Two templates are the same event if their events are the same bytes; memory that is out shows in
 * `out`.
 */
void event_of_template(const struct template *t, struct buf *out);

/** Append the event of a line of text, which has no '\n' in it. @return false: memory is out */
bool event_of_line(const uint8_t *line, size_t len, struct buf *out);

#endif
