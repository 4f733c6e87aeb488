/* test_list_leaf.c - tests of lib/batch/list_leaf.c: lists of attributes as JSON, as Variants, and
 * attributes in columns of their own, read back from whole files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "leaf_reader.h"
#include "store_check.h"
#include "variant_reader.h"
#include "../../lib/batch/promotion.h"
#include <cmocka.h>

/* ---- files ---- */

static o2p_settings settings_with(o2p_options options)
{
    o2p_settings settings;
    o2p_error error;
    options.size = sizeof(options);
    options.path_template = "{hash}";
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

/* The number of the leaf in this form, of a column and its part; a promoted column's is that of its
 * map. */
static size_t leaf_in(walk_fixture *f, const o2p_settings *settings, o2p_table table, o2p_col col,
                      o2p_form form, o2p_part part)
{
    o2p_layout layout;
    size_t i = 0;
    o2p_layout_init(&layout, &f->memory);
    assert_true(o2p_layout_make(&layout, table, settings));
    for (;; i++) {
        assert_true(i < o2p_layout_leaf_count(&layout));
        const o2p_layout_leaf *leaf = o2p_layout_leaf_at(&layout, i);
        if (leaf->column == col && leaf->form == form && leaf->part == part)
            break;
    }
    o2p_layout_free(&layout);
    return i;
}

/* Reads a leaf of the whole table into the leaf reader. */
static void read_leaf(walk_fixture *f, const o2p_settings *settings, o2p_table table, o2p_col col,
                      o2p_form form, o2p_part part, unsigned repetition, unsigned definition)
{
    size_t leaf = leaf_in(f, settings, table, col, form, part);
    o2p_buffer bytes = encode_table(f, settings, table);
    parquet_reader file = parquet_open(&bytes);
    leaf_reader_begin();
    for (size_t group = 0; group < thrift_count(thrift_field(file.metadata, 4)); group++)
        leaf_reader_chunk(&file, group, leaf, repetition, definition, settings->page_rows);
    o2p_buffer_free(&bytes);
}

static void take_texts(const char *const *texts, size_t count, bool nullable)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i] == NULL)
            assert_false(leaf_take(0, 0).present);
        else
            leaf_take_text(0, nullable, texts[i], strlen(texts[i]));
    leaf_reader_end();
}

#define take(nullable, ...)                                                                        \
    do {                                                                                           \
        static const char *const texts[] = {__VA_ARGS__};                                          \
        take_texts(texts, sizeof(texts) / sizeof(texts[0]), nullable);                             \
    } while (0)

/* ---- requests ---- */

/* A log of a service: {service.name: ..., n: number of the service}. */
static void open_log(walk_fixture *f, const char *service, int64_t n)
{
    pb_open(&f->p, 1);
    pb_open(&f->p, 1);
    pb_attribute(&f->p, 1, "service.name", service);
    pb_int_attribute(&f->p, 1, "n", n);
    pb_close(&f->p);
    pb_open(&f->p, 2);
    pb_open(&f->p, 2);
}

static void close_log(walk_fixture *f)
{
    pb_close(&f->p);
    pb_close(&f->p);
    pb_close(&f->p);
}

static void attribute_of(walk_fixture *f, const char *key, unsigned kind, double number)
{
    pb_open(&f->p, 6);
    pb_text(&f->p, 1, key);
    pb_open(&f->p, 2);
    if (kind == 2)
        pb_varint(&f->p, 2, number != 0);
    else if (kind == 3)
        pb_varint(&f->p, 3, (uint64_t)(int64_t)number);
    else if (kind == 4)
        pb_double(&f->p, 4, number);
    pb_close(&f->p);
    pb_close(&f->p);
}

/* Four logs of two services: typed attributes, strings, none, and the first list again. */
static void four_logs(walk_fixture *f)
{
    for (unsigned i = 0; i < 4; i++) {
        open_log(f, i < 2 ? "a" : "b", i < 2 ? 7 : 8);
        if (i == 0 || i == 3) {
            pb_attribute(&f->p, 6, "s", "x");
            attribute_of(f, "i", 3, -5);
            attribute_of(f, "d", 4, 1);
            attribute_of(f, "t", 2, 1);
            attribute_of(f, "e", 0, 0);
        } else if (i == 1) {
            pb_attribute(&f->p, 6, "i", "y");
            pb_attribute(&f->p, 6, "s", "");
        }
        close_log(f);
    }
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
}

/* Two spans, the first with two events, of which the first has an attribute. */
static void two_spans(walk_fixture *f)
{
    sample_open(&f->p, "a");
    for (unsigned i = 0; i < 2; i++) {
        pb_open(&f->p, 2);
        for (unsigned event = 0; event < 2 && i == 0; event++) {
            pb_open(&f->p, 11);
            if (event == 0)
                pb_int_attribute(&f->p, 3, "k", 300);
            pb_close(&f->p);
        }
        pb_close(&f->p);
    }
    sample_close(&f->p);
    assert_int_equal(walk_read(f, O2P_SIGNAL_TRACES), O2P_OK);
}

/* ---- JSON and Variant ---- */

#define LIST "{\"s\":\"x\",\"i\":-5,\"d\":1.0,\"t\":true,\"e\":null}"

static void lists_as_json(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    four_logs(f);
    for (uint32_t rows = 0; rows < 3; rows++) { /* of pages and row groups */
        o2p_settings settings = settings_with((o2p_options){
            .attributes = O2P_ATTRIBUTES_JSON, .page_rows = rows, .row_group_rows = rows});
        read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributes, O2P_FORM_LIST_JSON,
                  O2P_PART_ONLY, 0, 0);
        take(false, LIST, "{\"i\":\"y\",\"s\":\"\"}", "{}", LIST);
        read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_ResourceAttributes, O2P_FORM_LIST_JSON,
                  O2P_PART_ONLY, 0, 0);
        take(false, "{\"service.name\":\"a\",\"n\":7}", "{\"service.name\":\"a\",\"n\":7}",
             "{\"service.name\":\"b\",\"n\":8}", "{\"service.name\":\"b\",\"n\":8}");
        read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_ScopeAttributes, O2P_FORM_LIST_JSON,
                  O2P_PART_ONLY, 0, 0);
        take(false, "{}", "{}", "{}", "{}");
        read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributesTypes, O2P_FORM_TEXT,
                  O2P_PART_ONLY, 0, 0);
        take(false, "sidbe", "", "", "sidbe");
    }
}

static void lists_of_structs_as_json(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    two_spans(f);
    o2p_settings settings = settings_with((o2p_options){.attributes = O2P_ATTRIBUTES_JSON});
    read_leaf(f, &settings, O2P_TABLE_TRACES, O2P_COL_EventsAttributes, O2P_FORM_LIST_JSON,
              O2P_PART_ONLY, 1, 1);
    leaf_take_text(0, 1, "{\"k\":300}", 9);
    leaf_take_text(1, 1, "{}", 2);
    assert_false(leaf_take(0, 0).present);
    leaf_reader_end();
    read_leaf(f, &settings, O2P_TABLE_TRACES, O2P_COL_LinksAttributes, O2P_FORM_LIST_JSON,
              O2P_PART_ONLY, 1, 1);
    assert_false(leaf_take(0, 0).present);
    assert_false(leaf_take(0, 0).present);
    leaf_reader_end();
}

static void lists_as_variants(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    two_spans(f);
    static const uint8_t names[] = {0x11, 1, 0, 1, 'k'}, none[] = {0x11, 0, 0};
    static const uint8_t list[] = {2, 1, 0, 0, 3, 4 << 2, 44, 1}, empty[] = {2, 0, 0};
    o2p_settings settings = settings_with((o2p_options){.attributes = O2P_ATTRIBUTES_VARIANT});
    read_leaf(f, &settings, O2P_TABLE_TRACES, O2P_COL_EventsAttributes, O2P_FORM_LIST_METADATA,
              O2P_PART_ONLY, 1, 1);
    leaf_take_text(0, 1, names, sizeof(names));
    leaf_take_text(1, 1, none, sizeof(none));
    assert_false(leaf_take(0, 0).present);
    leaf_reader_end();
    read_leaf(f, &settings, O2P_TABLE_TRACES, O2P_COL_EventsAttributes, O2P_FORM_LIST_VARIANT,
              O2P_PART_ONLY, 1, 1);
    leaf_take_text(0, 1, list, sizeof(list));
    leaf_take_text(1, 1, empty, sizeof(empty));
    assert_false(leaf_take(0, 0).present);
    leaf_reader_end();
    char *text = variant_text(names, sizeof(names), list, sizeof(list));
    assert_string_equal(text, "{k: 16:300}");
    free(text);
}

/* A chunk's encoding, of those it has. */
static bool is_dictionary(walk_fixture *f, const o2p_settings *settings, o2p_form form)
{
    o2p_buffer bytes = encode_table(f, settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    thrift_value metadata = parquet_metadata(
        &file, 0, leaf_in(f, settings, O2P_TABLE_LOGS, O2P_COL_LogAttributes, form, O2P_PART_ONLY));
    bool has = thrift_has(metadata, 11); /* dictionary_page_offset */
    o2p_buffer_free(&bytes);
    return has;
}

/* Lists that come again in other requests, where they are other lists, are one dictionary entry;
 * lists that never do are plain, but their names are the same. */
static void dictionaries_where_they_pay(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings json = settings_with((o2p_options){.attributes = O2P_ATTRIBUTES_JSON});
    o2p_settings variant = settings_with((o2p_options){.attributes = O2P_ATTRIBUTES_VARIANT});
    for (unsigned i = 0; i < 20; i++)
        four_logs(f);
    assert_true(is_dictionary(f, &json, O2P_FORM_LIST_JSON));
    o2p_store_free(&f->store);
    o2p_store_init(&f->store, &f->memory, false);
    for (unsigned i = 0; i < 100; i++) {
        char text[16];
        snprintf(text, sizeof(text), "text %u", i);
        open_log(f, "a", 1);
        pb_attribute(&f->p, 6, "key", text);
        close_log(f);
    }
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_false(is_dictionary(f, &json, O2P_FORM_LIST_JSON));
    assert_true(is_dictionary(f, &variant, O2P_FORM_LIST_METADATA));
    assert_false(is_dictionary(f, &variant, O2P_FORM_LIST_VARIANT));
}

/* ---- promoted attributes ---- */

static const o2p_promotion promotions[] = {
    {O2P_PROMOTE_RECORD, "s", NULL, O2P_PROMOTE_STRING},
    {O2P_PROMOTE_RECORD, "i", NULL, O2P_PROMOTE_INT64},
    {O2P_PROMOTE_RECORD, "d", NULL, O2P_PROMOTE_DOUBLE},
    {O2P_PROMOTE_RECORD, "t", NULL, O2P_PROMOTE_BOOL},
};

static o2p_settings promoting(const o2p_promotion *promotion, size_t count, bool only,
                              uint32_t rows)
{
    return settings_with((o2p_options){.promotions = promotion,
                                       .promotion_count = count,
                                       .promotions_only = only,
                                       .page_rows = rows,
                                       .row_group_rows = rows});
}

static void read_promoted(walk_fixture *f, o2p_promotion promotion, o2p_form form, uint32_t rows)
{
    o2p_settings settings = promoting(&promotion, 1, false, rows);
    o2p_col map = o2p_promotion_map(O2P_TABLE_LOGS, promotion.source);
    read_leaf(f, &settings, O2P_TABLE_LOGS, map, form, O2P_PART_ONLY, 0, 1);
}

static void take_numbers(const uint64_t *numbers, const char *present)
{
    for (size_t i = 0; present[i] != '\0'; i++) {
        leaf_entry e = leaf_take(0, present[i] == '1');
        assert_int_equal(e.present, present[i] == '1');
        if (e.present)
            assert_true(e.word == numbers[i]);
    }
    leaf_reader_end();
}

static void promoted_attributes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t ints[] = {(uint64_t)-5, 0, 0, (uint64_t)-5}, trues[] = {1, 0, 0, 1};
    static const uint64_t ones[] = {UINT64_C(0x3FF0000000000000), 0, 0,
                                    UINT64_C(0x3FF0000000000000)};
    four_logs(f);
    for (uint32_t rows = 0; rows < 3; rows++) {
        read_promoted(f, promotions[0], O2P_FORM_LIST_TEXT, rows);
        take(true, "x", "", NULL, "x");
        read_promoted(f, promotions[1], O2P_FORM_LIST_INT64, rows); /* the second is a string */
        take_numbers(ints, "1001");
        read_promoted(f, promotions[2], O2P_FORM_LIST_DOUBLE, rows);
        take_numbers(ones, "1001");
        read_promoted(f, promotions[3], O2P_FORM_LIST_BOOL, rows);
        take_numbers(trues, "1001");
    }
}

/* A text column holds values of any type as they are printed. */
static void promoted_texts_of_any_type(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    four_logs(f);
    read_promoted(f, (o2p_promotion){O2P_PROMOTE_RECORD, "i", NULL, O2P_PROMOTE_STRING},
                  O2P_FORM_LIST_TEXT, 0);
    take(true, "-5", "y", NULL, "-5");
    read_promoted(f, (o2p_promotion){O2P_PROMOTE_RECORD, "e", NULL, O2P_PROMOTE_STRING},
                  O2P_FORM_LIST_TEXT, 0);
    take(true, "", NULL, NULL, "");
    read_promoted(f, (o2p_promotion){O2P_PROMOTE_RECORD, "none", NULL, O2P_PROMOTE_STRING},
                  O2P_FORM_LIST_TEXT, 0);
    take(true, NULL, NULL, NULL, NULL);
}

/* Values of a resource are repeated for its rows. */
static void promoted_from_resources(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t numbers[] = {7, 7, 8, 8};
    four_logs(f);
    for (uint32_t rows = 0; rows < 4; rows += 3) {
        read_promoted(f, (o2p_promotion){O2P_PROMOTE_RESOURCE, "service.name", "svc", 0},
                      O2P_FORM_LIST_TEXT, rows);
        take(true, "a", "a", "b", "b");
        read_promoted(f, (o2p_promotion){O2P_PROMOTE_RESOURCE, "n", NULL, O2P_PROMOTE_INT64},
                      O2P_FORM_LIST_INT64, rows);
        take_numbers(numbers, "1111");
        read_promoted(f, (o2p_promotion){O2P_PROMOTE_RESOURCE, "n", NULL, O2P_PROMOTE_BOOL},
                      O2P_FORM_LIST_BOOL, rows);
        take_numbers(numbers, "0000");
    }
}

/* What is held elsewhere is not in the map, its types, nor a list in other forms. */
static void promoted_attributes_alone(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    four_logs(f);
    o2p_settings settings = promoting(promotions, 3, true, 0);
    read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributes, O2P_FORM_LIST_KEPT, O2P_PART_KEY,
              1, 1);
    static const char *const keys[] = {"t", "e", "i", NULL, "t", "e"};
    for (size_t i = 0; i < 6; i++)
        if (keys[i] == NULL)
            assert_false(leaf_take(0, 0).present);
        else
            leaf_take_text(strcmp(keys[i], "e") == 0, 1, keys[i], 1);
    leaf_reader_end();
    read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributes, O2P_FORM_LIST_KEPT,
              O2P_PART_VALUE, 1, 1);
    static const char *const values[] = {"true", "", "y", NULL, "true", ""};
    for (size_t i = 0; i < 6; i++)
        if (values[i] == NULL)
            assert_false(leaf_take(0, 0).present);
        else
            leaf_take_text(values[i][0] == '\0', 1, values[i], strlen(values[i]));
    leaf_reader_end();
    read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributesTypes, O2P_FORM_LIST_LETTERS,
              O2P_PART_ONLY, 0, 0);
    take(false, "be", "", "", "be");
    read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_ResourceAttributes, O2P_FORM_TEXT, O2P_PART_KEY,
              1, 1); /* nothing is promoted from it */
    for (size_t i = 0; i < 4; i++) {
        leaf_take_text(0, 1, "service.name", 12);
        leaf_take_text(1, 1, "n", 1);
    }
    leaf_reader_end();
    settings.attributes = O2P_ATTRIBUTES_JSON;
    read_leaf(f, &settings, O2P_TABLE_LOGS, O2P_COL_LogAttributes, O2P_FORM_LIST_JSON,
              O2P_PART_ONLY, 0, 0);
    take(false, "{\"t\":true,\"e\":null}", "{\"i\":\"y\"}", "{}", "{\"t\":true,\"e\":null}");
}

/* ---- memory ---- */

/* A row group holds a bounded number of bytes of texts: two resources of a megabyte that take
 * turns count each time. Other forms have them once. */
static void texts_cut_row_groups(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { SIZE = 1 << 20, ROWS = 300 };
    char *text = (char *)malloc(SIZE + 1);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    for (int64_t i = 0; i < 2; i++) {
        open_log(f, text, i);
        close_log(f);
    }
    free(text);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    for (uint32_t i = 2; i < ROWS; i++) {
        size_t run = o2p_store_run_count(&f->store, O2P_TABLE_LOGS);
        o2p_store_run(&f->store, O2P_TABLE_LOGS, 0);
        o2p_store_settle(&f->store, O2P_TABLE_LOGS, run, O2P_SOURCE_RESOURCE, i % 2);
        o2p_store_settle(&f->store, O2P_TABLE_LOGS, run, O2P_SOURCE_SCOPE, 0);
        f->store.tables[O2P_TABLE_LOGS]->count++;
        f->store.row_count++;
    }
    for (unsigned form = O2P_ATTRIBUTES_MAP; form <= O2P_ATTRIBUTES_VARIANT; form++) {
        o2p_settings settings = settings_with(
            (o2p_options){.attributes = (o2p_attributes_form)form, .order = O2P_ORDER_RECEIVED});
        o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
        parquet_reader file = parquet_open(&bytes);
        size_t groups = thrift_count(thrift_field(file.metadata, 4));
        assert_int_equal(groups, form == O2P_ATTRIBUTES_MAP ? 1 : 3);
        if (groups > 1)
            assert_int_equal(thrift_int_field(parquet_row_group(&file, 0), 3), 127);
        o2p_buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(lists_as_json),           walk_test(lists_of_structs_as_json),
        walk_test(lists_as_variants),       walk_test(dictionaries_where_they_pay),
        walk_test(promoted_attributes),     walk_test(promoted_texts_of_any_type),
        walk_test(promoted_from_resources), walk_test(promoted_attributes_alone),
        walk_test(texts_cut_row_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
