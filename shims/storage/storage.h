/* storage.h - where finished files go: one interface for all kinds of storage.
 *
 * A storage is opened by its address and then only written to. put() blocks until the file is
 * durable, and is called by the background threads of whoever batches: nothing that serves a
 * connection ever waits for it. A key names a file below the storage's root: segments divided by
 * `/`, as the library's path templates give them.
 *
 * Failures are of two kinds, because that is what the caller must decide: try the same again later
 * (a full disk, a service that does not answer), or put the data aside, for it will never be taken
 * (a name that is too long, a key that is none).
 */
#ifndef O2P_STORAGE_H
#define O2P_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum storage_status {
    STORAGE_OK = 0,
    STORAGE_RETRY = 1,  /* not stored; the same call may succeed later */
    STORAGE_REFUSED = 2 /* not stored, and it never will be */
} storage_status;

/* Why a call failed: one line, with the name of what it was about. */
typedef struct storage_error {
    char text[512];
} storage_error;

/* What a kind of storage is made of: the first member of its own struct. */
typedef struct storage {
    /* Stores `size` bytes under `key`, in the place of what was there. On STORAGE_OK they survive
     * a crash of the machine. Any number of threads may call it at once. */
    storage_status (*put)(struct storage *storage, const char *key, const void *data, size_t size,
                          storage_error *error);
    /* Releases the storage. No put() may be running. */
    void (*close)(struct storage *storage);
} storage;

/* Opens the storage at `address`: a folder, as a path or as file:///PATH, which is made if it is
 * not there. NULL with `*error` when that cannot be: an address of another kind, or a folder that
 * cannot be written. To be released by its close(). */
storage *storage_open(const char *address, storage_error *error);

/* Whether storage_open would succeed, and a file could be put. Makes nothing that stays. False with
 * `*error`. */
bool storage_check(const char *address, storage_error *error);

#endif
