/* secrets.c - see secrets.h. */
#include "server.h"
#include "secrets.h"
#include "cors.h"

static bool read_auth(secrets *it, const settings *config, char *why, size_t why_size)
{
    return !settings_is_given(config->auth_file) ||
           auth_read(&it->auth, config->auth_file, why, why_size);
}

static bool read_tls(secrets *it, const settings *config, char *why, size_t why_size)
{
    for (size_t i = 0; i < LISTEN_HEALTH && tls_is_wanted(config); i++) {
        it->tls[i] = tls_open(config, i == LISTEN_GRPC, why, why_size);
        if (it->tls[i] == NULL)
            return false;
    }
    return true;
}

bool secrets_read(secrets *it, const settings *config, char *why, size_t why_size)
{
    *it = (secrets){.auth = {.count = 0}};
    bool read = read_auth(it, config, why, why_size) && read_tls(it, config, why, why_size) &&
                (!settings_is_given(config->cors_origins) ||
                 cors_check(config->cors_origins, why, why_size));
    if (!read)
        secrets_release(it);
    return read;
}

void secrets_release(secrets *it)
{
    for (size_t i = 0; i < LISTENERS; i++)
        tls_close(it->tls[i]);
    auth_release(&it->auth);
    *it = (secrets){.auth = {.count = 0}};
}
