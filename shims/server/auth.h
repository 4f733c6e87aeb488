/* auth.h - who may send: the tokens and passwords of one file, and the header field Authorization
 * (RFC 6750, RFC 7617).
 *
 *   # a comment, like an empty line, says nothing
 *   bearer TOKEN
 *   basic USER:PASSWORD
 *
 * Nothing of the file is kept but a SHA-256 of each credential. What a client presents is hashed
 * too and compared with all of them, each to its last byte: the time tells nothing of how near a
 * guess was.
 */
#ifndef O2P_SERVER_AUTH_H
#define O2P_SERVER_AUTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUTH_DIGEST_SIZE = 32 };

typedef struct auth {
    uint8_t (*digests)[AUTH_DIGEST_SIZE];
    size_t count; /* 0: whoever comes may send */
    bool bearer;  /* which of the two there are */
    bool basic;
} auth;

/* Reads the file, which is to be a regular one: it does not wait for whoever writes to a pipe.
 * False with the reason in `why`, which tells no secret; `it` is empty then. */
bool auth_read(auth *it, const char *path, char *why, size_t why_size);
void auth_release(auth *it);

/* Whether the value of the field Authorization ("" when there is none) is one of them. Any number
 * of threads may ask at once. */
bool auth_permits(const auth *it, const char *authorization);

/* Credentials that may be replaced while threads ask. */
typedef struct auth_gate {
    pthread_rwlock_t lock;
    auth now; /* owned */
} auth_gate;

void auth_gate_open(auth_gate *it, const auth *credentials);
void auth_gate_close(auth_gate *it);

/* From now on these are asked for, in the place of the others. */
void auth_gate_replace(auth_gate *it, const auth *credentials);

/* Whether whoever presents this may send: everyone, when there are no credentials. */
bool auth_gate_permits(auth_gate *it, const char *authorization);

/* Which schemes there are credentials of. */
void auth_gate_schemes(auth_gate *it, bool *has_bearer, bool *has_basic);

#endif
