/* framing.c - see framing.h. */
#include "cli.h"
#include "framing.h"
#include "terminal.h"

#include <inttypes.h>

enum {
    LONGEST_VARINT = 10,
    FIXED_LENGTH = 4,
    /* The longest protobuf message. The first byte of a varint of four bytes, which is followed by
     * a request just as well, makes a longer one. */
    MESSAGE_MAX = INT32_MAX,
    /* What a length is read as when there are too few bytes, or when it is none. */
    LENGTH_CUT = 0
};
#define LENGTH_BAD SIZE_MAX

/* Reads a varint. Returns its length in bytes, LENGTH_CUT or LENGTH_BAD. */
static size_t read_varint(const uint8_t *bytes, size_t size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < LONGEST_VARINT; i++) {
        if (i == size)
            return LENGTH_CUT;
        if (i == LONGEST_VARINT - 1 && bytes[i] > 1)
            break;
        *value |= (uint64_t)(bytes[i] & 0x7Fu) << (7 * i);
        if (bytes[i] < 0x80)
            return i + 1;
    }
    return LENGTH_BAD;
}

/* The same for the length before a request. */
static size_t read_length(framing kind, const uint8_t *bytes, size_t size, uint64_t *value)
{
    if (kind == FRAMING_VARINT)
        return read_varint(bytes, size, value);
    if (size < FIXED_LENGTH)
        return LENGTH_CUT;
    *value =
        (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
    return FIXED_LENGTH;
}

/* ---- which framing ------------------------------------------------------------------------- */

/* How well a message fits, in points: two that end where their fields do count for more than one
 * that could go on and on. */
enum {
    POINTS_NONE = 0,
    POINTS_SO_FAR = 1, /* what there is of it can be divided */
    POINTS_EXACT = 2   /* and by its fields' lengths, all of it */
};

/* Divides `length` bytes, of which `size` > 0 are there, into fields of number 1 with a length.
 * Returns the points. */
static unsigned divide(const uint8_t *bytes, size_t size, uint64_t length)
{
    enum { FIELD_1_WITH_LENGTH = 1 << 3 | 2 };
    uint64_t at = 0;
    while (at < size) {
        uint64_t field = 0;
        if (bytes[at++] != FIELD_1_WITH_LENGTH)
            return POINTS_NONE;
        size_t prefix = read_varint(bytes + at, size - (size_t)at, &field);
        if (prefix == LENGTH_CUT)
            return size < length ? POINTS_SO_FAR : POINTS_NONE;
        if (prefix == LENGTH_BAD || prefix > length - at || field > length - at - prefix)
            return POINTS_NONE;
        at += prefix + field;
    }
    return at == length ? POINTS_EXACT : POINTS_SO_FAR;
}

bool framing_is_request(const uint8_t *bytes, size_t size, bool ended)
{
    return size > 0 && divide(bytes, size, ended ? size : UINT64_MAX) != POINTS_NONE;
}

/* The points of the first two messages that are not empty; of a file of empty ones, as of one
 * message. A first message that the end of the file cuts off counts with lengths that are varints
 * alone: the first four bytes of anything are some length. */
static unsigned points_of(framing kind, const uint8_t *bytes, size_t size, bool ended)
{
    enum { MESSAGES_READ = 2 };
    unsigned messages = 0, points = 0;
    for (size_t at = 0; at < size && messages < MESSAGES_READ;) {
        uint64_t length = 0;
        size_t prefix = read_length(kind, bytes + at, size - at, &length);
        if (prefix == LENGTH_CUT || prefix == LENGTH_BAD)
            return points;
        if (kind == FRAMING_BIG_ENDIAN && length > MESSAGE_MAX)
            return points > 0 ? points - 1 : 0; /* so what fitted may have done so by chance */
        at += prefix;
        bool cut = length > size - at;
        size_t there = cut ? size - at : (size_t)length;
        if (there > 0 && (kind == FRAMING_VARINT || !cut || !ended || points > 0))
            points += divide(bytes + at, there, length);
        messages += length > 0;
        at += there;
    }
    return messages == 0 && kind == FRAMING_VARINT ? POINTS_EXACT : points;
}

framing framing_of(const uint8_t *bytes, size_t size, bool ended)
{
    enum { LONG = 64 * 1024 };
    unsigned big_endian = points_of(FRAMING_BIG_ENDIAN, bytes, size, ended);
    unsigned varint = points_of(FRAMING_VARINT, bytes, size, ended);
    if (big_endian == 0 && varint == 0 && size >= LONG) /* cut off, but more than "anything" */
        big_endian = points_of(FRAMING_BIG_ENDIAN, bytes, size, false);
    if (big_endian == 0 && varint == 0)
        return FRAMING_NONE;
    return big_endian > 0 && big_endian + 1 >= varint ? FRAMING_BIG_ENDIAN : FRAMING_VARINT;
}

/* ---- requests ------------------------------------------------------------------------------ */

/* Reads the length before the next request and holds the request. Returns the bytes of the length;
 * 0 after a message. */
static size_t hold_request(struct input *input, framing kind, uint64_t *size)
{
    struct input_request held = input_peek(input, LONGEST_VARINT);
    size_t prefix = read_length(kind, held.bytes, held.size, size);
    if (prefix == LENGTH_CUT || prefix == LENGTH_BAD) {
        complain("%s: byte %" PRIu64 ": %s", input->name, input->offset,
                 prefix == LENGTH_CUT
                     ? "the file ends in the length of a request"
                     : "not the length of a request: a varint of more than 64 bits");
        return 0;
    }
    if (*size > INPUT_REQUEST_MAX || *size > SIZE_MAX - LONGEST_VARINT) {
        input_too_large(input, input->offset);
        return 0;
    }
    return input_hold(input, prefix + (size_t)*size) ? prefix : 0;
}

input_result framing_next(struct input *input, framing kind, struct input_request *request)
{
    uint64_t size = 0;
    if (!input_hold(input, LONGEST_VARINT))
        return INPUT_FAILED;
    if (input_peek(input, 1).size == 0)
        return INPUT_END;
    size_t prefix = hold_request(input, kind, &size);
    if (prefix == 0)
        return INPUT_FAILED;
    size_t held = input_peek(input, SIZE_MAX).size - prefix;
    if (held < size) {
        complain("%s: byte %" PRIu64 ": the file ends after %zu of the %" PRIu64
                 " bytes of this request",
                 input->name, input->offset, held, size);
        return INPUT_FAILED;
    }
    input_take(input, prefix, request);
    return input_take(input, (size_t)size, request);
}
