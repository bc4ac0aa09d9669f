"""A host answers for a group without legal person: proposed by the group, agreed to by the host, ended by either."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.incubation.actions.intake import district_of
from market.incubation.models import Hosting
from market.incubation.rules import Side, check_hosting
from market.incubation.states import HOSTING_MACHINE, HostingState, HostingVerb
from market.kernel.canonical import sha256_hex
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import CLOCK, Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.queries import holders
from market.places.queries import rules_for
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move


def _side(subject: Organisation) -> Side:
    return Side(subject.id, subject.provider_type, subject.state == OrganisationState.CONFIRMED)


def propose_hosting(
    actor: Actor, group: Organisation, host: Organisation, terms: str, term: tuple[date, date], token: str, at: datetime
) -> Hosting:
    """A group asks a legal person to answer for it from the first to the last day of `term`. Raises Refused."""
    require(actor, Permit.INCUBATION_APPLY, Scope(organisation_id=group.id))
    begins, ends = term
    _check(group, host, begins, ends, at)
    text = terms.strip()
    row = Hosting(
        district_id=group.registrar_district_id,
        group_id=group.id,
        host_id=host.id,
        token=token,
        terms=text,
        digest=sha256_hex(text.encode()),
        begins_on=begins,
        ends_on=ends,
        state=HostingState.PROPOSED.value,
        reason="",
        proposed_by=actor.user_id,
        proposed_at=at,
        group=group,
        host=host,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"host": host.id, "begins_on": begins, "ends_on": ends, "digest": row.digest}
    record(row.subject, "propose", actor, at, permit=Permit.INCUBATION_APPLY, facts=facts)
    text = N_("%(group)s 请贵机构作为支持机构代为承接项目，请阅读条款后答复。")
    people = holders(Permit.HOSTING_AGREE, Scope(organisation_id=host.id))
    tell(people, N_("支持关系待同意：%(group)s"), text, f"/incubation/hostings/{row.id}", at, {"group": group.name})
    return row


def _check(group: Organisation, host: Organisation, begins: date, ends: date, at: datetime) -> None:
    day = beijing_day(at)
    months = rules_for(district_of(group.registrar_district_id), "any", day)["network.hosting_max_months"]
    check_hosting(_side(group), _side(host), begins, ends, day, months)


def agree_hosting(actor: Actor, row: Hosting, digest: str, at: datetime) -> None:
    """The host accepts the very terms it was shown. Raises Refused while another host answers for the group."""
    require(actor, Permit.HOSTING_AGREE, row.subject.scope)
    if digest != row.digest:
        raise Refused(N_("协议文本已有变动，请重新阅读后再确认。"))
    _check(row.group, row.host, row.begins_on, row.ends_on, at)
    for live in db.session.scalars(select(Hosting).filter_by(group_id=row.group_id, state=HostingState.LIVE.value)):
        if live.ends_on >= beijing_day(at):
            raise Refused(N_("该组织已有支持机构，期满或终止后才能另行确认。"))
        _expire(live, at)
    row.agreed_by, row.agreed_at = actor.user_id, at
    move(row, HOSTING_MACHINE, HostingVerb.AGREE, actor, at, facts={"digest": digest})
    _tell_group(row, N_("支持机构已同意"), N_("%(host)s 已同意作为支持机构。"), at)


def decline_hosting(actor: Actor, row: Hosting, reason: str, at: datetime) -> None:
    """The host does not want to answer for the group."""
    require(actor, Permit.HOSTING_AGREE, row.subject.scope)
    row.reason = reason.strip()
    move(row, HOSTING_MACHINE, HostingVerb.DECLINE, actor, at, facts={"reason": row.reason})
    _tell_group(row, N_("支持机构未同意"), N_("%(host)s 未同意作为支持机构。"), at)


def end_hosting(actor: Actor, row: Hosting, verb: HostingVerb, reason: str, at: datetime) -> None:
    """End it early: the host by itself, or the district. What was contracted before stays the host's."""
    row.reason, row.ended_on = reason.strip(), beijing_day(at)
    move(row, HOSTING_MACHINE, verb, actor, at, facts={"reason": row.reason})
    _tell_group(row, N_("支持关系已终止"), N_("与 %(host)s 的支持关系已终止。"), at)


def _expire(row: Hosting, at: datetime) -> None:
    row.ended_on = row.ends_on
    move(row, HOSTING_MACHINE, HostingVerb.EXPIRE, CLOCK, at)


def expire_hostings(at: datetime) -> int:
    """Write down, once, which hostings are past their last day; asked of the dates they were over already."""
    query = select(Hosting).where(Hosting.state == HostingState.LIVE.value, Hosting.ends_on < beijing_day(at))
    over = list(db.session.scalars(query.order_by(Hosting.id).limit(200)))
    for row in over:
        _expire(row, at)
    return len(over)


def _tell_group(row: Hosting, subject: str, body: str, at: datetime) -> None:
    people = holders(Permit.INCUBATION_APPLY, Scope(organisation_id=row.group_id))
    tell(people, subject, body, f"/incubation/hostings/{row.id}", at, {"host": row.host.name})
