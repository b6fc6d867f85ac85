"""Thirty days between two visits of an auditor to a branch."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pilot_eval.domain.rotation import DAYS_APART, Rotation, too_near

DAYS = st.dates(date(2014, 1, 1), date(2014, 12, 31))
SPANS = st.tuples(DAYS, st.integers(0, 40)).map(lambda one: (one[0], one[0] + timedelta(days=one[1])))


@given(SPANS, SPANS)
def test_visits_of_two_spans_are_surely_apart_or_too_near(one, other):
    def every(span):
        return [span[0] + timedelta(days=number) for number in range((span[1] - span[0]).days + 1)]

    closest = min(abs((a - b).days) for a in every(one) for b in every(other))
    assert too_near(one, other) == (closest < DAYS_APART)


def test_the_thirtieth_day_is_far_enough():
    day = date(2014, 8, 1)
    assert too_near((day, day), (day + timedelta(days=29),) * 2)
    assert not too_near((day, day), (day + timedelta(days=30),) * 2)


def test_a_rotation_knows_bars_regions_and_what_is_taken():
    august = date(2014, 8, 1), date(2014, 8, 31)
    rotation = Rotation(barred={(1, 7)}, regions={1: frozenset({5})})
    assert rotation.travels_to(1, 5)
    assert not rotation.travels_to(1, 6)
    assert rotation.travels_to(2, 6)
    assert rotation.near(1, 8, august) is None
    rotation.take(1, 8, august)
    assert rotation.near(1, 8, (date(2014, 9, 20), date(2014, 9, 22))) == august
    assert rotation.near(2, 8, august) is None
