/* secrets.h - what the server reads of its operator's files, besides the settings: certificates and
 * their keys, authorities, credentials; and who may send by it. Read at the start, by `--check`,
 * and again at SIGHUP.
 */
#ifndef O2P_SERVER_SECRETS_H
#define O2P_SERVER_SECRETS_H

#include "auth.h"
#include "settings.h"
#include "tls.h"
#include "worker.h"

typedef struct secrets {
    tls_context *tls[LISTENERS]; /* NULL: without */
    auth auth;
} secrets;

/* Reads them. False with the reason in `why`, which names the setting; nothing is held then. */
bool secrets_read(secrets *it, const settings *config, char *why, size_t why_size);
void secrets_release(secrets *it);

#endif
