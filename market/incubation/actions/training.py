"""Trainings of a node: planning, signing people up, the attendance list with certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from market.db.session import db
from market.incubation.actions.booking import book, cancel
from market.incubation.actions.intake import district_of, rules_of
from market.incubation.models import MeetingRoom, Node, Training, TrainingSeat
from market.incubation.queries import booking, seats_of
from market.incubation.rules import SLOT_MINUTES, Series, certificate_number, earned_certificate
from market.incubation.states import TRAINING_MACHINE, NodeState, TrainingState, TrainingVerb
from market.kernel.clock import beijing
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.queries import holders
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move

# A training is a matter of hours; several days are several trainings.
_LONGEST_MINUTES = 720


@dataclass(frozen=True)
class TrainingFacts:
    """What is announced of a training."""

    title: str
    content: str
    teacher: str
    place: str
    starts_at: datetime
    ends_at: datetime
    seats: int


def plan_training(
    actor: Actor, node: Node, facts: TrainingFacts, room: MeetingRoom | None, token: str, at: datetime
) -> Training:
    """Announce a training, with a room of the node booked for it. Raises Refused at a field."""
    require(actor, Permit.INCUBATION_WORK, node.scope)
    if node.state != NodeState.OPEN:
        raise Refused(N_("这个节点已停用，请另选节点。"), field="node")
    begins, ends = beijing(facts.starts_at), beijing(facts.ends_at)
    minutes = int((facts.ends_at - facts.starts_at).total_seconds()) // 60
    if facts.starts_at <= at:
        raise Refused(N_("开始时间须在现在以后。"), field="starts_at")
    if not 0 < minutes <= _LONGEST_MINUTES or begins.date() != ends.date():
        raise Refused(N_("结束时间须在同一天、晚于开始时间；多天的培训请分次安排。"), field="ends_at")
    if room is not None and facts.seats > room.seats:
        raise Refused(N_("场地只有 %(seats)s 座，请减少名额或换场地。"), field="seats", seats=room.seats)
    booking_id = None
    if room is not None:
        first = (begins.hour * 60 + begins.minute) // SLOT_MINUTES
        last = -(-(ends.hour * 60 + ends.minute) // SLOT_MINUTES)
        booking_id = book(actor, room, None, Series(begins.date(), first, last), facts.title, at).id
    row = Training(
        node_id=node.id,
        district_id=node.district_id,
        street_id=node.street_id,
        operator_id=node.operator_id,
        booking_id=booking_id,
        token=token,
        minutes=minutes,
        state=TrainingState.PLANNED.value,
        planned_by=actor.user_id,
        planned_at=at,
        node=node,
        **{key: value.strip() if isinstance(value, str) else value for key, value in vars(facts).items()},
    )
    db.session.add(row)
    db.session.flush()
    told = {"title": row.title, "starts_at": row.starts_at, "minutes": minutes, "seats": row.seats}
    record(row.subject, "plan", actor, at, permit=Permit.INCUBATION_WORK, facts=told)
    return row


def sign_up(actor: Actor, row: Training, subject: Organisation, attendee: str, at: datetime) -> TrainingSeat:
    """Give one person of an organisation a seat. Raises Refused when it is full, over, or the person has one."""
    require(actor, Permit.INCUBATION_APPLY, Scope(organisation_id=subject.id))
    if row.state != TrainingState.PLANNED or row.starts_at <= at:
        raise Refused(N_("培训已经开始或已取消，不能报名。"))
    if subject.state != OrganisationState.CONFIRMED:
        raise Refused(N_("机构登记（备案）尚未确认，暂不能报名。"), field="organisation")
    attendee = attendee.strip()
    taken = seats_of(row.id)
    if any(s.organisation_id == subject.id and s.attendee == attendee for s in taken):
        raise Refused(N_("%(name)s 已经报名。"), field="attendee", name=attendee)
    numbers = {s.number for s in taken}
    free = next((n for n in range(1, row.seats + 1) if n not in numbers), None)
    if free is None:
        raise Refused(N_("名额已满。"), field="attendee")
    seat = TrainingSeat(
        training_id=row.id,
        organisation_id=subject.id,
        number=free,
        attendee=attendee,
        signed_up_by=actor.user_id,
        signed_up_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(seat)
            db.session.flush()
    except IntegrityError:
        raise Refused(N_("这个座位刚被他人占用，请再报一次。"), field="attendee") from None
    facts, private = {"organisation": subject.id, "seat": free}, {"attendee": attendee}
    record(row.subject, "sign_up", actor, at, permit=Permit.INCUBATION_APPLY, facts=facts, private=private)
    return seat


def give_up_seat(actor: Actor, row: Training, seat: TrainingSeat, at: datetime) -> None:
    """Free a seat before the training begins; the chain keeps that it was taken."""
    require(actor, Permit.INCUBATION_APPLY, Scope(organisation_id=seat.organisation_id))
    if row.state != TrainingState.PLANNED or row.starts_at <= at:
        raise Refused(N_("培训已经开始，不能取消报名；未到场的按缺勤登记。"))
    facts = {"organisation": seat.organisation_id, "seat": seat.number}
    db.session.delete(seat)
    db.session.flush()
    record(row.subject, "give_up_seat", actor, at, permit=Permit.INCUBATION_APPLY, facts=facts)


def close_training(actor: Actor, row: Training, attended: Mapping[int, int], at: datetime) -> int:
    """Enter who attended for how many minutes (by seat id) and give certificates; return how many were given.

    Raises Refused before the end, and for more minutes than the training had.
    """
    if row.ends_at > at:
        raise Refused(N_("培训尚未结束，结束后再登记签到。"))
    least_bp = rules_of(row.node, at)["network.certificate_attendance_min_bp"]
    code, year = district_of(row.district_id).code, beijing(row.starts_at).year
    given = 0
    for seat in seats_of(row.id):
        seat.minutes = attended.get(seat.id, 0)
        if not 0 <= seat.minutes <= row.minutes:
            raise Refused(N_("出勤时长须在 0 到 %(minutes)s 分钟之间。"), field=f"seat-{seat.id}", minutes=row.minutes)
        if earned_certificate(seat.minutes, row.minutes, least_bp):
            seat.certificate = certificate_number(code, year, row.id, seat.number)
            given += 1
    facts = {"attended": sum(1 for minutes in attended.values() if minutes), "certificates": given}
    move(row, TRAINING_MACHINE, TrainingVerb.CLOSE, actor, at, facts=facts)
    _tell(row, N_("培训签到已登记"), N_("“%(title)s”的签到和证书已登记。"), at)
    return given


def cancel_training(actor: Actor, row: Training, at: datetime) -> None:
    """Call a training off; its room is free again, whoever signed up is told."""
    move(row, TRAINING_MACHINE, TrainingVerb.CANCEL, actor, at)
    held = booking(row.booking_id) if row.booking_id is not None else None
    if held is not None:
        cancel(actor, held, at)
    _tell(row, N_("培训取消"), N_("“%(title)s”已取消。"), at)


def _tell(row: Training, subject: str, body: str, at: datetime) -> None:
    own = sorted({seat.organisation_id for seat in seats_of(row.id)})
    people = {p for i in own for p in holders(Permit.INCUBATION_APPLY, Scope(organisation_id=i))}
    tell(people, subject, body, f"/incubation/trainings/{row.id}", at, {"title": row.title})
