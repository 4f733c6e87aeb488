/* h2.h - HTTP/2 on a connection, for gRPC and for OTLP/HTTP. */
#ifndef O2P_SERVER_H2_H
#define O2P_SERVER_H2_H

#include "connection.h"

/* What a client of HTTP/2 sends first (RFC 9113, 3.4), and how much of it looks like the head of a
 * request of HTTP/1.1. */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
enum { H2_PREFACE_HEAD = 18 };

/* Speaks HTTP/2 on a connection that has no `state` yet. `grpc_only`: what is not gRPC is answered
 * with 415. False when there is no memory. */
bool h2_open(connection *it, bool grpc_only);

#endif
