"""Who uses the product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """One person has one role."""

    AUDITOR = "auditor"
    MANAGER = "manager"
    HEAD_OFFICE = "head_office"
    ADMINISTRATOR = "administrator"


class TokenScope(StrEnum):
    """What an API token may be used for; the person's role still decides what is theirs."""

    VISITS_WRITE = "visits:write"
    TIMINGS_WRITE = "timings:write"
    ASSIGNMENTS_READ = "assignments:read"
    BRANCHES_READ = "branches:read"
    SESSION_READ = "session:read"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person signed in, or an operator at the server's command line.

    Parameters
    ----------
    name : str
        Sign-in name, or `operator@host`.
    role : Role or None
        None is the operator, who may do everything that a command offers.
    user_id : int or None
        The person's record; None for the operator.
    region_id : int or None
        The region of a manager.
    fresh : bool
        The password was given within the last minutes.
    """

    name: str
    role: Role | None
    user_id: int | None = None
    region_id: int | None = None
    fresh: bool = False
