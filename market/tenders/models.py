"""Tenders with their lots, criteria, qualification items, funding and the wrapped lot keys."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.budgets.models import BudgetLine
from market.catalogue.models import CatalogueItem
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref, Rules, one_of
from market.kernel.permits import Scope
from market.places.models import Street
from market.records.audit import Subject
from market.records.models import PurchaseFile
from market.tenders.states import CriterionKind, LotState, Method, MilestoneBase, TenderState


class Tender(db.Model):
    """One purchase procedure. Rulebook set, calendar version and computed dates are frozen at publication."""

    id: Mapped[Id]
    file_id: Mapped[Ref] = mapped_column(ForeignKey("purchase_file.id"), unique=True)
    district_id: Mapped[Ref]
    street_id: Mapped[Ref] = mapped_column(ForeignKey("street.id"), index=True)
    item_id: Mapped[Ref] = mapped_column(ForeignKey("catalogue_item.id"))
    demand_id: Mapped[int | None] = mapped_column(ForeignKey("demand_item.id"))
    title: Mapped[str]
    category: Mapped[str]
    requirement: Mapped[str]
    method: Mapped[str]
    resolution: Mapped[Json]  # what the resolver found: thresholds, reasons, sources
    budget_fen: Mapped[Fen]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    term_conditions: Mapped[Json]  # ticked grounds for a term over a year (102号令 art. 24)
    small_deduction_bp: Mapped[int]
    bond_bp: Mapped[int]  # performance bond that a contract may ask for, of its price; 0 for none (条例 art. 48)
    negative_note: Mapped[str]  # why words of the negative list do not mean what they seem to
    intention_waiver: Mapped[str]  # the unforeseeable urgency that spares the intention's 30 days
    state: Mapped[str]
    return_reason: Mapped[str]
    typed: Mapped[Json]  # what was typed into a section and cannot be read yet, by section and field
    seen: Mapped[Json]  # the content as it was returned, so that the approver sees what changed
    rules: Mapped[Rules]
    rules_digest: Mapped[str]
    calendar_version: Mapped[str]
    provisional: Mapped[bool]
    intention_at: Mapped[datetime | None]
    notice_at: Mapped[datetime | None]
    documents_until: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    created_at: Mapped[At]
    form_token: Mapped[str | None] = mapped_column(unique=True)
    file: Mapped[PurchaseFile] = relationship(lazy="raise")
    item: Mapped[CatalogueItem] = relationship(lazy="raise")
    street: Mapped[Street] = relationship(lazy="raise")
    lots: Mapped[list[Lot]] = relationship(lazy="raise", back_populates="tender", order_by="Lot.number")
    qualifications: Mapped[list[QualificationItem]] = relationship(lazy="raise", order_by="QualificationItem.number")
    __tablename__ = "tender"
    __table_args__ = strict(
        one_of("state", TenderState),
        one_of("method", Method),
        CheckConstraint("budget_fen > 0", name="budget_positive"),
        CheckConstraint("ends_on > starts_on", name="term_forward"),
        CheckConstraint(
            "(state IN ('open', 'closed')) = (notice_at IS NOT NULL AND deadline_at IS NOT NULL)"
            " OR state = 'cancelled'",
            name="published_has_dates",
        ),
        Index(None, "state", "deadline_at"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file, scope of the street."""
        return Subject("tender", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))


class Lot(db.Model):
    """A part that is bid for, judged and awarded on its own."""

    id: Mapped[Id]
    tender_id: Mapped[Ref] = mapped_column(ForeignKey("tender.id"), index=True)
    file_id: Mapped[Ref]
    district_id: Mapped[Ref]
    street_id: Mapped[Ref]
    number: Mapped[int]
    title: Mapped[str]
    ceiling_fen: Mapped[Fen]
    state: Mapped[str]
    failure_reason: Mapped[str]
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    draw_commitment: Mapped[str | None]  # digest of the draw's secret, published with the notice
    draw_secret: Mapped[str | None]
    evaluation_terms: Mapped[Json]  # weights per source (bp), bands, missing-source rule, minimum counts: OutcomeTerms
    tender: Mapped[Tender] = relationship(lazy="raise", back_populates="lots")
    criteria: Mapped[list[Criterion]] = relationship(lazy="raise", order_by="Criterion.number")
    milestones: Mapped[list[PlannedMilestone]] = relationship(lazy="raise", order_by="PlannedMilestone.number")
    funding: Mapped[list[LotFunding]] = relationship(lazy="raise", order_by="LotFunding.id")
    __tablename__ = "lot"
    __table_args__ = strict(
        one_of("state", LotState),
        UniqueConstraint("tender_id", "number"),
        CheckConstraint("ceiling_fen > 0", name="ceiling_positive"),
    )

    @property
    def subject(self) -> Subject:
        """Chain of the purchase file, scope of the street."""
        return Subject("lot", self.id, ("file", str(self.file_id)), Scope(self.district_id, self.street_id))


class LotFunding(db.Model):
    """How much of a lot's ceiling comes from which budget line; reserved at publication."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    line_id: Mapped[Ref] = mapped_column(ForeignKey("budget_line.id"), index=True)
    amount_fen: Mapped[Fen]
    line: Mapped[BudgetLine] = relationship(lazy="raise")
    __tablename__ = "lot_funding"
    __table_args__ = strict(UniqueConstraint("lot_id", "line_id"), CheckConstraint("amount_fen > 0", name="positive"))


class Criterion(db.Model):
    """A scored factor with its greatest score in hundredths of a point; all of a lot sum to 100.00 points."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    guidance: Mapped[str]
    max_centi: Mapped[int]
    __tablename__ = "criterion"
    __table_args__ = strict(one_of("kind", CriterionKind), CheckConstraint("max_centi > 0", name="max_positive"))


class QualificationItem(db.Model):
    """A condition each bidder must meet; never scored (87号令 art. 55)."""

    id: Mapped[Id]
    tender_id: Mapped[Ref] = mapped_column(ForeignKey("tender.id"), index=True)
    number: Mapped[int]
    title: Mapped[str]
    evidence: Mapped[str]
    __tablename__ = "qualification_item"


class PlannedMilestone(db.Model):
    """A stage of work as announced: its share of the price and what its money depends on."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), index=True)
    number: Mapped[int]
    title: Mapped[str]
    share_bp: Mapped[int]
    base: Mapped[str]
    due_on: Mapped[date]
    evidence: Mapped[str]
    __tablename__ = "planned_milestone"
    __table_args__ = strict(one_of("base", MilestoneBase), CheckConstraint("share_bp > 0", name="share_positive"))


class LotKeyWrap(db.Model):
    """The lot's private key wrapped for one permitted ordered pair of openers: the first peels, the second opens."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    first_user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    second_user_id: Mapped[Ref] = mapped_column(ForeignKey("user_account.id"))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[At]
    __tablename__ = "lot_key_wrap"
    __table_args__ = strict(UniqueConstraint("lot_id", "first_user_id", "second_user_id"))
