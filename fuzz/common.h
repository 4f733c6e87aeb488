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

static UNUSED void check_success(const o2p_output *out)
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

/* What a call over these bytes says went wrong, or was left out. */
static UNUSED void check_error(const o2p_error *error, const uint8_t *data, size_t size)
{
    size_t at = 0;
    CHECK(error->status >= O2P_OK && error->status <= O2P_ERR_FULL, "3");
    CHECK(error->message != NULL && (error->message[0] == '\0') == (error->status == O2P_OK), "3");
    CHECK(memchr(error->path, '\0', O2P_FIELD_PATH_SIZE) != NULL, "3");
    CHECK(error->offset <= size, "3");
    if (error->status == O2P_OK)
        CHECK(error->offset == 0 && error->line == 0 && error->path[0] == '\0', "3");
    if (error->line == 0)
        return;
    for (uint64_t line = 1; line < error->line; line++) {
        const uint8_t *feed =
            at < size ? (const uint8_t *)memchr(data + at, '\n', size - at) : NULL;
        CHECK(feed != NULL, "3");
        at = (size_t)(feed - data) + 1;
    }
    CHECK(error->offset >= at, "3");
    CHECK(error->offset == at || memchr(data + at, '\n', error->offset - at) == NULL, "3");
}

/* What was left out of a call that has succeeded: with a reason, and where. */
static void check_left_out(const o2p_result *result)
{
    const o2p_counts *counts = &result->counts;
    o2p_status status = result->rejection.status;
    CHECK((counts->rejected + counts->bad_lines > 0) == (status != O2P_OK), "3");
    CHECK(counts->bad_lines > 0 || status == O2P_OK || status == O2P_ERR_VALUE, "3");
    CHECK(status != O2P_ERR_OUT_OF_MEMORY, "8");
    if (result->encoding == O2P_ENCODING_JSON_LINES)
        CHECK(status == O2P_OK || result->rejection.line > 0, "3");
    else
        CHECK(counts->bad_lines == 0, "3");
    if (result->encoding == O2P_ENCODING_PROTOBUF)
        CHECK(counts->rejected == 0, "3");
}

/* Of an append over these bytes, whatever it came to. */
static UNUSED void check_result(const o2p_result *result, const uint8_t *data, size_t size)
{
    static const o2p_counts none;
    const o2p_error *error = &result->error;
    bool lines = result->encoding == O2P_ENCODING_JSON_LINES;
    check_error(error, data, size);
    check_error(&result->rejection, data, size);
    CHECK(lines || (error->line == 0 && result->rejection.line == 0), "3");
    if (error->status == O2P_OK) {
        CHECK(result->encoding != O2P_ENCODING_AUTO, "9");
        CHECK(result->signal != O2P_SIGNAL_AUTO || lines, "9");
        check_left_out(result);
    } else {
        check_same_counts(&result->counts, &none, "3");
        CHECK(result->rejection.status == O2P_OK, "3");
        CHECK(error->status != O2P_ERR_UNDETECTED || result->signal == O2P_SIGNAL_AUTO || lines,
              "9");
    }
}

static UNUSED o2p_result result_of(const o2p_output *out)
{
    return (o2p_result){out->signal, out->encoding, out->counts, out->error, out->rejection};
}

/* What o2p_batch_finish gave, whatever it came to. */
static UNUSED void check_files(const o2p_output *out)
{
    CHECK(out->error.offset == 0 && out->error.line == 0 && out->error.path[0] == '\0', "3");
    CHECK((out->error.message[0] == '\0') == (out->error.status == O2P_OK), "3");
    if (out->error.status == O2P_OK)
        check_success(out);
    else
        CHECK(out->files == NULL && out->file_count == 0, "3");
}

/* Of a call over these bytes, whatever it came to. */
static UNUSED void check_output(const o2p_output *out, const uint8_t *data, size_t size)
{
    o2p_result result = result_of(out);
    check_result(&result, data, size);
    if (out->error.status == O2P_OK)
        check_success(out);
    else
        CHECK(out->files == NULL && out->file_count == 0, "3");
}

static UNUSED void check_same_error(const o2p_error *a, const o2p_error *b, const char *invariant)
{
    CHECK(a->status == b->status && a->offset == b->offset && a->line == b->line, invariant);
    CHECK(strcmp(a->message, b->message) == 0 && strcmp(a->path, b->path) == 0, invariant);
}

/* Both calls came to the same; the signal, which one of them may have been told, aside. */
static UNUSED void check_same_result(const o2p_result *a, const o2p_result *b,
                                     const char *invariant)
{
    CHECK(a->encoding == b->encoding, invariant);
    check_same_counts(&a->counts, &b->counts, invariant);
    check_same_error(&a->error, &b->error, invariant);
    check_same_error(&a->rejection, &b->rejection, invariant);
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

/* Whether an odd number of these bits is set. */
static UNUSED bool odd(unsigned bits)
{
    bool result = false;
    for (; bits != 0; bits &= bits - 1)
        result = !result;
    return result;
}

/* Options by number, so that small inputs also reach several row groups, pages and files. The first
 * eight are a bit each; the others are sums of bits, so that all options are the default for 0, and
 * any two of them take all four pairs of values. */
static UNUSED o2p_options options_of(unsigned number, o2p_signal signal, o2p_encoding encoding)
{
    static const char *const templates[] = {NULL, "{service}/{hash}", "{table}/{year}/{hash}",
                                            "{hash}"};
    static const o2p_codec codecs[7] = {O2P_CODEC_DEFAULT, O2P_CODEC_ZSTD,   O2P_CODEC_UNCOMPRESSED,
                                        O2P_CODEC_GZIP,    O2P_CODEC_SNAPPY, O2P_CODEC_LZ4_RAW,
                                        O2P_CODEC_DEFAULT};
    o2p_options options = {.size = sizeof(options), .signal = signal, .encoding = encoding};
    options.path_template = templates[number & 3];
    options.order = (number & 4) != 0 ? O2P_ORDER_RECEIVED : O2P_ORDER_DEFAULT;
    options.codec = codecs[number % 7];
    if (options.codec == O2P_CODEC_ZSTD || options.codec == O2P_CODEC_GZIP)
        options.codec_level = (int32_t)(number % 10);
    options.page_rows = (number & 16) != 0 ? 2 : 0;
    options.row_group_rows = (number & 32) != 0 ? 3 : 0;
    options.page_bytes = (number & 64) != 0 ? 16 : 0;
    options.ids = odd(number & 0x07) ? O2P_IDS_BINARY : O2P_IDS_DEFAULT;
    options.timestamps = odd(number & 0x19) ? O2P_TIMESTAMPS_NANOS : O2P_TIMESTAMPS_DEFAULT;
    options.row_group_bytes = odd(number & 0x2A) ? 700 : 0;
    options.dictionary_bytes = odd(number & 0x34) ? 20 : 0;
    options.statistics_bytes = odd(number & 0x4C) ? 3 : 0;
    options.bloom_columns =
        odd(number & 0x52) ? "ServiceName,Body,Links.SpanId,DuplicateAttributes" : NULL;
    options.bloom_fpp = odd(number & 0x61) ? 0.0001 : 0;
    static const o2p_promotion promotions[] = {
        {O2P_PROMOTE_RESOURCE, "service.name", "service", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "k", NULL, O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "k", "k int", O2P_PROMOTE_INT64},
        {O2P_PROMOTE_RECORD, "k", "k double", O2P_PROMOTE_DOUBLE},
        {O2P_PROMOTE_RECORD, "", "no key", O2P_PROMOTE_BOOL}};
    bool variant = odd(number & 0x86);
    options.attributes = variant              ? O2P_ATTRIBUTES_VARIANT
                         : odd(number & 0x98) ? O2P_ATTRIBUTES_JSON
                                              : O2P_ATTRIBUTES_DEFAULT;
    options.promotions = promotions;
    options.promotion_count = odd(number & 0xA4) ? sizeof(promotions) / sizeof(promotions[0]) : 0;
    options.promotions_only = odd(number & 0xB1);
    options.default_time_ns = (number & 128) != 0 ? UINT64_MAX : 0;
    return options;
}

/* Limits, a bit each. */
enum {
    SMALL_DEPTH = 1,
    SMALL_ATTRIBUTES = 2,
    SMALL_RECORDS = 4,
    SMALL_STRINGS = 8,
    SMALL_REQUEST = SMALL_DEPTH | SMALL_ATTRIBUTES | SMALL_RECORDS | SMALL_STRINGS,
    SMALL_SHARED = 16,
    SMALL_INPUT = 32,
    SMALL_FILES = 64,
    SMALL_OUTPUT = 128
};

/* Sets those limits so low that small inputs reach them. */
static UNUSED void limit(o2p_options *options, unsigned which)
{
    options->max_depth = (which & SMALL_DEPTH) != 0 ? 8 : 0;
    options->max_attributes = (which & SMALL_ATTRIBUTES) != 0 ? 2 : 0;
    options->max_records = (which & SMALL_RECORDS) != 0 ? 3 : 0;
    options->max_string_bytes = (which & SMALL_STRINGS) != 0 ? 9 : 0;
    options->max_shared_attributes = (which & SMALL_SHARED) != 0 ? 1 : 0;
    options->max_input_bytes = (which & SMALL_INPUT) != 0 ? 300 : 0;
    options->max_files = (which & SMALL_FILES) != 0 ? 1 : 0;
    options->max_output_bytes = (which & SMALL_OUTPUT) != 0 ? 20000 : 0;
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
static UNUSED void convert_twice(const uint8_t *data, size_t size, o2p_options options)
{
    heap h = {0};
    o2p_output once = {.options = &options}, again = {0};
    o2p_batch *batch;
    o2p_result result;
    otlp_to_parquet(data, size, &once);
    check_output(&once, data, size);
    o2p_result expected = result_of(&once);
    options.allocator = heap_allocator(&h);
    CHECK(o2p_batch_new(&options, &batch, NULL) == O2P_OK, "2");
    o2p_status status = o2p_batch_append(batch, data, size, &result);
    check_result(&result, data, size);
    CHECK(status == result.error.status, "2");
    check_same_result(&result, &expected, "2");
    CHECK(result.signal == once.signal, "2");
    CHECK(o2p_batch_rows(batch) == once.counts.accepted, "2");
    if (status == O2P_OK) {
        CHECK(o2p_batch_finish(batch, &again) == O2P_OK, "2");
        check_same_counts(&once.counts, &again.counts, "2");
        check_same_files(&once, &again, "2");
    }
    CHECK(o2p_batch_bytes(batch) <= h.bytes, "8");
    o2p_batch_free(batch);
    o2p_output_free(&again);
    o2p_output_free(&once);
    CHECK(h.blocks == 0 && h.bytes == 0, "8");
}

/* The same of any bytes as a protobuf request. */
static UNUSED void convert_request(const uint8_t *data, size_t size, o2p_signal signal)
{
    convert_twice(data, size, options_of((unsigned)size, signal, O2P_ENCODING_PROTOBUF));
}

#endif
