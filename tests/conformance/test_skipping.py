"""Readers skip what a filter rules out: what each of them says of itself, of one file made for it.

The file has 20 services, which interleave in the request and are clustered in the file; five row groups of
4,000 rows, each of eight pages; and a trace id of its own for each row. test_pruning.py shows that nothing is
lost by skipping, this that it happens.

  reader        uses                                    says
  DuckDB        statistics, bloom filters               row groups and bytes it read (EXPLAIN ANALYZE)
  parquet-java  statistics, page indexes, bloom filters rows that its reader handed to Spark (a metric of its scan)
  pyarrow       statistics                              row groups that are left
"""

import json
import random

import duckdb
import pyarrow.dataset
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

SERVICES, ROWS, GROUP_ROWS, PAGE_ROWS = 20, 20_000, 4_000, 500
GROUPS = ROWS // GROUP_ROWS
BEGIN_NS, STEP_NS = 1_700_000_000_000_000_000, 1_000_000
ABSENT = "7" * 32  # between the least and the greatest of any 500 random ids
SOME_SERVICE = "ServiceName = 'service-07'"


def make_request():
    draw, request, scopes = random.Random(1), ExportLogsServiceRequest(), []
    for number in range(SERVICES):
        resource = request.resource_logs.add()
        resource.resource.attributes.add(key="service.name").value.string_value = f"service-{number:02}"
        scopes.append(resource.scope_logs.add())
    for row in range(ROWS):
        record = scopes[row % SERVICES].log_records.add(
            time_unix_nano=BEGIN_NS + row * STEP_NS, trace_id=draw.randbytes(16)
        )
        record.body.string_value = f"row {row}"
    return request


@pytest.fixture(scope="module")
def file(converter, tmp_path_factory):
    """Its path, and a trace id that it has."""
    request, source = make_request(), tmp_path_factory.mktemp("skipping") / "logs.pb"
    source.write_bytes(request.SerializeToString())
    sizes = ["--one-file", "--row-group-rows", GROUP_ROWS, "--page-rows", PAGE_ROWS]
    (made,) = converter.convert([source], *sizes, set_name="skipping", name="logs").files
    present = request.resource_logs[SERVICES // 2].scope_logs[0].log_records[1].trace_id.hex()
    return str(made.path), present


# ---- DuckDB ----


def scan_of(file, where):
    """What DuckDB says of its scan, and the bytes it read."""
    query = f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(Body) FROM '{file}' WHERE {where}"
    with duckdb.connect() as connection:
        profile = json.loads(connection.sql(query).fetchall()[0][1])
    operators = list(profile["operator"])
    for operator in operators:
        operators += operator.get("children", [])
    (scan,) = [operator for operator in operators if operator["type"] == "TABLE_SCAN"]
    return scan, profile["io"]["total_bytes_read"]


def test_duckdb_skips_by_bloom_filters(file):
    path, present = file
    _, all_bytes = scan_of(path, "length(TraceId) = 32")
    scan, read = scan_of(path, f"TraceId = '{present}'")
    assert (scan["row_groups_scanned"], scan["total_row_groups_to_scan"]) == (1, GROUPS)
    assert read < all_bytes / 2
    scan, read = scan_of(path, f"TraceId = '{ABSENT}'")
    assert (scan["row_groups_scanned"], scan["rows_scanned"]) == (0, 0)


def test_duckdb_skips_by_statistics(file):
    scan, _ = scan_of(file[0], SOME_SERVICE)
    assert (scan["row_groups_scanned"], scan["total_row_groups_to_scan"]) == (1, GROUPS)


# ---- parquet-java, by Spark ----


def rows_read(engines, file, where, **off):
    """Rows that were found, and rows that the scan read for it, with parts of parquet-java turned off."""
    engines.spark.conf.set("spark.sql.adaptive.enabled", "false")  # or there is no plan before it has run
    reader = engines.spark.read
    for part in off:
        reader = reader.option(f"parquet.filter.{part}.enabled", "false")
    frame = reader.parquet(file).where(where).select("Body")
    found = len(frame.collect())
    scan = frame._jdf.queryExecution().executedPlan().collectLeaves().apply(0)
    return found, scan.metrics().apply("numOutputRows").value()


def test_parquet_java_skips_by_bloom_filters(file, engines):
    path, present = file
    others = {"dictionary": False}
    assert rows_read(engines, path, f"TraceId = '{present}'", **others) == (1, GROUP_ROWS)
    assert rows_read(engines, path, f"TraceId = '{ABSENT}'", **others) == (0, 0)
    assert rows_read(engines, path, f"TraceId = '{ABSENT}'", bloom=False, **others) == (0, ROWS)


def test_parquet_java_skips_by_page_indexes(file, engines):
    path, _ = file
    rows = ROWS // SERVICES
    assert rows_read(engines, path, SOME_SERVICE) == (rows, rows)
    assert rows_read(engines, path, SOME_SERVICE, columnindex=False) == (rows, GROUP_ROWS)
    moment = f"Timestamp = timestamp_micros({(BEGIN_NS + 5_000 * STEP_NS) // 1000})"
    found, read = rows_read(engines, path, moment)
    assert found == 1 and read < ROWS
    assert rows_read(engines, path, moment, columnindex=False) == (1, ROWS)


# ---- pyarrow ----


def test_pyarrow_skips_by_statistics(file):
    (fragment,) = pyarrow.dataset.dataset(file[0]).get_fragments()
    assert len(fragment.row_groups) == GROUPS
    service = pyarrow.dataset.field("ServiceName") == "service-07"
    assert [group.id for group in fragment.subset(filter=service).row_groups] == [1]
