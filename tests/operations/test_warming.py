"""What the first reader would wait for is done beforehand, without standing in anybody's way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from pilot_eval.operations import summaries
from pilot_eval.operations.warming import warm_overviews
from pilot_eval.records.database import Engine
from tests import pilots as world
from tests.conftest import OPERATOR

NOW = datetime(2014, 11, 2, tzinfo=UTC)


def test_a_warmed_overview_is_not_evaluated_again(
    engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    monkeypatch.setattr(summaries, "_recent", summaries._Recent(most=8))
    asked: list[Any] = []
    analyse = summaries.analyse

    def counted(*given: Any) -> Any:
        asked.append(given)
        return analyse(*given)

    monkeypatch.setattr(summaries, "analyse", counted)
    assert warm_overviews(engine, OPERATOR, NOW) == 1
    assert len(asked) == 3
    summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    assert len(asked) == 3


def test_it_reads_while_somebody_writes(engine: Engine, session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    pilot.title_en = "Being written"
    session.flush()
    assert warm_overviews(engine, OPERATOR, NOW) == 1
    session.rollback()
