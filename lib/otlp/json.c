/* json.c - see json.h.
 *
 * One pass, driven by the message descriptors: what is read is written at once. The length of a
 * message is not known when it begins, so room for it is guessed (as many bytes as it took the last
 * time) and its contents are moved when the guess was wrong.
 *
 * Members are found by prediction. A client writes the same members in the same order and spelling
 * again and again, so for each message the member that followed the last one the time before is
 * tried first, by comparing bytes with the place in the text where its name was last seen. Only a
 * name that is new is compared with the descriptors.
 *
 * A member that comes twice is the rare case that shapes the reader: where each field of the
 * messages that are open was written is kept, to take it out again.
 */
#include "json.h"

#include "../base/text.h"
#include "json_scalar.h"
#include "wire.h"

/* Fields of a message: numbers are unique and not 0. */
enum { MAX_FIELDS = O2P_MAX_FIELD_NUMBER };

/* Where a member's name was seen, closing quote included; size 0: nowhere yet. */
typedef struct spelling {
    uint32_t at;
    uint32_t size;
} spelling;

/* What is known of a message's members, by index of the field. */
typedef struct habits {
    spelling spelled[MAX_FIELDS];
    uint8_t next[MAX_FIELDS + 1]; /* index of the field after each, and, first, of the first one */
    uint8_t length_size;          /* bytes the last one's length took; 0: there was none */
} habits;

typedef struct reader {
    const uint8_t *text;
    const uint8_t *end;
    o2p_buffer *out;
    o2p_buffer scratch; /* a scalar's string without its escapes */
    o2p_json_report *report;
    const o2p_limits *limits;
    o2p_json_error error;
    size_t path_at;   /* where report->path begins so far */
    bool path_cut;    /* it begins with the ellipsis */
    size_t list_size; /* bytes the last packed list's length took */
    bool in_record;
    bool bad;    /* the record has a value that cannot be kept */
    bool strict; /* which is a failure */
    habits habits[O2P_MESSAGE_COUNT];
} reader;

/* Where a field was written, from the start of its message, and how many records were left out of
 * it. */
typedef struct extent {
    uint32_t begin;
    uint32_t end;
    uint64_t rejected;
} extent;

/* A message that is being read. */
typedef struct frame {
    unsigned depth;               /* below the request */
    size_t start;                 /* of its contents in the output */
    uint32_t seen;                /* a bit a slot; see slot_of */
    const o2p_proto_field *oneof; /* the one in slot 0 */
    extent extents[O2P_MAX_FIELD_NUMBER + 1];
} frame;

/* ---- failure -------------------------------------------------------------------------------- */

/* All return NULL, as do the functions that read, when they or what they call have failed. */

static const uint8_t *fail(reader *r, o2p_status status, const uint8_t *at, const char *what)
{
    r->error = (o2p_json_error){status, at, what};
    return NULL;
}

static const uint8_t *unexpected(reader *r, const uint8_t *at, const char *what)
{
    return o2p_json_fail(&r->error, at, r->end, what);
}

static const uint8_t *out_of_memory(reader *r, const uint8_t *at)
{
    return fail(r, o2p_memory_status(r->out->memory), at, "no memory for the protobuf form");
}

/* What is at `at` cannot be kept. Inside a record the reader goes on, at `after`. */
static const uint8_t *refuse(reader *r, const uint8_t *at, const uint8_t *after, const char *what)
{
    if (!r->in_record || r->strict)
        return fail(r, O2P_ERR_VALUE, at, what);
    r->bad = true;
    return after;
}

static const uint8_t *over(reader *r, const uint8_t *at, const char *what)
{
    return fail(r, O2P_ERR_LIMIT, at, what);
}

static const char long_string[] = "a string of more bytes than max_string_bytes";

/* At `at` there is no object, or array, where one belongs. */
static const uint8_t *wrong_kind(reader *r, const uint8_t *at, const char *what)
{
    uint8_t first = o2p_json_peek(at, r->end);
    if (first != '{' && first != '[' && o2p_json_skip_value(at, r->end, &r->error) == NULL)
        return NULL;
    return fail(r, O2P_ERR_WIRE_TYPE, at, what);
}

/* Paths are written from their end, by each reader that is left after a failure. What does not fit
 * becomes "...", and nothing comes before that. */
static void prepend(reader *r, const char *piece, size_t size)
{
    static const char ellipsis[] = "...";
    const size_t kept = sizeof(ellipsis) - 1;
    char *path = r->report->path;
    char first = path[r->path_at];
    bool dot = first != '\0' && first != '[';
    if (r->path_cut)
        return;
    r->path_cut = size + dot + kept > r->path_at;
    if (r->path_cut) {
        memcpy(path + (r->path_at -= kept), ellipsis, kept);
        return;
    }
    if (dot)
        path[--r->path_at] = '.';
    memcpy(path + (r->path_at -= size), piece, size);
}

static void prepend_index(reader *r, uint64_t index)
{
    char piece[O2P_INT64_TEXT_MAX + 2] = "[";
    size_t size = 1 + o2p_format_u64(piece + 1, index);
    piece[size++] = ']';
    prepend(r, piece, size);
}

/* ---- writing -------------------------------------------------------------------------------- */

enum { MAX_KEY_SIZE = 2, MAX_VARINT_SIZE = 10, MAX_FIELD_SIZE = MAX_KEY_SIZE + MAX_VARINT_SIZE };

_Static_assert(((O2P_MAX_FIELD_NUMBER << 3) | 7) < 1 << 14, "a key takes two bytes at most");

static inline size_t varint_size(uint64_t value)
{
    return (63 - o2p_leading_zeros(value | 1)) / 7 + 1;
}

static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static inline uint8_t *put_key(uint8_t *to, unsigned number, unsigned wire_type)
{
    return put_varint(to, (uint64_t)number << 3 | wire_type);
}

static inline void end_write(reader *r, const uint8_t *to)
{
    r->out->size = (size_t)(to - r->out->data);
}

/* Room for `size` bytes, with eight more that copies may overrun; NULL when memory is refused. */
static inline uint8_t *begin_write(reader *r, size_t size)
{
    if (O2P_UNLIKELY(!o2p_buffer_reserve(r->out, size + 8)))
        return NULL;
    return r->out->data + r->out->size;
}

/* Writes the key of a LEN field and leaves room for its length, `guess` bytes. Returns where its
 * contents begin in the output; 0 when memory is refused. */
static inline size_t begin_content(reader *r, unsigned number, size_t guess)
{
    uint8_t *to = begin_write(r, MAX_FIELD_SIZE);
    if (O2P_UNLIKELY(to == NULL))
        return 0;
    end_write(r, put_key(to, number, O2P_WIRE_LEN) + guess);
    return r->out->size;
}

/* Writes the length of the contents since `start`, for which there is room of `guess` bytes.
 * Returns how many it took; 0 when memory is refused. */
static inline size_t end_content(reader *r, size_t start, size_t guess)
{
    size_t length = r->out->size - start, size = varint_size(length);
    if (O2P_UNLIKELY(size != guess)) {
        if (begin_write(r, MAX_VARINT_SIZE) == NULL)
            return 0;
        memmove(r->out->data + start - guess + size, r->out->data + start, length);
        r->out->size = start - guess + size + length;
    }
    put_varint(r->out->data + start - guess, length);
    return size;
}

/* Copies bytes that may be followed by eight more in the text and in the output. */
static inline uint8_t *put_bytes(const reader *r, uint8_t *to, const uint8_t *bytes, size_t size)
{
    if (size > 32 || (size_t)(r->end - bytes) < 32 + 8) {
        memcpy(to, bytes, size);
        return to + size;
    }
    for (size_t i = 0; i < size; i += 8)
        o2p_store_le64(to + i, o2p_load_le64(bytes + i));
    return to + size;
}

/* Takes out what was written for a slot, and forgets it. */
static O2P_NOINLINE void take_out(reader *r, frame *f, unsigned slot)
{
    extent gone = f->extents[slot];
    uint32_t size = gone.end - gone.begin;
    f->seen &= ~((uint32_t)1 << slot);
    r->report->rejected -= gone.rejected;
    if (size == 0)
        return;
    uint8_t *content = r->out->data + f->start;
    memmove(content + gone.begin, content + gone.end, r->out->size - f->start - gone.end);
    r->out->size -= size;
    for (unsigned s = 0; s <= O2P_MAX_FIELD_NUMBER; s++)
        if ((f->seen >> s & 1) != 0 && f->extents[s].begin >= gone.end) {
            f->extents[s].begin -= size;
            f->extents[s].end -= size;
        }
}

/* ---- scalars -------------------------------------------------------------------------------- */

/* Writes a number. */
static inline bool write_bits(reader *r, const o2p_proto_field *field, uint64_t bits, bool key)
{
    uint8_t *to = begin_write(r, MAX_FIELD_SIZE);
    if (O2P_UNLIKELY(to == NULL))
        return out_of_memory(r, r->text) != NULL;
    if (key)
        to = put_key(to, field->number, field->wire_type);
    if (field->wire_type == O2P_WIRE_FIXED64) {
        o2p_store_le64(to, bits);
        to += 8;
    } else if (field->wire_type == O2P_WIRE_FIXED32) {
        o2p_store_le32(to, (uint32_t)bits);
        to += 4;
    } else {
        to = put_varint(to, bits);
    }
    end_write(r, to);
    return true;
}

/* Reads a number, enum or bool in whatever form; *kept is false when it cannot be kept. Not
 * inlined, for the sake of the frames of what calls it, which nest. */
static O2P_NOINLINE const uint8_t *read_any_bits(reader *r, const uint8_t *at,
                                                 const o2p_proto_field *field, uint64_t *bits,
                                                 bool *kept)
{
    o2p_json_scalar scalar;
    const uint8_t *after = o2p_json_read_scalar(at, r->end, &r->scratch, &scalar, &r->error);
    if (after == NULL)
        return NULL;
    const char *reason = o2p_json_encode(field, &scalar, bits);
    *kept = reason == NULL;
    return *kept ? after : refuse(r, at, after, reason);
}

/* Reads a number, enum or bool and writes it: with its key, or as an element of a packed list. */
static inline const uint8_t *read_bits(reader *r, const uint8_t *at, const o2p_proto_field *field)
{
    uint64_t bits;
    bool packed = field->label == O2P_PROTO_REPEATED, kept = true;
    const uint8_t *after = NULL;
    if (field->type != O2P_PROTO_BOOL)
        after = o2p_json_plain_integer(at, r->end, field->type, &bits);
    if (after == NULL) {
        after = read_any_bits(r, at, field, &bits, &kept);
        if (after == NULL)
            return NULL;
    }
    if (!kept || (bits == 0 && field->label == O2P_PROTO_SINGULAR))
        return after;
    return write_bits(r, field, bits, !packed) ? after : NULL;
}

static O2P_NOINLINE const uint8_t *read_bytes(reader *r, const uint8_t *at,
                                              const o2p_proto_field *field)
{
    o2p_json_scalar scalar;
    const uint8_t *after = o2p_json_read_scalar(at, r->end, &r->scratch, &scalar, &r->error);
    if (after == NULL)
        return NULL;
    size_t guess = varint_size(scalar.size / 2), before = r->out->size, written;
    size_t start = begin_content(r, field->number, guess);
    uint8_t *to = start == 0 ? NULL : begin_write(r, o2p_base64_room(scalar.size));
    if (to == NULL)
        return out_of_memory(r, at);
    const char *reason = o2p_json_decode(field, &scalar, to, &written);
    if (reason != NULL)
        return refuse(r, at, after, reason);
    if (written > r->limits->max_string_bytes)
        return over(r, at, long_string);
    if (written == 0 && field->label == O2P_PROTO_SINGULAR) {
        r->out->size = before;
        return after;
    }
    end_write(r, to + written);
    return end_content(r, start, guess) != 0 ? after : out_of_memory(r, at);
}

/* Writes a string's inside [at, stop) without its escapes; returns what is behind its quote. */
static O2P_NOINLINE const uint8_t *write_escaped(reader *r, const uint8_t *at, const uint8_t *stop,
                                                 unsigned number)
{
    const uint8_t *lone;
    size_t most = (size_t)(stop - at), guess = varint_size(most);
    size_t start = begin_content(r, number, guess);
    uint8_t *to = start == 0 ? NULL : begin_write(r, most);
    if (to == NULL)
        return out_of_memory(r, at);
    end_write(r, o2p_json_unescape(to, at, stop, &lone));
    if (lone != NULL)
        return refuse(r, lone, stop + 1, "a surrogate without its partner");
    if (r->out->size - start > r->limits->max_string_bytes)
        return over(r, at - 1, long_string);
    return end_content(r, start, guess) != 0 ? stop + 1 : out_of_memory(r, at);
}

/* Reads what is there in the place of a string. */
static O2P_NOINLINE const uint8_t *read_no_string(reader *r, const uint8_t *at)
{
    o2p_json_scalar scalar;
    const uint8_t *after = o2p_json_read_scalar(at, r->end, &r->scratch, &scalar, &r->error);
    return after == NULL ? NULL : refuse(r, at, after, "a string is expected");
}

static const uint8_t *read_string(reader *r, const uint8_t *at, const o2p_proto_field *field)
{
    if (O2P_UNLIKELY(o2p_json_peek(at, r->end) != '"'))
        return read_no_string(r, at);
    const uint8_t *stop = o2p_json_plain_end(++at, r->end);
    if (O2P_UNLIKELY(o2p_json_peek(stop, r->end) != '"')) {
        stop = o2p_json_skip_string(stop, r->end, &r->error);
        return stop == NULL ? NULL : write_escaped(r, at, stop - 1, field->number);
    }
    size_t size = (size_t)(stop - at);
    if (size == 0 && field->label == O2P_PROTO_SINGULAR)
        return stop + 1;
    if (O2P_UNLIKELY(size > r->limits->max_string_bytes))
        return over(r, at - 1, long_string);
    uint8_t *to = begin_write(r, MAX_FIELD_SIZE + size);
    if (O2P_UNLIKELY(to == NULL))
        return out_of_memory(r, at);
    to = put_varint(put_key(to, field->number, O2P_WIRE_LEN), size);
    end_write(r, put_bytes(r, to, at, size));
    return stop + 1;
}

/* ---- members' names ------------------------------------------------------------------------- */

/* Whether `name` is a field's name in otlp.proto, or that in lowerCamelCase. */
static bool spells(const char *field_name, const uint8_t *name, size_t size)
{
    size_t i = 0;
    if (strlen(field_name) == size && memcmp(field_name, name, size) == 0)
        return true;
    for (const char *c = field_name; *c != '\0'; c++, i++) {
        bool upper = *c == '_';
        c += upper;
        if (i == size || name[i] != (upper ? *c - 'a' + 'A' : *c))
            return false;
    }
    return i == size;
}

/* The index of the field with a name; field_count when there is none. */
static size_t find_name(const o2p_message *message, const uint8_t *name, size_t size)
{
    size_t i = 0;
    while (i < message->field_count && !spells(message->fields[i].name, name, size))
        i++;
    return i;
}

static size_t find_escaped(const o2p_message *message, const uint8_t *name, const uint8_t *stop)
{
    enum { LONGEST = 6 * 64 }; /* more than any field's name with every letter as \uXXXX */
    uint8_t plain[LONGEST + 8];
    const uint8_t *lone;
    if (stop - name > LONGEST)
        return message->field_count;
    const uint8_t *end = o2p_json_unescape(plain, name, stop, &lone);
    return find_name(message, plain, (size_t)(end - plain));
}

/* Whether a name that was found at `known`, `size` bytes with its quote, is at `at` again. There
 * are NAME_ROOM bytes at both, more than any field's name has. */
enum { NAME_ROOM = 32 };

static inline bool same_name(const uint8_t *at, const uint8_t *known, size_t size)
{
    uint64_t first = o2p_load_le64(at) ^ o2p_load_le64(known);
    if (size <= 8)
        return first << (64 - 8 * size) == 0;
    uint64_t differ = first | (o2p_load_le64(at + size - 8) ^ o2p_load_le64(known + size - 8));
    for (size_t i = 8; i + 8 < size; i += 8)
        differ |= o2p_load_le64(at + i) ^ o2p_load_le64(known + i);
    return differ == 0;
}

/* Finds the field of a name that was not predicted, whose first character is at `at`; returns what
 * is behind its quote. */
static O2P_NOINLINE const uint8_t *find_member(reader *r, const uint8_t *at,
                                               const o2p_message *message, size_t *found)
{
    habits *h = &r->habits[message->index];
    const uint8_t *stop = o2p_json_plain_end(at, r->end);
    if (o2p_json_peek(stop, r->end) != '"') {
        stop = o2p_json_skip_string(stop, r->end, &r->error);
        if (stop != NULL)
            *found = find_escaped(message, at, stop - 1);
        return stop;
    }
    size_t size = (size_t)(stop - at);
    for (size_t i = 0; i < message->field_count; i++)
        if (h->spelled[i].size == size + 1 && memcmp(r->text + h->spelled[i].at, at, size) == 0) {
            *found = i;
            return stop + 1;
        }
    *found = find_name(message, at, size);
    if (*found < message->field_count && (uint64_t)(at - r->text) <= UINT32_MAX)
        h->spelled[*found] = (spelling){(uint32_t)(at - r->text), (uint32_t)(size + 1)};
    return stop + 1;
}

/* Reads a name and its colon; returns where the value is. *last is one more than the index of the
 * message's last known member, or 0, and becomes that of this one if it is known: *found. */
static inline const uint8_t *read_name(reader *r, const uint8_t *at, const o2p_message *message,
                                       size_t *last, size_t *found)
{
    habits *h = &r->habits[message->index];
    if (o2p_json_peek(at, r->end) != '"')
        return unexpected(r, at, "a member's name in quotes is expected");
    at++;
    *found = h->next[*last];
    spelling name = h->spelled[*found];
    if (O2P_LIKELY(r->end - at >= NAME_ROOM && name.size != 0 &&
                   same_name(at, r->text + name.at, name.size))) {
        at += name.size;
        *last = *found + 1;
    } else {
        at = find_member(r, at, message, found);
        if (at == NULL)
            return NULL;
        if (*found < message->field_count) {
            h->next[*last] = (uint8_t)*found;
            *last = *found + 1;
        }
    }
    at = o2p_json_next(at, r->end);
    if (O2P_UNLIKELY(o2p_json_peek(at, r->end) != ':'))
        return unexpected(r, at, "a colon is expected");
    return o2p_json_next(at + 1, r->end);
}

/* ---- messages ------------------------------------------------------------------------------- */

static const uint8_t *read_object(reader *r, const uint8_t *at, const o2p_message *message,
                                  unsigned depth);

/* How many bytes a message's length will take: as the last one of its kind. Of the first, unless it
 * is (in) a record, most likely that is all of the text that is left, which halves on the way. */
static inline size_t guess_length_size(const reader *r, const uint8_t *at,
                                       const o2p_message *message)
{
    size_t last = r->habits[message->index].length_size;
    return O2P_LIKELY(last != 0) ? last
           : r->in_record        ? 1
                                 : varint_size((uint64_t)(r->end - at) / 2);
}

static const uint8_t *read_message(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                   unsigned depth)
{
    size_t guess = guess_length_size(r, at, field->message);
    if (O2P_UNLIKELY(o2p_json_peek(at, r->end) != '{'))
        return wrong_kind(r, at, "an object is expected");
    if (O2P_UNLIKELY(depth > r->limits->max_depth))
        return fail(r, O2P_ERR_DEPTH, at, "messages are nested too deep");
    size_t start = begin_content(r, field->number, guess);
    if (O2P_UNLIKELY(start == 0))
        return out_of_memory(r, at);
    at = read_object(r, at, field->message, depth);
    if (O2P_UNLIKELY(at == NULL))
        return NULL;
    size_t size = end_content(r, start, guess);
    r->habits[field->message->index].length_size = (uint8_t)size;
    return size != 0 ? at : out_of_memory(r, at);
}

static bool is_record(const o2p_message *message)
{
    return message == O2P_MESSAGE(LogRecord) || message == O2P_MESSAGE(Span) ||
           message == O2P_MESSAGE(NumberDataPoint) || message == O2P_MESSAGE(HistogramDataPoint) ||
           message == O2P_MESSAGE(ExponentialHistogramDataPoint) ||
           message == O2P_MESSAGE(SummaryDataPoint);
}

/* Reads a message that is a record; leaves it out if it cannot be kept. */
static const uint8_t *read_record(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                  unsigned depth)
{
    size_t start = r->out->size;
    const uint8_t *begin = at;
    if (O2P_UNLIKELY(r->report->records >= r->limits->max_records))
        return over(r, at, "more records than max_records");
    r->report->records++;
    r->in_record = true;
    r->bad = false;
    at = read_message(r, at, field, depth);
    r->in_record = false;
    if (O2P_UNLIKELY(at != NULL && r->out->size - start > O2P_MAX_RECORD_BYTES))
        return over(r, begin, "a record of more than 64 MiB");
    if (r->bad) {
        r->out->size = start;
        r->report->rejected++;
    }
    return at;
}

static const uint8_t *read_value(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                 unsigned depth)
{
    switch (field->type) {
    case O2P_PROTO_MESSAGE:
        return read_message(r, at, field, depth);
    case O2P_PROTO_STRING:
        return read_string(r, at, field);
    case O2P_PROTO_BYTES:
        return read_bytes(r, at, field);
    default:
        return read_bits(r, at, field);
    }
}

static const uint8_t *read_null(reader *r, const uint8_t *at)
{
    return o2p_json_literal(at, r->end, &r->error);
}

static const uint8_t *read_element(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                   unsigned depth)
{
    if (O2P_UNLIKELY(o2p_json_peek(at, r->end) == 'n')) {
        const uint8_t *after = read_null(r, at);
        return after == NULL ? NULL : refuse(r, at, after, "null in an array");
    }
    if (field->type == O2P_PROTO_MESSAGE && !r->in_record && is_record(field->message))
        return read_record(r, at, field, depth);
    return read_value(r, at, field, depth);
}

/* How many elements an array may have. */
static uint64_t most_elements(const reader *r, const o2p_proto_field *field)
{
    bool attributes = field->message == O2P_MESSAGE(KeyValue) &&
                      field != O2P_MESSAGE(KeyValueList)->fields; /* those are one value */
    return attributes ? r->limits->max_attributes : UINT64_MAX;
}

/* Reads the elements of an array and the bracket that closes it. */
static const uint8_t *read_elements(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                    unsigned depth)
{
    uint64_t most = most_elements(r, field);
    at = o2p_json_next(at + 1, r->end);
    if (o2p_json_peek(at, r->end) == ']')
        return at + 1;
    for (uint64_t index = 0;; index++) {
        if (O2P_LIKELY(index < most))
            at = read_element(r, at, field, depth);
        else
            at = over(r, at, "more attributes in a list than max_attributes");
        if (O2P_UNLIKELY(at == NULL)) {
            prepend_index(r, index);
            return NULL;
        }
        at = o2p_json_next(at, r->end);
        uint8_t byte = o2p_json_peek(at, r->end);
        if (byte == ']')
            return at + 1;
        if (O2P_UNLIKELY(byte != ','))
            return unexpected(r, at, "a comma or ] is expected");
        at = o2p_json_next(at + 1, r->end);
    }
}

/* Numbers come packed, as other encoders write them: in one LEN field. */
static const uint8_t *read_array(reader *r, const uint8_t *at, const o2p_proto_field *field,
                                 unsigned depth)
{
    size_t before = r->out->size;
    if (o2p_json_peek(at, r->end) != '[')
        return wrong_kind(r, at, "an array is expected");
    if (field->wire_type == O2P_WIRE_LEN)
        return read_elements(r, at, field, depth);
    size_t start = begin_content(r, field->number, r->list_size);
    if (start == 0)
        return out_of_memory(r, at);
    at = read_elements(r, at, field, depth);
    if (at == NULL)
        return NULL;
    if (r->out->size == start) {
        r->out->size = before;
        return at;
    }
    size_t size = end_content(r, start, r->list_size);
    if (size == 0)
        return out_of_memory(r, at);
    r->list_size = size;
    return at;
}

/* Fields that exclude each other share a slot. */
static inline unsigned slot_of(const o2p_proto_field *field)
{
    return field->label == O2P_PROTO_ONEOF ? 0 : field->number;
}

/* Reads a null. It unsets its own field, but not another member of its oneof: clients write all of
 * them, those that are unset as null. */
static const uint8_t *read_unset(reader *r, const uint8_t *at, frame *f,
                                 const o2p_proto_field *field)
{
    unsigned slot = slot_of(field);
    if ((f->seen >> slot & 1) != 0 && (slot != 0 || f->oneof == field))
        take_out(r, f, slot);
    return read_null(r, at);
}

static inline const uint8_t *read_member(reader *r, const uint8_t *at, frame *f,
                                         const o2p_proto_field *field)
{
    unsigned slot = slot_of(field);
    if (O2P_UNLIKELY(o2p_json_peek(at, r->end) == 'n'))
        return read_unset(r, at, f, field);
    if (O2P_UNLIKELY((f->seen >> slot & 1) != 0))
        take_out(r, f, slot);
    size_t begin = r->out->size - f->start;
    uint64_t rejected = r->report->rejected;
    at = field->label == O2P_PROTO_REPEATED ? read_array(r, at, field, f->depth + 1)
                                            : read_value(r, at, field, f->depth + 1);
    size_t end = r->out->size - f->start;
    if (O2P_UNLIKELY((uint64_t)end > UINT32_MAX))
        return fail(r, O2P_ERR_LIMIT, r->text, "the protobuf form is too large");
    f->extents[slot] = (extent){(uint32_t)begin, (uint32_t)end, r->report->rejected - rejected};
    f->seen |= (uint32_t)1 << slot;
    if (slot == 0)
        f->oneof = field;
    return at;
}

/* Reads an object and writes it as a message's contents. */
static const uint8_t *read_object(reader *r, const uint8_t *at, const o2p_message *message,
                                  unsigned depth)
{
    frame f;
    size_t last = 0, found;
    f.depth = depth;
    f.start = r->out->size;
    f.seen = 0;
    f.oneof = NULL;
    at = o2p_json_next(at + 1, r->end);
    if (o2p_json_peek(at, r->end) == '}')
        return at + 1;
    for (;;) {
        at = read_name(r, at, message, &last, &found);
        if (O2P_UNLIKELY(at == NULL))
            return NULL;
        if (O2P_LIKELY(found < message->field_count)) {
            const o2p_proto_field *field = &message->fields[found];
            at = read_member(r, at, &f, field);
            if (O2P_UNLIKELY(at == NULL))
                prepend(r, field->name, strlen(field->name));
        } else {
            r->report->unknown_members++;
            at = o2p_json_skip_value(at, r->end, &r->error);
        }
        if (O2P_UNLIKELY(at == NULL))
            return NULL;
        at = o2p_json_next(at, r->end);
        uint8_t byte = o2p_json_peek(at, r->end);
        if (byte == '}')
            return at + 1;
        if (O2P_UNLIKELY(byte != ','))
            return unexpected(r, at, "a comma or } is expected");
        at = o2p_json_next(at + 1, r->end);
    }
}

/* ---- the request ---------------------------------------------------------------------------- */

static void begin_reader(reader *r, const uint8_t *text, size_t size, o2p_json_report *report)
{
    if (size == 0)
        text = (const uint8_t *)""; /* it may be NULL */
    memset(r, 0, sizeof(*r));
    memset(report, 0, sizeof(*report));
    r->text = text;
    r->end = text + size;
    r->report = report;
    r->path_at = O2P_FIELD_PATH_SIZE - 1;
    r->list_size = 1;
    report->what = "";
}

/* Tells why the reader has failed. */
static void report_failure(reader *r)
{
    o2p_json_report *report = r->report;
    memmove(report->path, report->path + r->path_at, O2P_FIELD_PATH_SIZE - r->path_at);
    report->unknown_members = report->records = report->rejected = 0;
    report->status = r->error.status;
    report->what = r->error.what;
    report->offset = (size_t)(r->error.at - r->text);
}

/* Returns where the object begins. */
static const uint8_t *find_object(reader *r)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    const uint8_t *at = r->text;
    if (r->end - at >= 3 && memcmp(at, mark, sizeof(mark)) == 0)
        at += sizeof(mark);
    at = o2p_json_next(at, r->end);
    return o2p_json_peek(at, r->end) == '{' ? at : wrong_kind(r, at, "a request is an object");
}

/* Reads the whole text. */
static bool read_request(reader *r, const o2p_message *message)
{
    const uint8_t *at = find_object(r);
    if (at != NULL)
        at = read_object(r, at, message, 0);
    if (at == NULL)
        return false;
    at = o2p_json_next(at, r->end);
    return at == r->end || fail(r, O2P_ERR_MALFORMED, at, "there is more behind the request");
}

static bool convert(reader *r, const o2p_message *message, const o2p_limits *limits,
                    o2p_buffer *out)
{
    size_t before = out->size, size = (size_t)(r->end - r->text);
    r->out = out;
    r->limits = limits;
    o2p_buffer_init(&r->scratch, out->memory);
    /* The protobuf form is a little less than half as long. If that is too much, it may yet be
     * less. */
    if (o2p_memory_allows(out->memory, out->capacity, out->size + size / 2))
        o2p_buffer_reserve(out, size / 2);
    bool ok = !out->memory->failed ? read_request(r, message) : out_of_memory(r, r->text) != NULL;
    o2p_buffer_free(&r->scratch);
    if (!ok)
        out->size = before;
    return ok;
}

/* Reads the text again, up to the first value that cannot be kept, to tell where it is: a path is
 * written by readers that fail. */
static void explain_rejection(const o2p_message *message, const uint8_t *text, size_t size,
                              const o2p_limits *limits, o2p_buffer *out, o2p_json_report *report)
{
    reader r;
    o2p_json_report first;
    begin_reader(&r, text, size, &first);
    r.strict = true;
    if (convert(&r, message, limits, out))
        return;
    report_failure(&r);
    report->what = first.what;
    report->offset = first.offset;
    memcpy(report->path, first.path, sizeof(first.path));
}

bool o2p_json_request(const o2p_message *message, const uint8_t *text, size_t size,
                      const o2p_limits *limits, o2p_buffer *out, o2p_json_report *report)
{
    reader r;
    size_t before = out->size;
    begin_reader(&r, text, size, report);
    if (!convert(&r, message, limits, out)) {
        report_failure(&r);
        return false;
    }
    if (report->rejected > 0)
        explain_rejection(message, text, size, limits, out, report);
    if (!out->memory->failed)
        return true;
    out->size = before;
    out_of_memory(&r, r.text);
    report_failure(&r);
    return false;
}

/* The signal whose requests have a member of this name; AUTO if none has. */
static o2p_signal signal_of_name(const uint8_t *name, const uint8_t *stop)
{
    static const o2p_message *const requests[] = {
        [O2P_SIGNAL_LOGS] = O2P_MESSAGE(ExportLogsServiceRequest),
        [O2P_SIGNAL_TRACES] = O2P_MESSAGE(ExportTraceServiceRequest),
        [O2P_SIGNAL_METRICS] = O2P_MESSAGE(ExportMetricsServiceRequest),
    };
    for (o2p_signal s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS; s++)
        if (find_escaped(requests[s], name, stop) < requests[s]->field_count)
            return s;
    return O2P_SIGNAL_AUTO;
}

/* Looks for the first known member of the object at `at`. */
static bool find_signal(reader *r, const uint8_t *at, o2p_signal *signal)
{
    *signal = O2P_SIGNAL_LOGS;
    at = o2p_json_next(at + 1, r->end);
    if (o2p_json_peek(at, r->end) == '}')
        return true;
    for (;;) {
        if (o2p_json_peek(at, r->end) != '"')
            return unexpected(r, at, "a member's name in quotes is expected") != NULL;
        const uint8_t *name = at + 1;
        at = o2p_json_skip_string(name, r->end, &r->error);
        if (at == NULL)
            return false;
        *signal = signal_of_name(name, at - 1);
        if (*signal != O2P_SIGNAL_AUTO)
            return true;
        at = o2p_json_next(at, r->end);
        if (o2p_json_peek(at, r->end) != ':')
            return unexpected(r, at, "a colon is expected") != NULL;
        at = o2p_json_skip_value(o2p_json_next(at + 1, r->end), r->end, &r->error);
        if (at == NULL)
            return false;
        at = o2p_json_next(at, r->end);
        if (o2p_json_peek(at, r->end) == '}')
            return true;
        if (o2p_json_peek(at, r->end) != ',')
            return unexpected(r, at, "a comma or } is expected") != NULL;
        at = o2p_json_next(at + 1, r->end);
    }
}

bool o2p_json_signal(const uint8_t *text, size_t size, o2p_signal *signal, o2p_json_report *report)
{
    reader r;
    begin_reader(&r, text, size, report);
    *signal = O2P_SIGNAL_AUTO;
    const uint8_t *at = find_object(&r);
    if (at != NULL && find_signal(&r, at, signal))
        return true;
    report_failure(&r);
    return false;
}
