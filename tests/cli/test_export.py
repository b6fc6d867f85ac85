"""`pilot-eval export`, run as an operator runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilot_eval.cli import main
from pilot_eval.reports.files import FORMATS

Export = Callable[..., Result]


@pytest.fixture
def export(demo_url: str, tmp_path: Path) -> Export:
    environ = {
        "PILOT_EVAL_ENV": "development",
        "PILOT_EVAL_DATABASE": demo_url,
        "PILOT_EVAL_DATA": str(tmp_path),
    }

    def run(*words: str) -> Result:
        return CliRunner(env=environ).invoke(main, ["export", *words])

    return run


def test_each_format_is_written(export: Export, tmp_path: Path) -> None:
    for place, name in enumerate(sorted(FORMATS)):
        path = tmp_path / "deep" / f"summary.{name}"
        language = ("en", "ru")[place % 2]
        result = export("vladimir-2014", "--format", name, "--language", language, "-o", str(path))
        assert result.exit_code == 0, result.output
        assert f"{path.stat().st_size} bytes" in result.output


def test_a_missing_extra_is_named(export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pilot_eval.reports.files.find_spec", lambda _module: None)
    path = tmp_path / "rows.sav"
    result = export("vladimir-2014", "--format", "sav", "-o", str(path))
    assert result.exit_code == 2
    assert 'pip install "pilot_eval[analysis]"' in result.output
    assert not path.exists()


def test_json_goes_to_standard_output_as_it_stands(export: Export) -> None:
    assert json.loads(export("vladimir-2014").stdout)["schema"] == "pilot-summary/1"


def test_an_unknown_pilot_is_named_beside_those_there_are(export: Export) -> None:
    result = export("moscow-1980")
    assert result.exit_code == 2
    assert "no pilot 'moscow-1980'" in result.output
    assert "vladimir-2014" in result.output
