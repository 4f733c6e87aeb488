/* test_wal.c - the write-ahead log: what was synced is read again whatever happens to the rest, and
 * what cannot be read is told apart: a torn tail, or acknowledged requests that are gone.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include "../../shims/server/wal.h"
#include <cmocka.h>

enum { RECORDS = 5, SALT = 0x1234567 };
static const char options[] = "codec\0zstd\0path-template\0{table}/{hash}.parquet";
/* One is empty, and one looks like a record. */
static const char *const bodies[RECORDS] = {"first", "", "REQ1\x05\0\0\0REQ1", "4th body", "last"};

static char folder_path[64];
static wal_folder folder;

/* ---- a file system that can fail ------------------------------------------------------------- */

static struct {
    long writes_left; /* bytes until the disk is full; -1: never */
    int syncs_left;   /* until one fails; -1: never */
    int interrupted;  /* calls that are interrupted before one is carried out */
} faults;

static bool interrupt(void)
{
    if (faults.interrupted == 0)
        return false;
    faults.interrupted--;
    errno = EINTR;
    return true;
}

static ssize_t faulty_write(int fd, const void *bytes, size_t size)
{
    if (interrupt())
        return -1;
    if (faults.writes_left == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (faults.writes_left > 0 && (size_t)faults.writes_left < size)
        size = (size_t)faults.writes_left;
    if (faults.writes_left > 0)
        faults.writes_left -= (long)size;
    return write(fd, bytes, size);
}

static int faulty_sync(int fd)
{
    if (interrupt())
        return -1;
    if (faults.syncs_left == 0) {
        errno = EIO;
        return -1;
    }
    faults.syncs_left -= faults.syncs_left > 0;
    return fsync(fd);
}

static const wal_io faulty_io = {.write = faulty_write, .sync = faulty_sync};

static int make_folder(void **state)
{
    (void)state;
    faults.writes_left = faults.syncs_left = -1;
    faults.interrupted = 0;
    strcpy(folder_path, "/tmp/o2p-wal-XXXXXX");
    return mkdtemp(folder_path) == NULL || !wal_folder_open(&folder, folder_path, &faulty_io);
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    wal_folder_close(&folder);
    snprintf(command, sizeof command, "rm -rf %s", folder_path);
    return system(command);
}

/* ---- writing and reading them ---------------------------------------------------------------- */

static size_t body_size(size_t i)
{
    return i == 2 ? 12 : strlen(bodies[i]);
}

static wal_record sample(size_t i)
{
    return (wal_record){.signal = O2P_SIGNAL_TRACES,
                        .encoding = O2P_ENCODING_JSON,
                        .coding = (uint8_t)i,
                        .plain_size = (uint32_t)(1000 + i),
                        .received_ns = UINT64_C(1700000000123456789) + i,
                        .body = (const uint8_t *)bodies[i],
                        .size = body_size(i),
                        .body_hash = wal_hash128_of(bodies[i], body_size(i))};
}

static bool append(wal_segment *segment, size_t i)
{
    wal_record record = sample(i);
    return wal_segment_append(&folder, segment, &record);
}

static void assert_sample(const wal_record *record, size_t i)
{
    wal_record expected = sample(i);
    assert_int_equal(record->signal, expected.signal);
    assert_int_equal(record->encoding, expected.encoding);
    assert_int_equal(record->coding, expected.coding);
    assert_int_equal(record->plain_size, expected.plain_size);
    assert_int_equal(record->received_ns, expected.received_ns);
    assert_int_equal(record->size, expected.size);
    assert_int_equal(record->body_hash.low, expected.body_hash.low);
    assert_int_equal(record->body_hash.high, expected.body_hash.high);
    assert_memory_equal(record->body, expected.body, expected.size);
}

/* A segment with all samples, synced after each `group` of them; ends[i] is where record i ends. */
static wal_segment write_samples(size_t group, size_t ends[RECORDS])
{
    wal_segment segment;
    assert_true(wal_segment_create(&folder, &segment, SALT, options, sizeof options));
    for (size_t i = 0; i < RECORDS; i++) {
        assert_true(append(&segment, i));
        ends[i] = segment.size;
        if ((i + 1) % group == 0 || i + 1 == RECORDS)
            assert_true(wal_segment_sync(&folder, &segment));
    }
    wal_segment_close(&folder, &segment, true);
    return segment;
}

static uint8_t *load(uint64_t number, size_t *size)
{
    uint8_t *bytes;
    assert_true(wal_load(&folder, number, &bytes, size));
    return bytes;
}

/* Reads all records, in a block that ends where the bytes do, so that a sanitizer sees beyond. */
static wal_reader read_copy(const uint8_t *bytes, size_t size, bool found[RECORDS])
{
    wal_reader reader;
    wal_record record;
    size_t last = 0;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    memset(found, 0, RECORDS * sizeof *found);
    wal_read(&reader, copy, size);
    while (wal_next(&reader, &record)) {
        size_t i = (size_t)record.coding;
        assert_true(i < RECORDS && i >= last);
        assert_sample(&record, i);
        assert_false(found[i]);
        found[i] = true;
        last = i;
    }
    free(copy);
    return reader;
}

static size_t count(const bool found[RECORDS])
{
    size_t sum = 0;
    for (size_t i = 0; i < RECORDS; i++)
        sum += found[i];
    return sum;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    faults.interrupted = 3;
    wal_segment segment = write_samples(2, ends);
    uint8_t *bytes = load(segment.number, &size);
    assert_int_equal(size, segment.size);
    assert_int_equal(segment.synced, segment.size);
    wal_reader reader = read_copy(bytes, size, found);
    assert_int_equal(count(found), RECORDS);
    assert_int_equal(reader.condition, WAL_WHOLE);
    assert_int_equal(reader.skipped, 0);
    wal_read(&reader, bytes, size);
    assert_int_equal(reader.version, 2);
    assert_int_equal(reader.salt, SALT);
    assert_int_equal(reader.options_size, sizeof options);
    assert_memory_equal(reader.options, options, sizeof options);
    free(bytes);
}

/* Gives a segment another header, of the same size. */
static void set_header(uint8_t *bytes, char version, uint8_t codec, uint8_t level)
{
    bytes[6] = (uint8_t)version;
    bytes[12] = codec;
    bytes[13] = level;
    uint64_t seed = XXH3_64bits(bytes + WAL_HEADER_SIZE, sizeof options);
    uint64_t sum = XXH3_64bits_withSeed(bytes, WAL_HEADER_SIZE - 8, seed);
    for (int i = 0; i < 8; i++)
        bytes[24 + i] = (uint8_t)(sum >> 8 * i);
}

static void the_former_version_is_read(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(2, ends).number, &size);
    set_header(bytes, '1', O2P_CODEC_ZSTD, 7);
    wal_reader reader = read_copy(bytes, size, found);
    assert_int_equal(count(found), RECORDS);
    assert_int_equal(reader.version, 1);
    assert_int_equal(reader.codec, O2P_CODEC_ZSTD);
    assert_int_equal(reader.codec_level, 7);
    /* Of a later one nothing is known. */
    set_header(bytes, '3', 0, 0);
    reader = read_copy(bytes, size, found);
    assert_int_equal(reader.version, 0);
    assert_null(reader.options);
    assert_int_equal(reader.condition, WAL_CORRUPT);
    free(bytes);
}

static void names_have_the_salt_in_them(void **state)
{
    (void)state;
    uint64_t salts[3];
    for (size_t i = 0; i < 3; i++)
        assert_true(wal_salt(&salts[i]));
    assert_int_not_equal(salts[0], salts[1]);
    assert_int_not_equal(wal_hash_seed(salts[0]), wal_hash_seed(salts[1]));
    assert_int_not_equal(wal_hash_seed(salts[2]), salts[2]);
    assert_int_equal(wal_hash_seed(salts[2]), wal_hash_seed(salts[2]));
}

/* A crash may leave any part of what was not synced, and nothing else is missing. */
static void cut_anywhere_the_records_before_are_read(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(1, ends).number, &size);
    for (size_t length = 0; length <= size; length++) {
        wal_reader reader = read_copy(bytes, length, found);
        size_t whole = 0;
        while (whole < RECORDS && ends[whole] <= length)
            whole++;
        bool between = length == (whole > 0 ? ends[whole - 1] : WAL_HEADER_SIZE + sizeof options);
        assert_int_equal(count(found), whole);
        assert_int_equal(reader.condition, between ? WAL_WHOLE : WAL_TORN);
        assert_false(reader.odd); /* it is what stopping leaves */
    }
    free(bytes);
}

/* Pages that were not written are zeros; the file may be longer than what was. */
static void zeros_at_the_end_are_no_damage(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(2, ends).number, &size);
    uint8_t *longer = calloc(1, size + 5000);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    wal_reader reader = read_copy(longer, size + 5000, found);
    assert_int_equal(count(found), RECORDS);
    assert_int_equal(reader.condition, WAL_TORN);
    assert_false(reader.odd);
    assert_int_equal(reader.skipped, 5000);
    longer[size + 4000] = 1;
    assert_true(read_copy(longer, size + 5000, found).odd);
    memset(longer, 0, size + 5000);
    reader = read_copy(longer, 700, found);
    assert_int_equal(reader.condition, WAL_TORN);
    assert_false(reader.odd);
    free(longer);
    free(bytes);
}

/* A record that is not cut short, though its header says so in vain, is damaged. */
static void what_is_no_beginning_is_odd(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(1, ends).number, &size);
    for (size_t at = ends[RECORDS - 2]; at + 1 < size; at++) {
        bytes[at] ^= 4;
        assert_true(read_copy(bytes, size, found).odd);
        /* Cut short behind it as well, the first four bytes tell, and the whole header does. */
        size_t place = at - ends[RECORDS - 2];
        bool told = place < 4 || place == WAL_RECORD_SIZE - 1;
        assert_int_equal(read_copy(bytes, at + 1, found).odd, told);
        bytes[at] ^= 4;
    }
    static const char text[] = "this is no segment";
    assert_true(read_copy((const uint8_t *)text, sizeof text, found).odd);
    free(bytes);
}

/* What a flipped bit costs is its record, or nothing in a header without its salt, which decides
 * about all of them; and it is noticed; where a later record tells that the
 * damaged one had been synced, it is known that an acknowledged one is missing. */
static void one_flipped_bit_costs_one_record(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(1, ends).number, &size);
    size_t header = WAL_HEADER_SIZE + sizeof options;
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        wal_reader reader = read_copy(bytes, size, found);
        size_t hit = 0;
        while (ends[hit] <= bit / 8)
            hit++;
        if (bit / 8 < header) {
            bool salt = bit / 8 >= 16 && bit / 8 < 24;
            assert_int_equal(reader.condition, WAL_CORRUPT);
            assert_int_equal(count(found), salt ? 0 : RECORDS);
        } else {
            assert_int_equal(count(found), RECORDS - 1);
            assert_false(found[hit]);
            assert_int_equal(reader.condition, hit + 1 < RECORDS ? WAL_CORRUPT : WAL_TORN);
            assert_true(reader.skipped >= WAL_RECORD_SIZE);
            assert_true(reader.odd);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(bytes);
}

/* Pages reach the disk in any order: of a group that was not synced, a later record may be there
 * without an earlier one. That is a torn tail. */
static void a_hole_in_the_last_group_is_torn(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    uint8_t *bytes = load(write_samples(3, ends).number, &size);
    memset(bytes + ends[2], 0, ends[3] - ends[2]);
    wal_reader reader = read_copy(bytes, size, found);
    assert_int_equal(reader.condition, WAL_TORN);
    assert_true(found[4]);
    memset(bytes + ends[1], 0, ends[2] - ends[1]);
    reader = read_copy(bytes, size, found);
    assert_int_equal(reader.condition, WAL_CORRUPT);
    free(bytes);
}

/* A record inside a body is not found, even when it is a copy of one of another segment. */
static void a_record_forged_in_a_body_is_not_read(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    uint8_t *forged = load(write_samples(1, ends).number, &size);
    size_t start = WAL_HEADER_SIZE + sizeof options;
    wal_record record = {.body = forged + start, .size = size - start};
    record.body_hash = wal_hash128_of(record.body, record.size);
    wal_segment segment;
    assert_true(wal_segment_create(&folder, &segment, SALT + 1, options, sizeof options));
    assert_true(wal_segment_append(&folder, &segment, &record));
    assert_true(wal_segment_sync(&folder, &segment));
    wal_segment_close(&folder, &segment, true);
    free(forged);

    wal_reader reader;
    uint8_t *bytes = load(segment.number, &size);
    bytes[start] ^= 1;
    wal_read(&reader, bytes, size);
    assert_false(wal_next(&reader, &record));
    assert_int_equal(reader.skipped, size - start);
    free(bytes);
}

static void a_full_disk_gives_up_the_segment_alone(void **state)
{
    (void)state;
    size_t ends[RECORDS];
    size_t size;
    bool found[RECORDS];
    wal_segment whole = write_samples(1, ends);
    for (long space = 0; space < (long)whole.size; space += 7) {
        wal_segment segment;
        size_t synced = 0;
        faults.writes_left = space;
        if (!wal_segment_create(&folder, &segment, SALT, options, sizeof options)) {
            assert_int_equal(errno, ENOSPC);
            faults.writes_left = -1;
            continue;
        }
        while (synced < RECORDS && append(&segment, synced) && wal_segment_sync(&folder, &segment))
            synced++;
        assert_int_equal(errno, ENOSPC);
        assert_true(synced < RECORDS);
        faults.writes_left = -1;
        wal_segment_close(&folder, &segment, false);
        uint8_t *bytes = load(segment.number, &size);
        wal_reader reader = read_copy(bytes, size, found);
        assert_int_equal(reader.condition, WAL_WHOLE);
        assert_int_equal(count(found), synced);
        free(bytes);
    }
    assert_false(folder.untrusted);
    write_samples(1, ends);
}

/* After one failed sync nothing is written again, though the next would succeed. */
static void a_failed_sync_ends_the_trust_for_good(void **state)
{
    (void)state;
    wal_segment segment;
    size_t size;
    bool found[RECORDS];
    assert_true(wal_segment_create(&folder, &segment, SALT, options, sizeof options));
    assert_true(append(&segment, 0));
    assert_true(wal_segment_sync(&folder, &segment));
    assert_true(append(&segment, 1));
    faults.syncs_left = 0;
    assert_false(wal_segment_sync(&folder, &segment));
    assert_int_equal(errno, EIO);
    faults.syncs_left = -1;
    assert_true(folder.untrusted);
    uint64_t number = segment.number;
    wal_segment_close(&folder, &segment, false);
    assert_false(wal_segment_create(&folder, &segment, SALT, options, sizeof options));
    assert_int_equal(errno, EIO);

    uint8_t *bytes = load(number, &size);
    read_copy(bytes, size, found);
    assert_true(found[0]);
    assert_int_equal(count(found), 1);
    free(bytes);
    /* A new process trusts it again. */
    wal_folder_close(&folder);
    assert_true(wal_folder_open(&folder, folder_path, &faulty_io));
    assert_true(wal_segment_create(&folder, &segment, SALT, options, sizeof options));
    wal_segment_close(&folder, &segment, true);
}

static void a_segment_whose_name_is_not_durable_is_not_used(void **state)
{
    (void)state;
    wal_segment segment;
    uint64_t *numbers;
    size_t segments;
    faults.syncs_left = 1; /* the header's, and not the folder's */
    assert_false(wal_segment_create(&folder, &segment, SALT, options, sizeof options));
    assert_true(folder.untrusted);
    assert_true(wal_folder_list(&folder, &numbers, &segments));
    assert_int_equal(segments, 0);
    free(numbers);
}

static void touch(const char *name)
{
    int fd = openat(folder.fd, name, O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0);
    close(fd);
}

static void segments_are_listed_in_order_and_numbers_never_reused(void **state)
{
    (void)state;
    uint64_t *numbers;
    size_t segments;
    assert_int_equal(folder.next, 1);
    static const char *const names[] = {
        "000000000000000a.wal",
        "0000000000000002.wal",
        "00000000000000ff.wal",
        "0000000000000003.tmp",
        "00000000000001.wal",
        "000000000000000A.wal",
        "notes.txt",
        "0000000000000004.wal.old",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        touch(names[i]);
    assert_true(wal_folder_list(&folder, &numbers, &segments));
    assert_int_equal(segments, 3);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(numbers[1], 10);
    assert_int_equal(numbers[2], 255);
    free(numbers);
    assert_true(wal_remove(&folder, 2));
    assert_true(wal_set_aside(&folder, 255, WAL_ASIDE_CORRUPT));
    assert_false(wal_remove(&folder, 255));
    assert_int_equal(faccessat(folder.fd, "00000000000000ff.corrupt", F_OK, 0), 0);
    wal_folder_close(&folder);
    assert_true(wal_folder_open(&folder, folder_path, &faulty_io));
    assert_int_equal(folder.next, 256);
}

/* A backup is put back into the folder while it is used. */
static void numbers_that_others_took_are_skipped(void **state)
{
    (void)state;
    wal_segment segment = write_samples(1, (size_t[RECORDS]){0});
    assert_int_equal(segment.number, 1);
    touch("0000000000000002.wal");
    touch("0000000000000003.refused");
    touch("0000000000000005.wal");
    assert_true(wal_segment_create(&folder, &segment, 1, options, sizeof options));
    assert_int_equal(segment.number, 6);
    wal_segment_close(&folder, &segment, true);
    assert_true(wal_segment_create(&folder, &segment, 1, options, sizeof options));
    assert_int_equal(segment.number, 7);
    wal_segment_close(&folder, &segment, true);
}

static void numbers_do_not_wrap(void **state)
{
    (void)state;
    wal_segment segment;
    touch("0000000000000004.seen");
    touch("ffffffffffffffff.torn");
    touch("fffffffffffffffe.wal");
    wal_folder_close(&folder);
    assert_true(wal_folder_open(&folder, folder_path, &faulty_io));
    assert_int_equal(folder.strange, 2);
    assert_int_equal(folder.next, 5);
    touch("0000000000000005.wal");
    assert_true(wal_segment_create(&folder, &segment, 1, options, sizeof options));
    assert_int_equal(segment.number, 6);
    wal_segment_close(&folder, &segment, true);
}

static void a_folder_is_one_process_s(void **state)
{
    (void)state;
    wal_folder other;
    assert_false(wal_folder_open(&other, folder_path, &wal_system_io));
    assert_int_equal(errno, EWOULDBLOCK);
    assert_false(wal_folder_open(&other, "/tmp/o2p-no/such/folder", &wal_system_io));
    assert_int_equal(errno, ENOENT);
    wal_folder_close(&folder);
    assert_true(wal_folder_open(&folder, folder_path, &wal_system_io));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_written_is_read),
        IN_FOLDER(the_former_version_is_read),
        cmocka_unit_test(names_have_the_salt_in_them),
        IN_FOLDER(cut_anywhere_the_records_before_are_read),
        IN_FOLDER(zeros_at_the_end_are_no_damage),
        IN_FOLDER(what_is_no_beginning_is_odd),
        IN_FOLDER(one_flipped_bit_costs_one_record),
        IN_FOLDER(a_hole_in_the_last_group_is_torn),
        IN_FOLDER(a_record_forged_in_a_body_is_not_read),
        IN_FOLDER(a_full_disk_gives_up_the_segment_alone),
        IN_FOLDER(a_failed_sync_ends_the_trust_for_good),
        IN_FOLDER(a_segment_whose_name_is_not_durable_is_not_used),
        IN_FOLDER(segments_are_listed_in_order_and_numbers_never_reused),
        IN_FOLDER(numbers_that_others_took_are_skipped),
        IN_FOLDER(numbers_do_not_wrap),
        IN_FOLDER(a_folder_is_one_process_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
