/* dictionary.c - see dictionary.h. Open addressing with linear probing, at most half full: removing
 * the entries made last, newest first, is then exactly the reverse of adding them, which makes
 * rollback cheap.
 *
 * A rollback also restores the table's size, for keys made to collide have a dictionary given up
 * sooner or later by it, and so the files would tell. The table of the other size is kept as the
 * spare, with the entries it has: growing again then places the missing ones only. So requests that
 * fail just after making a large table grow cost no more than others.
 */
#include "dictionary.h"

#include "../base/hash.h"
#include "../base/limits.h"
#include "../base/utf8.h"

enum {
    FIRST_SLOTS = 64,
    /* A lookup may try this many slots. At half load a good hash needs 64 about once in 10^9
     * lookups, so only colliding keys get there. */
    MAX_PROBES = 64,
    /* Whether values repeat is looked at whenever this many entries were added; of ids, which are
     * random and so either repeat soon or not at all, sooner. */
    GIVE_UP_STEP = 4096,
    GIVE_UP_STEP_OF_IDS = 512,
    /* Given up when more than this many in ten values were new. */
    GIVE_UP_NEW_IN_TEN = 9,
    /* Up to so many bytes are copied even if they last: then entries that are read together lie
     * together, and not each in its own record. */
    SHORT = 32,
    MAX_ENTRIES = INT32_MAX
};

void o2p_dictionary_init(o2p_dictionary *dictionary, o2p_memory *memory, o2p_arena *arena,
                         o2p_text_kind text_kind, uint64_t *repaired)
{
    memset(dictionary, 0, sizeof(*dictionary));
    o2p_buffer_init(&dictionary->entries, memory);
    dictionary->arena = arena;
    dictionary->text_kind = (uint8_t)text_kind;
    dictionary->repaired = repaired;
}

static void free_slots(o2p_memory *memory, o2p_slots *table)
{
    o2p_memory_release(memory, table->at, table->room * sizeof(uint64_t));
    memset(table, 0, sizeof(*table));
}

void o2p_dictionary_seal(o2p_dictionary *dictionary)
{
    free_slots(dictionary->entries.memory, &dictionary->table);
    free_slots(dictionary->entries.memory, &dictionary->spare);
}

void o2p_dictionary_free(o2p_dictionary *dictionary)
{
    o2p_dictionary_seal(dictionary);
    o2p_buffer_free(&dictionary->entries);
}

/* Bytes of a value on a page: ids are written as hex. */
static uint64_t plain_size(const o2p_dictionary *dictionary, size_t size)
{
    return 4 + (uint64_t)size * (dictionary->text_kind == O2P_TEXT_ID ? 2 : 1);
}

static inline uint32_t add_entry(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                                 uint32_t hash)
{
    if (O2P_UNLIKELY(dictionary->entry_count >= MAX_ENTRIES ||
                     !o2p_buffer_reserve(&dictionary->entries, sizeof(o2p_entry)))) {
        dictionary->entries.memory->failed = true;
        return 0;
    }
    o2p_entry *entry = (o2p_entry *)(void *)(dictionary->entries.data + dictionary->entries.size);
    *entry = (o2p_entry){bytes, (uint32_t)size, hash};
    dictionary->entries.size += sizeof(o2p_entry);
    dictionary->bytes += plain_size(dictionary, size);
    return dictionary->entry_count++;
}

void o2p_dictionary_prepare(o2p_dictionary *dictionary)
{
    if (dictionary->entry_count == 0) {
        add_entry(dictionary, (const uint8_t *)"", 0, 0);
        dictionary->hashed = dictionary->entry_count;
    }
}

/* Puts the entry, which follows those of the table, into the first free slot of its probe, unless
 * it is not to be looked up. */
static bool place(o2p_slots *table, uint32_t hash, uint32_t index)
{
    if (hash == 0) {
        table->entries = index + 1;
        return true;
    }
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        uint64_t *slot = &table->at[(hash + i) & (table->count - 1)];
        if (*slot == 0) {
            *slot = (uint64_t)hash << 32 | index;
            table->entries = index + 1;
            return true;
        }
    }
    return false;
}

/* Places the entries that the table does not have yet. */
static bool catch_up(const o2p_dictionary *dictionary, o2p_slots *table)
{
    for (uint32_t i = table->entries; i < dictionary->entry_count; i++)
        if (!place(table, o2p_dictionary_entry(dictionary, i)->hash, i))
            return false;
    return true;
}

static void swap_tables(o2p_dictionary *dictionary)
{
    o2p_slots swap = dictionary->table;
    dictionary->table = dictionary->spare;
    dictionary->spare = swap;
}

/* Makes an empty spare of `count` slots. False when memory is refused. */
static bool make_spare(o2p_dictionary *dictionary, uint32_t count)
{
    o2p_memory *memory = dictionary->entries.memory;
    size_t size = (size_t)count * sizeof(uint64_t);
    uint64_t *at = (uint64_t *)o2p_memory_resize(memory, NULL, 0, size);
    if (at == NULL)
        return false;
    memset(at, 0, size);
    free_slots(memory, &dictionary->spare);
    dictionary->spare = (o2p_slots){at, count, count, 1};
    return true;
}

/* Doubles the table; gives the dictionary up when its entries collide too much even so. False when
 * memory is refused. */
static bool grow_slots(o2p_dictionary *dictionary)
{
    uint32_t count = dictionary->table.count == 0 ? FIRST_SLOTS : dictionary->table.count * 2;
    if (dictionary->spare.count != count && !make_spare(dictionary, count))
        return false;
    if (catch_up(dictionary, &dictionary->spare))
        swap_tables(dictionary);
    else
        dictionary->gave_up = true;
    return true;
}

/* Ids begin with a byte that is not zero, but for one in 256. */
static inline bool is_zero(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size && bytes[i] == 0)
        i++;
    return i == size;
}

static const uint8_t *keep(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                           bool lasting)
{
    if (lasting && size > SHORT)
        return bytes;
    uint8_t *copy = o2p_arena_bytes(dictionary->arena, size);
    if (O2P_LIKELY(copy != NULL))
        o2p_copy_short(copy, bytes, size);
    return copy;
}

static uint32_t intern_repaired(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                                bool look_up)
{
    o2p_buffer repaired;
    o2p_buffer_init(&repaired, dictionary->entries.memory);
    o2p_utf8_repair(&repaired, bytes, size);
    ++*dictionary->repaired;
    uint32_t index = 0;
    if (!dictionary->entries.memory->failed && look_up) {
        dictionary->lookups--; /* the call below counts it */
        index = o2p_intern(dictionary, repaired.data, repaired.size, false);
    } else if (!dictionary->entries.memory->failed) {
        index = o2p_dictionary_append(dictionary, repaired.data, repaired.size, false);
    }
    o2p_buffer_free(&repaired);
    return index;
}

/* Adds an entry of valid text. */
static uint32_t add_kept(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                         uint32_t hash, bool lasting)
{
    if (dictionary->bytes + size > O2P_MAX_DICTIONARY_BYTES) {
        o2p_memory_refuse(dictionary->entries.memory);
        return 0;
    }
    if (O2P_UNLIKELY(dictionary->entry_count == 0))
        o2p_dictionary_prepare(dictionary);
    const uint8_t *kept = keep(dictionary, bytes, size, lasting);
    if (kept == NULL || dictionary->entry_count == 0)
        return 0;
    return add_entry(dictionary, kept, size, hash);
}

static inline bool is_valid(const o2p_dictionary *dictionary, const uint8_t *bytes, size_t size)
{
    return dictionary->text_kind != O2P_TEXT_UTF8 || o2p_is_short_ascii(bytes, size) ||
           o2p_utf8_valid_prefix(bytes, size) == size;
}

/* Whether the dictionary is not worth its lookups, now that it has one more entry. */
static bool mostly_new(const o2p_dictionary *dictionary)
{
    uint32_t step = dictionary->text_kind == O2P_TEXT_ID ? GIVE_UP_STEP_OF_IDS : GIVE_UP_STEP;
    return !dictionary->kept && dictionary->hashed % step == 0 &&
           (uint64_t)dictionary->hashed * 10 > dictionary->lookups * GIVE_UP_NEW_IN_TEN;
}

static O2P_NOINLINE uint32_t insert(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                                    uint32_t hash, bool lasting)
{
    if (!is_valid(dictionary, bytes, size))
        return intern_repaired(dictionary, bytes, size, true);
    o2p_dictionary_prepare(dictionary);
    if (dictionary->hashed * 2 >= dictionary->table.count && !grow_slots(dictionary))
        return 0;
    if (dictionary->gave_up) /* just now */
        hash = 0;
    uint32_t index = add_kept(dictionary, bytes, size, hash, lasting);
    if (index == 0 || hash == 0)
        return index;
    dictionary->hashed++;
    if (!place(&dictionary->table, hash, index) || mostly_new(dictionary))
        dictionary->gave_up = true;
    return index;
}

uint32_t o2p_dictionary_append(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size,
                               bool lasting)
{
    if (size == 0)
        return 0;
    if (!is_valid(dictionary, bytes, size))
        return intern_repaired(dictionary, bytes, size, false);
    return add_kept(dictionary, bytes, size, 0, lasting);
}

uint32_t o2p_intern(o2p_dictionary *dictionary, const uint8_t *bytes, size_t size, bool lasting)
{
    if (size == 0)
        return 0;
    if (dictionary->text_kind == O2P_TEXT_ID && is_zero(bytes, size))
        return 0;
    dictionary->lookups++;
    if (O2P_UNLIKELY(dictionary->gave_up))
        return is_valid(dictionary, bytes, size) ? add_kept(dictionary, bytes, size, 0, lasting)
                                                 : intern_repaired(dictionary, bytes, size, true);
    uint32_t hash = (uint32_t)(o2p_hash(bytes, size) >> 32);
    hash += hash == 0;
    uint32_t mask = dictionary->table.count - 1;
    for (uint32_t i = 0; i < MAX_PROBES && dictionary->table.count > 0; i++) {
        uint64_t slot = dictionary->table.at[(hash + i) & mask];
        if (slot == 0)
            break;
        if ((uint32_t)(slot >> 32) != hash)
            continue;
        const o2p_entry *entry = o2p_dictionary_entry(dictionary, (uint32_t)slot);
        if (entry->size == size && o2p_same_bytes(entry->bytes, bytes, size))
            return (uint32_t)slot;
    }
    return insert(dictionary, bytes, size, hash, lasting);
}

o2p_dictionary_mark o2p_dictionary_save(const o2p_dictionary *dictionary)
{
    return (o2p_dictionary_mark){dictionary->entry_count, dictionary->hashed,
                                 dictionary->table.count, dictionary->lookups, dictionary->gave_up};
}

/* Takes an entry out of the table if it is there: as its newest. */
static void unplace(o2p_slots *table, uint32_t hash, uint32_t index)
{
    if (index == 0 || index >= table->entries)
        return;
    table->entries = index;
    for (uint32_t i = 0; hash != 0 && i < MAX_PROBES; i++) {
        uint64_t *slot = &table->at[(hash + i) & (table->count - 1)];
        if ((uint32_t)*slot == index) {
            *slot = 0;
            return;
        }
    }
}

/* Makes a table of `count` slots of a larger one, in the same memory. */
static void shrink(const o2p_dictionary *dictionary, o2p_slots *table, uint32_t count)
{
    memset(table->at, 0, count * sizeof(uint64_t));
    table->count = count;
    table->entries = count == 0 ? 0 : 1;
    if (count > 0)
        catch_up(dictionary, table);
}

void o2p_dictionary_rollback(o2p_dictionary *dictionary, o2p_dictionary_mark mark)
{
    while (dictionary->entry_count > mark.entry_count) {
        uint32_t index = --dictionary->entry_count;
        uint32_t hash = o2p_dictionary_entry(dictionary, index)->hash;
        dictionary->bytes -= plain_size(dictionary, o2p_dictionary_entry(dictionary, index)->size);
        unplace(&dictionary->table, hash, index);
        unplace(&dictionary->spare, hash, index);
    }
    dictionary->entries.size = dictionary->entry_count * sizeof(o2p_entry);
    if (dictionary->table.count != mark.slot_count && dictionary->spare.count == mark.slot_count)
        swap_tables(dictionary);
    if (dictionary->table.count != mark.slot_count) /* grown by twice as many entries as it had */
        shrink(dictionary, &dictionary->table, mark.slot_count);
    dictionary->hashed = mark.hashed;
    dictionary->lookups = mark.lookups;
    dictionary->gave_up = mark.gave_up;
}
