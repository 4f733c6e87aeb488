/* bench.c - `otlp2parquet bench`: how long the library takes, measured inside one process.
 *
 * A measurement is one otlp_to_parquet and its release, of bytes that are in memory already, with
 * one file a table. The first conversion is not measured: it pays for page faults and cold caches.
 * The least time is the one that says most about the code, the median what a caller sees.
 */
#include "cli.h"
#include "options.h"
#include "request.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static struct {
    uint64_t repeat;
} flags = {.repeat = 20};

static const struct flag bench_flags[] = {INPUT_FLAGS{"repeat", "N",
                                                      "conversions that are timed (default: 20)",
                                                      FLAG_NUMBER, &flags.repeat, NULL},
                                          FILE_FLAGS};

struct measurement {
    double milliseconds;
    uint64_t rows;
    uint64_t bytes;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Converts once. False: the error has been printed. */
static bool measure(const char *name, const struct input_request *request,
                    const o2p_options *options, struct measurement *result)
{
    o2p_output output = {.options = options};
    *result = (struct measurement){0};
    double start = now();
    o2p_status status = otlp_to_parquet(request->bytes, request->size, &output);
    if (status != O2P_OK) {
        struct reason reason = reason_of(name, request, &output.error);
        request_complain(&reason, request, output.encoding);
    }
    for (size_t i = 0; i < output.file_count; i++) {
        result->rows += output.files[i].rows;
        result->bytes += output.files[i].size;
    }
    o2p_output_free(&output);
    result->milliseconds = now() - start;
    return status == O2P_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int bench_request(const char *name, const struct input_request *request,
                         const o2p_options *options)
{
    size_t repeat = (size_t)flags.repeat;
    struct measurement result;
    if (!measure(name, request, options, &result))
        return STATUS_INPUT;
    double *times = must_allocate(repeat * sizeof *times);
    for (size_t i = 0; i < repeat; i++) {
        if (!measure(name, request, options, &result)) {
            free(times);
            return STATUS_RESOURCE; /* it went well the first time */
        }
        times[i] = result.milliseconds;
    }
    qsort(times, repeat, sizeof *times, by_size);
    double median = (times[(repeat - 1) / 2] + times[repeat / 2]) / 2;
    printf("rows=%" PRIu64 " in=%zu out=%" PRIu64 " min=%.2fms med=%.2fms\n", result.rows,
           request->size, result.bytes, times[0], median);
    free(times);
    return STATUS_OK;
}

static int run_bench(char **operands, size_t count)
{
    enum { MOST_REPEATS = 1000000 };
    struct input input;
    struct input_request request;
    if (count != 1)
        return args_refuse("bench", "exactly one FILE is needed");
    if (flags.repeat > MOST_REPEATS)
        return args_refuse("bench", "--repeat is at most 1000000");
    o2p_options options;
    if (!options_of_flags("bench", &options))
        return STATUS_USAGE;
    options.path_template = ONE_FILE_TEMPLATE;
    if (!options_are_good("bench", &options))
        return STATUS_USAGE;
    if (!input_open(&input, operands[0]))
        return STATUS_INPUT;
    int status = STATUS_INPUT;
    if (input_whole(&input, &request) == INPUT_REQUEST)
        status = bench_request(input.name, &request, &options);
    input_close(&input);
    return status;
}

const struct command bench_command = {
    "bench",
    "[FLAGS] FILE",
    "time the conversion of one file",
    "Converts FILE, a request in protobuf or JSON, or JSON lines, over and over, in memory,\n"
    "and prints one line:\n"
    "\n"
    "  rows=R in=B out=B min=X.XXms med=X.XXms\n"
    "\n"
    "R rows, bytes in and bytes of Parquet out (one file a table), and the least and the\n"
    "median time of a conversion. One more conversion comes first and is not timed.\n",
    bench_flags,
    sizeof bench_flags / sizeof *bench_flags,
    run_bench,
};
