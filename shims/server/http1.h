/* http1.h - HTTP/1.1 on a connection; one that begins as HTTP/2 does goes on as that. */
#ifndef O2P_SERVER_HTTP1_H
#define O2P_SERVER_HTTP1_H

#include "connection.h"

/* Speaks HTTP on a new connection. False when there is no memory. */
bool http1_open(connection *it);

#endif
