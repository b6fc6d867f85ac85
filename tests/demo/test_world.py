"""The made-up world is what it says it is."""

import math

import numpy as np
import pytest

from pilot_eval.demo.world import QUALITY_UPLIFT, SPEED_UPLIFT, World, places
from pilot_eval.domain.checklists import default_checklist, score
from pilot_eval.domain.pilots import Arm, Period

# Means of so many draws are within four standard errors of what is expected.
VISITS = 3000
CONTACTS = 6000
FOUR = 4.0


@pytest.fixture
def world() -> World:
    return World(default_checklist(), seed=5)


def test_there_are_44_branches_with_codes_of_their_own() -> None:
    assert len({place.code for place in places()}) == 44


@pytest.mark.parametrize(("arm", "period"), [(Arm.TRAINED, Period.AFTER), (Arm.COMPARISON, Period.BEFORE)])
def test_the_answers_score_what_is_expected_on_average(world: World, arm: Arm, period: Period) -> None:
    expected = world.expected_score("600001", arm, period)
    drawn = [score(world.checklist, world.answers("600001", arm, period)).hundredths for _ in range(VISITS)]
    points = np.array([value for value in drawn if value is not None]) / 100
    assert len(points) == VISITS
    assert abs(points.mean() - expected) < FOUR * points.std() / math.sqrt(VISITS)


def test_training_adds_the_stated_share_of_the_mean_branch(world: World) -> None:
    branches = [f"b{n}" for n in range(4000)]
    trained = np.mean([world.expected_score(b, Arm.TRAINED, Period.AFTER) for b in branches])
    untrained = np.mean([world.expected_score(b, Arm.COMPARISON, Period.AFTER) for b in branches])
    assert trained / untrained - 1 == pytest.approx(QUALITY_UPLIFT, abs=0.005)


def test_training_divides_the_time_of_service(world: World) -> None:
    def logs(arm: Arm) -> np.ndarray:
        return np.log([world.contact("600001", arm, Period.AFTER).service_seconds for _ in range(CONTACTS)])

    slow, fast = logs(Arm.COMPARISON), logs(Arm.TRAINED)
    error = math.sqrt((slow.var() + fast.var()) / CONTACTS)
    assert abs(slow.mean() - fast.mean() - math.log(1 + SPEED_UPLIFT)) < FOUR * error


def test_the_same_seed_makes_the_same_world() -> None:
    first, second = (World(default_checklist(), seed=9) for _ in range(2))
    for world in (first, second):
        world.answers("600001", Arm.TRAINED, Period.AFTER)
    assert first.contact("600002", Arm.TRAINED, Period.AFTER) == second.contact(
        "600002", Arm.TRAINED, Period.AFTER
    )
