/* group.c - resources and instrumentation scopes, each read once however often it comes.
 *
 * A group is found again by its bytes: varint(size + 1) and the bytes of its message (0 for none),
 * then its schema URL. Clients write the same resource the same way each time, so this is one hash
 * of a few hundred bytes a group, and where it comes again in a request, which may have a group for
 * each record, not even that (known.h). Two spellings of one resource merely give two rows.
 */
#include "walk.h"

enum {
    GROUP_ATTRIBUTES_DEPTH = 3
}; /* request, ResourceX, Resource, KeyValue; one more for scopes */

static const o2p_attribute_target resource_attributes = {
    O2P_COL_ResourceAttributes, O2P_COL_ResourceAttributesTypes, "ResourceAttributes", 0};
static const o2p_attribute_target scope_attributes = {
    O2P_COL_ScopeAttributes, O2P_COL_ScopeAttributesTypes, "ScopeAttributes", 0};

/* ---- resource ---- */

/* Attributes that have a column of their own. */
static const struct {
    const char *key;
    o2p_col col;
} service_keys[] = {
    {"service.name", O2P_COL_ServiceName},
    {"service.namespace", O2P_COL_ServiceNamespace},
    {"service.instance.id", O2P_COL_ServiceInstanceId},
};
enum { SERVICE_KEYS = sizeof(service_keys) / sizeof(service_keys[0]) };

/* Sets a service column at its key's first occurrence; bit i of *seen is for service_keys[i]. */
static bool note_service(o2p_walk *walk, o2p_rows *rows, uint32_t row,
                         const o2p_wire_field *key_value, unsigned *seen)
{
    o2p_span key, value;
    o2p_any_text text;
    if (!o2p_key_value_of(walk, key_value->bytes, (size_t)key_value->value, &key, &value))
        return false;
    for (unsigned i = 0; i < SERVICE_KEYS; i++) {
        const char *wanted = service_keys[i].key;
        if ((*seen >> i & 1) != 0 || key.size != strlen(wanted) ||
            memcmp(key.bytes, wanted, key.size) != 0)
            continue;
        *seen |= 1u << i;
        if (!o2p_any_text_of(walk, value, GROUP_ATTRIBUTES_DEPTH + 1, &text))
            return false;
        o2p_set_text(rows, service_keys[i].col, row, text.bytes, text.size, text.input);
    }
    return true;
}

/* Reads the attribute into its map; what is noticed while it is read for a service column is not
 * counted. */
static bool resource_attribute(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *field,
                               unsigned *seen)
{
    uint64_t unknown = walk->counts.unknown_fields, repaired = walk->store->pool.repaired;
    if (!note_service(walk, list->rows, list->row, field, seen))
        return false;
    walk->counts.unknown_fields = unknown;
    walk->store->pool.repaired = repaired;
    return o2p_attributes_add(walk, list, field);
}

/* One repeated string of an EntityRef, e.g. "idKeys":["a","b"]. */
static bool append_keys(o2p_walk *walk, const o2p_wire_field *ref, uint32_t number,
                        const char *name, o2p_buffer *out)
{
    o2p_wire wire = o2p_wire_over(ref->bytes, (size_t)ref->value);
    o2p_wire_field field;
    bool first = true;
    o2p_buffer_text(out, name);
    while (o2p_wire_next(&wire, &field)) {
        if (field.key != (number << 3 | O2P_WIRE_LEN))
            continue;
        if (!first)
            o2p_buffer_byte(out, ',');
        first = false;
        o2p_json_text(walk, field.bytes, (size_t)field.value, out);
    }
    o2p_buffer_byte(out, ']');
    return o2p_walk_end(walk, &wire);
}

/* {"schemaUrl":"","type":"","idKeys":[],"descriptionKeys":[]}: all four members, always. */
static bool append_entity_ref(o2p_walk *walk, const o2p_wire_field *ref, o2p_buffer *out)
{
    o2p_wire wire = o2p_wire_over(ref->bytes, (size_t)ref->value);
    o2p_wire_field field;
    o2p_span url = {NULL, 0}, type = {NULL, 0};
    uint64_t seen = 0;
    while (o2p_wire_next(&wire, &field)) {
        switch (field.key) {
        case O2P_KEY(EntityRef_schema_url, O2P_WIRE_LEN):
        case O2P_KEY(EntityRef_type, O2P_WIRE_LEN):
            if (!o2p_walk_once(walk, &seen, &field))
                return false;
            *(field.key >> 3 == otlp_EntityRef_type_tag ? &type : &url) = o2p_span_of(&field);
            break;
        case O2P_KEY(EntityRef_id_keys, O2P_WIRE_LEN):
        case O2P_KEY(EntityRef_description_keys, O2P_WIRE_LEN):
            break;
        default:
            if (!o2p_walk_other(walk, O2P_MESSAGE(EntityRef), &field))
                return false;
        }
    }
    if (!o2p_walk_end(walk, &wire))
        return false;
    o2p_buffer_text(out, "{\"schemaUrl\":");
    o2p_json_text(walk, url.bytes, url.size, out);
    o2p_buffer_text(out, ",\"type\":");
    o2p_json_text(walk, type.bytes, type.size, out);
    bool ok =
        append_keys(walk, ref, otlp_EntityRef_id_keys_tag, ",\"idKeys\":[", out) &&
        append_keys(walk, ref, otlp_EntityRef_description_keys_tag, ",\"descriptionKeys\":[", out);
    o2p_buffer_byte(out, '}');
    return ok;
}

static bool read_resource(o2p_walk *walk, o2p_rows *rows, uint32_t row, o2p_span message)
{
    o2p_wire wire = o2p_wire_over(message.bytes, message.size);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0;
    unsigned services = 0;
    o2p_buffer refs;
    o2p_buffer_init(&refs, walk->store->memory);
    o2p_attributes_begin(&list, &resource_attributes, rows, row, GROUP_ATTRIBUTES_DEPTH, 0, NULL);
    bool ok = true;
    while (ok && o2p_wire_next(&wire, &field)) {
        switch (field.key) {
        case O2P_KEY(Resource_attributes, O2P_WIRE_LEN):
            ok = resource_attribute(walk, &list, &field, &services);
            break;
        case O2P_KEY(Resource_dropped_attributes_count, O2P_WIRE_VARINT):
            ok = o2p_walk_u32(walk, rows, O2P_COL_ResourceDroppedAttributesCount, row, &field,
                              &seen);
            break;
        case O2P_KEY(Resource_entity_refs, O2P_WIRE_LEN):
            o2p_buffer_byte(&refs, refs.size == 0 ? '[' : ',');
            ok = append_entity_ref(walk, &field, &refs);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(Resource), &field);
        }
    }
    ok = ok && o2p_walk_end(walk, &wire) && o2p_attributes_end(walk, &list);
    if (ok && refs.size > 0) {
        o2p_buffer_byte(&refs, ']');
        o2p_set_text(rows, O2P_COL_ResourceEntityRefs, row, refs.data, refs.size, false);
    }
    o2p_buffer_free(&refs);
    return ok;
}

/* ---- scope ---- */

static bool read_scope(o2p_walk *walk, o2p_rows *rows, uint32_t row, o2p_span message)
{
    o2p_wire wire = o2p_wire_over(message.bytes, message.size);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0;
    o2p_attributes_begin(&list, &scope_attributes, rows, row, GROUP_ATTRIBUTES_DEPTH + 1, 0, NULL);
    while (o2p_wire_next(&wire, &field)) {
        bool ok = true;
        switch (field.key) {
        case O2P_KEY(InstrumentationScope_name, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_ScopeName, row, &field, &seen);
            break;
        case O2P_KEY(InstrumentationScope_version, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_ScopeVersion, row, &field, &seen);
            break;
        case O2P_KEY(InstrumentationScope_attributes, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        case O2P_KEY(InstrumentationScope_dropped_attributes_count, O2P_WIRE_VARINT):
            ok = o2p_walk_u32(walk, rows, O2P_COL_ScopeDroppedAttrCount, row, &field, &seen);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(InstrumentationScope), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire) && o2p_attributes_end(walk, &list);
}

/* ---- both ---- */

static void build_key(o2p_buffer *key, o2p_span message, o2p_span schema_url)
{
    uint64_t size = message.bytes == NULL ? 0 : (uint64_t)message.size + 1;
    key->size = 0;
    for (; size >= 0x80; size >>= 7)
        o2p_buffer_byte(key, (uint8_t)(size | 0x80));
    o2p_buffer_byte(key, (uint8_t)size);
    o2p_buffer_append(key, message.bytes, message.size);
    o2p_buffer_append(key, schema_url.bytes, schema_url.size);
}

static bool read_group(o2p_walk *walk, o2p_source source, uint32_t row, o2p_span message,
                       o2p_span schema_url)
{
    bool resource = source == O2P_SOURCE_RESOURCE;
    o2p_rows *rows = walk->store->groups[source];
    bool ok = message.bytes == NULL || (resource ? read_resource(walk, rows, row, message)
                                                 : read_scope(walk, rows, row, message));
    if (ok && schema_url.size > 0)
        o2p_set_text(rows, resource ? O2P_COL_ResourceSchemaUrl : O2P_COL_ScopeSchemaUrl, row,
                     schema_url.bytes, schema_url.size, true);
    if (ok)
        o2p_duplicates_end(walk, rows, row);
    return ok;
}

static uint64_t *noticed(o2p_walk *walk, size_t i)
{
    uint64_t *counts[] = {&walk->store->pool.repaired, &walk->counts.duplicate_keys,
                          &walk->counts.unknown_fields};
    return counts[i];
}

/* Counts once more what was noticed in a group. */
static void notice_again(o2p_walk *walk, o2p_source source, uint32_t row)
{
    const o2p_notices *notices = o2p_store_notices(walk->store, source, row);
    *noticed(walk, 0) += notices->invalid_utf8;
    *noticed(walk, 1) += notices->duplicate_keys;
    *noticed(walk, 2) += notices->unknown_fields;
}

/* Reads a group that is new to the store, and keeps what was noticed in it. */
static bool read_noticing(o2p_walk *walk, o2p_source source, uint32_t row, o2p_span message,
                          o2p_span schema_url)
{
    uint64_t before[3];
    for (size_t i = 0; i < 3; i++)
        before[i] = *noticed(walk, i);
    if (!read_group(walk, source, row, message, schema_url) || walk->store->memory->failed)
        return false;
    o2p_notices *notices = o2p_store_notices(walk->store, source, row);
    notices->invalid_utf8 = (uint32_t)(*noticed(walk, 0) - before[0]);
    notices->duplicate_keys = (uint32_t)(*noticed(walk, 1) - before[1]);
    notices->unknown_fields = (uint32_t)(*noticed(walk, 2) - before[2]);
    return true;
}

/* Finds a group in the store, or adds it. False on failure. */
static bool find_group(o2p_walk *walk, o2p_source source, o2p_span message, o2p_span schema_url,
                       uint32_t *row)
{
    bool known;
    build_key(&walk->key, message, schema_url);
    if (walk->store->memory->failed)
        return false;
    *row = o2p_store_find(walk->store, source, walk->key.data, walk->key.size, &known);
    if (walk->store->memory->failed)
        return false;
    if (!known)
        return read_noticing(walk, source, *row, message, schema_url);
    notice_again(walk, source, *row);
    return true;
}

/* A group that was not at its places, where it is from now on; of two there the older goes. */
static O2P_NOINLINE const o2p_known_group *add_group(o2p_walk *walk, o2p_source source,
                                                     o2p_span message, o2p_span schema_url,
                                                     o2p_known_group *places)
{
    uint32_t row;
    if (!find_group(walk, source, message, schema_url, &row))
        return NULL;
    const o2p_notices *n = o2p_store_notices(walk->store, source, row);
    bool any = (n->invalid_utf8 | n->duplicate_keys | n->unknown_fields) != 0;
    places[1] = places[0];
    places[0] = (o2p_known_group){
        message, schema_url, o2p_walk_share_of(walk, source, row), walk->known.request, row, any};
    return &places[0];
}

const o2p_known_group *o2p_walk_group(o2p_walk *walk, o2p_source source, o2p_span message,
                                      o2p_span schema_url)
{
    o2p_known_group *places = o2p_known_group_places(&walk->known, source, message);
    if (O2P_UNLIKELY(places == NULL))
        return NULL;
    for (size_t i = 0; i < O2P_KNOWN_WAYS; i++) {
        if (!o2p_known_group_holds(&walk->known, &places[i], message, schema_url))
            continue;
        walk->store->memos[source].known.lookups++;
        if (O2P_UNLIKELY(places[i].noticed))
            notice_again(walk, source, places[i].row);
        return &places[i];
    }
    return add_group(walk, source, message, schema_url, places);
}
