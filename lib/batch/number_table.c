/* number_table.c - see number_table.h. */
#include "number_table.h"

enum {
    /* A distinct value must come this often on average: below, DELTA and codecs do better than a
     * dictionary of 8-byte values with its indices. */
    MIN_USES = 4,
    /* Distinct values that are always allowed, so that few values are not judged. */
    ALWAYS_ALLOWED = 16,
    /* More distinct values than this take indices of more than two bytes. */
    MAX_DISTINCT = 65536,
    MAX_PROBES = 32,
    /* Slots at first: few distinct values are the rule, and their slots stay in the cache. */
    FIRST_BITS = 8
};

#define NO_PLACE UINT32_MAX

void o2p_number_table_init(o2p_number_table *table, o2p_memory *memory)
{
    o2p_buffer_init(&table->values, memory);
    o2p_buffer_init(&table->slots, memory);
}

void o2p_number_table_free(o2p_number_table *table)
{
    o2p_buffer_free(&table->values);
    o2p_buffer_free(&table->slots);
}

/* Distinct values allowed among `count`. */
static uint32_t allowance(uint32_t count)
{
    uint32_t allowed = count / MIN_USES;
    if (allowed < ALWAYS_ALLOWED)
        allowed = ALWAYS_ALLOWED;
    return allowed > MAX_DISTINCT ? MAX_DISTINCT : allowed;
}

/* 2^64 divided by the golden ratio: spreads consecutive numbers (Knuth, multiplicative hashing). */
static uint32_t hash(uint64_t word, unsigned bits)
{
    word ^= word >> 32;
    return (uint32_t)(word * 0x9E3779B97F4A7C15u >> (64 - bits));
}

static uint32_t *slots_of(const o2p_number_table *table)
{
    return (uint32_t *)(void *)table->slots.data;
}

/* Makes 2^bits free slots. False when memory is refused. */
static bool make_slots(o2p_number_table *table, unsigned bits)
{
    size_t size = sizeof(uint32_t) << bits;
    table->bits = bits;
    table->slots.size = 0;
    void *slots = o2p_buffer_extend(&table->slots, size);
    if (slots != NULL)
        memset(slots, 0, size);
    return slots != NULL;
}

/* The slot of `word`, or a free one for it; NULL when its probe is too long. */
static uint32_t *probe(const o2p_number_table *table, uint64_t word)
{
    const uint64_t *values = o2p_number_table_values(table);
    uint32_t mask = (1u << table->bits) - 1, start = hash(word, table->bits);
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        uint32_t *slot = &slots_of(table)[(start + i) & mask];
        if (*slot == 0 || values[*slot - 1] == word)
            return slot;
    }
    return NULL;
}

/* Four times as many slots. False when a probe is too long or memory is refused. */
static bool grow(o2p_number_table *table)
{
    if (!make_slots(table, table->bits + 2))
        return false;
    for (uint32_t i = 0; i < o2p_number_table_count(table); i++) {
        uint32_t *slot = probe(table, o2p_number_table_values(table)[i]);
        if (slot == NULL)
            return false;
        *slot = i + 1;
    }
    return true;
}

/* The place of `word`, which is not in the first slot of its probe; added if it is new. NO_PLACE
 * when its probe is too long, as many as are allowed are there, or memory is refused. */
static O2P_NOINLINE uint32_t find(o2p_number_table *table, uint64_t word)
{
    uint32_t *slot = probe(table, word);
    uint32_t count = o2p_number_table_count(table);
    if (slot == NULL || (*slot == 0 && count == table->allowed))
        return NO_PLACE;
    if (*slot != 0)
        return *slot - 1;
    o2p_buffer_u64(&table->values, word);
    if (o2p_number_table_count(table) == count)
        return NO_PLACE;
    *slot = count + 1;
    bool full = (count + 1) * 2 > 1u << table->bits;
    return full && !grow(table) ? NO_PLACE : count;
}

bool o2p_number_table_begin(o2p_number_table *table, uint32_t count)
{
    table->allowed = allowance(count);
    table->values.size = 0;
    return make_slots(table, FIRST_BITS);
}

bool o2p_number_table_add(o2p_number_table *table, const uint64_t *words, uint32_t count,
                          uint32_t *places)
{
    const uint32_t *slots = slots_of(table);
    const uint64_t *values = o2p_number_table_values(table);
    unsigned bits = table->bits;
    uint32_t place = NO_PLACE;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = words[i];
        uint32_t first = slots[hash(word, bits)];
        if (O2P_LIKELY(first != 0 && values[first - 1] == word)) {
            places[i] = first - 1;
            continue;
        }
        if (i == 0 || word != words[i - 1])
            place = find(table, word);
        if (O2P_UNLIKELY(place == NO_PLACE))
            return false;
        places[i] = place;
        slots = slots_of(table); /* they may have grown */
        values = o2p_number_table_values(table);
        bits = table->bits;
    }
    return true;
}
