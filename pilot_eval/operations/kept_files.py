"""Files that the product keeps beside its database for a while."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

UNREADY = "unready-"  # files that are being written


def keep(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file that only this system's user may read; it appears whole or not at all.

    Parameters
    ----------
    durable : bool
        Whether it has to be on disk, whatever happens to the machine, before this returns.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=UNREADY, delete=False) as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(file.name, path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
