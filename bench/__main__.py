"""Every benchmark, one after the other: `python -m bench`."""

from __future__ import annotations

import subprocess
import sys

BENCHES = ("did", "wild", "permute", "boot", "serve", "web", "save", "load")


def main() -> int:
    return max(
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode  # noqa: S603  # ours
        for name in BENCHES
    )


if __name__ == "__main__":
    sys.exit(main())
