/* fuzz_grpc.c - any bytes as the body of a gRPC request, as the network may cut it.
 *
 *   byte 0   grpc-encoding, by the list below; whether the length is announced; the method
 *   byte 1   the greatest request, from 0 to 510 bytes
 *   byte 2   memory for requests beside the exchange's own, in units of 64 bytes; 255: any
 *   byte 3   the size of the pieces, from 1; 0: all at once
 *   rest     the body
 *
 * The exchange is the server's own, with a batcher that no thread runs: what it submits is looked
 * at. A message is what its five bytes say or refused with the code that gRPC has for it, the same
 * however it is cut, whether it is copied or received in place; and in the end nothing is held
 * [19].
 */
#include "../shims/server/server.h"
#include "../shims/server/clock.h"
#include "../shims/server/coding.h"
#include "../shims/server/exchange.h"
#include "../shims/server/grpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICES = 4, ENCODINGS = 8, ANNOUNCED = 8, HEALTH = 16 };
static const char *const encodings[ENCODINGS] = {"",     "identity", "gzip", "deflate",
                                                 "zstd", "GZIP",     "br",   "gzip, gzip"};

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: invariant 19 does not hold\n", what);
    abort();
}

/* ---- the server -------------------------------------------------------------------------------
 */

static settings config;
static metrics counts;
static batcher idle;
static shared all = {.settings = &config, .metrics = &counts, .batcher = &idle};
static worker owner = {.shared = &all};
static const listening port = {.grpc = true};
static connection client = {.worker = &owner, .from = &port};

static void make_server(void)
{
    pthread_mutex_init(&idle.lock, NULL);
    steady_cond_init(&idle.changed);
    settings_init(&config);
    auth_gate_open(&all.auth, &(auth){.count = 0});
    submission_list_clear(&idle.queue);
}

/* ---- a request -------------------------------------------------------------------------------
 */

/* What came of it. */
typedef struct end {
    rpc_code code; /* RPC_OK: it was submitted, or answered by health */
    size_t plain_size;
    uint64_t plain_hash;
} end;

static unsigned answers;

static void on_ready(exchange *it)
{
    (void)it;
    answers++;
}

static void add(exchange *it, const uint8_t *bytes, size_t size, bool in_place)
{
    size_t room;
    while (in_place && size > 0 && !it->answered) {
        uint8_t *to = exchange_room(it, &room);
        if (to == NULL)
            return;
        room = room < size ? room : size;
        memcpy(to, bytes, room);
        exchange_added(it, room);
        bytes += room;
        size -= room;
    }
    if (!in_place && !it->answered)
        exchange_add(it, bytes, size);
}

static void set_head(head *to, unsigned choices, size_t size)
{
    static const char export[] = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    static const char health[] = "/grpc.health.v1.Health/Check";
    const char *path = choices & HEALTH ? health : export;
    const char *encoding = encodings[choices % ENCODINGS];
    head_set(to->method, sizeof to->method, "POST", 4);
    head_set(to->path, sizeof to->path, path, strlen(path));
    head_set(to->grpc_encoding, sizeof to->grpc_encoding, encoding, strlen(encoding));
    to->has_length = (choices & ANNOUNCED) != 0;
    to->content_length = to->has_length ? size : 0;
}

/* Takes what was submitted, and answers it as the batcher would. */
static void finish(exchange *it, end *result)
{
    submission *one = idle.queue.first;
    submission_list_clear(&idle.queue);
    check((one != NULL) != (answers > 0), "submitted or answered");
    if (one != NULL) {
        check(one == &it->submission && one->next == NULL, "what is submitted");
        result->plain_size = one->plain_size;
        result->plain_hash = wal_hash128_of(one->plain, one->plain_size).low;
        wal_hash128 hash = wal_hash128_of(one->body, one->size);
        check(hash.low == one->body_hash.low && hash.high == one->body_hash.high, "the hash");
        one->outcome = OUTCOME_ACCEPTED;
        exchange_return(one);
    }
    check(answers == 1, "one answer");
    result->code = it->answer.why.code;
}

static end exchange_all(unsigned choices, const uint8_t *bytes, size_t size, size_t piece,
                        bool in_place)
{
    head header = {.has_length = false};
    end result = {.code = RPC_UNAVAILABLE};
    answers = 0;
    set_head(&header, choices, size);
    exchange *it = exchange_new(&client, &header, true, on_ready);
    if (it != NULL) {
        exchange_begin(it);
        for (size_t at = 0; at < size && !it->answered; at += piece)
            add(it, bytes + at, piece < size - at ? piece : size - at, in_place);
        exchange_end(it);
        finish(it, &result);
        exchange_free(it);
    }
    check(count_of(&counts.pending_bytes) == 0, "nothing is held");
    return result;
}

/* ---- what is right ---------------------------------------------------------------------------
 */

/* Whether it is compressed still, which no request is. */
static bool is_packed(const uint8_t *plain, size_t size)
{
    return (size >= 2 && plain[0] == 0x1f && plain[1] == 0x8b) ||
           (size >= 4 && memcmp(plain, "\x28\xb5\x2f\xfd", 4) == 0);
}

/* How large a message may be: what asks for health is not a request. */
static size_t most_plain(unsigned choices)
{
    enum { QUESTION = 1024 };
    return choices & HEALTH ? QUESTION : config.max_request;
}

/* The code of a body that there is memory for. */
static rpc_code expected(unsigned choices, const uint8_t *bytes, size_t size, end *result)
{
    const char *name = encodings[choices % ENCODINGS];
    int kind = coding_of(name);
    uint8_t *plain;
    if (kind < 0)
        return RPC_UNIMPLEMENTED;
    if (size > most_plain(choices) + 5)
        return RPC_RESOURCE_EXHAUSTED;
    if (size < 5 || bytes[0] > 1 || (bytes[0] == 1 && kind == CODING_IDENTITY) ||
        ((uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
         bytes[4]) != size - 5)
        return RPC_INTERNAL;
    switch (decode(bytes[0] == 1 ? (coding)kind : CODING_IDENTITY, bytes + 5, size - 5,
                   most_plain(choices), &plain, &result->plain_size)) {
    case DECODE_OK:
        result->plain_hash = wal_hash128_of(plain, result->plain_size).low;
        kind = is_packed(plain, result->plain_size) && !(choices & HEALTH);
        free(plain);
        return kind ? RPC_INVALID_ARGUMENT : RPC_OK;
    case DECODE_TOO_LARGE:
        return RPC_RESOURCE_EXHAUSTED;
    case DECODE_BAD:
    case DECODE_NO_MEMORY:
        break;
    }
    return RPC_INVALID_ARGUMENT;
}

static void check_end(const end *found, const end *right, bool health, bool tight)
{
    if (tight && found->code == RPC_UNAVAILABLE)
        return;
    if (health && right->code == RPC_OK) {
        check(found->code == RPC_OK || found->code == RPC_NOT_FOUND, "health");
        return;
    }
    check(found->code == right->code, "the code");
    check(found->code != RPC_OK ||
              (found->plain_size == right->plain_size && found->plain_hash == right->plain_hash),
          "the message");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    if (!made)
        make_server();
    made = true;
    if (size < CHOICES)
        return 0;
    unsigned choices = data[0];
    bool tight = data[2] != 255;
    size_t piece = data[3] > 0 ? data[3] : SIZE_MAX / 2;
    config.max_request = data[1] * 2u;
    config.max_pending = tight ? sizeof(exchange) + data[2] * 64u : UINT32_MAX;
    data += CHOICES;
    size -= CHOICES;
    end right = {.code = RPC_OK};
    right.code = expected(choices, data, size, &right);
    for (int in_place = 0; in_place < 2; in_place++) {
        end whole = exchange_all(choices, data, size, SIZE_MAX / 2, in_place != 0);
        end pieces = exchange_all(choices, data, size, piece, in_place != 0);
        check_end(&whole, &right, (choices & HEALTH) != 0, tight);
        check_end(&pieces, &right, (choices & HEALTH) != 0, tight);
        check(tight || whole.code == pieces.code, "the same however it is cut");
    }
    return 0;
}
