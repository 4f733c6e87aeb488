/* notify.h - telling systemd how the server is, by the protocol of sd_notify(3): a datagram of
 * NAME=VALUE lines to the Unix socket that $NOTIFY_SOCKET names. Written here in a few lines, so
 * that nothing is linked for it. Without the variable nothing is sent.
 *
 *   | sent                            | when                                          |
 *   | ------------------------------- | --------------------------------------------- |
 *   | READY=1, STATUS=...             | the ports are open; the settings were read    |
 *   | RELOADING=1, MONOTONIC_USEC=... | SIGHUP has come                               |
 *   | STOPPING=1                      | SIGTERM has come                              |
 *   | WATCHDOG=1                      | twice in $WATCHDOG_USEC, while workers answer |
 *   |                                 | and the log is trusted                        |
 */
#ifndef O2P_SERVER_NOTIFY_H
#define O2P_SERVER_NOTIFY_H

#include <stdint.h>

#include "server.h"

/* Sends printf's lines. What cannot be sent is dropped: the server is not worse for it. */
void notify(const char *format, ...) LIKE_PRINTF(1, 2);

/* How often this process is to show that it lives, in nanoseconds; 0: nobody asks. */
uint64_t notify_watchdog_ns(void);

#endif
