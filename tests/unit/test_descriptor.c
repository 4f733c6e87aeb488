/* test_descriptor.c - the messages as data: what the generated header says has arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "../../lib/otlp/descriptor.h"
#include "../../lib/otlp/wire.h"
#include <cmocka.h>

static const o2p_message *const messages[] = {
#define ADDRESS(name) O2P_MESSAGE(name),
    O2P_MESSAGES(ADDRESS)
#undef ADDRESS
};
enum { MESSAGES = sizeof(messages) / sizeof(messages[0]) };

static void fields_hold_together(void **state)
{
    (void)state;
    for (size_t m = 0; m < MESSAGES; m++) {
        assert_true(strlen(messages[m]->name) > 0);
        assert_true(messages[m]->field_count > 0);
        for (size_t i = 0; i < messages[m]->field_count; i++) {
            const o2p_proto_field *field = &messages[m]->fields[i];
            assert_true(strlen(field->name) > 0);
            assert_in_range(field->number, 1, O2P_MAX_FIELD_NUMBER);
            if (i > 0)
                assert_true(field->number > field[-1].number);
            assert_int_equal(field->message != NULL, field->type == O2P_PROTO_MESSAGE);
            assert_ptr_equal(o2p_find_field(messages[m], field->number), field);
            bool len = field->type == O2P_PROTO_MESSAGE || field->type == O2P_PROTO_STRING ||
                       field->type == O2P_PROTO_BYTES;
            assert_int_equal(field->wire_type == O2P_WIRE_LEN, len);
        }
        assert_null(o2p_find_field(messages[m], 0));
        assert_null(o2p_find_field(messages[m], O2P_MAX_FIELD_NUMBER + 1));
        assert_null(o2p_find_field(messages[m], UINT32_MAX >> 3));
    }
}

static void assert_field(const o2p_message *message, uint32_t number, const char *name,
                         o2p_proto_type type, o2p_proto_label label, unsigned wire_type,
                         const o2p_message *inner)
{
    const o2p_proto_field *field = o2p_find_field(message, number);
    assert_non_null(field);
    assert_string_equal(field->name, name);
    assert_int_equal(field->type, type);
    assert_int_equal(field->label, label);
    assert_int_equal(field->wire_type, wire_type);
    assert_ptr_equal(field->message, inner);
}

static void fields_are_those_of_otlp(void **state)
{
    (void)state;
    assert_field(O2P_MESSAGE(LogRecord), 5, "body", O2P_PROTO_MESSAGE, O2P_PROTO_OPTIONAL, 2,
                 O2P_MESSAGE(AnyValue));
    assert_field(O2P_MESSAGE(LogRecord), 8, "flags", O2P_PROTO_FIXED32, O2P_PROTO_SINGULAR, 5,
                 NULL);
    assert_field(O2P_MESSAGE(Span), 11, "events", O2P_PROTO_MESSAGE, O2P_PROTO_REPEATED, 2,
                 O2P_MESSAGE(SpanEvent));
    assert_field(O2P_MESSAGE(Span), 6, "kind", O2P_PROTO_UENUM, O2P_PROTO_SINGULAR, 0, NULL);
    assert_field(O2P_MESSAGE(Metric), 10, "exponential_histogram", O2P_PROTO_MESSAGE,
                 O2P_PROTO_ONEOF, 2, O2P_MESSAGE(ExponentialHistogram));
    assert_field(O2P_MESSAGE(NumberDataPoint), 6, "as_int", O2P_PROTO_SFIXED64, O2P_PROTO_ONEOF, 1,
                 NULL);
    assert_field(O2P_MESSAGE(HistogramDataPoint), 5, "sum", O2P_PROTO_DOUBLE, O2P_PROTO_OPTIONAL, 1,
                 NULL);
    assert_field(O2P_MESSAGE(HistogramDataPoint), 6, "bucket_counts", O2P_PROTO_FIXED64,
                 O2P_PROTO_REPEATED, 1, NULL);
    assert_field(O2P_MESSAGE(Buckets), 1, "offset", O2P_PROTO_SINT32, O2P_PROTO_SINGULAR, 0, NULL);
    assert_field(O2P_MESSAGE(Buckets), 2, "bucket_counts", O2P_PROTO_UINT64, O2P_PROTO_REPEATED, 0,
                 NULL);
    assert_field(O2P_MESSAGE(AnyValue), 7, "bytes_value", O2P_PROTO_BYTES, O2P_PROTO_ONEOF, 2,
                 NULL);
    assert_field(O2P_MESSAGE(EntityRef), 3, "id_keys", O2P_PROTO_STRING, O2P_PROTO_REPEATED, 2,
                 NULL);
    assert_null(o2p_find_field(O2P_MESSAGE(LogRecord), 4)); /* reserved */
    assert_null(o2p_find_field(O2P_MESSAGE(Status), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_hold_together),
        cmocka_unit_test(fields_are_those_of_otlp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
