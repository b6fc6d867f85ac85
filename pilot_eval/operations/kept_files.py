"""Files that the product keeps beside its database for a while."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

UNREADY = "unready-"  # files that are being written


def keep(path: Path, content: bytes) -> None:
    """Write a file that only this system's user may read; it appears whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=UNREADY, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
