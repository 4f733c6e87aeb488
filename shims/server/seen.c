/* seen.c - see seen.h. */
#include "server.h"
#include "seen.h"
#include "bytes.h"

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

bool seen_has(const seen *it, wal_hash128 key, uint64_t now_ns)
{
    const seen_entry *entry = find(it, key);
    return entry != NULL && entry->time_ns != 0 && now_ns < entry->time_ns + it->window_ns;
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

static bool write_file(const wal_folder *folder, const char *name, const uint8_t *bytes,
                       size_t size)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool written = folder->io->write(fd, bytes, size) == (ssize_t)size && folder->io->sync(fd) == 0;
    close(fd);
    return written;
}

void seen_save(const wal_folder *folder, uint64_t number, const seen_entry *entries, size_t count)
{
    char name[WAL_NAME_SIZE + 1];
    size_t size = MAGIC_SIZE + count * ENTRY_SIZE;
    uint8_t *bytes = malloc(size + SUM_SIZE);
    name_of(number, name);
    if (bytes == NULL)
        return;
    memcpy(bytes, magic, MAGIC_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = bytes + MAGIC_SIZE + i * ENTRY_SIZE;
        put64(at, entries[i].key.low);
        put64(at + 8, entries[i].key.high);
        put64(at + 16, entries[i].time_ns);
    }
    put64(bytes + size, wal_hash128_of(bytes, size).low);
    if (!write_file(folder, name, bytes, size + SUM_SIZE))
        unlinkat(folder->fd, name, 0);
    free(bytes);
}

/* Remembers what a file has; returns the latest time in it, 0 when it is not to be read. */
static uint64_t load_saved(seen *it, const wal_folder *folder, const char *name, uint64_t now_ns)
{
    uint8_t *bytes;
    size_t size;
    uint64_t latest = 0;
    if (!wal_load_named(folder, name, &bytes, &size))
        return 0;
    bool whole = size >= MAGIC_SIZE + SUM_SIZE && memcmp(bytes, magic, MAGIC_SIZE) == 0 &&
                 get64(bytes + size - SUM_SIZE) == wal_hash128_of(bytes, size - SUM_SIZE).low;
    for (size_t at = MAGIC_SIZE; whole && at + ENTRY_SIZE + SUM_SIZE <= size; at += ENTRY_SIZE) {
        uint64_t time_ns = get64(bytes + at + 16);
        if (now_ns < time_ns + it->window_ns)
            seen_add(it, (wal_hash128){get64(bytes + at), get64(bytes + at + 8)}, time_ns);
        latest = time_ns > latest ? time_ns : latest;
    }
    free(bytes);
    return latest;
}

/* Remembers what a segment has that was not sealed, and saves it. */
static void load_segment(seen *it, const wal_folder *folder, uint64_t number)
{
    uint8_t *bytes;
    size_t size;
    wal_reader reader;
    wal_record record;
    seen_entry *entries = NULL;
    size_t count = 0;
    if (!wal_load(folder, number, &bytes, &size))
        return;
    wal_read(&reader, bytes, size);
    while (wal_next(&reader, &record)) {
        seen_entry *more = realloc(entries, (count + 1) * sizeof *entries);
        if (more == NULL)
            break;
        entries = more;
        wal_hash128 key = seen_key(record.body_hash, record.signal, record.encoding, record.coding);
        entries[count++] = (seen_entry){key, record.received_ns};
        seen_add(it, key, record.received_ns);
    }
    seen_save(folder, number, entries, count);
    free(entries);
    free(bytes);
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
            if (now_ns >= load_saved(it, folder, name, now_ns) + it->window_ns)
                unlinkat(folder->fd, name, 0);
        }
        free(numbers);
    }
    if (!wal_folder_list(folder, &numbers, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        name_of(numbers[i], name);
        if (faccessat(folder->fd, name, F_OK, 0) != 0)
            load_segment(it, folder, numbers[i]);
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
        /* Nothing in it is later than the file. */
        if (fstatat(folder->fd, name, &info, 0) == 0 &&
            now_ns > (uint64_t)info.st_mtim.tv_sec * 1000000000 + (uint64_t)info.st_mtim.tv_nsec +
                         it->window_ns)
            unlinkat(folder->fd, name, 0);
    }
    free(numbers);
}
