/* auth.c - see auth.h.
 *
 * What is hashed is the field as a client sends it, its scheme in lower case: of users with
 * passwords the base64, so that nothing a stranger sends is ever decoded.
 */
#include "server.h"
#include "auth.h"
#include "head.h"
#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A field that was cut is longer than any credential. */
enum { FIELD = sizeof((head *)0)->authorization, MOST_CREDENTIAL = FIELD - 2 };

static const char bearer[] = "bearer ";
static const char basic[] = "basic ";

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The scheme in lower case, one space, the rest. */
static void normalize(const char *authorization, char out[FIELD])
{
    size_t scheme = strcspn(authorization, " ");
    const char *rest = authorization + scheme;
    rest += strspn(rest, " ");
    for (size_t i = 0; i < scheme; i++)
        out[i] = (char)tolower((unsigned char)authorization[i]);
    snprintf(out + scheme, FIELD - scheme, "%s%s", authorization[scheme] != '\0' ? " " : "", rest);
}

bool auth_permits(const auth *it, const char *authorization)
{
    char presented[FIELD] = "";
    uint8_t digest[AUTH_DIGEST_SIZE];
    unsigned found = 0;
    if (strlen(authorization) < FIELD)
        normalize(authorization, presented);
    SHA256((const uint8_t *)presented, strlen(presented), digest);
    for (size_t i = 0; i < it->count; i++)
        found |= CRYPTO_memcmp(digest, it->digests[i], sizeof digest) == 0;
    return found != 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool add(auth *it, const char *credential)
{
    uint8_t(*more)[AUTH_DIGEST_SIZE] = realloc(it->digests, (it->count + 1) * sizeof *more);
    if (more == NULL)
        return false;
    it->digests = more;
    SHA256((const uint8_t *)credential, strlen(credential), more[it->count++]);
    return true;
}

/* RFC 6750, 2.1: a token has no blanks, and nothing that a header would not carry. */
static bool is_token(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return size > 0;
}

/* What a line without its end asks for. NULL, or what is wrong with it. */
static const char *take_line(auth *it, const char *line)
{
    char credential[FIELD];
    size_t size = strlen(line);
    if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
        return NULL;
    if (begins_with(line, bearer) && is_token(line + sizeof bearer - 1)) {
        if (size > MOST_CREDENTIAL)
            return "the token is longer than a header field may be";
        it->bearer = true;
        return add(it, line) ? NULL : "out of memory";
    }
    const char *user = line + sizeof basic - 1;
    if (!begins_with(line, basic) || strchr(user, ':') == NULL)
        return "it is neither `bearer TOKEN` nor `basic USER:PASSWORD`";
    size -= sizeof basic - 1;
    if ((size + 2) / 3 * 4 > MOST_CREDENTIAL - sizeof basic)
        return "user and password are longer than a header field may be";
    memcpy(credential, basic, sizeof basic - 1);
    EVP_EncodeBlock((uint8_t *)credential + sizeof basic - 1, (const uint8_t *)user, (int)size);
    it->basic = true;
    bool added = add(it, credential);
    OPENSSL_cleanse(credential, sizeof credential);
    return added ? NULL : "out of memory";
}

static bool take_lines(auth *it, FILE *file, const char *path, char *why, size_t why_size)
{
    char *line = NULL;
    size_t capacity = 0;
    const char *wrong = NULL;
    for (unsigned number = 1; wrong == NULL && getline(&line, &capacity, file) >= 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        wrong = take_line(it, line);
        if (wrong != NULL)
            snprintf(why, why_size, "auth-file: %.100s:%u: %s", path, number, wrong);
    }
    if (wrong == NULL && (ferror(file) || it->count == 0)) {
        wrong = ferror(file) ? strerror(errno) : "there is no credential in it";
        snprintf(why, why_size, "auth-file: %.100s: %s", path, wrong);
    }
    if (line != NULL)
        OPENSSL_cleanse(line, capacity);
    free(line);
    return wrong == NULL;
}

/* Opening a pipe waits for whoever writes to it, and this may be the thread that must not wait.
 * NULL with errno, EINVAL when it is no regular file. */
static FILE *open_regular(const char *path, struct stat *about)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    bool regular = fstat(fd, about) == 0 && S_ISREG(about->st_mode);
    FILE *file = regular ? fdopen(fd, "r") : NULL;
    if (file == NULL) {
        int reason = regular ? errno : EINVAL;
        close(fd);
        errno = reason;
    }
    return file;
}

bool auth_read(auth *it, const char *path, char *why, size_t why_size)
{
    struct stat about;
    FILE *file = open_regular(path, &about);
    *it = (auth){.count = 0};
    if (file == NULL) {
        snprintf(why, why_size, "auth-file: %.100s: %s", path,
                 errno == EINVAL ? "it is no regular file" : strerror(errno));
        return false;
    }
    if ((about.st_mode & S_IROTH) != 0)
        say(LEVEL_WARN, "auth-file: everyone on this machine can read %s", path);
    bool read = take_lines(it, file, path, why, why_size);
    fclose(file);
    if (!read)
        auth_release(it);
    return read;
}

void auth_release(auth *it)
{
    free(it->digests);
    *it = (auth){.count = 0};
}

/* ---- replacing ------------------------------------------------------------------------------- */

void auth_gate_open(auth_gate *it, const auth *credentials)
{
    pthread_rwlock_init(&it->lock, NULL);
    it->now = *credentials;
}

void auth_gate_close(auth_gate *it)
{
    auth_release(&it->now);
    pthread_rwlock_destroy(&it->lock);
}

void auth_gate_replace(auth_gate *it, const auth *credentials)
{
    pthread_rwlock_wrlock(&it->lock);
    auth former = it->now;
    it->now = *credentials;
    pthread_rwlock_unlock(&it->lock);
    auth_release(&former);
}

bool auth_gate_permits(auth_gate *it, const char *authorization)
{
    pthread_rwlock_rdlock(&it->lock);
    bool permitted = it->now.count == 0 || auth_permits(&it->now, authorization);
    pthread_rwlock_unlock(&it->lock);
    return permitted;
}

void auth_gate_schemes(auth_gate *it, bool *has_bearer, bool *has_basic)
{
    pthread_rwlock_rdlock(&it->lock);
    *has_bearer = it->now.bearer;
    *has_basic = it->now.basic;
    pthread_rwlock_unlock(&it->lock);
}
