/* wire.c - the rare paths of wire.h. */
#include "wire.h"

bool o2p_wire_truncated(o2p_wire *wire)
{
    return o2p_wire_fail(wire, wire->at == wire->end ? wire->at - 1 : wire->at, O2P_ERR_TRUNCATED);
}

bool o2p_wire_varint_slow(o2p_wire *wire, uint64_t *value)
{
    uint64_t v = 0;
    const uint8_t *start = wire->at;
    for (unsigned i = 0; i < 10; i++) {
        if (start + i == wire->end)
            return o2p_wire_truncated(wire);
        /* Bits of the tenth byte beyond 64 are dropped, as other decoders do. */
        v |= (uint64_t)(start[i] & 0x7F) << (7 * i);
        if (start[i] < 0x80) {
            *value = v;
            wire->at = start + i + 1;
            return true;
        }
    }
    return o2p_wire_fail(wire, start, O2P_ERR_MALFORMED);
}

bool o2p_wire_skip_group(o2p_wire *wire, uint32_t number)
{
    uint32_t open[O2P_MAX_DEPTH];
    size_t depth = 0;
    open[depth++] = number;
    while (depth > 0) {
        const uint8_t *start = wire->at;
        uint64_t key;
        if (!o2p_wire_varint(wire, &key))
            return false;
        o2p_wire_field field = {(uint32_t)key, start, 0, NULL};
        if (key < 8 || key > UINT32_MAX)
            return o2p_wire_fail(wire, start, O2P_ERR_MALFORMED);
        if ((key & 7) == O2P_WIRE_GROUP_START) {
            if (depth == O2P_MAX_DEPTH)
                return o2p_wire_fail(wire, start, O2P_ERR_DEPTH);
            open[depth++] = field.key >> 3;
        } else if ((key & 7) == O2P_WIRE_GROUP_END) {
            if (open[--depth] != field.key >> 3)
                return o2p_wire_fail(wire, start, O2P_ERR_MALFORMED);
        } else if (!o2p_wire_value(wire, &field)) {
            return false;
        }
    }
    return true;
}

bool o2p_wire_next_slow(o2p_wire *wire, o2p_wire_field *field)
{
    uint64_t key;
    if (wire->at == wire->end)
        return false;
    field->start = wire->at;
    if (O2P_UNLIKELY(!o2p_wire_varint(wire, &key)))
        return false;
    if (O2P_UNLIKELY(key < 8 || key > UINT32_MAX))
        return o2p_wire_fail(wire, field->start, O2P_ERR_MALFORMED);
    field->key = (uint32_t)key;
    return o2p_wire_value(wire, field);
}
