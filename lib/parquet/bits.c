/* bits.c - see bits.h.
 *
 * One 8-byte store takes up to 56 bits beside the at most 7 pending ones. Narrow values are
 * therefore first joined in a register, by pairs, then fours, then eights, as far as 56 bits go:
 * indices of up to 7 bits cost one store for eight of them, of up to 14 bits one for four. That
 * needs no code per width, works at any bit position, and keeps up with the loads of the values.
 */
#include "bits.h"

enum {
    PUT_BITS = 56,  /* most bits of one store */
    STORE_SIZE = 8, /* bytes a store touches */
    /* Repetitions after which the output is its own pattern, byte for byte: see repeat_bytes. */
    PERIODIC_AFTER = 16
};

/* An o2p_bits held in registers while a loop runs: byte stores could alias the one in memory. */
typedef struct sink {
    uint8_t *at;
    uint64_t pending;
    unsigned count;
} sink;

static inline sink sink_open(const o2p_bits *bits)
{
    return (sink){bits->out->data + bits->out->size, bits->pending, bits->count};
}

static inline void sink_close(const sink *s, o2p_bits *bits)
{
    bits->out->size = (size_t)(s->at - bits->out->data);
    bits->pending = s->pending;
    bits->count = s->count;
}

static O2P_ALWAYS_INLINE void put(sink *s, uint64_t value, unsigned width)
{
    uint64_t word = s->pending | value << s->count;
    unsigned have = s->count + width;
    o2p_store_le64(s->at, word);
    s->at += have / 8;
    s->pending = word >> (have & ~7u);
    s->count = have & 7;
}

/* Values are uint64_t when `wide`, else uint32_t; `wide` is constant in each copy of these. */
static O2P_ALWAYS_INLINE uint64_t one(const void *values, size_t i, bool wide)
{
    return wide ? ((const uint64_t *)values)[i] : ((const uint32_t *)values)[i];
}

static O2P_ALWAYS_INLINE uint64_t two(const void *values, size_t i, unsigned width, bool wide)
{
    return one(values, i, wide) | one(values, i + 1, wide) << width;
}

static O2P_ALWAYS_INLINE uint64_t four(const void *values, size_t i, unsigned width, bool wide)
{
    return two(values, i, width, wide) | two(values, i + 2, width, wide) << 2 * width;
}

static O2P_ALWAYS_INLINE uint64_t eight(const void *values, size_t i, unsigned width, bool wide)
{
    return four(values, i, width, wide) | four(values, i + 4, width, wide) << 4 * width;
}

static O2P_ALWAYS_INLINE void pack(o2p_bits *bits, const void *values, size_t n, unsigned width,
                                   bool wide)
{
    if (width == 0 || !o2p_buffer_reserve(bits->out, n / 8 * width + width + STORE_SIZE))
        return;
    sink s = sink_open(bits);
    size_t i = 0;
    if (width <= PUT_BITS / 8)
        for (; n - i >= 8; i += 8)
            put(&s, eight(values, i, width, wide), 8 * width);
    if (width <= PUT_BITS / 4)
        for (; n - i >= 4; i += 4)
            put(&s, four(values, i, width, wide), 4 * width);
    if (width <= PUT_BITS / 2)
        for (; n - i >= 2; i += 2)
            put(&s, two(values, i, width, wide), 2 * width);
    if (width <= PUT_BITS)
        for (; i < n; i++)
            put(&s, one(values, i, wide), width);
    for (; i < n; i++) {
        put(&s, (uint32_t)one(values, i, wide), 32);
        put(&s, one(values, i, wide) >> 32, width - 32);
    }
    sink_close(&s, bits);
}

void o2p_bits_pack32(o2p_bits *bits, const uint32_t *values, size_t n, unsigned width)
{
    O2P_ASSERT(width <= 32);
    pack(bits, values, n, width, false);
}

void o2p_bits_pack64(o2p_bits *bits, const uint64_t *values, size_t n, unsigned width)
{
    O2P_ASSERT(width <= 64);
    pack(bits, values, n, width, true);
}

/* The first bits, PUT_BITS at most, of a pattern. */
static uint64_t first_bits(const uint8_t *packed, size_t count)
{
    return o2p_load_le64(packed) & ((UINT64_C(1) << count) - 1);
}

static void put_pattern(sink *s, const uint8_t *packed, size_t bit_count)
{
    for (; bit_count > PUT_BITS; bit_count -= PUT_BITS) {
        put(s, first_bits(packed, PUT_BITS), PUT_BITS);
        packed += PUT_BITS / 8;
    }
    put(s, first_bits(packed, bit_count), (unsigned)bit_count);
}

/* Continues a repetition in steps of eight patterns, which are `bit_count` whole bytes: each byte
 * equals the one `bit_count` bytes before it, and the pending bits stay as they are. At least that
 * many bytes precede that are made of the pattern alone, since PERIODIC_AFTER - 8 patterns have 8
 * bits or more. */
static void repeat_bytes(sink *s, size_t bit_count, size_t eights)
{
    size_t left = bit_count * eights;
    for (size_t distance = bit_count; left > 0; distance *= 2) {
        size_t step = left < distance ? left : distance;
        memcpy(s->at, s->at - distance, step);
        s->at += step;
        left -= step;
    }
}

void o2p_bits_repeat(o2p_bits *bits, const uint8_t *packed, size_t bit_count, size_t times)
{
    if (bit_count == 0 || times == 0)
        return;
    if (times == 1 && bit_count <= PUT_BITS) { /* a short list that another follows */
        o2p_bits_put(bits, first_bits(packed, bit_count), (unsigned)bit_count);
        return;
    }
    if (times > SIZE_MAX / 4 / bit_count) {
        bits->out->memory->failed = true;
        return;
    }
    if (!o2p_buffer_reserve(bits->out, bit_count * times / 8 + 1 + STORE_SIZE))
        return;
    sink s = sink_open(bits);
    size_t by_words = times < 2 * PERIODIC_AFTER ? times : PERIODIC_AFTER + times % 8;
    for (size_t i = 0; i < by_words; i++)
        put_pattern(&s, packed, bit_count);
    repeat_bytes(&s, bit_count, (times - by_words) / 8);
    sink_close(&s, bits);
}
