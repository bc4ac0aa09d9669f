"""Planning a contract's milestones, reporting them with evidence, returning and accepting them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from contracts.agreements.actions import suspend_if_award_fell
from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement
from contracts.agreements.states import AgreementState
from contracts.delivery import mail, queries
from contracts.delivery.models import Acceptance, Milestone, Report
from contracts.delivery.notices import accepted_release
from contracts.delivery.queries import PENDING, REPORTED
from contracts.delivery.rules import check_acceptance, check_begun, check_report
from contracts.delivery.states import MILESTONE_MACHINE, MilestoneState, MilestoneVerb
from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.records.audit import record, require_other_hands
from market.records.files import keep
from market.records.models import StoredFile
from market.records.moves import move
from market.records.notices import CardFacts, publish

_GONE = N_("没有找到您要的内容，链接可能已失效。")


@dataclass(frozen=True)
class ReportFacts:
    """What the organisation says of a milestone."""

    text: str
    people_served: int
    sessions_held: int


@dataclass(frozen=True)
class AcceptanceFacts:
    """What the street found, and what the users of the service said (条例 45)."""

    opinion: str
    users_invited: int
    users_satisfied: int
    users_opinion: str


def plan_milestones(contract: Agreement, at: datetime) -> list[Milestone]:
    """Write a contract's milestones down as rows, from its frozen data; harmless when they are there."""
    found = queries.milestones_of(contract.id)
    if found or contract.state != AgreementState.IN_FORCE:
        return found
    rows = [
        Milestone(
            agreement_id=contract.id,
            file_id=contract.file_id,
            district_id=contract.district_id,
            street_id=contract.street_id,
            organisation_id=contract.organisation_id,
            number=one["number"],
            title=one["title"],
            base=one["base"],
            amount_fen=one["amount_fen"],
            due_on=date.fromisoformat(one["due_on"]),
            evidence=one["evidence"],
            state=MilestoneState.PLANNED.value,
            reports=[],
        )
        for one in contract.data["milestones"]
    ]
    db.session.add_all(rows)
    db.session.flush()
    record(contract.subject, "plan_milestones", CLOCK, at, facts={"count": len(rows)})
    return rows


def fall_with_contract(contract: Agreement, actor: Actor, at: datetime) -> list[Milestone]:
    """Let whatever is not accepted fall with its contract; returns those that fell, in order.

    The caller ends the contract in the same transaction and publishes both.
    """
    rows = [row for row in queries.milestones_of(contract.id) if row.state != MilestoneState.ACCEPTED]
    for row in rows:
        move(row, MILESTONE_MACHINE, MilestoneVerb.FALL, actor, at)
    return rows


def _loaded(milestone_id: int) -> Milestone:
    row = queries.milestone(milestone_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    return row


def _check_in_force(row: Milestone) -> None:
    if row.agreement.state != AgreementState.IN_FORCE:
        raise Refused(N_("合同不在履行中，节点暂不能报告和验收。"))


# --- the organisation -------------------------------------------------------------------------------------------------


def add_evidence(actor: Actor, row: Milestone, stream: BinaryIO, name: str, at: datetime) -> StoredFile:
    """Keep one file for the coming report. Call it first in a write: the content is read before the lock is taken.

    Raises Refused for a file that is empty, too large or of an unknown kind.
    """
    require(actor, Permit.DELIVERY_REPORT, row.subject.scope)
    MILESTONE_MACHINE.step(row.state, MilestoneVerb.REPORT)
    try:
        kept = keep(stream, name, (PENDING, row.id), actor, at)
    except Refused as refusal:
        refusal.field = "document"
        raise
    same = [one for one in queries.pending_evidence(row.id) if one.sha256 == kept.sha256 and one.id != kept.id]
    if same:
        # A page sent twice: the first upload is enough.
        db.session.delete(kept)
        db.session.flush()
        return same[0]
    return kept


def remove_evidence(actor: Actor, milestone_id: int, file_id: int) -> None:
    """Take a file back that has not been handed in."""
    row = _loaded(milestone_id)
    require(actor, Permit.DELIVERY_REPORT, row.subject.scope)
    found = next((one for one in queries.pending_evidence(milestone_id) if one.id == file_id), None)
    if found is None:
        raise NotFound(_GONE)
    db.session.delete(found)
    db.session.flush()


def evidence_mark(files: Iterable[StoredFile]) -> str:
    """The digest by which a page remembers which files it showed as going with the report."""
    return digest([one.id for one in files])


def report_milestone(
    actor: Actor, milestone_id: int, facts: ReportFacts, token: str, at: datetime, *, seen: str | None = None
) -> Report:
    """Hand in the report of a milestone with the evidence uploaded for it; `token` makes a double click one report.

    `seen` is the `evidence_mark` of what the page showed; whoever acts without a page leaves it out. Raises Refused
    when a colleague has changed the evidence since.
    """
    made = queries.by_form_token(token)
    if made is not None:
        return made
    row = _loaded(milestone_id)
    require(actor, Permit.DELIVERY_REPORT, row.subject.scope)
    require_other_hands(actor, Permit.DELIVERY_REPORT, "milestone", row.id)
    _check_in_force(row)
    check_begun(row.agreement.starts_on, beijing_day(at))
    pending = queries.pending_evidence(row.id)
    require_seen(seen, evidence_mark(pending))
    check_report(facts.text, facts.people_served, facts.sessions_held, len(pending))
    report = Report(
        milestone_id=row.id,
        form_token=token,
        text=facts.text,
        people_served=facts.people_served,
        sessions_held=facts.sessions_held,
        reported_by=actor.user_id,
        reported_at=at,
    )
    row.reports.append(report)
    db.session.flush()
    for one in pending:
        one.subject_kind, one.subject_id = REPORTED, report.id
    told = {"report": report.id, "files": sorted(one.sha256 or "" for one in pending)}
    told |= {"people_served": facts.people_served, "sessions_held": facts.sessions_held}
    move(row, MILESTONE_MACHINE, MilestoneVerb.REPORT, actor, at, facts=told, private={"text": facts.text})
    mail.tell_reported(row, at)
    return report


# --- the street -------------------------------------------------------------------------------------------------------


def _latest(row: Milestone) -> Report:
    return row.reports[-1]


def report_mark(row: Milestone) -> str:
    """By what a page remembers which report it showed: a report itself never changes, a newer one takes its place."""
    return str(_latest(row).id) if row.reports else ""


def return_report(
    actor: Actor, milestone_id: int, reason: str, at: datetime, *, seen: str | None = None
) -> Acceptance:
    """Send a report back with the reason; the organisation completes it and reports again. `seen`: as accepting."""
    row = _loaded(milestone_id)
    if not reason.strip():
        raise Refused(N_("请写明退回的原因和需要补正的内容。"), field="opinion")
    require_other_hands(actor, Permit.DELIVERY_ACCEPT, "milestone", row.id)
    require_seen(seen, report_mark(row))
    move(row, MILESTONE_MACHINE, MilestoneVerb.RETURN, actor, at, private={"reason": reason})
    decision = _decide(row, actor, AcceptanceFacts(reason.strip(), 0, 0, ""), at, accepted=False)
    mail.tell_returned(row, reason.strip(), at)
    return decision


def accept_milestone(
    actor: Actor, milestone_id: int, facts: AcceptanceFacts, at: datetime, *, seen: str | None = None
) -> Acceptance | None:
    """Accept a milestone as a named person, users invited and heard; the result is published.

    `seen` is the `report_mark` of what the page showed; whoever acts without a page leaves it out. Raises Refused when
    that report was returned meanwhile and another one handed in.

    None when the award behind the contract has fallen: then the contract is suspended and nothing is accepted.
    """
    row = _loaded(milestone_id)
    require(actor, Permit.DELIVERY_ACCEPT, row.subject.scope)
    agreement(row.agreement_id, lock=True)
    if suspend_if_award_fell(row.agreement, at):
        return None
    _check_in_force(row)
    require_other_hands(actor, Permit.DELIVERY_ACCEPT, "milestone", row.id)
    require_seen(seen, report_mark(row))
    check_acceptance(facts.opinion, facts.users_invited, facts.users_satisfied, facts.users_opinion)
    row.accepted_at = at
    told = {"users_invited": facts.users_invited, "users_satisfied": facts.users_satisfied}
    private = {"opinion": facts.opinion, "users_opinion": facts.users_opinion}
    move(row, MILESTONE_MACHINE, MilestoneVerb.ACCEPT, actor, at, facts=told, private=private)
    decision = _decide(row, actor, facts, at, accepted=True)
    report = _latest(row)
    release = accepted_release(row, row.agreement, decision, report.people_served, report.sessions_held)
    publish(row.agreement.file, "implementation", release, CardFacts(stage="implementation"), actor, at)
    mail.tell_accepted(row, at)
    return decision


def _decide(row: Milestone, actor: Actor, facts: AcceptanceFacts, at: datetime, *, accepted: bool) -> Acceptance:
    decision = Acceptance(
        milestone_id=row.id,
        report_id=_latest(row).id,
        accepted=accepted,
        opinion=facts.opinion,
        users_invited=facts.users_invited,
        users_satisfied=facts.users_satisfied,
        users_opinion=facts.users_opinion,
        decided_by=actor.user_id,
        decided_at=at,
    )
    db.session.add(decision)
    db.session.flush()
    return decision
