"""An application: written field by field, handed in once by a signatory against a signed receipt.

What is typed lies on the server and is nobody's but the applicant's until the deadline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.bids.rules import Conflict, apply_changes
from market.db.session import db
from market.kernel.canonical import instant_text
from market.kernel.clock import beijing_day, is_before
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, allowed, require
from market.kernel.personal import personal_data_trouble
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.organisations.queries import organisation as find_organisation
from market.organisations.states import OrganisationState
from market.records.audit import record, require_other_hands
from market.records.moves import move
from market.records.receipts import give_receipt, next_number
from market.venture import mail, parties
from market.venture.actions.common import GONE
from market.venture.models import Application, Round
from market.venture.queries import application_of, files_of, round_row, rules_of
from market.venture.rules.content import TEXTS, content_digest, content_of, empty_doc, needed
from market.venture.rules.eligibility import Applicant, Conditions, Finding, missing, money_findings, troubles
from market.venture.rules.grants import GrantModel, GrantRule, grant_most_fen
from market.venture.states import APPLICATION_MACHINE, ApplicationState, ApplicationVerb, RoundState


class TooLate(Refused):
    """The deadline has passed by the server's clock."""


@dataclass(frozen=True)
class Desk:
    """What somebody of an applicant works on; `host` is None for a group that nobody answers for."""

    round: Round
    applicant: Organisation
    host: Organisation | None
    application: Application | None

    @property
    def doc(self) -> dict[str, Any]:
        """The draft, empty before the first save."""
        return self.application.doc if self.application is not None else empty_doc()


@dataclass(frozen=True)
class Saved:
    """What a save did: the draft's new version, when, and the fields that somebody else had changed meanwhile."""

    version: int
    at: datetime
    conflicts: Sequence[Conflict] = ()


def desk_for(actor: Actor, round_id: int, applicant_id: int, at: datetime, *, locked: bool = False) -> Desk:
    """Return what the actor works on. Raises NotFound for strangers, who see no difference from a wrong address."""
    row, applicant = round_row(round_id), find_organisation(applicant_id)
    if row is None or applicant is None or row.notice_at is None:
        raise NotFound(GONE)
    found = application_of(round_id, applicant_id, locked=locked)
    host = parties.answering(applicant, at)
    if found is not None and (host is None or host.id != found.organisation_id):
        host = find_organisation(found.organisation_id)
    mine = {applicant.id} | ({host.id} if host is not None else set())
    if not any(allowed(actor, Permit.APPLICATION_DRAFT, Scope(organisation_id=one)) for one in mine):
        raise NotFound(GONE)
    return Desk(row, applicant, host, found)


def writable(desk: Desk, at: datetime) -> bool:
    """True while the draft may be changed."""
    row = desk.round
    drafting = desk.application is None or desk.application.state == ApplicationState.DRAFT
    return drafting and row.state == RoundState.OPEN and row.deadline_at is not None and is_before(at, row.deadline_at)


def save_fields(
    actor: Actor,
    round_id: int,
    applicant_id: int,
    changes: Mapping[str, Any],
    seen_version: int,
    at: datetime,
    *,
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Save changed fields of the draft. What somebody else changed since `seen_version` stays and is returned."""
    desk = desk_for(actor, round_id, applicant_id, at, locked=True)
    if not writable(desk, at):
        raise Refused(N_("申报已截止或已提交，草稿不能再修改。"))
    if actor.user_id is None:
        raise Forbidden(N_("申报须由人员填写。"))
    one = desk.application or _begin(desk, at)
    doc = {**one.doc, "values": dict(one.doc["values"]), "touched": dict(one.doc["touched"])}
    conflicts = apply_changes(
        doc,
        changes,
        person=(actor.user_id, actor.name),
        at=instant_text(at),
        seen_version=seen_version,
        version=one.version + 1,
        seen=seen,
    )
    if actor.user_id not in doc["hands"]:
        require_other_hands(actor, Permit.APPLICATION_DRAFT, "round", round_id)
        record(one.subject, "write", actor, at, permit=Permit.APPLICATION_DRAFT)
        doc["hands"] = [*doc["hands"], actor.user_id]
    one.doc, one.version, one.saved_at, one.saved_by = doc, one.version + 1, at, actor.user_id
    db.session.flush()
    return Saved(one.version, at, conflicts)


def _begin(desk: Desk, at: datetime) -> Application:
    if desk.host is None:
        raise Refused(N_("没有法人资格的团队须由支持机构代为申报，请先登记支持关系。"))
    row = desk.round
    one = Application(
        round_id=row.id,
        applicant_id=desk.applicant.id,
        organisation_id=desk.host.id,
        district_id=row.district_id,
        street_id=row.street_id,
        state=ApplicationState.DRAFT.value,
        doc=empty_doc(),
        content={},
        digest="",
        version=0,
        saved_at=at,
        findings=[],
        reason="",
        bonus={},
        scores={},
        granted_fen=0,
        funding={},
        verdict=[],
    )
    db.session.add(one)
    db.session.flush()
    return one


# --- what is missing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """One thing to mend before handing in; `field` names the box."""

    field: str
    text: str
    params: Mapping[str, object]


def facts_of(applicant: Organisation, host: Organisation | None, operators: set[int]) -> Applicant:
    """Return the facts of who applies, as the rules ask for them; the organisation that answers counts."""
    one = host or applicant
    group = parties.is_group(applicant)
    return Applicant(
        kind=one.provider_type,
        confirmed=one.state in {OrganisationState.CONFIRMED, OrganisationState.BARRED},
        barred_until=one.barred_until if one.state == OrganisationState.BARRED else None,
        registered_on=one.registered_on,
        group=group,
        hosted=group and host is not None,
        operates=bool({one.id, applicant.id} & operators),
    )


def party_findings(desk: Desk, at: datetime) -> list[Finding]:
    """Return what keeps this applicant out now."""
    row = desk.round
    operators = parties.operators(row.district_id, row.street_id, at)
    facts = facts_of(desk.applicant, desk.host, operators)
    return troubles(facts, Conditions.from_data(row.conditions), beijing_day(at))


def gaps(desk: Desk) -> list[Gap]:
    """Return what is missing or wrong in the draft, in the order of the page."""
    rules, content = rules_of(desk.round), content_of(desk.doc["values"])
    grant = GrantRule.from_rules(rules, desk.round.project_cap_fen)
    found = [Gap(name, N_("请填写此项。"), {}) for name in missing(content, needed(grant.model))]
    fields = {theme["field"] for theme in desk.round.themes}
    if content["field"] and content["field"] not in fields:
        found.append(Gap("field", N_("本轮没有这个方向，请重新选择。"), {}))
    spoken = ((name, personal_data_trouble(content[name])) for name in TEXTS if content[name])
    found += [Gap(name, trouble, {}) for name, trouble in spoken if trouble]
    if grant.model is GrantModel.COFUNDED and not missing(content, ("total_fen", "own_fen", "asked_fen")):
        total, own, asked = content["total_fen"], content["own_fen"], content["asked_fen"]
        if asked <= 0:
            found.append(Gap("asked_fen", N_("申请额须大于零。"), {}))
        most = grant_most_fen(total, own, grant)
        boxes = {"sum": "total_fen", "own": "own_fen", "asked": "asked_fen"}
        found += [
            Gap(boxes[one.code], one.text, one.params)
            for one in money_findings(total, own, asked, most, desk.round.own_min_bp)
        ]
    return found


# --- handing in -------------------------------------------------------------------------------------------------------


def content_mark(desk: Desk) -> str:
    """The digest by which the page before the submission remembers what it showed: all that the receipt would cover."""
    files = files_as_handed_in(desk.application.id) if desk.application is not None else {}
    content = content_of(desk.doc["values"]) | files
    return content_digest(content, desk.applicant.name, desk.host.name if desk.host is not None else "")


def submit_application(
    actor: Actor, round_id: int, applicant_id: int, at: datetime, *, seen: str | None = None
) -> Application:
    """Hand the application in; the host's signatory does it for a group. Returns it with its receipt number.

    `seen` is the `content_mark` of what the signatory's page showed; whoever acts without a page leaves it out. Raises
    TooLate at or after the deadline (then `note_late_attempt` keeps the attempt), Refused when the content is no longer
    what was seen, or for what is missing.
    """
    desk = desk_for(actor, round_id, applicant_id, at, locked=True)
    row, one = desk.round, desk.application
    if row.deadline_at is None or row.state != RoundState.OPEN or not is_before(at, row.deadline_at):
        raise TooLate(N_("申报已于截止时间结束，未能提交。"))
    if one is None or desk.host is None:
        raise Refused(N_("还没有填写申报材料。"))
    require(actor, Permit.APPLICATION_SUBMIT, Scope(organisation_id=one.organisation_id))
    require_other_hands(actor, Permit.APPLICATION_SUBMIT, "round", row.id)
    require_seen(seen, content_mark(desk))
    if barring := [trouble for trouble in party_findings(desk, at) if trouble.bars]:
        raise Refused(barring[0].text, **dict(barring[0].params))
    if open_gaps := gaps(desk):
        raise Refused(N_("还有 %(count)d 项没有填好，请先补全。"), count=len(open_gaps))
    content = content_of(one.doc["values"]) | files_as_handed_in(one.id)
    number = f"A{row.file.ocid.split('-', 2)[-1]}-{next_number(f'application:{row.id}'):03d}"
    one.content = content
    one.digest = content_digest(content, desk.applicant.name, desk.host.name)
    one.submitted_at = at
    one.receipt_number = number
    move(one, APPLICATION_MACHINE, ApplicationVerb.SUBMIT, actor, at, facts={"digest": one.digest})
    facts = {"round": row.file.ocid, "digest": one.digest, "deadline": row.deadline_at}
    give_receipt(one.receipt_number, ("application", one.id), facts, at)
    one.round = row
    mail.tell_submitted(one, at)
    return one


def files_as_handed_in(application_id: int) -> dict[str, Any]:
    """Return the attachments as the content names them, so that the receipt's digest covers them; {} without any."""
    found = files_of(application_id)
    return {"files": [{"name": one.name, "sha256": one.sha256, "size": one.size} for one in found]} if found else {}


def withdraw_application(actor: Actor, round_id: int, applicant_id: int, at: datetime) -> Application:
    """Take a handed in application back before the deadline, to change it or leave it."""
    desk = desk_for(actor, round_id, applicant_id, at, locked=True)
    row, one = desk.round, desk.application
    if one is None:
        raise NotFound(GONE)
    if row.deadline_at is None or row.state != RoundState.OPEN or not is_before(at, row.deadline_at):
        raise TooLate(N_("申报已截止，不能再撤回。"))
    require(actor, Permit.APPLICATION_SUBMIT, Scope(organisation_id=one.organisation_id))
    receipt = one.receipt_number
    one.content, one.digest, one.submitted_at, one.receipt_number = {}, "", None, None
    move(one, APPLICATION_MACHINE, ApplicationVerb.WITHDRAW, actor, at, facts={"receipt": receipt})
    return one


def note_late_attempt(actor: Actor, round_id: int, applicant_id: int, at: datetime) -> None:
    """Write down an attempt after the deadline, with the server's instant."""
    desk = desk_for(actor, round_id, applicant_id, at)
    if desk.application is not None:
        facts = {"attempted_at": at, "deadline": desk.round.deadline_at}
        record(desk.application.subject, "late", actor, at, facts=facts)
