/* fuzz_batch.c - several requests of any encoding into one batch, failing ones in between.
 *
 * A failed append leaves no trace: the files are those of a batch that saw only the requests that
 * succeeded: [7]. Calls fail by their bytes, by refused memory and at every limit. Input:
 *
 *   byte 0         & 3: signal; >> 2 & 3: encoding; & 16: skip_bad_lines; & 32: little memory
 *   byte 1         options: see options_of
 *   byte 2         limits: see limit
 *   requests       flags (1 byte), size (2 bytes LE), bytes; the last may be cut short
 *     flags & 1    append the request's first half before it
 *     flags & 2    append it with a broken end before it
 *     flags & 4    append it before, with an allocator that fails at call flags >> 4
 *     flags & 8    finish after it, and go on with the emptied batch
 */
#include "common.h"

typedef struct pair {
    o2p_batch *tried;   /* sees everything */
    o2p_batch *perfect; /* sees what succeeded, and has memory */
    bool stuck;         /* there is not the memory, or the room, for files */
    heap heap;          /* of `tried` */
} pair;

/* Appends to `tried`, and if that succeeds to `perfect`. */
static void append(pair *p, const uint8_t *bytes, size_t size)
{
    o2p_result tried, perfect;
    uint64_t before = o2p_batch_rows(p->tried);
    o2p_status status = o2p_batch_append(p->tried, bytes, size, &tried);
    check_result(&tried, bytes, size);
    CHECK(o2p_batch_bytes(p->tried) <= p->heap.bytes, "8");
    if (status != O2P_OK) {
        CHECK(o2p_batch_rows(p->tried) == before, "7");
        return;
    }
    CHECK(o2p_batch_append(p->perfect, bytes, size, &perfect) == O2P_OK, "7");
    check_same_result(&tried, &perfect, "7");
    CHECK(tried.signal == perfect.signal, "7");
    CHECK(o2p_batch_rows(p->tried) == before + tried.counts.accepted, "7");
    CHECK(o2p_batch_rows(p->tried) == o2p_batch_rows(p->perfect), "7");
}

static void append_broken(pair *p, const uint8_t *bytes, size_t size)
{
    uint8_t *broken = (uint8_t *)malloc(size + 2);
    if (broken == NULL)
        return;
    if (size > 0)
        memcpy(broken, bytes, size);
    memcpy(broken + size, "\x0A\x7F", 2); /* a group of 127 bytes that are not there; no JSON */
    append(p, broken, size + 2);
    free(broken);
}

static void append_starved(pair *p, const uint8_t *bytes, size_t size, unsigned call)
{
    p->heap.fail_at = p->heap.calls + 1 + call;
    append(p, bytes, size);
    p->heap.fail_at = 0;
}

static void finish(pair *p)
{
    o2p_output tried = {0}, perfect = {0};
    uint64_t rows = o2p_batch_rows(p->tried);
    o2p_status status = o2p_batch_finish(p->tried, &tried);
    check_files(&tried);
    if (status == O2P_OK) {
        CHECK(o2p_batch_finish(p->perfect, &perfect) == O2P_OK, "7");
        check_same_counts(&tried.counts, &perfect.counts, "7");
        check_same_files(&tried, &perfect, "7");
        CHECK(o2p_batch_rows(p->tried) == 0, "7");
    } else {
        CHECK(status == O2P_ERR_LIMIT && o2p_batch_rows(p->tried) == rows, "7");
        p->stuck = true;
    }
    o2p_output_free(&tried);
    o2p_output_free(&perfect);
}

static void append_all(pair *p, const uint8_t *data, size_t size)
{
    while (size >= 3 && !p->stuck) {
        unsigned flags = data[0];
        size_t length = data[1] | (size_t)data[2] << 8;
        data += 3;
        size -= 3;
        length = length < size ? length : size;
        if ((flags & 1) != 0)
            append(p, data, length / 2);
        if ((flags & 2) != 0)
            append_broken(p, data, length);
        if ((flags & 4) != 0)
            append_starved(p, data, length, flags >> 4);
        append(p, data, length);
        if ((flags & 8) != 0)
            finish(p);
        data += length;
        size -= length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LITTLE_MEMORY = 1 << 18 };
    if (size < 3)
        return 0;
    pair p = {0};
    o2p_options options =
        options_of(data[1], (o2p_signal)(data[0] & 3), (o2p_encoding)(data[0] >> 2 & 3));
    options.skip_bad_lines = (data[0] & 16) != 0;
    limit(&options, data[2] & ~(unsigned)SMALL_OUTPUT);
    CHECK(o2p_batch_new(&options, &p.perfect, NULL) == O2P_OK, "7");
    limit(&options, data[2]);
    options.max_memory_bytes = (data[0] & 32) != 0 ? LITTLE_MEMORY : 0;
    options.allocator = heap_allocator(&p.heap);
    CHECK(o2p_batch_new(&options, &p.tried, NULL) == O2P_OK, "7");
    append_all(&p, data + 3, size - 3);
    finish(&p);
    o2p_batch_free(p.tried);
    o2p_batch_free(p.perfect);
    CHECK(p.heap.blocks == 0 && p.heap.bytes == 0, "8");
    return 0;
}
