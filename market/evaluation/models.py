"""Qualification checks, helpers of the purchase, low-price explanations, results and reports of a lot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.bids.models import OpenedBid
from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref
from market.organisations.models import Organisation
from market.panels.models import Seat


class QualificationCheck(db.Model):
    """Whether one opened bid meets one qualification item; `passed` is NULL while only the reason has been written."""

    id: Mapped[Id]
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"))
    item_id: Mapped[Ref] = mapped_column(ForeignKey("qualification_item.id"))
    passed: Mapped[bool | None]
    reason: Mapped[str]
    checked_by: Mapped[int | None]
    checked_at: Mapped[At]
    __tablename__ = "qualification_check"
    __table_args__ = strict(UniqueConstraint("opened_bid_id", "item_id"))


class PurchaseHelper(db.Model):
    """An organisation that shaped a purchase or supports its bidders, and so may not bid in it (条例 art. 18)."""

    id: Mapped[Id]
    tender_id: Mapped[Ref] = mapped_column(ForeignKey("tender.id"))
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str]  # one of the rule `bids.barred_roles`
    noted_by: Mapped[int | None]
    noted_at: Mapped[At]
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "purchase_helper"
    __table_args__ = strict(UniqueConstraint("tender_id", "organisation_id"))


class PriceInquiry(db.Model):
    """An abnormally low price must be explained in a logged window of at least 30 minutes (财库〔2026〕2号)."""

    id: Mapped[Id]
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"), unique=True)
    hits: Mapped[Json]  # which tests were hit, with line and figures; a judgement carries its reason
    asked_at: Mapped[At]
    until: Mapped[At]
    reply: Mapped[str]
    replied_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    decision_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    bid: Mapped[OpenedBid] = relationship(lazy="raise")
    __tablename__ = "price_inquiry"
    __table_args__ = strict(
        CheckConstraint("until > asked_at", name="window_forward"),
        CheckConstraint("(accepted IS NULL) = (decided_at IS NULL)", name="decided_has_time"),
    )


class PriceOpinion(db.Model):
    """What one member of the panel thinks of an explanation: given once, with the reason (87号令 art. 60, 61)."""

    id: Mapped[Id]
    inquiry_id: Mapped[Ref] = mapped_column(ForeignKey("price_inquiry.id"))
    seat_id: Mapped[Ref] = mapped_column(ForeignKey("seat.id"), index=True)
    accepted: Mapped[bool]
    reason: Mapped[str]
    given_at: Mapped[At]
    seat: Mapped[Seat] = relationship(lazy="raise")
    __tablename__ = "price_opinion"
    __table_args__ = strict(
        UniqueConstraint("inquiry_id", "seat_id"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )


class Result(db.Model):
    """One bid's line of the ranking; all figures in hundredths of a point."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"), unique=True)
    organisation_id: Mapped[Ref] = mapped_column(ForeignKey("organisation.id"))
    price_fen: Mapped[Fen]
    adjusted_price_fen: Mapped[Fen]
    deduction_bp: Mapped[int]
    quality_centi: Mapped[int]
    price_centi: Mapped[int]
    total_centi: Mapped[int]
    rank: Mapped[int]
    tie_note: Mapped[str]
    per_criterion: Mapped[Json]  # criterion id as text: the panel's average in hundredths
    bid: Mapped[OpenedBid] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")
    __tablename__ = "result"
    __table_args__ = strict(UniqueConstraint("lot_id", "rank"))


class EvaluationReport(db.Model):
    """The report of a lot: frozen data, its digest and the PDF made from it."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"), unique=True)
    data: Mapped[Json]
    digest: Mapped[str]
    pdf_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    made_at: Mapped[At]
    __tablename__ = "evaluation_report"
