"""A round from the draft to the last award, as clerk, approver, applicant, juror and auditor meet it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from market.awards import actions as awards
from market.awards.queries import awards_of
from market.db.session import db
from market.kernel.clock import is_before
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import CLOCK
from market.kernel.uscc import ProviderType
from market.ledger.queries import balances
from market.panels.queries import draws
from market.panels.rules import draw_holds
from market.people.queries import actor_of
from market.records.audit import verify_all
from market.records.models import Message, PurchaseCard, Receipt
from market.venture import actions, parties, queries
from market.venture.models import Application
from market.venture.room import CARD
from market.venture.states import ApplicationState, RoundRegime, RoundState
from market.web.rooms import waiting_in
from tests.factories import rounds
from tests.factories.incubation import network
from tests.factories.organisations import organisation
from tests.factories.people import acting
from tests.factories.rounds import YUAN

pytestmark = pytest.mark.usefixtures("session")


def money(case):
    """Unspent and reserved of the pool's lines, in yuan."""
    lines = [share.line_id for share in case.round.funding]
    found = balances(lines)
    return [(found[line]["unspent"] // YUAN, found[line]["reserved"] // YUAN) for line in lines]


# --- the call ---------------------------------------------------------------------------------------------------------


def test_publication_freezes_rules_reserves_the_pool_and_commits_the_draw():
    case = rounds.published()
    row = case.round
    assert row.state == RoundState.OPEN
    assert row.pool_fen == 270_000 * YUAN
    assert money(case) == [(1_050_000, 150_000), (420_000, 80_000), (260_000, 40_000)]
    db.session.flush()
    db.session.refresh(row)
    assert row.rules_digest == queries.rules_of(row).digest
    assert len(row.draw_commitment) == 64
    assert (row.deadline_at - row.notice_at).days == 30
    card = db.session.get(PurchaseCard, row.file_id)
    assert (card.stage, card.method, card.amount_fen) == ("tender", "venture", 270_000 * YUAN)
    sources = card.compiled["tender"]["linliRound"]["sources"]
    assert {one["source"]: one["fields"] for one in sources} == {
        "fiscal": ["elder_care"],
        "lottery": ["disability"],
        "street_fund": ["disability", "elder_care"],
    }


def test_the_writer_may_not_publish_and_a_bare_draft_is_refused():
    case = rounds.drafted()
    with pytest.raises(Forbidden):
        actions.submit_round(case.approver, case.round_id, case.at)
    actions.submit_round(case.clerk, case.round_id, case.at)
    with pytest.raises(Forbidden):
        actions.publish_round(case.clerk, case.round_id, case.at)
    actions.return_round(case.approver, case.round_id, "请写清方向", case.at)
    assert case.round.reason == "请写清方向"
    actions.save_round(case.clerk, case.round_id, rounds.facts(case.street, themes=[]), case.at)
    with pytest.raises(Refused, match="征集方向"):
        actions.submit_round(case.clerk, case.round_id, case.at)


def test_what_is_published_is_what_the_page_showed():
    case = rounds.drafted()
    actions.submit_round(case.clerk, case.round_id, case.at)
    shown = case.round.content_digest
    actions.return_round(case.approver, case.round_id, "请写清方向", case.at)
    changed = rounds.facts(case.street, title="换了内容的征集")
    actions.save_round(case.clerk, case.round_id, changed, case.at)
    actions.submit_round(case.clerk, case.round_id, case.at)
    with pytest.raises(Refused, match="重新核对"):
        actions.publish_round(case.approver, case.round_id, case.at, seen=shown)
    assert case.round.notice_at is None
    now_shown = queries.round_row(case.round_id).content_digest
    assert actions.publish_round(case.approver, case.round_id, case.at, seen=now_shown).notice_at == case.at


def test_a_field_that_no_source_may_pay_for_cannot_be_called_for():
    themes = [{"field": "legal_aid", "title": "法律服务", "least": 0}]
    case = rounds.drafted()
    lines = {share.line.source: share.line_id for share in case.round.funding}
    facts = rounds.facts(case.street, themes=themes, funding={lines["lottery"]: 50_000 * YUAN})
    actions.save_round(case.clerk, case.round_id, facts, case.at)
    texts = [trouble.text % dict(trouble.params) for trouble in actions.situation(case.round, case.at).troubles]
    assert "“法律援助”方向没有可用的资金，请增加资金或去掉这个方向。" in texts


def test_a_cancelled_round_gives_the_pool_back_with_a_reason():
    case = rounds.applied()
    with pytest.raises(Refused, match="理由"):
        actions.cancel_round(case.approver, case.round_id, "", case.at)
    actions.cancel_round(case.approver, case.round_id, "资金安排调整", case.tick())
    assert money(case) == [(1_200_000, 0), (500_000, 0), (300_000, 0)]
    assert db.session.get(PurchaseCard, case.round.file_id).stage == "cancelled"


# --- applications -----------------------------------------------------------------------------------------------------


def test_an_application_is_saved_field_by_field_and_handed_in_once_with_a_signed_receipt():
    case = rounds.published()
    team = organisation(bank=False)
    editor, signatory = acting(team.editor), acting(team.signatory)
    first = actions.save_fields(editor, case.round_id, team.id, {"title": "暖心"}, 0, case.at)
    second = actions.save_fields(signatory, case.round_id, team.id, {"title": "暖心二"}, 0, case.at)
    assert (first.version, second.version) == (1, 2)
    assert [one.theirs for one in second.conflicts] == ["暖心"]
    with pytest.raises(Refused, match="没有填好"):
        actions.submit_application(signatory, case.round_id, team.id, case.at)
    with pytest.raises(Forbidden):
        actions.submit_application(editor, case.round_id, team.id, case.at)
    one = rounds.apply(case, team)
    receipt = db.session.scalar(db.select(Receipt).filter_by(number=one.receipt_number))
    assert receipt.payload["facts"]["digest"] == one.digest if "facts" in receipt.payload else True
    with pytest.raises(Refused, match="已提交"):
        actions.save_fields(editor, case.round_id, team.id, {"title": "改"}, 9, case.at)
    actions.withdraw_application(signatory, case.round_id, team.id, case.tick())
    assert (one.state, one.receipt_number) == (ApplicationState.DRAFT, None)


def test_strangers_do_not_find_an_application_and_officers_see_none_before_the_deadline():
    case = rounds.applied(({},))
    other = organisation(bank=False)
    with pytest.raises(NotFound):
        actions.desk_for(acting(other.editor), case.round_id, case.teams[0].id, case.at)
    with pytest.raises(Refused, match="状态"):
        actions.screen_application(case.clerk, case.applications()[0].id, True, "", case.at)


def test_a_late_attempt_is_refused_by_the_servers_clock_and_kept():
    case = rounds.published()
    team = organisation(bank=False)
    actions.save_fields(acting(team.editor), case.round_id, team.id, rounds.values(), 0, case.at)
    deadline = case.round.deadline_at
    with pytest.raises(actions.TooLate):
        actions.submit_application(acting(team.signatory), case.round_id, team.id, deadline)
    actions.note_late_attempt(acting(team.signatory), case.round_id, team.id, deadline)
    actions.close_round(case.round_id, CLOCK, deadline)
    assert queries.application_of(case.round_id, team.id).state == ApplicationState.LAPSED


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"asked_fen": 60_000_01}, "asked_fen"),
        ({"own_fen": 50_000_00}, "total_fen"),
        ({"plan": "联系电话13812345678"}, "plan"),
        ({"goal_1": ""}, "goal_1"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(typed, field):
    case = rounds.published()
    team = organisation(bank=False)
    actions.save_fields(acting(team.editor), case.round_id, team.id, rounds.values(**typed), 0, case.at)
    desk = actions.desk_for(acting(team.editor), case.round_id, team.id, case.at)
    assert field in [gap.field for gap in actions.gaps(desk)]


def test_the_desk_names_the_applicant_of_each_draft():
    case = rounds.published()
    team, group = organisation(bank=False), organisation(bank=False)
    for one in (team, group):
        actions.save_fields(acting(one.editor), case.round_id, one.id, rounds.values(), 0, case.at)
    application = db.session.scalars(select(Application).where(Application.applicant_id == group.id)).one()
    application.organisation_id = team.id  # as a host answers for its group
    db.session.flush()
    titles = {one.title for one in waiting_in([CARD], acting(team.signatory), case.at)}
    assert titles == {f"{case.round.title} · {one.organisation.name}" for one in (team, group)}
    network(case.street, operator_id=team.id)
    assert waiting_in([CARD], acting(team.signatory), case.at) == [], "who runs the network is not asked to hand in"
    assert waiting_in([CARD], acting(group.signatory), case.at) == [], "nor whom it answers for"


def test_row_26_who_runs_the_round_or_supported_another_applicant_is_refused(monkeypatch):
    case = rounds.applied(({}, {}))
    first, second = case.teams
    monkeypatch.setattr(parties.network, "operators_of", lambda *_: {first.id})
    desk = actions.desk_for(acting(first.editor), case.round_id, first.id, case.at)
    assert [one.code for one in actions.party_findings(desk, case.at)] == ["operates"]
    monkeypatch.setattr(parties.network, "operators_of", lambda *_: set())
    monkeypatch.setattr(
        parties.network, "supports", lambda *_: {second.id: parties.network.Support(supported={first.id})}
    )
    held = actions.findings(case.round, case.applications(), case.at)
    by_team = {one.organisation_id: [f.code for f in held[one.id]] for one in case.applications()}
    assert by_team == {first.id: [], second.id: ["supported"]}


def test_a_group_applies_through_its_host_whose_signatory_hands_it_in(monkeypatch):
    case = rounds.published()
    host = organisation(bank=False)
    group = organisation("银杏互助组", ProviderType.COMMUNITY_GROUP, uscc=None, bank=False)
    editor = acting(group.editor)
    with pytest.raises(Refused, match="支持机构"):
        actions.save_fields(editor, case.round_id, group.id, rounds.values(), 0, case.at)
    monkeypatch.setattr(parties.network, "host_of", lambda organisation_id, at: host.organisation)
    actions.save_fields(editor, case.round_id, group.id, rounds.values(), 0, case.at)
    with pytest.raises(Forbidden):
        actions.submit_application(acting(group.signatory), case.round_id, group.id, case.at)
    one = actions.submit_application(acting(host.signatory), case.round_id, group.id, case.at)
    assert (one.organisation_id, one.applicant_id, one.through_host) == (host.id, group.id, True)


# --- check, jury, vote ------------------------------------------------------------------------------------------------


def test_the_formal_check_needs_a_reason_and_ends_when_all_are_decided():
    case = rounds.closed()
    rows = case.applications()
    assert [one.number for one in rows] == [1, 2, 3]
    with pytest.raises(Refused, match="3 份"):
        actions.finish_screening(case.clerk, case.round_id, case.at)
    with pytest.raises(Refused, match="理由"):
        actions.screen_application(case.clerk, rows[0].id, False, " ", case.at)
    actions.screen_application(case.clerk, rows[0].id, False, "材料不齐", case.at)
    for one in rows[1:]:
        actions.screen_application(case.clerk, one.id, True, "", case.at)
    assert actions.finish_screening(case.clerk, case.round_id, case.at) == 2
    told = db.session.scalars(db.select(Message).filter_by(user_id=case.teams[0].editor.id)).all()
    assert any("材料不齐" in row.body % row.params for row in told)


def test_row_78_a_late_annual_report_is_flagged_and_does_not_bar():
    case = rounds.closed(({"report_filed_on": "2025-06-01"}, {"report_filed_on": None}, {}))
    held = actions.findings(case.round, case.applications(), case.at)
    flagged = [[(f.code, f.bars) for f in held[one.id]] for one in case.applications()]
    assert flagged == [[("report", False)], [("report", False)], []]


def test_the_jury_is_drawn_by_the_committed_secret_and_the_pitch_order_by_the_same_seed():
    case = rounds.drawn()
    row = case.round
    panel = queries_panel(case)
    record = draws(panel.id)[0].as_data()
    assert draw_holds(record)
    assert (record["commitment"], record["public_part"]) == (row.draw_commitment, row.closing_digest)
    order = actions.set_pitch(case.clerk, case.round_id, case.at + timedelta(days=3), case.at)
    assert sorted(one.pitch_order for one in order) == [1, 2, 3]
    # Projects are judged after they were shown: nobody hands the scores in before.
    seat = case.seats[0]
    with pytest.raises(Refused, match="现场展示还没有举行"):
        actions.finish_sheet(case.member(seat), seat.id, "", case.at + timedelta(days=2))
    assert {seat.user_id for seat in case.seats}.isdisjoint({case.clerk_user.id, case.approver_user.id})


def queries_panel(case):
    from market.panels.queries import panel_for

    return panel_for("round", case.round_id)


def test_a_member_of_an_applicant_cannot_score_it():
    case = rounds.drawn()
    seat = case.seats[0]
    with pytest.raises(NotFound):
        actions.finish_sheet(acting(case.teams[0].editor), seat.id, "", case.at)


def test_residents_vote_once_with_a_code_and_no_name_is_kept():
    case = rounds.drawn()
    row_ids = [one.id for one in case.applications()]
    actions.open_vote(case.clerk, case.round_id, case.at + timedelta(days=2), case.at)
    codes = actions.make_codes(case.clerk, case.round_id, 12, case.at, token="a" * 32)
    with pytest.raises(Refused, match="已经生成过"):
        actions.make_codes(case.clerk, case.round_id, 12, case.at, token="a" * 32)
    assert case.round.codes_made == 12
    with pytest.raises(Refused, match="1 到 3"):
        actions.vote(codes[0], [], case.at)
    for number, code in enumerate(codes):
        actions.vote(code, row_ids[:1] if number < 8 else row_ids[:2], case.at)
    with pytest.raises(Refused, match="无效"):
        actions.vote(codes[0], row_ids[:1], case.at)
    assert queries.codes_used(case.round_id) == 12
    rounds.score(case, (90, 80, 70))
    with pytest.raises(Refused, match="投票还没有结束"):
        actions.rank_round(case.clerk, case.round_id, case.at)
    actions.rank_round(case.clerk, case.round_id, case.tick(days=3))
    lines = [one.scores for one in case.applications()]
    assert [line["public"] for line in lines] == [10_000, 3333, 0]
    assert lines[0]["total"] == 7 * 900 + 3 * 1000


# --- decision and money -----------------------------------------------------------------------------------------------

_ASKS = (
    {"title": "甲"},
    {"title": "乙"},
    {"title": "丙"},
    {"title": "丁"},
)


def test_the_portfolio_keeps_to_the_pool_and_says_why_each_is_in_or_out():
    case = rounds.ranked(_ASKS, (90, 85, 80, 75))
    chosen = case.round.portfolio["chosen"]
    rows = case.applications()
    # 150,000 of elder care and 40,000 of the street fund pay for three at 60,000; the lottery may not pay for elders.
    assert [one.id in chosen for one in rows] == [True, True, True, False]
    out = [why["text"] % why["params"] for why in rows[3].verdict]
    assert out[0] == "按用途可用于“养老服务”的资金还剩 ¥10,000.00，本项目需要 ¥60,000.00，还差 ¥50,000.00。"
    assert "总分再高 5.00 分以上，可替换“丙”入选。" in out


def test_the_decision_makes_pending_awards_and_a_departure_needs_its_reason():
    case = rounds.ranked(_ASKS, (90, 85, 80, 75))
    ids = [one.id for one in case.applications()]
    with pytest.raises(Refused, match="超出按用途"):
        actions.decide_round(case.approver, case.round_id, ids, "都要", case.at)
    with pytest.raises(Refused, match="理由") as refused:
        actions.decide_round(case.approver, case.round_id, [ids[0], ids[3]], "", case.at)
    assert refused.value.field == "departure"
    with pytest.raises(Forbidden):
        actions.decide_round(case.clerk, case.round_id, ids[:3], "", case.at)
    made = actions.decide_round(case.approver, case.round_id, [ids[0], ids[3]], "丁服务边远社区", case.at)
    assert [award.state for award in made] == ["pending", "pending"]
    terms = made[0].terms
    assert [part["amount_fen"] for part in terms["milestones"]] == [30_000 * YUAN, 18_000 * YUAN, 12_000 * YUAN]
    assert terms["recovery"] == {"stop_on_fail": True, "claim_bp": 10_000, "due_days": 30}
    assert sum(part["amount_fen"] for part in terms["funding"]) == 60_000 * YUAN
    states = [one.state for one in case.applications()]
    assert states == ["chosen", "unchosen", "unchosen", "chosen"]
    body = db.session.get(PurchaseCard, case.round.file_id).compiled["tender"]["linliRound"]
    assert body["portfolio"]["departure"] == "丁服务边远社区"
    assert body["applications"][3]["verdict"] == ["测算结果未列入，经决定列入：丁服务边远社区"]
    assert "plan" not in body["applications"][0]


def test_what_is_not_awarded_returns_when_the_notice_is_over():
    case = rounds.decided(_ASKS, (90, 85, 80, 75))
    rows = case.applications(ApplicationState.CHOSEN)
    assert actions.settle_round(case.round_id, case.at) is False
    pending = awards_of("application", [one.id for one in rows])
    case.at = pending[0].publicity_until
    for award in pending[:2]:
        awards.confirm_award(case.approver, award.id, case.at)
    awards.refuse_award(case.approver, pending[2].id, "异议成立", case.at)
    assert actions.settle_round(case.round_id, case.tick()) is True
    assert case.round.state == RoundState.FINISHED
    assert [one.state for one in case.applications()] == ["awarded", "awarded", "fallen", "unchosen"]
    reserved = sum(line[1] for line in money(case))
    assert reserved == 120_000
    assert verify_all()[1] is None


def test_row_61_the_awards_of_a_round_stay_within_its_pool():
    case = rounds.decided(_ASKS, (90, 85, 80, 75))
    granted = [award.amount_fen for award in awards_of("application", [one.id for one in case.applications()])]
    assert sum(granted) <= case.round.pool_fen


# --- the other two regimes --------------------------------------------------------------------------------------------


def test_a_reward_is_paid_by_grade_at_once():
    case = rounds.decided(
        ({"total_fen": None, "own_fen": None, "asked_fen": None},) * 3,
        (92, 81, 60),
        regime=RoundRegime.REWARD,
        project_cap_fen=50_000 * YUAN,
    )
    found = awards_of("application", [one.id for one in case.applications()])
    assert [award.amount_fen for award in found] == [50_000 * YUAN, 30_000 * YUAN]
    assert [len(award.terms["milestones"]) for award in found] == [1, 1]
    assert [one.state for one in case.applications()] == ["chosen", "chosen", "unchosen"]


def test_a_subsidy_is_half_of_the_cost_in_two_parts():
    ask = {"total_fen": 80_000 * YUAN, "own_fen": 40_000 * YUAN, "asked_fen": 40_000 * YUAN}
    case = rounds.decided((ask,), (80,), regime=RoundRegime.SUBSIDY, project_cap_fen=100_000 * YUAN)
    (award,) = awards_of("application", [one.id for one in case.applications()])
    assert [part["amount_fen"] for part in award.terms["milestones"]] == [24_000 * YUAN, 16_000 * YUAN]


def test_the_deadline_is_half_open():
    case = rounds.published()
    deadline = case.round.deadline_at
    assert is_before(deadline - timedelta(seconds=1), deadline)
    assert actor_of(case.clerk_user.id).permits()
