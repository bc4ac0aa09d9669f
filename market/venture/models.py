"""Rounds with their pool, applications, and the residents' ballots."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.budgets.models import BudgetLine
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, Rules, one_of
from market.kernel.canonical import digest
from market.kernel.permits import Scope
from market.organisations.models import Organisation
from market.places.models import Street
from market.records.audit import Subject
from market.records.models import PurchaseFile
from market.venture.states import ApplicationState, RoundRegime, RoundState


class Round(db.Model):
    """One call for projects. Rulebook set, calendar version and dates are frozen at publication."""

    id: Mapped[Id]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), unique=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    regime: Mapped[str]
    title: Mapped[str]
    purpose: Mapped[str]
    themes: Mapped[Json]  # [{"field": category, "title": what is looked for, "least": projects at least}]
    conditions: Mapped[Json]  # eligibility.Conditions
    project_cap_fen: Mapped[Fen]
    own_min_bp: Mapped[int]  # own money, at least this share of a project's total
    projects_most: Mapped[int]  # 0: no limit
    criteria: Mapped[Json]  # [{"id", "title", "guidance", "max_centi"}], 100.00 together
    starts_on: Mapped[date]  # the funded projects run
    ends_on: Mapped[date]
    apply_days: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str]  # why a draft was returned or a round called off
    rules: Mapped[Rules]
    rules_digest: Mapped[str]
    calendar_version: Mapped[str]
    provisional: Mapped[bool]
    notice_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    draw_commitment: Mapped[str | None]
    draw_secret: Mapped[str | None]  # wrapped under the installation's key
    closing_digest: Mapped[str | None]  # over the receipts at the deadline: the draw's public part
    pitch_at: Mapped[datetime | None]
    vote_until: Mapped[datetime | None]
    codes_made: Mapped[int]
    portfolio: Mapped[Json]  # what was found, with the reason for each project; empty until ranked
    departure: Mapped[str]  # why the decision departs from it
    decided_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    created_at: Mapped[At]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    file: Mapped[PurchaseFile] = relationship(lazy="raise")
    street: Mapped[Street] = relationship(lazy="raise")
    funding: Mapped[list[RoundFunding]] = relationship(lazy="raise", order_by="RoundFunding.id")
    __tablename__ = "venture_round"
    __table_args__ = strict(
        one_of("state", RoundState),
        one_of("regime", RoundRegime),
        CheckConstraint("ends_on > starts_on", name="term_forward"),
        CheckConstraint("project_cap_fen > 0", name="cap_positive"),
        CheckConstraint(
            "(state IN ('draft', 'review')) = (notice_at IS NULL) OR state = 'cancelled'", name="published_has_notice"
        ),
        CheckConstraint("(notice_at IS NULL) = (deadline_at IS NULL)", name="notice_has_deadline"),
        CheckConstraint("(state IN ('decided', 'finished')) = (decided_at IS NOT NULL)", name="decided_has_time"),
        Index(None, "state", "deadline_at"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the round's file, scope of the street."""
        return Subject("round", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))

    @property
    def pool_fen(self) -> int:
        """All funding together; `funding` must be loaded."""
        return sum(share.amount_fen for share in self.funding)

    @property
    def content_digest(self) -> str:
        """Digest of all that a draft says, by which a page remembers what it showed; `funding` must be loaded."""
        said = [
            self.title, self.purpose, self.themes, self.conditions, self.project_cap_fen, self.own_min_bp,
            self.projects_most, self.criteria, self.starts_on, self.ends_on, self.apply_days, self.regime,
            [(share.line_id, share.amount_fen) for share in self.funding],
        ]  # fmt: skip
        return digest(said)


class RoundFunding(db.Model):
    """What one budget line gives to a round's pool."""

    id: Mapped[Id]
    round_id: Mapped[Ref] = mapped_column(ForeignKey("venture_round.id"))
    line_id: Mapped[Ref] = mapped_column(ForeignKey("budget_line.id"))
    amount_fen: Mapped[Fen]
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    __tablename__ = "venture_funding"
    __table_args__ = strict(
        UniqueConstraint("round_id", "line_id"), CheckConstraint("amount_fen > 0", name="amount_positive")
    )


class Application(db.Model):
    """One project in one round. `organisation_id` answers for it; a group without legal person stands behind it."""

    id: Mapped[Id]
    round_id: Mapped[Ref] = mapped_column(ForeignKey("venture_round.id"))
    applicant_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)  # the group, or the same
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("purchase_file.id"), unique=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    number: Mapped[int | None]  # in the round, given at the deadline
    state: Mapped[str]
    doc: Mapped[Json]  # the draft: values, who touched which field, hands
    content: Mapped[Json]  # what was handed in; empty before
    digest: Mapped[str]
    version: Mapped[int]
    saved_at: Mapped[At]
    saved_by: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]  # that the draft is not handed in; once
    receipt_number: Mapped[str | None] = mapped_column(unique=True)
    findings: Mapped[Json]  # of the formal check
    reason: Mapped[str]  # of the formal check's decision
    bonus: Mapped[Json]  # {"fundraising": centi, "policy": centi} where the regime adds points
    pitch_order: Mapped[int | None]
    scores: Mapped[Json]  # scores.Total as data; empty until ranked
    granted_fen: Mapped[Fen]  # what it gets if chosen; 0 until ranked
    funding: Mapped[Json]  # {line id: fen} once chosen
    verdict: Mapped[Json]  # [{"text", "params"}]: why in or out
    round: Mapped[Round] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[organisation_id])
    applicant: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[applicant_id])
    __tablename__ = "venture_application"
    __table_args__ = strict(
        one_of("state", ApplicationState),
        UniqueConstraint("round_id", "applicant_id"),
        UniqueConstraint("round_id", "number"),
        CheckConstraint("granted_fen >= 0", name="grant_natural"),
        CheckConstraint("(state IN ('draft', 'lapsed')) = (submitted_at IS NULL)", name="submitted_has_time"),
        CheckConstraint("(state IN ('chosen', 'awarded', 'fallen')) = (file_id IS NOT NULL)", name="chosen_has_file"),
        Index(None, "round_id", "state"),
    )

    @property
    def subject(self) -> Subject:
        """A chain of the round's applications: who writes before the deadline is no business of the public file."""
        scope = Scope(self.district_id, self.street_id, self.organisation_id)
        return Subject("application", self.id, ("applications", str(self.round_id)), scope)

    @property
    def through_host(self) -> bool:
        """True when an organisation answers for a group without legal person."""
        return self.applicant_id != self.organisation_id


class Ballot(db.Model):
    """One resident's ballot. Kept without a person; of the time only the day."""

    id: Mapped[Id]
    round_id: Mapped[Ref] = mapped_column(ForeignKey("venture_round.id"), index=True)
    choices: Mapped[Json]  # application ids
    cast_on: Mapped[At]
    __tablename__ = "venture_ballot"
