"""Allocate branches of a file to arms at random: stratified, or in matched pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import ARMS
from pilot_eval.engines.branch_lists import BranchList, read_branches
from pilot_eval.stats.allocation import draw, draw_pairs

FEWEST = 2  # branches in an arm


@dataclass(frozen=True, slots=True)
class Allotted:
    """One branch with its arm.

    Parameters
    ----------
    branch, arm : names; an empty arm where a branch has no partner
    stratum, pair : where it was drawn within; empty where there is none
    """

    branch: str
    arm: str
    stratum: str = ""
    pair: str = ""


def allocate(
    data: str | Path | Mapping[str, Any],
    *,
    trained: int | None = None,
    pairs: str | None = None,
    by: str | None = None,
    seed: int = 1,
) -> tuple[Allotted, ...]:
    """Draw which branches are trained; the same data and seed give the same list.

    Parameters
    ----------
    data : path of a file, or a mapping of column name to values; a column `branch`, one row or more for each
    trained : how many branches to train, drawn within strata where there are any
    pairs : instead: number column; branches alike in it are paired, and one of each pair is trained
    by : column of strata
    seed : of the draw

    Returns
    -------
    tuple of Allotted
        By branch; with `pairs` by pair, branches without a partner last.

    Raises
    ------
    BadInput
        Options or data that cannot be used.
    """
    if (trained is None) == (pairs is None):
        raise BadInput([Problem("--trained", Message("give either --trained N or --pairs COL"))])
    if seed < 0:
        raise BadInput([Problem("--seed", Message("%(value)s is negative", value=seed))])
    branches = read_branches(data, by=by, measure=pairs)
    return _in_pairs(branches, seed) if trained is None else _drawn(branches, trained, seed)


def _drawn(branches: BranchList, trained: int, seed: int) -> tuple[Allotted, ...]:
    total = len(branches.strata)
    if not FEWEST <= trained <= total - FEWEST:
        what = Message(
            "%(value)s of %(total)s branches leave fewer than two in an arm", value=trained, total=total
        )
        raise BadInput([Problem("--trained", what)])
    drawn = draw(branches.strata, trained / total, seed)
    return tuple(
        Allotted(code, ARMS[code in drawn], stratum) for code, stratum in sorted(branches.strata.items())
    )


def _in_pairs(branches: BranchList, seed: int) -> tuple[Allotted, ...]:
    pairing = draw_pairs(branches.measure, branches.strata, seed)
    if len(pairing.pairs) < FEWEST:
        raise BadInput([Problem("--pairs", Message("there are fewer than two pairs"))])
    found = [
        Allotted(code, arm, branches.strata[code], str(number))
        for number, pair in enumerate(pairing.pairs, 1)
        for code, arm in zip(pair, ("trained", "comparison"), strict=True)
    ]
    return (*found, *(Allotted(code, "", branches.strata[code]) for code in pairing.left))
