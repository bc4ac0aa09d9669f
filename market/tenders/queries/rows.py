"""Whole tenders and lots with everything a page needs, and what is kept with them."""

from __future__ import annotations

import base64

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from market.db.session import db
from market.kernel.rulebook import RuleSet
from market.records.keys import unlock
from market.records.models import PurchaseFile, RelatedFile
from market.tenders.models import Lot, LotFunding, Tender


def _whole(query: Select[tuple[Tender]]) -> Select[tuple[Tender]]:
    """Load lots and conditions with the row, and the lots' parts in one statement each."""
    lots = joinedload(Tender.lots)
    return query.options(
        joinedload(Tender.file),
        joinedload(Tender.item),
        joinedload(Tender.street),
        joinedload(Tender.qualifications),
        lots.selectinload(Lot.criteria),
        lots.selectinload(Lot.milestones),
        lots.joinedload(Lot.funding).joinedload(LotFunding.line),
    )


def tender(tender_id: int, *, locked: bool = False) -> Tender | None:
    """Return a tender with file, item, street, lots (criteria, milestones, funding with lines) and conditions."""
    query = _whole(select(Tender).where(Tender.id == tender_id))
    if locked:
        # Locked first and read afterwards: a statement that waits for the lock shows the other tables as before it.
        db.session.execute(select(Tender.id).where(Tender.id == tender_id).with_for_update())
        query = query.execution_options(populate_existing=True)
    found: Tender | None = db.session.scalars(query).unique().one_or_none()  # type: ignore[assignment]
    return found


def lot(lot_id: int, *, locked: bool = False) -> Lot | None:
    """Return a lot with criteria, milestones, funding and its tender (file, item, street, conditions)."""
    above = joinedload(Lot.tender)
    query = (
        select(Lot)
        .where(Lot.id == lot_id)
        .options(
            above.joinedload(Tender.file),
            above.joinedload(Tender.item),
            above.joinedload(Tender.street),
            above.selectinload(Tender.qualifications),
            selectinload(Lot.criteria),
            selectinload(Lot.milestones),
            selectinload(Lot.funding).joinedload(LotFunding.line),
        )
    )
    if locked:
        query = query.with_for_update(of=Lot).execution_options(populate_existing=True)
    return db.session.execute(query).unique().scalar_one_or_none()


def tender_by_token(form_token: str, user_id: int | None) -> Tender | None:
    """Return what an earlier press of the same button made."""
    return db.session.scalar(select(Tender).filter_by(form_token=form_token, created_by=user_id))


def rules_of(subject: Tender) -> RuleSet:
    """Return the rulebook set a published tender is judged by to its end. Raises ValueError before publication."""
    if subject.rules is None:
        raise ValueError(f"tender {subject.id} is not published")
    return subject.rules


def earlier_files(file_id: int) -> list[tuple[str, str]]:
    """Return the purchases this one follows: relationship and ocid."""
    query = (
        select(RelatedFile.relationship, PurchaseFile.ocid)
        .join(PurchaseFile, PurchaseFile.id == RelatedFile.related_file_id)
        .where(RelatedFile.file_id == file_id)
        .order_by(RelatedFile.id)
    )
    return [(relationship, ocid) for relationship, ocid in db.session.execute(query)]


def draw_secret(subject: Lot) -> bytes:
    """Return the secret behind the published draw commitment: 32 bytes whose SHA-256 was in the notice."""
    if subject.draw_secret is None:
        raise ValueError(f"lot {subject.id} is not published")
    return unlock(f"draw:{subject.id}", base64.b64decode(subject.draw_secret))
