"""Looks that the plan allows: the level of their intervals, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from pilot_eval.reports.numbers import level_percent
from tests.operations.test_evaluation import columns

PUBLISHED = 1.5e-4  # of boundaries with four decimals


def evaluated(**options: Any) -> dict[str, Any]:
    return pilot_eval.evaluate(columns(), outcome="score", **options).to_dict()


def test_each_look_has_its_own_level_and_the_document_says_both() -> None:
    documents = [evaluated(looks=(0.5, 1.0), look=look) for look in (1, 2)]
    for number, (document, z) in enumerate(zip(documents, (2.9626, 1.9686), strict=True)):
        alpha = math.erfc(z / math.sqrt(2.0))
        assert document["level"] == pytest.approx(1.0 - alpha, abs=1e-5)
        looks = document["looks"]
        assert (looks["look"], looks["level"], looks["interval_level"]) == (
            number + 1,
            0.95,
            document["level"],
        )
        assert looks["quantiles"] == pytest.approx([2.9626, 1.9686], abs=PUBLISHED)
        assert looks["spent"] == pytest.approx([0.00305, 0.05], abs=1e-5)
        assert document["warnings"][0]["code"] == "planned_look"
        same = evaluated(level=document["level"])
        assert same["effect"] == document["effect"]
        assert same["robustness"] == document["robustness"]
        assert same["uplift"] == document["uplift"]
        assert "looks" not in same
    first, last = (document["effect"]["confidence_interval"] for document in documents)
    assert first[0] < last[0]
    assert last[1] < first[1]


def test_the_report_says_the_level_of_the_look() -> None:
    made = pilot_eval.evaluate(columns(), outcome="score", looks=(0.5, 1.0), look=1)
    assert "look 1 of 2" in made.to_text("en")
    assert "(99.69% interval" in made.to_text("en")
    assert "99,69" in made.to_text("ru")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"looks": (0.5, 1.0)}, "--look, the number"),
        ({"look": 1}, "needs --looks"),
        ({"looks": (0.5, 0.4), "look": 1}, "must grow"),
        ({"looks": (0.5, 1.2), "look": 1}, "must grow"),
        ({"looks": (0.0, 1.0), "look": 1}, "must grow"),
        ({"looks": (float("nan"), 1.0), "look": 1}, "must grow"),
        ({"looks": (0.5, 1.0), "look": 3}, "number of one of the looks"),
        ({"looks": (0.5, 1.0), "look": 0}, "number of one of the looks"),
        ({"looks": (0.1, 1.0), "look": 1}, "too few for level"),
    ],
)
def test_looks_that_cannot_be_are_refused_by_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        evaluated(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("level", "text"),
    [(0.95, "95%"), (0.975, "97.5%"), (0.99695, "99.69%"), (0.9999989, "99.99989%"), (0.9999, "99.99%")],
)
def test_a_level_is_never_written_as_certainty(level: float, text: str) -> None:
    assert level_percent(level, "en") == text
