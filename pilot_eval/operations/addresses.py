"""The address of a pilot: short, readable, taken by one pilot only."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.domain.problems import N_
from pilot_eval.records.pilots import Pilot

LONGEST_SLUG = 64
# Pages of their own.
RESERVED = {"new", "import"}


def new_slug(session: Session, given: str, title: str) -> tuple[str, list[Problem]]:
    """The address of a new pilot, and what is wrong with it.

    A given address must be free; one made from the title is counted up until it is.
    """
    slug = given.strip().lower() or slug_of(title)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > LONGEST_SLUG or slug in RESERVED:
        return slug, [
            Problem("slug", N_("Use small Latin letters, digits and single hyphens, such as vladimir-2014"))
        ]
    taken = set(session.exec(select(Pilot.slug).where(col(Pilot.slug).startswith(slug))))
    if slug not in taken:
        return slug, []
    if given.strip():
        return slug, [Problem("slug", N_("This address is taken"))]
    count = 2
    while f"{slug}-{count}" in taken:
        count += 1
    return f"{slug}-{count}", []


def flush_new(session: Session, pilot: Pilot) -> None:
    """Give a new pilot its key.

    Raises
    ------
    BadInput
        If somebody has just taken its address.
    """
    session.add(pilot)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise BadInput([Problem("slug", N_("This address is taken"))]) from error


_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziiklmnoprstufye", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia"}
    | {"ъ": "", "ь": ""}
)


def slug_of(title: str) -> str:
    """A title as part of an address: "Владимир, 2014" gives "vladimir-2014"."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_LATIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_SLUG - 4].strip("-") or "pilot"
