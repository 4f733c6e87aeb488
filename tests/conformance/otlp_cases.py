"""Edge-case requests of all three signals, each under a name: what they carry is unusual, their bytes are not.

A case is a function that returns a request message, or a `Wire` where something more is to be said of it.
"""

import random
import struct

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import EntityRef, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from otlp_pieces import (
    DOUBLES, HOUR, HOUR_START, IDS, INTEGERS, SPAN_ID, STRINGS, TIME, TIMES, TRACE_ID, U64_MAX, Cases,
    Wire, every_attribute, every_value, gauge, log, logs, metric_request, pairs, repeated_keys, resource,
    span, traces, value,
)

CASES = Cases()


# ---- every field, every value -------------------------------------------------------------------------


@CASES.of("logs")
def log_with_every_field():
    record = LogRecord(
        time_unix_nano=TIME, observed_time_unix_nano=TIME + 1001, severity_number=17, severity_text="ERROR",
        body=value("it broke"), attributes=pairs({"http.method": "GET", "http.status": 500, "ratio": 0.5}),
        dropped_attributes_count=3, flags=0x101, trace_id=TRACE_ID, span_id=SPAN_ID, event_name="order.failed",
    )
    request = logs(record, resource_=_full_resource(), scope=_full_scope())
    request.resource_logs[0].schema_url = "https://opentelemetry.io/schemas/1.26.0"
    request.resource_logs[0].scope_logs[0].schema_url = "https://example.com/scope"
    return request


@CASES.of("traces")
def span_with_every_field():
    item = Span(
        trace_id=TRACE_ID, span_id=SPAN_ID, parent_span_id=SPAN_ID[::-1], trace_state="a=1,b=2", name="GET /cart",
        kind=Span.SPAN_KIND_SERVER, start_time_unix_nano=TIME, end_time_unix_nano=TIME + 987_654_321,
        attributes=pairs({"http.route": "/cart", "retries": 2}), dropped_attributes_count=1,
        events=[
            Span.Event(time_unix_nano=TIME + 1, name="exception", dropped_attributes_count=4,
                       attributes=pairs({"exception.type": "E", "exception.escaped": False})),
            Span.Event(time_unix_nano=TIME + 2, name="retry"),
        ],
        dropped_events_count=2,
        links=[Span.Link(trace_id=TRACE_ID[::-1], span_id=SPAN_ID, trace_state="c=3", flags=0x301,
                         attributes=pairs({"why": "follows", "n": 1}), dropped_attributes_count=5)],
        dropped_links_count=3, status=Status(code=Status.STATUS_CODE_ERROR, message="boom"), flags=0x101,
    )
    request = traces(item, resource_=_full_resource(), scope=_full_scope())
    request.resource_spans[0].schema_url = "https://opentelemetry.io/schemas/1.26.0"
    request.resource_spans[0].scope_spans[0].schema_url = "https://example.com/scope"
    return request


@CASES.of("metrics")
def metrics_with_every_field():
    request = metric_request(*_every_metric_kind(), resource_=_full_resource(), scope=_full_scope())
    request.resource_metrics[0].schema_url = "https://opentelemetry.io/schemas/1.26.0"
    request.resource_metrics[0].scope_metrics[0].schema_url = "https://example.com/scope"
    return request


def _full_resource():
    attributes = {"service.name": "shop", "service.namespace": "eu", "service.instance.id": "i-1", "host.cpus": 8}
    entity = EntityRef(
        schema_url="https://e", type="service", id_keys=["service.name", "service.instance.id"],
        description_keys=["host.cpus"],
    )
    return Resource(attributes=pairs(attributes), dropped_attributes_count=2, entity_refs=[entity])


def _full_scope():
    return InstrumentationScope(
        name="io.shop.tracer", version="1.2.3", attributes=pairs({"scope.kind": "auto", "level": 3}),
        dropped_attributes_count=7,
    )


def _exemplars():
    return [
        metrics.Exemplar(time_unix_nano=TIME - 5, as_double=0.25, span_id=SPAN_ID, trace_id=TRACE_ID,
                         filtered_attributes=pairs({"user": "u1", "vip": True})),
        metrics.Exemplar(time_unix_nano=TIME - 4, as_int=-3),
    ]


def _every_metric_kind():
    """One metric a kind; points as full as their kind allows."""
    about = dict(description="what it is", unit="By", metadata=pairs({"source": "test", "version": 2}))
    plain = dict(
        start_time_unix_nano=TIME - HOUR, time_unix_nano=TIME, attributes=pairs({"cpu": "0", "core": 1}), flags=1,
    )
    common = dict(plain, exemplars=_exemplars())
    stats = dict(common, count=6, sum=1.5, min=-1.0, max=2.5)
    buckets, quantile = metrics.ExponentialHistogramDataPoint.Buckets, metrics.SummaryDataPoint.ValueAtQuantile
    gauge_points = [metrics.NumberDataPoint(as_double=1.25, **common), metrics.NumberDataPoint(as_int=42, **common)]
    histogram_point = metrics.HistogramDataPoint(bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 1.0], **stats)
    exponential_point = metrics.ExponentialHistogramDataPoint(
        scale=-3, zero_count=1, zero_threshold=1e-9, positive=buckets(offset=-7, bucket_counts=[1, 0, 300]),
        negative=buckets(offset=12, bucket_counts=[4, 5]), **stats,
    )
    quantiles = [quantile(quantile=q, value=q * 10) for q in (0.0, 0.5, 0.99, 1.0)]
    summary_point = metrics.SummaryDataPoint(count=9, sum=-3.5, quantile_values=quantiles, **plain)
    data = {
        "gauge": metrics.Gauge(data_points=gauge_points),
        "sum": metrics.Sum(data_points=gauge_points[::-1], aggregation_temporality=2, is_monotonic=True),
        "histogram": metrics.Histogram(data_points=[histogram_point], aggregation_temporality=1),
        "exponential_histogram": metrics.ExponentialHistogram(
            data_points=[exponential_point], aggregation_temporality=2
        ),
        "summary": metrics.Summary(data_points=[summary_point]),
    }
    return [metrics.Metric(**{"name": f"a {kind}", kind: item}, **about) for kind, item in data.items()]


@CASES.of("logs")
def bodies_of_every_kind():
    """One record a kind, then one without body (which is not the same as an empty body)."""
    return logs(*(log(body=item) for item in every_value()), log())


@CASES.of("logs")
def log_attributes_of_every_kind():
    request = logs(
        log(attributes=every_attribute()),
        *(log(attributes=[KeyValue(key="k", value=item)]) for item in every_value()),
        resource_=Resource(attributes=every_attribute("r")),
        scope=InstrumentationScope(attributes=every_attribute("s")),
    )
    return request


@CASES.of("traces")
def span_attributes_of_every_kind():
    return traces(
        span(
            attributes=every_attribute(),
            events=[Span.Event(time_unix_nano=TIME, attributes=every_attribute("e"))],
            links=[Span.Link(attributes=every_attribute("l")), Span.Link()],
        ),
        resource_=Resource(attributes=every_attribute("r")),
        scope=InstrumentationScope(attributes=every_attribute("s")),
    )


@CASES.of("metrics")
def metric_attributes_of_every_kind():
    exemplars = [metrics.Exemplar(filtered_attributes=every_attribute("f"), time_unix_nano=TIME)]
    items = _every_metric_kind()
    for metric in items:
        metric.metadata.extend(every_attribute("m"))
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            point.attributes.extend(every_attribute("p"))
            if "exemplars" in point.DESCRIPTOR.fields_by_name:
                point.exemplars.extend(exemplars)
    return metric_request(*items)


@CASES.of("logs")
def service_columns_of_every_kind():
    """service.name is printed as the specification prints AnyValue, and its first occurrence counts."""
    request = ExportLogsServiceRequest()
    for index, item in enumerate(every_value()):
        attributes = [
            KeyValue(key=key, value=item)
            for key in ("service.name", "service.namespace", "service.instance.id")
        ]
        attributes += pairs({"service.name": "second", "n": index})
        request.resource_logs.append(logs(log(), resource_=Resource(attributes=attributes)).resource_logs[0])
    return request


# ---- duplicate keys ----------------------------------------------------------------------------------


@CASES.of("logs")
def duplicate_keys_in_logs():
    lists = repeated_keys()
    records = [log(attributes=attributes) for attributes in lists] + [log(attributes=pairs({"a": 1}))]
    return logs(
        *records, resource_=Resource(attributes=lists[2]), scope=InstrumentationScope(attributes=lists[1])
    )


@CASES.of("traces")
def duplicate_keys_in_spans():
    lists = repeated_keys()
    return traces(
        span(
            attributes=lists[0],
            events=[Span.Event(attributes=attributes) for attributes in ([], *lists)],
            links=[Span.Link(attributes=lists[1]), Span.Link(), Span.Link(attributes=lists[2])],
        ),
        span(),
        resource_=Resource(attributes=lists[3]),
        scope=InstrumentationScope(attributes=lists[0]),
    )


@CASES.of("metrics")
def duplicate_keys_in_metrics():
    lists = repeated_keys()
    items = _every_metric_kind()
    for metric in items:
        metric.metadata.extend(lists[2])
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            point.attributes.extend(lists[0])
            if "exemplars" in point.DESCRIPTOR.fields_by_name:
                point.exemplars.extend(
                    metrics.Exemplar(filtered_attributes=attributes) for attributes in lists
                )
    return metric_request(*items, resource_=Resource(attributes=lists[0]))


@CASES.of("logs")
def three_duplicates_counted():
    record = log(attributes=pairs([("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)]))
    return Wire(logs(record).SerializeToString(), counts={"duplicate_keys": 3})


@CASES.of("logs")
def duplicates_come_and_go():
    """Groups with repeated keys in resource, scope or records between groups without, some of them alike."""
    plain, repeated = pairs({"a": "1"}), pairs([("a", "1"), ("a", "2")])
    request = ExportLogsServiceRequest()
    for number in range(16):
        chosen = [repeated if number >> bit & 1 else plain for bit in range(4)]
        group = logs(
            log(attributes=chosen[0]), log(attributes=chosen[1]),
            resource_=Resource(attributes=chosen[2]), scope=InstrumentationScope(attributes=chosen[3]),
        )
        request.resource_logs.extend([group.resource_logs[0], group.resource_logs[0]])
    return Wire(request.SerializeToString(), counts={"duplicate_keys": 64})  # a resource's once, not once a row


@CASES.of("logs")
def same_text_of_different_types():
    """Values that print alike, under one key: only their types tell them apart."""
    alike = [
        ["1", 1, 1.0], ["true", True], ["", None, b""], ["[]", []], ["{}", {}], ["NaN", float("nan")],
        ["AQ==", b"\x01"], ["-0", -0.0], ["[null]", [None]], ["0", 0, 0.0], ["1e+21", 1e21],
    ]
    values = [value(python) for same in alike for python in same]
    return logs(*(log(attributes=[KeyValue(key="k", value=item)], body=item) for item in values * 2))


# ---- ids, enums, numbers -------------------------------------------------------------------------------


@CASES.of("logs")
def log_ids_of_every_length():
    return logs(*(log(trace_id=one, span_id=two) for one in IDS for two in IDS))


@CASES.of("traces")
def span_ids_of_every_length():
    links = [Span.Link(trace_id=one, span_id=two) for one, two in zip(IDS, reversed(IDS))]
    spans = [span(trace_id=one, span_id=one, parent_span_id=two) for one, two in zip(IDS, IDS[1:] + IDS[:1])]
    return traces(*spans, span(links=links))


@CASES.of("metrics")
def exemplar_ids_of_every_length():
    exemplars = [
        metrics.Exemplar(trace_id=one, span_id=two, time_unix_nano=1) for one, two in zip(IDS, reversed(IDS))
    ]
    return metric_request(gauge(metrics.NumberDataPoint(time_unix_nano=TIME, as_int=1, exemplars=exemplars)))


@CASES.of("logs")
def log_numbers_at_their_limits():
    u32 = [0, 1, 255, 256, 2**31 - 1, 2**31, 2**32 - 1]
    severities = [0, 1, 9, 24, 25, 255, 256, -1, 2**31 - 1, -(2**31)]
    request = logs(
        *(log(flags=number, dropped_attributes_count=number) for number in u32),
        *(log(severity_number=number, severity_text=str(number)) for number in severities),
        resource_=Resource(dropped_attributes_count=2**32 - 1),
        scope=InstrumentationScope(dropped_attributes_count=2**32 - 1),
    )
    return request


@CASES.of("traces")
def span_numbers_at_their_limits():
    u32, enums = [0, 2**31, 2**32 - 1], [0, 1, 2, 3, 4, 5, 6, 99, -1, 2**31 - 1, -(2**31)]
    everywhere = [
        span(
            flags=n, dropped_attributes_count=n, dropped_events_count=n, dropped_links_count=n,
            events=[Span.Event(dropped_attributes_count=n)],
            links=[Span.Link(dropped_attributes_count=n, flags=n)],
        )
        for n in u32
    ]
    unusual = [span(kind=n, status=Status(code=n, message="" if n % 2 else "m")) for n in enums]
    return traces(*everywhere, *unusual, span(status=Status()), span(status=Status(message="only")))


@CASES.of("metrics")
def number_points_at_their_limits():
    points = [metrics.NumberDataPoint(time_unix_nano=TIME, as_int=n, flags=2**32 - 1) for n in INTEGERS]
    points += [metrics.NumberDataPoint(time_unix_nano=TIME, as_double=d) for d in DOUBLES]
    points += [
        metrics.NumberDataPoint(time_unix_nano=TIME, flags=1),
        metrics.NumberDataPoint(time_unix_nano=TIME),
    ]
    exemplars = [metrics.Exemplar(as_int=n) for n in INTEGERS]
    exemplars += [metrics.Exemplar(as_double=d) for d in DOUBLES]
    points.append(metrics.NumberDataPoint(time_unix_nano=TIME, exemplars=[*exemplars, metrics.Exemplar()]))
    sums = [
        metrics.Metric(
            name=f"s{n}",
            sum=metrics.Sum(data_points=points[:3], aggregation_temporality=n, is_monotonic=n % 2),
        )
        for n in (0, 1, 2, 3, -1, 2**31 - 1, -(2**31))
    ]
    return metric_request(gauge(*points), *sums)


@CASES.of("metrics")
def histograms_at_their_limits():
    u64 = [0, 1, 2**53 + 1, 2**63 - 1, 2**63, U64_MAX]
    point, exponential = metrics.HistogramDataPoint, metrics.ExponentialHistogramDataPoint
    points = [
        point(time_unix_nano=TIME, count=n, bucket_counts=u64[:k], explicit_bounds=DOUBLES[:k])
        for k, n in enumerate(u64)
    ]
    points += [point(time_unix_nano=TIME, sum=d, min=d, max=d) for d in DOUBLES]
    points += [
        point(time_unix_nano=TIME, sum=0.0),
        point(time_unix_nano=TIME, min=0.0),
        point(time_unix_nano=TIME, max=0.0),
    ]
    points += [point(time_unix_nano=TIME), point(time_unix_nano=TIME, explicit_bounds=DOUBLES)]
    buckets = exponential.Buckets
    scales = [0, 20, -10, 2**31 - 1, -(2**31)]
    others = [
        exponential(
            time_unix_nano=TIME, scale=scale, count=n, zero_count=n, zero_threshold=threshold,
            positive=buckets(offset=scale, bucket_counts=u64),
            negative=buckets(offset=-scale - 1, bucket_counts=u64[:1]),
        )
        for scale, n, threshold in zip(scales, reversed(u64), DOUBLES[-5:])
    ]
    others += [exponential(time_unix_nano=TIME, sum=d, min=d, max=d, zero_threshold=d) for d in DOUBLES]
    others += [
        exponential(time_unix_nano=TIME),
        exponential(time_unix_nano=TIME, positive=buckets(), negative=buckets()),
    ]
    return metric_request(
        metrics.Metric(name="h", histogram=metrics.Histogram(data_points=points, aggregation_temporality=-5)),
        metrics.Metric(name="e", exponential_histogram=metrics.ExponentialHistogram(data_points=others)),
    )


@CASES.of("metrics")
def summaries_at_their_limits():
    quantiles = [metrics.SummaryDataPoint.ValueAtQuantile(quantile=d, value=-d) for d in DOUBLES]
    points = [metrics.SummaryDataPoint(time_unix_nano=TIME, sum=d, count=U64_MAX) for d in DOUBLES]
    points += [
        metrics.SummaryDataPoint(time_unix_nano=TIME, quantile_values=quantiles),
        metrics.SummaryDataPoint(),
    ]
    return metric_request(metrics.Metric(name="q", summary=metrics.Summary(data_points=points)))


# ---- times -------------------------------------------------------------------------------------------


@CASES.of("logs")
def log_times():
    """Every pair of time and observed time; records without either are filed at the epoch."""
    return logs(*(log(time_unix_nano=one, observed_time_unix_nano=two) for one in TIMES for two in TIMES))


@CASES.of("traces")
def span_times():
    """Ends before, at and after starts; no end at all."""
    spans = [
        span(start_time_unix_nano=start, end_time_unix_nano=end, events=[Span.Event(time_unix_nano=end)])
        for start in TIMES
        for end in TIMES
    ]
    return traces(*spans)


@CASES.of("metrics")
def point_times():
    pairs_of_times = [(start, time) for start in TIMES for time in TIMES]
    points = [
        metrics.NumberDataPoint(start_time_unix_nano=start, time_unix_nano=time, as_int=1,
                                exemplars=[metrics.Exemplar(time_unix_nano=start)])
        for start, time in pairs_of_times
    ]
    items = [gauge(*points)]
    for name, kind, point in (
        ("histogram", metrics.Histogram, metrics.HistogramDataPoint),
        ("exponential_histogram", metrics.ExponentialHistogram, metrics.ExponentialHistogramDataPoint),
        ("summary", metrics.Summary, metrics.SummaryDataPoint),
    ):
        data = kind(data_points=[point(start_time_unix_nano=s, time_unix_nano=t) for s, t in pairs_of_times])
        items.append(metrics.Metric(**{"name": name, name: data}))
    return metric_request(*items)


@CASES.of("logs")
def three_hours_of_logs():
    """Rows of three hours interleaved, among them the first and the last nanosecond of an hour."""
    offsets = [0, 2 * HOUR, HOUR, HOUR - 1, 3 * HOUR - 1, HOUR + 5, 1, 2 * HOUR - 1, 0, HOUR]
    return logs(*(log(time_unix_nano=HOUR_START + offset, body=value(n)) for n, offset in enumerate(offsets)))


@CASES.of("traces")
def three_hours_of_spans():
    offsets = [2 * HOUR, 0, HOUR, HOUR - 1, 3 * HOUR - 1]
    return traces(
        *(span(start_time_unix_nano=HOUR_START + o, end_time_unix_nano=TIME, name=str(o)) for o in offsets)
    )


@CASES.of("metrics")
def three_hours_of_points():
    offsets = [2 * HOUR, 0, HOUR, HOUR - 1, 3 * HOUR - 1]
    times = [HOUR_START + offset for offset in offsets]
    return metric_request(
        gauge(*(metrics.NumberDataPoint(time_unix_nano=time, as_int=n) for n, time in enumerate(times))),
        metrics.Metric(
            name="q",
            summary=metrics.Summary(data_points=[metrics.SummaryDataPoint(time_unix_nano=t) for t in times]),
        ),
    )


@CASES.of("logs")
def order_is_stable():
    """Equal services and times keep their order, also when services interleave and times step by 1 ns."""
    request = ExportLogsServiceRequest()
    services = ["b", "a", "", "B", "\u00e9", "a", "aa", "\U0001f600", "\uffff", "b"]
    for number, service in enumerate(services):
        records = [
            log(time_unix_nano=TIME + (number * 7 + n) % 4, body=value(f"{number}/{n}")) for n in range(12)
        ]
        request.resource_logs.append(logs(*records, resource_=resource(service)).resource_logs[0])
    return request


# ---- presence and empty things ------------------------------------------------------------------------


@CASES.of("logs")
def empty_request():
    return Wire(b"")


@CASES.of("traces")
def empty_traces_request():
    return Wire(b"")


@CASES.of("metrics")
def empty_metrics_request():
    return Wire(b"")


@CASES.of("logs")
def empty_log_records():
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[LogRecord()] * 3)])]
    )


@CASES.of("traces")
def empty_spans():
    events_and_links = Span(events=[Span.Event()] * 2, links=[Span.Link()] * 2)
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(scope_spans=[ScopeSpans(spans=[Span(), events_and_links, Span(status=Status())])])
        ]
    )


@CASES.of("metrics")
def empty_points():
    items = [
        metrics.Metric(
            gauge=metrics.Gauge(data_points=[metrics.NumberDataPoint(exemplars=[metrics.Exemplar()])])
        ),
        metrics.Metric(sum=metrics.Sum(data_points=[metrics.NumberDataPoint()])),
        metrics.Metric(histogram=metrics.Histogram(data_points=[metrics.HistogramDataPoint()])),
        metrics.Metric(
            exponential_histogram=metrics.ExponentialHistogram(
                data_points=[metrics.ExponentialHistogramDataPoint()]
            )
        ),
        metrics.Metric(summary=metrics.Summary(data_points=[metrics.SummaryDataPoint()])),
    ]
    return metric_request(*items)


@CASES.of("logs")
def groups_without_records():
    request = logs(log(body=value("one")))
    request.resource_logs.insert(0, ResourceLogs(resource=resource("nobody")))
    request.resource_logs.append(
        ResourceLogs(resource=resource("no records"), scope_logs=[ScopeLogs(), ScopeLogs()])
    )
    request.resource_logs.append(logs(log(body=value("two"))).resource_logs[0])
    return Wire(request.SerializeToString(), counts={"empty_groups": 3})  # a resource and two scopes


@CASES.of("metrics")
def metrics_without_points():
    items = [
        metrics.Metric(name="no data"),
        gauge(name="empty gauge"),
        metrics.Metric(name="empty sum", sum=metrics.Sum(is_monotonic=True)),
        metrics.Metric(name="empty histogram", histogram=metrics.Histogram()),
        gauge(metrics.NumberDataPoint(time_unix_nano=TIME, as_int=1)),
        metrics.Metric(name="empty summary", summary=metrics.Summary()),
        metrics.Metric(name="empty exponential", exponential_histogram=metrics.ExponentialHistogram()),
    ]
    return Wire(metric_request(*items).SerializeToString(), counts={"empty_metrics": 6, "accepted": 1})


@CASES.of("logs")
def absent_resource_and_scope():
    """No resource, an empty resource, a null scope: none of them is told apart, all of them give rows."""
    record = log(body=value("x"))
    return ExportLogsServiceRequest(
        resource_logs=[
            ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])]),
            ResourceLogs(
                resource=Resource(),
                scope_logs=[ScopeLogs(scope=InstrumentationScope(), log_records=[record])],
            ),
            ResourceLogs(
                schema_url="only", scope_logs=[ScopeLogs(schema_url="also only", log_records=[record])]
            ),
        ]
    )


@CASES.of("logs")
def entity_refs():
    request = ExportLogsServiceRequest()
    choices = [
        [],
        [EntityRef()],
        [EntityRef(type="host", id_keys=["host.id"])],
        [
            EntityRef(schema_url=text, type=text, id_keys=[text, ""], description_keys=[text])
            for text in STRINGS
        ],
        [EntityRef(type="a"), EntityRef(description_keys=["d1", "d1"])],
    ]
    for refs in choices:
        request.resource_logs.append(logs(log(), resource_=Resource(entity_refs=refs)).resource_logs[0])
    return request


@CASES.of("logs")
def resources_that_differ_a_little():
    """Groups whose resource, scope or schema URL differ in one place, and equal groups apart from each other."""
    variants = []
    for number in range(40):
        group = logs(
            log(body=value(number)),
            resource_=resource(f"s{number % 3}", n=number % 5),
            scope=InstrumentationScope(
                name="lib", version=str(number % 2), dropped_attributes_count=number % 4 // 3
            ),
        ).resource_logs[0]
        group.schema_url = "u" * (number % 2)
        group.scope_logs[0].schema_url = "v" * (number % 3)
        variants.append(group)
    return ExportLogsServiceRequest(resource_logs=variants)


@CASES.of("traces")
def many_scopes_in_one_resource():
    group = ResourceSpans(resource=resource(), schema_url="r")
    for number in range(50):
        scope = InstrumentationScope(name=f"scope{number % 7}", attributes=pairs({"n": number % 2}))
        group.scope_spans.append(ScopeSpans(scope=scope, spans=[span(name=str(number))] * (number % 4)))
    return ExportTraceServiceRequest(resource_spans=[group])


def _late(empty, full, count):
    """Empty records, then one with every field, then empty ones again."""
    return [empty] * count + [full] + [empty] * 3


@CASES.of("logs")
def log_columns_that_begin_late():
    full = log_with_every_field().resource_logs[0].scope_logs[0].log_records[0]
    return logs(*_late(log(time_unix_nano=full.time_unix_nano), full, 45_000), resource_=Resource())


@CASES.of("traces")
def span_columns_that_begin_late():
    full = span_with_every_field().resource_spans[0].scope_spans[0].spans[0]
    return traces(*_late(Span(start_time_unix_nano=TIME), full, 500), resource_=Resource())


@CASES.of("metrics")
def metric_columns_that_begin_late():
    items = []
    for metric in _every_metric_kind():
        late, kind = metrics.Metric(), metric.WhichOneof("data")
        points = getattr(metric, kind).data_points
        getattr(late, kind).data_points.extend(_late(type(points[0])(time_unix_nano=TIME), points[0], 500))
        items += [late, metric]
    return metric_request(*items, resource_=Resource())


# ---- size ------------------------------------------------------------------------------------------------


@CASES.of("logs")
def many_attributes():
    keys = [f"key.{n}" for n in range(2000)]
    return logs(
        log(attributes=pairs({key: key for key in keys})),
        log(attributes=pairs({key: n for n, key in enumerate(keys)})),
        log(attributes=pairs({f"k{n % 100}": n for n in range(100)}) * 20),  # 1,900 duplicates
        *(log(attributes=pairs({key: key[::-1]})) for key in keys[:300]),
    )


@CASES.of("traces")
def many_events_and_links():
    events = [
        Span.Event(time_unix_nano=TIME + n, name=f"e{n % 10}", attributes=pairs({f"a{n % 3}": n}))
        for n in range(3000)
    ]
    links = [
        Span.Link(trace_id=struct.pack(">QQ", 1, n), span_id=struct.pack(">Q", n + 1)) for n in range(2000)
    ]
    spans = [span(name=f"s{n}", events=events[n : n + n % 5], links=links[n : n + n % 3]) for n in range(500)]
    return traces(span(events=events, links=links), span(), *spans, span(events=events[:1000]))


@CASES.of("metrics")
def many_buckets():
    points = [
        metrics.HistogramDataPoint(
            time_unix_nano=TIME,
            count=n,
            bucket_counts=range(n),
            explicit_bounds=[float(b) for b in range(n - 1)],
        )
        for n in (1, 2, 160, 5000)
    ]
    exponential = metrics.ExponentialHistogramDataPoint(time_unix_nano=TIME)
    exponential.positive.bucket_counts.extend([0] * 300 + [2**40] * 300 + list(range(5000)))
    return metric_request(
        metrics.Metric(name="h", histogram=metrics.Histogram(data_points=points)),
        metrics.Metric(
            name="e", exponential_histogram=metrics.ExponentialHistogram(data_points=[exponential] * 3)
        ),
    )


@CASES.of("logs")
def long_strings():
    """Strings around the length where statistics are cut, and ones longer than a page."""
    texts = [
        "x" * 1_500_000,
        "\u6f22" * 700_000,
        "\U0010ffff" * 20,
        "a" * 63 + "\u6f22",
        "a" * 62 + "\u6f22" * 2,
        "a" * 61 + "\U0001f600",
    ]
    records = [
        log(
            time_unix_nano=TIME + n,
            body=value(text),
            severity_text=text,
            event_name=text[:100],
            attributes=pairs({text[:80]: text}),
        )
        for n, text in enumerate(texts)
    ]
    return logs(*records, resource_=resource("s" * 300_000, **{"service.instance.id": "\U0010ffff" * 100}))


@CASES.of("logs")
def a_few_hundred_distinct_values():
    """More distinct values than one byte counts, each several times, with runs and without."""
    records = [
        log(
            time_unix_nano=TIME + n,
            severity_text=f"t{n % 300}",
            event_name=f"e{n // 9}",
            severity_number=n % 257,
            body=value(n % 700),
        )
        for n in range(3000)
    ]
    return logs(*records)


@CASES.of("logs")
def high_entropy_logs():
    """60,000 records in which nearly nothing repeats: several pages, and dictionaries that do not pay."""
    rng = random.Random(60_000)
    return logs(*(_random_log(rng) for _ in range(60_000)), resource_=resource("entropy"))


def _random_log(rng):
    attributes = {"request.id": rng.randbytes(8).hex(), f"k{rng.randrange(40)}": rng.getrandbits(40)}
    return LogRecord(
        time_unix_nano=HOUR_START + rng.randrange(HOUR),
        observed_time_unix_nano=HOUR_START + rng.randrange(HOUR),
        severity_number=rng.randrange(1, 25), severity_text=rng.randbytes(2).hex(),
        body=value(rng.randbytes(rng.randrange(4, 30)).hex()), attributes=pairs(attributes),
        trace_id=rng.randbytes(16), span_id=rng.randbytes(8), flags=rng.getrandbits(8),
    )


@CASES.of("logs")
def several_row_groups():
    """132,000 small records of one hour: more than one row group, and 66,000 distinct values twice each."""
    records = [
        LogRecord(time_unix_nano=HOUR_START + n, severity_text=f"v{n % 66_000}") for n in range(132_000)
    ]
    return logs(*records)


@CASES.of("metrics")
def many_points():
    """25,000 points: more than a page, values that repeat and values that do not, and points without value."""
    rng = random.Random(25_000)
    points = [
        metrics.NumberDataPoint(
            start_time_unix_nano=HOUR_START,
            time_unix_nano=HOUR_START + n * 1_000_003,
            attributes=pairs({"i": str(n % 500)}),
        )
        for n in range(25_000)
    ]
    for number, point in enumerate(points):
        if number % 3 == 0:
            point.as_int = rng.randrange(100)
        elif number % 3 == 1:
            point.as_double = rng.random()
    return metric_request(gauge(*points))
