/* test_walk.c - what the walkers share: failures, unknown fields, cells, rows. */
#include <setjmp.h>
#include <stdarg.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(the_first_failure_stays),
        walk_test(a_field_may_come_once),
        walk_test(other_fields_are_unknown_or_wrong),
        walk_test(messages_end_well_or_not),
        walk_test(cells),
        walk_test(rows_have_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
