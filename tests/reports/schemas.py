"""Documents held to the published JSON Schemas, by another program's reading of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from pilot_eval.reports.schemas import SCHEMA_FILES


@cache
def published(name: str) -> Draft202012Validator:
    """Return the checker of a published schema, which must itself be sound."""
    schema = json.loads(SCHEMA_FILES[name].read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(document: Any, schema: dict[str, Any]) -> list[str]:
    """Return where a document breaks its schema, as "path: what"."""
    return _told(Draft202012Validator(schema), document)


def problems_of_summary(document: Any) -> list[str]:
    """Return where a `pilot-summary/1` or an evaluation in it breaks its published schema."""
    evaluations = [outcome["evaluation"] for outcome in document["outcomes"] if outcome["evaluation"]]
    found = _told(published("pilot-summary-1"), document)
    return found + [text for one in evaluations for text in _told(published("evaluation-1"), one)]


def _told(checker: Draft202012Validator, document: Any) -> list[str]:
    return [text for error in checker.iter_errors(document) for text in _places(error)]


def _places(error: ValidationError) -> Iterator[str]:
    """Yield one line per place: what is missing or unknown is named in the path."""
    names: list[str] = []
    if error.validator == "required":
        names = [name for name in error.validator_value if name not in error.instance]
    elif error.validator == "additionalProperties" and error.validator_value is False:
        names = [name for name in error.instance if name not in error.schema.get("properties", {})]
    for name in names or [""]:
        path = ".".join(str(part) for part in [*error.absolute_path, *([name] if name else [])])
        yield f"{path}: {error.message}"


def unnamed(document: Any, name: str) -> set[str]:
    """Return paths of a document that its published schema does not name; `values`, `loadings` are free."""
    root = json.loads(SCHEMA_FILES[name].read_text())
    return set(_unnamed(document, _ways(root, root), root, ""))


def _unnamed(node: Any, ways: list[dict[str, Any]], root: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(node, list):
        items = [way for one in ways if "items" in one for way in _ways(one["items"], root)]
        for element in node:
            yield from _unnamed(element, items, root, f"{path}[]")
    elif isinstance(node, dict) and path.rpartition(".")[2] not in {"values", "loadings"}:
        for key, value in node.items():
            named = [one["properties"][key] for one in ways if key in one.get("properties", {})]
            if named:
                inner = [way for one in named for way in _ways(one, root)]
                yield from _unnamed(value, inner, root, f"{path}.{key}")
            elif not any(isinstance(one.get("additionalProperties"), dict) for one in ways):
                yield f"{path}.{key}"


def _ways(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """What a place may be: the schema itself and its alternatives, references followed."""
    if "$ref" in schema:
        return _ways(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    return [schema, *(way for one in schema.get("anyOf", []) for way in _ways(one, root))]
