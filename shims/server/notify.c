/* notify.c - see notify.h. */
#include "server.h"
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or a name that begins with @ and is not in the file system. Returns the address's size; 0
 * when it is neither or too long. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t length = strlen(name);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof address->sun_path)
        return 0;
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void notify(const char *format, ...)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t size = name != NULL ? address_of(name, &address) : 0;
    int fd = size > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    char text[512];
    va_list arguments;
    if (fd < 0)
        return;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < sizeof text)
        sendto(fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
               size);
    close(fd);
}

static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

uint64_t notify_watchdog_ns(void)
{
    enum { NS_PER_US = 1000 };
    uint64_t pid = number_in("WATCHDOG_PID");
    if (pid != 0 && pid != (uint64_t)getpid())
        return 0; /* it is meant for the process that started this one */
    uint64_t us = number_in("WATCHDOG_USEC");
    return us <= UINT64_MAX / NS_PER_US ? us * NS_PER_US : 0;
}
