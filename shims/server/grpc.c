/* grpc.c - see grpc.h. */
#include "server.h"
#include "grpc.h"

#include <string.h>
#include <strings.h>

bool grpc_is_type(const char *content_type)
{
    static const char name[] = "application/grpc";
    size_t length = strcspn(content_type, "; \t");
    if (strncasecmp(content_type, name, sizeof name - 1) != 0)
        return false;
    return length == sizeof name - 1 ||
           (length == sizeof name + 5 &&
            strncasecmp(content_type + sizeof name - 1, "+proto", 6) == 0);
}

uint64_t grpc_length(const uint8_t *prefix)
{
    return (uint64_t)prefix[1] << 24 | (uint64_t)prefix[2] << 16 | (uint64_t)prefix[3] << 8 |
           prefix[4];
}

const char *grpc_unframe(const uint8_t *body, size_t size, bool encoding_named, bool *compressed)
{
    if (size < GRPC_PREFIX)
        return "the message is cut short";
    if (body[0] > 1)
        return "the flag before the message is neither 0 nor 1";
    *compressed = body[0] == 1;
    if (*compressed && !encoding_named)
        return "the message is compressed, and no grpc-encoding says how";
    if (grpc_length(body) != size - GRPC_PREFIX)
        return "the length before the message is not that of the message";
    return NULL;
}

void grpc_message(const char *text, char *out, size_t capacity)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    for (; *text != '\0' && used + 4 <= capacity; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte < 0x7f && byte != '%')
            out[used++] = (char)byte;
        else {
            out[used++] = '%';
            out[used++] = digits[byte >> 4];
            out[used++] = digits[byte & 15];
        }
    }
    out[used] = '\0';
}

size_t grpc_details(const reply *status, char *out, size_t capacity)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t used = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    if ((status->size * 8 + 5) / 6 > capacity)
        return 0;
    for (size_t i = 0; i < status->size; i++) {
        bits = bits << 8 | (uint8_t)status->bytes[i];
        for (count += 8; count >= 6; count -= 6)
            out[used++] = digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        out[used++] = digits[bits << (6 - count) & 63];
    return used;
}
