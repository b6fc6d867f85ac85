"""The items of a pilot's checklist, as the summary's field `items`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pilot_eval.domain.observations import AFTER, ARMS, BEFORE, Observations
from pilot_eval.domain.pilots import Period
from pilot_eval.engines.records import Snapshot
from pilot_eval.engines.stored_forms import ItemRow
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.stats.items import ItemEffect, Items, item_effects
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable

PERIODS = (("before", BEFORE), ("after", AFTER))


def items_of(
    snapshot: Snapshot,
    plan: AnalysisPlan,
    seen: Collection[Period],
    *,
    stratified: bool,
    may_tell: Callable[[list[int]], bool] | None = None,
) -> dict[str, Any] | None:
    """Every item: how often it was fulfilled before and after, and what the training moved.

    Parameters
    ----------
    plan : of the score that the items make up; its level is that of the items
    seen : periods whose results may be seen; effects need all of them
    may_tell : of the regions of the branches behind a share: whether it may be told; always, unless given

    Returns
    -------
    dict or None
        None where the pilot has no visits with a checklist, or nothing of them may be seen.
    """
    if not snapshot.items or not seen:
        return None
    observations = snapshot.observations("visit_score", stratified=stratified, detailed=True)
    if observations.items is None:
        return None
    found = _effects(snapshot, observations, plan, stratified) if Period.AFTER in seen else None
    kept = {
        row.code
        for row in snapshot.items
        if may_tell is None or all(map(may_tell, _regions(snapshot, observations, row)))
    }
    effects = {item.name: item for item in found.items if item.name in kept} if found else {}
    moved = tuple(name for name in found.found if name in kept) if found else ()
    return {
        "level": plan.level,
        "adjustment": "benjamini_hochberg",
        "moved": list(moved),
        "items": [
            {
                "code": row.code,
                "label": {"en": row.en, "ru": row.ru},
                "section": {"en": row.section_en, "ru": row.section_ru},
                "lever": row.lever,
                **{
                    arm: {
                        period: _share(observations, row, code, arm)
                        if Period(period) in seen and row.code in kept
                        else None
                        for period, code in PERIODS
                    }
                    for arm in reversed(ARMS)
                },
                **_effect(effects.get(row.code)),
                "moved": row.code in moved,
            }
            for row in snapshot.items
        ],
    }


def plan_of_items(plan: AnalysisPlan, level: float) -> AnalysisPlan:
    """How items are analysed: as the score is, at the pilot's level; their number is seen to by itself."""
    return replace(plan, level=level, smallest_effect=None, looks=(), look=None, level_of_looks=None)


def _regions(snapshot: Snapshot, observations: Observations, row: ItemRow) -> Iterator[list[int]]:
    """Regions of the branches with an item, of each arm: in each period and in both."""
    assert observations.items is not None  # noqa: S101 - asked by items_of
    region = {branch.code: branch.region_id for branch in snapshot.branches}
    there = ~np.isnan(observations.items.values[:, observations.items.names.index(row.code)])
    for trained in (True, False):
        of_arm = there & (observations.trained[observations.branch] == trained)
        early, late = (set(observations.branch[of_arm & (observations.period == p)]) for _, p in PERIODS)
        for places in (early, late, early & late):
            yield [region[observations.branches[place]] for place in places]


def _share(observations: Observations, row: ItemRow, period: int, arm: str) -> dict[str, Any] | None:
    """Mean of what an item earned in one arm and period, in per cent, each visit counting once."""
    assert observations.items is not None  # noqa: S101 - asked by items_of
    values = observations.items.values[:, observations.items.names.index(row.code)]
    of_arm = observations.trained[observations.branch] == (arm == "trained")
    cell = of_arm & (observations.period == period)
    there = cell & ~np.isnan(values)
    branches = len(np.unique(observations.branch[there]))
    if not branches:
        return None
    return {
        "share": 100.0 * float(values[there].mean()),
        "n": int(there.sum()),
        "branches": branches,
        "not_applicable": 100.0 * float(1.0 - there.sum() / cell.sum()),
    }


def _effect(item: ItemEffect | None) -> dict[str, Any]:
    if item is None:
        return {"effect": None, "not_estimable": None}
    effect, ends = item.analysis.effect, item.analysis.interval
    if isinstance(effect, NotEstimable) or ends is None:
        why = not_estimable(effect) if isinstance(effect, NotEstimable) else None
        return {"effect": None, "not_estimable": why}
    return {
        "effect": {
            "estimate": effect.estimate,
            "confidence_interval": [ends.low, ends.high],
            "pvalue": effect.pvalue,
            "pvalue_adjusted": item.adjusted_pvalue,
            "method": effect.method,
        },
        "not_estimable": None,
    }


# The items found last: a page is looked at more often than its data change.
_MOST = 16
_made: OrderedDict[object, Items | None] = OrderedDict()
_lock = threading.Lock()


def _effects(
    snapshot: Snapshot, observations: Observations, plan: AnalysisPlan, stratified: bool
) -> Items | None:
    key = (snapshot.sha256, stratified, plan)
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            return _made[key]
    found = item_effects(observations, replace(plan, smallest_effect=None))
    items = None if isinstance(found, NotEstimable) else found
    with _lock:
        _made[key] = items
        while len(_made) > _MOST:
            _made.popitem(last=False)
    return items
