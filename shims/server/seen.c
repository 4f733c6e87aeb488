/* seen.c - see seen.h. */
#include "server.h"
#include "seen.h"
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { SLOTS_AN_ENTRY = 4, MAGIC_SIZE = 8, ENTRY_SIZE = 24, SUM_SIZE = 8 };

static const char magic[MAGIC_SIZE + 1] = "o2pseen2";

wal_hash128 seen_key(wal_hash128 body, o2p_signal signal, o2p_encoding encoding, uint8_t coding)
{
    const uint8_t kind[] = {(uint8_t)signal, (uint8_t)encoding, coding};
    return (wal_hash128){body.low ^ XXH3_64bits(kind, sizeof kind), body.high};
}

/* ---- the table ------------------------------------------------------------------------------- */

bool seen_init(seen *it, uint64_t window_ns, uint32_t capacity)
{
    *it = (seen){.window_ns = window_ns, .capacity = capacity};
    if (window_ns == 0)
        return true;
    it->ring = calloc(capacity, sizeof *it->ring);
    it->table = calloc((size_t)capacity * SLOTS_AN_ENTRY, sizeof *it->table);
    if (it->ring != NULL && it->table != NULL)
        return true;
    seen_release(it);
    return false;
}

void seen_release(seen *it)
{
    free(it->ring);
    free(it->table);
    *it = (seen){0};
}

static bool is_same(wal_hash128 a, wal_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static uint32_t mask(const seen *it)
{
    return it->capacity * SLOTS_AN_ENTRY - 1;
}

/* The entry of a key; NULL when there is none. Probing ends at a free slot, of which there are
 * always three in four. */
static seen_entry *find(const seen *it, wal_hash128 key)
{
    if (it->window_ns == 0)
        return NULL;
    for (uint32_t slot = (uint32_t)key.low & mask(it); it->table[slot] != 0;
         slot = (slot + 1) & mask(it)) {
        seen_entry *entry = &it->ring[it->table[slot] - 1];
        if (is_same(entry->key, key))
            return entry;
    }
    return NULL;
}

/* Whether a time is within the window around another. One that is later was told by a clock that
 * has been put back since: by a little it counts, or a request would be kept twice for a clock that
 * is adjusted; by more it does not, or one would be dropped until that time has come. */
static bool is_near(uint64_t time_ns, uint64_t window_ns, uint64_t now_ns)
{
    return time_ns > now_ns ? time_ns - now_ns < window_ns : now_ns - time_ns < window_ns;
}

bool seen_has(const seen *it, wal_hash128 key, uint64_t now_ns)
{
    const seen_entry *entry = find(it, key);
    return entry != NULL && entry->time_ns != 0 && is_near(entry->time_ns, it->window_ns, now_ns);
}

/* Frees the slot of a place in the ring, and moves back what was behind it for want of room. */
static void free_slot(seen *it, uint32_t place)
{
    uint32_t slot = (uint32_t)it->ring[place].key.low & mask(it);
    while (it->table[slot] != 0 && it->table[slot] != place + 1)
        slot = (slot + 1) & mask(it);
    if (it->table[slot] == 0)
        return;
    for (uint32_t next = (slot + 1) & mask(it); it->table[next] != 0;
         next = (next + 1) & mask(it)) {
        uint32_t home = (uint32_t)it->ring[it->table[next] - 1].key.low & mask(it);
        if (((next - home) & mask(it)) >= ((next - slot) & mask(it))) {
            it->table[slot] = it->table[next];
            slot = next;
        }
    }
    it->table[slot] = 0;
}

void seen_add(seen *it, wal_hash128 key, uint64_t time_ns)
{
    if (it->window_ns == 0)
        return;
    seen_entry *known = find(it, key);
    if (known != NULL) {
        known->time_ns = time_ns;
        return;
    }
    uint32_t place = (uint32_t)(it->added & (it->capacity - 1));
    if (it->added >= it->capacity)
        free_slot(it, place);
    it->ring[place] = (seen_entry){key, time_ns};
    it->added++;
    uint32_t slot = (uint32_t)key.low & mask(it);
    while (it->table[slot] != 0)
        slot = (slot + 1) & mask(it);
    it->table[slot] = place + 1;
}

void seen_forget(seen *it, wal_hash128 key)
{
    seen_entry *entry = find(it, key);
    if (entry != NULL)
        entry->time_ns = 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void name_of(uint64_t number, char name[WAL_NAME_SIZE + 1])
{
    snprintf(name, WAL_NAME_SIZE + 1, "%016llx.seen", (unsigned long long)number);
}

static bool write_file(const wal_folder *folder, const char *name, int flags, const uint8_t *bytes,
                       size_t size)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return false;
    ssize_t count = folder->io->write(fd, bytes, size);
    if (count >= 0 && count < (ssize_t)size)
        errno = ENOSPC;
    bool written =
        count == (ssize_t)size && ftruncate(fd, (off_t)size) == 0 && folder->io->sync(fd) == 0;
    int failure = errno;
    close(fd);
    errno = failure;
    return written;
}

/* The bytes of a file, to be freed; NULL with errno. */
static uint8_t *bytes_of(const seen_entry *entries, size_t count, size_t *size)
{
    size_t end = MAGIC_SIZE + count * ENTRY_SIZE;
    uint8_t *bytes = malloc(end + SUM_SIZE);
    if (bytes == NULL)
        return NULL;
    memcpy(bytes, magic, MAGIC_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = bytes + MAGIC_SIZE + i * ENTRY_SIZE;
        put64(at, entries[i].key.low);
        put64(at + 8, entries[i].key.high);
        put64(at + 16, entries[i].time_ns);
    }
    put64(bytes + end, wal_hash128_of(bytes, end).low);
    *size = end + SUM_SIZE;
    return bytes;
}

bool seen_save(const wal_folder *folder, uint64_t number, const seen_entry *entries, size_t count)
{
    char name[WAL_NAME_SIZE + 1];
    size_t size = 0;
    uint8_t *bytes = bytes_of(entries, count, &size);
    name_of(number, name);
    if (bytes == NULL)
        return false;
    bool saved = write_file(folder, name, O_CREAT | O_TRUNC, bytes, size);
    int failure = errno;
    if (!saved)
        unlinkat(folder->fd, name, 0);
    free(bytes);
    errno = failure;
    return saved;
}

/* The requests in the bytes of a segment, in `*entries`, to be freed. False without memory. */
static bool read_segment(const uint8_t *bytes, size_t size, seen_entry **entries, size_t *count)
{
    wal_reader reader;
    wal_record record;
    *entries = NULL;
    *count = 0;
    wal_read(&reader, bytes, size);
    while (wal_next(&reader, &record)) {
        seen_entry *more = realloc(*entries, (*count + 1) * sizeof **entries);
        if (more == NULL)
            return false;
        *entries = more;
        wal_hash128 key = seen_key(record.body_hash, record.signal, record.encoding, record.coding);
        more[(*count)++] = (seen_entry){key, record.received_ns};
    }
    return true;
}

/* The same of a segment's first `limit` bytes. False with errno. */
static bool load_segment(const wal_folder *folder, uint64_t number, uint64_t limit,
                         seen_entry **entries, size_t *count)
{
    uint8_t *bytes;
    size_t size;
    *entries = NULL;
    if (!wal_load(folder, number, &bytes, &size))
        return false;
    bool read = read_segment(bytes, size < limit ? size : (size_t)limit, entries, count);
    free(bytes);
    if (!read)
        errno = ENOMEM;
    return read;
}

/* Whether nothing in a file counts any more: it is as old as the file, or older. */
static bool is_past(const struct stat *file, uint64_t window_ns, uint64_t now_ns)
{
    uint64_t written =
        (uint64_t)file->st_mtim.tv_sec * 1000000000 + (uint64_t)file->st_mtim.tv_nsec;
    return !is_near(written, window_ns, now_ns);
}

bool seen_secure(const wal_folder *folder, uint64_t number, uint64_t limit, uint64_t window_ns,
                 uint64_t now_ns)
{
    char name[WAL_NAME_SIZE + 1];
    struct stat info;
    seen_entry *entries;
    size_t count;
    name_of(number, name);
    if (fstatat(folder->fd, name, &info, 0) == 0)
        return wal_sync_names(folder);
    wal_name(number, name);
    if (fstatat(folder->fd, name, &info, 0) != 0)
        return errno == ENOENT;
    if (is_past(&info, window_ns, now_ns))
        return true;
    bool saved = load_segment(folder, number, limit, &entries, &count) &&
                 seen_save(folder, number, entries, count) && wal_sync_names(folder);
    int failure = errno;
    free(entries);
    errno = failure;
    return saved;
}

/* What lies behind `limit` was not kept, and must not be known. */
static bool cut_off(const wal_folder *folder, const char *name, uint64_t limit)
{
    struct stat info;
    int fd = openat(folder->fd, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool cut = fstat(fd, &info) == 0 &&
               ((uint64_t)info.st_size <= limit || ftruncate(fd, (off_t)limit) == 0);
    int failure = errno;
    close(fd);
    errno = failure;
    return cut;
}

bool seen_take_over(const wal_folder *folder, uint64_t number, uint64_t limit, bool shrink)
{
    char segment[WAL_NAME_SIZE];
    char name[WAL_NAME_SIZE + 1];
    seen_entry *entries;
    size_t count;
    size_t size;
    uint8_t *bytes = NULL;
    wal_name(number, segment);
    name_of(number, name);
    bool taken =
        cut_off(folder, segment, limit) && load_segment(folder, number, limit, &entries, &count);
    if (!taken)
        return false;
    taken = (bytes = bytes_of(entries, count, &size)) != NULL &&
            renameat(folder->fd, segment, folder->fd, name) == 0 && wal_sync_names(folder) &&
            (!shrink || write_file(folder, name, 0, bytes, size));
    int failure = errno;
    free(entries);
    free(bytes);
    errno = failure;
    return taken;
}

/* Remembers those requests that count; false when none does. */
static bool add_all(seen *it, const seen_entry *entries, size_t count, uint64_t now_ns)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        if (is_near(entries[i].time_ns, it->window_ns, now_ns)) {
            seen_add(it, entries[i].key, entries[i].time_ns);
            any = true;
        }
    return any;
}

/* The requests in the bytes of a file, in `*entries`, to be freed: of one that was a segment until
 * there was room for no other, too. */
static void read_saved(const uint8_t *bytes, size_t size, seen_entry **entries, size_t *count)
{
    *entries = NULL;
    *count = 0;
    if (size < MAGIC_SIZE + SUM_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0) {
        read_segment(bytes, size, entries, count);
        return;
    }
    if (get64(bytes + size - SUM_SIZE) != wal_hash128_of(bytes, size - SUM_SIZE).low)
        return;
    *entries = calloc((size - MAGIC_SIZE) / ENTRY_SIZE + 1, sizeof **entries);
    for (size_t at = MAGIC_SIZE; *entries != NULL && at + ENTRY_SIZE + SUM_SIZE <= size;
         at += ENTRY_SIZE)
        (*entries)[(*count)++] =
            (seen_entry){{get64(bytes + at), get64(bytes + at + 8)}, get64(bytes + at + 16)};
}

/* Remembers what a file has; false when nothing in it counts, or it is not to be read. */
static bool load_saved(seen *it, const wal_folder *folder, const char *name, uint64_t now_ns)
{
    uint8_t *bytes;
    size_t size;
    seen_entry *entries;
    size_t count;
    if (!wal_load_named(folder, name, &bytes, &size))
        return false;
    read_saved(bytes, size, &entries, &count);
    bool any = add_all(it, entries, count, now_ns);
    free(entries);
    free(bytes);
    return any;
}

/* Remembers what a segment has that was not sealed, and saves it. When that fails it is tried again
 * before the segment is removed. */
static void load_unsealed(seen *it, const wal_folder *folder, uint64_t number, uint64_t now_ns)
{
    seen_entry *entries;
    size_t count;
    if (load_segment(folder, number, UINT64_MAX, &entries, &count)) {
        add_all(it, entries, count, now_ns);
        seen_save(folder, number, entries, count);
    }
    free(entries);
}

void seen_load(seen *it, const wal_folder *folder, uint64_t now_ns)
{
    uint64_t *numbers;
    size_t count;
    char name[WAL_NAME_SIZE + 1];
    if (it->window_ns == 0)
        return;
    if (wal_folder_list_as(folder, ".seen", &numbers, &count)) {
        for (size_t i = 0; i < count; i++) {
            name_of(numbers[i], name);
            if (!load_saved(it, folder, name, now_ns))
                unlinkat(folder->fd, name, 0);
        }
        free(numbers);
    }
    if (!wal_folder_list(folder, &numbers, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        name_of(numbers[i], name);
        if (faccessat(folder->fd, name, F_OK, 0) != 0)
            load_unsealed(it, folder, numbers[i], now_ns);
    }
    free(numbers);
}

void seen_clean(const seen *it, const wal_folder *folder, uint64_t now_ns)
{
    uint64_t *numbers;
    size_t count;
    if (it->window_ns == 0 || !wal_folder_list_as(folder, ".seen", &numbers, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        char name[WAL_NAME_SIZE + 1];
        struct stat info;
        name_of(numbers[i], name);
        if (fstatat(folder->fd, name, &info, 0) == 0 && is_past(&info, it->window_ns, now_ns))
            unlinkat(folder->fd, name, 0);
    }
    free(numbers);
}
