"""Pilots: their branches, outcomes, waves and assignments."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from pilot_eval.domain.pilots import Arm, Design, Period, WaveState
from pilot_eval.records.base import document, now, one_of, words

_row_version = sa.Column("row_version", sa.Integer, nullable=False)


class Pilot(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=64, unique=True)
    title_en: str = Field(max_length=200)
    title_ru: str = Field(max_length=200)
    design: Design = Field(sa_type=words(Design))
    # All six are empty for a pilot imported whole.
    before_from: date | None = None
    before_to: date | None = None
    training_from: date | None = None
    training_to: date | None = None
    after_from: date | None = None
    after_to: date | None = None
    checklist_id: int | None = Field(default=None, foreign_key="checklist_version.id")
    timing_form_id: int | None = Field(default=None, foreign_key="timing_form_version.id")
    # The analysis plan: set before the data, printed in every export.
    level: float = 0.95
    seed: int = 1
    draws: int = 9999
    weights: str = Field(default="branch", max_length=16)
    minimum_branches: int | None = None
    minimum_observations: int | None = None
    # Shares of the visits after training at which the plan looks before the end; none unless given.
    looks: list[float] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    # What is left out of the analysis, in words.
    exclusions: str = Field(default="", max_length=2000, sa_column_kwargs={"server_default": ""})
    # How branches came into their arms: {"method", "seed", "strata", "drawn_at", "share"}.
    allocation: dict[str, object] | None = Field(default=None, sa_type=document())
    # What auditors may bring along from a visit; nothing unless head office asks for it.
    asks_photos: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    asks_distance: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    # Invented data, said so on every page.
    made_up: bool = False
    created_at: datetime = Field(default_factory=now)
    created_by: int | None = Field(default=None, foreign_key="person.id")
    # Counted up at every change: two editors cannot overwrite each other.
    row_version: int = Field(default=1, sa_column=_row_version)

    __mapper_args__ = {"version_id_col": _row_version}
    __table_args__ = (
        one_of("design", Design),
        sa.CheckConstraint("slug <> ''", name="slug_given"),
        sa.CheckConstraint("level > 0.5 AND level < 1", name="level_sensible"),
        sa.CheckConstraint("draws >= 99", name="draws_enough"),
        sa.CheckConstraint("weights IN ('branch', 'observation')", name="weights_known"),
        sa.CheckConstraint(
            "before_from IS NULL OR (before_from <= before_to AND before_to < training_from"
            " AND training_from <= training_to AND training_to < after_from AND after_from <= after_to)",
            name="periods_in_order",
        ),
    )


class PilotBranch(SQLModel, table=True):
    """A branch that was invited, with its arm once it has one."""

    __tablename__ = "pilot_branch"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    branch_id: int = Field(foreign_key="branch.id", primary_key=True, index=True)
    arm: Arm | None = Field(default=None, sa_type=words(Arm))
    stratum: str = Field(default="", max_length=64)
    # The code that it had then, where it has been renumbered since: a pilot's results keep to it.
    code: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})

    __table_args__ = (
        sa.CheckConstraint("arm IS NULL OR arm IN ('trained', 'comparison')", name="arm_known"),
    )


class PilotOutcome(SQLModel, table=True):
    """What a pilot is judged by, in the order of reading."""

    __tablename__ = "pilot_outcome"

    pilot_id: int = Field(foreign_key="pilot.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=64)
    position: int = 0
    kind: str = Field(max_length=16)
    better: str = Field(max_length=8)
    # Primary outcomes share the error rate: the intervals of two have level 1 - 0.05 / 2.
    primary: bool = True
    smallest_effect: float | None = None
    # Where its observations come from: visit_score, timing_service, ... or measurement.
    source: str = Field(max_length=32)
    label_en: str = Field(max_length=200)
    label_ru: str = Field(max_length=200)
    unit: str = Field(default="", max_length=32)

    __table_args__ = (
        sa.CheckConstraint("kind IN ('score', 'proportion', 'duration', 'rate')", name="kind_known"),
        sa.CheckConstraint("better IN ('higher', 'lower')", name="better_known"),
        sa.CheckConstraint("smallest_effect IS NULL OR smallest_effect > 0", name="smallest_effect_positive"),
    )


class Wave(SQLModel, table=True):
    """A round of visits; its period is the server's knowledge, never the auditor's."""

    id: int | None = Field(default=None, primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id", index=True)
    period: Period = Field(sa_type=words(Period))
    opens_on: date
    closes_on: date
    state: WaveState = Field(default=WaveState.OPEN, sa_type=words(WaveState))
    # Why it was locked although visits were not reviewed, or disputes not answered.
    lock_reason: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})

    __table_args__ = (
        one_of("period", Period),
        one_of("state", WaveState),
        sa.CheckConstraint("opens_on <= closes_on", name="opens_before_it_closes"),
        sa.UniqueConstraint("pilot_id", "period"),
    )


class WaveQuota(SQLModel, table=True):
    """How many visits each branch is to have in a part of the day; a part without a row has none."""

    __tablename__ = "wave_quota"

    wave_id: int = Field(foreign_key="wave.id", primary_key=True)
    # A code of the timing form's parts of the day.
    daypart: str = Field(primary_key=True, max_length=32)
    visits: int

    __table_args__ = (sa.CheckConstraint("visits >= 1", name="visits_wanted"),)


class Assignment(SQLModel, table=True):
    """A visit that an auditor is asked to make."""

    id: int | None = Field(default=None, primary_key=True)
    pilot_id: int = Field(foreign_key="pilot.id", index=True)
    wave_id: int = Field(foreign_key="wave.id", index=True)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    auditor_id: int = Field(foreign_key="person.id", index=True)
    # A code of the checklist's scenarios.
    scenario: str = Field(max_length=64)
    window_from: date
    window_to: date
    # A code of the timing form's parts of the day; empty where any will do.
    daypart: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": ""})
    # The assignment that was handed over.
    replaces_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    # The visit that another auditor repeats here, so that it can be told how far they agree.
    double_of_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    withdrawn_at: datetime | None = None
    # In words, for head office only.
    withdrawn_reason: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})

    __table_args__ = (sa.CheckConstraint("window_from <= window_to", name="window_in_order"),)


class BarredBranch(SQLModel, table=True):
    """A branch that an auditor must not visit: they worked there, have family there, are known there."""

    __tablename__ = "barred_branch"

    auditor_id: int = Field(foreign_key="person.id", primary_key=True)
    branch_id: int = Field(foreign_key="branch.id", primary_key=True, index=True)
    declared_at: datetime = Field(default_factory=now)


class AuditorRegion(SQLModel, table=True):
    """A region that an auditor travels to; one without a row goes everywhere."""

    __tablename__ = "auditor_region"

    auditor_id: int = Field(foreign_key="person.id", primary_key=True)
    region_id: int = Field(foreign_key="region.id", primary_key=True, index=True)
