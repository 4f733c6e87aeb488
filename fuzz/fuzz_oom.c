/* fuzz_oom.c - an allocator that fails where the input says.
 *
 * Refused memory gives OUT_OF_MEMORY and nothing else, no block is lost, and a batch is afterwards
 * as it was: [8]. Input:
 *
 *   byte 0       & 3: signal; & 4: all later calls fail too; & 8: through a batch;
 *                >> 4 & 3: encoding; & 64: skip_bad_lines
 *   byte 1, 2    number of the call that fails, LE
 *   byte 3       options: see options_of
 *   ...          a request, or lines of them
 */
#include "common.h"

static void convert(const o2p_options *options, heap *h, const uint8_t *data, size_t size)
{
    o2p_output plain = {0}, starved = {.options = options};
    o2p_options unlimited = *options;
    unlimited.allocator = (o2p_allocator){0};
    plain.options = &unlimited;
    otlp_to_parquet(data, size, &plain);
    otlp_to_parquet(data, size, &starved);
    check_output(&starved, data, size);
    if (starved.error.status != O2P_ERR_OUT_OF_MEMORY) {
        o2p_result a = result_of(&starved), b = result_of(&plain);
        check_same_result(&a, &b, "8");
        check_same_files(&starved, &plain, "8");
    } else {
        CHECK(h->calls >= h->fail_at, "8");
    }
    o2p_output_free(&starved);
    o2p_output_free(&plain);
}

/* The batch is starved until it succeeds; what it then writes is what a fed one would have. */
static void collect(const o2p_options *options, heap *h, const uint8_t *data, size_t size)
{
    o2p_output plain = {0}, starved = {0};
    o2p_options unlimited = *options;
    unlimited.allocator = (o2p_allocator){0};
    plain.options = &unlimited;
    otlp_to_parquet(data, size, &plain);
    o2p_batch *batch;
    o2p_error error;
    if (o2p_batch_new(options, &batch, &error) != O2P_OK) {
        CHECK(error.status == O2P_ERR_OUT_OF_MEMORY && batch == NULL, "8");
        h->fail_at = 0;
        CHECK(o2p_batch_new(options, &batch, &error) == O2P_OK, "8");
    }
    o2p_result result, expected = result_of(&plain);
    o2p_status status = o2p_batch_append(batch, data, size, &result);
    check_result(&result, data, size);
    if (status == O2P_ERR_OUT_OF_MEMORY) {
        CHECK(o2p_batch_rows(batch) == 0, "8");
        h->fail_at = 0;
        status = o2p_batch_append(batch, data, size, &result);
    }
    check_same_result(&result, &expected, "8");
    if (status == O2P_OK) {
        o2p_status finished = o2p_batch_finish(batch, &starved);
        if (finished == O2P_ERR_OUT_OF_MEMORY) {
            h->fail_at = 0;
            CHECK(starved.files == NULL && starved.file_count == 0, "8");
            finished = o2p_batch_finish(batch, &starved);
        }
        CHECK(finished == O2P_OK, "8");
        check_files(&starved);
        check_same_files(&starved, &plain, "8");
    }
    o2p_batch_free(batch);
    o2p_output_free(&starved);
    o2p_output_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    heap h = {.fail_at = (data[1] | (uint64_t)data[2] << 8) + 1u,
              .fails_onward = (data[0] & 4) != 0};
    o2p_options options =
        options_of(data[3], (o2p_signal)(data[0] & 3), (o2p_encoding)(data[0] >> 4 & 3));
    options.skip_bad_lines = (data[0] & 64) != 0;
    options.allocator = heap_allocator(&h);
    ((data[0] & 8) != 0 ? collect : convert)(&options, &h, data + 4, size - 4);
    CHECK(h.blocks == 0 && h.bytes == 0, "8");
    return 0;
}
