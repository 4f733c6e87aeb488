/* walk.c - see walk.h. */
#include "walk.h"

void o2p_walk_init(o2p_walk *walk, o2p_store *store)
{
    memset(walk, 0, sizeof(*walk));
    walk->store = store;
    o2p_buffer_init(&walk->text, store->memory);
    o2p_buffer_init(&walk->duplicates, store->memory);
    o2p_buffer_init(&walk->key, store->memory);
    for (size_t i = 0; i < 2; i++) {
        o2p_buffer_init(&walk->lists[i].types, store->memory);
        o2p_buffer_init(&walk->lists[i].late, store->memory);
        o2p_buffer_init(&walk->lists[i].stamps, store->memory);
    }
}

void o2p_walk_free(o2p_walk *walk)
{
    o2p_buffer_free(&walk->text);
    o2p_buffer_free(&walk->duplicates);
    o2p_buffer_free(&walk->key);
    for (size_t i = 0; i < 2; i++) {
        o2p_buffer_free(&walk->lists[i].types);
        o2p_buffer_free(&walk->lists[i].late);
        o2p_buffer_free(&walk->lists[i].stamps);
    }
}

bool o2p_walk_other(o2p_walk *walk, const o2p_message *message, const o2p_wire_field *field)
{
    if (o2p_find_field(message, field->key >> 3) != NULL)
        return o2p_walk_fail(walk, O2P_ERR_WIRE_TYPE, field->start);
    walk->counts.unknown_fields++;
    return true;
}

o2p_rows *o2p_walk_new_row(o2p_walk *walk, o2p_table table, const uint8_t *at, uint32_t *row)
{
    o2p_rows *rows = o2p_store_table(walk->store, table);
    if (rows == NULL)
        return NULL;
    if (rows->count >= O2P_MAX_ROWS) {
        o2p_walk_fail(walk, O2P_ERR_LIMIT, at);
        return NULL;
    }
    *row = rows->count++;
    walk->store->row_count++;
    walk->counts.accepted++;
    return rows;
}
