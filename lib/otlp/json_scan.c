/* json_scan.c - see json_scan.h. Nothing recurses: what is open while values are skipped is a stack
 * of bits.
 */
#include "json_scan.h"

#include "../base/text_parse.h"

static const char string_expected[] = "a member's name in quotes is expected";

const uint8_t *o2p_json_fail(o2p_json_error *error, const uint8_t *at, const uint8_t *end,
                             const char *what)
{
    error->status = at == end ? O2P_ERR_TRUNCATED : O2P_ERR_MALFORMED;
    error->at = at;
    error->what = at == end ? "the text ends inside a value" : what;
    return NULL;
}

/* Spaces come in long runs, the other three between them. */
const uint8_t *o2p_json_skip_spaces(const uint8_t *at, const uint8_t *end)
{
    for (;;) {
        while (end - at >= 8) {
            uint64_t others = o2p_load_le64(at) ^ O2P_LOW_BITS * ' ';
            at += others == 0 ? 8 : o2p_trailing_zeros(others) / 8;
            if (others != 0)
                break;
        }
        if (at == end || (*at != ' ' && *at != '\n' && *at != '\r' && *at != '\t'))
            return at;
        at++;
    }
}

/* ---- strings -------------------------------------------------------------------------------- */

/* The value of a hex digit, or one above 15. */
static inline unsigned hex_digit(uint8_t byte)
{
    if ((uint8_t)(byte - '0') <= 9)
        return byte - (unsigned)'0';
    uint8_t letter = (uint8_t)((byte | 0x20) - 'a');
    return letter < 6 ? letter + 10u : 16;
}

/* Reads an escape, `at` being at its backslash. */
static const uint8_t *skip_escape(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    const uint8_t *backslash = at++;
    switch (o2p_json_peek(at, end)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 1;
    case 'u':
        for (at++; at - backslash < 6; at++)
            if (at == end || hex_digit(*at) > 15)
                return o2p_json_fail(error, at, end, "four hex digits belong behind \\u");
        return at;
    default:
        return o2p_json_fail(error, at, end, "there is no such escape");
    }
}

const uint8_t *o2p_json_skip_string(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    for (;;) {
        at = o2p_json_plain_end(at, end);
        switch (o2p_json_peek(at, end)) {
        case '"':
            return at + 1;
        case '\\':
            at = skip_escape(at, end, error);
            if (at == NULL)
                return NULL;
            break;
        default:
            return o2p_json_fail(error, at, end, "a control character in a string");
        }
    }
}

static uint32_t hex_4(const uint8_t *at)
{
    return hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 |
           hex_digit(at[3]);
}

static uint8_t *put_utf8(uint8_t *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (uint8_t)code;
    } else if (code < 0x800) {
        *to++ = (uint8_t)(0xC0 | code >> 6);
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (uint8_t)(0xE0 | code >> 12);
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    } else {
        *to++ = (uint8_t)(0xF0 | code >> 18);
        *to++ = (uint8_t)(0x80 | (code >> 12 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        *to++ = (uint8_t)(0x80 | (code & 0x3F));
    }
    return to;
}

/* Reads the character of a \uXXXX, or of two of them that are a surrogate pair. */
static const uint8_t *read_unicode(const uint8_t *at, const uint8_t *stop, uint32_t *code,
                                   const uint8_t **lone)
{
    const uint32_t high = 0xD800, low = 0xDC00, replacement = 0xFFFD;
    *code = hex_4(at + 2);
    if ((*code & 0xF800) != high)
        return at + 6;
    if (*code < low && stop - at >= 12 && at[6] == '\\' && at[7] == 'u') {
        uint32_t second = hex_4(at + 8);
        if ((second & 0xFC00) == low) {
            *code = 0x10000 + ((*code - high) << 10) + (second - low);
            return at + 12;
        }
    }
    *lone = *lone == NULL ? at : *lone;
    *code = replacement;
    return at + 6;
}

uint8_t *o2p_json_unescape(uint8_t *to, const uint8_t *at, const uint8_t *stop,
                           const uint8_t **lone)
{
    *lone = NULL;
    while (at < stop) {
        if (stop - at >= 8) { /* copied first, then kept as far as it is plain */
            uint64_t v = o2p_load_le64(at);
            uint64_t marks = o2p_json_mark_special(v);
            unsigned plain = marks == 0 ? 8 : o2p_trailing_zeros(marks) / 8;
            o2p_store_le64(to, v);
            at += plain;
            to += plain;
            if (marks == 0)
                continue;
        }
        uint32_t code = *at;
        if (code != '\\') {
            *to++ = *at++;
            continue;
        }
        static const uint8_t short_escape[256] = {
            ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
            ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
        };
        if (at[1] != 'u') {
            *to++ = short_escape[at[1]];
            at += 2;
            continue;
        }
        at = read_unicode(at, stop, &code, lone);
        to = put_utf8(to, code);
    }
    return to;
}

/* ---- values --------------------------------------------------------------------------------- */

const uint8_t *o2p_json_literal(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    uint8_t first = o2p_json_peek(at, end);
    const char *word = first == 't' ? "true" : first == 'f' ? "false" : "null";
    for (; *word != '\0'; word++, at++)
        if (o2p_json_peek(at, end) != (uint8_t)*word)
            return o2p_json_fail(error, at, end, "a value is expected");
    return at;
}

static const uint8_t *skip_scalar(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    uint8_t first = o2p_json_peek(at, end);
    if (first == '"')
        return o2p_json_skip_string(at + 1, end, error);
    if (first != '-' && (uint8_t)(first - '0') > 9)
        return o2p_json_literal(at, end, error);
    o2p_number number;
    if (!o2p_scan_number(at, end, &number))
        return o2p_json_fail(error, number.end, end, "not a number");
    return number.end;
}

/* Reads a member's name and the colon; returns where its value begins. */
static const uint8_t *skip_name(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    if (o2p_json_peek(at, end) != '"')
        return o2p_json_fail(error, at, end, string_expected);
    at = o2p_json_skip_string(at + 1, end, error);
    if (at == NULL)
        return NULL;
    at = o2p_json_next(at, end);
    if (o2p_json_peek(at, end) != ':')
        return o2p_json_fail(error, at, end, "a colon is expected");
    return o2p_json_next(at + 1, end);
}

/* What is open around a value: bit i is whether the container at depth i is an object. */
typedef struct nesting {
    uint64_t objects[O2P_JSON_SKIP_DEPTH / 64];
    unsigned depth;
} nesting;

static bool in_object(const nesting *n)
{
    return (n->objects[(n->depth - 1) / 64] >> (n->depth - 1) % 64 & 1) != 0;
}

static void open_container(nesting *n, bool object)
{
    uint64_t bit = (uint64_t)1 << n->depth % 64;
    uint64_t *word = &n->objects[n->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    n->depth++;
}

/* Goes on behind a value: closes what ends there, and returns where the next value begins, or, with
 * depth 0, the end of all. */
static const uint8_t *after_value(nesting *n, const uint8_t *at, const uint8_t *end,
                                  o2p_json_error *error)
{
    while (n->depth > 0) {
        at = o2p_json_next(at, end);
        uint8_t byte = o2p_json_peek(at, end);
        if (byte == ',') {
            at = o2p_json_next(at + 1, end);
            return in_object(n) ? skip_name(at, end, error) : at;
        }
        if (byte != (in_object(n) ? '}' : ']'))
            return o2p_json_fail(error, at, end, "a comma or the closing bracket is expected");
        n->depth--;
        at++;
    }
    return at;
}

/* Reads what a container begins with: its bracket and, if it is an object with members, a name.
 * Sets *empty, and then has read the closing bracket as well. */
static const uint8_t *enter(nesting *n, const uint8_t *at, const uint8_t *end, bool *empty,
                            o2p_json_error *error)
{
    bool object = *at == '{';
    if (n->depth == O2P_JSON_SKIP_DEPTH) {
        *error = (o2p_json_error){O2P_ERR_DEPTH, at, "values are nested too deep"};
        return NULL;
    }
    at = o2p_json_next(at + 1, end);
    *empty = o2p_json_peek(at, end) == (object ? '}' : ']');
    if (*empty)
        return at + 1;
    open_container(n, object);
    return object ? skip_name(at, end, error) : at;
}

const uint8_t *o2p_json_skip_value(const uint8_t *at, const uint8_t *end, o2p_json_error *error)
{
    nesting n = {{0}, 0};
    do {
        uint8_t first = o2p_json_peek(at, end);
        bool complete = true;
        if (first == '{' || first == '[')
            at = enter(&n, at, end, &complete, error);
        else
            at = skip_scalar(at, end, error);
        if (at != NULL && complete)
            at = after_value(&n, at, end, error);
    } while (at != NULL && n.depth > 0);
    return at;
}
