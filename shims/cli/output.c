/* output.c - see output.h. */
#include "cli.h"
#include "output.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The temporary file that exists at present, for the signal handler. */
static char *volatile unfinished;

static void remove_unfinished(int signal)
{
    char *path = unfinished;
    if (path != NULL)
        unlink(path);
    raise(signal); /* delivered, with its default action, when this returns */
}

void output_guard(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before;
        struct sigaction action = {0};
        action.sa_handler = remove_unfinished;
        action.sa_flags = (int)SA_RESETHAND;
        sigemptyset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static bool complain_of(const char *what, const char *path)
{
    complain("%s: %s: %s", path, what, strerror(errno));
    return false;
}

/* The part of `path` above its last name; "." when there is none. To be freed. */
static char *parent_of(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *parent = must_allocate(length + 2);
    memcpy(parent, length > 0 ? path : ".", length > 0 ? length : 1);
    parent[length > 0 ? length : 1] = '\0';
    return parent;
}

static int sync_descriptor(int fd)
{
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    return result;
}

/* Makes the names in a folder durable. A folder that may not be opened, or a file system that has
 * no such thing, is no failure: the file itself is complete. */
static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? true : complain_of("cannot open this folder", path);
    int result = sync_descriptor(fd);
    int failure = errno;
    close(fd);
    errno = failure;
    if (result != 0 && failure != EINVAL && failure != ENOTSUP)
        return complain_of("cannot sync this folder", path);
    return true;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* mkdir and a sync of the folder above. False with errno set, or after a message. */
static bool make_folder(const char *path, const char *parent)
{
    if (mkdir(path, 0777) == 0)
        return sync_folder(parent);
    if (errno == EEXIST && is_folder(path))
        return true; /* made by someone else meanwhile */
    if (errno == EEXIST)
        errno = ENOTDIR;
    return complain_of("cannot make this folder", path);
}

bool output_folder(const char *path)
{
    if (is_folder(path))
        return true;
    char *parent = parent_of(path);
    bool made = strcmp(parent, path) == 0 || output_folder(parent);
    made = made && make_folder(path, parent);
    free(parent);
    return made;
}

/* FOLDER/.NAME.PID.tmp: unique among programs that run at the same time. */
static char *temporary_name(const char *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t space = strlen(folder) + strlen(name) + 40;
    char *temporary = must_allocate(space);
    snprintf(temporary, space, "%s/.%s.%ld.tmp", folder, name, (long)getpid());
    return temporary;
}

static int open_new(const char *path)
{
    int fd;
    unlink(path); /* left by a program that had our process number and was killed */
    do {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
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

/* The contents, on the disk. False with errno set. */
static bool write_contents(const char *path, const void *data, size_t size)
{
    int fd = open_new(path);
    if (fd < 0)
        return false;
    bool written = write_all(fd, data, size) && sync_descriptor(fd) == 0;
    int failure = errno;
    if (close(fd) != 0 && written && errno != EINTR)
        return false;
    errno = failure;
    return written;
}

static bool write_and_rename(const char *temporary, const char *path, const void *data, size_t size)
{
    if (!write_contents(temporary, data, size))
        return complain_of("cannot write", path);
    if (rename(temporary, path) != 0)
        return complain_of("cannot give the finished file its name", path);
    return true;
}

bool output_file(const char *path, const void *data, size_t size)
{
    char *folder = parent_of(path);
    char *temporary = temporary_name(folder, path);
    bool written = output_folder(folder);
    if (written) {
        unfinished = temporary;
        written = write_and_rename(temporary, path, data, size);
        if (!written)
            unlink(temporary);
        unfinished = NULL;
        written = written && sync_folder(folder);
    }
    free(temporary);
    free(folder);
    return written;
}
