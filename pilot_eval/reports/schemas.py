"""The published JSON Schemas of the documents that leave the product."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "files"

SCHEMA_FILES: Final[Mapping[str, Path]] = {
    "pilot-summary-1": _FOLDER / "pilot-summary-1.schema.json",
    "evaluation-1": _FOLDER / "evaluation-1.schema.json",
}
