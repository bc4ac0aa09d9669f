"""Opening: two people, after the wait, never below the minimum; what comes out is checked against the receipts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from market.bids import actions, due, jobs, queries
from market.bids.actions.opening import ROOT_DIFFERS, SAME_HEAD, UNDECIPHERABLE
from market.bids.models import LateAttempt, OpenedBid, Opening, Peel, SealedBid
from market.db.session import db
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Role, Scope
from market.kernel.sealing import public_of, seal_for
from market.ledger.models import Account
from market.ledger.states import Place
from market.people.actions import make_keys
from market.records.audit import verify_all
from market.records.models import AuditEntry, Chain, Message, Notice
from market.records.queue import run_pending
from market.tenders.states import LotState, Method
from tests.factories import bids
from tests.factories.people import PASSPHRASE, acting, keys, person

SECOND = timedelta(seconds=1)


def release_of(case: bids.Case) -> dict[str, Any]:
    """The newest release of the purchase."""
    query = db.select(Notice).filter_by(file_id=case.lot.file_id).order_by(Notice.id.desc()).limit(1)
    row = db.session.scalars(query).one()
    release: dict[str, Any] = json.loads(row.body)
    return release


def test_two_officers_open_and_every_bid_matches_its_receipt(session: Any) -> None:
    case = bids.opened()
    found = bids.results(case)
    assert [row.price_fen for row in found] == [170_000_00, 165_000_00, 160_000_00]
    assert [row.number for row in found] == [1, 2, 3]
    assert all(row.root_ok and row.verdict == "" for row in found)
    assert case.lot.state == LotState.OPENED
    opening = queries.opening_of(case.lot_id)
    assert opening is not None
    assert opening.completed_at == opening.at == case.openable
    assert [line["receipt"] for line in opening.record["bids"]] == [
        bid.receipt_number for bid in queries.live_bids(case.lot_id)
    ]
    assert verify_all()[1] is None


def test_the_record_anchors_the_chain_of_sealed_bids_in_the_purchases_chain(session: Any) -> None:
    case = bids.opened()
    seals = session.scalars(db.select(Chain).filter_by(kind="bids", key=str(case.lot_id))).one()
    entry = session.scalars(
        db.select(AuditEntry).filter_by(subject_kind="lot", subject_id=case.lot_id, verb="open")
    ).one()
    facts = json.loads(entry.header)["facts"]
    assert (facts["seals"], facts["bids"]) == (seals.head, 3)
    assert queries.opening_of(case.lot_id).record["seals"]["head"] == seals.head  # type: ignore[union-attr]


@pytest.mark.parametrize("seconds", [-1, 0, 59])
def test_nobody_opens_before_the_minute_is_over(session: Any, seconds: int) -> None:
    case = bids.closed()
    one = acting(case.office.openers[0])
    with pytest.raises(Refused, match="满 60 秒"):
        actions.peel_lot(one, case.lot_id, PASSPHRASE, case.deadline + timedelta(seconds=seconds))
    assert session.scalar(db.select(Peel.id)) is None


def test_one_officer_alone_opens_nothing(session: Any) -> None:
    case = bids.closed()
    one = acting(case.office.openers[0])
    rows = actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    assert {row.second_user_id for row in rows} == {case.office.openers[1].id, case.office.escrow.id}
    with pytest.raises(Refused, match="还没有另一位开标人"):
        actions.open_with_passphrase(one, case.lot_id, PASSPHRASE, case.openable)
    with pytest.raises(Refused, match="已经完成第一步"):
        actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    assert session.scalar(db.select(Opening.id)) is None


def test_what_the_first_act_leaves_is_still_sealed(session: Any) -> None:
    case = bids.closed()
    actions.peel_lot(acting(case.office.openers[0]), case.lot_id, PASSPHRASE, case.openable)
    lot_key = None
    for row in queries.peels_of(case.lot_id):
        assert row.rest.startswith(b"LHP1")
        assert len(row.rest) > 32
        lot_key = row.rest[-32:]
    assert public_of(lot_key or b"") != case.lot.public_key


def test_the_districts_escrow_can_be_the_second(session: Any) -> None:
    case = bids.closed()
    bids.open_bids(case, case.office.openers[1], case.office.escrow)
    assert len(bids.results(case)) == 3


def test_each_officer_needs_the_own_passphrase(session: Any) -> None:
    case = bids.closed()
    one, two = (acting(user) for user in case.office.openers)
    with pytest.raises(Refused, match="口令不正确"):
        actions.peel_lot(one, case.lot_id, "not my own words", case.openable)
    actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    with pytest.raises(Refused, match="口令不正确") as refusal:
        actions.open_with_passphrase(two, case.lot_id, "not my own words", case.openable)
    assert refusal.value.field == "passphrase"


def test_people_without_the_role_or_the_key_open_nothing(session: Any) -> None:
    case = bids.closed()
    clerk = case.office.as_clerk()
    other_street = acting(person(Role.STREET_OPENER, Scope(case.office.street.district_id, 10_000)))
    for stranger in (clerk, other_street):
        with pytest.raises(NotFound):
            actions.peel_lot(stranger, case.lot_id, PASSPHRASE, case.openable)
    late_comer = person(Role.STREET_OPENER, case.office.street.scope)
    keys(late_comer)
    with pytest.raises(Refused, match="没有把密钥交给您"):
        actions.peel_lot(acting(late_comer), case.lot_id, PASSPHRASE, case.openable)


def test_an_officer_whose_key_was_changed_is_told_so(session: Any) -> None:
    case = bids.closed()
    user = case.office.openers[0]
    make_keys(user.id, "another quiet passphrase", None, case.deadline)
    with pytest.raises(Refused, match="更换过"):
        actions.peel_lot(acting(user), case.lot_id, "another quiet passphrase", case.openable)


def test_row_19_below_the_minimum_nothing_is_opened_and_the_money_returns(session: Any) -> None:
    case = bids.closed((170_000, 165_000))
    one = acting(case.office.openers[0])
    with pytest.raises(Refused, match="只收到 2 份投标，少于 3 份"):
        actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    reserved = db.select(db.func.sum(Account.balance_fen)).filter_by(place=Place.RESERVED)
    assert session.scalar(reserved) == 180_000_00
    assert due.close_windows(case.deadline + 59 * SECOND) == 0
    assert due.close_windows(case.openable) == 1
    assert case.lot.state == LotState.FAILED
    assert session.scalar(reserved) == 0
    assert session.scalar(db.select(OpenedBid.id)) is None
    told = set(session.scalars(db.select(Message.user_id).where(Message.at == case.openable)))
    assert {team.signatory.id for team in case.teams} <= told
    release = release_of(case)
    assert release["bids"]["statistics"][0]["value"] == 2
    assert "details" not in release["bids"]
    for team in case.teams:
        assert team.organisation.name not in json.dumps(release, ensure_ascii=False)
    with pytest.raises(Refused, match="已开标或已终止"):
        actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    assert due.close_windows(case.openable + SECOND) == 0


def test_enough_bids_call_the_openers(session: Any) -> None:
    case = bids.closed()
    assert due.close_windows(case.openable) == 1
    assert case.lot.state == LotState.SEALED
    row = queries.closing_of(case.lot_id)
    assert row is not None
    assert (row.bid_count, row.late_attempts) == (3, 0)
    told = set(session.scalars(db.select(Message.user_id).where(Message.subject.like("可以开标%"))))
    assert told == {user.id for user in (*case.office.openers, case.office.escrow)}
    assert due.close_windows(case.openable) == 0


def test_names_and_prices_are_published_and_nothing_else_of_the_bids(session: Any) -> None:
    case = bids.opened()
    release = release_of(case)
    assert release["tag"] == ["tenderUpdate"]
    assert [one["value"]["amount"] for one in release["bids"]["details"]] == [170_000, 165_000, 160_000]
    assert [p["name"] for p in release["parties"]] == [team.organisation.name for team in case.teams]
    text = json.dumps(release, ensure_ascii=False)
    for secret in ("社工三名", "签约后十日", "逐项落实", case.teams[0].organisation.legal_representative):
        assert secret not in text


def test_in_a_consultation_the_count_alone_is_published(session: Any) -> None:
    case = bids.closed()
    case.lot.tender.method = Method.CONSULTATION.value
    session.flush()
    bids.open_bids(case)
    release = release_of(case)
    assert release["bids"] == {
        "statistics": [{"id": "lot-1-bids", "measure": "bids", "value": 3, "relatedLot": "lot-1"}]
    }
    assert "parties" not in release


def test_row_25_bids_with_one_head_are_both_invalid(session: Any) -> None:
    case = bids.sealed_lot()
    heads = ("欧阳喆", "王芳", "欧阳喆")
    for head in heads:
        bids.submit(case, bids.bidder(legal_representative=head))
    bids.open_bids(case)
    found = bids.results(case)
    assert [row.verdict for row in found] == ["invalid", "", "invalid"]
    assert found[0].verdict_reason == SAME_HEAD
    assert [one["status"] for one in release_of(case)["bids"]["details"]] == ["disqualified", "pending", "disqualified"]
    entry = session.scalars(db.select(AuditEntry).filter_by(verb="complete_opening")).one()
    assert json.loads(entry.header)["facts"]["same_head"] == [1, 3]


def _forge(case: bids.Case, bid: SealedBid, envelope: bytes | None = None, **values: Any) -> None:
    """Change a sealed row as somebody with the database in hand would, past the triggers."""
    sql = "DROP TRIGGER {0}" if db.engine.dialect.name == "sqlite" else "ALTER TABLE sealed_bid DISABLE TRIGGER USER"
    if db.engine.dialect.name == "sqlite":
        names = db.session.execute(
            db.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'sealed_bid'")
        ).scalars()
        for name in list(names):
            db.session.execute(db.text(sql.format(name)))
    else:
        db.session.execute(db.text(sql))
    changes = dict(values) if envelope is None else {**values, "envelope": envelope}
    db.session.execute(db.update(SealedBid).where(SealedBid.id == bid.id).values(**changes))
    db.session.expire_all()


def test_a_bid_that_cannot_be_read_is_written_down_and_shown(session: Any) -> None:
    case = bids.closed()
    spoiled, foreign, _ = queries.live_bids(case.lot_id)
    body = queries.with_envelope(spoiled.id).envelope  # type: ignore[union-attr]
    _forge(case, spoiled, body[:-1] + bytes([body[-1] ^ 1]))
    lot_public = case.lot.public_key or b""
    _forge(case, foreign, seal_for(b"{}", [lot_public], b"linli/bid/1/lot/%d/receipt/X" % case.lot_id))
    bids.open_bids(case)
    assert [(row.number, row.fault) for row in queries.unreadable_bids(case.lot_id)] == [
        (1, UNDECIPHERABLE),
        (2, UNDECIPHERABLE),
    ]
    assert [row.number for row in bids.results(case)] == [3]
    assert queries.opening_of(case.lot_id).completed_at is not None  # type: ignore[union-attr]
    details = release_of(case)["bids"]["details"]
    assert [one["status"] for one in details] == ["disqualified", "disqualified", "pending"]
    assert "value" not in details[0]


def test_a_root_that_differs_from_the_receipt_makes_the_bid_invalid(session: Any) -> None:
    case = bids.closed()
    bid = queries.live_bids(case.lot_id)[1]
    _forge(case, bid, root="0" * 64)
    bids.open_bids(case)
    found = bids.results(case)[1]
    assert (found.root_ok, found.verdict, found.verdict_reason) == (False, "invalid", ROOT_DIFFERS)
    assert found.price_fen == 165_000_00


def test_replaced_and_withdrawn_bids_are_not_opened(session: Any) -> None:
    case = bids.closed((170_000, 165_000, 160_000, 155_000))
    gone, changed = case.teams[0], case.teams[1]
    actions.withdraw_bid(bids.signatory(gone), case.lot_id, gone.id, case.deadline - SECOND)
    bids.submit(case, changed, 150_000_00, at=case.deadline - SECOND)
    bids.open_bids(case)
    prices = {row.organisation_id: row.price_fen for row in bids.results(case)}
    assert gone.id not in prices
    assert prices[changed.id] == 150_000_00
    assert len(prices) == 3


def test_a_job_run_twice_writes_nothing_twice(session: Any) -> None:
    case = bids.opened()
    bids.decrypt_all(case)
    jobs.decrypt_bid(10_000)
    assert len(bids.results(case)) == 3
    assert session.scalar(db.select(db.func.count()).select_from(AuditEntry).filter_by(verb="complete_opening")) == 1


def test_jobs_carry_ids_alone_and_complete_the_opening(session: Any, app: Any) -> None:
    case = bids.closed()
    one, two = (acting(user) for user in case.office.openers)
    actions.peel_lot(one, case.lot_id, PASSPHRASE, case.openable)
    actions.open_with_passphrase(two, case.lot_id, PASSPHRASE, case.openable)
    db.session.commit()
    schema = "" if db.engine.dialect.name == "sqlite" else "dbos."
    inputs = list(session.execute(db.text(f"SELECT inputs FROM {schema}workflow_input")).scalars())
    ids = {bid.id for bid in queries.live_bids(case.lot_id)}
    written = [json.loads(text)["positionalArgs"] for text in inputs if "bids.decrypt_bid" in text]
    assert sorted(row[2]["bid_id"] for row in written) == sorted(ids)
    assert all(set(row[2]) == {"bid_id"} for row in written)
    run_pending(app)
    assert len(bids.results(case)) == 3


def test_late_attempts_stand_in_the_record(session: Any) -> None:
    case = bids.closed()
    late = bids.bidder()
    bids.fill(case, late)
    actions.note_late_attempt(bids.signatory(late), case.lot_id, late.id, case.deadline + SECOND)
    opening = bids.open_bids(case)
    assert opening.record["late_attempts"] == 1
    assert session.scalar(db.select(db.func.count()).select_from(LateAttempt)) == 1
    assert release_of(case)["tender"]["lots"][0]["opening"]["lateAttempts"] == 1


# --- reminders and the end --------------------------------------------------------------------------------------------


def reminders(team: Any) -> int:
    query = db.select(db.func.count()).select_from(Message).where(Message.user_id == team.editor.id)
    return db.session.scalar(query.where(Message.subject.like("投标尚未递交%"))) or 0


def test_reminders_go_out_once_each_and_stop_with_the_receipt(session: Any) -> None:
    case = bids.sealed_lot()
    idle, done = bids.bidder(), bids.bidder()
    early = case.deadline - timedelta(hours=90)
    bids.fill(case, idle, at=early)
    bids.fill(case, done, at=early)
    for hours, expected in ((80, 0), (72, 1), (71, 1), (24, 2), (3, 2), (2, 3), (1, 3)):
        due.remind_unsent(case.deadline - timedelta(hours=hours))
        assert reminders(idle) == expected
        if hours == 71:
            actions.submit_bid(
                bids.signatory(done), case.lot_id, done.id, bids.token(), case.deadline - 70 * 3600 * SECOND
            )
    assert reminders(done) == 1
    assert due.remind_unsent(case.deadline) == 0


def test_a_worker_that_slept_sends_the_newest_reminder_only(session: Any) -> None:
    case, team = bids.sealed_lot(), bids.bidder()
    bids.fill(case, team, at=case.deadline - timedelta(hours=90))
    due.remind_unsent(case.deadline - timedelta(hours=1))
    assert reminders(team) == 1


def test_whoever_began_and_did_not_submit_is_told_at_the_end(session: Any) -> None:
    case = bids.closed()
    idle = bids.bidder()
    bids.fill(case, idle)
    due.close_windows(case.openable)
    query = db.select(Message).where(Message.user_id == idle.editor.id, Message.subject.like("已截止，未递交%"))
    assert session.scalars(query).one().at == case.openable


def test_the_clock_cannot_open(session: Any) -> None:
    from market.kernel.permits import CLOCK

    case = bids.closed()
    with pytest.raises((NotFound, Forbidden)):
        actions.peel_lot(CLOCK, case.lot_id, PASSPHRASE, case.openable)
