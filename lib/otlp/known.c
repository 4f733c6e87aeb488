/* known.c - see known.h. */
#include "known.h"

#include "../base/hash.h"

void o2p_known_init(o2p_known *known, o2p_memory *memory)
{
    memset(known, 0, sizeof(*known));
    for (size_t i = 0; i <= O2P_SOURCE_SCOPE; i++)
        o2p_buffer_init(&known->groups[i], memory);
    o2p_buffer_init(&known->keys, memory);
    o2p_buffer_init(&known->pairs, memory);
    o2p_buffer_init(&known->lists, memory);
    o2p_buffer_init(&known->places, memory);
}

void o2p_known_free(o2p_known *known)
{
    for (size_t i = 0; i <= O2P_SOURCE_SCOPE; i++)
        o2p_buffer_free(&known->groups[i]);
    o2p_buffer_free(&known->keys);
    o2p_buffer_free(&known->pairs);
    o2p_buffer_free(&known->lists);
    o2p_buffer_free(&known->places);
}

void o2p_known_begin(o2p_known *known)
{
    if (++known->request == 0) { /* numbers begin again: what is there could be taken for new */
        for (size_t i = 0; i <= O2P_SOURCE_SCOPE; i++)
            known->groups[i].size = 0;
        known->keys.size = known->pairs.size = 0;
        known->request = 1;
    }
    known->lists.size = 0; /* a place that points to nothing, or to another list, does no harm */
    known->list_tries = known->list_hits = 0;
}

void *o2p_known_table_begin(o2p_buffer *table, size_t size)
{
    void *at = o2p_buffer_extend(table, size);
    if (at != NULL)
        memset(at, 0, size);
    return at;
}

/* Values are new when more than 19 in 20 of a step made an entry, as do about twenty thousand
 * values that are equally likely, or more. Fewer come again often enough for a dictionary to pay.
 */
enum { NEW_IN_TWENTY = 19 };

void o2p_known_key_judge(o2p_known_key *key)
{
    if (key->varied && key->values == O2P_KNOWN_SAMPLE && key->fresh < O2P_KNOWN_SAMPLE / 2)
        key->varied = false;
    if (key->values < O2P_KNOWN_STEP)
        return;
    key->varied = key->varied || key->fresh * 20 > O2P_KNOWN_STEP * NEW_IN_TWENTY;
    key->values = key->fresh = 0;
}

uint16_t *o2p_known_list_place(o2p_known *known, o2p_span fields)
{
    enum { TRIES = 2048, ONE_HIT_IN = 8 };
    if (known->list_tries >= TRIES && known->list_hits < known->list_tries / ONE_HIT_IN)
        return NULL;
    void *table = o2p_known_table(&known->places, O2P_KNOWN_LISTS * sizeof(uint16_t));
    if (table == NULL)
        return NULL;
    return (uint16_t *)table +
           o2p_hash(fields.bytes, fields.size) % O2P_KNOWN_LISTS / O2P_KNOWN_WAYS * O2P_KNOWN_WAYS;
}

static bool is_list(const o2p_known *known, uint16_t number, const o2p_column *column,
                    o2p_span fields)
{
    if (number >= known->lists.size / sizeof(o2p_known_list))
        return false;
    const o2p_known_list *list = o2p_known_list_of(known, number);
    return list->column == column && list->size == fields.size &&
           memcmp(list->bytes, fields.bytes, fields.size) == 0;
}

uint32_t o2p_known_list_at(o2p_known *known, const uint16_t *place, const o2p_column *column,
                           o2p_span fields)
{
    known->list_tries++;
    for (size_t i = 0; i < O2P_KNOWN_WAYS; i++) {
        if (!is_list(known, place[i], column, fields))
            continue;
        known->list_hits++;
        return place[i];
    }
    return O2P_NO_LIST;
}

void o2p_known_list_keep(o2p_known *known, uint16_t *place, const o2p_known_list *list)
{
    size_t at = known->lists.size / sizeof(*list);
    if (at >= O2P_KNOWN_LISTS)
        return;
    place[1] = place[0];
    place[0] = (uint16_t)at;
    o2p_buffer_append(&known->lists, list, sizeof(*list));
}
