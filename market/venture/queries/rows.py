"""Whole rounds and applications, and what is kept with them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from market.db.session import db
from market.kernel.categories import CATEGORY_LABELS, Category
from market.kernel.permits import Permit
from market.kernel.rulebook import RuleSet
from market.records.keys import unlock
from market.records.models import AuditEntry, OneTimeCode, StoredFile
from market.venture.models import Application, Ballot, Round, RoundFunding
from market.venture.rules.portfolio import Entry, Frame, Source
from market.venture.rules.timetable import source_fields
from market.venture.states import HANDED_IN

SUBJECT = "round"
SCORED = "application"
VOTE = "round_vote"
FILES = "application_file"


def round_row(round_id: int, *, locked: bool = False) -> Round | None:
    """Return a round with file, street and funding (lines loaded)."""
    query = (
        select(Round)
        .where(Round.id == round_id)
        .options(
            joinedload(Round.file),
            joinedload(Round.street),
            selectinload(Round.funding).joinedload(RoundFunding.line),
        )
    )
    if locked:
        query = query.with_for_update(of=Round).execution_options(populate_existing=True)
    return db.session.scalar(query)


def round_by_token(form_token: str, user_id: int | None) -> Round | None:
    """Return what an earlier press of the same button made."""
    return db.session.scalar(select(Round).filter_by(form_token=form_token, created_by=user_id))


def rules_of(row: Round) -> RuleSet:
    """Return the rulebook set a published round is judged by to its end. Raises ValueError before publication."""
    if row.rules is None:
        raise ValueError(f"round {row.id} is not published")
    return row.rules


def draw_secret(row: Round) -> bytes:
    """Return the secret behind the published draw commitment. Raises ValueError before publication."""
    if row.draw_secret is None:
        raise ValueError(f"round {row.id} is not published")
    return unlock(f"round-draw:{row.id}", base64.b64decode(row.draw_secret))


def writers(row: Round) -> frozenset[int]:
    """Return who wrote the round: everyone who acted on it with the permit to draft before it was published."""
    query = select(AuditEntry.actor_id).where(
        AuditEntry.subject_kind == SUBJECT,
        AuditEntry.subject_id == row.id,
        AuditEntry.permit == Permit.ROUND_DRAFT,
    )
    found = {user_id for user_id in db.session.scalars(query.distinct()) if user_id is not None}
    return frozenset(found | ({row.created_by} if row.created_by is not None else set()))


# --- applications -----------------------------------------------------------------------------------------------------


def application(application_id: int, *, locked: bool = False) -> Application | None:
    """Return an application with its round (street loaded), who answers for it and who applies."""
    above = joinedload(Application.round)
    query = (
        select(Application)
        .where(Application.id == application_id)
        .options(
            above.joinedload(Round.street),
            above.joinedload(Round.file),
            joinedload(Application.organisation),
            joinedload(Application.applicant),
        )
    )
    if locked:
        query = query.with_for_update(of=Application).execution_options(populate_existing=True)
    return db.session.scalar(query)


def application_of(round_id: int, applicant_id: int, *, locked: bool = False) -> Application | None:
    """Return an applicant's application in a round, without its relations."""
    query = select(Application).filter_by(round_id=round_id, applicant_id=applicant_id)
    if locked:
        query = query.with_for_update(of=Application).execution_options(populate_existing=True)
    return db.session.scalar(query)


def files_of(application_id: int) -> list[StoredFile]:
    """Return an application's attachments, oldest first."""
    query = select(StoredFile).filter_by(subject_kind=FILES, subject_id=application_id)
    return list(db.session.scalars(query.order_by(StoredFile.id)))


def applications_of(round_id: int, states: Iterable[str] = HANDED_IN, *, locked: bool = False) -> list[Application]:
    """Return a round's applications in these states by number, organisations loaded (one statement)."""
    query = (
        select(Application)
        .where(Application.round_id == round_id, Application.state.in_(list(states)))
        .options(joinedload(Application.organisation), joinedload(Application.applicant))
        .order_by(Application.number, Application.id)
    )
    if locked:
        query = query.with_for_update(of=Application).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def counts(round_id: int) -> dict[str, int]:
    """Return how many applications a round has by state."""
    query = select(Application.state, func.count()).filter_by(round_id=round_id).group_by(Application.state)
    return {row[0]: row[1] for row in db.session.execute(query)}


def parties(rows: Sequence[Application]) -> dict[int, str]:
    """Return everybody a juror must have no tie with: who applies and who answers, by id."""
    found = {one.organisation_id: one.organisation.name for one in rows}
    return found | {one.applicant_id: one.applicant.name for one in rows}


def ballots(round_id: int) -> list[list[int]]:
    """Return the ballots of a round."""
    return list(db.session.scalars(select(Ballot.choices).filter_by(round_id=round_id).order_by(Ballot.id)))


def codes_used(round_id: int) -> int:
    """Return how many of a round's codes have been used."""
    used = OneTimeCode.used_at.is_not(None)
    query = select(func.count()).where(
        OneTimeCode.purpose == VOTE, OneTimeCode.subject_kind == SUBJECT, OneTimeCode.subject_id == round_id, used
    )
    return db.session.scalar(query) or 0


# --- what the portfolio is made of ------------------------------------------------------------------------------------


def sources(row: Round, rules: RuleSet) -> tuple[Source, ...]:
    """Return the pool's parts with the fields their purposes allow; funding must be loaded."""
    every = [category.value for category in Category]
    return tuple(
        Source(
            share.line_id,
            share.line.title,
            share.amount_fen,
            source_fields(share.line.source, share.line.category, every, rules),
        )
        for share in row.funding
    )


def frame(row: Round, rules: RuleSet) -> Frame:
    """Return what a portfolio of this round must keep to."""
    return Frame(
        sources(row, rules),
        {theme["field"]: int(theme["least"]) for theme in row.themes if theme["least"]},
        int(rules["round.applications_max"]),
        row.projects_most,
        int(rules["round.score_min_centi"]),
    )


def entries(rows: Iterable[Application]) -> list[Entry]:
    """Return the ranked applications as the portfolio's entries."""
    return [
        Entry(one.id, one.applicant_id, one.content["field"], one.granted_fen, one.scores["total"])
        for one in rows
        if one.scores
    ]


def field_names() -> dict[str, str]:
    """Names of the fields, as they are published."""
    return {category.value: CATEGORY_LABELS[category] for category in Category}
