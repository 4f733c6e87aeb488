"""Arrow tables in one form, whoever read them: what makes values of different readers comparable.

Strings become `string`, doubles their 64 bits, timestamps numbers of their unit, maps lists of {key, value};
dictionary encoding, large offsets, views and time zones' names are gone. Two tables are equal when
their canonical forms are, to the last bit, nulls and nested values included.
"""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def canonical(table, bytes_alone=False, micros=False):
    """The table with every column in canonical form. `bytes_alone`: strings become their bytes, as what a
    reader may take for text or not; `micros`: nanoseconds are cut to microseconds."""
    form = Form(bytes_alone, micros)
    return pa.table({name: _chunked(table.column(name), form) for name in table.column_names})


class Form(NamedTuple):
    bytes_alone: bool
    micros: bool


def _chunked(column, form):
    chunks = [_array(chunk, form) for chunk in column.chunks] or [_array(pa.array([], column.type), form)]
    return pa.chunked_array(chunks).combine_chunks()


def _array(array, form):
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _array(array.dictionary_decode(), form)
    if pa.types.is_map(kind) or _is_list(kind):
        return _list(array, form)
    if pa.types.is_struct(kind):
        children = [_array(child, form) for child in array.flatten()]
        names = [kind.field(index).name for index in range(kind.num_fields)]
        return pa.StructArray.from_arrays(children, names, mask=array.is_null())
    if pa.types.is_timestamp(kind):
        return _time(array, form)
    if pa.types.is_floating(kind):
        return array.view(pa.int64())
    if _is_text(kind):
        return array.cast(pa.binary() if form.bytes_alone else pa.string())
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return array.cast(pa.binary())
    return array


def _time(array, form):
    numbers = array.view(pa.int64())
    if not form.micros or array.type.unit != "ns":
        return numbers
    rest = pc.subtract(numbers, pc.multiply(pc.divide(numbers, 1000), 1000))
    below = pc.cast(pc.less(rest, 0), pa.int64())  # division rounds to zero, DuckDB down
    return pc.subtract(pc.divide(numbers, 1000), below)


def _is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_list_view(kind)


def _is_text(kind):
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _list(array, form):
    """A list or map array; its values stand between the first and the last offset."""
    if pa.types.is_list_view(array.type):
        array = array.cast(pa.list_(array.type.value_type))
    if pa.types.is_map(array.type):
        entries = array.cast(
            pa.list_(pa.struct([("key", array.type.key_type), ("value", array.type.item_type)]))
        )
        return _list(entries, form)
    values = _array(array.flatten(), form)
    lengths = pc.fill_null(array.value_lengths(), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int64())).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, values, mask=array.is_null())


def leaves(array):
    """The leaf arrays of a canonical array, depth first: the order of a Parquet file's column chunks."""
    if pa.types.is_list(array.type):
        return leaves(array.flatten())
    if pa.types.is_struct(array.type):
        return [leaf for child in array.flatten() for leaf in leaves(child)]
    return [array]


def read_canonical(path):
    """A whole file through pyarrow, in canonical form."""
    return canonical(pq.ParquetFile(path).read())


def to_rows(table):
    """A canonical table as a list of dicts."""
    return table.to_pylist()
