/* test_convert.c - the public calls: what a failed append leaves, every allocation refused in turn,
 * every truncation, limits, ownership, determinism.
 */
#define _DEFAULT_SOURCE /* glob */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "counting_allocator.h"
#include "guarded.h"
#include "sample_requests.h"
#include "../../lib/otlp/json.h"
#include "../../lib/otlp/walk.h"
#include "parquet_reader.h"

static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_TRACES, O2P_SIGNAL_METRICS};
enum { SIGNALS = 3 };
static const o2p_encoding encodings[] = {O2P_ENCODING_PROTOBUF, O2P_ENCODING_JSON,
                                         O2P_ENCODING_JSON_LINES};
enum { ENCODINGS = 3 };

static o2p_options options_of(counting_allocator *counting)
{
    o2p_options options;
    memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    if (counting != NULL)
        options.allocator = counting_allocator_functions(counting);
    return options;
}

/* ---- requests ---- */

/* A record whose texts are all present and empty: its dictionaries exist and have no entries. */
static void bare_record(protobuf *p, o2p_signal signal)
{
    sample_open(p, "bare");
    pb_open(p, 2);
    if (signal == O2P_SIGNAL_LOGS) {
        sample_any(p, 5, 0, 0);
        pb_open(p, 6);
        pb_close(p);
    } else if (signal == O2P_SIGNAL_TRACES) {
        pb_open(p, 9);
        pb_close(p);
    } else {
        pb_open(p, 5);
        pb_open(p, 1);
        pb_open(p, 7);
        pb_close(p);
        pb_close(p);
        pb_close(p);
    }
    pb_close(p);
    sample_close(p);
}

/* A log record with an empty text as its body. */
static void empty_body(protobuf *p)
{
    sample_open(p, "bare");
    pb_open(p, 2);
    pb_open(p, 5);
    pb_text(p, 1, "");
    pb_close(p);
    pb_attribute(p, 6, "", "");
    pb_close(p);
    sample_close(p);
}

/* What a batch gets before and after the appends that fail: nothing and much, little and nothing,
 * much and much. */
static void requests_around(protobuf *p, protobuf *after, o2p_signal signal, unsigned which)
{
    if (which == 1 && signal == O2P_SIGNAL_LOGS)
        empty_body(p);
    if (which == 1)
        bare_record(p, signal);
    if (which == 2)
        sample_request(p, signal, 0);
    if (which != 1)
        sample_request(after, signal, 2);
}

/* ---- outputs ---- */

static void assert_same_output(const o2p_output *a, const o2p_output *b)
{
    assert_int_equal(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        assert_int_equal(a->files[i].table, b->files[i].table);
        assert_int_equal(a->files[i].rows, b->files[i].rows);
        assert_int_equal(a->files[i].min_time_ns, b->files[i].min_time_ns);
        assert_int_equal(a->files[i].max_time_ns, b->files[i].max_time_ns);
        assert_int_equal(a->files[i].size, b->files[i].size);
        assert_memory_equal(a->files[i].data, b->files[i].data, a->files[i].size);
        assert_string_equal(a->files[i].path, b->files[i].path);
    }
    assert_memory_equal(&a->counts, &b->counts, sizeof(a->counts));
}

static o2p_batch *new_batch(const o2p_options *options)
{
    o2p_batch *batch;
    o2p_error error;
    assert_int_equal(o2p_batch_new(options, &batch, &error), O2P_OK);
    assert_non_null(batch);
    assert_string_equal(error.message, "");
    return batch;
}

static void append_ok(o2p_batch *batch, const protobuf *p)
{
    o2p_result result;
    assert_int_equal(o2p_batch_append(batch, p->data, p->size, &result), O2P_OK);
    assert_int_equal(result.error.status, O2P_OK);
    assert_string_equal(result.error.message, "");
}

static o2p_output finish_ok(o2p_batch *batch)
{
    o2p_output out;
    memset(&out, 0, sizeof(out));
    assert_int_equal(o2p_batch_finish(batch, &out), O2P_OK);
    return out;
}

static o2p_output output_of(const o2p_options *options, const protobuf *first,
                            const protobuf *second)
{
    o2p_batch *batch = new_batch(options);
    append_ok(batch, first);
    append_ok(batch, second);
    o2p_output out = finish_ok(batch);
    o2p_batch_free(batch);
    return out;
}

/* ---- rollback ---- */

/* Copies the first `cut` bytes of a message, the lengths of the messages around the cut set to end
 * there: so everything before it is read. */
static void cut_message(protobuf *out, const o2p_message *message, const uint8_t *bytes,
                        size_t size, size_t cut)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    while ((size_t)(wire.at - bytes) < cut) {
        assert_true(o2p_wire_next(&wire, &field));
        const o2p_proto_field *known = o2p_find_field(message, field.key >> 3);
        size_t end = (size_t)(wire.at - bytes);
        if (end > cut && known->message != NULL && (size_t)(field.bytes - bytes) <= cut) {
            pb_open(out, known->number);
            cut_message(out, known->message, field.bytes, (size_t)field.value,
                        cut - (size_t)(field.bytes - bytes));
            pb_close(out);
            return;
        }
        pb_raw(out, field.start, (end < cut ? end : cut) - (size_t)(field.start - bytes));
    }
}

/* Appends a request cut at one byte after another to a batch that holds `before`: the batch then
 * writes what one writes that saw only those that it accepted, which are cut between two fields. */
static void cut_everywhere(o2p_signal signal, unsigned which)
{
    enum { CUTS_A_FINISH = 251 };
    o2p_options options = options_of(NULL);
    options.signal = signal;
    protobuf before = {0}, whole = {0}, after = {0};
    requests_around(&before, &after, signal, which);
    sample_request(&whole, signal, 1);
    o2p_batch *tried = new_batch(&options), *seen = new_batch(&options);
    size_t step = signal == O2P_SIGNAL_METRICS ? 5 : which == 2 ? 1 : 3; /* they take long */
    size_t failures = 0;
    for (size_t from = 1; from < whole.size; from += CUTS_A_FINISH) {
        append_ok(tried, &before);
        append_ok(seen, &before);
        for (size_t cut = from; cut < whole.size && cut < from + CUTS_A_FINISH; cut += step) {
            protobuf p = {0};
            cut_message(&p, o2p_request_message(signal), whole.data, whole.size, cut);
            uint64_t rows = o2p_batch_rows(tried);
            o2p_result result;
            if (o2p_batch_append(tried, p.data, p.size, &result) == O2P_OK) {
                append_ok(seen, &p);
            } else {
                assert_int_equal(result.error.status, O2P_ERR_TRUNCATED);
                assert_true(result.error.offset <= p.size);
                assert_true(strncmp(result.error.path, "resource_", 9) == 0 ||
                            strncmp(result.error.path, "...", 3) == 0);
                assert_int_equal(result.counts.accepted, 0);
                assert_int_equal(o2p_batch_rows(tried), rows);
                failures++;
            }
            pb_free(&p);
        }
        append_ok(tried, &after);
        append_ok(seen, &after);
        o2p_output a = finish_ok(tried), b = finish_ok(seen);
        assert_same_output(&a, &b);
        o2p_output_free(&a);
        o2p_output_free(&b);
    }
    assert_true(failures > whole.size / step / 2);
    o2p_batch_free(tried);
    o2p_batch_free(seen);
    pb_free(&before);
    pb_free(&whole);
    pb_free(&after);
}

static void cut_requests_leave_nothing(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (unsigned which = 0; which < 3; which++)
            cut_everywhere(signals[s], which);
}

/* A request whose error is at its very end: everything before it was read. */
static void late_errors_leave_nothing(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        for (unsigned which = 0; which < 3; which++) {
            o2p_options options = options_of(NULL);
            options.signal = signals[s];
            protobuf before = {0}, bad = {0}, after = {0};
            requests_around(&before, &after, signals[s], which);
            sample_request(&bad, signals[s], 1);
            sample_request(&bad, signals[s], 3);
            pb_varint(&bad, 1, 5);
            o2p_output expected = output_of(&options, &before, &after);
            o2p_batch *batch = new_batch(&options);
            append_ok(batch, &before);
            o2p_result result;
            assert_int_equal(o2p_batch_append(batch, bad.data, bad.size, &result),
                             O2P_ERR_WIRE_TYPE);
            assert_int_equal(result.error.offset, bad.size - 2);
            append_ok(batch, &after);
            o2p_output out = finish_ok(batch);
            assert_same_output(&out, &expected);
            o2p_output_free(&out);
            o2p_output_free(&expected);
            o2p_batch_free(batch);
            pb_free(&before);
            pb_free(&bad);
            pb_free(&after);
        }
    }
}

/* A batch that sees damaged requests writes the same as one that sees only those that it accepted.
 */
static void damaged_requests_leave_nothing(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t s = 0; s < SIGNALS; s++) {
        o2p_options options = options_of(NULL);
        options.signal = signals[s];
        protobuf good = {0};
        sample_request(&good, signals[s], 5);
        o2p_batch *tried = new_batch(&options), *seen = new_batch(&options);
        unsigned failures = 0;
        for (unsigned round = 0; round < 240; round++) {
            protobuf bad = {0};
            pb_raw(&bad, good.data, good.size);
            for (unsigned i = 0; i < 1 + round % 3; i++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                bad.data[(random >> 33) % bad.size] = (uint8_t)(random >> 24);
            }
            if (o2p_batch_append(tried, bad.data, bad.size, NULL) == O2P_OK)
                append_ok(seen, &bad);
            else
                failures++;
            pb_free(&bad);
            if (round % 40 != 39)
                continue;
            o2p_output a = finish_ok(tried), b = finish_ok(seen);
            assert_same_output(&a, &b);
            o2p_output_free(&a);
            o2p_output_free(&b);
        }
        assert_true(failures > 20 && failures < 230);
        o2p_batch_free(tried);
        o2p_batch_free(seen);
        pb_free(&good);
    }
}

/* ---- memory ---- */

static void one_call_without_memory(o2p_signal signal, o2p_encoding encoding, bool refuse_on,
                                    bool in_pieces)
{
    protobuf p = {0};
    sample_input(&p, signal, encoding);
    if (in_pieces) { /* a second resource in the same ResourceX: has to be merged */
        sample_open(&p, "a");
        sample_close(&p);
        pb_open(&p, 1);
        for (unsigned i = 0; i < 2; i++) {
            pb_open(&p, 1);
            pb_attribute(&p, 1, "k", "v");
            pb_close(&p);
        }
        pb_close(&p);
    }
    size_t n = 0;
    for (o2p_status status = O2P_ERR_OUT_OF_MEMORY; status != O2P_OK;) {
        counting_allocator counting = {0};
        counting.refuse_at = ++n;
        counting.refuse_on = refuse_on;
        o2p_options options = options_of(&counting);
        options.signal = encoding == O2P_ENCODING_PROTOBUF ? signal : O2P_SIGNAL_AUTO;
        options.encoding = encoding;
        options.skip_bad_lines = true; /* being refused memory is not a line's fault */
        options.codec = O2P_CODEC_UNCOMPRESSED;
        o2p_output out;
        memset(&out, 0, sizeof(out));
        out.options = &options;
        status = otlp_to_parquet(p.data, p.size, &out);
        assert_int_equal(out.counts.bad_lines,
                         status == O2P_OK && encoding == O2P_ENCODING_JSON_LINES ? 1 : 0);
        assert_int_equal(out.rejection.status != O2P_OK,
                         status == O2P_OK && encoding != O2P_ENCODING_PROTOBUF);
        assert_non_null(out.rejection.message);
        assert_int_equal(status, counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        assert_int_equal(out.error.status, status);
        assert_int_equal(out.file_count > 0, status == O2P_OK);
        assert_int_equal(out.files != NULL, status == O2P_OK);
        if (status != O2P_OK) {
            assert_int_equal(counting.blocks, 0);
            assert_int_equal(out.counts.accepted, 0);
        }
        o2p_output_free(&out);
        assert_int_equal(counting.blocks, 0);
        assert_int_equal(counting.bytes, 0);
    }
    assert_true(n > 50);
    pb_free(&p);
}

static void every_allocation_of_one_call_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (size_t e = 0; e < ENCODINGS; e++)
            one_call_without_memory(signals[s], encodings[e], false, false);
}

static void all_allocations_after_some_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (size_t e = 0; e < ENCODINGS; e++)
            one_call_without_memory(signals[s], encodings[e], true, false);
}

static void merging_may_run_out_of_memory(void **state)
{
    (void)state;
    one_call_without_memory(O2P_SIGNAL_LOGS, O2P_ENCODING_PROTOBUF, false, true);
}

static void append_without_memory(o2p_signal signal, o2p_encoding encoding, unsigned which)
{
    protobuf before = {0}, refused = {0}, after = {0};
    requests_around(&before, &after, signal, which);
    sample_input(&refused, signal, encoding);
    counting_allocator counting = {0};
    o2p_options options = options_of(&counting);
    options.signal = encoding == O2P_ENCODING_PROTOBUF ? signal : O2P_SIGNAL_AUTO;
    options.skip_bad_lines = true;
    o2p_output expected = output_of(&options, &before, &after);
    size_t expected_blocks = counting.blocks;
    o2p_status status = O2P_ERR_OUT_OF_MEMORY;
    for (size_t n = 1; status != O2P_OK; n++) {
        o2p_batch *batch = new_batch(&options);
        append_ok(batch, &before);
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        counting.refuse_on = n % 2 != 0;
        o2p_result result;
        status = o2p_batch_append(batch, refused.data, refused.size, &result);
        counting.refuse_at = 0;
        assert_int_equal(result.encoding, encoding); /* detected, as those around it are */
        assert_int_equal(status, counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        assert_int_equal(result.error.status, status);
        if (status != O2P_OK) {
            assert_int_equal(result.counts.accepted, 0);
            append_ok(batch, &after);
            o2p_output out = finish_ok(batch);
            assert_same_output(&out, &expected);
            o2p_output_free(&out);
        }
        o2p_batch_free(batch);
        assert_int_equal(counting.blocks, expected_blocks);
    }
    o2p_output_free(&expected);
    assert_int_equal(counting.blocks, 0);
    assert_int_equal(counting.bytes, 0);
    pb_free(&before);
    pb_free(&refused);
    pb_free(&after);
}

static void every_allocation_of_an_append_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (unsigned which = 0; which < 3; which++)
            append_without_memory(signals[s], O2P_ENCODING_PROTOBUF, which);
    for (size_t s = 0; s < SIGNALS; s++)
        for (size_t e = 1; e < ENCODINGS; e++)
            append_without_memory(signals[s], encodings[e], 2);
}

/* Columns of every type, some in both sources; "k" and "service.name" are in the requests. */
static const o2p_promotion promotions[] = {
    {O2P_PROMOTE_RESOURCE, "service.name", "svc", O2P_PROMOTE_STRING},
    {O2P_PROMOTE_RECORD, "k", "k text", O2P_PROMOTE_STRING},
    {O2P_PROMOTE_RECORD, "k", "k int", O2P_PROMOTE_INT64},
    {O2P_PROMOTE_RECORD, "k", "k double", O2P_PROMOTE_DOUBLE},
    {O2P_PROMOTE_RECORD, "k", "k bool", O2P_PROMOTE_BOOL},
};

/* Options that shape the lists of attributes, by number. */
enum { LIST_FORMS = 4 };

static void set_lists(o2p_options *options, unsigned form)
{
    options->attributes = (o2p_attributes_form)(O2P_ATTRIBUTES_MAP + form % 3);
    if (form > 0) {
        options->promotions = promotions;
        options->promotion_count = sizeof(promotions) / sizeof(promotions[0]);
        options->promotions_only = form > 1;
    }
}

static void finish_without_memory(o2p_signal signal, o2p_codec codec, unsigned form)
{
    protobuf p = {0};
    sample_request(&p, signal, 1);
    counting_allocator counting = {0};
    o2p_options options = options_of(&counting);
    options.signal = signal;
    options.codec = codec;
    set_lists(&options, form);
    o2p_output expected = output_of(&options, &p, &p);
    o2p_batch *batch = new_batch(&options);
    append_ok(batch, &p);
    append_ok(batch, &p);
    o2p_output out;
    memset(&out, 0, sizeof(out));
    o2p_status status = O2P_ERR_OUT_OF_MEMORY;
    for (size_t n = 1; status != O2P_OK; n++) {
        size_t blocks = counting.blocks;
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        status = o2p_batch_finish(batch, &out);
        counting.refuse_at = 0;
        assert_int_equal(status, counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        if (status != O2P_OK) {
            assert_int_equal(out.file_count, 0);
            assert_int_equal(out.counts.accepted, 0);
            assert_true(counting.blocks <= blocks + 40); /* empty dictionaries may be begun */
        }
    }
    assert_same_output(&out, &expected);
    o2p_output_free(&out);
    o2p_output_free(&expected);
    o2p_batch_free(batch);
    assert_int_equal(counting.blocks, 0);
    assert_int_equal(counting.bytes, 0);
    pb_free(&p);
}

static void every_allocation_of_a_finish_may_fail(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (o2p_codec codec = O2P_CODEC_UNCOMPRESSED; codec <= O2P_CODEC_LZ4_RAW; codec++)
            finish_without_memory(signals[s], codec, 0);
    for (size_t s = 0; s < SIGNALS; s++)
        for (unsigned form = 1; form < LIST_FORMS; form++)
            finish_without_memory(signals[s], O2P_CODEC_UNCOMPRESSED, form);
}

static void a_batch_may_be_refused(void **state)
{
    (void)state;
    o2p_status status = O2P_ERR_OUT_OF_MEMORY;
    for (size_t n = 1; status != O2P_OK; n++) {
        counting_allocator counting = {0};
        counting.refuse_at = n;
        o2p_options options = options_of(&counting);
        options.path_template = "{hash}";
        set_lists(&options, 3);
        o2p_batch *batch = (o2p_batch *)&options;
        o2p_error error;
        status = o2p_batch_new(&options, &batch, &error);
        assert_int_equal(status, counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        assert_int_equal(error.status, status);
        assert_int_equal(batch != NULL, status == O2P_OK);
        o2p_batch_free(batch);
        assert_int_equal(counting.blocks, 0);
    }
}

/* A batch keeps promotions of its own. */
static void promotions_are_copied(void **state)
{
    (void)state;
    char key[] = "k", column[] = "column";
    o2p_promotion promotion = {O2P_PROMOTE_RECORD, key, column, O2P_PROMOTE_STRING};
    protobuf p = {0};
    sample_request(&p, O2P_SIGNAL_LOGS, 1);
    o2p_options options = options_of(NULL);
    options.promotions = &promotion;
    options.promotion_count = 1;
    o2p_output expected = output_of(&options, &p, &p);
    o2p_batch *batch = new_batch(&options);
    key[0] = column[0] = '!';
    promotion.source = O2P_PROMOTE_RESOURCE;
    append_ok(batch, &p);
    append_ok(batch, &p);
    o2p_output out = finish_ok(batch);
    assert_same_output(&out, &expected);
    o2p_output_free(&out);
    o2p_output_free(&expected);
    o2p_batch_free(batch);
    pb_free(&p);
}

/* A log with one long text, held once, and one of its own. */
static void log_with_texts(protobuf *p, const char *text, int64_t n)
{
    p->size = 0;
    sample_open(p, "a");
    pb_open(p, 2);
    pb_attribute(p, 6, "text", text);
    pb_int_attribute(p, 6, "n", n);
    pb_close(p);
    sample_close(p);
}

/* Lists as texts have what maps hold once as often as there are lists: the batch is full before
 * they cannot be written, and can be written then. */
static void texts_of_lists_fill_a_batch(void **state)
{
    (void)state;
    enum { LIMIT = 16 << 20, SIZE = 20000, APPENDS = LIMIT / 48 / SIZE };
    static char text[SIZE + 1];
    memset(text, 1, SIZE); /* six bytes each in JSON */
    for (unsigned form = O2P_ATTRIBUTES_MAP; form <= O2P_ATTRIBUTES_VARIANT; form++) {
        protobuf p = {0};
        o2p_options options = options_of(NULL);
        options.attributes = (o2p_attributes_form)form;
        options.max_memory_bytes = LIMIT;
        options.codec = O2P_CODEC_UNCOMPRESSED;
        o2p_batch *batch = new_batch(&options);
        o2p_status status = O2P_OK;
        o2p_result result;
        int64_t n = 0;
        for (unsigned round = 0; round < 2; round++) {
            for (n = 0, status = O2P_OK; status == O2P_OK && n < 2 * APPENDS; n++) {
                log_with_texts(&p, text, n);
                status = o2p_batch_append(batch, p.data, p.size, &result);
            }
            if (form == O2P_ATTRIBUTES_MAP) {
                assert_int_equal(status, O2P_OK);
            } else {
                assert_int_equal(status, O2P_ERR_FULL);
                assert_int_equal(result.counts.accepted, 0);
                assert_true(n > APPENDS - 5);
                assert_int_equal(o2p_batch_rows(batch), n - 1);
            }
            o2p_output out = finish_ok(batch);
            o2p_output_free(&out);
        }
        o2p_batch_free(batch);
        pb_free(&p);
    }
}

static void the_memory_limit_holds(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0};
        sample_request(&p, signals[s], 1);
        counting_allocator whole = {0};
        o2p_options options = options_of(&whole);
        options.signal = signals[s];
        o2p_output unlimited = {.options = &options};
        assert_int_equal(otlp_to_parquet(p.data, p.size, &unlimited), O2P_OK);
        for (size_t limit = 1; limit < whole.peak; limit += whole.peak / 50) {
            counting_allocator counting = {0};
            options.allocator = counting_allocator_functions(&counting);
            options.max_memory_bytes = limit;
            o2p_output out = {.options = &options};
            assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_ERR_LIMIT);
            assert_true(counting.peak <= limit);
            assert_int_equal(counting.blocks, 0);
            assert_int_equal(out.file_count, 0);
            o2p_output_free(&out);
        }
        o2p_output_free(&unlimited);
        pb_free(&p);
    }
}

static void a_batch_at_its_limit_can_go_on(void **state)
{
    (void)state;
    protobuf small = {0}, large = {0};
    sample_request(&small, O2P_SIGNAL_LOGS, 1);
    sample_open(&large, "a");
    pb_open(&large, 2);
    char *text = (char *)malloc(4000001);
    assert_non_null(text);
    memset(text, 'x', 4000000);
    text[4000000] = '\0';
    pb_attribute(&large, 6, "k", text);
    free(text);
    pb_close(&large);
    sample_close(&large);
    o2p_options options = options_of(NULL);
    o2p_output expected = output_of(&options, &small, &small);
    options.max_memory_bytes = 3000000;
    o2p_batch *batch = new_batch(&options);
    append_ok(batch, &small);
    size_t held = o2p_batch_bytes(batch);
    assert_in_range(held, 1000, 3000000);
    o2p_result result;
    assert_int_equal(o2p_batch_append(batch, large.data, large.size, &result), O2P_ERR_FULL);
    assert_in_range(o2p_batch_bytes(batch), held, 3000000);
    append_ok(batch, &small);
    o2p_output out = finish_ok(batch);
    assert_same_output(&out, &expected);
    o2p_output_free(&out);
    o2p_output_free(&expected);
    o2p_batch_free(batch);
    pb_free(&small);
    pb_free(&large);
}

/* ---- limits ---- */

enum { MANY = 1100 }; /* attributes of a resource, and records that share them */

/* What one call brings of everything that is limited: exactly so much. */
static const struct {
    const char *option;
    uint64_t value;
    const char *text; /* NULL: MANY records */
} limited[] = {
    {"max_depth", 10,
     "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"arrayValue\":{\"values\":[{"
     "\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{\"arrayValue\":{}}}]}}]}}}]}]}]}"},
    {"max_attributes", 3,
     "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"links\":[{\"attributes\":[{\"key\":\"a\"}"
     ","
     "{\"key\":\"a\"},{\"key\":\"b\"}]}]}]}]}]}"},
    {"max_records", 4,
     "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"gauge\":{\"dataPoints\":[{},{}]}},"
     "{\"summary\":{\"dataPoints\":[{},{}]}}]}]}]}"},
    {"max_string_bytes", 14,
     "{\"resourceLogs\":[{\"scopeLogs\":[{\"scope\":{\"name\":\"fourteen bytes\"},"
     "\"logRecords\":[{}]}]}]}"},
    {"max_files", 4, /* with that of what is around it */
     "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":1},{\"timeUnixNano\":"
     "3600000000000},{\"timeUnixNano\":7200000000000},{\"timeUnixNano\":10800000000000}]}]}]}"},
    {"max_shared_attributes", (MANY * MANY - (1 << 20)) / MANY + 1, NULL},
    {"max_input_bytes", 0, NULL},
};

static void limit_to(o2p_options *options, const char *name, uint64_t value)
{
    const struct {
        const char *name;
        uint32_t *number;
        uint64_t *large;
    } fields[] = {
        {"max_depth", &options->max_depth, NULL},
        {"max_attributes", &options->max_attributes, NULL},
        {"max_files", &options->max_files, NULL},
        {"max_shared_attributes", &options->max_shared_attributes, NULL},
        {"max_records", NULL, &options->max_records},
        {"max_string_bytes", NULL, &options->max_string_bytes},
        {"max_input_bytes", NULL, &options->max_input_bytes},
        {"max_output_bytes", NULL, &options->max_output_bytes},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].name, name) != 0)
            continue;
        if (fields[i].number != NULL)
            *fields[i].number = (uint32_t)value;
        else
            *fields[i].large = value;
        return;
    }
    fail_msg("%s is no limit", name);
}

static void put_many(protobuf *text)
{
    static const char head[] = "{\"resourceLogs\":[{\"resource\":{\"attributes\":[";
    static const char middle[] = "]},\"scopeLogs\":[{\"logRecords\":[";
    static const char tail[] = "]}]}]}";
    char attribute[32];
    pb_raw(text, head, sizeof(head) - 1);
    for (unsigned i = 0; i < MANY; i++) {
        int size = snprintf(attribute, sizeof(attribute), "%s{\"key\":\"%u\"}", &","[i == 0], i);
        pb_raw(text, attribute, (size_t)size);
    }
    pb_raw(text, middle, sizeof(middle) - 1);
    for (unsigned i = 0; i < MANY; i++)
        pb_raw(text, &",{}"[i == 0], i == 0 ? 2 : 3);
    pb_raw(text, tail, sizeof(tail) - 1);
}

/* The input of a case, in an encoding. */
static void limited_input(protobuf *p, size_t i, o2p_encoding encoding, o2p_signal *signal)
{
    protobuf text = {0};
    o2p_memory memory;
    o2p_buffer bytes;
    o2p_json_report report;
    o2p_limits limits = o2p_default_limits();
    if (limited[i].text == NULL)
        put_many(&text);
    else
        pb_raw(&text, limited[i].text, strlen(limited[i].text));
    assert_true(o2p_json_signal(text.data, text.size, signal, &report));
    if (encoding != O2P_ENCODING_PROTOBUF) {
        pb_raw(p, "\r\n\n", encoding == O2P_ENCODING_JSON_LINES ? 3 : 0);
        pb_raw(p, text.data, text.size);
    } else {
        o2p_memory_init(&memory, NULL, 0);
        o2p_buffer_init(&bytes, &memory);
        assert_true(o2p_json_request(o2p_request_message(*signal), text.data, text.size, &limits,
                                     &bytes, &report));
        pb_raw(p, bytes.data, bytes.size);
        o2p_buffer_free(&bytes);
    }
    pb_free(&text);
}

/* One over the limit: the call fails, alone and in a batch, which is then as it was. */
static void reach_limit(const o2p_options *over, const protobuf *small, const protobuf *p,
                        const char *name)
{
    o2p_result result;
    o2p_output expected = output_of(over, small, small), once = {.options = over};
    o2p_batch *batch = new_batch(over);
    append_ok(batch, small);
    o2p_status status = o2p_batch_append(batch, p->data, p->size, &result);
    assert_int_equal(status, strcmp(name, "max_depth") == 0   ? O2P_ERR_DEPTH
                             : strcmp(name, "max_files") == 0 ? O2P_ERR_FULL
                                                              : O2P_ERR_LIMIT);
    assert_true(status == O2P_ERR_DEPTH || strstr(result.error.message, name) != NULL);
    assert_true(result.error.offset < p->size);
    assert_int_equal(result.counts.accepted, 0);
    assert_int_equal(o2p_batch_rows(batch), 1);
    append_ok(batch, small);
    o2p_output out = finish_ok(batch);
    assert_same_output(&out, &expected);
    if (strcmp(name, "max_files") != 0) { /* which counts those of the batch */
        assert_int_equal(otlp_to_parquet(p->data, p->size, &once), status);
        assert_string_equal(once.error.message, result.error.message);
        assert_string_equal(once.error.path, result.error.path);
        assert_int_equal(once.error.offset, result.error.offset);
        assert_int_equal(once.error.line, result.error.line);
        assert_int_equal(once.file_count, 0);
    }
    o2p_output_free(&once);
    o2p_output_free(&out);
    o2p_output_free(&expected);
    o2p_batch_free(batch);
}

static void every_limit_holds_to_the_unit(void **state)
{
    (void)state;
    protobuf small = {0};
    bare_record(&small, O2P_SIGNAL_LOGS);
    for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++)
        for (size_t e = 0; e < ENCODINGS; e++) {
            protobuf p = {0};
            o2p_options options = options_of(NULL);
            o2p_signal signal;
            limited_input(&p, i, encodings[e], &signal);
            uint64_t value = limited[i].value == 0 ? p.size : limited[i].value;
            bool same = signal == O2P_SIGNAL_LOGS; /* empty points are no signal's */
            options.signal = same ? signal : O2P_SIGNAL_AUTO;
            if (!same && encodings[e] == O2P_ENCODING_PROTOBUF) {
                options.signal = signal;
                small.size = 0;
                bare_record(&small, signal);
            }
            limit_to(&options, limited[i].option, value);
            o2p_batch *batch = new_batch(&options);
            append_ok(batch, &small);
            append_ok(batch, &p);
            append_ok(batch, &small);
            o2p_batch_free(batch);
            limit_to(&options, limited[i].option, value - 1);
            reach_limit(&options, &small, &p, limited[i].option);
            small.size = 0;
            bare_record(&small, O2P_SIGNAL_LOGS);
            pb_free(&p);
        }
    pb_free(&small);
}

/* Known when files are written: the batch keeps what it holds. */
static void output_is_limited(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0};
        sample_input(&p, signals[s], O2P_ENCODING_JSON);
        o2p_options options = options_of(NULL);
        o2p_output expected = {.options = &options}, out = {0};
        assert_int_equal(otlp_to_parquet(p.data, p.size, &expected), O2P_OK);
        uint64_t sum = 0;
        for (size_t i = 0; i < expected.file_count; i++)
            sum += expected.files[i].size;
        options.max_output_bytes = sum - 1;
        o2p_batch *batch = new_batch(&options);
        append_ok(batch, &p);
        for (unsigned round = 0; round < 2; round++) {
            assert_int_equal(o2p_batch_finish(batch, &out), O2P_ERR_LIMIT);
            assert_string_equal(out.error.message, "more output than max_output_bytes");
            assert_int_equal(out.file_count, 0);
            assert_int_equal(o2p_batch_rows(batch), expected.counts.accepted);
        }
        o2p_batch_free(batch);
        out.options = &options;
        assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_ERR_LIMIT);
        assert_string_equal(out.error.message, "more output than max_output_bytes");
        assert_int_equal(out.rejection.status, O2P_OK);
        assert_int_equal(out.counts.accepted, 0);
        o2p_output_free(&out);
        options.max_output_bytes = sum;
        out.options = &options;
        assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_OK);
        assert_same_output(&out, &expected);
        o2p_output_free(&out);
        o2p_output_free(&expected);
        pb_free(&p);
    }
}

/* A text may be read in less memory than its protobuf form was first given: either it is, with the
 * same files, or the limit is told. */
static void the_memory_limit_holds_for_texts(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (size_t e = 1; e < ENCODINGS; e++) {
            protobuf p = {0};
            sample_input(&p, signals[s], encodings[e]);
            counting_allocator whole = {0};
            o2p_options options = options_of(&whole);
            options.skip_bad_lines = true;
            o2p_output unlimited = {.options = &options};
            assert_int_equal(otlp_to_parquet(p.data, p.size, &unlimited), O2P_OK);
            unsigned refused = 0;
            for (size_t limit = 1; limit < whole.peak; limit += whole.peak / 50) {
                counting_allocator counting = {0};
                options.allocator = counting_allocator_functions(&counting);
                options.max_memory_bytes = limit;
                o2p_output out = {.options = &options};
                if (otlp_to_parquet(p.data, p.size, &out) == O2P_OK) {
                    assert_same_output(&out, &unlimited);
                } else {
                    assert_int_equal(out.error.status, O2P_ERR_LIMIT);
                    assert_int_equal(counting.blocks, 0);
                    refused++;
                }
                assert_true(counting.peak <= limit);
                o2p_output_free(&out);
            }
            assert_true(refused > 40);
            o2p_output_free(&unlimited);
            pb_free(&p);
        }
}

/* Room is made for attributes that are allowed, not for all that a record claims to have. */
static void refused_attributes_leave_no_room(void **state)
{
    (void)state;
    enum { ATTRIBUTES = 2000000, MOST = 5 * ATTRIBUTES };
    o2p_batch *batch = NULL;
    o2p_result result;
    protobuf p = {0};
    assert_int_equal(o2p_batch_new(NULL, &batch, NULL), O2P_OK);
    sample_request(&p, O2P_SIGNAL_LOGS, 1);
    assert_int_equal(o2p_batch_append(batch, p.data, p.size, NULL), O2P_OK);
    size_t before = o2p_batch_bytes(batch);
    p.size = 0;
    sample_open(&p, "s");
    pb_open(&p, 2);
    for (unsigned i = 0; i < ATTRIBUTES; i++)
        pb_bytes(&p, 6, "", 0);
    pb_close(&p);
    sample_close(&p);
    assert_int_equal(o2p_batch_append(batch, p.data, p.size, &result), O2P_ERR_LIMIT);
    assert_in_range(o2p_batch_bytes(batch), before, before + MOST);
    o2p_batch_free(batch);
    pb_free(&p);
}

/* ---- what is read ---- */

/* The first bytes of an input, as many as a page's end leaves. */
static o2p_status convert_guarded(const guarded *g, const void *bytes, size_t size,
                                  o2p_encoding encoding)
{
    o2p_options options = options_of(NULL);
    options.codec = O2P_CODEC_UNCOMPRESSED;
    options.encoding = encoding;
    o2p_output out = {.options = &options};
    memmove(g->end - size, bytes, size);
    o2p_status status = otlp_to_parquet(g->end - size, size, &out);
    o2p_output_free(&out);
    return status;
}

static void nothing_behind_the_input_is_read(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0};
        sample_request(&p, signals[s], 1);
        guarded g = guarded_memory(p.size);
        for (size_t size = 0; size <= p.size;
             size = size < p.size && size + 211 > p.size ? p.size : size + 211)
            assert_int_equal(convert_guarded(&g, p.data, size, O2P_ENCODING_AUTO),
                             size == 0 || size == p.size ? O2P_OK : O2P_ERR_TRUNCATED);
        release_guarded(&g);
        pb_free(&p);
    }
}

/* The same of texts, which are cut everywhere: spaces, names, numbers and escapes end in words. */
static void nothing_behind_a_text_is_read(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++)
        for (size_t e = 1; e < ENCODINGS; e++) {
            protobuf p = {0};
            sample_input(&p, signals[s], encodings[e]);
            guarded g = guarded_memory(p.size);
            for (size_t size = 0; size <= p.size; size++) {
                o2p_status status = convert_guarded(&g, p.data, size, encodings[e]);
                if (encodings[e] == O2P_ENCODING_JSON)
                    assert_int_equal(status, size == p.size ? O2P_OK : O2P_ERR_TRUNCATED);
                convert_guarded(&g, p.data, size, O2P_ENCODING_AUTO);
            }
            release_guarded(&g);
            pb_free(&p);
        }
}

/* Reads a file into guarded memory; returns its size, 0 when there is none. */
static size_t read_guarded(const char *path, guarded *g)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file == NULL)
        return 0;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    assert_true(size > 0);
    *g = guarded_memory((size_t)size);
    rewind(file);
    assert_int_equal(fread(g->end - size, 1, (size_t)size, file), size);
    fclose(file);
    return (size_t)size;
}

/* Each sample that is one request or lines of them, from the folder of the samples. */
static void nothing_behind_a_sample_is_read(void **state)
{
    (void)state;
    static const char *const patterns[] = {"examples/telemetry/*.pb", "examples/telemetry/*.json",
                                           "examples/telemetry/*.jsonl"};
    size_t samples = 0;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t f = 0; f < found.gl_pathc; f++) {
            guarded g;
            size_t size = read_guarded(found.gl_pathv[f], &g);
            if (size == 0)
                continue;
            samples++;
            assert_int_equal(convert_guarded(&g, g.end - size, size, O2P_ENCODING_AUTO), O2P_OK);
            convert_guarded(&g, g.end - size, size / 2, O2P_ENCODING_AUTO);
            release_guarded(&g);
        }
        globfree(&found);
    }
    if (samples == 0) { /* not run from the root of the tree */
        print_message("no samples here\n");
        skip();
    }
    assert_true(samples >= 10);
}

static void an_append_needs_its_bytes_no_longer(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0}, other = {0};
        sample_request(&p, signals[s], 1);
        sample_request(&other, signals[s], 2);
        o2p_options options = options_of(NULL);
        o2p_output expected = output_of(&options, &p, &other);
        o2p_batch *batch = new_batch(NULL);
        append_ok(batch, &p);
        memset(p.data, 0xEE, p.size);
        append_ok(batch, &other);
        pb_free(&p);
        pb_free(&other);
        o2p_output out = finish_ok(batch);
        o2p_batch_free(batch); /* outputs outlive it */
        assert_same_output(&out, &expected);
        o2p_output_free(&out);
        o2p_output_free(&expected);
    }
}

static void options_are_copied(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_request(&p, O2P_SIGNAL_LOGS, 1);
    char text[] = "here/{hash}";
    o2p_options options = options_of(NULL);
    options.path_template = text;
    o2p_batch *batch = new_batch(&options);
    memset(text, '#', sizeof(text));
    memset(&options, 0xEE, sizeof(options));
    append_ok(batch, &p);
    o2p_output out = finish_ok(batch);
    assert_int_equal(out.file_count, 1);
    assert_int_equal(strncmp(out.files[0].path, "here/", 5), 0);
    assert_int_equal(strlen(out.files[0].path), 21);
    o2p_output_free(&out);
    o2p_batch_free(batch);
    pb_free(&p);
}

/* ---- results ---- */

static void one_call_and_a_batch_write_the_same(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0};
        sample_request(&p, signals[s], 4);
        o2p_output once = {0}, again = {0};
        assert_int_equal(otlp_to_parquet(p.data, p.size, &once), O2P_OK);
        assert_int_equal(otlp_to_parquet(p.data, p.size, &again), O2P_OK);
        assert_int_equal(once.signal, signals[s]); /* detected */
        assert_same_output(&once, &again);
        o2p_batch *batch = new_batch(NULL);
        for (unsigned round = 0; round < 2; round++) { /* a finished batch is as new */
            append_ok(batch, &p);
            o2p_output out = finish_ok(batch);
            assert_same_output(&once, &out);
            assert_int_equal(o2p_batch_rows(batch), 0);
            o2p_output_free(&out);
        }
        o2p_batch_free(batch);
        o2p_output_free(&once);
        o2p_output_free(&again);
        pb_free(&p);
    }
}

static void files_are_told_about(void **state)
{
    (void)state;
    static const size_t files[] = {2, 2, 10}; /* two hours each, of five tables for metrics */
    static const uint64_t rows[] = {4, 4, 20};
    for (size_t s = 0; s < SIGNALS; s++) {
        protobuf p = {0};
        sample_request(&p, signals[s], 0);
        o2p_output out = {0};
        assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_OK);
        assert_int_equal(out.file_count, files[s]);
        assert_int_equal(out.counts.accepted, rows[s]);
        assert_int_equal(out.counts.rejected, 0);
        assert_int_equal(out.counts.invalid_utf8, 0);
        assert_int_equal(out.counts.unknown_fields, 0);
        assert_true(out.counts.duplicate_keys > 0);
        uint64_t sum = 0;
        for (size_t i = 0; i < out.file_count; i++) {
            const o2p_file *file = &out.files[i];
            sum += file->rows;
            assert_true(file->min_time_ns <= file->max_time_ns);
            assert_int_equal(file->min_time_ns / 3600000000000u,
                             file->max_time_ns / 3600000000000u);
            if (i > 0 && file->table == file[-1].table)
                assert_true(strcmp(file[-1].path, file->path) < 0);
            if (i > 0)
                assert_true(file[-1].table <= file->table);
            o2p_buffer bytes = {(uint8_t *)(uintptr_t)file->data, file->size, file->size, NULL};
            parquet_reader reader = parquet_open(&bytes);
            assert_int_equal(thrift_int_field(reader.metadata, 3), file->rows);
        }
        assert_int_equal(sum, rows[s]);
        o2p_output_free(&out);
        assert_null(out.files);
        assert_null(out.storage);
        o2p_output_free(&out);
        pb_free(&p);
    }
}

static void no_records_no_files(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_open(&p, "a");
    sample_close(&p);
    for (unsigned i = 0; i < 3; i++) {
        o2p_output out = {0};
        assert_int_equal(i == 0   ? otlp_to_parquet(NULL, 0, &out)
                         : i == 1 ? otlp_to_parquet("", 0, &out)
                                  : otlp_to_parquet(p.data, p.size, &out),
                         O2P_OK);
        assert_int_equal(out.signal, O2P_SIGNAL_LOGS);
        assert_int_equal(out.file_count, 0);
        assert_null(out.files);
        assert_int_equal(out.counts.accepted, 0);
        assert_int_equal(out.counts.empty_groups, i == 2 ? 1 : 0);
        o2p_output_free(&out);
    }
    o2p_batch *batch = new_batch(NULL);
    o2p_output out = finish_ok(batch);
    assert_int_equal(out.file_count, 0);
    o2p_output_free(&out);
    o2p_batch_free(batch);
    o2p_batch_free(NULL);
    pb_free(&p);
}

/* ---- errors ---- */

typedef struct bad_request {
    o2p_status status;
    size_t offset;
    const char *path;
    const char *bytes;
    size_t size;
} bad_request;

#define BYTES(text) text, sizeof(text) - 1

static void errors_say_where(void **state)
{
    (void)state;
    static const bad_request requests[] = {
        {O2P_ERR_TRUNCATED, 1, "resource_logs[0]", BYTES("\x0a\x05\x12")},
        {O2P_ERR_TRUNCATED, 0, "", BYTES("\x8a")},
        {O2P_ERR_MALFORMED, 0, "", BYTES("\x02\x00")},
        {O2P_ERR_MALFORMED, 0, "resource_logs[0]", BYTES("\x0c")},
        {O2P_ERR_WIRE_TYPE, 0, "resource_logs[0]", BYTES("\x08\x01")},
        {O2P_ERR_WIRE_TYPE, 2, "resource_logs[1]", BYTES("\x0a\x00\x08\x01")},
        {O2P_ERR_WIRE_TYPE, 6, "resource_logs[0].scope_logs[0].log_records[0].severity_number",
         BYTES("\x0a\x06\x12\x04\x12\x02\x12\x00")},
        {O2P_ERR_TRUNCATED, 9, "resource_logs[0].scope_logs[0].log_records[1].severity_text",
         BYTES("\x0a\x08\x12\x06\x12\x00\x12\x02\x1a\x05")},
        {O2P_ERR_MALFORMED, 7, "resource_logs[0].scope_logs[0].log_records[0].severity_number",
         BYTES("\x0a\x0f\x12\x0d\x12\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        o2p_options options = options_of(NULL);
        options.signal = O2P_SIGNAL_LOGS;
        o2p_output out = {.options = &options};
        assert_int_equal(otlp_to_parquet(requests[i].bytes, requests[i].size, &out),
                         requests[i].status);
        assert_int_equal(out.error.status, requests[i].status);
        assert_int_equal(out.error.offset, requests[i].offset);
        assert_string_equal(out.error.path, requests[i].path);
        assert_true(strlen(out.error.message) > 0);
        o2p_output_free(&out);
    }
}

/* The path of an error in a request that has to be merged is in the request as it came. */
static void errors_in_merged_requests_say_where(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_open(&p, "a");
    pb_open(&p, 2);
    pb_text(&p, 3, "x");
    pb_text(&p, 3, "y");
    pb_open(&p, 5);
    pb_text(&p, 1, "body");
    pb_close(&p);
    pb_open(&p, 5);
    pb_fixed32(&p, 3, 7);
    pb_close(&p);
    pb_close(&p);
    sample_close(&p);
    o2p_options options = options_of(NULL);
    options.signal = O2P_SIGNAL_LOGS;
    o2p_output out = {.options = &options};
    assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_ERR_WIRE_TYPE);
    assert_int_equal(out.error.offset, p.size - 5);
    assert_string_equal(out.error.path,
                        "resource_logs[0].scope_logs[0].log_records[0].body.int_value");
    o2p_output_free(&out);
    pb_free(&p);
}

static void requests_may_be_too_large(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_request(&p, O2P_SIGNAL_LOGS, 1);
    o2p_options options = options_of(NULL);
    for (unsigned i = 0; i < 2; i++) {
        options.max_input_bytes = p.size - i;
        o2p_output out = {.options = &options};
        assert_int_equal(otlp_to_parquet(p.data, p.size, &out), i == 0 ? O2P_OK : O2P_ERR_LIMIT);
        assert_string_equal(out.error.path, "");
        o2p_output_free(&out);
    }
    pb_free(&p);
}

static void bytes_that_tell_no_signal(void **state)
{
    (void)state;
    protobuf p = {0};
    pb_open(&p, 1);
    pb_open(&p, 2);
    pb_open(&p, 2);
    pb_varint(&p, 60, 1);
    pb_close(&p);
    pb_close(&p);
    pb_close(&p);
    o2p_output out = {0};
    assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_ERR_UNDETECTED);
    assert_int_equal(out.signal, O2P_SIGNAL_AUTO);
    assert_int_equal(out.file_count, 0);
    o2p_output_free(&out);
    pb_free(&p);
}

static void options_of_an_older_caller(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_request(&p, O2P_SIGNAL_TRACES, 1);
    o2p_output expected = {0};
    assert_int_equal(otlp_to_parquet(p.data, p.size, &expected), O2P_OK);
    o2p_options options;
    memset(&options, 0xEE, sizeof(options)); /* behind its size there may be anything */
    options.size = offsetof(o2p_options, codec);
    options.signal = O2P_SIGNAL_TRACES;
    options.encoding = O2P_ENCODING_AUTO;
    o2p_output out = {.options = &options};
    assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_OK);
    assert_same_output(&out, &expected);
    o2p_output_free(&out);
    options.size = offsetof(o2p_options, codec) - 1;
    out.options = &options;
    assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_ERR_BAD_OPTION);
    assert_string_equal(out.error.path, "size");
    o2p_output_free(&out);
    o2p_output_free(&expected);
    pb_free(&p);
}

static void the_default_time_is_for_records_without_any(void **state)
{
    (void)state;
    protobuf p = {0};
    sample_open(&p, "a");
    pb_open(&p, 2);
    pb_text(&p, 3, "INFO");
    pb_close(&p);
    sample_close(&p);
    o2p_options options = options_of(NULL);
    options.signal = O2P_SIGNAL_LOGS;
    options.default_time_ns = SAMPLE_TIME;
    o2p_output out = {.options = &options};
    assert_int_equal(otlp_to_parquet(p.data, p.size, &out), O2P_OK);
    assert_int_equal(out.files[0].min_time_ns, SAMPLE_TIME);
    o2p_output_free(&out);
    o2p_batch *batch = new_batch(&options);
    o2p_batch_set_default_time(batch, SAMPLE_TIME + 1);
    append_ok(batch, &p);
    o2p_batch_set_default_time(batch, SAMPLE_TIME + 3);
    append_ok(batch, &p);
    out = finish_ok(batch);
    assert_int_equal(out.file_count, 1);
    assert_int_equal(out.files[0].min_time_ns, SAMPLE_TIME + 1);
    assert_int_equal(out.files[0].max_time_ns, SAMPLE_TIME + 3);
    o2p_output_free(&out);
    o2p_batch_free(batch);
    pb_free(&p);
}

static void merged_requests_are_equal(void **state)
{
    (void)state;
    protobuf plain = {0}, pieces = {0};
    sample_open(&plain, "a");
    pb_open(&plain, 2);
    pb_text(&plain, 3, "ERROR");
    pb_close(&plain);
    sample_close(&plain);
    sample_open(&pieces, "a");
    pb_open(&pieces, 2);
    pb_text(&pieces, 3, "INFO");
    pb_varint(&pieces, 50, 1);
    pb_text(&pieces, 3, "ERROR");
    pb_close(&pieces);
    sample_close(&pieces);
    o2p_options options = options_of(NULL);
    options.signal = O2P_SIGNAL_LOGS;
    o2p_output a = {.options = &options}, b = {.options = &options};
    assert_int_equal(otlp_to_parquet(plain.data, plain.size, &a), O2P_OK);
    assert_int_equal(otlp_to_parquet(pieces.data, pieces.size, &b), O2P_OK);
    assert_int_equal(b.counts.unknown_fields, 1);
    b.counts.unknown_fields = 0;
    assert_same_output(&a, &b);
    o2p_output_free(&a);
    o2p_output_free(&b);
    o2p_batch *batch = new_batch(&options);
    o2p_result result;
    append_ok(batch, &plain);
    assert_int_equal(o2p_batch_append(batch, pieces.data, pieces.size, &result), O2P_OK);
    assert_int_equal(result.counts.accepted, 1);
    assert_int_equal(result.counts.unknown_fields, 1);
    assert_int_equal(o2p_batch_rows(batch), 2);
    o2p_batch_free(batch);
    pb_free(&plain);
    pb_free(&pieces);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(o2p_encoding_name(O2P_ENCODING_AUTO), "auto");
    assert_string_equal(o2p_encoding_name(O2P_ENCODING_PROTOBUF), "protobuf");
    assert_string_equal(o2p_encoding_name(O2P_ENCODING_JSON), "json");
    assert_string_equal(o2p_encoding_name(O2P_ENCODING_JSON_LINES), "json_lines");
    assert_null(o2p_encoding_name((o2p_encoding)4));
    assert_null(o2p_encoding_name((o2p_encoding)-1));
    assert_string_equal(o2p_signal_name(O2P_SIGNAL_AUTO), "auto");
    assert_string_equal(o2p_signal_name(O2P_SIGNAL_METRICS), "metrics");
    assert_null(o2p_signal_name((o2p_signal)4));
    assert_null(o2p_signal_name((o2p_signal)-1));
    assert_string_equal(o2p_version(), O2P_VERSION);
}

/* What the requests of a batch carry may be said for each. */
static void what_comes_may_be_said(void **state)
{
    (void)state;
    protobuf lines = {0}, traces = {0};
    static const char text[] = "{}\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}\n";
    pb_raw(&lines, text, sizeof(text) - 1);
    sample_request(&traces, O2P_SIGNAL_TRACES, 1);
    o2p_batch *batch = new_batch(NULL);
    o2p_result result;
    assert_int_equal(o2p_batch_set_input(batch, O2P_SIGNAL_LOGS, O2P_ENCODING_JSON_LINES), O2P_OK);
    append_ok(batch, &lines);
    assert_int_equal(o2p_batch_append(batch, traces.data, traces.size, &result), O2P_ERR_MALFORMED);
    assert_int_equal(o2p_batch_set_input(batch, (o2p_signal)9, O2P_ENCODING_AUTO),
                     O2P_ERR_BAD_OPTION);
    assert_int_equal(o2p_batch_set_input(batch, O2P_SIGNAL_AUTO, (o2p_encoding)9),
                     O2P_ERR_BAD_OPTION);
    assert_int_equal(o2p_batch_append(batch, traces.data, traces.size, &result), O2P_ERR_MALFORMED);
    assert_int_equal(o2p_batch_set_input(batch, O2P_SIGNAL_AUTO, O2P_ENCODING_AUTO), O2P_OK);
    assert_int_equal(o2p_batch_append(batch, traces.data, traces.size, &result), O2P_OK);
    assert_int_equal(result.signal, O2P_SIGNAL_TRACES);
    assert_int_equal(result.encoding, O2P_ENCODING_PROTOBUF);
    o2p_batch_free(batch);
    pb_free(&lines);
    pb_free(&traces);
}

/* What gives no row takes memory too: a batch full of it says so, and has room once it is finished.
 */
static void a_batch_without_rows_may_be_full(void **state)
{
    (void)state;
    o2p_options options = {
        .size = sizeof(options), .signal = O2P_SIGNAL_LOGS, .max_memory_bytes = 3000000};
    o2p_batch *batch = new_batch(&options);
    o2p_status status = O2P_OK;
    static char value[4000];
    memset(value, 'v', sizeof(value) - 1);
    for (unsigned i = 0; i < 2000 && status == O2P_OK; i++) {
        protobuf p = {0};
        snprintf(value, 10, "%08u", i);
        value[8] = 'v';
        pb_open(&p, 1);
        pb_open(&p, 1);
        pb_attribute(&p, 1, "a", value);
        pb_close(&p);
        pb_close(&p);
        status = o2p_batch_append(batch, p.data, p.size, NULL);
        pb_free(&p);
    }
    assert_int_equal(status, O2P_ERR_FULL);
    assert_int_equal(o2p_batch_rows(batch), 0);
    o2p_output out = finish_ok(batch);
    assert_int_equal(out.file_count, 0);
    o2p_output_free(&out);
    protobuf small = {0};
    sample_request(&small, O2P_SIGNAL_LOGS, 1);
    append_ok(batch, &small);
    pb_free(&small);
    o2p_batch_free(batch);
}

/* Appends records until there is no room, and writes them. */
static void fill_and_write(o2p_codec codec, int32_t level, uint64_t limit)
{
    o2p_options options = {.size = sizeof(options),
                           .signal = O2P_SIGNAL_LOGS,
                           .codec = codec,
                           .codec_level = level,
                           .path_template = "{hash}",
                           .max_memory_bytes = limit};
    o2p_batch *batch = new_batch(&options);
    o2p_status status = O2P_OK;
    for (unsigned i = 0; status == O2P_OK; i++) {
        protobuf p = {0};
        char body[64];
        snprintf(body, sizeof(body), "%u is the number of this record, %08x", i, i * 2654435761u);
        sample_open(&p, "s");
        pb_open(&p, 2);
        pb_fixed64(&p, 1, SAMPLE_TIME + i);
        pb_open(&p, 5);
        pb_text(&p, 1, body);
        pb_close(&p);
        pb_attribute(&p, 6, "body.too", body);
        pb_close(&p);
        sample_close(&p);
        status = o2p_batch_append(batch, p.data, p.size, NULL);
        pb_free(&p);
    }
    assert_int_equal(status, O2P_ERR_FULL);
    uint64_t rows = o2p_batch_rows(batch);
    assert_true(rows > 50);
    o2p_output out = finish_ok(batch);
    assert_int_equal(out.file_count, 1);
    assert_int_equal(out.files[0].rows, rows);
    o2p_output_free(&out);
    o2p_batch_free(batch);
}

/* Rows that fill a batch up to its limit can be written: appends leave room for that, and for the
 * codec's context. */
static void a_batch_full_of_rows_can_be_written(void **state)
{
    (void)state;
    for (uint64_t limit = 3000000; limit < 60000000; limit *= 2)
        fill_and_write(O2P_CODEC_SNAPPY, 0, limit);
    fill_and_write(O2P_CODEC_GZIP, 0, 4000000);
    fill_and_write(O2P_CODEC_ZSTD, 0, 5000000);
    fill_and_write(O2P_CODEC_ZSTD, 0, 10000000);
    fill_and_write(O2P_CODEC_ZSTD, 9, 30000000);
}

/* So can records of a few bytes, of which writing takes several times what they are held in; and
 * pages of a row, which have metadata each. */
static void a_batch_full_of_short_rows_can_be_written(void **state)
{
    (void)state;
    for (uint32_t page_rows = 0; page_rows <= 1; page_rows++) {
        protobuf p = {0};
        o2p_options options = {.size = sizeof(options),
                               .signal = O2P_SIGNAL_LOGS,
                               .page_rows = page_rows,
                               .path_template = "{hash}",
                               .max_memory_bytes = 32 << 20};
        o2p_batch *batch = new_batch(&options);
        o2p_status status = O2P_OK;
        sample_open(&p, "s");
        for (unsigned i = 0; i < 100; i++) {
            pb_open(&p, 2);
            pb_fixed64(&p, 1, SAMPLE_TIME + i);
            pb_close(&p);
        }
        sample_close(&p);
        while (status == O2P_OK)
            status = o2p_batch_append(batch, p.data, p.size, NULL);
        assert_int_equal(status, O2P_ERR_FULL);
        assert_true(o2p_batch_rows(batch) >= 100);
        o2p_output out = finish_ok(batch);
        o2p_output_free(&out);
        o2p_batch_free(batch);
        pb_free(&p);
    }
}

/* A limit below what the codec takes is told by the first append, not by finish. */
static void a_codec_may_not_fit(void **state)
{
    (void)state;
    o2p_options options = {.size = sizeof(options),
                           .signal = O2P_SIGNAL_LOGS,
                           .codec = O2P_CODEC_ZSTD,
                           .codec_level = 22,
                           .max_memory_bytes = 100000000};
    o2p_batch *batch = new_batch(&options);
    protobuf small = {0};
    sample_request(&small, O2P_SIGNAL_LOGS, 1);
    o2p_result result;
    assert_int_equal(o2p_batch_append(batch, small.data, small.size, &result), O2P_ERR_LIMIT);
    assert_int_equal(o2p_batch_rows(batch), 0);
    o2p_batch_free(batch);
    options.codec_level = 3;
    batch = new_batch(&options);
    append_ok(batch, &small);
    o2p_batch_free(batch);
    pb_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_requests_leave_nothing),
        cmocka_unit_test(late_errors_leave_nothing),
        cmocka_unit_test(damaged_requests_leave_nothing),
        cmocka_unit_test(every_allocation_of_one_call_may_fail),
        cmocka_unit_test(all_allocations_after_some_may_fail),
        cmocka_unit_test(merging_may_run_out_of_memory),
        cmocka_unit_test(every_allocation_of_an_append_may_fail),
        cmocka_unit_test(every_allocation_of_a_finish_may_fail),
        cmocka_unit_test(a_batch_may_be_refused),
        cmocka_unit_test(promotions_are_copied),
        cmocka_unit_test(texts_of_lists_fill_a_batch),
        cmocka_unit_test(the_memory_limit_holds),
        cmocka_unit_test(a_batch_at_its_limit_can_go_on),
        cmocka_unit_test(every_limit_holds_to_the_unit),
        cmocka_unit_test(output_is_limited),
        cmocka_unit_test(the_memory_limit_holds_for_texts),
        cmocka_unit_test(refused_attributes_leave_no_room),
        cmocka_unit_test(nothing_behind_the_input_is_read),
        cmocka_unit_test(nothing_behind_a_text_is_read),
        cmocka_unit_test(nothing_behind_a_sample_is_read),
        cmocka_unit_test(an_append_needs_its_bytes_no_longer),
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(one_call_and_a_batch_write_the_same),
        cmocka_unit_test(files_are_told_about),
        cmocka_unit_test(no_records_no_files),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(errors_in_merged_requests_say_where),
        cmocka_unit_test(requests_may_be_too_large),
        cmocka_unit_test(bytes_that_tell_no_signal),
        cmocka_unit_test(options_of_an_older_caller),
        cmocka_unit_test(the_default_time_is_for_records_without_any),
        cmocka_unit_test(merged_requests_are_equal),
        cmocka_unit_test(what_comes_may_be_said),
        cmocka_unit_test(a_batch_without_rows_may_be_full),
        cmocka_unit_test(a_batch_full_of_rows_can_be_written),
        cmocka_unit_test(a_batch_full_of_short_rows_can_be_written),
        cmocka_unit_test(a_codec_may_not_fit),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
