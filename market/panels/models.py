"""Experts, their ties, panels, draws, seats and score sheets. What is scored is named by opaque keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.db.session import db, strict
from market.db.types import At, Id, Json, Ref, one_of
from market.kernel.permits import Scope
from market.panels.states import SeatState, TieKind
from market.people.models import User
from market.records.audit import Subject


class Expert(db.Model):
    """A person of the pool; experts are national. `employer`: the purchaser's own staff may not sit as expert."""

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), unique=True)
    name: Mapped[str]
    fields: Mapped[str]  # comma-separated category codes
    employer: Mapped[str]
    title: Mapped[str]
    active: Mapped[bool]
    added_at: Mapped[At]
    ties: Mapped[list[ExpertTie]] = relationship(lazy="raise", order_by="ExpertTie.id")
    __tablename__ = "expert"

    @property
    def key(self) -> str:
        """The name under which an expert stands in draws; fixed when registered, so that it cannot steer one."""
        return f"expert-{self.id}"

    @property
    def subject(self) -> Subject:
        """Chain of the register of experts, which is national."""
        return Subject("expert", self.id, ("register", "experts"), Scope())


class ExpertTie(db.Model):
    """A tie between an expert and an organisation or street; counted for three years after its end."""

    id: Mapped[Id]
    expert_id: Mapped[Ref] = mapped_column(ForeignKey("expert.id"), index=True)
    kind: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    began_on: Mapped[date | None]
    ended_on: Mapped[date | None]  # NULL: still going on
    note: Mapped[str]
    __tablename__ = "expert_tie"
    __table_args__ = strict(
        one_of("kind", TieKind),
        CheckConstraint("organisation_id IS NOT NULL OR street_id IS NOT NULL", name="tied_to_something"),
    )


class Panel(db.Model):
    """A panel for one subject (kind, id), such as a lot; carries the purchase's scope and chain."""

    id: Mapped[Id]
    subject_kind: Mapped[str]
    subject_id: Mapped[Ref]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), index=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    size: Mapped[int]
    expert_seats: Mapped[int]
    formed_at: Mapped[At]
    closed_at: Mapped[datetime | None]
    seats: Mapped[list[Seat]] = relationship(lazy="raise", back_populates="panel", order_by="Seat.id")
    __tablename__ = "panel"
    __table_args__ = strict(UniqueConstraint("subject_kind", "subject_id"))

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file."""
        return Subject("panel", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))


class Draw(db.Model):
    """One draw: seed, the ordered pool with who was avoided and why, and the result. Anyone can repeat it."""

    id: Mapped[Id]
    panel_id: Mapped[Ref] = mapped_column(ForeignKey("panel.id"), index=True)
    number: Mapped[int]
    commitment: Mapped[str]
    secret: Mapped[str]
    public_part: Mapped[str]
    seed: Mapped[str]
    pool: Mapped[Json]
    avoided: Mapped[Json]
    result: Mapped[Json]
    reason: Mapped[str]
    at: Mapped[At]
    __tablename__ = "draw"
    __table_args__ = strict(UniqueConstraint("panel_id", "number"))

    @property
    def drawn_names(self) -> list[str]:
        """Who was drawn, by name, in the order of the draw."""
        names = {entry["key"]: entry["name"] for entry in self.pool}
        return [names[key] for key in self.result]

    def as_data(self) -> dict[str, Any]:
        """The record as it is published with the result; `panels.rules.draw_holds` repeats it."""
        names = ("number", "commitment", "secret", "public_part", "seed", "pool", "avoided", "result", "reason", "at")
        return {"form": "linli.draw.1", **{name: getattr(self, name) for name in names}}


class Seat(db.Model):
    """One member of a panel: a drawn expert or the purchaser's representative."""

    id: Mapped[Id]
    panel_id: Mapped[Ref] = mapped_column(ForeignKey("panel.id"), index=True)
    user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"), index=True)
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"))
    number: Mapped[int]
    is_representative: Mapped[bool]
    state: Mapped[str]
    declaration_digest: Mapped[str | None]
    recusal_reason: Mapped[str]
    dissent: Mapped[str]
    acted_at: Mapped[datetime | None]
    panel: Mapped[Panel] = relationship(lazy="raise", back_populates="seats")
    user: Mapped[User] = relationship(lazy="raise")
    __tablename__ = "seat"
    __table_args__ = strict(one_of("state", SeatState), UniqueConstraint("panel_id", "user_id"))

    # Needs `panel` loaded: a seat belongs to the purchase of its panel.
    @property
    def subject(self) -> Subject:
        """Chain of the purchase file; only the member holds the right to act (checked by user_id)."""
        chain = ("file", str(self.panel.file_id))
        return Subject("seat", self.id, chain, Scope(self.panel.district_id, self.panel.street_id))


class Score(db.Model):
    """One member's score of one criterion of one scored thing, in hundredths of a point, with a reason.

    Saved field by field while the sheet is open; complete and unchangeable once the seat is final.
    """

    id: Mapped[Id]
    seat_id: Mapped[Ref] = mapped_column(ForeignKey("seat.id"))
    scored_kind: Mapped[str]
    scored_id: Mapped[Ref]
    criterion_id: Mapped[Ref]
    score_centi: Mapped[int | None]  # NULL while only the reason has been written
    reason: Mapped[str]
    at: Mapped[At]
    __tablename__ = "score"
    __table_args__ = strict(
        UniqueConstraint("seat_id", "scored_kind", "scored_id", "criterion_id"),
        CheckConstraint("score_centi >= 0", name="score_natural"),
        Index(None, "scored_kind", "scored_id"),
    )
