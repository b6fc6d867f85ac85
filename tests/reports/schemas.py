"""As much of JSON Schema as the published contract uses, so that tests can hold documents to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}

_KNOWN = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "items",
        "enum",
    }
    | {"additionalProperties", "minItems", "maxItems", "const", "pattern", "anyOf", "minimum", "maximum"}
    | {"minLength", "exclusiveMinimum", "exclusiveMaximum"}
)


def problems(document: Any, schema: dict[str, Any]) -> list[str]:
    """Return where a document breaks its schema, as "path: what"."""
    return list(_check(document, schema, schema, ""))


def _check(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    if unknown := schema.keys() - _KNOWN:
        raise NotImplementedError(f"this checker does not know {sorted(unknown)}")
    if "$ref" in schema:
        yield from _check(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, path)
    if "anyOf" in schema and all(list(_check(value, option, root, path)) for option in schema["anyOf"]):
        yield f"{path}: fits none of the {len(schema['anyOf'])} forms"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: not of type {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if isinstance(value, str):
        yield from _check_text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _check_number(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, root, path)
    elif isinstance(value, dict):
        yield from _check_object(value, schema, root, path)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, int) if name == "integer" else isinstance(value, _TYPES[name])


def _check_text(value: str, schema: dict[str, Any], path: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: does not match {schema['pattern']}"
    if len(value) < schema.get("minLength", 0):
        yield f"{path}: too short"


def _check_number(value: float, schema: dict[str, Any], path: str) -> Iterator[str]:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if not low <= value <= high:
        yield f"{path}: not from {low} to {high}"
    if value <= schema.get("exclusiveMinimum", value - 1) or value >= schema.get(
        "exclusiveMaximum", value + 1
    ):
        yield f"{path}: outside its limits"


def _check_list(value: list[Any], schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{path}: has {len(value)} items"
    for index, item in enumerate(value):
        yield from _check(item, schema.get("items", {}), root, _below(path, index))


def _check_object(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], path: str
) -> Iterator[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{_below(path, name)}: missing"
    for name, item in value.items():
        if name in properties:
            yield from _check(item, properties[name], root, _below(path, name))
        elif others is False:
            yield f"{_below(path, name)}: unknown"
        elif isinstance(others, dict):
            yield from _check(item, others, root, _below(path, name))


def _below(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)
