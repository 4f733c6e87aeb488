/* test_walk.c - what the walkers share: failures, unknown fields, cells, rows, what is counted for
 * each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

static o2p_wire_field field_of(uint32_t number, unsigned wire_type, uint64_t value)
{
    static const uint8_t bytes[] = "text";
    return (o2p_wire_field){number << 3 | wire_type, bytes, value, bytes};
}

static void the_first_failure_stays(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t here, there;
    assert_false(o2p_walk_fail(&f->walk, O2P_ERR_DEPTH, &here));
    assert_false(o2p_walk_fail(&f->walk, O2P_ERR_TRUNCATED, &there));
    assert_int_equal(f->walk.status, O2P_ERR_DEPTH);
    assert_ptr_equal(f->walk.at, &here);
}

static void a_field_may_come_once(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    uint64_t seen = 0;
    for (uint32_t number = 1; number <= O2P_MAX_FIELD_NUMBER; number++) {
        o2p_wire_field field = field_of(number, 0, 1);
        assert_true(o2p_walk_once(&f->walk, &seen, &field));
    }
    assert_int_equal(f->walk.status, O2P_OK);
    o2p_wire_field again = field_of(3, 0, 1);
    assert_false(o2p_walk_once(&f->walk, &seen, &again));
    assert_int_equal(f->walk.status, O2P_WALK_MERGE);
    assert_ptr_equal(f->walk.at, again.start);
}

static void other_fields_are_unknown_or_wrong(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_wire_field unknown = field_of(4, 0, 1), wrong = field_of(5, 0, 1);
    assert_true(o2p_walk_other(&f->walk, O2P_MESSAGE(LogRecord), &unknown));
    assert_int_equal(f->walk.counts.unknown_fields, 1);
    assert_false(o2p_walk_other(&f->walk, O2P_MESSAGE(LogRecord), &wrong));
    assert_int_equal(f->walk.status, O2P_ERR_WIRE_TYPE);
    assert_int_equal(f->walk.counts.unknown_fields, 1);
}

static void messages_end_well_or_not(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t bytes[] = {0x08};
    o2p_wire wire = o2p_wire_over(bytes, 1);
    o2p_wire_field field;
    assert_true(o2p_walk_end(&f->walk, &wire));
    assert_false(o2p_wire_next(&wire, &field));
    assert_false(o2p_walk_end(&f->walk, &wire));
    assert_int_equal(f->walk.status, O2P_ERR_TRUNCATED);
    assert_ptr_equal(f->walk.at, bytes);
}

/* Defaults on the wire cost nothing, and count as seen. */
static void cells(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_rows *rows = o2p_store_table(&f->store, O2P_TABLE_LOGS);
    o2p_walk *w = &f->walk;
    uint64_t seen = 0;
    o2p_wire_field field = field_of(1, 2, 0);
    size_t calls = f->counting.calls;
    assert_true(o2p_walk_text(w, rows, O2P_COL_SeverityText, 0, &field, &seen));
    field = field_of(2, 1, 0);
    assert_true(o2p_walk_u64(w, rows, O2P_COL_Timestamp, 0, &field, &seen));
    field = field_of(3, 0, UINT64_C(1) << 32);
    assert_true(o2p_walk_u32(w, rows, O2P_COL_TraceFlags, 0, &field, &seen));
    field = field_of(4, 0, UINT64_C(1) << 32);
    assert_true(o2p_walk_i32(w, rows, O2P_COL_SeverityNumber, 0, &field, &seen));
    field = field_of(5, 1, 0);
    assert_true(o2p_walk_nullable(w, rows, O2P_COL_ObservedTimestamp, 0, &field, &seen, true));
    assert_int_equal(f->counting.calls, calls);
    assert_int_equal(seen, 0x3E);
    field = field_of(6, 1, 0);
    assert_true(o2p_walk_nullable(w, rows, O2P_COL_Duration, 0, &field, &seen, false));
    assert_string_equal(rows_cell(rows, O2P_COL_Duration, 0), "0");
    field = field_of(7, 2, 4);
    assert_true(o2p_walk_text(w, rows, O2P_COL_EventName, 0, &field, &seen));
    assert_string_equal(rows_cell(rows, O2P_COL_EventName, 0), "text");
    field = field_of(8, 0, UINT64_C(0xFFFFFFFFFFFFFFFE));
    assert_true(o2p_walk_u32(w, rows, O2P_COL_DroppedAttributesCount, 0, &field, &seen));
    assert_string_equal(rows_cell(rows, O2P_COL_DroppedAttributesCount, 0), "4294967294");
    assert_false(o2p_walk_u32(w, rows, O2P_COL_DroppedAttributesCount, 1, &field, &seen));
    assert_int_equal(w->status, O2P_WALK_MERGE);
}

static void rows_have_a_most(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    uint32_t row = 77;
    const o2p_wire_field record = {0};
    o2p_rows *rows = o2p_walk_new_row(&f->walk, O2P_TABLE_LOGS, &record, &row);
    assert_non_null(rows);
    assert_int_equal(row, 0);
    assert_int_equal(f->walk.counts.accepted, 1);
    assert_int_equal(f->store.row_count, 1);
    rows->count = O2P_MAX_ROWS - 1;
    assert_non_null(o2p_walk_new_row(&f->walk, O2P_TABLE_LOGS, &record, &row));
    assert_int_equal(row, O2P_MAX_ROWS - 1);
    assert_null(o2p_walk_new_row(&f->walk, O2P_TABLE_LOGS, &record, &row));
    assert_int_equal(f->walk.status, O2P_ERR_LIMIT);
    rows->count = 0;
}

static void records_have_limits(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t here;
    o2p_wire_field record = {.start = &here, .value = O2P_MAX_RECORD_BYTES};
    uint32_t row;
    f->walk.limits.max_records = 2;
    for (unsigned i = 0; i < 2; i++)
        assert_non_null(o2p_walk_new_row(&f->walk, O2P_TABLE_LOGS, &record, &row));
    assert_null(o2p_walk_new_row(&f->walk, O2P_TABLE_TRACES, &record, &row)); /* of any table */
    assert_int_equal(f->walk.status, O2P_ERR_LIMIT);
    assert_ptr_equal(f->walk.at, &here);
    assert_string_equal(f->walk.what, "more records than max_records");
    f->walk.status = O2P_OK;
    f->walk.limits.max_records = 3;
    record.value++;
    assert_null(o2p_walk_new_row(&f->walk, O2P_TABLE_LOGS, &record, &row));
    assert_string_equal(f->walk.what, "a record of more than 64 MiB");
    assert_int_equal(f->walk.counts.accepted, 2);
    assert_int_equal(f->store.row_count, 2);
}

/* The first one stays, with what it says. */
static void a_limit_says_which(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t here, there;
    assert_false(o2p_walk_over(&f->walk, &here, "one"));
    assert_false(o2p_walk_over(&f->walk, &there, "two"));
    assert_int_equal(f->walk.status, O2P_ERR_LIMIT);
    assert_string_equal(f->walk.what, "one");
    assert_ptr_equal(f->walk.at, &here);
}

/* A resource with `attributes` of its own and a duplicate of `twins` bytes, and `records` of which
 * each has a duplicate of its own if `noted`. */
static void put_group(walk_fixture *f, unsigned attributes, size_t twins, unsigned records,
                      bool noted)
{
    char key[16], value[2001] = "";
    memset(value, 'v', twins);
    pb_open(&f->p, 1);
    pb_open(&f->p, 1);
    for (unsigned i = 0; i < attributes; i++) {
        snprintf(key, sizeof(key), "%u", i);
        pb_attribute(&f->p, 1, key, "");
    }
    if (twins > 0)
        pb_attribute(&f->p, 1, "0", value);
    pb_close(&f->p);
    pb_open(&f->p, 2);
    for (unsigned i = 0; i < records; i++) {
        pb_open(&f->p, 2);
        for (unsigned twin = 0; twin < 2 && noted; twin++)
            pb_attribute(&f->p, 6, "k", "");
        pb_close(&f->p);
    }
    pb_close(&f->p);
    pb_close(&f->p);
}

static void what_records_share_is_counted_for_each(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_group(f, 5, 0, 3, false);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_int_equal(f->walk.shared, 15);
    assert_int_equal(f->walk.most_shared, 15);
    assert_int_equal(f->store.joined_bytes, 0);
    put_group(f, 2, 0, 4, false); /* and of each call anew */
    put_group(f, 7, 0, 2, false);
    put_group(f, 0, 0, 9, false);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_int_equal(f->walk.shared, 8 + 14);
    assert_int_equal(f->walk.most_shared, 14);
}

/* The duplicates of a resource lie in the cell of each record, joined to its own: they are there
 * once, and once more for each record that has some itself. What is counted is at least that, and
 * at most one more. */
static void duplicates_are_counted_by_their_bytes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_group(f, 1, 1000, 3, false);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    const char *note = rows_cell(f->store.groups[O2P_SOURCE_RESOURCE], O2P_COL_DuplicateAttributes,
                                 f->store.groups[O2P_SOURCE_RESOURCE]->count - 1);
    uint64_t size = strlen(note);
    assert_true(size > 1000 && size < 1200);
    assert_int_equal(f->walk.shared, 3 * (1 + size / 32));
    assert_in_range(f->store.joined_bytes, size, 2 * size);
    uint64_t before = f->store.joined_bytes;
    put_group(f, 1, 1000, 4, true);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_in_range(f->store.joined_bytes - before, 5 * size, 6 * size);
}

/* They fit a page, or else: whether by one call or by many. */
static void duplicates_are_limited_in_a_batch(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_store_mark mark;
    memset(&mark, 0, sizeof(mark));
    uint64_t size = 0;
    for (unsigned i = 0; i < 2; i++) { /* a resource that is known costs less */
        size = f->store.joined_bytes;
        put_group(f, 1, 10, 1, false);
        assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
        size = f->store.joined_bytes - size;
    }
    assert_in_range(size, 10, 200);
    f->store.joined_bytes = O2P_MAX_JOINED_BYTES - size;
    o2p_store_save(&f->store, &mark);
    put_group(f, 1, 10, 1, false);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    assert_int_equal(f->store.joined_bytes, O2P_MAX_JOINED_BYTES);
    put_group(f, 1, 10, 1, false);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_ERR_LIMIT);
    assert_string_equal(f->walk.what, "more than 512 MiB of duplicate attributes in a batch");
    o2p_store_rollback(&f->store, &mark);
    assert_int_equal(f->store.joined_bytes, O2P_MAX_JOINED_BYTES - size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(the_first_failure_stays),
        walk_test(a_field_may_come_once),
        walk_test(other_fields_are_unknown_or_wrong),
        walk_test(messages_end_well_or_not),
        walk_test(cells),
        walk_test(rows_have_a_most),
        walk_test(records_have_limits),
        walk_test(a_limit_says_which),
        walk_test(what_records_share_is_counted_for_each),
        walk_test(duplicates_are_counted_by_their_bytes),
        walk_test(duplicates_are_limited_in_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
