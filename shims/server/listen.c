/* listen.c - see listen.h. */
#include "server.h"
#include "listen.h"
#include "settings.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Divides HOST:PORT or [HOST]:PORT, which settings.c has seen to be one of these. */
static void divide(const char *address, char host[ADDRESS_SIZE], const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t bracket = address[0] == '[' ? 1 : 0;
    snprintf(host, ADDRESS_SIZE, "%.*s", (int)((size_t)(colon - address) - 2 * bracket),
             address + bracket);
    *port = colon + 1;
}

static int open_one(const struct addrinfo *where, const struct sockaddr *name, socklen_t size)
{
    int on = 1;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
        bind(fd, name, size) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

/* SO_REUSEPORT would let another server of the same user listen beside this one unnoticed, and each
 * would get some of the connections. */
static bool is_free(const struct addrinfo *where)
{
    int on = 1;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool bound = bind(fd, where->ai_addr, where->ai_addrlen) == 0;
    int failure = errno;
    close(fd);
    errno = failure;
    return bound;
}

static void print_name(const struct sockaddr *name, socklen_t size, char bound[ADDRESS_SIZE])
{
    char host[64] = "?";
    char port[16] = "?";
    getnameinfo(name, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(bound, ADDRESS_SIZE, name->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* The first socket takes the port; the others take the one it got. */
static bool open_all(const struct addrinfo *where, int *sockets, size_t count,
                     char bound[ADDRESS_SIZE])
{
    struct sockaddr_storage name;
    socklen_t size = (socklen_t)where->ai_addrlen;
    memcpy(&name, where->ai_addr, where->ai_addrlen);
    for (size_t i = 0; i < count; i++) {
        sockets[i] = open_one(where, (const struct sockaddr *)&name, size);
        if (sockets[i] < 0)
            return false;
        socklen_t room = sizeof name;
        if (i == 0 && getsockname(sockets[0], (struct sockaddr *)&name, &room) != 0)
            return false;
    }
    print_name((const struct sockaddr *)&name, size, bound);
    return true;
}

static void explain(int failure, const char *key, const char *address, char *why, size_t why_size)
{
    if (failure == EADDRINUSE) /* also of a connection in TIME_WAIT, whose end had this port */
        snprintf(why, why_size,
                 "cannot listen on %s: the port is in use, by a program or by a connection that "
                 "has just ended; --%s HOST:PORT chooses another address, and port 0 a free one",
                 address, key);
    else
        snprintf(why, why_size, "cannot listen on %s: %s", address, strerror(failure));
}

/* The address as the system has it, to be freed; NULL with the reason. */
static struct addrinfo *look_up(const char *address, char *why, size_t why_size)
{
    char host[ADDRESS_SIZE];
    const char *port;
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    divide(address, host, &port);
    int failure = getaddrinfo(host, port, &wanted, &found);
    if (failure == 0)
        return found;
    snprintf(why, why_size, "%s: %s", address, gai_strerror(failure));
    return NULL;
}

bool listen_check(const char *key, const char *address, char *why, size_t why_size)
{
    if (!settings_is_given(address))
        return true;
    struct addrinfo *found = look_up(address, why, why_size);
    if (found == NULL)
        return false;
    bool good = is_free(found) || errno == EADDRINUSE;
    if (!good)
        explain(errno, key, address, why, why_size);
    freeaddrinfo(found);
    return good;
}

bool listen_all(const char *key, const char *address, int *sockets, size_t count,
                char bound[ADDRESS_SIZE], char *why, size_t why_size)
{
    bound[0] = '\0';
    for (size_t i = 0; i < count; i++)
        sockets[i] = -1;
    if (!settings_is_given(address))
        return true;
    struct addrinfo *found = look_up(address, why, why_size);
    if (found == NULL)
        return false;
    bool opened = is_free(found) && open_all(found, sockets, count, bound);
    if (!opened)
        explain(errno, key, address, why, why_size);
    freeaddrinfo(found);
    for (size_t i = 0; i < count && !opened; i++) {
        if (sockets[i] >= 0)
            close(sockets[i]);
        sockets[i] = -1;
    }
    return opened;
}
