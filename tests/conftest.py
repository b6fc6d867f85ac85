"""What several rooms' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real data with published results; without it tests skip, except under CI, where that fails."""
    folder = Path(os.environ.get("PILOT_EVAL_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not (folder / "card_krueger.csv").is_file():
        text = f"no real data in {folder}; set PILOT_EVAL_TEST_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    return folder
