/*
 * search_truth.h - what a search of a block must find: the lines of its raw bytes that meet the
 * need, told by looking at each of them.
 */
#ifndef LOGZIP_TESTS_SEARCH_TRUTH_H
#define LOGZIP_TESTS_SEARCH_TRUTH_H

#include "segment/block.h"
#include "segment/block_search.h"

/** The number of lines that meet the need; `wrong` is set if the hits aren't these. */
static inline uint64_t search_truth(struct span raw, const struct need *need,
                                    const struct block_hits *hits, bool texts, bool *wrong)
{
    uint64_t found = 0;
    uint64_t line = 0;
    for (size_t at = 0; at < raw.len; line++) {
        const uint8_t *newline = memchr(raw.data + at, '\n', raw.len - at);
        const size_t len = newline ? (size_t)(newline - raw.data) - at : raw.len - at;
        const struct span text = {raw.data + at, len};
        at += len + 1;
        if (!need_met(need, text))
            continue;
        if (found < hits->list.len) {
            const struct block_hit *hit = &hits->list.data[found];
            *wrong |= hit->line != line || (texts && !span_equal(hit->text, text));
        }
        found++;
    }
    return found;
}

/** Search a block in each way. @return is all as it must be? */
static inline bool search_is_true(struct span raw, struct span body,
                                  const struct block_summary *summary, const struct need *need)
{
    bool wrong = false;
    for (int i = 0; i < 4 && !wrong; i++) {
        const struct block_search search = {
            .need = need, .texts = i == 0, .total = i == 2, .never = i == 3};
        struct block_hits hits = {0};
        struct lgz_error reason = {0};
        int code = block_search(body, &search, summary->template_counts.data,
                                summary->template_counts.len, &hits, &reason);
        /* Where something is decoded, and it isn't a number, each line is told. */
        const bool told = i < 2 || hits.list.len;
        wrong |= i == 3 && !hits.declined && hits.total;
        uint64_t found = search_truth(raw, need, &hits, i == 0, &wrong);
        wrong |= code != LGZ_OK;
        if (!hits.declined)
            wrong |= hits.total != found || (told && hits.list.len != found);
        else
            wrong = code != LGZ_OK;
        block_hits_clear(&hits);
    }
    return !wrong;
}

#endif
