/* page_decoder.h - the decoders of the codecs' own libraries, by CompressionCodec of
 * parquet.thrift.
 */
#ifndef O2P_TESTS_PAGE_DECODER_H
#define O2P_TESTS_PAGE_DECODER_H

#include <stddef.h>
#include <stdint.h>

/* Decompresses a page. Returns its size; what is wrong, or larger than `room`, fails the running
 * cmocka test, and so do bytes behind the page's end. */
size_t page_decode(int64_t codec, const uint8_t *bytes, size_t size, uint8_t *out, size_t room);

#endif
