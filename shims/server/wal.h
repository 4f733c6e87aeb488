/* wal.h - the write-ahead log: requests on the disk before they are acknowledged.
 *
 * A log is a folder of segments, and a segment holds the requests of exactly one batch, in the
 * order they were appended to it. So reading a segment back makes the same batch, which makes the
 * same files under the same names: whether a crash came before, between or after the files were
 * stored, reading the segment again gives nothing twice.
 *
 *   NUMBER.wal, 16 hex digits, counting up, below 2^63; little-endian throughout
 *
 *   | at | size | header of a segment                                               |
 *   | -- | ---- | ----------------------------------------------------------------- |
 *   |  0 |    8 | "o2pwal2\n"                                                       |
 *   |  8 |    4 | T, length of the options                                          |
 *   | 12 |    4 | 0                                                                 |
 *   | 16 |    8 | salt: a random number                                             |
 *   | 24 |    8 | XXH3 of the 24 bytes before, seeded with the XXH3 of the options  |
 *   | 32 |    T | options: what decides the files (file_options.h)                  |
 *
 * The former version, "o2pwal1\n", is still read: its options are the path template alone, without
 * a NUL, and the codec is the byte at 12, its level the byte at 13. Names of its files do not
 * depend on the salt.
 *
 *   | at | size | record: one request                                               |
 *   | -- | ---- | ----------------------------------------------------------------- |
 *   |  0 |    4 | "REQ1"                                                            |
 *   |  4 |    4 | N, size of the body as it came, maybe compressed                  |
 *   |  8 |    4 | size of the body decompressed                                     |
 *   | 12 |    4 | bytes of this segment that were on the disk when this was written |
 *   | 16 |    8 | time of receipt, Unix nanoseconds                                 |
 *   | 24 |    1 | o2p_signal                                                        |
 *   | 25 |    1 | o2p_encoding                                                      |
 *   | 26 |    1 | coding: how the body is compressed (coding.h)                     |
 *   | 27 |    5 | 0                                                                 |
 *   | 32 |   16 | XXH3 of the body, 128 bits, low half first                        |
 *   | 48 |    8 | XXH3 of the 48 bytes before, seeded with the salt                 |
 *   | 56 |    N | the body                                                          |
 *
 * The options are kept because bytes and names of files depend on them, and a configuration may
 * have changed when a segment is read. The salt keeps whoever sends bodies from forging records
 * inside them, to be found when a damaged segment is searched for the next record; and it makes the
 * names of the batch's files its own (wal_hash_seed), so that equal batches do not overwrite each
 * other. XXH3 is its 64-bit form where nothing else is said. A segment has less than 4 GiB.
 *
 * Damage. Where no record can be read, reading goes on at the next place that holds one. A segment
 * that ends in such bytes, because the machine stopped while it was written, has a torn tail:
 * nothing in it had been acknowledged. But when a record behind the damage says that the damaged
 * place had been synced, acknowledged requests are lost, and the segment is called corrupt. When
 * the header is damaged, its salt is tried all the same: whether it is right shows with the
 * records.
 *
 * What was acknowledged last has no record behind it that could say so. If it is damaged later it
 * looks like a torn tail, but not like what stopping leaves: the first bytes of a record, or zeros
 * where pages were not written. A tail that is neither is called odd, and nothing of it is thrown
 * away.
 *
 * Threads. Everything here belongs to one thread at a time.
 */
#ifndef O2P_SERVER_WAL_H
#define O2P_SERVER_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../include/otlp2parquet.h"
#include "../storage/storage.h"

enum {
    WAL_HEADER_SIZE = 32,
    WAL_RECORD_SIZE = 56,  /* of a record without its body */
    WAL_NAME_SIZE = 16 + 5 /* of a segment's name, NUL included */
};

typedef struct wal_hash128 {
    uint64_t low;
    uint64_t high;
} wal_hash128;

/* A request as a record holds it. */
typedef struct wal_record {
    o2p_signal signal;
    o2p_encoding encoding;
    uint8_t coding;
    uint32_t plain_size; /* of the body decompressed */
    uint64_t received_ns;
    const uint8_t *body;
    size_t size;           /* of the body as it is here; below 2^32 */
    wal_hash128 body_hash; /* wal_hash128_of() the body */
} wal_record;

wal_hash128 wal_hash128_of(const void *bytes, size_t size);

/* The system calls that can fail in interesting ways; the tests have others. */
typedef struct wal_io {
    ssize_t (*write)(int fd, const void *bytes, size_t size);
    int (*sync)(int fd);
} wal_io;

extern const wal_io wal_system_io;

/* ---- the folder ------------------------------------------------------------------------------ */

typedef struct wal_folder {
    int fd;           /* of the folder */
    int lock;         /* of the file `lock` in it */
    uint64_t next;    /* number of the next segment */
    uint64_t strange; /* how many files were there whose numbers no log reaches */
    const wal_io *io;
    bool
        untrusted; /* a sync failed: what the disk holds is unknown, and no segment is made again */
} wal_folder;

/* Opens the folder `path`, which is made if it is not there (not those above it), and locks it
 * against other processes. False with errno: EWOULDBLOCK when another process has it. */
bool wal_folder_open(wal_folder *folder, const char *path, const wal_io *io);
void wal_folder_close(wal_folder *folder);

/* Whether it could be opened but for such a lock; makes nothing that stays. False with the reason
 * in `error`. */
bool wal_folder_check(const char *path, storage_error *error);

/* The numbers of the segments in the folder, in order, in `*numbers`, to be freed. False with
 * errno. */
bool wal_folder_list(const wal_folder *folder, uint64_t **numbers, size_t *count);

/* The same of other files by numbers, with this suffix instead of .wal. */
bool wal_folder_list_as(const wal_folder *folder, const char *suffix, uint64_t **numbers,
                        size_t *count);

void wal_name(uint64_t number, char name[WAL_NAME_SIZE]);

/* The bytes of a segment in `*bytes`, to be freed. False with errno. */
bool wal_load(const wal_folder *folder, uint64_t number, uint8_t **bytes, size_t *size);

/* The same of any file in the folder. */
bool wal_load_named(const wal_folder *folder, const char *name, uint8_t **bytes, size_t *size);

/* Removes a segment whose files are stored. False with errno. */
bool wal_remove(const wal_folder *folder, uint64_t number);

/* Makes the names of files durable that were made or renamed. False with errno. */
bool wal_sync_names(const wal_folder *folder);

/* Why a segment is set aside, and the suffix of its name then. */
#define WAL_ASIDE(X)                                                                               \
    X(WAL_ASIDE_REFUSED, "refused")       /* the storage will never take one of its files */       \
    X(WAL_ASIDE_CORRUPT, "corrupt")       /* acknowledged requests are missing in it */            \
    X(WAL_ASIDE_TORN, "torn")             /* its tail is odd: they may be missing */               \
    X(WAL_ASIDE_UNREADABLE, "unreadable") /* a whole record is no request to the library */

typedef enum wal_aside {
#define X(symbol, suffix) symbol,
    WAL_ASIDE(X)
#undef X
} wal_aside;

/* Sets a segment aside under NUMBER.SUFFIX: it is kept, and not read again by the server, but by
 * `otlp2parquet replay`. False with errno. */
bool wal_set_aside(const wal_folder *folder, uint64_t number, wal_aside why);

/* The suffix; NULL behind the last one. */
const char *wal_suffix(size_t why);

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct wal_segment {
    uint64_t number;
    int fd; /* -1: none is open */
    uint64_t salt;
    uint64_t size;
    uint64_t synced; /* what is on the disk for certain: what is acknowledged lies below it */
} wal_segment;

/* A random number for the next segment. False with errno. */
bool wal_salt(uint64_t *salt);

/* What o2p_options.hash_seed is for the batch of a segment. */
uint64_t wal_hash_seed(uint64_t salt);

/* Makes the next segment, on the disk with its name and header. Numbers are skipped that files have
 * which were put into the folder meanwhile. False with errno; the next call takes another number.
 * EIO always, once a sync has failed. */
bool wal_segment_create(wal_folder *folder, wal_segment *segment, uint64_t salt,
                        const void *options, size_t options_size);

/* Writes a record. False with errno: the segment is to be given up. */
bool wal_segment_append(wal_folder *folder, wal_segment *segment, const wal_record *record);

/* Whether a record with a body of `size` bytes still fits. */
bool wal_segment_fits(const wal_segment *segment, size_t size);

/* Brings to the disk what was written. False with errno: the log is not trusted again, because the
 * system forgets pages that it could not write, and a second sync would succeed without them. */
bool wal_segment_sync(wal_folder *folder, wal_segment *segment);

/* Closes the file. `keep` false: after a failure; what had not been synced is cut off, if that can
 * be. */
void wal_segment_close(wal_folder *folder, wal_segment *segment, bool keep);

/* ---- reading --------------------------------------------------------------------------------- */

typedef enum wal_condition {
    WAL_WHOLE,
    WAL_TORN,   /* its end was being written; nothing acknowledged is missing */
    WAL_CORRUPT /* acknowledged requests are missing, or the header is damaged */
} wal_condition;

typedef struct wal_reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    size_t first_bad; /* where damage begins; `size` when there is none */
    uint64_t skipped; /* bytes that are no record */
    bool odd;         /* some of these are not what is left when writing stops */
    bool beginning;   /* a record that has no end was met: all behind it is its body */
    uint64_t salt;
    unsigned version;    /* of the segment, 1 or 2; 0 when the header is damaged */
    const char *options; /* NULL when the header is damaged */
    size_t options_size;
    uint8_t codec; /* version 1: an o2p_codec, and its level */
    uint8_t codec_level;
    wal_condition condition; /* final when wal_next has returned false */
} wal_reader;

/* Begins to read the bytes of a segment, which must stay until the reading is over. */
void wal_read(wal_reader *reader, const uint8_t *bytes, size_t size);

/* The next record that can be read; false at the end. Its body points into the bytes. */
bool wal_next(wal_reader *reader, wal_record *record);

#endif
