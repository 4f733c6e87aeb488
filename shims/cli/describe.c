/* describe.c - see describe.h. Values are little-endian but for decimals in byte arrays. */
#include "cli.h"
#include "describe.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Physical types. */
enum { BOOLEAN = 0, INT32 = 1, INT64 = 2, INT96 = 3, FLOAT = 4, DOUBLE = 5 };

/* Converted types, which logical types have replaced. */
enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_MAP = 1,
    CONVERTED_MAP_KEY_VALUE = 2,
    CONVERTED_LIST = 3,
    CONVERTED_ENUM = 4,
    CONVERTED_DECIMAL = 5,
    CONVERTED_DATE = 6,
    CONVERTED_TIME_MILLIS = 7,
    CONVERTED_TIME_MICROS = 8,
    CONVERTED_TIMESTAMP_MILLIS = 9,
    CONVERTED_TIMESTAMP_MICROS = 10,
    CONVERTED_UINT_8 = 11,
    CONVERTED_UINT_64 = 14,
    CONVERTED_INT_8 = 15,
    CONVERTED_INT_64 = 18,
    CONVERTED_JSON = 19,
    CONVERTED_BSON = 20
};

static void put_name(FILE *out, const char *const *names, size_t count, int64_t number)
{
    if (number >= 0 && number < (int64_t)count && names[number] != NULL)
        fputs(names[number], out);
    else
        fprintf(out, "%" PRId64, number);
}

#define PUT_NAME(out, names, number) put_name(out, names, sizeof(names) / sizeof *(names), number)

void describe_type(FILE *out, int64_t type)
{
    static const char *const names[] = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                        "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"};
    PUT_NAME(out, names, type);
}

void describe_codec(FILE *out, int64_t codec)
{
    static const char *const names[] = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO",
                                        "BROTLI",       "LZ4",    "ZSTD", "LZ4_RAW"};
    PUT_NAME(out, names, codec);
}

void describe_encodings(FILE *out, uint64_t encodings, const char *before, const char *between,
                        const char *after)
{
    static const char *const names[] = {"PLAIN",
                                        NULL,
                                        "PLAIN_DICTIONARY",
                                        "RLE",
                                        "BIT_PACKED",
                                        "DELTA_BINARY_PACKED",
                                        "DELTA_LENGTH_BYTE_ARRAY",
                                        "DELTA_BYTE_ARRAY",
                                        "RLE_DICTIONARY",
                                        "BYTE_STREAM_SPLIT"};
    bool first = true;
    for (int64_t i = 0; i < 64; i++) {
        if ((encodings >> i & 1) == 0)
            continue;
        fputs(first ? "" : between, out);
        fputs(before, out);
        PUT_NAME(out, names, i);
        fputs(after, out);
        first = false;
    }
}

void describe_repetition(FILE *out, int64_t repetition)
{
    static const char *const names[] = {"required", "optional", "repeated"};
    PUT_NAME(out, names, repetition);
}

/* ---- logical types ------------------------------------------------------------------------- */

static struct footer_logical time_like(int32_t kind, int32_t unit)
{
    return (struct footer_logical){.kind = kind, .unit = unit, .utc = true};
}

/* INT_8 to INT_64 and UINT_8 to UINT_64: the power of two grows by one from each to the next. */
static struct footer_logical integer(int64_t steps, bool is_signed)
{
    return (struct footer_logical){
        .kind = FOOTER_LOGICAL_INTEGER, .bits = 8 << steps, .is_signed = is_signed};
}

/* The logical type of a node: its own, or the one its converted type stands for. */
static struct footer_logical logical_of(const struct footer_node *node)
{
    int64_t converted = node->converted.present ? node->converted.value : -1;
    if (node->logical.kind != FOOTER_LOGICAL_NONE)
        return node->logical;
    if (converted >= CONVERTED_UINT_8 && converted <= CONVERTED_UINT_64)
        return integer(converted - CONVERTED_UINT_8, false);
    if (converted >= CONVERTED_INT_8 && converted <= CONVERTED_INT_64)
        return integer(converted - CONVERTED_INT_8, true);
    switch (converted) {
    case CONVERTED_UTF8:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_STRING};
    case CONVERTED_MAP:
    case CONVERTED_MAP_KEY_VALUE:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_MAP};
    case CONVERTED_LIST:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_LIST};
    case CONVERTED_ENUM:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_ENUM};
    case CONVERTED_DECIMAL:
        return (struct footer_logical){
            .kind = FOOTER_LOGICAL_DECIMAL, .scale = node->scale, .precision = node->precision};
    case CONVERTED_DATE:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_DATE};
    case CONVERTED_TIME_MILLIS:
        return time_like(FOOTER_LOGICAL_TIME, FOOTER_MILLIS);
    case CONVERTED_TIME_MICROS:
        return time_like(FOOTER_LOGICAL_TIME, FOOTER_MICROS);
    case CONVERTED_TIMESTAMP_MILLIS:
        return time_like(FOOTER_LOGICAL_TIMESTAMP, FOOTER_MILLIS);
    case CONVERTED_TIMESTAMP_MICROS:
        return time_like(FOOTER_LOGICAL_TIMESTAMP, FOOTER_MICROS);
    case CONVERTED_JSON:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_JSON};
    case CONVERTED_BSON:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_BSON};
    default:
        return (struct footer_logical){.kind = FOOTER_LOGICAL_NONE};
    }
}

void describe_logical(FILE *out, const struct footer_node *node)
{
    static const char *const names[] = {"",        "STRING",  "MAP",      "LIST",      "ENUM",
                                        "DECIMAL", "DATE",    "TIME",     "TIMESTAMP", NULL,
                                        "INTEGER", "UNKNOWN", "JSON",     "BSON",      "UUID",
                                        "FLOAT16", "VARIANT", "GEOMETRY", "GEOGRAPHY"};
    static const char *const units[] = {NULL, "MILLIS", "MICROS", "NANOS"};
    struct footer_logical logical = logical_of(node);
    PUT_NAME(out, names, logical.kind);
    if (logical.kind == FOOTER_LOGICAL_DECIMAL)
        fprintf(out, "(%" PRId32 ", %" PRId32 ")", logical.precision, logical.scale);
    if (logical.kind == FOOTER_LOGICAL_INTEGER)
        fprintf(out, "(%" PRId32 ", %s)", logical.bits, logical.is_signed ? "signed" : "unsigned");
    if (logical.kind == FOOTER_LOGICAL_TIME || logical.kind == FOOTER_LOGICAL_TIMESTAMP) {
        fputc('(', out);
        PUT_NAME(out, units, logical.unit);
        fputs(logical.utc ? ", UTC)" : ", local)", out);
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static uint64_t little_endian(struct footer_bytes value)
{
    uint64_t bits = 0;
    for (size_t i = value.size; i > 0; i--)
        bits = bits << 8 | value.bytes[i - 1];
    return bits;
}

static int64_t as_signed(uint64_t bits, size_t size)
{
    int64_t number;
    if (size == 4 && bits >> 31 != 0)
        bits |= UINT64_C(0xFFFFFFFF00000000);
    memcpy(&number, &bits, sizeof number);
    return number;
}

static value_form put_hex(FILE *out, struct footer_bytes value)
{
    fputs("0x", out);
    for (size_t i = 0; i < value.size; i++)
        fprintf(out, "%02x", value.bytes[i]);
    return VALUE_TEXT;
}

static value_form put_uuid(FILE *out, struct footer_bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", value.bytes[i]);
    return VALUE_TEXT;
}

/* The shortest of the forms that read back to the same number: 15 digits are always exact in
 * decimal, 17 always enough to tell doubles apart (6 and 9 for floats). */
static value_form put_real(FILE *out, double number, bool is_float)
{
    char text[40];
    if (isnan(number) || isinf(number)) {
        fputs(isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity", out);
        return VALUE_TEXT;
    }
    for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        double back = strtod(text, NULL);
        if (is_float ? (float)back == (float)number : back == number)
            break;
    }
    fputs(text, out);
    return VALUE_NUMBER;
}

static value_form put_float(FILE *out, struct footer_bytes value)
{
    uint32_t bits = (uint32_t)little_endian(value);
    float number;
    memcpy(&number, &bits, sizeof number);
    return put_real(out, (double)number, true);
}

static value_form put_double(FILE *out, struct footer_bytes value)
{
    uint64_t bits = little_endian(value);
    double number;
    memcpy(&number, &bits, sizeof number);
    return put_real(out, number, false);
}

/* `digits`, least significant first, with the point `scale` places from the right. */
static void put_digits(FILE *out, const char *digits, size_t count, bool negative, size_t scale)
{
    if (negative)
        fputc('-', out);
    for (size_t i = count > scale ? count : scale + 1; i > 0; i--) {
        fputc(i <= count ? digits[i - 1] : '0', out);
        if (i == scale + 1 && scale > 0)
            fputc('.', out);
    }
}

/* A decimal: the integer in `bytes` (big-endian, two's complement), scaled. 32 bytes are more than
 * any engine's decimals have. */
static value_form put_decimal(FILE *out, const uint8_t *bytes, size_t size, int32_t scale)
{
    enum { MOST_BYTES = 32, MOST_DIGITS = 80, MOST_SCALE = 100 };
    uint8_t magnitude[MOST_BYTES];
    char digits[MOST_DIGITS];
    size_t count = 0;
    bool negative = size > 0 && (bytes[0] & 0x80) != 0;
    unsigned carry = negative;
    if (size == 0 || size > MOST_BYTES || scale < 0 || scale > MOST_SCALE)
        return put_hex(out, (struct footer_bytes){bytes, size});
    for (size_t i = size; i > 0; i--) {
        carry += negative ? (uint8_t)~bytes[i - 1] : bytes[i - 1];
        magnitude[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    for (bool more = true; more; count++) { /* long division by ten: a digit a round */
        unsigned rest = 0;
        more = false;
        for (size_t i = 0; i < size; i++) {
            rest = rest << 8 | magnitude[i];
            magnitude[i] = (uint8_t)(rest / 10);
            rest %= 10;
            more = more || magnitude[i] != 0;
        }
        digits[count] = (char)('0' + rest);
    }
    put_digits(out, digits, count, negative, (size_t)scale);
    return VALUE_TEXT;
}

/* A decimal stored as an INT32 or INT64: its bytes the other way round. */
static value_form put_small_decimal(FILE *out, struct footer_bytes value, int32_t scale)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < value.size; i++)
        bytes[i] = value.bytes[value.size - 1 - i];
    return put_decimal(out, bytes, value.size, scale);
}

/* Units a second, and the digits that takes. */
static int64_t per_second(int32_t unit, int *digits)
{
    *digits = unit == FOOTER_MILLIS ? 3 : unit == FOOTER_MICROS ? 6 : 9;
    return unit == FOOTER_MILLIS ? 1000 : unit == FOOTER_MICROS ? 1000000 : 1000000000;
}

static value_form put_time(FILE *out, int64_t number, int32_t unit)
{
    int digits;
    int64_t second = per_second(unit, &digits);
    int64_t seconds = number / second;
    if (number < 0 || seconds > 86400) {
        fprintf(out, "%" PRId64, number);
        return VALUE_NUMBER;
    }
    fprintf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%0*" PRId64, seconds / 3600,
            seconds / 60 % 60, seconds % 60, digits, number % second);
    return VALUE_TEXT;
}

static value_form put_date(FILE *out, int64_t days)
{
    struct tm date;
    char text[40];
    bool is_day = days >= INT32_MIN && days <= INT32_MAX;
    time_t seconds = is_day ? (time_t)(days * 86400) : 0;
    if (!is_day || (int64_t)seconds / 86400 != days || gmtime_r(&seconds, &date) == NULL) {
        fprintf(out, "%" PRId64, days);
        return VALUE_NUMBER;
    }
    strftime(text, sizeof text, "%Y-%m-%d", &date);
    fputs(text, out);
    return VALUE_TEXT;
}

static value_form put_timestamp(FILE *out, int64_t number, int32_t unit, bool utc)
{
    struct tm date;
    char text[40];
    int digits;
    int64_t second = per_second(unit, &digits);
    int64_t fraction = number % second;
    int64_t whole = number / second - (fraction < 0);
    time_t seconds = (time_t)whole;
    fraction += fraction < 0 ? second : 0;
    if ((int64_t)seconds != whole || gmtime_r(&seconds, &date) == NULL) {
        fprintf(out, "%" PRId64, number);
        return VALUE_NUMBER;
    }
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &date);
    fprintf(out, "%s.%0*" PRId64 "%s", text, digits, fraction, utc ? "Z" : "");
    return VALUE_TEXT;
}

static value_form put_integer(FILE *out, const struct footer_logical *logical,
                              struct footer_bytes value)
{
    uint64_t bits = little_endian(value);
    int64_t number = as_signed(bits, value.size);
    switch (logical->kind) {
    case FOOTER_LOGICAL_DATE:
        return put_date(out, number);
    case FOOTER_LOGICAL_TIME:
        return put_time(out, number, logical->unit);
    case FOOTER_LOGICAL_TIMESTAMP:
        return put_timestamp(out, number, logical->unit, logical->utc);
    case FOOTER_LOGICAL_DECIMAL:
        return put_small_decimal(out, value, logical->scale);
    case FOOTER_LOGICAL_INTEGER:
        if (!logical->is_signed) {
            fprintf(out, "%" PRIu64, bits);
            return VALUE_NUMBER;
        }
        break;
    default:
        break;
    }
    fprintf(out, "%" PRId64, number);
    return VALUE_NUMBER;
}

static value_form put_bytes(FILE *out, const struct footer_logical *logical,
                            struct footer_bytes value)
{
    switch (logical->kind) {
    case FOOTER_LOGICAL_STRING:
    case FOOTER_LOGICAL_ENUM:
    case FOOTER_LOGICAL_JSON:
        fwrite(value.bytes, 1, value.size, out);
        return VALUE_TEXT;
    case FOOTER_LOGICAL_DECIMAL:
        return put_decimal(out, value.bytes, value.size, logical->scale);
    case FOOTER_LOGICAL_UUID:
        return value.size == 16 ? put_uuid(out, value) : put_hex(out, value);
    default:
        return put_hex(out, value);
    }
}

value_form describe_value(FILE *out, const struct footer_node *leaf, struct footer_bytes value)
{
    static const size_t sizes[] = {1, 4, 8, 12, 4, 8}; /* by physical type; the others vary */
    struct footer_logical logical = logical_of(leaf);
    int64_t type = leaf->type.value;
    if (type < 0 || type > DOUBLE)
        return put_bytes(out, &logical, value);
    if (value.size != sizes[type] || type == INT96)
        return put_hex(out, value);
    if (type == BOOLEAN) {
        fputs(value.bytes[0] != 0 ? "true" : "false", out);
        return VALUE_NUMBER;
    }
    if (type == FLOAT)
        return put_float(out, value);
    return type == DOUBLE ? put_double(out, value) : put_integer(out, &logical, value);
}
