/* hash.c - see hash.h.
 *
 * XXH64 keeps four 64-bit lanes, each fed 8 bytes of every 32-byte stripe; shorter rests are folded
 * in by 8, 4 and 1 bytes.
 *
 * o2p_hash multiplies two 64-bit halves, each made of input and a key, to 128 bits and folds the
 * product: one multiplication mixes 16 bytes thoroughly. Inputs of up to 64 bytes are covered by
 * blocks that may overlap, so there is no loop and no byte-wise rest:
 *
 *   size       what is mixed (block = 16 bytes, its number chooses the keys)
 *   0..3       first, middle and last byte
 *   4..16      the first and the last 4 or 8 bytes
 *   17..32     block 0 at the front, block 3 at the end
 *   33..64     blocks 0, 1 at the front, 2, 3 at the end
 *   65..       every 64 bytes blocks 0..3, each chained to its predecessor, then the last 64 bytes
 *
 * The size goes into the last multiplication and nowhere else: added to the bytes it would make
 * equal hashes of, say, "10000000" and "100000000".
 *
 * o2p_crc32 takes 8 bytes a step with eight tables ("slicing by 8"): table k holds the effect of a
 * byte that k more bytes follow. 8 KiB of tables for some 2 GB/s; one table, a byte a step, has a
 * fifth of it. Large inputs are read at three places at once, which takes a third of
 * the time.
 */
#include "hash.h"
#include "buffer.h"
#include "word.h"

/* ---- XXH64 ---------------------------------------------------------------------------------- */

static const uint64_t prime1 = 0x9E3779B185EBCA87u;
static const uint64_t prime2 = 0xC2B2AE3D27D4EB4Fu;
static const uint64_t prime3 = 0x165667B19E3779F9u;
static const uint64_t prime4 = 0x85EBCA77C2B2AE63u;
static const uint64_t prime5 = 0x27D4EB2F165667C5u;

static inline uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static inline uint64_t xxh64_round(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * prime2, 31) * prime1;
}

static inline uint64_t xxh64_merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ xxh64_round(0, lane)) * prime1 + prime4;
}

/* Consumes the whole stripes of an input of at least 32 bytes and returns the lanes as one number.
 */
static uint64_t xxh64_stripes(const uint8_t *at, size_t size, uint64_t seed)
{
    uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
    for (; size >= 32; at += 32, size -= 32) {
        a = xxh64_round(a, o2p_load_le64(at));
        b = xxh64_round(b, o2p_load_le64(at + 8));
        c = xxh64_round(c, o2p_load_le64(at + 16));
        d = xxh64_round(d, o2p_load_le64(at + 24));
    }
    uint64_t hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    return xxh64_merge(xxh64_merge(xxh64_merge(xxh64_merge(hash, a), b), c), d);
}

uint64_t o2p_xxh64(const void *bytes, size_t size, uint64_t seed)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint64_t hash = size >= 32 ? xxh64_stripes(at, size, seed) : seed + prime5;
    hash += size;
    at += size - size % 32;
    size %= 32;
    for (; size >= 8; at += 8, size -= 8)
        hash = rotate(hash ^ xxh64_round(0, o2p_load_le64(at)), 27) * prime1 + prime4;
    for (; size >= 4; at += 4, size -= 4)
        hash = rotate(hash ^ o2p_load_le32(at) * prime1, 23) * prime2 + prime3;
    for (; size >= 1; at++, size--)
        hash = rotate(hash ^ *at * prime5, 11) * prime1;
    hash = (hash ^ hash >> 33) * prime2;
    hash = (hash ^ hash >> 29) * prime3;
    return hash ^ hash >> 32;
}

/* ---- o2p_hash ------------------------------------------------------------------------------- */

/* Keys without a choice in them: the fractions of the square roots of the primes 2 to 29, 64 bits
 * each. */
static const uint64_t key[10] = {
    0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u,
    0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu, 0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u,
    0xCBBB9D5DC1059ED8u, 0x629A292A367CD507u,
};

static O2P_ALWAYS_INLINE uint64_t mix(uint64_t a, uint64_t b)
{
    o2p_wide product = o2p_multiply(a, b);
    return product.high ^ product.low;
}

/* Mixes 16 bytes as block `n` of 0..3; `chain` is key[2 * n + 1] or the block's predecessor. */
static O2P_ALWAYS_INLINE uint64_t mix_block(const uint8_t *at, unsigned n, uint64_t chain)
{
    return mix(o2p_load_le64(at) ^ key[2 * n], o2p_load_le64(at + 8) ^ chain);
}

static inline uint64_t hash_to_16(const uint8_t *at, size_t size)
{
    uint64_t a = 0, b = 0;
    if (size >= 8) {
        a = o2p_load_le64(at);
        b = o2p_load_le64(at + size - 8);
    } else if (size >= 4) {
        a = o2p_load_le32(at);
        b = o2p_load_le32(at + size - 4);
    } else if (size > 0) {
        a = (uint64_t)at[0] << 16 | (uint64_t)at[size / 2] << 8 | at[size - 1];
    }
    return mix(a ^ key[0], b ^ key[1]);
}

static inline uint64_t hash_17_to_64(const uint8_t *at, size_t size)
{
    const uint8_t *end = at + size;
    uint64_t hash = mix_block(at, 0, key[1]) ^ mix_block(end - 16, 3, key[7]);
    if (size > 32)
        hash ^= mix_block(at + 16, 1, key[3]) ^ mix_block(end - 32, 2, key[5]);
    return hash;
}

static O2P_NOINLINE uint64_t hash_from_65(const uint8_t *at, size_t size)
{
    const uint8_t *last = at + size - 64;
    uint64_t a = key[1], b = key[3], c = key[5], d = key[7];
    for (;; at += 64) {
        if (at > last)
            at = last;
        a = mix_block(at, 0, a);
        b = mix_block(at + 16, 1, b);
        c = mix_block(at + 32, 2, c);
        d = mix_block(at + 48, 3, d);
        if (at == last)
            return a ^ b ^ c ^ d;
    }
}

uint64_t o2p_hash(const void *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint64_t hash;
    if (O2P_LIKELY(size <= 16))
        hash = hash_to_16(at, size);
    else if (O2P_LIKELY(size <= 64))
        hash = hash_17_to_64(at, size);
    else
        hash = hash_from_65(at, size);
    return mix(hash ^ key[8], size ^ key[9]);
}

/* ---- CRC-32 --------------------------------------------------------------------------------- */

/* The tables are made by the preprocessor. A CRC is linear, so the entry of a byte is the XOR of
 * the entries of its bits, and these are powers of x modulo the polynomial: bit b of table k is
 * x^(8k + 39 - b), where the top bit of a number is its coefficient of x^0. The eight numbers given
 * for each table are its bits 0 to 7. Each is the next one times x, that is shifted right, minus
 * the polynomial if a bit falls out; bit 7 of table 0 is x^32, the polynomial itself. */
#define BIT(i, b, power) ((i) >> (b)&1 ? (power) : 0)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                           \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^     \
     BIT(i, 6, g) ^ BIT(i, 7, h))
#define ENTRIES_4(i, ...)                                                                          \
    ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__),               \
        ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__), ENTRIES_4((i) + 8, __VA_ARGS__),   \
        ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                         \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__),                                 \
        ENTRIES_16((i) + 32, __VA_ARGS__), ENTRIES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    {                                                                                              \
        ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__),     \
            ENTRIES_64(192, __VA_ARGS__)                                                           \
    }

static const uint32_t crc_table[8][256] = {
    TABLE(0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832, /* table 0 */
          0x1DB71064, 0x3B6E20C8, 0x76DC4190, 0xEDB88320),
    TABLE(0x191B3141, 0x32366282, 0x646CC504, 0xC8D98A08, /* 1 */
          0x4AC21251, 0x958424A2, 0xF0794F05, 0x3B83984B),
    TABLE(0x01C26A37, 0x0384D46E, 0x0709A8DC, 0x0E1351B8, /* 2 */
          0x1C26A370, 0x384D46E0, 0x709A8DC0, 0xE1351B80),
    TABLE(0xB8BC6765, 0xAA09C88B, 0x8F629757, 0xC5B428EF, /* 3 */
          0x5019579F, 0xA032AF3E, 0x9B14583D, 0xED59B63B),
    TABLE(0x3D6029B0, 0x7AC05360, 0xF580A6C0, 0x30704BC1, /* 4 */
          0x60E09782, 0xC1C12F04, 0x58F35849, 0xB1E6B092),
    TABLE(0xCB5CD3A5, 0x4DC8A10B, 0x9B914216, 0xEC53826D, /* 5 */
          0x03D6029B, 0x07AC0536, 0x0F580A6C, 0x1EB014D8),
    TABLE(0xA6770BB4, 0x979F1129, 0xF44F2413, 0x33EF4E67, /* 6 */
          0x67DE9CCE, 0xCFBD399C, 0x440B7579, 0x8816EAF2),
    TABLE(0xCCAA009E, 0x4225077D, 0x844A0EFA, 0xD3E51BB5, /* 7 */
          0x7CBB312B, 0xF9766256, 0x299DC2ED, 0x533B85DA),
};

/* The CRC, so far without its final complement, with eight bytes more. */
static O2P_ALWAYS_INLINE uint32_t crc_step(uint32_t crc, const uint8_t *at)
{
    uint32_t low = o2p_load_le32(at) ^ crc, high = o2p_load_le32(at + 4);
    return crc_table[7][low & 255] ^ crc_table[6][low >> 8 & 255] ^ crc_table[5][low >> 16 & 255] ^
           crc_table[4][low >> 24] ^ crc_table[3][high & 255] ^ crc_table[2][high >> 8 & 255] ^
           crc_table[1][high >> 16 & 255] ^ crc_table[0][high >> 24];
}

enum { LANE = 4096 };

/* x^(8 * LANE) modulo the polynomial: multiplied by it, a CRC is that of its bytes and a lane of
 * zeros. */
#define PAST_A_LANE 0x09FE548Fu

/* The product of two polynomials modulo the CRC's. */
static uint32_t crc_multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (unsigned i = 0; i < 32; i++) {
        product ^= b & (0 - (a >> (31 - i) & 1));
        b = b >> 1 ^ (0xEDB88320 & (0 - (b & 1)));
    }
    return product;
}

/* Three lanes more. A step waits for the one before; of three lanes at once, it need not. */
static uint32_t crc_lanes(uint32_t crc, const uint8_t *at)
{
    uint32_t a = crc, b = 0, c = 0;
    for (size_t i = 0; i < LANE; i += 8) {
        a = crc_step(a, at + i);
        b = crc_step(b, at + LANE + i);
        c = crc_step(c, at + 2 * LANE + i);
    }
    return crc_multiply(PAST_A_LANE, crc_multiply(PAST_A_LANE, a) ^ b) ^ c;
}

uint32_t o2p_crc32(const void *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint32_t crc = 0xFFFFFFFF;
    for (; size >= 3 * LANE; at += 3 * LANE, size -= 3 * LANE)
        crc = crc_lanes(crc, at);
    for (; size >= 8; at += 8, size -= 8)
        crc = crc_step(crc, at);
    for (; size > 0; at++, size--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *at) & 255];
    return ~crc;
}
