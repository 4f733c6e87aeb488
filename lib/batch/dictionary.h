/* dictionary.h - each distinct value of a column once, in order of first appearance.
 *
 * Cells hold indices of entries. Entry 0 is always the empty value, so a cell that was never set
 * says "". The hash table is deterministic (fixed seed), so its probes are bounded: when a probe
 * runs too long, or nearly every value turns out new, the dictionary is given up: values go on
 * being appended as entries, but are no longer looked up, and the column is then written PLAIN.
 */
#ifndef O2P_BATCH_DICTIONARY_H
#define O2P_BATCH_DICTIONARY_H

#include "../base/arena.h"
#include "../base/buffer.h"

typedef struct o2p_entry {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t hash; /* high half of the hash, never 0; 0: the entry is not looked up */
} o2p_entry;

/* What the bytes of a dictionary are. */
typedef enum o2p_text_kind {
    O2P_TEXT_UTF8, /* invalid sequences are repaired when an entry is made */
    O2P_TEXT_ID,   /* any bytes; all zeros count as empty */
    O2P_TEXT_RAW   /* any bytes */
} o2p_text_kind;

/* A hash table of entries 1 .. entries - 1. */
typedef struct o2p_slots {
    uint64_t *at;     /* hash << 32 | entry index; 0: free */
    uint32_t count;   /* slots: a power of two, or 0 */
    uint32_t room;    /* slots allocated, at least count */
    uint32_t entries; /* 0 when there are no slots */
} o2p_slots;

typedef struct o2p_dictionary {
    o2p_buffer entries; /* o2p_entry */
    o2p_slots table;
    o2p_slots spare; /* the one before, or after, the last growth: see dictionary.c */
    uint32_t entry_count;
    uint32_t hashed;    /* entries that are looked up, the empty one among them */
    uint64_t lookups;   /* values looked up, the empty one aside */
    uint64_t bytes;     /* of the entries, PLAIN-encoded */
    uint64_t *repaired; /* counts values with invalid UTF-8, each time they come */
    bool gave_up;
    bool kept;         /* not given up for values that are nearly all new */
    uint8_t text_kind; /* o2p_text_kind */
    o2p_arena *arena;
} o2p_dictionary;

/* What o2p_dictionary_rollback restores. */
typedef struct o2p_dictionary_mark {
    uint32_t entry_count;
    uint32_t hashed;
    uint32_t slot_count;
    uint64_t lookups;
    bool gave_up;
} o2p_dictionary_mark;

void o2p_dictionary_init(o2p_dictionary *dictionary, o2p_memory *memory, o2p_arena *arena,
                         o2p_text_kind text_kind, uint64_t *repaired);
void o2p_dictionary_free(o2p_dictionary *dictionary);

/* Releases what only lookups need: no value may be looked up or appended after it. */
void o2p_dictionary_seal(o2p_dictionary *dictionary);

/* Index of the entry for `size` bytes, added if it is new. `lasting` bytes outlive the dictionary
 * and are referred to, unless they are few; others are copied. 0 when memory is refused. */
uint32_t o2p_intern(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size, bool lasting);

/* The same without looking for the value, for one that is likely to be new: if it is not, it has a
 * further entry. Nor is this one found by later lookups. */
uint32_t o2p_dictionary_append(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                               bool lasting);

/* Reserves the empty entry; o2p_intern does so by itself. */
void o2p_dictionary_prepare(o2p_dictionary *dictionary);

o2p_dictionary_mark o2p_dictionary_save(const o2p_dictionary *dictionary);

/* Forgets the entries made since the mark: the dictionary is then exactly as it was. Their bytes
 * stay in the arena, which the caller rolls back itself. */
void o2p_dictionary_rollback(o2p_dictionary *dictionary, o2p_dictionary_mark mark);

/* Orders entries by their bytes, unsigned: as Parquet orders strings. */
static inline int o2p_entry_compare(const o2p_entry *a, const o2p_entry *b)
{
    uint32_t common = a->size < b->size ? a->size : b->size;
    int order = common == 0 ? 0 : memcmp(a->bytes, b->bytes, common);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static inline const o2p_entry *o2p_dictionary_entry(const o2p_dictionary *dictionary,
                                                    uint32_t index)
{
    return (const o2p_entry *)(const void *)dictionary->entries.data + index;
}

/* Asks for the entry and the bytes of values that come behind indices[at]: where rows were sorted
 * they are in no cache, and are not waited for one by one. */
static inline void o2p_dictionary_ahead(const o2p_dictionary *dictionary, const uint32_t *indices,
                                        uint32_t at, uint32_t count)
{
    enum { ENTRY = 16, BYTES = 8 };
    if (count - at <= ENTRY)
        return;
    O2P_PREFETCH(o2p_dictionary_entry(dictionary, indices[at + ENTRY]));
    O2P_PREFETCH(o2p_dictionary_entry(dictionary, indices[at + BYTES])->bytes);
}

#endif
