"""Contracts and awards without one, limited to what a person's grants cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from contracts.agreements.models import Agreement, Substitution
from contracts.agreements.states import AgreementState, SubstitutionState
from market.awards.models import Award
from market.awards.states import AwardState
from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import Actor, Grant, Permit
from market.records.models import StoredFile

PAGE = 20
SIGNED = (
    AgreementState.IN_FORCE,
    AgreementState.SUSPENDED,
    AgreementState.COMPLETED,
    AgreementState.TERMINATED,
)


def within(table: Any, grants: Iterable[Grant]) -> ColumnElement[bool]:
    """Return the condition that a row's district, street and organisation lie inside one of the grants."""
    parts: list[ColumnElement[bool]] = []
    for grant in grants:
        named = [
            column == wanted
            for column, wanted in (
                (table.district_id, grant.district_id),
                (table.street_id, grant.street_id),
                (table.organisation_id, grant.organisation_id),
            )
            if wanted is not None
        ]
        parts.append(and_(true(), *named))
    return or_(false(), *parts)


def agreement(agreement_id: int, *, lock: bool = False) -> Agreement | None:
    """Return a contract with award, purchase file, organisation and signatures.

    `lock` holds it and its award until the commit, so that neither changes between the question and the act.
    """
    query = (
        select(Agreement)
        .join(Agreement.award)
        .where(Agreement.id == agreement_id)
        .options(
            contains_eager(Agreement.award),
            joinedload(Agreement.file),
            joinedload(Agreement.organisation),
            selectinload(Agreement.signatures),
        )
    )
    if lock:
        # What was read before the lock may be stale by now.
        query = query.with_for_update(of=[Agreement, Award]).execution_options(populate_existing=True)
    return db.session.scalar(query)


def by_award(award_id: int) -> Agreement | None:
    """Return the live contract of an award."""
    query = select(Agreement).where(Agreement.award_id == award_id, Agreement.state != AgreementState.CANCELLED)
    return db.session.scalar(query)


def by_signed_digest(sha256: str) -> Agreement | None:
    """Return the contract whose signed document has this digest, with its signatures."""
    query = (
        select(Agreement)
        .join(StoredFile, StoredFile.id == Agreement.signed_pdf_id)
        .where(StoredFile.sha256 == sha256)
        .options(selectinload(Agreement.signatures), joinedload(Agreement.organisation), joinedload(Agreement.file))
        .limit(1)
    )
    return db.session.scalar(query)


def agreements_for(actor: Actor, *, state: str = "", before: int | None = None) -> list[Agreement]:
    """Return one page (and one row more) of the contracts this person may see, newest first."""
    query = (
        select(Agreement)
        .where(within(Agreement, actor.scopes(Permit.AGREEMENT_SEE)))
        .options(joinedload(Agreement.organisation))
        .order_by(Agreement.id.desc())
        .limit(PAGE + 1)
    )
    if state:
        query = query.where(Agreement.state == state)
    if before is not None:
        query = query.where(Agreement.id < before)
    return list(db.session.scalars(query))


def on_the_desk(drafting: Sequence[Grant], supplying: Sequence[Grant], buying: Sequence[Grant]) -> list[Agreement]:
    """Return the contracts that wait for somebody with these grants, the most urgent first.

    Whoever drafts finishes drafts, files copies and deals with suspended ones; each party signs in its turn.
    """
    if not (drafting or supplying or buying):
        return []
    unfiled = Agreement.state.in_(SIGNED) & Agreement.file_copied_on.is_(None)
    drafts = Agreement.state.in_([AgreementState.DRAFT, AgreementState.SUSPENDED])
    query = (
        select(Agreement)
        .options(joinedload(Agreement.award))
        .where(
            or_(
                within(Agreement, drafting) & (drafts | unfiled),
                within(Agreement, supplying) & (Agreement.state == AgreementState.ISSUED),
                within(Agreement, buying) & (Agreement.state == AgreementState.HALF_SIGNED),
            )
        )
    )
    return list(db.session.scalars(query.order_by(Agreement.sign_by, Agreement.id).limit(200)))


def _without_contract() -> ColumnElement[bool]:
    live = select(Agreement.id).where(Agreement.award_id == Award.id, Agreement.state != AgreementState.CANCELLED)
    return and_(Award.state == AwardState.ACTIVE, ~live.exists())


def awards_without_contract(street_id: int) -> list[Award]:
    """Return a street's confirmed awards that have no live contract, the most urgent first."""
    query = (
        select(Award).where(Award.street_id == street_id, _without_contract()).options(joinedload(Award.organisation))
    )
    return list(db.session.scalars(query.order_by(Award.sign_by, Award.id)))


def _to_draft(grants: Iterable[Grant], limit: int) -> Select[Any]:
    query = select(Award).where(within(Award, grants), _without_contract())
    return query.order_by(Award.sign_by, Award.id).limit(limit)


def awards_to_draft(actor: Actor, limit: int = 100) -> list[Award]:
    """Return the confirmed awards without a contract that this person may draft for, the most urgent first."""
    grants = actor.scopes(Permit.AGREEMENT_DRAFT)
    if not grants:
        return []
    return list(db.session.scalars(_to_draft(grants, limit).options(joinedload(Award.organisation))))


def lines_to_draft(grants: Sequence[Grant]) -> Select[Any]:
    """Ask for the confirmed awards without a contract within the grants."""
    return lined(_to_draft(grants, 100), id=Award.id, title=Award.title, day=Award.sign_by)


def in_force_on_fallen_awards(limit: int = 200) -> list[Agreement]:
    """Return contracts in force whose award is suspended or annulled."""
    query = (
        select(Agreement)
        .join(Award, Award.id == Agreement.award_id)
        .where(Agreement.state == AgreementState.IN_FORCE, Award.state != AwardState.ACTIVE)
        .options(joinedload(Agreement.award), joinedload(Agreement.file), joinedload(Agreement.organisation))
        .order_by(Agreement.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def stored(file_id: int | None) -> StoredFile | None:
    """Return a stored file's row."""
    return db.session.get(StoredFile, file_id) if file_id is not None else None


def is_late(row: Agreement, today: date) -> bool:
    """True when the last day to sign has passed without both signatures."""
    return row.signed_at is None and today > row.sign_by


# --- people replaced --------------------------------------------------------------------------------------------------


def substitution(substitution_id: int) -> Substitution | None:
    """Return a substitution with its contract."""
    query = select(Substitution).where(Substitution.id == substitution_id)
    return db.session.scalar(query.options(joinedload(Substitution.agreement)))


def substitution_by_token(token: str) -> Substitution | None:
    """Return the substitution a form has already made."""
    return db.session.scalar(select(Substitution).filter_by(form_token=token))


def substitutions_of(agreement_id: int, *states: str) -> list[Substitution]:
    """Return a contract's substitutions in these states (none: all), in the order in which they were proposed."""
    query = select(Substitution).filter_by(agreement_id=agreement_id)
    if states:
        query = query.where(Substitution.state.in_(states))
    return list(db.session.scalars(query.order_by(Substitution.id)))


def substitutions_to_decide(grants: Sequence[Grant]) -> Select[Any]:
    """Ask for the proposed substitutions that wait for somebody of the street with these grants, oldest first."""
    query = (
        select(Substitution)
        .join(Substitution.agreement)
        .where(within(Substitution, grants), Substitution.state == SubstitutionState.PROPOSED)
        .order_by(Substitution.id)
        .limit(100)
    )
    return lined(query, id=Substitution.id, ref=Substitution.agreement_id, title=Agreement.title)
