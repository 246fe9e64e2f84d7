/*
 * journal_format.h - the bytes of a journal, for its writer, its reader and its fuzzer.
 *
 * All integers are little-endian; "varint" and "zigzag" are those of base/varint.h; H is
 * hash_bytes() (XXH3, 64 bits). A journal is one header and any number of records, without gaps.
 *
 * Header, 40 bytes
 *   0   8  magic      "LOGZIPJ" and a line feed
 *   8   4  version    2; a reader also takes 1, which has no input records, and refuses any other
 *   12  4  flags      0; a reader refuses any other
 *   16  8  sequence   the journal's number, not 0
 *   24  8  created    when it was created: signed nanoseconds since the epoch
 *   32  8  checksum   H of bytes 0 to 31; also the journal's seed
 *
 * Record, 14 bytes and the payload
 *   0   8  checksum   H(bytes 8 to the record's end) xor H(seed, 8 bytes; position, 8 bytes),
 *                     where position is the record's offset in the file. Old blocks of another
 *                     journal, and a record at another place, can't pass for one that belongs here.
 *   8   4  length     of the payload; at most JOURNAL_PAYLOAD_MAX
 *   12  1  kind       1 source, 2 data, 3 drop, 4 input
 *   13  1  flags      data: bit 0 is set if the bytes are a zstd frame; source: bit 1 is set if it
 *                     has a mark, bit 2 if it was seen empty, bit 3 if it's followed no more,
 *                     bit 4 if it's followed and has a time; all others are 0
 *   14     payload
 *
 * Payload of a source record
 *   source            as source_write() writes it
 *   varint next       how far the source was read: the offset of the next byte wanted
 *   varint length     of the mark: 1 to MARK_MAX, at most `next`; only if flag bit 1 is set
 *   8      mark       H of so many bytes of the source, those before `next`; only if it is set
 *   varint time       when the file was seen empty: zigzag, nanoseconds since the epoch, not 0;
 * only if flag bit 2 is set, and `next` is 0
 *   varint time       when the file was written to last, as far as known: zigzag, nanoseconds since
 *                     the epoch, not 0; only if flag bit 3 or bit 4 is set
 *
 * Payload of a data record
 *   varint source     the source's id, not 0; a source record for it comes before
 *   varint offset     of the first byte, in the source
 *   varint time       when the bytes were read: zigzag, nanoseconds since the epoch
 *   varint length     of the raw bytes, 1 to JOURNAL_DATA_MAX; only if flag bit 0 is set
 *   bytes             to the payload's end: the raw bytes, or one zstd frame that decodes to them
 *
 * Payload of a drop record
 *   varint source     the id of a source that won't be read any more
 *
 * Payload of an input record
 *   string name       the input's, as sources have it
 *   rules             as rules_write() writes them: how data that follows of its sources is meant
 *
 * A reader stops at the first record that is cut, too long or fails its checksum. If no whole
 * record follows, that is what a crash left, and was never acknowledged; else it's damage. A record
 * that passes its checksum but breaks another rule is damage, too.
 */
#ifndef LOGZIP_ARCHIVE_JOURNAL_FORMAT_H
#define LOGZIP_ARCHIVE_JOURNAL_FORMAT_H

#include "base/hash.h"
#include "base/varint.h"

#define JOURNAL_MAGIC "LOGZIPJ\n"

enum {
    JOURNAL_MAGIC_LEN = 8,
    JOURNAL_VERSION = 2,
    JOURNAL_VERSION_OLDEST = 1, /**< that can be read */
    JOURNAL_VERSION_INPUTS = 2, /**< the first with input records */
    JOURNAL_HEADER_LEN = 40,
    JOURNAL_HEAD_LEN = 14,      /**< of a record, before its payload */
    JOURNAL_CHECKSUM_LEN = 8,   /**< at the record's start, not part of what it covers */
    JOURNAL_NAME_MAX = 1 << 16, /**< bytes of a source's name, and of its input's name */
    JOURNAL_PAYLOAD_MAX = (16 << 20) + (1 << 18), /**< the largest data or source, and its fields */
    JOURNAL_FLAGS_AT = 13,                        /**< in a record */
    JOURNAL_FLAG_ZSTD = 1,
    JOURNAL_FLAG_MARK = 2,
    JOURNAL_FLAG_EMPTY = 4,
    JOURNAL_FLAG_ENDED = 8,
    JOURNAL_FLAG_WRITTEN = 16,
    JOURNAL_FLAGS_OF_SOURCE =
        JOURNAL_FLAG_MARK | JOURNAL_FLAG_EMPTY | JOURNAL_FLAG_ENDED | JOURNAL_FLAG_WRITTEN,
};

_Static_assert(JOURNAL_PAYLOAD_MAX > 2 * JOURNAL_NAME_MAX + 12 * VARINT_MAX,
               "a source record fits into a payload");

/** The checksum of a record at `position`: `body` is all of it behind the checksum field. */
static inline uint64_t journal_checksum(uint64_t seed, uint64_t position, const uint8_t *body,
                                        size_t len)
{
    uint8_t place[16];
    le_put(place, seed, 8);
    le_put(place + 8, position, 8);
    return hash_bytes(body, len) ^ hash_bytes(place, sizeof(place));
}

#endif
