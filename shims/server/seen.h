/* seen.h - the requests of the last minutes, to know one that is sent again.
 *
 * A client that gets no answer sends its request again, and the first may have been kept: the
 * connection broke, or the server was killed between the sync and the answer. So a request that is
 * the same to the last byte, of the same signal, in the same encoding and coding, is acknowledged
 * and not kept twice. (Two requests that differ have other times in them, so what is the same is
 * the same.)
 *
 * Time is the machine's, which may be put right. A request whose time is further ahead than the
 * window was received by a clock that was wrong, and is not known any more.
 *
 * Requests are told apart by a key: the XXH3 of 128 bits that the log has of a body, with the XXH3
 * of what it is in its low half. Those of a segment are saved beside it when it is sealed, and
 * outlive it:
 *
 *   NUMBER.seen, little-endian
 *
 *   | at     | size | contents                                |
 *   | ------ | ---- | --------------------------------------- |
 *   | 0      |    8 | "o2pseen2"                              |
 *   | 8      |   24 | for each request: its key, 16 bytes, low half first; time of receipt, Unix ns
 * | | at end |    8 | XXH3 (64 bits) of everything before     |
 *
 * A segment is removed when this file is on the disk, and not before. When there is no room for it
 * the segment becomes the file: it is renamed to NUMBER.seen, where its records say the same, and
 * then overwritten with the form above, which takes less of the room that it has. When the disk
 * fails otherwise it stays as it is, under that name. Only when the machine stops while it is
 * overwritten is the knowledge of these requests lost, and nothing else.
 */
#ifndef O2P_SERVER_SEEN_H
#define O2P_SERVER_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wal.h"

/* The key of a request with this body. */
wal_hash128 seen_key(wal_hash128 body, o2p_signal signal, o2p_encoding encoding, uint8_t coding);

typedef struct seen_entry {
    wal_hash128 key;
    uint64_t time_ns; /* 0: forgotten */
} seen_entry;

/* The last `capacity` requests: a ring in the order they came, and a hash table of places in it. */
typedef struct seen {
    uint64_t window_ns; /* 0: nothing is remembered */
    seen_entry *ring;
    uint32_t *table;   /* place + 1; 0: free */
    uint32_t capacity; /* a power of two; the table has four times as many slots */
    uint64_t added;    /* how many there ever were */
} seen;

/* False when there is no memory. */
bool seen_init(seen *it, uint64_t window_ns, uint32_t capacity);
void seen_release(seen *it);

/* Whether a request came within the window before `now_ns`, or as little after it, by a clock that
 * has been put back since. */
bool seen_has(const seen *it, wal_hash128 key, uint64_t now_ns);

/* Remembers a request, in the place of the oldest if there is no more room. */
void seen_add(seen *it, wal_hash128 key, uint64_t time_ns);

/* Forgets it: it was not kept after all. */
void seen_forget(seen *it, wal_hash128 key);

/* Saves those of a segment. False with errno; there is no file then. */
bool seen_save(const wal_folder *folder, uint64_t number, const seen_entry *entries, size_t count);

/* Sees to it that those of a segment are saved and on the disk, before it is removed or set aside:
 * reads them from its first `limit` bytes unless they were saved when it was sealed. True as well
 * when all are older than the window. False with errno. */
bool seen_secure(const wal_folder *folder, uint64_t number, uint64_t limit, uint64_t window_ns,
                 uint64_t now_ns);

/* Makes a segment whose files are stored the file that saves what its first `limit` bytes hold,
 * where no other can be made. It is no segment then. `shrink`: to give back most of its room. False
 * with errno: it is still there, or has the other name and the disk failed, and what it held may
 * not be known after a restart. */
bool seen_take_over(const wal_folder *folder, uint64_t number, uint64_t limit, bool shrink);

/* Remembers what the folder knows: what was saved, and what is in segments that were not sealed,
 * which is saved then. Removes what is older than the window. */
void seen_load(seen *it, const wal_folder *folder, uint64_t now_ns);

/* Removes what was saved and is older than the window. */
void seen_clean(const seen *it, const wal_folder *folder, uint64_t now_ns);

#endif
