/* fs.h - storage in a folder of the file system. */
#ifndef O2P_STORAGE_FS_H
#define O2P_STORAGE_FS_H

#include "storage.h"

/* Opens the folder `root`, making it and those above it if needed. See storage_open. */
storage *fs_open(const char *root, storage_error *error);

/* Whether that would succeed, and something could be written there: tried with a folder that is
 * removed again. See storage_check. */
bool fs_check(const char *root, storage_error *error);

/* Writes the name that `key` has below the root into `name` of `capacity` bytes. A key's segments
 * stay folders; in a segment
 *
 *   . or .. (the whole of it)      becomes  %2E, %2E%2E
 *   a byte below 0x20, 0x7F, or \  becomes  % and two hex digits
 *   anything else                  stays    (a % too: it is the escape of the library's paths)
 *
 * so that no key leaves the root. False when the key is empty, begins or ends with `/`, has an
 * empty segment, or does not fit. */
bool fs_name(const char *key, char *name, size_t capacity);

#endif
