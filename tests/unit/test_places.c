/* test_places.c - dictionary indices of a page, byte by byte: one run, the hybrid, and lists that
 * rows share, read back bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/batch/leaf_writer.h"
#include "store_check.h"
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

/* Puts the lists of `rows` rows and compares every index. */
static void check_lists(walk_fixture *f, uint32_t place_count, const uint32_t *places,
                        const uint32_t *ends, uint32_t list_count, const uint32_t *lists,
                        uint32_t rows)
{
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out;
    o2p_buffer_init(&out, &f->memory);
    leaf.lists = lists;
    leaf.list_ends = ends;
    leaf.list_count = list_count;
    w.places = places;
    w.place_count = place_count;
    uint32_t count = 0;
    for (uint32_t r = 0; r < rows; r++)
        count += o2p_leaf_list_size(&leaf, lists[r]);
    o2p_put_places(&w, (o2p_value_range){0, count, 0, rows}, &out);
    unsigned width = out.data[0];
    size_t groups = (count + 7) / 8, at = 1;
    assert_int_equal(width, o2p_bit_width(place_count - 1));
    for (uint64_t header = 0, shift = 0;; shift += 7) {
        header |= (uint64_t)(out.data[at] & 0x7F) << shift;
        if (out.data[at++] < 0x80) {
            assert_int_equal(header, groups << 1 | 1);
            break;
        }
    }
    assert_int_equal(out.size, at + groups * width);
    size_t bit = at * 8;
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = o2p_leaf_list_begin(&leaf, lists[r]); i < ends[lists[r]]; i++) {
            uint32_t place = 0;
            for (unsigned b = 0; b < width; b++, bit++)
                place |= (uint32_t)(out.data[bit / 8] >> bit % 8 & 1) << b;
            assert_int_equal(place, places[i]);
        }
    for (; bit < out.size * 8; bit++)
        assert_int_equal(out.data[bit / 8] >> bit % 8 & 1, 0);
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
            check_lists(f, most, places, ends, 4, lists, rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(one_place_is_one_run),
        walk_test(places_of_a_page),
        walk_test(lists_that_rows_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
