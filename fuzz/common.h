/* common.h - what the fuzzers share: checks of an output, comparison of two, a failing allocator.
 *
 * A fuzzer is one translation unit, so everything here is static, and the program's footer reader
 * is included whole. A broken promise aborts, which is what libFuzzer reports. The numbers in
 * brackets are those of the invariants in README.md.
 */
#ifndef O2P_FUZZ_COMMON_H
#define O2P_FUZZ_COMMON_H

#include "../include/otlp2parquet.h"
#include "../shims/cli/footer.c"

#include <stdio.h>

#define UNUSED __attribute__((unused))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, saying which invariant does not hold. */
#define CHECK(condition, invariant) check((condition), #condition, (invariant), __FILE__, __LINE__)

static void check(bool holds, const char *condition, const char *invariant, const char *file,
                  int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: %s does not hold: invariant %s\n", file, line, condition, invariant);
    abort();
}

/* ---- a file ---- */

static void check_chunk(const struct footer_chunk *chunk, size_t file_size)
{
    uint64_t start = (uint64_t)chunk->data_page_offset;
    if (chunk->dictionary_page_offset.present)
        start = (uint64_t)chunk->dictionary_page_offset.value;
    CHECK(start >= 4 && start <= file_size, "5");
    CHECK((uint64_t)chunk->compressed_bytes <= file_size - start, "5");
    CHECK(chunk->nulls.present && chunk->nulls.value <= chunk->values, "5");
}

/* The file as its own footer describes it: where chunks lie, and how many rows there are. */
static void check_footer(const o2p_file *file)
{
    struct footer footer;
    struct footer_error error;
    uint64_t offset;
    size_t size;
    CHECK(file->size >= 12 && memcmp(file->data, "PAR1", 4) == 0, "5");
    const uint8_t *tail = file->data + file->size - FOOTER_TAIL_SIZE;
    CHECK(footer_locate(tail, file->size, &offset, &size, &error), "5");
    CHECK(footer_read(&footer, file->data + offset, size, &error), "5");
    CHECK((uint64_t)footer.rows == file->rows, "5");
    int64_t rows = 0;
    for (size_t g = 0; g < footer.groups.count; g++)
        rows += footer_group_at(&footer, g)->rows;
    CHECK((uint64_t)rows == file->rows, "5");
    for (size_t c = 0; c < footer.chunks.count; c++)
        check_chunk(footer_chunk_at(&footer, c), file->size);
    footer_free(&footer);
}

/* A relative path that leaves no folder: [6]. */
static void check_path(const char *path)
{
    const char *segment = path;
    for (const char *c = path;; c++) {
        CHECK(*c == '\0' || ((unsigned char)*c > 0x20 && (unsigned char)*c < 0x7F && *c != '\\'),
              "6");
        if (*c != '/' && *c != '\0')
            continue;
        size_t size = (size_t)(c - segment);
        CHECK(size > 0 && size <= 255, "6");
        CHECK(!(size == 1 && segment[0] == '.'), "6");
        CHECK(!(size == 2 && segment[0] == '.' && segment[1] == '.'), "6");
        segment = c + 1;
        if (*c == '\0')
            return;
    }
}

/* ---- an output ---- */

static void check_success(const o2p_output *out)
{
    uint64_t rows = 0;
    CHECK((out->file_count == 0) == (out->files == NULL), "4");
    for (size_t i = 0; i < out->file_count; i++) {
        const o2p_file *file = &out->files[i];
        CHECK(file->rows > 0 && file->min_time_ns <= file->max_time_ns, "4");
        CHECK(i == 0 || file->table > file[-1].table ||
                  (file->table == file[-1].table && strcmp(file[-1].path, file->path) < 0),
              "4");
        check_path(file->path);
        check_footer(file);
        rows += file->rows;
    }
    CHECK(rows == out->counts.accepted, "4");
    bool left_out = out->counts.rejected + out->counts.bad_lines > 0;
    CHECK(left_out == (out->rejection.status != O2P_OK), "4");
}

static void check_error(const o2p_error *error, size_t size)
{
    CHECK(error->status >= O2P_OK && error->status <= O2P_ERR_VALUE, "3");
    CHECK(error->message != NULL && (error->message[0] == '\0') == (error->status == O2P_OK), "3");
    CHECK(error->offset <= size, "3");
    CHECK(memchr(error->path, '\0', O2P_FIELD_PATH_SIZE) != NULL, "3");
}

/* Of a call over `size` bytes, whatever it came to. */
static UNUSED void check_output(const o2p_output *out, size_t size)
{
    check_error(&out->error, size);
    if (out->error.status == O2P_OK)
        check_success(out);
    else
        CHECK(out->files == NULL && out->file_count == 0, "3");
}

static UNUSED void check_same_counts(const o2p_counts *a, const o2p_counts *b,
                                     const char *invariant)
{
    CHECK(a->accepted == b->accepted, invariant);
    CHECK(a->rejected == b->rejected, invariant);
    CHECK(a->invalid_utf8 == b->invalid_utf8, invariant);
    CHECK(a->duplicate_keys == b->duplicate_keys, invariant);
    CHECK(a->unknown_fields == b->unknown_fields, invariant);
    CHECK(a->empty_metrics == b->empty_metrics, invariant);
    CHECK(a->empty_groups == b->empty_groups, invariant);
    CHECK(a->bad_lines == b->bad_lines, invariant);
}

/* Both have the same files: names and bytes. */
static UNUSED void check_same_files(const o2p_output *a, const o2p_output *b, const char *invariant)
{
    CHECK(a->file_count == b->file_count, invariant);
    for (size_t i = 0; i < a->file_count; i++) {
        const o2p_file *x = &a->files[i], *y = &b->files[i];
        CHECK(x->table == y->table && x->rows == y->rows, invariant);
        CHECK(x->min_time_ns == y->min_time_ns && x->max_time_ns == y->max_time_ns, invariant);
        CHECK(strcmp(x->path, y->path) == 0, invariant);
        CHECK(x->size == y->size && memcmp(x->data, y->data, x->size) == 0, invariant);
    }
}

/* ---- options ---- */

/* Options by number, so that small inputs also reach several row groups, pages and files. */
static UNUSED o2p_options options_of(unsigned number, o2p_signal signal)
{
    static const char *const templates[] = {NULL, "{service}/{hash}", "{table}/{year}/{hash}",
                                            "{hash}"};
    o2p_options options = {.size = sizeof(options), .signal = signal};
    options.path_template = templates[number & 3];
    options.order = (number & 4) != 0 ? O2P_ORDER_RECEIVED : O2P_ORDER_DEFAULT;
    options.codec = (number & 8) != 0 ? O2P_CODEC_UNCOMPRESSED : O2P_CODEC_DEFAULT;
    options.page_rows = (number & 16) != 0 ? 2 : 0;
    options.row_group_rows = (number & 32) != 0 ? 3 : 0;
    options.page_bytes = (number & 64) != 0 ? 16 : 0;
    options.default_time_ns = (number & 128) != 0 ? UINT64_MAX : 0;
    return options;
}

/* ---- an allocator that fails, and accounts for every block ---- */

typedef struct heap {
    size_t blocks;
    size_t bytes;
    uint64_t calls;    /* allocate and reallocate */
    uint64_t fail_at;  /* number of the call that fails, from 1; 0: none does */
    bool fails_onward; /* and all that follow */
} heap;

/* Every block is preceded by its size, to compare with what the library says it is. */
enum { HEADER = 16 };

static bool refuses(heap *h)
{
    h->calls++;
    return h->fail_at != 0 &&
           (h->calls == h->fail_at || (h->fails_onward && h->calls > h->fail_at));
}

static void *heap_allocate(void *ctx, size_t size)
{
    heap *h = (heap *)ctx;
    CHECK(size > 0, "8");
    uint8_t *block = refuses(h) ? NULL : (uint8_t *)malloc(size + HEADER);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    memset(block + HEADER, 0xA5, size); /* nothing may depend on fresh memory being zero */
    h->blocks++;
    h->bytes += size;
    return block + HEADER;
}

static void heap_release(void *ctx, void *block, size_t size)
{
    heap *h = (heap *)ctx;
    uint8_t *start = (uint8_t *)block - HEADER;
    CHECK(memcmp(start, &size, sizeof(size)) == 0, "8");
    h->blocks--;
    h->bytes -= size;
    free(start);
}

/* Always moves, so that whoever kept the old address is found out. */
static void *heap_reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    void *moved = heap_allocate(ctx, new_size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    heap_release(ctx, block, old_size);
    return moved;
}

static UNUSED o2p_allocator heap_allocator(heap *h)
{
    return (o2p_allocator){h, heap_allocate, heap_reallocate, heap_release};
}

/* ---- a conversion of every kind ---- */

/* One call, then the same through a batch: the same files both times: [2]. */
static UNUSED void convert_twice(const uint8_t *data, size_t size, o2p_signal signal)
{
    heap h = {0};
    o2p_options options = options_of((unsigned)size, signal);
    o2p_output once = {.options = &options}, again = {0};
    o2p_batch *batch;
    o2p_result result;
    otlp_to_parquet(data, size, &once);
    check_output(&once, size);
    options.allocator = heap_allocator(&h);
    CHECK(o2p_batch_new(&options, &batch, NULL) == O2P_OK, "2");
    o2p_status status = o2p_batch_append(batch, data, size, &result);
    check_error(&result.error, size);
    CHECK(status == result.error.status && result.signal == once.signal, "2");
    if (once.error.status == O2P_OK) {
        CHECK(status == O2P_OK && o2p_batch_rows(batch) == once.counts.accepted, "2");
        CHECK(o2p_batch_finish(batch, &again) == O2P_OK, "2");
        check_same_counts(&once.counts, &again.counts, "2");
        check_same_files(&once, &again, "2");
    } else if (status == O2P_OK) {
        CHECK(once.error.status == O2P_ERR_LIMIT, "2"); /* found when the files are written */
    } else {
        CHECK(status == once.error.status && result.error.offset == once.error.offset, "2");
    }
    CHECK(o2p_batch_bytes(batch) <= h.bytes, "8");
    o2p_batch_free(batch);
    o2p_output_free(&again);
    o2p_output_free(&once);
    CHECK(h.blocks == 0 && h.bytes == 0, "8");
}

#endif
