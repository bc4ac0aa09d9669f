"""Proposed awards: published as pending, objected to by anybody, answered by the district, confirmed or not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from contracts.agreements import actions as agreements
from market.awards import actions, queries
from market.awards.actions import Proposal
from market.awards.models import Objection
from market.db.session import db
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Role, Scope
from market.records.audit import verify_all
from market.records.models import AuditEntry, Message, Notice, OutboundMail, PurchaseCard
from tests.factories.agreements import NOTICED, awarded
from tests.factories.awards import DURING, KIND, UNTIL, answered, confirmed, objected, proposed
from tests.factories.people import acting, actor, give
from tests.factories.places import street

pytestmark = pytest.mark.usefixtures("session")


def board(deal):
    query = select(Notice).filter_by(file_id=deal.file.id).order_by(Notice.id).options(undefer(Notice.body))
    return [json.loads(row.body) for row in db.session.scalars(query)]


def told(user):
    return list(db.session.scalars(select(Message.subject).filter_by(user_id=user.id).order_by(Message.id)))


def test_a_proposal_is_published_as_pending_with_complete_terms():
    deal = proposed()
    row = deal.award
    assert (row.state, row.publicity_until, row.challenge_until) == ("pending", UNTIL, UNTIL)
    assert row.terms_digest == deal.terms.digest
    assert row.sign_by == date(2026, 5, 14)
    (release,) = board(deal)
    award = release["awards"][0]
    assert (release["tag"], award["status"], award["linliState"]) == (["award"], "pending", "proposed")
    assert award["linliWindows"]["resultNoticeUntil"] == "2026-04-14T16:00:00Z"
    assert award["linliScore"] == 8_870
    assert release["tender"]["title"] == deal.terms.title
    assert "拟资助公示：%(title)s" in told(deal.team.editor)
    entry = db.session.scalars(select(AuditEntry).filter_by(subject_kind="award", verb="propose")).one()
    assert entry.permit == "awards:award:confirm"


def test_one_live_proposal_a_subject_and_only_by_whoever_confirms_awards():
    deal = proposed()
    again = Proposal(
        (KIND, deal.file.id), deal.file.id, deal.street.scope, deal.team.id, "再来", 2, "", deal.terms, 5, 30
    )
    with pytest.raises(Refused, match="不能重复提出"):
        actions.propose_award(deal.approve, again, DURING)
    with pytest.raises(Forbidden):
        actions.propose_award(deal.clerk, again, DURING)
    with pytest.raises(NotFound):
        actions.propose_award(deal.approve, replace(again, organisation_id=0, subject=(KIND, 0)), DURING)


def test_a_proposal_without_objection_is_confirmed_after_its_notice_and_then_drafted_from():
    deal = proposed()
    with pytest.raises(Refused, match="公示期还没有结束"):
        confirmed(deal, UNTIL - timedelta(seconds=1))
    with pytest.raises(Refused, match="还在公示"):
        agreements.draft_agreement(deal.clerk, deal.award.id, DURING)
    row = confirmed(deal)
    assert (row.state, row.sign_by) == ("active", date(2026, 5, 15))
    award = board(deal)[-1]["awards"][0]
    assert (award["status"], award["linliState"], award["linliWindows"]) == (
        "active",
        "active",
        {"signBy": "2026-05-15"},
    )
    card = db.session.get_one(PurchaseCard, deal.file.id)
    assert (card.stage, card.awarded_fen) == ("awarded", deal.terms.amount_fen)
    assert card.compiled["awards"][0]["linliReason"] == "得分最高"
    assert "结果已确认：%(title)s" in told(deal.team.editor)
    assert queries.may_sign_at(row, UNTIL) is None
    agreements.draft_agreement(deal.clerk, row.id, UNTIL)
    with pytest.raises(Refused):
        confirmed(deal)


def test_anybody_may_object_and_the_answer_is_public_while_the_objector_is_not():
    deal = proposed()
    row = objected(deal)
    assert (row.state, row.answer_by, row.filed_by) == ("filed", date(2026, 4, 15), None)
    officer = db.session.get_one(type(deal.approver), deal.officer.user_id)
    assert "收到异议：%(title)s" in told(officer)
    with pytest.raises(Refused, match="还有异议没有答复"):
        confirmed(deal)
    answered(deal, row, upheld=False)
    (entry,) = board(deal)[-1]["awards"][0]["linliObjections"]
    assert entry == {
        "id": f"objection-{row.id}",
        "filedOn": "2026-04-08",
        "answerBy": "2026-04-15",
        "answeredOn": "2026-04-08",
        "upheld": False,
        "reply": "经核查，服务记录真实。",
    }
    headers = list(db.session.scalars(select(AuditEntry.header)))
    public = json.dumps(board(deal), ensure_ascii=False) + "".join(headers)
    assert not [secret for secret in ("王某某", "13900000000", "造假") if secret in public]
    assert "异议已处理：%(title)s" in told(deal.approver)
    assert confirmed(deal).state == "active"
    links, fault = verify_all()
    assert links
    assert fault is None


def test_an_upheld_objection_bars_the_confirmation_for_good():
    deal = proposed()
    answered(deal, objected(deal), upheld=True)
    with pytest.raises(Refused, match="有异议成立"):
        confirmed(deal)
    with pytest.raises(Refused) as refusal:
        actions.refuse_award(deal.approve, deal.award.id, " ", DURING)
    assert refusal.value.field == "reason"
    row = actions.refuse_award(deal.approve, deal.award.id, "异议成立，不予确认。", DURING)
    assert row.state == "annulled"
    award = board(deal)[-1]["awards"][0]
    assert (award["status"], award["linliStateReason"]) == ("unsuccessful", "异议成立，不予确认。")
    assert queries.award_for(KIND, deal.file.id) is None
    assert [(one.id, one.state) for one in queries.awards_of(KIND, [deal.file.id])] == [(row.id, "annulled")]


@pytest.mark.parametrize("missing", ["name", "contact", "text"])
def test_an_objection_says_who_how_to_reach_and_what(missing):
    deal = proposed()
    given = {"name": "王某某", "contact": "139", "text": "理由"} | {missing: "  "}
    with pytest.raises(Refused) as refusal:
        actions.object_to_award(deal.award.id, **given, at=DURING)
    assert refusal.value.field == missing


def test_no_objection_before_or_after_the_notice_nor_to_an_award_from_a_ranking():
    deal = proposed()
    with pytest.raises(Refused, match="公示期已满"):
        objected(deal, UNTIL)
    confirmed(deal)
    with pytest.raises(Refused, match="不在公示中"):
        objected(deal, UNTIL)
    lot = awarded(place=street("320115002"))
    for act in (
        lambda: actions.object_to_award(lot.award.id, "王某某", "139", "理由", NOTICED),
        lambda: actions.confirm_award(lot.buyer, lot.award.id, UNTIL),
        lambda: actions.refuse_award(lot.buyer, lot.award.id, "理由", UNTIL),
        lambda: actions.object_to_award(0, "王某某", "139", "理由", NOTICED),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_double_click_is_one_objection():
    deal = proposed()
    words = ("王某某", "wang@example.org", "理由", DURING)
    first = actions.object_to_award(deal.award.id, *words, token="1" * 32)
    assert actions.object_to_award(deal.award.id, *words, token="1" * 32).id == first.id
    assert len(queries.objections_to(deal.award.id)) == 1
    # Whoever left a mail address is written to.
    answered(deal, first, upheld=False)
    letter = db.session.scalars(select(OutboundMail)).one()
    assert letter.address == "wang@example.org"
    assert "服务记录真实" in letter.body


def test_objections_are_answered_once_by_the_district_and_by_nobody_who_proposed():
    deal = proposed()
    row = objected(deal)
    for who in (deal.clerk, deal.approve, deal.editor):
        with pytest.raises(Forbidden):
            actions.answer_objection(who, row.id, False, "不成立", DURING)
    elsewhere = actor(Role.DISTRICT_CIVIL, Scope(deal.street.district_id + 1))
    with pytest.raises(Forbidden):
        actions.answer_objection(elsewhere, row.id, False, "不成立", DURING)
    with pytest.raises(Refused) as refusal:
        actions.answer_objection(deal.officer, row.id, False, "", DURING)
    assert refusal.value.field == "reply"
    answered(deal, row, upheld=False)
    with pytest.raises(Refused):
        answered(deal, row, upheld=True)
    assert db.session.get_one(Objection, row.id).state == "rejected"


def test_one_person_in_two_roles_may_not_answer_what_it_proposed():
    deal = proposed()
    row = objected(deal)
    give(deal.approver, Role.DISTRICT_CIVIL, Scope(deal.street.district_id))
    with pytest.raises(Forbidden, match="不得处理对同一结果的异议"):
        actions.answer_objection(acting(deal.approver), row.id, False, "不成立", DURING)


def test_an_award_given_up_before_the_contract_leaves_the_lots_alone():
    deal = proposed()
    row = confirmed(deal)
    actions.decline(deal.approve, row, "机构放弃", UNTIL)
    assert row.state == "annulled"
    assert board(deal)[-1]["awards"][0]["status"] == "cancelled"
