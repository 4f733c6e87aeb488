/* locate.c - see locate.h. */
#include "locate.h"

#include "../base/text.h"
#include "wire.h"

typedef struct path_text {
    char *text;
    size_t size;
    size_t capacity; /* NUL included */
} path_text;

static const char ellipsis[] = "...";

/* Appends, dropping characters behind a leading "..." when there is no room. */
static void append(path_text *path, const char *piece, size_t size)
{
    size_t kept = sizeof(ellipsis) - 1;
    if (size + kept >= path->capacity)
        return;
    if (path->size + size >= path->capacity) {
        size_t excess = path->size + size + 1 - path->capacity;
        size_t drop = path->size < kept + excess ? path->size : kept + excess;
        memmove(path->text + kept, path->text + drop, path->size - drop);
        memcpy(path->text, ellipsis, kept);
        path->size = kept + path->size - drop;
    }
    memcpy(path->text + path->size, piece, size);
    path->size += size;
}

static void append_field(path_text *path, const o2p_proto_field *field, uint32_t index)
{
    char digits[O2P_INT64_TEXT_MAX];
    if (path->size > 0)
        append(path, ".", 1);
    append(path, field->name, strlen(field->name));
    if (field->label != O2P_PROTO_REPEATED)
        return;
    append(path, "[", 1);
    append(path, digits, o2p_format_u64(digits, index));
    append(path, "]", 1);
}

/* Finds the field of one message that holds `target`, or that cannot be read. NULL when no known
 * one does. *content is what is inside it. */
static const o2p_proto_field *find(const o2p_message *message, o2p_wire *wire,
                                   const uint8_t *target, uint32_t *index, o2p_wire_field *content)
{
    uint32_t counts[O2P_MAX_FIELD_NUMBER + 1] = {0};
    bool more = true;
    while (more) {
        content->key = 0;
        content->start = wire->at;
        more = o2p_wire_next(wire, content);
        if (!more || target < wire->at)
            break;
        if (content->key >> 3 <= O2P_MAX_FIELD_NUMBER)
            counts[content->key >> 3]++;
    }
    const o2p_proto_field *field = o2p_find_field(message, content->key >> 3);
    *index = field == NULL ? 0 : counts[field->number];
    if (!more)
        content->value = 0;
    return field;
}

void o2p_locate(const o2p_message *message, const uint8_t *bytes, size_t size, size_t offset,
                char *path, size_t capacity)
{
    path_text text = {path, 0, capacity};
    o2p_wire wire = o2p_wire_over(bytes, size);
    const uint8_t *target = bytes + offset;
    while (message != NULL && target >= wire.at && target <= wire.end) {
        o2p_wire_field content;
        uint32_t index;
        const o2p_proto_field *field = find(message, &wire, target, &index, &content);
        if (field == NULL)
            break;
        append_field(&text, field, index);
        bool inside =
            (content.key & 7) == O2P_WIRE_LEN && content.value > 0 && target >= content.bytes;
        message = inside ? field->message : NULL;
        if (inside)
            wire = o2p_wire_over(content.bytes, (size_t)content.value);
    }
    path[text.size] = '\0';
}
