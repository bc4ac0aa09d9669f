"""Objections to a proposed award: by anybody while its notice runs; answered by the district."""

from __future__ import annotations

from datetime import datetime

from market.awards import mail, queries
from market.awards.models import Award, Objection
from market.awards.notices import objection_fragment
from market.awards.rules import OBJECTIONS_MOST, answer_by, objection_bar
from market.awards.states import OBJECTION_MACHINE, AwardState, ObjectionState, ObjectionVerb
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.places.queries import calendar_for, district, rules_for
from market.records.audit import record, require_other_hands
from market.records.moves import move
from market.records.notices import CardFacts, publish

ANYBODY = Actor(None, "anybody")
_GONE = N_("没有找到您要的内容，链接可能已失效。")


def object_to_award(
    award_id: int,
    name: str,
    contact: str,
    text: str,
    at: datetime,
    actor: Actor | None = None,
    *,
    token: str | None = None,
) -> Objection:
    """Write down an objection to a pending award while its notice runs. Who objects is never published.

    `token` makes a double click one objection. Raises Refused at a missing field, outside the notice, or when more
    objections are open than can be read.
    """
    made = queries.objection_by_token(token) if token else None
    if made is not None:
        return made
    award = queries.award(award_id, lock=True)
    if award is None or award.sign_days is None:
        raise NotFound(_GONE)
    bar = objection_bar(at, award.publicity_until, pending=award.state == AwardState.PENDING)
    if bar is not None:
        raise Refused(bar)
    if len(queries.objections_to(award.id)) >= OBJECTIONS_MOST:
        raise Refused(N_("对这个结果的异议已经很多，区民政部门正在核查；请直接电话联系区民政部门。"))
    row = _write(award, name, contact, text, at, actor or ANYBODY, token)
    mail.tell_objection(row, award, at)
    return row


def _write(
    award: Award, name: str, contact: str, text: str, at: datetime, actor: Actor, token: str | None
) -> Objection:
    place, filed_on = district(award.district_id), beijing_day(at)
    assert place is not None
    rules = rules_for(place, award.regime, filed_on)
    row = Objection(
        award_id=award.id,
        file_id=award.file_id,
        district_id=award.district_id,
        street_id=award.street_id,
        form_token=token,
        name=_needed(name, "name", N_("请填写姓名或单位名称；不会公开。")),
        contact=_needed(contact, "contact", N_("请填写联系电话或电子邮箱，以便告知处理结果；不会公开。")),
        text=_needed(text, "text", N_("请写明对哪一项有异议、事实和理由。")),
        state=ObjectionState.FILED.value,
        filed_by=actor.user_id,
        filed_at=at,
        answer_by=answer_by(filed_on, rules, calendar_for(place.id)).day,
        reply="",
    )
    db.session.add(row)
    db.session.flush()
    private = {"name": row.name, "contact": row.contact, "text": row.text}
    facts = {"award": award.id, "answer_by": row.answer_by.isoformat()}
    record(row.subject, "object", actor, at, facts=facts, private=private)
    return row


def _needed(typed: str, name: str, message: str) -> str:
    if not typed.strip():
        raise Refused(message, field=name)
    return typed.strip()


def answer_objection(actor: Actor, objection_id: int, upheld: bool, reply: str, at: datetime) -> Objection:
    """Decide an objection with a public reply; an upheld one bars the confirmation for good.

    Raises Forbidden for whoever proposed the award.
    """
    row = queries.objection(objection_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    verb = ObjectionVerb.UPHOLD if upheld else ObjectionVerb.REJECT
    require(actor, Permit.OBJECTION_DECIDE, row.subject.scope)
    require_other_hands(actor, Permit.OBJECTION_DECIDE, "award", row.award_id)
    OBJECTION_MACHINE.step(row.state, verb)
    row.reply, row.decided_at = _needed(reply, "reply", N_("请写明核查情况和处理意见；会公布。")), at
    move(row, OBJECTION_MACHINE, verb, actor, at, facts={"reply": row.reply})
    publish(row.award.file, "awardUpdate", objection_fragment(row), CardFacts(), actor, at)
    mail.tell_answered(row, at)
    return row
