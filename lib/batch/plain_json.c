/* plain_json.c - see plain_json.h. */
#include "plain_json.h"

/* The text up to the quote that ends the string which begins at json->at. */
static o2p_plain_token read_string(o2p_plain_json *json)
{
    o2p_plain_token token = {O2P_PLAIN_STRING, false, json->at, 0};
    while (json->at < json->end && *json->at != '"') {
        bool escape = *json->at == '\\' && json->end - json->at > 1;
        token.escaped |= escape;
        json->at += escape ? 2 : 1;
    }
    token.size = (size_t)(json->at - token.bytes);
    json->at += json->at < json->end;
    return token;
}

/* The text up to a comma or the end of the array or object. */
static o2p_plain_token read_word(o2p_plain_json *json)
{
    o2p_plain_token token = {O2P_PLAIN_INT, false, json->at, 0};
    for (; json->at < json->end; json->at++) {
        uint8_t c = *json->at;
        if (c == ',' || c == ']' || c == '}')
            break;
        if (c == '.' || c == 'e')
            token.kind = O2P_PLAIN_DOUBLE;
    }
    token.size = (size_t)(json->at - token.bytes);
    uint8_t first = *token.bytes;
    if (first == 'n' || first == 't' || first == 'f')
        token.kind = first == 'n'   ? O2P_PLAIN_NULL
                     : first == 't' ? O2P_PLAIN_TRUE
                                    : O2P_PLAIN_FALSE;
    return token;
}

o2p_plain_token o2p_plain_next(o2p_plain_json *json)
{
    while (json->at < json->end && (*json->at == ',' || *json->at == ':'))
        json->at++;
    if (json->at == json->end)
        return (o2p_plain_token){O2P_PLAIN_END, false, json->at, 0};
    switch (*json->at) {
    case '[':
        return (o2p_plain_token){O2P_PLAIN_ARRAY, false, json->at++, 1};
    case '{':
        return (o2p_plain_token){O2P_PLAIN_OBJECT, false, json->at++, 1};
    case ']':
    case '}':
        return (o2p_plain_token){O2P_PLAIN_END, false, json->at++, 1};
    case '"':
        json->at++;
        return read_string(json);
    default:
        return read_word(json);
    }
}

void o2p_plain_skip(o2p_plain_json *json, const o2p_plain_token *token)
{
    size_t open = token->kind == O2P_PLAIN_ARRAY || token->kind == O2P_PLAIN_OBJECT;
    while (open > 0 && json->at < json->end) {
        o2p_plain_kind kind = o2p_plain_next(json).kind;
        open += kind == O2P_PLAIN_ARRAY || kind == O2P_PLAIN_OBJECT;
        open -= kind == O2P_PLAIN_END;
    }
}

static uint8_t hex_digit(uint8_t c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* The byte that the escape with this letter stands for; \u is not among them. */
static uint8_t escaped_byte(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

size_t o2p_plain_unescape(uint8_t *to, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes, *end = bytes + size;
    uint8_t *out = to;
    while (at < end) {
        if (*at != '\\' || end - at < 2) {
            *out++ = *at++;
        } else if (at[1] == 'u' &&
                   end - at >= 6) { /* \u00XX: only bytes below 0x20 are so written */
            *out++ = (uint8_t)((hex_digit(at[4]) << 4 | hex_digit(at[5])) & 0x7F);
            at += 6;
        } else {
            *out++ = escaped_byte(at[1]);
            at += 2;
        }
    }
    return (size_t)(out - to);
}
