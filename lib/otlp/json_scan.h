/* json_scan.h - the tokens of JSON text (RFC 8259): spaces, strings, literals, whole values to be
 * skipped.
 *
 * Functions take where they begin and the end of the text, and return where what they read ends, or
 * NULL with *error set. Text need not be valid UTF-8: inside strings, bytes from 0x80 on are taken
 * as they are. Control characters below 0x20 in strings are an error.
 */
#ifndef O2P_OTLP_JSON_SCAN_H
#define O2P_OTLP_JSON_SCAN_H

#include "../base/scan.h"

typedef struct o2p_json_error {
    o2p_status status; /* TRUNCATED, MALFORMED, or DEPTH */
    const uint8_t *at;
    const char *what; /* static text */
} o2p_json_error;

/* Values that are skipped may nest this deep. */
enum { O2P_JSON_SKIP_DEPTH = 1024 };

/* Fails at `at`: with TRUNCATED where the text ends. Returns NULL. */
const uint8_t *o2p_json_fail(o2p_json_error *error, const uint8_t *at, const uint8_t *end,
                             const char *what);

const uint8_t *o2p_json_skip_spaces(const uint8_t *at, const uint8_t *end);

/* The next byte that is no space, or `end`. */
static inline const uint8_t *o2p_json_next(const uint8_t *at, const uint8_t *end)
{
    return O2P_LIKELY(at<end && * at> ' ') ? at : o2p_json_skip_spaces(at, end);
}

/* The byte at `at`; at the end 0, which no token begins with. */
static inline uint8_t o2p_json_peek(const uint8_t *at, const uint8_t *end)
{
    return O2P_LIKELY(at < end) ? *at : 0;
}

/* Marks what ends a run of plain characters in a string: a quote, a backslash, a control
 * character. A byte from 0x80 on is never marked. */
static O2P_ALWAYS_INLINE uint64_t o2p_json_mark_special(uint64_t v)
{
    uint64_t quote = v ^ O2P_LOW_BITS * '"', backslash = v ^ O2P_LOW_BITS * '\\';
    return ((v - O2P_LOW_BITS * 0x20) | (quote - O2P_LOW_BITS) | (backslash - O2P_LOW_BITS)) & ~v &
           O2P_TOP_BITS;
}

/* The end of the run of plain characters at `at`. */
static inline const uint8_t *o2p_json_plain_end(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t marks = o2p_json_mark_special(o2p_load_le64(at));
        if (marks != 0)
            return at + o2p_trailing_zeros(marks) / 8;
    }
    while (at < end && *at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* Reads the rest of a string, `at` being behind its opening quote; returns what is behind its
 * closing one. Every escape is checked to be one. */
const uint8_t *o2p_json_skip_string(const uint8_t *at, const uint8_t *end, o2p_json_error *error);

/* Writes what the inside of a string [at, stop) stands for, which o2p_json_skip_string has read, to
 * `to`: at most stop - at bytes, but up to 8 more may be overwritten. Returns their end. A
 * surrogate without its partner is written as U+FFFD, and *lone is where the first one is, else
 * NULL. */
uint8_t *o2p_json_unescape(uint8_t *to, const uint8_t *at, const uint8_t *stop,
                           const uint8_t **lone);

/* Reads true, false or null. */
const uint8_t *o2p_json_literal(const uint8_t *at, const uint8_t *end, o2p_json_error *error);

/* Reads one value of any kind. */
const uint8_t *o2p_json_skip_value(const uint8_t *at, const uint8_t *end, o2p_json_error *error);

#endif
