/* metrics.h - what the server counts, and its Prometheus text. Names follow the Collector's where
 * it has one. Counters are single words that any thread adds to.
 */
#ifndef O2P_SERVER_METRICS_H
#define O2P_SERVER_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/otlp2parquet.h"

/* X(name in C, name in Prometheus, type, help) */
#define METRICS(X)                                                                                 \
    X(accepted_log_records, "otelcol_receiver_accepted_log_records_total", "counter",              \
      "Log records acknowledged.")                                                                 \
    X(accepted_spans, "otelcol_receiver_accepted_spans_total", "counter", "Spans acknowledged.")   \
    X(accepted_metric_points, "otelcol_receiver_accepted_metric_points_total", "counter",          \
      "Metric points acknowledged.")                                                               \
    X(refused_records, "otlp2parquet_rejected_records_total", "counter",                           \
      "Records left out of requests that were otherwise accepted (partial success).")              \
    X(accepted_requests, "otlp2parquet_accepted_requests_total", "counter",                        \
      "Requests acknowledged.")                                                                    \
    X(repeated_requests, "otlp2parquet_repeated_requests_total", "counter",                        \
      "Requests acknowledged and not kept, because they had been before.")                         \
    X(bad_requests, "otlp2parquet_bad_requests_total", "counter",                                  \
      "Requests refused for what they are: 4xx other than 429.")                                   \
    X(busy_requests, "otlp2parquet_busy_requests_total", "counter",                                \
      "Requests refused because the server could not take them now: 429 and 5xx.")                 \
    X(received_bytes, "otlp2parquet_received_bytes_total", "counter",                              \
      "Bytes of bodies as they came.")                                                             \
    X(failed_handshakes, "otlp2parquet_failed_handshakes_total", "counter",                        \
      "TLS handshakes that came to no connection.")                                                \
    X(connections, "otlp2parquet_connections", "gauge", "Connections open now.")                   \
    X(pending_bytes, "otlp2parquet_pending_bytes", "gauge",                                        \
      "Memory of requests that are not acknowledged yet.")                                         \
    X(log_syncs, "otlp2parquet_log_syncs_total", "counter",                                        \
      "Groups of requests brought to the disk together.")                                          \
    X(log_bytes, "otlp2parquet_log_bytes_total", "counter", "Bytes written to the log.")           \
    X(log_failures, "otlp2parquet_log_failures_total", "counter",                                  \
      "Segments given up because the log could not be written.")                                   \
    X(log_damaged_bytes, "otlp2parquet_log_damaged_bytes_total", "counter",                        \
      "Bytes of the log that could not be read again.")                                            \
    X(unsaved_segments, "otlp2parquet_unsaved_segments_total", "counter",                          \
      "Failed tries to save which requests a segment holds, to know them when they come again.")   \
    X(unread_segments, "otlp2parquet_unread_segments", "gauge",                                    \
      "Segments of the log that cannot be read now; each is tried again.")                         \
    X(replayed_requests, "otlp2parquet_replayed_requests_total", "counter",                        \
      "Requests read again from the log.")                                                         \
    X(batch_bytes, "otlp2parquet_batch_bytes", "gauge",                                            \
      "Memory of batches: open, waiting, and not yet written as files.")                           \
    X(sealed_waiting, "otlp2parquet_sealed_batches_waiting", "gauge",                              \
      "Batches that wait to be stored or are being stored.")                                       \
    X(stored_files, "otlp2parquet_stored_files_total", "counter", "Parquet files stored.")         \
    X(stored_bytes, "otlp2parquet_stored_bytes_total", "counter", "Bytes of these files.")         \
    X(stored_rows, "otlp2parquet_stored_rows_total", "counter", "Rows of these files.")            \
    X(store_failures, "otlp2parquet_store_failures_total", "counter",                              \
      "Failed tries to store a file; each is tried again.")                                        \
    X(set_aside, "otlp2parquet_set_aside_segments_total", "counter",                               \
      "Segments of the log kept for a person to look at.")

typedef struct metrics {
#define X(name, prometheus, type, help) atomic_uint_fast64_t name;
    METRICS(X)
#undef X
} metrics;

static inline void count_up(atomic_uint_fast64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static inline void count_down(atomic_uint_fast64_t *gauge, uint64_t by)
{
    atomic_fetch_sub_explicit(gauge, by, memory_order_relaxed);
}

static inline uint64_t count_of(atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Adds `records` to what was accepted of `signal`. */
void metrics_accept(metrics *all, o2p_signal signal, uint64_t records);

/* Adds `bytes` to pending_bytes unless that would pass `most`. */
int metrics_reserve(metrics *all, uint64_t bytes, uint64_t most);

/* Makes what a batch counts in batch_bytes, `*counted`, what it holds now; NULL: nothing. */
void metrics_count_batch(metrics *all, const o2p_batch *batch, uint64_t *counted);

/* The Prometheus text, to be freed; NULL when there is no memory. */
char *metrics_text(metrics *all, size_t *size);

#endif
