"""Certificates: entered by the organisation, confirmed by the district, over when their period is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import CLOCK, Actor, Permit, Scope, require
from market.kernel.rulebook import Regime
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.people.queries import holders
from market.places.models import District
from market.places.queries import rules_for
from market.records.audit import record, require_other_hands
from market.records.messages import tell
from market.records.moves import move
from market.workers import queries
from market.workers.actions.counting import publish_workforce
from market.workers.models import Certificate, SocialWorker
from market.workers.rules import check_certificate
from market.workers.states import CERTIFICATE_MACHINE, CertificateState, CertificateVerb, Level

_COMPARED = ("level", "number", "issued_on", "registered_on")


@dataclass(frozen=True)
class CertificateFacts:
    """What stands on a certificate and its registration."""

    level: Level
    number: str
    issued_on: date
    registered_on: date


def _until(facts: CertificateFacts, district_id: int, at: datetime) -> date:
    today = beijing_day(at)
    rules = rules_for(db.session.get_one(District, district_id), Regime.ANY, today)
    return check_certificate(facts.issued_on, facts.registered_on, today, int(rules["workers.registration_years"]))


def enter_certificate(actor: Actor, row: SocialWorker, facts: CertificateFacts, at: datetime) -> Certificate:
    """Enter a certificate, or a further registration period of one; the district confirms it.

    Raises Refused at a day that cannot be right and at a number that belongs to somebody else or is entered already.
    """
    require(actor, Permit.WORKER_EDIT, row.scope)
    until, number = _until(facts, row.district_id, at), facts.number.strip()
    known = queries.holder_of(number)
    if known is not None and known.id != row.id:
        raise Refused(N_("这个证书编号已登记在其他人员名下，请核对编号。"), field="number")
    if any((one.number, one.registered_on) == (number, facts.registered_on) for one in row.certificates):
        raise Refused(N_("这一登记期已经录入，不必重复。"), field="registered_on")
    made = Certificate(
        worker_id=row.id,
        district_id=row.district_id,
        level=facts.level.value,
        number=number,
        issued_on=facts.issued_on,
        registered_on=facts.registered_on,
        valid_until=until,
        state=CertificateState.SUBMITTED.value,
        return_reason="",
        entered_at=at,
        reminded_at=None,
    )
    row.certificates.append(made)
    db.session.flush()
    private = {"number": made.number}
    record(made.subject, "enter", actor, at, permit=Permit.WORKER_EDIT, facts={"level": made.level}, private=private)
    _tell_district(made, row, at)
    return made


def _tell_district(made: Certificate, row: SocialWorker, at: datetime) -> None:
    tell(
        holders(Permit.WORKER_CONFIRM, Scope(row.district_id)),
        N_("社会工作者证书待核对"),
        N_("%(name)s 的证书已录入，请与登记系统核对后确认或退回。"),
        f"/workers/{row.id}",
        at,
        {"name": row.name},
    )


def mend_certificate(actor: Actor, made: Certificate, facts: CertificateFacts, at: datetime) -> None:
    """Correct a certificate that was sent back and submit it again. Raises Refused at a field."""
    require(actor, Permit.WORKER_EDIT, made.subject.scope)
    CERTIFICATE_MACHINE.step(made.state, CertificateVerb.SUBMIT)
    until, number = _until(facts, made.district_id, at), facts.number.strip()
    known = queries.holder_of(number)
    if known is not None and known.id != made.worker_id:
        raise Refused(N_("这个证书编号已登记在其他人员名下，请核对编号。"), field="number")
    made.level, made.number, made.issued_on = facts.level.value, number, facts.issued_on
    made.registered_on, made.valid_until, made.return_reason = facts.registered_on, until, ""
    move(made, CERTIFICATE_MACHINE, CertificateVerb.SUBMIT, actor, at, private={"number": number})
    _tell_district(made, made.worker, at)


def certificate_mark(made: Certificate) -> str:
    """The digest by which a page remembers which entries it showed for the comparison."""
    return digest([getattr(made, name) for name in _COMPARED])


def confirm_certificate(actor: Actor, made: Certificate, at: datetime, *, seen: str | None = None) -> None:
    """Confirm a certificate after comparing it with the registration system; counts are published anew.

    `seen` is the `certificate_mark` of what the page showed; whoever acts without a page leaves it out. Raises Refused
    when the certificate was returned meanwhile and handed in with other entries.
    """
    require_other_hands(actor, Permit.WORKER_CONFIRM, "worker_certificate", made.id)
    if seen is not None:
        db.session.refresh(made, ["state", *_COMPARED], with_for_update=True)
        require_seen(seen, certificate_mark(made))
    move(made, CERTIFICATE_MACHINE, CertificateVerb.CONFIRM, actor, at, facts={"level": made.level})
    _tell_organisation(made, N_("证书已核对：%(name)s"), N_("%(name)s 的证书已由区民政核对确认。"), at)
    if made.worker.organisation_id is not None:
        publish_workforce(made.worker.organisation_id, actor, at)


def return_certificate(actor: Actor, made: Certificate, reason: str, at: datetime) -> None:
    """Send a certificate back with what is wrong. Raises Refused at `reason`."""
    if not reason.strip():
        raise Refused(N_("请写明退回的原因。"), field="reason")
    made.return_reason = reason.strip()
    move(made, CERTIFICATE_MACHINE, CertificateVerb.RETURN, actor, at, private={"reason": made.return_reason})
    _tell_organisation(made, N_("证书被退回：%(name)s"), N_("%(name)s 的证书被退回修改，请查看原因。"), at)


def _tell_organisation(made: Certificate, title: str, text: str, at: datetime) -> None:
    row = made.worker
    if row.organisation_id is None:
        return
    people = holders(Permit.WORKER_EDIT, Scope(organisation_id=row.organisation_id))
    tell(people, title, text, f"/workers/{row.id}", at, {"name": row.name, "day": made.valid_until})


def lapse_certificates(at: datetime) -> int:
    """Write down which registration periods are over; the organisations' numbers are published anew."""
    rows = queries.lapsed(beijing_day(at))
    for made in rows:
        move(made, CERTIFICATE_MACHINE, CertificateVerb.LAPSE, CLOCK, at)
        _tell_organisation(made, N_("证书登记期满：%(name)s"), N_("%(name)s 的证书登记期已于 %(day)s 届满。"), at)
    for organisation_id in sorted({m.worker.organisation_id for m in rows if m.worker.organisation_id is not None}):
        publish_workforce(organisation_id, CLOCK, at)
    return len(rows)


def remind_of_expiry(at: datetime) -> int:
    """Tell organisations once of each certificate whose period ends soon (district setting, days)."""
    today, done = beijing_day(at), 0
    notice_days: dict[int, int] = {}
    for made in queries.expiring(None, today, 366):
        if made.reminded_at is not None:
            continue
        if made.district_id not in notice_days:
            rules = rules_for(db.session.get_one(District, made.district_id), Regime.ANY, today)
            notice_days[made.district_id] = int(rules["workers.expiry_notice_days"])
        if (made.valid_until - today).days > notice_days[made.district_id]:
            continue
        made.reminded_at = at
        title, text = N_("证书即将到期：%(name)s"), N_("%(name)s 的证书登记期到 %(day)s 届满，请及时办理再登记并录入。")
        _tell_organisation(made, title, text, at)
        record(made.subject, "remind", CLOCK, at)
        done += 1
    db.session.flush()
    return done
