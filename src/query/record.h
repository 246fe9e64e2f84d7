/*
 * record.h - the named fields of a line or event.
 *
 * A name is looked for, in this order, among
 *
 *   1. the named groups of the input's `format`,
 *   2. the members of the JSON object that the line is, or that is the message behind its header;
 *      "a.b" is the member "a.b", or "b" in the object "a", "a.0" the first element of the array
 *      "a"; of several with one name the first counts,
 *   3. the pairs name=value in it (pairs.h), the first of that name; not if there is an object that
 *      goes up to its end,
 *   4. what its header says (header.h): level, host, program, pid, message,
 *   5. what is known of the line: source, input, time.
 *
 * The first place that has the name counts. Values keep their bytes; only quotes and escapes are
 * taken away. Fields are found when they are asked for, and once in a line: those that nobody asks
 * for cost nothing.
 *
 *   record_new(&r, &err);
 *   record_want(r, "status", &status, &err);         once for each name
 *   record_start(r, line);                           for each line
 *   if (record_get(r, status, &value, &err) == 1)
 *       ... value.text ...                           valid until the next record_start()
 *
 * A struct record is used by one thread at a time.
 */
#ifndef LOGZIP_QUERY_RECORD_H
#define LOGZIP_QUERY_RECORD_H

#include "query/select.h"

enum {
    RECORD_NAME_MAX = 255, /**< bytes of a name that is wanted */
    RECORD_ALL_MAX = 256,
};

enum field_kind {
    FIELD_TEXT,
    FIELD_NUMBER,  /**< a JSON number; values of other origins are texts, whatever they look like */
    FIELD_LITERAL, /**< true, false or null of JSON */
    FIELD_NESTED,  /**< an object or array of JSON, as it is written */
    FIELD_TIME,    /**< the line's own time */
};

struct field_value {
    struct span text;
    enum field_kind kind;
    int64_t time; /**< of FIELD_TIME, nanoseconds since the epoch */
};

struct record;

int record_new(struct record **out, struct lgz_error *err);

/** NULL is allowed. */
void record_free(struct record *r);

/**
 * This field will be asked for.
 *
 * @param name   copied; wanted twice, it gets the same index
 * @param index  of the field, from 0 on
 * @return LGZ_ERR_ARGUMENT if the name is empty or longer than RECORD_NAME_MAX
 */
int record_want(struct record *r, const char *name, size_t *index, struct lgz_error *err);

/** How many fields are wanted, and their names. */
size_t record_count(const struct record *r);
const char *record_name(const struct record *r, size_t index);

/** Where a field can come from that has this name, beside the text between quotes and brackets. */
enum record_origin {
    RECORD_TEXT,   /**< from nowhere else */
    RECORD_HEADER, /**< host, program, pid, message: from a header, which doesn't have the name */
    RECORD_LEVEL,  /**< level: the same, or its value is made of the number behind a line's "<" */
    RECORD_MADE,   /**< source, input: its value need not be in the text either */
    RECORD_TIME,   /**< time: the same; for it the times of lines have to be set (scan_options) */
};
enum record_origin record_origin(const char *name);

/** The line whose fields are asked for next; it and its text stay valid as long. */
void record_start(struct record *r, const struct query_line *line);

/**
 * A field of the line.
 *
 * @return 1, 0 if the line doesn't have it, or LGZ_ERR_MEMORY
 */
int record_get(struct record *r, size_t index, struct field_value *value, struct lgz_error *err);

/** Gets a field. Anything but LGZ_OK ends the walk. */
typedef int record_field_fn(void *context, struct span name, const struct field_value *value,
                            struct lgz_error *err);

/**
 * All fields of the line that its text says, whether they are wanted or not, each name once: groups
 * of the format, members of the JSON object (not those of objects in it) or pairs, the header's
 * parts. No more than RECORD_ALL_MAX.
 */
int record_all(struct record *r, record_field_fn *field, void *context, struct lgz_error *err);

/**
 * Why a `format` is done without since some line: it took too much work there. LGZ_OK if none is.
 */
const struct lgz_error *record_refused(const struct record *r);

#endif
