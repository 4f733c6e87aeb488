/* plain_json.h - reads the JSON that arrays and kvlists are kept as, token by token.
 *
 * That JSON is our own (otlp/anyvalue.c), without blanks and with minimal escapes: its integers
 * have neither `.` nor `e`, its doubles have one of them, its strings are valid UTF-8. Other texts
 * give some tokens or other and do no harm: nothing is read beyond `end`, and the text ends.
 */
#ifndef O2P_BATCH_PLAIN_JSON_H
#define O2P_BATCH_PLAIN_JSON_H

#include "../base/buffer.h"

typedef enum o2p_plain_kind {
    O2P_PLAIN_END, /* of the text, or of the array or object */
    O2P_PLAIN_NULL,
    O2P_PLAIN_TRUE,
    O2P_PLAIN_FALSE,
    O2P_PLAIN_INT,
    O2P_PLAIN_DOUBLE,
    O2P_PLAIN_STRING,
    O2P_PLAIN_ARRAY, /* its elements follow, and an END */
    O2P_PLAIN_OBJECT /* names (strings) and values follow by turns, and an END */
} o2p_plain_kind;

typedef struct o2p_plain_token {
    o2p_plain_kind kind;
    bool escaped;         /* a string with escapes: see o2p_plain_unescape */
    const uint8_t *bytes; /* of a number, or of a string without its quotes */
    size_t size;
} o2p_plain_token;

typedef struct o2p_plain_json {
    const uint8_t *at, *end;
} o2p_plain_json;

o2p_plain_token o2p_plain_next(o2p_plain_json *json);

/* Reads on behind the END of an array or object that has just begun, whatever is nested in it; does
 * nothing for other tokens. */
void o2p_plain_skip(o2p_plain_json *json, const o2p_plain_token *token);

/* Writes what a string stands for to `to`, which has room for its size; returns the length. */
size_t o2p_plain_unescape(uint8_t *to, const uint8_t *bytes, size_t size);

#endif
