"""Purchases that end differently: too few bids, a result that is challenged, a payment that comes back."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import func, select

from contracts.agreements import actions as agreements
from contracts.agreements.states import Party
from contracts.payouts import actions as payouts
from contracts.payouts.models import StatementRow
from market.bids import actions as bids
from market.bids.models import OpenedBid, Opening, SealedBid
from market.challenges import actions as challenges
from market.challenges.models import Challenge
from market.challenges.queries import challenges_to
from market.db.session import db
from market.kernel.clock import instant
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Role
from market.ledger.queries import transfers_of
from tests.factories import organisations as organisation_factory
from tests.factories.agreements import short_document
from tests.factories.bids import token
from tests.factories.people import PASSPHRASE, acting, give, sign_in
from tests.walks.stories import Town, audit, awarded_town, fresh, refused

pytestmark = pytest.mark.usefixtures("session")
APPROPRIATED = 1_900_000_00


# --- too few ----------------------------------------------------------------------------------------------------------


def test_with_two_bids_nothing_is_opened_and_the_money_goes_back(app, clock):
    town = Town.found(app, clock)
    town.fund()
    demand = town.demand()
    town.publish(demand)
    assert town.purse() == {"unspent": 1_720_000_00, "reserved": 180_000_00}
    for name, price_fen in (("暖邻", 170_000_01), ("银龄", 165_000_00)):
        town.submit(town.firm(name), price_fen)
    town.write(town.firm("忘交"), 150_000_00)

    # Two minutes after the deadline the clock has failed the lot; nobody had to come.
    town.after_deadline()
    assert (town.tender.state, town.lot.state) == ("closed", "failed")
    assert town.lot.failure_reason == "递交投标的供应商不足规定的最低数量，不予开标。"
    assert town.purse() == {"unspent": APPROPRIATED}
    assert fresh(demand).state == "open"

    # Both bids stay sealed for good, and nobody can open them.
    for opener in ("opener1", "opener2", "escrow"):
        with refused(Refused):
            bids.peel_lot(town.as_(opener), town.lot_id, PASSPHRASE, town.now)
    assert db.session.scalar(select(func.count()).select_from(SealedBid)) == 2
    assert db.session.scalar(select(func.count()).select_from(OpenedBid)) == 0
    assert db.session.scalar(select(func.count()).select_from(Opening)) == 0

    # The public reads that it failed, why, and with how many bids; not whose.
    failure = town.board()[-1]
    assert failure["tag"] == ["tenderUpdate"]
    assert failure["tender"]["status"] == "unsuccessful"
    assert failure["bids"]["statistics"][0]["value"] == 2
    assert not [name for name in town.firms if name in json.dumps(town.board(), ensure_ascii=False)]
    assert "采购包废标" in town.told(town.firms["暖邻"].editor)
    assert "采购包废标" in town.told(town.people["clerk"])
    assert "已截止，未递交：%(title)s" in town.told(town.firms["忘交"].editor)

    # Every fen went out and came back by name; the clock may knock again, nothing more happens.
    moved = [(row.reason, row.amount_fen) for row in transfers_of(town.tender.file_id)]
    assert sorted(moved) == [
        ("release", 59_999_67),
        ("release", 120_000_33),
        ("reserve", 59_999_67),
        ("reserve", 120_000_33),
    ]
    town.later(days=1)
    town.knock()
    assert len(town.board()) == 2
    audit()


# --- a challenge ------------------------------------------------------------------------------------------------------


def test_a_challenge_upheld_stops_the_signature_and_the_next_in_rank_follows(app, clock):
    town = awarded_town(app, clock)
    first = town.award()
    assert first.challenge_until == instant(date(2026, 4, 18))
    town.on(2026, 4, 10, 9, 0)
    before = town.issue(short_document())

    # 17 April, the last day: the second challenges; a stranger may not, and nobody in another's name.
    town.on(2026, 4, 17, 23, 59)
    stranger = town.firm("路人")
    with refused(Refused, "只有参加本项目投标的供应商"):
        town.challenge("路人")
    words = ("事实", "请求", token(), town.now)
    with refused(Forbidden):
        challenges.file_challenge(acting(stranger.admin), first.id, fresh(town.firms["银龄"].organisation), *words)
    row = town.challenge("银龄")
    assert town.award().state == "suspended"
    assert row.reply_by == date(2026, 4, 28)
    suspended = town.board()[-2]
    assert suspended["awards"][0]["linliState"] == "suspended"
    assert "收到质疑：%(title)s" in town.told(town.people["reviewer"])

    # 20 April: the windows are over, and still nobody signs or drafts.
    town.on(2026, 4, 20, 9, 0)
    with refused(Refused, "因质疑暂停"):
        town.sign(Party.SUPPLIER)
    with refused(Refused):
        agreements.draft_agreement(town.as_("clerk"), first.id, town.now)
    with refused(Refused, "质疑期已过"):
        town.challenge("同行")

    # 22 April: the clerk replies. Whoever replied does not decide, even with the district's role.
    town.on(2026, 4, 22, 9, 0)
    with refused(Refused):
        town.decide(row, upheld=True)
    town.reply(row)
    give(town.people["clerk"], Role.DISTRICT_REVIEWER, town.street.scope)
    with refused(Forbidden, "答复质疑的人不得裁决"):
        challenges.decide_challenge(town.as_("clerk"), town.again(row), False, "不成立", False, town.now)

    # 24 April: upheld. The award has fallen, the money stays reserved, the purchaser turns to the next in rank.
    town.on(2026, 4, 24, 9, 0)
    town.decide(row, upheld=True)
    assert (town.award().state, town.lot.state) == ("annulled", "ranked")
    assert town.purse() == {"unspent": 1_720_000_00, "reserved": 180_000_00}
    cancelled = [r for r in town.board() if r["tag"] == ["awardCancellation"]]
    assert [r["awards"][0]["status"] for r in cancelled] == ["cancelled"]
    town.confirm()
    second = town.award()
    assert (second.rank, second.amount_fen, second.organisation_id) == (2, 165_000_00, town.firms["银龄"].id)
    # One working day of notice, then seven: 1-5 May are off, Saturday 9 May is worked.
    assert second.challenge_until == instant(date(2026, 5, 10))

    # The contract that was waiting can no longer be signed by anybody; the new one waits for its own windows.
    with refused(Refused, "已不再有效"):
        agreements.sign_agreement(
            acting(town.firms["暖邻"].signatory), before.id, Party.SUPPLIER, PASSPHRASE, town.now, real=town.now
        )
    town.issue(short_document())
    with refused(Refused, "结果公告期和质疑期还没有结束"):
        town.sign(Party.SUPPLIER)
    town.on(2026, 5, 11, 9, 0)
    town.sign(Party.SUPPLIER)
    town.sign(Party.BUYER)
    assert town.agreement.state == "in_force"
    assert town.purse() == {"unspent": 1_735_000_00, "committed": 165_000_00}
    audit()


def test_a_challenge_rejected_lets_the_award_stand_again(app, clock):
    town = awarded_town(app, clock)
    town.on(2026, 4, 13, 9, 0)
    one, two = town.challenge("银龄"), town.challenge("同行")
    with refused(Refused):
        town.issue(short_document())
    town.on(2026, 4, 20, 9, 0)
    town.reply(one)
    town.decide(one, upheld=False)
    assert town.award().state == "suspended", "another challenge is still open"
    challenges.withdraw_challenge(acting(town.firms["同行"].admin), town.again(two), town.now)
    assert town.award().state == "active"
    assert town.board()[-2]["awards"][0]["linliState"] == "active"
    town.issue(short_document())
    town.sign(Party.SUPPLIER)
    town.sign(Party.BUYER)
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 170_000_01}
    assert town.winner is town.firms["暖邻"]
    audit()


def test_one_organisation_has_one_open_challenge_to_a_result(app, clock, visitors):
    town = awarded_town(app, clock)
    town.on(2026, 4, 13, 9, 0)
    who, award = town.firms["银龄"].admin, town.award()
    browser = sign_in(visitors(), who)
    words = {"facts": "评分没有依据。", "request": "请重新评审。"}
    tab, other = (browser.get(f"/challenges/new/{award.id}") for _ in range(2))
    first = browser.submit(tab, words, button="提交质疑")
    assert "质疑已提交" in first.text
    # A second press of the same page shows what the first one filed; another page is refused with the way to it.
    assert browser.submit(tab, words, button="提交质疑").url == first.url
    second = browser.submit(other, words, button="提交质疑")
    assert second.status == 422
    assert "已对这个结果提出质疑，尚未处理完毕" in second.text
    assert browser.get(second.link("查看已提出的质疑")).url == first.url
    assert db.session.scalar(select(func.count()).select_from(Challenge)) == 1
    assert "提交质疑" not in browser.get(f"/challenges/new/{award.id}", most=10).text
    assert f"/challenges/new/{award.id}" not in browser.get("/challenges", most=8).source
    # Once decided or withdrawn it bars nothing; the next one is judged by its own facts.
    (row,) = challenges_to(award.id)
    challenges.withdraw_challenge(acting(who), row, town.now)
    assert town.challenge("银龄").state == "filed"


def test_a_challenge_upheld_with_a_new_purchase_gives_the_money_back(app, clock):
    town = awarded_town(app, clock)
    town.on(2026, 4, 13, 9, 0)
    row = town.challenge("同行")
    town.reply(row)
    town.decide(row, upheld=True, rerun=True)
    assert (town.award().state, town.lot.state) == ("annulled", "failed")
    assert town.purse() == {"unspent": APPROPRIATED}
    with refused(Refused):
        town.confirm()
    audit()


# --- a payment that comes back ----------------------------------------------------------------------------------------


def test_a_returned_payment_is_owed_again_and_paid_to_the_new_account(app, clock):
    town = awarded_town(app, clock)
    town.on(2026, 4, 20, 9, 0)
    town.issue(short_document())
    town.sign(Party.SUPPLIER)
    town.sign(Party.BUYER)
    organisation_factory.bank_account(town.winner)
    town.accounts()
    town.on(2026, 7, 31, 9, 0)
    town.report(1)
    town.accept(1)
    town.knock()
    given = town.order(town.payments)
    town.bank_says("成功", given)
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "paid": 68_000_00}

    # 3 August: the bank sends one of the two back. It is owed again, and both entries stay on the board.
    town.on(2026, 8, 3, 16, 0)
    (key, fen), _other = given
    town.bank_says("退票", [(key, fen)])
    returned, kept = town.payments
    assert (returned.state, kept.state) == ("returned", "paid")
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "payable": fen, "paid": 68_000_00 - fen}
    entries = [
        (one["id"], one["value"]["amount"])
        for release in town.board()
        for one in release.get("contracts", [{}])[0].get("implementation", {}).get("transactions", ())
        if one["id"].startswith(key)
    ]
    assert entries == [(key, fen / 100), (f"{key}-R", -fen / 100)]
    assert "款项被退回" in town.told(town.winner.admin)
    assert "付款被退回" in town.told(town.people["cashier"])
    with refused(Refused):
        payouts.confirm_receipt(acting(town.winner.admin), returned.id, town.now)

    # 4 August: a new account, confirmed by a second person; a new order under a new number goes to it.
    town.on(2026, 8, 4, 9, 0)
    organisation_factory.bank_account(town.winner, "6217000099990000")
    payouts.request_again(town.as_("cashier"), returned.id, town.now)
    payouts.approve_payment(town.as_("checker"), returned.id, town.now)
    batch = payouts.order_batch(town.as_("cashier"), town.street.id, [returned.id], town.now)
    (order,) = batch.attempts
    new_key = order.key
    assert order.instruction["account_no"] == "6217000099990000"
    assert new_key != key

    # The old order's line comes once more: noted, never booked twice. The new one settles it.
    town.on(2026, 8, 5, 16, 0)
    town.bank_says("退票", [(key, fen)])
    assert db.session.scalars(select(StatementRow.note).order_by(StatementRow.id.desc()).limit(1)).one() == "repeated"
    town.bank_says("成功", [(new_key, fen)])
    for row in town.payments:
        payouts.confirm_receipt(acting(town.winner.admin), row.id, town.now)
    assert [row.state for row in town.payments] == ["confirmed", "confirmed"]
    assert town.purse() == {"unspent": 1_729_999_99, "committed": 102_000_01, "paid": 68_000_00}
    audit()
