/* fuzz_merge.c - a request written in pieces is the same request.
 *
 * The input's merged form, in which every singular field comes once, is rewritten as protobuf
 * allows: a scalar gets an earlier value that the later one replaces, a message field comes in two
 * pieces, a oneof gets another member before the one that counts. Reading that gives the files of
 * the input: [11]. An input that needs no merging is read directly, and so is an independent
 * reference. Input:
 *
 *   4 bytes   & 3 of the first: signal; all: seed of the choices
 *   ...       a request
 */
#include "common.h"

#include "../lib/otlp/merge.h"
#include "../lib/otlp/walk.h"

typedef struct writer {
    uint8_t *bytes;
    size_t size;
    size_t room;
} writer;

typedef struct rewriter {
    uint32_t random;
    bool failed; /* the input is not a request, or too large */
} rewriter;

enum { MOST = 1 << 20 };

static void put(writer *out, const void *bytes, size_t size)
{
    if (out->size + size > out->room) {
        out->room = (out->size + size) * 2;
        out->bytes = (uint8_t *)realloc(out->bytes, out->room);
    }
    if (size > 0)
        memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void put_varint(writer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    put(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put_message(writer *out, uint32_t number, const writer *content)
{
    put_varint(out, number << 3 | O2P_WIRE_LEN);
    put_varint(out, content->size);
    put(out, content->bytes, content->size);
}

static unsigned choose(rewriter *r, unsigned of)
{
    r->random = r->random * 1664525u + 1013904223u;
    return (r->random >> 16) % of;
}

/* A value that a later one makes void. */
static void put_void(rewriter *r, writer *out, const o2p_proto_field *field)
{
    put_varint(out, (uint32_t)field->number << 3 | field->wire_type);
    switch (field->wire_type) {
    case O2P_WIRE_VARINT:
        put_varint(out, choose(r, 1000));
        break;
    case O2P_WIRE_FIXED64:
        put(out, "voidvoid", 8);
        break;
    case O2P_WIRE_FIXED32:
        put(out, "void", 4);
        break;
    default:
        put(out, field->type == O2P_PROTO_MESSAGE ? "\0" : "\2\xFF\xFE",
            field->type == O2P_PROTO_MESSAGE ? 1 : 3);
    }
}

/* Another member of the oneof, set before the one that counts. */
static void put_other_member(rewriter *r, writer *out, const o2p_message *message,
                             const o2p_proto_field *field)
{
    const o2p_proto_field *other = &message->fields[choose(r, (unsigned)message->field_count)];
    if (other->label == O2P_PROTO_ONEOF && other != field)
        put_void(r, out, other);
}

static void rewrite(rewriter *r, const o2p_message *message, const uint8_t *bytes, size_t size,
                    unsigned depth, writer *pieces[2]);

/* A message field: its content in one piece, or two if it is singular. */
static void rewrite_message(rewriter *r, const o2p_proto_field *field, const o2p_wire_field *wire,
                            unsigned depth, writer *out)
{
    writer first = {0}, second = {0};
    writer *pieces[2] = {&first, &second};
    bool split = field->label != O2P_PROTO_REPEATED && choose(r, 2) == 0;
    rewrite(r, field->message, wire->bytes, (size_t)wire->value, depth + 1,
            split ? pieces : (writer *[2]){&first, &first});
    put_message(out, field->number, &first);
    if (split)
        put_message(out, field->number, &second);
    free(first.bytes);
    free(second.bytes);
}

/* Fields 1 .. cut go to the first piece, the others to the second. */
static void rewrite(rewriter *r, const o2p_message *message, const uint8_t *bytes, size_t size,
                    unsigned depth, writer *pieces[2])
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    unsigned cut = choose(r, 6), at = 0;
    while (!r->failed && o2p_wire_next(&wire, &field)) {
        const o2p_proto_field *known = o2p_find_field(message, field.key >> 3);
        writer *out = pieces[at++ >= cut];
        bool packed = known != NULL && (field.key & 7) != known->wire_type;
        if (known != NULL && known->label != O2P_PROTO_REPEATED && choose(r, 3) == 0 &&
            known->type != O2P_PROTO_MESSAGE)
            put_void(r, out, known);
        if (known != NULL && known->label == O2P_PROTO_ONEOF && choose(r, 3) == 0)
            put_other_member(r, out, message, known);
        if (known == NULL || packed || known->type != O2P_PROTO_MESSAGE || depth >= O2P_MAX_DEPTH)
            put(out, field.start, (size_t)(wire.at - field.start));
        else
            rewrite_message(r, known, &field, depth, out);
        r->failed = r->failed || out->size > MOST;
    }
    r->failed = r->failed || wire.status != O2P_OK;
}

static void compare(const uint8_t *data, size_t size, const writer *rewritten, o2p_signal signal)
{
    o2p_options options = options_of((unsigned)size, signal, O2P_ENCODING_PROTOBUF);
    o2p_output original = {.options = &options}, pieces = {.options = &options};
    otlp_to_parquet(data, size, &original);
    otlp_to_parquet(rewritten->bytes, rewritten->size, &pieces);
    check_output(&pieces, rewritten->bytes, rewritten->size);
    if (original.error.status == O2P_OK) {
        CHECK(pieces.error.status == O2P_OK && pieces.counts.unknown_fields == 0, "11");
        pieces.counts.unknown_fields = original.counts.unknown_fields; /* a merge leaves them out */
        check_same_counts(&original.counts, &pieces.counts, "11");
        check_same_files(&original, &pieces, "11");
    }
    o2p_output_free(&original);
    o2p_output_free(&pieces);
}

/* Merging what is merged changes nothing. */
static void check_idempotent(const o2p_message *message, const o2p_buffer *once)
{
    o2p_buffer twice;
    o2p_merge_error error;
    uint64_t unknown;
    o2p_buffer_init(&twice, once->memory);
    CHECK(o2p_merge(message, once->data, once->size, O2P_MAX_DEPTH, &twice, &unknown, &error),
          "11");
    CHECK(unknown == 0 && once->size == twice.size, "11");
    CHECK(memcmp(once->data, twice.data, once->size) == 0, "11");
    o2p_buffer_free(&twice);
}

static void merge(const uint8_t *data, size_t size, o2p_signal signal, rewriter *r)
{
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer merged;
    o2p_buffer_init(&merged, &memory);
    o2p_merge_error error;
    uint64_t unknown;
    const o2p_message *message = o2p_request_message(signal);
    writer out = {0};
    if (!o2p_merge(message, data, size, O2P_MAX_DEPTH, &merged, &unknown, &error)) {
        CHECK(error.status != O2P_OK && error.at >= data && error.at <= data + size, "11");
    } else if (merged.size > 0) {
        check_idempotent(message, &merged);
        rewrite(r, message, merged.data, merged.size, 0, (writer *[2]){&out, &out});
        if (!r->failed)
            compare(data, size, &out, signal);
    }
    free(out.bytes);
    o2p_buffer_free(&merged);
    CHECK(memory.held == 0, "8");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || (data[0] & 3) == 0)
        return 0;
    rewriter r = {.random = o2p_load_le32(data)};
    merge(data + 4, size - 4, (o2p_signal)(data[0] & 3), &r);
    return 0;
}
