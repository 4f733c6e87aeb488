/* pow10.c - see pow10.h.
 *
 * 667 powers would take 10 KiB, so two small tables (624 bytes) are multiplied. With k = 28 i + j
 * and 0 <= j < 28, and all numbers scaled to have their top bit set,
 *
 *   significand of 10^k = significand of 5^k = coarse[i] * fine[j], cut to the upper 128 of its 192
 * bits.
 *
 * fine is exact (5^27 < 2^63); coarse is exact for 5^0 and 5^28 and otherwise cut, that is too
 * small by less than 1. That error is at most doubled by the product, and the second cut adds less
 * than 1: 3 in all. Up to 5^55 < 2^128 nothing is cut. 28 is the largest step with which fine fits
 * 64 bits.
 */
#include "pow10.h"

enum { STEP = 28, COARSE_MIN = -13 };

/* 5^(28 i), scaled to 2^127 <= coarse < 2^128 and cut, for i from COARSE_MIN on. */
static const o2p_wide coarse[25] = {
    {0xE1AFA13AFBD14D6Du, 0x82189C09A3A1EC21u}, /* 5^-364 */
    {0xE3E27A444D8D98B7u, 0xFD1B1B2308169B25u}, /* 5^-336 */
    {0xE61ACF033D1A45DFu, 0x6FB92487298E33BDu}, /* 5^-308 */
    {0xE858AD248F5C22C9u, 0xD1B3400F8F9CFF68u}, /* 5^-280 */
    {0xEA9C227723EE8BCBu, 0x465E15A979C1CADCu}, /* 5^-252 */
    {0xECE53CEC4A314EBDu, 0xA4F8BF5635246428u}, /* 5^-224 */
    {0xEF340A98172AACE4u, 0x86FB897116C87C34u}, /* 5^-196 */
    {0xF18899B1BC3F8CA1u, 0xDC44E6C3CB279AC1u}, /* 5^-168 */
    {0xF3E2F893DEC3F126u, 0x5A89DBA3C3EFCCFAu}, /* 5^-140 */
    {0xF64335BCF065D37Du, 0x4D4617B5FF4A16D5u}, /* 5^-112 */
    {0xF8A95FCF88747D94u, 0x75A44C6397CE912Au}, /* 5^-84 */
    {0xFB158592BE068D2Eu, 0xEED6E2F0F0D56712u}, /* 5^-56 */
    {0xFD87B5F28300CA0Du, 0x8BCA9D6E188853FCu}, /* 5^-28 */
    {0x8000000000000000u, 0x0000000000000000u}, /* 5^0 */
    {0x813F3978F8940984u, 0x4000000000000000u}, /* 5^28 */
    {0x82818F1281ED449Fu, 0xBFF8F10E7A8921A4u}, /* 5^56 */
    {0x83C7088E1AAB65DBu, 0x792667C6DA79E0FAu}, /* 5^84 */
    {0x850FADC09923329Eu, 0x03E2CF6BC604DDB0u}, /* 5^112 */
    {0x865B86925B9BC5C2u, 0x0B8A2392BA45A9B2u}, /* 5^140 */
    {0x87AA9AFF79042286u, 0x90FB44D2F05D0842u}, /* 5^168 */
    {0x88FCF317F22241E2u, 0x441FECE3BDF81F03u}, /* 5^196 */
    {0x8A5296FFE33CC92Fu, 0x82BD6B70D99AAA6Fu}, /* 5^224 */
    {0x8BAB8EEFB6409C1Au, 0x1AD089B6C2F7548Eu}, /* 5^252 */
    {0x8D07E33455637EB2u, 0xDB0B487B6423E1E8u}, /* 5^280 */
    {0x8E679C2F5E44FF8Fu, 0x570F09EAA7EA7648u}, /* 5^308 */
};

/* 5^j, scaled to 2^63 <= fine < 2^64. */
static const uint64_t fine[STEP] = {
    0x8000000000000000u, 0xA000000000000000u,
    0xC800000000000000u, 0xFA00000000000000u, /* 5^0..3 */
    0x9C40000000000000u, 0xC350000000000000u,
    0xF424000000000000u, 0x9896800000000000u, /* 5^4..7 */
    0xBEBC200000000000u, 0xEE6B280000000000u,
    0x9502F90000000000u, 0xBA43B74000000000u, /* 5^8..11 */
    0xE8D4A51000000000u, 0x9184E72A00000000u,
    0xB5E620F480000000u, 0xE35FA931A0000000u, /* 5^12..15 */
    0x8E1BC9BF04000000u, 0xB1A2BC2EC5000000u,
    0xDE0B6B3A76400000u, 0x8AC7230489E80000u, /* 5^16..19 */
    0xAD78EBC5AC620000u, 0xD8D726B7177A8000u,
    0x878678326EAC9000u, 0xA968163F0A57B400u, /* 5^20..23 */
    0xD3C21BCECCEDA100u, 0x84595161401484A0u,
    0xA56FA5B99019A5C8u, 0xCECB8F27F4200F3Au, /* 5^24..27 */
};

o2p_wide o2p_pow10(int k)
{
    O2P_ASSERT(k >= O2P_POW10_MIN && k <= O2P_POW10_MAX);
    unsigned place = (unsigned)(k - STEP * COARSE_MIN);
    const o2p_wide *c = &coarse[place / STEP];
    o2p_wide upper = o2p_multiply(c->high, fine[place % STEP]);
    o2p_wide lower = o2p_multiply(c->low, fine[place % STEP]);
    uint64_t middle = upper.low + lower.high;
    uint64_t high = upper.high + (middle < upper.low);
    if (high >> 63 == 0) { /* the product of two numbers of 1..2 is 1..4: one bit more, or not */
        high = high << 1 | middle >> 63;
        middle = middle << 1 | lower.low >> 63;
    }
    return (o2p_wide){high, middle};
}
