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
    MAX_PROBES = 32
};

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

/* The place of `word`, added if it is new; UINT32_MAX when its probe is too long or as many as are
 * allowed are there. */
static uint32_t find(o2p_number_table *table, uint64_t word)
{
    uint32_t *slots = (uint32_t *)(void *)table->slots.data;
    const uint64_t *values = o2p_number_table_values(table);
    uint32_t mask = (1u << table->bits) - 1, start = hash(word, table->bits);
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        uint32_t *slot = &slots[(start + i) & mask];
        if (*slot != 0 && values[*slot - 1] == word)
            return *slot - 1;
        if (*slot != 0)
            continue;
        uint32_t count = o2p_number_table_count(table);
        if (count == table->allowed)
            return UINT32_MAX;
        o2p_buffer_u64(&table->values, word);
        *slot = count + 1;
        return o2p_number_table_count(table) > count ? count : UINT32_MAX;
    }
    return UINT32_MAX;
}

bool o2p_number_table_begin(o2p_number_table *table, uint32_t count)
{
    table->allowed = allowance(count);
    table->bits = 5;
    while (1u << table->bits < 2 * table->allowed)
        table->bits++;
    size_t size = sizeof(uint32_t) << table->bits;
    table->values.size = table->slots.size = 0;
    void *slots = o2p_buffer_extend(&table->slots, size);
    if (slots == NULL)
        return false;
    memset(slots, 0, size);
    return true;
}

bool o2p_number_table_add(o2p_number_table *table, const uint64_t *words, uint32_t count,
                          uint32_t *places)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && words[i] == words[i - 1]) {
            places[i] = places[i - 1];
            continue;
        }
        places[i] = find(table, words[i]);
        if (places[i] == UINT32_MAX)
            return false;
    }
    return true;
}
