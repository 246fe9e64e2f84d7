/*
 * catalog_format.h - the bytes of a catalog, for its reader, its writer and its fuzzer.
 *
 * All integers are little-endian; "varint" is that of base/varint.h; H is hash_bytes(). A time is
 * signed, in nanoseconds since the epoch. "Strings" and "sets" below are areas of the file, and
 * places in them are offsets from their beginning.
 *
 * Header, 80 bytes
 *   0   8  magic      "LOGZIPC" and a line feed
 *   8   4  version    2; a reader refuses any other
 *   12  4  flags      0; a reader refuses any other
 *   16  8  entries    how many
 *   24  8  sources    how many; 16 bytes each
 *   32  8  sets       how many
 *   40  8  sets' bytes
 *   48  8  strings' bytes
 *   56  8  checksum   H of keys, sources, sets and strings
 *   64  8  checksum   H of the details
 *   72  8  checksum   H of bytes 0 to 71
 *
 * Behind it stand, without gaps, the stamp, the keys, the sources, the sets, the strings and the
 * details. Entry number N is key number N and details number N.
 *
 * Stamp, 176 bytes, written in place when all else is there; a stamp whose checksum is wrong is
 * none 0   8  device     of the archive's directory 8   8  inode 16  8  modified   the directory's
 * times of change 24  8  changed 32  8  journals   how many there are in the directory; 16 at most
 *   40 128 their numbers, ascending, and 0 for those that there aren't
 *   168 8  checksum   H of bytes 72 to 79 of the header and of bytes 0 to 167
 *
 * Key, 80 bytes; in the order of names_compare()
 *   0   8  first journal as the file's name says; 0: it's an import
 *   8   8  last journal, or the number of the import
 *   16  8  time of the name
 *   24  8  inode      of the file
 *   32  8  checksum   of the footer, as in the segment's trailer
 *   40  8  first stamp   time; -2^63: there are none
 *   48  8  last stamp
 *   56  8  first read    time; -2^63: it holds no bytes
 *   64  8  last read
 *   72  4  set        number of a set, or 2^32 - 1: whose bytes it holds is not told
 *   76  1  part       as the file's name says; 1 of 1: it has no parts
 *   77  1  parts
 *   78  1  clocks     bit 0: each block says what its stamps are; bit 1: there are such without a
 *                     zone; bit 2: such with one
 *   79  1  flags      bit 0: each block has stamps; bit 1: there are no blocks
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
 *
 * Details, 96 bytes
 *   0   8  size       of the file
 *   8   8  modified   time of the file's last change
 *   16  8  raw bytes
 *   24  8  lines
 *   32  8  blocks
 *   40  8  index      bytes of footer, trailer and filters
 *   48  8  filters    bytes of these alone
 *   56  8  first journal, as the footer says
 *   64  8  last journal
 *   72  8  verified   time; 0: never
 *   80  8  decoded    time; 0: never
 *   88  1  level      as in the segment's index
 *   89  7  0
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_FORMAT_H
#define LOGZIP_ARCHIVE_CATALOG_FORMAT_H

#define CATALOG_MAGIC "LOGZIPC\n"

enum {
    CATALOG_MAGIC_LEN = 8,
    CATALOG_VERSION = 2,
    CATALOG_HEADER_LEN = 80,
    CATALOG_STAMP_LEN = 176,
    CATALOG_STAMP_JOURNALS = 16,
    CATALOG_KEYS = CATALOG_HEADER_LEN + CATALOG_STAMP_LEN, /**< where these begin */
    CATALOG_KEY_LEN = 80,
    CATALOG_SOURCE_LEN = 16,
    CATALOG_DETAILS_LEN = 96,
    CATALOG_STAMPED = 1, /**< flags of a key */
    CATALOG_EMPTY = 2,
};

#endif
