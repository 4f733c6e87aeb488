/* faulty_sync.c - a disk that fails when it is told to: preloaded into the server by
 * test_faults.py.
 *
 * Each sync of a file whose name contains $O2P_FAULT_NAME looks at the file $O2P_FAULT_ORDER:
 *
 *   | it holds | what the sync does                                                            |
 *   | -------- | ----------------------------------------------------------------------------- |
 *   | fail     | EIO, and what was written since the last sync is gone: as on Linux, where the |
 *   |          | pages that could not be written are forgotten                                 |
 *   | kill     | the process is killed before anything is on the disk                          |
 *   | killed   | the process is killed when everything is                                      |
 *   | wait     | it takes until the file holds something else                                  |
 *
 * Anything else, or no such file: it syncs. Before it does so, the order is noted by a line in
 * $O2P_FAULT_ORDER.log.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd);
int fsync(int fd);

static void read_order(char order[16])
{
    memset(order, 0, 16);
    const char *path = getenv("O2P_FAULT_ORDER");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (read(fd, order, 15) < 0)
        order[0] = '\0';
    close(fd);
}

static void note(const char *order, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.log", getenv("O2P_FAULT_ORDER"));
    FILE *log = fopen(path, "a");
    if (log == NULL)
        return;
    fprintf(log, "%s %s\n", order, name);
    fclose(log);
}

/* How much of a file is on the disk for certain: of the last one that was synced here, by the one
 * thread that writes the log. */
static struct {
    ino_t file;
    off_t size;
} synced;

static void forget_pages(const char *name, const struct stat *about)
{
    off_t from = synced.file == about->st_ino ? synced.size : 0;
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    for (off_t at = from; fd >= 0 && at < about->st_size; at++)
        if (pwrite(fd, "", 1, at) != 1)
            abort();
    if (fd >= 0)
        close(fd);
}

static int sync_by_order(int fd, const char *call)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
    const char *wanted = getenv("O2P_FAULT_NAME");
    char link[64], name[PATH_MAX] = "", order[16];
    struct stat about;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (wanted == NULL || readlink(link, name, sizeof name - 1) < 0 ||
        strstr(name, wanted) == NULL || fstat(fd, &about) != 0)
        return real(fd);
    for (read_order(order); strcmp(order, "wait") == 0; read_order(order))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    if (order[0] != '\0')
        note(order, name);
    if (strcmp(order, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(order, "fail") == 0) {
        if (S_ISREG(about.st_mode))
            forget_pages(name, &about);
        errno = EIO;
        return -1;
    }
    int result = real(fd);
    if (strcmp(order, "killed") == 0)
        raise(SIGKILL);
    synced.file = about.st_ino;
    synced.size = about.st_size;
    return result;
}

int fdatasync(int fd)
{
    return sync_by_order(fd, "fdatasync");
}

int fsync(int fd)
{
    return sync_by_order(fd, "fsync");
}
