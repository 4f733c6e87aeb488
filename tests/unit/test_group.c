/* test_group.c - resources and scopes: their columns, found again, counted each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

/* One log record under what `resource` and `scope` write; either may be NULL: absent. */
static void put_group(protobuf *p, void (*resource)(protobuf *p), void (*scope)(protobuf *p))
{
    pb_open(p, 1);
    if (resource != NULL) {
        pb_open(p, 1);
        resource(p);
        pb_close(p);
    }
    pb_open(p, 2);
    if (scope != NULL) {
        pb_open(p, 1);
        scope(p);
        pb_close(p);
    }
    pb_open(p, 2);
    pb_close(p);
    pb_close(p);
    pb_close(p);
}

static void nothing(protobuf *p)
{
    (void)p;
}

static void every_field(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_LOGS, 1);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    const o2p_store *s = &f->store;
    assert_int_equal(s->groups[O2P_SOURCE_RESOURCE]->count, 1);
    assert_int_equal(s->groups[O2P_SOURCE_SCOPE]->count, 2);
    assert_cell(s, LOGS, ServiceName, 3, "service-1");
    assert_cell(s, LOGS, ServiceNamespace, 3, "shop");
    assert_cell(s, LOGS, ServiceInstanceId, 3, "1");
    assert_cell(s, LOGS, ResourceAttributesTypes, 3, "ssiesbidakyss");
    assert_non_null(strstr(
        store_cell(s, O2P_TABLE_LOGS, O2P_COL_ResourceAttributes, 3),
        "{service.name: service-1, service.namespace: shop, service.instance.id: 1, key.0.1: , "));
    assert_cell(s, LOGS, ResourceSchemaUrl, 3, "https://example/resource");
    assert_cell(s, LOGS, ResourceDroppedAttributesCount, 3, "8");
    assert_cell(s, LOGS, ResourceEntityRefs, 3,
                "[{\"schemaUrl\":\"https://example/"
                "entity\",\"type\":\"host\",\"idKeys\":[\"host.id\",\"host.name\"],"
                "\"descriptionKeys\":[\"os.type\"]}]");
    assert_cell(s, LOGS, ScopeName, 0, "scope 1");
    assert_cell(s, LOGS, ScopeName, 3, "scope 0");
    assert_cell(s, LOGS, ScopeVersion, 3, "1.2.3");
    assert_cell(s, LOGS, ScopeAttributesTypes, 3, "esbidakyss");
    assert_cell(s, LOGS, ScopeSchemaUrl, 3, "https://example/scope");
    assert_cell(s, LOGS, ScopeDroppedAttrCount, 3, "3");
    assert_string_equal(rows_cell(s->groups[O2P_SOURCE_RESOURCE], O2P_COL_DuplicateAttributes, 0),
                        "{\"path\":\"ResourceAttributes\",\"index\":13,\"key\":\"key\",\"value\":{"
                        "\"intValue\":\"2\"}},"
                        "{\"path\":\"ResourceAttributes\",\"index\":14,\"key\":\"\",\"value\":{}}");
    assert_non_null(strstr(rows_cell(s->groups[O2P_SOURCE_SCOPE], O2P_COL_DuplicateAttributes, 0),
                           "\"ScopeAttributes\",\"index\":10,"));
}

static void services(protobuf *p)
{
    pb_int_attribute(p, 1, "service.name", 5); /* as text, the first */
    pb_attribute(p, 1, "service.name", "second");
    pb_attribute(p, 1, "service.namespac", "near");
    pb_attribute(p, 1, "service.instance.id", "");
    pb_attribute(p, 1, "service.instance.id", "late");
}

static void service_columns_are_of_the_first_key(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_group(&f->p, services, NULL);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_cell(&f->store, LOGS, ServiceName, 0, "5");
    assert_cell(&f->store, LOGS, ServiceNamespace, 0, "");
    assert_cell(&f->store, LOGS, ServiceInstanceId, 0, "");
    assert_cell(&f->store, LOGS, ResourceAttributes, 0,
                "{service.name: 5, service.namespac: near, service.instance.id: }");
    assert_cell(&f->store, LOGS, ResourceAttributesTypes, 0, "iss");
    assert_cell(&f->store, LOGS, DuplicateAttributes, 0, "null"); /* they are the resource's */
}

static void absent_and_empty_groups(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_group(&f->p, NULL, NULL);
    put_group(&f->p, nothing, nothing);
    put_group(&f->p, NULL, NULL);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    const o2p_store *s = &f->store;
    for (uint32_t i = 0; i < 3; i++) {
        assert_cell(s, LOGS, ServiceName, i, "");
        assert_cell(s, LOGS, ResourceAttributes, i, "{}");
        assert_cell(s, LOGS, ResourceEntityRefs, i, "null");
        assert_cell(s, LOGS, ResourceDroppedAttributesCount, i, "0");
        assert_cell(s, LOGS, ScopeName, i, "");
        assert_cell(s, LOGS, ScopeAttributes, i, "{}");
    }
    assert_int_equal(s->groups[O2P_SOURCE_RESOURCE]->count, 2);
}

/* A message and a URL are not confused with other ones whose bytes joined are the same. */
static void groups_are_not_confused(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&f->p, 1);
        if (i > 0) {
            pb_open(&f->p, 1);
            if (i == 2)
                pb_varint(&f->p, 2, 5);
            pb_close(&f->p);
        }
        pb_open(&f->p, 2);
        pb_open(&f->p, 2);
        pb_close(&f->p);
        pb_close(&f->p);
        if (i < 2)
            pb_text(&f->p, 3, "\x10\x05");
        pb_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_int_equal(f->store.groups[O2P_SOURCE_RESOURCE]->count, 3);
    assert_cell(&f->store, LOGS, ResourceSchemaUrl, 1, "\x10\x05");
    assert_cell(&f->store, LOGS, ResourceSchemaUrl, 2, "");
    assert_cell(&f->store, LOGS, ResourceDroppedAttributesCount, 1, "0");
    assert_cell(&f->store, LOGS, ResourceDroppedAttributesCount, 2, "5");
}

static void noticeable(protobuf *p)
{
    pb_attribute(p, 1, "service.name", "\xff\xfe");
    pb_attribute(p, 1, "k", "\xff");
    pb_attribute(p, 1, "k", "\xfe");
    pb_open(p, 1);
    pb_varint(p, 77, 1);
    pb_text(p, 1, "u");
    pb_close(p);
    pb_varint(p, 99, 1);
}

/* What is noticed is counted for each group that has it, and once though a service is read twice.
 */
static void notices_are_counted_each_time(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned round = 0; round < 3; round++) {
        put_group(&f->p, noticeable, NULL);
        assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
        assert_int_equal(f->walk.counts.invalid_utf8, 3);
        assert_int_equal(f->walk.counts.duplicate_keys, 1);
        assert_int_equal(f->walk.counts.unknown_fields, 2);
        assert_int_equal(f->store.groups[O2P_SOURCE_RESOURCE]->count, 1);
    }
    assert_cell(&f->store, LOGS, ServiceName, 2, "\xef\xbf\xbd\xef\xbf\xbd");
}

static unsigned service_number;

/* Alike in size and at both ends; every fifth has a text to repair. */
static void one_of_many_services(protobuf *p)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "service-%03u", service_number);
    pb_attribute(p, 1, "telemetry.sdk.name", "opentelemetry");
    pb_attribute(p, 1, "telemetry.sdk.language", "c");
    pb_attribute(p, 1, "service.name", name);
    pb_attribute(p, 1, "host.name",
                 service_number % 5 == 0 ? "\xff"
                                           "23456789"
                                         : "123456789");
    pb_attribute(p, 1, "telemetry.sdk.version", "1.2.3");
}

/* More groups than there are places for, in turn and each twice: still one row each, which has its
 * own name, and what is noticed is counted whether a group is found at its place or read again. */
static void many_groups_in_turn(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { SERVICES = 4 * O2P_KNOWN_GROUPS, ROUNDS = 3 };
    for (unsigned i = 0; i < 2 * SERVICES * ROUNDS; i++) {
        service_number = i / 2 % SERVICES;
        put_group(&f->p, one_of_many_services, NULL);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_int_equal(f->store.groups[O2P_SOURCE_RESOURCE]->count, SERVICES);
    for (unsigned i = 0; i < 2 * SERVICES * ROUNDS; i += 7) {
        char name[16];
        (void)snprintf(name, sizeof(name), "service-%03u", i / 2 % SERVICES);
        assert_cell(&f->store, LOGS, ServiceName, i, name);
    }
    assert_int_equal(f->walk.counts.invalid_utf8, 2 * ROUNDS * ((SERVICES + 4) / 5));
}

static unsigned scope_number;

static void numbered_scope(protobuf *p)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "%03u", scope_number);
    pb_text(p, 1, name);
}

/* The places of a numbered scope, whose message is its name and no more. */
static const o2p_known_group *places_of(walk_fixture *f, unsigned number)
{
    enum { SIZE = 5 };
    char message[SIZE + 1];
    assert_int_equal(snprintf(message, sizeof(message), "\n\x03%03u", number), SIZE);
    return o2p_known_group_places(&f->walk.known, O2P_SOURCE_SCOPE,
                                  (o2p_span){(const uint8_t *)message, SIZE});
}

/* Of three scopes that meet, the two that were put there last are found, each at its place of the
 * two, and stay where they are; the third is read again, and the older of the two gives way. */
static void groups_that_meet_have_two_places(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    unsigned meeting[3] = {0};
    for (unsigned i = 1, found = 1; found < 3; i++)
        if (places_of(f, i) == places_of(f, 0))
            meeting[found++] = i;
    static const unsigned order[] = {0, 1, 0, 1, 2, 1, 2, 0, 2, 1};
    static const unsigned rows[][2] = {/* at the two places after each; rows are in this order */
                                       {0, 9}, {1, 0}, {1, 0}, {1, 0}, {2, 1},
                                       {2, 1}, {2, 1}, {0, 2}, {0, 2}, {1, 0}};
    for (unsigned count = 1; count <= sizeof(order) / sizeof(order[0]); count++) {
        for (unsigned i = 0; i < count; i++) {
            scope_number = meeting[order[i]];
            put_group(&f->p, nothing, numbered_scope);
        }
        walk_fresh(f, O2P_SIGNAL_LOGS);
        const o2p_known_group *places = places_of(f, 0);
        for (size_t way = 0; way < O2P_KNOWN_WAYS; way++)
            if (rows[count - 1][way] == 9)
                assert_int_not_equal(places[way].request, f->walk.known.request);
            else
                assert_int_equal(places[way].row, rows[count - 1][way]);
        for (unsigned i = 0; i < count; i++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "%03u", meeting[order[i]]);
            assert_cell(&f->store, LOGS, ScopeName, i, name);
        }
    }
}

static void entities(protobuf *p)
{
    pb_open(p, 3);
    pb_close(p);
    pb_open(p, 3);
    pb_text(p, 4, "d\"");
    pb_text(p, 3, "\xff");
    pb_text(p, 4, "");
    pb_text(p, 2, "t");
    pb_varint(p, 9, 1);
    pb_close(p);
}

static void entity_refs_have_all_members(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_group(&f->p, entities, NULL);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_cell(&f->store, LOGS, ResourceEntityRefs, 0,
                "[{\"schemaUrl\":\"\",\"type\":\"\",\"idKeys\":[],\"descriptionKeys\":[]},"
                "{\"schemaUrl\":\"\",\"type\":\"t\",\"idKeys\":[\"\xef\xbf\xbd\"],"
                "\"descriptionKeys\":[\"d\\\"\",\"\"]}]");
    assert_int_equal(f->walk.counts.invalid_utf8, 1);
    assert_int_equal(f->walk.counts.unknown_fields, 1);
}

static uint32_t bad_field;
static unsigned bad_type, bad_count;

static void bad(protobuf *p)
{
    for (unsigned i = 0; i < bad_count; i++) {
        pb_key(p, bad_field, bad_type);
        pb_raw(p, "\0\0\0\0", bad_type == 5 ? 4 : 1);
    }
}

static void bad_entity(protobuf *p)
{
    pb_open(p, 3);
    bad(p);
    pb_close(p);
}

static void twice_and_wrong(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        unsigned where; /* 0 resource, 1 scope, 2 entity */
        uint32_t field;
        unsigned type;
    } singular[] = {{0, 2, 0}, {1, 1, 2}, {1, 2, 2}, {1, 4, 0}, {2, 1, 2}, {2, 2, 2}};
    for (size_t i = 0; i < 6; i++) {
        for (unsigned wrong = 0; wrong < 2; wrong++) {
            bad_field = singular[i].field;
            bad_type = wrong ? 5 : singular[i].type;
            bad_count = wrong ? 1 : 2;
            put_group(&f->p,
                      singular[i].where == 0   ? bad
                      : singular[i].where == 2 ? bad_entity
                                               : NULL,
                      singular[i].where == 1 ? bad : NULL);
            assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS),
                             wrong ? O2P_ERR_WIRE_TYPE : O2P_WALK_MERGE);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(every_field),
        walk_test(service_columns_are_of_the_first_key),
        walk_test(absent_and_empty_groups),
        walk_test(groups_are_not_confused),
        walk_test(notices_are_counted_each_time),
        walk_test(many_groups_in_turn),
        walk_test(groups_that_meet_have_two_places),
        walk_test(entity_refs_have_all_members),
        walk_test(twice_and_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
