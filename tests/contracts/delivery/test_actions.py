"""Milestones on both engines: planned from the contract, reported with evidence, returned, accepted, published."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from contracts.agreements.states import AgreementState
from contracts.delivery import actions, due, queries
from contracts.delivery.actions import AcceptanceFacts, ReportFacts
from contracts.delivery.states import MilestoneState
from market.awards.states import AwardState
from market.kernel.clock import instant
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Role, Scope
from market.records.audit import history, verify_all
from market.records.files import content_of
from market.records.notices import releases
from tests.factories import agreements as contract
from tests.factories import delivery as make
from tests.factories.agreements import SIGNING
from tests.factories.delivery import ACCEPTANCE, PDF, REPORT
from tests.factories.people import acting, give, person
from tests.fixtures.desk import listed

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def deal():
    return contract.awarded()


def test_a_contract_in_force_gets_its_milestones_by_the_clock_and_once(deal):
    row = contract.in_force(deal)
    assert due.plan(SIGNING) == 1
    assert due.plan(SIGNING) == 0
    rows = queries.milestones_of(row.id)
    assert [(m.number, m.amount_fen, m.base) for m in rows] == [
        (1, 12_960_000, "acceptance"),
        (2, 17_280_000, "acceptance"),
        (3, 12_960_000, "evaluation"),
    ]
    assert actions.plan_milestones(row, SIGNING) == rows


def test_an_unsigned_contract_has_no_milestones(deal):
    assert make.planned(contract.issued(deal)) == []
    assert due.plan(SIGNING) == 0


def test_a_report_carries_its_evidence(deal):
    first = make.planned(contract.in_force(deal))[0]
    row = make.reported(deal, first)
    assert row.state == MilestoneState.REPORTED
    (report,) = row.reports
    (kept,) = queries.evidence([report.id])[report.id]
    assert content_of(kept).startswith(PDF)
    assert queries.pending_evidence(row.id) == []
    told = json.loads(history("milestone", row.id)[-1].header)["facts"]
    assert told["files"] == [kept.sha256]
    assert (told["people_served"], told["sessions_held"]) == (120, 240)


def test_a_double_click_is_one_report(deal):
    row = make.with_evidence(deal.editor, make.planned(contract.in_force(deal))[0])
    first = actions.report_milestone(deal.editor, row.id, REPORT, "a" * 32, SIGNING)
    assert actions.report_milestone(deal.editor, row.id, REPORT, "a" * 32, SIGNING) is first


def test_a_report_needs_evidence_and_words(deal):
    row = make.planned(contract.in_force(deal))[0]
    with pytest.raises(Refused) as refusal:
        actions.report_milestone(deal.editor, row.id, REPORT, "b" * 32, SIGNING)
    assert refusal.value.field == "document"
    make.with_evidence(deal.editor, row)
    with pytest.raises(Refused) as refusal:
        actions.report_milestone(deal.editor, row.id, ReportFacts(" ", 1, 1), "b" * 32, SIGNING)
    assert refusal.value.field == "text"


def test_evidence_of_an_unknown_kind_is_refused_and_others_can_be_taken_back(deal):
    row = make.planned(contract.in_force(deal))[0]
    with pytest.raises(Refused, match="不是可接受的文件类型"):
        actions.add_evidence(deal.editor, row, io.BytesIO(b"\x00\x01\x02"), "程序.exe", SIGNING)
    make.with_evidence(deal.editor, row)
    (kept,) = queries.pending_evidence(row.id)
    with pytest.raises(NotFound):
        actions.remove_evidence(deal.editor, row.id, kept.id + 1)
    actions.remove_evidence(deal.editor, row.id, kept.id)
    assert queries.pending_evidence(row.id) == []


def test_only_the_own_organisation_reports_and_only_the_street_accepts(deal):
    row = make.planned(contract.in_force(deal))[0]
    with pytest.raises(Forbidden):
        make.with_evidence(deal.clerk, row)
    make.reported(deal, row)
    with pytest.raises(Forbidden):
        actions.accept_milestone(deal.editor, row.id, ACCEPTANCE, SIGNING)


def test_nobody_accepts_the_own_report(deal):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    give(deal.team.editor, Role.STREET_CLERK, deal.street.scope)
    with pytest.raises(Forbidden, match="报告履约的人"):
        actions.accept_milestone(acting(deal.team.editor), row.id, ACCEPTANCE, SIGNING)


def test_a_returned_report_is_completed_and_accepted(deal):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    with pytest.raises(Refused) as refusal:
        actions.return_report(deal.clerk, row.id, " ", SIGNING)
    assert refusal.value.field == "opinion"
    actions.return_report(deal.clerk, row.id, "缺少第三周的签到表", SIGNING)
    assert make.again(row).state == MilestoneState.RETURNED
    row = make.accepted(deal, row, SIGNING + timedelta(days=2))
    assert row.state == MilestoneState.ACCEPTED
    assert [d.accepted for d in queries.decisions([row.id])] == [False, True]
    assert [e.verb for e in history("milestone", row.id)] == ["report", "return", "report", "accept"]


def test_acceptance_needs_users_who_were_invited(deal):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    with pytest.raises(Refused) as refusal:
        actions.accept_milestone(deal.clerk, row.id, AcceptanceFacts("合格", 0, 0, "无"), SIGNING)
    assert refusal.value.field == "users_invited"
    assert make.again(row).state == MilestoneState.REPORTED


def test_acceptance_is_published_in_numbers_without_opinions(deal):
    row = make.accepted(deal, make.planned(contract.in_force(deal))[0])
    notice = releases(deal.file.id)[-1]
    release = json.loads(notice.body)
    assert release["tag"] == ["implementation"]
    (milestone,) = release["contracts"][0]["milestones"]
    assert (milestone["id"], milestone["status"]) == (f"contract-{row.agreement_id}-milestone-1", "met")
    assert milestone["linliAcceptance"] == {
        "usersInvited": 12,
        "usersSatisfied": 11,
        "peopleServed": 120,
        "sessionsHeld": 240,
    }
    assert "希望探访" not in notice.body.decode()


def test_a_fallen_award_stops_acceptance_and_suspends_the_contract(deal):
    row = make.reported(deal, make.planned(contract.in_force(deal))[0])
    contract.set_award(deal.award, AwardState.ANNULLED)
    assert actions.accept_milestone(deal.clerk, row.id, ACCEPTANCE, SIGNING) is None
    row = make.again(row)
    assert row.state == MilestoneState.REPORTED
    assert row.agreement.state == AgreementState.SUSPENDED
    with pytest.raises(Refused, match="不在履行中"):
        make.reported(deal, make.planned(row.agreement)[1])


def test_the_desk_shows_what_waits_for_whom(deal):
    rows = make.planned(contract.in_force(deal))
    make.reported(deal, rows[1])
    last, soon, today = rows[2].due_on, rows[0].due_on, deal.terms.starts_on
    assert listed(queries.on_the_desk(deal.editor.grants, [], today, last)) == [rows[0].id, rows[2].id]
    assert listed(queries.on_the_desk(deal.editor.grants, [], today, soon)) == [rows[0].id]
    assert listed(queries.on_the_desk([], deal.clerk.grants, today, soon)) == [rows[1].id]
    # Before the first day of the service nothing is asked for, and nothing is taken.
    assert listed(queries.on_the_desk(deal.editor.grants, [], today - timedelta(days=1), last)) == []
    with pytest.raises(Refused, match="在此之前不能报告节点完成"):
        make.reported(deal, rows[0], instant(today - timedelta(days=1), 18))
    stranger = acting(person(Role.STREET_CLERK, Scope(deal.street.district_id, deal.street.id + 999)))
    assert listed(queries.on_the_desk(stranger.grants, stranger.grants, today, last)) == []


def test_chains_hold(deal):
    make.accepted(deal, make.planned(contract.in_force(deal))[0])
    assert verify_all()[1] is None
