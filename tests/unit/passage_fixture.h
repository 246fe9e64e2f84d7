/*
 * passage_fixture.h - may a string lie in some text with a value in it?
 */
#ifndef LOGZIP_TESTS_PASSAGE_FIXTURE_H
#define LOGZIP_TESTS_PASSAGE_FIXTURE_H

#include "column/text.h"
#include "engine_fixture.h"

static inline struct passage_string string_of(const char *text, bool folded)
{
    struct passage_string s;
    passage_string_init(&s, span_of(text), folded);
    return s;
}

/** May the string lie in `front`, then a value, then `back`? */
static inline bool may_lie(const struct passage_string *s, const char *front,
                           const struct passage *value, const char *back)
{
    bool found = false;
    uint64_t places = passage_over(s, 1, span_of(front), &found);
    places = passage_through(value, places, &found);
    passage_over(s, places, span_of(back), &found);
    return found;
}

/**
 * Each part of a value, alone and with what stands around it, may lie where the value is.
 *
 * @param look  as the column's passage() gets it, without the string
 */
static inline void require_passage(struct text_column *c, struct text_look *look, const char *value,
                                   uint64_t *random)
{
    char line[128];
    const int len = snprintf(line, sizeof(line), "a%sb", value);
    const size_t from = random_below(random, (size_t)len);
    const size_t count = 1 + random_below(random, (size_t)len - from);
    char text[128];
    struct passage found = {0};
    snprintf(text, sizeof(text), "%.*s", (int)count, line + from);
    const struct passage_string string = string_of(text, false);
    look->string = &string;
    look->steps = 1 << 20;
    text_passage(c, look, &found);
    ck_assert_msg(may_lie(&string, "a", &found, "b"), "'%s' of '%s'", text, value);
}

#endif
