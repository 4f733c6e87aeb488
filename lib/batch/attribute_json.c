/* attribute_json.c - see attribute_json.h.
 *
 *   type                       member
 *   string                     a string
 *   int, bool                  as it is
 *   double                     a number with a `.` or an `e`, so that 1.0 is not 1
 *   NaN, Infinity, -Infinity   a string
 *   bytes                      a string, base64
 *   array, kvlist              as it is: it is JSON
 *   none                       null
 *
 * With the letters of the types, the list can be told from the object again.
 */
#include "attribute_json.h"

#include "../base/text.h"

static void append_entry(o2p_buffer *out, const o2p_entry *value)
{
    o2p_buffer_append(out, value->bytes, value->size);
}

static void append_quoted(o2p_buffer *out, const o2p_entry *value)
{
    o2p_buffer_byte(out, '"');
    append_entry(out, value);
    o2p_buffer_byte(out, '"');
}

static bool has_byte(const o2p_entry *value, uint8_t byte)
{
    for (uint32_t i = 0; i < value->size; i++)
        if (value->bytes[i] == byte)
            return true;
    return false;
}

/* Of all texts of doubles, those of NaN and the infinities have an `N` or an `I`. */
static void append_double(o2p_buffer *out, const o2p_entry *value)
{
    if (has_byte(value, 'N') || has_byte(value, 'I')) {
        append_quoted(out, value);
        return;
    }
    append_entry(out, value);
    if (!has_byte(value, '.') && !has_byte(value, 'e'))
        o2p_buffer_text(out, ".0");
}

static void append_value(o2p_buffer *out, const o2p_entry *value, uint8_t letter)
{
    switch (letter) {
    case O2P_LETTER_STRING:
        o2p_append_json_string(out, value->bytes, value->size);
        break;
    case O2P_LETTER_DOUBLE:
        append_double(out, value);
        break;
    case O2P_LETTER_BYTES:
        append_quoted(out, value);
        break;
    case O2P_LETTER_EMPTY:
        o2p_buffer_text(out, "null");
        break;
    default:
        append_entry(out, value);
        break;
    }
}

void o2p_append_attribute_json(const o2p_attribute_list *list, o2p_buffer *out)
{
    o2p_buffer_byte(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        const o2p_entry *key = o2p_attribute_key(list, i);
        if (i > 0)
            o2p_buffer_byte(out, ',');
        o2p_append_json_string(out, key->bytes, key->size);
        o2p_buffer_byte(out, ':');
        append_value(out, o2p_attribute_value(list, i), o2p_attribute_letter(list, i));
    }
    o2p_buffer_byte(out, '}');
}
