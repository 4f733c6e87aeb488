/* test_places.c - dictionary indices of a page, byte by byte: one run, the hybrid, and lists that
 * rows share, read back bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/batch/leaf_writer.h"
#include "store_check.h"
#include "thrift_reader.h"
#include <cmocka.h>

/* A writer of one leaf by hand. */
static o2p_leaf_writer writer_of(walk_fixture *f, const o2p_settings *settings, o2p_leaf *leaf)
{
    o2p_leaf_writer w;
    memset(&w, 0, sizeof(w));
    memset(leaf, 0, sizeof(*leaf));
    w.encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(w.encoder);
    w.leaf = leaf;
    return w;
}

static const o2p_layout_leaf attributes_of_resource = {.cells = O2P_COL_ResourceAttributes,
                                                       .source = O2P_SOURCE_RESOURCE};
static const o2p_layout_leaf attributes_of_record = {.cells = O2P_COL_LogAttributes,
                                                     .source = O2P_SOURCE_ROW};
static const o2p_layout_leaf attributes_of_point = {.cells = O2P_COL_Attributes,
                                                    .source = O2P_SOURCE_ROW};

/* Where in bit-packed runs. */
typedef struct packed_run {
    const uint8_t *at, *end; /* the next run, when none is left of this one */
    size_t left;             /* indices in this one, with padding */
    size_t bit;              /* of the next index, from `at` */
} packed_run;

static uint32_t next_bits(packed_run *run, unsigned width)
{
    uint32_t place = 0;
    for (unsigned b = 0; b < width; b++, run->bit++)
        place |= (uint32_t)(run->at[run->bit / 8] >> run->bit % 8 & 1) << b;
    if (--run->left == 0)
        run->at += run->bit / 8;
    return place;
}

/* The next index, of `left`, all of which are in one run, or 504 in each. */
static uint32_t next_index(packed_run *run, unsigned width, size_t left, bool short_runs)
{
    if (run->left == 0) {
        size_t groups = (left + 7) / 8;
        groups = short_runs && groups > 63 ? 63 : groups;
        assert_int_equal(thrift_varint(&run->at, run->end), groups << 1 | 1);
        run->left = groups * 8;
        run->bit = 0;
        assert_true((size_t)(run->end - run->at) >= groups * width);
    }
    return next_bits(run, width);
}

/* Puts the lists of `rows` rows and compares every index, of `width` bits. */
static void check_lists(walk_fixture *f, o2p_codec codec, const o2p_layout_leaf *spec,
                        uint32_t place_count, unsigned width, const uint32_t *places,
                        const uint32_t *ends, uint32_t list_count, const uint32_t *lists,
                        uint32_t rows)
{
    o2p_settings settings = settings_of(0, 0, 0, codec);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out;
    o2p_buffer_init(&out, &f->memory);
    leaf.rows = rows;
    leaf.keys = places; /* that there are any is all that is asked */
    w.spec = spec;
    leaf.lists = lists;
    leaf.list_ends = ends;
    leaf.list_count = list_count;
    w.places = places;
    w.place_count = place_count;
    bool short_runs = spec->source == O2P_SOURCE_ROW && codec == O2P_CODEC_SNAPPY;
    uint32_t count = 0;
    for (uint32_t r = 0; r < rows; r++)
        count += o2p_leaf_list_size(&leaf, lists[r]);
    o2p_put_places(&w, (o2p_value_range){0, count, 0, rows}, &out);
    assert_int_equal(out.data[0], width);
    packed_run run = {.at = out.data + 1, .end = out.data + out.size};
    uint32_t row_end = 0, row = 0, entry = 0;
    for (uint32_t i = 0; i < count; i++, entry++) {
        for (; entry == row_end; row++) {
            entry = o2p_leaf_list_begin(&leaf, lists[row]);
            row_end = ends[lists[row]];
        }
        assert_int_equal(next_index(&run, width, count - i, short_runs), places[entry]);
    }
    while (run.left > 0)
        assert_int_equal(next_bits(&run, width), 0);
    assert_ptr_equal(run.at, run.end);
    o2p_buffer_free(&out);
    o2p_encoder_free(w.encoder);
}

static void one_place_is_one_run(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out;
    o2p_buffer_init(&out, &f->memory);
    w.place_count = 1;
    o2p_put_places(&w, (o2p_value_range){0, 5, 0, 5}, &out);
    assert_int_equal(out.size, 3);
    assert_memory_equal(out.data, "\x01\x0A\x00", 3); /* width, 5 << 1, index 0 */
    o2p_buffer_free(&out);
    o2p_encoder_free(w.encoder);
}

/* Without lists it is the hybrid over the page's part of the places. */
static void places_of_a_page(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t places[] = {9, 0, 1, 2, 2, 1, 0};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out, expected;
    o2p_buffer_init(&out, &f->memory);
    o2p_buffer_init(&expected, &f->memory);
    w.places = places;
    w.place_count = 10;
    o2p_put_places(&w, (o2p_value_range){1, 6, 1, 7}, &out);
    o2p_rle_encode(&expected, places + 1, 6, 4);
    assert_int_equal(out.size, expected.size + 1);
    assert_int_equal(out.data[0], 4);
    assert_memory_equal(out.data + 1, expected.data, expected.size);
    o2p_buffer_free(&out);
    o2p_buffer_free(&expected);
    o2p_encoder_free(w.encoder);
}

/* Empty lists, lists that come once, a few times and often in a row, and one of more than 56 bits.
 */
static void lists_that_rows_share(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static uint32_t places[40];
    static const uint32_t ends[] = {0, 3, 5, 40};
    static const uint32_t lists[] = {1, 0, 2, 2, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0, 3, 3, 3, 3, 3, 2, 2};
    for (uint32_t width = 1; width <= 20; width++) {
        uint32_t most = UINT32_C(1) << width;
        for (uint32_t i = 0; i < 40; i++)
            places[i] = (i * UINT32_C(2654435761) >> 7) % most;
        for (uint32_t rows = 1; rows <= sizeof(lists) / sizeof(lists[0]); rows++)
            check_lists(f, O2P_CODEC_SNAPPY, &attributes_of_resource, most, width, places, ends, 4,
                        lists, rows);
    }
}

/* Many indices: of records in short runs, but for codecs that count; of resources in one. */
static void runs_of_lists(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static uint32_t places[36];
    static const uint32_t ends[] = {1, 36};
    static uint32_t lists[80] = {0};
    for (uint32_t i = 0; i < 36; i++)
        places[i] = i * UINT32_C(2654435761) >> 27;
    for (uint32_t rows = 1; rows <= sizeof(lists) / sizeof(lists[0]); rows++) {
        lists[rows - 1] = rows > 1;
        check_lists(f, O2P_CODEC_SNAPPY, &attributes_of_record, 32, 5, places, ends, 2, lists,
                    rows);
        check_lists(f, O2P_CODEC_SNAPPY, &attributes_of_resource, 32, 5, places, ends, 2, lists,
                    rows);
        check_lists(f, O2P_CODEC_ZSTD, &attributes_of_record, 32, 5, places, ends, 2, lists, rows);
    }
}

/* Bits of an index: as many as it needs, or more where a codec makes less of these. */
static void lists_in_whole_bytes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { LISTS = 20, ROWS = 80 };
    static const struct {
        o2p_codec codec;
        const o2p_layout_leaf *spec;
        unsigned needed, width;
    } cases[] = {
        {O2P_CODEC_SNAPPY, &attributes_of_point, 13, 16},
        {O2P_CODEC_LZ4_RAW, &attributes_of_point, 9, 12},
        {O2P_CODEC_SNAPPY, &attributes_of_record, 13, 13},
        {O2P_CODEC_ZSTD, &attributes_of_record, 13, 16},
        {O2P_CODEC_GZIP, &attributes_of_record, 17, 24},
        {O2P_CODEC_ZSTD, &attributes_of_point, 9, 16},
        {O2P_CODEC_ZSTD, &attributes_of_record, 7, 7},
        {O2P_CODEC_ZSTD, &attributes_of_resource, 13, 13},
        {O2P_CODEC_UNCOMPRESSED, &attributes_of_point, 13, 13},
    };
    uint32_t places[LISTS * 3], ends[LISTS], lists[ROWS];
    for (uint32_t l = 0; l < LISTS; l++)
        ends[l] = l * 3; /* list 0 is empty */
    for (uint32_t r = 0; r < ROWS; r++)
        lists[r] = r % LISTS;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (uint32_t i = 0; i < LISTS * 3; i++)
            places[i] = (i * UINT32_C(2654435761)) >> (32 - cases[c].needed);
        check_lists(f, cases[c].codec, cases[c].spec, UINT32_C(1) << cases[c].needed,
                    cases[c].width, places, ends, LISTS, lists, ROWS);
    }
}

/* Likewise of indices without lists, of less than a byte. */
static void indices_in_whole_bytes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        o2p_codec codec;
        unsigned needed, width;
    } cases[] = {
        {O2P_CODEC_SNAPPY, 7, 8},       {O2P_CODEC_LZ4_RAW, 6, 6}, {O2P_CODEC_ZSTD, 5, 8},
        {O2P_CODEC_GZIP, 4, 4},         {O2P_CODEC_ZSTD, 9, 9},    {O2P_CODEC_SNAPPY, 9, 9},
        {O2P_CODEC_UNCOMPRESSED, 7, 7},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        static const uint32_t places[] = {1, 0, 2, 3, 1, 2, 3, 0};
        o2p_settings settings = settings_of(0, 0, 0, cases[c].codec);
        o2p_leaf leaf;
        o2p_leaf_writer w = writer_of(f, &settings, &leaf);
        o2p_buffer out;
        o2p_buffer_init(&out, &f->memory);
        w.places = places;
        w.place_count = UINT32_C(1) << cases[c].needed;
        o2p_put_places(&w, (o2p_value_range){0, 8, 0, 8}, &out);
        assert_int_equal(out.data[0], cases[c].width);
        assert_int_equal(out.size, 2 + cases[c].width); /* and a header */
        o2p_buffer_free(&out);
        o2p_encoder_free(w.encoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(one_place_is_one_run),  walk_test(places_of_a_page),
        walk_test(lists_that_rows_share), walk_test(runs_of_lists),
        walk_test(lists_in_whole_bytes),  walk_test(indices_in_whole_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
