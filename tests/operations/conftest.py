"""A pilot in the field, and one of its auditors."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from pilot_eval.domain.people import Actor
from tests.field import Field, actor_of, create_field


@pytest.fixture
def field(session: Session) -> Field:
    return create_field(session)


@pytest.fixture
def anna(field: Field) -> Actor:
    return actor_of(field.anna)
