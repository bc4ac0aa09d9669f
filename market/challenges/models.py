"""Challenges by suppliers against a result."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.awards.models import Award
from market.challenges.states import ChallengeState
from market.db.session import db, strict
from market.db.types import At, Id, Ref, one_of
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.records.audit import Subject


class Challenge(db.Model):
    """One challenge of one organisation against one award."""

    id: Mapped[Id]
    award_id: Mapped[Ref] = mapped_column(ForeignKey("award.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    form_token: Mapped[str] = mapped_column(unique=True)
    facts: Mapped[str]
    request: Mapped[str]
    state: Mapped[str]
    filed_at: Mapped[At]
    reply_by: Mapped[date]
    reply: Mapped[str]
    replied_at: Mapped[datetime | None]
    decision: Mapped[str]
    decided_at: Mapped[datetime | None]
    complaint_by: Mapped[date]
    award: Mapped[Award] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "challenge"
    __table_args__ = strict(one_of("state", ChallengeState))

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file; the challenger acts by its organisation, the street and district by theirs."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("challenge", self.id, ("file", str(self.file_id)), scope)
