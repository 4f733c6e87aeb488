/* test_order.c - rows to files: against a plain sort of what each row says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/order.h"
#include "counting_allocator.h"
#include <cmocka.h>

enum { SERVICES = 5, MOST = 3000 };
#define HOUR UINT64_C(3600000000000)

static const char *const services[SERVICES] = {"checkout", "", "cart", "b\xff", "cart2"};

static counting_allocator counting;
static o2p_memory memory;
static o2p_store store;
static o2p_settings settings;
static o2p_ordering ordering;

static uint64_t times[MOST];
static unsigned row_service[MOST];
static uint32_t count;

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    memset(&settings, 0, sizeof(settings));
    settings.order = O2P_ORDER_CLUSTERED;
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_store_init(&store, &memory, false);
    o2p_ordering_init(&ordering, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_ordering_free(&ordering);
    o2p_store_free(&store);
    return counting.blocks == 0 && memory.held == 0 ? 0 : -1;
}

static void fill_store(void)
{
    o2p_store_free(&store);
    o2p_store_init(&store, &memory, false);
    o2p_rows *rows = o2p_store_table(&store, O2P_TABLE_LOGS);
    for (uint32_t row = 0; row < count; row++) {
        unsigned service = row_service[row];
        if (row == 0 || service != row_service[row - 1]) {
            bool known;
            uint8_t key = (uint8_t)service;
            size_t run = o2p_store_run_count(&store, O2P_TABLE_LOGS);
            o2p_store_run(&store, O2P_TABLE_LOGS, 0);
            uint32_t resource = o2p_store_find(&store, O2P_SOURCE_RESOURCE, &key, 1, &known);
            if (!known)
                o2p_set_text(store.groups[O2P_SOURCE_RESOURCE], O2P_COL_ServiceName, resource,
                             (const uint8_t *)services[service], strlen(services[service]), false);
            o2p_store_settle(&store, O2P_TABLE_LOGS, run, O2P_SOURCE_RESOURCE, resource);
        }
        rows->count = row + 1;
        if (times[row] != 0)
            o2p_set64(rows, O2P_COL_Timestamp, row, times[row]);
    }
    assert_false(memory.failed);
}

static int rank(unsigned service)
{
    static const int ranks[SERVICES] = {4, 0, 2, 1, 3}; /* "" b cart cart2 checkout */
    return ranks[service];
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t folder_x = o2p_path_time_key(o2p_path_time_span(settings.path_template), times[x]);
    uint32_t folder_y = o2p_path_time_key(o2p_path_time_span(settings.path_template), times[y]);
    bool sorted = settings.order == O2P_ORDER_CLUSTERED;
    if (folder_x != folder_y)
        return folder_x < folder_y ? -1 : 1;
    if ((sorted || o2p_path_has_service(settings.path_template)) &&
        row_service[x] != row_service[y])
        return rank(row_service[x]) - rank(row_service[y]);
    if (sorted && times[x] != times[y])
        return times[x] < times[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

static void check(void)
{
    static uint32_t expected[MOST];
    fill_store();
    assert_true(o2p_order_rows(&ordering, &store, &settings, O2P_TABLE_LOGS));
    const uint32_t *rows = (const uint32_t *)(const void *)ordering.rows.data;
    const uint32_t *runs = (const uint32_t *)(const void *)ordering.runs.data;
    for (uint32_t i = 0; i < count; i++)
        expected[i] = i;
    qsort(expected, count, 4, compare);
    assert_memory_equal(rows, expected, (size_t)count * 4);
    for (uint32_t i = 0; i < count; i++) {
        const o2p_run *run = o2p_store_runs(&store, O2P_TABLE_LOGS) + runs[i];
        assert_true(run->first_row <= rows[i]);
        if (runs[i] + 1 < o2p_store_run_count(&store, O2P_TABLE_LOGS))
            assert_true(rows[i] < run[1].first_row);
        const o2p_entry *service = o2p_service_of_run(&store, O2P_TABLE_LOGS, runs[i]);
        if (row_service[rows[i]] == 3)
            assert_int_equal(service->size, 4); /* repaired */
        else
            assert_true(service->size == strlen(services[row_service[rows[i]]]));
    }
    const o2p_ordering_part *parts = (const o2p_ordering_part *)(const void *)ordering.parts.data;
    uint32_t at = 0;
    o2p_path_span span = o2p_path_time_span(settings.path_template);
    bool by_service = o2p_path_has_service(settings.path_template);
    for (size_t p = 0; p < ordering.parts.size / sizeof(*parts); p++) {
        assert_int_equal(parts[p].first, at);
        assert_true(parts[p].count > 0);
        uint64_t least = UINT64_MAX, most = 0;
        for (uint32_t i = at; i < at + parts[p].count; i++) {
            uint64_t time = times[rows[i]];
            least = time < least ? time : least;
            most = time > most ? time : most;
            assert_int_equal(o2p_path_time_key(span, time),
                             o2p_path_time_key(span, times[rows[at]]));
            assert_true(!by_service || row_service[rows[i]] == row_service[rows[at]]);
        }
        if (at > 0)
            assert_true(o2p_path_time_key(span, times[rows[at - 1]]) !=
                            o2p_path_time_key(span, times[rows[at]]) ||
                        (by_service && row_service[rows[at - 1]] != row_service[rows[at]]));
        assert_int_equal(parts[p].min_time_ns, least);
        assert_int_equal(parts[p].max_time_ns, most);
        at += parts[p].count;
    }
    assert_int_equal(at, count);
}

static uint64_t random_state = 1;

static uint64_t random_number(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 20) % below;
}

static void make_rows(uint32_t rows, unsigned shape)
{
    count = rows;
    for (uint32_t i = 0; i < rows; i++) {
        row_service[i] = (unsigned)(shape == 0 ? 0 : random_number(shape == 1 ? 2 : SERVICES));
        times[i] = shape == 0   ? i
                   : shape == 1 ? 100 * HOUR - i
                   : shape == 2 ? random_number(3) * HOUR + random_number(5)
                   : shape == 3 ? random_number(1000 * HOUR)
                                : random_number(2) * (UINT64_MAX - random_number(2));
    }
}

static void any_rows_in_any_order(void **state)
{
    (void)state;
    static const char *const templates[] = {NULL, "{hash}", "{service}/{hash}",
                                            "{day}/{service}/{hash}", "{year}/{hash}"};
    static const uint32_t counts[] = {1, 2, 3, 10, 100, 1000};
    for (size_t t = 0; t < 5; t++)
        for (unsigned order = O2P_ORDER_CLUSTERED; order <= O2P_ORDER_RECEIVED; order++)
            for (unsigned shape = 0; shape < 5; shape++)
                for (size_t c = 0; c < 6; c++) {
                    settings.path_template = templates[t];
                    settings.order = (o2p_order)order;
                    make_rows(counts[c], shape);
                    check();
                }
}

/* As many hours as are counted, and one more. */
static void folders_that_are_just_too_far_apart(void **state)
{
    (void)state;
    for (count = 1023; count <= 1026; count++) {
        for (uint32_t i = 0; i < count; i++) {
            row_service[i] = i % SERVICES;
            times[i] = (2000 - i) * HOUR + i % 7;
        }
        check();
    }
}

/* Names of which the dictionary was given up come several times; they are one service all the same.
 */
static void equal_names_are_one_service(void **state)
{
    (void)state;
    settings.path_template = "{service}/{hash}";
    o2p_rows *rows = o2p_store_table(&store, O2P_TABLE_LOGS);
    for (uint32_t i = 0; i < 6; i++) {
        bool known;
        uint8_t key[2] = {1, (uint8_t)i};
        o2p_store_run(&store, O2P_TABLE_LOGS, 0);
        uint32_t resource = o2p_store_find(&store, O2P_SOURCE_RESOURCE, key, 2, &known);
        o2p_rows *resources = store.groups[O2P_SOURCE_RESOURCE];
        o2p_column_dictionary(resources, O2P_COL_ServiceName)->gave_up = true;
        o2p_set_text(resources, O2P_COL_ServiceName, resource,
                     (const uint8_t *)(i % 2 == 0 ? "a" : "b"), 1, false);
        o2p_store_settle(&store, O2P_TABLE_LOGS, i, O2P_SOURCE_RESOURCE, resource);
        rows->count = i + 1;
        o2p_set64(rows, O2P_COL_Timestamp, i, 10 - i);
    }
    assert_true(o2p_order_rows(&ordering, &store, &settings, O2P_TABLE_LOGS));
    assert_int_equal(ordering.parts.size / sizeof(o2p_ordering_part), 2);
    static const uint32_t expected[] = {4, 2, 0, 5, 3, 1};
    assert_memory_equal(ordering.rows.data, expected, sizeof(expected));
}

/* Runs without rows are passed over. */
static void empty_runs(void **state)
{
    (void)state;
    count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        row_service[i] = i;
        times[i] = i;
    }
    fill_store();
    o2p_store_run(&store, O2P_TABLE_LOGS, 0);
    o2p_store_run(&store, O2P_TABLE_LOGS, 0);
    assert_true(o2p_order_rows(&ordering, &store, &settings, O2P_TABLE_LOGS));
    static const uint32_t expected[] = {1, 2, 0};
    assert_memory_equal(ordering.rows.data, expected, sizeof(expected));
}

static void memory_may_be_refused(void **state)
{
    (void)state;
    make_rows(1000, 3);
    fill_store();
    bool ok = false;
    for (size_t n = 1; !ok; n++) {
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        ok = o2p_order_rows(&ordering, &store, &settings, O2P_TABLE_LOGS);
        assert_int_equal(ok, counting.refused == 0);
        memory.failed = false;
        o2p_ordering_free(&ordering);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(any_rows_in_any_order),       TEST(folders_that_are_just_too_far_apart),
        TEST(equal_names_are_one_service), TEST(empty_runs),
        TEST(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
