/* cors.h - which web pages' scripts may send: the origins of the setting cors-origins (the Fetch
 * standard's CORS protocol).
 *
 *   https://shop.example,http://localhost:*,https://eu-*.example.org   these
 *   *                                                                  any page; alone
 *
 * One * in an origin stands for one or more letters, digits, hyphens and points, so for names of a
 * host or for a port, and for nothing that ends either.
 */
#ifndef O2P_SERVER_CORS_H
#define O2P_SERVER_CORS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `origins` is such a list; false with the reason in `why`. */
bool cors_check(const char *origins, char *why, size_t why_size);

/* Whether `origin`, as a browser sends it, is one of them. */
bool cors_allows(const char *origins, const char *origin);

/* Whether any page may send. */
bool cors_is_open(const char *origins);

#endif
