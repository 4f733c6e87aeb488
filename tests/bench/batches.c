/* batches.c - a server without a network or a disk: requests in, a batch, files out, and what that
 * took.
 *
 *     batches [ROWS] <REQUESTS
 *
 * Whenever the batch has so many rows, and at the end, it is written as files, which are counted
 * and thrown away. Without ROWS that is at the end alone. A request comes with its length before
 * it, 4 bytes, big-endian. One line is printed:
 *
 *   rows=R in=BYTES out=BYTES files=N ms=X.XX peak=BYTES
 *
 * The time is the processor's in the library's calls, and not of reading: the library waits for
 * nothing, so it is what passes, but for what else the machine does. The peak is the most memory
 * that the process ever held, the request that is read included. Where the system does not tell it,
 * it is 0.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "otlp2parquet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONGEST_REQUEST = 64 * 1024 * 1024 };

struct totals {
    uint64_t rows;
    uint64_t in;
    uint64_t out;
    uint64_t files;
    double milliseconds;
};

static uint64_t rows_a_seal = UINT64_MAX;
static struct totals totals;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* The most memory this process has held, in bytes, as Linux tells it. */
static uint64_t peak_memory(void)
{
    char line[256];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoull(line + 6, NULL, 10);
    fclose(file);
    return kilobytes * 1024;
}

/* Reads the next request into `bytes`. 1: read, 0: the end, -1: the input is broken. */
static int read_request(unsigned char *bytes, size_t *size)
{
    unsigned char length[4];
    size_t got = fread(length, 1, sizeof length, stdin);
    if (got < sizeof length)
        return got == 0 ? 0 : -1;
    *size = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
    return *size <= LONGEST_REQUEST && fread(bytes, 1, *size, stdin) == *size ? 1 : -1;
}

/* Writes what the batch holds. It is empty afterwards and may be used again. */
static bool seal(o2p_batch *batch)
{
    o2p_output out = {0};
    double start = now();
    bool good = o2p_batch_finish(batch, &out) == O2P_OK;
    if (!good)
        fprintf(stderr, "batches: %s\n", out.error.message);
    for (size_t i = 0; i < out.file_count; i++) {
        totals.rows += out.files[i].rows;
        totals.out += out.files[i].size;
        totals.files++;
    }
    o2p_output_free(&out);
    totals.milliseconds += now() - start;
    return good;
}

static bool append(o2p_batch *batch, const unsigned char *bytes, size_t size)
{
    o2p_result result;
    double start = now();
    o2p_status status = o2p_batch_append(batch, bytes, size, &result);
    totals.milliseconds += now() - start;
    totals.in += size;
    if (status != O2P_OK)
        fprintf(stderr, "batches: byte %zu: %s: %s\n", result.error.offset, result.error.path,
                result.error.message);
    return status == O2P_OK;
}

static bool run(o2p_batch *batch, unsigned char *bytes)
{
    size_t size = 0;
    int more;
    while ((more = read_request(bytes, &size)) == 1) {
        if (!append(batch, bytes, size))
            return false;
        if (o2p_batch_rows(batch) >= rows_a_seal && !seal(batch))
            return false;
    }
    if (more < 0)
        fputs("batches: the input ends in a request, or is no 4-byte lengths and requests\n",
              stderr);
    return more == 0 && (o2p_batch_rows(batch) == 0 || seal(batch));
}

/* A number of rows above 0. */
static bool set_rows(const char *text)
{
    char *end;
    rows_a_seal = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && rows_a_seal > 0;
}

int main(int argc, char **argv)
{
    o2p_options options = {.size = sizeof options, .path_template = "{table}-{hash}.parquet"};
    if (argc > 2 || (argc == 2 && !set_rows(argv[1]))) {
        fputs("usage: batches [ROWS] <REQUESTS\n", stderr);
        return 2;
    }
    o2p_batch *batch = NULL;
    o2p_error error = {.message = "no memory"};
    unsigned char *bytes = malloc(LONGEST_REQUEST);
    bool good = bytes != NULL && o2p_batch_new(&options, &batch, &error) == O2P_OK;
    if (good)
        good = run(batch, bytes);
    else
        fprintf(stderr, "batches: %s %s\n", error.path, error.message);
    if (good)
        printf("rows=%" PRIu64 " in=%" PRIu64 " out=%" PRIu64 " files=%" PRIu64
               " ms=%.2f peak=%" PRIu64 "\n",
               totals.rows, totals.in, totals.out, totals.files, totals.milliseconds,
               peak_memory());
    o2p_batch_free(batch);
    free(bytes);
    return good ? 0 : 1;
}
