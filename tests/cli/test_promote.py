"""--attributes, --promote and --promote-only: what a SPEC may say, what columns come of it, and what is refused."""

import pyarrow.parquet
import pytest

import otlp

SEE = "; see `otlp2parquet {} --help`"


def converted(ok, tmp_path, *arguments):
    """The table that a log with the attributes of `otlp.logs` becomes."""
    (tmp_path / "x.pb").write_bytes(otlp.logs(2))
    (file,) = ok("convert", "--json", "--out", "d", *arguments, "x.pb").json()["files"]
    return pyarrow.parquet.ParquetFile(tmp_path / file["path"]).read()


SPECS = {
    "resource:service.name": ("service.name", "string"),
    "record:status:int64": ("status", "int64"),
    "record:ratio:double=Ratio": ("Ratio", "double"),
    "record:ok:bool=is = ok: yes": ("is = ok: yes", "bool"),
    "record:text:string": ("text", "string"),
    "record:=of an empty key": ("of an empty key", "string"),
    r"record:a\:b": ("a:b", "string"),
    r"record:a\=b": ("a=b", "string"),
    r"record:a\\b": (r"a\b", "string"),
    r"record:a\:int64": ("a:int64", "string"),
    r"record:a\:int64:int64": ("a:int64", "int64"),
    "record:résumé": ("résumé", "string"),
    "record:a\\": ("a\\", "string"),
    r"record:a\,b": ("a,b", "string"),
    r"record:c=d\,e\\": ("d,e\\", "string"),
}


@pytest.mark.parametrize("spec", SPECS)
def test_spec(ok, tmp_path, spec):
    field = converted(ok, tmp_path, "--promote", spec).schema[-1]
    assert (field.name, str(field.type)) == SPECS[spec]
    assert field.nullable


def test_several_in_the_order_given(ok, tmp_path):
    spec_of = {name: spec for spec, (name, _) in SPECS.items()}
    flags = [argument for spec in spec_of.values() for argument in ("--promote", spec)]
    assert converted(ok, tmp_path, *flags).column_names[-len(spec_of) :] == list(spec_of)
    lists = ["record:x,resource:y:int64", "record:z"]
    flags = [argument for text in lists for argument in ("--promote", text)]
    assert converted(ok, tmp_path, *flags).column_names[-3:] == ["x", "y", "z"]


def test_the_value_is_in_both_or_in_one(ok, tmp_path):
    both = converted(ok, tmp_path, "--promote=resource:service.name=svc")
    assert both.column("svc").to_pylist() == both.column("ServiceName").to_pylist()
    assert all("service.name" in dict(row) for row in both.column("ResourceAttributes").to_pylist())
    only = converted(ok, tmp_path, "--promote=resource:service.name=svc", "--promote-only")
    assert only.column("svc").equals(both.column("svc"))
    assert not any("service.name" in dict(row) for row in only.column("ResourceAttributes").to_pylist())


@pytest.mark.parametrize(
    "form, kind", [("map", "map<string, string"), ("json", "string"), ("variant", "struct<metadata: binary")]
)
def test_attributes(ok, tmp_path, form, kind):
    schema = converted(ok, tmp_path, "--attributes", form).schema
    assert str(schema.field("LogAttributes").type).startswith(kind)
    assert ("LogAttributesTypes" in schema.names) == (form != "variant")


WRONG = {
    "record:a,b": "it begins with resource: or record:",
    "record:a,": "it begins with resource: or record:",
    "service.name": "it begins with resource: or record:",
    "scope:name": "it begins with resource: or record:",
    "resource": "it begins with resource: or record:",
    "record:status:int": "behind the key is :string, :int64, :double or :bool; "
    "a colon that belongs to the key is written \\:",
    "record:a:b:c": "behind the key is :string, :int64, :double or :bool; "
    "a colon that belongs to the key is written \\:",
}


@pytest.mark.parametrize("command", ["convert", "bench"])
@pytest.mark.parametrize("spec", WRONG)
def test_wrong_spec(run, command, spec):
    result = run(command, "--promote", spec, "x.pb")
    assert result.status == 2
    told = spec.rpartition(",")[2]
    assert result.err == f"otlp2parquet: error: {command}: --promote {told}: {WRONG[spec]}" + SEE.format(command) + "\n"


@pytest.mark.parametrize(
    "specs, message",
    [
        (["record:Body"], "the name of another column"),
        (["record:k=timestamp"], "the name of another column"),
        (["record:k=valueATquantiles"], "the name of another column"),
        (["record:"], "an empty name"),
        (["record:k="], "an empty name"),
        (["record:k", "resource:x=K"], "two of the same name"),
        ([b"record:\xff"], "a key or name that is not UTF-8"),
    ],
)
def test_refused_by_the_library(run, specs, message):
    flags = [argument for spec in specs for argument in ("--promote", spec)]
    result = run("convert", *flags, "x.pb")
    assert result.status == 2
    assert result.err == f"otlp2parquet: error: convert: --promote: {message}" + SEE.format("convert") + "\n"


def test_too_many(run):
    flags = [argument for n in range(101) for argument in ("--promote", f"record:{n}")]
    result = run("convert", *flags, "x.pb")
    assert result.status == 2
    assert result.err == "otlp2parquet: error: convert: --promote: more than 100" + SEE.format("convert") + "\n"
