/* fuzz_lines.c - any text as JSON lines.
 *
 * Each line is also read alone, as JSON. The whole is their sum: without skip_bad_lines it fails as
 * the first line that does, with its number and where it is; with it, what is kept is what a batch
 * keeps that is given the good lines one by one, so a bad line leaves no trace: [15]. Input:
 *
 *   byte 0   & 3: signal
 *   byte 1   options: see options_of
 *   ...      text
 */
#include "common.h"

/* What the lines came to, each by itself. */
typedef struct sum {
    o2p_batch *batch; /* the good ones */
    o2p_counts counts;
    o2p_signal signal;   /* of the first good one */
    o2p_error bad;       /* the first bad one's */
    o2p_error rejection; /* the first bad one's, or that of the first that leaves a record out */
} sum;

static void add_counts(o2p_counts *total, const o2p_counts *more)
{
    total->accepted += more->accepted;
    total->rejected += more->rejected;
    total->invalid_utf8 += more->invalid_utf8;
    total->duplicate_keys += more->duplicate_keys;
    total->unknown_fields += more->unknown_fields;
    total->empty_metrics += more->empty_metrics;
    total->empty_groups += more->empty_groups;
}

/* Keeps the first error there is, as one of the whole text. */
static void keep_first(o2p_error *first, const o2p_error *error, size_t at, uint64_t line)
{
    if (first->status != O2P_OK || error->status == O2P_OK)
        return;
    *first = *error;
    first->offset += at;
    first->line = line;
}

static void add_line(sum *s, const uint8_t *data, size_t at, size_t size, uint64_t line)
{
    o2p_result result;
    if (o2p_batch_append(s->batch, data + at, size, &result) == O2P_OK) {
        add_counts(&s->counts, &result.counts);
        s->signal = s->signal == O2P_SIGNAL_AUTO ? result.signal : s->signal;
        keep_first(&s->rejection, &result.rejection, at, line);
    } else {
        s->counts.bad_lines++;
        keep_first(&s->bad, &result.error, at, line);
        keep_first(&s->rejection, &result.error, at, line);
    }
}

static bool is_blank(const uint8_t *data, size_t size)
{
    while (size > 0 && memchr(" \t\r", data[size - 1], 3) != NULL)
        size--;
    return size == 0;
}

static void add_lines(sum *s, const uint8_t *data, size_t size)
{
    uint64_t line = 1;
    for (size_t at = 0, length; at < size; at += length + 1, line++) {
        const uint8_t *feed = (const uint8_t *)memchr(data + at, '\n', size - at);
        length = feed == NULL ? size - at : (size_t)(feed - data) - at;
        if (!is_blank(data + at, length))
            add_line(s, data, at, length, line);
    }
}

/* The call that leaves bad lines out. */
static void check_skipping(const sum *s, const uint8_t *data, size_t size, o2p_options options)
{
    o2p_output whole = {.options = &options}, lines = {0};
    options.skip_bad_lines = true;
    otlp_to_parquet(data, size, &whole);
    check_output(&whole, data, size);
    CHECK(whole.error.status == O2P_OK, "15");
    CHECK(o2p_batch_finish(s->batch, &lines) == O2P_OK, "15");
    check_same_counts(&whole.counts, &s->counts, "15");
    check_same_error(&whole.rejection, &s->rejection, "15");
    CHECK(options.signal != O2P_SIGNAL_AUTO || whole.signal == s->signal, "15");
    check_same_files(&whole, &lines, "15");
    o2p_output_free(&whole);
    o2p_output_free(&lines);
}

/* The call that fails with the first bad line. */
static void check_strict(const sum *s, const uint8_t *data, size_t size, const o2p_options *options)
{
    o2p_output whole = {.options = options};
    otlp_to_parquet(data, size, &whole);
    check_output(&whole, data, size);
    check_same_error(&whole.error, &s->bad, "15");
    if (s->bad.status == O2P_OK)
        check_same_error(&whole.rejection, &s->rejection, "15");
    o2p_output_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    o2p_signal signal = (o2p_signal)(data[0] & 3);
    o2p_options options = options_of(data[1], signal, O2P_ENCODING_JSON);
    sum s = {.bad.message = "", .rejection.message = ""};
    CHECK(o2p_batch_new(&options, &s.batch, NULL) == O2P_OK, "15");
    add_lines(&s, data + 2, size - 2);
    options.encoding = O2P_ENCODING_JSON_LINES;
    check_strict(&s, data + 2, size - 2, &options);
    check_skipping(&s, data + 2, size - 2, options);
    o2p_batch_free(s.batch);
    return 0;
}
