/* test_text_leaf.c - chunks of text and ids: their values read back, the encoding that is chosen,
 * the dictionary of default values, and the bloom filter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/base/hash.h"
#include "../../lib/base/text.h"
#include "../../lib/parquet/bloom.h"
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* Enough rows for real dictionaries, deltas and number tables; values that repeat and that do not.
 */
static void texts_read_back(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    uint64_t random = 1;
    for (unsigned i = 0; i < 3000; i++) {
        if (i % 100 == 0)
            sample_open(&f->p, i % 300 == 0 ? "one" : "two");
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        char body[32];
        snprintf(body, sizeof(body), "%llu", (unsigned long long)(i % 2 == 0 ? random : i % 9));
        pb_open(&f->p, 2);
        pb_fixed64(&f->p, 1, SAMPLE_TIME + (i % 7 == 0 ? random >> 12 : i));
        pb_varint(&f->p, 2, random % 24);
        pb_text(&f->p, 3, i % 5 == 0 ? "ERROR" : "INFO");
        if (i % 4 != 0) {
            pb_open(&f->p, 5);
            pb_text(&f->p, 1, body);
            pb_close(&f->p);
        }
        for (unsigned a = 0; a < i % 4; a++)
            pb_attribute(&f->p, 6,
                         a == 0   ? "id"
                         : a == 1 ? "kind"
                                  : "n",
                         a == 0   ? body
                         : a == 1 ? "x"
                                  : body + 1);
        if (i % 3 != 0)
            pb_bytes(&f->p, 9, &random, 8);
        pb_close(&f->p);
        if (i % 100 == 99)
            sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    static const uint32_t sizes[][3] = {{0, 0, 0}, {1000, 300, 0}, {2999, 100, 2000}};
    for (size_t i = 0; i < 3; i++) {
        o2p_settings settings =
            settings_of(sizes[i][0], sizes[i][1], sizes[i][2], O2P_CODEC_SNAPPY);
        check_store(f, &settings);
    }
    /* and with dictionaries that were given up */
    o2p_rows *rows = f->store.tables[O2P_TABLE_LOGS];
    o2p_column_dictionary(rows, O2P_COL_Body)->gave_up = true;
    o2p_column_dictionary(rows, O2P_COL_LogAttributes)->gave_up = true;
    o2p_column_key_dictionary(rows, O2P_COL_LogAttributes)->gave_up = true;
    o2p_column_dictionary(rows, O2P_COL_TraceId)->gave_up = true;
    o2p_column_dictionary(f->store.groups[O2P_SOURCE_RESOURCE], O2P_COL_ServiceName)->gave_up =
        true;
    for (size_t i = 0; i < 3; i++) {
        o2p_settings settings =
            settings_of(sizes[i][0], sizes[i][1], sizes[i][2], O2P_CODEC_SNAPPY);
        check_store(f, &settings);
    }
}

/* Encoding of the first data page of a leaf, and whether the chunk has a dictionary. */
static int64_t encoding_of(const o2p_buffer *bytes, o2p_col col, bool dictionary)
{
    parquet_reader file = parquet_open(bytes);
    size_t leaf = leaf_of(O2P_TABLE_LOGS, col);
    assert_int_equal(thrift_has(parquet_metadata(&file, 0, leaf), 11), dictionary);
    parquet_page page = parquet_data_page(&file, 0, leaf, 0);
    return thrift_int_field(thrift_field(page.header, 5), 2);
}

/* `distinct` bodies, events and ids in 64 rows. */
static o2p_buffer rows_with(walk_fixture *f, unsigned distinct)
{
    for (unsigned i = 0; i < 64; i++) {
        char text[32];
        uint64_t id = (i % distinct + 1) * UINT64_C(0x9E3779B97F4A7C15);
        snprintf(text, sizeof(text), "value %u", i % distinct);
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_text(&f->p, 1, text);
        pb_close(&f->p);
        pb_bytes(&f->p, 9, &id, 8);
        pb_bytes(&f->p, 10, &id, 8);
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    return encode_table(f, &settings, O2P_TABLE_LOGS);
}

static void what_repeats_gets_a_dictionary(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_buffer few = rows_with(f, 4);
    assert_int_equal(encoding_of(&few, O2P_COL_Body, true), O2P_PAGE_ENCODING_RLE_DICTIONARY);
    assert_int_equal(encoding_of(&few, O2P_COL_TraceId, true), O2P_PAGE_ENCODING_RLE_DICTIONARY);
    o2p_buffer_free(&few);
    o2p_buffer many = rows_with(f, 64);
    assert_int_equal(encoding_of(&many, O2P_COL_Body, false), O2P_PAGE_ENCODING_PLAIN);
    assert_int_equal(encoding_of(&many, O2P_COL_TraceId, false),
                     O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY);
    o2p_buffer_free(&many);
}

/* A text counts as often as its rows have it: of 40 services one, of a long name, has `rows` rows,
 * and the others one each. */
static void check_services(walk_fixture *f, unsigned rows, int64_t encoding)
{
    char name[1001];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "%0*u", i == 0 ? 1000 : 5, i);
        sample_open(&f->p, name);
        for (unsigned row = 0; row < (i == 0 ? rows : 1); row++) {
            pb_open(&f->p, 2);
            pb_close(&f->p);
        }
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    assert_int_equal(
        encoding_of(&bytes, O2P_COL_ServiceName, encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY),
        encoding);
    o2p_buffer_free(&bytes);
}

static void texts_count_by_their_rows(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    check_services(f, 1, O2P_PAGE_ENCODING_PLAIN);
    check_services(f, 2, O2P_PAGE_ENCODING_RLE_DICTIONARY);
}

/* A column that was never set is one entry and one run. */
static void defaults_are_one_entry(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_buffer bytes = rows_with(f, 4);
    assert_int_equal(encoding_of(&bytes, O2P_COL_SeverityText, true),
                     O2P_PAGE_ENCODING_RLE_DICTIONARY);
    parquet_reader file = parquet_open(&bytes);
    parquet_page page =
        parquet_data_page(&file, 0, leaf_of(O2P_TABLE_LOGS, O2P_COL_SeverityText), 0);
    static const uint8_t run[] = {1, 0x80, 1, 0}; /* width, 64 << 1, index 0 */
    assert_int_equal(page.body_size, sizeof(run));
    assert_memory_equal(page.body, run, sizeof(run));
    o2p_buffer_free(&bytes);
}

/* The filter of a leaf is that of the hashes of these values. */
static void check_bloom(walk_fixture *f, const o2p_buffer *bytes, size_t leaf,
                        const uint64_t *hashes, size_t count)
{
    parquet_reader file = parquet_open(bytes);
    thrift_value metadata = parquet_metadata(&file, 0, leaf);
    o2p_buffer filter;
    o2p_buffer_init(&filter, &f->memory);
    o2p_bloom_write(&filter, hashes, count, 105);
    assert_int_equal(thrift_int_field(metadata, 15), filter.size);
    assert_memory_equal(bytes->data + thrift_int_field(metadata, 14), filter.data, filter.size);
    o2p_buffer_free(&filter);
}

/* Over the ids as they are written. */
static void trace_ids_have_a_bloom_filter(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    size_t trace_id = leaf_of(O2P_TABLE_LOGS, O2P_COL_TraceId);
    for (unsigned distinct = 4; distinct <= 64; distinct *= 16) { /* with a dictionary, without */
        uint64_t of_hex[64], of_bytes[64];
        o2p_buffer bytes = rows_with(f, distinct);
        for (unsigned i = 0; i < distinct; i++) {
            uint64_t id = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
            char hex[17];
            for (unsigned b = 0; b < 8; b++)
                sprintf(hex + 2 * b, "%02x", ((const uint8_t *)&id)[b]);
            of_hex[i] = o2p_xxh64(hex, 16, 0);
            of_bytes[i] = o2p_xxh64(&id, 8, 0);
        }
        parquet_reader file = parquet_open(&bytes);
        size_t leaves = thrift_count(thrift_field(parquet_row_group(&file, 0), 1));
        for (size_t leaf = 0; leaf < leaves; leaf++)
            assert_int_equal(thrift_has(parquet_metadata(&file, 0, leaf), 14), leaf == trace_id);
        check_bloom(f, &bytes, trace_id, of_hex, distinct);
        o2p_buffer_free(&bytes);
        o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
        settings.ids = O2P_IDS_BINARY;
        bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
        check_bloom(f, &bytes, trace_id, of_bytes, distinct);
        o2p_buffer_free(&bytes);
    }
}

/* As few ids as are many: see ids_are_plain. */
enum { MANY = 1 << 15 };

static uint64_t id_of(unsigned i)
{
    return (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

/* `rows` rows, each with a body of its own and the last `there` of them with ids of their own. */
static o2p_buffer many_ids(walk_fixture *f, unsigned rows, unsigned there,
                           const o2p_settings *settings)
{
    sample_open(&f->p, "s");
    for (unsigned i = 0; i < rows; i++) {
        char text[16];
        uint64_t id = id_of(i);
        snprintf(text, sizeof(text), "%u", i);
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_text(&f->p, 1, text);
        pb_close(&f->p);
        if (rows - i <= there) {
            pb_bytes(&f->p, 9, &id, 8);
            pb_bytes(&f->p, 10, &id, 8);
        }
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    return encode_table(f, settings, O2P_TABLE_LOGS);
}

/* Many ids that are there and looked up, as hex, are PLAIN. */
static void ids_that_are_looked_up_are_plain(void **state)
{
    static const struct {
        unsigned rows, there;
        o2p_ids ids;
        bool plain;
    } cases[] = {
        {MANY, MANY, O2P_IDS_HEX, true},          {2 * MANY, MANY, O2P_IDS_HEX, true},
        {2 * MANY, MANY - 1, O2P_IDS_HEX, false}, {MANY - 1, MANY - 1, O2P_IDS_HEX, false},
        {MANY, MANY, O2P_IDS_BINARY, false},
    };
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 10000, 0, O2P_CODEC_SNAPPY);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        settings.ids = cases[i].ids;
        o2p_buffer bytes = many_ids(f, cases[i].rows, cases[i].there, &settings);
        assert_int_equal(encoding_of(&bytes, O2P_COL_TraceId, false),
                         cases[i].plain ? O2P_PAGE_ENCODING_PLAIN
                                        : O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY);
        assert_int_equal(encoding_of(&bytes, O2P_COL_SpanId, false),
                         O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY);
        o2p_buffer_free(&bytes);
        check_store(f, &settings);
    }
}

/* The filter of values that are PLAIN has those of all pages. */
static void plain_values_have_a_bloom_filter(void **state)
{
    enum { ROWS = MANY + 1000 };
    static uint64_t ids[ROWS], bodies[ROWS];
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 10000, 0, O2P_CODEC_SNAPPY);
    assert_null(o2p_text_columns_named("TraceId,Body", &settings.blooms));
    o2p_buffer bytes = many_ids(f, ROWS, ROWS, &settings);
    for (unsigned i = 0; i < ROWS; i++) {
        uint64_t id = id_of(i);
        uint8_t hex[16];
        char text[16];
        o2p_format_hex(hex, (const uint8_t *)&id, 8);
        ids[i] = o2p_xxh64(hex, 16, 0);
        bodies[i] = o2p_xxh64(text, (size_t)snprintf(text, sizeof(text), "%u", i), 0);
    }
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_LOGS, O2P_COL_TraceId), ids, ROWS);
    assert_int_equal(encoding_of(&bytes, O2P_COL_Body, false), O2P_PAGE_ENCODING_PLAIN);
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_LOGS, O2P_COL_Body), bodies, ROWS);
    o2p_buffer_free(&bytes);
}

static uint64_t hash_of(const char *text)
{
    return o2p_xxh64(text, strlen(text), 0);
}

/* Of columns with and without a dictionary, nullable ones, ones that rows share and members. */
static void other_columns_have_one_when_asked_to(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t id = i + 1;
        sample_open(&f->p, i == 0 ? "a" : "b");
        pb_open(&f->p, 2);
        pb_text(&f->p, 5, i == 2 ? "same" : "other");
        pb_open(&f->p, 13);
        pb_bytes(&f->p, 1, &id, 8);
        pb_text(&f->p, 3, "state");
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_TRACES);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    assert_null(o2p_text_columns_named("ServiceName,SpanName,Links.TraceId,Links.TraceState,Body",
                                       &settings.blooms));
    settings.ids = O2P_IDS_BINARY;
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_TRACES);
    const uint64_t services[] = {hash_of("a"), hash_of("b")};
    const uint64_t names[] = {hash_of("other"), hash_of("same")}, states[] = {hash_of("state")};
    uint64_t ids[3];
    for (uint64_t i = 1; i <= 3; i++)
        ids[i - 1] = o2p_xxh64(&i, 8, 0);
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_TRACES, O2P_COL_ServiceName), services, 2);
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_TRACES, O2P_COL_SpanName), names, 2);
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_TRACES, O2P_COL_LinksTraceId), ids, 3);
    check_bloom(f, &bytes, leaf_of(O2P_TABLE_TRACES, O2P_COL_LinksTraceState), states, 1);
    parquet_reader file = parquet_open(&bytes);
    size_t leaf = leaf_of(O2P_TABLE_TRACES, O2P_COL_TraceId);
    assert_false(thrift_has(parquet_metadata(&file, 0, leaf), 14));
    o2p_buffer_free(&bytes);
}

/* 64 rows of four texts of 100 bytes each: 416 bytes with their lengths. */
static o2p_buffer long_rows(walk_fixture *f, o2p_settings *settings, bool notes)
{
    for (unsigned i = 0; i < 64; i++) {
        char text[101];
        snprintf(text, sizeof(text), "%0100u", i % 4);
        sample_open(&f->p, text);
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_text(&f->p, 1, text);
        pb_close(&f->p);
        pb_attribute(&f->p, 6, "k", text);
        if (notes)
            pb_attribute(&f->p, 6, "k", text);
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    check_store(f, settings);
    return encode_table(f, settings, O2P_TABLE_LOGS);
}

/* Beyond its bound a dictionary is left out, but where a text of the input is that of many rows. */
static void dictionaries_are_bounded(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    for (uint32_t most = 416; most >= 415; most--) {
        settings.dictionary_bytes = most;
        bool has = most == 416;
        o2p_buffer bytes = long_rows(f, &settings, true);
        assert_int_equal(encoding_of(&bytes, O2P_COL_Body, has),
                         has ? O2P_PAGE_ENCODING_RLE_DICTIONARY : O2P_PAGE_ENCODING_PLAIN);
        encoding_of(&bytes, O2P_COL_LogAttributes, true); /* one key */
        encoding_of(&bytes, O2P_COL_ServiceName, true);
        encoding_of(&bytes, O2P_COL_DuplicateAttributes, true);
        o2p_buffer_free(&bytes);
    }
    settings.dictionary_bytes = 1;
    o2p_buffer bytes = rows_with(f, 1);
    o2p_buffer_free(&bytes);
    bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    encoding_of(&bytes, O2P_COL_Body, true); /* one value */
    o2p_buffer_free(&bytes);
}

/* Bounds of binary ids are bytes too. */
static void binary_ids(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_buffer bytes = rows_with(f, 64);
    o2p_buffer_free(&bytes);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    settings.ids = O2P_IDS_BINARY;
    check_store(f, &settings);
    bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    assert_int_equal(encoding_of(&bytes, O2P_COL_TraceId, false),
                     O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY);
    parquet_reader file = parquet_open(&bytes);
    thrift_value statistics =
        thrift_field(parquet_metadata(&file, 0, leaf_of(O2P_TABLE_LOGS, O2P_COL_TraceId)), 12);
    const uint8_t *min, *max;
    assert_int_equal(thrift_bytes(thrift_field(statistics, 6), &min), 8);
    assert_int_equal(thrift_bytes(thrift_field(statistics, 5), &max), 8);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t id = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        assert_true(memcmp(min, &id, 8) <= 0 && memcmp(max, &id, 8) >= 0);
    }
    o2p_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(texts_read_back),
        walk_test(what_repeats_gets_a_dictionary),
        walk_test(texts_count_by_their_rows),
        walk_test(defaults_are_one_entry),
        walk_test(trace_ids_have_a_bloom_filter),
        walk_test(ids_that_are_looked_up_are_plain),
        walk_test(plain_values_have_a_bloom_filter),
        walk_test(binary_ids),
        walk_test(other_columns_have_one_when_asked_to),
        walk_test(dictionaries_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
