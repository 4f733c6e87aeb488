"""Choices of options that change what files look like, and what they are tried on.

Each of the choices below is a set of flags. Together they try every pair of values of every two options
(test_choices shows that they do), with the sizes so small that samples have many row groups and pages.
"""

from dataclasses import dataclass

# Columns of every kind that may have a bloom filter: ids and text, nullable and not, of rows and of resources,
# with names that are members of a list.
BLOOM_COLUMNS = (
    "TraceId,SpanId,ServiceName,Body,SpanName,MetricName,Links.TraceId,Links.TraceState,Events.Name,Exemplars.SpanId"
)
SMALL = {"row-group-rows": 40, "row-group-bytes": 20_000, "page-rows": 7, "page-bytes": 300, "dictionary-bytes": 200}
SHORT_BOUNDS = 5


@dataclass(frozen=True)
class Choice:
    name: str
    ids: str
    timestamps: str
    codec: str
    order: str
    small: bool  # parts, and bounds
    blooms: bool

    @property
    def flags(self):
        given = {"ids": self.ids, "timestamps": self.timestamps, "codec": self.codec, "order": self.order}
        if self.small:
            given |= {**SMALL, "statistics-bytes": SHORT_BOUNDS}
        if self.blooms:
            given |= {"bloom-columns": BLOOM_COLUMNS, "bloom-fpp": 0.001}
        return [f"--{name}={value}" for name, value in given.items()]

    @property
    def values(self):
        return self.ids, self.timestamps, self.codec, self.order, self.small, self.blooms

    @property
    def exact_bytes(self):
        return SHORT_BOUNDS if self.small else 64


CHOICES = [
    Choice("all_default", "hex", "micros", "snappy", "clustered", False, False),
    Choice("binary_nanos", "binary", "nanos", "snappy", "clustered", True, True),
    Choice("binary_plain", "binary", "micros", "none", "received", False, True),
    Choice("nanos_plain", "hex", "nanos", "none", "clustered", False, True),
    Choice("hex_received", "hex", "micros", "snappy", "received", True, True),
    Choice("binary_nanos_received", "binary", "nanos", "snappy", "received", False, False),
    Choice("small_plain", "hex", "micros", "none", "clustered", True, False),
    Choice("all_other", "binary", "nanos", "none", "received", True, False),
    Choice("nanos_received", "hex", "nanos", "snappy", "received", True, True),
    Choice("binary_clustered", "binary", "micros", "none", "clustered", True, False),
]

# Cases of otlp_cases that have every table, every field, ids and times of every kind, and several pages.
CASE_NAMES = [
    "log_with_every_field",
    "span_with_every_field",
    "metrics_with_every_field",
    "log_ids_of_every_length",
    "span_ids_of_every_length",
    "exemplar_ids_of_every_length",
    "log_times",
    "span_times",
    "point_times",
    "duplicates_come_and_go",
    "three_duplicates_counted",
    "three_hours_of_logs",
    "order_is_stable",
    "empty_log_records",
    "summaries_at_their_limits",
    "histograms_at_their_limits",
    "many_scopes_in_one_resource",
    "span_columns_that_begin_late",
    "metric_columns_that_begin_late",
    "a_few_hundred_distinct_values",
    "many_buckets",
]
SAMPLE_NAMES = ["examples_telemetrygen_logs", "examples_telemetrygen_traces", "examples_collector_gateway_metrics"]
