/* statistics.c - see statistics.h. */
#include "statistics.h"

/* ---- cutting ---- */

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Where to cut: the last boundary between code points that is not after `most`. */
static size_t cut_at(const uint8_t *bytes, size_t most, bool text)
{
    size_t cut = most;
    if (text)
        while (cut > 0 && is_continuation(bytes[cut]))
            cut--;
    return cut;
}

static uint32_t decode(const uint8_t *at, size_t size)
{
    uint32_t code = size == 1 ? at[0] : at[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    return code;
}

static size_t encode(uint8_t *at, uint32_t code)
{
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size == 1) {
        at[0] = (uint8_t)code;
        return size;
    }
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        at[i] = (uint8_t)(0x80 | (code & 0x3F));
    at[0] = (uint8_t)((0xF00u >> size) | code);
    return size;
}

/* The next code point that a text may contain: not a surrogate. 0 when there is none. */
static uint32_t next_code(uint32_t code)
{
    if (code >= 0x10FFFF)
        return 0;
    return code == 0xD7FF ? 0xE000 : code + 1;
}

/* Makes of a text the least one of at most `most` bytes that is greater than all that begin
 * with it: the last code point that can be raised is raised, and what follows it dropped. Returns
 * its size, 0 when there is none. Bytewise order is code point order, so a longer encoding is right
 * too. */
static size_t raise_text(uint8_t *text, size_t size, size_t most)
{
    while (size > 0) {
        size_t start = size - 1;
        while (start > 0 && size - start < 4 && is_continuation(text[start]))
            start--;
        uint8_t raised[4];
        uint32_t code = next_code(decode(text + start, size - start));
        size_t raised_size = encode(raised, code);
        if (code != 0 && start + raised_size <= most) {
            memcpy(text + start, raised, raised_size);
            return start + raised_size;
        }
        size = start;
    }
    return 0;
}

static size_t raise_bytes(uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0xFF)
        size--;
    if (size > 0)
        bytes[size - 1]++;
    return size;
}

/* ---- keeping ---- */

static o2p_bound keep(o2p_buffer *out, const uint8_t *bytes, size_t size, bool exact)
{
    o2p_bound bound = {out->size, (uint16_t)size, true, exact};
    o2p_buffer_append(out, bytes, size);
    return bound;
}

static o2p_bound cut_min(o2p_buffer *out, const uint8_t *bytes, size_t most, bool text)
{
    return keep(out, bytes, cut_at(bytes, most, text), false);
}

static o2p_bound cut_max(o2p_buffer *out, const uint8_t *bytes, size_t most, bool text)
{
    uint8_t raised[O2P_BOUND_MOST];
    size_t cut = cut_at(bytes, most, text);
    memcpy(raised, bytes, cut);
    cut = text ? raise_text(raised, cut, most) : raise_bytes(raised, cut);
    if (cut == 0)
        return (o2p_bound){0, 0, false, false};
    return keep(out, raised, cut, false);
}

o2p_range o2p_range_keep(o2p_buffer *bytes, const o2p_bounds *bounds, o2p_value_order order,
                         uint32_t most)
{
    o2p_range range;
    memset(&range, 0, sizeof(range));
    if (order.physical != O2P_PHYSICAL_BYTE_ARRAY)
        most = O2P_BOUND_MOST; /* numbers are whole */
    if (bounds->present) {
        range.min = bounds->min_size <= most ? keep(bytes, bounds->min, bounds->min_size, true)
                                             : cut_min(bytes, bounds->min, most, order.text);
        range.max = bounds->max_size <= most ? keep(bytes, bounds->max, bounds->max_size, true)
                                             : cut_max(bytes, bounds->max, most, order.text);
    }
    return range;
}

/* ---- comparing and merging ---- */

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static double load_double(const uint8_t *at)
{
    uint64_t bits = o2p_load_le64(at);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int compare_doubles(const uint8_t *a, const uint8_t *b)
{
    double x = load_double(a), y = load_double(b);
    return (x > y) - (x < y);
}

static int compare_bytes(const uint8_t *bytes, o2p_bound a, o2p_bound b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = memcmp(bytes + a.at, bytes + b.at, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

int o2p_bound_compare(const uint8_t *bytes, o2p_bound a, o2p_bound b, o2p_value_order order)
{
    switch (order.physical) {
    case O2P_PHYSICAL_INT32:
        return compare_i64((int32_t)o2p_load_le32(bytes + a.at),
                           (int32_t)o2p_load_le32(bytes + b.at));
    case O2P_PHYSICAL_INT64:
        return compare_i64((int64_t)o2p_load_le64(bytes + a.at),
                           (int64_t)o2p_load_le64(bytes + b.at));
    case O2P_PHYSICAL_DOUBLE:
        return compare_doubles(bytes + a.at, bytes + b.at);
    default:
        return compare_bytes(bytes, a, b);
    }
}

/* Whether `candidate` takes the place of `current`, given how the two compare in the direction that
 * widens: positive when candidate lies further out. Equal bounds: an exact one says more. */
static bool replaces(const o2p_bound *current, const o2p_bound *candidate, int further)
{
    return !current->present || further > 0 || (further == 0 && candidate->exact);
}

void o2p_range_merge(o2p_range *range, const o2p_range *page, const uint8_t *bytes,
                     o2p_value_order order)
{
    if (page->min.present) {
        int further =
            range->min.present ? o2p_bound_compare(bytes, range->min, page->min, order) : 1;
        if (replaces(&range->min, &page->min, further))
            range->min = page->min;
    }
    if (page->max.present) {
        int further =
            range->max.present ? o2p_bound_compare(bytes, page->max, range->max, order) : 1;
        if (replaces(&range->max, &page->max, further))
            range->max = page->max;
    }
}

/* ---- writing ---- */

void o2p_bound_write(o2p_thrift *thrift, o2p_bound bound, const uint8_t *bytes)
{
    o2p_thrift_element_binary(thrift, bytes + bound.at, bound.size);
}

static void write_bound(o2p_thrift *thrift, int16_t id, o2p_bound bound, const uint8_t *bytes)
{
    if (bound.present)
        o2p_thrift_binary(thrift, id, bytes + bound.at, bound.size);
}

static void write_exact(o2p_thrift *thrift, int16_t id, o2p_bound bound)
{
    if (bound.present)
        o2p_thrift_bool(thrift, id, bound.exact);
}

void o2p_statistics_write(o2p_thrift *thrift, int16_t id, uint64_t nulls, const o2p_range *range,
                          const uint8_t *bytes)
{
    o2p_thrift_struct(thrift, id);
    o2p_thrift_i64(thrift, 3, (int64_t)nulls);
    write_bound(thrift, 5, range->max, bytes);
    write_bound(thrift, 6, range->min, bytes);
    write_exact(thrift, 7, range->max);
    write_exact(thrift, 8, range->min);
    o2p_thrift_end(thrift);
}
