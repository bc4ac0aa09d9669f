"""From an application to the agreement: check, decision, offer and acceptance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from market.db.session import db
from market.incubation.actions.network import publish_node, scheme_in_force
from market.incubation.models import Node, Residency
from market.incubation.queries import live_residency, plan_of, residency, workstations_taken
from market.incubation.rules import application_trouble, at_post, deadline, next_due, term_end
from market.incubation.states import RESIDENCY_MACHINE, Mode, NodeState, ResidencyState, ResidencyVerb, Track
from market.kernel.canonical import digest, sha256_hex
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.rulebook import RuleSet
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.kernel.workdays import add_months
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.queries import holders
from market.places.models import District
from market.places.queries import calendar_for, rules_for
from market.places.queries import district as find_district
from market.records.audit import record, require_other_hands
from market.records.messages import tell
from market.records.moves import move


@dataclass(frozen=True)
class Application:
    """What an organisation asks for."""

    mode: Mode
    track: Track
    workstations: int
    purpose: str
    support_wanted: str


def loaded(residency_id: int) -> Residency:
    """Return a residency locked for a change; raises NotFound."""
    row = residency(residency_id, lock=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row


def district_of(district_id: int) -> District:
    """Return the district of a row that names it."""
    found = find_district(district_id)
    assert found is not None
    return found


def rules_of(row: Node | Residency, at: datetime) -> RuleSet:
    """The rules in force in a row's district on this day."""
    return rules_for(district_of(row.district_id), "any", beijing_day(at))


def set_due(row: Residency, key: str, at: datetime) -> None:
    """Write down by when the new state expects an act, with the calendar it was counted by."""
    calendar = calendar_for(row.district_id)
    row.due_on = deadline(key, beijing_day(at), rules_of(row, at), calendar).day
    row.calendar = calendar.version


def stage_due(row: Residency, passed: Collection[int]) -> date:
    """By when the next stage of a running residency should be passed."""
    assert row.starts_on is not None
    assert row.ends_on is not None
    months = [int(str(one["by_month"])) for one in plan_of(row.scheme).stages]
    return next_due(row.starts_on, row.ends_on, months, passed)


def tell_organisation(row: Residency, subject: str, body: str, at: datetime, **params: object) -> None:
    """Tell the people of the organisation."""
    people = holders(Permit.INCUBATION_APPLY, Scope(organisation_id=row.organisation_id))
    values: dict[str, Any] = {"name": row.organisation.name, "node": row.node.name, **params}
    tell(people, subject, body, f"/incubation/residencies/{row.id}", at, values)


def tell_officers(row: Residency, permit: Permit, subject: str, body: str, at: datetime) -> None:
    """Tell staff of the node or officers of the district."""
    values = {"name": row.organisation.name, "node": row.node.name}
    tell(holders(permit, row.node.scope), subject, body, f"/incubation/residencies/{row.id}", at, values)


def as_staff(actor: Actor, row: Residency) -> Actor:
    """The person with what staff of the node may do for this organisation; other hands than the applicant's."""
    hand = at_post(actor, row.node.scope, row.organisation_id)
    require(hand, Permit.INCUBATION_WORK, row.subject.scope)
    require_other_hands(actor, Permit.INCUBATION_WORK, "residency", row.id)
    return hand


def as_district(actor: Actor, row: Residency) -> Actor:
    """The deciding officer; other hands than those of the node's staff."""
    require(actor, Permit.INCUBATION_DECIDE, row.subject.scope)
    require_other_hands(actor, Permit.INCUBATION_DECIDE, "residency", row.id)
    return actor


def apply(actor: Actor, node: Node, subject: Organisation, wanted: Application, token: str, at: datetime) -> Residency:
    """Apply to be taken in by a node. Raises Refused; answered within 5 working days (domain 5.5)."""
    scope = Scope(organisation_id=subject.id)
    require(actor, Permit.INCUBATION_APPLY, scope)
    _check(subject, node, wanted)
    if live_residency(subject.id) is not None:
        raise Refused(N_("贵机构已有正在办理或孵化中的入驻，不能重复申请。"), field="organisation")
    row = Residency(
        node_id=node.id,
        district_id=node.district_id,
        street_id=node.street_id,
        organisation_id=subject.id,
        operator_id=node.operator_id,
        token=token,
        state=ResidencyState.APPLIED.value,
        reason="",
        applied_at=at,
        agreement_text="",
        service_fields="",
        node=node,
        organisation=subject,
        successor=None,
        scheme=None,
        **_values(wanted),
    )
    set_due(row, "first_check", at)
    db.session.add(row)
    db.session.flush()
    facts = {"node": node.id, "mode": row.mode, "track": row.track, "due_on": row.due_on}
    record(row.subject, "apply", actor, at, permit=Permit.INCUBATION_APPLY, facts=facts)
    text = N_("%(name)s 申请入驻“%(node)s”，请在期限内答复初审结果。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("入驻申请待初审：%(name)s"), text, at)
    return row


def _check(subject: Organisation, node: Node, wanted: Application) -> None:
    if trouble := application_trouble(subject.state, subject.provider_type, wanted.mode, wanted.workstations):
        raise trouble
    if node.state != NodeState.OPEN:
        raise Refused(N_("这个节点已停用，请另选节点。"), field="node")
    if node.operator_id == subject.id:
        raise Refused(N_("运营机构不能入驻自己运营的节点。"), field="node")


def _values(wanted: Application) -> dict[str, Any]:
    return {
        "mode": wanted.mode.value,
        "track": wanted.track.value,
        "workstations": wanted.workstations,
        "purpose": wanted.purpose.strip(),
        "support_wanted": wanted.support_wanted.strip(),
    }


def resubmit(actor: Actor, row: Residency, wanted: Application, at: datetime) -> None:
    """Hand in a returned application again, put right."""
    _check(row.organisation, row.node, wanted)
    for key, value in _values(wanted).items():
        setattr(row, key, value)
    set_due(row, "first_check", at)
    move(row, RESIDENCY_MACHINE, ResidencyVerb.RESUBMIT, actor, at)
    text = N_("%(name)s 已补正入驻“%(node)s”的申请，请继续初审。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("入驻申请已补正：%(name)s"), text, at)


def application_mark(row: Residency) -> str:
    """The digest by which a page remembers which application it showed."""
    return digest([row.mode, row.track, row.workstations, row.purpose, row.support_wanted])


def pass_check(actor: Actor, row: Residency, at: datetime, *, seen: str | None = None) -> None:
    """The papers are complete: hand the application to the district for its decision.

    `seen` is the `application_mark` of what the page showed; whoever acts without a page leaves it out. Raises Refused
    when the application was returned meanwhile and handed in with other words.
    """
    require_seen(seen, application_mark(row))
    set_due(row, "review", at)
    move(row, RESIDENCY_MACHINE, ResidencyVerb.APPROVE, as_staff(actor, row), at)
    text = N_("%(name)s 入驻“%(node)s”的申请已通过初审，请评审决定。")
    tell_officers(row, Permit.INCUBATION_DECIDE, N_("入驻申请待决定：%(name)s"), text, at)
    tell_organisation(row, N_("入驻申请已通过初审"), N_("入驻“%(node)s”的申请已通过初审，转区民政评审。"), at)


def send_back(actor: Actor, row: Residency, reason: str, at: datetime) -> None:
    """Return an application with what is missing."""
    row.reason, row.due_on = reason.strip(), None
    move(row, RESIDENCY_MACHINE, ResidencyVerb.RETURN, as_staff(actor, row), at, facts={"reason": row.reason})
    text = N_("入驻“%(node)s”的申请被退回：%(reason)s")
    tell_organisation(row, N_("入驻申请需要补正"), text, at, reason=row.reason)


def withdraw(actor: Actor, row: Residency, at: datetime) -> None:
    """The organisation gives up its application."""
    row.due_on = None
    move(row, RESIDENCY_MACHINE, ResidencyVerb.WITHDRAW, actor, at)


def admit(actor: Actor, row: Residency, at: datetime) -> None:
    """The district lets the organisation in. Raises Refused without confirmed registration or free workstations."""
    if row.organisation.state != OrganisationState.CONFIRMED:
        raise Refused(N_("机构登记（备案）尚未确认，请先确认再准予入驻。"))
    free = row.node.workstations - workstations_taken(row.node_id)
    if row.workstations > free:
        raise Refused(N_("节点只剩 %(free)s 个工位，不够分配。"), free=max(free, 0))
    row.admitted_at = at
    row.operator_id = row.node.operator_id
    row.scheme = scheme_in_force(actor, district_of(row.district_id), at)
    row.scheme_id = row.scheme.id
    set_due(row, "agreement", at)
    move(row, RESIDENCY_MACHINE, ResidencyVerb.ADMIT, as_district(actor, row), at)
    text = N_("%(name)s 已准予入驻“%(node)s”，请送达孵化协议。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("待送达孵化协议：%(name)s"), text, at)
    tell_organisation(row, N_("准予入驻"), N_("已准予入驻“%(node)s”，请等待孵化协议。"), at)


def refuse(actor: Actor, row: Residency, reason: str, at: datetime) -> None:
    """The district refuses, with its reason."""
    row.reason, row.due_on = reason.strip(), None
    move(row, RESIDENCY_MACHINE, ResidencyVerb.REFUSE, as_district(actor, row), at, facts={"reason": row.reason})
    text = N_("入驻“%(node)s”的申请未获准：%(reason)s")
    tell_organisation(row, N_("不予入驻"), text, at, reason=row.reason)


def offer(actor: Actor, row: Residency, text: str, months: int, at: datetime) -> None:
    """The node's staff accept the agreement's text in its name and send it; its digest is what both agree to."""
    limit = rules_of(row, at)["network.term_max_months"]
    if not 1 <= months <= limit:
        raise Refused(N_("孵化期累计不得超过 %(months)s 个月。"), field="months", months=limit)
    hand = as_staff(actor, row)
    set_due(row, "agreement", at)
    row.agreement_text, row.term_months = text.strip(), months
    row.agreement_digest = sha256_hex(row.agreement_text.encode())
    row.offered_by, row.offered_at = actor.user_id, at
    facts = {"digest": row.agreement_digest, "months": months}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.OFFER, hand, at, facts=facts)
    tell_organisation(row, N_("孵化协议待确认"), N_("“%(node)s”的孵化协议已送达，请阅读后确认。"), at)


def recall(actor: Actor, row: Residency, at: datetime) -> None:
    """Take the offered agreement back to change it."""
    hand = as_staff(actor, row)
    set_due(row, "agreement", at)
    row.agreement_digest = row.offered_at = row.offered_by = None
    move(row, RESIDENCY_MACHINE, ResidencyVerb.RECALL, hand, at)


def accept(actor: Actor, row: Residency, digest: str, at: datetime) -> None:
    """The organisation accepts the very text it was shown, and its term begins. Raises Refused for another text."""
    if digest != row.agreement_digest:
        raise Refused(N_("协议文本已有变动，请重新阅读后再确认。"))
    rules = rules_of(row, at)
    row.accepted_by, row.accepted_at = actor.user_id, at
    row.starts_on = beijing_day(at)
    row.ends_on = term_end(row.starts_on, row.term_months or 1)
    row.due_on = stage_due(row, ())
    if row.organisation.provider_type == ProviderType.COMMUNITY_GROUP:
        row.register_by = add_months(row.starts_on, rules["network.register_months"])
    facts = {"digest": digest, "starts_on": row.starts_on, "ends_on": row.ends_on}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.ACCEPT, actor, at, facts=facts)
    publish_node(row.node, actor, at)
    text = N_("%(name)s 已确认孵化协议，请安排入驻评估和导师。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("孵化协议已确认：%(name)s"), text, at)
