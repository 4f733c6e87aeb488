/* merge.c - see merge.h.
 *
 * A message is given as one span or, when it came in pieces, several. Its fields are listed once,
 * in order; then each is written where it counts: repeated ones each time, singular ones at their
 * last place, with all their pieces. Lengths are written as five-byte varints, so that they can be
 * filled in afterwards.
 */
#include "merge.h"

#include "wire.h"

typedef struct span {
    const uint8_t *bytes;
    size_t size;
} span;

typedef struct occurrence {
    const o2p_proto_field *field;
    const uint8_t *start; /* of the key */
    const uint8_t *end;   /* of the value */
    span content;         /* of a LEN */
} occurrence;

typedef struct merger {
    o2p_buffer *out;
    unsigned max_depth;
    o2p_buffer spans;       /* stack of span */
    o2p_buffer occurrences; /* stack of occurrence */
    uint64_t unknown;
    o2p_merge_error error;
} merger;

enum { LENGTH_SIZE = 5 };

static bool fail(merger *m, o2p_status status, const uint8_t *at)
{
    if (m->error.status == O2P_OK)
        m->error = (o2p_merge_error){status, at};
    return false;
}

static occurrence *occurrence_at(const merger *m, size_t i)
{
    return (occurrence *)(void *)m->occurrences.data + i;
}

static size_t occurrence_count(const merger *m)
{
    return m->occurrences.size / sizeof(occurrence);
}

/* ---- listing ---- */

static bool check_packed(merger *m, const o2p_proto_field *field, span content)
{
    o2p_wire wire = o2p_wire_over(content.bytes, content.size);
    uint64_t value;
    if (field->wire_type == O2P_WIRE_FIXED64 && content.size % 8 != 0)
        return fail(m, O2P_ERR_TRUNCATED, content.bytes + content.size - content.size % 8);
    while (field->wire_type == O2P_WIRE_VARINT && wire.at != wire.end)
        if (!o2p_wire_varint(&wire, &value))
            return fail(m, wire.status, wire.at);
    return true;
}

static bool list_field(merger *m, const o2p_message *message, const o2p_wire_field *wire_field,
                       const uint8_t *end)
{
    occurrence o = {o2p_find_field(message, wire_field->key >> 3),
                    wire_field->start,
                    end,
                    {wire_field->bytes, (size_t)wire_field->value}};
    unsigned wire_type = wire_field->key & 7;
    if (o.field == NULL) {
        m->unknown++;
        return true;
    }
    if (wire_type != o.field->wire_type) {
        if (wire_type != O2P_WIRE_LEN || o.field->label != O2P_PROTO_REPEATED)
            return fail(m, O2P_ERR_WIRE_TYPE, wire_field->start);
        if (!check_packed(m, o.field, o.content))
            return false;
    }
    o2p_buffer_append(&m->occurrences, &o, sizeof(o));
    return !m->out->memory->failed;
}

/* Lists the fields of a message that came as the spans first_span .. end of the stack. */
static bool list_fields(merger *m, const o2p_message *message, size_t first_span)
{
    size_t count = m->spans.size / sizeof(span);
    for (size_t i = first_span; i < count; i++) {
        span piece = ((const span *)(const void *)m->spans.data)[i];
        o2p_wire wire = o2p_wire_over(piece.bytes, piece.size);
        o2p_wire_field field;
        while (o2p_wire_next(&wire, &field))
            if (!list_field(m, message, &field, wire.at))
                return false;
        if (wire.status != O2P_OK)
            return fail(m, wire.status, wire.at);
    }
    return true;
}

/* ---- writing ---- */

static bool same_slot(const o2p_proto_field *a, const o2p_proto_field *b)
{
    return a == b || (a->label == O2P_PROTO_ONEOF && b->label == O2P_PROTO_ONEOF);
}

/* Where each field, or oneof, comes last. `last` is by field number; a oneof's members share entry
 * 0. */
static void find_last(const merger *m, size_t first, size_t last[O2P_MAX_FIELD_NUMBER + 1])
{
    for (size_t i = first; i < occurrence_count(m); i++) {
        const o2p_proto_field *field = occurrence_at(m, i)->field;
        last[field->label == O2P_PROTO_ONEOF ? 0 : field->number] = i;
    }
}

/* Pushes the pieces that make up the message field that ends with occurrence i. */
static void push_pieces(merger *m, size_t first, size_t i)
{
    const o2p_proto_field *field = occurrence_at(m, i)->field;
    if (field->label == O2P_PROTO_REPEATED)
        first = i;
    for (size_t j = first; j <= i; j++) /* another member of the oneof: earlier pieces are void */
        if (occurrence_at(m, j)->field != field && same_slot(occurrence_at(m, j)->field, field))
            first = j + 1;
    for (size_t j = first; j <= i; j++)
        if (occurrence_at(m, j)->field == field)
            o2p_buffer_append(&m->spans, &occurrence_at(m, j)->content, sizeof(span));
}

static bool merge_message(merger *m, const o2p_message *message, size_t first_span, unsigned depth);

static bool write_message(merger *m, size_t first, size_t i, unsigned depth)
{
    const o2p_proto_field *field = occurrence_at(m, i)->field;
    const uint8_t *at = occurrence_at(m, i)->start;
    size_t first_span = m->spans.size / sizeof(span);
    if (depth > m->max_depth)
        return fail(m, O2P_ERR_DEPTH, at);
    push_pieces(m, first, i);
    uint32_t key = (uint32_t)field->number << 3 | O2P_WIRE_LEN;
    if (key >= 0x80)
        o2p_buffer_byte(m->out, (uint8_t)(key | 0x80));
    o2p_buffer_byte(m->out, (uint8_t)(key >= 0x80 ? key >> 7 : key));
    size_t length_at = m->out->size;
    if (o2p_buffer_extend(m->out, LENGTH_SIZE) == NULL)
        return false;
    bool ok = merge_message(m, field->message, first_span, depth);
    m->spans.size = first_span * sizeof(span);
    uint64_t length = m->out->size - length_at - LENGTH_SIZE;
    if (length >> 32 != 0)
        return fail(m, O2P_ERR_LIMIT, at);
    for (size_t b = 0; b < LENGTH_SIZE; b++)
        m->out->data[length_at + b] =
            (uint8_t)((length >> (7 * b) & 0x7F) | (b + 1 < LENGTH_SIZE ? 0x80 : 0));
    return ok;
}

/* A message that another member of its oneof replaced counts no more, but it must be one: other
 * decoders read it before they drop it. */
static bool check_replaced(merger *m, size_t i, unsigned depth)
{
    size_t size = m->out->size;
    uint64_t unknown = m->unknown;
    bool ok = write_message(m, i, i, depth);
    m->out->size = size;
    m->unknown = unknown;
    return ok;
}

/* Where the pieces of the oneof's last member begin that no other one replaced; `end` if it has no
 * member. */
static size_t find_valid(const merger *m, size_t first, size_t end, size_t last)
{
    if (last == end)
        return end;
    size_t i = last;
    while (i > first && (occurrence_at(m, i - 1)->field == occurrence_at(m, last)->field ||
                         !same_slot(occurrence_at(m, i - 1)->field, occurrence_at(m, last)->field)))
        i--;
    return i;
}

static bool merge_message(merger *m, const o2p_message *message, size_t first_span, unsigned depth)
{
    size_t first = occurrence_count(m);
    size_t last[O2P_MAX_FIELD_NUMBER + 1];
    if (!list_fields(m, message, first_span))
        return false;
    size_t end = occurrence_count(m);
    last[0] = end;
    find_last(m, first, last);
    size_t valid = find_valid(m, first, end, last[0]);
    for (size_t i = first; i < end; i++) {
        const occurrence *o = occurrence_at(m, i);
        const o2p_proto_field *field = o->field;
        bool one_of = field->label == O2P_PROTO_ONEOF;
        if (one_of && i < valid && field->type == O2P_PROTO_MESSAGE &&
            !check_replaced(m, i, depth + 1))
            return false;
        if (field->label != O2P_PROTO_REPEATED && last[one_of ? 0 : field->number] != i)
            continue;
        if (field->type != O2P_PROTO_MESSAGE)
            o2p_buffer_append(m->out, o->start, (size_t)(o->end - o->start));
        else if (!write_message(m, first, i, depth + 1))
            return false;
    }
    m->occurrences.size = first * sizeof(occurrence);
    return !m->out->memory->failed;
}

bool o2p_merge(const o2p_message *message, const uint8_t *bytes, size_t size, unsigned max_depth,
               o2p_buffer *out, uint64_t *unknown_fields, o2p_merge_error *error)
{
    merger m = {out, max_depth, {0}, {0}, 0, {O2P_OK, bytes}};
    span whole = {bytes, size};
    o2p_buffer_init(&m.spans, out->memory);
    o2p_buffer_init(&m.occurrences, out->memory);
    o2p_buffer_append(&m.spans, &whole, sizeof(whole));
    bool ok = !out->memory->failed && merge_message(&m, message, 0, 0);
    if (out->memory->failed)
        ok = fail(&m, o2p_memory_status(out->memory), bytes);
    o2p_buffer_free(&m.spans);
    o2p_buffer_free(&m.occurrences);
    *unknown_fields = m.unknown;
    *error = m.error;
    return ok;
}
