"""People, their sign-ins and their one-time links."""

from datetime import datetime

import sqlalchemy as sa
from flask_security.core import RoleMixin, UserMixin
from sqlmodel import Field, SQLModel

from pilot_eval.domain.people import Role
from pilot_eval.records.base import now, one_of, words


class RoleRecord(RoleMixin):
    """The sign-in library asks for a class of roles; ours are a column of the person."""


# The mixin stands first: pydantic's __eq__ would otherwise hide the mixin's __hash__.
class User(UserMixin, SQLModel, table=True):
    # `user` is a reserved word in PostgreSQL.
    __tablename__ = "person"

    # An integer in the sign-in library too; None only until it is stored.
    id: int = Field(default=None, primary_key=True)
    # The sign-in name, an e-mail address or not; the sign-in library wants the column to be called so.
    email: str = Field(max_length=200, unique=True)
    # argon2; None until a one-time link has been used. Never in a repr: it would reach logs.
    password: str | None = Field(default=None, max_length=255, repr=False)
    # Changed with the password: every sign-in elsewhere ends.
    fs_uniquifier: str = Field(max_length=64, unique=True, repr=False)
    active: bool = True
    role: Role = Field(sa_type=words(Role))
    # A manager's region.
    region_id: int | None = Field(default=None, foreign_key="region.id", index=True)
    # What everyone but administrators sees of an auditor, e.g. A-017.
    pseudonym: str = Field(max_length=16, unique=True)
    full_name: str = Field(default="", max_length=200)
    language: str = Field(default="en", max_length=2)
    created_at: datetime = Field(default_factory=now)

    __table_args__ = (
        one_of("role", Role),
        sa.CheckConstraint("role <> 'manager' OR region_id IS NOT NULL", name="manager_has_region"),
        sa.CheckConstraint("language IN ('en', 'ru')", name="language_known"),
    )

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]  # read-only on purpose
        """None: what a person may do stands in the policy table, not in the sign-in library."""
        return []


class SignIn(SQLModel, table=True):
    """One signed-in browser; a session whose row is gone or revoked is nobody's."""

    __tablename__ = "sign_in"

    id: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="person.id", index=True)
    # The browser and its system, as it named itself, in words of ours.
    device: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    created_at: datetime = Field(default_factory=now)
    # To within some minutes.
    last_seen_at: datetime | None = None
    revoked_at: datetime | None = None


class ApiToken(SQLModel, table=True):
    """A key for a program that acts as a person; only its hash is kept."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(max_length=64, unique=True, repr=False)
    user_id: int = Field(foreign_key="person.id", index=True)
    # The person's when it was made: a new password or another role ends the token.
    fs_uniquifier: str = Field(max_length=64, repr=False)
    name: str = Field(default="", max_length=100)
    # Values of `TokenScope`.
    scopes: list[str] = Field(sa_type=sa.JSON)
    created_at: datetime = Field(default_factory=now)
    # To within some minutes.
    last_used_at: datetime | None = None
    expires_at: datetime
    revoked_at: datetime | None = None


class FailedSignIn(SQLModel, table=True):
    """A wrong password, counted here because processes do not share memory."""

    __tablename__ = "failed_sign_in"

    id: int | None = Field(default=None, primary_key=True)
    # As typed, lower case: the account may not exist.
    name: str = Field(max_length=200, index=True)
    at: datetime = Field(default_factory=now, index=True)


class ResetLink(SQLModel, table=True):
    """A one-time link to set a password; only the token's hash is kept."""

    __tablename__ = "reset_link"

    token_sha256: str = Field(primary_key=True, max_length=64, repr=False)
    user_id: int = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime
    used_at: datetime | None = None
