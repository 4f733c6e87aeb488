/* stream.c - many OTLP requests on standard input, few Parquet files in the current folder.
 *
 *     cc stream.c -lotlp2parquet -o stream && ./stream <../telemetry/python_sdk_metrics.pbs
 *
 * A request comes with its length before it, as a varint: 7 bits a byte, the lowest first, the top
 * bit set in all bytes but the last (protobuf's writeDelimitedTo). A request that cannot be read is
 * left out; the batch is as it was before it. Files are written whenever 100,000 rows have come
 * together.
 */
#include <otlp2parquet.h>

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_A_FILE = 100000, LONGEST_REQUEST = 64 * 1024 * 1024 };

/* Reads the next request into `bytes`. 1: read, 0: the end, -1: the input is broken. */
static int read_request(unsigned char *bytes, size_t *size)
{
    int byte = 0x80;
    *size = 0;
    for (unsigned bits = 0; (byte & 0x80) != 0 && bits < 28; bits += 7) {
        byte = getchar();
        if (byte == EOF)
            return bits == 0 ? 0 : -1;
        *size |= (size_t)(byte & 0x7F) << bits;
    }
    if ((byte & 0x80) != 0 || *size > LONGEST_REQUEST)
        return -1;
    return fread(bytes, 1, *size, stdin) == *size ? 1 : -1;
}

static int write_file(const o2p_file *parquet)
{
    FILE *file = fopen(parquet->path, "wb");
    size_t written = file != NULL ? fwrite(parquet->data, 1, parquet->size, file) : 0;
    if (file == NULL || fclose(file) != 0 || written != parquet->size) {
        perror(parquet->path);
        return 1;
    }
    printf("%s: %llu rows\n", parquet->path, (unsigned long long)parquet->rows);
    return 0;
}

/* Writes what the batch holds. It is empty afterwards and may be used again. */
static int write_batch(o2p_batch *batch)
{
    o2p_output out = {0};
    int failed = o2p_batch_finish(batch, &out) != O2P_OK;
    if (failed)
        fprintf(stderr, "%s\n", out.error.message);
    for (size_t i = 0; i < out.file_count; i++)
        failed |= write_file(&out.files[i]);
    o2p_output_free(&out);
    return failed;
}

int main(void)
{
    o2p_options options = {.size = sizeof options};
    options.path_template = "{table}-{time}-{hash}.parquet";
    o2p_batch *batch = NULL;
    size_t size = 0;
    int more = -1;
    int failed = 0;

    unsigned char *bytes = malloc(LONGEST_REQUEST);
    if (bytes == NULL || o2p_batch_new(&options, &batch, NULL) != O2P_OK) {
        free(bytes);
        return 1;
    }
    while (!failed && (more = read_request(bytes, &size)) == 1) {
        o2p_result result;
        if (o2p_batch_append(batch, bytes, size, &result) != O2P_OK)
            fprintf(stderr, "left out: byte %zu: %s: %s\n", result.error.offset, result.error.path,
                    result.error.message);
        if (o2p_batch_rows(batch) >= ROWS_A_FILE)
            failed = write_batch(batch);
    }
    if (!failed)
        failed = write_batch(batch);
    if (more < 0)
        fputs("the input ends in a request, or is not lengths and requests\n", stderr);
    failed |= more < 0;
    o2p_batch_free(batch);
    free(bytes);
    return failed;
}
