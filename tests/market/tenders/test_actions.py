"""Drafting, publishing, closing, failing: what a clerk or an auditor would check."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from market.db.session import db
from market.kernel.clock import instant
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import CLOCK
from market.kernel.sealing import FIRST_LAYER, SECOND_LAYER, peel, public_of, unlock_private
from market.ledger.queries import balances, transfers_of
from market.needs.states import DemandState
from market.people.queries import sealing_keys
from market.records.audit import history, verify_all
from market.records.models import Message, PurchaseCard
from market.records.notices import releases
from market.tenders import actions, queries
from market.tenders import rules as r
from market.tenders.models import LotKeyWrap, Tender
from market.tenders.states import LotState, TenderState
from tests.factories import budgets, catalogue
from tests.factories import needs as need_factory
from tests.factories import tenders as make
from tests.factories.people import PASSPHRASE, acting

YUAN = 100

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def office(session):
    return make.street_office()


def line_of(tender):
    return tender.lots[0].funding[0].line_id


def balance(tender):
    return balances([line_of(tender)])[line_of(tender)]


def bodies(tender):
    return [json.loads(n.body) for n in releases(tender.file_id)]


# --- drafting --------------------------------------------------------------------------------------------------------


def test_a_draft_is_ready_in_one_step(office, clock):
    tender = make.draft(office)
    assert tender.title == "东山街道2026年独居老人探访"
    assert tender.budget_fen == tender.lots[0].ceiling_fen == 180_000 * YUAN
    assert tender.method == "comparison"
    assert (tender.starts_on, tender.ends_on) == (date(2026, 5, 1), date(2027, 4, 30))
    found = queries.Situation(tender, clock.now)
    assert found.findings == ()
    assert found.timetable.deadline_at == instant(date(2026, 4, 7), 9, 30)
    assert not found.timetable.provisional
    assert tender.file.ocid == "ocds-linli0-320115001-2026-0001"
    assert [i["code"] for i in tender.lots[0].evaluation_terms["indicators"]] == ["A1", "A2", "A3"]


def test_the_same_press_of_the_button_makes_one_draft(office):
    token = "0" * 32
    item = catalogue.item(office.street.district)
    first = make.draft(office, item=item, form_token=token)
    second = make.draft(office, item=item, form_token=token)
    assert first.id == second.id


def test_only_own_lines_items_and_needs_are_accepted(office, clock):
    from tests.factories.places import street

    other = street("320115002")
    foreign_line = budgets.line(other)
    item = catalogue.item(office.street.district)
    with pytest.raises(Refused, match="同类资金"):
        make.draft(office, item=item, funding={foreign_line.id: 100})
    with pytest.raises(Refused, match="目录"):
        make.draft(office, item=catalogue.item(street("330502001").district), funding={1: 1})
    demand = need_factory.demand(other)
    with pytest.raises(Refused, match="需求"):
        make.draft(office, item=item, demand_id=demand.id)


def test_more_money_changes_the_method_and_says_why(office, clock):
    tender = make.draft(office)
    actions.save_lot(office.as_clerk(), tender.lots[0].id, clock.now, funding={line_of(tender): 400_000 * YUAN})
    tender = make.whole(tender.id)
    assert tender.budget_fen == 400_000 * YUAN
    assert tender.method == "consultation"
    (refusal,) = [f for f in queries.Situation(tender, clock.now).blocking if f.rule == "threshold.services_fen"]
    assert "竞争性磋商" in refusal.text % refusal.params
    with pytest.raises(Refused, match="本平台目前只办理比选和公开招标"):
        actions.submit_tender(office.as_clerk(), tender.id, clock.now)


def test_rows_are_changed_in_place_added_and_removed(office, clock):
    tender = make.draft(office)
    lot = tender.lots[0]
    before = [c.id for c in lot.criteria]
    rows = [
        {"kind": "quality", "title": "方案", "guidance": "", "max_centi": 80_00},
        {"kind": "price", "title": "报价", "guidance": "", "max_centi": 20_00},
    ]
    actions.save_lot(office.as_clerk(), lot.id, clock.now, criteria=rows)
    after = make.whole(tender.id).lots[0].criteria
    assert [c.id for c in after] == before[:2]
    assert [(c.title, c.max_centi) for c in after] == [("方案", 80_00), ("报价", 20_00)]


def test_lots_are_added_and_removed(office, clock):
    tender = make.draft(office)
    line = line_of(tender)
    actions.add_lot(office.as_clerk(), tender.id, {line: 50_000 * YUAN}, clock.now)
    tender = make.whole(tender.id)
    assert [part.number for part in tender.lots] == [1, 2]
    assert tender.budget_fen == 230_000 * YUAN
    assert queries.Situation(tender, clock.now).findings == ()
    actions.remove_lot(office.as_clerk(), tender.lots[0].id, clock.now)
    tender = make.whole(tender.id)
    assert [(part.number, part.ceiling_fen) for part in tender.lots] == [(1, 50_000 * YUAN)]
    assert tender.budget_fen == 50_000 * YUAN
    with pytest.raises(Refused):
        actions.remove_lot(office.as_clerk(), tender.lots[0].id, clock.now)


def test_a_line_that_is_too_short_stops_the_draft(office, clock):
    tender = make.draft(office, amount_fen=100_000 * YUAN)
    actions.save_lot(office.as_clerk(), tender.lots[0].id, clock.now, funding={line_of(tender): 1_300_000 * YUAN})
    tender = make.whole(tender.id)
    sentences = [f.text % f.params for f in queries.Situation(tender, clock.now).blocking]
    assert "预算项“养老服务购买”余额不足，还差 ¥100,000.00；请减少金额、换一项预算，或先调整年度资金。" in sentences


def test_row_12_earlier_purchases_of_the_line_count(office, clock):
    for _ in range(3):
        make.published(office, amount_fen=250_000 * YUAN)
    tender = make.draft(office, amount_fen=200_000 * YUAN)
    (use,) = queries.Situation(tender, clock.now).lines
    assert use.others_fen == 750_000 * YUAN
    assert use.unspent_fen == 450_000 * YUAN


def test_words_of_the_negative_list_are_found(office, clock):
    catalogue.negative_list()
    tender = make.draft(office)
    actions.save_tender(office.as_clerk(), tender.id, clock.now, requirement="向社区劳务派遣10名工作人员")
    with pytest.raises(Refused, match="负面清单第 5 项"):
        actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    actions.save_tender(office.as_clerk(), tender.id, clock.now, negative_note="是上门服务，不是劳务派遣")
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)


def test_nobody_else_writes_on_a_draft(office, clock):
    tender = make.draft(office)
    with pytest.raises(Forbidden):
        actions.save_tender(office.as_approver(), tender.id, clock.now, title="别的")
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    with pytest.raises(Refused, match="不能再修改"):
        actions.save_tender(office.as_clerk(), tender.id, clock.now, title="别的")


def test_what_cannot_be_used_is_kept_and_named(office, clock):
    tender = make.draft(office)
    lot = f"criteria:{tender.lots[0].number}"
    actions.keep_typed(office.as_clerk(), tender.id, lot, {"rows-0-max_centi": ["四十"]}, clock.now)
    tender = make.whole(tender.id)
    assert tender.typed == {lot: {"rows-0-max_centi": ["四十"]}}
    assert [f.section for f in queries.Situation(tender, clock.now).blocking] == ["criteria"]
    actions.keep_typed(office.as_clerk(), tender.id, lot, {}, clock.now)
    assert queries.Situation(make.whole(tender.id), clock.now).findings == ()


# --- review and publication ------------------------------------------------------------------------------------------


def test_a_returned_draft_shows_what_changed(office, clock):
    tender = make.submitted(office)
    actions.return_tender(office.as_approver(), tender.id, "服务量没有写清楚", clock.now)
    tender = make.whole(tender.id)
    assert (tender.state, tender.return_reason) == (TenderState.DRAFT, "服务量没有写清楚")
    told = db.session.scalars(select(Message).filter_by(user_id=office.clerk.id)).all()
    assert told[-1].params["reason"] == "服务量没有写清楚"
    more = tender.requirement + "\n全年 1,200 人次"
    actions.save_tender(office.as_clerk(), tender.id, clock.now, requirement=more)
    tender = make.whole(tender.id)
    (change,) = r.differences(tender.seen, queries.version_of(tender))
    assert (change.label, change.before, change.after) == ("采购需求", (), ("全年 1,200 人次",))
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    with pytest.raises(Refused, match="理由"):
        actions.return_tender(office.as_approver(), tender.id, "  ", clock.now)


def test_whoever_wrote_on_the_draft_may_not_publish_it(office, clock):
    from market.kernel.permits import Role
    from tests.factories.people import give

    tender = make.submitted(office)
    give(office.clerk, Role.STREET_APPROVER, office.street.scope)
    with pytest.raises(Forbidden, match="编制人不得审核"):
        actions.publish_tender(acting(office.clerk), tender.id, clock.now)


def test_saving_field_by_field_counts_as_writing(office, clock):
    from market.kernel.permits import Role
    from tests.factories.people import give, person

    tender = make.draft(office)
    second = person(Role.STREET_CLERK, office.street.scope)
    actions.save_tender(acting(second), tender.id, clock.now, quietly=True, title="改了一处")
    actions.save_tender(acting(second), tender.id, clock.now, quietly=True, title="又改了一处")
    saves = [e for e in history("tender", tender.id) if e.actor_id == second.id]
    assert len(saves) == 1
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    give(second, Role.STREET_APPROVER, office.street.scope)
    with pytest.raises(Forbidden):
        actions.publish_tender(acting(second), tender.id, clock.now)


def test_publication_freezes_rules_dates_money_and_keys(office, clock):
    demand = need_factory.demand(office.street)
    tender = make.published(office, demand_id=demand.id)
    lot = tender.lots[0]
    assert (tender.state, lot.state) == (TenderState.OPEN, LotState.SEALED)
    assert tender.deadline_at == instant(date(2026, 4, 7), 9, 30)
    db.session.flush()
    db.session.refresh(tender)
    frozen = queries.rules_of(tender)
    assert frozen.digest == tender.rules_digest
    assert frozen["tender.min_bidders"] == 3
    assert tender.calendar_version == "2026:test"
    assert balance(tender) == {
        "unspent": 1_020_000 * YUAN, "reserved": 180_000 * YUAN, "committed": 0, "payable": 0, "paid": 0
    }  # fmt: skip
    assert demand.state == DemandState.PLANNED
    assert hashlib.sha256(queries.draw_secret(lot)).hexdigest() == lot.draw_commitment
    links, fault = verify_all()
    assert links
    assert fault is None


def test_each_ordered_pair_of_openers_can_open_and_nobody_alone(office):
    tender = make.published(office)
    lot = tender.lots[0]
    people = {user.id for user in (*office.openers, office.escrow)}
    wraps = list(db.session.scalars(select(LotKeyWrap).filter_by(lot_id=lot.id)))
    assert {(w.first_user_id, w.second_user_id) for w in wraps} == {(a, b) for a in people for b in people if a != b}
    keys = {i: unlock_private(k.locked_private, PASSPHRASE) for i, k in sealing_keys(people).items()}
    info = r.lot_key_info(lot.id)
    for wrap in wraps:
        rest = peel(wrap.wrapped, keys[wrap.first_user_id], info, FIRST_LAYER)
        assert public_of(peel(rest, keys[wrap.second_user_id], info, SECOND_LAYER)) == lot.public_key
        with pytest.raises(Refused):
            peel(wrap.wrapped, keys[wrap.second_user_id], info, FIRST_LAYER)
        with pytest.raises(Refused):
            peel(rest, keys[wrap.first_user_id], info, SECOND_LAYER)


def test_without_two_openers_nothing_is_published(session, clock):
    from tests.factories.people import keys

    office = make.street_office(with_keys=False)
    keys(office.openers[0])
    tender = make.submitted(office)
    with pytest.raises(Refused, match=r"还缺 1 名.*开标人乙、密钥保管员"):
        actions.publish_tender(office.as_approver(), tender.id, clock.now)


def test_a_long_review_moves_the_dates_on(office, clock):
    tender = make.submitted(office)
    clock.move_to(2026, 4, 8, 16)
    actions.publish_tender(office.as_approver(), tender.id, clock.now)
    tender = make.whole(tender.id)
    assert tender.deadline_at == instant(date(2026, 4, 14), 9, 30)


def test_a_wish_that_has_become_too_early_is_refused(office, clock):
    tender = make.draft(office)
    wish = instant(date(2026, 4, 7), 17)
    actions.save_tender(office.as_clerk(), tender.id, clock.now, deadline_at=wish)
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    clock.move_to(2026, 4, 2, 9)
    with pytest.raises(Refused, match="早于依法最早"):
        actions.publish_tender(office.as_approver(), tender.id, clock.now)


def test_money_spent_meanwhile_stops_the_publication(office, clock):
    first = make.submitted(office, amount_fen=250_000 * YUAN)
    others = [make.submitted(office, amount_fen=250_000 * YUAN) for _ in range(4)]
    for tender in others:
        actions.publish_tender(office.as_approver(), tender.id, clock.now)
    with pytest.raises(Refused, match="还差 ¥50,000"):
        actions.publish_tender(office.as_approver(), first.id, clock.now)
    assert make.whole(first.id).state == TenderState.REVIEW


def test_the_release_carries_what_a_supplier_may_know(office, clock):
    tender = make.published(office)
    (release,) = bodies(tender)
    assert release["tag"] == ["tender"]
    said = release["tender"]
    assert said["value"] == {"amount": 180_000, "currency": "CNY"}
    assert said["tenderPeriod"]["endDate"] == "2026-04-07T01:30:00Z"
    assert said["procurementMethodDetails"] == "比选"
    assert "未达到服务类采购限额标准 ¥300,000.00" in said["procurementMethodRationale"]
    assert sum(c["maxCenti"] for c in said["lots"][0]["awardCriteria"]["criteria"]) == 100_00
    assert said["lots"][0]["publicKey"] == tender.lots[0].public_key.hex()
    assert "tender.min_bidders" in said["rulebook"]["assumed"]
    assert "funder" in [role for party in release["parties"] for role in party["roles"]]
    card = db.session.get(PurchaseCard, tender.file_id)
    assert (card.stage, card.method, card.amount_fen) == ("tender", "comparison", 180_000 * YUAN)


def test_a_bond_is_announced_with_the_notice_or_there_is_none(office, clock):
    tender = make.submitted(office)
    assert tender.bond_bp == 0
    before = queries.content_digest(tender)
    actions.return_tender(office.as_approver(), tender.id, "请写明履约保证金", clock.now)
    actions.save_tender(office.as_clerk(), tender.id, clock.now, section="timing", bond_bp=500)
    assert queries.content_digest(make.whole(tender.id)) != before, "an approver approves the bond that was read"
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    actions.publish_tender(office.as_approver(), tender.id, clock.now)
    (release,) = bodies(tender)
    assert release["tender"]["performanceBondBp"] == 500
    assert release["tender"]["performanceBondMaxFen"] == 18_000 * YUAN


def test_an_open_tender_waits_for_its_intention(office, clock):
    tender = make.draft(office, amount_fen=500_000 * YUAN)
    clerk = office.as_clerk()
    actions.save_tender(clerk, tender.id, clock.now, method="open_tender", starts_on=date(2026, 7, 1))
    with pytest.raises(Refused, match="须先公开采购意向"):
        actions.submit_tender(clerk, tender.id, clock.now)
    actions.publish_intention(clerk, tender.id, clock.now)
    (planning,) = bodies(tender)
    assert planning["tag"] == ["planning"]
    actions.submit_tender(clerk, tender.id, clock.now)
    clock.move_to(2026, 4, 29, 9)
    with pytest.raises(Refused, match="未满 30 日"):
        actions.publish_tender(office.as_approver(), tender.id, clock.now)
    clock.move_to(2026, 4, 30, 9)
    actions.publish_tender(office.as_approver(), tender.id, clock.now)
    assert [b["tag"] for b in bodies(tender)] == [["planning"], ["tender"]]
    assert make.whole(tender.id).deadline_at == instant(date(2026, 5, 21), 9, 30)


# --- ending ----------------------------------------------------------------------------------------------------------


def test_the_clock_closes_only_after_the_deadline(office, clock):
    tender = make.published(office)
    assert queries.to_close(clock.now) == []
    with pytest.raises(Refused, match="未到"):
        actions.close_tender(tender.id, CLOCK, clock.now)
    clock.move_to(2026, 4, 7, 9, 30)
    assert queries.to_close(clock.now) == [tender.id]
    actions.close_tender(tender.id, CLOCK, clock.now)
    actions.close_tender(tender.id, CLOCK, clock.now)
    assert make.whole(tender.id).state == TenderState.CLOSED
    assert len(bodies(tender)) == 1, "closing publishes neither number nor names"


def test_a_failed_lot_gives_the_money_back_and_says_why(office, clock):
    demand = need_factory.demand(office.street)
    tender = make.published(office, demand_id=demand.id)
    clock.move_to(2026, 4, 7, 9, 31)
    actions.close_tender(tender.id, CLOCK, clock.now)
    reason = "截止时收到 2 份响应，不足 3 份。"
    lot = queries.lot(tender.lots[0].id)
    actions.fail_lot(lot, reason, CLOCK, clock.now, tell=[office.openers[0].id], count=2)
    tender = make.whole(tender.id)
    assert (tender.lots[0].state, tender.lots[0].failure_reason) == (LotState.FAILED, reason)
    assert balance(tender)["reserved"] == 0
    assert [t.reason for t in transfers_of(tender.file_id)] == ["reserve", "release"]
    last = bodies(tender)[-1]
    assert last["tender"]["status"] == "unsuccessful"
    assert last["tender"]["lots"][0]["statusDetails"] == reason
    assert last["bids"]["statistics"][0]["value"] == 2
    db.session.refresh(demand)
    assert demand.state == DemandState.OPEN
    told = db.session.scalars(select(Message).filter_by(user_id=office.openers[0].id)).all()
    assert told[-1].params["reason"] == reason
    assert db.session.get(PurchaseCard, tender.file_id).stage == "failed"


def test_one_failed_lot_of_two_leaves_the_other(office, clock):
    tender = make.draft(office, amount_fen=100_000 * YUAN)
    actions.add_lot(office.as_clerk(), tender.id, {line_of(tender): 50_000 * YUAN}, clock.now)
    actions.submit_tender(office.as_clerk(), tender.id, clock.now)
    actions.publish_tender(office.as_approver(), tender.id, clock.now)
    tender = make.whole(tender.id)
    clock.move_to(2026, 4, 7, 9, 31)
    actions.fail_lot(tender.lots[1], "不足 3 份。", CLOCK, clock.now)
    tender = make.whole(tender.id)
    assert [part.state for part in tender.lots] == [LotState.SEALED, LotState.FAILED]
    assert balance(tender)["reserved"] == 100_000 * YUAN
    assert bodies(tender)[-1]["tender"]["status"] == "active"


def test_a_published_purchase_is_called_off_before_its_deadline(office, clock):
    tender = make.published(office)
    with pytest.raises(Forbidden):
        actions.cancel_tender(office.as_clerk(), tender.id, "预算调整", clock.now)
    with pytest.raises(Refused, match="理由"):
        actions.cancel_tender(office.as_approver(), tender.id, "", clock.now)
    actions.cancel_tender(office.as_approver(), tender.id, "预算调整", clock.now)
    tender = make.whole(tender.id)
    assert (tender.state, tender.lots[0].state) == (TenderState.CANCELLED, LotState.CANCELLED)
    assert balance(tender)["reserved"] == 0
    assert bodies(tender)[-1]["tag"] == ["tenderCancellation"]


def test_after_the_deadline_it_cannot_be_called_off(office, clock):
    tender = make.published(office)
    clock.move_to(2026, 4, 7, 9, 30)
    with pytest.raises(Refused, match="已截止"):
        actions.cancel_tender(office.as_approver(), tender.id, "预算调整", clock.now)


def test_a_draft_is_thrown_away_without_a_word_in_public(office, clock):
    tender = make.draft(office)
    actions.cancel_tender(office.as_clerk(), tender.id, "", clock.now)
    tender = make.whole(tender.id)
    assert tender.state == TenderState.CANCELLED
    assert bodies(tender) == []
    assert transfers_of(tender.file_id) == []


# --- stage and lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-1, 0, 1])
def test_the_stage_in_sql_is_the_stage_in_python(office, clock, minutes):
    make.draft(office)
    make.submitted(office)
    tender = make.published(office)
    closed = make.published(office)
    cancelled = make.draft(office)
    actions.cancel_tender(office.as_clerk(), cancelled.id, "", clock.now)
    actions.close_tender(closed.id, CLOCK, closed.deadline_at)
    at = tender.deadline_at + timedelta(minutes=minutes)
    rows = db.session.execute(select(Tender, queries.stage_sql(at))).all()
    assert len(rows) == 5
    assert [stage for _, stage in rows] == [r.stage(row, at).value for row, _ in rows]


def test_lists_show_what_the_scope_allows(office, clock):
    from tests.factories.places import street

    mine = make.published(office)
    other = make.street_office(street("320115002"))
    theirs = make.draft(other)
    assert [t.id for t in queries.tenders_of(office.as_clerk(), clock.now)] == [mine.id]
    assert [t.id for t in queries.tenders_of(other.as_clerk(), clock.now)] == [theirs.id]
    assert [t.id for t in queries.tenders_of(office.as_clerk(), clock.now, stage="draft")] == []
    assert [lot.tender_id for lot in queries.open_lots(clock.now)] == [mine.id]
    assert queries.open_lots(mine.deadline_at) == []


def test_a_failed_purchase_is_begun_again_in_a_file_of_its_own(office, clock):
    demand = need_factory.demand(office.street)
    old = make.draft(office, demand_id=demand.id)
    rows = [{"title": "有专职社会工作者", "evidence": "劳动合同"}]
    wanted = {"requirement": "每月上门四次", "bond_bp": 500}
    actions.save_tender(office.as_clerk(), old.id, clock.now, qualifications=rows, **wanted)
    actions.submit_tender(office.as_clerk(), old.id, clock.now)
    actions.publish_tender(office.as_approver(), old.id, clock.now)
    with pytest.raises(Refused, match="废标或取消"):
        actions.repeat_tender(office.as_clerk(), old.id, clock.now)
    clock.move_to(2026, 4, 7, 9, 31)
    actions.fail_lot(queries.lot(old.lots[0].id), "不足 3 份。", CLOCK, clock.now)
    again = actions.repeat_tender(office.as_clerk(), old.id, clock.now, form_token="f" * 32)
    assert actions.repeat_tender(office.as_clerk(), old.id, clock.now, form_token="f" * 32).id == again.id
    again = make.whole(again.id)
    assert (again.requirement, again.bond_bp, again.demand_id) == ("每月上门四次", 500, demand.id)
    assert [q.title for q in again.qualifications] == ["有专职社会工作者"]
    assert again.budget_fen == 180_000 * YUAN
    assert again.starts_on == date(2026, 6, 1)
    assert queries.Situation(again, clock.now).findings == ()
    actions.submit_tender(office.as_clerk(), again.id, clock.now)
    actions.publish_tender(office.as_approver(), again.id, clock.now)
    (release,) = bodies(again)
    assert release["relatedProcesses"][0]["identifier"] == make.whole(old.id).file.ocid
    db.session.refresh(demand)
    assert demand.state == DemandState.PLANNED


def test_the_clock_closes_what_is_due_once(office, clock):
    from market.tenders.due import close_due

    first, second = make.published(office), make.published(office, amount_fen=50_000 * YUAN)
    assert close_due(clock.now) == 0
    clock.move_to(2026, 4, 7, 9, 30)
    assert close_due(clock.now) == 2
    assert close_due(clock.now) == 0
    assert {make.whole(t.id).state for t in (first, second)} == {TenderState.CLOSED}


def test_last_years_money_does_not_pay_for_this_years_purchase(office, clock):
    clock.move_to(2026, 12, 28, 9)
    tender = make.draft(office)
    clock.move_to(2027, 1, 5, 9)
    with pytest.raises(Refused, match="2026 年度的资金"):
        actions.submit_tender(office.as_clerk(), tender.id, clock.now)
