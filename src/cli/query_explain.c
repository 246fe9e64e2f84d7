/*
 * query_explain.c - the effort of a scan as some lines of text.
 */
#include "cli/query_explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "query/plan.h"

static const char *const fates[BLOCK_FATES] = {
    [BLOCK_DECODED] = "decoded",
    [BLOCK_SEARCHED] = "decoded in part",
    [BLOCK_OTHER_SOURCE] = "left out by source",
    [BLOCK_OTHER_INPUT] = "left out by input",
    [BLOCK_ENOUGH] = "left out, enough was found",
    [BLOCK_OTHER_TIME] = "left out by time",
    [BLOCK_OTHER_TEXT] = "left out by filter",
    [BLOCK_OTHER_TEMPLATE] = "left out by template",
};

static void explain_need(const struct plan *plan)
{
    struct buf text = {0};
    if (plan)
        plan_describe(plan, &text);
    fprintf(stderr, "%-30s %.*s\n", "needed:", text.len ? (int)text.len : 7,
            text.len ? (const char *)text.data : "nothing");
    buf_free(&text);
}

void query_explain(const struct scan *scan)
{
    const struct effort *e = scan_effort(scan);
    uint64_t blocks = 0;
    for (size_t i = 0; i < BLOCK_FATES; i++)
        blocks += e->blocks[i];
    explain_need(scan_plan(scan));
    fprintf(stderr, "%-30s %" PRIu64 " of %" PRIu64 "\n", "segments opened:", e->opened,
            e->segments);
    fprintf(stderr, "%-30s %" PRIu64 "\n", "segments left out by catalog:", e->passed);
    if (scan_catalog_fault(scan))
        fprintf(stderr, "%-30s %s\n", "catalog not used:", scan_catalog_fault(scan)->message);
    fprintf(stderr, "%-30s %" PRIu64 "\n", "filters read:", e->filters);
    fprintf(stderr, "%-30s %" PRIu64 "\n", "blocks in them:", blocks);
    for (size_t i = 0; i < BLOCK_FATES; i++)
        fprintf(stderr, "  %-28s %" PRIu64 "\n", fates[i], e->blocks[i]);
    fprintf(stderr, "  %-28s %" PRIu64 "\n", "decoded for lines behind", e->read_back);
    fprintf(stderr, "%-30s %" PRIu64 " of %" PRIu64 " (%.2f %%)\n",
            "bytes read of segments:", e->read, e->bytes,
            e->bytes ? 100.0 * (double)e->read / (double)e->bytes : 0.0);
    fprintf(stderr, "%-30s %" PRIu64 "\n", "bytes of journals and text:", e->text);
}
