/* listen.h - sockets that listen. */
#ifndef O2P_SERVER_LISTEN_H
#define O2P_SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_SIZE = 128 };

/* Opens `count` sockets that listen on HOST:PORT together: the system divides connections among
 * them. `bound` is given the address with the port that was taken. "off": all are -1, and `bound`
 * is "". False with the reason in `why`, and with no socket open; `key` is the setting that names
 * the address. */
bool listen_all(const char *key, const char *address, int *sockets, size_t count,
                char bound[ADDRESS_SIZE], char *why, size_t why_size);

/* Whether listen_all would succeed, but that another program may listen there now. False with the
 * reason. */
bool listen_check(const char *key, const char *address, char *why, size_t why_size);

#endif
