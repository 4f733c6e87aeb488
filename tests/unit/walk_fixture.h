/* walk_fixture.h - a store and a walker for one cmocka test, with memory that is counted.
 */
#ifndef O2P_TESTS_WALK_FIXTURE_H
#define O2P_TESTS_WALK_FIXTURE_H

#include "../../lib/otlp/walk.h"
#include "counting_allocator.h"
#include "protobuf_builder.h"
#include "sample_requests.h"
#include "store_reader.h"

typedef struct walk_fixture {
    counting_allocator counting;
    o2p_memory memory;
    o2p_store store;
    o2p_walk walk;
    protobuf p; /* to build the request in */
} walk_fixture;

/* cmocka's setup and teardown; *state is the fixture. Memory that is not released fails the test.
 */
int walk_setup(void **state);
int walk_teardown(void **state);

/* Reads and empties the request in `p`; what it appended stays. Returns walk->status. */
int walk_read(walk_fixture *f, o2p_signal signal);

/* The same, for a request that must be read; makes a new store before. */
void walk_fresh(walk_fixture *f, o2p_signal signal);

#define walk_test(name) cmocka_unit_test_setup_teardown(name, walk_setup, walk_teardown)

#endif
