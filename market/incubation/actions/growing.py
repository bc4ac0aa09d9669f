"""What is done with an organisation while it is supported, and how the support ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from market.db.session import db
from market.incubation.actions.booking import release_all
from market.incubation.actions.intake import (
    as_district,
    as_staff,
    rules_of,
    set_due,
    stage_due,
    tell_officers,
    tell_organisation,
)
from market.incubation.actions.network import publish_node
from market.incubation.models import Assessment, Mentoring, Residency, StageRecord
from market.incubation.notices import CAPABLE, capable_data
from market.incubation.queries import (
    assessments_of,
    mentoring_of,
    plan_of,
    stages_of,
    training_minutes,
)
from market.incubation.rules import Progress, check_levels, check_stage, extended_end
from market.incubation.states import RESIDENCY_MACHINE, AssessmentMoment, ResidencyState, ResidencyVerb
from market.kernel.categories import Category
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.kernel.uscc import ProviderType
from market.organisations.models import Organisation
from market.organisations.states import OrganisationState
from market.people.queries import holders
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move
from market.records.notices import post


def _working(actor: Actor, row: Residency) -> Actor:
    """Staff of the node while the organisation is supported. Raises Refused before and after, Forbidden for others."""
    hand = as_staff(actor, row)
    if row.state != ResidencyState.INCUBATING:
        raise Refused(N_("机构不在孵化期内，不能登记。"))
    return hand


def pass_stage(actor: Actor, row: Residency, position: int, evidence: str, at: datetime) -> StageRecord:
    """Write down that a stage's criteria are met, with what was looked at. Raises Refused out of order."""
    hand = _working(actor, row)
    plan = plan_of(row.scheme)
    if not 1 <= position <= len(plan.stages):
        raise Refused(N_("没有这个阶段。"))
    passed = set(stages_of(row.id))
    check_stage(position, passed, AssessmentMoment.BEFORE in assessments_of(row.id))
    record_row = StageRecord(
        residency_id=row.id, position=position, evidence=evidence.strip(), passed_by=actor.user_id, passed_at=at
    )
    row.due_on = stage_due(row, passed | {position})
    db.session.add(record_row)
    db.session.flush()
    record(row.subject, "pass_stage", hand, at, permit=Permit.INCUBATION_WORK, facts={"position": position})
    tell_organisation(row, N_("阶段达标"), N_("第 %(position)s 阶段已登记达标。"), at, position=position)
    return record_row


def note_mentoring(
    actor: Actor, row: Residency, mentor: str, day: date, minutes: int, topic: str, token: str, at: datetime
) -> Mentoring:
    """Write down time with a mentor. Raises Refused for a day before the term or in the future."""
    hand = _working(actor, row)
    if not (row.starts_on or day) <= day <= beijing_day(at):
        raise Refused(N_("日期须在孵化期内，且不晚于今天。"), field="day")
    session = Mentoring(
        residency_id=row.id,
        token=token,
        mentor=mentor.strip(),
        day=day,
        minutes=minutes,
        topic=topic.strip(),
        noted_by=actor.user_id,
        noted_at=at,
    )
    db.session.add(session)
    db.session.flush()
    facts = {"day": day, "minutes": minutes}
    private = {"mentor": session.mentor}
    record(row.subject, "mentor", hand, at, permit=Permit.INCUBATION_WORK, facts=facts, private=private)
    return session


def assess(
    actor: Actor, row: Residency, moment: AssessmentMoment, levels: Mapping[str, int], note: str, at: datetime
) -> Assessment:
    """Write down a level for each dimension, once before and once after. Raises Refused at a dimension."""
    hand = _working(actor, row)
    keys = [one["key"] for one in plan_of(row.scheme).dimensions]
    check_levels(levels, keys)
    done = assessments_of(row.id)
    if moment in done:
        raise Refused(N_("这次评估已经登记，不能重做。"))
    if moment is AssessmentMoment.AFTER and AssessmentMoment.BEFORE not in done:
        raise Refused(N_("请先完成入驻评估。"))
    found = Assessment(
        residency_id=row.id,
        moment=moment.value,
        levels={key: levels[key] for key in keys},
        note=note.strip(),
        made_by=actor.user_id,
        made_at=at,
    )
    db.session.add(found)
    db.session.flush()
    facts = {"moment": moment.value, "levels": found.levels}
    record(row.subject, "assess", hand, at, permit=Permit.INCUBATION_WORK, facts=facts)
    if moment is AssessmentMoment.AFTER:
        text = N_("%(name)s 已完成出壳评估，条件满足的可以办理出壳。")
        tell_officers(row, Permit.INCUBATION_DECIDE, N_("已完成出壳评估：%(name)s"), text, at)
    return found


def progress_of(row: Residency, at: datetime) -> Progress:
    """What has been reached against what the rules of today ask for."""
    trained = training_minutes(row.organisation_id, row.accepted_at) if row.accepted_at else 0
    mentored = sum(one.minutes for one in mentoring_of(row.id))
    return reckoned(row, rules_of(row, at), len(stages_of(row.id)), (mentored, trained), set(assessments_of(row.id)))


def reckoned(
    row: Residency, rules: Mapping[str, Any], passed: int, minutes: tuple[int, int], moments: Collection[str]
) -> Progress:
    """The same of what a page has read already: stages passed, minutes with mentors and in trainings, assessments."""
    graduate = row.successor or row.organisation
    return Progress(
        stages=len(plan_of(row.scheme).stages),
        passed=passed,
        mentor_minutes=minutes[0],
        mentor_min=rules["network.mentor_minutes_min"],
        training_minutes=minutes[1],
        training_min=rules["network.training_minutes_min"],
        assessed_before=AssessmentMoment.BEFORE in moments,
        assessed_after=AssessmentMoment.AFTER in moments,
        legal_person=graduate.provider_type != ProviderType.COMMUNITY_GROUP,
        confirmed=graduate.state == OrganisationState.CONFIRMED,
    )


def name_successor(actor: Actor, row: Residency, successor: Organisation, at: datetime) -> None:
    """A supported group has become a legal person, registered here under its own code. Raises Refused."""
    scope = Scope(organisation_id=row.organisation_id)
    require(actor, Permit.INCUBATION_APPLY, scope)
    require(actor, Permit.INCUBATION_APPLY, Scope(organisation_id=successor.id))
    if row.organisation.provider_type != ProviderType.COMMUNITY_GROUP or row.state != ResidencyState.INCUBATING:
        raise Refused(N_("只有孵化期内尚未登记的社区社会组织才需要办理。"))
    if successor.provider_type == ProviderType.COMMUNITY_GROUP:
        raise Refused(N_("请选择登记后的法人。"), field="successor")
    row.successor = successor
    row.successor_id = successor.id
    db.session.flush()
    facts = {"successor": successor.id, "uscc": successor.uscc}
    record(row.subject, "register", actor, at, permit=Permit.INCUBATION_APPLY, facts=facts)
    text = N_("%(name)s 已登记为法人，请核对。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("在孵组织已登记：%(name)s"), text, at)


def extend(actor: Actor, row: Residency, months: int, reason: str, at: datetime) -> None:
    """Make the term longer, with a reason. Raises Refused beyond the rule's limit."""
    assert row.starts_on is not None
    assert row.ends_on is not None
    limit = rules_of(row, at)["network.term_max_months"]
    passed = set(stages_of(row.id))
    row.ends_on = extended_end(row.starts_on, row.ends_on, months, limit)
    row.due_on = stage_due(row, passed)
    facts = {"ends_on": row.ends_on, "reason": reason.strip()}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.EXTEND, as_district(actor, row), at, facts=facts)
    text = N_("孵化期延长至 %(day)s。")
    tell_organisation(row, N_("孵化期已延长"), text, at, day=row.ends_on)


def graduate(actor: Actor, row: Residency, fields: Sequence[Category], at: datetime) -> None:
    """Graduation (出壳) into the directory of organisations able to undertake. Raises Refused when something lacks."""
    hand = as_district(actor, row)
    reached = progress_of(row, at)
    if not reached.may_graduate:
        raise Refused(N_("出壳条件尚未全部满足，请查看出壳条件清单。"))
    if not fields:
        raise Refused(N_("请选择可承接的服务领域。"), field="service_fields")
    if row.workstations:
        set_due(row, "hand_back", at)
    else:
        row.due_on = None
    row.service_fields = ",".join(field.value for field in fields)
    row.ended_on = beijing_day(at)
    facts = {"fields": row.service_fields.split(","), "mentor_minutes": reached.mentor_minutes}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.GRADUATE, hand, at, facts=facts)
    subject = row.successor or row.organisation
    data = capable_data(row, subject, reached.mentor_minutes, reached.training_minutes)
    scope = Scope(row.district_id, row.street_id)
    post(CAPABLE, subject.uscc or f"group-{subject.id}", subject.name, data, row.subject.chain, scope, hand, at)
    publish_node(row.node, actor, at)
    tell_organisation(row, N_("准予出壳"), N_("%(name)s 已出壳，并列入有承接能力的社会组织目录。"), at)


def give_notice(actor: Actor, row: Residency, reason: str, at: datetime) -> None:
    """The organisation wants to leave; space is handed back within 15 working days of the notice (domain 5.5)."""
    row.reason = reason.strip()
    set_due(row, "hand_back", at)
    facts = {"reason": row.reason, "due_on": row.due_on}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.GIVE_NOTICE, actor, at, facts=facts)
    text = N_("%(name)s 申请退出“%(node)s”，请在期限内办理交还。")
    tell_officers(row, Permit.INCUBATION_WORK, N_("机构申请退出：%(name)s"), text, at)


def dismiss(actor: Actor, row: Residency, reason: str, at: datetime) -> None:
    """The district ends the support, with its reason; the same time to hand back."""
    row.reason = reason.strip()
    set_due(row, "hand_back", at)
    facts = {"reason": row.reason, "due_on": row.due_on}
    move(row, RESIDENCY_MACHINE, ResidencyVerb.DISMISS, as_district(actor, row), at, facts=facts)
    text = N_("请于 %(day)s 前交还“%(node)s”的场地。原因：%(reason)s")
    tell_organisation(row, N_("通知退出"), text, at, day=row.due_on, reason=row.reason)


def hand_back(actor: Actor, row: Residency, at: datetime) -> None:
    """Space and things are back, bookings to come are released. Whoever was leaving has left. Once only."""
    if row.handed_back_on is not None:
        raise Refused(N_("场地已经办结交还。"))
    hand = as_staff(actor, row)
    row.handed_back_on = beijing_day(at)
    row.due_on = None
    if row.state == ResidencyState.LEAVING:
        row.ended_on = row.handed_back_on
    move(row, RESIDENCY_MACHINE, ResidencyVerb.HAND_BACK, hand, at)
    release_all(actor, row.organisation_id, at)
    publish_node(row.node, actor, at)
    people = holders(Permit.INCUBATION_APPLY, Scope(organisation_id=row.organisation_id))
    text = N_("“%(node)s”的场地已办结交还。")
    tell(people, N_("已办结交还"), text, f"/incubation/residencies/{row.id}", at, {"node": row.node.name})
