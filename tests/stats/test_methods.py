"""What is offered is described: docs/methods.md has a section for every method and kind."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import pilot_eval
from pilot_eval.domain.outcomes import DESIGNS, DESIGNS_OF_TWO_PERIODS, OUTCOMES, OUTCOMES_LATER
from pilot_eval.stats.methods import METHODS

TEXT = (Path(__file__).parent.parent.parent / "docs" / "methods.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", [*METHODS, *OUTCOMES])
def test_every_method_and_kind_has_a_section(name: str) -> None:
    assert len(SECTIONS[name].split()) > 20


def test_no_section_describes_what_is_not_there() -> None:
    assert set(SECTIONS) == {*METHODS, *OUTCOMES}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_lives_where_the_table_says(name: str) -> None:
    assert METHODS[name].name == name
    assert import_module(METHODS[name].module).__doc__


@pytest.mark.parametrize("name", [*DESIGNS, *OUTCOMES_LATER])
def test_designs_and_what_is_not_built_are_named(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("design", DESIGNS_OF_TWO_PERIODS)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_every_method_that_an_evaluation_names_is_in_the_table(kind: str, design: str) -> None:
    data = {
        "branch": [name for name in "abcdefgh" for _ in range(2)],
        "arm": ["trained"] * 8 + ["comparison"] * 8,
        "period": ["before", "after"] * 8,
        "x": [0.1, 0.5, 0.2, 0.7, 0.3, 0.8, 0.2, 0.4, 0.3, 0.35, 0.4, 0.3, 0.5, 0.6, 0.2, 0.1],
        "n": [10.0] * 16,
    }
    exposure = "n" if kind == "rate" else None
    made = pilot_eval.evaluate(
        data, outcome="x", kind=kind, design=design, exposure=exposure, draws=99
    ).to_dict()
    named = {made["effect"]["method"], made["uplift"]["method"], *(t["method"] for t in made["robustness"])}
    assert named <= set(METHODS)
