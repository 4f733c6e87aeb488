"""All hostile inputs, by name: CASES."""

import json_cases
import limit_cases
import line_cases
import many_cases
import protobuf_cases
import text_cases
from case import CASES

for make in (
    protobuf_cases.truncated_protobuf,
    protobuf_cases.length_bombs,
    protobuf_cases.varints,
    protobuf_cases.bad_keys,
    protobuf_cases.wrong_wire_types,
    protobuf_cases.unknown_fields,
    json_cases.wrong_json,
    json_cases.json_numbers,
    json_cases.json_bytes,
    json_cases.json_syntax,
    line_cases.truncated_json,
    line_cases.json_lines,
    line_cases.detection,
    text_cases.bad_utf8,
    text_cases.json_strings,
    text_cases.large_strings,
    many_cases.many_records,
    many_cases.many_groups,
    many_cases.packed_numbers,
    many_cases.merging,
    limit_cases.depth_bombs,
    limit_cases.limits,
    limit_cases.bad_options,
):
    make()

__all__ = ["CASES"]
