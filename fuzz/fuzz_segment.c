/* fuzz_segment.c - a segment of the server's log with anything done to it.
 *
 * The input is what happens to the bytes of a good segment: pairs of a place and a byte to put
 * there, and at last a length to cut it at. What is read stays inside the bytes and is one of the
 * records that were written, in their order; what was not damaged is read. The input alone is read
 * as a segment as well [18].
 */
#define _GNU_SOURCE 1
#include "../shims/server/wal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 6, SALT = 77 };
static const char options[] = "path-template\0{hash}";
static const char *const bodies[RECORDS] = {"one",  "",           "REQ1REQ1REQ1",
                                            "four", "fifth body", "last"};

static uint8_t *segment;
static size_t segment_size;
static size_t ends[RECORDS];

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: invariant 18 does not hold\n", what);
    abort();
}

/* Makes the segment once, in a folder that is gone afterwards. */
static void make_segment(void)
{
    char path[] = "/tmp/o2p-fuzz-XXXXXX";
    wal_folder folder;
    wal_segment made;
    check(mkdtemp(path) != NULL && wal_folder_open(&folder, path, &wal_system_io), "a folder");
    check(wal_segment_create(&folder, &made, SALT, options, sizeof options), "a segment");
    for (size_t i = 0; i < RECORDS; i++) {
        wal_record record = {
            .coding = (uint8_t)i, .body = (const uint8_t *)bodies[i], .size = strlen(bodies[i])};
        record.body_hash = wal_hash128_of(record.body, record.size);
        check(wal_segment_append(&folder, &made, &record), "a record");
        made.synced = made.size;
        ends[i] = made.size;
    }
    wal_segment_close(&folder, &made, true);
    check(wal_load(&folder, made.number, &segment, &segment_size), "reading it");
    wal_remove(&folder, made.number);
    unlinkat(folder.fd, "lock", 0);
    wal_folder_close(&folder);
    rmdir(path);
}

/* Reads all records; which ones, as bits. */
static unsigned read_all(const uint8_t *bytes, size_t size, wal_reader *reader, bool known)
{
    wal_record record;
    unsigned found = 0;
    size_t last = 0;
    wal_read(reader, bytes, size);
    while (wal_next(reader, &record)) {
        check(record.body >= bytes && record.size <= (size_t)(bytes + size - record.body),
              "a body");
        if (!known)
            continue;
        check(record.coding < RECORDS && (found == 0 || record.coding > last), "the order");
        last = record.coding;
        check(record.size == strlen(bodies[last]), "a size");
        check(memcmp(record.body, bodies[last], record.size) == 0, "the contents");
        found |= 1u << last;
    }
    check(reader->skipped <= size, "what is skipped");
    return found;
}

/* What must be read of the copy: records that lie before the cut and are as they were. */
static unsigned undamaged(const uint8_t *copy, size_t size)
{
    unsigned whole = 0;
    size_t begin = WAL_HEADER_SIZE + sizeof options;
    if (size < begin || memcmp(copy, segment, begin) != 0)
        return 0;
    for (size_t i = 0; i < RECORDS && ends[i] <= size; i++) {
        if (memcmp(copy + begin, segment + begin, ends[i] - begin) == 0)
            whole |= 1u << i;
        begin = ends[i];
    }
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wal_reader reader;
    if (segment == NULL)
        make_segment();
    read_all(data, size, &reader, false);

    uint8_t *copy = malloc(segment_size);
    check(copy != NULL, "memory");
    memcpy(copy, segment, segment_size);
    size_t at = 0;
    for (; at + 3 <= size; at += 3)
        copy[(data[at] | (size_t)data[at + 1] << 8) % segment_size] = data[at + 2];
    size_t cut = at < size ? data[at] * segment_size / 255 : segment_size;
    uint8_t *end = realloc(copy, cut > 0 ? cut : 1); /* so that reading beyond it is seen */
    check(end != NULL, "memory");
    unsigned found = read_all(end, cut, &reader, true);
    unsigned whole = undamaged(end, cut);
    check((found & whole) == whole, "what was not damaged is read");
    check(whole != (1u << RECORDS) - 1 || reader.condition == WAL_WHOLE, "the condition");
    check(memcmp(end, segment, cut) != 0 || !reader.odd, "what is cut short is not odd");
    free(end);
    return 0;
}
