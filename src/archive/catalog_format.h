/*
 * catalog_format.h - the bytes of a catalog, for its reader, its writer and its fuzzer.
 *
 * All integers are little-endian; "varint" is that of base/varint.h; H is hash_bytes(). A time is
 * signed, in nanoseconds since the epoch. "Strings" and "sets" below are areas of the file, and
 * places in them are offsets from their beginning.
 *
 * Header, 72 bytes
 *   0   8  magic      "LOGZIPC" and a line feed
 *   8   4  version    1; a reader refuses any other
 *   12  4  flags      0; a reader refuses any other
 *   16  8  entries    how many; 152 bytes each
 *   24  8  sources    how many; 16 bytes each
 *   32  8  sets       how many
 *   40  8  sets' bytes
 *   48  8  strings' bytes
 *   56  8  checksum   H of all that follows the header
 *   64  8  checksum   H of bytes 0 to 63
 *
 * Behind it stand, without gaps, the entries, the sources, the sets and the strings.
 *
 * Entry, 152 bytes
 *   0   4  name       place in the strings; names ascend, as bytes, from entry to entry
 *   4   4  set        number of a set, or 2^32 - 1: whose bytes it holds is not told
 *   8   8  size       of the file
 *   16  8  modified   time of the file's last change
 *   24  8  inode      of the file
 *   32  8  checksum   of the footer, as in the segment's trailer
 *   40  8  raw bytes
 *   48  8  lines
 *   56  8  blocks
 *   64  8  index      bytes of footer, trailer and filters
 *   72  8  filters    bytes of these alone
 *   80  8  first stamp   time; -2^63: there are none
 *   88  8  last stamp
 *   96  8  first read    time; -2^63: it holds no bytes
 *   104 8  last read
 *   112 8  first journal
 *   120 8  last journal
 *   128 8  verified   time; 0: never
 *   136 8  decoded    time; 0: never
 *   144 1  level      as in the segment's index
 *   145 1  clocks     bit 0: each block says what its stamps are; bit 1: there are such without a
 *                     zone; bit 2: such with one
 *   146 1  flags      bit 0: each block has stamps; bit 1: the last byte of each source is a
 * newline 147 5  0
 *
 * Source, 16 bytes; they ascend by id
 *   0   8  id
 *   8   4  name       place in the strings
 *   12  4  input      place in the strings
 *
 * Set
 *   varint runs       how many; each:
 *     varint gap      sources between the end of the run before (or the first source) and this one
 *     varint more     sources in the run but the first
 *
 * A string ends with a NUL byte.
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_FORMAT_H
#define LOGZIP_ARCHIVE_CATALOG_FORMAT_H

#define CATALOG_MAGIC "LOGZIPC\n"

enum {
    CATALOG_MAGIC_LEN = 8,
    CATALOG_VERSION = 1,
    CATALOG_HEADER_LEN = 72,
    CATALOG_ENTRY_LEN = 152,
    CATALOG_SOURCE_LEN = 16,
    CATALOG_STAMPED = 1, /**< flags of an entry */
    CATALOG_WHOLE = 2,
};

#endif
