/* wal.c - see wal.h for what it promises and for the bytes. */
#include "server.h"
#include "wal.h"
#include "bytes.h"
#include "../storage/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* The digit is the version. */
static const char segment_magic[8] = "o2pwal2\n";
enum { VERSION_AT = 6, VERSION = 2 };
static const char record_magic[4] = "REQ1";

static ssize_t system_write(int fd, const void *bytes, size_t size)
{
    return write(fd, bytes, size);
}

static int system_sync(int fd)
{
    return fdatasync(fd);
}

const wal_io wal_system_io = {.write = system_write, .sync = system_sync};

wal_hash128 wal_hash128_of(const void *bytes, size_t size)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    return (wal_hash128){hash.low64, hash.high64};
}

/* ---- the folder ------------------------------------------------------------------------------ */

void wal_name(uint64_t number, char name[WAL_NAME_SIZE])
{
    snprintf(name, WAL_NAME_SIZE, "%016llx.wal", (unsigned long long)number);
}

/* The number that a name begins with. False when what follows is not `suffix`; NULL: any. */
static bool parse_name(const char *name, const char *suffix, uint64_t *number)
{
    if (strspn(name, "0123456789abcdef") != 16 || name[16] != '.' ||
        (suffix != NULL && strcmp(name + 16, suffix) != 0))
        return false;
    *number = strtoull(name, NULL, 16);
    return true;
}

static bool lock_folder(wal_folder *folder)
{
    folder->lock = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return folder->lock >= 0 && flock(folder->lock, LOCK_EX | LOCK_NB) == 0;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left;
    uint64_t right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

/* Adds the numbers of the files that `stream` lists. False with errno. */
static bool collect(DIR *stream, const char *suffix, uint64_t **numbers, size_t *count)
{
    struct dirent *entry;
    uint64_t number;
    while ((errno = 0, entry = readdir(stream)) != NULL) {
        if (!parse_name(entry->d_name, suffix, &number))
            continue;
        uint64_t *more = realloc(*numbers, (*count + 1) * sizeof **numbers);
        if (more == NULL)
            return false;
        *numbers = more;
        more[(*count)++] = number;
    }
    return errno == 0;
}

bool wal_folder_list_as(const wal_folder *folder, const char *suffix, uint64_t **numbers,
                        size_t *count)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    *numbers = NULL;
    *count = 0;
    bool listed = stream != NULL && collect(stream, suffix, numbers, count);
    int failure = errno;
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    if (!listed) {
        free(*numbers);
        *numbers = NULL;
    } else if (*count > 0)
        qsort(*numbers, *count, sizeof **numbers, compare_numbers);
    errno = failure;
    return listed;
}

bool wal_folder_list(const wal_folder *folder, uint64_t **numbers, size_t *count)
{
    return wal_folder_list_as(folder, ".wal", numbers, count);
}

/* The number after the greatest of any file, so that no name is taken again. A number that counting
 * cannot have come to was given by someone else: after it there would soon be none left. */
static bool find_next(wal_folder *folder)
{
    const uint64_t beyond = UINT64_C(1) << 63;
    uint64_t *numbers;
    size_t count;
    if (!wal_folder_list_as(folder, NULL, &numbers, &count))
        return false;
    size_t used = count;
    while (used > 0 && numbers[used - 1] >= beyond - 1)
        used--;
    uint64_t after = used > 0 ? numbers[used - 1] + 1 : 1;
    folder->strange = count - used;
    folder->next = after > folder->next ? after : folder->next;
    free(numbers);
    return true;
}

/* Makes the folder's own name durable, which may just have been made. */
static bool sync_parent(const wal_folder *folder)
{
    int fd = openat(folder->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES; /* then the folder is older than this process */
    bool synced = folder->io->sync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    int failure = errno;
    close(fd);
    errno = failure;
    return synced;
}

bool wal_folder_open(wal_folder *folder, const char *path, const wal_io *io)
{
    *folder = (wal_folder){.fd = -1, .lock = -1, .io = io};
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return false;
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd >= 0 && lock_folder(folder) && find_next(folder) && sync_parent(folder))
        return true;
    int failure = errno;
    wal_folder_close(folder);
    errno = failure;
    return false;
}

void wal_folder_close(wal_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    if (folder->fd >= 0)
        close(folder->fd);
    folder->lock = folder->fd = -1;
}

/* The folder above `path`, in `parent`. */
static void name_parent(const char *path, char *parent, size_t room)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    snprintf(parent, room, "%.*s", (int)length, length > 0 ? path : "");
    if (length == 0)
        snprintf(parent, room, ".");
}

bool wal_folder_check(const char *path, storage_error *error)
{
    struct stat info;
    char parent[PATH_MAX];
    name_parent(path, parent, sizeof parent);
    if (stat(path, &info) != 0 && stat(parent, &info) != 0) {
        snprintf(error->text, sizeof error->text, "%.300s: the folder above it is not there", path);
        return false;
    }
    return fs_check(path, error);
}

/* Reads until `size` bytes are there or the file ends. */
static bool read_all(int fd, uint8_t *bytes, size_t *size)
{
    size_t done = 0;
    while (done < *size) {
        ssize_t count = read(fd, bytes + done, *size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        if (count == 0)
            break;
        done += (size_t)count;
    }
    *size = done;
    return true;
}

bool wal_load(const wal_folder *folder, uint64_t number, uint8_t **bytes, size_t *size)
{
    char name[WAL_NAME_SIZE];
    wal_name(number, name);
    return wal_load_named(folder, name, bytes, size);
}

bool wal_load_named(const wal_folder *folder, const char *name, uint8_t **bytes, size_t *size)
{
    struct stat info;
    *bytes = NULL;
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool loaded = fstat(fd, &info) == 0;
    if (loaded) {
        *size = (size_t)info.st_size;
        *bytes = malloc(*size + 1);
        loaded = *bytes != NULL && read_all(fd, *bytes, size);
    }
    int failure = errno;
    close(fd);
    if (!loaded) {
        free(*bytes);
        *bytes = NULL;
    }
    errno = failure;
    return loaded;
}

bool wal_remove(const wal_folder *folder, uint64_t number)
{
    char name[WAL_NAME_SIZE];
    wal_name(number, name);
    return unlinkat(folder->fd, name, 0) == 0;
}

/* By a descriptor of its own: an error is told once to each, and a new segment must not miss it. */
bool wal_sync_names(const wal_folder *folder)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool synced = folder->io->sync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    int failure = errno;
    close(fd);
    errno = failure;
    return synced;
}

const char *wal_suffix(size_t why)
{
    static const char *const suffixes[] = {
#define X(symbol, suffix) suffix,
        WAL_ASIDE(X)
#undef X
    };
    return why < sizeof suffixes / sizeof *suffixes ? suffixes[why] : NULL;
}

bool wal_set_aside(const wal_folder *folder, uint64_t number, wal_aside why)
{
    char name[WAL_NAME_SIZE];
    char aside[64];
    wal_name(number, name);
    snprintf(aside, sizeof aside, "%.16s.%s", name, wal_suffix(why));
    return renameat(folder->fd, name, folder->fd, aside) == 0 && fsync(folder->fd) == 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_all(const wal_io *io, int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = io->write(fd, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0)
            errno = ENOSPC;
        if (count <= 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

/* A sync that fails once is never tried again: it could succeed without having written. */
static bool sync_once(wal_folder *folder, int fd)
{
    int result;
    do {
        result = folder->io->sync(fd);
    } while (result != 0 && errno == EINTR);
    folder->untrusted = folder->untrusted || result != 0;
    return result == 0;
}

/* Makes the name of a new segment durable. A file system that cannot sync a folder has nothing to
 * sync there. */
static bool sync_name(wal_folder *folder)
{
    int result = folder->io->sync(folder->fd);
    bool synced = result == 0 || errno == EINVAL || errno == ENOTSUP;
    folder->untrusted = folder->untrusted || !synced;
    return synced;
}

static uint64_t header_hash(const uint8_t *header, const void *options, size_t size)
{
    return XXH3_64bits_withSeed(header, WAL_HEADER_SIZE - 8, XXH3_64bits(options, size));
}

static bool write_header(wal_folder *folder, wal_segment *segment, const void *options,
                         size_t options_size)
{
    uint8_t header[WAL_HEADER_SIZE] = {0};
    memcpy(header, segment_magic, sizeof segment_magic);
    put32(header + 8, options_size);
    put64(header + 16, segment->salt);
    put64(header + 24, header_hash(header, options, options_size));
    segment->size = sizeof header + options_size;
    return write_all(folder->io, segment->fd, header, sizeof header) &&
           write_all(folder->io, segment->fd, options, options_size) &&
           wal_segment_sync(folder, segment) && sync_name(folder);
}

bool wal_salt(uint64_t *salt)
{
    return getrandom(salt, sizeof *salt, 0) == sizeof *salt;
}

uint64_t wal_hash_seed(uint64_t salt)
{
    uint8_t bytes[8];
    put64(bytes, salt);
    return XXH3_64bits(bytes, sizeof bytes);
}

/* Makes the file of the next segment, whose name it gives. -1 with errno. */
static int open_next(wal_folder *folder, char name[WAL_NAME_SIZE])
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    wal_name(folder->next, name);
    int fd = openat(folder->fd, name, flags, 0666);
    if (fd < 0 && errno == EEXIST && find_next(folder)) {
        wal_name(folder->next, name);
        fd = openat(folder->fd, name, flags, 0666);
    }
    return fd;
}

bool wal_segment_create(wal_folder *folder, wal_segment *segment, uint64_t salt,
                        const void *options, size_t options_size)
{
    char name[WAL_NAME_SIZE];
    *segment = (wal_segment){.fd = -1, .salt = salt};
    if (folder->untrusted) {
        errno = EIO;
        return false;
    }
    segment->fd = open_next(folder, name);
    if (segment->fd < 0)
        return false;
    segment->number = folder->next++;
    if (write_header(folder, segment, options, options_size))
        return true;
    int failure = errno;
    close(segment->fd);
    segment->fd = -1;
    unlinkat(folder->fd, name, 0);
    errno = failure;
    return false;
}

static uint64_t record_hash(const uint8_t *header, uint64_t salt)
{
    return XXH3_64bits_withSeed(header, WAL_RECORD_SIZE - 8, salt);
}

bool wal_segment_append(wal_folder *folder, wal_segment *segment, const wal_record *record)
{
    uint8_t header[WAL_RECORD_SIZE] = {0};
    memcpy(header, record_magic, sizeof record_magic);
    put32(header + 4, record->size);
    put32(header + 8, record->plain_size);
    put32(header + 12, segment->synced);
    put64(header + 16, record->received_ns);
    header[24] = (uint8_t)record->signal;
    header[25] = (uint8_t)record->encoding;
    header[26] = record->coding;
    put64(header + 32, record->body_hash.low);
    put64(header + 40, record->body_hash.high);
    put64(header + 48, record_hash(header, segment->salt));
    if (!write_all(folder->io, segment->fd, header, sizeof header) ||
        !write_all(folder->io, segment->fd, record->body, record->size))
        return false;
    segment->size += sizeof header + record->size;
    return true;
}

bool wal_segment_fits(const wal_segment *segment, size_t size)
{
    return segment->size + WAL_RECORD_SIZE + size <= UINT32_MAX;
}

bool wal_segment_sync(wal_folder *folder, wal_segment *segment)
{
    if (!sync_once(folder, segment->fd))
        return false;
    segment->synced = segment->size;
    return true;
}

void wal_segment_close(wal_folder *folder, wal_segment *segment, bool keep)
{
    if (!keep && ftruncate(segment->fd, (off_t)segment->synced) == 0 && !folder->untrusted)
        sync_once(folder, segment->fd);
    close(segment->fd);
    segment->fd = -1;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void damaged(wal_reader *reader, size_t at)
{
    if (at < reader->first_bad)
        reader->first_bad = at;
    if (reader->condition == WAL_WHOLE)
        reader->condition = WAL_TORN;
}

/* The next place behind `at` that begins like a record; the end when there is none. */
static size_t next_magic(const wal_reader *reader, size_t at)
{
    while (++at < reader->size) {
        const uint8_t *found = memchr(reader->bytes + at, record_magic[0], reader->size - at);
        if (found == NULL)
            break;
        at = (size_t)(found - reader->bytes);
        if (reader->size - at >= sizeof record_magic &&
            memcmp(found, record_magic, sizeof record_magic) == 0)
            return at;
    }
    return reader->size;
}

/* The header cannot be trusted. Records are looked for with its salt, which may be whole. */
static void read_without_header(wal_reader *reader)
{
    damaged(reader, 0);
    /* It was on the disk before the first record was written. */
    if (next_magic(reader, 0) < reader->size)
        reader->condition = WAL_CORRUPT;
    if (reader->size >= WAL_HEADER_SIZE)
        reader->salt = get64(reader->bytes + 16);
}

/* The version that a header says; 0 when it is none. */
static unsigned version_of(const uint8_t *header)
{
    uint8_t magic[sizeof segment_magic];
    memcpy(magic, header, sizeof magic);
    unsigned version = (unsigned)(magic[VERSION_AT] - '0');
    magic[VERSION_AT] = (uint8_t)segment_magic[VERSION_AT];
    bool known = version >= 1 && version <= VERSION;
    return known && memcmp(magic, segment_magic, sizeof magic) == 0 ? version : 0;
}

void wal_read(wal_reader *reader, const uint8_t *bytes, size_t size)
{
    *reader = (wal_reader){.bytes = bytes, .size = size, .first_bad = size};
    unsigned version = size >= WAL_HEADER_SIZE ? version_of(bytes) : 0;
    size_t length = version > 0 ? get32(bytes + 8) : 0;
    if (version == 0 || length > size - WAL_HEADER_SIZE ||
        get64(bytes + 24) != header_hash(bytes, bytes + WAL_HEADER_SIZE, length)) {
        read_without_header(reader);
        return;
    }
    reader->version = version;
    reader->options = (const char *)bytes + WAL_HEADER_SIZE;
    reader->options_size = length;
    reader->codec = bytes[12];
    reader->codec_level = bytes[13];
    reader->salt = get64(bytes + 16);
    reader->at = WAL_HEADER_SIZE + length;
}

/* The record at `at`, if there is a whole one, and what had been synced when it was written. */
static bool record_at(const wal_reader *reader, size_t at, wal_record *record, uint32_t *synced)
{
    const uint8_t *header = reader->bytes + at;
    if (reader->size - at < WAL_RECORD_SIZE ||
        memcmp(header, record_magic, sizeof record_magic) != 0 ||
        get64(header + 48) != record_hash(header, reader->salt))
        return false;
    size_t size = get32(header + 4);
    if (size > reader->size - at - WAL_RECORD_SIZE)
        return false;
    wal_hash128 body_hash = wal_hash128_of(header + WAL_RECORD_SIZE, size);
    if (body_hash.low != get64(header + 32) || body_hash.high != get64(header + 40))
        return false;
    *record = (wal_record){.signal = (o2p_signal)header[24],
                           .encoding = (o2p_encoding)header[25],
                           .coding = header[26],
                           .plain_size = get32(header + 8),
                           .received_ns = get64(header + 16),
                           .body = header + WAL_RECORD_SIZE,
                           .size = size,
                           .body_hash = body_hash};
    *synced = get32(header + 12);
    return true;
}

static bool are_zeros(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Whether bytes begin as a text does, which may be longer. */
static bool begin_as(const uint8_t *bytes, size_t size, const char *text, size_t text_size)
{
    return memcmp(bytes, text, size < text_size ? size : text_size) == 0;
}

/* Whether the last bytes of a segment, from `at`, are the beginning of what was to be written. */
static bool is_beginning(const wal_reader *reader, size_t at)
{
    const uint8_t *bytes = reader->bytes + at;
    size_t size = reader->size - at;
    if (at == 0) /* the segment's header, and the options behind it */
        return begin_as(bytes, size, segment_magic, sizeof segment_magic) &&
               (size < WAL_HEADER_SIZE || get32(bytes + 8) > size - WAL_HEADER_SIZE);
    if (!begin_as(bytes, size, record_magic, sizeof record_magic))
        return false;
    return size < WAL_RECORD_SIZE || (get64(bytes + 48) == record_hash(bytes, reader->salt) &&
                                      get32(bytes + 4) > size - WAL_RECORD_SIZE);
}

/* Skips what is no record. */
static void skip(wal_reader *reader)
{
    size_t next = next_magic(reader, reader->at);
    damaged(reader, reader->at);
    reader->beginning = reader->beginning || is_beginning(reader, reader->at);
    if (!reader->beginning && !are_zeros(reader->bytes + reader->at, next - reader->at))
        reader->odd = true;
    reader->skipped += next - reader->at;
    reader->at = next;
}

bool wal_next(wal_reader *reader, wal_record *record)
{
    while (reader->at < reader->size) {
        uint32_t synced;
        if (record_at(reader, reader->at, record, &synced)) {
            if (synced > reader->first_bad)
                reader->condition = WAL_CORRUPT;
            reader->odd = reader->odd || reader->beginning;
            reader->at += WAL_RECORD_SIZE + record->size;
            return true;
        }
        skip(reader);
    }
    return false;
}
