/* files.c - see files.h.
 *
 * An output's storage is one block, the o2p_file array behind a header, plus a block a file for its
 * bytes and one for its path. It keeps the allocator, so that an output can outlive its batch.
 */
#include "files.h"

#include "../base/hash.h"
#include "../base/sort.h"
#include "encode.h"
#include "order.h"
#include "promotion.h"

typedef struct file_blocks {
    uint8_t *data;
    size_t data_size;
    uint8_t *path;
    size_t path_size;
} file_blocks;

typedef struct file_storage {
    o2p_allocator allocator;
    size_t size; /* of this block */
    size_t count;
    file_blocks *blocks; /* behind the header */
    o2p_file *files;     /* behind the blocks */
} file_storage;

/* Files while they are written. */
typedef struct collection {
    const o2p_store *store;
    const o2p_settings *settings;
    o2p_memory *memory;
    o2p_encoder *encoder;
    o2p_ordering ordering;
    o2p_buffer files;  /* o2p_file */
    o2p_buffer blocks; /* file_blocks */
    uint64_t bytes;    /* of all files */
} collection;

/* ---- hash ---- */

/* The NUL sets texts apart. */
static uint64_t hash_text(const char *text, uint64_t seed)
{
    return o2p_xxh64(text, strlen(text) + 1, seed);
}

static uint64_t hash_promotions(const o2p_settings *settings, uint64_t seed)
{
    uint8_t choices[8];
    for (size_t i = 0; i < settings->promotion_count; i++) {
        const o2p_promotion *p = &settings->promotions[i];
        o2p_store_le32(choices, (uint32_t)p->source);
        o2p_store_le32(choices + 4, (uint32_t)p->type);
        seed = o2p_xxh64(choices, sizeof(choices), seed);
        seed = hash_text(o2p_promotion_name(p), hash_text(p->key, seed));
    }
    return seed;
}

/* What the name stands for besides the bytes: another table, or other options, never have the same
 * one. */
static uint64_t hash_file(const o2p_settings *settings, o2p_table table, const o2p_buffer *file)
{
    const uint64_t numbers[] = {
        (uint64_t)table,           (uint64_t)settings->codec,      (uint64_t)settings->codec_level,
        (uint64_t)settings->order, (uint64_t)settings->ids,        (uint64_t)settings->timestamps,
        settings->row_group_rows,  settings->row_group_bytes,      settings->page_rows,
        settings->page_bytes,      settings->dictionary_bytes,     settings->statistics_bytes,
        settings->bloom_tenths,    (uint64_t)settings->attributes, settings->promotions_only,
    };
    enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
    enum { WORDS = sizeof(settings->blooms.bits) / sizeof(settings->blooms.bits[0]) };
    uint8_t choices[8 * (NUMBERS + WORDS)];
    for (size_t i = 0; i < NUMBERS + WORDS; i++)
        o2p_store_le64(choices + 8 * i,
                       i < NUMBERS ? numbers[i] : settings->blooms.bits[i - NUMBERS]);
    uint64_t seed =
        hash_promotions(settings, o2p_xxh64(choices, sizeof(choices), settings->hash_seed));
    return o2p_xxh64(file->data, file->size, seed);
}

/* ---- one file ---- */

static const uint32_t *u32s(const o2p_buffer *buffer)
{
    return (const uint32_t *)(const void *)buffer->data;
}

static void append_path(const collection *c, o2p_table table, const o2p_ordering_part *part,
                        uint64_t hash, o2p_buffer *path)
{
    uint32_t run = u32s(&c->ordering.runs)[part->first];
    const o2p_entry *service = o2p_service_of_run(c->store, table, run);
    const o2p_path_values values = {o2p_tables[table].name, service->bytes, service->size,
                                    part->min_time_ns, hash};
    o2p_path_append(path, c->settings->path_template, &values);
}

static o2p_status add_file(collection *c, o2p_table table, const o2p_ordering_part *part)
{
    o2p_buffer data, path;
    o2p_buffer_init(&path, c->memory);
    o2p_status status = o2p_encode(c->encoder, table, u32s(&c->ordering.rows) + part->first,
                                   u32s(&c->ordering.runs) + part->first, part->count, &data);
    if (status != O2P_OK)
        return status;
    append_path(c, table, part, hash_file(c->settings, table, &data), &path);
    file_blocks blocks = {data.data, data.capacity, path.data, path.capacity};
    o2p_file file = {.table = table,
                     .path = (const char *)path.data,
                     .data = data.data,
                     .size = data.size,
                     .rows = part->count,
                     .min_time_ns = part->min_time_ns,
                     .max_time_ns = part->max_time_ns};
    /* Room for both first: then the appends cannot fail with one of them done. */
    c->bytes += data.size;
    if (c->bytes <= c->settings->max_output_bytes && o2p_buffer_reserve(&c->files, sizeof(file)) &&
        o2p_buffer_reserve(&c->blocks, sizeof(blocks)) && !c->memory->failed) {
        o2p_buffer_append(&c->files, &file, sizeof(file));
        o2p_buffer_append(&c->blocks, &blocks, sizeof(blocks));
        return O2P_OK;
    }
    o2p_buffer_free(&data);
    o2p_buffer_free(&path);
    return c->memory->failed ? o2p_memory_status(c->memory) : O2P_ERR_LIMIT;
}

/* ---- all files ---- */

static o2p_status add_table(collection *c, o2p_table table)
{
    if (c->store->tables[table] == NULL || c->store->tables[table]->count == 0)
        return O2P_OK;
    if (!o2p_order_rows(&c->ordering, c->store, c->settings, table))
        return o2p_memory_status(c->memory);
    size_t count = c->ordering.parts.size / sizeof(o2p_ordering_part);
    const o2p_ordering_part *parts =
        (const o2p_ordering_part *)(const void *)c->ordering.parts.data;
    for (size_t i = 0; i < count; i++) {
        o2p_status status = add_file(c, table, &parts[i]);
        if (status != O2P_OK)
            return status;
    }
    return O2P_OK;
}

static int compare_text(const char *a, const char *b)
{
    for (; *a == *b && *a != '\0'; a++)
        b++;
    return (unsigned char)*a - (unsigned char)*b;
}

static bool file_before(const void *items, size_t a, size_t b)
{
    const o2p_file *files = ((const file_storage *)items)->files;
    if (files[a].table != files[b].table)
        return files[a].table < files[b].table;
    return compare_text(files[a].path, files[b].path) < 0;
}

static void swap_files(void *items, size_t a, size_t b)
{
    file_storage *storage = (file_storage *)items;
    o2p_file file = storage->files[a];
    file_blocks blocks = storage->blocks[a];
    storage->files[a] = storage->files[b];
    storage->blocks[a] = storage->blocks[b];
    storage->files[b] = file;
    storage->blocks[b] = blocks;
}

/* Moves the collected files into a block of the output's own. */
static o2p_status hand_over(collection *c, o2p_output *out)
{
    size_t count = c->files.size / sizeof(o2p_file);
    size_t size = sizeof(file_storage) + count * (sizeof(file_blocks) + sizeof(o2p_file));
    file_storage *storage = (file_storage *)o2p_memory_resize(c->memory, NULL, 0, size);
    if (storage == NULL)
        return o2p_memory_status(c->memory);
    storage->allocator = c->memory->allocator;
    storage->size = size;
    storage->count = count;
    storage->blocks = (file_blocks *)(storage + 1);
    storage->files = (o2p_file *)(storage->blocks + count);
    if (count > 0) {
        memcpy(storage->blocks, c->blocks.data, c->blocks.size);
        memcpy(storage->files, c->files.data, c->files.size);
    }
    o2p_sort(&(o2p_sortable){storage, file_before, swap_files}, count);
    c->memory->held -= size;
    for (size_t i = 0; i < count; i++)
        c->memory->held -= storage->blocks[i].data_size + storage->blocks[i].path_size;
    out->files = count > 0 ? storage->files : NULL;
    out->file_count = count;
    out->storage = storage;
    return O2P_OK;
}

static void drop_files(collection *c)
{
    file_blocks *blocks = (file_blocks *)(void *)c->blocks.data;
    for (size_t i = 0; i < c->blocks.size / sizeof(*blocks); i++) {
        o2p_memory_release(c->memory, blocks[i].data, blocks[i].data_size);
        o2p_memory_release(c->memory, blocks[i].path, blocks[i].path_size);
    }
}

o2p_status o2p_files_write(const o2p_store *store, const o2p_settings *settings, o2p_output *out)
{
    collection c = {.store = store, .settings = settings, .memory = store->memory};
    o2p_ordering_init(&c.ordering, c.memory);
    o2p_buffer_init(&c.files, c.memory);
    o2p_buffer_init(&c.blocks, c.memory);
    c.encoder = o2p_encoder_new(store, settings);
    o2p_status status = c.encoder == NULL ? o2p_memory_status(c.memory) : O2P_OK;
    for (size_t t = 0; t < O2P_TABLE_COUNT && status == O2P_OK; t++)
        status = add_table(&c, (o2p_table)t);
    if (status == O2P_OK)
        status = hand_over(&c, out);
    if (status != O2P_OK)
        drop_files(&c);
    o2p_encoder_free(c.encoder);
    o2p_ordering_free(&c.ordering);
    o2p_buffer_free(&c.files);
    o2p_buffer_free(&c.blocks);
    return status;
}

void o2p_files_free(o2p_output *out)
{
    file_storage *storage = (file_storage *)out->storage;
    if (storage == NULL)
        return;
    o2p_allocator a = storage->allocator;
    for (size_t i = 0; i < storage->count; i++) {
        a.release(a.ctx, storage->blocks[i].data, storage->blocks[i].data_size);
        a.release(a.ctx, storage->blocks[i].path, storage->blocks[i].path_size);
    }
    a.release(a.ctx, storage, storage->size);
}
