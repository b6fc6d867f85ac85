"""Where `templates/` and `static/` are: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of that name, found by path because an editable install has no importable resources."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
