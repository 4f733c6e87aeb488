/* rle.c - see rle.h.
 *
 * A bit-packed run that is followed by another run must be whole groups of eight, so a run of equal
 * values can only begin where a group would. It is worth one if it fills at least that group, or if
 * the group's values are of so few runs that these take less than its bits: it is enough to ask
 * that of each group in turn.
 */
#include "rle.h"
#include "thrift.h"

enum {
    GROUP = 8,      /* values that a bit-packed run comes in multiples of */
    SHORT_RUN = 63, /* groups: the most that a header of a byte tells */
    PUT_BITS = 56   /* most bits of one o2p_bits_put */
};

static size_t groups_of(size_t n)
{
    return n / GROUP + (n % GROUP != 0);
}

static void zeros(o2p_buffer *out, size_t count)
{
    if (count == 0)
        return;
    void *at = o2p_buffer_extend(out, count);
    if (at != NULL)
        memset(at, 0, count);
}

void o2p_rle_run(o2p_buffer *out, uint32_t value, size_t count, unsigned width)
{
    uint8_t bytes[4];
    o2p_store_le32(bytes, value);
    o2p_put_varint(out, (uint64_t)count << 1);
    o2p_buffer_append(out, bytes, (width + 7) / 8);
}

size_t o2p_rle_packed_begin(o2p_buffer *out, size_t n, bool short_runs)
{
    if (!short_runs)
        o2p_put_varint(out, (uint64_t)groups_of(n) << 1 | 1);
    return out->size;
}

/* Makes short runs of the groups from `start` on: from the last to the first they move up and leave
 * room for headers. */
static void cut_into_runs(o2p_buffer *out, size_t start, size_t groups, unsigned width)
{
    size_t runs = (groups + SHORT_RUN - 1) / SHORT_RUN;
    if (o2p_buffer_extend(out, runs) == NULL)
        return;
    uint8_t *bytes = out->data + start;
    while (runs-- > 0) {
        size_t first = runs * SHORT_RUN;
        size_t count = groups - first < SHORT_RUN ? groups - first : SHORT_RUN;
        memmove(bytes + first * width + runs + 1, bytes + first * width, count * width);
        bytes[first * width + runs] = (uint8_t)(count << 1 | 1);
    }
}

void o2p_rle_packed_end(o2p_buffer *out, size_t start, size_t n, unsigned width, bool short_runs)
{
    size_t groups = groups_of(n), used = out->size - start;
    O2P_ASSERT(used <= groups * width);
    zeros(out, groups * width - used);
    if (short_runs && !out->memory->failed)
        cut_into_runs(out, start, groups, width);
}

void o2p_rle_packed(o2p_buffer *out, const uint8_t *bytes, size_t n, unsigned width,
                    bool short_runs)
{
    size_t start = o2p_rle_packed_begin(out, n, short_runs);
    o2p_buffer_append(out, bytes, n / 8 * width + (n % 8 * width + 7) / 8);
    o2p_rle_packed_end(out, start, n, width, short_runs);
}

/* One bit-packed run. */
static void literals(o2p_buffer *out, const uint32_t *values, size_t n, unsigned width)
{
    if (n == 0)
        return;
    size_t start = o2p_rle_packed_begin(out, n, false);
    o2p_bits bits;
    o2p_bits_begin(&bits, out);
    o2p_bits_pack32(&bits, values, n, width);
    o2p_bits_flush(&bits);
    o2p_rle_packed_end(out, start, n, width, false);
}

static inline bool equal_group(const uint32_t *v)
{
    uint32_t difference = (v[0] ^ v[1]) | (v[0] ^ v[2]) | (v[0] ^ v[3]) | (v[0] ^ v[4]) |
                          (v[0] ^ v[5]) | (v[0] ^ v[6]) | (v[0] ^ v[7]);
    return difference == 0;
}

/* Whether a group's values are of no more than `most` runs. */
static inline bool few_runs(const uint32_t *v, unsigned most)
{
    if (most == 1)
        return equal_group(v);
    unsigned changes = 0u + (v[0] != v[1]) + (v[1] != v[2]) + (v[2] != v[3]) + (v[3] != v[4]) +
                       (v[4] != v[5]) + (v[5] != v[6]) + (v[6] != v[7]);
    return changes < most;
}

/* Values that each run of a sample has, on average. */
static size_t run_length(const uint32_t *values, size_t n)
{
    enum { SAMPLE = 2048 };
    size_t sample = n < SAMPLE ? n : SAMPLE;
    uint32_t runs = 1;
    for (size_t i = 1; i < sample; i++)
        runs += values[i] != values[i - 1];
    return sample / runs;
}

/* Where the run of values equal to values[i] ends. */
static size_t run_end(const uint32_t *values, size_t i, size_t n)
{
    size_t end = i + 1;
    while (n - end >= GROUP && values[end] == values[i] && equal_group(values + end))
        end += GROUP;
    while (end < n && values[end] == values[i])
        end++;
    return end;
}

/* Groups of up to `most` runs as these. */
static void encode(o2p_buffer *out, const uint32_t *values, size_t n, unsigned width, unsigned most)
{
    size_t start = 0; /* of the values not yet written */
    size_t i = 0;
    while (n - i >= GROUP) {
        if (!few_runs(values + i, most)) {
            i += GROUP;
            continue;
        }
        size_t end = run_end(values, i, n);
        literals(out, values + start, i - start, width);
        o2p_rle_run(out, values[i], end - i, width);
        start = i = end;
    }
    if (start < n)
        literals(out, values + start, n - start, width);
}

/* A run takes a header of a byte, most of the time, and a value of whole bytes; a group takes
 * `width` bytes, and mostly a header when groups go on behind the run. Where values hardly come
 * again it is not worth asking. Where runs are long, a group that lies across some of them is
 * followed by others that do: then up to four are tried as runs, however narrow, and kept if that
 * takes less. */
void o2p_rle_encode(o2p_buffer *out, const uint32_t *values, size_t n, unsigned width)
{
    enum { SHORT = 2, LONG = 5, RUNS = 4 };
    O2P_ASSERT(width >= 1 && width <= 32);
    size_t start = out->size, length = run_length(values, n);
    unsigned most = (width - 1) / (1 + (width + 7) / 8);
    most = most == 0 || length < SHORT ? 1 : most;
    encode(out, values, n, width, most);
    if (length < LONG || most >= RUNS)
        return;
    size_t middle = out->size;
    encode(out, values, n, width, RUNS);
    if (out->size - middle >= middle - start || out->memory->failed) {
        out->size = middle;
        return;
    }
    memmove(out->data + start, out->data + middle, out->size - middle);
    out->size -= middle - start;
}

/* ---- streams of levels ---- */

void o2p_levels_init(o2p_levels *levels, o2p_memory *memory)
{
    memset(levels, 0, sizeof(*levels));
    o2p_buffer_init(&levels->packed, memory);
}

void o2p_levels_free(o2p_levels *levels)
{
    o2p_buffer_free(&levels->packed);
}

void o2p_levels_begin(o2p_levels *levels, unsigned max_level)
{
    O2P_ASSERT(max_level >= 1 && max_level <= 3);
    levels->packed.size = 0;
    o2p_bits_begin(&levels->bits, &levels->packed);
    levels->count = 0;
    levels->first = 0;
    levels->constant = true;
    levels->width = max_level == 1 ? 1 : 2;
}

/* `level` in each of the 64 / width places of a word. */
static uint64_t spread(uint32_t level, unsigned width)
{
    return level * (width == 1 ? UINT64_MAX : UINT64_C(0x5555555555555555));
}

/* Packs `count` equal levels: in one store, or up to the next whole byte, then bytes, then what is
 * left. */
static void pack_equal(o2p_bits *bits, uint32_t level, size_t count, unsigned width)
{
    uint64_t word = spread(level, width);
    size_t left = count * width; /* bits */
    if (left > PUT_BITS) {
        unsigned head = (8 - bits->count) & 7;
        o2p_bits_put(bits, word & ((1u << head) - 1), head);
        left -= head;
        void *at = o2p_buffer_extend(bits->out, left / 8);
        if (at == NULL)
            return;
        memset(at, (uint8_t)word, left / 8);
        left %= 8;
    }
    o2p_bits_put(bits, word & ((UINT64_C(1) << left) - 1), (unsigned)left);
}

/* Turns the counted run into packed levels, now that a different level follows. */
static void end_constant(o2p_levels *levels)
{
    levels->constant = false;
    pack_equal(&levels->bits, levels->first, levels->count, levels->width);
}

void o2p_levels_run(o2p_levels *levels, uint32_t level, size_t count)
{
    if (count == 0)
        return;
    if (levels->constant) {
        if (levels->count == 0)
            levels->first = level;
        if (level == levels->first) {
            levels->count += count;
            return;
        }
        end_constant(levels);
    }
    pack_equal(&levels->bits, level, count, levels->width);
    levels->count += count;
}

void o2p_levels_row(o2p_levels *levels, uint32_t first, uint32_t next, size_t count)
{
    if (levels->constant || count * levels->width > PUT_BITS) {
        o2p_levels_run(levels, first, 1);
        o2p_levels_run(levels, next, count - 1);
        return;
    }
    unsigned width = levels->width;
    unsigned bits = (unsigned)count * width;
    uint64_t word = (spread(next, width) << width | first) & ((UINT64_C(1) << bits) - 1);
    o2p_bits_put(&levels->bits, word, bits);
    levels->count += count;
}

void o2p_levels_rows(o2p_levels *levels, uint32_t first, uint32_t next, size_t count, size_t times)
{
    enum { FEW = 4 };
    unsigned width = levels->width;
    size_t bits = count * width;
    if (count == 1 || first == next) {
        o2p_levels_run(levels, first, count * times);
        return;
    }
    if (levels->constant && times > 0) { /* until the first row has ended that */
        o2p_levels_row(levels, first, next, count);
        times--;
    }
    if (bits > PUT_BITS || times < FEW) {
        for (; times > 0; times--)
            o2p_levels_row(levels, first, next, count);
    } else {
        uint8_t pattern[16] = {0};
        o2p_store_le64(pattern, spread(next, width) << width | first);
        o2p_bits_repeat(&levels->bits, pattern, bits, times);
        levels->count += count * times;
    }
}

void o2p_levels_end(o2p_levels *levels, o2p_buffer *out)
{
    size_t length_at = out->size;
    if (o2p_buffer_extend(out, 4) == NULL)
        return;
    if (!levels->constant) {
        o2p_bits_flush(&levels->bits);
        /* After a refused allocation there are fewer bytes than levels. */
        if (levels->packed.size >= (levels->count * levels->width + 7) / 8)
            o2p_rle_packed(out, levels->packed.data, levels->count, levels->width,
                           levels->short_runs);
    } else if (levels->count > 0) {
        o2p_rle_run(out, levels->first, levels->count, levels->width);
    }
    o2p_store_le32(out->data + length_at, (uint32_t)(out->size - length_at - 4));
}
