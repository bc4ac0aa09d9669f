"""Milestones with their reports and decisions, limited to what a person's grants cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from contracts.agreements.models import Agreement
from contracts.agreements.queries import within
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Acceptance, Milestone, Report
from contracts.delivery.states import MilestoneState
from market.db.lines import lined
from market.db.session import db
from market.kernel.permits import Actor, Grant, Permit
from market.records.models import StoredFile

PAGE = 20
# Evidence kept before its report is handed in, and afterwards.
PENDING, REPORTED = "delivery_draft", "delivery_report"
_OPEN = (MilestoneState.PLANNED, MilestoneState.REPORTED, MilestoneState.RETURNED)


def milestone(milestone_id: int, *, lock: bool = False) -> Milestone | None:
    """Return a milestone with its contract (award, file, organisation) and reports; `lock` holds its row."""
    contract = joinedload(Milestone.agreement)
    query = (
        select(Milestone)
        .where(Milestone.id == milestone_id)
        .options(
            contract.joinedload(Agreement.award),
            contract.joinedload(Agreement.file),
            contract.joinedload(Agreement.organisation),
            selectinload(Milestone.reports),
        )
    )
    if lock:
        query = query.with_for_update(of=Milestone).execution_options(populate_existing=True)
    return db.session.scalar(query)


def milestones_of(agreement_id: int) -> list[Milestone]:
    """Return a contract's milestones in order."""
    return list(db.session.scalars(select(Milestone).filter_by(agreement_id=agreement_id).order_by(Milestone.number)))


def agreements_without_milestones(limit: int = 200) -> list[Agreement]:
    """Return contracts in force whose milestones have not been planned yet."""
    planned = select(Milestone.id).where(Milestone.agreement_id == Agreement.id)
    query = (
        select(Agreement)
        .where(Agreement.state == AgreementState.IN_FORCE, ~planned.exists())
        .order_by(Agreement.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def milestones_for(
    actor: Actor, *, everything: bool = False, before: tuple[date, int] | None = None
) -> list[Milestone]:
    """Return one page (and one row more) of milestones by due day; only those still open unless `everything`.

    `before` is (due day, id) of the last row seen.
    """
    query = (
        select(Milestone)
        .where(within(Milestone, actor.scopes(Permit.AGREEMENT_SEE)))
        .options(joinedload(Milestone.agreement).joinedload(Agreement.organisation))
        .order_by(Milestone.due_on, Milestone.id)
        .limit(PAGE + 1)
    )
    if not everything:
        # What a contract that ended early left undone is not waited for any more.
        ended = select(Agreement.id).where(Agreement.state == AgreementState.TERMINATED)
        query = query.where(Milestone.state.in_(_OPEN), Milestone.agreement_id.not_in(ended))
    if before is not None:
        day, row_id = before
        query = query.where((Milestone.due_on > day) | ((Milestone.due_on == day) & (Milestone.id > row_id)))
    return list(db.session.scalars(query))


def on_the_desk(reporting: Sequence[Grant], accepting: Sequence[Grant], today: date, soon: date) -> Select[Any]:
    """Ask for milestones of contracts in force that wait for somebody with these grants, by due day.

    The organisation reports what was returned and, once the service has begun, what comes next in each contract and
    whatever else is due by `soon`; the street accepts what was reported.
    """
    sooner = aliased(Milestone)
    before = select(sooner.id).where(
        sooner.agreement_id == Milestone.agreement_id,
        sooner.state == MilestoneState.PLANNED,
        sooner.due_on < Milestone.due_on,
    )
    planned = (Milestone.state == MilestoneState.PLANNED) & (Agreement.starts_on <= today)
    to_report = planned & ((Milestone.due_on <= soon) | ~before.exists())
    query = (
        select(Milestone)
        .join(Milestone.agreement)
        .where(
            Agreement.state == AgreementState.IN_FORCE,
            or_(
                within(Milestone, reporting) & (to_report | (Milestone.state == MilestoneState.RETURNED)),
                within(Milestone, accepting) & (Milestone.state == MilestoneState.REPORTED),
            ),
        )
        .order_by(Milestone.due_on, Milestone.id)
        .limit(200)
    )
    return lined(
        query,
        id=Milestone.id,
        number=Milestone.number,
        state=Milestone.state,
        title=Agreement.title,
        name=Milestone.title,
        day=Milestone.due_on,
    )


def decisions(milestone_ids: Iterable[int]) -> list[Acceptance]:
    """Return the street's decisions on these milestones, oldest first."""
    query = select(Acceptance).where(Acceptance.milestone_id.in_(list(milestone_ids))).order_by(Acceptance.id)
    return list(db.session.scalars(query))


def evidence(report_ids: Iterable[int]) -> dict[int, list[StoredFile]]:
    """Return the evidence files of reports by report id."""
    query = (
        select(StoredFile)
        .where(StoredFile.subject_kind == REPORTED, StoredFile.subject_id.in_(list(report_ids)))
        .order_by(StoredFile.id)
    )
    found: dict[int, list[StoredFile]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.subject_id, []).append(row)
    return found


def pending_evidence(milestone_id: int) -> list[StoredFile]:
    """Return the files uploaded for the next report of a milestone."""
    query = select(StoredFile).filter_by(subject_kind=PENDING, subject_id=milestone_id).order_by(StoredFile.id)
    return list(db.session.scalars(query))


def by_form_token(token: str) -> Report | None:
    """Return the report a form has already made: a second press of its button makes no second one."""
    return db.session.scalar(select(Report).filter_by(form_token=token))


def milestone_of_evidence(stored: StoredFile) -> Milestone | None:
    """Return the milestone a piece of evidence belongs to."""
    if stored.subject_kind == PENDING:
        return db.session.get(Milestone, stored.subject_id)
    if stored.subject_kind != REPORTED:
        return None
    query = select(Milestone).join(Report, Report.milestone_id == Milestone.id).where(Report.id == stored.subject_id)
    return db.session.scalar(query)
