"""Filing, replying to, deciding and withdrawing a challenge. A challenge in time suspends the award at once."""

from __future__ import annotations

from datetime import datetime

from market.awards import actions as awards
from market.awards.models import Award
from market.awards.queries import award as find_award
from market.awards.states import AwardState
from market.challenges.models import Challenge
from market.challenges.notices import challenge_fragment
from market.challenges.queries import open_challenges, took_part, undecided_of
from market.challenges.rules import challenge_clock, filing_bar
from market.challenges.states import CHALLENGE_MACHINE, ChallengeState, ChallengeVerb
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import CLOCK, Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.people.queries import holders
from market.places.queries import calendar_for, district, rules_for
from market.records.audit import record, require_other_hands
from market.records.messages import tell
from market.records.models import PurchaseFile
from market.records.moves import move
from market.records.notices import CardFacts, publish

_STATUS = {
    AwardState.PENDING.value: "pending",
    AwardState.ACTIVE.value: "active",
    AwardState.SUSPENDED.value: "pending",
    AwardState.ANNULLED.value: "cancelled",
}


def file_challenge(
    actor: Actor, award_id: int, organisation: Organisation, facts: str, request: str, token: str, at: datetime
) -> Challenge:
    """File a challenge against a result; the award is suspended in the same transaction (条例 54).

    The same `token` again returns the challenge it made. Raises Refused outside the window (row 49), for an
    organisation that did not take part, and while an earlier challenge of it against this result is not decided.
    """
    require(actor, Permit.CHALLENGE_FILE, Scope(organisation_id=organisation.id))
    # Locked, so that of two pages sent at once the second sees what the first has filed.
    award = find_award(award_id, lock=True)
    if award is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    undecided = undecided_of([organisation.id], award.id)
    twin = next((one for one in undecided if one.form_token == token), None)
    if twin is not None:
        return twin
    bar = filing_bar(
        at,
        award.challenge_until,
        took_part(award.subject_kind, award.subject_id, organisation.id),
        award.state != AwardState.ANNULLED,
        undecided=bool(undecided),
    )
    if bar:
        raise Refused(bar)
    row = _new_row(award, organisation, facts, request, token, at)
    record(
        row.subject,
        "file",
        actor,
        at,
        permit=Permit.CHALLENGE_FILE,
        facts={"award": award.id, "reply_by": row.reply_by.isoformat()},
    )
    if award.state == AwardState.ACTIVE:
        awards.suspend(award, CLOCK, at, N_("供应商在质疑期内提出质疑，暂停签订合同。"))
    _publish(row, actor, at)
    _tell_officials(row, at)
    return row


def _new_row(award: Award, organisation: Organisation, facts: str, request: str, token: str, at: datetime) -> Challenge:
    place = district(award.district_id)
    assert place is not None
    filed_on = beijing_day(at)
    clock = challenge_clock(filed_on, rules_for(place, award.regime, filed_on), calendar_for(place.id))
    row = Challenge(
        award_id=award.id,
        file_id=award.file_id,
        district_id=award.district_id,
        street_id=award.street_id,
        organisation_id=organisation.id,
        form_token=token,
        facts=facts.strip(),
        request=request.strip(),
        state=ChallengeState.FILED.value,
        filed_at=at,
        reply_by=clock.reply_by,
        reply="",
        decision="",
        complaint_by=clock.complaint_by,
        award=award,
        organisation=organisation,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _tell_officials(row: Challenge, at: datetime) -> None:
    scope = Scope(row.district_id, row.street_id)
    tell(
        holders(Permit.CHALLENGE_REPLY, scope) + holders(Permit.CHALLENGE_DECIDE, scope),
        N_("收到质疑：%(title)s"),
        N_("%(organisation)s 对“%(title)s”的成交结果提出质疑，须在 %(until)s 前答复。合同签订已暂停。"),
        f"/challenges/{row.id}",
        at,
        {"title": row.award.title, "organisation": row.organisation.name, "until": row.reply_by.isoformat()},
    )


def reply_challenge(actor: Actor, row: Challenge, reply: str, at: datetime) -> None:
    """Answer a challenge in writing; also visible to the other suppliers concerned (条例 53)."""
    row.reply, row.replied_at = reply.strip(), at
    move(row, CHALLENGE_MACHINE, ChallengeVerb.REPLY, actor, at, facts={"reply": row.reply})
    _publish(row, actor, at)
    _tell_challenger(row, N_("质疑已答复：%(title)s"), N_("采购人已书面答复贵机构的质疑，请查看。"), at)
    tell(
        holders(Permit.CHALLENGE_DECIDE, Scope(row.district_id, row.street_id)),
        N_("质疑待处理：%(title)s"),
        N_("采购人已答复质疑，请作出处理决定。"),
        f"/challenges/{row.id}",
        at,
        {"title": row.award.title},
    )


def decide_challenge(actor: Actor, row: Challenge, upheld: bool, decision: str, rerun: bool, at: datetime) -> None:
    """Decide: upheld annuls the award (next in rank, or `rerun` fails the lot); rejected lets it stand again.

    Raises Forbidden for the person who replied to it.
    """
    require_other_hands(actor, Permit.CHALLENGE_DECIDE, "challenge", row.id)
    # The award before the chain, as when a challenge is filed.
    find_award(row.award_id, lock=True)
    row.decision, row.decided_at = decision.strip(), at
    verb = ChallengeVerb.UPHOLD if upheld else ChallengeVerb.REJECT
    move(row, CHALLENGE_MACHINE, verb, actor, at, facts={"decision": row.decision})
    if upheld:
        awards.annul(row.award, actor, at, row.decision, rerun=rerun)
    else:
        _let_stand(row, at)
    _publish(row, actor, at)
    _tell_challenger(row, N_("质疑处理决定：%(title)s"), N_("区采购监督部门已对贵机构的质疑作出决定，请查看。"), at)
    tell(
        holders(Permit.AWARD_CONFIRM, Scope(row.district_id, row.street_id)),
        N_("质疑处理决定：%(title)s"),
        N_("区采购监督部门已对质疑作出决定，请查看并办理后续事项。"),
        f"/challenges/{row.id}",
        at,
        {"title": row.award.title},
    )


def withdraw_challenge(actor: Actor, row: Challenge, at: datetime) -> None:
    """Take a challenge back; the award stands again when no other challenge is open."""
    require(actor, Permit.CHALLENGE_FILE, Scope(organisation_id=row.organisation_id))
    find_award(row.award_id, lock=True)
    move(row, CHALLENGE_MACHINE, ChallengeVerb.WITHDRAW, actor, at)
    _let_stand(row, at)
    _publish(row, actor, at)


def _let_stand(row: Challenge, at: datetime) -> None:
    if row.award.state == AwardState.SUSPENDED and not open_challenges(row.award_id):
        awards.reinstate(row.award, CLOCK, at)


def _publish(row: Challenge, actor: Actor, at: datetime) -> None:
    file = db.session.get_one(PurchaseFile, row.file_id)
    stage = "suspended" if row.award.state == AwardState.SUSPENDED else None
    publish(file, "awardUpdate", challenge_fragment(row, _STATUS[row.award.state]), CardFacts(stage=stage), actor, at)


def _tell_challenger(row: Challenge, title: str, text: str, at: datetime) -> None:
    people = holders(Permit.CHALLENGE_FILE, Scope(organisation_id=row.organisation_id))
    tell(people, title, text, f"/challenges/{row.id}", at, {"title": row.award.title})
