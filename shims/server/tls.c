/* tls.c - see tls.h.
 *
 * Sessions are not resumed: whoever comes is looked at anew, clients of this server keep their
 * connections, and no key of tickets has to be guarded or changed.
 */
#include "server.h"
#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { RECORD = 16 * 1024, MOST_CHAIN = 64 * 1024 };

/* RFC 7301, 3.1: names with their lengths before them, the preferred one first. */
static const char http_protocols[] = "\x02h2\x08http/1.1";
static const char grpc_protocols[] = "\x02h2";

bool tls_is_wanted(const settings *config)
{
    return settings_is_given(config->tls_cert) || settings_is_given(config->tls_key) ||
           settings_is_given(config->tls_client_ca);
}

/* ---- contexts -------------------------------------------------------------------------------- */

static int choose_protocol(SSL *it, const unsigned char **out, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *argument)
{
    const char *ours = argument;
    unsigned char *chosen = NULL;
    (void)it;
    if (SSL_select_next_proto(&chosen, size, (const unsigned char *)ours, (unsigned)strlen(ours),
                              offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool cannot_read(const char *key, const char *path, char *why, size_t why_size)
{
    unsigned long first = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(first) ? strerror(ERR_GET_REASON(first))
                                                 : ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why, why_size, "%s: %.100s: %s", key, path, reason != NULL ? reason : "unreadable");
    return false;
}

static bool load_own(SSL_CTX *it, const settings *config, char *why, size_t why_size)
{
    /* Otherwise OpenSSL would ask the terminal. */
    SSL_CTX_set_default_passwd_cb_userdata(it, (void *)"");
    if (SSL_CTX_use_certificate_chain_file(it, config->tls_cert) != 1)
        return cannot_read("tls-cert", config->tls_cert, why, why_size);
    /* This compares it with the certificate too. */
    if (SSL_CTX_use_PrivateKey_file(it, config->tls_key, SSL_FILETYPE_PEM) != 1)
        return cannot_read("tls-key", config->tls_key, why, why_size);
    return true;
}

static bool load_client_ca(SSL_CTX *it, const settings *config, char *why, size_t why_size)
{
    const char *path = config->tls_client_ca;
    if (!settings_is_given(path))
        return true;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL || SSL_CTX_load_verify_locations(it, path, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return cannot_read("tls-client-ca", path, why, why_size);
    }
    SSL_CTX_set_client_CA_list(it, names); /* which it owns from here on */
    SSL_CTX_set_verify(it, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

static bool set_rules(SSL_CTX *it, bool grpc)
{
    SSL_CTX_set_options(it, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* Without AUTO_RETRY a call ends after a record that is no data, so that a client which sends
     * nothing else has its turn like others. */
    SSL_CTX_clear_mode(it, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(it, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                             SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(it, MOST_CHAIN);
    SSL_CTX_set_alpn_select_cb(it, choose_protocol,
                               (void *)(grpc ? grpc_protocols : http_protocols));
    /* Of TLS 1.2 only what HTTP/2 allows (RFC 9113, 9.2.2); all of 1.3 is such. */
    return SSL_CTX_set_num_tickets(it, 0) == 1 &&
           SSL_CTX_set_min_proto_version(it, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(it, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

tls_context *tls_open(const settings *config, bool grpc, char *why, size_t why_size)
{
    if (!settings_is_given(config->tls_cert) || !settings_is_given(config->tls_key)) {
        snprintf(why, why_size, "tls-cert and tls-key are needed for TLS, both");
        return NULL;
    }
    ERR_clear_error();
    SSL_CTX *it = SSL_CTX_new(TLS_server_method());
    snprintf(why, why_size, "OpenSSL cannot be set up");
    if (it != NULL && set_rules(it, grpc) && load_own(it, config, why, why_size) &&
        load_client_ca(it, config, why, why_size))
        return it;
    SSL_CTX_free(it);
    return NULL;
}

void tls_close(tls_context *it)
{
    SSL_CTX_free(it);
}

/* ---- ports ----------------------------------------------------------------------------------- */

void tls_port_open(tls_port *it, tls_context *context)
{
    pthread_mutex_init(&it->lock, NULL);
    it->context = context;
}

void tls_port_close(tls_port *it)
{
    SSL_CTX_free(it->context);
    pthread_mutex_destroy(&it->lock);
    it->context = NULL;
}

void tls_port_replace(tls_port *it, tls_context *context)
{
    pthread_mutex_lock(&it->lock);
    SSL_CTX *former = it->context;
    it->context = context;
    pthread_mutex_unlock(&it->lock);
    SSL_CTX_free(former); /* streams made from it hold it */
}

/* ---- streams --------------------------------------------------------------------------------- */

tls_stream *tls_accept(tls_port *from, int fd)
{
    pthread_mutex_lock(&from->lock);
    SSL *it = SSL_new(from->context);
    pthread_mutex_unlock(&from->lock);
    if (it != NULL && SSL_set_fd(it, fd) == 1) {
        SSL_set_accept_state(it);
        return it;
    }
    SSL_free(it);
    return NULL;
}

void tls_free(tls_stream *it)
{
    SSL_free(it);
}

tls_progress tls_handshake(tls_stream *it)
{
    ERR_clear_error();
    int status = SSL_do_handshake(it);
    switch (SSL_get_error(it, status)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WAITS_TO_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WAITS_TO_WRITE;
    default:
        return TLS_FAILED;
    }
}

const char *tls_failure(const tls_stream *it)
{
    long verified = SSL_get_verify_result(it);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (verified != X509_V_OK)
        reason = X509_verify_cert_error_string(verified);
    return reason != NULL ? reason : "the client closed the connection";
}

/* OpenSSL knows the methods of HTTP/1.1, and not HTTP/2's preface (RFC 9113, 3.4), with which gRPC
 * begins: of that it has taken the five bytes that a record's header has. */
bool tls_met_http(const tls_stream *it)
{
    static const char preface[] = " HTTP/2.0";
    char next[sizeof preface - 1];
    unsigned long error = ERR_peek_error();
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return false;
    if (ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
        return true;
    return recv(SSL_get_fd(it), next, sizeof next, MSG_PEEK | MSG_DONTWAIT) ==
               (ssize_t)sizeof next &&
           memcmp(next, preface, sizeof next) == 0;
}

bool tls_is_h2(const tls_stream *it)
{
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(it, &name, &size);
    return size == 2 && memcmp(name, "h2", 2) == 0;
}

/* What a call without success means, as `errno`. */
static int error_of(const SSL *it, int status)
{
    int error = SSL_get_error(it, status);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
}

/* A record a call: until the room is full or no whole record is there. */
ssize_t tls_receive(tls_stream *it, void *to, size_t room)
{
    size_t received = 0;
    size_t size;
    int status = 1;
    while (received < room && status == 1) {
        ERR_clear_error();
        status = SSL_read_ex(it, (char *)to + received, room - received, &size);
        if (status == 1)
            received += size;
    }
    if (received > 0)
        return (ssize_t)received;
    if (SSL_get_error(it, status) == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = error_of(it, status);
    return -1;
}

bool tls_wants_to_write(const tls_stream *it)
{
    return SSL_want_write(it);
}

/* Also after an end or a failure that came behind data: the next call tells of it. */
bool tls_has_more(const tls_stream *it)
{
    return SSL_want_nothing(it);
}

/* A record at most. Its bytes stay where they are, or behind others of the same, until it has been
 * written: what OpenSSL asks of a call that is repeated. */
int tls_send(tls_stream *it, struct evbuffer *out)
{
    size_t size = evbuffer_get_length(out);
    size_t sent;
    size = size < RECORD ? size : RECORD;
    const unsigned char *bytes = evbuffer_pullup(out, (ev_ssize_t)size);
    if (bytes == NULL) {
        errno = ENOMEM;
        return -1;
    }
    ERR_clear_error();
    int status = SSL_write_ex(it, bytes, size, &sent);
    if (status == 1) {
        evbuffer_drain(out, sent);
        return (int)sent;
    }
    errno = SSL_want_write(it) ? EAGAIN : EIO; /* it never waits to read, without renegotiation */
    return -1;
}

void tls_end(tls_stream *it)
{
    ERR_clear_error();
    if (SSL_is_init_finished(it))
        SSL_shutdown(it);
}
