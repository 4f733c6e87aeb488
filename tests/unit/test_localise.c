/* test_localise.c - the places of entries in a dictionary of text: by first use, and of a MAP's
 * values by their keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* The dictionary page of a leaf must have these texts, which end with NULL. */
static void check_dictionary(const o2p_buffer *bytes, size_t leaf, const char *const *texts)
{
    parquet_reader file = parquet_open(bytes);
    thrift_value metadata = parquet_metadata(&file, 0, leaf);
    parquet_page page =
        parquet_page_at(&file, thrift_int_field(metadata, 11), thrift_int_field(metadata, 4));
    const uint8_t *at = page.body, *end = page.body + page.body_size;
    for (; *texts != NULL; texts++) {
        size_t size = strlen(*texts);
        assert_true((size_t)(end - at) >= 4 + size);
        assert_int_equal(at[0], size);
        assert_memory_equal(at + 4, *texts, size);
        at += 4 + size;
    }
    assert_ptr_equal(at, end);
}

static void log_with(protobuf *p, const char *const attributes[][2], size_t count)
{
    pb_open(p, 2);
    for (size_t i = 0; i < count; i++)
        pb_attribute(p, 6, attributes[i][0], attributes[i][1]);
    pb_close(p);
}

/* Texts long enough for a dictionary to pay. */
#define A1 "a value of a, the first one"
#define A2 "a value of a, the second"
#define B1 "a value of b, the first one"
#define B2 "a value of b, the second"
#define B3 "a value of b, the third one"
#define C1 "a value of c, which comes often"

/* Eight times these rows: of the key c the one value comes 24 times, the two of a 12 times each,
 * the three of b 8 times. */
static void add_rows(protobuf *p)
{
    static const char *const one[][2] = {{"b", B1}, {"a", A1}, {"c", C1}};
    static const char *const two[][2] = {{"b", B2}, {"a", A2}, {"c", C1}};
    static const char *const three[][2] = {{"a", A1}, {"b", B3}, {"c", C1}};
    for (unsigned i = 0; i < 8; i++) {
        log_with(p, one, 3);
        log_with(p, two, 3);
        log_with(p, three, 3);
    }
}

static o2p_buffer encode_rows(walk_fixture *f)
{
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    return encode_table(f, &settings, O2P_TABLE_LOGS);
}

static void values_of_a_key_lie_together(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "s");
    add_rows(&f->p);
    sample_close(&f->p);
    o2p_buffer bytes = encode_rows(f);
    size_t keys = leaf_of(O2P_TABLE_LOGS, O2P_COL_LogAttributes);
    check_dictionary(&bytes, keys, (const char *const[]){"b", "a", "c", NULL});
    check_dictionary(&bytes, keys + 1, (const char *const[]){C1, A1, A2, B1, B2, B3, NULL});
    o2p_buffer_free(&bytes);
}

/* Likewise of a member of structs, whose lists are those of its child rows. */
static void also_in_structs(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char *const values[] = {A1, B1, A2, C1};
    sample_open(&f->p, "s");
    for (unsigned i = 0; i < 32; i++) {
        pb_open(&f->p, 2);
        pb_open(&f->p, 11);
        pb_attribute(&f->p, 3, "often", i % 2 == 0 ? B2 : B3);
        pb_attribute(&f->p, 3, "seldom", values[i / 2 % 4]);
        pb_close(&f->p);
        pb_close(&f->p);
    }
    sample_close(&f->p);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    walk_fresh(f, O2P_SIGNAL_TRACES);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_TRACES);
    size_t leaf = leaf_of(O2P_TABLE_TRACES, O2P_COL_EventsAttributes) + 1;
    check_dictionary(&bytes, leaf, (const char *const[]){B2, B3, A1, B1, A2, C1, NULL});
    o2p_buffer_free(&bytes);
}

/* A text that several keys have is one entry, with the first; other columns are by first use. */
static void a_text_is_one_entry(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char *const rows[][2] = {{"a", A1}, {"b", A1}, {"b", B1}, {"a", B1}};
    for (unsigned i = 0; i < 24; i++) {
        sample_open(&f->p, i % 2 == 0 ? "service one" : "service two");
        log_with(&f->p, &rows[i % 4], 1);
        sample_close(&f->p);
    }
    o2p_buffer bytes = encode_rows(f);
    check_dictionary(&bytes, leaf_of(O2P_TABLE_LOGS, O2P_COL_LogAttributes) + 1,
                     (const char *const[]){A1, B1, NULL});
    check_dictionary(&bytes, leaf_of(O2P_TABLE_LOGS, O2P_COL_ServiceName),
                     (const char *const[]){"service one", "service two", NULL});
    o2p_buffer_free(&bytes);
}

/* Many texts of a key are in their order for codecs that count bytes, as far as four bytes behind
 * what all begin with tell; for others, and few, in that of rows. */
static void many_texts_of_a_key_are_sorted(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { MANY = 512 };
    static char texts[MANY][32];
    for (unsigned count = MANY - 1; count <= MANY; count++) {
        const char *by_row[MANY + 1] = {NULL}, *sorted[MANY + 1] = {NULL};
        sample_open(&f->p, "s");
        for (unsigned i = 0; i < 3 * count; i++) {
            unsigned n = i % count, number = n * 5 % count; /* 5 divides neither of the counts */
            snprintf(texts[number], sizeof(texts[0]), "what all begin with %03u", number);
            by_row[n] = sorted[number] = texts[number];
            log_with(&f->p, (const char *const[][2]){{"k", texts[number]}}, 1);
        }
        sample_close(&f->p);
        walk_fresh(f, O2P_SIGNAL_LOGS);
        size_t leaf = leaf_of(O2P_TABLE_LOGS, O2P_COL_LogAttributes) + 1;
        for (unsigned zstd = 0; zstd < 2; zstd++) {
            o2p_settings settings =
                settings_of(0, 0, 0, zstd == 1 ? O2P_CODEC_ZSTD : O2P_CODEC_SNAPPY);
            o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
            check_dictionary(&bytes, leaf, zstd == 1 && count == MANY ? sorted : by_row);
            o2p_buffer_free(&bytes);
        }
    }
}

/* The scratch is as it was, however many entries a leaf has: each of the row groups has the same
 * dictionary. */
static void each_row_group_begins_anew(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "s");
    add_rows(&f->p);
    add_rows(&f->p);
    sample_close(&f->p);
    o2p_settings settings = settings_of(24, 0, 0, O2P_CODEC_SNAPPY);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    size_t leaf = leaf_of(O2P_TABLE_LOGS, O2P_COL_LogAttributes) + 1;
    int64_t codec = thrift_int_field(parquet_metadata(&file, 0, leaf), 4);
    int64_t at[2];
    for (size_t g = 0; g < 2; g++)
        at[g] = thrift_int_field(parquet_metadata(&file, g, leaf), 11);
    uint8_t first[512];
    parquet_page page = parquet_page_at(&file, at[0], codec);
    size_t size = page.body_size;
    assert_true(size <= sizeof(first));
    memcpy(first, page.body, size);
    page = parquet_page_at(&file, at[1], codec);
    assert_int_equal(page.body_size, size);
    assert_memory_equal(page.body, first, size);
    o2p_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(values_of_a_key_lie_together), walk_test(also_in_structs),
        walk_test(a_text_is_one_entry),          walk_test(many_texts_of_a_key_are_sorted),
        walk_test(each_row_group_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
