/*
 * regex.c - compiling and running with PCRE2, by its JIT where there is one.
 */
#include "base/regex.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of the matcher: a constant for short texts, and so many more for each byte of a long one.
 */
#define STEPS_BASE     UINT64_C(10000000)
#define STEPS_PER_BYTE 32
#define JIT_STACK_MIN  ((size_t)64 << 10)
#define JIT_STACK_MAX  ((size_t)8 << 20)

struct regex {
    pcre2_code *code;
};

/* What pcre2_dfa_match() works in; more is taken when it says that it needs more. */
enum { WORKSPACE_MIN = 1 << 10, WORKSPACE_MAX = 1 << 22 };

struct regex_room {
    int *workspace; /* NULL until it's needed */
    size_t workspace_len;
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
};

/* Put the text for PCRE2's error `number` into `reason`. */
static const char *reason_of(int number, PCRE2_UCHAR *reason, size_t size)
{
    pcre2_get_error_message(number, reason, size);
    return (const char *)reason;
}

static uint32_t options_of(unsigned flags)
{
    uint32_t options = flags & REGEX_LITERAL ? PCRE2_LITERAL : PCRE2_NEVER_UTF;
    if (flags & REGEX_FOLD)
        options |= PCRE2_CASELESS;
    if (flags & REGEX_MULTILINE)
        options |= PCRE2_MULTILINE;
    return options;
}

int regex_compile(struct regex **out, const void *text, size_t len, unsigned flags,
                  struct lgz_error *err)
{
    int number;
    PCRE2_SIZE where;
    PCRE2_UCHAR reason[128];
    *out = NULL;
    struct regex *r = calloc(1, sizeof(*r));
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    int code = r && context ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK) {
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        r->code = pcre2_compile(text, len, options_of(flags), &number, &where, context);
        if (!r->code)
            code = error_set(err, LGZ_ERR_ARGUMENT, "at character %zu: %s", (size_t)where + 1,
                             reason_of(number, reason, sizeof(reason)));
    }
    pcre2_compile_context_free(context);
    if (code != LGZ_OK) {
        free(r);
        return code;
    }
    /* Where there is no JIT for this machine the interpreter does the work. */
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    *out = r;
    return LGZ_OK;
}

void regex_free(struct regex *r)
{
    if (!r)
        return;
    pcre2_code_free(r->code);
    free(r);
}

size_t regex_group_count(const struct regex *r)
{
    uint32_t count = 0;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}

size_t regex_name_count(const struct regex *r)
{
    uint32_t count = 0;
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
    return count;
}

const char *regex_name(const struct regex *r, size_t index, size_t *group)
{
    uint32_t size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
    /* An entry is the group's number, two bytes, and the name with its NUL. */
    PCRE2_SPTR entry = table + index * size;
    *group = (size_t)entry[0] << 8 | entry[1];
    return (const char *)entry + 2;
}

int regex_room_new(struct regex_room **out, size_t groups, struct lgz_error *err)
{
    *out = NULL;
    struct regex_room *room = calloc(1, sizeof(*room));
    if (!room)
        return error_memory(err);
    room->context = pcre2_match_context_create(NULL);
    room->data = pcre2_match_data_create((uint32_t)groups + 1, NULL);
    room->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (!room->context || !room->data || !room->stack) {
        regex_room_free(room);
        return error_memory(err);
    }
    pcre2_jit_stack_assign(room->context, NULL, room->stack);
    *out = room;
    return LGZ_OK;
}

void regex_room_free(struct regex_room *room)
{
    if (!room)
        return;
    pcre2_match_data_free(room->data);
    pcre2_match_context_free(room->context);
    pcre2_jit_stack_free(room->stack);
    free(room->workspace);
    free(room);
}

static const uint8_t *data_of(struct span text)
{
    static const uint8_t nothing[1] = {0};
    return text.len ? text.data : nothing;
}

static void limit_steps(struct regex_room *room, size_t len)
{
    uint64_t steps = STEPS_BASE + STEPS_PER_BYTE * (uint64_t)len;
    pcre2_set_match_limit(room->context, steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps);
}

/* What PCRE2 said of a text as regex_run() says it. */
static int result_of(int rc, size_t len, struct lgz_error *err)
{
    PCRE2_UCHAR reason[128];
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc >= 0)
        return 1;
    int kind = rc == PCRE2_ERROR_NOMEMORY ? LGZ_ERR_MEMORY : LGZ_ERR_LIMIT;
    return error_set(err, kind, "the pattern takes too much work on a line of %zu bytes: %s", len,
                     reason_of(rc, reason, sizeof(reason)));
}

int regex_run(struct regex_room *room, const struct regex *r, struct span text, size_t from,
              struct lgz_error *err)
{
    const uint8_t *data = data_of(text);
    limit_steps(room, text.len);
    int rc = pcre2_match(r->code, data, text.len, from, 0, room->data, room->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, data, text.len, from, PCRE2_NO_JIT, room->data, room->context);
    return result_of(rc, text.len, err);
}

static bool grow_workspace(struct regex_room *room)
{
    size_t len = room->workspace ? room->workspace_len * 4 : WORKSPACE_MIN;
    int *grown = len > WORKSPACE_MAX ? NULL : realloc(room->workspace, len * sizeof(*grown));
    if (!grown)
        return false;
    room->workspace = grown;
    room->workspace_len = len;
    return true;
}

int regex_run_longest(struct regex_room *room, const struct regex *r, struct span text, size_t from,
                      struct lgz_error *err)
{
    int rc = PCRE2_ERROR_DFA_WSSIZE;
    limit_steps(room, text.len);
    if (!room->workspace && !grow_workspace(room))
        return error_memory(err);
    do {
        rc = pcre2_dfa_match(r->code, data_of(text), text.len, from, 0, room->data, room->context,
                             room->workspace, room->workspace_len);
    } while (rc == PCRE2_ERROR_DFA_WSSIZE && grow_workspace(room));
    if (rc == PCRE2_ERROR_DFA_UITEM || rc == PCRE2_ERROR_DFA_UCOND)
        return regex_run(room, r, text, from, err);
    return result_of(rc, text.len, err);
}

bool regex_match(const struct regex_room *room, size_t group, size_t *start, size_t *end)
{
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(room->data);
    if (group >= pcre2_get_ovector_count(room->data) || offsets[2 * group] == PCRE2_UNSET)
        return false;
    /* \K in a look-ahead can put the start behind the end. */
    *end = offsets[2 * group + 1];
    *start = offsets[2 * group] < *end ? offsets[2 * group] : *end;
    return true;
}
