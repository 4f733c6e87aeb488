/* known.h - resources, scopes, keys, attributes and lists of attributes that are found again by
 * their bytes.
 *
 *   table   by the bytes of                saves
 *   groups  resource or scope, and URL     a copy of them, its hash and the store's look-up
 *   pairs   key and value                  reading both and looking them up
 *   keys    the key                        looking it up in a dictionary
 *   lists   all fields of the list         everything
 *
 * Most attributes of a request are among a few hundred. Places are overwritten by whatever comes,
 * a pair from the second time that its value does, so that what is new costs little and no memory;
 * and the tables last for one request, so that they need neither copies of the bytes nor a
 * rollback. What is noticed in an attribute is counted each time: one in which anything was noticed
 * is not kept. A group is, and says so.
 */
#ifndef O2P_OTLP_KNOWN_H
#define O2P_OTLP_KNOWN_H

#include "../base/hash.h"
#include "../base/word.h"
#include "../batch/column.h"
#include "descriptor.h"

/* A message's field, its wire bytes. Not present: bytes is NULL. */
typedef struct o2p_span {
    const uint8_t *bytes;
    size_t size;
} o2p_span;

/* What each record takes of the resource, scope or metric that it belongs to: see walk.c. */
typedef struct o2p_share {
    uint64_t attributes; /* and duplicates, as so many attributes */
    uint64_t note;       /* bytes of its DuplicateAttributes */
} o2p_share;

/* A resource or scope. */
typedef struct o2p_known_group {
    o2p_span message, schema_url;
    o2p_share share;
    uint32_t request; /* number of the request; another one: a free place */
    uint32_t row;
    bool noticed; /* something was: see o2p_notices */
} o2p_known_group;

/* A key of a column's lists. */
typedef struct o2p_known_key {
    const uint8_t *bytes;
    const o2p_column *column;
    uint32_t size;
    uint32_t request;
    uint32_t key;    /* index */
    uint32_t values; /* read with it in this step (known.c) ... */
    uint32_t fresh;  /* ... of which so many made an entry */
    bool varied;     /* nearly all do, so they are not looked up, but for a sample */
} o2p_known_key;

typedef struct o2p_known_pair {
    const uint8_t *bytes; /* of the KeyValue */
    const o2p_column *column;
    uint32_t size;
    uint32_t request;
    uint32_t key, value; /* indices */
    char letter;
    o2p_known_key *owner; /* where its key was when it was read */
} o2p_known_pair;

/* The fields of a record that make up a list, one behind the other. */
typedef struct o2p_known_list {
    const uint8_t *bytes; /* of the fields, their keys included */
    const o2p_column *column;
    size_t size;
    uint32_t number; /* of the list in its column */
    uint32_t types;  /* cell of the companion column */
    uint32_t count;
    uint32_t keys, values; /* those that are not empty: lookups that are saved */
} o2p_known_list;

enum {
    O2P_KNOWN_GROUPS = 64, /* resources, and as many scopes */
    O2P_KNOWN_KEYS = 256,
    O2P_KNOWN_PAIRS = 512,
    O2P_KNOWN_LISTS = 4096,
    O2P_NO_LIST = O2P_KNOWN_LISTS,
    /* A group, or list, has the choice of two places, so that of two that meet none pushes the
     * other out again and again. */
    O2P_KNOWN_WAYS = 2
};

typedef struct o2p_known {
    o2p_buffer groups[O2P_SOURCE_SCOPE + 1]; /* o2p_known_group, by o2p_source; [ROW] is not used */
    o2p_buffer keys;                /* o2p_known_key, O2P_KNOWN_KEYS of them, once there is one */
    o2p_buffer pairs;               /* o2p_known_pair likewise */
    o2p_buffer lists;               /* o2p_known_list, as they come */
    o2p_buffer places;              /* u16 a place: the list that is there, perhaps; see known.c */
    uint32_t request;               /* how many there were */
    uint32_t list_tries, list_hits; /* in this request */
} o2p_known;

void o2p_known_init(o2p_known *known, o2p_memory *memory);
void o2p_known_free(o2p_known *known);

/* Forgets what it knows. */
void o2p_known_begin(o2p_known *known);

/* Makes a table of `size` bytes that are zero; NULL when memory is refused. */
void *o2p_known_table_begin(o2p_buffer *table, size_t size);

static inline void *o2p_known_table(o2p_buffer *table, size_t size)
{
    return O2P_LIKELY(table->size == size) ? table->data : o2p_known_table_begin(table, size);
}

/* A number below 2^32 from the length, the first and the last eight bytes: what differs only in
 * between shares a place, where the one that came last stays. */
static inline uint64_t o2p_known_place(const uint8_t *bytes, size_t size)
{
    uint64_t first = size, last = 0;
    if (size >= 8) {
        first += o2p_load_le64(bytes);
        last = o2p_load_le64(bytes + size - 8);
    } else if (size >= 4) {
        first += o2p_load_le32(bytes);
        last = o2p_load_le32(bytes + size - 4);
    } else if (size > 0) {
        first += (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size / 2] << 8 | bytes[size - 1];
    }
    uint64_t mixed = first * UINT64_C(0x9E3779B97F4A7C15) + last;
    return (mixed ^ mixed >> 29) * UINT64_C(0xC2B2AE3D27D4EB4F) >> 32;
}

/* A number from all words of a resource or scope of 32 bytes or more: those of one system are alike
 * at both ends and often of one size. Four sums, and not o2p_hash, since this is for each group of
 * a request, of which there may be one a record: compilers make two instructions of a block. */
static inline uint64_t o2p_known_sum(o2p_span message)
{
    enum { LANES = 4, BLOCK = 8 * LANES };
    const uint8_t *last = message.bytes + message.size - BLOCK;
    uint64_t sums[LANES] = {message.size, 0, 0, 0};
    for (const uint8_t *at = message.bytes; at < last; at += BLOCK)
        for (size_t i = 0; i < LANES; i++)
            sums[i] += o2p_load_le64(at + 8 * i);
    for (size_t i = 0; i < LANES; i++)
        sums[i] += o2p_load_le64(last + 8 * i);
    o2p_wide a = o2p_multiply(sums[0] ^ UINT64_C(0x9E3779B97F4A7C15), sums[1]);
    o2p_wide b = o2p_multiply(sums[2] ^ UINT64_C(0xC2B2AE3D27D4EB4F), sums[3]);
    return a.high ^ a.low ^ b.high ^ b.low;
}

/* The places of a resource or scope; NULL when memory is refused. */
static inline o2p_known_group *o2p_known_group_places(o2p_known *known, o2p_source source,
                                                      o2p_span message)
{
    enum { SHORT = 64 };
    void *table =
        o2p_known_table(&known->groups[source], O2P_KNOWN_GROUPS * sizeof(o2p_known_group));
    if (O2P_UNLIKELY(table == NULL))
        return NULL;
    uint64_t number =
        message.size <= SHORT ? o2p_hash(message.bytes, message.size) : o2p_known_sum(message);
    return (o2p_known_group *)table + number % O2P_KNOWN_GROUPS / O2P_KNOWN_WAYS * O2P_KNOWN_WAYS;
}

/* Nothing is not the same as an empty message. */
static inline bool o2p_same_span(o2p_span a, o2p_span b)
{
    return a.size == b.size && (a.bytes == NULL) == (b.bytes == NULL) &&
           o2p_same_bytes(a.bytes, b.bytes, a.size);
}

static inline bool o2p_known_group_holds(const o2p_known *known, const o2p_known_group *at,
                                         o2p_span message, o2p_span schema_url)
{
    return at->request == known->request && o2p_same_span(at->message, message) &&
           o2p_same_span(at->schema_url, schema_url);
}

/* The place of a key, which may hold another or none; NULL when memory is refused. */
static inline o2p_known_key *o2p_known_key_place(o2p_known *known, o2p_span key)
{
    void *table = o2p_known_table(&known->keys, O2P_KNOWN_KEYS * sizeof(o2p_known_key));
    if (O2P_UNLIKELY(table == NULL))
        return NULL;
    return (o2p_known_key *)table + o2p_known_place(key.bytes, key.size) % O2P_KNOWN_KEYS;
}

static inline bool o2p_known_key_holds(const o2p_known *known, const o2p_known_key *at,
                                       const o2p_column *column, o2p_span key)
{
    return at->request == known->request && at->column == column && at->size == key.size &&
           o2p_same_bytes(at->bytes, key.bytes, key.size);
}

/* A step of o2p_known_key_count: decides whether values are new. */
void o2p_known_key_judge(o2p_known_key *key);

/* Values are judged by so many at a time. Of a key whose values are new, so many are looked up at
 * the begin of each step all the same, and when half of them came again the others are, too. */
enum { O2P_KNOWN_STEP = 2048, O2P_KNOWN_SAMPLE = 128 };

/* Counts a value that came with the key, and whether it made an entry. */
static inline void o2p_known_key_count(o2p_known_key *key, bool fresh)
{
    key->values++;
    key->fresh += fresh;
    if (O2P_UNLIKELY(key->varied || key->values == O2P_KNOWN_STEP))
        o2p_known_key_judge(key);
}

/* Whether the next value is likely to be new. */
static inline bool o2p_known_key_is_new(const o2p_known_key *key)
{
    return O2P_UNLIKELY(key->varied) && key->values >= O2P_KNOWN_SAMPLE;
}

/* The place of an attribute; NULL when memory is refused. */
static inline o2p_known_pair *o2p_known_pair_place(o2p_known *known, o2p_span pair)
{
    void *table = o2p_known_table(&known->pairs, O2P_KNOWN_PAIRS * sizeof(o2p_known_pair));
    if (O2P_UNLIKELY(table == NULL))
        return NULL;
    return (o2p_known_pair *)table + o2p_known_place(pair.bytes, pair.size) % O2P_KNOWN_PAIRS;
}

static inline bool o2p_known_pair_holds(const o2p_known *known, const o2p_known_pair *at,
                                        const o2p_column *column, o2p_span pair)
{
    return at->request == known->request && at->column == column && at->size == pair.size &&
           o2p_same_bytes(at->bytes, pair.bytes, pair.size);
}

/* The two places of a list among known->places; NULL when it is not to be looked for, as where
 * lists turn out to be mostly new. */
uint16_t *o2p_known_list_place(o2p_known *known, o2p_span fields);

/* The list with these fields, if it is at one of its places; else O2P_NO_LIST. */
uint32_t o2p_known_list_at(o2p_known *known, const uint16_t *place, const o2p_column *column,
                           o2p_span fields);

static inline const o2p_known_list *o2p_known_list_of(const o2p_known *known, uint32_t list)
{
    return (const o2p_known_list *)(const void *)known->lists.data + list;
}

/* Keeps a list at its places, if there is room; of two there the older goes. */
void o2p_known_list_keep(o2p_known *known, uint16_t *place, const o2p_known_list *list);

#endif
