/* test_attributes.c - attribute lists as maps: keys once, the others in DuplicateAttributes with
 * their place; letters of types; the same whether keys are few, many, or their dictionary was given
 * up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

/* ---- a log record around the list ---- */

static void open_record(walk_fixture *f)
{
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
}

static void close_record(walk_fixture *f)
{
    pb_close(&f->p);
    sample_close(&f->p);
}

static void read_record(walk_fixture *f)
{
    close_record(f);
    walk_fresh(f, O2P_SIGNAL_LOGS);
}

static void values_become_text_with_letters(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    for (unsigned kind = 0; kind <= 7; kind++) {
        char key[2] = {(char)('a' + kind), '\0'};
        pb_open(&f->p, 6);
        pb_text(&f->p, 1, key);
        sample_any(&f->p, 2, kind, 1);
        pb_close(&f->p);
    }
    read_record(f);
    assert_cell(
        &f->store, LOGS, LogAttributes, 0,
        "{a: , b: text 1, c: true, d: -2, e: 1.5, f: [null,\"text 1\",true,-2,1.5,\"AP+A\"], "
        "g: {\"inner\":[null,\"text 1\",true,-2,1.5,\"AP+A\"],\"inner\":-2}, h: AP+A}");
    assert_cell(&f->store, LOGS, LogAttributesTypes, 0, "esbidaky");
    assert_cell(&f->store, LOGS, DuplicateAttributes, 0, "null");
}

static void strings_alone_have_no_letters(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_attribute(&f->p, 6, "a", "");
    pb_attribute(&f->p, 6, "b", "x");
    read_record(f);
    assert_cell(&f->store, LOGS, LogAttributes, 0, "{a: , b: x}");
    assert_cell(&f->store, LOGS, LogAttributesTypes, 0, "");
}

static void no_attributes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    read_record(f);
    assert_cell(&f->store, LOGS, LogAttributes, 0, "{}");
    assert_cell(&f->store, LOGS, LogAttributesTypes, 0, "");
}

/* A KeyValue without key, without value, without either. */
static void absent_members(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_open(&f->p, 6);
    sample_any(&f->p, 2, 1, 1);
    pb_close(&f->p);
    pb_open(&f->p, 6);
    pb_text(&f->p, 1, "k");
    pb_close(&f->p);
    pb_open(&f->p, 6);
    pb_close(&f->p);
    read_record(f);
    assert_cell(&f->store, LOGS, LogAttributes, 0, "{: text 1, k: }");
    assert_cell(&f->store, LOGS, LogAttributesTypes, 0, "se");
    assert_cell(&f->store, LOGS, DuplicateAttributes, 0,
                "{\"path\":\"LogAttributes\",\"index\":2,\"key\":\"\",\"value\":{}}");
}

/* ---- duplicates ---- */

static void the_first_of_equal_keys_stays(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_attribute(&f->p, 6, "a\"", "1");
    pb_attribute(&f->p, 6, "b", "2");
    pb_int_attribute(&f->p, 6, "a\"", 3);
    pb_attribute(&f->p, 6, "c", "4");
    pb_attribute(&f->p, 6, "b", "5");
    pb_attribute(&f->p, 6, "a\"", "6");
    read_record(f);
    assert_cell(&f->store, LOGS, LogAttributes, 0, "{a\": 1, b: 2, c: 4}");
    assert_cell(&f->store, LOGS, LogAttributesTypes, 0, "");
    assert_cell(
        &f->store, LOGS, DuplicateAttributes, 0,
        "{\"path\":\"LogAttributes\",\"index\":2,\"key\":\"a\\\"\",\"value\":{\"intValue\":\"3\"}},"
        "{\"path\":\"LogAttributes\",\"index\":4,\"key\":\"b\",\"value\":{\"stringValue\":\"5\"}},"
        "{\"path\":\"LogAttributes\",\"index\":5,\"key\":\"a\\\"\",\"value\":{\"stringValue\":"
        "\"6\"}}");
    assert_int_equal(f->walk.counts.duplicate_keys, 3);
}

static void another_record_has_its_own_keys(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "a");
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&f->p, 2);
        pb_attribute(&f->p, 6, "a", "1");
        if (i == 1)
            pb_attribute(&f->p, 6, "a", "2");
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (uint32_t i = 0; i < 3; i++)
        assert_cell(&f->store, LOGS, LogAttributes, i, "{a: 1}");
    assert_cell(&f->store, LOGS, DuplicateAttributes, 0, "null");
    assert_cell(
        &f->store, LOGS, DuplicateAttributes, 1,
        "{\"path\":\"LogAttributes\",\"index\":1,\"key\":\"a\",\"value\":{\"stringValue\":\"2\"}}");
    assert_cell(&f->store, LOGS, DuplicateAttributes, 2, "null");
}

/* Keys that are repaired to the same text are equal. */
static void keys_are_equal_after_repair(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_attribute(&f->p, 6, "k\xff", "1");
    pb_attribute(&f->p, 6, "k\xfe", "2");
    pb_attribute(&f->p, 6, "k\xef\xbf\xbd", "3");
    read_record(f);
    assert_cell(&f->store, LOGS, LogAttributes, 0, "{k\xef\xbf\xbd: 1}");
    assert_int_equal(f->walk.counts.duplicate_keys, 2);
    assert_int_equal(f->walk.counts.invalid_utf8, 2);
}

static void counts_of_a_duplicate_are_of_one_reading(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_attribute(&f->p, 6, "k", "1");
    pb_open(&f->p, 6);
    pb_text(&f->p, 1, "k");
    pb_open(&f->p, 2);
    pb_open(&f->p, 5);
    pb_open(&f->p, 1);
    pb_text(&f->p, 1, "\xff");
    pb_varint(&f->p, 20, 1);
    pb_close(&f->p);
    pb_close(&f->p);
    pb_close(&f->p);
    pb_close(&f->p);
    read_record(f);
    assert_int_equal(f->walk.counts.duplicate_keys, 1);
    assert_int_equal(f->walk.counts.invalid_utf8, 1);
    assert_int_equal(f->walk.counts.unknown_fields, 1);
}

/* ---- any number of keys, against a list kept by hand ---- */

enum { MOST = 600 };

/* Reads a list of `count` attributes with keys `key_of(i)` and checks map and duplicates. */
static void check_list(walk_fixture *f, unsigned count, const char *(*key_of)(unsigned i))
{
    static char map[MOST * 32], duplicates[MOST * 128];
    size_t map_size = 0, duplicates_size = 0, found = 0;
    open_record(f);
    map_size += (size_t)sprintf(map, "{");
    duplicates[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        char value[16], key[64];
        snprintf(value, sizeof(value), "v%u", i);
        snprintf(key, sizeof(key), "%s", key_of(i));
        pb_attribute(&f->p, 6, key, value);
        bool twin = false;
        for (unsigned j = 0; j < i && !twin; j++)
            twin = strcmp(key_of(j), key) == 0;
        found += twin;
        if (!twin)
            map_size += (size_t)sprintf(map + map_size, "%s%s: %s", i == 0 ? "" : ", ", key, value);
        else
            duplicates_size += (size_t)sprintf(duplicates + duplicates_size,
                                               "%s{\"path\":\"LogAttributes\",\"index\":%u,\"key\":"
                                               "\"%s\",\"value\":{\"stringValue\":\"%s\"}}",
                                               duplicates_size == 0 ? "" : ",", i, key, value);
    }
    sprintf(map + map_size, "}");
    close_record(f);
    uint32_t row =
        f->store.tables[O2P_TABLE_LOGS] == NULL ? 0 : f->store.tables[O2P_TABLE_LOGS]->count;
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_cell(&f->store, LOGS, LogAttributes, row, map);
    assert_cell(&f->store, LOGS, DuplicateAttributes, row, found == 0 ? "null" : duplicates);
    assert_int_equal(f->walk.counts.duplicate_keys, found);
}

static unsigned modulus = 1;

static const char *key_by_modulus(unsigned i)
{
    static char key[16];
    snprintf(key, sizeof(key), "key%u", i % modulus);
    return key;
}

static void any_number_of_keys(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned count = 1; count < 40; count++)
        for (modulus = 1; modulus <= count; modulus++)
            check_list(f, count, key_by_modulus);
    modulus = 100;
    check_list(f, 300, key_by_modulus);
}

static O2P_NOINLINE void give_up(walk_fixture *f)
{
    check_list(f, 1, key_by_modulus); /* so that there is one */
    o2p_rows *rows = f->store.tables[O2P_TABLE_LOGS];
    o2p_column_key_dictionary(rows, O2P_COL_LogAttributes)->gave_up = true;
}

static void any_number_of_keys_without_their_dictionary(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    modulus = 1;
    give_up(f);
    for (unsigned count = 1; count < 40; count++)
        for (modulus = 1; modulus <= count; modulus++)
            check_list(f, count, key_by_modulus);
    modulus = 100;
    check_list(f, 300, key_by_modulus);
    modulus = MOST;
    check_list(f, MOST, key_by_modulus);
}

static const char *key_or_none(unsigned i)
{
    return i % 7 == 3 ? "x" : key_by_modulus(i);
}

/* The dictionary is given up in the midst of a list: after 4096 keys, nearly all of them new. */
static void the_dictionary_is_given_up_within_a_list(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    unsigned next = 0;
    o2p_dictionary *keys;
    do {
        open_record(f);
        for (unsigned i = 0; i < 50; i++) {
            char key[16];
            snprintf(key, sizeof(key), "new%u", next++);
            pb_attribute(&f->p, 6, key, "v");
        }
        close_record(f);
        assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
        keys = o2p_column_key_dictionary(f->store.tables[O2P_TABLE_LOGS], O2P_COL_LogAttributes);
        assert_false(keys->gave_up);
    } while (keys->entry_count < 4030);
    modulus = 150;
    check_list(f, 400, key_or_none); /* key0 to key65 are known before, the others after */
    assert_true(keys->gave_up);
    check_list(f, 400, key_or_none);
}

/* ---- values that are nearly all new ---- */

/* Of a key whose values are not looked up any more, each is still the record's own, those that come
 * again too; other keys of the same lists still share theirs. */
static void values_of_a_varied_key_are_kept(void **state)
{
    enum { RECORDS = 5000, STEP = 2048, SAMPLE = 128 };
    walk_fixture *f = (walk_fixture *)*state;
    char text[64];
    sample_open(&f->p, "a");
    for (unsigned i = 0; i < RECORDS; i++) {
        pb_open(&f->p, 2);
        snprintf(text, sizeof(text), "id%u", i == RECORDS - 1 ? RECORDS - 2 : i);
        pb_attribute(&f->p, 6, "request.id", text);
        pb_attribute(&f->p, 6, "kind", i % 2 == 0 ? "even" : "odd");
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (uint32_t i = 0; i < RECORDS; i += i < RECORDS - 3 ? 7 : 1) {
        snprintf(text, sizeof(text), "{request.id: id%u, kind: %s}",
                 i == RECORDS - 1 ? RECORDS - 2 : i, i % 2 == 0 ? "even" : "odd");
        assert_cell(&f->store, LOGS, LogAttributes, i, text);
    }
    const o2p_dictionary *values =
        o2p_column_dictionary(f->store.tables[O2P_TABLE_LOGS], O2P_COL_LogAttributes);
    assert_int_equal(values->entry_count, 1 + RECORDS + 2); /* the last id has two entries */
    assert_int_equal(values->hashed, 1 + STEP + 2 * SAMPLE + 2);
}

/* ---- lists within lists ---- */

/* Attributes of an event between attributes of its span: equal keys of the span are found all the
 * same, and come in the order of the columns, whatever the order of the fields. */
static void lists_of_two_levels_may_alternate(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    char key[16];
    for (unsigned i = 0; i < 30; i++) {
        snprintf(key, sizeof(key), "s%u", i);
        pb_attribute(&f->p, 9, key, "span");
    }
    pb_open(&f->p, 11);
    for (unsigned i = 0; i < 30; i++) {
        snprintf(key, sizeof(key), "e%u", i);
        pb_attribute(&f->p, 3, key, "event");
    }
    pb_attribute(&f->p, 3, "e29", "again");
    pb_close(&f->p);
    pb_attribute(&f->p, 9, "s3", "again");
    pb_close(&f->p);
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_TRACES);
    assert_cell(&f->store, TRACES, DuplicateAttributes, 0,
                "{\"path\":\"SpanAttributes\",\"index\":30,\"key\":\"s3\",\"value\":{"
                "\"stringValue\":\"again\"}},"
                "{\"path\":\"Events[0].Attributes\",\"index\":30,\"key\":\"e29\",\"value\":{"
                "\"stringValue\":\"again\"}}");
}

/* ---- keys that records before had ---- */

static void put_keys(protobuf *p, unsigned from, unsigned count, const char *value)
{
    for (unsigned i = from; i < from + count; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key%u", i);
        pb_attribute(p, 6, key, value);
    }
}

/* A list of `count` keys, known or not, then the last of them again and the first: also where they
 * are more than are compared one by one, or share bits; and a known one twice behind these. */
static void known_keys_come_once(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { ROWS = 5 };
    for (unsigned count = 1; count <= 140; count += count < 20 ? 1 : 13) {
        sample_open(&f->p, "s");
        for (unsigned row = 0; row < ROWS; row++) {
            pb_open(&f->p, 2);
            put_keys(&f->p, 0, count, row < 3 ? "value" : "another value");
            put_keys(&f->p, count - 1, 1, row % 2 == 0 ? "value" : "a third");
            put_keys(&f->p, 0, 1, "value");
            put_keys(&f->p, 500, 1, "value"); /* now that keys may be stamped: twice */
            put_keys(&f->p, 500, 1, "value");
            put_keys(&f->p, 1000 + row, 1, "of this row"); /* so that lists differ */
            pb_close(&f->p);
        }
        sample_close(&f->p);
        walk_fresh(f, O2P_SIGNAL_LOGS);
        assert_int_equal(f->walk.counts.duplicate_keys, 3 * ROWS);
        const o2p_rows *rows = f->store.tables[O2P_TABLE_LOGS];
        const o2p_column *column = &rows->columns[O2P_COL_LogAttributes];
        for (uint32_t row = 0; row < ROWS; row++)
            assert_int_equal(o2p_map_size(column, o2p_map_list(column, row)), count + 2);
        assert_int_equal(column->key_dictionary->entry_count, 2 + count + ROWS);
        assert_int_equal(column->key_dictionary->lookups, ROWS * (count + 5));
        assert_int_equal(column->dictionary->lookups, ROWS * (count + 2));
    }
}

/* A text that is repaired is counted each time, though its key is known and it is not new. */
static void known_keys_with_invalid_values(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { ROWS = 6 };
    sample_open(&f->p, "s");
    for (unsigned row = 0; row < ROWS; row++) {
        pb_open(&f->p, 2);
        pb_attribute(&f->p, 6, "k", "bad\xFF");
        put_keys(&f->p, 1000 + row, 1, "of this row");
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_int_equal(f->walk.counts.invalid_utf8, ROWS);
}

/* Values found with their keys count before the next of the list may give the dictionary up: nine
 * in ten of 4,096 are new but for one of them. */
static void values_count_as_they_come(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { NEW = 4093, KEYS = 8, AGAIN = 457 };
    char value[16];
    sample_open(&f->p, "s");
    for (unsigned i = 0; i <= NEW + AGAIN; i++) {
        pb_open(&f->p, 2);
        if (i >= NEW)
            pb_attribute(&f->p, 6, "s", "x");
        snprintf(value, sizeof(value), "value %u", i);
        if (i < NEW || i == NEW + AGAIN)
            put_keys(&f->p, i % KEYS, 1, value);
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    const o2p_dictionary *values =
        f->store.tables[O2P_TABLE_LOGS]->columns[O2P_COL_LogAttributes].dictionary;
    assert_int_equal(values->hashed, 4096);
    assert_false(values->gave_up);
}

static const char *other_key_first(unsigned i)
{
    static char key[16];
    snprintf(key, sizeof(key), i < 20 ? "other%u" : "key%u", i % 20);
    return key;
}

/* Stamps that are given again are not mistaken for those of lists long ago. */
static void stamps_may_wrap(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    modulus = 20;
    for (unsigned i = 0; i < 3; i++)
        check_list(f, 20, key_by_modulus);
    for (uint32_t before = 0; before < 3; before++) {
        f->walk.stamp = UINT32_MAX - before;
        for (unsigned i = 0; i < 4; i++)
            check_list(f, 45, other_key_first);
        assert_in_range(f->walk.stamp, 1, 10);
    }
}

/* ---- lists that were read before ---- */

/* One record with `pieces` of these attributes, another field between the pieces. */
static void put_pieces(protobuf *p, const char *const *keys, unsigned count, unsigned split)
{
    pb_open(p, 2);
    for (unsigned i = 0; i < count; i++) {
        if (i == split)
            pb_varint(p, 2, 9); /* severity_number */
        pb_attribute(p, 6, keys[i], "v");
    }
    pb_close(p);
}

/* Rows share the list that they have alike, whole or in pieces; one that only begins like it has
 * its own, and duplicates are noted for each row. */
static void lists_alike_are_shared(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char *const keys[] = {"a", "b", "c", "a"};
    sample_open(&f->p, "s");
    put_pieces(&f->p, keys, 3, 9); /* rows 0 to 2: the same */
    put_pieces(&f->p, keys, 3, 9);
    put_pieces(&f->p, keys, 3, 0);
    put_pieces(&f->p, keys, 3, 2); /* row 3: what is known goes on */
    put_pieces(&f->p, keys, 2, 9); /* row 4: shorter */
    put_pieces(&f->p, keys, 3, 2); /* row 5: and again */
    put_pieces(&f->p, keys, 4, 9); /* rows 6 and 7: with a duplicate */
    put_pieces(&f->p, keys, 4, 9);
    put_pieces(&f->p, keys, 4, 3); /* row 8: the duplicate follows what is known */
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    const o2p_column *map = &f->store.tables[O2P_TABLE_LOGS]->columns[O2P_COL_LogAttributes];
    for (uint32_t row = 0; row < 9; row++)
        assert_cell(&f->store, LOGS, LogAttributes, row,
                    row == 4 ? "{a: v, b: v}" : "{a: v, b: v, c: v}");
    assert_int_equal(o2p_map_list(map, 0), o2p_map_list(map, 1));
    assert_int_equal(o2p_map_list(map, 0), o2p_map_list(map, 2));
    for (uint32_t row = 6; row < 9; row++)
        assert_cell(&f->store, LOGS, DuplicateAttributes, row,
                    "{\"path\":\"LogAttributes\",\"index\":3,\"key\":\"a\",\"value\":{"
                    "\"stringValue\":\"v\"}}");
    assert_int_equal(f->walk.counts.duplicate_keys, 3);
    assert_cell(&f->store, LOGS, DuplicateAttributes, 0, "null");
    assert_cell(&f->store, LOGS, SeverityNumber, 3, "9");
}

/* Keys and lengths of more bytes than they need are as good as others. */
static void padded_keys_and_lengths(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        const char *bytes;
        size_t size;
    } forms[] = {
        {"\x32\x08", 2},         {"\xB2\x00\x08", 3},         {"\x32\x88\x00", 3},
        {"\x32\x88\x80\x00", 4}, {"\xB2\x80\x80\x00\x08", 5}, {"\xB2\x00\x88\x80\x00", 5},
    };
    enum { FORMS = sizeof(forms) / sizeof(forms[0]) };
    sample_open(&f->p, "s");
    for (unsigned a = 0; a < FORMS; a++)
        for (unsigned b = 0; b < FORMS; b++) {
            pb_open(&f->p, 2);
            pb_raw(&f->p, forms[a].bytes, forms[a].size);
            pb_raw(&f->p, "\x0A\x01x\x12\x03\x0A\x01v", 8);
            pb_raw(&f->p, forms[b].bytes, forms[b].size);
            pb_raw(&f->p, "\x0A\x01y\x12\x03\x0A\x01w", 8);
            pb_close(&f->p);
        }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (unsigned row = 0; row < FORMS * FORMS; row++)
        assert_cell(&f->store, LOGS, LogAttributes, row, "{x: v, y: w}");
}

/* Letters of types, repaired texts and unknown fields come again with each row. */
static void what_is_noticed_comes_again(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "s");
    for (unsigned row = 0; row < 4; row++) {
        pb_open(&f->p, 2);
        pb_open(&f->p, 6);
        pb_text(&f->p, 1, row < 2 ? "n" : "bad\xFF");
        pb_open(&f->p, 2);
        pb_varint(&f->p, 3, 7); /* int_value */
        if (row == 3)
            pb_varint(&f->p, 15, 1); /* a newer OTLP's */
        pb_close(&f->p);
        pb_close(&f->p);
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (uint32_t row = 0; row < 4; row++) {
        assert_cell(&f->store, LOGS, LogAttributesTypes, row, "i");
        assert_cell(&f->store, LOGS, LogAttributes, row,
                    row < 2 ? "{n: 7}" : "{bad\xEF\xBF\xBD: 7}");
    }
    assert_int_equal(f->walk.counts.invalid_utf8, 2);
    assert_int_equal(f->walk.counts.unknown_fields, 1);
}

/* Far more lists than are remembered, each twice, and an attribute that is too long for the short
 * way to its end. */
static void any_number_of_lists(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { LISTS = O2P_KNOWN_LISTS + 700 };
    static char long_value[70000];
    memset(long_value, 'x', sizeof(long_value) - 1);
    sample_open(&f->p, "s");
    for (unsigned i = 0; i < 2 * LISTS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%u", i % LISTS);
        pb_open(&f->p, 2);
        pb_attribute(&f->p, 6, "first", "1");
        pb_attribute(&f->p, 6, key, i % LISTS == 5 ? long_value : "v");
        pb_attribute(&f->p, 6, "last", "3");
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (unsigned i = 0; i < 2 * LISTS; i++) {
        char map[64];
        if (i % LISTS == 5)
            continue;
        snprintf(map, sizeof(map), "{first: 1, k%u: v, last: 3}", i % LISTS);
        assert_cell(&f->store, LOGS, LogAttributes, i, map);
    }
}

static void elements_are_numbered(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    for (unsigned i = 0; i < 12; i++) {
        pb_open(&f->p, 13);
        pb_attribute(&f->p, 4, "k", "1");
        if (i == 11)
            pb_attribute(&f->p, 4, "k", "2");
        pb_close(&f->p);
    }
    pb_close(&f->p);
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_TRACES);
    assert_cell(
        &f->store, TRACES, DuplicateAttributes, 0,
        "{\"path\":\"Links[11].Attributes\",\"index\":1,\"key\":\"k\",\"value\":{\"stringValue\":"
        "\"2\"}}");
}

static void key_values_nest_a_hundred_deep(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    /* Value at depth 5 of a log record's attribute; an array is two levels more. */
    for (unsigned arrays = 47; arrays <= 48; arrays++) {
        open_record(f);
        pb_open(&f->p, 6);
        pb_open(&f->p, 2);
        for (unsigned i = 0; i < arrays; i++) {
            pb_open(&f->p, 5);
            pb_open(&f->p, 1);
        }
        pb_varint(&f->p, 3, 1);
        for (unsigned i = 0; i < arrays; i++) {
            pb_close(&f->p);
            pb_close(&f->p);
        }
        pb_close(&f->p);
        pb_close(&f->p);
        close_record(f);
        assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), arrays == 47 ? O2P_OK : O2P_ERR_DEPTH);
    }
}

static void key_or_value_twice_is_for_the_merger(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (uint32_t field = 1; field <= 2; field++) {
        open_record(f);
        pb_open(&f->p, 6);
        pb_text(&f->p, field, "");
        pb_text(&f->p, field, "");
        pb_close(&f->p);
        close_record(f);
        assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_WALK_MERGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(values_become_text_with_letters),
        walk_test(strings_alone_have_no_letters),
        walk_test(no_attributes),
        walk_test(absent_members),
        walk_test(the_first_of_equal_keys_stays),
        walk_test(another_record_has_its_own_keys),
        walk_test(keys_are_equal_after_repair),
        walk_test(counts_of_a_duplicate_are_of_one_reading),
        walk_test(any_number_of_keys),
        walk_test(any_number_of_keys_without_their_dictionary),
        walk_test(the_dictionary_is_given_up_within_a_list),
        walk_test(values_of_a_varied_key_are_kept),
        walk_test(lists_of_two_levels_may_alternate),
        walk_test(known_keys_come_once),
        walk_test(known_keys_with_invalid_values),
        walk_test(values_count_as_they_come),
        walk_test(stamps_may_wrap),
        walk_test(lists_alike_are_shared),
        walk_test(padded_keys_and_lengths),
        walk_test(what_is_noticed_comes_again),
        walk_test(any_number_of_lists),
        walk_test(elements_are_numbered),
        walk_test(key_values_nest_a_hundred_deep),
        walk_test(key_or_value_twice_is_for_the_merger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
