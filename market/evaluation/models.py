"""Qualification checks, low-price explanations, results and reports of a lot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db.session import db, strict
from market.db.types import At, Fen, Id, Json, Ref


class QualificationCheck(db.Model):
    """Whether one opened bid meets one qualification item."""

    id: Mapped[Id]
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"))
    item_id: Mapped[Ref] = mapped_column(ForeignKey("qualification_item.id"))
    passed: Mapped[bool]
    reason: Mapped[str]
    checked_by: Mapped[int | None]
    checked_at: Mapped[At]
    __tablename__ = "qualification_check"
    __table_args__ = strict(UniqueConstraint("opened_bid_id", "item_id"))


class PriceInquiry(db.Model):
    """An abnormally low price must be explained in a logged window of at least 30 minutes (财库〔2026〕2号)."""

    id: Mapped[Id]
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"), unique=True)
    hits: Mapped[Json]  # which tests were hit, with line and figures
    asked_at: Mapped[At]
    until: Mapped[At]
    reply: Mapped[str]
    replied_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    decision_reason: Mapped[str]
    decided_at: Mapped[datetime | None]
    __tablename__ = "price_inquiry"


class Result(db.Model):
    """One bid's line of the ranking; all figures in hundredths of a point."""

    id: Mapped[Id]
    lot_id: Mapped[Ref] = mapped_column(ForeignKey("lot.id"))
    opened_bid_id: Mapped[Ref] = mapped_column(ForeignKey("opened_bid.id"), unique=True)
    organisation_id: Mapped[Ref]
    price_fen: Mapped[Fen]
    adjusted_price_fen: Mapped[Fen]
    deduction_bp: Mapped[int]
    quality_centi: Mapped[int]
    price_centi: Mapped[int]
    total_centi: Mapped[int]
    rank: Mapped[int]
    tie_note: Mapped[str]
    per_criterion: Mapped[Json]
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
