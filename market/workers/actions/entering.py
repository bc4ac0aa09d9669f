"""People of an organisation: entering, taking over, leaving, and their tier in the talent programme."""

from __future__ import annotations

from datetime import date, datetime

from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.people.queries import holders
from market.records.audit import record
from market.records.messages import tell
from market.workers.actions.certificates import CertificateFacts, enter_certificate
from market.workers.actions.counting import publish_workforce
from market.workers.actions.posting import end_postings_of
from market.workers.models import Employment, SocialWorker
from market.workers.queries import current, holder_of, present_employment, worker
from market.workers.rules import is_named
from market.workers.states import TIER_LABELS, Tier

# The same words for a stranger's number and for a wrong name: the answer tells nothing about anybody.
_ELSEWHERE = N_("这个证书编号已登记在其他人员或其他机构名下；请核对姓名和编号，或请原机构先办理离职。")


def enter_worker(
    actor: Actor, organisation: Organisation, name: str, from_on: date, facts: CertificateFacts, at: datetime
) -> SocialWorker:
    """Enter a person of one's organisation with the certificate, or take over one who is free.

    Whoever is known by the certificate's number and name and belongs to no organisation now keeps the old record.
    Raises Refused at a field: for a person of another organisation, for days that cannot be right.
    """
    require(actor, Permit.WORKER_EDIT, Scope(organisation_id=organisation.id))
    if from_on > beijing_day(at):
        raise Refused(N_("入职日期不能晚于今天。"), field="from_on")
    known = holder_of(facts.number.strip())
    if known is None:
        row = SocialWorker(
            district_id=organisation.registrar_district_id,
            organisation_id=organisation.id,
            name=name.strip(),
            tier=Tier.WORKER.value,
            reserve=False,
            entered_at=at,
            certificates=[],
        )
        db.session.add(row)
        db.session.flush()
        _employ(row, organisation, from_on)
        record(row.subject, "enter", actor, at, permit=Permit.WORKER_EDIT, private={"name": row.name})
        enter_certificate(actor, row, facts, at)
    else:
        row = _take_over(known, organisation, name, from_on)
        facts_told = {"organisation": organisation.id}
        record(row.subject, "take_over", actor, at, permit=Permit.WORKER_EDIT, facts=facts_told)
        if all(one.registered_on != facts.registered_on for one in row.certificates):
            enter_certificate(actor, row, facts, at)
    publish_workforce(organisation.id, actor, at)
    return row


def _take_over(known: SocialWorker, organisation: Organisation, name: str, from_on: date) -> SocialWorker:
    if known.organisation_id is not None or is_named(known.name) != is_named(name):
        raise Refused(_ELSEWHERE, field="number")
    row = worker(known.id)
    assert row is not None
    row.organisation_id, row.reserve = organisation.id, False
    row.district_id = organisation.registrar_district_id
    for one in row.certificates:
        one.district_id = row.district_id
    db.session.flush()
    _employ(row, organisation, from_on)
    return row


def _employ(row: SocialWorker, organisation: Organisation, from_on: date) -> None:
    db.session.add(Employment(worker_id=row.id, organisation_id=organisation.id, from_on=from_on, until_on=None))
    db.session.flush()


def end_employment(actor: Actor, row: SocialWorker, until_on: date, reserve: bool, at: datetime) -> None:
    """Write down that a person leaves the organisation; running postings end with it.

    `reserve`: the person agrees to stand in the district's reserve. Raises Refused at `until_on`.
    """
    require(actor, Permit.WORKER_EDIT, row.scope)
    present = present_employment(row.id)
    if present is None or row.organisation_id is None:
        raise Refused(N_("此人已不在本机构。"))
    if not present.from_on <= until_on <= beijing_day(at):
        raise Refused(N_("离职日期须在入职日期与今天之间。"), field="until_on")
    organisation_id = row.organisation_id
    ended = end_postings_of(row, until_on, actor, at)
    facts = {"organisation": organisation_id, "reserve": reserve, "postings": ended}
    record(row.subject, "leave", actor, at, permit=Permit.WORKER_EDIT, facts=facts)
    present.until_on = until_on
    row.organisation_id, row.reserve = None, reserve
    db.session.flush()
    publish_workforce(organisation_id, actor, at)


def name_tier(actor: Actor, row: SocialWorker, tier: Tier, at: datetime) -> None:
    """Place a person in the talent programme (S8). Raises Refused without a certificate that holds today."""
    require(actor, Permit.WORKER_CONFIRM, row.scope)
    if tier is not Tier.WORKER and current(row.certificates, beijing_day(at)) is None:
        raise Refused(N_("没有在登记期内的证书，不能列为督导或领军人才。"), field="tier")
    if row.tier == tier:
        return
    record(row.subject, "tier", actor, at, permit=Permit.WORKER_CONFIRM, facts={"from": row.tier, "to": tier.value})
    row.tier = tier.value
    db.session.flush()
    if row.organisation_id is not None:
        publish_workforce(row.organisation_id, actor, at)
        tell(
            holders(Permit.WORKER_EDIT, Scope(organisation_id=row.organisation_id)),
            N_("人才层次已更新：%(name)s"),
            N_("区民政已将 %(name)s 列为“%(tier)s”。"),
            f"/workers/{row.id}",
            at,
            {"name": row.name, "tier": TIER_LABELS[tier]},
        )
