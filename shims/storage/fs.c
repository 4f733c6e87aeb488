/* fs.c - see fs.h.
 *
 * A file appears whole or not at all: it is written under a temporary name beside its place,
 * synced, renamed, and then the folder is synced, because a name is data of the folder. New folders
 * are synced from the top down for the same reason. The temporary name is a function of the key, so
 * that what a killed process left is overwritten when its log is replayed. It begins with a dot and
 * ends with .tmp: no reader that looks for *.parquet meets it.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fs_storage {
    storage base;
    char *root;
} fs_storage;

static bool is_escaped(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f || byte == '\\';
}

static bool is_dots(const char *segment, size_t length)
{
    return (length == 1 || length == 2) && memcmp(segment, "..", length) == 0;
}

/* Appends a byte or its escape. NULL when it does not fit before `end`, with room for a NUL. */
static char *put_byte(char *at, const char *end, unsigned char byte, bool escape)
{
    static const char digits[] = "0123456789ABCDEF";
    if (end - at < (escape ? 4 : 2))
        return NULL;
    if (!escape) {
        *at++ = (char)byte;
        return at;
    }
    *at++ = '%';
    *at++ = digits[byte >> 4];
    *at++ = digits[byte & 15];
    return at;
}

bool fs_name(const char *key, char *name, size_t capacity)
{
    char *at = name;
    const char *end = name + capacity;
    for (;;) {
        size_t length = strcspn(key, "/");
        bool dots = is_dots(key, length);
        if (length == 0)
            return false;
        for (size_t i = 0; i < length && at != NULL; i++)
            at =
                put_byte(at, end, (unsigned char)key[i], dots || is_escaped((unsigned char)key[i]));
        if (at != NULL && key[length] == '/')
            at = put_byte(at, end, '/', false);
        if (at == NULL)
            return false;
        *at = '\0';
        if (key[length] == '\0')
            return true;
        key += length + 1;
    }
}

/* Failures that no later try mends: the name itself is what the file system will not take. */
static storage_status classify(int failure)
{
    return failure == ENAMETOOLONG || failure == EINVAL || failure == EILSEQ ? STORAGE_REFUSED
                                                                             : STORAGE_RETRY;
}

static storage_status explain(storage_error *error, const char *what, const char *path)
{
    int failure = errno;
    snprintf(error->text, sizeof error->text, "%.300s: %s: %s", path, what, strerror(failure));
    return classify(failure);
}

static int sync_descriptor(int fd)
{
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    return result;
}

/* A file system that cannot sync a folder has nothing to sync there. */
static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    int result = sync_descriptor(fd);
    int failure = errno;
    close(fd);
    errno = failure;
    return result == 0 || failure == EINVAL || failure == ENOTSUP;
}

/* Ends `path` before its last segment; returns the `/` to put back, NULL when there is none. */
static char *cut_last(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return NULL;
    *slash = '\0';
    return slash;
}

/* Syncs the folder that holds `path`. */
static bool sync_parent(char *path)
{
    char *slash = cut_last(path);
    bool synced = sync_folder(slash != NULL ? path : path[0] == '/' ? "/" : ".");
    if (slash != NULL)
        *slash = '/';
    return synced;
}

/* Makes the folder `path` and those above it, each durable before the next. False with errno. */
static bool make_folder(char *path)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        errno = ENOTDIR;
        return S_ISDIR(info.st_mode);
    }
    char *slash = cut_last(path);
    bool made = slash == NULL || make_folder(path);
    if (slash != NULL)
        *slash = '/';
    if (!made || (mkdir(path, 0777) != 0 && errno != EEXIST))
        return false;
    return sync_parent(path);
}

static bool write_all(int fd, const char *data, size_t size)
{
    enum { MOST_WRITTEN = 1 << 30 }; /* some systems refuse more than INT_MAX bytes a call */
    while (size > 0) {
        ssize_t count = write(fd, data, size < MOST_WRITTEN ? size : MOST_WRITTEN);
        if (count < 0 && errno == EINTR)
            continue;
        if (count == 0)
            errno = ENOSPC;
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

/* The contents, on the disk, as a new file. False with errno. */
static bool write_file(const char *path, const void *data, size_t size)
{
    unlink(path); /* left by a process that was killed here */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool written = write_all(fd, data, size) && sync_descriptor(fd) == 0;
    int failure = errno;
    close(fd);
    if (!written)
        unlink(path);
    errno = failure;
    return written;
}

/* `path` is the file's place and `temporary` the name it has until it is complete. */
static storage_status put_file(char *path, const char *temporary, const void *data, size_t size,
                               storage_error *error)
{
    char *slash = cut_last(path);
    bool made = slash == NULL || make_folder(path);
    storage_status status = made ? STORAGE_OK : explain(error, "cannot make this folder", path);
    if (slash != NULL)
        *slash = '/';
    if (status != STORAGE_OK)
        return status;
    if (!write_file(temporary, data, size))
        return explain(error, "cannot write", temporary);
    if (rename(temporary, path) != 0) {
        status = explain(error, "cannot give the finished file its name", path);
        unlink(temporary);
        return status;
    }
    if (!sync_parent(path))
        return explain(error, "cannot sync the folder of this file", path);
    return STORAGE_OK;
}

static storage_status fs_put(storage *base, const char *key, const void *data, size_t size,
                             storage_error *error)
{
    fs_storage *fs = (fs_storage *)base;
    char name[PATH_MAX];
    char path[PATH_MAX];
    char temporary[PATH_MAX];
    if (!fs_name(key, name, sizeof name)) {
        snprintf(error->text, sizeof error->text, "%.300s: not the name of a file", key);
        return STORAGE_REFUSED;
    }
    const char *slash = strrchr(name, '/');
    int folder = slash != NULL ? (int)(slash - name) + 1 : 0;
    int length = snprintf(path, sizeof path, "%s/%s", fs->root, name);
    int longer = snprintf(temporary, sizeof temporary, "%s/%.*s.%s.tmp", fs->root, folder, name,
                          name + folder);
    if (length >= PATH_MAX || longer >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return explain(error, "cannot write", name);
    }
    return put_file(path, temporary, data, size, error);
}

static void fs_close(storage *base)
{
    fs_storage *fs = (fs_storage *)base;
    free(fs->root);
    free(fs);
}

/* A copy without the slashes at its end, which cut_last() would take for an empty name. */
static char *copy_root(const char *root)
{
    size_t length = strlen(root);
    while (length > 1 && root[length - 1] == '/')
        length--;
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, root, length);
        copy[length] = '\0';
    }
    return copy;
}

storage *fs_open(const char *root, storage_error *error)
{
    fs_storage *fs = calloc(1, sizeof *fs);
    char *copy = copy_root(root);
    bool opened = fs != NULL && copy != NULL && copy[0] != '\0';
    if (!opened)
        snprintf(error->text, sizeof error->text, "%s",
                 root[0] == '\0' ? "the name of the folder is empty" : "out of memory");
    else if (!make_folder(copy) || access(copy, W_OK | X_OK) != 0) {
        explain(error, "cannot use this folder", root);
        opened = false;
    }
    if (!opened) {
        free(copy);
        free(fs);
        return NULL;
    }
    *fs = (fs_storage){.base = {.put = fs_put, .close = fs_close}, .root = copy};
    return &fs->base;
}

/* Makes a folder in `path` and removes it again. False with errno. */
static bool try_folder(const char *path)
{
    char probe[PATH_MAX];
    if (snprintf(probe, sizeof probe, "%s/.otlp2parquet-XXXXXX", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    return mkdtemp(probe) != NULL && rmdir(probe) == 0;
}

/* Tries it in the nearest folder above `path` that is there, or in itself. False with errno. */
static bool try_nearest(char *path)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        errno = ENOTDIR;
        return S_ISDIR(info.st_mode) && try_folder(path);
    }
    if (errno != ENOENT)
        return false;
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return try_folder(".");
    if (slash == path)
        return try_folder("/");
    *slash = '\0';
    return try_nearest(path);
}

bool fs_check(const char *root, storage_error *error)
{
    char *copy = copy_root(root);
    bool good = copy != NULL && copy[0] != '\0';
    if (!good)
        snprintf(error->text, sizeof error->text, "%s",
                 root[0] == '\0' ? "the name of the folder is empty" : "out of memory");
    else if (!try_nearest(copy)) {
        explain(error, "cannot use this folder", root);
        good = false;
    }
    free(copy);
    return good;
}
