/*
 * fuzz_journal.c - the journal reader on any bytes: as they are, and once more with all checksums
 * put right, so that what is behind them is reached too.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive/journal.h"
#include "archive/journal_format.h"
#include "base/file.h"
#include "fuzz.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_record(struct journal_reader *r, const struct journal_record *record)
{
    struct journal_record again;
    uint64_t hash = 0;
    require((record->source_id == 0) == (record->kind == JOURNAL_INPUT));
    require(record->stored_len >= JOURNAL_HEAD_LEN);
    if (record->kind == JOURNAL_DATA) {
        require(record->data.len > 0 && record->data.len <= JOURNAL_DATA_MAX);
        require(record->offset + record->data.len > record->offset);
        hash = hash_bytes(record->data.data, record->data.len);
    } else if (record->kind == JOURNAL_SOURCE) {
        require(record->source.id == record->source_id);
        require(strlen(record->source.name) <= JOURNAL_NAME_MAX);
    }
    if (record->kind == JOURNAL_INPUT) {
        require(strlen(record->input.input) <= JOURNAL_NAME_MAX);
        require(strlen(record->input.rules.multiline_start) <= RULES_TEXT_MAX);
        require(strlen(record->input.rules.format) <= RULES_TEXT_MAX);
    }
    uint64_t position = record->position;
    uint32_t stored_len = record->stored_len;
    enum journal_record_kind kind = record->kind;
    require(journal_read_at(r, position, stored_len, &again, NULL) == LGZ_OK);
    require(again.kind == kind && again.position == position);
    if (kind == JOURNAL_DATA)
        require(hash_bytes(again.data.data, again.data.len) == hash);
}

static void read_all(const uint8_t *data, size_t size)
{
    struct journal_reader *r;
    struct journal_record record;
    struct lgz_error err = {0};
    uint64_t end = JOURNAL_HEADER_LEN;
    int code;
    int fd = memfd_create("journal", MFD_CLOEXEC);
    if (fd < 0 || file_write(fd, data, size, "memfd", NULL) != LGZ_OK)
        abort();
    code = journal_open_fd(&r, fd, "input", &err);
    require((code == LGZ_OK) == (r != NULL));
    require(code == LGZ_OK || err.code == code);
    if (!r)
        return;
    while ((code = journal_next(r, &record, &err)) == 1) {
        require(record.position == end);
        end += record.stored_len;
        check_record(r, &record);
    }
    bool torn;
    if (code == 0) {
        require(journal_reader_end(r, &torn) == end);
        require(torn == (size > end));
    } else {
        require(err.code == code);
    }
    journal_reader_close(r);
}

/* Make each record whole and its checksum right, without changing what is in it. */
static void repair(uint8_t *raw, size_t size)
{
    if (size < JOURNAL_HEADER_LEN)
        return;
    memcpy(raw, JOURNAL_MAGIC, JOURNAL_MAGIC_LEN);
    le_put(raw + 8, JOURNAL_VERSION, 4);
    le_put(raw + 12, 0, 4);
    uint64_t seed = hash_bytes(raw, 32);
    le_put(raw + 32, seed, 8);
    for (size_t at = JOURNAL_HEADER_LEN; size - at >= JOURNAL_HEAD_LEN;) {
        uint64_t len = le_get(raw + at + 8, 4);
        if (len > size - at - JOURNAL_HEAD_LEN)
            len = size - at - JOURNAL_HEAD_LEN;
        le_put(raw + at + 8, len, 4);
        size_t body = JOURNAL_HEAD_LEN - JOURNAL_CHECKSUM_LEN + (size_t)len;
        le_put(raw + at, journal_checksum(seed, at, raw + at + JOURNAL_CHECKSUM_LEN, body), 8);
        at += JOURNAL_HEAD_LEN + (size_t)len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_read_repaired(data, size, read_all, repair);
}
