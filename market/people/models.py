"""Accounts, sessions, grants, throttle, and people's keys and certificates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Ref, one_of
from market.kernel.permits import Actor, Grant, Role, Scope
from market.records.audit import Subject


class User(db.Model):
    """A person who signs in. The second factor's secret is encrypted under the installation's key."""

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int | None]
    language: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[At]
    grants: Mapped[list[RoleGrant]] = relationship(lazy="raise", back_populates="user")
    __tablename__ = "user_account"

    @property
    def subject(self) -> Subject:
        """Chain of account changes: the register of people."""
        return Subject("user", self.id, ("register", "people"), Scope())

    def actor(self) -> Actor:
        """Return this person with the live grants (which must be loaded)."""
        live = [g for g in self.grants if g.revoked_at is None]
        return Actor(
            self.id, self.name, tuple(Grant(Role(g.role), g.district_id, g.street_id, g.organisation_id) for g in live)
        )


class RoleGrant(db.Model):
    """A role given to a person within a scope; revoked, never deleted."""

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str]
    district_id: Mapped[int | None]
    street_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    granted_by: Mapped[int | None]
    granted_at: Mapped[At]
    revoked_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="raise", back_populates="grants")
    __tablename__ = "role_grant"
    __table_args__ = strict(
        one_of("role", Role), Index(None, "role", "street_id"), Index(None, "organisation_id", "role")
    )


class UserSession(db.Model):
    """A signed-in browser; the cookie holds the token, the table only its digest. Times are real ones."""

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[At]
    seen_at: Mapped[At]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str]
    address: Mapped[str]
    user: Mapped[User] = relationship(lazy="raise")
    __tablename__ = "user_session"


class SignInFailure(db.Model):
    """One failed attempt; the throttle counts them by login and by address."""

    id: Mapped[Id]
    login: Mapped[str]
    address: Mapped[str]
    at: Mapped[At]
    __tablename__ = "sign_in_failure"
    __table_args__ = strict(Index(None, "login", "at"), Index(None, "address", "at"))


class SealingKey(db.Model):
    """A person's X25519 key for sealed bids: public part, private part locked under the passphrase."""

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), index=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    locked_private: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[At]
    retired_at: Mapped[datetime | None]
    __tablename__ = "sealing_key"
    __table_args__ = strict(
        Index(
            "uq_sealing_key_live",
            "user_id",
            unique=True,
            sqlite_where=db.text("retired_at IS NULL"),
            postgresql_where=db.text("retired_at IS NULL"),
        )
    )


class SigningCertificate(db.Model):
    """A person's certificate from the installation's CA; the key is locked under the same passphrase."""

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), index=True)
    serial: Mapped[str] = mapped_column(unique=True)
    certificate_pem: Mapped[str]
    locked_key: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[int | None]
    issued_at: Mapped[At]
    expires_at: Mapped[At]
    revoked_at: Mapped[datetime | None]
    __tablename__ = "signing_certificate"


__all__ = ["RoleGrant", "SealingKey", "SignInFailure", "SigningCertificate", "User", "UserSession"]
