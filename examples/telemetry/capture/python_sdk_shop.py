"""A small web shop in three services, traced, logged and measured with the OpenTelemetry Python SDK.

It is the client behind python_sdk_*: real SDK calls and the real exporter, so that the bytes are those a Python
program sends. The services (storefront, checkout, payment) live in one process, as in a modular monolith: each has
its own resource and providers, while spans and log records go through one shared batch processor. One request then
carries several resources, several scopes each. Metrics go out by one reader a service, twice: halfway and at the
end, payment's as deltas.

What it means to cover, each in a place where a shop would have it:
  spans    every attribute type (str, bool, int, float, bytes, arrays of each, map, empty), five kinds, all three
           statuses, remote parents with a tracestate, events, recorded exceptions with causes, links (at start and
           added later), limits that drop attributes, events and links, scopes with and without schema URL
  logs     the logging handler (extra attributes, exceptions, a dict, a list, bytes or a number as the message),
           event records with a name and a structured body, records without a time, dropped attributes
  metrics  counters, up-down counters and gauges, synchronous and observable, int and double; explicit and
           exponential histograms; exemplars with filtered attributes; both temporalities
           (the SDK drops NaN and infinite measurements, so there are none here)

The endpoint comes from OTEL_EXPORTER_OTLP_ENDPOINT, the number of visits from SHOP_VISITS. The workload's random numbers are seeded, so that the shape of
the output is the same on each run; ids and times are not.
"""
import hashlib
import logging
import os
import random
import time
import warnings

from opentelemetry import metrics, propagate, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, LogRecordLimits
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import (
    AlwaysOnExemplarFilter,
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
    TraceBasedExemplarFilter,
)
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

VISITS = int(os.environ.get("SHOP_VISITS", "24"))
SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
OLDER_SCHEMA = "https://opentelemetry.io/schemas/1.26.0"
NEVER_MS = 600_000  # readers and processors export when this program says so, not by the clock

CATALOGUE = {
    "SKU-1001": ("Teekanne „Zoë“", 34.5),
    "SKU-1002": ("抹茶 100 g", 18.9),
    "SKU-1003": ("Café filter, 3-pack", 4.0),
    "SKU-1004": ("Thermos 0.75 l", 27.25),
}
COUNTRIES = ("DE", "FR", "JP", "BR")

dice = random.Random(2024)


class PaymentDeclined(Exception):
    """The bank said no."""


class OutOfStock(Exception):
    """Somebody else was faster."""


class Service:
    """One service's resource, providers and handles."""

    def __init__(self, attributes, exports, schema_url, exemplars, views=(), temporality=None):
        self.name = attributes["service.name"]
        resource = Resource.create(attributes, schema_url)
        limits = SpanLimits(max_span_attributes=20, max_events=6, max_links=3, max_event_attributes=5)
        self.tracing = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
        self.tracing.add_span_processor(exports.spans)
        self.logging = LoggerProvider(
            resource=resource, shutdown_on_exit=False, log_record_limits=LogRecordLimits(max_log_record_attributes=12)
        )
        self.logging.add_log_record_processor(exports.logs)
        exporter = OTLPMetricExporter(preferred_temporality=temporality or {})
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)
        self.metering = MeterProvider(
            [reader], resource=resource, exemplar_filter=exemplars, views=views, shutdown_on_exit=False
        )
        self.log = self.standard_logger()

    def standard_logger(self):
        """A logger of the standard library whose records become OTLP log records."""
        logger = logging.getLogger(f"shop.{self.name}")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(LoggingHandler(logger_provider=self.logging))
        return logger


class Exports:
    """The shared way out of spans and log records."""

    def __init__(self):
        self.spans = BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=NEVER_MS)
        self.logs = BatchLogRecordProcessor(OTLPLogExporter(), schedule_delay_millis=NEVER_MS)


class Storefront(Service):
    """What the browser talks to."""

    def __init__(self, exports, checkout):
        super().__init__(
            {
                "service.name": "storefront",
                "service.namespace": "shop",
                "service.instance.id": "627cc493-f310-47de-96bd-71410b7dec09",
                "service.version": "3.2.0-β",
                "deployment.environment.name": "production",
                "host.cpu.count": 8,
                "shop.canary": False,
                "shop.traffic.share": 0.75,
                "shop.regions": ["eu-west", "ap-east"],
                "shop.ports": [8080, 8443],
                "shop.build.digest": hashlib.sha256(b"storefront 3.2.0").digest(),
                "shop.owner": {"team": "web", "pager": {"primary": True, "level": 2}},
            },
            exports,
            SCHEMA,
            AlwaysOnExemplarFilter(),
            views=[
                # What a view leaves out of the points, their exemplars carry as filtered attributes.
                View(
                    instrument_name="http.server.request.duration",
                    attribute_keys={"http.route", "http.response.status_code"},
                )
            ],
        )
        self.checkout = checkout
        self.http = self.tracing.get_tracer(
            "shop.http.server", "1.4.0", SCHEMA, {"shop.layer": "edge", "shop.middlewares": 3}
        )
        self.pages = self.tracing.get_tracer("shop.pages")
        meter = self.metering.get_meter("shop.http.server", "1.4.0", SCHEMA, {"shop.layer": "edge"})
        self.duration = meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
        )
        self.active = meter.create_up_down_counter("http.server.active_requests", "{request}", "Requests in flight.")
        self.orders = self.metering.get_meter("shop.sales").create_counter("shop.orders", "{order}", "Orders placed.")
        self.events = self.logging.get_logger("shop.business.events", "2.0", SCHEMA, {"shop.audience": "analytics"})

    def visit(self, number):
        """One request of a browser, which sends its own trace context along on two visits of three."""
        order = draw_order(number)
        carrier = browser_headers(number) if number % 3 else {}
        route = "/checkout" if number % 4 else "/products/{sku}"
        started = time.perf_counter()
        self.active.add(1, {"http.request.method": "POST"})
        with self.http.start_as_current_span(
            f"{'POST' if route == '/checkout' else 'GET'} {route}",
            context=propagate.extract(carrier),
            kind=SpanKind.SERVER,
            attributes=request_attributes(order, route),
        ) as span:
            status = self.handle(span, order, route)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            self.duration.record(
                time.perf_counter() - started,
                {
                    "http.route": route,
                    "http.response.status_code": status,
                    "enduser.id": order["customer"],
                    "shop.member": order["member"],
                    "shop.cart.total": order["total"],
                },
            )
        self.active.add(-1, {"http.request.method": "POST"})

    def handle(self, span, order, route):
        with self.pages.start_as_current_span("render", attributes={"shop.template": route.strip("/") or "index"}):
            pause()
        if route != "/checkout":
            self.log.info("page served", extra={"http.route": route, "shop.skus": list(order["skus"])})
            return 200
        try:
            self.checkout.place(order)
        except PaymentDeclined as error:
            self.log.warning("checkout refused for %s: %s", order["customer"], error, extra={"shop.retryable": False})
            return 402
        except OutOfStock:
            self.log.exception("checkout failed", extra={"shop.order": order["number"], "shop.total": order["total"]})
            return 503
        span.set_status(Status(StatusCode.OK))
        self.orders.add(1, {"shop.country": order["country"], "shop.member": order["member"], "shop.items": order["items"]})
        self.order_event(order)
        return 201

    def order_event(self, order):
        self.events.emit(
            timestamp=time.time_ns(),
            severity_number=SeverityNumber.INFO2,
            severity_text="INFO2",
            event_name="shop.order.placed",
            body={
                "order": order["number"],
                "lines": [{"sku": sku, "price": CATALOGUE[sku][1], "gift": False} for sku in order["skus"]],
                "total": order["total"],
                "note": None,
                "voucher": "",
                "token": hashlib.md5(order["customer"].encode()).digest(),
            },
            attributes={"shop.country": order["country"]},
        )


class Checkout(Service):
    """Takes orders, and sends them to the warehouse in batches."""

    def __init__(self, exports, payment):
        super().__init__(
            {
                "service.name": "checkout",
                "service.namespace": "shop",
                "service.instance.id": "checkout-7d9f-2",
                "k8s.pod.labels": {"tier": "backend", "hash": "7d9f"},
            },
            exports,
            OLDER_SCHEMA,
            TraceBasedExemplarFilter(),
        )
        self.payment = payment
        self.rpc = self.tracing.get_tracer("shop.rpc", "0.9.1", OLDER_SCHEMA)
        self.queue = self.tracing.get_tracer("shop.queue", "0.9.1")
        self.sent = []
        self.make_instruments(self.metering.get_meter("shop.orders", "2.1", OLDER_SCHEMA))

    def make_instruments(self, meter):
        self.revenue = meter.create_counter("shop.revenue", "EUR", "Turnover of paid orders.")
        self.cart_items = meter.create_histogram("shop.cart.items", "{item}", "Items an order.")
        self.backlog = meter.create_up_down_counter("shop.backlog.weight", "kg", "Weight of orders not yet sent.")
        self.last_total = meter.create_gauge("shop.last_order.total", "EUR", "Total of the newest order.")
        meter.create_observable_gauge("shop.stock.level", [stock_levels], "{item}", "Items in the warehouse.")
        meter.create_observable_gauge("shop.conversion", [conversion_rates], "1", "Orders a visit.")
        meter.create_observable_counter("shop.pages.cached", [cached_pages], "{page}", "Pages answered from the cache.")
        meter.create_observable_up_down_counter("shop.workers", [workers], "{worker}", "Workers, by state.")

    def place(self, order):
        with self.rpc.start_as_current_span("shop.Checkout/Place", kind=SpanKind.SERVER) as span:
            span.set_attributes({"shop.order": order["number"], "shop.customer": order["customer"]})
            span.add_event("cart priced", {"shop.total": order["total"], "shop.lines": list(order["skus"])})
            self.reserve(order)
            span.add_event("stock reserved")
            self.payment.charge(order)
            span.add_event("paid", timestamp=time.time_ns())
            self.publish(order)
        self.revenue.add(order["total"], {"shop.country": order["country"]})
        self.cart_items.record(order["items"], {"shop.country": order["country"]})
        self.last_total.set(order["total"], {"shop.currency": "EUR"})
        self.log.info("order %s placed, %d items", order["number"], order["items"], extra=log_extra(order))

    def reserve(self, order):
        """Each item is an event and an attribute: a large order has more of them than the limits keep."""
        with self.rpc.start_as_current_span("reserve stock", attributes=order_attributes(order)) as span:
            for place in range(order["items"]):
                sku = order["skus"][place % len(order["skus"])]
                span.add_event("reserved", {"shop.place": place, "shop.sku": sku})
                span.set_attribute(f"shop.shelf.{place}", sku)
            pause()
            if order["number"] % 11 == 3:
                raise OutOfStock(f"{CATALOGUE[order['skus'][0]][0]}: 0 left")

    def publish(self, order):
        with self.queue.start_as_current_span(
            "orders send",
            kind=SpanKind.PRODUCER,
            attributes={"messaging.system": "memory", "messaging.destination.name": "orders"},
        ) as span:
            self.sent.append((span.get_span_context(), order))
        self.backlog.add(0.25 * order["items"])
        if len(self.sent) == 5:
            self.ship()

    def ship(self):
        """The consumer of a batch links to every message in it; three links are kept, the rest counted as dropped."""
        links = [Link(context, {"messaging.message.id": f"m-{order['number']}"}) for context, order in self.sent]
        with self.queue.start_as_current_span(
            "orders process", trace.set_span_in_context(trace.INVALID_SPAN), SpanKind.CONSUMER, links=links[:-1]
        ) as span:
            span.set_attribute("messaging.batch.message_count", len(links))
            span.add_link(links[-1].context, {"shop.late": True, "shop.lateness": [0.5, 1.0]})
            pause()
            self.log.debug([order["number"] for _, order in self.sent])
        self.backlog.add(-sum(0.25 * order["items"] for _, order in self.sent))
        self.sent.clear()


class Payment(Service):
    """Talks to the bank. No namespace, no schema URL, metrics as deltas."""

    def __init__(self, exports):
        delta = AggregationTemporality.DELTA
        super().__init__(
            {"service.name": "payment", "service.version": "", "shop.bank.timeouts": [0.5, 1.5, 4.5]},
            exports,
            None,
            TraceBasedExemplarFilter(),
            views=[
                View(instrument_name="shop.payment.*", aggregation=ExponentialBucketHistogramAggregation(max_size=40)),
            ],
            temporality={Counter: delta, Histogram: delta, ObservableCounter: delta},
        )
        self.bank = self.tracing.get_tracer("shop.bank", attributes={"shop.bank.sandbox": True})
        meter = self.metering.get_meter("shop.bank")
        self.duration = meter.create_histogram("shop.payment.duration", "ms", "Time that the bank took.")
        self.amount = meter.create_histogram("shop.payment.amount", "EUR", "Amounts charged; 0 for free orders.")
        self.attempts = meter.create_counter("shop.bank.attempts", "{attempt}", "Calls of the bank.")

    def charge(self, order):
        started = time.perf_counter()
        outcome = "accepted"
        with self.bank.start_as_current_span("POST bank", kind=SpanKind.CLIENT) as span:
            span.set_attributes({"server.address": "bank.example", "server.port": 443, "shop.amount": order["total"]})
            try:
                self.call_bank(order)
            except TimeoutError as error:
                # Recorded by hand, with more attributes than an event keeps; the retry then succeeds.
                span.record_exception(error, {"shop.attempt": 1, "shop.backoff": 0.01, "shop.final": False})
            except PaymentDeclined:
                outcome = "declined"
                self.log.error("declined", exc_info=True, extra={"shop.order": order["number"], "shop.amount": order["total"]})
                raise
            finally:
                self.duration.record((time.perf_counter() - started) * 1000, {"shop.outcome": outcome})
                self.attempts.add(1, {"shop.outcome": outcome})
        self.amount.record(0 if order["voucher"] else order["total"], {"shop.currency": "EUR"})

    def call_bank(self, order):
        pause()
        if order["number"] % 7 == 5:
            raise TimeoutError("no answer in 10 ms")
        if order["number"] % 9 == 6:
            try:
                raise ValueError(f"limit exceeded: {order['total']:.2f} €")
            except ValueError as cause:
                raise PaymentDeclined("card refused: insufficient funds") from cause
        if order["number"] % 10 == 7:
            self.log.info({"bank": {"code": 0, "message": "ok"}, "attempt": 1, "fees": [0.1, 0.25], "raw": b"\x00\xfe\xff"})


def draw_order(number):
    skus = dice.sample(sorted(CATALOGUE), dice.randint(1, 3))
    items = dice.randint(1, 9)
    return {
        "number": number,
        "customer": f"customer-{dice.randint(1, 6)}",
        "member": dice.random() < 0.5,
        "country": dice.choice(COUNTRIES),
        "skus": skus,
        "items": items,
        "voucher": number % 8 == 6,
        "total": round(items * CATALOGUE[skus[0]][1] * dice.uniform(0.8, 1.0), 2),
    }


def request_attributes(order, route):
    return {
        "http.request.method": "POST" if route == "/checkout" else "GET",
        "http.route": route,
        "url.query": "",
        "enduser.id": order["customer"],
        "shop.member": order["member"],
        "shop.cart.digest": hashlib.sha1(repr(order).encode()).digest(),
        "http.request.header.accept-language": ["de-DE", "en;q=0.5"],
    }


def order_attributes(order):
    """Every type that an attribute can have, empty ones included."""
    return {
        "shop.order": order["number"],
        "shop.order.ref": 2**62 + order["number"],
        "shop.balance": -order["number"],
        "shop.total": order["total"],
        "shop.discount": 1e-7 * order["number"],
        "shop.member": order["member"],
        "shop.customer": order["customer"],
        "shop.skus": order["skus"],
        "shop.prices": [CATALOGUE[sku][1] for sku in order["skus"]],
        "shop.quantities": [order["items"], 0, -1],
        "shop.gift_wraps": [True, False],
        "shop.notes": [],
        "shop.signature": bytes(range(order["number"], order["number"] + 8)),
        "shop.address": {"country": order["country"], "lines": ["1 Rue d’Été", ""], "geo": {"lat": 48.85, "floor": 2}},
        "shop.referrer": None,
    }


def log_extra(order):
    """On every fifth order more attributes than the limit keeps."""
    extra = {"shop.order": order["number"], "shop.total": order["total"], "shop.skus": list(order["skus"])}
    if order["number"] % 5 == 0:
        extra |= {f"shop.debug.{i}": i / 4 for i in range(9)}
    return extra


def browser_headers(number):
    sampled = "01"
    return {
        "traceparent": f"00-{dice.getrandbits(128):032x}-{dice.getrandbits(64):016x}-{sampled}",
        "tracestate": f"browser=tab:{number},cdn=edge@fra;q:{number % 4}",
    }


def stock_levels(_options):
    for place, sku in enumerate(CATALOGUE):
        yield metrics.Observation(40 - 17 * place, {"shop.sku": sku, "shop.aisle": place})


def conversion_rates(_options):
    yield metrics.Observation(0.625, {"shop.channel": "web"})
    yield metrics.Observation(0.0, {"shop.channel": "app"})


def cached_pages(_options):
    yield metrics.Observation(2**53 + 1, {"shop.cache": "edge"})


def workers(_options):
    yield metrics.Observation(3, {"shop.state": "idle"})
    yield metrics.Observation(-1, {"shop.state": "borrowed"})


def pause():
    """Time passes, as it does where there is real work."""
    time.sleep(dice.uniform(0.0005, 0.006))


def odd_log_records(service):
    """What also reaches a log: other types as the message, no message, no time, no span."""
    service.log.critical("cache lost, 100%% cold: %s", "naïve façade 🫖")
    service.log.info(42)
    service.log.info(0.1)
    service.log.info(True)
    service.log.info(b"\x16\x03\x01\x00\xff")
    service.log.info("")
    untimed = service.logging.get_logger("shop.audit")
    untimed.emit(body="started", severity_number=SeverityNumber.TRACE)
    untimed.emit(event_name="shop.heartbeat")
    untimed.emit(attributes={"shop.reason": "no body, no severity"}, timestamp=time.time_ns())


def main():
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's handler: its successor is another package
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # limits are reached on purpose, as here:
    warnings.filterwarnings("ignore", "Log record attributes were dropped")
    exports = Exports()
    payment = Payment(exports)
    checkout = Checkout(exports, payment)
    storefront = Storefront(exports, checkout)
    services = (storefront, checkout, payment)
    for number in range(VISITS):
        storefront.visit(number)
        if number == VISITS // 2:
            for service in services:
                service.metering.force_flush()
    odd_log_records(payment)
    exports.spans.shutdown()
    exports.logs.shutdown()
    for service in services:
        service.metering.shutdown()


if __name__ == "__main__":
    main()
